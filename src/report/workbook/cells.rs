//! Cells: number formats by column, texts that fit, headers that tell their unit.

use rust_xlsxwriter::{Color, Format, FormatAlign, Formula, Worksheet, XlsxError};
use serde_json::Value;

use crate::io::fields::as_text;

pub(super) type Outcome = Result<(), XlsxError>;

/// A cell takes 32,767 characters, counted as UTF-16.
const MOST_CHARS: usize = 32_767;
/// Said at the end of a text that does not fit.
const CUT: &str = " … (cut here; whole in tasks.csv)";
/// Whole numbers above this lose digits in a spreadsheet, so they are written as text.
const MOST_WHOLE: i64 = 1 << 53;

/// Formats of cells.
pub(super) struct Formats {
    pub(super) header: Format,
    pub(super) wrapped: Format,
    pub(super) title: Format,
    pub(super) date: Format,
    pub(super) input: Format,
    general: Format,
    whole: Format,
    fine: Format,
    degrees: Format,
}

impl Formats {
    pub(super) fn new() -> Self {
        let number = |format: &str| Format::new().set_num_format(format);
        let shaded = Color::RGB(0xE7_E6_E6);
        Self {
            header: Format::new()
                .set_bold()
                .set_text_wrap()
                .set_align(FormatAlign::Top)
                .set_background_color(shaded),
            wrapped: Format::new().set_text_wrap().set_align(FormatAlign::Top),
            title: Format::new().set_bold().set_font_size(14),
            date: number("yyyy-mm-dd"),
            input: Format::new().set_background_color(Color::RGB(0xFF_F2_CC)).set_num_format("0.####"),
            general: Format::new(),
            whole: number("#,##0"),
            fine: number("0.0000"),
            degrees: number("0.000000"),
        }
    }

    /// The number format of a column.
    pub(super) fn of(&self, column: &str) -> &Format {
        match column {
            "area_m2" | "cost_usd" | "worth" => &self.whole,
            "lon" | "lat" => &self.degrees,
            "hazard_mean" | "scored_share" | "acceptability_mean" | "difficulty" => &self.fine,
            "rank" | "rank_mean" | "travel_km" | "work_days" | "people_at_risk" | "exposure_ha"
            | "benefit" | "benefit_per_kusd" | "discounted_worth" => &self.fine,
            name if name.starts_with("contribution_") || name.starts_with("value_") => &self.fine,
            _ => &self.general,
        }
    }
}

/// A column's header with the unit that its name does not tell.
pub(super) fn header(column: &str) -> String {
    let unit = match column {
        "rank" | "rank_mean" => "0–100, 100 = first",
        "class" => "1 = first",
        "scored_share" | "hazard_mean" | "acceptability_mean" => "0–1",
        "people_at_risk" => "people",
        "exposure_ha" => "person-hectares",
        "benefit" => "benefit-hectares",
        "benefit_per_kusd" => "benefit-hectares per 1,000 US$",
        "difficulty" => "1 = ordinary ground",
        "lon" | "lat" => "degrees, WGS 84",
        name if name.starts_with("contribution_") || name.starts_with("value_") => "benefit-hectares",
        _ => return column.to_owned(),
    };
    format!("{column} [{unit}]")
}

/// Writes a row of headers, freezes it and gives each column a width.
pub(super) fn put_headers(
    sheet: &mut Worksheet,
    headers: &[String],
    formats: &Formats,
    frozen_columns: u16,
) -> Outcome {
    for (col, text) in headers.iter().enumerate() {
        put_text(sheet, 0, col as u16, text, &formats.header)?;
        let letters = text.chars().count().clamp(10, 24);
        sheet.set_column_width(col as u16, letters as f64)?;
    }
    sheet.set_freeze_panes(1, frozen_columns)?;
    sheet.set_landscape().set_print_fit_to_pages(1, 0);
    sheet.set_repeat_rows(0, 0)?;
    Ok(())
}

/// Writes a value: numbers as numbers, everything else as text, nothing where it is unknown.
pub(super) fn put(sheet: &mut Worksheet, row: u32, col: u16, value: &Value, format: &Format) -> Outcome {
    let number = match value {
        Value::Null => return Ok(()),
        Value::Number(number) if number.as_i64().is_some_and(|n| n.abs() > MOST_WHOLE) => None,
        Value::Number(number) => number.as_f64(),
        _ => None,
    };
    match number {
        Some(number) => sheet.write_number_with_format(row, col, number, format).map(drop),
        None => put_text(sheet, row, col, &as_text(value).unwrap_or_default(), format),
    }
}

/// Writes text as text, cut where it does not fit into a cell.
pub(super) fn put_text(sheet: &mut Worksheet, row: u32, col: u16, text: &str, format: &Format) -> Outcome {
    let length: usize = text.chars().map(char::len_utf16).sum();
    if length <= MOST_CHARS {
        return sheet.write_string_with_format(row, col, text, format).map(drop);
    }
    let room = MOST_CHARS - CUT.encode_utf16().count();
    let mut used = 0;
    let fits = |c: &char| {
        used += c.len_utf16();
        used <= room
    };
    let cut: String = text.chars().take_while(fits).chain(CUT.chars()).collect();
    sheet.write_string_with_format(row, col, cut, format).map(drop)
}

/// Writes a formula with the value it has now.
pub(super) fn put_formula(
    sheet: &mut Worksheet,
    row: u32,
    col: u16,
    formula: &str,
    value: Option<f64>,
    format: &Format,
) -> Outcome {
    let formula = Formula::new(formula);
    let formula = match value {
        Some(value) => formula.set_result(value.to_string()),
        None => formula.set_result(""),
    };
    sheet.write_formula_with_format(row, col, formula, format).map(drop)
}

/// A column's letters: A, B, …, Z, AA.
pub(super) fn letters(col: usize) -> String {
    let mut rest = col + 1;
    let mut text = Vec::new();
    while rest > 0 {
        text.push(b'A' + ((rest - 1) % 26) as u8);
        rest = (rest - 1) / 26;
    }
    text.into_iter().rev().map(char::from).collect()
}
