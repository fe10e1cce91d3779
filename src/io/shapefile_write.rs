//! A shapefile: `.shp`, `.shx`, `.dbf`, `.prj`, `.cpg`, and the table of its short names.
//!
//! A name in a `.dbf` has ten bytes: longer ones are cut and made to differ, and `<name>.fields.csv` says which is which.
//! A text has 254 bytes: longer ones are cut, and counted. The `.dbf` is written here and not by a crate, because its
//! widths are bytes of UTF-8, and its date must not make equal runs differ. Geometry is written by crate `shapefile`.

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use geo::{Geometry, LineString};
use serde_json::Value;
use shapefile::{Point, Polygon, PolygonRing, Polyline, ShapeWriter};

use super::csv::CsvWriter;
use super::fields::{Field, FieldKind, as_text};
use super::gpkg_write::Feature;
use crate::error::{Error, Result};
use crate::grid::Crs;

/// Bytes of a name.
const NAME_BYTES: usize = 10;
/// Bytes of a text.
const TEXT_BYTES: usize = 254;
/// Digits of a number, sign and point included.
const NUMBER_BYTES: usize = 24;
/// Fields a table takes.
const MOST_FIELDS: usize = 255;

/// What did not fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Cut {
    /// Texts cut to 254 bytes.
    pub n_texts: usize,
    /// Fields left out.
    pub n_fields: usize,
    /// Features left out because they have no geometry.
    pub n_features: usize,
}

/// Writes the files of a shapefile; `path` ends in `.shp`. Features are all lines, or all polygons; one without
/// geometry is left out and counted. The files are written in place: the folder must be one that is put into
/// place as a whole ([`super::atomic::Staging`]).
pub fn write(path: &Path, crs: &Crs, fields: &[Field], features: &[Feature]) -> Result<Cut> {
    let with_geometry: Vec<&Feature> = features.iter().filter(|(geometry, _)| geometry.is_some()).collect();
    let n_features = features.len() - with_geometry.len();
    let features = with_geometry.as_slice();
    let (fields, left_out) = fields.split_at(fields.len().min(MOST_FIELDS));
    let names = short_names(fields);
    write_shapes(path, features)?;
    let n_texts = write_table(&path.with_extension("dbf"), &names, fields, features)
        .map_err(Error::io("write", &path.with_extension("dbf")))?;
    let put = |extension: &str, text: &str| {
        let path = path.with_extension(extension);
        std::fs::write(&path, text).map_err(Error::io("write", &path))
    };
    put("cpg", "UTF-8")?;
    put("prj", &esri_wkt(crs))?;
    let mut table = CsvWriter::create(&path.with_extension("fields.csv"), &["field", "column"])?;
    for (short, field) in names.iter().zip(fields) {
        table.write(&[short.as_str(), field.name.as_str()])?;
    }
    table.finish()?;
    Ok(Cut { n_texts, n_fields: left_out.len(), n_features })
}

/// Names of at most ten bytes that differ whatever their case: letters, digits and `_`, the first a letter.
fn short_names(fields: &[Field]) -> Vec<String> {
    let plain = |name: &str| -> String {
        let ascii: String = name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
        // `contribution_road` and `contribution_people` would both be cut to the same ten letters.
        let short = ascii.replace("contribution_", "c_").replace("benefit_per_", "bft_p_");
        let short = short.replace("acceptability", "accept").replace("nearest_settlement", "near_settl");
        if short.starts_with(|c: char| c.is_ascii_alphabetic()) { short } else { format!("f{short}") }
    };
    let wanted: Vec<String> = fields.iter().map(|field| plain(&field.name)).collect();
    let (mut names, mut known) = (Vec::new(), HashSet::new());
    for name in &wanted {
        let mut short: String = name.chars().take(NAME_BYTES).collect();
        let mut n = 1;
        while !known.insert(short.to_lowercase()) {
            n += 1;
            let suffix = format!("_{n}");
            short = name.chars().take(NAME_BYTES - suffix.len()).collect::<String>() + &suffix;
        }
        names.push(short);
    }
    names
}

fn write_shapes(path: &Path, features: &[&Feature]) -> Result<()> {
    let index = path.with_extension("shx");
    let create = |path: &Path| File::create(path).map(BufWriter::new).map_err(Error::io("create", path));
    let failed = |e: shapefile::Error| Error::io("write", path)(io::Error::other(e.to_string()));
    let mut writer = ShapeWriter::with_shx(create(path)?, create(&index)?);
    for (geometry, _) in features {
        match geometry {
            Some(Geometry::LineString(line)) => writer.write_shape(&Polyline::new(points(line))),
            Some(Geometry::MultiPolygon(ground)) => {
                let rings = ground.iter().flat_map(|polygon| {
                    let outer = PolygonRing::Outer(points(polygon.exterior()));
                    let inner = polygon.interiors().iter().map(|hole| PolygonRing::Inner(points(hole)));
                    std::iter::once(outer).chain(inner)
                });
                writer.write_shape(&Polygon::with_rings(rings.collect()))
            }
            other => unreachable!("bug: {other:?} is neither a line nor a polygon"),
        }
        .map_err(failed)?;
    }
    writer.finalize().map_err(failed)
}

