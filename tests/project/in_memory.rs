//! Layers in memory: the same bits as a project that names the same cells as files.

use std::path::Path;
use std::sync::Arc;

use clearway::error::{Error, Result};
use clearway::grid::{ArrayCells, Cells, Frame, is_unknown};
use clearway::io::geotiff::{Compression, GeoTiff};
use clearway::progress::Silent;
use clearway::run::in_memory::{Ground, Options, Scene, outline_tasks};
use clearway::run::project::Project;
use clearway::run::{self, Outcome};
use clearway::score::{Backend, HeldCells, MemorySink, Plane, Summary};
use clearway::synth::{Preset, SynthSpec, synth};
use clearway::tasks::{GrowOptions, Planes, TaskOptions};
use ndarray::Array2;
use serde_json::{Value, json};
use tempfile::TempDir;

const FILES: [(Plane, &str); 7] = [
    (Plane::Exposure, "exposure.tif"),
    (Plane::PeopleAtRisk, "people_at_risk.tif"),
    (Plane::Benefit, "benefit.tif"),
    (Plane::Cost, "cost.tif"),
    (Plane::BenefitPerCost, "benefit_per_cost.tif"),
    (Plane::Rank, "priority.tif"),
    (Plane::Class, "class.tif"),
];

/// A region with its run, and its raster layers as arrays.
struct Region {
    folder: TempDir,
    settings: Value,
    frame: Frame,
    layers: Vec<(String, Array2<f32>)>,
    outcome: Outcome,
}

fn region() -> Region {
    let folder = tempfile::tempdir().unwrap();
    let spec = SynthSpec { preset: Preset::Hillside, size: 96, seed: 5, compress: Compression::Deflate };
    let made = synth(&spec, folder.path(), &Silent::default()).unwrap();
    let mut settings = Project::open(&made.project, &[]).unwrap().as_used;
    let mut layers = Vec::new();
    for (name, table) in settings["layers"].as_object_mut().unwrap() {
        let Some(path) = table["path"].as_str().filter(|path| path.ends_with(".tif")) else { continue };
        let file = GeoTiff::open(&folder.path().join(path), 1).unwrap();
        let cells = file.read_vec(made.frame.window()).unwrap();
        let cells = cells.iter().map(|&cell| if is_unknown(cell) { f32::NAN } else { cell }).collect();
        layers.push((
            name.clone(),
            Array2::from_shape_vec((made.frame.n_rows, made.frame.n_cols), cells).unwrap(),
        ));
        table.as_object_mut().unwrap().remove("path");
    }
    let options = run::Options {
        out: Some(folder.path().join("run")),
        backend: Backend::Cpu,
        ..run::Options::default()
    };
    let outcome = run::score(&made.project, &options, &Silent::default()).unwrap();
    Region { folder, settings, frame: made.frame, layers, outcome }
}

