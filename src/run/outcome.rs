//! What a run found, in a few lines that a tired person understands, and the same as JSON.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use super::redact::REDACTED;
use crate::plan::{Objective, Problem, Solution, floor_shares};
use crate::report::plan_files::{BaselineValue, floors_json};
use crate::report::readable::{count, short};
use crate::report::record::{Record, score_results};
use crate::score::Summary;
use crate::tasks::TaskArea;
use crate::units::M2_PER_HECTARE;

/// What begins the label of what would be done by hand.
const BY_HAND: &str = "by hand: ";

/// Labels of lines without names: numbers, and words of ours.
const FIXED_LABELS: [&str; 10] = [
    "scored",
    "people",
    "exposure",
    "first tenth",
    "engine",
    "task areas",
    "plan",
    "objective",
    "bound",
    "if it goes otherwise",
];

/// The end of a run, for stdout.
#[derive(Debug, Clone, Default)]
pub struct Outcome {
    /// Where the files are.
    pub out_dir: PathBuf,
    /// The files, in the order written.
    pub files: Vec<String>,
    /// What a person should know.
    pub warnings: Vec<String>,
    lines: Vec<(String, String)>,
    json: Map<String, Value>,
    tables: Vec<String>,
    /// Whether the warnings are for the operator's terminal alone.
    is_redacted: bool,
}

impl Outcome {
    /// Of a run with a name into a folder.
    pub fn new(name: &str, out_dir: &Path) -> Self {
        let mut outcome = Self { out_dir: out_dir.to_path_buf(), ..Self::default() };
        outcome.line("project", name.to_owned());
        outcome.json.insert("project".into(), name.into());
        outcome
    }

    /// Of a redacted run: `lines` and `record` hold no name and no place; the `warnings` may, and are kept off stdout.
    pub fn redacted(
        out_dir: &Path,
        lines: Vec<(String, String)>,
        record: &Value,
        outputs: &[&str],
        warnings: Vec<String>,
    ) -> Self {
        let mut json = Map::new();
        for key in [REDACTED, "results"] {
            json.insert(key.into(), record[key].clone());
        }
        let mut files: Vec<String> = outputs.iter().map(|name| (*name).to_owned()).collect();
        files.push(crate::io::atomic::RUN_RECORD.to_owned());
        let out_dir = out_dir.to_path_buf();
        Self { out_dir, files, warnings, lines, json, tables: Vec::new(), is_redacted: true }
    }

    /// Those lines that hold numbers and fixed words alone.
    pub fn lines_without_names(&self) -> Vec<(String, String)> {
        let is_one = |label: &str| FIXED_LABELS.contains(&label) || label.starts_with(BY_HAND);
        self.lines.iter().filter(|(label, _)| is_one(label)).cloned().collect()
    }

    /// A part of what goes to scripts: `score`, `tasks` or `plan`.
    pub fn part(&self, key: &str) -> Option<&Value> {
        self.json.get(key)
    }

    /// The table for a person.
    pub fn to_table(&self) -> String {
        let width = self.lines.iter().map(|(label, _)| label.chars().count()).max().unwrap_or(0);
        let mut text = String::new();
        for (label, value) in &self.lines {
            let _ = writeln!(text, "{label:<width$}  {value}");
        }
        for table in &self.tables {
            let _ = write!(text, "\n{table}");
        }
        if !self.tables.is_empty() {
            text.push('\n');
        }
        if !self.warnings.is_empty() {
            let n = self.warnings.len();
            let where_told = if self.is_redacted { "with -v on stderr" } else { "in run.json" };
            let _ = writeln!(
                text,
                "{:<width$}  {n}: read them {where_told} before people act on this",
                "warnings"
            );
        }
        let _ = writeln!(text, "{:<width$}  in {}:", "files", self.out_dir.display());
        for line in wrapped(&self.files, FILES_WIDTH) {
            let _ = writeln!(text, "{:<width$}  {line}", "");
        }
        text
    }

    /// The same for a script.
    pub fn to_json(&self) -> Value {
        let mut object = self.json.clone();
        object.insert("out".into(), self.out_dir.display().to_string().into());
        object.insert("files".into(), self.files.clone().into());
        let warnings = match self.is_redacted {
            true => json!({ "count": self.warnings.len() }),
            false => self.warnings.clone().into(),
        };
        object.insert("warnings".into(), warnings);
        Value::Object(object)
    }

    /// Takes scoring's totals.
    pub fn score(&mut self, summary: &Summary) {
        let share = 100.0 * summary.n_scored as f64 / summary.n_cells.max(1) as f64;
        self.line(
            "scored",
            format!(
                "{} of {} cells ({share:.1} %), {} ha; the rest has no data or is left out, and is not scored",
                count(summary.n_scored),
                count(summary.n_cells),
                count((summary.scored_area_m2 / M2_PER_HECTARE).round() as u64)
            ),
        );
        self.line("people", format!("{} in scored cells", count(summary.people.round() as u64)));
        self.line(
            "exposure",
            format!("{} person-hectares over all scored ground", short(summary.exposure_ha)),
        );
        if let Some(tenth) = summary.curve.iter().find(|point| point.percent >= 10.0 && point.cells > 0) {
            let part = |x: f64, whole: f64| if whole > 0.0 { 100.0 * x / whole } else { 0.0 };
            let cells = part(tenth.cells as f64, summary.n_scored as f64);
            // A tie is never cut: where the next cells share a rank beyond the tenth, it ends before them.
            let tie = if cells < 9.5 { " (those that come next share one rank)" } else { "" };
            self.line(
                "first tenth",
                format!(
                    "the first {cells:.1} % of scored cells{tie} hold {:.1} % of the exposure for {:.1} % of the cost",
                    part(tenth.exposure_ha, summary.exposure_ha),
                    part(tenth.cost_usd, summary.cost_usd)
                ),
            );
        }
        self.line("engine", format!("{} ({})", summary.engine.kind, summary.engine.device));
        self.json.insert("score".into(), score_results(summary));
    }

