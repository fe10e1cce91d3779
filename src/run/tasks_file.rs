//! Task areas of a finished run, read back from its `tasks.geojson`.

use std::path::{Path, PathBuf};

use geo::Geometry;
use serde_json::{Map, Value};

use crate::error::{Fault, Result};
use crate::io::atomic::RUN_RECORD;
use crate::io::features::Feature;
use crate::io::geojson;
use crate::report::tables::{SOURCE_PREFIX, task_numbers};
use crate::tasks::TaskArea;

/// Reads the task areas of a finished run, in WGS 84, and the file they came from.
pub fn read_tasks(run_dir: &Path) -> Result<(Vec<TaskArea>, PathBuf)> {
    let file = run_dir.join("tasks.geojson");
    for needed in [&run_dir.join(RUN_RECORD), &file] {
        if !needed.is_file() {
            let place = run_dir.display().to_string();
            let found = format!("no {}", needed.file_name().unwrap_or_default().to_string_lossy());
            let fix = "give the folder of a run that made task areas, or leave --tasks out to score the project anew";
            return Err(
                Fault::new("run.not_finished", place, "a finished run with task areas", found, fix).into()
            );
        }
    }
    let table = geojson::read(&file)?;
    let place = file.display().to_string();
    let tasks = table.features.into_iter().map(|feature| task_of(feature, &place)).collect::<Result<_>>()?;
    Ok((tasks, file))
}

/// The source's own columns under the names they were given with: one that had a name of ours was prefixed.
fn with_names_given(own: Map<String, Value>) -> Map<String, Value> {
    let ours: Vec<String> = task_numbers(None, &[]).into_iter().map(|(name, _)| name).collect();
    let given = |name: String| match name.strip_prefix(SOURCE_PREFIX) {
        Some(bare) if ours.iter().any(|name| name == bare.trim_start_matches(SOURCE_PREFIX)) => {
            bare.to_owned()
        }
        _ => name,
    };
    own.into_iter().map(|(name, value)| (given(name), value)).collect()
}

fn task_of(feature: Feature, place: &str) -> Result<TaskArea> {
    let at = format!("{place}, feature {}", feature.index + 1);
    let wrong = |expected: &str, found: &str| {
        let fix = "run the project again: the file was not written by this version";
        Fault::new("run.tasks_file", at.clone(), expected, found, fix)
    };
    let mut own = feature.properties;
    let mut ours: Map<String, Value> = Map::new();
    for (name, _) in task_numbers(None, &[]) {
        if let Some(value) = own.remove(&name) {
            ours.insert(name, value);
        }
    }
    let own = with_names_given(own);
    let real = |name: &str| ours.get(name).and_then(Value::as_f64);
    let text = |name: &str| ours.get(name).and_then(Value::as_str).map(str::to_owned);
    let geometry = match feature.geometry {
        Some(Geometry::MultiPolygon(polygons)) => polygons,
        Some(Geometry::Polygon(polygon)) => polygon.into(),
        _ => return Err(wrong("a polygon", "another geometry or none").into()),
    };
    let contributions = own
        .iter()
        .filter_map(|(name, value)| Some((name.strip_prefix("contribution_")?.to_owned(), value.as_f64()?)))
        .collect();
    Ok(TaskArea {
        task_id: text("task_id").ok_or_else(|| wrong("a `task_id`", "none"))?,
        imsma_id: text("imsma_id"),
        geometry,
        rank: real("rank"),
        class: real("class").map(|class| class as u8),
        area_m2: real("area_m2").ok_or_else(|| wrong("an `area_m2`", "none"))?,
        scored_share: real("scored_share").unwrap_or(0.0),
        hazard_mean: real("hazard_mean"),
        people_at_risk: real("people_at_risk"),
        exposure_ha: real("exposure_ha"),
        benefit: real("benefit"),
        cost_usd: real("cost_usd"),
        benefit_per_kusd: real("benefit_per_kusd"),
        difficulty: real("difficulty"),
        rank_mean: real("rank_mean"),
        acceptability_mean: real("acceptability_mean"),
        contributions,
        lon: real("lon"),
        lat: real("lat"),
        nearest_settlement: text("nearest_settlement"),
        district: text("district"),
        attributes: own,
    })
}
