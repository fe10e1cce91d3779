//! A feature collection written feature by feature.

use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use geo::orient::{Direction, Orient};
use geo::{Coord, Geometry, LineString, Polygon};
use serde_json::{Map, Value};
use tempfile::NamedTempFile;

use crate::error::{Error, Result};
use crate::io::atomic::{beside, put_in_place};

/// Writes a feature collection in WGS 84, feature by feature, coordinates with 7 decimals (1 cm), outer rings
/// counterclockwise as RFC 7946 has them.
#[derive(Debug)]
pub struct GeoJsonWriter {
    path: PathBuf,
    out: BufWriter<NamedTempFile>,
    n_features: usize,
}

impl GeoJsonWriter {
    /// Begins a file; it appears at `path` on [`GeoJsonWriter::finish`].
    pub fn create(path: &Path) -> Result<Self> {
        let mut out = BufWriter::new(beside(path)?);
        out.write_all(b"{\"type\":\"FeatureCollection\",\"features\":[").map_err(Error::io("write", path))?;
        Ok(Self { path: path.to_path_buf(), out, n_features: 0 })
    }

    /// Adds a feature whose geometry is in longitude and latitude on WGS 84.
    ///
    /// # Panics
    /// When a coordinate is not finite.
    pub fn write(
        &mut self,
        id: Option<&str>,
        properties: &Map<String, Value>,
        geometry: Option<&Geometry<f64>>,
    ) -> Result<()> {
        let mut text = String::from(if self.n_features == 0 { "\n" } else { ",\n" });
        text += "{\"type\":\"Feature\",";
        if let Some(id) = id {
            text += &format!("\"id\":{},", Value::from(id));
        }
        let properties = serde_json::to_string(properties).expect("a map of JSON is JSON");
        text += &format!("\"properties\":{properties},\"geometry\":");
        match geometry {
            Some(geometry) => put_geometry(&mut text, geometry),
            None => text += "null",
        }
        text += "}";
        self.n_features += 1;
        self.out.write_all(text.as_bytes()).map_err(Error::io("write", &self.path))
    }

    /// Ends the collection and puts the file into place.
    pub fn finish(mut self) -> Result<()> {
        self.out.write_all(b"\n]}\n").map_err(Error::io("write", &self.path))?;
        let file = self.out.into_inner().map_err(io::IntoInnerError::into_error);
        put_in_place(file.map_err(Error::io("write", &self.path))?, &self.path)
    }
}

fn put_geometry(out: &mut String, geometry: &Geometry<f64>) {
    let mut put = |kind: &str, coordinates: &dyn Fn(&mut String)| {
        *out += &format!("{{\"type\":\"{kind}\",\"coordinates\":");
        coordinates(out);
        *out += "}";
    };
    match geometry {
        Geometry::Point(point) => put("Point", &|out| put_position(out, point.0)),
        Geometry::MultiPoint(points) => {
            put("MultiPoint", &|out| put_list(out, &points.0, |out, point| put_position(out, point.0)));
        }
        Geometry::Line(line) => put("LineString", &|out| put_line(out, &LineString::from(*line))),
        Geometry::LineString(line) => put("LineString", &|out| put_line(out, line)),
        Geometry::MultiLineString(lines) => {
            put("MultiLineString", &|out| put_list(out, &lines.0, put_line));
        }
        Geometry::Polygon(polygon) => put("Polygon", &|out| put_polygon(out, polygon)),
        Geometry::Rect(rect) => put("Polygon", &|out| put_polygon(out, &rect.to_polygon())),
        Geometry::Triangle(triangle) => put("Polygon", &|out| put_polygon(out, &triangle.to_polygon())),
        Geometry::MultiPolygon(polygons) => {
            put("MultiPolygon", &|out| put_list(out, &polygons.0, put_polygon));
        }
        Geometry::GeometryCollection(members) => {
            *out += "{\"type\":\"GeometryCollection\",\"geometries\":";
            put_list(out, &members.0, put_geometry);
            *out += "}";
        }
    }
}

fn put_polygon(out: &mut String, polygon: &Polygon<f64>) {
    let polygon = polygon.orient(Direction::Default);
    let rings: Vec<&LineString<f64>> = [polygon.exterior()].into_iter().chain(polygon.interiors()).collect();
    put_list(out, &rings, |out, ring| put_line(out, ring));
}

fn put_line(out: &mut String, line: &LineString<f64>) {
    put_list(out, &line.0, |out, position| put_position(out, *position));
}

fn put_position(out: &mut String, Coord { x, y }: Coord<f64>) {
    out.push('[');
    put_degrees(out, x);
    out.push(',');
    put_degrees(out, y);
    out.push(']');
}

fn put_degrees(out: &mut String, degrees: f64) {
    assert!(degrees.is_finite(), "bug: a coordinate that is not finite");
    let text = format!("{degrees:.7}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    *out += if text == "-0" { "0" } else { text };
}

fn put_list<T>(out: &mut String, items: &[T], put: impl Fn(&mut String, &T)) {
    out.push('[');
    for (i, item) in items.iter().enumerate() {
        if i > 0 {
            out.push(',');
        }
        put(out, item);
    }
    out.push(']');
}
