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
