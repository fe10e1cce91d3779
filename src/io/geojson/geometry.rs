//! Geometry from JSON; errors say what was found.

use geo::{Coord, CoordsIter, Geometry, GeometryCollection, LineString, MultiLineString, MultiPoint};
use geo::{MultiPolygon, Point, Polygon};
use serde_json::Value;

type Parsed<T> = Result<T, String>;

/// A geometry object; `None` for null and for one without coordinates.
pub(super) fn geometry_of(value: &Value) -> Parsed<Option<Geometry<f64>>> {
    if value.is_null() {
        return Ok(None);
    }
    let kind = value["type"].as_str().unwrap_or_default();
    if kind == "GeometryCollection" {
        let members = list(&value["geometries"], "geometries", geometry_of)?;
        let members: Vec<_> = members.into_iter().flatten().collect();
        return Ok((!members.is_empty()).then_some(Geometry::GeometryCollection(GeometryCollection(members))));
    }
    let coordinates = &value["coordinates"];
    if coordinates.as_array().is_some_and(Vec::is_empty) {
        return Ok(None);
    }
    Ok(Some(match kind {
        "Point" => Geometry::Point(Point(position(coordinates)?)),
        "MultiPoint" => {
            Geometry::MultiPoint(MultiPoint(list(coordinates, "positions", |p| position(p).map(Point))?))
        }
        "LineString" => Geometry::LineString(line(coordinates)?),
        "MultiLineString" => Geometry::MultiLineString(MultiLineString(list(coordinates, "lines", line)?)),
        "Polygon" => Geometry::Polygon(polygon(coordinates)?),
        "MultiPolygon" => Geometry::MultiPolygon(MultiPolygon(list(coordinates, "polygons", polygon)?)),
        _ => return Err(format!("a geometry of type {}", value["type"])),
    }))
}

/// Refuses degrees that no place on Earth has: coordinates in metres of another CRS, or swapped ones.
pub(super) fn check_range(geometry: &Geometry<f64>) -> Parsed<()> {
    // A turn more is allowed for shapes drawn across the date line.
    match geometry.coords_iter().find(|c| c.x.abs() > 360.0 || c.y.abs() > 90.0) {
        None => Ok(()),
        Some(c) => Err(format!("longitude {}, latitude {}, which look like another CRS", c.x, c.y)),
    }
}

fn list<T>(value: &Value, what: &str, item: impl Fn(&Value) -> Parsed<T>) -> Parsed<Vec<T>> {
    let items = value.as_array().ok_or_else(|| format!("{} instead of a list of {what}", short(value)))?;
    items.iter().map(item).collect()
}

fn position(value: &Value) -> Parsed<Coord<f64>> {
    let number = |i: usize| value.get(i).and_then(Value::as_f64);
    match (number(0), number(1)) {
        (Some(x), Some(y)) => Ok(Coord { x, y }),
        _ => Err(format!("{} instead of a position", short(value))),
    }
}

fn line(value: &Value) -> Parsed<LineString<f64>> {
    list(value, "positions", position).map(LineString)
}

fn polygon(value: &Value) -> Parsed<Polygon<f64>> {
    let mut rings = list(value, "rings", line)?.into_iter();
    let outer = rings.next().unwrap_or_else(|| LineString(Vec::new()));
    Ok(Polygon::new(outer, rings.collect()))
}

/// A value as it stands in a message.
fn short(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(40) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}
