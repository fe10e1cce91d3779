//! Task areas, teams and plan settings → the bare problem that the planner solves (interface.md §4).
//!
//! Day 0 is the plan's start; distances are geodesic kilometres × detour; `work` is m² × difficulty, so that a
//! team's rate in m² a working day turns it into working days. A task whose worth or cost is unknown is not
//! planned, and is named: unknown is not zero.

use std::collections::HashMap;

use jiff::ToSpan;
use jiff::civil::Date;

use super::project::{ClosedSeason, PlanSettings, TeamSettings, WorthColumn};
use crate::error::{Fault, Faults, Result};
use crate::plan::{Distance, DistanceKind, Lock, Objective, Problem, Rounding, Task, Team};
use crate::report::plan_files::days_between;
use crate::tasks::{PARCEL_OF, PolygonFeature, TaskArea};
use crate::units::DAYS_PER_YEAR;

/// The problem, and what could not be planned.
pub fn problem_of(
    tasks: &[TaskArea],
    teams: &[TeamSettings],
    settings: &PlanSettings,
    file: &str,
) -> Result<(Problem, Vec<String>)> {
    let mut faults = Faults::new();
    missing_columns(settings, |name| tasks.iter().any(|task| task.attributes.contains_key(name)), file)
        .into_iter()
        .for_each(|fault| faults.push(fault));
    let mut unknown = Vec::new();
    let mut planned = Vec::new();
    for task in tasks {
        match task_of(task, settings, file, &mut faults) {
            Some(task) => planned.push(task),
            None => unknown.push(task.task_id.as_str()),
        }
    }
    let horizon_days = settings.years * DAYS_PER_YEAR;
    let (with_time, without_time): (Vec<_>, Vec<_>) =
        teams.iter().partition(|team| available(team, settings.start, horizon_days).is_some());
    if with_time.is_empty() && !teams.is_empty() {
        let expected = format!("a team available between {} and the horizon", settings.start);
        let found = format!("{} teams, all of them available only before or after", teams.len());
        let fix = "change `available_from` and `available_to`, or `start` and `years` under [plan]";
        faults.push(Fault::new("teams.none_available", format!("{file}: [plan]"), expected, found, fix));
    }
    let mut problem = Problem {
        objective: settings.objective,
        horizon_days: Some(horizon_days),
        discount_per_year: settings.discount,
        budget: settings.budget_usd,
        start_weekday: settings.start.weekday().to_monday_zero_offset() as u8,
        distance: Distance {
            kind: DistanceKind::Geodesic,
            round: Rounding::None,
            detour: settings.detour,
            matrix: None,
        },
        floors: settings.floors.clone(),
        teams: with_time.into_iter().map(|team| team_of(team, settings.start, horizon_days)).collect(),
        tasks: planned,
    };
    tie_down(&mut problem, settings, tasks, &unknown, file, &mut faults);
    if problem.tasks.is_empty() && faults.is_empty() {
        let found = format!("{} task areas, none with a known worth and cost", tasks.len());
        let fix = "check that the task areas lie where hazard, population and cost are known";
        faults.push(Fault::new("plan.no_tasks", format!("{file}: [tasks]"), "tasks to plan", found, fix));
    }
    faults.finish()?;
    let mut warnings = Vec::new();
    if !without_time.is_empty() {
        let named: Vec<&str> = without_time.iter().map(|team| team.team_id.as_str()).collect();
        warnings.push(format!(
            "teams that are not available between {} and the horizon are left out: {}",
            settings.start,
            named.join(", ")
        ));
    }
    let is_even = |task: &&TaskArea| task.difficulty.is_none() && task.cost_usd.is_some();
    let n_even = tasks.iter().filter(is_even).count();
    if n_even > 0 && tasks.iter().any(|task| task.difficulty.is_some()) {
        warnings.push(format!(
            "the difficulty of {n_even} task areas is unknown: they are planned as if it were 1"
        ));
    }
    if !unknown.is_empty() {
        let named: Vec<&str> = unknown.iter().take(10).copied().collect();
        let more = if unknown.len() > 10 { ", …" } else { "" };
        warnings.push(format!(
            "{} task areas are not planned because their worth or cost is unknown: {}{more}",
            unknown.len(),
            named.join(", ")
        ));
    }
    Ok((problem, warnings))
}

/// A fault for every column that the settings name and no task has; `has` says whether one does.
pub fn missing_columns(settings: &PlanSettings, has: impl Fn(&str) -> bool, file: &str) -> Vec<Fault> {
    let worth = match &settings.worth {
        WorthColumn::Attribute(name) => Some(("plan.worth", name)),
        WorthColumn::ExposureHa | WorthColumn::Benefit => None,
    };
    let is_decay = settings.objective == Objective::Decay;
    let decay = settings.decay_column.as_ref().filter(|_| is_decay).map(|name| ("plan.decay_per_day", name));
    let missing = worth.into_iter().chain(decay).filter(|(_, name)| !has(name));
    missing
        .map(|(key, name)| {
            let place = format!("{file}: `{key}`");
            let fix = "name one of the hazardous areas' own columns; without it `worth` is \"exposure_ha\"";
            let found = format!("{name:?}, which no task area has");
            Fault::new("plan.unknown_column", place, "a column of the task areas", found, fix)
        })
        .collect()
}

