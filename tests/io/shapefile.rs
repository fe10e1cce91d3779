//! Shapefiles byte by byte: code pages, missing parts, rings, kinds, damage.

use std::path::{Path, PathBuf};

use clearway::io::features::{FeatureTable, VectorSource};
use geo::{Area, Geometry, HasDimensions};
use serde_json::json;

/// Writes a shapefile with its index; a record is its content after number and length.
fn shp(folder: &Path, kind: u32, records: &[Vec<u8>]) -> PathBuf {
    let header = |bytes: usize| {
        let mut head = vec![0; 100];
        head[..4].copy_from_slice(&9994_u32.to_be_bytes());
        head[24..28].copy_from_slice(&((bytes / 2) as u32).to_be_bytes());
        head[28..32].copy_from_slice(&1000_u32.to_le_bytes());
        head[32..36].copy_from_slice(&kind.to_le_bytes());
        head
    };
    let (mut shp, mut shx) = (header(0), header(0));
    for (i, record) in records.iter().enumerate() {
        shx.extend(((shp.len() / 2) as u32).to_be_bytes());
        shx.extend(((record.len() / 2) as u32).to_be_bytes());
        shp.extend((i as u32 + 1).to_be_bytes());
        shp.extend(((record.len() / 2) as u32).to_be_bytes());
        shp.extend(record);
    }
    let path = folder.join("areas.shp");
    std::fs::write(&path, shp).unwrap();
    std::fs::write(folder.join("areas.shx"), shx).unwrap();
    std::fs::write(folder.join("areas.prj"), UTM).unwrap();
    path
}

/// As ArcGIS writes it: no authority.
const UTM: &str = r#"PROJCS["WGS_1984_UTM_Zone_36N",GEOGCS["GCS_WGS_1984",DATUM["D_WGS_1984",SPHEROID["WGS_1984",6378137.0,298.257223563]],PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]],PROJECTION["Transverse_Mercator"],PARAMETER["False_Easting",500000.0],PARAMETER["False_Northing",0.0],PARAMETER["Central_Meridian",33.0],PARAMETER["Scale_Factor",0.9996],PARAMETER["Latitude_Of_Origin",0.0],UNIT["Meter",1.0]]"#;

type Ring<'a> = &'a [(f64, f64)];

