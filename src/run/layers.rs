//! Opens a project's layers, brings them onto the frame and judges their values, with all faults together.
//!
//! In: checked settings. Out: planes on one frame in the units that scoring takes (hazard 0..1, people per cell,
//! US$ per cell), what a survey of each found, and warnings. Every used layer is read through once before any
//! work, because a fault found at the last tile of a long run would cost the person that run.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::areas::LeftOut;
use super::hazard::{self, OpenHazard};
use super::kept::{self, Kept, Kind};
use super::measures;
use super::project::{HAZARD_SD, LayerSettings, LayerSource, Project};
use crate::error::{Fault, Faults, Result};
use crate::grid::{Cells, Frame};
use crate::io::geotiff::ReadOptions;
use crate::io::raster::Raster;
use crate::layers::{
    ConstantCost, Features, LayerFile, LayerSpec, OnFrame, Role, Survey, range_faults, survey, survey_blocks,
};
use crate::progress::{Progress, Within};
use crate::tasks::Finding;

/// The project's layers on one frame.
pub struct OpenLayers<'a> {
    /// The frame.
    pub frame: Frame,
    /// Every layer that could be brought onto it, by name.
    pub planes: BTreeMap<String, Arc<dyn Cells + 'a>>,
    /// Every vector layer that could be brought onto it, by name.
    pub features: BTreeMap<String, Arc<Features>>,
    /// What the layer `hazard` is built from, where it is.
    pub hazard: Option<Arc<OpenHazard>>,
    /// How layers were warped onto the frame, where they were.
    pub warped: BTreeMap<String, String>,
    /// What each plane and each layer's features were made of, by name: equal keys mean equal cells.
    pub keys: BTreeMap<String, String>,
    /// What reading the used layers through showed.
    pub surveys: BTreeMap<String, Survey>,
    /// What was found about the polygons of the areas that hazard is built from.
    pub findings: Vec<Finding>,
    /// Areas that hazard is not built from because of their status.
    pub left_out: Vec<LeftOut>,
    /// The raster files behind the layers.
    pub files: Vec<PathBuf>,
    /// What is odd.
    pub warnings: Vec<String>,
}

impl<'a> OpenLayers<'a> {
    /// A layer's plane; settings name only layers that exist, so a missing one is our bug.
    pub fn plane(&self, name: &str) -> &(dyn Cells + 'a) {
        &*self.planes[name]
    }
}

/// Layers that a program holds, by name, each on its own grid.
pub type Given<'a> = BTreeMap<String, Arc<dyn Cells + 'a>>;

/// Rows of cells that a layer keeps decoded, where memory allows: about what a tile with its halo spans.
const ROWS_KEPT: usize = 2048;

/// A layer's cache holds at least this, bytes.
const LEAST_CACHE: usize = 8 << 20;

/// Opens and surveys the layers; their caches of decoded blocks take an eighth of `memory_bytes`. Faults are
/// added to `faults`; `None` comes back when the frame itself is missing or any layer is at fault.
pub fn open(
    project: &Project,
    memory_bytes: u64,
    kept: &Kept,
    faults: &mut Faults,
    progress: &dyn Progress,
) -> Result<Option<OpenLayers<'static>>> {
    match bring_all(project, &Given::new(), memory_bytes, kept, faults)? {
        Some((open, is_complete)) => survey_all(project, open, is_complete, kept, faults, progress),
        None => Ok(None),
    }
}

/// The same where the layers were read through by others, who tell what that showed.
pub fn open_surveyed<'a>(
    project: &Project,
    given: &Given<'a>,
    memory_bytes: u64,
    kept: &Kept,
    surveys: &BTreeMap<String, Survey>,
    faults: &mut Faults,
) -> Result<Option<OpenLayers<'a>>> {
    match bring_all(project, given, memory_bytes, kept, faults)? {
        Some((open, is_complete)) => judge_all(project, open, is_complete, faults, |name, _, _| {
            Ok(surveys.get(name).cloned().unwrap_or_default())
        }),
        None => Ok(None),
    }
}

