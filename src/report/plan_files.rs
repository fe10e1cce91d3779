//! `plan.csv` and `plan.json`: who does what when, and the plan with its problem, bound and baselines.

use std::path::Path;

use jiff::civil::Date;
use jiff::{SignedDuration, ToSpan};
use serde_json::{Map, Value, json};

use super::tables::plain;
use crate::error::{Error, Result};
use crate::io::atomic::write_atomic;
use crate::io::csv::CsvWriter;
use crate::plan::{Problem, Solution, floor_shares};

/// One task done, as `plan.csv` tells it.
#[derive(Debug, Clone, PartialEq)]
pub struct PlanRow {
    /// The team.
    pub team_id: String,
    /// Place in the team's order, from 1.
    pub position: usize,
    /// The task.
    pub task_id: String,
    /// Day the team leaves for it.
    pub depart: Date,
    /// Day work (with setting up) starts.
    pub start: Date,
    /// Day it ends.
    pub end: Date,
    /// Way to it, km.
    pub travel_km: f64,
    /// Working days of setting up and work.
    pub work_days: f64,
    /// What it costs, travel included, and at a team's first task its mobilisation: the column sums up to what
    /// the plan costs, US$.
    pub cost_usd: f64,
    /// Its worth (a year, where the objective is discounted).
    pub worth: f64,
    /// What it adds to the objective.
    pub discounted_worth: f64,
}

const COLUMNS: [&str; 11] = [
    "team_id",
    "position",
    "task_id",
    "depart",
    "start",
    "end",
    "travel_km",
    "work_days",
    "cost_usd",
    "worth",
    "discounted_worth",
];

impl PlanRow {
    /// Column names in the order of the contract.
    pub fn column_names() -> &'static [&'static str] {
        &COLUMNS
    }

    /// Column names and values, in the order of the contract.
    pub fn columns(&self) -> Vec<(&'static str, Value)> {
        let values = [
            self.team_id.clone().into(),
            self.position.into(),
            self.task_id.clone().into(),
            self.depart.to_string().into(),
            self.start.to_string().into(),
            self.end.to_string().into(),
            self.travel_km.into(),
            self.work_days.into(),
            self.cost_usd.into(),
            self.worth.into(),
            self.discounted_worth.into(),
        ];
        COLUMNS.into_iter().zip(values).collect()
    }
}

/// The rows of a plan whose day 0 is `start`, team by team in order of work.
pub fn plan_rows(problem: &Problem, solution: &Solution, start: Date) -> Vec<PlanRow> {
    let mut rows = Vec::new();
    for route in &solution.routes {
        let mobilisation =
            problem.teams.iter().find(|team| team.id == route.team).map_or(0.0, |team| team.mobilisation);
        for (i, stop) in route.tasks.iter().enumerate() {
            rows.push(PlanRow {
                team_id: route.team.clone(),
                position: i + 1,
                task_id: stop.id.clone(),
                depart: day(start, stop.depart, false),
                start: day(start, stop.start, false),
                // A task that takes no time on a midnight ends on the day it starts.
                end: day(start, stop.end, true).max(day(start, stop.start, false)),
                travel_km: stop.distance,
                work_days: stop.work_days,
                cost_usd: stop.cost + if i == 0 { mobilisation } else { 0.0 },
                worth: stop.worth,
                discounted_worth: stop.discounted_worth,
            });
        }
    }
    rows
}

/// Writes `plan.csv`.
pub fn write_plan_csv(path: &Path, rows: &[PlanRow]) -> Result<()> {
    let mut writer = CsvWriter::create(path, &COLUMNS)?;
    for row in rows {
        let fields: Vec<String> = row.columns().iter().map(|(_, value)| plain(value)).collect();
        writer.write(&fields)?;
    }
    writer.finish()
}

/// What a planner would do by hand, beside the plan.
#[derive(Debug, Clone, PartialEq)]
pub struct BaselineValue {
    /// Its name.
    pub name: String,
    /// Its objective.
    pub objective_value: f64,
    /// Tasks it does.
    pub n_tasks: usize,
    /// Tasks locked to a team that it leaves out.
    pub n_locked_out: usize,
    /// Whether it keeps the equity floors, which nobody looks at by hand.
    pub keeps_floors: bool,
}

impl BaselineValue {
    /// Name and figures as in `plan.json`.
    pub fn to_json(&self) -> Value {
        json!({ "name": self.name, "objective_value": self.objective_value, "tasks": self.n_tasks,
                "locked_left_out": self.n_locked_out, "keeps_floors": self.keeps_floors })
    }
}

/// What `plan.json` holds: the solution's own keys (interface.md §4), then the baselines, `more` keys and the problem as
/// solved.
pub fn plan_json(
    problem: &Problem,
    solution: &Solution,
    baselines: &[BaselineValue],
    start: Option<Date>,
    more: &Map<String, Value>,
) -> Value {
    let mut object = match serde_json::to_value(solution) {
        Ok(Value::Object(object)) => object,
        _ => Map::new(),
    };
    if let Some(start) = start {
        object.insert("start".into(), start.to_string().into());
    }
    let baselines: Vec<Value> = baselines.iter().map(BaselineValue::to_json).collect();
    object.insert("baselines".into(), baselines.into());
    if !problem.floors.is_empty() {
        object.insert("floors".into(), floors_json(problem, solution));
    }
    object.extend(more.clone());
    object.insert("problem".into(), serde_json::to_value(problem).unwrap_or(Value::Null));
    Value::Object(object)
}

/// Writes `plan.json`, see [`plan_json`].
pub fn write_plan_json(
    path: &Path,
    problem: &Problem,
    solution: &Solution,
    baselines: &[BaselineValue],
    start: Option<Date>,
    more: &Map<String, Value>,
) -> Result<()> {
    let mut text = serde_json::to_string_pretty(&plan_json(problem, solution, baselines, start, more))
        .map_err(|error| Error::io("write", path)(std::io::Error::other(error)))?;
    text.push('\n');
    write_atomic(path, text.as_bytes())
}

/// The floors with the shares that a plan reaches.
pub fn floors_json(problem: &Problem, solution: &Solution) -> Value {
    let floors = problem.floors.iter().zip(floor_shares(problem, solution));
    floors
        .map(|(floor, reached)| json!({ "district": floor.district, "share": floor.share, "reached": reached }))
        .collect()
}

/// The calendar day of a time in days. An end that falls exactly on midnight belongs to the day before it.
pub fn day(start: Date, days: f64, is_end: bool) -> Date {
    let whole = if is_end { (days - 1e-9).ceil() - 1.0 } else { (days + 1e-9).floor() };
    let span = (whole.max(0.0) as i64).days();
    start.checked_add(span).unwrap_or(Date::MAX)
}

/// Days from one date to another.
pub fn days_between(from: Date, to: Date) -> f64 {
    let duration: SignedDuration = from.duration_until(to);
    duration.as_hours() as f64 / 24.0
}
