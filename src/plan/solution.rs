//! What a plan says: who goes where in which order and when, what that is worth, and what was left out.
//!
//! Days are calendar days from the start of the plan. As JSON the keys are those of interface.md §4
//! (`upper_bound` is a lower bound for `completion`).

use serde::{Deserialize, Serialize};

use super::problem::Objective;
use crate::error::{Fault, Result};

/// A plan. Every one that leaves [`super::plan`] has passed [`super::check()`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Solution {
    /// The value of the objective (the larger the better; for `completion` the smaller).
    pub objective_value: f64,
    /// No plan can be better than this; none where no bound could be given.
    #[serde(rename = "upper_bound", default)]
    pub bound: Option<f64>,
    /// How far the value lies from the bound, in % of the bound (for `completion`: of the value). The plan is
    /// proven to be within so many percent of the best possible. None without a bound.
    #[serde(default)]
    pub gap_percent: Option<f64>,
    /// One a team, in the order of the problem's teams; unused teams have no tasks.
    pub routes: Vec<Route>,
    /// Tasks left out, in the order of the problem.
    #[serde(default)]
    pub unassigned: Vec<Unassigned>,
    /// What the bound says about the worth of money, days and tasks; none without a bound.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shadow_prices: Option<ShadowPrices>,
    /// Seconds the search took.
    #[serde(default)]
    pub seconds: f64,
    /// Ruin-and-recreate steps done, over all workers.
    #[serde(default)]
    pub iterations: u64,
    /// Seed it was made with.
    #[serde(default)]
    pub seed: u64,
}

/// Prices that prove the bound: what a little more of each would add to the bound, and so about to the plan. For
/// `completion` they are what the sum would fall by.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct ShadowPrices {
    /// Of a unit of money; 0 where there is no budget or it does not bind.
    pub money: f64,
    /// Of a working day of each team, in the mean over its time.
    pub team_days: Vec<Price>,
    /// For each task left out: by how much its value falls short of what the time and money it takes are worth
    /// elsewhere; 0 where it is worth them, and only the details stand in its way.
    pub left_out: Vec<Price>,
}

/// A price of something with a name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Price {
    /// The team or task.
    pub id: String,
    /// In units of the objective.
    pub value: f64,
}

/// What one team does.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Route {
    /// The team's id.
    pub team: String,
    /// Its tasks in order.
    pub tasks: Vec<Stop>,
    /// Distance travelled, the return included.
    #[serde(default)]
    pub distance: f64,
    /// Money: tasks, travel, mobilisation.
    #[serde(default)]
    pub cost: f64,
}

/// One visit.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Stop {
    /// The task's id.
    pub id: String,
    /// Day the team sets out for it (the first working moment after the task before).
    #[serde(default)]
    pub depart: f64,
    /// Day it arrives.
    #[serde(default)]
    pub arrive: f64,
    /// Day setup and work begin.
    #[serde(default)]
    pub start: f64,
    /// Day it ends.
    #[serde(default)]
    pub end: f64,
    /// Distance travelled to it.
    #[serde(default)]
    pub distance: f64,
    /// Working days of setup and work.
    #[serde(default)]
    pub work_days: f64,
    /// Money: the task and the way to it (mobilisation and return are in the route's cost only).
    #[serde(default)]
    pub cost: f64,
    /// The task's worth as given.
    #[serde(default)]
    pub worth: f64,
    /// What it adds to the objective.
    #[serde(default)]
    pub discounted_worth: f64,
}

/// A task left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unassigned {
    /// The task's id.
    pub id: String,
    /// Why, in words.
    pub reason: String,
}

impl Solution {
    /// Whether this one is better than another for an objective.
    pub fn is_better_than(&self, other: &Self, objective: Objective) -> bool {
        match objective {
            Objective::Completion => self.objective_value < other.objective_value,
            _ => self.objective_value > other.objective_value,
        }
    }

    /// Sets the bound and the gap that follows from it.
    pub fn set_bound(&mut self, bound: Option<f64>, objective: Objective) {
        self.bound = bound;
        self.gap_percent = bound.map(|bound| gap_percent(self.objective_value, bound, objective));
    }

    /// The solution as JSON text, keys as in interface.md §4.
    ///
    /// # Errors
    /// A fault when a number is not finite, which no solution of [`super::plan`] has.
    pub fn to_json(&self) -> Result<String> {
        serde_json::to_string(self).map_err(|error| {
            let expected = "numbers that JSON can hold";
            Fault::new("solution.json", "solution", expected, error.to_string(), "report it: our bug").into()
        })
    }
}

/// What the bound of nothing is above nothing, by its guard against rounding: no gap.
const NO_GAP: f64 = 2e-12;

/// Percent between a value and its bound, never below 0.
pub fn gap_percent(value: f64, bound: f64, objective: Objective) -> f64 {
    let (low, high) = match objective {
        Objective::Completion => (bound, value),
        _ => (value, bound),
    };
    if high - low <= NO_GAP { 0.0 } else { 100.0 * (high - low) / high.abs() }
}

/// Reads a solution back, from `plan.json` or from any engine that writes at least `objective_value` and
/// `routes` with `team` and, per task, `id`. Further keys are left alone.
///
/// # Errors
/// A fault with the place in the text when it does not parse.
pub fn parse_solution(text: &str, place: &str) -> Result<Solution> {
    serde_json::from_str(text).map_err(|error| {
        Fault::new(
            "solution.json",
            place,
            "a solution with objective_value and routes as in plan.json",
            error.to_string(),
            "make it again with `clearway plan`",
        )
        .into()
    })
}
