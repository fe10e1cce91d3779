//! `--resume`: what an interrupted run had finished is used again.
//!
//! A run leaves its hidden folder behind when it ends early and a stage in it is whole: grids, then task areas, then the
//! plan. A stage is whole when its record lies there, which is written last, renamed and names its files with their
//! hashes, and all of them are as it says. It is used when it was made by this version from the same settings and input
//! files (by path, size and time of change); otherwise it is made again, and a note says why.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::kept::stamp;
use crate::error::{Error, Result};
use crate::grid::Cells;
use crate::io::atomic::{STAGE_RECORD, write_atomic};
use crate::io::hash::{FileHash, bytes_hash, file_hash};
use crate::progress::Progress;
use crate::score::{
    ClassSummary, CurvePoint, EngineInfo, Maxima, QuantileTable, Recipe, SharedTable, Source, Summary,
    UnknownCount, Value,
};

/// Cells along the side of the windows in which quantiles are counted again.
const TILE_CELLS: usize = 1024;

/// The stages of one run.
#[derive(Debug, Default)]
pub struct Stages {
    /// `None` where stages are not kept.
    folder: Option<PathBuf>,
    resumes: bool,
    /// Stages that are whole, in words.
    whole: Vec<&'static str>,
    /// Hashes of files, by stamp.
    hashes: Vec<(String, FileHash)>,
}

/// What a stage was made of.
pub struct StageKey {
    /// Settings and layers.
    pub settings: String,
    /// Stamps of the files read.
    pub inputs: Vec<String>,
}

#[derive(Debug, Serialize, Deserialize)]
struct StageRecord {
    version: String,
    settings: String,
    inputs: Vec<String>,
    files: Vec<StageFile>,
}

#[derive(Debug, Serialize, Deserialize)]
struct StageFile {
    name: String,
    bytes: u64,
    sha256: String,
}

impl Stages {
    /// In a run's hidden folder. With `resumes` it may hold what an earlier run left; what belongs to no whole stage is
    /// removed.
    pub fn in_folder(folder: &Path, resumes: bool) -> Result<Self> {
        let stages = Self { folder: Some(folder.to_path_buf()), resumes, ..Self::default() };
        if !resumes {
            return Ok(stages);
        }
        let mut known: HashSet<String> = HashSet::new();
        let names: Vec<String> = fs::read_dir(folder)
            .map_err(Error::io("read", folder))?
            .flatten()
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .collect();
        for name in names.iter().filter(|name| name.ends_with(STAGE_RECORD)) {
            if let Some(record) = read_record(&folder.join(name)) {
                known.insert(name.clone());
                known.extend(record.files.into_iter().map(|file| file.name));
            }
        }
        for name in names.iter().filter(|name| !known.contains(*name) && !name.starts_with('.')) {
            let path = folder.join(name);
            fs::remove_file(&path).map_err(Error::io("remove", &path))?;
        }
        Ok(stages)
    }

    /// What a stage left, where it is whole and was made of the same.
    pub fn find<T: DeserializeOwned>(
        &mut self,
        stage: &'static str,
        key: &StageKey,
        progress: &dyn Progress,
    ) -> Option<T> {
        let folder = self.folder.as_ref().filter(|_| self.resumes)?;
        let record = read_record(&folder.join(record_name(stage)))?;
        let again =
            |why: &str| progress.note(&format!("{stage} of the interrupted run: made again, because {why}"));
        if record.version != env!("CARGO_PKG_VERSION") {
            again("another version made them");
            return None;
        }
        if let Some(stamp) = record.inputs.iter().find(|stamp| !key.inputs.contains(stamp)) {
            again(&format!("an input has changed: {}", stamp.split('|').next().unwrap_or_default()));
            return None;
        }
        if record.settings != bytes_hash(key.settings.as_bytes()) || record.inputs.len() != key.inputs.len() {
            again("settings or inputs have changed");
            return None;
        }
        let hashes = self.hashes_of(folder, record.files.iter().map(|file| file.name.as_str()).collect());
        for (file, hash) in record.files.iter().zip(&hashes) {
            let is_same =
                hash.as_ref().is_ok_and(|(_, hash)| hash.bytes == file.bytes && hash.sha256 == file.sha256);
            if !is_same {
                again(&format!("{} is not as it was written", file.name));
                return None;
            }
        }
        let state = fs::read_to_string(folder.join(state_name(stage))).ok();
        let state = state.and_then(|text| serde_json::from_str(&text).ok())?;
        progress.note(&format!("{stage} of the interrupted run: used again"));
        self.whole.push(stage);
        self.hashes.extend(hashes.into_iter().flatten());
        Some(state)
    }

    /// Notes that a stage is whole: its `files` and what else is needed to go on from it.
    pub fn done<T: Serialize>(
        &mut self,
        stage: &'static str,
        key: &StageKey,
        files: &[&str],
        state: &T,
    ) -> Result<()> {
        let Some(folder) = self.folder.as_ref().filter(|_| !self.whole.contains(&stage)) else {
            return Ok(());
        };
        let record_path = folder.join(record_name(stage));
        let as_text = |result: serde_json::Result<String>| {
            result.map_err(|error| Error::io("write", &record_path)(std::io::Error::other(error)))
        };
        let state_name = state_name(stage);
        write_atomic(&folder.join(&state_name), as_text(serde_json::to_string(state))?.as_bytes())?;
        // Not waited for until they lie on the disk: should the power fail before, their hashes tell.
        let names: Vec<&str> = files.iter().copied().chain([state_name.as_str()]).collect();
        let hashes = self.hashes_of(folder, names.clone()).into_iter().collect::<Result<Vec<_>>>()?;
        let file = |(name, (_, hash)): (&str, &(String, FileHash))| StageFile {
            name: name.to_owned(),
            bytes: hash.bytes,
            sha256: hash.sha256.clone(),
        };
        let record = StageRecord {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            settings: bytes_hash(key.settings.as_bytes()),
            inputs: key.inputs.clone(),
            files: names.into_iter().zip(&hashes).map(file).collect(),
        };
        write_atomic(&record_path, as_text(serde_json::to_string(&record))?.as_bytes())?;
        self.whole.push(stage);
        self.hashes.extend(hashes);
        Ok(())
    }