/// A line or polygon of parts; `declared` points, where not those that are there.
fn parts(kind: u32, rings: &[Ring<'_>], declared: Option<u32>) -> Vec<u8> {
    let mut record = kind.to_le_bytes().to_vec();
    record.extend([0; 32]);
    record.extend((rings.len() as u32).to_le_bytes());
    let n: usize = rings.iter().map(|ring| ring.len()).sum();
    record.extend(declared.unwrap_or(n as u32).to_le_bytes());
    let mut start = 0;
    for ring in rings {
        record.extend((start as u32).to_le_bytes());
        start += ring.len();
    }
    for (x, y) in rings.iter().copied().flatten() {
        record.extend([x.to_le_bytes(), y.to_le_bytes()].concat());
    }
    record
}

/// Columns as (name, kind, length, decimals) and rows of fields of those lengths, `*` before a deleted one.
fn dbf(folder: &Path, driver: u8, columns: &[(&[u8], u8, u8, u8)], rows: &[&[u8]]) {
    let row_bytes = 1 + columns.iter().map(|column| u16::from(column.2)).sum::<u16>();
    let mut bytes = vec![3, 126, 1, 1];
    bytes.extend((rows.len() as u32).to_le_bytes());
    bytes.extend((32 * columns.len() as u16 + 33).to_le_bytes());
    bytes.extend(row_bytes.to_le_bytes());
    bytes.extend([0; 17]);
    bytes.push(driver);
    bytes.extend([0; 2]);
    for (name, kind, length, decimals) in columns {
        let mut field = [0; 32];
        field[..name.len()].copy_from_slice(name);
        (field[11], field[16], field[17]) = (*kind, *length, *decimals);
        bytes.extend(field);
    }
    bytes.push(0x0D);
    for row in rows {
        assert_eq!(row.len(), usize::from(row_bytes), "a row of the fields' lengths");
        bytes.extend(*row);
    }
    bytes.push(0x1A);
    std::fs::write(folder.join("areas.dbf"), bytes).unwrap();
}

fn read(path: &Path) -> FeatureTable {
    VectorSource::of(path).read().unwrap()
}

#[track_caller]
fn fault(path: &Path, code: &str) -> String {
    let error = VectorSource::of(path).read().unwrap_err();
    assert!(error.faults().iter().all(|fault| fault.code == code), "{error}");
    error.to_string()
}

const OUTER: Ring<'_> = &[(0.0, 0.0), (0.0, 10.0), (10.0, 10.0), (10.0, 0.0), (0.0, 0.0)];
const HOLE: Ring<'_> = &[(2.0, 2.0), (8.0, 2.0), (8.0, 8.0), (2.0, 8.0), (2.0, 2.0)];
const ISLAND: Ring<'_> = &[(4.0, 4.0), (4.0, 6.0), (6.0, 6.0), (6.0, 4.0), (4.0, 4.0)];
const POND: Ring<'_> = &[(4.5, 4.5), (5.5, 4.5), (5.5, 5.5), (4.5, 5.5), (4.5, 4.5)];

#[test]
fn rings_become_polygons_by_the_way_they_run() {
    let folder = tempfile::tempdir().unwrap();
    // Holes come first, an island lies in a hole and a pond in the island; then a ring turned the wrong way alone.
    let records =
        [parts(5, &[POND, HOLE, OUTER, ISLAND], None), parts(5, &[HOLE], None), 0_u32.to_le_bytes().to_vec()];
    let table = read(&shp(folder.path(), 5, &records));
    assert_eq!(table.crs.epsg(), 32636);
    let Some(Geometry::MultiPolygon(polygons)) = &table.features[0].geometry else { panic!("two polygons") };
    let areas: Vec<f64> = polygons.iter().map(|polygon| polygon.unsigned_area()).collect();
    assert_eq!(areas, [100.0 - 36.0, 4.0 - 1.0]);
    assert_eq!(table.features[1].geometry.as_ref().unwrap().unsigned_area(), 36.0, "no ground is lost");
    assert_eq!(table.features[2].geometry, None);
    assert!(table.notes.iter().any(|note| note.contains("no .dbf")), "{:?}", table.notes);
}

#[test]
fn kinds_with_heights_and_measures_are_read_flat() {
    let folder = tempfile::tempdir().unwrap();
    let z = |mut record: Vec<u8>| {
        record.extend([7; 64]);
        record
    };
    let point =
        |kind: u32| [&kind.to_le_bytes()[..], &1.5_f64.to_le_bytes(), &2.5_f64.to_le_bytes()].concat();
    let mut points = 18_u32.to_le_bytes().to_vec();
    points.extend([0; 32]);
    points.extend(1_u32.to_le_bytes());
    points.extend(&point(0)[4..]);
    let line: Ring<'_> = &[(0.0, 0.0), (3.0, 4.0)];
    let records = [
        z(point(11)),
        z(points),
        z(parts(13, &[line], None)),
        z(parts(23, &[line, line], None)),
        z(parts(15, &[OUTER], None)),
    ];
    let table = read(&shp(folder.path(), 15, &records));
    let kinds: Vec<&str> = table
        .features
        .iter()
        .map(|feature| match feature.geometry.as_ref().unwrap() {
            Geometry::Point(_) => "point",
            Geometry::MultiPoint(_) => "points",
            Geometry::LineString(_) => "line",
            Geometry::MultiLineString(_) => "lines",
            Geometry::Polygon(_) => "polygon",
            _ => "other",
        })
        .collect();
    assert_eq!(kinds, ["point", "points", "line", "lines", "polygon"]);
    assert!(table.features.iter().all(|feature| !feature.geometry.as_ref().unwrap().is_empty()));
}

#[test]
fn columns_have_their_types_and_deleted_rows_are_left_out() {
    let folder = tempfile::tempdir().unwrap();
    let path = shp(folder.path(), 5, &vec![parts(5, &[OUTER], None); 4]);
    let columns: [(&[u8], u8, u8, u8); 6] = [
        (b"hazard_loc", b'C', 6, 0),
        (b"areasize", b'N', 8, 2),
        (b"n", b'N', 4, 0),
        (b"surveyed", b'D', 8, 0),
        (b"blockroads", b'L', 1, 0),
        (b"n", b'F', 4, 1),
    ];
    let rows: [&[u8]; 4] = [
        b" HA-01    12.50  7820270301T 1.5",
        b"*HA-02    12.50  7820270301T 1.5",
        b" HA-03 ********    00000000?    ",
        b"  HA-4       -1  -3        N   2",
    ];
    dbf(folder.path(), 0, &columns, &rows);
    let table = read(&path);
    assert_eq!(table.features.iter().map(|feature| feature.index).collect::<Vec<_>>(), [0, 2, 3]);
    assert!(
        table.notes.iter().any(|note| note.contains("1 features are marked as deleted")),
        "{:?}",
        table.notes
    );
    let properties = |i: usize| serde_json::Value::Object(table.features[i].properties.clone());
    assert_eq!(
        properties(0),
        json!({"hazard_loc": "HA-01", "areasize": 12.5, "n": 78, "surveyed": "2027-03-01", "blockroads": true, "n_2": 1.5})
    );
    assert_eq!(
        properties(1),
        json!({"hazard_loc": "HA-03", "areasize": null, "n": null, "surveyed": null, "blockroads": null, "n_2": null})
    );
    assert_eq!(
        properties(2),
        json!({"hazard_loc": "HA-4", "areasize": -1.0, "n": -3, "surveyed": null, "blockroads": false, "n_2": 2.0})
    );
}

#[test]
fn texts_are_read_in_the_code_page_that_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = shp(folder.path(), 5, &[parts(5, &[OUTER], None)]);
    // "Teslić" in windows-1250, "Добој" in windows-1251 and in code page 866.
    let write = |driver: u8, text: &[u8]| {
        let row = [b" ", text, &b"          "[..10 - text.len()]].concat();
        dbf(folder.path(), driver, &[(b"name", b'C', 10, 0)], &[&row]);
        let _ = std::fs::remove_file(folder.path().join("areas.cpg"));
    };
    let name = |source: &VectorSource| {
        source.read().map(|table| (table.features[0].properties["name"].clone(), table.notes))
    };
    let source = VectorSource::of(&path);
    write(0xC8, b"Tesli\xE6");
    assert_eq!(name(&source).unwrap().0, "Teslić");
    write(0x65, b"\x84\xAE\xA1\xAE\xA9");
    assert_eq!(name(&source).unwrap().0, "Добој".replace('ј', "й"), "866 has no ј");
    write(0, "Добој".as_bytes());
    assert_eq!(name(&source).unwrap().0, "Добој", "UTF-8 where nothing is named");
    // ArcGIS leaves the driver empty and writes a .cpg, in all spellings.
    for cpg in ["1251", "ANSI 1251", "CP1251", "windows-1251\r\n"] {
        write(0, b"\xC4\xEE\xE1\xEE\xBC");
        std::fs::write(folder.path().join("areas.CPG"), cpg).unwrap();
        assert_eq!(name(&source).unwrap().0, "Добој", "{cpg}");
    }
    std::fs::remove_file(folder.path().join("areas.CPG")).unwrap();
    // Nothing names it and it is no UTF-8: read as what most are, and said so.
    let (text, notes) = name(&source).unwrap();
    assert!(text != "Добој" && notes.iter().any(|note| note.contains("encoding = ")), "{text} {notes:?}");
    let named = VectorSource { encoding: Some("windows-1251".to_owned()), ..source.clone() };
    assert_eq!(name(&named).unwrap().0, "Добој");
    let wrong = VectorSource { encoding: Some("klingon".to_owned()), ..source.clone() };
    assert_eq!(name(&wrong).unwrap_err().faults()[0].code, "input.encoding");
    // A letter cut in two by the width of the field.
    write(0, b"");
    std::fs::write(folder.path().join("areas.cpg"), "UTF-8").unwrap();
    let row = [b" ", "Добој".as_bytes()].concat();
    dbf(folder.path(), 0, &[(b"name", b'C', 9, 0)], &[&row[..10]]);
    assert_eq!(name(&source).unwrap().0, "Добо");
}

