//! What is *not* known: layers without data, tasks that are not scored, and everything the run warned of.

use serde_json::{Value, json};

use super::lists::ids;
use super::sources::Sources;
use super::tasks::cut;
use crate::report::readable::{count, short};

/// Tasks named in a sentence at most.
const NAMED: usize = 200;

/// Shares of unknown ground by layer, tasks without a score, warnings, polygons at fault.
pub fn unknown(sources: &Sources) -> Value {
    let record = &sources.record;
    let score = &record["results"]["score"];
    let n_cells = score["cells"].as_u64().unwrap_or(0);
    let n_scored = score["scored_cells"].as_u64().unwrap_or(0);
    let percent = |n: u64| if n_cells > 0 { 100.0 * n as f64 / n_cells as f64 } else { 0.0 };
    let layers = score["unknown_cells"].as_object();
    let layers: Vec<Value> = layers
        .into_iter()
        .flatten()
        .map(|(layer, found)| {
            let (unknown, lost) =
                (found["unknown"].as_u64().unwrap_or(0), found["lost"].as_u64().unwrap_or(0));
            json!({ "layer": layer, "unknown": count(unknown), "percent": percent(unknown),
                    "percent_text": short(percent(unknown)), "lost": count(lost) })
        })
        .collect();
    let table = &sources.tasks;
    let unscored = table.rows.iter().filter(|row| table.number(row, "rank").is_none());
    let unscored: Vec<String> = ids(table, unscored);
    let partly = table.rows.iter().filter(|row| {
        table.number(row, "scored_share").is_some_and(|share| (1e-9..1.0 - 1e-6).contains(&share))
    });
    let partly: Vec<String> = ids(table, partly);
    let warnings: Vec<String> = texts(&record["warnings"]);
    json!({
        "has_score": n_cells > 0, "cells": count(n_cells), "scored": count(n_scored),
        "not_scored": count(n_cells.saturating_sub(n_scored)), "scored_percent": short(percent(n_scored)),
        "not_scored_percent": short(percent(n_cells.saturating_sub(n_scored))), "layers": layers,
        "unscored": named(&unscored), "partly": named(&partly), "warnings": warnings,
        "polygons": polygon_faults(&record["polygon_faults"]),
    })
}

fn texts(list: &Value) -> Vec<String> {
    list.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

fn named(ids: &[String]) -> Value {
    json!({ "n": ids.len(), "ids": ids.iter().take(NAMED).collect::<Vec<_>>(),
            "more": ids.len().saturating_sub(NAMED) })
}

/// Faults of polygons by kind and what was done about them: `[{kind, action, n, rows: [{id, detail}]}]`.
fn polygon_faults(faults: &Value) -> Vec<Value> {
    let mut kinds: Vec<(String, String, Vec<Value>)> = Vec::new();
    for fault in faults.as_array().into_iter().flatten() {
        let text = |name: &str| fault[name].as_str().unwrap_or("").to_owned();
        let (kind, action) = (text("fault").replace('_', " "), text("action").replace('_', " "));
        let row = json!({ "id": cut(&text("id")), "detail": cut(&text("detail")) });
        match kinds.iter_mut().find(|(k, a, _)| (k, a) == (&kind, &action)) {
            Some((_, _, rows)) => rows.push(row),
            None => kinds.push((kind, action, vec![row])),
        }
    }
    let told = kinds.into_iter();
    told.map(|(kind, action, rows)| json!({ "kind": kind, "action": action, "n": rows.len(), "rows": rows }))
        .collect()
}
