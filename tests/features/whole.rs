//! A project whose inputs need both features, as a person runs it.

use std::path::Path;
use std::process::{Command, Output};

use clearway::grid::MemoryCells;
use glam::DVec2;

use crate::{frame_at, gdal, write};

fn clearway(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_clearway")).args(arguments).current_dir(folder).output().unwrap()
}

/// Cambodia: hazard in UTM, people in Indian 1960 as an IMG, areas in MapInfo's format on the same datum.
fn region() -> tempfile::TempDir {
    let region = tempfile::tempdir().unwrap();
    let folder = region.path();
    let hazard = frame_at(32648, DVec2::new(499_600.0, 1_380_300.0), 100.0, 40);
    write(&MemoryCells::from_values(hazard.clone(), vec![0.1; 1600]), &folder.join("hazard.tif"));
    let people = frame_at(3148, DVec2::new(500_000.0, 1_380_000.0), 200.0, 30);
    write(
        &MemoryCells::from_values(people, (0..900).map(|i| (i % 7) as f32).collect()),
        &folder.join("people.tif"),
    );
    gdal("gdal_translate", folder, &["-q", "-of", "HFA", "people.tif", "people.img"]);
    let areas = "id,wkt\nA1,\"POLYGON ((499500 1379500,500500 1379500,500500 1380500,499500 1380500,499500 1379500))\"\n";
    std::fs::write(folder.join("areas.csv"), areas).unwrap();
    let made = [
        "-f",
        "MapInfo File",
        "-a_srs",
        "EPSG:3148",
        "-oo",
        "GEOM_POSSIBLE_NAMES=wkt",
        "areas.tab",
        "areas.csv",
    ];
    gdal("ogr2ogr", folder, &made);
    let text = "[project]\nname = \"r\"\n[layers]\nhazard = { path = \"hazard.tif\" }\n\
                population = { path = \"people.img\", resample = \"sum\" }\n\
                [score]\nexposure = { kernel = \"none\" }\n\
                [tasks]\nareas = { path = \"areas.tab\", id = \"id\", crs = \"EPSG:3148\" }\n";
    std::fs::write(folder.join("project.toml"), text).unwrap();
    region
}

#[test]
fn shift_is_refused_then_chosen_told_and_recorded() {
    let region = region();
    let folder = region.path();
    let refused = clearway(folder, &["check", "project.toml"]);
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert_eq!(refused.status.code(), Some(2), "{said}");
    assert_eq!(said.matches("crs.no_operation").count(), 2, "the raster and the areas: {said}");
    let chosen = "\n[datum_shifts]\n\"EPSG:3148\" = \"EPSG:1542\"\n";
    let text = std::fs::read_to_string(folder.join("project.toml")).unwrap();
    std::fs::write(folder.join("project.toml"), text + chosen).unwrap();
    let ran = clearway(folder, &["run", "project.toml", "--out", "out", "--backend", "cpu"]);
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let record: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(folder.join("out/run.json")).unwrap()).unwrap();
    let features: Vec<&str> =
        record["features"].as_array().unwrap().iter().filter_map(|f| f.as_str()).collect();
    assert!(features.contains(&"proj") && features.contains(&"gdal"), "{features:?}");
    assert!(record["gdal"].is_string());
    assert_eq!(record["settings"]["datum_shifts"]["EPSG:3148"], "EPSG:1542");
    let warnings = record["warnings"].to_string();
    for what in ["layer `population`", "areas.tab"] {
        assert!(warnings.contains(what), "{what}: {warnings}");
    }
    assert_eq!(
        warnings.matches("EPSG:1542 (Indian 1960 to WGS 84 (2)), accurate to 44 m").count(),
        2,
        "{warnings}"
    );
    let inputs = record["inputs"].to_string();
    for name in ["people.img", "areas.tab", "areas.dat", "areas.map"] {
        assert!(inputs.contains(name), "{name}: {inputs}");
    }
    // The square of 1 km² in EPSG:3148 lies 420 m from where it would without the shift.
    let tasks = std::fs::read_to_string(folder.join("out/tasks.geojson")).unwrap();
    let tasks: serde_json::Value = serde_json::from_str(&tasks).unwrap();
    let ring = &tasks["features"][0]["geometry"]["coordinates"];
    let corner = if ring[0][0][0].is_array() { &ring[0][0][0] } else { &ring[0][0] };
    let lon = corner[0].as_f64().unwrap();
    assert!((104.99..105.01).contains(&lon), "{lon}");
    assert!(clearway(folder, &["verify", "out"]).status.success());
}

#[test]
fn wrong_datum_shifts_are_faults_of_the_project() {
    let region = region();
    for (line, expected) in [
        ("\"EPSG:3148\" = 1542", "the code of an operation"),
        ("\"Indian 1960\" = \"EPSG:1542\"", "the EPSG code of a CRS"),
    ] {
        let text = std::fs::read_to_string(region.path().join("project.toml")).unwrap();
        std::fs::write(region.path().join("wrong.toml"), format!("{text}\n[datum_shifts]\n{line}\n"))
            .unwrap();
        let refused = clearway(region.path(), &["check", "wrong.toml"]);
        let said = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert!(refused.status.code() == Some(2) && said.contains(expected), "{said}");
    }
}

#[test]
fn version_tells_the_features() {
    let out = clearway(Path::new("."), &["--version"]);
    let said = String::from_utf8_lossy(&out.stdout).into_owned();
    assert!(said.contains("features:") && said.contains("proj, gdal") && said.contains("GDAL: 3."), "{said}");
    let short = clearway(Path::new("."), &["-V"]);
    assert_eq!(String::from_utf8_lossy(&short.stdout).lines().count(), 1);
}
