//! GeoJSON as real programs write it, and as it should not be.

use clearway::grid::Crs;
use clearway::io::features::FeatureTable;
use clearway::io::geojson::{GeoJsonWriter, parse, read};
use geo::{Area, Geometry, LineString, MultiPolygon, Point, Polygon, line_string, point, polygon};
use serde_json::{Map, Value, json};

use crate::common::shared_data;

fn parsed(text: &str) -> FeatureTable {
    parse(text.as_bytes(), "a.geojson").unwrap()
}

#[track_caller]
fn fault(text: &str) -> (&'static str, String) {
    let error = parse(text.as_bytes(), "a.geojson").unwrap_err();
    let [fault] = error.faults() else { panic!("one fault, not {error}") };
    (fault.code, fault.to_string())
}

#[test]
fn collection_feature_and_bare_geometry_are_read() {
    let table = parsed(
        r#"{"type":"FeatureCollection","features":[
            {"type":"Feature","id":7,"properties":{"b":1,"a":"x"},"geometry":{"type":"Point","coordinates":[18,44.5,200]}},
            {"type":"Feature","id":"h-2","properties":null,"geometry":null},
            {"type":"Feature","properties":{},"geometry":{"type":"MultiPolygon","coordinates":[]}}]}"#,
    );
    assert_eq!(table.crs, Crs::wgs84());
    let [first, second, third] = &table.features[..] else { panic!("three features") };
    assert_eq!(first.id.as_deref(), Some("7"));
    assert_eq!(first.geometry, Some(Geometry::Point(Point::new(18.0, 44.5))));
    assert_eq!(first.properties.keys().collect::<Vec<_>>(), ["b", "a"], "the file's order");
    assert_eq!((second.id.as_deref(), &second.geometry), (Some("h-2"), &None));
    assert_eq!((third.index, &third.geometry), (2, &None));
    let feature =
        parsed(r#"{"type":"Feature","geometry":{"type":"LineString","coordinates":[[1,2],[3,4]]}}"#);
    let line = line_string![(x: 1.0, y: 2.0), (x: 3.0, y: 4.0)];
    assert_eq!(feature.features[0].geometry, Some(Geometry::LineString(line)));
    // With the byte order mark that some editors put in front.
    let bare = parsed("\u{FEFF}{\"type\":\"MultiPoint\",\"coordinates\":[[1,2]]}");
    assert_eq!(bare.features.len(), 1);
}

#[test]
fn rings_are_closed_and_holes_kept() {
    let table = parsed(
        r#"{"type":"Polygon","coordinates":[[[0,0],[4,0],[4,4],[0,4]],[[1,1],[1,2],[2,2],[2,1],[1,1]]]}"#,
    );
    let Some(Geometry::Polygon(polygon)) = &table.features[0].geometry else { panic!("a polygon") };
    assert_eq!(polygon.unsigned_area(), 15.0);
}

#[test]
fn crs_of_the_2008_format_is_honoured() {
    let with = |name: &str| {
        let crs = json!({"type": "name", "properties": {"name": name}});
        let text = json!({"type": "FeatureCollection", "crs": crs, "features": []}).to_string();
        parse(text.as_bytes(), "a.geojson").map(|table| table.crs.epsg())
    };
    assert_eq!(with("urn:ogc:def:crs:OGC:1.3:CRS84").unwrap(), 4326);
    assert_eq!(with("urn:ogc:def:crs:EPSG::3035").unwrap(), 3035);
    assert_eq!(with("EPSG:32636").unwrap(), 32636);
    assert_eq!(with("my own").unwrap_err().faults()[0].code, "geojson.crs");
    assert_eq!(with("EPSG:1").unwrap_err().faults()[0].code, "crs.unknown");
}

#[test]
fn wrong_json_has_line_and_column() {
    let (code, text) = fault("{\n\"type\": \"FeatureCollection\",\n\"features\": [}\n");
    assert_eq!(code, "geojson.syntax");
    assert!(text.contains("a.geojson, line 3, column 14"), "{text}");
    let (_, text) = fault("{\"type\": \"FeatureCollection\", \"features\": [");
    assert!(text.contains("found the end of the file"), "{text}");
}

