//! Coordinate systems that a TIFF describes instead of naming their code.

use std::path::Path;

use clearway::grid::Cells;
use clearway::io::geotiff::GeoTiff;

use super::tiff_bytes::{CLASSIC, Image, file};

/// UTM 36N as Esri writes it.
const UTM: &str = "PROJCS[\"WGS_1984_UTM_Zone_36N\",GEOGCS[\"GCS_WGS_1984\",DATUM[\"D_WGS_1984\",SPHEROID[\"WGS_1984\",\
    6378137.0,298.257223563]],PRIMEM[\"Greenwich\",0.0],UNIT[\"Degree\",0.0174532925199433]],PROJECTION[\
    \"Transverse_Mercator\"],PARAMETER[\"False_Easting\",500000.0],PARAMETER[\"False_Northing\",0.0],PARAMETER[\
    \"Central_Meridian\",33.0],PARAMETER[\"Scale_Factor\",0.9996],PARAMETER[\"Latitude_Of_Origin\",0.0],UNIT[\"Meter\",1.0]]";

/// An image whose keys say "described otherwise", with a citation.
fn image(citation: &str) -> Image {
    let (before, text) = ("|", format!("{citation}|"));
    let keys =
        [1, 1, 0, 3, 1024, 0, 1, 1, 3072, 0, 1, 32767, 3073, 34737, text.len() as u64, before.len() as u64];
    Image::strips((2, 2), 8, 1, 1, vec![vec![1, 2], vec![3, 4]])
        .with(34735, 3, &keys)
        .text(34737, &format!("{before}{text}"))
}

fn written(folder: &Path, citation: &str) -> std::path::PathBuf {
    let path = folder.join("a.tif");
    std::fs::write(&path, file(CLASSIC, &[image(citation)])).unwrap();
    path
}

fn epsg_of(path: &Path) -> Result<u32, &'static str> {
    let opened = GeoTiff::open(path, 1);
    opened.map(|raster| raster.frame().crs.epsg()).map_err(|error| error.faults()[0].code)
}

#[test]
fn esris_citation_is_the_crs() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(epsg_of(&written(folder.path(), &format!("ESRI PE String = {UTM}"))), Ok(32636));
    // One parameter off it is another system, which has no code.
    let other = UTM.replace("0.9996", "0.9997");
    assert_eq!(epsg_of(&written(folder.path(), &format!("ESRI PE String = {other}"))), Err("raster.no_crs"));
    assert_eq!(epsg_of(&written(folder.path(), "our own grid")), Err("raster.no_crs"));
}

#[test]
fn definition_beside_the_file_is_the_crs() {
    let folder = tempfile::tempdir().unwrap();
    let path = written(folder.path(), "unnamed");
    std::fs::write(folder.path().join("a.prj"), UTM).unwrap();
    assert_eq!(epsg_of(&path), Ok(32636));
    // That of a shapefile of the same name is not the raster's.
    std::fs::write(folder.path().join("a.shp"), "").unwrap();
    assert_eq!(epsg_of(&path), Err("raster.no_crs"));
    let escaped = UTM.replace("36N", "37N").replace("33.0", "39.0").replace('"', "&quot;");
    let xml = format!("<PAMDataset>\n  <SRS dataAxisToSRSAxisMapping=\"1,2\">{escaped}</SRS>\n</PAMDataset>");
    std::fs::write(folder.path().join("a.tif.aux.xml"), xml).unwrap();
    assert_eq!(epsg_of(&path), Ok(32637));
    // A code in the file itself goes first, and torn texts are none.
    std::fs::write(folder.path().join("a.tif.aux.xml"), "<PAMDataset><SRS").unwrap();
    assert_eq!(epsg_of(&path), Err("raster.no_crs"));
}

#[test]
fn keys_that_point_past_their_texts_are_no_crs() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.tif");
    for (count, from) in [(9, 60_000), (65_535, 2), (0, 0)] {
        let keys = [1, 1, 0, 3, 1024, 0, 1, 1, 3072, 0, 1, 32767, 3073, 34737, count, from];
        let image = image(&format!("ESRI PE String = {UTM}")).with(34735, 3, &keys);
        std::fs::write(&path, file(CLASSIC, &[image])).unwrap();
        let found = epsg_of(&path);
        assert!(found == Err("raster.no_crs") || count == 65_535, "{found:?}");
    }
}

/// An image whose CRS is described by keys: whole numbers, and numbers in a tag of their own.
fn described(whole: &[(u64, u64)], numbers: &[(u64, f64)]) -> Image {
    let mut keys: Vec<[u64; 4]> = whole.iter().map(|(key, value)| [*key, 0, 1, *value]).collect();
    keys.extend((0..).zip(numbers).map(|(at, (key, _))| [*key, 34736, 1, at]));
    keys.sort_unstable();
    let directory = [&[1, 1, 0, keys.len() as u64][..], keys.as_flattened()].concat();
    let values: Vec<f64> = numbers.iter().map(|(_, value)| *value).collect();
    Image::strips((2, 2), 8, 1, 1, vec![vec![1, 2], vec![3, 4]])
        .with(34735, 3, &directory)
        .doubles(34736, &values)
}