impl Region {
    fn given(&self) -> Vec<(String, Arc<dyn Cells + '_>)> {
        self.layers
            .iter()
            .map(|(name, array)| {
                let cells = ArrayCells::new(self.frame.clone(), array.view(), None).unwrap();
                (name.clone(), Arc::new(cells) as Arc<dyn Cells + '_>)
            })
            .collect()
    }

    fn score(&self, settings: &Value) -> Result<(Summary, Vec<(Plane, HeldCells)>)> {
        let options = Options { backend: Backend::Cpu, ..Options::default() };
        let progress = Silent::default();
        let scene = Scene::open(settings, self.given(), self.folder.path(), options.memory_bytes, &progress)?;
        let wanted: Vec<Plane> = FILES.iter().map(|(plane, _)| *plane).collect();
        let mut sink = MemorySink::new(scene.frame(), &wanted);
        let summary = scene.score(&options, &mut sink, &progress)?;
        Ok((summary, sink.into_planes()))
    }
}

#[test]
fn arrays_score_to_the_bits_of_files() {
    let region = region();
    let (summary, planes) = region.score(&region.settings).unwrap();
    assert_eq!(planes.len(), FILES.len());
    for ((plane, cells), (expected, file)) in planes.iter().zip(FILES) {
        assert_eq!(*plane, expected);
        let written = GeoTiff::open(&region.outcome.out_dir.join(file), 1).unwrap();
        let written = written.read_vec(region.frame.window()).unwrap();
        match cells {
            HeldCells::Reals(cells) => {
                for (i, (found, cell)) in cells.iter().zip(&written).enumerate() {
                    assert_eq!(found.is_nan(), is_unknown(*cell), "{file}, cell {i}");
                    assert!(
                        found.is_nan() || found.to_bits() == cell.to_bits(),
                        "{file}, cell {i}: {found} {cell}"
                    );
                }
            }
            HeldCells::Classes(cells) => {
                let expected: Vec<u8> =
                    written.iter().map(|&cell| if is_unknown(cell) { 0 } else { cell as u8 }).collect();
                assert_eq!(*cells, expected, "{file}");
            }
        }
    }
    let told = region.outcome.to_json();
    assert_eq!(told["score"]["scored_cells"], summary.n_scored);
    assert_eq!(told["score"]["exposure_ha"], summary.exposure_ha);
}

#[test]
fn faults_of_settings_and_values_are_a_projects() {
    let mut region = region();
    let faults = |error: Error| error.faults().iter().map(|fault| fault.code).collect::<Vec<_>>();
    let settings = json!({ "score": { "criterea": [] }, "layers": { "hazard": { "path": "hazard.tif" } } });
    assert_eq!(faults(region.score(&settings).unwrap_err()), ["project.value", "project.unknown_key"]);
    let (_, hazard) = region.layers.iter_mut().find(|(name, _)| name == "hazard").unwrap();
    hazard[[0, 0]] = 1.5;
    let found = faults(region.score(&json!({})).unwrap_err());
    assert_eq!(found, ["layer.hazard_range"]);
    region.layers.retain(|(name, _)| name != "population");
    assert_eq!(faults(region.score(&json!({})).unwrap_err()), ["project.missing_key"]);
}

#[test]
fn a_paths_file_is_found_from_the_folder_and_named_when_it_is_not_there() {
    let region = region();
    let settings = json!({ "layers": { "roads": { "path": "no_roads.geojson" } },
        "score": { "criteria": [{ "name": "roads", "layer": "roads", "measure": "proximity",
                                  "value": { "linear": [5000, 0] } }] } });
    let error = region.score(&settings).unwrap_err();
    assert_eq!(error.faults()[0].code, "input.missing");
    let settings = json!({ "layers": { "roads": { "path": "roads.geojson" } }, "score": settings["score"] });
    assert!(region.score(&settings).unwrap().0.n_scored > 0);
}

#[test]
fn tasks_grow_over_planes_in_memory_as_over_grids() {
    let region = region();
    let grid = |name: &str| GeoTiff::open(&region.outcome.out_dir.join(name), 1).unwrap();
    let [benefit, cost, rank, people] =
        ["benefit.tif", "cost.tif", "priority.tif", "people_at_risk.tif"].map(grid);
    let given = region.given();
    let hazard = &given.iter().find(|(name, _)| name == "hazard").unwrap().1;
    let planes = Planes {
        hazard: &**hazard,
        people_at_risk: &people,
        benefit: &benefit,
        cost: &cost,
        rank: &rank,
        acceptability: None,
        difficulty: None,
        contributions: None,
    };
    let grow = GrowOptions { min_rank: 80.0, ..GrowOptions::default() };
    let progress = Silent::default();
    let (tasks, _) = outline_tasks(Ground::Grown(grow), &planes, &TaskOptions::default(), &progress).unwrap();
    let out = region.folder.path().join("grown");
    let options = run::Options { out: Some(out.clone()), backend: Backend::Cpu, ..run::Options::default() };
    let project = grown_project(region.folder.path());
    run::run(&project, &options, &progress).unwrap();
    let table = std::fs::read_to_string(out.join("tasks.csv")).unwrap();
    let mut lines = table.lines();
    let names: Vec<&str> = lines.next().unwrap().split(',').collect();
    let column = |name: &str| names.iter().position(|known| *known == name).unwrap();
    let (id, exposure) = (column("task_id"), column("exposure_ha"));
    let rows: Vec<Vec<&str>> = lines.map(|line| line.split(',').collect()).collect();
    assert!(!tasks.is_empty());
    assert_eq!(tasks.len(), rows.len());
    for (task, row) in tasks.iter().zip(&rows) {
        assert_eq!(task.task_id, row[id]);
        let written: f64 = row[exposure].parse().unwrap();
        assert!((task.exposure_ha.unwrap() - written).abs() <= 1e-8 * written.abs(), "{}", task.task_id);
    }
}

/// The region's project with tasks grown and no plan.
fn grown_project(folder: &Path) -> std::path::PathBuf {
    let text = std::fs::read_to_string(folder.join("project.toml")).unwrap();
    let head = text.split("[tasks]").next().unwrap();
    let path = folder.join("grown.toml");
    std::fs::write(&path, format!("{head}[tasks]\ngrow = {{ min_rank = 80 }}\n")).unwrap();
    path
}
