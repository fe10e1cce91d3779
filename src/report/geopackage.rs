//! `tasks.gpkg` and `plan.gpkg`: layers in the frame's CRS with their styles inside.

use std::collections::HashMap;
use std::path::Path;

use geo::Geometry;

use super::colours::{self, INK, TeamStroke};
use super::facts::{Facts, PlanFacts};
use super::rows::{FromLonLat, Rows, plan_table, route_table, routes, settlement_table, task_rows};
use super::style::{Category, Label, line_style, point_style, polygon_style};
use crate::error::Result;
use crate::io::fields::{Field, FieldKind};
use crate::io::gpkg_write::{Feature, GeometryKind, GpkgWriter, LayerSpec};
use crate::tasks::TaskArea;

/// Writes `tasks.gpkg`. Returns what had no room, in sentences.
pub fn write_tasks(path: &Path, facts: &Facts<'_>) -> Result<Vec<String>> {
    let mut writer = GpkgWriter::create(path, facts.crs)?;
    let Rows { fields, rows } = task_rows(facts.tasks, &facts.criteria());
    let layer = LayerSpec {
        name: "tasks",
        description: "Task areas by class, 1 = first; hatched ones are not scored",
        geometry: GeometryKind::MultiPolygon,
        fields: &fields,
        style: &task_style(facts.n_classes()),
    };
    let features = facts.tasks.iter().zip(rows).map(|(task, row)| Ok((Some(ground(task)), row)));
    let left_out = writer.write_layer(&layer, features)?;
    let mut told = no_room("tasks.gpkg", &left_out);
    told.extend(write_settlements(&mut writer, facts, "tasks.gpkg")?);
    writer.finish()?;
    Ok(told)
}

/// Writes `plan.gpkg`: the tasks done, the teams' routes and bases, the settlements.
pub fn write_plan(path: &Path, facts: &Facts<'_>, plan: &PlanFacts<'_>) -> Result<Vec<String>> {
    let mut writer = GpkgWriter::create(path, facts.crs)?;
    let by_id: HashMap<&str, &TaskArea> =
        facts.tasks.iter().map(|task| (task.task_id.as_str(), task)).collect();
    let Rows { fields, rows } = plan_table(plan.rows);
    let teams = team_categories(plan);
    let layer = LayerSpec {
        name: "tasks_done",
        description: "Tasks that the plan does, by team",
        geometry: GeometryKind::MultiPolygon,
        fields: &fields,
        style: &polygon_style("team_id", &teams, Some(Label { field: "position", up_to_scale: 250_000 })),
    };
    let features = plan
        .rows
        .iter()
        .zip(rows)
        .map(|(row, values)| Ok((by_id.get(row.task_id.as_str()).map(|task| ground(task)), values)));
    writer.write_layer(&layer, features)?;
    let told = match FromLonLat::into_crs(facts.crs) {
        Some(way) => {
            write_routes(&mut writer, facts, plan, &way, &teams)?;
            write_bases(&mut writer, plan, &way)?;
            write_settlements(&mut writer, facts, "plan.gpkg")?
        }
        None => vec![format!(
            "plan.gpkg holds no routes and bases: a datum shift lies between WGS 84 and {}",
            facts.crs
        )],
    };
    writer.finish()?;
    Ok(told)
}

/// The style of task areas by class.
pub fn task_style(n_classes: u8) -> String {
    let whole = |colour| TeamStroke { colour, dashes: &[] };
    let mut categories: Vec<Category> = (1..=n_classes)
        .map(|class| Category {
            value: Some(class.to_string()),
            label: colours::class_label(class, n_classes),
            stroke: colours::class(class, n_classes).map(whole),
        })
        .collect();
    categories.push(Category { value: None, label: colours::class_label(0, n_classes), stroke: None });
    polygon_style("class", &categories, Some(Label { field: "task_id", up_to_scale: 100_000 }))
}

/// One category a team of the problem, in its stroke.
pub fn team_categories(plan: &PlanFacts<'_>) -> Vec<Category> {
    let category = |(i, team): (usize, &crate::plan::Team)| Category {
        value: Some(team.id.clone()),
        label: team.id.clone(),
        stroke: Some(colours::team(i)),
    };
    plan.problem.teams.iter().enumerate().map(category).collect()
}

fn write_routes(
    writer: &mut GpkgWriter,
    facts: &Facts<'_>,
    plan: &PlanFacts<'_>,
    way: &FromLonLat,
    teams: &[Category],
) -> Result<()> {
    let routes = routes(plan.rows, facts.tasks, plan.problem);
    let Rows { fields, rows } = route_table(&routes);
    let layer = LayerSpec {
        name: "routes",
        description: "Order of each team's tasks, straight between places: the roads are not known",
        geometry: GeometryKind::LineString,
        fields: &fields,
        style: &line_style("team_id", teams, Some(Label { field: "team_id", up_to_scale: 0 })),
    };
    let features = routes.iter().zip(rows).map(|(route, row)| Ok((way.line(&route.lon_lat), row)));
    writer.write_layer(&layer, features).map(drop)
}

fn write_bases(writer: &mut GpkgWriter, plan: &PlanFacts<'_>, way: &FromLonLat) -> Result<()> {
    let field = |name: &str| Field { name: name.to_owned(), kind: FieldKind::Text };
    let layer = LayerSpec {
        name: "bases",
        description: "Where the teams start",
        geometry: GeometryKind::Point,
        fields: &["team_id", "name", "asset_type", "capabilities", "closed"].map(field),
        style: &point_style("square", 3.0, INK, Some(Label { field: "team_id", up_to_scale: 0 })),
    };
    let features = plan.teams.iter().map(|team| {
        let texts = [&team.team_id, &team.name, &team.asset_type, &team.capabilities.join(";"), &team.closed];
        Ok((way.point(team.base), texts.map(|text| text.as_str().into()).to_vec()))
    });
    writer.write_layer(&layer, features).map(drop)
}

fn write_settlements(writer: &mut GpkgWriter, facts: &Facts<'_>, file: &str) -> Result<Vec<String>> {
    if facts.settlements.is_empty() {
        return Ok(Vec::new());
    }
    let Some(way) = FromLonLat::into_crs(facts.crs) else {
        return Ok(vec![format!(
            "{file} holds no settlements: a datum shift lies between WGS 84 and {}",
            facts.crs
        )]);
    };
    let Rows { fields, rows } = settlement_table(facts.settlements);
    let layer = LayerSpec {
        name: "settlements",
        description: "Named settlements",
        geometry: GeometryKind::Point,
        fields: &fields,
        style: &point_style("circle", 1.8, INK, Some(Label { field: "name", up_to_scale: 500_000 })),
    };
    let feature = |(place, row): (&crate::tasks::Settlement, _)| -> Result<Feature> {
        Ok((way.point([place.lon, place.lat]), row))
    };
    writer.write_layer(&layer, facts.settlements.iter().zip(rows).map(feature))?;
    Ok(Vec::new())
}

fn ground(task: &TaskArea) -> Geometry<f64> {
    Geometry::MultiPolygon(task.geometry.clone())
}

fn no_room(file: &str, left_out: &[String]) -> Vec<String> {
    if left_out.is_empty() {
        return Vec::new();
    }
    vec![format!("{file} has no room for {} columns, which stand in tasks.csv alone", left_out.len())]
}
