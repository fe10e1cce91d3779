//! Where pieces lie, and the records that say they are whole.
//!
//! ```text
//! DIR/shards/0003-of-0007/exposure.tif.piece …   planes of one shard's rows
//!                         exposure.counts        what the step counted
//!                         exposure.json          its record, written last: identity, and size and CRC-32 of the files
//! DIR/shards/totals/      exposure.counts, exposure.json    the counts of all shards
//! ```
//!
//! Every file is written beside and renamed, so two processes that make one shard at the same time leave the same bytes,
//! and no file is ever half there under its name. No locks are needed.

use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::identity::Identity;
use crate::error::{Error, Fault, Result};
use crate::io::atomic::write_atomic;
use crate::io::geotiff::PieceWritten;
use crate::score::{EngineInfo, StepCounts};

/// The folder of the pieces inside the output folder.
pub const FOLDER: &str = "shards";

const TOTALS: &str = "totals";

/// The pseudo-step of what is made and found before scoring.
pub const LAYERS: &str = "layers";

/// What a step of a shard left.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct StepRecord {
    /// What makes it belong to others.
    pub identity: Identity,
    /// Which shard, from 1; 0 for the counts of all.
    pub shard: usize,
    /// First row, and the one after the last.
    pub rows: [usize; 2],
    /// The step.
    pub step: String,
    /// How it was asked for.
    pub asked: AskedFor,
    /// Who computed it.
    pub engine: [String; 3],
    /// What a person should know.
    pub warnings: Vec<String>,
    /// Its files.
    pub files: Vec<StepFile>,
}

/// What `merge` repeats of the command line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AskedFor {
    /// The project file, from any folder.
    pub project: PathBuf,
    /// `--backend`.
    pub backend: String,
    /// `--device`.
    pub device: Option<String>,
    /// `--seed`.
    pub seed: Option<u64>,
    /// `--compress`.
    pub compress: String,
    /// `--set`.
    pub set: Vec<String>,
}

/// A file of a step.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct StepFile {
    /// Its name.
    pub name: String,
    /// Its size.
    pub bytes: u64,
    /// CRC-32 of all of it.
    pub crc32: u32,
}

impl StepFile {
    /// Of a piece.
    pub fn of_piece(name: String, written: PieceWritten) -> Self {
        Self { name, bytes: written.bytes, crc32: written.crc32 }
    }
}

impl StepRecord {
    /// The engine, as scoring tells it.
    pub fn engine_info(&self) -> EngineInfo {
        let [kind, device, driver] = self.engine.clone();
        EngineInfo { kind: if kind == "gpu" { "gpu" } else { "native" }, device, driver }
    }

    /// The first of the files that does not lie in `folder` with its size.
    pub fn missing_file(&self, folder: &Path) -> Option<&StepFile> {
        let size = |file: &StepFile| fs::metadata(folder.join(&file.name)).map(|about| about.len());
        self.files.iter().find(|file| !size(file).is_ok_and(|bytes| bytes == file.bytes))
    }

    /// Whether one of the files has this name.
    pub fn has(&self, name: &str) -> bool {
        self.files.iter().any(|file| file.name == name)
    }
}

/// The folder of pieces in an output folder.
#[derive(Debug, Clone)]
pub struct ShardsFolder {
    /// `DIR/shards`.
    pub root: PathBuf,
}

impl ShardsFolder {
    /// Inside an output folder.
    pub fn of(out_dir: &Path) -> Self {
        Self { root: out_dir.join(FOLDER) }
    }

    /// One shard's folder; `number` counts from 1.
    pub fn shard(&self, number: usize, of: usize) -> PathBuf {
        self.root.join(format!("{number:04}-of-{of:04}"))
    }

    /// Where the counts of all lie.
    pub fn totals(&self) -> PathBuf {
        self.root.join(TOTALS)
    }