/// The same where a program holds some of the layers: those of [`LayerSource::Given`], by name.
pub fn open_given<'a>(
    project: &Project,
    given: &Given<'a>,
    memory_bytes: u64,
    faults: &mut Faults,
    progress: &dyn Progress,
) -> Result<Option<OpenLayers<'a>>> {
    let kept = Kept::nothing();
    match bring_all(project, given, memory_bytes, &kept, faults)? {
        Some((open, is_complete)) => survey_all(project, open, is_complete, &kept, faults, progress),
        None => Ok(None),
    }
}

/// Opens the layers without reading them through: for a part, or for a few cells of a run whose layers were surveyed
/// then.
pub fn open_unread<'a>(
    project: &Project,
    given: &Given<'a>,
    memory_bytes: u64,
    kept: &Kept,
    faults: &mut Faults,
) -> Result<Option<OpenLayers<'a>>> {
    let brought = bring_all(project, given, memory_bytes, kept, faults)?;
    Ok(brought.and_then(|(open, is_complete)| is_complete.then_some(open)))
}

/// The layers on the frame, and whether all of them could be brought there; `None` without a frame.
fn bring_all<'a>(
    project: &Project,
    given: &Given<'a>,
    memory_bytes: u64,
    kept: &Kept,
    faults: &mut Faults,
) -> Result<Option<(OpenLayers<'a>, bool)>> {
    let mut sources: Vec<(&LayerSettings, Option<Arc<Raster>>)> = Vec::new();
    let mut complete = true;
    let most_cache = (memory_bytes / 8) as usize / project.layers.len().max(1);
    let most_cache = most_cache.max(LEAST_CACHE);
    for layer in &project.layers {
        let LayerSource::Raster { path, band } = &layer.source else {
            sources.push((layer, None));
            continue;
        };
        let options = ReadOptions { band: *band, nodata: layer.nodata, ..ReadOptions::default() };
        let opened = kept.once(Kind::Source, &kept::key(None, layer, &[path]), || {
            let mut source = Raster::open_with(path, &options)?;
            // Strips of a wide file reach across many square tiles: a row of tiles' worth is kept decoded.
            source.keep_rows(ROWS_KEPT, LEAST_CACHE, most_cache);
            Ok(source)
        });
        match faults.take(missing_as_fault(&format!("layer `{}`", layer.name), opened))? {
            Some(source) => sources.push((layer, Some(source))),
            None => complete = false,
        }
    }
    let framing = sources.iter().find(|(layer, _)| layer.name == project.frame);
    let frame = match framing {
        Some((_, Some(source))) => source.frame().clone(),
        Some((layer, None)) if layer.source == LayerSource::Given => given[&layer.name].frame().clone(),
        _ => return Ok(None),
    };
    let frame = frame.on_its_ground(&project.datum_shifts);
    let mut open = OpenLayers {
        planes: BTreeMap::new(),
        features: BTreeMap::new(),
        hazard: None,
        warped: BTreeMap::new(),
        keys: BTreeMap::new(),
        surveys: BTreeMap::new(),
        findings: Vec::new(),
        left_out: Vec::new(),
        files: sources.iter().filter_map(|(_, s)| s.as_ref()).flat_map(|s| s.files()).collect(),
        warnings: frame_warnings(&frame),
        frame,
    };
    if let Some(settings) = &project.hazard {
        let files = settings.files();
        let paths: Vec<&Path> = files.iter().map(PathBuf::as_path).collect();
        let key = kept::key(Some(&open.frame), settings, &paths);
        let opened = match kept.find::<hazard::Opened>(Kind::Features, &key) {
            Some(opened) => opened,
            None => Arc::new(hazard::open(settings, &open.frame, faults)?),
        };
        complete &= opened.hazard.is_some();
        if opened.hazard.is_some() {
            kept.put(Kind::Features, &key, Arc::clone(&opened));
        }
        open.keys.insert("hazard".to_owned(), key);
        open.hazard.clone_from(&opened.hazard);
        open.files.extend(opened.files.iter().cloned());
        open.findings.clone_from(&opened.findings);
        open.left_out.clone_from(&opened.left_out);
        open.warnings.extend(opened.warnings.iter().cloned());
    }
    for (layer, source) in sources {
        if layer.source == LayerSource::Built {
            continue;
        }
        if layer.source == LayerSource::Given {
            let source = Arc::clone(&given[&layer.name]);
            if let Some(plane) = faults.take(OnFrame::new(source, &spec_of(layer), &open.frame))? {
                open.warnings.extend(shift_note(layer, &plane));
                let description = plane.description();
                open.warped.extend(description.map(|text| (layer.name.clone(), text)));
                open.planes.insert(layer.name.clone(), Arc::new(plane));
                open.keys.insert(layer.name.clone(), format!("given {layer:?}"));
            } else {
                complete = false;
            }
            continue;
        }
        if let LayerSource::Vector(source) = &layer.source {
            let files = source.files();
            let paths: Vec<&Path> = files.iter().map(PathBuf::as_path).collect();
            let key = kept::key(Some(&open.frame), layer, &paths);
            let read = kept.once(Kind::Features, &key, || {
                let (features, warnings) = measures::read_features(source, &layer.name, &open.frame)?;
                Ok((Arc::new(features), warnings))
            });
            open.files.extend(files);
            match faults.take(read)? {
                Some(read) => {
                    open.features.insert(layer.name.clone(), Arc::clone(&read.0));
                    open.keys.insert(layer.name.clone(), key);
                    open.warnings.extend(read.1.iter().cloned());
                }
                None => complete = false,
            }
            continue;
        }
        let files: Vec<PathBuf> = source.iter().flat_map(|source| source.files()).collect();
        let files: Vec<&Path> = files.iter().map(PathBuf::as_path).collect();
        let key = kept::key(Some(&open.frame), layer, &files);
        match faults.take(kept.once(Kind::Layer, &key, || bring(layer, source.clone(), &open.frame)))? {
            Some(brought) => {
                let Brought { plane, description, note } = &*brought;
                open.planes.insert(layer.name.clone(), Arc::clone(plane));
                open.keys.insert(layer.name.clone(), key);
                open.warped.extend(description.clone().map(|text| (layer.name.clone(), text)));
                open.warnings.extend(note.clone());
            }
            None => complete = false,
        }
    }
    Ok(Some((open, complete)))
}

