//! KML and KMZ as people send them, and as they should not be.

use clearway::error::Result;
use clearway::io::features::{FeatureTable, VectorSource};
use geo::{Area, Geometry};
use serde_json::json;

use super::formats::zip;

fn read(name: &str, bytes: &[u8]) -> Result<FeatureTable> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    VectorSource::of(path).read()
}

#[track_caller]
fn fault(bytes: &[u8], code: &str) -> String {
    let error = read("a.kml", bytes).unwrap_err();
    assert_eq!(error.faults()[0].code, code, "{error}");
    error.to_string()
}

const AREAS: &str = r##"<?xml version="1.0" encoding="UTF-8"?>
<kml xmlns="http://www.opengis.net/kml/2.2" xmlns:gx="http://www.google.com/kml/ext/2.2"><Document>
  <Schema name="s" id="s"><SimpleField type="int" name="people"/><SimpleField type="float" name="share"/></Schema>
  <NetworkLink><Link><href>file:///etc/passwd</href></Link></NetworkLink>
  <Folder><name>Teslić</name><Folder><name>SHA &amp; CHA</name>
    <Placemark id="p1"><name>HA-1 &lt;b&gt; &#1044;</name><description><![CDATA[<script>alert(1)</script>]]></description>
      <ExtendedData><Data name="status"><value>open</value></Data>
        <SchemaData schemaUrl="#s"><SimpleData name="people">12</SimpleData><SimpleData name="share">0.5</SimpleData></SchemaData>
      </ExtendedData>
      <Polygon><outerBoundaryIs><LinearRing><coordinates>
          0,0,5 4,0,5 4,4,5 0,4,5 0,0,5
        </coordinates></LinearRing></outerBoundaryIs>
        <innerBoundaryIs><LinearRing><coordinates>1,1 1,2 2,2 2,1 1,1</coordinates></LinearRing></innerBoundaryIs>
        <innerBoundaryIs><LinearRing><coordinates>3,3 3,3.5 3.5,3.5 3,3</coordinates></LinearRing></innerBoundaryIs>
      </Polygon></Placemark>
  </Folder>
    <Placemark><MultiGeometry>
      <Polygon><outerBoundaryIs><LinearRing><coordinates>0,0 1,0 1,1 0,0</coordinates></LinearRing></outerBoundaryIs></Polygon>
      <Polygon><outerBoundaryIs><LinearRing><coordinates>2,0 3,0 3,1 2,0</coordinates></LinearRing></outerBoundaryIs></Polygon>
    </MultiGeometry></Placemark>
  </Folder>
  <Placemark><MultiGeometry><Point><coordinates>18.5,44.25</coordinates></Point>
    <LineString><coordinates>0,0 1,1</coordinates></LineString></MultiGeometry></Placemark>
  <Placemark><Point><coordinates>-75.5,6.25,0</coordinates></Point></Placemark>
  <Placemark><name/><gx:Track><when>2020</when><gx:coord>1 2 3</gx:coord></gx:Track></Placemark>
</Document></kml>"##;

#[test]
fn placemarks_of_all_folders_are_read_with_their_columns() {
    let table = read("a.kml", AREAS.as_bytes()).unwrap();
    assert_eq!((table.crs.epsg(), table.features.len()), (4326, 5));
    let first = &table.features[0];
    assert_eq!(first.id.as_deref(), Some("p1"));
    let expected = json!({"folder": "Teslić/SHA & CHA", "name": "HA-1 <b> Д", "description": "<script>alert(1)</script>",
        "status": "open", "people": 12, "share": 0.5});
    assert_eq!(serde_json::Value::Object(first.properties.clone()), expected);
    assert_eq!(first.geometry.as_ref().unwrap().unsigned_area(), 16.0 - 1.0 - 0.125);
    assert_eq!(table.features[1].properties["folder"], "Teslić");
    assert!(matches!(&table.features[1].geometry, Some(Geometry::MultiPolygon(parts)) if parts.0.len() == 2));
    assert!(
        matches!(&table.features[2].geometry, Some(Geometry::GeometryCollection(parts)) if parts.len() == 2)
    );
    assert!(table.features[2].properties.is_empty());
    assert_eq!(table.features[3].geometry, Some(Geometry::Point(geo::Point::new(-75.5, 6.25))));
    assert_eq!(table.features[4].geometry, None);
    let notes = table.notes.join("\n");
    assert!(
        notes.contains("1 network links are not followed") && notes.contains("1 models or tracks"),
        "{notes}"
    );
}

#[test]
fn other_encodings_are_read_as_they_say() {
    let text = AREAS.replace("UTF-8", "windows-1250");
    let bytes = encoding_of(&text);
    let table = read("a.kml", &bytes).unwrap();
    assert_eq!(table.features[1].properties["folder"], "Teslić");
    assert!(fault(b"<?xml version=\"1.0\"?><kml>\xE6</kml>", "kml.structure").contains("encoding"));
}

/// ć is E6 in windows-1250.
fn encoding_of(text: &str) -> Vec<u8> {
    text.chars()
        .flat_map(|letter| if letter == 'ć' { vec![0xE6] } else { letter.to_string().into_bytes() })
        .collect()
}

#[test]
fn entities_are_never_expanded_and_broken_files_refused() {
    let doctype = r#"<!DOCTYPE kml [<!ENTITY x SYSTEM "file:///etc/passwd">]>"#;
    let text = fault(
        format!("{doctype}<kml><Placemark><name>&x;</name></Placemark></kml>").as_bytes(),
        "kml.structure",
    );
    assert!(text.contains("&x;") && text.contains("never expanded"), "{text}");
    fault(b"<kml><Placemark></kml>", "kml.structure");
    fault(b"<gpx></gpx>", "kml.structure");
    fault(
        b"<kml><Placemark><Point><coordinates>north</coordinates></Point></Placemark></kml>",
        "kml.structure",
    );
    let deep = format!("<kml>{}", "<Folder>".repeat(100_000));
    assert!(fault(deep.as_bytes(), "kml.structure").contains("nested deeper"));
    let off = b"<kml><Placemark><Point><coordinates>4933218,2390476</coordinates></Point></Placemark></kml>";
    assert!(fault(off, "input.coordinate").contains("feature 1"));
}

#[test]
fn the_document_of_an_archive_is_read() {
    let archive = zip(&[("images/a.png", b"x"), ("doc.kml", AREAS.as_bytes())]);
    assert_eq!(read("a.kmz", &archive).unwrap().features.len(), 5);
    // By what it holds, whatever it is called.
    let table = read("a.kml", &archive).unwrap();
    assert!(table.notes.iter().any(|note| note.contains("is read as KMZ")), "{:?}", table.notes);
    let error = read("a.kmz", &zip(&[("a.txt", b"x")])).unwrap_err();
    assert_eq!(error.faults()[0].code, "input.format");
}
