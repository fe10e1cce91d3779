//! Why a task stands where it does: its row of `tasks.csv`, its place among the tasks, and in the plan.

use serde_json::{Map, Value};

use super::finished::Finished;
use super::{Explanation, short};
use crate::error::{Error, Fault, Result};
use crate::io::csv::{Row, Table};

const NO_TASKS: &str = "give the folder of the run that made the task areas: a `clearway run` with [tasks]";

/// Explains a task.
pub fn explain(run: &Finished, id: &str, to: &mut Explanation) -> Result<()> {
    let table = Table::read(&run.output("tasks.csv", NO_TASKS)?, &["task_id", "rank"])?;
    let row = table.rows().find(|row| row.text("task_id") == Some(id)).ok_or_else(|| unknown(&table, id))?;
    let number = |name: &str| row.number(name).ok().flatten();
    to.set("task_id", id);
    to.line("task", id);
    let mut columns = Map::new();
    for name in table.headers() {
        let value = match row.number(name) {
            Ok(Some(number)) if name != "task_id" && name != "imsma_id" => number.into(),
            _ => row.text(name).map_or(Value::Null, Value::from),
        };
        columns.insert(name.clone(), value);
    }
    to.set("columns", columns);
    place(&table, &row, to)?;
    for (name, unit) in [
        ("area_m2", "m²"),
        ("scored_share", "of the ground is scored"),
        ("hazard_mean", "mean probability of contamination"),
        ("people_at_risk", "people within reach of contaminated ground, on average"),
        ("exposure_ha", "person-hectares"),
        ("cost_usd", "US$"),
        ("benefit", "benefit-hectares"),
        ("benefit_per_kusd", "benefit-hectares per 1,000 US$"),
        ("difficulty", "times the work on even ground"),
        ("rank_mean", "mean rank of its cells"),
        ("acceptability_mean", "mean acceptability of its cells"),
    ] {
        if let Some(value) = number(name) {
            to.line(name, format!("{} {unit}", short(value)));
        }
    }
    contributions(&table, &row, number("benefit"), to);
    for name in ["nearest_settlement", "district"] {
        if let Some(text) = row.text(name).filter(|text| !text.is_empty()) {
            to.line(name, text);
        }
    }
    in_plan(run, id, to)
}

/// Its place among the tasks that have a rank.
fn place(table: &Table, row: &Row<'_>, to: &mut Explanation) -> Result<()> {
    let Some(rank) = row.number("rank")? else {
        to.line("rank", "none: no scored cell is touched, so nothing is known of its worth and cost");
        to.set("place", Value::Null);
        return Ok(());
    };
    let ranks: Vec<f64> = table.rows().filter_map(|row| row.number("rank").ok().flatten()).collect();
    let n_before = ranks.iter().filter(|other| **other > rank).count();
    let n_equal = ranks.iter().filter(|other| **other == rank).count();
    let tie = if n_equal > 1 { format!(", {n_equal} tasks share it") } else { String::new() };
    let class = row.text("class").unwrap_or_default();
    to.line(
        "rank",
        format!("{}: place {} of {} tasks{tie}; class {class}", short(rank), n_before + 1, ranks.len()),
    );
    to.set("place", n_before + 1);
    to.set("ranked_tasks", ranks.len());
    Ok(())
}

/// What each criterion adds to the benefit.
fn contributions(table: &Table, row: &Row<'_>, benefit: Option<f64>, to: &mut Explanation) {
    for name in table.headers().iter().filter(|name| name.starts_with("contribution_")) {
        let (Ok(Some(part)), Some(benefit)) = (row.number(name), benefit) else { continue };
        let share = if benefit > 0.0 { 100.0 * part / benefit } else { 0.0 };
        to.line(name, format!("{} benefit-hectares, {share:.1} % of the benefit", short(part)));
    }
}

/// Who does it and when, or why nobody does.
fn in_plan(run: &Finished, id: &str, to: &mut Explanation) -> Result<()> {
    let plan = run.dir.join("plan.csv");
    if !plan.is_file() {
        to.line("plan", "none was made in this run");
        to.set("plan", Value::Null);
        return Ok(());
    }
    let table = Table::read(&plan, &["team_id", "position", "task_id"])?;
    if let Some(row) = table.rows().find(|row| row.text("task_id") == Some(id)) {
        let text = |name: &str| row.text(name).unwrap_or_default().to_owned();
        to.line(
            "plan",
            format!(
                "task {} of team {}: leaves {}, works {} to {} ({} working days), {} km, {} US$",
                text("position"),
                text("team_id"),
                text("depart"),
                text("start"),
                text("end"),
                text("work_days"),
                text("travel_km"),
                text("cost_usd")
            ),
        );
        to.line("worth in the plan", format!("{} of {}", text("discounted_worth"), text("worth")));
        let columns = table.headers().iter();
        let columns = columns.map(|name| {
            let number =
                if name == "team_id" || name == "task_id" { None } else { row.number(name).ok().flatten() };
            (name.clone(), number.map_or_else(|| text(name).into(), Value::from))
        });
        to.set("plan", columns.collect::<Map<_, _>>());
        return Ok(());
    }
    let path = run.dir.join("plan.json");
    let text = std::fs::read_to_string(&path).map_err(Error::io("read", &path))?;
    let plan: Value = serde_json::from_str(&text).unwrap_or_default();
    let left =
        plan["unassigned"].as_array().into_iter().flatten().find(|left| left["id"].as_str() == Some(id));
    let reason = left.and_then(|left| left["reason"].as_str());
    let reason = reason.unwrap_or("nothing is known of its worth or cost, so it was not planned");
    to.line("plan", format!("no team: {reason}"));
    to.set("plan", Value::Null);
    to.set("unassigned", reason);
    Ok(())
}

fn unknown(table: &Table, id: &str) -> Error {
    let ids: Vec<&str> = table.rows().filter_map(|row| row.text("task_id")).collect();
    let fix = match super::super::section::closest(id, &ids) {
        Some(near) => format!("did you mean {near:?}?"),
        None => format!("give one of the {} task_id of {}", ids.len(), table.path().display()),
    };
    Fault::new("explain.task", format!("--task {id}"), "a task of the run", "none of that name", fix).into()
}
