//! What lies in a folder: rasters with their frame and range, features with their columns, tables.
//!
//! Every file is read by the reader that a run would use, so that what cannot be read is known now. Folders directly
//! below are looked into; hidden ones and finished runs are not.

use std::path::{Path, PathBuf};

use geo::Geometry;

use super::super::project::PLACEHOLDER;
use super::super::vectors::read_features;
use super::entries;
use crate::error::Result;
use crate::grid::{Cells, Frame, MemoryCells, Window};
use crate::io::atomic::RUN_RECORD;
use crate::io::csv::Table;
use crate::io::features::{Feature, VectorSource, is_vector};
use crate::io::raster::{Raster as RasterFile, is_raster};
use crate::layers::{Survey, survey};
use crate::progress::{Progress, Silent};

/// A raster file.
pub struct Raster {
    /// Its path below the folder, with `/`.
    pub file: String,
    /// Its grid.
    pub frame: Frame,
    /// What its first band holds; from a sample of its cells where there are many.
    pub survey: Survey,
    /// The unit it declares.
    pub unit: Option<String>,
}

/// A file of features.
pub struct Vector {
    /// Its path below the folder, with `/`.
    pub file: String,
    /// Its features.
    pub features: Vec<Feature>,
}

/// A table without geometry.
pub struct Sheet {
    /// Its path below the folder, with `/`.
    pub file: String,
    /// Its columns.
    pub columns: Vec<String>,
    /// Rows.
    pub n_rows: usize,
    /// Whether it is the table of teams that `clearway init` wrote, not yet filled in.
    pub is_template: bool,
}

/// All that lies in a folder.
#[derive(Default)]
pub struct Found {
    /// Rasters.
    pub rasters: Vec<Raster>,
    /// Features.
    pub vectors: Vec<Vector>,
    /// Tables.
    pub sheets: Vec<Sheet>,
    /// Files that could not be read, and why.
    pub unread: Vec<(String, String)>,
}

/// What geometries a file holds most of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// Points.
    Points,
    /// Lines.
    Lines,
    /// Polygons.
    Polygons,
    /// No geometry at all.
    Nothing,
}

impl Vector {
    /// What geometries it holds most of.
    pub fn shape(&self) -> Shape {
        let mut counts = [(0, Shape::Points), (0, Shape::Lines), (0, Shape::Polygons)];
        for geometry in self.features.iter().filter_map(|feature| feature.geometry.as_ref()) {
            let at = match geometry {
                Geometry::Point(_) | Geometry::MultiPoint(_) => 0,
                Geometry::Polygon(_) | Geometry::MultiPolygon(_) => 2,
                _ => 1,
            };
            counts[at].0 += 1;
        }
        let most = counts.iter().max_by_key(|(count, _)| *count).filter(|(count, _)| *count > 0);
        most.map_or(Shape::Nothing, |(_, shape)| *shape)
    }

    /// The values of a column, as text; `None` for a feature that has none.
    pub fn values(&self, column: &str) -> Vec<Option<String>> {
        self.features.iter().map(|f| super::super::vectors::text_of(f.properties.get(column))).collect()
    }

    /// Names of the columns of any feature.
    pub fn columns(&self) -> Vec<&str> {
        let mut names: Vec<&str> = Vec::new();
        for feature in &self.features {
            for key in feature.properties.keys() {
                if !names.contains(&key.as_str()) {
                    names.push(key);
                }
            }
        }
        names
    }
}

/// Files beyond so many are not looked at.
const MOST_FILES: usize = 200;
/// Rasters of up to so many cells are read whole.
const READ_WHOLE: u64 = 4 << 20;
/// Larger ones are sampled: so many windows a side, of so many cells a side.
const SAMPLED: (i64, usize) = (8, 256);

