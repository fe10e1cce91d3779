//! `curve.csv` and `tasks.csv`. Numbers are written in full, an unknown one as an empty field.

use std::path::Path;

use serde_json::Value;

use crate::error::Result;
use crate::io::csv::CsvWriter;
use crate::score::CurvePoint;
use crate::tasks::TaskArea;

/// Writes the performance curve: cumulative, by priority.
pub fn write_curve(path: &Path, curve: &[CurvePoint]) -> Result<()> {
    let mut writer = CsvWriter::create(path, &["cells", "area_m2", "cost_usd", "benefit", "exposure_ha"])?;
    for point in curve {
        writer.write(&[
            point.cells.to_string(),
            number(point.area_m2),
            number(point.cost_usd),
            number(point.benefit),
            number(point.exposure_ha),
        ])?;
    }
    writer.finish()
}

/// Writes the task areas, one row each: the columns of interface.md §3, then the source's own.
pub fn write_tasks(path: &Path, tasks: &[TaskArea], criteria: &[String]) -> Result<()> {
    let own = own_columns(tasks, criteria);
    let mut headers: Vec<String> = task_numbers(None, criteria).into_iter().map(|(name, _)| name).collect();
    headers.extend(own.iter().map(|(_, header)| header.clone()));
    let headers: Vec<&str> = headers.iter().map(String::as_str).collect();
    let mut writer = CsvWriter::create(path, &headers)?;
    for task in tasks {
        let mut fields: Vec<String> =
            task_numbers(Some(task), criteria).into_iter().map(|(_, value)| plain(&value)).collect();
        fields.extend(own.iter().map(|(key, _)| task.attributes.get(key).map_or(String::new(), as_given)));
        writer.write(&fields)?;
    }
    writer.finish()
}

/// A task's columns in the order of the contract, each with its value (`null` for unknown, and everywhere when
/// no task is given: then it is the list of names).
pub fn task_numbers(task: Option<&TaskArea>, criteria: &[String]) -> Vec<(String, Value)> {
    let text = |get: fn(&TaskArea) -> Option<String>| task.and_then(get).map_or(Value::Null, Value::from);
    let real = |get: fn(&TaskArea) -> Option<f64>| task.and_then(get).map_or(Value::Null, Value::from);
    let mut columns: Vec<(String, Value)> = vec![
        ("task_id".into(), text(|t| Some(t.task_id.clone()))),
        ("imsma_id".into(), text(|t| t.imsma_id.clone())),
        ("rank".into(), real(|t| t.rank)),
        ("class".into(), task.and_then(|t| t.class).map_or(Value::Null, Value::from)),
        ("area_m2".into(), real(|t| Some(t.area_m2))),
        ("scored_share".into(), real(|t| Some(t.scored_share))),
        ("hazard_mean".into(), real(|t| t.hazard_mean)),
        ("people_at_risk".into(), real(|t| t.people_at_risk)),
        ("exposure_ha".into(), real(|t| t.exposure_ha)),
        ("benefit".into(), real(|t| t.benefit)),
        ("cost_usd".into(), real(|t| t.cost_usd)),
        ("benefit_per_kusd".into(), real(|t| t.benefit_per_kusd)),
        ("difficulty".into(), real(|t| t.difficulty)),
        ("rank_mean".into(), real(|t| t.rank_mean)),
        ("acceptability_mean".into(), real(|t| t.acceptability_mean)),
    ];
    for (i, criterion) in criteria.iter().enumerate() {
        let part = task.and_then(|t| t.contributions.get(i)).map(|(_, part)| *part);
        columns.push((contribution_column(criterion), part.map_or(Value::Null, Value::from)));
    }
    columns.extend([
        ("lon".to_owned(), real(|t| t.lon)),
        ("lat".to_owned(), real(|t| t.lat)),
        ("nearest_settlement".to_owned(), text(|t| t.nearest_settlement.clone())),
        ("district".to_owned(), text(|t| t.district.clone())),
    ]);
    columns
}

/// The column of a criterion's contribution: `contribution_road_access` for "road access".
pub fn contribution_column(criterion: &str) -> String {
    let word: String = criterion.chars().map(|c| if c.is_alphanumeric() { c } else { '_' }).collect();
    format!("contribution_{word}")
}

/// What stands before the name of a source's own column that has a name of ours.
pub const SOURCE_PREFIX: &str = "source_";

/// The source's own columns (key, header) in the order they first appear; one that has a name of ours, or that
/// would be taken for such a one, is written as `source_<name>`, so that nothing is lost and headers differ.
pub fn own_columns(tasks: &[TaskArea], criteria: &[String]) -> Vec<(String, String)> {
    let ours: Vec<String> = task_numbers(None, criteria).into_iter().map(|(name, _)| name).collect();
    let mut columns: Vec<(String, String)> = Vec::new();
    let mut known = std::collections::HashSet::new();
    for key in tasks.iter().flat_map(|task| task.attributes.keys()) {
        // The identifier travels under our own name already.
        if key != "imsma_id" && known.insert(key.clone()) {
            let bare = key.trim_start_matches(SOURCE_PREFIX);
            let clashes = ours.iter().any(|name| name == bare);
            let header = if clashes { format!("{SOURCE_PREFIX}{key}") } else { key.clone() };
            columns.push((key.clone(), header));
        }
    }
    columns
}

/// A value of the source's own as a field of a table: untouched, all digits of a number included.
fn as_given(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// A value of ours as a field of a table.
pub fn plain(value: &Value) -> String {
    match value {
        Value::Number(written) if written.is_f64() => written.as_f64().map_or_else(String::new, number),
        other => as_given(other),
    }
}

/// A number with 9 significant digits at most, as short as it can be: what the inputs carry, and no more.
pub fn number(value: f64) -> String {
    significant(value, 9)
}

/// A number with so many significant digits at most, without trailing zeros.
pub fn significant(value: f64, digits: i32) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    let decimals = digits - 1 - value.abs().log10().floor() as i32;
    if (0..=15).contains(&decimals) {
        let text = format!("{value:.*}", decimals as usize);
        let short = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
        short.to_owned()
    } else {
        format!("{value}")
    }
}
