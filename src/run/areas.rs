//! Hazardous areas as a file gives them: which columns tell what, and which areas still need work.
//!
//! Areas whose status says that no work is left are not planned, and never pass unsaid: they are counted and named in
//! a warning and all listed in the record. `status = […]` beside `path` says which ones to take instead. An area
//! without a status is taken: what is not known to be closed is open.

use std::path::Path;

use geo::Geometry;
use serde_json::{Value, json};

use super::imsma::{self, Meaning};
use super::project::{AreaColumns, TaskSettings, TaskSource};
use super::vectors::{has_column, no_column, read_features, reprojected, text_of};
use crate::error::{Fault, Faults, Result};
use crate::grid::{Crs, Reprojection};
use crate::io::features::{Feature, FeatureTable, VectorSource};
use crate::tasks::PolygonFeature;

/// Hazardous areas, and what should be known of how they were read.
#[derive(Debug, Clone, Default)]
pub struct Areas {
    /// In the frame's CRS.
    pub polygons: Vec<PolygonFeature>,
    /// The class of each, where a column tells it.
    pub classes: Vec<Option<String>>,
    /// Areas that are not taken because of their status.
    pub left_out: Vec<LeftOut>,
    /// A sentence each.
    pub notes: Vec<String>,
}

/// An area that is not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    /// Its identifier.
    pub id: String,
    /// Its status.
    pub status: String,
}

impl LeftOut {
    /// For the record and for scripts.
    pub fn to_json(&self) -> Value {
        json!({ "id": self.id, "status": self.status })
    }
}

/// Reads the hazardous areas of `[tasks]`, `None` where tasks are grown.
pub fn read_task_areas(tasks: &TaskSettings, frame_crs: &Crs) -> Result<Option<Areas>> {
    match &tasks.source {
        TaskSource::Polygons { source, columns } => read(source, columns, "tasks.areas", frame_crs).map(Some),
        TaskSource::Grown { .. } => Ok(None),
    }
}

/// Reads a file of hazardous areas; `key` is where the project names it.
pub fn read(source: &VectorSource, columns: &AreaColumns, key: &str, frame_crs: &Crs) -> Result<Areas> {
    of_features(read_features(source, key)?, &source.path, columns, key, frame_crs)
}

/// The hazardous areas of features that are read already; `path` is what they are called in faults and notes.
pub fn of_features(
    read: FeatureTable,
    path: &Path,
    columns: &AreaColumns,
    key: &str,
    frame_crs: &Crs,
) -> Result<Areas> {
    let onto_frame = Reprojection::new(&read.crs, frame_crs, &path.display().to_string())?;
    let mut faults = Faults::new();
    let named = [
        ("id", &columns.id),
        ("imsma_id", &columns.imsma_id),
        ("classification", &columns.classification),
        ("status_column", &columns.status_column),
    ];
    for (name, column) in named {
        if let Some(column) = column.as_ref().filter(|column| !has_column(&read.features, column)) {
            faults.push(no_column(&format!("{key}.{name}"), column, &read.features, path));
        }
    }
    let recognised =
        |named: &Option<String>, meaning| named.clone().or_else(|| imsma::column(&read.features, meaning));
    let imsma_column = recognised(&columns.imsma_id, Meaning::Id);
    let class_column = recognised(&columns.classification, Meaning::Classification);
    let status_column = recognised(&columns.status_column, Meaning::Status);
    let mut areas = Areas { notes: read.notes, ..Areas::default() };
    areas.notes.extend(onto_frame.shift_note(&path.display().to_string()));
    if let Some(column) =
        imsma_column.as_ref().filter(|column| columns.imsma_id.is_none() && *column != "imsma_id")
    {
        areas
            .notes
            .push(format!("{}: its column `{column}` is taken for the IMSMA identifier", path.display()));
    }
    let of = |feature: &Feature, column: &Option<String>| text_of(feature.properties.get(column.as_ref()?));
    let statuses: Vec<Option<String>> =
        read.features.iter().map(|feature| of(feature, &status_column)).collect();
    if let Some(fault) = unknown_status(columns, &statuses, key, path) {
        faults.push(fault);
    }
    for (feature, status) in read.features.into_iter().zip(statuses) {
        let number = feature.index + 1;
        let imsma = of(&feature, &imsma_column);
        // Without a column of its own the feature's id, or its position, tells it apart.
        let own = match &columns.id {
            Some(_) => of(&feature, &columns.id),
            None => imsma.clone().or(feature.id.clone()).or(Some(format!("A{number:05}"))),
        };
        let id = own.unwrap_or_default();
        if let Some(status) = status.filter(|status| !columns.takes(status)) {
            areas.left_out.push(LeftOut { id, status });
            continue;
        }
        let class = of(&feature, &class_column);
        let geometry = feature.geometry.map(|geometry| reprojected(geometry, &onto_frame, path, number));
        let geometry: Option<Option<Geometry<f64>>> = faults.take(geometry.transpose())?;
        let Some(geometry) = geometry else { continue };
        areas.classes.push(class);
        areas.polygons.push(PolygonFeature {
            id,
            imsma_id: imsma,
            place: format!("{}, feature {number}", path.display()),
            geometry,
            attributes: feature.properties,
        });
    }
    if areas.polygons.is_empty() && faults.is_empty() {
        let found = format!("{} areas, all with a status that says no work is left", areas.left_out.len());
        let fix = format!("say which ones to take, `status = [{:?}]` under {key}", areas.left_out[0].status);
        let place = path.display().to_string();
        faults.push(Fault::new("areas.all_closed", place, "areas that need work", found, fix));
    }
    faults.finish()?;
    areas.notes.extend(told(&areas.left_out, key, columns));
    Ok(areas)
}

