//! The files a person opens beside the tables: which of them, and what they are written from.

use std::path::Path;

use super::Job;
use super::hazard::HAZARD_FILE;
use super::planning::Planned;
use super::project::{ClosedSeason, Project, TeamSettings};
use crate::error::Result;
use crate::grid::Crs;
use crate::io::atomic::write_atomic;
use crate::report::facts::{Facts, PlanFacts, Scoring, TeamFacts};
use crate::report::formats::Format;
use crate::report::grids::{grids, stretched_style};
use crate::report::vectors::ToLonLat;
use crate::report::{geopackage, kml, map, shapefiles, team_pages, workbook};
use crate::score::{Benefit, PriorityBy, Recipe};
use crate::tasks::{Settlement, TaskArea};

/// Style of the hazard that the run has built.
const HAZARD_STYLE: &str = "hazard.qml";

/// What the files are written from, besides the job.
pub struct Material<'a> {
    /// The settings.
    pub project: &'a Project,
    /// The task areas.
    pub tasks: &'a [TaskArea],
    /// CRS of their geometry.
    pub crs: &'a Crs,
    /// Whether this run has scored them itself.
    pub is_scored: bool,
    /// Named settlements.
    pub settlements: &'a [Settlement],
    /// The teams as read.
    pub teams: &'a [TeamSettings],
    /// The plan, where one was made.
    pub planned: Option<&'a Planned>,
}

/// Writes the files of the formats asked for; none of a run that is to be redacted.
pub fn write_outputs(job: &mut Job, material: &Material<'_>) -> Result<()> {
    if job.redaction.is_some() {
        return Ok(());
    }
    // Without task areas there is only a map to draw.
    let has_tasks = !material.tasks.is_empty();
    let has_formats = job.has_formats;
    let formats = material.project.formats.iter().filter(|_| has_formats);
    let formats = formats.filter(|format| has_tasks || **format == Format::Png);
    let scoring = material.is_scored.then(|| scoring(&material.project.score.recipe));
    let teams: Vec<TeamFacts> = material.teams.iter().map(team_facts).collect();
    let plan = material.planned.map(|planned| PlanFacts {
        problem: &planned.problem,
        solution: &planned.solution,
        rows: &planned.rows,
        start: planned.start,
        unit: planned.unit,
        teams: &teams,
    });
    let priority = job.staging.path("priority.tif");
    let warnings = job.record.warnings.clone();
    let made_on = job.record.started.get(..10).unwrap_or_default().to_owned();
    let facts = Facts {
        project: &material.project.name,
        made_on: &made_on,
        tasks: material.tasks,
        crs: material.crs,
        scoring: scoring.as_ref(),
        priority: Some(priority.as_path()).filter(|path| path.is_file()),
        settlements: material.settlements,
        plan,
        warnings: &warnings,
    };
    let folder = job.staging.folder().to_path_buf();
    // QGIS takes it for tasks.geojson and tasks.shp alike.
    if has_tasks {
        let style = geopackage::task_style(facts.n_classes());
        write_atomic(&folder.join("tasks.qml"), style.as_bytes())?;
        job.outputs.push("tasks.qml");
    }
    write_grid_styles(job, &facts)?;
    let mut told = Vec::new();
    for format in formats {
        told.extend(write_format(*format, &folder, &facts)?);
        // Without a plan some of a format's files have nothing to hold.
        job.outputs.extend(format.files().iter().filter(|name| folder.join(name).is_file()));
    }
    job.record.warnings.extend(told);
    job.lap("files to open");
    Ok(())
}

/// Writes style and colours beside every grid of the run, also beside those that were taken over from an earlier one.
fn write_grid_styles(job: &mut Job, facts: &Facts<'_>) -> Result<()> {
    let folder = job.staging.folder().to_path_buf();
    let n_classes = facts.n_classes();
    for grid in grids(true).filter(|grid| job.outputs.contains(&grid.name)).collect::<Vec<_>>() {
        job.outputs.extend(grid.write_styles(&folder, n_classes)?);
    }
    if job.outputs.contains(&HAZARD_FILE) {
        let style = stretched_style(&folder.join(HAZARD_FILE), "")?;
        write_atomic(&folder.join(HAZARD_STYLE), style.as_bytes())?;
        job.outputs.push(HAZARD_STYLE);
    }
    Ok(())
}

/// Writes the files of a format; what does not fit into them is returned in sentences.
fn write_format(format: Format, folder: &Path, facts: &Facts<'_>) -> Result<Vec<String>> {
    let at = |name: &str| folder.join(name);
    match format {
        Format::Gpkg => {
            let mut told = geopackage::write_tasks(&at("tasks.gpkg"), facts)?;
            if let Some(plan) = &facts.plan {
                told.extend(geopackage::write_plan(&at("plan.gpkg"), facts, plan)?);
            }
            Ok(told)
        }
        Format::Xlsx => workbook::write_workbook(&at("plan.xlsx"), facts).map(|()| Vec::new()),
        Format::Png => map::write_map(&at("map.png"), facts).map(|()| Vec::new()),
        Format::Teams => match &facts.plan {
            Some(plan) => team_pages::write_team_pages(&at("teams.html"), facts, plan).map(|()| Vec::new()),
            None => Ok(Vec::new()),
        },
        Format::Kml => {
            // As with GeoJSON: only where no datum shift lies between.
            let Ok(lon_lat) = ToLonLat::new(facts.crs, "tasks.kml") else {
                return Ok(vec![format!(
                    "tasks.kml is not written: it needs WGS 84, and {} lies on another datum",
                    facts.crs
                )]);
            };
            kml::write_tasks(&at("tasks.kml"), facts, &lon_lat)?;
            if let Some(plan) = &facts.plan {
                kml::write_plan(&at("plan.kml"), facts, plan, &lon_lat)?;
            }
            Ok(Vec::new())
        }
        Format::Shp => {
            let mut told = shapefiles::write_tasks(folder, facts)?;
            if let Some(plan) = &facts.plan {
                told.extend(shapefiles::write_plan(folder, facts, plan)?);
            }
            Ok(told)
        }
    }
}

fn scoring(recipe: &Recipe) -> Scoring {
    Scoring {
        criteria: recipe
            .criteria
            .iter()
            .map(|criterion| (criterion.name.clone(), criterion.weight))
            .collect(),
        is_linear: matches!(recipe.benefit, Benefit::Risk | Benefit::Sum),
        by_benefit: recipe.benefit == Benefit::Ordered || recipe.priority_by == PriorityBy::Benefit,
        class_percents: recipe.class_percents.clone(),
    }
}

fn team_facts(team: &TeamSettings) -> TeamFacts {
    let closed = team.closed.iter().map(|season| match season {
        ClosedSeason::Yearly(from, to) => {
            format!("every year {:02}-{:02} to {:02}-{:02}", from.0, from.1, to.0, to.1)
        }
        ClosedSeason::Once(from, to) => format!("{from} to {to}"),
    });
    TeamFacts {
        team_id: team.team_id.clone(),
        name: team.name.clone(),
        asset_type: team.asset_type.clone(),
        capabilities: team.capabilities.clone(),
        base: [team.lon, team.lat],
        rate_m2_per_day: team.rate_m2_per_day,
        closed: closed.collect::<Vec<_>>().join("; "),
    }
}
