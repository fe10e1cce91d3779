//! The bare problem: teams, tasks, distances, objective, as read from JSON (interface.md §4) or made in code.
//!
//! In: JSON text. Out: a [`Problem`] in which every id resolves, every number is in range and nothing
//! contradicts itself; or every fault found, together. Days are calendar days from the start of the plan, as
//! reals. Money has one unit, distances another (kilometres when `distance.kind` is `geodesic`).
//!
//! Keys beyond interface.md §4, all optional: `start_weekday` of the problem (0 = Monday, the weekday of day
//! 0), `work_days_per_week` of a team (1..7, the first so many days of each week, counted from Monday),
//! `mobilisation` of a team (paid once if it is used), `start` of a lock (day, not before), `under_way` of a lock, `floors` of the problem
//! with `district` of a task.
//!
//! A task that no team can do, or that cannot be reached in time, is no fault: the plan lists it under
//! `unassigned` with the reason. This module opens no files.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

mod read;
mod validate;

/// What the plan maximises (or, for `completion`, minimises).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Objective {
    /// Worth per year from the end C of a task to the horizon H, discounted: B·∫_C^H e^(−ρt) dt, in years.
    Discounted,
    /// The worth of every task ended by the horizon.
    Collect,
    /// max(0, worth − decay_per_day·C).
    Decay,
    /// Minimises Σ worth·C (C in days) with every task done.
    Completion,
}

/// A planning problem. Build it with [`Problem::read`], or fill the fields and call [`Problem::validate`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Problem {
    /// What is maximised.
    pub objective: Objective,
    /// Last day that counts; none: no limit but the teams' own availability.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub horizon_days: Option<f64>,
    /// ρ per year of 365 days; only `discounted` reads it. Default 0.03.
    #[serde(default = "default_discount")]
    pub discount_per_year: f64,
    /// Most the plan may cost; none: no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub budget: Option<f64>,
    /// Weekday of day 0, 0 = Monday … 6 = Sunday.
    #[serde(default, skip_serializing_if = "is_zero_u8")]
    pub start_weekday: u8,
    /// How far places lie apart.
    #[serde(default)]
    pub distance: Distance,
    /// Least shares of districts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub floors: Vec<Floor>,
    /// Who can work.
    pub teams: Vec<Team>,
    /// What can be done.
    pub tasks: Vec<Task>,
}

/// How distances come about: kind, then × detour, then rounded.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Distance {
    /// From coordinates, from a matrix, or none at all.
    pub kind: DistanceKind,
    /// Whether distances are rounded to whole numbers (halves away from zero).
    #[serde(default, skip_serializing_if = "Rounding::is_none")]
    pub round: Rounding,
    /// Roads are longer than straight lines by this factor.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub detour: f64,
    /// For kind `matrix`: rows and columns are team starts, then tasks, then the ends of the teams that have
    /// `end_at`, each in the order of the file. Need not be symmetric.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub matrix: Option<Vec<Vec<f64>>>,
}

impl Default for Distance {
    fn default() -> Self {
        Self { kind: DistanceKind::None, round: Rounding::None, detour: 1.0, matrix: None }
    }
}

/// Where distances come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DistanceKind {
    /// `at` = [x, y] in the unit of distance.
    Euclidean,
    /// `at` = [longitude, latitude] in degrees; distances on WGS 84 in **kilometres**.
    Geodesic,
    /// The `matrix`.
    Matrix,
    /// Everything is in one place.
    None,
}

/// Rounding of distances.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Rounding {
    /// As computed.
    #[default]
    None,
    /// To the nearest whole number.
    Nearest,
}

impl Rounding {
    fn is_none(&self) -> bool {
        *self == Self::None
    }
}

/// One team.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Team {
    /// Its name, unique among teams.
    pub id: String,
    /// Where it starts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<[f64; 2]>,
    /// Where it must be back within the horizon; none: it need not return.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_at: Option<[f64; 2]>,
    /// Work done a working day.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub rate: f64,
    /// What it can do; a task's `needs` must all be among them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub capabilities: Vec<String>,
    /// Distance travelled a working day.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub speed_per_day: f64,
    /// Working days spent on every visit before the work begins.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub setup_days: f64,
    /// A task's cost is multiplied by it.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub cost_factor: f64,
    /// Money per unit of distance.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub cost_per_distance: f64,
    /// Money, once, if the team does anything.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub mobilisation: f64,
    /// First and last day it can be used; none: from day 0 to the horizon.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub available: Option<[f64; 2]>,
    /// Days [from, to) on which it neither works nor travels.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub closed: Vec<[f64; 2]>,
    /// Working days a week, counted from Monday.
    #[serde(default = "seven", skip_serializing_if = "is_seven")]
    pub work_days_per_week: u8,
}

