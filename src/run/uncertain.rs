//! The plan under uncertainty, for `plan.json` and stdout.

use serde_json::{Value, json};

use super::project::UncertaintySettings;
use crate::plan::{Chances, Problem, Solution, Uncertainty, uncertainty};
use crate::report::readable::short;

/// What becomes of a plan in the samples, with the settings it was asked with.
pub struct Uncertain {
    chances: Chances,
    found: Uncertainty,
}

/// Follows the plan through samples; `worths` are sampled worths, a row a sample, in the order of the problem's tasks.
pub fn uncertain(
    problem: &Problem,
    solution: &Solution,
    settings: UncertaintySettings,
    seed: u64,
    worths: Option<Vec<Vec<f64>>>,
    first_day: f64,
) -> Option<Uncertain> {
    let chances =
        Chances { n_samples: settings.n_samples, duration_cv: settings.duration_cv, seed, worths, first_day };
    let found = uncertainty(problem, solution, &chances)?;
    Some(Uncertain { chances, found })
}

impl Uncertain {
    /// As in `plan.json`.
    pub fn to_json(&self, problem: &Problem) -> Value {
        let n_worths = self.chances.worths.as_ref().map_or(0, Vec::len);
        let shares = self.found.done.iter().zip(&self.found.first_year);
        let tasks = problem.tasks.iter().zip(shares).filter(|(_, (done, _))| **done > 0.0);
        json!({
            "samples": self.chances.n_samples, "duration_cv": self.chances.duration_cv,
            "worths": if n_worths > 0 { "sampled" } else { "as scored" }, "worth_samples": n_worths,
            "mean": self.found.mean, "percentile_5": self.found.low, "percentile_95": self.found.high,
            "incomplete": self.found.n_incomplete,
            "tasks": tasks.map(|(task, (done, first_year))| {
                json!({ "id": task.id, "done": done, "first_year": first_year })
            }).collect::<Vec<_>>(),
        })
    }

    /// For stdout.
    pub fn to_line(&self) -> (String, String) {
        let of = if self.chances.worths.is_some() { "worths sampled, durations" } else { "durations" };
        let text = format!(
            "mean {}, 9 of 10 between {} and {} ({of} ±{:.0} %)",
            short(self.found.mean),
            short(self.found.low),
            short(self.found.high),
            100.0 * self.chances.duration_cv
        );
        ("if it goes otherwise".to_owned(), text)
    }
}
