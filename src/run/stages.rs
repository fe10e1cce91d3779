//! The first two stages of a run: priority grids, then task areas with their sums over those grids.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::contributions::CriterionParts;
use super::kept::{self, Kept, Kind, MadePlane, MadeTasks};
use super::layers::OpenLayers;
use super::parcels::ground_of_days;
use super::prepared::Prepared;
use super::project::{Project, TaskSettings, TaskSource};
use super::resume::SummaryState;
use super::space::enough_space;
use super::tasks_state::TasksState;
use super::{Job, Options};
use super::{hazard, measures};
use crate::error::Result;
use crate::grid::{Cells, Tiling};
use crate::io::features::VectorSource;
use crate::io::geotiff::GeoTiff;
use crate::io::scratch::Scratch;
use crate::progress::Progress;
use crate::report::grids::{GridFile, GridWriters, grids};
use crate::report::tables;
use crate::report::vectors;
use crate::score::{self, Benefit, Engine, FirstPass, Inputs, Plane, PriorityBy, Recipe, Summary};
use crate::tasks::{self, GrowOptions, Planes, TaskArea, TaskOptions};

/// Stages that an interrupted run may have finished.
const GRIDS: &str = "grids";
const TASK_AREAS: &str = "task areas";

/// Planes for which memory is left when layers are held: those that scoring keeps between its passes.
const PLANES_LEFT_FREE: usize = 8;

/// Tiles have one such share of the memory; half is for the planes kept between passes, the rest is what readers and
/// writers take.
pub const TILES_SHARE: u64 = 4;

/// Scores the layers into grids and the curve. What an earlier run of this process has made or written is taken over.
pub fn score_grids(
    job: &mut Job,
    prepared: &mut Prepared,
    options: &Options,
    progress: &dyn Progress,
) -> Result<Summary> {
    let gathered = job.gathered.take();
    let (mut engine, note) = match &gathered {
        Some(gathered) => gathered.engine(options)?,
        None => score::engine(options.backend, options.device.as_deref())?,
    };
    progress.note(&note);
    // Half for the planes kept between passes, a quarter for tiles; the rest is what readers and writers take.
    let own = || Scratch::new(job.staging.folder(), (options.memory_bytes / 2) as usize);
    let scratch = job.kept.scratch().cloned().unwrap_or_else(own);
    let told = enough_space(&job.staging, prepared, options)?;
    job.record.warnings.extend(told);
    match &gathered {
        Some(gathered) => gathered.make_layers(job, prepared, options)?,
        None => make_layers(job, prepared, &mut *engine, &scratch, options, progress)?,
    }
    let recipe = seeded_recipe(&prepared.project, job.record.seed);
    let keys = GridKeys::of(prepared, &recipe, options);
    let written = job.take_written(&keys.grids)?;
    let stage_key = job.stage_key(keys.grids.clone());
    let summary = match (gathered, written.and_then(|written| written.summary.clone())) {
        (Some(gathered), _) => {
            gathered.finish(job, prepared, &recipe, &mut *engine, &scratch, options, progress)?
        }
        (None, Some(summary)) => Summary { seconds: Vec::new(), ..summary },
        (None, None) => match job.stages.find::<SummaryState>(GRIDS, &stage_key, progress) {
            Some(state) => {
                let exposure = GeoTiff::open(&job.staging.path("exposure.tif"), 1)?;
                state.summary(&recipe, &exposure, &criteria_of(&prepared.project, &prepared.layers))?
            }
            None => score_anew(job, prepared, &recipe, &keys, &mut *engine, &scratch, options, progress)?,
        },
    };
    let files: Vec<&str> = grids(recipe.robustness.is_some()).map(|grid| grid.name).collect();
    job.stage_done(GRIDS, &stage_key, &files, &SummaryState::of(&summary))?;
    job.record.engine = Some((summary.engine.clone(), note));
    job.record.take_summary(&summary);
    job.outcome.score(&summary);
    tables::write_curve(&job.staging.path("curve.csv"), &summary.curve)?;
    if job.record.command != "plan" {
        job.outputs.extend(grids(recipe.robustness.is_some()).map(|grid| grid.name));
        job.outputs.push("curve.csv");
    }
    job.grids = Some((keys, summary.clone()));
    job.lap("score");
    Ok(summary)
}

/// The layers of criteria and gates, as the recipe counts them.
pub fn criteria_of<'a>(project: &Project, layers: &'a OpenLayers) -> Vec<&'a dyn Cells> {
    project.score.criterion_layers.iter().map(|name| layers.plane(name)).collect()
}

