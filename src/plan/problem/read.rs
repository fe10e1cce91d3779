//! JSON text to [`Problem`], collecting every unknown key and every wrong type instead of stopping at the
//! first, as serde alone would.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::{Distance, Problem, Task, Team};
use crate::error::{Fault, Faults, Result};

/// Keys of the problem, for the faults that name them.
const PROBLEM: &[&str] = &[
    "objective",
    "horizon_days",
    "discount_per_year",
    "budget",
    "start_weekday",
    "distance",
    "floors",
    "teams",
    "tasks",
];

/// The problem in a JSON text, or all faults of its form.
pub(super) fn from_json(text: &str, place: &str) -> Result<Problem> {
    let value: Value = serde_json::from_str(text).map_err(|error| {
        Fault::new(
            "problem.json",
            place,
            "a JSON object with objective, teams and tasks",
            error.to_string(),
            "see \"Bare problem files\" in README.md for the format",
        )
    })?;
    let Value::Object(mut object) = value else {
        return Err(form(place, "a JSON object", kind_of(&value)).into());
    };
    let mut faults = Faults::new();
    unknown_keys(&object, PROBLEM, place, &mut faults);
    let teams: Vec<Team> = list(&mut object, "teams", place, &mut faults);
    let tasks: Vec<Task> = list(&mut object, "tasks", place, &mut faults);
    let distance = match object.remove("distance") {
        None => Some(Distance::default()),
        Some(value) => one(value, &format!("{place}: distance"), &mut faults),
    };
    object.retain(|key, _| PROBLEM.contains(&key.as_str()));
    object.insert("teams".into(), Value::Array(Vec::new()));
    object.insert("tasks".into(), Value::Array(Vec::new()));
    let rest: Option<Problem> = one(Value::Object(object), place, &mut faults);
    faults.finish()?;
    match (rest, distance) {
        (Some(rest), Some(distance)) => Ok(Problem { teams, tasks, distance, ..rest }),
        _ => Err(form(place, "a whole problem", "parts that do not parse").into()),
    }
}

fn list<T: DeserializeOwned>(
    object: &mut Map<String, Value>,
    key: &str,
    place: &str,
    faults: &mut Faults,
) -> Vec<T> {
    match object.remove(key) {
        Some(Value::Array(items)) => items
            .into_iter()
            .enumerate()
            .filter_map(|(i, item)| {
                let name = item.get("id").and_then(Value::as_str).map(|id| format!(" ({id})"));
                one(item, &format!("{place}: {key}[{i}]{}", name.unwrap_or_default()), faults)
            })
            .collect(),
        Some(other) => {
            faults.push(form(&format!("{place}: {key}"), "a list", kind_of(&other)));
            Vec::new()
        }
        None => {
            faults.push(form(place, &format!("the key `{key}`"), "none"));
            Vec::new()
        }
    }
}

fn one<T: DeserializeOwned>(value: Value, place: &str, faults: &mut Faults) -> Option<T> {
    match serde_json::from_value(value) {
        Ok(item) => Some(item),
        Err(error) => {
            let text = error.to_string();
            let code = if text.starts_with("unknown field") { "problem.unknown_key" } else { "problem.type" };
            let expected = "the keys and types of a bare problem file, see README.md";
            faults.push(Fault::new(code, place, expected, text, "correct or remove it"));
            None
        }
    }
}

fn unknown_keys(object: &Map<String, Value>, known: &[&str], place: &str, faults: &mut Faults) {
    for key in object.keys().filter(|key| !known.contains(&key.as_str())) {
        let expected = format!("one of {}", known.join(", "));
        let found = format!("`{key}`");
        faults.push(Fault::new("problem.unknown_key", place, expected, found, "correct or remove it"));
    }
}

fn form(place: &str, expected: &str, found: &str) -> Fault {
    Fault::new(
        "problem.type",
        place,
        expected,
        found,
        "see \"Bare problem files\" in README.md for the format",
    )
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}
