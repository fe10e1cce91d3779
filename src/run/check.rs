//! `clearway check`: every fault and oddity of a project's inputs, before any work.

use std::fmt::Write;
use std::path::Path;
use std::sync::Arc;

use serde_json::{Value, json};

use super::areas::LeftOut;
use super::oddities::{self, Oddity};
use super::prepared::{Need, Prepared};
use super::project::{Project, TaskSource};
use crate::error::{Error, Fault, Result, clipped, printable};
use crate::grid::Frame;
use crate::layers::{Survey, Unit};
use crate::progress::Progress;
use crate::report::readable::{counted, short};
use crate::tasks::{PolygonFault, summarised, survey_polygons};

/// What a check found in inputs without a fault.
#[derive(Debug, Clone, Default)]
pub struct CheckReport {
    /// Lines of the table: what was read and what it holds.
    pub facts: Vec<(String, String)>,
    /// What is told of single files and layers.
    pub warnings: Vec<String>,
    /// What is odd about the layers taken together, and with the settings.
    pub oddities: Vec<Oddity>,
    /// Every fault of every polygon of the hazardous areas.
    pub polygon_faults: Vec<PolygonFault>,
    /// Hazardous areas that are not taken because of their status.
    pub left_out: Vec<LeftOut>,
}

/// A polygon's fault for the record and for scripts.
pub(super) fn fault_json(fault: &PolygonFault) -> Value {
    json!({ "id": fault.id, "fault": fault.fault, "action": fault.action, "detail": fault.detail })
}

impl CheckReport {
    /// Every fault of every polygon and every area that is not taken, a line each; empty without any.
    pub fn to_lines(&self) -> String {
        let mut text = String::new();
        for fault in &self.polygon_faults {
            let action = fault.action.replace('_', " ");
            let _ = writeln!(text, "area `{}` ({action}): {}", clipped(&fault.id), printable(&fault.detail));
        }
        for area in &self.left_out {
            let status = clipped(&area.status);
            let _ = writeln!(text, "area `{}` (left out): its status is {status:?}", clipped(&area.id));
        }
        text
    }

    /// How many warnings and oddities there are.
    pub fn counts(&self) -> String {
        let warnings = counted(self.warnings.len(), "warning", "warnings");
        format!("{warnings}, {}", counted(self.oddities.len(), "oddity", "oddities"))
    }

    /// For scripts.
    pub fn to_json(&self) -> Value {
        let facts: serde_json::Map<String, Value> =
            self.facts.iter().map(|(name, text)| (name.clone(), text.clone().into())).collect();
        let oddities: Vec<Value> = self.oddities.iter().map(Oddity::to_json).collect();
        json!({ "faults": [], "facts": facts, "warnings": self.warnings, "oddities": oddities,
                "polygon_faults": self.polygon_faults.iter().map(fault_json).collect::<Vec<_>>(),
                "areas_left_out": self.left_out.iter().map(LeftOut::to_json).collect::<Vec<_>>() })
    }
}

/// An error for a script: what went wrong, and its faults, in the form of [`CheckReport::to_json`].
pub fn error_to_json(error: &Error) -> Value {
    let fault = |fault: &Fault| {
        let at = fault.excerpt.as_ref();
        json!({ "code": fault.code, "place": fault.place, "expected": fault.expected, "found": fault.found,
                "fix": fault.fix, "source": at.map(|at| &at.source), "line": at.and_then(|at| at.line),
                "column": at.map(|at| at.column()), "text": at.map(|at| &at.text) })
    };
    let faults: Vec<Value> = error.faults().iter().map(fault).collect();
    json!({ "error": error.to_string(), "exit_code": error.exit_code(), "faults": faults, "facts": {},
            "warnings": [], "oddities": [] })
}

