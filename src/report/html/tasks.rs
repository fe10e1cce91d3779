//! Task areas for the report: the row of `tasks.csv` with its place in the plan.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::sources::Sources;
use crate::report::colours;
use crate::report::readable::short;
use crate::units::M2_PER_HECTARE;

/// Longest text of a source's own that the report carries, characters; the table has it whole.
const MOST_CHARS: usize = 300;

/// One task area.
pub struct TaskRow {
    /// Its id.
    pub id: String,
    /// Longitude, latitude.
    pub at: Option<[f64; 2]>,
    /// Percentile, 100 = first; none where it is not scored.
    pub rank: Option<f64>,
    /// 1 = first; 0 where it is not scored.
    pub class: u8,
    /// Colour of the class.
    pub colour: String,
    /// Colour of text on it.
    pub ink: String,
    /// Row of `plan.csv`, where the plan does it.
    pub stop: Option<usize>,
    /// Why the plan leaves it out.
    pub reason: Option<String>,
}

/// Classes there are: one more than the thresholds of the settings.
pub fn n_classes(sources: &Sources) -> u8 {
    let thresholds = sources.record["settings"]["score"]["classes"].as_array().map_or(3, Vec::len);
    let most = sources.tasks.rows.iter().filter_map(|row| sources.tasks.number(row, "class"));
    most.fold(thresholds as f64 + 1.0, f64::max) as u8
}

/// The task areas in the order of the table.
pub fn task_rows(sources: &Sources) -> Vec<TaskRow> {
    let table = &sources.tasks;
    let stops: HashMap<&str, usize> = sources
        .stops
        .rows
        .iter()
        .enumerate()
        .map(|(i, row)| (sources.stops.text(row, "task_id"), i))
        .collect();
    let left = sources.plan.iter().flat_map(|plan| &plan.solution.unassigned);
    let reasons: HashMap<&str, &str> = left.map(|task| (task.id.as_str(), task.reason.as_str())).collect();
    let n_classes = n_classes(sources);
    let row = |row: &Vec<String>| {
        let id = table.text(row, "task_id");
        let class = table.number(row, "class").map_or(0, |class| class as u8);
        let colour = colours::class(class, n_classes);
        TaskRow {
            id: id.to_owned(),
            at: table.number(row, "lon").zip(table.number(row, "lat")).map(Into::into),
            rank: table.number(row, "rank"),
            class,
            colour: colour.map_or_else(|| "none".to_owned(), colours::Rgb::hex),
            ink: colour.map_or(colours::INK, colours::Rgb::text_on).hex(),
            stop: stops.get(id).copied(),
            reason: reasons.get(id).map(|reason| (*reason).to_owned()),
        }
    };
    table.rows.iter().map(row).collect()
}

/// Classes with their colours, for legends: `[{class, label, colour, ink, tasks}]`.
pub fn classes(sources: &Sources, tasks: &[TaskRow]) -> Vec<Value> {
    let n = n_classes(sources);
    let thresholds: Vec<f64> = match sources.record["settings"]["score"]["classes"].as_array() {
        Some(given) => given.iter().filter_map(Value::as_f64).collect(),
        None => vec![5.0, 15.0, 40.0],
    };
    let share = |class: u8| -> String {
        let at = usize::from(class) - 1;
        match (at.checked_sub(1).and_then(|i| thresholds.get(i)), thresholds.get(at)) {
            (None, Some(to)) => format!("the first {to} %"),
            (Some(from), Some(to)) => format!("from {from} to {to} %"),
            _ => "the rest".to_owned(),
        }
    };
    let class = |class: u8| {
        let colour = colours::class(class, n)?;
        let n_tasks = tasks.iter().filter(|task| task.class == class).count();
        Some(json!({ "class": class, "label": format!("class {class}: {}", share(class)),
                     "colour": colour.hex(), "ink": colour.text_on().hex(), "tasks": n_tasks }))
    };
    (1..=n).filter_map(class).collect()
}

/// A column of the table that is shown.
struct Column {
    name: &'static str,
    head: &'static str,
    unit: &'static str,
    /// The table's number is divided by it.
    per: f64,
}

const fn column(name: &'static str, head: &'static str, unit: &'static str, per: f64) -> Column {
    Column { name, head, unit, per }
}

