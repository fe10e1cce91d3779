//! Scenarios side by side: `scenarios.csv`, `scenario_tasks.csv` and `compare.html`.
//!
//! In: what finished runs say of themselves. Every figure is one that stands in a run's own tables, or says how far two
//! runs agree: Spearman's and Kendall's correlation of the tasks' ranks with the base's (1 = the same order), and the
//! share of the base's first tenth of the ground that is in the scenario's first tenth too.

mod agreement;
mod html;

use std::path::Path;

use serde_json::{Map, Value};

pub use self::agreement::{kendall, spearman};
use super::readable::{count, short};
use super::tables::plain;
use crate::error::Result;
use crate::io::atomic::write_atomic;
use crate::io::csv::CsvWriter;

/// The table of scenarios, in the folder of a batch.
pub const SCENARIOS: &str = "scenarios.csv";

/// One scenario in figures; `None` is unknown or does not apply.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Row {
    /// Its name.
    pub name: String,
    /// Its folder, beside the comparison.
    pub folder: String,
    /// What was laid over the project.
    pub overrides: Vec<String>,
    /// Worth of the tasks done, not discounted.
    pub worth: Option<f64>,
    /// Value of the objective.
    pub objective: Option<f64>,
    /// What no plan can exceed.
    pub bound: Option<f64>,
    /// How far the objective lies from it, %.
    pub gap_percent: Option<f64>,
    /// What the plan costs, US$.
    pub cost_usd: Option<f64>,
    /// Tasks done.
    pub tasks_done: Option<usize>,
    /// Expected people within reach of contaminated ground, summed over the tasks done: who lives near several of them
    /// counts at each.
    pub people_at_risk: Option<f64>,
    /// Person-hectares of the tasks done.
    pub exposure_ha: Option<f64>,
    /// Tasks finished within a year of the plan's start.
    pub first_year_tasks: Option<usize>,
    /// Spearman's correlation of the tasks' ranks with the base's.
    pub rank_spearman: Option<f64>,
    /// Kendall's, with ties (tau-b).
    pub rank_kendall: Option<f64>,
    /// Share 0..1 of the base's first tenth of scored ground, by area, that is in this one's too.
    pub top_tenth_in_common: Option<f64>,
    /// Tasks in both plans, as a share 0..1 of those in either.
    pub plan_in_common: Option<f64>,
    /// Seconds the run took.
    pub seconds: Option<f64>,
}

impl Row {
    /// Names and values, in the order of the table.
    fn columns(&self) -> Vec<(&'static str, Value)> {
        vec![
            ("name", self.name.clone().into()),
            ("folder", self.folder.clone().into()),
            ("overrides", self.overrides.join("; ").into()),
            ("worth", self.worth.into()),
            ("objective", self.objective.into()),
            ("bound", self.bound.into()),
            ("gap_percent", self.gap_percent.into()),
            ("cost_usd", self.cost_usd.into()),
            ("tasks_done", self.tasks_done.into()),
            ("people_at_risk", self.people_at_risk.into()),
            ("exposure_ha", self.exposure_ha.into()),
            ("first_year_tasks", self.first_year_tasks.into()),
            ("rank_spearman", self.rank_spearman.into()),
            ("rank_kendall", self.rank_kendall.into()),
            ("top_tenth_in_common", self.top_tenth_in_common.into()),
            ("plan_in_common", self.plan_in_common.into()),
            ("seconds", self.seconds.into()),
        ]
    }

    /// The same for a script.
    pub fn to_json(&self) -> Value {
        let columns = self.columns().into_iter().map(|(name, value)| match name {
            "overrides" => (name.to_owned(), self.overrides.clone().into()),
            _ => (name.to_owned(), value),
        });
        Value::Object(columns.collect::<Map<_, _>>())
    }
}

/// A task area over all scenarios.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TaskRow {
    /// Its id.
    pub task_id: String,
    /// Its rank in each scenario, 0..100; `None` where it has none or there is no such task.
    pub ranks: Vec<Option<f64>>,
    /// The day each scenario's plan begins it (as 2027-03-01), and the team; `None` where it is not in the plan.
    pub starts: Vec<Option<(String, String)>>,
}

