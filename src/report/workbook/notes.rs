//! The sheet `Notes`: what the numbers are, what the plan reaches, and what is not known.

use rust_xlsxwriter::Worksheet;

use super::cells::{Formats, Outcome, put_formula, put_text};
use super::tasks::most_fields;
use crate::report::facts::{CAUTION, Facts};
use crate::report::rows::task_rows;

/// Letters that fit beside each other in the wide column.
const LETTERS_A_LINE: usize = 95;

/// Writes the sheet.
pub(super) fn write_notes(sheet: &mut Worksheet, facts: &Facts<'_>, formats: &Formats) -> Outcome {
    sheet.set_name("Notes")?;
    sheet.set_column_width(0, 34)?;
    sheet.set_column_width(1, 100)?;
    sheet.set_landscape().set_print_fit_to_pages(1, 0);
    put_text(sheet, 0, 0, facts.project, &formats.title)?;
    if let Some(plan) = facts.plan.filter(|plan| !plan.rows.is_empty()) {
        let cost: f64 = plan.rows.iter().map(|found| found.cost_usd).sum();
        put_text(sheet, 1, 0, "cost of the plan [US$], live", &formats.wrapped)?;
        let formula = format!("=SUM(Plan!$I$2:$I${})", plan.rows.len() + 1);
        put_formula(sheet, 1, 1, &formula, Some(cost), formats.of("cost_usd"))?;
    }
    let mut row = 2;
    let mut line = |label: &str, text: &str| -> Outcome {
        put_text(sheet, row, 0, label, &formats.wrapped)?;
        put_text(sheet, row, 1, text, &formats.wrapped)?;
        // Not every program makes a row as high as its wrapped text by itself.
        let n_lines = text.chars().count().div_ceil(LETTERS_A_LINE).clamp(1, 25);
        sheet.set_row_height(row, 15.5 * n_lines as f64)?;
        row += 1;
        Ok(())
    };
    line("read this first", CAUTION)?;
    line("coordinates", &format!("longitude and latitude on WGS 84; the grids are in {}", facts.crs))?;
    line("empty cells", "not known, or not asked for. Not known is not zero.")?;
    if let Some(plan) = &facts.plan {
        let value = crate::report::tables::number(plan.solution.objective_value);
        line("objective", &format!("{value} {}", plan.unit))?;
        let bound = match (plan.solution.bound, plan.solution.gap_percent) {
            (Some(bound), Some(gap)) => format!(
                "no plan can be better than {}: this one is proven within {gap:.2} % of the best possible",
                crate::report::tables::number(bound)
            ),
            _ => "none could be proven".to_owned(),
        };
        line("bound", &bound)?;
        line("first day", &plan.start.to_string())?;
        line(
            "left out",
            &format!("{} tasks, with reasons in the sheet Left out", plan.solution.unassigned.len()),
        )?;
    }
    let n_fields = task_rows(facts.tasks, &facts.criteria()).fields.len();
    let room = most_fields(facts.criteria().len());
    if n_fields > room {
        line("cut", &format!("{} columns have no room here; all stand in tasks.csv", n_fields - room))?;
    }
    for note in facts.unknowns() {
        line("what is not known, and warnings", &note)?;
    }
    Ok(())
}
