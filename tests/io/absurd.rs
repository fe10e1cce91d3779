//! Files that declare or hold absurd sizes: refused before memory is taken. tests/cli/absurd.rs holds the command to a
//! bound of memory on the same kinds of file.

use clearway::error::Result;
use clearway::io::features::{FeatureTable, VectorSource};
use libdeflater::{CompressionLvl, Compressor};

use super::formats::{zip, zip_of};

fn read(name: &str, bytes: &[u8]) -> Result<FeatureTable> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    VectorSource::of(path).read()
}

#[track_caller]
fn code(name: &str, bytes: &[u8]) -> &'static str {
    let error = read(name, bytes).unwrap_err();
    assert_eq!(error.exit_code(), 2, "{error}");
    error.faults()[0].code
}

fn deflated(bytes: &[u8]) -> Vec<u8> {
    let mut packer = Compressor::new(CompressionLvl::best());
    let mut packed = vec![0; packer.deflate_compress_bound(bytes.len())];
    let n = packer.deflate_compress(bytes, &mut packed).unwrap();
    packed.truncate(n);
    packed
}

#[test]
fn archives_are_refused_by_what_they_declare_and_by_what_they_hold() {
    let packed = deflated(&vec![b' '; 1 << 20]);
    for (name, part) in [("a.kmz", "doc.kml"), ("a.xlsx", "xl/workbook.xml")] {
        // 4 GB declared in 1 kB; more than declared; 600 parts of 1 MiB together.
        assert_eq!(code(name, &zip_of(&[(part, packed.clone(), u32::MAX, 0)])), "zip.too_large");
        assert_eq!(code(name, &zip_of(&[(part, packed.clone(), 100, 0)])), "zip.too_large");
    }
    let parts: Vec<_> = (0..600).map(|_| ("xl/workbook.xml", packed.clone(), 1 << 20, 0)).collect();
    assert_eq!(code("a.xlsx", &zip_of(&parts)), "zip.too_large");
    assert_eq!(code("a.kmz", &zip_of(&[("doc.kml", packed.clone(), (1 << 20) + 10, 0)])), "zip.broken");
    assert_eq!(code("a.kmz", &zip(&[("doc.kml", b"")])), "kml.structure");
}

#[test]
fn endless_fields_and_deep_nesting_are_refused() {
    let long = vec![b'x'; 33 << 20];
    let field = |head: &[u8], tail: &[u8]| [head, &long, tail].concat();
    assert_eq!(code("a.geojson", &field(b"{\"type\":\"", b"\"}")), "input.field_too_long");
    assert_eq!(code("a.csv", &field(b"lon,lat,a\n1,2,\"", b"\"\n")), "input.field_too_long");
    assert_eq!(code("a.kml", &field(b"<kml><name>", b"</name></kml>")), "input.field_too_long");
    let deep = format!("{{\"type\":{}", "[".repeat(1_000_000));
    assert_eq!(code("a.geojson", deep.as_bytes()), "geojson.syntax");
    let deep = r#"{"type":"GeometryCollection","geometries":["#.repeat(100_000);
    assert_eq!(code("a.geojson", deep.as_bytes()), "geojson.syntax");
}

#[test]
fn text_of_gigabytes_is_refused_by_its_length() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["a.geojson", "a.csv", "a.kml", "a.kmz"] {
        let path = folder.path().join(name);
        // A file with a hole takes no room on disk.
        let file = std::fs::File::create(&path).unwrap();
        file.set_len(3 << 30).unwrap();
        let error = VectorSource::of(&path).read().unwrap_err();
        let code = error.faults()[0].code;
        assert!(["input.too_large", "zip.too_large", "zip.broken"].contains(&code), "{name}: {error}");
    }
}
