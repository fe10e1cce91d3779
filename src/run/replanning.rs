//! `clearway plan PROJECT --from RUN_DIR --date D`: what of an earlier plan stands on a day, and what changes after it.
//!
//! In: the `plan.json` of a finished run and the problem that the project makes today. Out: the problem that is left
//! (see [`crate::plan::left_over`]) and, once it is planned, a [`Change`] for every task of either plan. Days count from
//! the project's `start`, which must be that of the earlier plan: values, dates and horizon of both plans compare.

use std::path::{Path, PathBuf};

use jiff::ToSpan;
use jiff::civil::Date;
use serde_json::Value;

use super::changes::{Change, changes};
use super::verify::read_json;
use crate::error::{Fault, Result};
use crate::plan::{self, Problem, Solution, Standing};
use crate::report::plan_files::days_between;

/// The plan of a finished run, on a day.
#[derive(Debug, Clone)]
pub struct Earlier {
    /// Its `plan.json`.
    pub file: PathBuf,
    /// The day.
    pub date: Date,
    start: Date,
    problem: Problem,
    solution: Solution,
    /// Where that plan is a replan itself: what stood before it, and the whole budget.
    before: Option<(Standing, Option<f64>)>,
}

/// What is left to plan.
#[derive(Debug, Clone)]
pub struct LeftOver {
    /// The problem.
    pub problem: Problem,
    standing: Standing,
    present: Problem,
}

impl LeftOver {
    /// The day from which on it is planned, from the start.
    pub fn day(&self) -> f64 {
        self.standing.day
    }
}

impl Earlier {
    /// Reads the plan of a run directory.
    pub fn open(run_dir: &Path, date: Date) -> Result<Self> {
        let file = run_dir.join("plan.json");
        let json = read_json(&file, run_dir)?;
        let place = file.display().to_string();
        let problem = Problem::read(&json["problem"].to_string(), &format!("{place}: `problem`"))?;
        let solution = plan::parse_solution(&json.to_string(), &place)?;
        let Some(start) = json["start"].as_str().and_then(|text| text.parse().ok()) else {
            let fix = "give the folder of a run of a project: a bare problem file has no dates";
            return Err(Fault::new("plan.from", place, "a plan with its `start`", "none", fix).into());
        };
        let before = match &json["replanned"] {
            Value::Null => None,
            replanned => match serde_json::from_value(replanned["standing"].clone()) {
                Ok(standing) => Some((standing, replanned["budget"].as_f64())),
                Err(error) => {
                    let fix = "replan from a run of this version";
                    let expected = "`replanned` as clearway writes it";
                    return Err(Fault::new("plan.from", place, expected, error.to_string(), fix).into());
                }
            },
        };
        Ok(Self { file, date, start, problem, solution, before })
    }

    /// The routes, to start the search from.
    pub fn routes(&self) -> Vec<plan::Route> {
        self.solution.routes.clone()
    }

    /// What is left of the present problem; its first day must be that of the earlier plan.
    pub fn left_over(&self, present: Problem, start: Date, file: &str) -> Result<LeftOver> {
        let fault = |key: &str, expected: String, found: String, fix: &str| {
            Err(Fault::new("plan.from", format!("{file}: {key}"), expected, found, fix).into())
        };
        if start != self.start {
            let expected = format!("{}, the start of {}", self.start, self.file.display());
            let fix = "keep `start`; `--date` says from which day on the plan may change";
            return fault("`plan.start`", expected, start.to_string(), fix);
        }
        let day = days_between(start, self.date);
        let horizon = present.horizon_days.unwrap_or(f64::INFINITY);
        if !(0.0..horizon).contains(&day) {
            let last = start.checked_add((horizon as i64).days()).unwrap_or(Date::MAX);
            let expected = format!("a day from {start} on and before {last}, where the plan ends");
            return fault("`--date`", expected, self.date.to_string(), "choose a day of the plan");
        }
        let standing = plan::standing(&self.problem, &self.solution, day);
        let standing = match &self.before {
            Some((before, _)) if before.day > day => {
                let expected =
                    format!("day {} of that plan or later, since it is a replan from then on", before.day);
                return fault(
                    "`--date`",
                    expected,
                    format!("day {day}"),
                    "give a later day, or an earlier run",
                );
            }
            Some((before, _)) => standing.after(before),
            None => standing,
        };
        if let Some(budget) = present.budget.filter(|budget| standing.spent > *budget) {
            let expected = format!("at least the {:.0} US$ spent by {}", standing.spent, self.date);
            return fault("`plan.budget_usd`", expected, format!("{budget:.0} US$"), "raise it");
        }
        let problem = plan::left_over(present.clone(), &standing);
        if problem.teams.is_empty() {
            let expected = format!("a team available from {} on", self.date);
            return fault("`plan.teams`", expected, "none".to_owned(), "add one");
        }
        Ok(LeftOver { problem, standing, present })
    }