/// What scoring reads.
pub fn inputs_of<'a>(project: &Project, layers: &'a OpenLayers) -> Inputs<'a> {
    Inputs {
        frame: &layers.frame,
        hazard: layers.plane("hazard"),
        population: layers.plane("population"),
        cost: layers.plane("cost"),
        criteria: criteria_of(project, layers),
    }
}

/// The recipe with the seed of this run.
pub fn seeded_recipe(project: &Project, seed: u64) -> Recipe {
    let mut recipe = project.score.recipe.clone();
    if let Some(robustness) = &mut recipe.robustness {
        robustness.seed = seed;
    }
    recipe
}

/// Makes the planes that scoring reads beside the layers as they are: hazard from areas and accidents, measures.
fn make_layers(
    job: &mut Job,
    prepared: &mut Prepared,
    engine: &mut dyn Engine,
    scratch: &Scratch,
    options: &Options,
    progress: &dyn Progress,
) -> Result<()> {
    let layers = &mut prepared.layers;
    let kept = Arc::clone(&job.kept);
    if layers.hazard.is_some() {
        let key = layers.keys["hazard"].clone();
        let make = |layers: &mut OpenLayers| {
            let rows = 0..layers.frame.n_rows;
            hazard::make(layers, engine, scratch, rows, progress)
        };
        let told = plane_once(&kept, layers, "hazard", key, make)?;
        job.record.warnings.extend(told);
        if job.record.command != "plan" {
            let path = job.staging.path(hazard::HAZARD_FILE);
            hazard::write(layers.plane("hazard"), &path, options.compression)?;
            job.outputs.push(hazard::HAZARD_FILE);
        }
    }
    let tile_bytes = (options.memory_bytes / 4) as usize;
    for measure in &prepared.project.score.measures {
        let key = format!("{measure:?} {}", layers.keys[&measure.layer]);
        let make = |layers: &mut OpenLayers| {
            let (measure, rows) = (std::slice::from_ref(measure), 0..layers.frame.n_rows);
            measures::make(layers, measure, engine, scratch, rows, tile_bytes, progress)
        };
        let told = plane_once(&kept, layers, &measure.name, key, make)?;
        job.record.warnings.extend(told);
    }
    hold_layers(&kept, prepared, scratch)?;
    job.lap("make layers");
    Ok(())
}

/// Where more runs follow and memory allows, the layers that every one of them reads are held as cells, so that their
/// files are decoded once.
fn hold_layers(kept: &Kept, prepared: &mut Prepared, scratch: &Scratch) -> Result<()> {
    let layers = &mut prepared.layers;
    let frame = layers.frame.clone();
    let names = ["hazard", "cost"].map(str::to_owned).into_iter();
    for name in names.chain(prepared.project.score.criterion_layers.iter().cloned()) {
        // Measures and hazard made from areas are held already.
        let is_held = kept.find::<MadePlane>(Kind::Plane, &layers.keys[&name]).is_some();
        if !kept.is_on() || is_held {
            continue;
        }
        let key = format!("held {}", layers.keys[&name]);
        let held = match kept.find::<MadePlane>(Kind::Plane, &key) {
            Some(held) => held,
            None if scratch.planes_left(&frame) < PLANES_LEFT_FREE => continue,
            None => {
                let plane = scratch.plane(&frame)?;
                let from = layers.plane(&name);
                for window in Tiling::new(&frame, 1024).tiles() {
                    plane.write(window, &from.read_vec(window)?)?;
                }
                let made =
                    Arc::new(MadePlane { plane: Arc::from(plane as Box<dyn Cells>), warnings: Vec::new() });
                kept.put(Kind::Plane, &key, Arc::clone(&made));
                made
            }
        };
        layers.planes.insert(name, Arc::clone(&held.plane));
    }
    Ok(())
}

/// A plane that `make` adds to the layers, or that an earlier run has made.
fn plane_once(
    kept: &Kept,
    layers: &mut OpenLayers,
    name: &str,
    key: String,
    make: impl FnOnce(&mut OpenLayers) -> Result<Vec<String>>,
) -> Result<Vec<String>> {
    let made = kept.once(Kind::Plane, &key, || {
        let warnings = make(layers)?;
        Ok(MadePlane { plane: Arc::clone(&layers.planes[name]), warnings })
    })?;
    layers.planes.insert(name.to_owned(), Arc::clone(&made.plane));
    layers.keys.insert(name.to_owned(), key);
    Ok(made.warnings.clone())
}

/// What grids are made of: equal keys mean equal files.
#[derive(Debug, Clone)]
pub struct GridKeys {
    /// Of what the first pass finds.
    pub first_pass: String,
    /// Of all grids.
    pub grids: String,
}

