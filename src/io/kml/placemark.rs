//! A placemark: its columns, and its geometry put together element by element.

use geo::{Coord, Geometry, GeometryCollection, LineString, MultiLineString, MultiPoint, MultiPolygon};
use geo::{Point, Polygon};
use serde_json::{Map, Value};

use super::super::features::Feature;

/// A placemark being read.
#[derive(Default)]
pub(super) struct Placemark {
    id: Option<String>,
    pub(super) properties: Map<String, Value>,
    finished: Vec<Geometry<f64>>,
    /// Multigeometries that are open, outermost first.
    collections: Vec<Vec<Geometry<f64>>>,
    /// The polygon that is open.
    polygon: Option<Rings>,
    coordinates: Vec<Coord<f64>>,
}

#[derive(Default)]
struct Rings {
    is_inner: bool,
    outer: Option<LineString<f64>>,
    inner: Vec<LineString<f64>>,
}

impl Placemark {
    pub(super) fn new(id: Option<String>, folder: String) -> Self {
        let mut placemark = Self { id, ..Self::default() };
        if folder.chars().any(|letter| letter != '/') {
            placemark.properties.insert("folder".to_owned(), folder.into());
        }
        placemark
    }

    pub(super) fn start(&mut self, name: &str) {
        match name {
            "MultiGeometry" => self.collections.push(Vec::new()),
            "Polygon" => self.polygon = Some(Rings::default()),
            "outerBoundaryIs" | "innerBoundaryIs" => {
                if let Some(polygon) = &mut self.polygon {
                    polygon.is_inner = name == "innerBoundaryIs";
                }
            }
            _ => {}
        }
    }

    pub(super) fn end(&mut self, name: &str, text: &str) -> Result<(), String> {
        match name {
            "coordinates" => self.coordinates = coordinates(text)?,
            "Point" => {
                let point =
                    std::mem::take(&mut self.coordinates).first().map(|at| Geometry::Point(Point(*at)));
                point.into_iter().for_each(|point| self.add(point));
            }
            "LineString" | "LinearRing" => {
                let line = LineString(std::mem::take(&mut self.coordinates));
                match &mut self.polygon {
                    Some(polygon) if name == "LinearRing" => match polygon.is_inner {
                        true => polygon.inner.push(line),
                        false => polygon.outer = Some(line),
                    },
                    _ if line.0.is_empty() => {}
                    _ => self.add(Geometry::LineString(line)),
                }
            }
            "Polygon" => {
                if let Some(Rings { outer: Some(outer), inner, .. }) = self.polygon.take() {
                    self.add(Geometry::Polygon(Polygon::new(outer, inner)));
                }
            }
            "MultiGeometry" => {
                let members = self.collections.pop().unwrap_or_default();
                collected(members).into_iter().for_each(|geometry| self.add(geometry));
            }
            _ => {}
        }
        Ok(())
    }

    fn add(&mut self, geometry: Geometry<f64>) {
        self.collections.last_mut().unwrap_or(&mut self.finished).push(geometry);
    }

    pub(super) fn into_feature(self, index: usize) -> Feature {
        Feature { index, id: self.id, properties: self.properties, geometry: collected(self.finished) }
    }
}

/// Geometries as one, of the plainest kind that holds them.
fn collected(mut members: Vec<Geometry<f64>>) -> Option<Geometry<f64>> {
    if members.len() < 2 {
        return members.pop();
    }
    let (mut points, mut lines, mut polygons) = (Vec::new(), Vec::new(), Vec::new());
    for member in &members {
        match member {
            Geometry::Point(point) => points.push(*point),
            Geometry::LineString(line) => lines.push(line.clone()),
            Geometry::Polygon(polygon) => polygons.push(polygon.clone()),
            _ => {}
        }
    }
    let n = members.len();
    Some(match (points.len() == n, lines.len() == n, polygons.len() == n) {
        (true, ..) => Geometry::MultiPoint(MultiPoint(points)),
        (_, true, _) => Geometry::MultiLineString(MultiLineString(lines)),
        (.., true) => Geometry::MultiPolygon(MultiPolygon(polygons)),
        _ => Geometry::GeometryCollection(GeometryCollection(members)),
    })
}

/// `lon,lat[,height]`, parted by blanks.
fn coordinates(text: &str) -> Result<Vec<Coord<f64>>, String> {
    let tuple = |tuple: &str| {
        let mut numbers = tuple.split(',').map(str::parse::<f64>);
        match (numbers.next(), numbers.next()) {
            (Some(Ok(x)), Some(Ok(y))) => Ok(Coord { x, y }),
            _ => {
                Err(format!("`{}` instead of longitude,latitude", tuple.chars().take(40).collect::<String>()))
            }
        }
    };
    text.split_ascii_whitespace().map(tuple).collect()
}
