//! What a run has written, read back: the report shows what stands in the files, not what was in memory.
//!
//! In: a folder with a run's outputs, and its record. Out: tables as texts (so that a number in the report is the
//! table's own), the plan, the ground of tasks in longitude and latitude, and the grids, opened.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use geo::{Geometry, MultiPolygon};
use jiff::civil::Date;
use serde_json::Value;

use crate::error::{Error, Fault, Result};
use crate::io::csv::Table;
use crate::io::geojson;
use crate::io::geotiff::GeoTiff;
use crate::plan::{Problem, Solution};

/// Everything the report is made from. What a run has not written is empty.
pub struct Sources {
    /// The record, as in `run.json`.
    pub record: Value,
    /// `tasks.csv`.
    pub tasks: Texts,
    /// Ground by task, longitude and latitude.
    pub ground: HashMap<String, MultiPolygon<f64>>,
    /// `plan.json`.
    pub plan: Option<PlanFile>,
    /// `plan.csv`.
    pub stops: Texts,
    /// `curve.csv`.
    pub curve: Texts,
    /// `priority.tif`.
    pub rank: Option<GeoTiff>,
    /// `acceptability.tif`.
    pub acceptability: Option<GeoTiff>,
}

/// A plan as `plan.json` tells it.
pub struct PlanFile {
    /// The whole file.
    pub json: Value,
    /// The problem as solved.
    pub problem: Problem,
    /// The plan.
    pub solution: Solution,
    /// The calendar day of day 0; a bare problem has none.
    pub start: Option<Date>,
}

/// A table of texts with named columns.
#[derive(Debug, Clone, Default)]
pub struct Texts {
    /// Column names.
    pub columns: Vec<String>,
    /// Rows, a text a column; empty where unknown.
    pub rows: Vec<Vec<String>>,
}

impl Sources {
    /// Reads a folder of outputs. `record` is what `run.json` holds, or will.
    pub fn read(folder: &Path, record: Value) -> Result<Self> {
        let tasks_folder = tasks_folder(folder, &record);
        let grid = |name: &str| -> Result<Option<GeoTiff>> {
            let path = folder.join(name);
            // `clearway plan` writes grids for its own use only.
            let is_kept = record["command"] != "plan" && path.is_file();
            is_kept.then(|| GeoTiff::open(&path, 1)).transpose()
        };
        Ok(Self {
            tasks: Texts::read(&tasks_folder.join("tasks.csv"))?,
            ground: ground(&tasks_folder.join("tasks.geojson"))?,
            plan: PlanFile::read(&folder.join("plan.json"))?,
            stops: Texts::read(&folder.join("plan.csv"))?,
            curve: Texts::read(&folder.join("curve.csv"))?,
            rank: grid("priority.tif")?,
            acceptability: grid("acceptability.tif")?,
            record,
        })
    }
}

impl PlanFile {
    fn read(path: &Path) -> Result<Option<Self>> {
        if !path.is_file() {
            return Ok(None);
        }
        let text = std::fs::read(path).map_err(Error::io("read", path))?;
        let wrong = |found: String| -> Error {
            let fix = "run the project again: the file was not written by this version";
            Fault::new("report.plan", path.display().to_string(), "a plan of this version", found, fix).into()
        };
        let json: Value = serde_json::from_slice(&text).map_err(|error| wrong(error.to_string()))?;
        let problem = serde_json::from_value(json["problem"].clone()).map_err(|e| wrong(e.to_string()))?;
        let solution = serde_json::from_value(json.clone()).map_err(|error| wrong(error.to_string()))?;
        let start = json["start"].as_str().and_then(|date| date.parse().ok());
        Ok(Some(Self { json, problem, solution, start }))
    }
}

impl Texts {
    fn read(path: &Path) -> Result<Self> {
        if !path.is_file() {
            return Ok(Self::default());
        }
        let table = Table::read(path, &[])?;
        let rows = table.rows().map(|row| row.fields().iter().map(|text| undefused(text)).collect());
        Ok(Self { rows: rows.collect(), columns: table.headers().to_vec() })
    }

    /// Where a column stands.
    pub fn column(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column == name)
    }

    /// A row's text in a column; empty where either is missing.
    pub fn text<'a>(&self, row: &'a [String], name: &str) -> &'a str {
        self.column(name).and_then(|at| row.get(at)).map_or("", String::as_str)
    }

    /// A row's number in a column.
    pub fn number(&self, row: &[String], name: &str) -> Option<f64> {
        self.text(row, name).parse().ok()
    }

    /// The sum of a column over rows, unknown ones left out.
    pub fn sum<'a>(&self, rows: impl IntoIterator<Item = &'a Vec<String>>, name: &str) -> f64 {
        rows.into_iter().filter_map(|row| self.number(row, name)).sum()
    }
}

/// Where the tasks lie: in the folder itself or, for a plan of an earlier run's tasks, in that run's.
fn tasks_folder(folder: &Path, record: &Value) -> PathBuf {
    if folder.join("tasks.csv").is_file() {
        return folder.to_path_buf();
    }
    let inputs = record["inputs"].as_array().into_iter().flatten();
    let mut paths = inputs.filter_map(|input| input["path"].as_str()).map(Path::new);
    let tasks = paths.find(|path| path.file_name().is_some_and(|name| name == "tasks.geojson"));
    tasks.and_then(Path::parent).map_or_else(|| folder.to_path_buf(), Path::to_path_buf)
}

/// Text as it was before the CSV writer kept spreadsheets from taking it for a formula (`io::csv`).
fn undefused(text: &str) -> String {
    let is_suspect = |first: char| matches!(first, '=' | '+' | '-' | '@') || first.is_control();
    match text.strip_prefix('\'') {
        Some(bare) if bare.starts_with(is_suspect) => bare.to_owned(),
        _ => text.to_owned(),
    }
}

fn ground(path: &Path) -> Result<HashMap<String, MultiPolygon<f64>>> {
    if !path.is_file() {
        return Ok(HashMap::new());
    }
    let features = geojson::read(path)?.features;
    let named = features.into_iter().filter_map(|feature| {
        let id = feature.properties.get("task_id")?.as_str()?.to_owned();
        match feature.geometry? {
            Geometry::MultiPolygon(polygons) => Some((id, polygons)),
            Geometry::Polygon(polygon) => Some((id, polygon.into())),
            _ => None,
        }
    });
    Ok(named.collect())
}
