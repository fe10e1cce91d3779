//! `clearway explain`: why a cell or a task of a finished run stands where it does.
//!
//! What the run wrote is read from its files; what it did not write (values of layers and criteria, who makes up the
//! exposure) is computed again from the inputs and settings that its record names. Inputs or outputs that have
//! changed since are told: then the two need not agree.

mod cell;
mod criteria;
mod finished;
mod task;

use std::path::Path;

use serde_json::{Map, Value};

use crate::error::Result;
use crate::report::tables::significant;
use finished::Finished;

/// What is to be explained.
#[derive(Debug, Clone, PartialEq)]
pub enum Asked {
    /// The cell at a point.
    At {
        /// In the frame's CRS, or longitude and latitude.
        point: [f64; 2],
        /// Whether it is longitude and latitude (WGS 84).
        is_lonlat: bool,
    },
    /// A task by its identifier.
    Task(String),
}

/// An explanation in lines, and the same for scripts.
#[derive(Debug, Clone, Default)]
pub struct Explanation {
    /// Label and text; a line that goes on with the one before has no label.
    pub lines: Vec<(String, String)>,
    /// What has changed since the run, and other things a person should know.
    pub warnings: Vec<String>,
    json: Map<String, Value>,
}

/// Explains a cell or a task of the finished run in a folder.
///
/// # Errors
/// Faults: no finished run, a point outside the frame (its extent is named), a task that is none of the run's. Whatever
/// reading the inputs raises.
pub fn explain(run_dir: &Path, asked: &Asked) -> Result<Explanation> {
    let run = Finished::open(run_dir)?;
    let mut explanation = Explanation::default();
    match asked {
        Asked::At { point, is_lonlat } => cell::explain(&run, *point, *is_lonlat, &mut explanation)?,
        Asked::Task(id) => task::explain(&run, id, &mut explanation)?,
    }
    explanation.warnings.extend(run.changes());
    Ok(explanation)
}

impl Explanation {
    /// The same for scripts.
    pub fn to_json(&self) -> Value {
        let mut object = self.json.clone();
        object.insert("warnings".into(), self.warnings.clone().into());
        Value::Object(object)
    }

    fn line(&mut self, label: &str, text: impl Into<String>) {
        self.lines.push((label.to_owned(), text.into()));
    }

    fn set(&mut self, key: &str, value: impl Into<Value>) {
        self.json.insert(key.to_owned(), value.into());
    }
}

/// A number as a person reads it.
fn short(value: f64) -> String {
    significant(value, 6)
}
