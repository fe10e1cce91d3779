//! Shapefiles (Esri's technical description of 1998): `.shp` with its `.dbf`, `.shx`, `.prj` and `.cpg`.
//!
//! Without `.dbf` features have no columns, without `.shx` records are taken one after another; both are noted.
//! Without `.prj` the CRS must be declared. Names and texts are read in the encoding that `.cpg` or the `.dbf` names.

mod dbf;
mod rings;
mod shapes;

use std::path::{Path, PathBuf};

use serde_json::Map;

use super::crs_wkt::epsg_of;
use super::features::{Feature, FeatureTable, VectorSource, declared_or};
use crate::error::{Error, Fault, Result};
use crate::grid::Crs;

/// Longer ones are no definition of a CRS or name of an encoding.
const MAX_SIDE_FILE: u64 = 1 << 16;

/// Reads the features.
pub(super) fn read(source: &VectorSource, declared: Option<Crs>) -> Result<FeatureTable> {
    let path = &source.path;
    let place = source.place();
    let mut notes = Vec::new();
    let index = part(path, "shx");
    if index.is_none() {
        notes.push(format!("{place}: no .shx lies beside it; its records are taken one after another"));
    }
    let shapes = shapes::read(path, index.as_deref())?;
    let crs = match declared {
        Some(crs) => crs,
        None => crs_of(path, &place)?,
    };
    let table = match part(path, "dbf") {
        Some(file) => {
            let cpg = part_text(path, "cpg")?;
            dbf::read(&file, shapes.len(), source.encoding.as_deref(), cpg.as_deref())?
        }
        None => {
            notes.push(format!("{place}: no .dbf lies beside it, so its features have no columns"));
            dbf::Rows { rows: vec![Some(Map::new()); shapes.len()], notes: Vec::new() }
        }
    };
    notes.extend(table.notes);
    let n_deleted = table.rows.iter().filter(|row| row.is_none()).count();
    if n_deleted > 0 {
        notes.push(format!("{place}: {n_deleted} features are marked as deleted and are left out"));
    }
    let kept = shapes.into_iter().zip(table.rows).enumerate();
    let features = kept
        .filter_map(|(index, (geometry, row))| {
            row.map(|properties| Feature { index, id: None, properties, geometry })
        })
        .collect();
    Ok(FeatureTable { crs, features, notes })
}

/// The files that belong to a shapefile and are there.
pub(super) fn parts(path: &Path) -> Vec<PathBuf> {
    ["shx", "dbf", "prj", "cpg"].into_iter().filter_map(|extension| part(path, extension)).collect()
}

/// A part, whatever the case of its extension.
fn part(path: &Path, extension: &str) -> Option<PathBuf> {
    let upper = extension.to_ascii_uppercase();
    let mut beside = [extension, upper.as_str()].into_iter().map(|extension| path.with_extension(extension));
    beside.find(|file| file.is_file())
}

fn part_text(path: &Path, extension: &str) -> Result<Option<String>> {
    let Some(file) = part(path, extension) else { return Ok(None) };
    let bytes = std::fs::metadata(&file).map_err(Error::io("read", &file))?.len();
    if bytes > MAX_SIDE_FILE {
        let place = file.display().to_string();
        let found = format!("{bytes} bytes");
        return Err(Fault::new("shapefile.part", place, "a short text", found, "export it again").into());
    }
    let bytes = std::fs::read(&file).map_err(Error::io("read", &file))?;
    Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
}

fn crs_of(path: &Path, place: &str) -> Result<Crs> {
    let Some(text) = part_text(path, "prj")? else {
        return declared_or(None, place, "no .prj beside it");
    };
    match epsg_of(&text) {
        Some(epsg) => Crs::from_epsg(epsg, place),
        None => {
            let start: String = text.trim().chars().take(60).collect();
            declared_or(None, place, &format!("a .prj that matches no EPSG code: {start}…"))
        }
    }
}
