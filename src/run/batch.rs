//! `clearway batch`: scenarios of one project, each a whole run in a folder of its own, and one comparison.
//!
//! In: a project file and SCENARIOS.toml. Out: `OUT/00-base`, `OUT/01-…` with all that a run writes, `scenarios.csv`,
//! `scenario_tasks.csv` and `compare.html`. All scenarios are checked before any work. What two of them have in common
//! is read, made and searched once ([`super::kept`]). Started again after an interrupt it goes on: a folder that holds a
//! whole run of the same settings and inputs is left as it is. So other processes may run the scenarios ([`batch_some`]),
//! and the batch itself then only compares.

mod comparing;
mod done;
mod redacted;
mod scenarios;
mod shared;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use serde_json::{Value, json};

use self::comparing::Comparing;
use self::done::{Held, held};
use self::scenarios::{Scenario, read_scenarios};
use super::job::Job;
use super::kept::Kept;
use super::prepared::{Need, Prepared};
use super::project::Project;
use super::redact::private_folder;
use super::{IN_ALL, Options};
use crate::error::{Error, Fault, Faults, Result};
use crate::grid::Cells;
use crate::io::atomic::{RUN_RECORD, Scratchpad};
use crate::io::scratch::Scratch;
use crate::progress::Progress;
use crate::report::compare::{Comparison, Row};
use crate::report::readable::counted;
use crate::score::Plane;

pub use shared::{batch_check, batch_names, batch_some};

/// What came of a batch.
#[derive(Debug)]
pub struct BatchOutcome {
    /// Where everything lies.
    pub out_dir: PathBuf,
    /// The comparison, a row a scenario.
    pub rows: Vec<Row>,
    /// Scenarios that could not be planned, with why.
    pub failed: Vec<(String, Error)>,
    /// What a person should know.
    pub warnings: Vec<String>,
    n_kept: usize,
    /// Whether names and messages are for the operator's terminal alone.
    is_redacted: bool,
}

/// A scenario and where it goes.
struct Planned {
    scenario: Scenario,
    folder: PathBuf,
    options: Options,
}

/// Runs every scenario and compares them.
pub fn batch(
    project: &Path,
    scenarios: &Path,
    options: &Options,
    progress: &dyn Progress,
) -> Result<BatchOutcome> {
    let is_redacted = options.redact.is_some();
    let Plans { name, out_dir, planned } = plans(project, scenarios, options)?;
    let n_scenarios = planned.len();
    if is_redacted {
        let folders: Vec<&Path> = planned.iter().map(|planned| planned.folder.as_path()).collect();
        redacted::refuse_others(&out_dir, &folders)?;
    }
    let private = is_redacted.then(private_folder).transpose()?;
    let scratchpad = Scratchpad::new(private.as_ref().map_or(&out_dir, tempfile::TempDir::path))?;
    // Half for planes, as for a run on its own; all scenarios share it.
    let scratch = Scratch::new(scratchpad.folder(), (options.memory_bytes / 2) as usize);
    let kept = Arc::new(Kept::in_scratch(scratch.clone()));
    let are_done = check_all(project, &planned, &kept, options, progress)?;
    let mut outcome = BatchOutcome {
        out_dir: out_dir.clone(),
        rows: Vec::new(),
        failed: Vec::new(),
        warnings: leftovers(&out_dir, &planned),
        is_redacted,
        n_kept: are_done.iter().filter(|is_done| **is_done).count(),
    };
    let begun = Instant::now();
    let n_todo = are_done.iter().filter(|is_done| !**is_done).count();
    let mut n_made = 0_u32;
    let mut comparing = Comparing::new(&scratch);
    for (planned, is_done) in planned.iter().zip(&are_done) {
        progress.check()?;
        if *is_done {
            if !is_redacted {
                comparing.add(&planned.scenario, &planned.folder, None)?;
            }
            continue;
        }
        let left =
            begun.elapsed().as_secs_f64() / f64::from(n_made.max(1)) * (n_todo as f64 - f64::from(n_made));
        let left = if n_made == 0 { String::new() } else { format!(", about {left:.0} s to go") };
        progress.note(&format!("scenario {} of {n_todo}: {}{left}", n_made + 1, planned.scenario.name));
        match run_one(project, planned, &kept, progress) {
            Ok(ranks) if !is_redacted && !progress.is_cancelled() => {
                comparing.add(&planned.scenario, &planned.folder, ranks)?;
            }
            Ok(_) => {}
            Err(error @ Error::Faults(_)) => {
                if is_redacted {
                    progress.note(&format!("scenario {:?} failed: {error}", planned.scenario.name));
                }
                outcome.failed.push((planned.scenario.name.clone(), error));
            }
            Err(other) => {
                let n_whole = outcome.n_kept + n_made as usize;
                let text = format!(
                    "{n_whole} of {n_scenarios} scenarios are whole; the same command goes on with the others"
                );
                progress.note(&text);
                return Err(other);
            }
        }
        // A plan whose search was cut short is no part of a comparison: it is made anew when the batch goes on.
        progress.check()?;
        n_made += 1;
    }
    if is_redacted {
        outcome.rows = redacted::compare(&planned, &out_dir)?;
        return Ok(outcome);
    }
    let comparison = comparing.finish(&name);
    comparison.write(&out_dir)?;
    let Comparison { rows, warnings, .. } = comparison;
    outcome.rows = rows;
    outcome.warnings.extend(warnings);
    Ok(outcome)
}

