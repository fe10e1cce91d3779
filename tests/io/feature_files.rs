//! GeoPackage and Shapefile as written, read back by other means than they were written with.

use clearway::grid::Crs;
use clearway::io::fields::{Field, FieldKind, unique_names};
use clearway::io::gpkg_write::{Feature, GeometryKind, GpkgWriter, LayerSpec};
use clearway::io::shapefile_write;
use geo::{Geometry, LineString, MultiPolygon, Point, polygon};
use rusqlite::Connection;
use serde_json::{Value, json};

fn field(name: &str, kind: FieldKind) -> Field {
    Field { name: name.to_owned(), kind }
}

fn square() -> Geometry<f64> {
    // A hole in it, so that rings of both directions are there.
    Geometry::MultiPolygon(MultiPolygon(vec![polygon!(
        exterior: [(x: 0.0, y: 0.0), (x: 10.0, y: 0.0), (x: 10.0, y: 10.0), (x: 0.0, y: 10.0), (x: 0.0, y: 0.0)],
        interiors: [[(x: 2.0, y: 2.0), (x: 2.0, y: 4.0), (x: 4.0, y: 4.0), (x: 4.0, y: 2.0), (x: 2.0, y: 2.0)]]
    )]))
}

#[test]
fn geopackage_point_is_the_bytes_of_the_standard() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.gpkg");
    let mut writer = GpkgWriter::create(&path, &Crs::from_epsg(32636, "test").unwrap()).unwrap();
    let fields = [field("n", FieldKind::Whole), field("N", FieldKind::Text), field("fid", FieldKind::Real)];
    let layer = LayerSpec {
        name: "it's \"places\"",
        description: "d",
        geometry: GeometryKind::Point,
        fields: &fields,
        style: "<qgis/>",
    };
    let point = Geometry::Point(Point::new(1.0, 2.0));
    let rows: [Feature; 2] = [
        (Some(point), vec![json!(7), json!("a"), json!(0.5)]),
        (None, vec![Value::Null, Value::Null, Value::Null]),
    ];
    assert!(writer.write_layer(&layer, rows.into_iter().map(Ok)).unwrap().is_empty());
    assert!(!path.exists(), "nothing before the end");
    writer.finish().unwrap();
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "no journal is left");

    let db = Connection::open(&path).unwrap();
    let row =
        db.query_row("SELECT geom, n, N_2, fid_2 FROM \"it's \"\"places\"\"\" WHERE fid = 1", [], |row| {
            Ok((
                row.get::<_, Vec<u8>>(0)?,
                row.get::<_, i64>(1)?,
                row.get::<_, String>(2)?,
                row.get::<_, f64>(3)?,
            ))
        });
    let (blob, n, text, real) = row.unwrap();
    assert_eq!((n, text.as_str(), real), (7, "a", 0.5));
    // OGC 12-128r15 §2.1.3: magic, version 0, flags 3 (little-endian, envelope of four), the CRS, min x, max x, min y,
    // max y; then WKB: little-endian, type 1, x, y.
    let mut expected = b"GP\0\x03".to_vec();
    expected.extend(32636_i32.to_le_bytes());
    for number in [1.0_f64, 1.0, 2.0, 2.0] {
        expected.extend(number.to_le_bytes());
    }
    expected.extend([1, 1, 0, 0, 0]);
    for number in [1.0_f64, 2.0] {
        expected.extend(number.to_le_bytes());
    }
    assert_eq!(blob, expected);
    let unknown =
        "SELECT count(*) FROM \"it's \"\"places\"\"\" WHERE geom IS NULL AND n IS NULL AND fid_2 IS NULL";
    assert_eq!(db.query_row(unknown, [], |row| row.get::<_, i64>(0)).unwrap(), 1);
    let extent = db.query_row("SELECT min_x, max_y FROM gpkg_contents WHERE srs_id = 32636", [], |row| {
        Ok((row.get::<_, f64>(0)?, row.get::<_, f64>(1)?))
    });
    assert_eq!(extent.unwrap(), (1.0, 2.0));
    let integrity: String = db.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(integrity, "ok");
}

