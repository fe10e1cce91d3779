//! `compare.html`: one file without scripts that asks the network for nothing. Maps lie inside as pictures; names and
//! overrides are text from people and are escaped by the template.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use minijinja::{AutoEscape, Environment};
use serde_json::{Value, json};

use super::{Comparison, RankMap, Row};
use crate::error::{Error, Result};
use crate::grid::{UNKNOWN, is_unknown};
use crate::report::colours::{self, Rgb};
use crate::report::picture::{Rgba, png_of_pixels};
use crate::report::readable::short;

/// Maps shown; of more scenarios the tables tell all.
const MOST_MAPS: usize = 48;

/// Tasks shown in the matrix; `scenario_tasks.csv` holds all.
const MOST_TASKS: usize = 400;

/// Tasks in every plan that are named above the matrix.
const MOST_NAMED: usize = 60;

/// Points of rank that one colour stands for, so that pictures stay small.
const POINTS_A_COLOUR: f32 = 2.0;

/// Points of rank at which a difference has its strongest colour.
const FULL_DIFFERENCE: f64 = 40.0;

/// The page.
pub(super) fn page(comparison: &Comparison) -> Result<String> {
    let rows = &comparison.rows;
    let maps = maps(comparison)?;
    let n_maps_left_out = comparison.maps.len().saturating_sub(MOST_MAPS);
    let spread = spread(&comparison.maps);
    let spread = spread
        .map(|(map, largest)| -> Result<Value> {
            let paint = |points: f32| colours::strength(f64::from(points) / f64::from(largest.max(1.0)));
            Ok(json!({ "picture": picture(&map, &paint)?, "largest": short(f64::from(largest)) }))
        })
        .transpose()?;
    let of_all = comparison.tasks.iter().filter(|task| task.n_plans() == rows.len());
    let in_every: Vec<&str> = of_all.map(|task| task.task_id.as_str()).collect();
    let gradient = |colour: &dyn Fn(f64) -> Rgb| {
        let stops: Vec<String> = (0..=10).map(|i| colour(f64::from(i) / 10.0).hex()).collect();
        stops.join(", ")
    };
    let context = json!({
        "project": comparison.project,
        "warnings": comparison.warnings,
        "rows": rows.iter().map(figures).collect::<Vec<_>>(),
        "less_is_better": comparison.objective == "completion",
        "has_plan": rows.iter().any(|row| row.objective.is_some()),
        "bars": bars(rows, comparison.objective == "completion"),
        "maps": maps,
        "n_maps_left_out": n_maps_left_out,
        "spread": spread,
        "ramp": gradient(&|share| colours::rank(100.0 * share)),
        "spread_ramp": gradient(&colours::strength),
        "difference_ramp": gradient(&|share| colours::difference(2.0 * share - 1.0)),
        "full_difference": short(FULL_DIFFERENCE),
        "n_in_every": in_every.len(),
        "in_every": in_every.iter().take(MOST_NAMED).collect::<Vec<_>>(),
        "n_in_every_more": in_every.len().saturating_sub(MOST_NAMED),
        "n_in_some": comparison.tasks.len() - in_every.len(),
        "tasks": matrix(comparison),
        "n_tasks_left_out": comparison.tasks.len().saturating_sub(MOST_TASKS),
    });
    let failed = |error: minijinja::Error| {
        Error::io("write", std::path::Path::new("compare.html"))(std::io::Error::other(error.to_string()))
    };
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.add_template("compare.html", include_str!("compare.html")).map_err(failed)?;
    let template = environment.get_template("compare.html").map_err(failed)?;
    template.render(for_template(&context)).map_err(failed)
}

/// JSON as the template engine's value.
fn for_template(json: &Value) -> minijinja::Value {
    match json {
        Value::Null => minijinja::Value::from(()),
        Value::Bool(value) => (*value).into(),
        Value::Number(number) => match number.as_i64() {
            Some(whole) => whole.into(),
            None => number.as_f64().unwrap_or(f64::NAN).into(),
        },
        Value::String(text) => text.as_str().into(),
        Value::Array(items) => items.iter().map(for_template).collect::<Vec<_>>().into(),
        Value::Object(entries) => minijinja::Value::from_pairs(
            entries.iter().map(|(key, value)| (key.as_str(), for_template(value))),
        ),
    }
}

/// A row as texts.
fn figures(row: &Row) -> Value {
    let number = |value: Option<f64>| value.map_or_else(|| "–".to_owned(), short);
    let share =
        |value: Option<f64>| value.map_or_else(|| "–".to_owned(), |share| format!("{:.1} %", 100.0 * share));
    let count = |value: Option<usize>| value.map_or_else(|| "–".to_owned(), |n| n.to_string());
    let correlation = |value: Option<f64>| value.map_or_else(|| "–".to_owned(), |r| format!("{r:.3}"));
    json!({
        "name": row.name, "folder": row.folder, "overrides": row.overrides,
        "objective": number(row.objective), "gap": number(row.gap_percent), "bound": number(row.bound),
        "worth": number(row.worth), "cost": number(row.cost_usd), "tasks": count(row.tasks_done),
        "people": number(row.people_at_risk), "exposure": number(row.exposure_ha),
        "first_year": count(row.first_year_tasks), "spearman": correlation(row.rank_spearman),
        "kendall": correlation(row.rank_kendall), "top": share(row.top_tenth_in_common),
        "plan": share(row.plan_in_common),
    })
}