impl Team {
    /// Capabilities that a task needs and the team has not.
    pub(crate) fn lacking<'a>(&self, task: &'a Task) -> Vec<&'a str> {
        let needs = task.needs.iter().filter(|need| !self.capabilities.contains(need));
        needs.map(String::as_str).collect()
    }
}

impl Default for Team {
    fn default() -> Self {
        Self {
            id: String::new(),
            at: None,
            end_at: None,
            rate: 1.0,
            capabilities: Vec::new(),
            speed_per_day: 1.0,
            setup_days: 0.0,
            cost_factor: 1.0,
            cost_per_distance: 0.0,
            mobilisation: 0.0,
            available: None,
            closed: Vec::new(),
            work_days_per_week: 7,
        }
    }
}

/// One task, done by at most one team in one visit.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Task {
    /// Its name, unique among tasks.
    pub id: String,
    /// Where it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<[f64; 2]>,
    /// What having done it is worth (per year, for `discounted`).
    pub worth: f64,
    /// Worth lost a day, for `decay`.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub decay_per_day: f64,
    /// Work in it; divided by a team's `rate` it gives working days.
    #[serde(default)]
    pub work: f64,
    /// Money it costs, before a team's factor.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub cost: f64,
    /// Capabilities it needs, all of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub needs: Vec<String>,
    /// Tasks that must have ended before this one starts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub after: Vec<String>,
    /// Days [a, b]: it starts at a or later and ends at b or earlier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<[f64; 2]>,
    /// The district it lies in, for `floors`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub district: Option<String>,
    /// Where it must go.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lock: Option<Lock>,
    /// Working days by team, in place of work / rate.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub work_by_team: BTreeMap<String, f64>,
}

/// At least a share of the worth done (Σ worth of the tasks in the plan, as given) lies in a district.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Floor {
    /// The district, as tasks name it.
    pub district: String,
    /// The share, above 0 and at most 1.
    pub share: f64,
}

/// What a person has decided already. A task locked to a team goes before all others into the plan; where it
/// does not fit at all it is listed as unassigned, never put elsewhere.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lock {
    /// The only team that may do it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub team: Option<String>,
    /// Its place in that team's sequence, counted from 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<usize>,
    /// Day on which it starts at the earliest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<f64>,
    /// The team works on it already: its work is what is left of it, and nothing is set up again.
    #[serde(default, skip_serializing_if = "is_false")]
    pub under_way: bool,
}

impl Problem {
    /// Reads a problem from JSON text; `place` (a file name) stands in front of every fault.
    ///
    /// # Errors
    /// All faults found together: JSON that does not parse, unknown keys, wrong types, and everything that
    /// [`Problem::validate`] finds.
    pub fn read(text: &str, place: &str) -> Result<Self> {
        let problem = read::from_json(text, place)?;
        problem.validate(place)?;
        Ok(problem)
    }

    /// Checks a problem made in code; `place` stands in front of every fault.
    ///
    /// # Errors
    /// [`Error::Faults`] with all of them: no teams, duplicate or unknown ids, cycles among `after`, numbers
    /// out of range, places missing, a matrix of the wrong shape, locks that contradict each other, floors that no
    /// plan can reach.
    pub fn validate(&self, place: &str) -> Result<()> {
        validate::faults(self, place).finish()
    }

    /// The problem as JSON text.
    ///
    /// # Errors
    /// A fault when a number is not finite, which a validated problem never has.
    pub fn to_json(&self) -> Result<String> {
        serde_json::to_string(self).map_err(|error| {
            Error::from(crate::error::Fault::new(
                "problem.json",
                "problem",
                "numbers that JSON can hold",
                error.to_string(),
                "validate the problem first",
            ))
        })
    }
}

fn default_discount() -> f64 {
    0.03
}
fn one() -> f64 {
    1.0
}
fn seven() -> u8 {
    7
}
#[allow(clippy::float_cmp, clippy::trivially_copy_pass_by_ref)] // exactly the default is left out
fn is_one(x: &f64) -> bool {
    *x == 1.0
}
fn is_zero(x: &f64) -> bool {
    *x == 0.0
}
#[allow(clippy::trivially_copy_pass_by_ref)] // serde's signature
fn is_false(x: &bool) -> bool {
    !*x
}
fn is_zero_u8(x: &u8) -> bool {
    *x == 0
}
fn is_seven(x: &u8) -> bool {
    *x == 7
}
