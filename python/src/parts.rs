//! One score shared among processes: what `clearway.dask` calls for each part (`clearway::run::parts`).

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use clearway::error::Result;
use clearway::grid::{Cells, Crs, Frame, Window};
use clearway::run::in_memory::Options;
use clearway::run::parts::{Counted, PartScene, PartSource, Walk};
use clearway::score::{Engine, HeldCells, engine};
use numpy::{PyArray1, PyArrayMethods, PyUntypedArray, PyUntypedArrayMethods};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};
use serde_json::{Value, json};

use crate::arrays::{FrameParts, HeldArrays, NamedArray, frame};
use crate::errors::raised;
use crate::project::backend;
use crate::scoring::summary_json;
use crate::working::work;

/// What all parts of a score have in common; keys of a dict.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub struct Job {
    /// The whole grid of layers held; `None` where a project file names them.
    grid: Option<FrameParts>,
    /// Layers held.
    names: Vec<String>,
    /// JSON text, shaped as a project file.
    settings: String,
    folder: PathBuf,
    project: PathBuf,
    overrides: Vec<String>,
    backend_name: String,
    device: Option<String>,
    memory_bytes: u64,
}

impl Job {
    /// Its frame, where layers are held.
    fn frame(&self) -> Result<Option<Frame>> {
        self.grid.clone().map(frame).transpose()
    }

    fn source<'a>(
        &'a self,
        settings: &'a Value,
        frame: Option<&Frame>,
        cells: Vec<(String, Arc<dyn Cells + 'a>, [i64; 2])>,
    ) -> PartSource<'a> {
        match frame {
            Some(frame) => PartSource::Held {
                settings,
                folder: &self.folder,
                frame: frame.clone(),
                names: self.names.clone(),
                cells,
            },
            None => PartSource::Project { file: &self.project, overrides: &self.overrides },
        }
    }

    /// Calls `ask` with the layers opened, none of them read.
    fn unread<T>(&self, ask: impl FnOnce(PartScene<'_>) -> Result<T>) -> Result<T> {
        let settings: Value = serde_json::from_str(&self.settings).unwrap_or(Value::Null);
        let source = self.source(&settings, self.frame()?.as_ref(), Vec::new());
        ask(PartScene::open(source, self.memory_bytes, None)?)
    }
}

/// A part: first row, first column, rows, columns.
type Part = [usize; 4];

/// An array with its name, nodata value and the place of its first cell (row, column).
type PlacedArray<'py> = (String, Bound<'py, PyAny>, Option<f64>, [i64; 2]);

fn window([row, col, n_rows, n_cols]: Part) -> Window {
    Window::new(col as i64, row as i64, n_cols, n_rows)
}

/// The rounds and planes of a score, and its grid, as JSON text.
#[pyfunction]
pub fn part_layout(py: Python<'_>, job: Job) -> PyResult<String> {
    let told = work(py, None, |_| {
        job.unread(|scene| {
            let (layout, frame) = (scene.layout(), scene.frame());
            let world = frame.world_from_cell;
            let (x, y, at) = (world.matrix2.x_axis, world.matrix2.y_axis, world.translation);
            Ok(json!({
                "rounds": layout.rounds, "planes": layout.planes, "whole_rows": layout.whole_rows,
                "crs": format!("EPSG:{}", frame.crs.epsg()), "transform": [x.x, y.x, at.x, x.y, y.y, at.y],
                "shape": [frame.n_rows, frame.n_cols],
            }))
        })
    })?;
    Ok(told.to_string())
}

/// The people that parts need, as parts: themselves, and as far as the kernel reaches.
#[pyfunction]
pub fn part_sources(py: Python<'_>, job: Job, parts: Vec<Part>) -> PyResult<Vec<Part>> {
    work(py, None, |_| {
        job.unread(|scene| {
            let source = |part: Part| {
                let Window { col, row, n_cols, n_rows } = scene.source(window(part));
                [row as usize, col as usize, n_rows, n_cols]
            };
            Ok(parts.into_iter().map(source).collect())
        })
    })
}

/// One part's share of one round: planes by name, and what was counted.
#[pyfunction]
#[pyo3(signature = (job, part, steps, layers, planes, wanted, known))]
#[allow(clippy::too_many_arguments)] // called from one place, by position
pub fn walk_part<'py>(
    py: Python<'py>,
    job: Job,
    part: Part,
    steps: Vec<String>,
    layers: Vec<PlacedArray<'py>>,
    planes: Vec<PlacedArray<'py>>,
    wanted: Vec<String>,
    known: &[u8],
) -> PyResult<(Bound<'py, PyDict>, Bound<'py, PyBytes>)> {
    let part = window(part);
    let (layers, planes) = (raised(py, Placed::of(layers))?, raised(py, Placed::of(planes))?);
    let (layers, planes) = (raised(py, layers.cells())?, raised(py, planes.cells())?);
    let walked = work(py, None, |progress| {
        let settings: Value = serde_json::from_str(&job.settings).unwrap_or(Value::Null);
        let source = job.source(&settings, job.frame()?.as_ref(), layers);
        let scene = PartScene::open(source, job.memory_bytes, None)?;
        let known = match known.is_empty() {
            true => Counted::default(),
            false => Counted::from_bytes(known)?,
        };
        let walk = Walk { part, steps: &steps, planes, wanted: &wanted, known: &known };
        let options = Options { memory_bytes: job.memory_bytes, ..Options::default() };
        let mut lent = LentEngine::of(&job)?;
        let walked = scene.walk(walk, &options, &mut *lent.engine, progress)?;
        lent.give_back();
        let counted = walked.counted.to_bytes()?;
        Ok((walked.planes, counted))
    })?;
    let (made, counted) = walked;
    let arrays = PyDict::new(py);
    let shape = [part.n_rows, part.n_cols];
    for (name, cells) in made {
        // The memory itself is handed over.
        match cells {
            HeldCells::Reals(cells) => {
                arrays.set_item(name, PyArray1::from_vec(py, cells).reshape(shape)?)?;
            }
            HeldCells::Classes(cells) => {
                arrays.set_item(name, PyArray1::from_vec(py, cells).reshape(shape)?)?;
            }
        }
    }
    Ok((arrays, PyBytes::new(py, &counted)))
}