#[test]
fn missing_parts_are_said() {
    let folder = tempfile::tempdir().unwrap();
    let path = shp(folder.path(), 5, &[parts(5, &[OUTER], None), parts(5, &[HOLE], None)]);
    std::fs::remove_file(folder.path().join("areas.shx")).unwrap();
    let table = read(&path);
    assert_eq!(table.features.len(), 2);
    assert!(table.notes[0].contains("no .shx"), "{:?}", table.notes);
    std::fs::remove_file(folder.path().join("areas.prj")).unwrap();
    let text = fault(&path, "input.crs");
    assert!(text.contains("no .prj beside it") && text.contains("crs = \"EPSG"), "{text}");
    std::fs::write(folder.path().join("areas.prj"), UTM.replace("33.0", "33.1")).unwrap();
    fault(&path, "input.crs");
    let declared = VectorSource { epsg: Some(32636), ..VectorSource::of(&path) };
    assert_eq!(declared.read().unwrap().crs.epsg(), 32636);
    dbf(folder.path(), 0, &[(b"a", b'C', 1, 0)], &[b" x"]);
    std::fs::write(folder.path().join("areas.prj"), UTM).unwrap();
    let text = fault(&path, "shapefile.rows");
    assert!(text.contains("2 shapes and 1 rows"), "{text}");
}

