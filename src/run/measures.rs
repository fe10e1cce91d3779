//! Measures of layers: features read and checked with the other inputs, their planes made before scoring.

use std::path::Path;
use std::sync::Arc;

use geo::Geometry;

use super::layers::OpenLayers;
use super::project::{MeasureKind, MeasureSettings};
use super::vectors::{read_features as read_file, reprojected};
use crate::error::{Fault, Faults, Result};
use crate::grid::{Frame, Reprojection};
use crate::io::scratch::Scratch;
use crate::layers::Features;
use crate::progress::Progress;
use crate::score::{Engine, Measure, measure};

/// The features of a vector layer on the frame, and what is odd about them.
pub fn read_features(path: &Path, layer: &str, frame: &Frame) -> Result<(Features, Vec<String>)> {
    let (crs, features) = read_file(path, &format!("layers.{layer}.path"))?;
    let onto_frame = Reprojection::new(&crs, &frame.crs, &path.display().to_string())?;
    let mut faults = Faults::new();
    let n_features = features.len();
    let mut geometries: Vec<Geometry<f64>> = Vec::with_capacity(n_features);
    for feature in features {
        let Some(geometry) = feature.geometry else { continue };
        geometries.extend(faults.take(reprojected(geometry, &onto_frame, path, feature.index + 1))?);
    }
    faults.finish()?;
    let measured = Features::new(frame, &geometries);
    if measured.is_empty() {
        let found = format!("{n_features} features without geometry");
        let fix = "give a file with points, lines or polygons";
        return Err(Fault::new("input.empty", path.display().to_string(), "features", found, fix).into());
    }
    let n_without = n_features - geometries.len();
    let warning = (n_without > 0).then(|| {
        format!("layer `{layer}`: {n_without} of {n_features} features have no geometry and are left out")
    });
    Ok((measured, warning.into_iter().collect()))
}

/// Makes the plane of every measure; says what a person should know of how.
pub fn make(
    layers: &mut OpenLayers,
    measures: &[MeasureSettings],
    engine: &mut dyn Engine,
    scratch: &Scratch,
    progress: &dyn Progress,
) -> Result<Vec<String>> {
    let mut warnings = Vec::new();
    for settings in measures {
        let plane = scratch.plane(&layers.frame)?;
        let what = match settings.kind {
            MeasureKind::Proximity { .. } => Measure::Proximity,
            MeasureKind::Count { radius_m } => Measure::Count { radius_m },
        };
        warnings.extend(measure(engine, &layers.features[&settings.layer], what, &*plane, progress)?);
        layers.planes.insert(settings.name.clone(), Arc::from(plane as Box<dyn crate::grid::Cells>));
    }
    Ok(warnings)
}
