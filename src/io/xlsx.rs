//! Excel workbooks (.xlsx, .xlsm): one sheet as a table, by name or the first.
//!
//! The first row that holds anything gives the headers. Numbers are written as short as they can be, dates as ISO
//! texts, formulas by their last result. Cells are taken one by one, so that a cell at the far corner of a sheet
//! costs nothing; an archive that unpacks to too much is refused before.

use std::io::Cursor;
use std::path::Path;

use calamine::{DataRef, ExcelDateTime, Reader, Xlsx, open_workbook_from_rs};

use super::features::MAX_FAULTS;
use super::table::Table;
use super::zip::Archive;
use crate::error::{Fault, Faults, Result};

/// Reads a sheet that must have the `required` columns.
pub(super) fn read(path: &Path, sheet: Option<&str>, required: &[&str]) -> Result<Table> {
    let place = path.display().to_string();
    let archive = Archive::open(path)?;
    archive.check_all()?;
    let broken = |found: String| {
        Fault::new(
            "xlsx.broken",
            place.as_str(),
            "an Excel workbook (.xlsx)",
            found,
            "save it again as .xlsx",
        )
    };
    let mut workbook: Xlsx<Cursor<Vec<u8>>> = open_workbook_from_rs(Cursor::new(archive.into_bytes()))
        .map_err(|error: calamine::XlsxError| broken(error.to_string()))?;
    let sheets = workbook.sheet_names();
    let name = match sheet {
        Some(asked) => sheets.iter().find(|name| name.as_str() == asked).ok_or_else(|| {
            let fix = format!("name one of its sheets with `table`: {}", sheets.join(", "));
            Fault::new("xlsx.sheet", place.as_str(), format!("the sheet `{asked}`"), "no such sheet", fix)
        })?,
        None => sheets.first().ok_or_else(|| broken("no sheet".to_owned()))?,
    };
    let name = name.clone();
    let mut table = Table::new(path, format!("{place}, sheet `{name}`"), "row");
    let mut cells = workbook.worksheet_cells_reader(&name).map_err(|error| broken(error.to_string()))?;
    let mut faults = Faults::new();
    let mut row: Vec<String> = Vec::new();
    let mut number: Option<u32> = None;
    let mut has_headers = false;
    let mut take = |number: Option<u32>, row: Vec<String>, faults: &mut Faults| -> Result<()> {
        let (Some(number), true) = (number, row.iter().any(|field| !field.is_empty())) else { return Ok(()) };
        if has_headers {
            faults.take(table.take_row(row, u64::from(number) + 1)).map(drop)
        } else {
            has_headers = true;
            table.take_headers(row, required, faults);
            Ok(())
        }
    };
    loop {
        let cell = cells.next_cell().map_err(|error| broken(error.to_string()))?;
        let Some(cell) = cell else { break };
        let text = text_of(cell.get_value());
        if text.is_empty() {
            continue;
        }
        let (at_row, column) = cell.get_position();
        if number != Some(at_row) {
            take(number, std::mem::take(&mut row), &mut faults)?;
            number = Some(at_row);
        }
        let column = column as usize;
        row.resize(row.len().max(column + 1), String::new());
        row[column] = text;
        if faults.as_slice().len() >= MAX_FAULTS {
            break;
        }
    }
    take(number, row, &mut faults)?;
    if !has_headers && faults.is_empty() {
        faults.push(table.fault(
            "csv.empty",
            "a sheet with headers",
            "an empty sheet",
            "fill it, or name another with `table`",
        ));
    }
    faults.finish()?;
    Ok(table)
}

fn text_of(value: &DataRef<'_>) -> String {
    match value {
        DataRef::Int(whole) => whole.to_string(),
        // 0.1 + 0.2 is kept in a sheet as 0.30000000000000004: fifteen digits are what Excel itself shows.
        DataRef::Float(real) => fifteen_digits(*real),
        DataRef::String(text) | DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => {
            text.trim().to_owned()
        }
        DataRef::SharedString(text) => text.trim().to_owned(),
        DataRef::Bool(truth) => truth.to_string(),
        DataRef::DateTime(date) => date_text(date),
        DataRef::Error(error) => error.to_string(),
        DataRef::Empty => String::new(),
    }
}

fn fifteen_digits(real: f64) -> String {
    let short: f64 = format!("{real:.14e}").parse().unwrap_or(real);
    short.to_string()
}

fn date_text(date: &ExcelDateTime) -> String {
    if date.is_duration() {
        return fifteen_digits(date.as_f64());
    }
    let (year, month, day, hour, minute, second, _) = date.to_ymd_hms_milli();
    let day = format!("{year:04}-{month:02}-{day:02}");
    if (hour, minute, second) == (0, 0, 0) { day } else { format!("{day}T{hour:02}:{minute:02}:{second:02}") }
}