/// Bars of objective and cost, each in % of the largest, with a mark at the bound.
fn bars(rows: &[Row], less_is_better: bool) -> Vec<Value> {
    let largest = |get: fn(&Row) -> Option<f64>| rows.iter().filter_map(get).fold(0.0, f64::max);
    let most = largest(|row| row.objective).max(largest(|row| row.bound));
    let dearest = largest(|row| row.cost_usd);
    let part = |value: Option<f64>, most: f64| {
        value.filter(|_| most > 0.0).map(|value| format!("{:.2}", (100.0 * value / most).max(0.0)))
    };
    rows.iter()
        .filter(|row| row.objective.is_some())
        .map(|row| {
            let bound = row.bound.filter(|_| !less_is_better || row.bound > Some(0.0));
            json!({
                "name": row.name, "objective": part(row.objective, most), "bound": part(bound, most),
                "cost": part(row.cost_usd, dearest), "objective_text": row.objective.map(short),
                "cost_text": row.cost_usd.map(short),
            })
        })
        .collect()
}

/// A scenario's ranks, and how they differ from the base's.
fn maps(comparison: &Comparison) -> Result<Vec<Value>> {
    let base = comparison.maps.first().and_then(Option::as_ref);
    let of_scenario = |(i, (row, map)): (usize, (&Row, &Option<RankMap>))| -> Result<Value> {
        let Some(map) = map else { return Ok(json!({ "name": row.name })) };
        let ranks = picture(map, &|rank| colours::rank(f64::from(rank)))?;
        let difference = match base.filter(|base| i > 0 && base.ranks.len() == map.ranks.len()) {
            None => None,
            Some(base) => {
                let pairs = map.ranks.iter().zip(&base.ranks);
                let minus =
                    |(&a, &b): (&f32, &f32)| if is_unknown(a) || is_unknown(b) { UNKNOWN } else { a - b };
                let apart = RankMap { n_cols: map.n_cols, ranks: pairs.map(minus).collect() };
                Some(picture(&apart, &|points| colours::difference(f64::from(points) / FULL_DIFFERENCE))?)
            }
        };
        Ok(json!({ "name": row.name, "ranks": ranks, "difference": difference }))
    };
    comparison.rows.iter().zip(&comparison.maps).take(MOST_MAPS).enumerate().map(of_scenario).collect()
}

/// Where ranks differ: by pixel the largest less the smallest over all scenarios that score it, and the most of that.
fn spread(maps: &[Option<RankMap>]) -> Option<(RankMap, f32)> {
    let maps: Vec<&RankMap> = maps.iter().flatten().collect();
    let first = maps.first().filter(|_| maps.len() > 1)?;
    let of_pixel = |i: usize| {
        let ranks = maps.iter().filter_map(|map| map.ranks.get(i)).copied().filter(|rank| !is_unknown(*rank));
        let (least, most) = ranks.fold((f32::MAX, f32::MIN), |(a, b), rank| (a.min(rank), b.max(rank)));
        if least > most { UNKNOWN } else { most - least }
    };
    let ranks: Vec<f32> = (0..first.ranks.len()).map(of_pixel).collect();
    let largest = ranks.iter().copied().filter(|points| !is_unknown(*points)).fold(0.0, f32::max);
    Some((RankMap { n_cols: first.n_cols, ranks }, largest))
}

/// A map as a PNG inside the page; unknown pixels are transparent.
fn picture(map: &RankMap, colour: &dyn Fn(f32) -> Rgb) -> Result<String> {
    let paint = |&value: &f32| -> Rgba {
        if is_unknown(value) {
            return [0; 4];
        }
        let Rgb { r, g, b } = colour((value / POINTS_A_COLOUR).round() * POINTS_A_COLOUR);
        [r, g, b, 255]
    };
    let pixels: Vec<Rgba> = map.ranks.iter().map(paint).collect();
    let png = png_of_pixels(map.n_cols, map.ranks.len() / map.n_cols.max(1), &pixels)?;
    Ok(format!("data:image/png;base64,{}", STANDARD.encode(png)))
}

/// Tasks by scenario: the month each plan begins them, darker the earlier.
fn matrix(comparison: &Comparison) -> Vec<Value> {
    let year_of = |day: &str| day.get(..4).and_then(|year| year.parse::<f64>().ok());
    let all = comparison.tasks.iter().flat_map(|task| task.starts.iter().flatten());
    let years: Vec<f64> = all.filter_map(|(day, _)| year_of(day)).collect();
    let (first, last) = years.iter().fold((f64::MAX, f64::MIN), |(a, b), year| (a.min(*year), b.max(*year)));
    let n_scenarios = comparison.rows.len();
    let cell = |start: &Option<(String, String)>| {
        let (day, team) = start.as_ref()?;
        let late = year_of(day).filter(|_| last > first).map_or(0.0, |year| (year - first) / (last - first));
        let colour = colours::strength(0.85 - 0.7 * late);
        Some(json!({ "day": day, "month": day.get(..7), "team": team, "colour": colour.hex(),
                     "ink": colour.text_on().hex() }))
    };
    comparison
        .tasks
        .iter()
        .take(MOST_TASKS)
        .map(|task| {
            let known: Vec<f64> = task.ranks.iter().flatten().copied().collect();
            let (least, most) = known.iter().fold((f64::MAX, f64::MIN), |(a, b), r| (a.min(*r), b.max(*r)));
            let ranks = if known.is_empty() { "–".to_owned() } else { format!("{least:.0}–{most:.0}") };
            json!({ "id": task.task_id, "n": task.n_plans(), "is_in_every": task.n_plans() == n_scenarios,
                    "ranks": ranks, "cells": task.starts.iter().map(cell).collect::<Vec<_>>() })
        })
        .collect()
}
