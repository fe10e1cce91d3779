//! The first two stages of a run: priority grids, then task areas with their sums over those grids.

use std::sync::Arc;

use super::contributions::CriterionParts;
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
use crate::report::grids::{GridWriters, grids};
use crate::report::tables;
use crate::report::vectors;
use crate::score::{self, Benefit, Inputs, PriorityBy, Summary};
use crate::tasks::{self, GrowOptions, Planes, TaskArea, TaskOptions};

/// Tiles have one such share of the memory; half is for the planes kept between passes, the rest is what readers and
/// writers take.
pub const TILES_SHARE: u64 = 4;

/// Scores the layers into grids and the curve.
pub fn score_grids(
    job: &mut Job,
    prepared: &mut Prepared,
    options: &Options,
    progress: &dyn Progress,
) -> Result<Summary> {
    let settings = &prepared.project.score;
    let (mut engine, note) = score::engine(options.backend, options.device.as_deref())?;
    progress.note(&note);
    // Half for the planes kept between passes, a quarter for tiles; the rest is what readers and writers take.
    let scratch = Scratch::new(job.staging.folder(), (options.memory_bytes / 2) as usize);
    let layers = &mut prepared.layers;
    let tile_bytes = options.memory_bytes / 4;
    job.record.warnings.extend(hazard::make(layers, &mut *engine, &scratch, progress)?);
    if layers.hazard.is_some() && job.record.command != "plan" {
        let path = job.staging.path(hazard::HAZARD_FILE);
        hazard::write(layers.plane("hazard"), &path, options.compression)?;
        job.outputs.extend([hazard::HAZARD_FILE, hazard::HAZARD_STYLE]);
    }
    let measured = &settings.measures;
    let told = measures::make(layers, measured, &mut *engine, &scratch, tile_bytes as usize, progress)?;
    job.record.warnings.extend(told);
    job.lap("make layers");
    let layers = &prepared.layers;
    let inputs = Inputs {
        frame: &layers.frame,
        hazard: layers.plane("hazard"),
        population: layers.plane("population"),
        cost: layers.plane("cost"),
        criteria: settings.criterion_layers.iter().map(|name| layers.plane(name)).collect(),
    };
    let mut recipe = settings.recipe.clone();
    if let Some(robustness) = &mut recipe.robustness {
        robustness.seed = job.record.seed;
    }
    let has_robustness = recipe.robustness.is_some();
    let folder = job.staging.folder();
    let mut writers = GridWriters::create(folder, &layers.frame, options.compression, has_robustness)?;
    let begun = std::time::Instant::now();
    let clock = || begun.elapsed().as_secs_f64();
    let score_options = score::Options {
        tile_size: None,
        memory_bytes: options.memory_bytes / TILES_SHARE,
        clock: Some(&clock),
    };
    let summary = score::score(
        &mut *engine,
        &inputs,
        &recipe,
        score_options,
        &|_| scratch.plane(&layers.frame),
        &mut writers,
        progress,
    )?;
    writers.finish(recipe.n_classes(), progress)?;
    job.record.engine = Some((summary.engine.clone(), note));
    job.record.take_summary(&summary);
    job.outcome.score(&summary);
    tables::write_curve(&job.staging.path("curve.csv"), &summary.curve)?;
    if job.record.command != "plan" {
        job.outputs.extend(grids(has_robustness).flat_map(|grid| [grid.name, grid.style]));
        job.outputs.push("curve.csv");
    }
    job.lap("score");
    Ok(summary)
}

/// Outlines the task areas and writes their tables.
pub fn outline_tasks(
    job: &mut Job,
    prepared: &Prepared,
    settings: &TaskSettings,
    summary: &Summary,
    progress: &dyn Progress,
) -> Result<Vec<TaskArea>> {
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
    job.record.warnings.extend(findings.iter().map(ToString::to_string));
    let max_team_days = prepared.project.plan.as_ref().and_then(|plan| plan.max_team_days);
    let tasks = match max_team_days {
        Some(days) => {
            let limit_m2 = |task: &TaskArea| ground_of_days(task, &prepared.teams, days);
            let (parcels, told) = tasks::cut_into_parcels(&tasks, &layers.frame, &limit_m2);
            job.record.warnings.extend(told.iter().map(ToString::to_string));
            match parcels {
                // Summed anew: what was found odd about the tasks has been told, but for places on the map.
                Some(parcels) => tasks::from_polygons(parcels, &planes, &options, progress)?.0,
                None => tasks,
            }
        }
        None => tasks,
    };
    let criteria: Vec<String> = recipe.criteria.iter().map(|criterion| criterion.name.clone()).collect();
    tables::write_tasks(&job.staging.path("tasks.csv"), &tasks, &criteria)?;
    job.outputs.push("tasks.csv");
    if layers.frame.crs.is_on_wgs84() {
        vectors::write_tasks(&job.staging.path("tasks.geojson"), &tasks, &criteria, &layers.frame.crs)?;
        job.outputs.push("tasks.geojson");
    } else {
        job.record.warnings.push(format!(
            "tasks.geojson is not written: it needs WGS 84, and {} lies on another datum; warp the layers to a UTM zone",
            layers.frame.crs
        ));
    }
    job.outcome.tasks(&tasks);
    job.lap("task areas");
    Ok(tasks)
}
