//! The map: pictures of the grids, task areas, routes, bases, settlements and districts on one [`Sheet`].
//!
//! Out: what the template draws as SVG. The script reads the same SVG, so every outline stands in the file once.

use glam::DVec2;
use serde_json::{Value, json};

use super::Places;
use super::ground::{self, Picture};
use super::sheet::{Extent, Flat, Sheet};
use super::sources::Sources;
use super::tasks::TaskRow;
use crate::error::Result;
use crate::grid::Cells;
use crate::plan::DistanceKind;
use crate::report::colours;

/// Outlines may take so much of the file, bytes; above it they are simplified more.
const MOST_OUTLINE_BYTES: usize = 1_200_000;

/// Settlements named in the still map.
const NAMED: usize = 14;

/// Everything on the map; `null` where nothing has a place.
pub fn map(sources: &Sources, tasks: &[TaskRow], places: &Places) -> Result<Value> {
    let pictures = ground::pictures(sources)?;
    let Some(sheet) = sheet(sources, tasks, &pictures)? else { return Ok(Value::Null) };
    let mut outlines = task_outlines(sources, tasks, &sheet, sheet.side() / 8000.0);
    for coarser in [3000.0, 1000.0, 400.0] {
        let bytes: usize = outlines.iter().filter_map(|task| task["path"].as_str()).map(str::len).sum();
        if bytes <= MOST_OUTLINE_BYTES {
            break;
        }
        outlines = task_outlines(sources, tasks, &sheet, sheet.side() / coarser);
    }
    let n_drawn = outlines.len();
    let pictures: Vec<Value> = pictures.iter().map(|picture| placed(picture, &sheet)).collect();
    Ok(json!({
        "width": sheet.width, "height": sheet.height, "unit_m": sheet.unit_m, "font": sheet.side() / 60.0,
        "pictures": pictures, "tasks": outlines, "not_drawn": tasks.len() - n_drawn,
        "routes": routes(sources, tasks, &sheet), "settlements": settlements(places, &sheet),
        "districts": districts(places, &sheet), "scale": scale_bar(&sheet),
    }))
}

/// A sheet that shows the known ground, the task areas and the bases.
fn sheet(sources: &Sources, tasks: &[TaskRow], pictures: &[Picture]) -> Result<Option<Sheet>> {
    let frame = sources.rank.as_ref().map(Cells::frame);
    let lats: Vec<f64> = tasks.iter().filter_map(|task| Some(task.at?[1])).collect();
    let flat = Flat::new(frame, lats.iter().sum::<f64>() / lats.len().max(1) as f64)?;
    let mut shown: Vec<DVec2> = Vec::new();
    for picture in pictures {
        shown.extend(picture.known.iter().map(|corner| flat.of_frame(*corner)));
    }
    shown.extend(tasks.iter().filter_map(|task| flat.place(task.at?[0], task.at?[1])));
    for ground in sources.ground.values() {
        use geo::CoordsIter;
        shown.extend(ground.exterior_coords_iter().filter_map(|at| flat.place(at.x, at.y)));
    }
    for [lon, lat] in bases(sources) {
        shown.extend(flat.place(lon, lat));
    }
    Ok(Extent::around(shown).map(|extent| Sheet::new(flat, extent)))
}

fn placed(picture: &Picture, sheet: &Sheet) -> Value {
    let [first, last] = picture.corners.map(|corner| sheet.of_frame(corner));
    json!({ "name": picture.name, "label": picture.label, "uri": picture.uri, "x": first.x, "y": first.y,
            "width": last.x - first.x, "height": last.y - first.y, "shrunk": picture.shrunk,
            "legend": picture.legend })
}

fn task_outlines(sources: &Sources, tasks: &[TaskRow], sheet: &Sheet, tolerance: f64) -> Vec<Value> {
    let outline = |(row, task): (usize, &TaskRow)| {
        let (path, size) = sheet.path(sources.ground.get(&task.id)?, tolerance)?;
        let at = task.at.and_then(|[lon, lat]| sheet.place(lon, lat));
        // What would be a speck on the whole map also gets a dot.
        let is_small = size.max_element() < sheet.side() / 120.0;
        Some(json!({ "row": row, "id": task.id, "path": path, "class": task.class, "colour": task.colour,
                     "x": at.map(|at| at.x.round()), "y": at.map(|at| at.y.round()), "small": is_small }))
    };
    // The first on top: where areas overlap it is the one to be seen.
    let mut order: Vec<usize> = (0..tasks.len()).collect();
    order.sort_by(|a, b| tasks[*a].rank.unwrap_or(-1.0).total_cmp(&tasks[*b].rank.unwrap_or(-1.0)));
    order.into_iter().filter_map(|row| outline((row, &tasks[row]))).collect()
}

