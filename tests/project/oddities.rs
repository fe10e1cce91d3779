//! `check`: what is odd, each with inputs that show it and inputs that do not.

use std::path::Path;

use clearway::grid::{Crs, Frame, Reprojection, UNKNOWN};
use clearway::io::geotiff::{GeoTiffWriter, WriteSpec};
use clearway::progress::Silent;
use clearway::run;
use glam::DVec2;
use tempfile::TempDir;

/// Columns and rows of 100 m cells: 20 km square.
const SIDE: usize = 200;

fn frame() -> Frame {
    let crs = Crs::from_epsg(32636, "test").unwrap();
    Frame::north_up(crs, DVec2::new(500_000.0, 5_500_000.0), DVec2::splat(100.0), SIDE, SIDE)
}

fn write(folder: &Path, name: &str, value: impl Fn(usize, usize) -> f32) {
    let values: Vec<f32> = (0..SIDE * SIDE).map(|i| value(i % SIDE, i / SIDE)).collect();
    let mut writer =
        GeoTiffWriter::create(&folder.join(name), &frame(), &WriteSpec::quantity("test", "")).unwrap();
    writer.write(frame().window(), &values).unwrap();
    writer.finish().unwrap();
}

/// An even spread of numbers in 0..1, the same for a cell and a salt.
fn noise(col: usize, row: usize, salt: usize) -> f32 {
    let mixed = (col * 73_856_093 + 7) ^ (row * 19_349_663 + 3) ^ (salt * 83_492_791);
    (mixed.wrapping_mul(2_654_435_761) >> 7) as u32 as f32 % 10_007.0 / 10_007.0
}

/// A folder whose layers and settings have nothing odd.
fn quiet() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "hazard.tif", |col, row| noise(col, row, 1));
    write(folder.path(), "population.tif", |col, row| noise(col / 20, row / 20, 2) * 3.0);
    write(folder.path(), "farms.tif", |col, row| noise(col / 10, row / 10, 3));
    folder
}

const SETTINGS: &str = r#"
[project]
name = "odd"
[layers]
hazard = { path = "hazard.tif" }
population = { path = "population.tif", unit = "people_per_cell" }
farms = { path = "farms.tif" }
[score]
exposure = { kernel = "gaussian", sigma_m = 300 }
[[score.criteria]]
name = "people"
layer = "exposure"
weight = 1
value = { linear = [0, "max"] }
[[score.criteria]]
name = "farms"
layer = "farms"
weight = 1
value = { linear = [0, 1] }
"#;

/// Codes of what is odd with `from` in the settings replaced by `to`.
fn odd(folder: &TempDir, from: &str, to: &str) -> Vec<&'static str> {
    assert!(SETTINGS.contains(from), "{from}");
    let file = folder.path().join("project.toml");
    std::fs::write(&file, SETTINGS.replace(from, to)).unwrap();
    let report = run::check(&file, &[], &Silent::default()).unwrap();
    let json = report.to_json();
    assert_eq!(json["oddities"].as_array().unwrap().len(), report.oddities.len());
    report.oddities.iter().map(|oddity| oddity.code).collect()
}

#[test]
fn nothing_odd_is_silent() {
    assert!(odd(&quiet(), "[project]", "[project]").is_empty());
}

#[test]
fn layers_that_barely_overlap() {
    let folder = quiet();
    write(folder.path(), "hazard.tif", |col, row| if col < 110 { noise(col, row, 1) } else { UNKNOWN });
    write(folder.path(), "population.tif", |col, row| if col > 90 { noise(col, row, 2) } else { UNKNOWN });
    assert_eq!(odd(&folder, "[project]", "[project]"), ["odd.overlap"]);
}

#[test]
fn counts_and_densities_taken_for_each_other() {
    let folder = quiet();
    // Some 150 people in a cell of 1 ha are 15,000 per km².
    write(folder.path(), "population.tif", |col, row| noise(col / 20, row / 20, 2) * 300.0);
    assert_eq!(odd(&folder, "[project]", "[project]"), ["odd.counts_like_densities"]);
    assert!(odd(&folder, "people_per_cell", "people_per_km2").is_empty());
    // Half a person in a cell of 1 ha, read as half a person per km².
    write(folder.path(), "population.tif", |col, row| noise(col / 20, row / 20, 2) * 0.5);
    assert_eq!(odd(&folder, "people_per_cell", "people_per_km2"), ["odd.densities_like_counts"]);
    assert!(odd(&folder, "[project]", "[project]").is_empty());
}