/// A fault for every lock or precedence that names a team or a hazardous area that is not there; of task areas
/// that are yet to be grown (`areas` is `None`) nothing is known before.
pub fn loose_ties(
    settings: &PlanSettings,
    teams: &[TeamSettings],
    areas: Option<&[PolygonFeature]>,
    file: &str,
) -> Vec<Fault> {
    let mut faults = Vec::new();
    for team in settings.locks.iter().filter_map(|lock| lock.team.as_ref()) {
        if !teams.iter().any(|known| known.team_id == *team) {
            let place = format!("{file}: `plan.locked`");
            let found = format!("{team:?}, which is none of the {} teams", teams.len());
            let fix = "give a `team_id` of the teams";
            faults.push(Fault::new("plan.unknown_team", place, "a team", found, fix));
        }
    }
    let Some(areas) = areas else { return faults };
    let after = settings.after.iter().flat_map(|(task, needs)| [task, needs]).map(|id| (id, "plan.after"));
    for (id, key) in settings.locks.iter().map(|lock| (&lock.task, "plan.locked")).chain(after) {
        if !areas.iter().any(|area| area.id == *id) {
            let found = format!("{id:?}, which is none of the {} hazardous areas", areas.len());
            faults.push(unknown_task(key, found, "see the column that `tasks.areas.id` names", file));
        }
    }
    faults
}

fn unknown_task(key: &str, found: String, fix: &str, file: &str) -> Fault {
    Fault::new("plan.unknown_task", format!("{file}: `{key}`"), "a planned task", found, fix)
}

fn task_of(task: &TaskArea, settings: &PlanSettings, file: &str, faults: &mut Faults) -> Option<Task> {
    let mut column = |name: &str| -> Option<f64> {
        match task.attributes.get(name) {
            None | Some(serde_json::Value::Null) => None,
            Some(value) => {
                let number = value.as_f64().or_else(|| value.as_str()?.trim().parse().ok());
                if number.is_none_or(|number| !number.is_finite() || number < 0.0) {
                    let place = format!("task {}, column `{name}`", task.task_id);
                    let fix = format!("mend the column, or choose another worth under [plan] in {file}");
                    faults.push(Fault::new(
                        "plan.column",
                        place,
                        "a number of 0 or more",
                        value.to_string(),
                        fix,
                    ));
                }
                number
            }
        }
    };
    let worth = match &settings.worth {
        WorthColumn::ExposureHa => task.exposure_ha,
        WorthColumn::Benefit => task.benefit,
        WorthColumn::Attribute(name) => column(name),
    };
    let decay_per_day = match &settings.decay_column {
        Some(name) if settings.objective == Objective::Decay => column(name)?,
        _ => 0.0,
    };
    Some(Task {
        id: task.task_id.clone(),
        at: Some([task.lon?, task.lat?]),
        worth: worth?,
        decay_per_day,
        work: task.area_m2 * task.difficulty.unwrap_or(1.0),
        cost: task.cost_usd?,
        needs: needs_of(task),
        district: district_of(task),
        ..Task::default()
    })
}

/// The district of the districts' file, or else the task's own column `district`.
fn district_of(task: &TaskArea) -> Option<String> {
    let own = || task.attributes.get("district").and_then(|value| value.as_str()).map(str::to_owned);
    task.district.clone().or_else(own)
}

