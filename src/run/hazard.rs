//! Hazard built from `[hazard]`: areas and accidents read and checked with the other inputs, the plane made before
//! scoring and written as `hazard.tif`.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use geo::Geometry;

use super::layers::OpenLayers;
use super::project::{AccidentSettings, AreaSettings, HazardSettings};
use super::vectors::{has_column, no_column, read_features, reprojected, text_of};
use crate::error::{Fault, Faults, Result};
use crate::grid::{CellStore, Cells, Frame, Reprojection, Tiling};
use crate::io::atomic::write_atomic;
use crate::io::geotiff::{Compression, GeoTiffWriter, WriteSpec};
use crate::io::scratch::Scratch;
use crate::layers::Features;
use crate::progress::Progress;
use crate::report::grids::stretched_style;
use crate::score::{Accidents, Engine, raise_hazard};
use crate::tasks::{PolygonFeature, PriorGround};

/// The file the plane is written to.
pub const HAZARD_FILE: &str = "hazard.tif";
/// Its style.
pub const HAZARD_STYLE: &str = "hazard.qml";

/// Faults listed for one column; a wrong column would otherwise name every feature.
const MOST_NAMED: usize = 10;

/// What hazard is built from, on the frame.
pub struct OpenHazard {
    ground: Option<PriorGround>,
    elsewhere: f64,
    accidents: Option<(Features, Accidents)>,
    /// What there is, for `clearway check`.
    pub description: String,
}

/// What is read: the sources, their files, and what is odd.
pub struct Opened {
    /// The sources.
    pub hazard: Option<OpenHazard>,
    /// The files read.
    pub files: Vec<PathBuf>,
    /// What is odd.
    pub warnings: Vec<String>,
}

/// Opens what hazard is built from; faults are added to `faults`, and then `hazard` is `None`.
pub fn open(settings: &HazardSettings, frame: &Frame, faults: &mut Faults) -> Result<Opened> {
    let mut opened = Opened { hazard: None, files: Vec::new(), warnings: Vec::new() };
    let (mut ground, mut accidents) = (None, None);
    let mut words = Vec::new();
    let mut complete = true;
    if let Some(areas) = &settings.areas {
        opened.files.push(areas.path.clone());
        match faults.take(read_areas(areas, &settings.priors, frame))? {
            Some((read, warnings)) => {
                let by_prior = read.areas_m2().into_iter();
                words.extend(by_prior.map(|(prior, m2)| format!("{:.1} ha at prior {prior}", m2 / 1e4)));
                opened.warnings.extend(warnings);
                ground = Some(read);
            }
            None => complete = false,
        }
    }
    if let Some(points) = &settings.accidents {
        opened.files.push(points.path.clone());
        match faults.take(read_accidents(points, frame))? {
            Some((features, warnings)) => {
                words.push(format!("{} accidents", features.len()));
                opened.warnings.extend(warnings);
                accidents = Some((features, Accidents::new(points.strength, points.sigma_m)));
            }
            None => complete = false,
        }
    }
    words.push(format!("prior {} elsewhere", settings.elsewhere));
    let description = format!("built: {}", words.join(", "));
    let hazard = OpenHazard { ground, elsewhere: settings.elsewhere, accidents, description };
    opened.hazard = complete.then_some(hazard);
    Ok(opened)
}

/// The polygons as ground by prior. Classes without a prior are faults that name column and features.
fn read_areas(
    settings: &AreaSettings,
    priors: &[(String, f64)],
    frame: &Frame,
) -> Result<(PriorGround, Vec<String>)> {
    let path = &settings.path;
    let (crs, features) = read_features(path, "hazard.areas")?;
    let onto_frame = Reprojection::new(&crs, &frame.crs, &path.display().to_string())?;
    let column = settings.classification.as_str();
    if !has_column(&features, column) {
        return Err(no_column("hazard.areas.classification", column, &features, path).into());
    }
    let mut faults = Faults::new();
    let (mut polygons, mut of_polygon, mut unlabelled) = (Vec::new(), Vec::new(), Vec::new());
    for feature in features {
        let number = feature.index + 1;
        let name = text_of(feature.properties.get("imsma_id")).or(feature.id.clone());
        let class = text_of(feature.properties.get(column));
        let prior = class
            .as_ref()
            .and_then(|class| priors.iter().find(|(known, _)| known.eq_ignore_ascii_case(class)))
            .map(|(_, prior)| *prior);
        if prior.is_none() {
            let name = name.clone().unwrap_or_else(|| format!("feature {number}"));
            unlabelled.push(format!("{name} ({})", class.unwrap_or_else(|| "empty".to_owned())));
        }
        let geometry = feature.geometry.map(|geometry| reprojected(geometry, &onto_frame, path, number));
        let Some(geometry) = faults.take(geometry.transpose())? else { continue };
        // The position makes a name unique that the file uses twice.
        let id = name.map_or_else(|| format!("A{number:05}"), |name| format!("{name} (feature {number})"));
        let place = format!("{}, feature {number}", path.display());
        let attributes = serde_json::Map::new();
        polygons.push(PolygonFeature { id, imsma_id: None, place, geometry, attributes });
        of_polygon.push(prior.unwrap_or(0.0));
    }
    if !unlabelled.is_empty() {
        faults.push(no_prior(path, column, &unlabelled, priors));
    }
    faults.finish()?;
    let (ground, findings) = PriorGround::new(&polygons, &of_polygon, frame)?;
    Ok((ground, findings.iter().map(ToString::to_string).collect()))
}

