//! Formats told apart by what files hold; tables as features and features as tables.

use clearway::error::Result;
use clearway::io::features::{FeatureTable, VectorSource};
use geo::{Area, Geometry};
use libdeflater::{CompressionLvl, Compressor, crc32};
use serde_json::json;

/// An archive of parts, deflated.
pub fn zip(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let packed: Vec<_> = parts
        .iter()
        .map(|(name, bytes)| {
            let mut packer = Compressor::new(CompressionLvl::best());
            let mut packed = vec![0; packer.deflate_compress_bound(bytes.len())];
            let n = packer.deflate_compress(bytes, &mut packed).unwrap();
            packed.truncate(n);
            (*name, packed, bytes.len() as u32, crc32(bytes))
        })
        .collect();
    zip_of(&packed)
}

/// An archive of packed parts with the sizes that it should declare.
pub fn zip_of(parts: &[(&str, Vec<u8>, u32, u32)]) -> Vec<u8> {
    let (mut bytes, mut directory) = (Vec::new(), Vec::new());
    for (name, packed, unpacked, crc) in parts {
        let mut facts = vec![20, 0, 0, 0, 8, 0, 0, 0, 0, 0];
        facts.extend(crc.to_le_bytes());
        facts.extend((packed.len() as u32).to_le_bytes());
        facts.extend(unpacked.to_le_bytes());
        facts.extend((name.len() as u16).to_le_bytes());
        facts.extend([0, 0]);
        directory.extend(b"PK\x01\x02\x14\0");
        directory.extend(&facts);
        directory.extend([0; 10]);
        directory.extend((bytes.len() as u32).to_le_bytes());
        directory.extend(name.as_bytes());
        bytes.extend(b"PK\x03\x04");
        bytes.extend(&facts);
        bytes.extend(name.as_bytes());
        bytes.extend(packed);
    }
    let at = bytes.len() as u32;
    bytes.extend(&directory);
    bytes.extend(b"PK\x05\x06\0\0\0\0");
    bytes.extend([(parts.len() as u16).to_le_bytes(), (parts.len() as u16).to_le_bytes()].concat());
    bytes.extend((directory.len() as u32).to_le_bytes());
    bytes.extend(at.to_le_bytes());
    bytes.extend([0, 0]);
    bytes
}

fn read_with(name: &str, bytes: &[u8], about: impl Fn(VectorSource) -> VectorSource) -> Result<FeatureTable> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    about(VectorSource::of(path)).read()
}

fn read(name: &str, bytes: &[u8]) -> Result<FeatureTable> {
    read_with(name, bytes, |source| source)
}

const POINT: &str =
    r#"{"type":"Feature","properties":{"name":"A"},"geometry":{"type":"Point","coordinates":[18,44]}}"#;

#[test]
fn content_goes_before_a_lying_extension() {
    for name in ["a.shp", "a.gpkg", "a.csv", "a.kml", "a.data"] {
        let table = read(name, POINT.as_bytes()).unwrap();
        assert_eq!(table.features.len(), 1);
        assert_eq!(table.notes.len(), usize::from(name != "a.data"), "{name}: {:?}", table.notes);
    }
    let code = |name: &str, bytes: &[u8]| read(name, bytes).unwrap_err().faults()[0].code;
    assert_eq!(code("a.geojson", b"II*\0\x08\0\0\0"), "input.format");
    assert_eq!(code("a.docx", b"words"), "input.format");
    assert_eq!(code("a.shp", b"words"), "shapefile.broken");
    assert_eq!(code("a.zip", &zip(&[("roads.shp", b"x")])), "input.format");
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(VectorSource::of(folder.path()).read().unwrap_err().faults()[0].code, "input.format");
}

#[test]
fn tables_of_places_are_points_with_typed_columns() {
    let text = "\u{FEFF}ID;Lon;Lat;code;n;height\nA;18,5;44,25;007;3;1.50\n;;;;;\nB;;;012;4;2.50\n";
    // "1.50" beside "18,5": commas may part thousands there.
    assert_eq!(read("a.csv", text.as_bytes()).unwrap_err().faults()[0].code, "csv.number");
    let text = text.replace("1.50", "1,50").replace("2.50", "2,50");
    let table = read("a.csv", text.as_bytes()).unwrap();
    assert_eq!((table.crs.epsg(), table.features.len()), (4326, 2));
    assert_eq!(table.features[1].geometry, None);
    assert_eq!(table.features[0].geometry, Some(Geometry::Point(geo::Point::new(18.5, 44.25))));
    let expected = json!({"ID": "A", "Lon": "18,5", "Lat": "44,25", "code": "007", "n": 3, "height": "1,50"});
    assert_eq!(
        serde_json::Value::Object(table.features[0].properties.clone()),
        expected,
        "as they are written"
    );
    let utm =
        read_with("a.csv", b"x,y\n500000,5000000\n", |source| VectorSource { epsg: Some(32636), ..source });
    assert_eq!(utm.unwrap().crs.epsg(), 32636);
    assert_eq!(read("a.csv", b"x,y\n500000,5000000\n").unwrap_err().faults()[0].code, "input.coordinate");
    assert_eq!(read("a.csv", b"lon,lat\n1,\n").unwrap_err().faults()[0].code, "csv.missing_value");
    assert_eq!(read("a.csv", b"id,name\n1,a\n").unwrap_err().faults()[0].code, "input.no_place");
    assert_eq!(read("a.csv", b"lon,lat\nnan,1\n").unwrap_err().faults()[0].code, "csv.number");
}

#[test]
fn well_known_text_is_read_from_a_column() {
    let text = "id,WKT\n1,\"POLYGON ((0 0, 4 0, 4 4, 0 4, 0 0), (1 1, 1 2, 2 2, 2 1, 1 1))\"\n\
                2,\"SRID=4326;MULTIPOINT Z ((1 2 3), (4 5 6))\"\n3,POLYGON EMPTY\n4,\n";
    let table = read("a.csv", text.as_bytes()).unwrap();
    assert_eq!(table.features[0].geometry.as_ref().unwrap().unsigned_area(), 15.0);
    assert!(matches!(table.features[1].geometry, Some(Geometry::MultiPoint(_))));
    assert_eq!((&table.features[2].geometry, &table.features[3].geometry), (&None, &None));
    assert_eq!(table.features[0].properties.keys().collect::<Vec<_>>(), ["id"]);
    let deep =
        format!("id,wkt\n1,\"{}POINT (1 2){}\"\n", "GEOMETRYCOLLECTION (".repeat(10_000), ")".repeat(10_000));
    for bad in ["id,wkt\n1,POLYGON ((0 0\n", "id,wkt\n1,CIRCLE (1 2)\n", &deep] {
        let error = read("a.csv", bad.as_bytes()).unwrap_err();
        assert_eq!(error.faults()[0].code, "csv.wkt", "{error}");
    }
}

#[test]
fn features_serve_where_a_table_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("towns.geojson");
    std::fs::write(&path, POINT).unwrap();
    let table = VectorSource::of(&path).read_table(&["name", "lon", "lat"]).unwrap();
    let row = table.rows().next().unwrap();
    assert_eq!(row.fields(), ["A", "18", "44"]);
    assert_eq!(row.place("lat"), format!("{}, feature 1, column `lat`", path.display()));
    let error = VectorSource::of(&path).read_table(&["population"]).unwrap_err();
    assert_eq!(error.faults()[0].code, "csv.missing_column");
}