/// The capabilities that a task's own column `needs` asks for: words in a text, or a list of them.
pub fn needs_of(task: &TaskArea) -> Vec<String> {
    let texts: Vec<&str> = match task.attributes.get("needs") {
        Some(serde_json::Value::Array(items)) => items.iter().filter_map(|item| item.as_str()).collect(),
        Some(serde_json::Value::String(text)) => vec![text],
        _ => Vec::new(),
    };
    let words = texts.into_iter().flat_map(|text| text.split([';', ',', ' ', '|']));
    words.filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

/// Locks and precedence from the settings.
fn tie_down(
    problem: &mut Problem,
    settings: &PlanSettings,
    tasks: &[TaskArea],
    unknown: &[&str],
    file: &str,
    faults: &mut Faults,
) {
    // A task that was cut is tied down by its own name: what holds for it holds for every parcel.
    let mut places: HashMap<&str, Vec<usize>> = HashMap::new();
    let parcel_of: HashMap<&str, &str> = tasks
        .iter()
        .filter_map(|task| Some((task.task_id.as_str(), task.attributes.get(PARCEL_OF)?.as_str()?)))
        .collect();
    let ids: Vec<String> = problem.tasks.iter().map(|task| task.id.clone()).collect();
    for (i, id) in ids.iter().enumerate() {
        places.entry(id).or_default().push(i);
        if let Some(whole) = parcel_of.get(id.as_str()) {
            places.entry(whole).or_default().push(i);
        }
    }
    let mut find = |id: &str, key: &str| -> Vec<usize> {
        let at = places.get(id).cloned().unwrap_or_default();
        if at.is_empty() {
            let is_unknown = |name: &&str| *name == id || parcel_of.get(*name) == Some(&id);
            let (found, fix) = if unknown.iter().any(is_unknown) {
                (
                    format!("{id:?}, whose worth or cost is unknown"),
                    "remove the entry, or make its ground known",
                )
            } else {
                (
                    format!("{id:?}, which is none of the {} task areas", tasks.len()),
                    "see `task_id` in tasks.csv",
                )
            };
            faults.push(unknown_task(key, found, fix, file));
        }
        at
    };
    let (mut locks, mut after) = (Vec::new(), Vec::new());
    for lock in &settings.locks {
        let at = find(&lock.task, "plan.locked");
        locks.push((lock, at));
    }
    for (task, needs) in &settings.after {
        after.push((find(task, "plan.after"), find(needs, "plan.after")));
    }
    for (lock, at) in locks {
        if at.len() > 1 && lock.position.is_some() {
            let found = format!("{:?}, which is cut into {} parcels", lock.task, at.len());
            let fix = "lock one of its parcels, or leave `position` out";
            faults.push(unknown_task("plan.locked", found, fix, file));
        }
        for at in at {
            problem.tasks[at].lock = Some(Lock {
                team: lock.team.clone(),
                position: lock.position,
                start: lock.start.map(|date| days_between(settings.start, date).max(0.0)),
                under_way: false,
            });
        }
    }
    for (tasks, needs) in after {
        let needs: Vec<String> = needs.into_iter().map(|at| ids[at].clone()).collect();
        tasks.into_iter().for_each(|at| problem.tasks[at].after.extend(needs.iter().cloned()));
    }
}

/// When a team can be tasked, as days [from, to) from the start inside the horizon; `None` for never.
fn available(team: &TeamSettings, start: Date, horizon_days: f64) -> Option<[f64; 2]> {
    let from = team.available_from.map_or(0.0, |date| days_between(start, date).max(0.0));
    // The last day counts in full.
    let to =
        team.available_to.map_or(horizon_days, |date| (days_between(start, date) + 1.0).min(horizon_days));
    (from < to).then_some([from, to])
}

fn team_of(team: &TeamSettings, start: Date, horizon_days: f64) -> Team {
    Team {
        id: team.team_id.clone(),
        at: Some([team.lon, team.lat]),
        rate: team.rate_m2_per_day,
        capabilities: team.capabilities.clone(),
        speed_per_day: team.travel_km_per_day,
        setup_days: team.setup_days,
        cost_factor: team.cost_factor,
        cost_per_distance: team.usd_per_km,
        mobilisation: team.mobilisation_usd,
        available: available(team, start, horizon_days),
        closed: closed_days(&team.closed, start, horizon_days),
        work_days_per_week: team.work_days_per_week,
        ..Team::default()
    }
}

/// Closed times as days [from, to) from the start, inside the horizon, merged where they meet.
fn closed_days(seasons: &[ClosedSeason], start: Date, horizon_days: f64) -> Vec<[f64; 2]> {
    let mut spans: Vec<[f64; 2]> = Vec::new();
    let mut add = |from: Date, to: Date| {
        let first = days_between(start, from).max(0.0);
        let last = (days_between(start, to) + 1.0).min(horizon_days);
        if last > first {
            spans.push([first, last]);
        }
    };
    let last_year =
        start.checked_add((horizon_days.ceil() as i64).days()).map_or(start.year(), |end| end.year());
    for season in seasons {
        match season {
            ClosedSeason::Once(from, to) => add(*from, *to),
            ClosedSeason::Yearly(from, to) => {
                // From the year before, because a winter may have begun then.
                for year in start.year() - 1..=last_year {
                    let end_year = if to < from { year + 1 } else { year };
                    if let (Some(first), Some(last)) = (day_of(year, *from), day_of(end_year, *to)) {
                        add(first, last);
                    }
                }
            }
        }
    }
    spans.sort_by(|a, b| a[0].total_cmp(&b[0]));
    let mut merged: Vec<[f64; 2]> = Vec::new();
    for span in spans {
        match merged.last_mut() {
            Some(last) if span[0] <= last[1] => last[1] = last[1].max(span[1]),
            _ => merged.push(span),
        }
    }
    merged
}

/// A day of a year; 29 February of a common year is 28 February.
fn day_of(year: i16, (month, day): (i8, i8)) -> Option<Date> {
    Date::new(year, month, day).or_else(|_| Date::new(year, month, day - 1)).ok()
}