/// Reads every used layer through once and judges its values.
fn survey_all<'a>(
    project: &Project,
    open: OpenLayers<'a>,
    complete: bool,
    kept: &Kept,
    faults: &mut Faults,
    progress: &dyn Progress,
) -> Result<Option<OpenLayers<'a>>> {
    let n_blocks = survey_blocks(&open.frame);
    progress.start("check layers", surveyed(project, &open).len() as u64 * n_blocks);
    let judged = judge_all(project, open, complete, faults, |_, key, plane| {
        progress.check()?;
        if let Some(found) = kept.find::<Survey>(Kind::Survey, key) {
            progress.advance(n_blocks);
            return Ok(Survey::clone(&found));
        }
        let found = kept.once(Kind::Survey, key, || survey(plane, &Within(progress)))?;
        Ok(Survey::clone(&found))
    });
    progress.finish();
    judged
}

/// Judges the values of every used layer by what `survey` finds in it, given its name, key and plane.
fn judge_all<'a>(
    project: &Project,
    mut open: OpenLayers<'a>,
    mut complete: bool,
    faults: &mut Faults,
    mut survey: impl FnMut(&str, &str, &dyn Cells) -> Result<Survey>,
) -> Result<Option<OpenLayers<'a>>> {
    for (name, role) in surveyed(project, &open) {
        let key = open.keys.get(&name).map_or("", String::as_str);
        let found = survey(&name, key, open.plane(&name))?;
        let findings = range_faults(role, &name, &open.frame, &found);
        complete &= findings.faults.is_empty();
        findings.faults.into_iter().for_each(|fault| faults.push(fault));
        open.warnings.extend(findings.warnings);
        open.surveys.insert(name, found);
    }
    for fault in measures::without_features(project, &open)? {
        complete = false;
        faults.push(fault);
    }
    Ok(complete.then_some(open))
}

/// The layers that are read through before any work, and as what: those used that are rasters. A constant was checked
/// when it was read.
pub fn surveyed(project: &Project, open: &OpenLayers<'_>) -> Vec<(String, Role)> {
    let is_constant = |name: &str| {
        project.layer(name).is_some_and(|layer| matches!(layer.source, LayerSource::Constant(_)))
    };
    let used = used(project).into_iter();
    used.filter(|(name, _)| open.planes.contains_key(name) && !is_constant(name)).collect()
}

