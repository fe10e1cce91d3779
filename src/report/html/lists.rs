//! The tables beside the task table: criteria, years, districts, what was left out and why, prices, the record.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::sources::{Sources, Texts};
use super::tasks::{TaskRow, cut};
use crate::report::readable::short;
use crate::report::tables::contribution_column;
use crate::units::M2_PER_HECTARE;

/// Districts shown at most: those with most worth first.
const MOST_DISTRICTS: usize = 60;

/// Criteria with weight, share of the weights and share of what they add to the task areas.
pub fn criteria(sources: &Sources) -> Vec<Value> {
    let given = sources.record["settings"]["score"]["criteria"].as_array();
    let given: Vec<&Value> = given.into_iter().flatten().collect();
    let weight = |criterion: &Value| criterion["weight"].as_f64().unwrap_or(1.0);
    let added = |criterion: &Value| {
        let name = contribution_column(criterion["name"].as_str().unwrap_or(""));
        sources.tasks.sum(&sources.tasks.rows, &name)
    };
    let weights: f64 = given.iter().map(|criterion| weight(criterion)).sum();
    let all: f64 = given.iter().map(|criterion| added(criterion)).sum();
    let share = |part: f64, whole: f64| if whole > 0.0 { 100.0 * part / whole } else { 0.0 };
    given
        .iter()
        .map(|criterion| {
            let source = [&criterion["layer"], &criterion["measure"]];
            let source: Vec<&str> = source.into_iter().filter_map(Value::as_str).collect();
            json!({ "name": criterion["name"], "layer": source.join(", "), "value": value_words(&criterion["value"]),
                    "weight": short(weight(criterion)), "share": share(weight(criterion), weights),
                    "share_text": short(share(weight(criterion), weights)),
                    "added": (all > 0.0).then(|| share(added(criterion), all)),
                    "added_text": short(share(added(criterion), all)) })
        })
        .collect()
}

/// A value function in words where it is a straight line, else as the project has it.
fn value_words(value: &Value) -> String {
    let end = |end: &Value| end.as_str().map_or_else(|| end.to_string(), |name| format!("the {name}imum"));
    match value["linear"].as_array().map(Vec::as_slice) {
        Some([from, to]) => format!("0 at {}, 1 at {}, straight between", end(from), end(to)),
        _ => value.to_string(),
    }
}

/// The unit of `worth a year`, where it is exposure.
pub fn worth_unit(sources: &Sources) -> Option<&'static str> {
    let unit = sources.record["results"]["summary"]["plan"]["unit"].as_str()?;
    unit.starts_with("person-hectare").then_some("person-ha")
}

/// What the plan finishes in each calendar year: sums of `plan.csv` and of the tasks' rows.
pub fn years(sources: &Sources, tasks: &[TaskRow]) -> Vec<Value> {
    let stops = &sources.stops;
    let mut by_year: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (i, row) in stops.rows.iter().enumerate() {
        by_year.entry(stops.text(row, "end").get(..4).unwrap_or("?")).or_default().push(i);
    }
    let task_of: BTreeMap<usize, &Vec<String>> =
        sources.tasks.rows.iter().zip(tasks).filter_map(|(row, task)| Some((task.stop?, row))).collect();
    let (mut done, mut cost, mut worth) = (0, 0.0, 0.0);
    let all_worth: f64 =
        sources.plan.iter().flat_map(|plan| &plan.problem.tasks).map(|task| task.worth).sum();
    by_year
        .into_iter()
        .map(|(year, of_year)| {
            let rows: Vec<&Vec<String>> = of_year.iter().map(|i| &stops.rows[*i]).collect();
            let (year_cost, year_worth) =
                (stops.sum(rows.iter().copied(), "cost_usd"), stops.sum(rows.iter().copied(), "worth"));
            done += rows.len();
            cost += year_cost;
            worth += year_worth;
            let ground = of_year.iter().filter_map(|i| task_of.get(i).copied());
            let area = sources.tasks.sum(ground, "area_m2") / M2_PER_HECTARE;
            json!({ "year": year, "tasks": rows.len(), "area": short(area), "cost": short(year_cost),
                    "worth": short(year_worth), "all_tasks": done, "all_cost": short(cost),
                    "all_worth": short(worth),
                    "share": if all_worth > 0.0 { 100.0 * worth / all_worth } else { 0.0 },
                    "share_text": short(if all_worth > 0.0 { 100.0 * worth / all_worth } else { 0.0 }) })
        })
        .collect()
}

