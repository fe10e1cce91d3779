//! Vector layers as criteria and gates, and hazard built from polygons and accidents, as a person runs them.

use clearway::grid::{Cells as _, MemoryCells, is_unknown};
use clearway::io::geojson;
use clearway::io::geotiff::GeoTiff;
use clearway::layers::Features;
use clearway::progress::Silent;
use clearway::score::{Measure, Native, measure};

use super::*;
use crate::common::all;

/// The small region with its road criterion and two gates measured on the roads themselves.
fn measured_region(more: &str) -> tempfile::TempDir {
    let region = region("hillside");
    let file = region.path().join("project.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    let text = text
        .replace("[score]", "roads = { path = \"roads.geojson\" }\n\n[score]")
        .replace("layer = \"road_distance\"", "layer = \"roads\"\nmeasure = \"proximity\"")
        .replace("[tasks]", &format!("{more}\n[tasks]"));
    std::fs::write(&file, text).unwrap();
    region
}

#[test]
fn vector_layer_is_measured_checked_and_scored() {
    let gates = "[[score.gates]]\nlayer = \"roads\"\nmeasure = \"proximity\"\nexclude_above = 600\n\
                 [[score.gates]]\nlayer = \"roads\"\nmeasure = \"count\"\nradius_m = 400\nexclude_below = 1\n";
    let region = measured_region(gates);
    let checked = worked(region.path(), &["check", "project.toml", "--json"]);
    let roads = json(&checked)["facts"]["layer roads"].as_str().unwrap().to_owned();
    assert!(roads.ends_with(" features"), "{roads}");
    worked(region.path(), &["run", "project.toml", "--out", "run", "--iterations", "50", "--backend", "cpu"]);
    assert_eq!(json(&worked(region.path(), &["verify", "run", "--json"]))["sound"], true);
    let record = json_file(&region.path().join("run/run.json")).to_string();
    assert!(record.contains("roads.geojson"), "the record names the features' file");
    let frame = GeoTiff::open(&region.path().join("run/priority.tif"), 1).unwrap().frame().clone();
    let middle = frame.centre(128, 128);
    let at = format!("{},{}", middle.x, middle.y);
    let explained = worked(region.path(), &["explain", "run", "--at", &at]);
    let explained = String::from_utf8_lossy(&explained.stdout).into_owned();
    assert!(explained.contains("proximity of roads"), "{explained}");
    // Beyond 400 m nothing is scored; the synthetic region's own raster of the same distance says where that is.
    let rank = all(&GeoTiff::open(&region.path().join("run/priority.tif"), 1).unwrap());
    let distance = all(&GeoTiff::open(&region.path().join("road_distance.tif"), 1).unwrap());
    let n_scored = rank.iter().filter(|rank| !is_unknown(**rank)).count();
    assert!(n_scored > 1000, "{n_scored} cells scored");
    let beyond = rank.iter().zip(&distance).filter(|(rank, d)| !is_unknown(**rank) && **d > 400.5);
    assert_eq!(beyond.count(), 0);
}

#[test]
fn proximity_of_the_roads_is_the_distance_that_the_synthetic_region_was_made_with() {
    let table = geojson::read(&here("grids/hillside/roads.geojson")).unwrap();
    let raster = GeoTiff::open(&here("grids/hillside/road_distance.tif"), 1).unwrap();
    let way = clearway::grid::Reprojection::new(&table.crs, &raster.frame().crs, "roads").unwrap();
    let onto = |at: geo::Coord<f64>| {
        let at = way.point(glam::DVec2::new(at.x, at.y)).unwrap();
        geo::Coord { x: at.x, y: at.y }
    };
    let shapes: Vec<geo::Geometry<f64>> = table
        .features
        .iter()
        .map(|feature| geo::MapCoords::map_coords(feature.geometry.as_ref().unwrap(), onto))
        .collect();
    let plane = MemoryCells::new(raster.frame().clone());
    let features = Features::new(raster.frame(), &shapes);
    measure(&mut Native::new(), &features, Measure::Proximity, &plane, &Silent::default()).unwrap();
    // The region's roads run from cell to cell and its raster is in whole metres or so: half a cell either way.
    let expected = all(&raster);
    let errors: Vec<f32> = all(&plane).iter().zip(&expected).map(|(a, b)| (a - b).abs()).collect();
    let mean = errors.iter().sum::<f32>() / errors.len() as f32;
    assert!(mean < 15.0, "mean difference {mean} m");
}

#[test]
fn vector_layers_that_cannot_be_measured_are_refused_together_with_all_else() {
    let region = measured_region("");
    let roads = region.path().join("roads.geojson");
    std::fs::write(&roads, "{\"type\":\"FeatureCollection\",\"features\":[{\"type\":\"Feature\",\"properties\":{},\"geometry\":null}]}").unwrap();
    refused(region.path(), &["run", "project.toml", "--out", "run"], &["input.empty"]);
    std::fs::remove_file(&roads).unwrap();
    std::fs::write(region.path().join("teams.csv"), "team_id\nM1\n").unwrap();
    refused(region.path(), &["check", "project.toml"], &["input.missing", "teams.missing_column"]);
}
