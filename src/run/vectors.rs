//! Vector inputs: districts, settlements and teams, and what reading any of them has in common.

use std::path::Path;

use geo::{Geometry, MapCoords};
use glam::DVec2;
use serde_json::Value;

use super::layers::missing_as_fault;
use super::project::{PlanSettings, TeamSettings, TeamsSource, duplicate_teams, read_team_tables};
use crate::error::{Error, Fault, Faults, Result};
use crate::grid::{Crs, Reprojection};
use crate::io::features::{Feature, FeatureTable, VectorSource};
use crate::tasks::{District, Settlement};

/// Reads named settlements: columns `name`, `lon`, `lat`, and `population` where known; or points with a name.
pub fn read_settlements(source: &VectorSource) -> Result<Vec<Settlement>> {
    let table = missing_as_fault("`plan.settlements`", source.read_table(&["name", "lon", "lat"]))?;
    let mut faults = Faults::new();
    let mut settlements = Vec::new();
    for row in table.rows() {
        let read = || -> Result<Settlement> {
            Ok(Settlement {
                name: row.required("name")?.to_owned(),
                lon: row.required_number("lon")?,
                lat: row.required_number("lat")?,
                population: row.number("population")?,
            })
        };
        if let Some(settlement) = faults.take(read())? {
            if settlement.lon.abs() <= 180.0 && settlement.lat.abs() <= 90.0 {
                settlements.push(settlement);
            } else {
                let expected = "degrees: lon from -180 to 180, lat from -90 to 90";
                faults.push(row.fault("settlements.value", "lon", expected, "give degrees on WGS 84"));
            }
        }
    }
    faults.finish().map(|()| settlements)
}

/// Reads named districts into the frame's CRS, with notes on how they were read.
pub fn read_districts(
    source: &VectorSource,
    name: Option<&str>,
    frame_crs: &Crs,
) -> Result<(Vec<District>, Vec<String>)> {
    let path = &source.path;
    let read = read_features(source, "plan.districts")?;
    let onto_frame = Reprojection::new(&read.crs, frame_crs, &path.display().to_string())?;
    let candidates: Vec<&str> =
        name.map_or_else(|| vec!["name", "NAME", "shapeName", "district"], |name| vec![name]);
    let Some(column) = candidates.iter().find(|column| has_column(&read.features, column)) else {
        return Err(no_column("plan.districts.name", &candidates.join("` or `"), &read.features, path).into());
    };
    let mut faults = Faults::new();
    let mut districts = Vec::new();
    for feature in read.features {
        let number = feature.index + 1;
        let (Some(name), Some(geometry)) = (text_of(feature.properties.get(*column)), feature.geometry)
        else {
            continue;
        };
        let geometry = match faults.take(reprojected(geometry, &onto_frame, path, number))? {
            Some(Geometry::Polygon(polygon)) => polygon.into(),
            Some(Geometry::MultiPolygon(polygons)) => polygons,
            Some(_) => {
                let place = format!("{}, feature {number}", path.display());
                let fix = "remove it, or give the district's outline";
                let found = "another geometry";
                faults.push(Fault::new("districts.geometry", place, "a polygon", found, fix));
                continue;
            }
            None => continue,
        };
        districts.push(District { name, geometry });
    }
    let shift = onto_frame.shift_note(&path.display().to_string());
    faults.finish().map(|()| (districts, read.notes.into_iter().chain(shift).collect()))
}

/// Reads the teams, from their file or the project's own tables.
pub fn read_teams(plan: &PlanSettings, project: &str) -> Result<Vec<TeamSettings>> {
    match &plan.teams {
        TeamsSource::File(source) => {
            let table = missing_as_fault("`plan.teams`", source.read_table(&[]))?;
            read_team_tables(&table, &plan.team_changes)
        }
        TeamsSource::Tables(teams) => match duplicate_teams(teams, project) {
            faults if faults.is_empty() => Ok(teams.clone()),
            faults => Err(Error::Faults(faults)),
        },
    }
}

/// Reads the features of a file; `key` is where the project names it.
pub fn read_features(source: &VectorSource, key: &str) -> Result<FeatureTable> {
    let read = missing_as_fault(&format!("`{key}`"), source.read())?;
    if read.features.is_empty() {
        let fix = "give a file with features, or leave the key out";
        let place = source.path.display().to_string();
        return Err(Fault::new("input.empty", place, "features", "none", fix).into());
    }
    Ok(read)
}

/// Whether any feature has a column.
pub fn has_column(features: &[Feature], column: &str) -> bool {
    features.iter().any(|feature| feature.properties.contains_key(column))
}

/// A column that is not there; `key` is where the project names it.
pub fn no_column(key: &str, column: &str, features: &[Feature], path: &Path) -> Fault {
    let known: Vec<&str> =
        features.first().map_or(Vec::new(), |f| f.properties.keys().map(String::as_str).collect());
    let fix = format!("name one of its columns: {}", known.join(", "));
    let expected = format!("the column `{column}`");
    Fault::new(
        "input.missing_column",
        format!("{} (`{key}`)", path.display()),
        expected,
        "no such column",
        fix,
    )
}

/// A property as text, `None` where it is empty.
pub fn text_of(value: Option<&Value>) -> Option<String> {
    match value? {
        Value::String(text) if !text.trim().is_empty() => Some(text.trim().to_owned()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// A geometry in another CRS, point by point; `number` is its feature's place in the file, from 1.
pub fn reprojected(
    geometry: Geometry<f64>,
    onto: &Reprojection,
    path: &Path,
    number: usize,
) -> Result<Geometry<f64>> {
    geometry.try_map_coords(|point| match onto.point(DVec2::new(point.x, point.y)) {
        Some(p) => Ok(geo::Coord { x: p.x, y: p.y }),
        None => {
            let place = format!("{}, feature {number}", path.display());
            let found = format!("({}, {})", point.x, point.y);
            let fix =
                "check the file's CRS: GeoJSON is longitude, latitude in degrees unless it says otherwise";
            Err(Fault::new("input.off_the_map", place, "coordinates on the map", found, fix).into())
        }
    })
}