/// What each of these images is taken for.
fn taken_for(whole: &[(u64, u64)], numbers: &[(u64, f64)]) -> Result<u32, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ours.tif");
    std::fs::write(&path, file(CLASSIC, &[described(whole, numbers)])).unwrap();
    let opened = GeoTiff::open(&path, 1);
    opened.map(|raster| raster.frame().crs.epsg()).map_err(|error| error.faults()[0].to_string())
}

/// Keys as GDAL 3 writes them for a system with a name of its own: no code, method and parameters on EPSG's degrees.
#[test]
fn parameters_of_a_known_system_are_that_system() {
    let on = |degrees: u64, method: u64| {
        [(1024, 1), (2048, degrees), (2054, 9102), (3072, 32767), (3074, 32767), (3075, method), (3076, 9001)]
    };
    let grs80 = [(2057, 6_378_137.0), (2059, 298.257_222_101)];
    let utm = [(3080, 33.0), (3081, 0.0), (3082, 5e5), (3083, 0.0), (3092, 0.9996)];
    assert_eq!(taken_for(&on(4326, 1), &utm), Ok(32636));
    // The twin with northings first is called so.
    let utm33 = [(3080, 15.0), (3081, 0.0), (3082, 5e5), (3083, 0.0), (3092, 0.9996)];
    assert_eq!(taken_for(&on(4258, 1), &utm33), Ok(25833));
    let laea = [(3082, 4_321_000.0), (3083, 3_210_000.0), (3088, 10.0), (3089, 52.0)];
    assert_eq!(taken_for(&on(4258, 10), &[&grs80[..], &laea].concat()), Ok(3035));
    let conic =
        [(3078, 35.0), (3079, 65.0), (3084, 10.0), (3085, 52.0), (3086, 4_000_000.0), (3087, 2_800_000.0)];
    assert_eq!(taken_for(&on(4258, 8), &[&grs80[..], &conic].concat()), Ok(3034));
    assert_eq!(
        taken_for(&on(4326, 7), &[(3080, 0.0), (3081, 0.0), (3092, 1.0), (3082, 0.0), (3083, 0.0)]),
        Ok(3395)
    );
    // A UTM zone by the code of its projection, on a datum that is named and not its degrees.
    assert_eq!(
        taken_for(&[(1024, 1), (3072, 32767), (2048, 32767), (2050, 6326), (3074, 16136)], &[]),
        Ok(32736)
    );
    // Degrees of a datum that is named: taken for degrees, in which this image's metres are no place.
    let text = taken_for(&[(1024, 2), (2048, 32767), (2050, 6258), (2054, 9102)], &[]).unwrap_err();
    assert!(text.contains("latitudes within ±90 degrees"), "{text}");
}

#[test]
fn parameters_of_no_known_system_are_told_with_what_to_do() {
    let keys = [(1024, 1), (2048, 4258), (2054, 9102), (3072, 32767), (3075, 10), (3076, 9001)];
    let laea = |longitude: f64| [(3082, 4_321_000.0), (3083, 3_210_000.0), (3088, longitude), (3089, 52.0)];
    let text = taken_for(&keys, &laea(10.5)).unwrap_err();
    for words in [
        "raster.no_crs",
        "Lambert Azimuthal Equal Area, central meridian 10.5, latitude of origin 52, false easting 4321000",
        "on EPSG:4258",
        "`gdal_edit.py -a_srs EPSG:n ours.tif`",
        "`gdalwarp -t_srs EPSG:n ours.tif OUT.tif`",
    ] {
        assert!(text.contains(words), "no {words:?} in {text}");
    }
    let replaced = |key: u64, value: u64| -> Vec<(u64, u64)> {
        let others = keys.iter().filter(|(other, _)| *other != key).copied();
        others.chain([(key, value)]).collect()
    };
    // Feet, no datum, Paris, grads, an ellipsoid that is not the datum's, a turned grid, an unknown method, half the keys.
    let text = taken_for(&replaced(2048, 32767), &laea(10.0)).unwrap_err();
    assert!(text.contains("on a datum that is not named"), "{text}");
    for (key, value) in [(3076, 9002), (2051, 8903), (2054, 9105), (3096, 1), (3075, 99), (3076, 9999)] {
        assert!(taken_for(&replaced(key, value), &laea(10.0)).is_err(), "{key} {value}");
    }
    assert!(taken_for(&keys, &[&laea(10.0)[..], &[(2057, 6_378_388.0)]].concat()).is_err());
    assert!(taken_for(&keys, &laea(10.0)[..3]).is_err());
    assert!(taken_for(&keys, &laea(f64::NAN)).is_err());
    assert_eq!(taken_for(&keys, &laea(10.0)), Ok(3035));
}

#[test]
fn keys_that_point_past_their_numbers_are_no_crs() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.tif");
    let image =
        described(&[(1024, 1), (2048, 4258), (3072, 32767), (3075, 10)], &[(3088, 10.0), (3089, 52.0)]);
    std::fs::write(&path, file(CLASSIC, &[image.without(34736)])).unwrap();
    assert_eq!(epsg_of(&path), Err("raster.no_crs"));
}
