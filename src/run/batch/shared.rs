//! Scenarios run by several processes, on folders that all of them see: [`batch_check`] once, [`batch_some`] for some of
//! them anywhere, and [`batch`](super::batch) at the end, which finds them whole and compares.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::super::Options;
use super::super::kept::Kept;
use super::done::{Held, held};
use super::{Plans, check_all, open, plans, run_one};
use crate::error::{Error, Fault, Result};
use crate::io::scratch::Scratch;
use crate::progress::Progress;

/// The scenarios by name, the base first, and the folder of all.
///
/// # Errors
/// Faults of the project file and of SCENARIOS.toml; `batch.redact` where the runs are to be redacted.
pub fn batch_names(project: &Path, scenarios: &Path, options: &Options) -> Result<(Vec<String>, PathBuf)> {
    if options.redact.is_some() {
        let expected = "runs whose folders the next process may read";
        let fix = "run it in one process, `clearway batch --redact`: nothing is left there to go on from";
        return Err(Fault::new("batch.redact", "redact", expected, "redacted runs", fix).into());
    }
    let Plans { out_dir, planned, .. } = plans(project, scenarios, options)?;
    Ok((planned.into_iter().map(|planned| planned.scenario.name).collect(), out_dir))
}

/// Opens every scenario's inputs: all faults of all of them come back together.
///
/// # Errors
/// Those faults; `out.exists` where folders hold runs of other settings or inputs, unless they may be replaced.
pub fn batch_check(
    project: &Path,
    scenarios: &Path,
    options: &Options,
    progress: &dyn Progress,
) -> Result<()> {
    let Plans { planned, .. } = plans(project, scenarios, options)?;
    check_all(project, &planned, &kept(options), options, progress).map(drop)
}

/// Runs those of some scenarios, by number, whose folders do not hold them already; what they have in common is computed
/// once. One that cannot be planned is passed over: [`batch`](super::batch) tells why.
///
/// # Errors
/// What no other scenario can mend: files that cannot be read or written, an interrupt.
pub fn batch_some(
    project: &Path,
    scenarios: &Path,
    numbers: &[usize],
    options: &Options,
    progress: &dyn Progress,
) -> Result<()> {
    let Plans { planned, .. } = plans(project, scenarios, options)?;
    let kept = Arc::new(kept(options));
    for planned in numbers.iter().filter_map(|number| planned.get(*number)) {
        progress.check()?;
        let prepared = open(project, planned, &kept, progress)?;
        if held(&planned.folder, &prepared, &planned.options, &kept)? == Held::Same {
            continue;
        }
        match run_one(project, planned, &kept, progress) {
            Ok(_) | Err(Error::Faults(_)) => {}
            Err(other) => return Err(other),
        }
        progress.check()?;
    }
    Ok(())
}

/// What the scenarios of one call share; planes that do not fit the memory go to the system's folder for such files.
fn kept(options: &Options) -> Kept {
    Kept::in_scratch(Scratch::new(&std::env::temp_dir(), (options.memory_bytes / 2) as usize))
}
