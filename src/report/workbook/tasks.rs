//! The sheet `Tasks`: the columns of `tasks.csv`, some of them live, then what they are worked out from.

use rust_xlsxwriter::Worksheet;
use serde_json::Value;

use super::cells::{Formats, Outcome, header, letters, put, put_formula, put_headers};
use super::criteria::{percent_range, share_cell};
use crate::report::facts::{Facts, Scoring};
use crate::report::rows::task_rows;
use crate::report::tables::contribution_column;
use crate::tasks::TaskArea;

/// A task that costs nothing and is worth something comes before all that cost something.
const FREE: f64 = 1e300;
/// Columns a sheet takes.
const MOST_COLUMNS: usize = 16_384;

/// Where the columns that formulas speak of stand.
struct Columns {
    area: usize,
    scored_share: usize,
    benefit: usize,
    cost: usize,
    per_kusd: usize,
    rank: usize,
    class: usize,
    contributions: Vec<usize>,
    /// Values before weighting, one a criterion; empty where there are none.
    values: Vec<usize>,
    ratio: usize,
    as_run: usize,
}

/// Writes the sheet.
pub(super) fn write_tasks(sheet: &mut Worksheet, facts: &Facts<'_>, formats: &Formats) -> Outcome {
    sheet.set_name("Tasks")?;
    let criteria = facts.criteria();
    let mut rows = task_rows(facts.tasks, &criteria);
    // What does not fit stands in tasks.csv, and Notes says so.
    rows.fields.truncate(most_fields(criteria.len()));
    let names: Vec<&str> = rows.fields.iter().map(|field| field.name.as_str()).collect();
    let columns = facts.scoring.map(|scoring| Columns::of(&names, scoring));
    let mut headers: Vec<String> = names.iter().map(|name| header(name)).collect();
    if let (Some(scoring), Some(columns)) = (facts.scoring, &columns) {
        if !columns.values.is_empty() {
            headers.extend(
                scoring.criteria.iter().map(|(name, _)| {
                    header(&contribution_column(name).replacen("contribution_", "value_", 1))
                }),
            );
        }
        let ratio = if scoring.by_benefit { "benefit per m² scored" } else { "benefit per US$" };
        headers.push(format!("ranked_by [{ratio}]"));
        headers.push("benefit_as_run [benefit-hectares]".to_owned());
    }
    put_headers(sheet, &headers, formats, 1)?;
    for (i, (task, values)) in facts.tasks.iter().zip(&rows.rows).enumerate() {
        let row = i as u32 + 1;
        for (col, (field, value)) in rows.fields.iter().zip(values).enumerate() {
            put(sheet, row, col as u16, value, formats.of(&field.name))?;
        }
        if let (Some(scoring), Some(columns)) = (facts.scoring, &columns) {
            columns.put_live(sheet, row, task, scoring, facts.tasks.len(), formats)?;
        }
    }
    if !facts.tasks.is_empty() {
        sheet.autofilter(0, 0, facts.tasks.len() as u32, headers.len() as u16 - 1)?;
    }
    Ok(())
}

/// Columns of `tasks.csv` that have room beside the further ones.
pub(super) fn most_fields(n_criteria: usize) -> usize {
    MOST_COLUMNS - n_criteria - 2
}

impl Columns {
    fn of(names: &[&str], scoring: &Scoring) -> Self {
        let at = |name: &str| names.iter().position(|other| *other == name).unwrap_or(0);
        let n_values = if scoring.is_linear { scoring.criteria.len() } else { 0 };
        Self {
            area: at("area_m2"),
            scored_share: at("scored_share"),
            benefit: at("benefit"),
            cost: at("cost_usd"),
            per_kusd: at("benefit_per_kusd"),
            rank: at("rank"),
            class: at("class"),
            contributions: (0..scoring.criteria.len()).map(|k| at("difficulty") + 3 + k).collect(),
            values: (names.len()..names.len() + n_values).collect(),
            ratio: names.len() + n_values,
            as_run: names.len() + n_values + 1,
        }
    }

    /// The live columns of a task; one whose worth or cost is unknown has none.
    fn put_live(
        &self,
        sheet: &mut Worksheet,
        row: u32,
        task: &TaskArea,
        scoring: &Scoring,
        n_tasks: usize,
        formats: &Formats,
    ) -> Outcome {
        let Some(benefit) = task.benefit else { return Ok(()) };
        let line = row + 1;
        let cell = |col: usize| format!("{}{line}", letters(col));
        let total: f64 = scoring.criteria.iter().map(|(_, weight)| weight).sum();
        if !task.contributions.is_empty() && task.contributions.len() == scoring.criteria.len() {
            for (k, col) in self.values.iter().enumerate() {
                let (part, share) = (task.contributions[k].1, scoring.criteria[k].1 / total);
                if share > 0.0 {
                    let format = formats.of("value_");
                    put(sheet, row, *col as u16, &Value::from(part / share), format)?;
                    let formula = format!("={}*{}", cell(*col), share_cell(k));
                    put_formula(sheet, row, self.contributions[k] as u16, &formula, Some(part), format)?;
                }
            }
            let (first, last) = (self.contributions[0], self.contributions[self.contributions.len() - 1]);
            let formula = format!("=SUM({}:{})", cell(first), cell(last));
            put_formula(sheet, row, self.benefit as u16, &formula, Some(benefit), formats.of("benefit"))?;
        }
        put(sheet, row, self.as_run as u16, &Value::from(benefit), formats.of("benefit"))?;
        let Some(cost) = task.cost_usd else { return Ok(()) };
        if let Some(per_kusd) = task.benefit_per_kusd {
            let formula = format!("={}/{}*1000", cell(self.benefit), cell(self.cost));
            let format = formats.of("benefit_per_kusd");
            put_formula(sheet, row, self.per_kusd as u16, &formula, Some(per_kusd), format)?;
        }
        let (per, divisor) = if scoring.by_benefit {
            let m2 = task.area_m2 * task.scored_share;
            (format!("({}*{})", cell(self.area), cell(self.scored_share)), m2)
        } else {
            (cell(self.cost), cost)
        };
        let ratio = match (benefit, divisor) {
            (0.0, _) => 0.0,
            (_, 0.0) => FREE,
            _ => benefit / divisor,
        };
        let benefit = cell(self.benefit);
        let formula = format!("=IF({benefit}=0,0,IF({per}=0,{FREE:E},{benefit}/{per}))");
        put_formula(sheet, row, self.ratio as u16, &formula, Some(ratio), formats.of(""))?;
        let ratios = format!("${0}$2:${0}${1}", letters(self.ratio), n_tasks + 1);
        let formula = format!(
            "=IF(COUNT({ratios})=1,100,100*(RANK.AVG({},{ratios},1)-1)/(COUNT({ratios})-1))",
            cell(self.ratio)
        );
        put_formula(sheet, row, self.rank as u16, &formula, task.rank, formats.of("rank"))?;
        if let Some(percents) = percent_range(scoring.class_percents.len()) {
            let formula = format!("=1+SUMPRODUCT(--({}<100-{percents}))", cell(self.rank));
            let class = task.class.map(f64::from);
            put_formula(sheet, row, self.class as u16, &formula, class, formats.of("class"))?;
        }
        Ok(())
    }
}
