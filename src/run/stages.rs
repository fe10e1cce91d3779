//! The first two stages of a run: priority grids, then task areas with their sums over those grids.

use std::path::Path;
use std::sync::Arc;

use super::contributions::CriterionParts;
use super::kept::{self, Kept, Kind, MadePlane, MadeTasks};
use super::layers::OpenLayers;
use super::parcels::ground_of_days;
use super::prepared::Prepared;
use super::project::{TaskSettings, TaskSource};
use super::{Job, Options};
use super::{hazard, measures};
use crate::error::Result;
use crate::grid::Cells;
use crate::io::geotiff::GeoTiff;
use crate::io::scratch::Scratch;
use crate::progress::Progress;
use crate::report::grids::{GridFile, GridWriters, grids};
use crate::report::tables;
use crate::report::vectors;
use crate::score::{self, Benefit, Engine, Inputs, Plane, PriorityBy, Recipe, Summary};
use crate::tasks::{self, GrowOptions, Planes, TaskArea, TaskOptions};

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
    let (mut engine, note) = score::engine(options.backend, options.device.as_deref())?;
    progress.note(&note);
    // Half for the planes kept between passes, a quarter for tiles; the rest is what readers and writers take.
    let own = || Scratch::new(job.staging.folder(), (options.memory_bytes / 2) as usize);
    let scratch = job.kept.scratch().cloned().unwrap_or_else(own);
    make_layers(job, prepared, &mut *engine, &scratch, options, progress)?;
    let mut recipe = prepared.project.score.recipe.clone();
    if let Some(robustness) = &mut recipe.robustness {
        robustness.seed = job.record.seed;
    }
    let keys = GridKeys::of(prepared, &recipe, options);
    let written = job.take_written(&keys.grids)?;
    let summary = match written.and_then(|written| written.summary.clone()) {
        Some(summary) => Summary { seconds: Vec::new(), ..summary },
        None => score_anew(job, prepared, &recipe, &keys, &mut *engine, &scratch, options, progress)?,
    };
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
        let make = |layers: &mut OpenLayers| hazard::make(layers, engine, scratch, progress);
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
            let measure = std::slice::from_ref(measure);
            measures::make(layers, measure, engine, scratch, tile_bytes, progress)
        };
        let told = plane_once(&kept, layers, &measure.name, key, make)?;
        job.record.warnings.extend(told);
    }
    job.lap("make layers");
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
    let inputs = Inputs {
        frame: &layers.frame,
        hazard: layers.plane("hazard"),
        population: layers.plane("population"),
        cost: layers.plane("cost"),
        criteria: prepared.project.score.criterion_layers.iter().map(|name| layers.plane(name)).collect(),
    };
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
    };
    let scratch = |_: &str| scratch.plane(&layers.frame);
    let summary = score::score(engine, &inputs, recipe, score_options, &scratch, &mut writers, progress)?;
    writers.finish()?;
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
    let made = kept.once(Kind::Tasks, &key, || make_tasks(job, prepared, settings, summary, progress))?;
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
    let mut files: Vec<&Path> = Vec::new();
    if let TaskSource::Polygons { path, .. } = &settings.source {
        files.push(path);
    }
    if let Some(plan) = plan {
        files.extend(plan.settlements.as_deref());
        files.extend(plan.districts.iter().map(|(path, _)| path.as_path()));
    }
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
    let (rank, benefit, cost) = (grid("priority.tif")?, grid("benefit.tif")?, grid("cost.tif")?);
    let (people_at_risk, exposure) = (grid("people_at_risk.tif")?, grid("exposure.tif")?);
    let acceptability = match &recipe.robustness {
        Some(_) => Some(grid("acceptability.tif")?),
        None => None,
    };
    let hazard = layers.plane("hazard");
    let criteria = prepared.project.score.criterion_layers.iter().map(|name| layers.plane(name)).collect();
    let parts = CriterionParts::new(recipe, &summary.maxima, hazard, &*exposure, criteria);
    let planes = Planes {
        hazard,
        people_at_risk: &*people_at_risk,
        benefit: &*benefit,
        cost: &*cost,
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
    told.extend(findings.iter().map(ToString::to_string));
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