    /// What the new plan does otherwise than this one, and why; one a task of either.
    pub fn changes(&self, left: &LeftOver, solution: &Solution) -> Vec<Change> {
        changes(&self.problem, &self.solution, &left.present, solution, &left.standing)
    }

    /// What of the inputs differs from those of the earlier plan, in words.
    pub fn inputs_changed(&self, left: &LeftOver) -> Vec<String> {
        let (was, now) = (&self.problem, &left.present);
        let mut words = Vec::new();
        let team = |problem: &Problem, id: &str| problem.teams.iter().find(|team| team.id == id).cloned();
        for old in &was.teams {
            match team(now, &old.id) {
                None => words.push(format!("team {} is no longer there", old.id)),
                Some(new) if !self.is_same_team(old, &new) => {
                    words.push(format!("team {} is another", old.id))
                }
                Some(_) => {}
            }
        }
        for new in now.teams.iter().filter(|new| team(was, &new.id).is_none()) {
            words.push(format!("team {} is new", new.id));
        }
        let was_budget = self.before.as_ref().map_or(was.budget, |(_, budget)| *budget);
        if was_budget != now.budget {
            let money = |budget: Option<f64>| budget.map_or("none".to_owned(), |b| format!("{b:.0} US$"));
            words.push(format!("the budget was {}, it is {}", money(was_budget), money(now.budget)));
        }
        if was.horizon_days != now.horizon_days {
            let days = |days: Option<f64>| days.map_or("none".to_owned(), |days| format!("{days}"));
            words.push(format!(
                "the horizon was {} days, it is {}",
                days(was.horizon_days),
                days(now.horizon_days)
            ));
        }
        if was.floors != now.floors {
            words.push("the floors are others".to_owned());
        }
        words
    }

    /// Whether a team is as it was; in a replan its place, first day and mobilisation follow from what it has done.
    fn is_same_team(&self, old: &plan::Team, new: &plan::Team) -> bool {
        let mut old = old.clone();
        if self.before.is_some() {
            (old.at, old.mobilisation) = (new.at, new.mobilisation);
            old.available = new.available;
        }
        old == *new
    }

    /// For `plan.json`: `replanned` and `changes`.
    pub fn to_json(&self, left: &LeftOver, changes: &[Change]) -> [(&'static str, Value); 2] {
        let replanned = serde_json::json!({
            "from": self.file.display().to_string(), "date": self.date.to_string(),
            "standing": serde_json::to_value(&left.standing).unwrap_or_default(),
            "budget": left.present.budget, "inputs_changed": self.inputs_changed(left),
        });
        [("replanned", replanned), ("changes", changes.iter().map(|c| c.to_json(self.start)).collect())]
    }

    /// For stdout: labels and words, then the table of changes.
    pub fn to_lines(&self, left: &LeftOver, changes: &[Change]) -> (Vec<(String, String)>, String) {
        let standing = &left.standing;
        let mut lines = vec![(
            "replanned".to_owned(),
            format!(
                "from {} on: {} tasks finished and {} under way are kept, {} US$ are spent",
                self.date,
                standing.finished.len(),
                standing.under_way.len(),
                crate::report::readable::short(standing.spent)
            ),
        )];
        let inputs = self.inputs_changed(left);
        if !inputs.is_empty() {
            lines.push(("inputs changed".to_owned(), inputs.join("; ")));
        }
        (lines, super::changes::to_table(changes, self.start))
    }
}
