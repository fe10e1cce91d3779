//! The second stage of a run: task areas, with their sums over the grids.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::Job;
use super::contributions::CriterionParts;
use super::kept::{self, Kind, MadeTasks};
use super::parcels::ground_of_days;
use super::prepared::Prepared;
use super::project::{TaskSettings, TaskSource};
use super::stages::criteria_of;
use super::tasks_state::TasksState;
use crate::error::Result;
use crate::io::features::VectorSource;
use crate::progress::Progress;
use crate::report::{tables, vectors};
use crate::score::{Benefit, Plane, PriorityBy, Summary};
use crate::tasks::{self, Footprints, GrowOptions, Planes, TaskArea, TaskOptions};

/// A stage that an interrupted run may have finished.
const TASK_AREAS: &str = "task areas";

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

/// What the cells covered by task areas depend on.
fn footprints_key(prepared: &Prepared, settings: &TaskSettings) -> String {
    let files = match &settings.source {
        TaskSource::Polygons { source, .. } => source.files(),
        TaskSource::Grown { .. } => Vec::new(),
    };
    let files: Vec<&Path> = files.iter().map(PathBuf::as_path).collect();
    kept::key(Some(&prepared.layers.frame), &settings.source, &files)
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
    let plane = |plane: Plane| job.scored.plane(plane);
    let (rank, benefit, cost) = (plane(Plane::Rank)?, plane(Plane::Benefit)?, plane(Plane::Cost)?);
    let (exposure, people_at_risk) = (plane(Plane::Exposure)?, plane(Plane::PeopleAtRisk)?);
    let acceptability = recipe.robustness.as_ref().map(|_| plane(Plane::Acceptability)).transpose()?;
    let hazard = layers.plane("hazard");
    let criteria = criteria_of(&prepared.project, layers);
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
            if job.kept.is_on() {
                let key = footprints_key(prepared, settings);
                let make = || Footprints::of(&areas, &layers.frame);
                let footprints = job.kept.once(Kind::Footprints, &key, make)?;
                tasks::from_footprints(areas, &footprints, &planes, &options, progress)?
            } else {
                tasks::from_polygons(areas, &planes, &options, progress)?
            }
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
