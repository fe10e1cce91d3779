//! `[tasks]`: task areas from polygons, or grown from the priority grid.

use std::path::Path;

use super::super::document::Value;
use super::super::section::Section;
use super::layers::LayerSettings;
use super::vector_file;
use crate::io::features::VectorSource;

/// Where task areas come from and what else they carry.
#[derive(Debug, Clone)]
pub struct TaskSettings {
    /// Polygons or growth.
    pub source: TaskSource,
    /// Layer whose mean over the task multiplies its working days.
    pub difficulty: Option<String>,
}

/// Where task areas come from.
#[derive(Debug, Clone)]
pub enum TaskSource {
    /// Polygons of a file.
    Polygons {
        /// The file.
        source: VectorSource,
        /// What its columns tell.
        columns: AreaColumns,
    },
    /// Connected ground of high rank.
    Grown {
        /// Least rank, 0..100.
        min_rank: f64,
        /// Least area, m².
        min_area_m2: f64,
        /// Largest area before a task is split, m².
        max_area_m2: f64,
    },
}

/// Columns of hazardous areas, where the project names them, and which areas it takes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AreaColumns {
    /// Column that identifies an area; it becomes `task_id`.
    pub id: Option<String>,
    /// Column that holds the IMSMA identifier.
    pub imsma_id: Option<String>,
    /// Column that holds the class.
    pub classification: Option<String>,
    /// Column that holds the status.
    pub status_column: Option<String>,
    /// Statuses of the areas to take; `None` for all but those that need no more work.
    pub status: Option<Vec<String>>,
}

impl AreaColumns {
    /// Reads the keys beside a `path`.
    pub fn read(section: &Section<'_>) -> Self {
        let status = section.list("status").map(|items| {
            let texts = items.iter().filter_map(|item| match &item.value {
                Value::Text(text) => Some(text.clone()),
                other => {
                    section.wrong("status", "a list of texts", &other.describe());
                    None
                }
            });
            texts.collect()
        });
        Self {
            id: section.text("id"),
            imsma_id: section.text("imsma_id"),
            classification: section.text("classification"),
            status_column: section.text("status_column"),
            status,
        }
    }
}

/// Reads `[tasks]`; `None` when it is left out or faulty.
pub fn read(top: &Section<'_>, folder: &Path, layers: &[LayerSettings]) -> Option<TaskSettings> {
    let section = top.section("tasks")?;
    let areas = section.section("areas").map(|areas| {
        let source = vector_file::read(&areas, folder, "path = \"hazardous_areas.geojson\"");
        let columns = AreaColumns::read(&areas);
        areas.finish();
        TaskSource::Polygons { source: source.unwrap_or_else(|| VectorSource::of(folder)), columns }
    });
    let grow = section.section("grow").map(|grow| {
        let min_rank = grow.number_where("min_rank", "a rank from 0 to 100", |r| (0.0..=100.0).contains(&r));
        let min_area_m2 = grow.number_where("min_area_m2", "square metres, 0 or more", |a| a >= 0.0);
        let max_area_m2 = grow.number_where("max_area_m2", "square metres, more than 0", |a| a > 0.0);
        let (least, most) = (min_area_m2.unwrap_or(5_000.0), max_area_m2.unwrap_or(100_000.0));
        if least > most {
            grow.wrong("min_area_m2", &format!("at most max_area_m2 ({most})"), &least.to_string());
        }
        grow.finish();
        TaskSource::Grown { min_rank: min_rank.unwrap_or(90.0), min_area_m2: least, max_area_m2: most }
    });
    let source = match (areas, grow) {
        (Some(_), Some(_)) => {
            section.wrong("grow", "either `areas` or `grow`", "both");
            None
        }
        (None, None) => {
            let example = "areas = { path = \"hazardous_areas.geojson\", id = \"imsma_id\" }` or `grow = {}";
            section.required("areas", None::<()>, example);
            None
        }
        (areas, grow) => areas.or(grow),
    };
    let difficulty = section.text("difficulty");
    if let Some(name) = difficulty.as_ref().filter(|name| !layers.iter().any(|layer| layer.name == **name)) {
        let fix = format!("add `{name} = {{ path = … }}` under [layers]");
        section.fault(
            "project.unknown_layer",
            "difficulty",
            "a layer of [layers]",
            &format!("{name:?}"),
            &fix,
        );
    }
    section.finish();
    Some(TaskSettings { source: source?, difficulty })
}
