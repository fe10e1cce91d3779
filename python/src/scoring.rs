//! Scores of arrays.

use std::path::PathBuf;

use clearway::report::record::score_results;
use clearway::run::in_memory::{Options, Scene};
use clearway::score::{HeldCells, MemorySink, Plane, Summary};
use numpy::{PyArray1, PyArrayMethods};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use serde_json::{Value, json};

use crate::arrays::{FrameParts, HeldArrays, NamedArray, frame};
use crate::errors::raised;
use crate::project::backend;
use crate::working::work;

/// Planes by the names of their files.
const PLANES: [(&str, Plane); 10] = [
    ("priority", Plane::Rank),
    ("class", Plane::Class),
    ("benefit", Plane::Benefit),
    ("cost", Plane::Cost),
    ("benefit_per_cost", Plane::BenefitPerCost),
    ("exposure", Plane::Exposure),
    ("people_at_risk", Plane::PeopleAtRisk),
    ("acceptability", Plane::Acceptability),
    ("rank_mean", Plane::RankMean),
    ("rank_sd", Plane::RankSd),
];

/// Scores layers on one grid. `settings` is JSON text shaped as a project file; back come the planes asked for by name,
/// and what was found, as JSON text.
#[pyfunction]
#[pyo3(signature = (grid, layers, settings, folder, planes, backend_name, device, memory_bytes, callback))]
#[allow(clippy::too_many_arguments)] // called from one place, by position
pub fn score<'py>(
    py: Python<'py>,
    grid: FrameParts,
    layers: Vec<NamedArray<'py>>,
    settings: &str,
    folder: PathBuf,
    planes: Vec<String>,
    backend_name: &str,
    device: Option<String>,
    memory_bytes: u64,
    callback: Option<Bound<'py, PyAny>>,
) -> PyResult<(Bound<'py, PyDict>, String)> {
    let frame = raised(py, frame(grid))?;
    let held = raised(py, HeldArrays::of(&layers))?;
    let cells = raised(py, held.cells(&frame))?;
    let settings: Value = serde_json::from_str(settings).unwrap_or(Value::Null);
    let wanted: Vec<Plane> = PLANES
        .iter()
        .filter(|(name, _)| planes.iter().any(|asked| asked == name))
        .map(|(_, plane)| *plane)
        .collect();
    let (n_rows, n_cols) = (frame.n_rows, frame.n_cols);
    let (summary, made) = work(py, callback.as_ref(), move |progress| {
        let options = Options { backend: backend(backend_name)?, device, memory_bytes, ..Options::default() };
        let scene = Scene::open(&settings, cells, &folder, memory_bytes, progress)?;
        let mut sink = MemorySink::new(scene.frame(), &wanted);
        let summary = scene.score(&options, &mut sink, progress)?;
        Ok((summary, sink.into_planes()))
    })?;
    let arrays = PyDict::new(py);
    for (plane, cells) in made {
        let name = PLANES.iter().find(|(_, known)| *known == plane).map_or("", |(name, _)| name);
        // The memory itself is handed over.
        match cells {
            HeldCells::Reals(cells) => {
                arrays.set_item(name, PyArray1::from_vec(py, cells).reshape([n_rows, n_cols])?)?;
            }
            HeldCells::Classes(cells) => {
                arrays.set_item(name, PyArray1::from_vec(py, cells).reshape([n_rows, n_cols])?)?;
            }
        }
    }
    Ok((arrays, summary_json(&summary).to_string()))
}

/// What scoring found: the totals of `run.json`, the curve, warnings, who computed it and how long it took.
pub fn summary_json(summary: &Summary) -> Value {
    let mut told = score_results(summary);
    let seconds: serde_json::Map<String, Value> =
        summary.seconds.iter().map(|stage| (stage.stage.clone(), stage.seconds.into())).collect();
    let curve: Vec<Value> = summary.curve.iter().map(|point| json!(point)).collect();
    let engine = &summary.engine;
    told["curve"] = curve.into();
    told["warnings"] = summary.warnings.clone().into();
    told["engine"] = json!({ "kind": engine.kind, "device": engine.device, "driver": engine.driver });
    told["seconds"] = seconds.into();
    told
}