    /// The shards that have left something: (number, of), rising.
    pub fn found(&self) -> Vec<(usize, usize)> {
        let names = fs::read_dir(&self.root).into_iter().flatten().flatten();
        let parse = |name: &str| {
            let (number, of) = name.split_once("-of-")?;
            Some((number.parse().ok()?, of.parse().ok()?))
        };
        let mut found: Vec<(usize, usize)> =
            names.filter_map(|entry| parse(&entry.file_name().to_string_lossy())).collect();
        found.sort_unstable_by_key(|(number, of)| (*of, *number));
        found
    }
}

/// A step's file name.
fn record_name(step: &str) -> String {
    format!("{step}.json")
}

/// The file of a step's counts.
pub fn counts_name(step: &str) -> String {
    format!("{step}.counts")
}

/// The record of a step, where there is one.
pub fn read_record(folder: &Path, step: &str) -> Result<Option<StepRecord>> {
    let path = folder.join(record_name(step));
    let text = match fs::read_to_string(&path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        text => text.map_err(Error::io("read", &path))?,
    };
    // Plain names only: a record from elsewhere must not lead out of the folder.
    let is_plain = |file: &StepFile| Path::new(&file.name).file_name() == Some(file.name.as_ref());
    match serde_json::from_str::<StepRecord>(&text) {
        Ok(record) if record.files.iter().all(is_plain) && record.step == step => Ok(Some(record)),
        _ => Err(damaged(&path, "something else")),
    }
}

/// The steps of which records lie in a folder.
pub fn recorded_steps(folder: &Path) -> Vec<String> {
    let names = fs::read_dir(folder).into_iter().flatten().flatten();
    let names = names.map(|entry| entry.file_name().to_string_lossy().into_owned());
    let mut steps: Vec<String> =
        names.filter_map(|name| name.strip_suffix(".json").map(str::to_owned)).collect();
    steps.retain(|step| !step.contains('.'));
    steps.sort();
    steps
}

/// Removes a record, so that its step counts as not done.
pub fn remove_record(folder: &Path, step: &str) -> Result<()> {
    let path = folder.join(record_name(step));
    match fs::remove_file(&path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(Error::io("remove", &path)(error)),
        _ => Ok(()),
    }
}

/// Writes a step's bytes compressed, and says what it takes to know them again.
pub fn write_file(folder: &Path, name: String, bytes: &[u8]) -> Result<StepFile> {
    let path = folder.join(&name);
    let packed = zstd::bulk::compress(bytes, 1).map_err(Error::io("write", &path))?;
    write_atomic(&path, &packed)?;
    Ok(StepFile { name, bytes: packed.len() as u64, crc32: libdeflater::crc32(&packed) })
}

/// Reads them again.
pub fn read_file(folder: &Path, record: &StepRecord, name: &str) -> Result<Vec<u8>> {
    let path = folder.join(name);
    let Some(file) = record.files.iter().find(|file| file.name == name) else {
        return Err(damaged(&path, "none in its record"));
    };
    let packed = fs::read(&path).map_err(Error::io("read", &path))?;
    if packed.len() as u64 != file.bytes || libdeflater::crc32(&packed) != file.crc32 {
        return Err(damaged(&path, "other bytes"));
    }
    zstd::stream::decode_all(packed.as_slice()).map_err(|_| damaged(&path, "bytes that cannot be unpacked"))
}

/// A step's counts.
pub fn read_counts(folder: &Path, record: &StepRecord) -> Result<StepCounts> {
    let name = counts_name(&record.step);
    let bytes = read_file(folder, record, &name)?;
    StepCounts::from_bytes(&bytes).ok_or_else(|| damaged(&folder.join(&name), "counts that are not whole"))
}

/// Writes a record, as the last of its step.
pub fn write_record(folder: &Path, record: &StepRecord) -> Result<()> {
    let path = folder.join(record_name(&record.step));
    let text = serde_json::to_string_pretty(record)
        .map_err(|error| Error::io("write", &path)(std::io::Error::other(error)))?;
    write_atomic(&path, text.as_bytes())
}

/// A file that is not as it was written.
pub fn damaged(path: &Path, found: &str) -> Error {
    let fix = "remove it and run its shard again";
    let place = path.display().to_string();
    Fault::new("shard.damaged", place, "the file as its shard wrote it", found, fix).into()
}
