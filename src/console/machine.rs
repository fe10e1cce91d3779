//! Progress for a program that runs this one: on stderr a JSON object a line, each whole.

use serde_json::{Value, json};

use super::Step;

/// How far a step is: `{"step":"exposure","done":3,"total":16}`.
pub fn step(step: &Step) -> String {
    line(&json!({ "step": step.label, "done": step.done, "total": step.total }))
}

/// The step is over: the same with its seconds. It may be over before all of it is done.
pub fn finished(step: &Step) -> String {
    let seconds = (step.begun.elapsed().as_secs_f64() * 1000.0).round() / 1000.0;
    line(&json!({ "step": step.label, "done": step.done, "total": step.total, "seconds": seconds }))
}

/// A word on how it goes, of a step where one is under way.
pub fn note(step: Option<&Step>, text: &str) -> String {
    match step {
        Some(step) => {
            line(&json!({ "step": step.label, "done": step.done, "total": step.total, "note": text }))
        }
        None => line(&json!({ "note": text })),
    }
}

fn line(value: &Value) -> String {
    format!("{value}\n")
}