/// What a batch will do.
struct Plans {
    /// The project's name.
    name: String,
    out_dir: PathBuf,
    planned: Vec<Planned>,
}

/// The base and every scenario, each with its folder and options.
fn plans(project: &Path, scenarios: &Path, options: &Options) -> Result<Plans> {
    let mut all = vec![Scenario::base()];
    all.extend(read_scenarios(scenarios)?);
    let is_redacted = options.redact.is_some();
    let base = super::prepared::project_of(project, &options.overrides, Need::Everything)?;
    let name = base.name;
    let default_out = match is_redacted {
        true => redacted::DEFAULT_OUT.to_owned(),
        false => format!("{name}-scenarios"),
    };
    let out_dir = options.out.clone().unwrap_or_else(|| Path::new("runs").join(default_out));
    let n_scenarios = all.len();
    let planned = (0..)
        .zip(all)
        .map(|(number, scenario)| {
            let named = || scenario.folder(number, n_scenarios);
            let folder =
                out_dir.join(if is_redacted { redacted::folder_name(number, n_scenarios) } else { named() });
            let overrides = options.overrides.iter().chain(&scenario.overrides).cloned().collect();
            // The base is whole: what is left out elsewhere is there to be looked at once.
            let brief = options.brief && !is_redacted && !scenario.is_full && number > 0;
            let out = Some(folder.clone());
            let options = Options { out, overrides, overwrite: true, brief, ..options.clone() };
            Planned { scenario, folder, options }
        })
        .collect();
    Ok(Plans { name, out_dir, planned })
}

/// Opens every scenario's inputs; all faults of all scenarios come back together, each with the scenario's name. Says
/// which scenarios need no work.
fn check_all(
    project: &Path,
    all: &[Planned],
    kept: &Kept,
    options: &Options,
    progress: &dyn Progress,
) -> Result<Vec<bool>> {
    let mut found: Vec<(Fault, Vec<&str>)> = Vec::new();
    let mut are_done = Vec::new();
    let mut in_the_way = Vec::new();
    for planned in all {
        progress.check()?;
        let opened = open(project, planned, kept, progress);
        let prepared = match opened {
            Ok(prepared) => prepared,
            Err(Error::Faults(faults)) => {
                for fault in faults {
                    let name = planned.scenario.name.as_str();
                    match found.iter_mut().find(|(known, _)| *known == fault) {
                        Some((_, names)) => names.push(name),
                        None => found.push((fault, vec![name])),
                    }
                }
                continue;
            }
            Err(other) => return Err(other),
        };
        let held = if options.redact.is_some() {
            redacted::held(&planned.folder)
        } else {
            held(&planned.folder, &prepared, &planned.options, kept)?
        };
        if held == Held::Other && !options.overwrite {
            in_the_way.push(planned.folder.display().to_string());
        }
        are_done.push(held == Held::Same);
    }
    let mut faults = Faults::new();
    for (fault, names) in found {
        // What is wrong in all of them is wrong in the project.
        let place = match names.as_slice() {
            names if names.len() == all.len() => fault.place,
            [name] => format!("scenario {name:?}: {}", fault.place),
            names => format!("scenarios {names:?}: {}", fault.place),
        };
        faults.push(Fault { place, ..fault });
    }
    if !in_the_way.is_empty() {
        let expected = "folders without finished runs of other settings or inputs";
        let fix = "pass --overwrite to replace them, or another folder with --out";
        let place = options.out.as_ref().map_or_else(|| "runs".to_owned(), |out| out.display().to_string());
        faults.push(Fault::new("out.exists", place, expected, in_the_way.join(", "), fix));
    }
    faults.finish()?;
    Ok(are_done)
}