/// Checks a project; its faults, all together, are the error.
pub fn check(project: &Path, overrides: &[String], progress: &dyn Progress) -> Result<CheckReport> {
    let project = super::prepared::project_of(project, overrides, Need::Everything)?;
    let document = Arc::clone(&project.document);
    let prepared =
        Prepared::open(project, Need::Everything, super::Options::default().memory_bytes, progress)
            .map_err(|error| document.locate(error))?;
    let frame = &prepared.layers.frame;
    let mut report = CheckReport {
        warnings: prepared.warnings.clone(),
        polygon_faults: prepared.polygon_faults.clone(),
        left_out: prepared.left_out.clone(),
        ..CheckReport::default()
    };
    report.facts.push((
        "frame".to_owned(),
        format!(
            "{} x {} cells of {:.6} x {:.6} ({:.1} x {:.1} m) in {}",
            frame.n_cols,
            frame.n_rows,
            frame.cell_size().x,
            frame.cell_size().y,
            frame.cell_width_m(frame.n_rows as i64 / 2),
            frame.cell_height_m(frame.n_rows as i64 / 2),
            frame.crs
        ),
    ));
    for (name, survey) in &prepared.layers.surveys {
        let warped = prepared.layers.warped.get(name).map_or_else(String::new, |text| format!("; {text}"));
        let unit = prepared.project.layer(name).map_or("", |layer| used_unit(name, &layer.unit));
        report.facts.push((format!("layer {name}"), describe(survey, unit) + &warped));
    }
    if let Some(hazard) = &prepared.layers.hazard {
        report.facts.push(("layer hazard".to_owned(), hazard.description.clone()));
    }
    for (name, features) in &prepared.layers.features {
        report.facts.push((format!("layer {name}"), format!("{} features", features.len())));
    }
    report.warnings.extend(cell_larger_than_task(&prepared.project, frame));
    if let Some(areas) = &prepared.areas {
        report.facts.push(("hazardous areas".to_owned(), areas.len().to_string()));
        let findings = survey_polygons(areas, &frame.crs)?;
        report.warnings.extend(summarised(&findings, areas.len()).iter().map(ToString::to_string));
    }
    for (name, n) in [
        ("teams", prepared.teams.len()),
        ("settlements", prepared.settlements.len()),
        ("districts", prepared.districts.len()),
    ] {
        if n > 0 {
            report.facts.push((name.to_owned(), n.to_string()));
        }
    }
    let found = oddities::find(&prepared)?;
    report.facts.extend(found.facts);
    report.oddities = found.oddities;
    Ok(report)
}

/// Grown areas of which a single cell is larger than a task may be: `run` tells how many, this before any work.
fn cell_larger_than_task(project: &Project, frame: &Frame) -> Option<String> {
    let TaskSource::Grown { max_area_m2, .. } = project.tasks.as_ref()?.source else { return None };
    let cell_m2 = frame.cell_area_m2(frame.n_rows as i64 / 2);
    (cell_m2 > max_area_m2).then(|| {
        format!(
            "one cell, {} m², is larger than `max_area_m2` = {} under [tasks] `grow`: every cell will be a task of its own \
             [grow.cell_too_large]",
            short(cell_m2),
            short(max_area_m2)
        )
    })
}

/// What a layer's values are when they are scored by; empty where nobody says.
fn used_unit<'a>(name: &str, unit: &'a Unit) -> &'a str {
    match (name, unit) {
        ("population", _) => "people per cell",
        ("cost", _) => "US$ per cell",
        (_, Unit::Share) => "",
        (_, unit) => unit.key(),
    }
}

fn describe(survey: &Survey, unit: &str) -> String {
    let unit = if unit.is_empty() { String::new() } else { format!(" {unit}") };
    let number = |value: f32| crate::report::tables::significant(f64::from(value), 6);
    match (survey.min, survey.max) {
        (Some((min, _)), Some((max, _))) => format!(
            "{} to {}{unit}, sum {}, known in {:.1} % of cells",
            number(min),
            number(max),
            crate::report::tables::significant(survey.sum, 9),
            100.0 * (1.0 - survey.unknown_share())
        ),
        _ => "known nowhere".to_owned(),
    }
}