    /// Takes over the hash of a file as it was when it had this stamp.
    pub fn know(&mut self, stamp: String, hash: FileHash) {
        self.hashes.push((stamp, hash));
    }

    /// The hash of a file that is as it was when it was hashed.
    pub fn hash(&self, path: &Path) -> Option<FileHash> {
        let now = stamp(path);
        self.hashes.iter().find(|(stamp, _)| *stamp == now).map(|(_, hash)| hash.clone())
    }

    /// Stamp and hash of files, side by side.
    fn hashes_of(&self, folder: &Path, names: Vec<&str>) -> Vec<Result<(String, FileHash)>> {
        let of = |name: &str| {
            let path = folder.join(name);
            let hash = self.hash(&path).map_or_else(|| file_hash(&path), Ok)?;
            Ok((stamp(&path), hash))
        };
        names.into_par_iter().map(of).collect()
    }

    /// The stages that are whole, for a person: "grids, task areas"; `None` where there is none.
    pub fn whole(&self) -> Option<String> {
        (!self.whole.is_empty()).then(|| self.whole.join(", "))
    }
}

fn record_name(stage: &str) -> String {
    format!("{}{STAGE_RECORD}", stage.replace(' ', "-"))
}

fn state_name(stage: &str) -> String {
    format!("{}.state.json", stage.replace(' ', "-"))
}

/// A record whose files are plain names; anything else is not ours.
fn read_record(path: &Path) -> Option<StageRecord> {
    let record: StageRecord = serde_json::from_str(&fs::read_to_string(path).ok()?).ok()?;
    let is_plain = |name: &str| Path::new(name).file_name() == Some(name.as_ref());
    record.files.iter().all(|file| is_plain(&file.name)).then_some(record)
}

/// A [`Summary`] but for its quantiles, which are counted again, and its seconds.
#[derive(Debug, Serialize, Deserialize)]
pub struct SummaryState {
    n_cells: u64,
    n_scored: u64,
    scored_area_m2: f64,
    people: f64,
    exposure_ha: f64,
    people_at_risk_mean: f64,
    benefit_ha: f64,
    cost_usd: f64,
    max_exposure: f64,
    max_layers: Vec<f64>,
    classes: Vec<ClassSummary>,
    curve: Vec<CurvePoint>,
    unknown: Vec<UnknownCount>,
    warnings: Vec<String>,
    is_gpu: bool,
    device: String,
    driver: String,
    tile_size: usize,
}

impl SummaryState {
    /// Of a summary.
    pub fn of(summary: &Summary) -> Self {
        let Summary { maxima, engine, .. } = summary.clone();
        Self {
            n_cells: summary.n_cells,
            n_scored: summary.n_scored,
            scored_area_m2: summary.scored_area_m2,
            people: summary.people,
            exposure_ha: summary.exposure_ha,
            people_at_risk_mean: summary.people_at_risk_mean,
            benefit_ha: summary.benefit_ha,
            cost_usd: summary.cost_usd,
            max_exposure: maxima.exposure,
            max_layers: maxima.layers,
            classes: summary.classes.clone(),
            curve: summary.curve.clone(),
            unknown: summary.unknown.clone(),
            warnings: summary.warnings.clone(),
            is_gpu: engine.kind == "gpu",
            device: engine.device,
            driver: engine.driver,
            tile_size: summary.tile_size,
        }
    }

    /// The summary again. Quantiles are counted over the same cells: `exposure` is the grid written, `layers` are the
    /// criterion layers.
    pub fn summary(self, recipe: &Recipe, exposure: &dyn Cells, layers: &[&dyn Cells]) -> Result<Summary> {
        let mut quantiles = Vec::new();
        for criterion in recipe.criteria.iter().filter(|criterion| criterion.value == Value::Quantile) {
            if quantiles.iter().any(|(of, _)| *of == criterion.source) {
                continue;
            }
            let cells = match criterion.source {
                Source::Exposure => exposure,
                Source::Layer(layer) => layers[layer],
            };
            let table = QuantileTable::of_plane(cells, exposure, TILE_CELLS)?;
            quantiles.push((criterion.source, SharedTable::new(table)));
        }
        Ok(Summary {
            n_cells: self.n_cells,
            n_scored: self.n_scored,
            scored_area_m2: self.scored_area_m2,
            people: self.people,
            exposure_ha: self.exposure_ha,
            people_at_risk_mean: self.people_at_risk_mean,
            benefit_ha: self.benefit_ha,
            cost_usd: self.cost_usd,
            maxima: Maxima { exposure: self.max_exposure, layers: self.max_layers, quantiles },
            classes: self.classes,
            curve: self.curve,
            unknown: self.unknown,
            seconds: Vec::new(),
            warnings: self.warnings,
            engine: EngineInfo {
                kind: if self.is_gpu { "gpu" } else { "native" },
                device: self.device,
                driver: self.driver,
            },
            tile_size: self.tile_size,
        })
    }
}
