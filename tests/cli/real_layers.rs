//! The main job on the real layers of ../shared/data, on both engines.

use clearway::grid::is_unknown;
use clearway::io::geotiff::GeoTiff;

use super::*;
use crate::common::{all, assert_cells, shared_data};

fn main_job(name: &str) {
    if shared_data(name).is_none() {
        return;
    }
    let out = folder();
    let project = here("tests/projects").join(format!("{name}.toml"));
    worked(out.path(), &["run", arg(&project), "--out", "cpu", "--backend", "cpu", "--iterations", "500"]);
    assert_eq!(json(&worked(out.path(), &["verify", "cpu", "--json"]))["sound"], true);
    let plan = json_file(&out.path().join("cpu/plan.json"));
    let value = plan["objective_value"].as_f64().unwrap();
    for baseline in plan["baselines"].as_array().unwrap() {
        assert!(value > baseline["objective_value"].as_f64().unwrap(), "{baseline}");
    }
    let gpu = ["score", arg(&project), "--out", "gpu", "--backend", "gpu", "--device", "llvmpipe"];
    worked(out.path(), &gpu);
    let rank = |run: &str| all(&GeoTiff::open(&out.path().join(run).join("priority.tif"), 1).unwrap());
    assert_cells(&rank("gpu"), &rank("cpu"), 1, 0.01, 0.0);
}

#[test]
fn antioquia_in_a_geographic_crs() {
    main_job("antioquia");
}

#[test]
fn acceptability_of_antioquia_is_the_same_on_both_engines() {
    if shared_data("acceptability_of_antioquia_is_the_same_on_both_engines").is_none() {
        return;
    }
    let out = folder();
    let project = here("tests/projects/antioquia.toml");
    let set = [
        "score.robustness.samples=12",
        "score.robustness.hazard_sigma=0.5",
        "score.robustness.cost_sigma=0.2",
    ];
    let set: Vec<&str> = set.iter().flat_map(|set| ["--set", *set]).collect();
    let on = |run: &str, engine: &[&str]| {
        let mut arguments = vec!["score", arg(&project), "--out", run];
        arguments.extend(engine.iter().chain(&set));
        worked(out.path(), &arguments);
        let read = |name: &str| all(&GeoTiff::open(&out.path().join(run).join(name), 1).unwrap());
        [read("acceptability.tif"), read("rank_mean.tif"), read("rank_sd.tif"), read("priority.tif")]
    };
    let [share, mean, sd, rank] = on("cpu", &["--backend", "cpu"]);
    let [gpu_share, gpu_mean, gpu_sd, _] = on("gpu", &["--backend", "gpu", "--device", "llvmpipe"]);
    assert_cells(&gpu_mean, &mean, 1, 0.01, 0.0);
    assert_cells(&gpu_sd, &sd, 1, 0.01, 0.0);
    let apart: Vec<f32> = share.iter().zip(&gpu_share).map(|(a, b)| (a - b).abs()).collect();
    assert!(apart.iter().all(|apart| *apart < 1.01 / 12.0));
    assert!(apart.iter().filter(|apart| **apart > 0.0).count() * 10_000 <= apart.len());
    // A tenth of the cells is in the top of every sample, and the recipe's own first tenth more often than others.
    let scored = || share.iter().zip(&rank).filter(|(share, _)| !is_unknown(**share));
    let n = scored().count() as f64;
    let total: f64 = scored().map(|(share, _)| f64::from(*share)).sum();
    assert!((total / n - 0.1).abs() < 0.002, "{}", total / n);
    let of_first: f64 = scored().filter(|(_, rank)| **rank >= 90.0).map(|(share, _)| f64::from(*share)).sum();
    assert!(of_first > 0.5 * total, "{of_first} of {total}");
}

#[test]
fn doboj_with_broken_polygons_and_another_cell_size() {
    main_job("doboj");
}

#[test]
fn every_broken_polygon_of_doboj_is_named() {
    if shared_data("every_broken_polygon_of_doboj_is_named").is_none() {
        return;
    }
    let output = worked(folder().path(), &["check", arg(&here("tests/projects/doboj.toml")), "--json"]);
    let warnings = json(&output)["warnings"].to_string();
    let named = warnings.matches("hazard_poly_").count();
    assert!(named >= 111, "{named} named");
}
