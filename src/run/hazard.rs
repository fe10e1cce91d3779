//! Hazard built from `[hazard]`: areas and accidents read and checked with the other inputs, the plane made before
//! scoring and written as `hazard.tif`.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use geo::Geometry;

use super::areas::{self, LeftOut};
use super::imsma;
use super::layers::OpenLayers;
use super::project::{AccidentSettings, AreaColumns, HazardSettings};
use super::vectors::{read_features, reprojected};
use crate::error::{Fault, Faults, Result, clipped};
use crate::grid::{CellStore, Cells, Frame, Reprojection, Tiling};
use crate::io::features::VectorSource;
use crate::io::geotiff::{Compression, GeoTiffWriter, WriteSpec};
use crate::io::scratch::Scratch;
use crate::layers::Features;
use crate::progress::Progress;
use crate::score::{Accidents, Engine, raise_hazard};
use crate::tasks::{Finding, PriorGround, summarised};

/// The file the plane is written to.
pub const HAZARD_FILE: &str = "hazard.tif";

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
    pub hazard: Option<Arc<OpenHazard>>,
    /// The files read.
    pub files: Vec<PathBuf>,
    /// What was found about the areas' polygons.
    pub findings: Vec<Finding>,
    /// Areas that are not taken because of their status.
    pub left_out: Vec<LeftOut>,
    /// What is odd.
    pub warnings: Vec<String>,
}