fn points(line: &LineString<f64>) -> Vec<Point> {
    line.0.iter().map(|p| Point::new(p.x, p.y)).collect()
}

/// Writes the table, dBase III; returns how many texts were cut.
fn write_table(path: &Path, names: &[String], fields: &[Field], features: &[&Feature]) -> io::Result<usize> {
    let widths: Vec<usize> = fields
        .iter()
        .enumerate()
        .map(|(i, field)| match field.kind {
            FieldKind::Text => {
                let longest =
                    features.iter().filter_map(|(_, row)| as_text(&row[i])).map(|text| text.len()).max();
                longest.unwrap_or(1).clamp(1, TEXT_BYTES)
            }
            FieldKind::Whole | FieldKind::Real => NUMBER_BYTES,
        })
        .collect();
    let mut out = BufWriter::new(File::create(path)?);
    let header_bytes = (32 + 32 * fields.len() + 1) as u16;
    let record_bytes = (1 + widths.iter().sum::<usize>()) as u16;
    // Version, then a date: 2000-01-01, because equal runs are equal files.
    out.write_all(&[3, 100, 1, 1])?;
    out.write_all(&(features.len() as u32).to_le_bytes())?;
    out.write_all(&header_bytes.to_le_bytes())?;
    out.write_all(&record_bytes.to_le_bytes())?;
    out.write_all(&[0; 20])?;
    for ((name, field), width) in names.iter().zip(fields).zip(&widths) {
        let mut descriptor = [0_u8; 32];
        descriptor[..name.len()].copy_from_slice(name.as_bytes());
        descriptor[11] = if field.kind == FieldKind::Text { b'C' } else { b'N' };
        descriptor[16] = *width as u8;
        descriptor[17] = if field.kind == FieldKind::Real { 15 } else { 0 };
        out.write_all(&descriptor)?;
    }
    out.write_all(&[0x0D])?;
    let mut n_cut = 0;
    for (_, row) in features {
        out.write_all(b" ")?;
        for ((field, value), width) in fields.iter().zip(row).zip(&widths) {
            let bytes = match field.kind {
                FieldKind::Text => {
                    let text = as_text(value).unwrap_or_default();
                    let end = cut_at(&text, *width);
                    n_cut += usize::from(end < text.len());
                    let mut bytes = text.as_bytes()[..end].to_vec();
                    bytes.resize(*width, b' ');
                    bytes
                }
                FieldKind::Whole | FieldKind::Real => {
                    format!("{:>width$}", number(value), width = *width).into_bytes()
                }
            };
            out.write_all(&bytes)?;
        }
    }
    out.write_all(&[0x1A])?;
    out.flush()?;
    Ok(n_cut)
}

/// A number in at most 24 bytes, with all its digits; nothing for unknown.
fn number(value: &Value) -> String {
    let Some(real) = value.as_f64() else { return String::new() };
    let text = if value.is_f64() { format!("{real}") } else { value.to_string() };
    if text.len() <= NUMBER_BYTES { text } else { format!("{real:.15e}") }
}

/// Where a text is cut so that it has at most so many bytes and no half letter.
fn cut_at(text: &str, most: usize) -> usize {
    let mut end = text.len().min(most);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    end
}

/// The CRS as Esri's products read it: WKT 1 without authorities, axes and datum shifts, names with Esri's prefixes.
fn esri_wkt(crs: &Crs) -> String {
    let Some(known) = u16::try_from(crs.epsg()).ok().and_then(crs_definitions::from_code) else {
        return String::new();
    };
    let mut text = known.wkt.to_owned();
    for node in ["AUTHORITY[", "AXIS[", "TOWGS84[", "EXTENSION["] {
        while let Some(at) = text.find(&format!(",{node}")) {
            let Some(length) = node_length(&text[at + 1..]) else { break };
            text.replace_range(at..at + 1 + length, "");
        }
    }
    let prefixed = |text: String, node: &str, prefix: &str| {
        let Some(at) = text.find(&format!("{node}[\"")).map(|at| at + node.len() + 2) else { return text };
        let Some(end) = text[at..].find('"').map(|end| at + end) else { return text };
        let name = text[at..end].replace(' ', "_");
        let name = if name == "WGS_84" { "WGS_1984".to_owned() } else { name };
        if name.starts_with(prefix) { text } else { format!("{}{prefix}{name}{}", &text[..at], &text[end..]) }
    };
    let text = prefixed(prefixed(text, "GEOGCS", "GCS_"), "DATUM", "D_");
    text.replace("UNIT[\"degree\"", "UNIT[\"Degree\"").replace("UNIT[\"metre\"", "UNIT[\"Meter\"")
}

/// Bytes of the node that a text begins with, its brackets included.
fn node_length(text: &str) -> Option<usize> {
    let (mut depth, mut is_quoted) = (0, false);
    for (at, c) in text.char_indices() {
        match c {
            '"' => is_quoted = !is_quoted,
            '[' if !is_quoted => depth += 1,
            ']' if !is_quoted => {
                depth -= 1;
                if depth == 0 {
                    return Some(at + 1);
                }
            }
            _ => {}
        }
    }
    None
}