#[test]
fn shapefile_names_texts_and_rings_are_as_its_readers_want_them() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.shp");
    let names = ["contribution_people", "contribution_people_2", "Name", "name", "ярлык", "1st", "cost_usd"];
    let mut fields: Vec<Field> = names.iter().map(|name| field(name, FieldKind::Text)).collect();
    fields[6].kind = FieldKind::Real;
    let long = "я".repeat(200);
    let row = vec![
        json!("a"),
        json!(long),
        json!("b"),
        Value::Null,
        json!("ё"),
        json!("c"),
        json!(1234.5678901234567),
    ];
    let features: [Feature; 2] = [(Some(square()), row.clone()), (None, row)];
    let crs = Crs::from_epsg(32636, "test").unwrap();
    let cut = shapefile_write::write(&path, &crs, &fields, &features).unwrap();
    assert_eq!((cut.n_texts, cut.n_fields, cut.n_features), (1, 0, 1));

    let mut reader = shapefile::Reader::from_path(&path).unwrap();
    let (shape, record) = reader.iter_shapes_and_records().next().unwrap().unwrap();
    let shapefile::Shape::Polygon(ground) = shape else { panic!("{shape}") };
    assert!(matches!(ground.rings()[0], shapefile::PolygonRing::Outer(_)));
    assert!(matches!(ground.rings()[1], shapefile::PolygonRing::Inner(_)));
    let table =
        clearway::io::csv::Table::read(&folder.path().join("a.fields.csv"), &["field", "column"]).unwrap();
    let short: Vec<&str> = table.rows().map(|row| row.text("field").unwrap()).collect();
    assert_eq!(short, ["c_people", "c_people_2", "Name", "name_2", "f_____", "f1st", "cost_usd"]);
    assert_eq!(table.rows().nth(4).unwrap().text("column"), Some("ярлык"));
    let text = |field: &str| match record.get(field) {
        Some(shapefile::dbase::FieldValue::Character(text)) => text.clone().unwrap_or_default(),
        other => panic!("{field}: {other:?}"),
    };
    assert_eq!(text("c_people_2"), "я".repeat(127), "254 bytes, no half letter");
    assert_eq!((text("f_____").as_str(), text("name_2").as_str()), ("ё", ""));
    let Some(shapefile::dbase::FieldValue::Numeric(Some(cost))) = record.get("cost_usd") else { panic!() };
    assert_eq!(*cost, 1234.5678901234567);
    let prj = std::fs::read_to_string(folder.path().join("a.prj")).unwrap();
    assert!(
        prj.contains("GEOGCS[\"GCS_WGS_1984\",DATUM[\"D_WGS_1984\"") && !prj.contains("AUTHORITY"),
        "{prj}"
    );
    assert_eq!(prj.matches('[').count(), prj.matches(']').count());
    assert_eq!(std::fs::read_to_string(folder.path().join("a.cpg")).unwrap(), "UTF-8");
}

#[test]
fn shapefile_of_lines_is_read_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.shp");
    let line = Geometry::LineString(LineString::from(vec![[0.0, 0.0], [3.0, 4.0], [3.0, 5.0]]));
    let fields = [field("team_id", FieldKind::Text)];
    let features: [Feature; 1] = [(Some(line), vec![json!("M1")])];
    shapefile_write::write(&path, &Crs::wgs84(), &fields, &features).unwrap();
    let shapes = shapefile::read_shapes(&path).unwrap();
    let [shapefile::Shape::Polyline(line)] = &shapes[..] else { panic!("{}", shapes.len()) };
    assert_eq!(line.parts()[0].len(), 3);
}

#[test]
fn kinds_of_fields_lose_nothing() {
    let of = |values: Value| FieldKind::of(values.as_array().unwrap().iter());
    assert_eq!(of(json!([1, null, 2])), FieldKind::Whole);
    assert_eq!(of(json!([1, 2.5])), FieldKind::Real);
    assert_eq!(of(json!([1, "2"])), FieldKind::Text);
    assert_eq!(of(json!([true])), FieldKind::Text);
    assert_eq!(of(json!([null])), FieldKind::Text);
    assert_eq!(of(json!([18446744073709551615_u64])), FieldKind::Text, "beyond 63 bits");
    let names = unique_names(["a", "A", "", "geom", "a_2", "b\u{1}"], &["geom"]);
    assert_eq!(names, ["a", "A_2", "field", "geom_2", "a_2_2", "b"]);
}