    /// Takes the task areas.
    pub fn tasks(&mut self, tasks: &[TaskArea]) {
        let area_ha: f64 = tasks.iter().map(|task| task.area_m2).sum::<f64>() / M2_PER_HECTARE;
        let cost: f64 = tasks.iter().filter_map(|task| task.cost_usd).sum();
        let exposure: f64 = tasks.iter().filter_map(|task| task.exposure_ha).sum();
        let unknown = tasks.iter().filter(|task| task.cost_usd.is_none()).count();
        let mut text = format!(
            "{}, {} ha, {} US$, {} person-hectares",
            count(tasks.len() as u64),
            short(area_ha),
            short(cost),
            short(exposure)
        );
        if unknown > 0 {
            let _ = write!(text, "; {unknown} of them lie on ground that is not scored");
        }
        self.line("task areas", text);
        self.json.insert(
            "tasks".into(),
            json!({ "count": tasks.len(), "area_ha": area_ha, "cost_usd": cost, "exposure_ha": exposure,
                    "not_scored": unknown }),
        );
    }

    /// Takes the plan and what would be done by hand; `unit` is the objective's, `money` that of costs.
    pub fn plan(
        &mut self,
        problem: &Problem,
        solution: &Solution,
        baselines: &[BaselineValue],
        unit: &str,
        money: &str,
    ) {
        let used = solution.routes.iter().filter(|route| !route.tasks.is_empty()).count();
        let done: usize = solution.routes.iter().map(|route| route.tasks.len()).sum();
        let cost: f64 = solution.routes.iter().map(|route| route.cost).sum();
        let of_budget = problem.budget.map_or(String::new(), |budget| format!(" of {}", short(budget)));
        self.line(
            "plan",
            format!(
                "{done} of {} tasks by {used} of {} teams, {} {money}{of_budget}",
                problem.tasks.len(),
                problem.teams.len(),
                short(cost)
            ),
        );
        self.line("objective", format!("{} {unit}", short(solution.objective_value)));
        self.line(
            "bound",
            match (solution.bound, solution.gap_percent) {
                (Some(bound), Some(gap)) => {
                    format!("{}; the plan is proven within {gap:.2} % of the best possible", short(bound))
                }
                _ => "none could be proven".to_owned(),
            },
        );
        for (floor, reached) in problem.floors.iter().zip(floor_shares(problem, solution)) {
            let reached =
                reached.map_or_else(|| "none".to_owned(), |share| format!("{:.2} %", 100.0 * share));
            let text =
                format!("{reached} of the worth done, at least {} % asked for", short(100.0 * floor.share));
            self.line(&format!("district {}", floor.district), text);
        }
        for baseline in baselines {
            let value = short(baseline.objective_value);
            let text = format!("{value}{}", against(problem, solution, baseline));
            self.line(&format!("{BY_HAND}{}", baseline.name), text);
        }
        let floors = floors_json(problem, solution);
        let baselines: Vec<Value> = baselines.iter().map(BaselineValue::to_json).collect();
        self.json.insert(
            "plan".into(),
            json!({ "tasks_done": done, "tasks": problem.tasks.len(), "teams_used": used, "cost_usd": cost,
                    "unit": unit, "objective_value": solution.objective_value, "upper_bound": solution.bound,
                    "gap_percent": solution.gap_percent, "floors": floors, "baselines": baselines }),
        );
    }

    /// Takes further lines, and a table that stands below them.
    pub fn more(&mut self, lines: Vec<(String, String)>, table: String) {
        self.lines.extend(lines);
        self.tables.extend((!table.is_empty()).then_some(table));
    }

    /// Takes the files and warnings at the end.
    pub fn take_record(&mut self, record: &Record, outputs: &[&str]) {
        self.files = outputs.iter().map(|name| (*name).to_owned()).collect();
        self.files.push(crate::io::atomic::RUN_RECORD.to_owned());
        self.warnings.clone_from(&record.warnings);
    }

    fn line(&mut self, label: &str, text: String) {
        self.lines.push((label.to_owned(), text));
    }
}

/// How the plan compares with what would be done by hand, where the two can be compared.
fn against(problem: &Problem, solution: &Solution, by_hand: &BaselineValue) -> String {
    let n_left = problem.tasks.len().saturating_sub(by_hand.n_tasks);
    if problem.objective == Objective::Completion && n_left > 0 {
        return format!(" (no plan: it leaves {n_left} tasks undone)");
    }
    if !by_hand.keeps_floors {
        return " (no plan: it does not keep the floors)".to_owned();
    }
    if by_hand.objective_value == 0.0 {
        return String::new();
    }
    let gain = 100.0 * (solution.objective_value / by_hand.objective_value - 1.0);
    format!(" ({gain:+.1} % with the plan)")
}

/// Columns that the names of files may take in the table.
const FILES_WIDTH: usize = 90;

/// Words parted by commas, on lines of up to `width` characters.
fn wrapped(words: &[String], width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in words {
        match lines.last_mut() {
            Some(line) if line.chars().count() + word.chars().count() + 3 <= width => {
                *line += ", ";
                *line += word;
            }
            Some(line) => {
                line.push(',');
                lines.push(word.clone());
            }
            None => lines.push(word.clone()),
        }
    }
    lines
}