impl GridKeys {
    fn of(prepared: &Prepared, recipe: &Recipe, options: &Options) -> Self {
        let layers = &prepared.layers;
        let names = ["hazard", "population", "cost"].into_iter();
        let names = names.chain(prepared.project.score.criterion_layers.iter().map(String::as_str));
        let used: Vec<&str> = names.map(|name| layers.keys[name].as_str()).collect();
        let (frame, compression) = (&layers.frame, options.compression);
        let engine = (options.backend, &options.device);
        let first_pass = score::first_pass_key(recipe);
        Self {
            first_pass: format!("{first_pass} {frame:?} {compression:?} {engine:?} {used:?}"),
            grids: format!("{recipe:?} {frame:?} {compression:?} {engine:?} {used:?}"),
        }
    }
}

/// The grids that hold no more than the first pass and the layers themselves.
pub fn first_pass_grids() -> impl Iterator<Item = &'static GridFile> {
    let of_first =
        |grid: &&GridFile| matches!(grid.plane, Plane::Exposure | Plane::PeopleAtRisk | Plane::Cost);
    grids(false).filter(of_first)
}

#[allow(clippy::too_many_arguments)] // each is one of the run's parts, used once
fn score_anew(
    job: &mut Job,
    prepared: &Prepared,
    recipe: &Recipe,
    keys: &GridKeys,
    engine: &mut dyn Engine,
    scratch: &Scratch,
    options: &Options,
    progress: &dyn Progress,
) -> Result<Summary> {
    let layers = &prepared.layers;
    let inputs = inputs_of(&prepared.project, layers);
    // A first pass counts only where its grids lie written too.
    let is_written = job.take_written(&keys.first_pass)?.is_some();
    let first_pass = job.kept.first_pass(&keys.first_pass, is_written);
    let skipped: Vec<Plane> = first_pass_grids().map(|grid| grid.plane).filter(|_| is_written).collect();
    let has_robustness = recipe.robustness.is_some();
    let folder = job.staging.folder();
    let mut writers =
        GridWriters::create(folder, &layers.frame, options.compression, has_robustness, &skipped)?;
    let begun = std::time::Instant::now();
    let clock = || begun.elapsed().as_secs_f64();
    let score_options = score::Options {
        tile_size: None,
        memory_bytes: options.memory_bytes / TILES_SHARE,
        clock: Some(&clock),
        first_pass: first_pass.as_deref(),
        part: None,
    };
    job.first_pass.clone_from(&first_pass);
    let scratch = |_: &str| scratch.plane(&layers.frame);
    let summary = score::score(engine, &inputs, recipe, score_options, &scratch, &mut writers, progress)?;
    writers.finish(progress)?;
    Ok(summary)
}

/// Outlines the task areas and writes their tables.
pub fn outline_tasks(
    job: &mut Job,
    prepared: &Prepared,
    settings: &TaskSettings,
    summary: &Summary,
    progress: &dyn Progress,
) -> Result<Arc<MadeTasks>> {
    let kept = Arc::clone(&job.kept);
    let key = tasks_key(job, prepared, settings);
    let stage_key = job.stage_key(key.clone());
    let found = job.stages.find::<TasksState>(TASK_AREAS, &stage_key, progress);
    let made = kept.once(Kind::Tasks, &key, || match found {
        Some(state) => Ok(state.into_tasks()),
        None => make_tasks(job, prepared, settings, summary, progress),
    })?;
    job.stage_done(TASK_AREAS, &stage_key, &[], &TasksState::of(&made))?;
    let (tasks, told): &MadeTasks = &made;
    job.record.warnings.extend(told.iter().cloned());
    let (layers, recipe) = (&prepared.layers, &prepared.project.score.recipe);
    let criteria: Vec<String> = recipe.criteria.iter().map(|criterion| criterion.name.clone()).collect();
    tables::write_tasks(&job.staging.path("tasks.csv"), tasks, &criteria)?;
    job.outputs.push("tasks.csv");
    if layers.frame.crs.is_on_wgs84() {
        vectors::write_tasks(&job.staging.path("tasks.geojson"), tasks, &criteria, &layers.frame.crs)?;
        job.outputs.push("tasks.geojson");
    } else {
        job.record.warnings.push(format!(
            "tasks.geojson is not written: it needs WGS 84, and {} lies on another datum; warp the layers to a UTM zone",
            layers.frame.crs
        ));
    }
    job.outcome.tasks(tasks);
    job.lap("task areas");
    Ok(made)
}