fn open(project: &Path, planned: &Planned, kept: &Kept, progress: &dyn Progress) -> Result<Prepared> {
    let project = Project::open(project, &planned.options.overrides)?;
    Prepared::open_with(project, Need::Everything, planned.options.memory_bytes, kept, progress)
}

/// Runs a scenario; gives its ranks where they are at hand.
fn run_one(
    project: &Path,
    planned: &Planned,
    kept: &Arc<Kept>,
    progress: &dyn Progress,
) -> Result<Option<Arc<dyn Cells>>> {
    let settings = Project::open(project, &planned.options.overrides)?;
    let mut job = Job::begin("run", &settings, &planned.options)?;
    job.kept = Arc::clone(kept);
    let prepared = open(project, planned, kept, progress)?;
    let (_, scored) = job.work_to_planes(prepared, &planned.options, progress)?;
    Ok(scored.at_hand(Plane::Rank).cloned())
}

/// Folders of an earlier batch that this one does not have.
fn leftovers(out_dir: &Path, planned: &[Planned]) -> Vec<String> {
    let entries = fs::read_dir(out_dir).into_iter().flatten().flatten().map(|entry| entry.path());
    let is_other = |path: &PathBuf| {
        path.join(RUN_RECORD).is_file() && !planned.iter().any(|planned| planned.folder == *path)
    };
    let mut others: Vec<String> = entries.filter(is_other).map(|path| path.display().to_string()).collect();
    others.sort();
    if others.is_empty() {
        return Vec::new();
    }
    vec![format!(
        "runs that are no scenario of this batch lie beside it and are not compared: {}",
        others.join(", ")
    )]
}

impl BatchOutcome {
    /// The table for a person.
    pub fn to_table(&self) -> String {
        let mut text = Comparison::table(&self.rows);
        if self.n_kept > 0 {
            text.push_str(&format!(
                "\n{} whole already and kept\n",
                counted(self.n_kept, "scenario was", "scenarios were")
            ));
        }
        if self.is_redacted && !self.failed.is_empty() {
            text.push_str(&format!("\n{} scenarios failed: stderr says which\n", self.failed.len()));
        }
        for (name, error) in self.failed.iter().filter(|_| !self.is_redacted) {
            text.push_str(&format!("\nscenario {name:?} failed: {error}\n"));
        }
        text.push_str(&format!("\nfiles  {}\n", self.out_dir.display()));
        text
    }

    /// The same for a script.
    pub fn to_json(&self) -> Value {
        if self.is_redacted {
            return json!({ "out": self.out_dir.display().to_string(), "failed": { "count": self.failed.len() },
                "scenarios": self.rows.iter().map(Row::to_json).collect::<Vec<_>>(),
                "warnings": { "count": self.warnings.len() } });
        }
        let failed: Vec<Value> = self
            .failed
            .iter()
            .map(|(name, error)| json!({ "name": name, "error": error.to_string() }))
            .collect();
        json!({ "out": self.out_dir.display().to_string(), "kept": self.n_kept, "failed": failed,
                "scenarios": self.rows.iter().map(Row::to_json).collect::<Vec<_>>(), "warnings": self.warnings })
    }
}