/// Opens what hazard is built from; faults are added to `faults`, and then `hazard` is `None`.
pub fn open(settings: &HazardSettings, frame: &Frame, faults: &mut Faults) -> Result<Opened> {
    let mut opened = Opened {
        hazard: None,
        files: Vec::new(),
        findings: Vec::new(),
        left_out: Vec::new(),
        warnings: Vec::new(),
    };
    let (mut ground, mut accidents) = (None, None);
    let mut words = Vec::new();
    let mut complete = true;
    if let Some((source, columns)) = &settings.areas {
        opened.files.extend(source.files());
        match faults.take(read_areas(source, columns, &settings.priors, frame))? {
            Some(read) => {
                let by_prior = read.ground.areas_m2().into_iter();
                words.extend(by_prior.map(|(prior, m2)| format!("{:.1} ha at prior {prior}", m2 / 1e4)));
                opened.warnings.extend(read.warnings);
                opened.findings = read.findings;
                opened.left_out = read.left_out;
                ground = Some(read.ground);
            }
            None => complete = false,
        }
    }
    if let Some(points) = &settings.accidents {
        opened.files.extend(points.source.files());
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
    opened.hazard = complete.then(|| Arc::new(hazard));
    Ok(opened)
}

/// The areas as ground by prior, and what was found on the way.
struct ReadAreas {
    ground: PriorGround,
    findings: Vec<Finding>,
    left_out: Vec<LeftOut>,
    warnings: Vec<String>,
}

/// The polygons as ground by prior. Classes without a prior are faults that name column and features.
fn read_areas(
    source: &VectorSource,
    columns: &AreaColumns,
    priors: &[(String, f64)],
    frame: &Frame,
) -> Result<ReadAreas> {
    let mut read = areas::read(source, columns, "hazard.areas", &frame.crs)?;
    let path = &source.path;
    if read.classes.iter().all(Option::is_none) {
        let expected = "a column that says of each area whether it is suspected (SHA) or confirmed (CHA)";
        let known: Vec<&str> = read.polygons[0].attributes.keys().map(String::as_str).collect();
        let fix = format!("name it with `classification`: {}", known.join(", "));
        let place = format!("{} (`hazard.areas.classification`)", path.display());
        return Err(Fault::new("input.missing_column", place, expected, "none", fix).into());
    }
    let mut uses: BTreeMap<String, usize> = BTreeMap::new();
    read.polygons.iter().for_each(|polygon| *uses.entry(polygon.id.clone()).or_default() += 1);
    let (mut of_polygon, mut unlabelled) = (Vec::new(), Vec::new());
    for (number, (polygon, class)) in (1..).zip(read.polygons.iter_mut().zip(&read.classes)) {
        let prior = class.as_ref().and_then(|class| prior_of(class, priors));
        if prior.is_none() {
            let class = class.clone().unwrap_or_else(|| "empty".to_owned());
            unlabelled.push(format!("{} ({})", clipped(&polygon.id), clipped(&class)));
        }
        of_polygon.push(prior.unwrap_or(0.0));
        // The position makes a name unique that the file uses twice.
        if uses[&polygon.id] > 1 || polygon.id.is_empty() {
            polygon.id = format!("{} (area {number})", polygon.id);
        }
    }
    if !unlabelled.is_empty() {
        let column = columns.classification.as_deref().unwrap_or("classification");
        return Err(no_prior(path, column, &unlabelled, priors).into());
    }
    let (ground, findings) = PriorGround::new(&read.polygons, &of_polygon, frame)?;
    let mut warnings = read.notes;
    warnings.extend(summarised(&findings, read.polygons.len()).iter().map(ToString::to_string));
    Ok(ReadAreas { ground, findings, left_out: read.left_out, warnings })
}

/// The prior of a class: of its own name, else of what the name means.
fn prior_of(class: &str, priors: &[(String, f64)]) -> Option<f64> {
    let of = |class: &str| priors.iter().find(|(known, _)| known.eq_ignore_ascii_case(class));
    of(class).or_else(|| of(imsma::class_of(class)?)).map(|(_, prior)| *prior)
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
    let path = &settings.source.path;
    let read = read_features(&settings.source, "hazard.accidents")?;
    let onto_frame = Reprojection::new(&read.crs, &frame.crs, &path.display().to_string())?;
    let mut faults = Faults::new();
    let (mut points, mut n_without) = (Vec::new(), 0);
    for feature in read.features {
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
    let mut warnings = read.notes;
    warnings.extend(onto_frame.shift_note(&path.display().to_string()));
    if n_without > 0 {
        warnings.push(format!("accidents: {n_without} features have no geometry and are left out"));
    }
    Ok((Features::new(frame, &points), warnings))
}

/// Makes some rows of the plane `hazard`; says what a person should know of how.
pub fn make(
    layers: &mut OpenLayers<'_>,
    engine: &mut dyn Engine,
    scratch: &Scratch,
    rows: Range<usize>,
    progress: &dyn Progress,
) -> Result<Vec<String>> {
    let Some(hazard) = &layers.hazard else { return Ok(Vec::new()) };
    let prior = scratch.rows(&layers.frame, rows.clone())?;
    match &hazard.ground {
        Some(ground) => ground.write(hazard.elsewhere, &*prior)?,
        None => fill(&*prior, hazard.elsewhere as f32)?,
    }
    let mut warnings = Vec::new();
    let mut plane = prior;
    if let Some((points, accidents)) = &hazard.accidents {
        let raised = scratch.rows(&layers.frame, rows)?;
        warnings = raise_hazard(engine, &*plane, points, *accidents, &*raised, progress)?;
        plane = raised;
    }
    layers.planes.insert("hazard".to_owned(), Arc::from(plane as Box<dyn Cells>));
    Ok(warnings)
}

fn fill(to: &dyn CellStore, value: f32) -> Result<()> {
    let tiling = Tiling::over(to.part(), 1024);
    tiling.tiles().try_for_each(|window| to.write(window, &vec![value; window.len()]))
}

/// How the plane is written.
pub fn spec(compression: Compression) -> WriteSpec {
    let spec = WriteSpec::quantity("hazard built from hazardous areas and accidents, 0..1", "1");
    WriteSpec { compression, ..spec }
}

/// Writes the plane as a grid.
pub fn write(hazard: &dyn Cells, path: &Path, compression: Compression) -> Result<()> {
    let mut writer = GeoTiffWriter::create(path, hazard.frame(), &spec(compression))?;
    // The writer takes tiles of 512, row by row.
    for window in Tiling::new(hazard.frame(), 512).tiles() {
        writer.write(window, &hazard.read_vec(window)?)?;
    }
    writer.finish().map(drop)
}
