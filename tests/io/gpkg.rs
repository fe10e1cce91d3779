//! GeoPackages as programs write them, and as they should not be.

use std::path::{Path, PathBuf};

use clearway::io::features::{FeatureTable, VectorSource};
use clearway::io::geojson;
use geo::{Area, Geometry};
use rusqlite::Connection;
use serde_json::json;

use crate::common::shared_data;

/// A GeoPackage of one table `areas` in EPSG:32636, with the rows of `sql`.
fn package(folder: &Path, sql: &str) -> PathBuf {
    let path = folder.join("a b#1%.gpkg");
    let connection = Connection::open(&path).unwrap();
    connection
        .execute_batch(
            "CREATE TABLE gpkg_spatial_ref_sys (srs_name TEXT, srs_id INTEGER PRIMARY KEY, organization TEXT,
                 organization_coordsys_id INTEGER, definition TEXT);
             INSERT INTO gpkg_spatial_ref_sys VALUES ('UTM', 7, 'EPSG', 32636, 'undefined'),
                 ('none', -1, 'NONE', -1, 'undefined');
             CREATE TABLE gpkg_contents (table_name TEXT PRIMARY KEY, data_type TEXT);
             CREATE TABLE gpkg_geometry_columns (table_name TEXT, column_name TEXT, srs_id INTEGER);
             CREATE TABLE areas (fid INTEGER PRIMARY KEY, geom BLOB, name TEXT, n INTEGER, x REAL, ok BOOLEAN);
             INSERT INTO gpkg_contents VALUES ('areas', 'features');
             INSERT INTO gpkg_geometry_columns VALUES ('areas', 'geom', 7);",
        )
        .unwrap();
    connection.execute_batch(sql).unwrap();
    path
}

/// A blob with GeoPackage's header (no envelope) and a body.
fn blob(srs_id: i32, flags: u8, wkb: &[u8]) -> String {
    let mut bytes = b"GP\0".to_vec();
    bytes.push(flags | 1);
    bytes.extend(srs_id.to_le_bytes());
    bytes.extend(wkb);
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("x'{hex}'")
}

/// A polygon with so many points declared, and these given.
fn polygon(declared: u32, points: &[(f64, f64)]) -> Vec<u8> {
    let mut wkb = vec![1, 3, 0, 0, 0, 1, 0, 0, 0];
    wkb.extend(declared.to_le_bytes());
    points.iter().for_each(|(x, y)| wkb.extend([x.to_le_bytes(), y.to_le_bytes()].concat()));
    wkb
}

const SQUARE: [(f64, f64); 5] = [(0.0, 0.0), (10.0, 0.0), (10.0, 10.0), (0.0, 10.0), (0.0, 0.0)];

fn read(path: &Path) -> FeatureTable {
    VectorSource::of(path).read().unwrap()
}

#[track_caller]
fn fault(source: &VectorSource, code: &str) -> String {
    let error = source.read().unwrap_err();
    assert!(error.faults().iter().all(|fault| fault.code == code), "{error}");
    error.to_string()
}

#[test]
fn values_keep_their_types_and_the_key_is_the_id() {
    let folder = tempfile::tempdir().unwrap();
    let square = blob(7, 0, &polygon(5, &SQUARE));
    let sql = format!(
        "INSERT INTO areas VALUES (3, {square}, 'Teslić \"x\"', 9007199254740993, 0.1, 1), (9, NULL, NULL, NULL, NULL, 0),
             (12, {}, '', 0, 2.0, NULL);",
        blob(7, 0x10, &[1, 3, 0, 0, 0, 0, 0, 0, 0])
    );
    let path = package(folder.path(), &sql);
    let before = std::fs::read_dir(folder.path()).unwrap().count();
    let table = read(&path);
    assert_eq!(table.crs.epsg(), 32636);
    let [first, second, third] = &table.features[..] else { panic!("three features") };
    assert_eq!(first.id.as_deref(), Some("3"));
    let expected = json!({"name": "Teslić \"x\"", "n": 9_007_199_254_740_993_i64, "x": 0.1, "ok": true});
    assert_eq!(serde_json::Value::Object(first.properties.clone()), expected);
    assert_eq!(first.properties.keys().collect::<Vec<_>>(), ["name", "n", "x", "ok"], "the table's order");
    assert_eq!(first.geometry.as_ref().unwrap().unsigned_area(), 100.0);
    assert_eq!((&second.geometry, &second.properties["n"]), (&None, &json!(null)));
    assert_eq!(third.geometry, None, "an empty polygon");
    assert_eq!(
        std::fs::read_dir(folder.path()).unwrap().count(),
        before,
        "nothing is written beside the file"
    );
}

#[test]
fn a_table_is_chosen_by_name_where_there_are_several() {
    let folder = tempfile::tempdir().unwrap();
    let sql = "CREATE TABLE roads (fid INTEGER PRIMARY KEY, geom BLOB, shape BLOB);
        INSERT INTO roads VALUES (1, NULL, NULL);
        INSERT INTO gpkg_contents VALUES ('roads', 'features');
        INSERT INTO gpkg_geometry_columns VALUES ('roads', 'geom', 7), ('roads', 'shape', 7);";
    let path = package(folder.path(), sql);
    let text = fault(&VectorSource::of(&path), "gpkg.table");
    assert!(text.contains("areas, roads") && text.contains("table = "), "{text}");
    let with = |table: &str| VectorSource { table: Some(table.to_owned()), ..VectorSource::of(&path) };
    let roads = with("roads").read().unwrap();
    assert_eq!(roads.features.len(), 1);
    assert!(roads.notes[0].contains("several geometry columns"), "{:?}", roads.notes);
    fault(&with("rivers"), "gpkg.table");
}

