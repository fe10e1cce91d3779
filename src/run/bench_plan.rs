//! `clearway bench --plan DIR`: every problem file of a folder planned, beside its best known value.
//!
//! In: a folder with problem files (`*.json`, interface.md §4) and, where best values are known,
//! `best_known.csv` with the columns `instance` (a file's name without `.json`) and `best_known`. Out: a row a
//! problem, in the order of their names. A gap is (best − value)/best in per cent of the best known value, the other
//! way round for `completion`: 0 is as good as the best known, below 0 is better. Writes no files.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::error::{Error, Fault, Faults, Result};
use crate::io::csv::Table;
use crate::plan::{self, Objective, Params, Problem, Solution};
use crate::progress::Progress;

/// Seconds a problem where nothing else is asked for: what the bars of docs/PLANNER.md are stated for.
pub const DEFAULT_SECONDS: f64 = 10.0;

/// File of best known values in the folder.
const BEST_KNOWN: &str = "best_known.csv";

/// One problem planned.
#[derive(Debug, Clone, PartialEq)]
pub struct BenchRow {
    /// File name without `.json`.
    pub name: String,
    /// Tasks and teams of the problem.
    pub n_tasks: usize,
    /// Teams of the problem.
    pub n_teams: usize,
    /// Best value known, where it is.
    pub best_known: Option<f64>,
    /// The plan with value, bound, time and steps; what went wrong where there is none.
    pub outcome: std::result::Result<Solution, String>,
    /// Gap to the best known value, %.
    pub gap_percent: Option<f64>,
}

/// All problems of a folder planned.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct BenchReport {
    /// A row a problem.
    pub rows: Vec<BenchRow>,
    /// Files of the folder that were not reached before the interruption.
    pub n_not_reached: usize,
}

/// Plans every problem of a folder for `params` each; `on_row` hears of each row as it is there.
///
/// # Errors
/// All faults of the folder and its files together, before anything is planned; what `on_row` returns.
pub fn bench_plan(
    folder: &Path,
    params: &Params,
    progress: &dyn Progress,
    on_row: &mut dyn FnMut(&BenchRow) -> Result<()>,
) -> Result<BenchReport> {
    let params = match (params.seconds, params.iterations) {
        (None, None) => Params { seconds: Some(DEFAULT_SECONDS), ..params.clone() },
        _ => params.clone(),
    };
    let problems = problems(folder)?;
    let mut report = BenchReport::default();
    for (i, (name, problem, best_known)) in problems.iter().enumerate() {
        if progress.is_cancelled() {
            report.n_not_reached = problems.len() - i;
            break;
        }
        let outcome = match plan::plan(problem, &params, progress) {
            Ok(solution) => Ok(solution),
            Err(error) if error.faults().is_empty() => return Err(error),
            Err(error) => {
                let fault = &error.faults()[0];
                Err(format!("{}: {}", fault.code, fault.found))
            }
        };
        let gap = |best: f64| gap_to(best, outcome.as_ref().ok()?.objective_value, problem.objective);
        let row = BenchRow {
            name: name.clone(),
            n_tasks: problem.tasks.len(),
            n_teams: problem.teams.len(),
            best_known: *best_known,
            gap_percent: best_known.and_then(gap),
            outcome,
        };
        on_row(&row)?;
        report.rows.push(row);
    }
    Ok(report)
}

/// Per cent by which a value falls short of the best known one; none where that is 0.
fn gap_to(best: f64, value: f64, objective: Objective) -> Option<f64> {
    let short = if objective == Objective::Completion { value - best } else { best - value };
    (best.abs() > 0.0).then(|| 100.0 * short / best.abs() + 0.0)
}

/// The problems of a folder by name, with their best known values.
fn problems(folder: &Path) -> Result<Vec<(String, Problem, Option<f64>)>> {
    let place = folder.display().to_string();
    let entries = std::fs::read_dir(folder).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory => {
            let fix = "give a folder of problem files, see \"Bare problem files\" in README.md";
            let found = "no such folder";
            Error::from(Fault::new("bench.folder", &place, "a folder of problem files", found, fix))
        }
        _ => Error::io("read", folder)(error),
    })?;
    let mut files: Vec<PathBuf> = Vec::new();
    for entry in entries {
        let path = entry.map_err(Error::io("read", folder))?.path();
        if path.extension().is_some_and(|ext| ext == "json") && path.is_file() {
            files.push(path);
        }
    }
    files.sort();
    if files.is_empty() {
        let fix = "give a folder of problem files, see \"Bare problem files\" in README.md";
        return Err(Fault::new("bench.empty", &place, "problem files (*.json)", "none", fix).into());
    }
    let mut faults = Faults::new();
    let mut best = faults.take(best_known(folder))?.unwrap_or_default();
    let mut problems = Vec::with_capacity(files.len());
    for file in files {
        let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&file).map_err(Error::io("read", &file))?;
        let known = best.iter().position(|(of, _)| *of == name).map(|i| best.remove(i).1);
        if let Some(problem) = faults.take(Problem::read(&text, &file.display().to_string()))? {
            problems.push((name, problem, known));
        }
    }
    for (name, _) in best {
        let expected = format!("the problem file {name}.json beside {BEST_KNOWN}, which names it");
        faults.push(Fault::new(
            "bench.missing",
            &place,
            expected,
            "no such file",
            "add it or remove its row",
        ));
    }
    faults.finish()?;
    Ok(problems)
}

