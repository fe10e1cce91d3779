//! Measures of layers: features read and checked with the other inputs, their planes made before scoring.

use std::ops::Range;
use std::sync::Arc;

use geo::Geometry;

use super::layers::OpenLayers;
use super::project::{MeasureKind, MeasureSettings, Project};
use super::vectors::{read_features as read_file, reprojected};
use crate::error::{Fault, Faults, Result};
use crate::grid::{Frame, Reprojection};
use crate::io::features::{FeatureTable, VectorSource};
use crate::io::scratch::Scratch;
use crate::layers::Features;
use crate::progress::Progress;
use crate::score::{Engine, FeatureCells, Measure, Native, measure, proximity_to_cells};

/// The geometries of a vector layer in the frame's CRS.
pub struct Geometries {
    /// Those there are.
    pub geometries: Vec<Geometry<f64>>,
    /// Features, with and without one.
    pub n_features: usize,
    /// On how they were read.
    pub notes: Vec<String>,
}

/// The features of a vector layer on the frame, and what is odd about them.
pub fn read_features(source: &VectorSource, layer: &str, frame: &Frame) -> Result<(Features, Vec<String>)> {
    let Geometries { geometries, n_features, notes } = geometries(source, layer, frame)?;
    let measured = Features::new(frame, &geometries);
    if measured.is_empty() {
        let found = format!("{n_features} features without geometry");
        let fix = "give a file with points, lines or polygons";
        let place = source.path.display().to_string();
        return Err(Fault::new("input.empty", place, "features", found, fix).into());
    }
    let n_without = n_features - geometries.len();
    let warning = (n_without > 0).then(|| {
        format!("layer `{layer}`: {n_without} of {n_features} features have no geometry and are left out")
    });
    Ok((measured, notes.into_iter().chain(warning).collect()))
}

/// Reads the geometries of a vector layer into the frame's CRS.
pub fn geometries(source: &VectorSource, layer: &str, frame: &Frame) -> Result<Geometries> {
    let path = &source.path;
    let FeatureTable { crs, features, notes } = read_file(source, &format!("layers.{layer}.path"))?;
    let onto_frame = Reprojection::new(&crs, &frame.crs, &path.display().to_string())?;
    let mut faults = Faults::new();
    let n_features = features.len();
    let mut geometries: Vec<Geometry<f64>> = Vec::with_capacity(n_features);
    for feature in features {
        let Some(geometry) = feature.geometry else { continue };
        geometries.extend(faults.take(reprojected(geometry, &onto_frame, path, feature.index + 1))?);
    }
    faults.finish()?;
    let shift = onto_frame.shift_note(&path.display().to_string());
    Ok(Geometries { geometries, n_features, notes: notes.into_iter().chain(shift).collect() })
}

/// Raster layers to whose features a distance is asked for, but which hold none.
pub fn without_features(project: &Project, layers: &OpenLayers<'_>) -> Result<Vec<Fault>> {
    let mut faults = Vec::new();
    for settings in &project.score.measures {
        let (MeasureKind::Proximity { codes }, Some(plane)) =
            (&settings.kind, layers.planes.get(&settings.layer))
        else {
            continue;
        };
        if !(FeatureCells { cells: &**plane, codes }).is_any()? {
            let place = format!("layer `{}`", settings.layer);
            let expected = match codes.is_empty() {
                true => "a cell that is known and not 0, to measure the distance to".to_owned(),
                false => format!("a cell with one of the codes {codes:?}, to measure the distance to"),
            };
            let fix = "check the layer, or name its codes with `codes = […]` beside `measure`";
            faults.push(Fault::new("measure.no_features", place, expected, "none", fix));
        }
    }
    Ok(faults)
}

/// Makes some rows of the plane of every measure; says what a person should know of how.
pub fn make(
    layers: &mut OpenLayers<'_>,
    measures: &[MeasureSettings],
    engine: &mut dyn Engine,
    scratch: &Scratch,
    rows: Range<usize>,
    memory_bytes: usize,
    progress: &dyn Progress,
) -> Result<Vec<String>> {
    let mut warnings = Vec::new();
    for settings in measures {
        // On the ellipsoid a cell's distance to cells comes from whole columns: all rows lie there on the way.
        let needs_all = layers.frame.crs.is_geographic() && !layers.features.contains_key(&settings.layer);
        let rows = if needs_all { 0..layers.frame.n_rows } else { rows.clone() };
        let plane = scratch.rows(&layers.frame, rows)?;
        let features = layers.features.get(&settings.layer);
        match (&settings.kind, features) {
            (MeasureKind::Proximity { .. }, Some(features)) => {
                warnings.extend(measure(engine, features, Measure::Proximity, &*plane, progress)?);
            }
            (MeasureKind::Count { radius_m }, Some(features)) => {
                let count = Measure::Count { radius_m: *radius_m };
                warnings.extend(measure(engine, features, count, &*plane, progress)?);
            }
            (MeasureKind::Proximity { codes }, None) => {
                let cells = FeatureCells { cells: layers.plane(&settings.layer), codes };
                // Natively whatever the engine: half of it is so anyway, and handing bands to a card and back took five
                // times as long as all of it on sixteen cores (docs/PERFORMANCE.md).
                let native = &mut Native::new();
                warnings.extend(proximity_to_cells(native, cells, &*plane, memory_bytes, progress)?);
            }
            (MeasureKind::Count { .. }, None) => unreachable!("refused when the project was read"),
        }
        layers.planes.insert(settings.name.clone(), Arc::from(plane as Box<dyn crate::grid::Cells>));
    }
    Ok(warnings)
}
