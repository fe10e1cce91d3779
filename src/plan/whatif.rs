//! What if: the same problem with one thing changed, planned again from the present plan.
//!
//! Every variant and the problem as it is get the same fixed number of steps from the same plan, so that what differs
//! is the change and not the search. A difference is a plan found, not a proof: it may be a little off either way.

use super::problem::{Objective, Problem};
use super::solution::Solution;
use super::{Params, plan};
use crate::error::{Error, Result};
use crate::progress::Progress;

/// Steps for problems of up to 200 tasks; of larger ones each step moves more, and there are fewer.
const STEPS: u64 = 3_000;

/// One change of the problem.
#[derive(Debug, Clone)]
pub struct Variant {
    /// What is changed, in words.
    pub what: String,
    /// The problem with it.
    pub problem: Problem,
}

/// What a change would do.
#[derive(Debug, Clone, PartialEq)]
pub struct Marginal {
    /// The change, in words.
    pub what: String,
    /// The plan's value with it; none where no plan does every task, which `completion` asks for.
    pub objective_value: Option<f64>,
    /// That less the value without the change, planned on as long.
    pub difference: Option<f64>,
    /// The difference in per cent of the value without the change.
    pub percent: Option<f64>,
}

/// Plans every variant; stops early (with what it has) when the person interrupts.
///
/// # Errors
/// Faults of a variant's problem.
pub fn marginals(
    problem: &Problem,
    solution: &Solution,
    variants: &[Variant],
    params: &Params,
    progress: &dyn Progress,
) -> Result<Vec<Marginal>> {
    let n = problem.tasks.len() as u64;
    // A proof that failed for the plan would fail for its variants too, at length.
    let is_proven = solution.gap_percent.is_some_and(|gap| gap <= 0.0);
    let params = Params {
        prove: params.prove && is_proven,
        iterations: Some((STEPS * 200 / n.max(200)).max(300)),
        seconds: None,
        start: Some(solution.routes.clone()),
        ..params.clone()
    };
    let quiet = Quiet(progress);
    let value = |problem: &Problem| -> Result<Option<f64>> {
        let rank = params.rank.clone().filter(|rank| rank.len() == problem.tasks.len());
        match plan(problem, &Params { rank, ..params.clone() }, &quiet) {
            Ok(solution) => Ok(Some(solution.objective_value)),
            Err(error) if is_incomplete(&error) => Ok(None),
            Err(error) => Err(error),
        }
    };
    progress.start("what-if", variants.len() as u64 + 1);
    let found = value(problem)?.unwrap_or(solution.objective_value);
    let base = match problem.objective {
        Objective::Completion => found.min(solution.objective_value),
        _ => found.max(solution.objective_value),
    };
    progress.advance(1);
    let mut marginals = Vec::with_capacity(variants.len());
    for variant in variants {
        if progress.is_cancelled() {
            break;
        }
        let objective_value = value(&variant.problem)?;
        let difference = objective_value.map(|value| value - base);
        let percent =
            difference.filter(|_| base.abs() > 0.0).map(|difference| 100.0 * difference / base.abs());
        marginals.push(Marginal { what: variant.what.clone(), objective_value, difference, percent });
        progress.advance(1);
    }
    progress.finish();
    Ok(marginals)
}

fn is_incomplete(error: &Error) -> bool {
    error.faults().iter().any(|fault| fault.code == "plan.incomplete")
}

/// Lets interruptions through, and nothing else.
struct Quiet<'a>(&'a dyn Progress);

impl Progress for Quiet<'_> {
    fn start(&self, _label: &str, _total: u64) {}
    fn advance(&self, _units: u64) {}
    fn note(&self, _text: &str) {}
    fn finish(&self) {}
    fn is_cancelled(&self) -> bool {
        self.0.is_cancelled()
    }
}