#[test]
fn kernels_at_odds_with_cells_and_frame() {
    let folder = quiet();
    assert_eq!(odd(&folder, "sigma_m = 300", "sigma_m = 90")[0], "odd.kernel_short");
    assert_eq!(odd(&folder, "sigma_m = 300", "sigma_m = 5100")[0], "odd.kernel_long");
}

#[test]
fn layer_that_is_nearly_one_number() {
    let folder = quiet();
    write(folder.path(), "hazard.tif", |col, row| if col == 77 && row < 9 { 0.5 } else { 0.01 });
    assert_eq!(odd(&folder, "[project]", "[project]"), ["odd.nearly_constant"]);
}

#[test]
fn hazard_that_ranks_as_population_does() {
    let folder = quiet();
    write(folder.path(), "hazard.tif", |col, row| {
        0.9 * noise(col / 20, row / 20, 2).powi(2) + 0.01 * noise(col, row, 1)
    });
    assert_eq!(odd(&folder, "[project]", "[project]"), ["odd.hazard_like_population"]);
}

#[test]
fn hazard_that_does_not_find_the_areas() {
    let folder = quiet();
    // 36 areas of one cell.
    let way = Reprojection::new(&frame().crs, &Crs::wgs84(), "test").unwrap();
    let cells: Vec<(usize, usize)> = (0..36).map(|i| (i % 6 * 30 + 12, i / 6 * 30 + 12)).collect();
    let area = |&(col, row): &(usize, usize)| {
        let corner = |x: f64, y: f64| {
            let cell = DVec2::new(col as f64 + x, row as f64 + y);
            let at = way.point(frame().world_from_cell.transform_point2(cell)).unwrap();
            format!("[{}, {}]", at.x, at.y)
        };
        let ring = [corner(0.1, 0.1), corner(0.1, 0.9), corner(0.9, 0.9), corner(0.9, 0.1), corner(0.1, 0.1)];
        format!(
            r#"{{"type": "Feature", "properties": {{"imsma_id": "A{col}-{row}"}},
                "geometry": {{"type": "Polygon", "coordinates": [[{}]]}}}}"#,
            ring.join(", ")
        )
    };
    let features: Vec<String> = cells.iter().map(area).collect();
    let text = format!(r#"{{"type": "FeatureCollection", "features": [{}]}}"#, features.join(", "));
    std::fs::write(folder.path().join("areas.geojson"), text).unwrap();
    let with_areas = "[tasks]\nareas = { path = \"areas.geojson\" }\n[score]";
    write(folder.path(), "hazard.tif", |col, row| match cells.contains(&(col, row)) {
        true => 0.05 * noise(col, row, 1),
        false => noise(col, row, 1),
    });
    assert_eq!(odd(&folder, "[score]", with_areas), ["odd.hazard_no_better"]);
    write(folder.path(), "hazard.tif", |col, row| match cells.contains(&(col, row)) {
        true => 0.9 + 0.1 * noise(col, row, 1),
        false => noise(col, row, 1),
    });
    assert!(odd(&folder, "[score]", with_areas).is_empty());
}

