//! The main job on the real layers of ../shared/data, on both engines.

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