fn bases(sources: &Sources) -> Vec<[f64; 2]> {
    let plan = sources.plan.as_ref().filter(|plan| plan.problem.distance.kind == DistanceKind::Geodesic);
    plan.iter()
        .flat_map(|plan| &plan.problem.teams)
        .flat_map(|team| team.at.into_iter().chain(team.end_at))
        .collect()
}

/// A line per team from its base through its tasks, straight: the roads are not known.
fn routes(sources: &Sources, tasks: &[TaskRow], sheet: &Sheet) -> Vec<Value> {
    let Some(plan) =
        sources.plan.as_ref().filter(|plan| plan.problem.distance.kind == DistanceKind::Geodesic)
    else {
        return Vec::new();
    };
    let at_of: std::collections::HashMap<&str, [f64; 2]> =
        tasks.iter().filter_map(|task| Some((task.id.as_str(), task.at?))).collect();
    let teams = plan.problem.teams.iter().zip(&plan.solution.routes).enumerate();
    teams
        .map(|(i, (team, route))| {
            let stroke = colours::team(i);
            let stops = route.tasks.iter().filter_map(|stop| at_of.get(stop.id.as_str()).copied());
            let end = team.end_at.filter(|_| !route.tasks.is_empty());
            let line = team.at.into_iter().chain(stops).chain(end);
            let points: Vec<DVec2> = line.filter_map(|[lon, lat]| sheet.place(lon, lat)).collect();
            let text: Vec<String> =
                points.iter().map(|at| format!("{},{}", at.x.round(), at.y.round())).collect();
            let base = team.at.and_then(|[lon, lat]| sheet.place(lon, lat));
            let dashes: Vec<String> = stroke.dashes.iter().map(|dash| (dash * 3.0).to_string()).collect();
            json!({ "team": team.id, "colour": stroke.colour.hex(), "dashes": dashes.join(" "),
                    "points": text.join(" "), "is_line": points.len() > 1, "tasks": route.tasks.len(),
                    "x": base.map(|at| at.x.round()), "y": base.map(|at| at.y.round()) })
        })
        .collect()
}

fn settlements(places: &Places, sheet: &Sheet) -> Vec<Value> {
    let mut shown: Vec<(DVec2, &crate::tasks::Settlement)> = places
        .settlements
        .iter()
        .filter_map(|settlement| Some((sheet.place(settlement.lon, settlement.lat)?, settlement)))
        .filter(|(at, _)| sheet.shows(*at))
        .collect();
    shown.sort_by(|(_, a), (_, b)| b.population.unwrap_or(0.0).total_cmp(&a.population.unwrap_or(0.0)));
    // Names are set from the largest on, where none stands already.
    let mut named: Vec<DVec2> = Vec::new();
    shown
        .into_iter()
        .map(|(at, settlement)| {
            let room = DVec2::new(sheet.side() / 9.0, sheet.side() / 45.0);
            let is_free = named.iter().all(|other| ((at - *other) / room).abs().max_element() > 1.0);
            let is_named = named.len() < NAMED && is_free;
            if is_named {
                named.push(at);
            }
            json!({ "name": settlement.name, "x": at.x.round(), "y": at.y.round(),
                    "population": settlement.population, "named": is_named })
        })
        .collect()
}

fn districts(places: &Places, sheet: &Sheet) -> Vec<Value> {
    let drawn = places.districts.iter().filter_map(|district| {
        let (path, _) = sheet.path_of_frame(&district.geometry, sheet.side() / 2000.0)?;
        Some(json!({ "name": district.name, "path": path }))
    });
    drawn.collect()
}

/// A round length of about a fifth of the map.
fn scale_bar(sheet: &Sheet) -> Value {
    let metres = sheet.width * sheet.unit_m / 5.0;
    let power = 10.0_f64.powf(metres.log10().floor());
    let round = [5.0, 2.0, 1.0].into_iter().find(|step| step * power <= metres).unwrap_or(1.0) * power;
    let label = if round >= 1000.0 { format!("{} km", round / 1000.0) } else { format!("{round} m") };
    json!({ "units": round / sheet.unit_m, "label": label })
}