/// The layers a run reads, and as what.
fn used(project: &Project) -> Vec<(String, Role)> {
    let mut roles = vec![
        ("hazard".to_owned(), Role::Hazard),
        ("population".to_owned(), Role::Population),
        ("cost".to_owned(), Role::Cost),
    ];
    let difficulty = project.tasks.as_ref().and_then(|tasks| tasks.difficulty.clone());
    for name in project.score.criterion_layers.iter().cloned().chain(difficulty) {
        if !roles.iter().any(|(known, _)| *known == name) {
            let is_sd = name == HAZARD_SD;
            roles.push((name, if is_sd { Role::HazardSd } else { Role::Criterion }));
        }
    }
    roles
}

/// A layer on the frame.
struct Brought {
    plane: Arc<dyn Cells>,
    /// How it was warped there.
    description: Option<String>,
    /// The datum shift that was crossed.
    note: Option<String>,
}

fn spec_of(layer: &LayerSettings) -> LayerSpec {
    LayerSpec {
        name: layer.name.clone(),
        unit: layer.unit.clone(),
        scale: layer.scale,
        offset: layer.offset,
        // A file was opened with the project's nodata value already.
        nodata: layer.nodata.filter(|_| layer.source == LayerSource::Given),
        resampling: layer.resample,
        file: match &layer.source {
            LayerSource::Raster { path, .. } => Some(LayerFile { path: path.clone(), nodata: layer.nodata }),
            LayerSource::Constant(_) | LayerSource::Built | LayerSource::Vector(_) | LayerSource::Given => {
                None
            }
        },
    }
}

fn bring(layer: &LayerSettings, source: Option<Arc<Raster>>, frame: &Frame) -> Result<Brought> {
    match (&layer.source, source) {
        (LayerSource::Constant(usd_per_m2), _) => {
            let plane = Arc::new(ConstantCost::new(frame.clone(), *usd_per_m2));
            Ok(Brought { plane, description: None, note: None })
        }
        (_, Some(source)) => {
            let on_frame = OnFrame::new(source, &spec_of(layer), frame)?;
            let description = on_frame.description();
            let note = shift_note(layer, &on_frame);
            Ok(Brought { plane: Arc::new(on_frame), description, note })
        }
        (
            LayerSource::Raster { .. } | LayerSource::Vector(_) | LayerSource::Built | LayerSource::Given,
            None,
        ) => {
            unreachable!(
                "every raster layer was opened or is at fault, and what is no raster was taken before"
            )
        }
    }
}

/// What a person should know of a layer that was warped across a datum shift.
fn shift_note(layer: &LayerSettings, on_frame: &OnFrame<'_>) -> Option<String> {
    let shift = on_frame.datum_shift()?;
    Some(format!("layer `{}`: warped across a datum shift by PROJ, {shift}", layer.name))
}

/// An input file that is not there is the person's to mend, and is told together with the other faults; `place`
/// is where the project names it.
pub fn missing_as_fault<T>(place: &str, result: Result<T>) -> Result<T> {
    use crate::error::Error;
    match result {
        Err(Error::Io { path, source, .. }) if source.kind() == std::io::ErrorKind::NotFound => {
            let found = format!("no such file {}", path.display());
            let fix = "check the path; it is relative to the project file";
            Err(Fault::new("input.missing", place, "a file", found, fix).into())
        }
        other => other,
    }
}

fn frame_warnings(frame: &Frame) -> Vec<String> {
    if !frame.crs.is_web_mercator() {
        return Vec::new();
    }
    let middle = frame.centre(0, frame.n_rows as i64 / 2).y / 6_378_137.0;
    // On a sphere's Mercator map lengths are stretched by cosh(y / R).
    let stretch = middle.cosh();
    vec![format!(
        "the frame is in Web Mercator, where areas are {:.2} times those on the ground here: areas, costs per m² and \
         working days will be too large by that; warp the layers to a UTM zone with `gdalwarp -t_srs EPSG:326xx`",
        stretch * stretch
    )]
}