/// Looks at a folder.
pub fn look(folder: &Path, progress: &dyn Progress) -> Result<Found> {
    let mut files = Vec::new();
    for path in entries(folder)? {
        let is_hidden = path.file_name().is_none_or(|name| name.to_string_lossy().starts_with('.'));
        if is_hidden {
            continue;
        }
        if is_vector(&path) {
            // A file geodatabase is a folder.
            files.push(path);
        } else if path.is_dir() && !path.join(RUN_RECORD).exists() {
            files.extend(entries(&path)?.into_iter().filter(|path| path.is_file()));
        } else if path.is_file() {
            files.push(path);
        }
    }
    let mut found = Found::default();
    progress.start("look", files.len() as u64);
    for path in files.iter().take(MOST_FILES) {
        progress.check()?;
        take(folder, path, &mut found);
        progress.advance(1);
    }
    progress.finish();
    if files.len() > MOST_FILES {
        let text = format!("and {} more files were not looked at", files.len() - MOST_FILES);
        found.unread.push(("…".to_owned(), text));
    }
    Ok(found)
}

fn take(folder: &Path, path: &Path, found: &mut Found) {
    let file = below(folder, path);
    let extension = path.extension().and_then(|e| e.to_str()).unwrap_or_default().to_ascii_lowercase();
    let result = match extension.as_str() {
        "csv" => take_sheet(path, &file).map(|sheet| found.sheets.push(sheet)),
        "xlsx" => {
            let why =
                "`init` looks into no workbook; a run reads one: `teams = { path = \"…\", table = \"…\" }`";
            found.unread.push((file.clone(), why.to_owned()));
            Ok(())
        }
        _ if is_raster(path) => take_raster(path, &file).map(|raster| found.rasters.push(raster)),
        _ if is_vector(path) => read_features(&VectorSource::of(path), "init").map(|read| {
            found.vectors.push(Vector { file: file.clone(), features: read.features });
        }),
        // A scenario file, a style, a shapefile's other parts: nothing to say of them.
        _ => Ok(()),
    };
    if let Err(error) = result {
        found.unread.push((file, error.to_string()));
    }
}

fn take_raster(path: &Path, file: &str) -> Result<Raster> {
    let raster = RasterFile::open(path, 1)?;
    let frame = raster.frame().clone();
    let survey = if frame.n_cells() <= READ_WHOLE {
        survey(&raster, &Silent::default())?
    } else {
        survey(&sample(&raster)?, &Silent::default())?
    };
    Ok(Raster { file: file.to_owned(), frame, survey, unit: raster.unit().map(str::to_owned) })
}

/// Windows spread evenly over a raster, one below the other.
fn sample(raster: &RasterFile) -> Result<MemoryCells> {
    let (n, side) = SAMPLED;
    let frame = raster.frame();
    let (n_cols, n_rows) = (side.min(frame.n_cols), side.min(frame.n_rows));
    let mut values = Vec::new();
    for row in 0..n {
        for col in 0..n {
            let at = |i: i64, whole: usize, part: usize| (whole - part) as i64 * i / (n - 1);
            let window =
                Window::new(at(col, frame.n_cols, n_cols), at(row, frame.n_rows, n_rows), n_cols, n_rows);
            values.extend(raster.read_vec(window)?);
        }
    }
    let frame = Frame { n_cols, n_rows: values.len() / n_cols, ..frame.clone() };
    Ok(MemoryCells::from_values(frame, values))
}

fn take_sheet(path: &Path, file: &str) -> Result<Sheet> {
    let table = Table::read(path, &[])?;
    let is_template = table.rows().any(|row| row.fields().iter().any(|text| text.starts_with(PLACEHOLDER)));
    let columns = table.headers().to_vec();
    Ok(Sheet { file: file.to_owned(), columns, n_rows: table.rows().len(), is_template })
}

fn below(folder: &Path, path: &Path) -> String {
    let inside: PathBuf = path.strip_prefix(folder).unwrap_or(path).to_path_buf();
    let parts: Vec<String> = inside.iter().map(|part| part.to_string_lossy().into_owned()).collect();
    parts.join("/")
}