/// Task areas by district, those with most exposure first.
pub fn districts(sources: &Sources, tasks: &[TaskRow]) -> Value {
    let table = &sources.tasks;
    let mut by_name: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (i, row) in table.rows.iter().enumerate() {
        by_name.entry(table.text(row, "district")).or_default().push(i);
    }
    if by_name.keys().all(|name| name.is_empty()) {
        return Value::Null;
    }
    let n_all = by_name.len();
    let sum = |rows: &[usize], name: &str| table.sum(rows.iter().map(|i| &table.rows[*i]), name);
    let mut districts: Vec<(&str, Vec<usize>)> = by_name.into_iter().collect();
    districts.sort_by(|(_, a), (_, b)| sum(b, "exposure_ha").total_cmp(&sum(a, "exposure_ha")));
    districts.truncate(MOST_DISTRICTS);
    let rows: Vec<Value> = districts
        .iter()
        .map(|(name, rows)| {
            let planned: Vec<usize> = rows.iter().copied().filter(|i| tasks[*i].stop.is_some()).collect();
            let (all, done) = (sum(rows, "exposure_ha"), sum(&planned, "exposure_ha"));
            json!({ "name": if name.is_empty() { "(in no district)" } else { name }, "tasks": rows.len(),
                    "planned": planned.len(), "area": short(sum(rows, "area_m2") / M2_PER_HECTARE),
                    "cost": short(sum(rows, "cost_usd")), "exposure": short(all),
                    "share": if all > 0.0 { 100.0 * done / all } else { 0.0 },
                    "share_text": short(if all > 0.0 { 100.0 * done / all } else { 0.0 }) })
        })
        .collect();
    json!({ "rows": rows, "left_out": n_all.saturating_sub(MOST_DISTRICTS), "has_plan": sources.plan.is_some() })
}

/// Tasks that the plan leaves out, grouped by the reason without its figures, the largest group first.
pub fn unassigned(sources: &Sources) -> Value {
    let Some(plan) = &sources.plan else { return Value::Null };
    let prices: BTreeMap<&str, f64> = plan
        .solution
        .shadow_prices
        .iter()
        .flat_map(|prices| &prices.left_out)
        .map(|price| (price.id.as_str(), price.value))
        .collect();
    let rows: Vec<Value> = plan
        .solution
        .unassigned
        .iter()
        .map(|task| {
            json!({ "id": cut(&task.id), "reason": task.reason,
                    "short_by": prices.get(task.id.as_str()).map(|value| short(*value)) })
        })
        .collect();
    json!({ "rows": rows, "has_prices": !prices.is_empty() })
}

/// What a little more of money or of a team's time would add; `null` without a bound.
pub fn prices(sources: &Sources) -> Value {
    let Some(prices) = sources.plan.as_ref().and_then(|plan| plan.solution.shadow_prices.as_ref()) else {
        return Value::Null;
    };
    let most = prices.team_days.iter().map(|price| price.value).fold(1e-300, f64::max);
    let teams: Vec<Value> = prices
        .team_days
        .iter()
        .map(|price| {
            json!({ "team": price.id, "value": short(price.value), "percent": 100.0 * (price.value / most).clamp(0.0, 1.0) })
        })
        .collect();
    json!({ "per_thousand": short(1000.0 * prices.money), "is_bound": prices.money > 0.0, "teams": teams })
}

/// What a plan made anew changes against the earlier one, tasks that stay as they were left out; `null` for others.
pub fn replanned(sources: &Sources) -> Value {
    let Some(json) = sources.plan.as_ref().map(|plan| &plan.json) else { return Value::Null };
    if json["replanned"].is_null() {
        return Value::Null;
    }
    let at = |at: &Value| match (at["team"].as_str(), at["start"].as_str()) {
        (Some(team), Some(start)) => format!("{team}, {start}"),
        _ => "not in the plan".to_owned(),
    };
    let all = json["changes"].as_array().into_iter().flatten();
    let rows: Vec<Value> = all
        .filter(|change| change["was"] != change["now"])
        .map(|change| {
            json!({ "id": change["task_id"], "what": change["what"], "why": change["why"], "was": at(&change["was"]),
                    "now": at(&change["now"]) })
        })
        .collect();
    json!({ "from": json["replanned"]["from"], "date": json["replanned"]["date"], "rows": rows })
}

/// The run's record: facts, files and times.
pub fn record(sources: &Sources) -> Value {
    let record = &sources.record;
    let files = |name: &str| -> Vec<Value> {
        let listed = record[name].as_array().into_iter().flatten();
        listed
            .map(|file| {
                json!({ "path": file["path"], "bytes": file["bytes"].as_u64().map(|bytes| short(bytes as f64)),
                        "sha256": file["sha256"] })
            })
            .collect()
    };
    let empty = Map::new();
    let seconds = record["seconds"].as_object().unwrap_or(&empty);
    let seconds: Vec<Value> = seconds
        .iter()
        .filter(|(_, seconds)| seconds.as_f64().is_some_and(|seconds| seconds >= 0.001))
        .map(|(stage, seconds)| json!({ "stage": stage, "seconds": seconds }))
        .collect();
    // To the second: `2027-03-01 08:15:59`.
    let started = record["started"].as_str().map(|time| time.get(..19).unwrap_or(time).replace('T', " "));
    let pretty = |value: &Value| serde_json::to_string_pretty(value).unwrap_or_default();
    json!({ "version": record["version"], "command": record["command"], "seed": record["seed"],
            "started": started, "engine": record["engine"], "inputs": files("inputs"),
            "outputs": files("outputs"), "seconds": seconds, "settings": pretty(&record["settings"]),
            "options": pretty(&record["options"]) })
}

/// A table's first column for a set of rows, for sentences that name tasks.
pub fn ids<'a>(table: &'a Texts, rows: impl Iterator<Item = &'a Vec<String>>) -> Vec<String> {
    rows.map(|row| cut(table.text(row, "task_id"))).collect()
}
