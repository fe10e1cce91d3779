//! `plan.xlsx`: the plan, the task areas, the teams, the criteria and what is not known, for a spreadsheet.
//!
//! Benefit, rank and class of a task are *live formulas* over the criteria's values and weights, so that they can be
//! worked out again by hand and other weights be tried:
//!
//! ```text
//! value_k        = the criterion's part before weighting, benefit-hectares              (a number)
//! contribution_k = value_k · weight_k / Σ weights
//! benefit        = Σ contribution_k
//! benefit_per_kusd = benefit / cost_usd · 1,000
//! rank           = 100 · (RANK.AVG(ratio) − 1) / (COUNT(ratio) − 1)                     (the mid-rank of domain.md §3.8)
//! ```
//!
//! Each formula also carries its value, for programs that do not calculate. Text is written as text: nothing from an
//! input becomes a formula.

mod cells;
mod criteria;
mod notes;
mod plan;
mod tasks;

use std::io;
use std::path::Path;

use rust_xlsxwriter::{DocProperties, ExcelDateTime, Workbook, XlsxError};

use self::cells::Formats;
use super::facts::Facts;
use crate::error::{Error, Result};
use crate::io::atomic::write_atomic;

/// Writes the workbook.
pub fn write_workbook(path: &Path, facts: &Facts<'_>) -> Result<()> {
    let failed = |error: XlsxError| Error::io("write", path)(io::Error::other(error));
    let bytes = bytes(facts).map_err(failed)?;
    write_atomic(path, &bytes)
}

fn bytes(facts: &Facts<'_>) -> std::result::Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    // The record says when a run was made; equal runs are equal files.
    let no_time = ExcelDateTime::from_ymd(2000, 1, 1)?;
    book.set_properties(&DocProperties::new().set_title("Clearway plan").set_creation_datetime(&no_time));
    let formats = Formats::new();
    if let Some(found) = &facts.plan {
        plan::write_plan(book.add_worksheet(), found, &formats)?;
    }
    tasks::write_tasks(book.add_worksheet(), facts, &formats)?;
    if let Some(found) = &facts.plan {
        plan::write_teams(book.add_worksheet(), found, &formats)?;
        plan::write_left_out(book.add_worksheet(), found, &formats)?;
    }
    criteria::write_criteria(book.add_worksheet(), facts, &formats)?;
    notes::write_notes(book.add_worksheet(), facts, &formats)?;
    book.save_to_buffer()
}