fn best_known(folder: &Path) -> Result<Vec<(String, f64)>> {
    let path = folder.join(BEST_KNOWN);
    if !path.is_file() {
        return Ok(Vec::new());
    }
    let table = Table::read(&path, &["instance", "best_known"])?;
    table
        .rows()
        .map(|row| Ok((row.required("instance")?.to_owned(), row.required_number("best_known")?)))
        .collect()
}

impl BenchRow {
    /// The row as a line of the table; [`BenchReport::heading`] stands above.
    pub fn line(&self) -> String {
        let percent = |x: Option<f64>| x.map_or_else(|| "-".to_owned(), |x| format!("{x:.4}"));
        let number = |x: Option<f64>| x.map_or_else(|| "-".to_owned(), |x| format!("{x:.3}"));
        let (n_tasks, n_teams, best) = (self.n_tasks, self.n_teams, number(self.best_known));
        let (value, gap, bound, own, end) = match &self.outcome {
            Ok(plan) => (
                format!("{:.3}", plan.objective_value),
                percent(self.gap_percent),
                number(plan.bound),
                percent(plan.gap_percent),
                format!("{:>7.1} {:>10}  holds", plan.seconds, plan.iterations),
            ),
            Err(why) => {
                ("-".into(), "-".into(), "-".into(), "-".into(), format!("{:>7} {:>10}  {why}", "-", "-"))
            }
        };
        format!(
            "{:<22} {n_tasks:>6} {n_teams:>5} {value:>16} {best:>16} {gap:>9} {bound:>16} {own:>9} {end}",
            self.name
        )
    }

    fn to_json(&self) -> Value {
        let plan = self.outcome.as_ref().ok();
        json!({
            "instance": self.name, "tasks": self.n_tasks, "teams": self.n_teams,
            "objective_value": plan.map(|plan| plan.objective_value), "best_known": self.best_known,
            "gap_percent": self.gap_percent, "upper_bound": plan.and_then(|plan| plan.bound),
            "own_gap_percent": plan.and_then(|plan| plan.gap_percent),
            "seconds": plan.map(|plan| plan.seconds), "iterations": plan.map(|plan| plan.iterations),
            "judge": self.outcome.as_ref().map_or_else(String::clone, |_| "holds".to_owned()),
        })
    }
}

impl BenchReport {
    /// The head of the table.
    pub fn heading() -> String {
        format!(
            "{:<22} {:>6} {:>5} {:>16} {:>16} {:>9} {:>16} {:>9} {:>7} {:>10}  judge",
            "instance", "tasks", "teams", "value", "best known", "gap %", "bound", "own gap %", "s", "steps"
        )
    }

    /// Mean, worst and hits under the table.
    pub fn summary(&self) -> String {
        let gaps: Vec<f64> = self.rows.iter().filter_map(|row| row.gap_percent).collect();
        let mut text = String::new();
        if let Some(mean) = mean(&gaps) {
            let worst = gaps.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let _ = writeln!(
                text,
                "gap to best known: mean {mean:.4} %, worst {worst:.4} %, reached or passed in {} of {}",
                gaps.iter().filter(|gap| **gap < 1e-6).count(),
                gaps.len()
            );
        }
        if let Some(mean) = mean(&self.own_gaps()) {
            let _ = writeln!(text, "gap to own bound: mean {mean:.4} %");
        }
        let n_failed = self.rows.iter().filter(|row| row.outcome.is_err()).count();
        let _ = writeln!(text, "planned {} problems, {n_failed} without a plan", self.rows.len());
        if self.n_not_reached > 0 {
            let _ = writeln!(text, "interrupted: {} problems not reached", self.n_not_reached);
        }
        text
    }

    /// Rows and means for scripts.
    pub fn to_json(&self) -> Value {
        let gaps: Vec<f64> = self.rows.iter().filter_map(|row| row.gap_percent).collect();
        json!({
            "instances": self.rows.iter().map(BenchRow::to_json).collect::<Vec<_>>(),
            "mean_gap_percent": mean(&gaps), "mean_own_gap_percent": mean(&self.own_gaps()),
            "worst_gap_percent": gaps.iter().copied().reduce(f64::max),
            "not_reached": self.n_not_reached,
        })
    }

    fn own_gaps(&self) -> Vec<f64> {
        self.rows.iter().filter_map(|row| row.outcome.as_ref().ok()?.gap_percent).collect()
    }
}

fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}
