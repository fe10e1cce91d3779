//! `tasks.geojson` and `plan.geojson`: WGS 84, numbers and attributes as in the tables.

use std::path::Path;

use geo::{Geometry, LineString, MapCoords, MultiPolygon};
use glam::DVec2;
use serde_json::{Map, Value, json};

use super::plan_files::PlanRow;
use super::tables::{own_columns, task_numbers};
use crate::error::{Fault, Result};
use crate::grid::{Crs, Reprojection};
use crate::io::geojson::GeoJsonWriter;
use crate::plan::Problem;
use crate::tasks::TaskArea;

/// Writes the task areas with all their columns.
pub fn write_tasks(path: &Path, tasks: &[TaskArea], criteria: &[String], crs: &Crs) -> Result<()> {
    let lon_lat = ToLonLat::new(crs, "tasks.geojson")?;
    let own = own_columns(tasks, criteria);
    let mut writer = GeoJsonWriter::create(path)?;
    for task in tasks {
        let properties = properties(task, criteria, &own);
        let ground = Geometry::MultiPolygon(lon_lat.ground(&task.geometry, &task.task_id)?);
        writer.write(Some(&task.task_id), &properties, Some(&ground))?;
    }
    writer.finish()
}

/// Writes what the plan does: each task done with its ground and its row of `plan.csv`, then a line per team
/// from its base through its tasks (straight between them: the roads are not known).
pub fn write_plan(
    path: &Path,
    rows: &[PlanRow],
    tasks: &[TaskArea],
    problem: &Problem,
    crs: &Crs,
) -> Result<()> {
    let lon_lat = ToLonLat::new(crs, "plan.geojson")?;
    let by_id: std::collections::HashMap<&str, &TaskArea> =
        tasks.iter().map(|task| (task.task_id.as_str(), task)).collect();
    let mut writer = GeoJsonWriter::create(path)?;
    for row in rows {
        let mut properties: Map<String, Value> =
            row.columns().into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        properties.insert("kind".into(), "task".into());
        let ground =
            by_id.get(row.task_id.as_str()).map(|task| lon_lat.ground(&task.geometry, &task.task_id));
        writer.write(None, &properties, ground.transpose()?.map(Geometry::MultiPolygon).as_ref())?;
    }
    for team in &problem.teams {
        let theirs: Vec<&PlanRow> = rows.iter().filter(|row| row.team_id == team.id).collect();
        let points = theirs.iter().filter_map(|row| {
            let task = by_id.get(row.task_id.as_str())?;
            Some([task.lon?, task.lat?])
        });
        let mut line: Vec<[f64; 2]> = team.at.into_iter().chain(points).collect();
        line.extend(team.end_at.filter(|_| !theirs.is_empty()));
        if line.len() < 2 {
            continue;
        }
        let mut properties = Map::new();
        properties.insert("kind".into(), "team".into());
        properties.insert("team_id".into(), team.id.clone().into());
        properties.insert("tasks".into(), theirs.len().into());
        properties.insert("travel_km".into(), json!(theirs.iter().map(|row| row.travel_km).sum::<f64>()));
        let line = Geometry::LineString(LineString::from(line));
        writer.write(None, &properties, Some(&line))?;
    }
    writer.finish()
}

/// Brings ground into longitude and latitude.
#[derive(Debug, Clone)]
pub struct ToLonLat(Reprojection);

impl ToLonLat {
    /// From a CRS; `file` names what is written, for the fault.
    pub fn new(crs: &Crs, file: &str) -> Result<Self> {
        Reprojection::new(crs, &Crs::wgs84(), file).map(Self)
    }

    /// A task's ground.
    pub fn ground(&self, ground: &MultiPolygon<f64>, task_id: &str) -> Result<MultiPolygon<f64>> {
        ground.try_map_coords(|point| match self.0.point(DVec2::new(point.x, point.y)) {
            Some(p) => Ok(geo::Coord { x: p.x, y: p.y }),
            None => {
                let found = format!("({}, {})", point.x, point.y);
                let fix = "check the CRS of the frame and of the polygon";
                Err(Fault::new(
                    "task.off_the_map",
                    format!("task {task_id}"),
                    "a place on the map",
                    found,
                    fix,
                )
                .into())
            }
        })
    }
}

fn properties(task: &TaskArea, criteria: &[String], own: &[(String, String)]) -> Map<String, Value> {
    let mut properties: Map<String, Value> = task_numbers(Some(task), criteria).into_iter().collect();
    for (key, header) in own {
        if let Some(value) = task.attributes.get(key) {
            properties.insert(header.clone(), value.clone());
        }
    }
    properties
}
