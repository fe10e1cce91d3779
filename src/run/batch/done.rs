//! Whether a scenario's folder holds a whole run of the very settings and inputs, so that it need not be run again.

use std::path::Path;

use serde_json::{Map, Value};

use super::super::kept::Kept;
use super::super::prepared::Prepared;
use super::super::{INTERRUPTED, Options};
use crate::error::Result;
use crate::io::atomic::RUN_RECORD;

/// Options that change what a run writes; the others say where and how fast.
const OPTIONS: [&str; 5] = ["compress", "seed", "seconds", "iterations", "threads"];

/// What a scenario's folder holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Held {
    /// A whole run of the same settings and inputs.
    Same,
    /// A run of other ones.
    Other,
    /// Nothing, or what is left of a run.
    Nothing,
}

/// What `folder` holds. A record that cannot be read, or whose files are not there, holds nothing.
pub fn held(folder: &Path, prepared: &Prepared, options: &Options, kept: &Kept) -> Result<Held> {
    let record = std::fs::read_to_string(folder.join(RUN_RECORD)).ok();
    let record: Option<Value> = record.and_then(|text| serde_json::from_str(&text).ok());
    let Some(record) = record.filter(|record| outputs_lie(record, folder)) else { return Ok(Held::Nothing) };
    let now = options.for_record();
    let was = record["options"].as_object().cloned().unwrap_or_else(Map::new);
    let same_options = OPTIONS.iter().all(|key| was.get(*key) == now.get(*key));
    let cut_short =
        record["warnings"].as_array().is_some_and(|all| all.iter().any(|text| text == INTERRUPTED));
    // A whole run holds all that a brief one does, and is made of a brief one by running it again.
    let too_brief = record["options"]["brief"] == true && !options.brief;
    let same = record["version"] == env!("CARGO_PKG_VERSION")
        && record["command"] == "run"
        && record["settings"] == prepared.project.as_used
        && same_options
        && same_inputs(&record, prepared, kept)?;
    Ok(match (same, cut_short || too_brief) {
        (true, false) => Held::Same,
        (true, true) => Held::Nothing,
        (false, _) => Held::Other,
    })
}

/// Whether every file read has the hash that it had then. The project file itself counts by its settings.
fn same_inputs(record: &Value, prepared: &Prepared, kept: &Kept) -> Result<bool> {
    let inputs: Vec<&Value> = record["inputs"].as_array().into_iter().flatten().skip(1).collect();
    if inputs.len() != prepared.files.len() {
        return Ok(false);
    }
    for (input, path) in inputs.iter().zip(&prepared.files) {
        if input["sha256"] != kept.hash(path)?.sha256 {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whether every output lies there in its size; `clearway verify` looks at every byte.
fn outputs_lie(record: &Value, folder: &Path) -> bool {
    let mut outputs = record["outputs"].as_array().into_iter().flatten();
    outputs.all(|output| {
        let path = output["path"].as_str().map(|name| folder.join(name));
        let bytes = path.and_then(|path| std::fs::metadata(path).ok()).map(|about| about.len());
        bytes.is_some() && bytes == output["bytes"].as_u64()
    })
}
