//! `run.json`: what was run, on what, with what result, so that it can be repeated and checked. Written last.

use std::path::{Path, PathBuf};

use rayon::prelude::*;
use serde_json::{Map, Value, json};

use crate::error::{Error, Result};
use crate::io::gdal_release;
use crate::io::hash::{FileHash, file_hash};
use crate::score::{EngineInfo, StageSeconds, Summary};

/// The Cargo features this build has.
pub fn features() -> Vec<&'static str> {
    let known =
        [("gpu", cfg!(feature = "gpu")), ("proj", cfg!(feature = "proj")), ("gdal", cfg!(feature = "gdal"))];
    known.into_iter().filter(|(_, has)| *has).map(|(name, _)| name).collect()
}

/// What the record gathers during a run.
#[derive(Debug, Default)]
pub struct Record {
    /// The command: `run`, `score` or `plan`.
    pub command: String,
    /// Name of the project.
    pub project: String,
    /// Seed.
    pub seed: u64,
    /// Settings as used.
    pub settings: Value,
    /// Options of the command line that change results or where they are computed.
    pub options: Map<String, Value>,
    /// Files read.
    pub inputs: Vec<PathBuf>,
    /// Who computed the scores, and why it was taken.
    pub engine: Option<(EngineInfo, String)>,
    /// Totals for scripts.
    pub results: Map<String, Value>,
    /// What a person should know.
    pub warnings: Vec<String>,
    /// Every fault of every polygon of the hazardous areas.
    pub polygon_faults: Vec<Value>,
    /// Hazardous areas that are not taken because of their status.
    pub areas_left_out: Vec<Value>,
    /// Seconds of each stage.
    pub seconds: Vec<StageSeconds>,
    /// When it began, in UTC.
    pub started: String,
}

impl Record {
    /// Takes scoring's totals, warnings and times.
    pub fn take_summary(&mut self, summary: &Summary) {
        self.warnings.extend(summary.warnings.iter().cloned());
        self.seconds.extend(summary.seconds.iter().cloned());
        self.results.insert("score".into(), score_results(summary));
    }

    /// The record of a run whose outputs lie in `folder`; `hash` gives the fingerprints of inputs and outputs.
    pub fn to_json(
        &self,
        folder: &Path,
        outputs: &[&str],
        hash: &(dyn Fn(&Path) -> Result<FileHash> + Sync),
    ) -> Result<Value> {
        let hashed = |path: &Path, name: String| -> Result<Value> { Ok(entry(&name, &hash(path)?)) };
        let inputs: Vec<Value> =
            self.inputs.par_iter().map(|path| hashed(path, from_anywhere(path))).collect::<Result<_>>()?;
        let outputs: Vec<Value> = outputs
            .par_iter()
            .map(|name| hashed(&folder.join(name), (*name).to_owned()))
            .collect::<Result<_>>()?;
        let device = self.engine.as_ref().map(|(info, note)| {
            json!({ "kind": info.kind, "device": info.device, "driver": info.driver, "why": note })
        });
        let seconds: Map<String, Value> =
            self.seconds.iter().map(|stage| (stage.stage.clone(), round(stage.seconds).into())).collect();
        Ok(json!({
            "program": "clearway",
            "version": env!("CARGO_PKG_VERSION"),
            "features": features(),
            "gdal": gdal_release(),
            "command": self.command,
            "project": self.project,
            "started": self.started,
            "seed": self.seed,
            "settings": self.settings,
            "options": self.options,
            "inputs": inputs,
            "outputs": outputs,
            "engine": device,
            "results": self.results,
            "warnings": self.warnings,
            "polygon_faults": self.polygon_faults,
            "areas_left_out": self.areas_left_out,
            "seconds": seconds,
        }))
    }
}

/// Adds an output made from the record itself, and how long it took, s.
pub fn add_output(record: &mut Value, folder: &Path, name: &str, seconds: f64) -> Result<()> {
    let entry = entry(name, &file_hash(&folder.join(name))?);
    record["outputs"].as_array_mut().expect("a record lists its outputs").push(entry);
    record["seconds"][name] = round(seconds).into();
    Ok(())
}

/// Writes a record.
pub fn write(record: &Value, path: &Path) -> Result<()> {
    let mut text = serde_json::to_string_pretty(record)
        .map_err(|error| Error::io("write", path)(std::io::Error::other(error)))?;
    text.push('\n');
    std::fs::write(path, text).map_err(Error::io("write", path))
}

fn entry(name: &str, hash: &FileHash) -> Value {
    json!({ "path": name, "bytes": hash.bytes, "sha256": hash.sha256 })
}

/// Scoring's totals as JSON.
pub fn score_results(summary: &Summary) -> Value {
    let classes: Vec<Value> = summary
        .classes
        .iter()
        .map(|class| json!({ "class": class.class, "cells": class.n_cells, "area_m2": class.area_m2 }))
        .collect();
    let unknown: Map<String, Value> = summary
        .unknown
        .iter()
        .map(|layer| (layer.layer.clone(), json!({ "unknown": layer.n_unknown, "lost": layer.n_lost })))
        .collect();
    json!({
        "cells": summary.n_cells,
        "scored_cells": summary.n_scored,
        "scored_area_m2": summary.scored_area_m2,
        "people": summary.people,
        "exposure_ha": summary.exposure_ha,
        "benefit_ha": summary.benefit_ha,
        "cost_usd": summary.cost_usd,
        "max_exposure": summary.maxima.exposure,
        "max_layers": summary.maxima.layers,
        "classes": classes,
        "unknown_cells": unknown,
        "tile_cells": summary.tile_size,
    })
}

/// A path that leads to its file from any working folder, so that `verify` finds it wherever it is called.
fn from_anywhere(path: &Path) -> String {
    std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf()).display().to_string()
}

fn round(seconds: f64) -> f64 {
    (seconds * 1000.0).round() / 1000.0
}
