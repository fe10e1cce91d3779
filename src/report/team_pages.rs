//! `teams.html`: a page a team to print and sign, A4 across, no network.
//!
//! Texts are escaped by the template engine; the map is SVG of our own making. Numbers are rounded for the eye; the
//! tables hold them in full.

use std::path::Path;

use minijinja::{Environment, Value, context};

use super::facts::{CAUTION, Facts, PlanFacts, TeamFacts};
use super::map::team_svg;
use super::plan_files::PlanRow;
use super::readable::short;
use super::rows::FromLonLat;
use crate::error::{Error, Result};
use crate::io::atomic::write_atomic;
use crate::plan::Problem;

/// Columns of the source that say what kind of hazard is expected, where it has them.
const HAZARD_COLUMNS: [&str; 6] =
    ["classification", "hazard_type", "device", "devices", "threat", "contamination"];

/// Writes the pages: one a team that has tasks.
pub fn write_team_pages(path: &Path, facts: &Facts<'_>, plan: &PlanFacts<'_>) -> Result<()> {
    let failed = |e: minijinja::Error| Error::io("write", path)(std::io::Error::other(e.to_string()));
    let mut templates = Environment::new();
    templates.add_template("teams.html", include_str!("team_pages/teams.html")).map_err(failed)?;
    let way = FromLonLat::into_crs(facts.crs);
    let teams: Vec<Value> = plan
        .teams
        .iter()
        .filter_map(|team| {
            let index = plan.problem.teams.iter().position(|other| other.id == team.team_id)?;
            let rows: Vec<&PlanRow> = plan.rows.iter().filter(|row| row.team_id == team.team_id).collect();
            (!rows.is_empty()).then(|| page(facts, plan, team, index, &rows, way.as_ref()))
        })
        .collect();
    let idle: Vec<String> = plan
        .teams
        .iter()
        .filter(|team| !plan.rows.iter().any(|row| row.team_id == team.team_id))
        .map(|team| team.team_id.clone())
        .collect();
    let page = templates.get_template("teams.html").map_err(failed)?.render(context! {
        project => facts.project,
        made_on => facts.made_on,
        version => env!("CARGO_PKG_VERSION"),
        caution => CAUTION,
        crs => facts.crs.to_string(),
        has_crs => !facts.crs.is_geographic() && way.is_some(),
        teams,
        idle,
    });
    write_atomic(path, page.map_err(failed)?.as_bytes())
}

fn page(
    facts: &Facts<'_>,
    plan: &PlanFacts<'_>,
    team: &TeamFacts,
    index: usize,
    rows: &[&PlanRow],
    way: Option<&FromLonLat>,
) -> Value {
    let sum = |get: fn(&PlanRow) -> f64| short(rows.iter().map(|row| get(row)).sum());
    let tasks: Vec<Value> = rows.iter().map(|row| task(facts, plan.problem, row, way)).collect();
    context! {
        id => team.team_id.clone(),
        name => team.name.clone(),
        asset_type => team.asset_type.clone(),
        capabilities => team.capabilities.join(", "),
        rate => short(team.rate_m2_per_day),
        closed => team.closed.clone(),
        base => place(team.base, way),
        n_tasks => rows.len(),
        first => rows[0].depart.to_string(),
        last => rows[rows.len() - 1].end.to_string(),
        travel_km => sum(|row| row.travel_km),
        work_days => sum(|row| row.work_days),
        cost_usd => sum(|row| row.cost_usd),
        tasks,
        map => Value::from_safe_string(team_svg(facts, plan, index)),
    }
}

fn task(facts: &Facts<'_>, problem: &Problem, row: &PlanRow, way: Option<&FromLonLat>) -> Value {
    let task = facts.task(&row.task_id);
    let unknown = || "not known".to_owned();
    let number = |value: Option<f64>| value.map_or_else(unknown, short);
    let needs = problem.tasks.iter().find(|task| task.id == row.task_id).map(|task| task.needs.join(", "));
    let hazards = task.map(|task| {
        let told = HAZARD_COLUMNS.iter().filter_map(|name| task.attributes.get(*name)?.as_str());
        told.collect::<Vec<_>>().join(", ")
    });
    context! {
        position => row.position,
        id => row.task_id.clone(),
        imsma_id => task.and_then(|task| task.imsma_id.clone()).filter(|id| *id != row.task_id),
        depart => row.depart.to_string(),
        start => row.start.to_string(),
        end => row.end.to_string(),
        travel_km => short(row.travel_km),
        work_days => short(row.work_days),
        settlement => task.and_then(|task| task.nearest_settlement.clone()),
        district => task.and_then(|task| task.district.clone()),
        at => task.and_then(|task| task.lon.zip(task.lat)).map(|(lon, lat)| place([lon, lat], way)),
        area_m2 => number(task.map(|task| task.area_m2)),
        unscored_percent => task.map(|task| 100.0 * (1.0 - task.scored_share)).filter(|share| *share > 0.05).map(short),
        hazard_percent => number(task.and_then(|task| task.hazard_mean).map(|h| 100.0 * h)),
        people => number(task.and_then(|task| task.people_at_risk)),
        difficulty => number(task.and_then(|task| task.difficulty)),
        needs => needs.filter(|needs| !needs.is_empty()),
        hazards => hazards.filter(|told| !told.is_empty()),
    }
}

/// A place as people write it down: degrees, and coordinates of the grids.
fn place([lon, lat]: [f64; 2], way: Option<&FromLonLat>) -> Value {
    let (east, north) = (if lon < 0.0 { 'W' } else { 'E' }, if lat < 0.0 { 'S' } else { 'N' });
    let xy = way.and_then(|way| way.xy([lon, lat]));
    context! {
        degrees => format!("{:.5}° {north}, {:.5}° {east}", lat.abs(), lon.abs()),
        xy => xy.map(|p| format!("{:.0}, {:.0}", p.x, p.y)),
    }
}