/// What task areas are made of.
fn tasks_key(job: &Job, prepared: &Prepared, settings: &TaskSettings) -> String {
    let grids = job.grids.as_ref().map_or("", |(keys, _)| keys.grids.as_str());
    let difficulty = settings.difficulty.as_ref().map(|name| &prepared.layers.keys[name]);
    let plan = prepared.project.plan.as_ref();
    let places = plan.map(|plan| (&plan.settlements, &plan.districts));
    let parcels = plan.and_then(|plan| plan.max_team_days).map(|days| (days, &prepared.teams));
    let areas = match &settings.source {
        TaskSource::Polygons { source, .. } => Some(source),
        TaskSource::Grown { .. } => None,
    };
    let settlements = plan.and_then(|plan| plan.settlements.as_ref());
    let districts = plan.and_then(|plan| plan.districts.as_ref()).map(|(source, _)| source);
    let files: Vec<PathBuf> =
        areas.into_iter().chain(settlements).chain(districts).flat_map(VectorSource::files).collect();
    let files: Vec<&Path> = files.iter().map(PathBuf::as_path).collect();
    kept::key(None, &(settings, grids, difficulty, places, parcels), &files)
}

/// Task areas with their sums over the grids, and what is odd about them.
fn make_tasks(
    job: &Job,
    prepared: &Prepared,
    settings: &TaskSettings,
    summary: &Summary,
    progress: &dyn Progress,
) -> Result<MadeTasks> {
    let mut told = Vec::new();
    let layers = &prepared.layers;
    let recipe = &prepared.project.score.recipe;
    let grid =
        |name: &str| -> Result<Arc<dyn Cells>> { Ok(Arc::new(GeoTiff::open(&job.staging.path(name), 1)?)) };
    let (rank, benefit) = (grid("priority.tif")?, grid("benefit.tif")?);
    // What is at hand need not be read from the grids: the cells are the same, and cost counts only where all are known.
    let at_hand = job.first_pass.as_deref().and_then(FirstPass::planes);
    let read: Option<[Arc<dyn Cells>; 3]> = match at_hand {
        Some(_) => None,
        None => Some([grid("exposure.tif")?, grid("people_at_risk.tif")?, grid("cost.tif")?]),
    };
    let (exposure, people_at_risk, cost) = match (&at_hand, &read) {
        (Some([exposure, people_at_risk]), _) => (*exposure, *people_at_risk, layers.plane("cost")),
        (None, Some([exposure, people_at_risk, cost])) => (&**exposure, &**people_at_risk, &**cost),
        (None, None) => unreachable!("read where they are not at hand"),
    };
    let acceptability = match &recipe.robustness {
        Some(_) => Some(grid("acceptability.tif")?),
        None => None,
    };
    let hazard = layers.plane("hazard");
    let parts = CriterionParts::new(
        recipe,
        &summary.maxima,
        hazard,
        exposure,
        criteria_of(&prepared.project, &prepared.layers),
    );
    let planes = Planes {
        hazard,
        people_at_risk,
        benefit: &*benefit,
        cost,
        rank: &*rank,
        acceptability: acceptability.as_deref(),
        difficulty: settings.difficulty.as_ref().map(|name| layers.plane(name)),
        contributions: Some(&parts),
    };
    let options = TaskOptions {
        class_percents: recipe.class_percents.clone(),
        by_benefit: recipe.benefit == Benefit::Ordered || recipe.priority_by == PriorityBy::Benefit,
        settlements: &prepared.settlements,
        districts: &prepared.districts,
        needs_lon_lat: prepared.project.plan.is_some(),
        ..TaskOptions::default()
    };
    let (tasks, findings) = match &settings.source {
        TaskSource::Polygons { .. } => {
            let areas = prepared.areas.clone().unwrap_or_default();
            tasks::from_polygons(areas, &planes, &options, progress)?
        }
        TaskSource::Grown { min_rank, min_area_m2, max_area_m2 } => {
            let grow =
                GrowOptions { min_rank: *min_rank, min_area_m2: *min_area_m2, max_area_m2: *max_area_m2 };
            tasks::grow(&planes, &grow, &options, progress)?
        }
    };
    let n_areas = prepared.areas.as_ref().map_or(tasks.len(), Vec::len);
    told.extend(tasks::summarised(&findings, n_areas).iter().map(ToString::to_string));
    let max_team_days = prepared.project.plan.as_ref().and_then(|plan| plan.max_team_days);
    let tasks = match max_team_days {
        Some(days) => {
            let limit_m2 = |task: &TaskArea| ground_of_days(task, &prepared.teams, days);
            let (parcels, cut) = tasks::cut_into_parcels(&tasks, &layers.frame, &limit_m2);
            told.extend(cut.iter().map(ToString::to_string));
            match parcels {
                // Summed anew: what was found odd about the tasks has been told, but for places on the map.
                Some(parcels) => tasks::from_polygons(parcels, &planes, &options, progress)?.0,
                None => tasks,
            }
        }
        None => tasks,
    };
    Ok((tasks, told))
}
