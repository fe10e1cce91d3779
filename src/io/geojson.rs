//! GeoJSON (RFC 7946): features with their properties untouched, and a streaming writer.
//!
//! Coordinates are x, y (longitude, latitude in degrees on WGS 84 unless the file carries the `crs` member of
//! the 2008 format). Geometry is taken as it is drawn: rings are closed, nothing is repaired here. It is read
//! from the JSON itself instead of through crate `geojson`, whose conversion panics on a position of one number
//! and does not say which feature is wrong.

mod geometry;
mod write;

use std::path::Path;

use serde_json::{Map, Value};

use self::geometry::{check_range, geometry_of};
pub use self::write::GeoJsonWriter;
use super::features::{Feature, FeatureTable, MAX_FAULTS};
use super::limits::{Syntax, read_text};
use crate::error::{Fault, Faults, Result};
use crate::grid::Crs;

/// Reads a feature collection, a single feature or a bare geometry.
pub fn read(path: &Path) -> Result<FeatureTable> {
    read_in(path, None)
}

/// The same in a CRS that the person declares, over what the file says.
pub(super) fn read_in(path: &Path, declared: Option<Crs>) -> Result<FeatureTable> {
    parse_in(&read_text(path, Syntax::Json)?, declared, &path.display().to_string())
}

/// Reads GeoJSON from memory; `place` names it in faults.
pub fn parse(bytes: &[u8], place: &str) -> Result<FeatureTable> {
    parse_in(bytes, None, place)
}

fn parse_in(bytes: &[u8], declared: Option<Crs>, place: &str) -> Result<FeatureTable> {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let root: Value = serde_json::from_slice(bytes).map_err(|e| {
        let place = format!("{place}, line {}, column {}", e.line(), e.column());
        let found = if e.is_eof() { "the end of the file".to_owned() } else { e.to_string() };
        Fault::new(
            "geojson.syntax",
            place,
            "JSON",
            found,
            "write the file again, `ogr2ogr OUT.geojson IN` does",
        )
    })?;
    let crs = declared.map_or_else(|| crs_of(&root, place), Ok)?;
    let kind = root["type"].as_str().map(str::to_owned);
    let items = match (kind.as_deref(), root) {
        (Some("FeatureCollection"), Value::Object(mut root)) => match root.remove("features") {
            Some(Value::Array(features)) => features,
            _ => return Err(not_geojson(place, "a feature collection without its list `features`").into()),
        },
        (Some("Feature"), root) => vec![root],
        (Some(_), geometry) => vec![serde_json::json!({"type": "Feature", "geometry": geometry})],
        (None, _) => return Err(not_geojson(place, "JSON without the member `type`").into()),
    };
    let mut faults = Faults::new();
    let mut features = Vec::with_capacity(items.len());
    for (index, item) in items.into_iter().enumerate() {
        match feature_of(index, item, &crs) {
            Ok(feature) => features.push(feature),
            Err(found) if faults.as_slice().len() < MAX_FAULTS => {
                let place = format!("{place}, feature {index}");
                let fix =
                    "correct it, or write the file again with `ogr2ogr -t_srs EPSG:4326 OUT.geojson IN`";
                faults.push(Fault::new("geojson.feature", place, "a feature as RFC 7946 has it", found, fix));
            }
            Err(_) => {}
        }
    }
    faults.finish()?;
    Ok(FeatureTable { crs, features, notes: Vec::new() })
}

fn feature_of(index: usize, item: Value, crs: &Crs) -> std::result::Result<Feature, String> {
    let Value::Object(mut item) = item else {
        return Err("something that is no object".into());
    };
    if item.get("type").and_then(Value::as_str) != Some("Feature") {
        return Err(format!("an object of type {}", item.get("type").unwrap_or(&Value::Null)));
    }
    let id = match item.get("id") {
        Some(Value::String(id)) => Some(id.clone()),
        Some(Value::Number(id)) => Some(id.to_string()),
        _ => None,
    };
    let properties = match item.remove("properties") {
        Some(Value::Object(properties)) => properties,
        None | Some(Value::Null) => Map::new(),
        Some(_) => return Err("properties that are no object".into()),
    };
    let geometry = geometry_of(item.get("geometry").unwrap_or(&Value::Null))?;
    if let Some(geometry) = geometry.as_ref().filter(|_| crs.is_geographic()) {
        check_range(geometry)?;
    }
    Ok(Feature { index, id, properties, geometry })
}

/// The CRS of the 2008 format's `crs` member; WGS 84 without it.
fn crs_of(root: &Value, place: &str) -> Result<Crs> {
    let member = match root.get("crs") {
        None | Some(Value::Null) => return Ok(Crs::wgs84()),
        Some(member) => member,
    };
    let name = member["properties"]["name"].as_str().unwrap_or_default();
    // "EPSG:3035", "urn:ogc:def:crs:EPSG::3035", "urn:ogc:def:crs:OGC:1.3:CRS84"
    let code = name.rsplit(':').next().unwrap_or_default();
    if code == "CRS84" {
        return Ok(Crs::wgs84());
    }
    match code.parse() {
        Ok(epsg) if name.to_ascii_uppercase().contains("EPSG") => Crs::from_epsg(epsg, place),
        _ => {
            let found = if name.is_empty() { member.to_string() } else { format!("`{name}`") };
            let fix = "write it in WGS 84: `ogr2ogr -t_srs EPSG:4326 -lco RFC7946=YES OUT.geojson IN`";
            Err(Fault::new("geojson.crs", place, "WGS 84, or `crs` with an EPSG code", found, fix).into())
        }
    }
}

fn not_geojson(place: &str, found: &str) -> Fault {
    let fix = "write the file again, `ogr2ogr OUT.geojson IN` does";
    Fault::new("geojson.structure", place, "a feature collection, a feature or a geometry", found, fix)
}