#[test]
fn damage_and_absurd_counts_are_refused_by_record() {
    let folder = tempfile::tempdir().unwrap();
    let path = shp(folder.path(), 5, &[parts(5, &[OUTER], None), parts(5, &[OUTER], Some(100_000_000))]);
    let text = fault(&path, "shapefile.broken");
    assert!(text.contains("feature 2") && text.contains("100000000 points declared in"), "{text}");
    let mut many = parts(5, &[OUTER], None);
    many[36..40].copy_from_slice(&u32::MAX.to_le_bytes());
    let text = fault(&shp(folder.path(), 5, &[many]), "shapefile.broken");
    assert!(text.contains("4294967295 parts"), "{text}");
    let path = shp(folder.path(), 31, &[31_u32.to_le_bytes().repeat(20)]);
    assert!(fault(&path, "shapefile.broken").contains("multipatch"));
    // A record that says it is longer than the file.
    let path = shp(folder.path(), 5, &[parts(5, &[OUTER], None)]);
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[104..108].copy_from_slice(&0x7FFF_FFFF_u32.to_be_bytes());
    std::fs::write(&path, &bytes).unwrap();
    assert!(fault(&path, "shapefile.broken").contains("4294967294 bytes declared"));
    std::fs::write(&path, &bytes[..90]).unwrap();
    fault(&path, "shapefile.broken");
    // An index that names one record a million times.
    let path = shp(folder.path(), 5, &[parts(5, &[OUTER], None)]);
    let mut index = std::fs::read(folder.path().join("areas.shx")).unwrap();
    let entry = index[100..].to_vec();
    index.extend(entry.repeat(1000));
    std::fs::write(folder.path().join("areas.shx"), index).unwrap();
    assert!(fault(&path, "shapefile.broken").contains("more records"));
    // A table that says it holds 4 · 10^9 rows.
    let path = shp(folder.path(), 5, &[parts(5, &[OUTER], None)]);
    dbf(folder.path(), 0, &[(b"a", b'C', 1, 0)], &[b" x"]);
    let mut bytes = std::fs::read(folder.path().join("areas.dbf")).unwrap();
    bytes[4..8].copy_from_slice(&u32::MAX.to_le_bytes());
    std::fs::write(folder.path().join("areas.dbf"), bytes).unwrap();
    assert!(fault(&path, "shapefile.table").contains("4294967295 rows"));
}

#[test]
fn crs_is_known_by_authority_by_what_it_says_and_not_by_guess() {
    let folder = tempfile::tempdir().unwrap();
    let path = shp(folder.path(), 5, &[parts(5, &[OUTER], None)]);
    let epsg = |prj: &str| {
        std::fs::write(folder.path().join("areas.prj"), prj).unwrap();
        VectorSource::of(&path).read().map(|table| table.crs.epsg()).ok()
    };
    let esri_wgs84 = r#"GEOGCS["GCS_WGS_1984",DATUM["D_WGS_1984",SPHEROID["WGS_1984",6378137.0,298.257223563]],PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]]"#;
    assert_eq!(epsg(esri_wgs84), Some(4326));
    let esri_laea = r#"PROJCS["ETRS_1989_LAEA",GEOGCS["GCS_ETRS_1989",DATUM["D_ETRS_1989",SPHEROID["GRS_1980",6378137.0,298.257222101]],PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]],PROJECTION["Lambert_Azimuthal_Equal_Area"],PARAMETER["False_Easting",4321000.0],PARAMETER["False_Northing",3210000.0],PARAMETER["Central_Meridian",10.0],PARAMETER["Latitude_Of_Origin",52.0],UNIT["Meter",1.0]]"#;
    assert_eq!(epsg(esri_laea), Some(3035));
    let esri_web = r#"PROJCS["WGS_1984_Web_Mercator_Auxiliary_Sphere",GEOGCS["GCS_WGS_1984",DATUM["D_WGS_1984",SPHEROID["WGS_1984",6378137.0,298.257223563]],PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]],PROJECTION["Mercator_Auxiliary_Sphere"],PARAMETER["False_Easting",0.0],PARAMETER["False_Northing",0.0],PARAMETER["Central_Meridian",0.0],PARAMETER["Standard_Parallel_1",0.0],PARAMETER["Auxiliary_Sphere_Type",0.0],UNIT["Meter",1.0]]"#;
    assert_eq!(epsg(esri_web), Some(3857));
    assert_eq!(
        epsg(&UTM.replace(r#"UNIT["Meter",1.0]]"#, r#"UNIT["Meter",1.0],AUTHORITY["EPSG","32636"]]"#)),
        Some(32636)
    );
    let wkt2 = r#"PROJCRS["x",BASEGEOGCRS["y",DATUM["z",ELLIPSOID["w",6378137,298.257]]],CONVERSION["c",METHOD["m"]],CS[Cartesian,2],ID["EPSG",32638]]"#;
    assert_eq!(epsg(wkt2), Some(32638));
    // The same projection on another datum is another CRS: Indian 1960 lies 419 m away.
    let indian = UTM.replace("D_WGS_1984", "D_Indian_1960").replace("33.0", "105.0");
    assert_eq!(epsg(&indian), Some(3148));
    for nonsense in ["", "UTM 36N", "PROJCS[", &"A[".repeat(500), &UTM.replace("D_WGS_1984", "D_Moon_2000")] {
        assert_eq!(epsg(nonsense), None, "{nonsense}");
    }
}
