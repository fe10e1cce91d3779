//! A finished run: its record, its project as it was, its grids.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::super::kept::Kept;
use super::super::layers::{Given, OpenLayers, open_unread};
use super::super::project::Project;
use super::super::redact::refuse_redacted;
use super::super::verify::{entries, read_json};
use super::super::{hazard, measures};
use crate::error::{Fault, Faults, Result};
use crate::grid::{Cells as _, Window, is_unknown};
use crate::io::atomic::RUN_RECORD;
use crate::io::geotiff::GeoTiff;
use crate::io::hash::file_hash;
use crate::io::scratch::Scratch;
use crate::progress::Silent;
use crate::score::Native;

/// Decoded blocks that layers may keep, bytes: a few windows are read.
const CACHE_BYTES: u64 = 512 << 20;

/// A finished run.
pub struct Finished {
    /// Its folder.
    pub dir: PathBuf,
    /// Its `run.json`.
    pub record: Value,
}

impl Finished {
    /// Opens the record of a run.
    pub fn open(dir: &Path) -> Result<Self> {
        let record = read_json(&dir.join(RUN_RECORD), dir)?;
        refuse_redacted(&record, dir)?;
        Ok(Self { dir: dir.to_path_buf(), record })
    }

    /// The path of one of the run's files; a fault that says `instead` where it wrote none.
    pub fn output(&self, name: &str, instead: &str) -> Result<PathBuf> {
        let path = self.dir.join(name);
        if path.is_file() {
            return Ok(path);
        }
        let place = self.dir.display().to_string();
        let instead = match self.record["options"]["brief"] == true {
            true => {
                "it is a scenario with few files: give it `full = true`, or batch with --full, and run the batch again"
            }
            false => instead,
        };
        Err(Fault::new("explain.no_file", place, format!("a run that wrote {name}"), "none", instead).into())
    }

    /// A cell of one of the run's grids; `None` where it is unknown.
    pub fn cell(&self, name: &str, [col, row]: [i64; 2]) -> Result<Option<f64>> {
        let path = self.output(name, "give the folder of a `clearway run` or `clearway score`")?;
        let value = GeoTiff::open(&path, 1)?.read_vec(Window::new(col, row, 1, 1))?[0];
        Ok((!is_unknown(value)).then_some(f64::from(value)))
    }

    /// The project as it was, with its layers on the frame.
    pub fn project(&self) -> Result<(Project, OpenLayers<'static>)> {
        let place = || self.dir.join(RUN_RECORD).display().to_string();
        let files = entries(&self.record, "inputs", &self.dir)?;
        if !self.record["settings"].is_object() {
            let fix = "only runs of a project have cells";
            return Err(
                Fault::new("explain.no_project", place(), "settings of a project", "none", fix).into()
            );
        }
        // The project file is the first that is read.
        let project = Project::of_record(&self.record["settings"], Path::new(files[0].0))?;
        let mut faults = Faults::new();
        let layers = open_unread(&project, &Given::new(), CACHE_BYTES, &Kept::nothing(), &mut faults)?;
        faults.finish()?;
        let mut layers = layers.ok_or_else(|| {
            Fault::new("explain.no_project", place(), "layers on a frame", "none", "run the project again")
        })?;
        // What the run made of its inputs is made again: it wrote no plane of a measure.
        let scratch = Scratch::new(&std::env::temp_dir(), CACHE_BYTES as usize);
        let (mut engine, silent) = (Native::new(), Silent::default());
        let rows = 0..layers.frame.n_rows;
        hazard::make(&mut layers, &mut engine, &scratch, rows.clone(), &silent)?;
        let measured = &project.score.measures;
        measures::make(&mut layers, measured, &mut engine, &scratch, rows, CACHE_BYTES as usize, &silent)?;
        Ok((project, layers))
    }

    /// A number of scoring's results in the record.
    pub fn result(&self, key: &str) -> Option<f64> {
        self.record["results"]["score"][key].as_f64()
    }

    /// Which files are not those that the run read or wrote.
    pub fn changes(&self) -> Vec<String> {
        let mut changes = Vec::new();
        for (kind, folder) in [("inputs", None), ("outputs", Some(&self.dir))] {
            for entry in self.record[kind].as_array().into_iter().flatten() {
                let (Some(name), Some(sha256)) = (entry["path"].as_str(), entry["sha256"].as_str()) else {
                    continue;
                };
                let path = folder.map_or_else(|| PathBuf::from(name), |folder| folder.join(name));
                let what = if folder.is_some() { "output" } else { "input" };
                match file_hash(&path) {
                    Ok(hash) if hash.sha256 == sha256 => {}
                    Ok(_) => changes.push(format!(
                        "{what} {name} has changed since the run: what is computed from it here need not be what \
                         the run computed"
                    )),
                    Err(_) => changes.push(format!("{what} {name} cannot be read any more")),
                }
            }
        }
        changes
    }
}