/// Counts of several parts added up.
#[pyfunction]
pub fn add_counts<'py>(py: Python<'py>, parts: Vec<Vec<u8>>) -> PyResult<Bound<'py, PyBytes>> {
    let sum = work(py, None, |_| {
        let mut sum = Counted::default();
        parts.iter().try_for_each(|part| sum.add(Counted::from_bytes(part)?))?;
        sum.to_bytes()
    })?;
    Ok(PyBytes::new(py, &sum))
}

/// What follows from the counts of all parts: the counts in their least form, and as JSON text the steps that are next
/// by round, and the totals once nothing is left.
#[pyfunction]
pub fn after_parts<'py>(py: Python<'py>, job: Job, known: &[u8]) -> PyResult<(Bound<'py, PyBytes>, String)> {
    let (bytes, told) = work(py, None, |_| {
        let known = Counted::from_bytes(known)?.folded();
        let settings: Value = serde_json::from_str(&job.settings).unwrap_or(Value::Null);
        let source = job.source(&settings, job.frame()?.as_ref(), Vec::new());
        let after = PartScene::open(source, job.memory_bytes, Some(&known.surveys()))?.after(&known)?;
        let summary = after.summary.as_ref().map(summary_json);
        Ok((known.to_bytes()?, json!({ "steps": after.steps, "summary": summary })))
    })?;
    Ok((PyBytes::new(py, &bytes), told.to_string()))
}

/// Arrays, each a part of the whole grid.
struct Placed<'py> {
    held: Vec<(HeldArrays<'py>, [usize; 2], [i64; 2])>,
}

impl<'py> Placed<'py> {
    fn of(arrays: Vec<PlacedArray<'py>>) -> Result<Self> {
        let held = arrays.into_iter().map(|(name, array, nodata, at)| {
            // What is no array of two dimensions is refused by the borrowing itself.
            let shape =
                array.cast::<PyUntypedArray>().map(|array| array.shape().to_vec()).unwrap_or_default();
            let shape = <[usize; 2]>::try_from(shape).unwrap_or_default();
            let named: NamedArray<'py> = (name, array, nodata);
            Ok((HeldArrays::of(&[named])?, shape, at))
        });
        Ok(Self { held: held.collect::<Result<_>>()? })
    }

    /// Their cells, with the place of the first one (column, row), each array on a frame of its own.
    fn cells(&self) -> Result<Vec<PlacedCells<'_>>> {
        let mut placed = Vec::new();
        for (held, [n_rows, n_cols], [row, col]) in &self.held {
            let frame = Frame::north_up(Crs::wgs84(), [0.0; 2].into(), [1.0; 2].into(), *n_cols, *n_rows);
            let cells = held.cells(&frame)?;
            placed.extend(cells.into_iter().map(|(name, cells)| (name, cells, [*col, *row])));
        }
        Ok(placed)
    }
}

/// A layer's name, its cells and the place of the first one (column, row).
type PlacedCells<'a> = (String, Arc<dyn Cells + 'a>, [i64; 2]);

/// Engines that lie idle in this process, by what was asked for: opening a GPU takes longer than a small part.
static IDLE: Mutex<Vec<(AskedFor, Box<dyn Engine>)>> = Mutex::new(Vec::new());

/// Backend and device.
type AskedFor = (String, Option<String>);

/// An engine for one call.
struct LentEngine {
    asked: AskedFor,
    engine: Box<dyn Engine>,
}

impl LentEngine {
    fn of(job: &Job) -> Result<Self> {
        let asked = (job.backend_name.clone(), job.device.clone());
        let mut idle = IDLE.lock().unwrap_or_else(PoisonError::into_inner);
        let known = idle.iter().position(|(of, _)| *of == asked).map(|at| idle.swap_remove(at).1);
        drop(idle);
        let engine = match known {
            Some(engine) => engine,
            None => engine(backend(&job.backend_name)?, job.device.as_deref())?.0,
        };
        Ok(Self { asked, engine })
    }

    /// For later calls, unless it has failed.
    fn give_back(self) {
        if !self.engine.is_lost() {
            IDLE.lock().unwrap_or_else(PoisonError::into_inner).push((self.asked, self.engine));
        }
    }
}
