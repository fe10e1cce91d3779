//! The sheets of the plan: who does what when, the teams with their sums, and the tasks left out.

use jiff::civil::Date;
use rust_xlsxwriter::{ExcelDateTime, Worksheet, XlsxError};
use serde_json::Value;

use super::cells::{Formats, Outcome, header, put, put_formula, put_headers, put_text};
use crate::report::facts::PlanFacts;
use crate::report::plan_files::PlanRow;

/// Columns of the sheet `Plan` that the sheet `Teams` sums up, by their place in `plan.csv`.
const TEAM: &str = "A";
const TRAVEL: &str = "G";
const DAYS: &str = "H";
const COST: &str = "I";
const DISCOUNTED: &str = "K";

/// A column summed up: its letter, its name, its value.
type Sum = (&'static str, &'static str, fn(&PlanRow) -> f64);

/// Writes the sheet `Plan`: the columns of `plan.csv`, dates as dates.
pub(super) fn write_plan(sheet: &mut Worksheet, plan: &PlanFacts<'_>, formats: &Formats) -> Outcome {
    sheet.set_name("Plan")?;
    let names = PlanRow::column_names();
    let headers: Vec<String> = names.iter().map(|name| header(name)).collect();
    put_headers(sheet, &headers, formats, 3)?;
    for (i, found) in plan.rows.iter().enumerate() {
        let row = i as u32 + 1;
        for (col, (name, value)) in found.columns().iter().enumerate() {
            let col = col as u16;
            match *name {
                "depart" => put_date(sheet, row, col, found.depart, formats)?,
                "start" => put_date(sheet, row, col, found.start, formats)?,
                "end" => put_date(sheet, row, col, found.end, formats)?,
                name => put(sheet, row, col, value, formats.of(name))?,
            }
        }
    }
    if !plan.rows.is_empty() {
        sheet.autofilter(0, 0, plan.rows.len() as u32, names.len() as u16 - 1)?;
    }
    Ok(())
}

/// Writes the sheet `Teams`, with live sums over the sheet `Plan`.
pub(super) fn write_teams(sheet: &mut Worksheet, plan: &PlanFacts<'_>, formats: &Formats) -> Outcome {
    sheet.set_name("Teams")?;
    let headers = [
        "team_id",
        "name",
        "asset_type",
        "capabilities",
        "lon [degrees, WGS 84]",
        "lat [degrees, WGS 84]",
        "rate_m2_per_day",
        "closed",
        "tasks",
        "travel_km",
        "work_days",
        "cost_usd",
        "discounted_worth",
    ];
    put_headers(sheet, &headers.map(str::to_owned), formats, 1)?;
    for (i, team) in plan.teams.iter().enumerate() {
        let row = i as u32 + 1;
        let texts = [&team.team_id, &team.name, &team.asset_type, &team.capabilities.join("; ")];
        for (col, text) in texts.into_iter().enumerate() {
            put_text(sheet, row, col as u16, text, formats.of(""))?;
        }
        sheet.write_number_with_format(row, 4, team.base[0], formats.of("lon"))?;
        sheet.write_number_with_format(row, 5, team.base[1], formats.of("lat"))?;
        sheet.write_number_with_format(row, 6, team.rate_m2_per_day, formats.of("area_m2"))?;
        put_text(sheet, row, 7, &team.closed, formats.of(""))?;
        let theirs: Vec<&PlanRow> = plan.rows.iter().filter(|found| found.team_id == team.team_id).collect();
        // EXACT, because ids may differ in case alone, and COUNTIF would take `*` and `>` in one for more than text.
        let last = plan.rows.len().max(1) + 1;
        let is_theirs = format!("EXACT(Plan!${TEAM}$2:${TEAM}${last},A{})", row + 1);
        let formula = format!("=SUMPRODUCT(--{is_theirs})");
        put_formula(sheet, row, 8, &formula, Some(theirs.len() as f64), formats.of(""))?;
        let sums: [Sum; 4] = [
            (TRAVEL, "travel_km", |row| row.travel_km),
            (DAYS, "work_days", |row| row.work_days),
            (COST, "cost_usd", |row| row.cost_usd),
            (DISCOUNTED, "discounted_worth", |row| row.discounted_worth),
        ];
        for (col, (letter, name, get)) in (9..).zip(sums) {
            let formula = format!("=SUMPRODUCT({is_theirs}*Plan!${letter}$2:${letter}${last})");
            let value = theirs.iter().map(|row| get(row)).sum();
            put_formula(sheet, row, col, &formula, Some(value), formats.of(name))?;
        }
    }
    Ok(())
}

/// Writes the sheet `Left out`: tasks that the plan does not do, with the reason.
pub(super) fn write_left_out(sheet: &mut Worksheet, plan: &PlanFacts<'_>, formats: &Formats) -> Outcome {
    sheet.set_name("Left out")?;
    put_headers(sheet, &["task_id", "reason"].map(str::to_owned), formats, 1)?;
    sheet.set_column_width(1, 80)?;
    for (i, task) in plan.solution.unassigned.iter().enumerate() {
        put(sheet, i as u32 + 1, 0, &Value::from(task.id.clone()), formats.of(""))?;
        put_text(sheet, i as u32 + 1, 1, &task.reason, &formats.wrapped)?;
    }
    Ok(())
}

fn put_date(
    sheet: &mut Worksheet,
    row: u32,
    col: u16,
    date: Date,
    formats: &Formats,
) -> Result<(), XlsxError> {
    // A spreadsheet's calendar begins in 1900; dates before it are text.
    match u16::try_from(date.year()).ok().filter(|year| *year >= 1900) {
        Some(year) => {
            let date = ExcelDateTime::from_ymd(year, date.month() as u8, date.day() as u8)?;
            sheet.write_datetime_with_format(row, col, &date, &formats.date).map(drop)
        }
        None => put_text(sheet, row, col, &date.to_string(), &formats.date),
    }
}