/// Writes accidents at these places, in columns and rows of the frame.
fn write_accidents(folder: &Path, places: &[(f64, f64)]) {
    let way = Reprojection::new(&frame().crs, &Crs::wgs84(), "test").unwrap();
    let feature = |&(col, row): &(f64, f64)| {
        let at = way.point(frame().world_from_cell.transform_point2(DVec2::new(col, row))).unwrap();
        format!(
            r#"{{"type": "Feature", "properties": {{}}, "geometry": {{"type": "Point", "coordinates": [{}, {}]}}}}"#,
            at.x, at.y
        )
    };
    let features: Vec<String> = places.iter().map(feature).collect();
    let text = format!(r#"{{"type": "FeatureCollection", "features": [{}]}}"#, features.join(", "));
    std::fs::write(folder.join("incidents.geojson"), text).unwrap();
}

/// Codes of what is odd with the accidents as a layer, and what is told of the hazard by them.
fn odd_by_accidents(folder: &TempDir, layer: &str) -> (Vec<&'static str>, Option<String>) {
    let more = format!("[layers]\n{layer} = {{ path = \"incidents.geojson\" }}");
    let codes = odd(folder, "[layers]", &more);
    let report = run::check(&folder.path().join("project.toml"), &[], &Silent::default()).unwrap();
    let fact = report.facts.into_iter().find(|(name, _)| *name == format!("hazard by {layer}"));
    (codes, fact.map(|(_, text)| text))
}

#[test]
fn hazard_that_does_not_find_the_accidents() {
    let folder = quiet();
    let cells: Vec<(usize, usize)> = (0..36).map(|i| (i % 6 * 30 + 12, i / 6 * 30 + 12)).collect();
    let mut places: Vec<(f64, f64)> = cells.iter().map(|(c, r)| (*c as f64 + 0.3, *r as f64 + 0.6)).collect();
    // Two in one cell are one cell, and one far outside is none.
    places.extend([(12.8, 12.2), (-400.0, 50.0)]);
    write_accidents(folder.path(), &places);
    // Hazard knows nothing of them; chance alone would be 0.5.
    let (codes, fact) = odd_by_accidents(&folder, "accidents");
    assert_eq!(codes, ["odd.hazard_misses_accidents"]);
    let fact = fact.unwrap();
    assert!(
        fact.ends_with("38 accidents, 36 different cells where hazard and population are known"),
        "{fact}"
    );
    write(folder.path(), "hazard.tif", |col, row| match cells.contains(&(col, row)) {
        true => 0.9 + 0.1 * noise(col, row, 1),
        false => noise(col, row, 1),
    });
    let (codes, fact) = odd_by_accidents(&folder, "accidents");
    assert!(codes.is_empty(), "{codes:?}");
    // Above nine tenths of the even spread, on average above 95 %.
    assert!(fact.unwrap().contains("an AUC of 0.95 ± 0.0"));
    // The name tells what a layer holds.
    assert_eq!(odd_by_accidents(&folder, "schools").1, None);
}

#[test]
fn few_accidents_are_a_hint_and_very_few_are_none() {
    let folder = quiet();
    let places: Vec<(f64, f64)> = (0..12).map(|i| (f64::from(i) * 15.0 + 2.5, 40.5)).collect();
    write_accidents(folder.path(), &places);
    let (codes, fact) = odd_by_accidents(&folder, "mine_victims");
    assert!(codes.is_empty(), "{codes:?}");
    assert!(fact.unwrap().ends_with(": few, so only a hint"));
    write_accidents(folder.path(), &places[..4]);
    let (codes, fact) = odd_by_accidents(&folder, "incidents");
    assert!(codes.is_empty() && fact.unwrap().ends_with("too few to judge the hazard by"));
}

#[test]
fn criteria_that_say_the_same() {
    let folder = quiet();
    write(folder.path(), "crops.tif", |col, row| (noise(col / 10, row / 10, 3) + 1.0).ln());
    let crops = "farms = { path = \"farms.tif\" }\ncrops = { path = \"crops.tif\" }";
    let text = SETTINGS.replace("farms = { path = \"farms.tif\" }", crops)
        + "[[score.criteria]]\nname = \"crops\"\nlayer = \"crops\"\nweight = 1\nvalue = { linear = [0, 1] }\n";
    let file = folder.path().join("project.toml");
    std::fs::write(&file, text).unwrap();
    let report = run::check(&file, &[], &Silent::default()).unwrap();
    assert_eq!(report.oddities.len(), 1, "{:?}", report.oddities);
    assert_eq!(report.oddities[0].code, "odd.criteria_alike");
    assert_eq!(report.oddities[0].place, "criteria `farms` and `crops`");
}

#[test]
fn one_criterion_that_decides_everything() {
    let folder = quiet();
    let weak = "layer = \"exposure\"\nweight = 0.01";
    assert_eq!(odd(&folder, "layer = \"exposure\"\nweight = 1", weak), ["odd.one_criterion"]);
}