impl TaskRow {
    /// In so many plans it is.
    pub fn n_plans(&self) -> usize {
        self.starts.iter().flatten().count()
    }
}

/// A map of ranks brought down to a picture's size: each cell is the mean of those known in a square of the grid.
#[derive(Debug, Clone, PartialEq)]
pub struct RankMap {
    /// Columns.
    pub n_cols: usize,
    /// Ranks 0..100 row by row; [`crate::grid::UNKNOWN`] where no cell is scored.
    pub ranks: Vec<f32>,
}

/// Scenarios side by side; the first is the base that the others are compared with.
#[derive(Debug, Clone, Default)]
pub struct Comparison {
    /// Name of the project.
    pub project: String,
    /// What the objective counts; empty where nothing was planned.
    pub objective: String,
    /// A row a scenario.
    pub rows: Vec<Row>,
    /// A row a task that is in any plan, those in most plans first.
    pub tasks: Vec<TaskRow>,
    /// A map a scenario, in the order of the rows; `None` where its grid lies elsewhere than the base's.
    pub maps: Vec<Option<RankMap>>,
    /// What a person should know.
    pub warnings: Vec<String>,
}

impl Comparison {
    /// Writes the tables and the page into a folder.
    pub fn write(&self, folder: &Path) -> Result<()> {
        Self::write_rows(&self.rows, &folder.join(SCENARIOS))?;
        self.write_tasks(&folder.join("scenario_tasks.csv"))?;
        write_atomic(&folder.join("compare.html"), html::page(self)?.as_bytes())
    }

    /// Writes the table of scenarios alone.
    pub fn write_rows(rows: &[Row], path: &Path) -> Result<()> {
        let names: Vec<&str> = Row::default().columns().into_iter().map(|(name, _)| name).collect();
        let mut writer = CsvWriter::create(path, &names)?;
        for row in rows {
            let fields: Vec<String> = row.columns().iter().map(|(_, value)| plain(value)).collect();
            writer.write(&fields)?;
        }
        writer.finish()
    }

    /// A row a task of any plan: the day each scenario begins it.
    fn write_tasks(&self, path: &Path) -> Result<()> {
        let mut names = vec!["task_id".to_owned(), "plans".to_owned()];
        names.extend(self.rows.iter().map(|row| row.name.clone()));
        let mut writer = CsvWriter::create(path, &names)?;
        for task in &self.tasks {
            let mut fields = vec![task.task_id.clone(), task.n_plans().to_string()];
            let start =
                |start: &Option<(String, String)>| start.clone().map_or_else(String::new, |(day, _)| day);
            fields.extend(task.starts.iter().map(start));
            writer.write(&fields)?;
        }
        writer.finish()
    }

    /// The rows for stdout.
    pub fn table(rows: &[Row]) -> String {
        let number = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), short);
        let share = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), |value| format!("{value:.3}"));
        let heading = ["scenario", "objective", "gap %", "US$", "tasks", "ranks", "first tenth", "plan", "s"];
        let mut lines = vec![heading.map(str::to_owned)];
        lines.extend(rows.iter().map(|row| {
            [
                row.name.clone(),
                number(row.objective),
                number(row.gap_percent),
                row.cost_usd.map_or_else(|| "-".to_owned(), |usd| count(usd.round() as u64)),
                row.tasks_done.map_or_else(|| "-".to_owned(), |n| n.to_string()),
                share(row.rank_spearman),
                share(row.top_tenth_in_common),
                share(row.plan_in_common),
                number(row.seconds),
            ]
        }));
        let width = |i: usize| lines.iter().map(|line| line[i].chars().count()).max().unwrap_or(0);
        let widths: Vec<usize> = (0..heading.len()).map(width).collect();
        let line = |line: &[String; 9]| {
            let cells = line.iter().zip(&widths).enumerate().map(|(i, (text, &width))| match i {
                0 => format!("{text:<width$}"),
                _ => format!("{text:>width$}"),
            });
            format!("{}\n", cells.collect::<Vec<_>>().join("  ").trim_end())
        };
        let note =
            "ranks: Spearman's correlation with the base; first tenth, plan: shares in common with it\n";
        lines.iter().map(line).collect::<String>() + note
    }
}
