//! Tables as features, by their columns of places or of well-known text; and features as tables.

use std::path::Path;
use std::str::FromStr;

use geo::{Centroid, Geometry, Point};
use glam::DVec2;
use serde_json::{Map, Value};
use wkt::Wkt;

use super::super::csv::Row;
use super::super::limits::MAX_DEPTH;
use super::super::table::Table;
use super::{Feature, FeatureTable, MAX_FAULTS};
use crate::error::{Fault, Faults, Result};
use crate::grid::{Crs, Reprojection};

/// Columns that hold geometry as well-known text.
const TEXTS: [&str; 6] = ["wkt", "geometry", "geom", "the_geom", "wkt_geom", "shape"];
/// Columns of a place, x and y, in pairs.
const PLACES: [(&str, &str); 4] = [("lon", "lat"), ("x", "y"), ("easting", "northing"), ("e", "n")];

/// Where a table's geometry stands.
enum Held {
    Text(&'static str),
    Place(&'static str, &'static str),
}

/// A table's rows as features; on WGS 84 where no other CRS is declared.
pub(super) fn features_of(table: Table, declared: Option<Crs>) -> Result<FeatureTable> {
    let text = TEXTS.into_iter().find(|column| table.has(column)).map(Held::Text);
    let place =
        || PLACES.into_iter().find(|(x, y)| table.has(x) && table.has(y)).map(|(x, y)| Held::Place(x, y));
    let Some(held) = text.or_else(place) else {
        let expected = "columns of a place, `lon` and `lat` (or `x` and `y`), or of shapes, `wkt`";
        let found = format!("the columns {}", table.headers().join(", "));
        return Err(table.fault("input.no_place", expected, found, "add them, or rename the columns").into());
    };
    let is_number: Vec<bool> =
        (0..table.headers().len()).map(|column| holds_numbers(&table, column)).collect();
    let mut faults = Faults::new();
    let mut features = Vec::with_capacity(table.rows().len());
    for row in table.rows() {
        let geometry = match held {
            Held::Text(column) => shape(row, column),
            Held::Place(x, y) => place_of(row, x, y),
        };
        let Some(geometry) = faults.take(geometry)? else {
            if faults.as_slice().len() >= MAX_FAULTS {
                break;
            }
            continue;
        };
        let mut properties = Map::new();
        for ((header, field), is_number) in table.headers().iter().zip(row.fields()).zip(&is_number) {
            let is_shape = matches!(held, Held::Text(column) if header.eq_ignore_ascii_case(column));
            if header.is_empty() || is_shape {
                continue;
            }
            let value = match field.as_str() {
                "" => Value::Null,
                text if *is_number => text.parse::<f64>().map_or_else(|_| text.into(), number),
                text => text.into(),
            };
            properties.insert(header.clone(), value);
        }
        features.push(Feature { index: row.index(), id: None, properties, geometry });
    }
    faults.finish()?;
    Ok(FeatureTable { crs: declared.unwrap_or_else(Crs::wgs84), features, notes: Vec::new() })
}

/// Features as a table; points get `lon` and `lat` where no columns are called so.
pub(super) fn table_of(read: &FeatureTable, path: &Path, required: &[&str]) -> Result<Table> {
    let mut table = Table::new(path, path.display().to_string(), "feature");
    let mut headers: Vec<String> = Vec::new();
    for key in read.features.iter().flat_map(|feature| feature.properties.keys()) {
        if !headers.contains(key) {
            headers.push(key.clone());
        }
    }
    let n_own = headers.len();
    let has = |name: &str| headers.iter().any(|header| header.eq_ignore_ascii_case(name));
    let adds_place =
        !has("lon") && !has("lat") && read.features.iter().any(|feature| feature.geometry.is_some());
    if adds_place {
        headers.extend(["lon".to_owned(), "lat".to_owned()]);
    }
    let mut faults = Faults::new();
    table.take_headers(headers.clone(), required, &mut faults);
    let to_degrees = match adds_place {
        true => Some(Reprojection::new(&read.crs, &Crs::wgs84(), &path.display().to_string())?),
        false => None,
    };
    for feature in &read.features {
        let mut fields: Vec<String> = headers[..n_own]
            .iter()
            .map(|header| match feature.properties.get(header) {
                None | Some(Value::Null) => String::new(),
                Some(Value::String(text)) => text.trim().to_owned(),
                Some(other) => other.to_string(),
            })
            .collect();
        if let Some(way) = &to_degrees {
            let at = feature.geometry.as_ref().and_then(|geometry| match geometry {
                Geometry::Point(point) => Some(*point),
                other => other.centroid(),
            });
            let at = at.and_then(|at| way.point(DVec2::new(at.x(), at.y())));
            let text = |number: Option<f64>| number.map_or_else(String::new, |number| number.to_string());
            fields.extend([text(at.map(|at| at.x)), text(at.map(|at| at.y))]);
        }
        let _ = faults.take(table.take_row(fields, feature.index as u64 + 1))?;
    }
    faults.finish().map(|()| table)
}

fn place_of(row: Row<'_>, x: &str, y: &str) -> Result<Option<Geometry<f64>>> {
    match (row.number(x)?, row.number(y)?) {
        (Some(x), Some(y)) => Ok(Some(Geometry::Point(Point::new(x, y)))),
        (None, None) => Ok(None),
        (None, _) => Err(row.fault("csv.missing_value", x, "a value", "fill it in").into()),
        (_, None) => Err(row.fault("csv.missing_value", y, "a value", "fill it in").into()),
    }
}

/// The geometry of a text, with or without PostGIS' `SRID=…;` before it.
fn shape(row: Row<'_>, column: &str) -> Result<Option<Geometry<f64>>> {
    let Some(text) = row.text(column) else { return Ok(None) };
    let text =
        text.split_once(';').filter(|(head, _)| head.starts_with("SRID=")).map_or(text, |(_, rest)| rest);
    let wrong = |found: String| {
        let fix = "write it as `POLYGON ((x y, …))`, or leave it empty";
        Fault::new("csv.wkt", row.place(column), "a geometry as well-known text", found, fix)
    };
    let depth = text.chars().scan(0_usize, |depth, letter| {
        *depth = match letter {
            '(' => *depth + 1,
            ')' => depth.saturating_sub(1),
            _ => *depth,
        };
        Some(*depth)
    });
    if depth.max().unwrap_or(0) > MAX_DEPTH {
        return Err(wrong("brackets nested too deeply".to_owned()).into());
    }
    if text.trim_end().to_ascii_uppercase().ends_with("EMPTY") {
        return Ok(None);
    }
    let short: String = text.chars().take(40).collect();
    let read: Wkt<f64> = Wkt::from_str(text).map_err(|error| wrong(format!("`{short}…` ({error})")))?;
    Geometry::try_from(read).map(Some).map_err(|error| wrong(format!("`{short}…` ({error})")).into())
}

/// Whether every value of a column is a number that is written as a number would be: `007` and `2.10` are texts.
fn holds_numbers(table: &Table, column: usize) -> bool {
    let mut values = table.rows().map(|row| row.fields()[column].as_str()).filter(|text| !text.is_empty());
    let is_number = |text: &str| {
        text.parse::<f64>()
            .is_ok_and(|value| value.is_finite() && text.len() <= 17 && value.to_string() == text)
    };
    values.all(is_number)
}

fn number(value: f64) -> Value {
    if value.fract() == 0.0 && value.abs() < 9e15 { Value::from(value as i64) } else { Value::from(value) }
}