/// A status that the project asks for and no area has: surely a slip of the pen.
fn unknown_status(
    columns: &AreaColumns,
    statuses: &[Option<String>],
    key: &str,
    path: &Path,
) -> Option<Fault> {
    let asked = columns.status.as_ref()?;
    let mut known: Vec<&str> = statuses.iter().flatten().map(String::as_str).collect();
    known.sort_unstable();
    known.dedup();
    let missing = asked.iter().find(|asked| !known.iter().any(|known| same(known, asked)))?;
    let found = match known.len() {
        0 => "no column that tells a status".to_owned(),
        _ => format!("the statuses {}", clipped(&known.join(", "), 300)),
    };
    let place = format!("{} (`{key}.status`)", path.display());
    let fix = "correct it, or name the column with `status_column`";
    Some(Fault::new("areas.unknown_status", place, format!("areas with the status {missing:?}"), found, fix))
}

/// How many are left out by status, and the first ten of them.
fn told(left_out: &[LeftOut], key: &str, columns: &AreaColumns) -> Option<String> {
    if left_out.is_empty() {
        return None;
    }
    let mut counts = std::collections::BTreeMap::new();
    left_out.iter().for_each(|area| *counts.entry(area.status.as_str()).or_insert(0) += 1);
    let counts: Vec<String> =
        counts.iter().map(|(status, n)| format!("{n} {:?}", clipped(status, 60))).collect();
    let ids: Vec<String> = left_out.iter().take(10).map(|area| clipped(&area.id, 60)).collect();
    let more = left_out.len().saturating_sub(10);
    let more = if more > 0 { format!(" and {more} more, all in run.json") } else { String::new() };
    let why = match columns.status {
        Some(_) => format!("`{key}.status` does not name their status"),
        None => format!("their status says that no work is left; `status = […]` under {key} takes them"),
    };
    Some(format!(
        "{} hazardous areas are left out ({}): {why}: {}{more}",
        left_out.len(),
        counts.join(", "),
        ids.join(", ")
    ))
}

fn clipped(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

fn same(a: &str, b: &str) -> bool {
    a.trim().to_lowercase() == b.trim().to_lowercase()
}

impl AreaColumns {
    /// Whether an area with a status is taken.
    fn takes(&self, status: &str) -> bool {
        match &self.status {
            Some(asked) => asked.iter().any(|asked| same(asked, status)),
            None => !imsma::is_closed(status),
        }
    }
}