fn no_prior(path: &Path, column: &str, unlabelled: &[String], priors: &[(String, f64)]) -> Fault {
    let known: Vec<&str> = priors.iter().map(|(class, _)| class.as_str()).collect();
    let more = unlabelled.len().saturating_sub(MOST_NAMED);
    let mut found = unlabelled[..unlabelled.len() - more].join(", ");
    if more > 0 {
        found.push_str(&format!(" and {more} more"));
    }
    let fix = "give each class its prior under [hazard], `prior = { SHA = 0.05, … }`, or label the areas";
    let place = format!("{}, column `{column}`", path.display());
    Fault::new("hazard.no_prior", place, format!("one of {}", known.join(", ")), found, fix)
}

fn read_accidents(settings: &AccidentSettings, frame: &Frame) -> Result<(Features, Vec<String>)> {
    let path = &settings.path;
    let (crs, features) = read_features(path, "hazard.accidents")?;
    let onto_frame = Reprojection::new(&crs, &frame.crs, &path.display().to_string())?;
    let mut faults = Faults::new();
    let (mut points, mut n_without) = (Vec::new(), 0);
    for feature in features {
        let number = feature.index + 1;
        let Some(geometry) = feature.geometry else {
            n_without += 1;
            continue;
        };
        match faults.take(reprojected(geometry, &onto_frame, path, number))? {
            Some(Geometry::MultiPoint(parts)) => points.extend(parts.into_iter().map(Geometry::Point)),
            Some(point @ Geometry::Point(_)) => points.push(point),
            Some(_) => {
                let place = format!("{}, feature {number}", path.display());
                let fix = "take it out, or give the place of the accident";
                faults.push(Fault::new("hazard.not_point", place, "a point", "another geometry", fix));
            }
            None => {}
        }
    }
    faults.finish()?;
    let text = format!("accidents: {n_without} features have no geometry and are left out");
    Ok((Features::new(frame, &points), (n_without > 0).then_some(text).into_iter().collect()))
}

/// Makes the plane `hazard`; says what a person should know of how.
pub fn make(
    layers: &mut OpenLayers,
    engine: &mut dyn Engine,
    scratch: &Scratch,
    progress: &dyn Progress,
) -> Result<Vec<String>> {
    let Some(hazard) = &layers.hazard else { return Ok(Vec::new()) };
    let prior = scratch.plane(&layers.frame)?;
    match &hazard.ground {
        Some(ground) => ground.write(hazard.elsewhere, &*prior)?,
        None => fill(&*prior, hazard.elsewhere as f32)?,
    }
    let mut warnings = Vec::new();
    let mut plane = prior;
    if let Some((points, accidents)) = &hazard.accidents {
        let raised = scratch.plane(&layers.frame)?;
        warnings = raise_hazard(engine, &*plane, points, *accidents, &*raised, progress)?;
        plane = raised;
    }
    layers.planes.insert("hazard".to_owned(), Arc::from(plane as Box<dyn Cells>));
    Ok(warnings)
}

fn fill(to: &dyn CellStore, value: f32) -> Result<()> {
    let frame = to.frame().clone();
    let tiling = Tiling::new(&frame, 1024);
    tiling.tiles().try_for_each(|window| to.write(window, &vec![value; window.len()]))
}

/// Writes the plane as a grid.
pub fn write(hazard: &dyn Cells, path: &Path, compression: Compression) -> Result<()> {
    let spec = WriteSpec::quantity("hazard built from hazardous areas and accidents, 0..1", "1");
    let mut writer = GeoTiffWriter::create(path, hazard.frame(), &WriteSpec { compression, ..spec })?;
    // The writer takes tiles of 512, row by row.
    for window in Tiling::new(hazard.frame(), 512).tiles() {
        writer.write(window, &hazard.read_vec(window)?)?;
    }
    let written = writer.finish()?;
    write_atomic(&path.with_file_name(HAZARD_STYLE), stretched_style(&written, "").as_bytes())
}
