//! Scenarios of a redacted batch: numbered folders of redacted runs, and one table of totals.
//!
//! Names of scenarios and what they lay over the project are texts of a person's own, so the scenarios are numbered in
//! their order; the settings that differ stand in each scenario's `run.json`. There is no `scenario_tasks.csv` and no
//! `compare.html`, and nothing is left of what a later batch could go on from.

use std::path::Path;

use super::super::redact::{SUMMARY, is_redacted};
use super::super::verify::read_json;
use super::done::Held;
use super::{IN_ALL, Planned};
use crate::error::{Error, Fault, Result};
use crate::io::atomic::RUN_RECORD;
use crate::report::compare::{Comparison, Row, SCENARIOS};

/// The folder's name where none is given.
pub const DEFAULT_OUT: &str = "redacted-scenarios";

/// A scenario's folder: its number among `n_scenarios`, 0 being the project as it stands.
pub fn folder_name(number: usize, n_scenarios: usize) -> String {
    let width = n_scenarios.to_string().len().max(2);
    format!("scenario-{number:0width$}")
}

/// Refuses a folder that holds anything but the redacted scenarios of this batch; what lies in each of those is judged
/// when it is run.
pub fn refuse_others(out_dir: &Path, folders: &[&Path]) -> Result<()> {
    let entries = std::fs::read_dir(out_dir).into_iter().flatten().flatten().map(|entry| entry.path());
    let is_ours = |path: &Path| folders.contains(&path) || path.ends_with(SCENARIOS);
    let Some(other) = entries.filter(|path| !is_ours(path)).min() else { return Ok(()) };
    let place = out_dir.display().to_string();
    let expected = "an empty folder, a new one, or one that holds only redacted scenarios";
    let fix = "choose another folder with --out: unredacted files must not stand beside redacted ones";
    Err(Fault::new("redact.folder", place, expected, other.display().to_string(), fix).into())
}

/// What a scenario's folder holds: a redacted run cannot be told to be the same.
pub fn held(folder: &Path) -> Held {
    if folder.join(RUN_RECORD).is_file() { Held::Other } else { Held::Nothing }
}

/// Writes the table of the scenarios' totals.
pub(super) fn compare(planned: &[Planned], out_dir: &Path) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for planned in planned.iter().filter(|planned| planned.folder.join(SUMMARY).is_file()) {
        let record = read_json(&planned.folder.join(RUN_RECORD), &planned.folder)?;
        debug_assert!(is_redacted(&record), "bug: a redacted batch writes redacted runs");
        let plan = &record["results"]["plan"];
        let name =
            planned.folder.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        rows.push(Row {
            name: name.clone(),
            folder: name,
            objective: plan["objective_value"].as_f64(),
            bound: plan["upper_bound"].as_f64(),
            gap_percent: plan["gap_percent"].as_f64(),
            cost_usd: plan["cost_usd"].as_f64(),
            tasks_done: plan["tasks_done"].as_u64().map(|n| n as usize),
            first_year_tasks: plan["tasks_by_year"][0].as_u64().map(|n| n as usize),
            seconds: record["seconds"][IN_ALL].as_f64(),
            ..Row::default()
        });
    }
    // Where every scenario failed, none has made the folder.
    std::fs::create_dir_all(out_dir).map_err(Error::io("create", out_dir))?;
    Comparison::write_rows(&rows, &out_dir.join(SCENARIOS))?;
    Ok(rows)
}
