//! The totals of a run: counts and sums with keys of ours only.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::super::outcome::Outcome;
use crate::units::DAYS_PER_YEAR;

/// Keys of scoring's results that hold numbers alone, or lists of classes.
const SCORE: [&str; 9] = [
    "cells",
    "scored_cells",
    "scored_area_m2",
    "people",
    "exposure_ha",
    "benefit_ha",
    "cost_usd",
    "classes",
    "tile_cells",
];

/// Keys of a plan's results that hold numbers or fixed words.
const PLAN: [&str; 8] = [
    "tasks_done",
    "tasks",
    "teams_used",
    "cost_usd",
    "unit",
    "objective_value",
    "upper_bound",
    "gap_percent",
];

/// What a run found, of `outcome` and of its `plan.json`.
pub fn totals(outcome: &Outcome, plan: Option<&Value>) -> Value {
    let mut totals = Map::new();
    if let Some(score) = outcome.part("score") {
        totals.insert("score".into(), of_keys(score, &SCORE));
    }
    if let Some(tasks) = outcome.part("tasks") {
        totals.insert("tasks".into(), tasks.clone());
    }
    if let (Some(told), Some(plan)) = (outcome.part("plan"), plan) {
        let mut part = of_keys(told, &PLAN);
        // The names of what is done by hand are ours, but only numbers are taken over.
        let by_hand = told["baselines"].as_array().into_iter().flatten();
        part["by_hand"] = by_hand
            .zip(["down the ranked list", "best worth per cost first", "nearest next"])
            .map(|(by_hand, name)| {
                json!({ "name": name, "objective_value": by_hand["objective_value"], "tasks": by_hand["tasks"] })
            })
            .collect();
        part["teams"] = plan["problem"]["teams"].as_array().map_or(0, Vec::len).into();
        part["tasks_by_year"] = tasks_by_year(plan).into();
        if plan["uncertainty"].is_object() {
            part["uncertainty"] =
                of_keys(&plan["uncertainty"], &["samples", "mean", "percentile_5", "percentile_95"]);
        }
        part["what_if"] = what_if(&plan["marginal"]);
        totals.insert("plan".into(), part);
    }
    Value::Object(totals)
}

/// The keys listed, of an object; the others are left out.
fn of_keys(object: &Value, keys: &[&str]) -> Value {
    let entries = keys.iter().map(|key| ((*key).to_owned(), object[*key].clone()));
    Value::Object(entries.collect())
}

/// Tasks that end in each year of the plan, the first first.
fn tasks_by_year(plan: &Value) -> Vec<u64> {
    let routes = plan["routes"].as_array().into_iter().flatten();
    let stops = routes.flat_map(|route| route["tasks"].as_array().into_iter().flatten());
    let mut by_year = Vec::new();
    for end in stops.filter_map(|stop| stop["end"].as_f64()) {
        // What ends with a year's last day belongs to that year.
        let year = ((end - 1e-9) / DAYS_PER_YEAR).floor().max(0.0) as usize;
        if by_year.len() <= year {
            by_year.resize(year + 1, 0);
        }
        by_year[year] += 1;
    }
    by_year
}

/// What other money, time and teams would do; kinds of team are numbered.
fn what_if(marginals: &Value) -> Value {
    let mut n_teams = 0;
    let rows = marginals.as_array().into_iter().flatten().map(|row| {
        let what = row["what"].as_str().unwrap_or_default();
        let budget = what.strip_prefix("budget ").and_then(|text| text.strip_suffix(" %"));
        let what = match (budget.and_then(|percent| percent.parse::<i32>().ok()), what) {
            (Some(percent), _) => format!("budget {percent:+} %"),
            (None, "one year less" | "one year more") => what.to_owned(),
            _ => {
                n_teams += 1;
                format!("one more team of kind {n_teams}")
            }
        };
        json!({ "what": what, "objective_value": row["objective_value"], "percent": row["percent"] })
    });
    rows.collect()
}

/// How many of each fault code; codes are ours.
pub fn by_code(faults: &[Value]) -> Value {
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    for fault in faults {
        *counts.entry(fault["code"].as_str().unwrap_or("unknown").to_owned()).or_default() += 1;
    }
    json!(counts)
}

/// An error as [`crate::run::error_to_json`] gives it, with fault codes alone: its texts name files and keys.
pub fn redacted_error(error: &Value) -> Value {
    let faults = error["faults"].as_array().into_iter().flatten();
    let codes: Vec<Value> = faults.map(|fault| json!({ "code": fault["code"] })).collect();
    json!({ "error": "what went wrong is told on stderr", "exit_code": error["exit_code"], "faults": codes })
}
