//! Tasks and plan as rows of fields, the same numbers as in `tasks.csv` and `plan.csv`, for every format that has typed
//! fields.

use std::collections::HashMap;

use geo::{Geometry, LineString, Point};
use glam::DVec2;
use serde_json::Value;

use super::plan_files::PlanRow;
use super::tables::{own_columns, task_numbers};
use crate::grid::{Crs, Reprojection};
use crate::io::fields::{Field, FieldKind};
use crate::plan::Problem;
use crate::tasks::{Settlement, TaskArea};

/// Our own columns of text; `class` is whole, all others are real.
const TEXTS: [&str; 9] =
    ["task_id", "imsma_id", "nearest_settlement", "district", "team_id", "depart", "start", "end", "name"];

/// Fields with a row of values a feature.
#[derive(Debug, Clone, PartialEq)]
pub struct Rows {
    /// The fields.
    pub fields: Vec<Field>,
    /// A value a field for each row.
    pub rows: Vec<Vec<Value>>,
}

/// The task areas, row i being `tasks[i]`: our columns, then the source's own.
pub fn task_rows(tasks: &[TaskArea], criteria: &[String]) -> Rows {
    let own = own_columns(tasks, criteria);
    let mut fields: Vec<Field> =
        task_numbers(None, criteria).into_iter().map(|(name, _)| ours(&name)).collect();
    for (key, header) in &own {
        let kind = FieldKind::of(tasks.iter().filter_map(|task| task.attributes.get(key)));
        fields.push(Field { name: header.clone(), kind });
    }
    let row = |task: &TaskArea| {
        let numbers = task_numbers(Some(task), criteria).into_iter().map(|(_, value)| value);
        let own = own.iter().map(|(key, _)| task.attributes.get(key).cloned().unwrap_or(Value::Null));
        numbers.chain(own).collect()
    };
    Rows { fields, rows: tasks.iter().map(row).collect() }
}

/// The tasks done, row i being `rows[i]`.
pub fn plan_table(rows: &[PlanRow]) -> Rows {
    let names = PlanRow::column_names();
    Rows {
        fields: names.iter().map(|name| ours(name)).collect(),
        rows: rows.iter().map(|row| row.columns().into_iter().map(|(_, value)| value).collect()).collect(),
    }
}

/// A team's way from its base through its tasks.
#[derive(Debug, Clone, PartialEq)]
pub struct Route {
    /// The team.
    pub team_id: String,
    /// Place among the problem's teams.
    pub team_index: usize,
    /// Tasks on it.
    pub n_tasks: usize,
    /// Kilometres travelled between the places, by the plan.
    pub travel_km: f64,
    /// Its places in longitude and latitude: base first, tasks in order, the end where the plan has one. Straight
    /// between them: the roads are not known.
    pub lon_lat: Vec<[f64; 2]>,
}

/// The ways of the teams that have tasks.
pub fn routes(rows: &[PlanRow], tasks: &[TaskArea], problem: &Problem) -> Vec<Route> {
    let by_id: HashMap<&str, &TaskArea> = tasks.iter().map(|task| (task.task_id.as_str(), task)).collect();
    let route = |(team_index, team): (usize, &crate::plan::Team)| {
        let theirs: Vec<&PlanRow> = rows.iter().filter(|row| row.team_id == team.id).collect();
        let points = theirs.iter().filter_map(|row| {
            let task = by_id.get(row.task_id.as_str())?;
            Some([task.lon?, task.lat?])
        });
        let mut lon_lat: Vec<[f64; 2]> = team.at.into_iter().chain(points).collect();
        lon_lat.extend(team.end_at.filter(|_| !theirs.is_empty()));
        (lon_lat.len() > 1).then(|| Route {
            team_id: team.id.clone(),
            team_index,
            n_tasks: theirs.len(),
            travel_km: theirs.iter().map(|row| row.travel_km).sum(),
            lon_lat,
        })
    };
    problem.teams.iter().enumerate().filter_map(route).collect()
}

/// The fields of [`Route`]s.
pub fn route_table(routes: &[Route]) -> Rows {
    let field = |name: &str, kind| Field { name: name.to_owned(), kind };
    Rows {
        fields: vec![
            field("team_id", FieldKind::Text),
            field("tasks", FieldKind::Whole),
            field("travel_km", FieldKind::Real),
        ],
        rows: routes
            .iter()
            .map(|route| vec![route.team_id.clone().into(), route.n_tasks.into(), route.travel_km.into()])
            .collect(),
    }
}

/// Settlements as fields.
pub fn settlement_table(settlements: &[Settlement]) -> Rows {
    let field = |name: &str, kind| Field { name: name.to_owned(), kind };
    Rows {
        fields: vec![
            field("name", FieldKind::Text),
            field("population", FieldKind::Real),
            field("lon", FieldKind::Real),
            field("lat", FieldKind::Real),
        ],
        rows: settlements
            .iter()
            .map(|place| {
                vec![
                    place.name.clone().into(),
                    place.population.map_or(Value::Null, Value::from),
                    place.lon.into(),
                    place.lat.into(),
                ]
            })
            .collect(),
    }
}

/// Brings longitudes and latitudes into the CRS of a file.
#[derive(Debug, Clone)]
pub struct FromLonLat(Reprojection);

impl FromLonLat {
    /// Into `crs`; `None` where a datum shift lies between that cannot be made exactly.
    pub fn into_crs(crs: &Crs) -> Option<Self> {
        Reprojection::new(&Crs::wgs84(), crs, "the frame").ok().map(Self)
    }

    /// A point.
    pub fn point(&self, [lon, lat]: [f64; 2]) -> Option<Geometry<f64>> {
        let p = self.xy([lon, lat])?;
        Some(Geometry::Point(Point::new(p.x, p.y)))
    }

    /// A line through places; those off the projection's map are left out of it.
    pub fn line(&self, places: &[[f64; 2]]) -> Option<Geometry<f64>> {
        let line: LineString<f64> =
            places.iter().filter_map(|&place| self.xy(place)).map(|p| (p.x, p.y)).collect();
        (line.0.len() > 1).then_some(Geometry::LineString(line))
    }

    /// Coordinates of a place.
    pub fn xy(&self, [lon, lat]: [f64; 2]) -> Option<DVec2> {
        self.0.point(DVec2::new(lon, lat))
    }
}

fn ours(name: &str) -> Field {
    let kind = match name {
        "class" | "position" => FieldKind::Whole,
        text if TEXTS.contains(&text) => FieldKind::Text,
        _ => FieldKind::Real,
    };
    Field { name: name.to_owned(), kind }
}
