//! Shapefiles of tasks and plan, on request: for programs that read nothing newer.

use std::collections::HashMap;
use std::path::Path;

use geo::Geometry;

use super::facts::{Facts, PlanFacts};
use super::rows::{FromLonLat, plan_table, route_table, routes, task_rows};
use crate::error::Result;
use crate::io::gpkg_write::Feature;
use crate::io::shapefile_write::{self, Cut};
use crate::tasks::TaskArea;

/// Writes `tasks.shp` and its companions into a folder. Returns what was cut, in sentences.
pub fn write_tasks(folder: &Path, facts: &Facts<'_>) -> Result<Vec<String>> {
    let table = task_rows(facts.tasks, &facts.criteria());
    let features: Vec<Feature> =
        facts.tasks.iter().zip(table.rows).map(|(task, row)| (Some(ground(task)), row)).collect();
    let cut = shapefile_write::write(&folder.join("tasks.shp"), facts.crs, &table.fields, &features)?;
    Ok(told("tasks.shp", "tasks.csv", cut))
}

/// Writes `plan_tasks.shp` and `plan_routes.shp` with their companions.
pub fn write_plan(folder: &Path, facts: &Facts<'_>, plan: &PlanFacts<'_>) -> Result<Vec<String>> {
    let by_id: HashMap<&str, &TaskArea> =
        facts.tasks.iter().map(|task| (task.task_id.as_str(), task)).collect();
    let table = plan_table(plan.rows);
    let rows = plan.rows.iter().zip(table.rows);
    let features: Vec<Feature> = rows
        .map(|(row, values)| (by_id.get(row.task_id.as_str()).map(|task| ground(task)), values))
        .collect();
    let cut = shapefile_write::write(&folder.join("plan_tasks.shp"), facts.crs, &table.fields, &features)?;
    let mut told = told("plan_tasks.shp", "plan.csv", cut);
    let Some(way) = FromLonLat::into_crs(facts.crs) else {
        told.push(format!(
            "plan_routes.shp is not written: a datum shift lies between WGS 84 and {}",
            facts.crs
        ));
        return Ok(told);
    };
    let routes = routes(plan.rows, facts.tasks, plan.problem);
    let table = route_table(&routes);
    let features: Vec<Feature> =
        routes.iter().zip(table.rows).map(|(route, row)| (way.line(&route.lon_lat), row)).collect();
    let cut = shapefile_write::write(&folder.join("plan_routes.shp"), facts.crs, &table.fields, &features)?;
    told.extend(self::told("plan_routes.shp", "plan.csv", cut));
    Ok(told)
}

fn told(file: &str, table: &str, cut: Cut) -> Vec<String> {
    let mut told = Vec::new();
    if cut.n_texts > 0 {
        told.push(format!("{file} holds {} texts cut to 254 bytes; they are whole in {table}", cut.n_texts));
    }
    if cut.n_fields > 0 {
        told.push(format!("{file} has no room for {} columns, which stand in {table} alone", cut.n_fields));
    }
    if cut.n_features > 0 {
        told.push(format!("{file} lacks {} features without a place; they stand in {table}", cut.n_features));
    }
    told
}

fn ground(task: &TaskArea) -> Geometry<f64> {
    Geometry::MultiPolygon(task.geometry.clone())
}
