//! `clearway verify`: an independent check of a finished run: hashes, feasibility, objective, bound.

use std::path::Path;

use serde_json::{Value, json};

use super::planning::n_locked_out;
use super::redact::is_redacted;
use crate::error::{Error, Fault, Result};
use crate::io::atomic::RUN_RECORD;
use crate::io::hash::file_hash;
use crate::plan::{self, Objective, Problem};

/// What was checked, and what does not hold.
#[derive(Debug, Clone, Default)]
pub struct VerifyReport {
    /// What was found to hold, a line each.
    pub holds: Vec<String>,
    /// What does not hold.
    pub violations: Vec<String>,
    /// What changed since, without touching the run itself.
    pub warnings: Vec<String>,
}

impl VerifyReport {
    /// Whether everything holds.
    pub fn is_sound(&self) -> bool {
        self.violations.is_empty()
    }

    /// For scripts.
    pub fn to_json(&self) -> Value {
        json!({ "sound": self.is_sound(), "holds": self.holds, "violations": self.violations,
                "warnings": self.warnings })
    }
}

/// Verifies a run directory.
pub fn verify(run_dir: &Path) -> Result<VerifyReport> {
    let record = read_json(&run_dir.join(RUN_RECORD), run_dir)?;
    let mut report = VerifyReport::default();
    let outputs = entries(&record, "outputs", run_dir)?;
    let mut n_same = 0;
    for (name, expected) in &outputs {
        match file_hash(&run_dir.join(name)) {
            Ok(hash) if hash.sha256 == *expected => n_same += 1,
            Ok(_) => {
                report.violations.push(format!("{name} is not the file that the run wrote: its hash differs"))
            }
            Err(error) => report.violations.push(format!("{name}: {error}")),
        }
    }
    if n_same == outputs.len() {
        report.holds.push(format!("all {n_same} outputs are the files that the run wrote"));
    }
    if is_redacted(&record) {
        report.warnings.push(
            "a redacted run: its inputs have no names to find them by, and it holds no plan and no full grids; whether \
             they are right cannot be checked from here"
                .to_owned(),
        );
        return Ok(report);
    }
    let inputs = entries(&record, "inputs", run_dir)?;
    let mut n_same = 0;
    for (name, expected) in &inputs {
        match file_hash(Path::new(name)) {
            Ok(hash) if hash.sha256 == *expected => n_same += 1,
            Ok(_) => report.warnings.push(format!("input {name} has changed since the run")),
            Err(_) => report.warnings.push(format!("input {name} cannot be read from here any more")),
        }
    }
    report.holds.push(format!("{n_same} of {} inputs are as they were read", inputs.len()));
    let plan_file = run_dir.join("plan.json");
    if plan_file.is_file() {
        verify_plan(&plan_file, run_dir, &mut report)?;
    }
    Ok(report)
}

fn verify_plan(plan_file: &Path, run_dir: &Path, report: &mut VerifyReport) -> Result<()> {
    let text = std::fs::read_to_string(plan_file).map_err(Error::io("read", plan_file))?;
    let place = plan_file.display().to_string();
    let json = read_json(plan_file, run_dir)?;
    let problem = Problem::read(&json["problem"].to_string(), &format!("{place}: `problem`"))?;
    let solution = plan::parse_solution(&text, &place)?;
    let before = report.violations.len();
    report.violations.extend(plan::check(&problem, &solution));
    let value = solution.objective_value;
    let is_less_better = problem.objective == Objective::Completion;
    if let Some(bound) = solution.bound {
        let slack = 1e-9 * bound.abs().max(1.0);
        let holds = if is_less_better { value >= bound - slack } else { value <= bound + slack };
        if !holds {
            report.violations.push(format!("the objective {value} lies beyond the bound {bound}"));
        }
    }
    let n_locked_out = n_locked_out(&problem, &solution) as u64;
    for baseline in json["baselines"].as_array().into_iter().flatten() {
        let by_hand = baseline["objective_value"].as_f64().unwrap_or(f64::NAN);
        let slack = 1e-9 * by_hand.abs().max(1.0);
        let holds = if is_less_better { value <= by_hand + slack } else { value >= by_hand - slack };
        // A by-hand plan that leaves tasks out is none for `completion`, which asks for all of them; nor is one
        // that breaks floors, or leaves out more of what is locked to a team: keeping that may cost worth.
        let is_plan = (!is_less_better || baseline["tasks"].as_u64() == Some(problem.tasks.len() as u64))
            && baseline["keeps_floors"].as_bool().unwrap_or(true)
            && baseline["locked_left_out"].as_u64().unwrap_or(0) <= n_locked_out;
        if !holds && is_plan {
            report
                .violations
                .push(format!("the plan ({value}) is worse than by hand, {}: {by_hand}", baseline["name"]));
        }
    }
    if report.violations.len() == before {
        let done: usize = solution.routes.iter().map(|route| route.tasks.len()).sum();
        report.holds.push(format!("the plan keeps every constraint: {done} tasks, objective {value}"));
    }
    Ok(())
}

/// The files of a record with their hashes. A record that lists none, or one without a hash, is not ours: it
/// must not pass for a run in which everything holds.
pub(super) fn entries<'a>(record: &'a Value, key: &str, run_dir: &Path) -> Result<Vec<(&'a str, &'a str)>> {
    let listed = record[key].as_array().filter(|listed| !listed.is_empty());
    let pair = |entry: &'a Value| Some((entry["path"].as_str()?, entry["sha256"].as_str()?));
    listed.and_then(|listed| listed.iter().map(pair).collect()).ok_or_else(|| {
        let place = format!("{}: `{key}`", run_dir.join(RUN_RECORD).display());
        let expected = "a list of files, each with `path` and `sha256`";
        Fault::new("run.record", place, expected, "something else", "run the project again").into()
    })
}

/// A JSON file of a finished run.
pub(super) fn read_json(path: &Path, run_dir: &Path) -> Result<Value> {
    let text = std::fs::read_to_string(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => {
            let fix = "give the folder of a finished run; one without run.json was interrupted";
            let place = run_dir.display().to_string();
            Error::from(Fault::new("run.not_finished", place, "a finished run", "no run.json", fix))
        }
        _ => Error::io("read", path)(error),
    })?;
    serde_json::from_str(&text).map_err(|error| {
        let fix = "run the project again";
        Fault::new(
            "run.record",
            path.display().to_string(),
            "JSON as clearway writes it",
            error.to_string(),
            fix,
        )
        .into()
    })
}
