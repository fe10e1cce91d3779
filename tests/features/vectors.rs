//! Vectors through GDAL, against our own reader of the GeoJSON they were made from.

use std::path::Path;

use clearway::error::Fault;
use clearway::io::features::{FeatureTable, VectorSource};
use geo::CoordsIter;
use serde_json::{Value, json};

use crate::gdal;

/// Two areas, one with numbers and a date that are not set.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let ring = |x: f64| json!([[[x, 44.7], [x + 0.01, 44.7], [x + 0.01, 44.71], [x, 44.7]]]);
    let area = |id: &str, n: Value, share: f64, x: f64| {
        json!({ "type": "Feature", "properties": { "imsma_id": id, "n": n, "share": share, "day": "2027-03-01" },
                "geometry": { "type": "Polygon", "coordinates": ring(x) } })
    };
    let features = [area("BA-1", json!(3), 0.5, 18.1), area("Ž 2 <b>", Value::Null, 1.25, 18.2)];
    let collection = json!({ "type": "FeatureCollection", "features": features });
    std::fs::write(folder.path().join("areas.geojson"), collection.to_string()).unwrap();
    folder
}

/// `areas.geojson` in another format.
fn converted(folder: &Path, format: &str, name: &str) {
    gdal("ogr2ogr", folder, &["-f", format, "-nln", "areas", name, "areas.geojson"]);
}

fn fault_of(path: &Path) -> Fault {
    VectorSource::of(path).read().unwrap_err().faults()[0].clone()
}

#[track_caller]
fn assert_same(found: &FeatureTable, expected: &FeatureTable, format: &str) {
    assert_eq!(found.crs.epsg(), 4326, "{format}");
    assert_eq!(found.features.len(), expected.features.len(), "{format}");
    for b in &expected.features {
        // FlatGeobuf puts neighbours side by side.
        let is_it =
            |a: &&clearway::io::features::Feature| a.properties["imsma_id"] == b.properties["imsma_id"];
        let a = found.features.iter().find(is_it).unwrap_or_else(|| panic!("{format}: {found:?}"));
        // A geodatabase knows no dates without a time.
        assert!(a.properties["day"].as_str().unwrap().starts_with("2027-03-01"), "{format}: {a:?}");
        for name in ["n", "share"] {
            // GML without a schema and MapInfo have no null: an empty text there is none.
            let of = |value: &Value| if value == "" { Value::Null } else { value.clone() };
            assert_eq!(of(&a.properties[name]), of(&b.properties[name]), "{format}: {name}");
        }
        let corners = |table: &clearway::io::features::Feature| -> Vec<geo::Coord<f64>> {
            table.geometry.as_ref().unwrap().coords_iter().collect()
        };
        let (a, b) = (corners(a), corners(b));
        assert_eq!(a.len(), b.len(), "{format}");
        for corner in &b {
            let is_near =
                |other: &&geo::Coord<f64>| (other.x - corner.x).abs().max((other.y - corner.y).abs()) < 1e-6;
            assert!(a.iter().find(is_near).is_some(), "{format}: {corner:?} in {a:?}");
        }
    }
}

#[test]
fn geodatabase_flatgeobuf_and_gml_hold_the_same_features() {
    let folder = folder();
    let expected = VectorSource::of(folder.path().join("areas.geojson")).read().unwrap();
    for (format, name) in [("OpenFileGDB", "areas.gdb"), ("FlatGeobuf", "areas.fgb"), ("GML", "areas.gml")] {
        converted(folder.path(), format, name);
        if format == "GML" {
            std::fs::remove_file(folder.path().join("areas.xsd")).unwrap();
        }
        let source = VectorSource::of(folder.path().join(name));
        assert_same(&source.read().unwrap(), &expected, format);
        assert!(source.files().iter().all(|path| path.is_file()), "{:?}", source.files());
    }
    let files = VectorSource::of(folder.path().join("areas.gdb")).files();
    assert!(files.iter().any(|path| path.extension().is_some_and(|e| e == "gdbtable")), "{files:?}");
    // GDAL would have written what it found out beside the file.
    assert!(!folder.path().join("areas.gfs").exists());
}

#[test]
fn mapinfo_has_its_parts_and_no_null() {
    let folder = folder();
    converted(folder.path(), "MapInfo File", "areas.tab");
    let source = VectorSource::of(folder.path().join("areas.tab"));
    let read = source.read().unwrap();
    assert_eq!(read.features.len(), 2);
    assert_eq!(read.features[0].properties["imsma_id"], "BA-1");
    assert_eq!(read.features[0].properties["n"], 3);
    for ending in ["dat", "map", "id"] {
        assert!(source.files().contains(&folder.path().join(format!("areas.{ending}"))));
    }
    let table = source.read_table(&["imsma_id", "lon", "lat"]).unwrap();
    assert_eq!(table.rows().len(), 2);
}

#[test]
fn layer_is_named_where_there_are_several() {
    let folder = folder();
    converted(folder.path(), "OpenFileGDB", "areas.gdb");
    gdal("ogr2ogr", folder.path(), &["-update", "-nln", "roads", "areas.gdb", "areas.geojson"]);
    let fault = fault_of(&folder.path().join("areas.gdb"));
    assert_eq!(fault.code, "gdal.layer");
    assert!(fault.found.contains("areas") && fault.found.contains("roads"), "{}", fault.found);
    let named = |name: &str| VectorSource {
        table: Some(name.into()),
        ..VectorSource::of(folder.path().join("areas.gdb"))
    };
    assert_eq!(named("roads").read().unwrap().features.len(), 2);
    assert_eq!(named("rivers").read().unwrap_err().faults()[0].code, "gdal.layer");
}

#[test]
fn broken_files_are_refused() {
    let folder = folder();
    converted(folder.path(), "FlatGeobuf", "areas.fgb");
    let bytes = std::fs::read(folder.path().join("areas.fgb")).unwrap();
    converted(folder.path(), "GML", "areas.gml");
    let text = std::fs::read_to_string(folder.path().join("areas.gml")).unwrap();
    converted(folder.path(), "MapInfo File", "areas.tab");
    std::fs::write(folder.path().join("cut.fgb"), &bytes[..bytes.len() - 60]).unwrap();
    std::fs::write(folder.path().join("cut.gml"), &text[..text.rfind("BA-1").unwrap() + 40]).unwrap();
    std::fs::write(folder.path().join("cut.tab"), std::fs::read(folder.path().join("areas.tab")).unwrap())
        .unwrap();
    std::fs::write(folder.path().join("empty.fgb"), "").unwrap();
    for name in ["cut.fgb", "cut.gml", "cut.tab", "empty.fgb"] {
        let fault = fault_of(&folder.path().join(name));
        assert_eq!(fault.code, "gdal.unreadable", "{name}: {fault}");
        assert!(fault.place.contains(name));
    }
}
