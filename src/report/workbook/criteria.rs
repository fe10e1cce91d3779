//! The sheet `Criteria`: weights that can be changed, and the limits of the classes.

use rust_xlsxwriter::{Worksheet, XlsxError};

use super::cells::{Formats, Outcome, put_formula, put_headers, put_text};
use crate::report::facts::Facts;

/// Name of the sheet.
pub(super) const SHEET: &str = "Criteria";
/// Column of the share in all weights.
const SHARE: &str = "C";
/// Column of the classes' limits.
const PERCENT: &str = "F";

/// Where the share of criterion `k` in all weights stands.
pub(super) fn share_cell(k: usize) -> String {
    format!("{SHEET}!${SHARE}${}", k + 2)
}

/// Where the limits of the classes stand; `None` where there are none.
pub(super) fn percent_range(n: usize) -> Option<String> {
    (n > 0).then(|| format!("{SHEET}!${PERCENT}$2:${PERCENT}${}", n + 1))
}

/// Writes the sheet.
pub(super) fn write_criteria(sheet: &mut Worksheet, facts: &Facts<'_>, formats: &Formats) -> Outcome {
    sheet.set_name(SHEET)?;
    let headers = [
        "criterion",
        "weight (may be changed)",
        "share of all weights [0–1]",
        "",
        "class",
        "top % of the tasks",
    ];
    put_headers(sheet, &headers.map(str::to_owned), formats, 0)?;
    let Some(scoring) = facts.scoring else {
        return put_text(sheet, 1, 0, "not known: the tasks are those of an earlier run", &formats.wrapped);
    };
    let n = scoring.criteria.len();
    let total: f64 = scoring.criteria.iter().map(|(_, weight)| weight).sum();
    for (k, (name, weight)) in scoring.criteria.iter().enumerate() {
        let row = k as u32 + 1;
        put_text(sheet, row, 0, name, &formats.wrapped)?;
        sheet.write_number_with_format(row, 1, *weight, &formats.input)?;
        let formula = format!("=B{}/SUM($B$2:$B${})", row + 1, n + 1);
        put_formula(sheet, row, 2, &formula, Some(weight / total), formats.of("hazard_mean"))?;
    }
    for (i, percent) in scoring.class_percents.iter().enumerate() {
        let row = i as u32 + 1;
        sheet.write_number(row, 4, i as f64 + 1.0)?;
        sheet.write_number_with_format(row, 5, *percent, &formats.input)?;
    }
    let row = n.max(scoring.class_percents.len()) as u32 + 3;
    explain(sheet, row, scoring.is_linear, formats)
}

fn explain(sheet: &mut Worksheet, row: u32, is_linear: bool, formats: &Formats) -> Result<(), XlsxError> {
    let text = if is_linear {
        "Change a weight (yellow) and the sheet Tasks works out benefit, rank and class anew. The plan is not made anew: \
         for that, change the project file and run it again. A criterion of weight 0 was not measured on the tasks, so \
         raising it from 0 here adds nothing."
    } else {
        "In this form of the benefit (product, ordered) a criterion's part depends on all weights together, so other \
         weights cannot be tried here; the benefit is the sum of the contributions all the same."
    };
    sheet.merge_range(row, 0, row + 3, 5, text, &formats.wrapped).map(drop)
}