/// Numbers shown of each task; all columns stand in its details.
const NUMBERS: [Column; 9] = [
    column("rank", "Rank", "100 = first", 1.0),
    column("class", "Class", "1 = first", 1.0),
    column("area_m2", "Area", "ha", M2_PER_HECTARE),
    column("hazard_mean", "Hazard", "mean, 0–1", 1.0),
    column("people_at_risk", "People at risk", "mean", 1.0),
    column("exposure_ha", "Exposure", "person-ha", 1.0),
    column("cost_usd", "Cost", "US$", 1.0),
    column("benefit_per_kusd", "Benefit per 1,000 US$", "benefit-ha", 1.0),
    column("acceptability_mean", "Firmness", "acceptability, 0–1", 1.0),
];

/// The table as drawn: heads, and rows whose cells hold what is shown and the table's own text.
pub fn table(sources: &Sources, tasks: &[TaskRow]) -> Value {
    let source = &sources.tasks;
    let is_used = |column: &&Column| {
        let at = source.column(column.name);
        at.is_some_and(|at| source.rows.iter().any(|row| !row[at].is_empty()))
    };
    let numbers: Vec<&Column> = NUMBERS.iter().filter(is_used).collect();
    let texts: Vec<(&str, &str)> = [("district", "District"), ("nearest_settlement", "Nearest settlement")]
        .into_iter()
        .filter(|(name, _)| source.rows.iter().any(|row| !source.text(row, name).is_empty()))
        .collect();
    let heads: Vec<Value> =
        numbers.iter().map(|c| json!({ "name": c.name, "head": c.head, "unit": c.unit })).collect();
    let row = |(i, (row, task)): (usize, (&Vec<String>, &TaskRow))| {
        let cells: Vec<Value> = numbers
            .iter()
            .map(|column| {
                let exact = source.text(row, column.name);
                let shown =
                    exact.parse::<f64>().map_or_else(|_| "unknown".to_owned(), |x| short(x / column.per));
                json!({ "shown": shown, "exact": exact })
            })
            .collect();
        let words: Vec<String> = texts.iter().map(|(name, _)| cut(source.text(row, name))).collect();
        let stop = task.stop.map(|stop| &sources.stops.rows[stop]);
        let planned = stop.map(|stop| {
            let text = |name| sources.stops.text(stop, name);
            json!({ "team": text("team_id"), "position": text("position"), "start": text("start"), "end": text("end") })
        });
        json!({ "row": i, "id": cut(&task.id), "class": task.class, "colour": task.colour, "ink": task.ink,
                "cells": cells, "words": words, "planned": planned })
    };
    // From the first on; those without a rank stand last.
    let mut rows: Vec<(usize, (&Vec<String>, &TaskRow))> =
        source.rows.iter().zip(tasks).enumerate().collect();
    rows.sort_by(|(_, (_, a)), (_, (_, b))| b.rank.unwrap_or(-1.0).total_cmp(&a.rank.unwrap_or(-1.0)));
    let words: Vec<&str> = texts.iter().map(|(_, head)| *head).collect();
    json!({ "heads": heads, "words": words, "has_plan": sources.plan.is_some(),
            "rows": rows.into_iter().map(row).collect::<Vec<_>>() })
}

/// All columns and rows for the script, texts as in the table but for long ones, which are cut.
pub fn data(sources: &Sources, tasks: &[TaskRow]) -> Value {
    let rows = sources.tasks.rows.iter().zip(tasks);
    let rows: Vec<Value> = rows
        .map(|(row, task)| {
            let fields: Vec<String> = row.iter().map(|text| cut(text)).collect();
            json!({ "id": task.id, "f": fields, "stop": task.stop, "reason": task.reason, "class": task.class })
        })
        .collect();
    let columns: Vec<String> = sources.tasks.columns.iter().map(|column| cut(column)).collect();
    json!({ "columns": columns, "rows": rows })
}

/// A text that is not longer than the report carries.
pub fn cut(text: &str) -> String {
    match text.char_indices().nth(MOST_CHARS) {
        Some((at, _)) => format!("{}… (cut; whole in the table)", &text[..at]),
        None => text.to_owned(),
    }
}
