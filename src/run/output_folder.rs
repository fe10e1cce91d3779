//! What lies in the output folder: inputs and other people's files are spared, an earlier run's leftovers go.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::error::{Error, Fault, Faults, Result};
use crate::io::atomic::RUN_RECORD;
use crate::report::formats::Format;
use crate::report::grids::grids;

/// What a run may write besides grids and record.
const TABLES: [&str; 10] = [
    "hazard.tif",
    "hazard.qml",
    "tasks.qml",
    "report.html",
    "curve.csv",
    "tasks.csv",
    "tasks.geojson",
    "plan.csv",
    "plan.geojson",
    "plan.json",
];

/// Every name that a run may write.
fn names() -> impl Iterator<Item = &'static str> {
    let formats = Format::ALL.into_iter().flat_map(Format::files).copied();
    let grids = grids(true).flat_map(|grid| [grid.name, grid.style].into_iter().chain(grid.colours));
    grids.chain(TABLES).chain(formats).chain([RUN_RECORD])
}

/// Refuses to write over what is read: `--out .` beside a `cost.tif` of the project's own, or the folder of the
/// run whose task areas are planned. `--overwrite` does not change that.
pub fn spare_inputs(out_dir: &Path, inputs: &[PathBuf]) -> Result<()> {
    let Ok(folder) = out_dir.canonicalize() else { return Ok(()) };
    let is_output = |path: &Path| {
        let Ok(path) = path.canonicalize() else { return false };
        path.parent() == Some(&folder)
            && path.file_name().is_some_and(|name| names().any(|output| name == output))
    };
    let mut faults = Faults::new();
    for input in inputs.iter().filter(|input| is_output(input)) {
        let place = out_dir.display().to_string();
        let expected = "an output folder without this run's inputs";
        let found = format!("{}, which would be written over", input.display());
        faults.push(Fault::new("out.over_input", place, expected, found, "choose another folder with --out"));
    }
    faults.finish()
}

/// Refuses to write over files of which no record says that a run made them, unless `overwrite`.
pub fn spare_others(out_dir: &Path, overwrite: bool) -> Result<()> {
    let there: Vec<&str> = names().filter(|name| out_dir.join(name).exists()).collect();
    if overwrite || there.is_empty() {
        return Ok(());
    }
    let found = format!("{}, which would be written over", there.join(", "));
    let fix = "choose another folder with --out, or pass --overwrite to replace them";
    let place = out_dir.display().to_string();
    Err(Fault::new("out.exists", place, "a folder without files of those names", found, fix).into())
}

/// The files that the run in a folder wrote, by its record; none where there is no readable record.
pub fn outputs_of(out_dir: &Path) -> Vec<String> {
    let record = std::fs::read_to_string(out_dir.join(RUN_RECORD)).ok();
    let record: Option<serde_json::Value> = record.and_then(|text| serde_json::from_str(&text).ok());
    let outputs = record.as_ref().and_then(|record| record["outputs"].as_array());
    let names = outputs.into_iter().flatten().filter_map(|output| output["path"].as_str());
    // Plain names only: a record from elsewhere must not lead out of the folder.
    names.filter(|name| Path::new(name).file_name() == Some(name.as_ref())).map(str::to_owned).collect()
}

/// Removes a replaced run's files that this one did not write: they would stand beside its record as if they
/// were its own.
pub fn remove_stale(out_dir: &Path, earlier: &[String], written: &[&str]) -> Result<()> {
    for name in earlier.iter().filter(|name| !written.contains(&name.as_str())) {
        let stale = out_dir.join(name);
        match std::fs::remove_file(&stale) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                return Err(Error::io("remove the earlier run's", &stale)(error));
            }
            _ => {}
        }
    }
    Ok(())
}
