//! Hazard built from polygons and accident points, as a person runs it.

use clearway::grid::is_unknown;
use clearway::io::geotiff::GeoTiff;

use super::*;
use crate::common::{all, shared_data};

/// A project on a folder's layers with hazard built by these lines.
fn project(folder: &Path, hazard: &str) {
    let text = format!(
        "[project]\nname = \"built\"\n[layers]\npopulation = {{ path = \"population.tif\" }}\n{hazard}\n"
    );
    std::fs::write(folder.join("project.toml"), text).unwrap();
}

/// The small region without its hazard layer, with two areas (one on part of the frame) and an accident.
fn built_region() -> tempfile::TempDir {
    let region = region("hillside");
    std::fs::remove_file(region.path().join("hazard.tif")).unwrap();
    project(
        region.path(),
        "[hazard]\nareas = { path = \"hazardous_areas.geojson\" }\n\
         accidents = { path = \"accidents.geojson\", strength = 0.4, sigma_m = 200 }\nprior = { SHA = 0.1, elsewhere = 0.002 }",
    );
    let areas: serde_json::Value = json_file(&region.path().join("hazardous_areas.geojson"));
    let at = areas["features"][0]["geometry"]["coordinates"].to_string();
    let numbers: Vec<f64> =
        at.split(|c: char| !"0123456789.-".contains(c)).filter_map(|n| n.parse().ok()).collect();
    let point = serde_json::json!({ "type": "Point", "coordinates": [numbers[0], numbers[1]] });
    std::fs::write(region.path().join("accidents.geojson"), point.to_string()).unwrap();
    region
}

#[test]
fn hazard_is_built_written_recorded_and_told() {
    let region = built_region();
    let checked = json(&worked(region.path(), &["check", "project.toml", "--json"]));
    let told = checked["facts"]["layer hazard"].as_str().unwrap();
    assert!(told.contains("ha at prior 0.1") && told.contains("1 accidents"), "{told}");
    worked(region.path(), &["run", "project.toml", "--out", "cpu", "--backend", "cpu"]);
    assert_eq!(json(&worked(region.path(), &["verify", "cpu", "--json"]))["sound"], true);
    let record = json_file(&region.path().join("cpu/run.json")).to_string();
    for name in ["accidents.geojson", "hazardous_areas.geojson", "hazard.tif"] {
        assert!(record.contains(name), "{name} is in the record");
    }
    let plane = |run: &str| all(&GeoTiff::open(&region.path().join(run).join("hazard.tif"), 1).unwrap());
    let hazard = plane("cpu");
    // Known everywhere, 0.002 where nothing is near, 0.1 and more inside areas, raised about the accident.
    assert!(hazard.iter().all(|h| !is_unknown(*h) && (0.002..=1.0).contains(h)));
    assert!(hazard.contains(&0.002) && hazard.iter().any(|h| *h > 0.3));
    worked(
        region.path(),
        &["score", "project.toml", "--out", "gpu", "--backend", "gpu", "--device", "llvmpipe"],
    );
    assert!(plane("gpu") == hazard, "both engines build the same hazard");
}

#[test]
fn hazard_that_cannot_be_built_is_refused() {
    let region = built_region();
    let refused_with = |hazard: &str, code: &str| {
        project(region.path(), hazard);
        refused(region.path(), &["check", "project.toml"], &[code])
    };
    refused_with(
        "hazard = { path = \"cost.tif\" }\n[hazard]\naccidents = { path = \"accidents.geojson\" }",
        "project.hazard_twice",
    );
    refused_with("[hazard]\nprior = { SHA = 0.1 }", "project.missing_key");
    refused_with("[hazard]\naccidents = { path = \"accidents.geojson\", strength = 2 }", "project.value");
    refused_with("[hazard]\naccidents = { path = \"hazardous_areas.geojson\" }", "hazard.not_point");
    refused_with(
        "frame = \"hazard\"\n[hazard]\naccidents = { path = \"accidents.geojson\" }",
        "project.value",
    );
    let column = "[hazard]\nareas = { path = \"hazardous_areas.geojson\", classification = \"imsma_id\" }";
    let text = refused_with(column, "hazard.no_prior");
    assert!(text.contains("column `imsma_id`") && text.contains("more"), "{text}");
    let column = "[hazard]\nareas = { path = \"hazardous_areas.geojson\", classification = \"class\" }";
    refused_with(column, "input.missing_column");
}

#[test]
fn ground_of_the_real_areas_is_that_of_geos() {
    let Some(data) = shared_data("ground_of_the_real_areas_is_that_of_geos") else { return };
    let data = data.canonicalize().unwrap();
    let folder = folder();
    let text = format!(
        "[project]\nname = \"doboj\"\n[layers]\nframe = {{ path = {:?} }}\n\
         population = {{ path = {:?}, resample = \"sum\" }}\n\
         [hazard]\nareas = {{ path = {:?} }}\naccidents = {{ path = {:?} }}\n",
        data.join("doboj/sha_percent_100m.tif"),
        data.join("doboj/population_proxy_250m.tif"),
        data.join("doboj/hazardous_areas.geojson"),
        data.join("doboj/incidents.geojson"),
    );
    std::fs::write(folder.path().join("project.toml"), text).unwrap();
    let checked = json(&worked(folder.path(), &["check", "project.toml", "--json"]));
    let told = checked["facts"]["layer hazard"].as_str().unwrap();
    // The union of the areas made valid by GEOS 3.11 (structure): 11,198.5 ha, by hand with GDAL in EPSG:3035.
    let ha: f64 = told.split("built: ").nth(1).unwrap().split(" ha").next().unwrap().parse().unwrap();
    assert!((ha / 11_198.5 - 1.0).abs() < 2e-3, "{told}");
    assert!(told.contains("303 accidents"), "{told}");
    let warnings = checked["warnings"].to_string();
    assert!(
        warnings.contains("111 of 1205 hazardous areas were invalid polygons and are repaired"),
        "{warnings}"
    );
}