#[test]
fn an_undefined_crs_must_be_declared() {
    let folder = tempfile::tempdir().unwrap();
    let path = package(folder.path(), "UPDATE gpkg_geometry_columns SET srs_id = -1;");
    let text = fault(&VectorSource::of(&path), "input.crs");
    assert!(text.contains("crs = \"EPSG"), "{text}");
    let declared = VectorSource { epsg: Some(32638), ..VectorSource::of(&path) };
    assert_eq!(declared.read().unwrap().crs.epsg(), 32638);
}

#[test]
fn broken_geometries_are_told_together_and_take_no_memory() {
    let folder = tempfile::tempdir().unwrap();
    let declared = blob(7, 0, &polygon(100_000_000, &SQUARE));
    let elsewhere = blob(8, 0, &polygon(5, &SQUARE));
    let curve = blob(7, 0, &[1, 10, 0, 0, 0, 0, 0, 0, 0]);
    let mut nested = [1, 7, 0, 0, 0, 1, 0, 0, 0].repeat(200);
    nested.extend([1, 1, 0, 0, 0]);
    let nested = blob(7, 0, &nested);
    let sql = format!(
        "INSERT INTO areas (geom) VALUES ({declared}), ({elsewhere}), ({curve}), ({nested}), (x'00'), ('text'),
             (zeroblob(40));"
    );
    let error = VectorSource::of(package(folder.path(), &sql)).read().unwrap_err();
    let found: Vec<&str> = error.faults().iter().map(|fault| fault.found.as_str()).collect();
    assert_eq!(found.len(), 7, "{error}");
    assert_eq!(found[0], "100000000 parts declared in 80 bytes");
    assert_eq!(found[1], "coordinates in srs_id 8, the table's is 7");
    assert!(found[2].contains("CONVERT_TO_LINEAR"), "{}", found[2]);
    assert_eq!(found[3], "geometries nested too deeply");
    assert!(error.to_string().contains("feature 1"), "{error}");
}

#[test]
fn what_a_journal_holds_is_read_and_nothing_is_written_beside() {
    let folder = tempfile::tempdir().unwrap();
    let path = package(folder.path(), "INSERT INTO areas (name) VALUES ('first');");
    // Another program has the file open and has not brought its journal in yet.
    let other = Connection::open(&path).unwrap();
    other.execute_batch("PRAGMA journal_mode=WAL; PRAGMA wal_autocheckpoint=0;").unwrap();
    other.execute_batch("INSERT INTO areas (name) VALUES ('second');").unwrap();
    let files = |folder: &Path| {
        let mut all: Vec<_> = std::fs::read_dir(folder)
            .unwrap()
            .map(|file| file.unwrap())
            .map(|file| (file.file_name(), file.metadata().unwrap().len()))
            .collect();
        all.sort();
        all
    };
    let before = files(folder.path());
    let table = read(&path);
    assert_eq!(table.features.len(), 2);
    assert!(table.notes[0].contains("journal"), "{:?}", table.notes);
    assert_eq!(files(folder.path()), before);
    assert_eq!(VectorSource::of(&path).files().len(), 2, "file and journal are both inputs");
}

#[test]
fn what_is_no_geopackage_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.gpkg");
    std::fs::write(&path, b"SQLite format 3\0 and then nothing of it").unwrap();
    fault(&VectorSource::of(&path), "gpkg.broken");
    let bare = folder.path().join("bare.gpkg");
    Connection::open(&bare).unwrap().execute_batch("CREATE TABLE t (a);").unwrap();
    fault(&VectorSource::of(&bare), "gpkg.broken");
    let missing = VectorSource::of(folder.path().join("none.gpkg")).read().unwrap_err();
    assert_eq!(missing.exit_code(), 1);
}

#[test]
fn doboj_areas_are_those_of_the_geojson() {
    let Some(folder) = shared_data("doboj_areas_are_those_of_the_geojson") else { return };
    let table = read(&folder.join("doboj/hazardous_areas.gpkg"));
    let twin = geojson::read(&folder.join("doboj/hazardous_areas.geojson")).unwrap();
    assert_eq!((table.crs.epsg(), table.features.len()), (3035, 1205));
    let way =
        clearway::grid::Reprojection::new(&table.crs, &twin.crs, "test").expect("no shift lies between");
    let mut worst = 0.0_f64;
    for (ours, twin) in table.features.iter().zip(&twin.features) {
        assert_eq!(ours.properties, twin.properties);
        let (Some(Geometry::MultiPolygon(a)), Some(Geometry::MultiPolygon(b))) =
            (&ours.geometry, &twin.geometry)
        else {
            panic!("polygons")
        };
        let points = a.iter().flat_map(|part| part.exterior()).zip(b.iter().flat_map(|part| part.exterior()));
        for (a, b) in points {
            let a = way.point(glam::DVec2::new(a.x, a.y)).unwrap();
            worst = worst.max((a.x - b.x).abs()).max((a.y - b.y).abs());
        }
    }
    // The GeoJSON has six decimals.
    assert!(worst < 1e-6, "{worst}");
}