#[test]
fn what_is_not_geojson_is_refused() {
    for text in ["{}", "[1]", r#"{"type":"FeatureCollection"}"#] {
        assert_eq!(fault(text).0, "geojson.structure", "{text}");
    }
    assert_eq!(fault(r#"{"type":"Topology","objects":{}}"#).0, "geojson.feature");
}

#[test]
fn all_bad_features_are_told_together() {
    let feature = |geometry: Value| json!({"type": "Feature", "geometry": geometry});
    let text = json!({"type": "FeatureCollection", "features": [
        feature(json!({"type": "Point", "coordinates": [18, 44]})),
        feature(json!({"type": "Point", "coordinates": [18]})),
        feature(json!({"type": "Polygon", "coordinates": [[[0, "a"]]]})),
        feature(json!({"type": "Circle", "coordinates": [1, 2]})),
        feature(json!({"type": "Point", "coordinates": [500000, 4900000]})),
        7,
    ]});
    let error = parse(text.to_string().as_bytes(), "a.geojson").unwrap_err();
    let found: Vec<String> = error.faults().iter().map(|f| format!("{}: {}", f.place, f.found)).collect();
    assert_eq!(
        found,
        [
            "a.geojson, feature 1: [18] instead of a position",
            "a.geojson, feature 2: [0,\"a\"] instead of a position",
            "a.geojson, feature 3: a geometry of type \"Circle\"",
            "a.geojson, feature 4: longitude 500000, latitude 4900000, which look like another CRS",
            "a.geojson, feature 5: something that is no object",
        ]
    );
}

#[test]
fn missing_file_is_an_io_error() {
    let error = read(std::path::Path::new("/nonexistent/a.geojson")).unwrap_err();
    assert_eq!(error.exit_code(), 1);
    assert!(error.to_string().contains("/nonexistent/a.geojson"), "{error}");
}

#[test]
fn written_features_come_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out.geojson");
    let hole = LineString::from(vec![(1.0, 1.0), (2.0, 1.0), (2.0, 2.0), (1.0, 1.0)]);
    let outer = LineString::from(vec![(0.0, 0.0), (0.0, 4.0), (4.0, 4.0), (0.0, 0.0)]);
    let geometries = [
        Geometry::Point(point!(x: -75.567_437_451_9, y: -0.000_000_01)),
        Geometry::LineString(line_string![(x: 1.0, y: 2.5), (x: 3.0, y: 4.0)]),
        Geometry::MultiPolygon(MultiPolygon(vec![Polygon::new(outer, vec![hole])])),
        Geometry::Polygon(polygon![(x: 0.0, y: 0.0), (x: 1.0, y: 0.0), (x: 1.0, y: 1.0)]),
    ];
    let mut properties = Map::new();
    properties.insert("name".into(), json!("Teslić \"x\"\n"));
    properties.insert("n".into(), json!(0.1));
    let mut writer = GeoJsonWriter::create(&path).unwrap();
    writer.write(None, &properties, None).unwrap();
    for geometry in &geometries {
        writer.write(Some("T1"), &properties, Some(geometry)).unwrap();
    }
    assert!(!path.exists(), "nothing before the end");
    writer.finish().unwrap();
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.contains(r#""coordinates":[-75.5674375,0]}"#), "7 decimals, no minus zero: {text}");
    // The outer ring was clockwise and is written counterclockwise.
    assert!(text.contains("[[[[0,0],[4,4],[0,4],[0,0]],"), "{text}");
    let table = read(&path).unwrap();
    assert_eq!(table.features.len(), 5);
    assert!(table.features.iter().all(|feature| feature.properties == properties));
    assert_eq!((table.features[0].id.as_deref(), &table.features[0].geometry), (None, &None));
    assert_eq!(table.features[2].geometry.as_ref(), Some(&geometries[1]));
    assert_eq!(table.features[3].geometry.as_ref().unwrap().unsigned_area(), 7.5);
}

#[test]
fn empty_collection_is_written_and_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out.geojson");
    GeoJsonWriter::create(&path).unwrap().finish().unwrap();
    assert_eq!(read(&path).unwrap().features, []);
}

#[test]
fn doboj_areas_are_all_read() {
    let Some(folder) = shared_data("doboj_areas_are_all_read") else { return };
    let table = read(&folder.join("doboj/hazardous_areas.geojson")).unwrap();
    // PROVENANCE.md: 1,205 suspected hazardous areas.
    assert_eq!(table.features.len(), 1205);
    assert_eq!(table.features[0].properties["imsma_id"], "hazard_poly_0001");
    assert!(table.features.iter().all(|feature| feature.geometry.is_some()));
    assert_eq!(read(&folder.join("doboj/incidents.geojson")).unwrap().features.len(), 303);
}
