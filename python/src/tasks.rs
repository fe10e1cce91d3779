//! Task areas over arrays.

use std::sync::Arc;

use clearway::error::{Fault, Faults, Result};
use clearway::grid::{Cells, Crs, Frame};
use clearway::io::features::{Feature, FeatureTable};
use clearway::io::wkb;
use clearway::report::rows::task_rows;
use clearway::run::in_memory::{Ground, outline_tasks};
use clearway::run::project::AreaColumns;
use clearway::tasks::{GrowOptions, Planes, Settlement, TaskOptions};
use geo::Geometry;
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use serde_json::{Map, Value, json};

use crate::arrays::{FrameParts, HeldArrays, NamedArray, frame};
use crate::errors::raised;
use crate::working::work;

/// Polygons as they are given: EPSG code, well-known binary, properties as JSON text.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub struct Areas {
    epsg: u32,
    geometries: Vec<Option<Vec<u8>>>,
    properties: String,
    id: Option<String>,
    imsma_id: Option<String>,
    status_column: Option<String>,
    status: Option<Vec<String>>,
}

/// How tasks are grown, and how all tasks are told.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub struct Settings {
    min_rank: f64,
    min_area_m2: f64,
    max_area_m2: f64,
    class_percents: Vec<f64>,
    by_benefit: bool,
    settlements: Vec<(String, f64, f64)>,
}

/// Outlines task areas from polygons, or grown from the priority where there are none. Planes go by the names of their
/// files, `priority` first. Back come the ground of each task as well-known binary, its columns as JSON text, and what is
/// odd, a sentence each.
#[pyfunction]
#[pyo3(signature = (grid, planes, areas, settings, callback))]
pub fn tasks<'py>(
    py: Python<'py>,
    grid: FrameParts,
    planes: Vec<NamedArray<'py>>,
    areas: Option<Areas>,
    settings: Settings,
    callback: Option<Bound<'py, PyAny>>,
) -> PyResult<(Vec<Bound<'py, PyBytes>>, String, Vec<String>)> {
    let frame = raised(py, frame(grid))?;
    let held = raised(py, HeldArrays::of(&planes))?;
    let cells = raised(py, held.cells(&frame))?;
    let (grounds, rows, told) = work(py, callback.as_ref(), move |progress| {
        let ground = match areas {
            Some(areas) => areas.ground()?,
            None => Ground::Grown(GrowOptions {
                min_rank: settings.min_rank,
                min_area_m2: settings.min_area_m2,
                max_area_m2: settings.max_area_m2,
            }),
        };
        let settlements: Vec<Settlement> = settings
            .settlements
            .into_iter()
            .map(|(name, lon, lat)| Settlement { name, lon, lat, population: None })
            .collect();
        let options = TaskOptions {
            class_percents: settings.class_percents,
            by_benefit: settings.by_benefit,
            settlements: &settlements,
            needs_lon_lat: false,
            ..TaskOptions::default()
        };
        let (tasks, told) = outline_tasks(ground, &planes_of(&cells, &frame)?, &options, progress)?;
        let rows = task_rows(&tasks, &[]);
        let names: Vec<&str> = rows.fields.iter().map(|field| field.name.as_str()).collect();
        let columns = json!({ "names": names, "rows": rows.rows }).to_string();
        let bytes = tasks.into_iter().map(|task| {
            let geometry = Geometry::MultiPolygon(task.geometry);
            wkb::bytes_of(&geometry).map_err(|found| {
                let fix = "report it with the areas";
                Fault::new("tasks.geometry", task.task_id, "a polygon that can be written", found, fix).into()
            })
        });
        Ok((bytes.collect::<Result<Vec<_>>>()?, columns, told))
    })?;
    Ok((grounds.iter().map(|bytes| PyBytes::new(py, bytes)).collect(), rows, told))
}

impl Areas {
    fn ground(self) -> Result<Ground> {
        let crs = Crs::from_epsg(self.epsg, "areas")?;
        let properties: Vec<Map<String, Value>> =
            serde_json::from_str(&self.properties).map_err(|error| {
                let fix = "give columns of texts, numbers and truth values";
                Fault::new("areas.columns", "areas", "a row of columns each", error.to_string(), fix)
            })?;
        let mut faults = Faults::new();
        let mut features = Vec::with_capacity(properties.len());
        for (index, (bytes, properties)) in self.geometries.iter().zip(properties).enumerate() {
            let geometry = bytes.as_ref().map_or(Ok(None), |bytes| wkb::geometry_of(bytes));
            match geometry {
                Ok(geometry) => features.push(Feature { index, id: None, properties, geometry }),
                Err(found) => {
                    let place = format!("areas, feature {}", index + 1);
                    faults.push(Fault::new("areas.geometry", place, "a polygon", found, "mend or remove it"));
                }
            }
        }
        faults.finish()?;
        let columns = AreaColumns {
            id: self.id,
            imsma_id: self.imsma_id,
            status_column: self.status_column,
            status: self.status,
            classification: None,
        };
        Ok(Ground::Areas(Box::new(FeatureTable { crs, features, notes: Vec::new() }), columns))
    }
}

/// The planes by their names; those that scoring always makes must be there.
fn planes_of<'a>(cells: &'a [(String, Arc<dyn Cells + 'a>)], frame: &Frame) -> Result<Planes<'a>> {
    let find = |name: &str| cells.iter().find(|(known, _)| known == name).map(|(_, cells)| &**cells);
    let mut faults = Faults::new();
    for name in ["hazard", "people_at_risk", "benefit", "cost", "priority"] {
        if find(name).is_none() {
            let found = format!("none of {} x {} cells", frame.n_cols, frame.n_rows);
            let fix = "score with this plane among `planes`, or add it to the dataset";
            faults.push(Fault::new("tasks.plane", format!("plane `{name}`"), "the plane", found, fix));
        }
    }
    faults.finish()?;
    let plane = |name: &str| find(name).unwrap_or_else(|| unreachable!("looked for above"));
    Ok(Planes {
        hazard: plane("hazard"),
        people_at_risk: plane("people_at_risk"),
        benefit: plane("benefit"),
        cost: plane("cost"),
        rank: plane("priority"),
        acceptability: find("acceptability"),
        difficulty: find("difficulty"),
        contributions: None,
    })
}
