//! Rasters through GDAL, against our own reader of the same cells as GeoTIFF.

use std::net::TcpListener;
use std::path::{Path, PathBuf};

use clearway::error::Fault;
use clearway::grid::{Cells, Frame, MemoryCells, Tiling, UNKNOWN, Window, is_unknown};
use clearway::io::geotiff::{GeoTiff, ReadOptions};
use clearway::io::raster::Raster;
use glam::DVec2;
use rayon::prelude::*;

use crate::common::all;
use crate::{frame_at, gdal, write};

fn frame() -> Frame {
    frame_at(32648, DVec2::new(500_000.0, 1_380_000.0), 100.0, 200)
}

/// A folder with `own.tif`, of uneven values, some unknown.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let value = |i: u64| if i.is_multiple_of(11) { UNKNOWN } else { (i * 7919 % 1000) as f32 / 7.0 };
    let values = (0..frame().n_cells()).map(value).collect();
    write(&MemoryCells::from_values(frame(), values), &folder.path().join("own.tif"));
    folder
}

fn fault_of(path: &Path) -> Fault {
    let opened = Raster::open(path, 1);
    let fault = match opened {
        Ok(raster) => raster.read_vec(raster.frame().window()).map(drop).unwrap_err(),
        Err(error) => error,
    };
    fault.faults()[0].clone()
}

#[track_caller]
fn assert_same(found: &[f32], expected: &[f32]) {
    let n_other = found.iter().zip(expected).filter(|(a, b)| a.to_bits() != b.to_bits()).count();
    assert!(found.len() == expected.len() && n_other == 0, "{n_other} of {} cells differ", expected.len());
}

#[test]
fn img_vrt_and_a_tiff_that_is_not_ours_hold_the_same_cells() {
    let folder = folder();
    let expected = all(&GeoTiff::open(&folder.path().join("own.tif"), 1).unwrap());
    gdal("gdal_translate", folder.path(), &["-q", "-of", "HFA", "own.tif", "a.img"]);
    gdal("gdal_translate", folder.path(), &["-q", "-srcwin", "0", "0", "120", "200", "own.tif", "west.tif"]);
    gdal("gdal_translate", folder.path(), &["-q", "-srcwin", "120", "0", "80", "200", "own.tif", "east.tif"]);
    gdal("gdalbuildvrt", folder.path(), &["-q", "b.vrt", "west.tif", "east.tif"]);
    gdal("gdal_translate", folder.path(), &["-q", "-co", "COMPRESS=LERC", "own.tif", "c.tif"]);
    for name in ["a.img", "b.vrt", "c.tif"] {
        let raster = Raster::open(&folder.path().join(name), 1).unwrap();
        assert!(format!("{raster:?}").contains("Gdal"), "{name}");
        assert!(raster.frame().same_cells(&frame()), "{name}: {:?}", raster.frame());
        assert_same(&all(&raster), &expected);
        // Windows read side by side, some of them over the edge.
        let windows: Vec<Window> =
            Tiling::new(raster.frame(), 48).tiles().map(|tile| tile.grown(5, 5)).collect();
        let own = GeoTiff::open(&folder.path().join("own.tif"), 1).unwrap();
        windows.par_iter().for_each(|window| {
            assert_same(&raster.read_vec(*window).unwrap(), &own.read_vec(*window).unwrap());
        });
    }
    let named = |name: &str| -> Vec<PathBuf> { Raster::open(&folder.path().join(name), 1).unwrap().files() };
    let files = named("b.vrt");
    for name in ["b.vrt", "west.tif", "east.tif"] {
        assert!(files.contains(&folder.path().join(name)), "{files:?}");
    }
    // Our own formats stay with our own reader.
    let own = Raster::open(&folder.path().join("own.tif"), 1).unwrap();
    assert!(format!("{own:?}").contains("GeoTiff"));
    assert_eq!(own.files(), [folder.path().join("own.tif")]);
}

#[test]
fn whole_numbers_nodata_and_bands() {
    let folder = folder();
    let whole = ["-q", "-of", "HFA", "-ot", "Int16", "-a_nodata", "100", "own.tif", "whole.img"];
    gdal("gdal_translate", folder.path(), &whole);
    gdal(
        "gdal_translate",
        folder.path(),
        &["-q", "-ot", "Int16", "-a_nodata", "100", "own.tif", "whole.tif"],
    );
    let path = folder.path().join("whole.img");
    let expected = all(&GeoTiff::open(&folder.path().join("whole.tif"), 1).unwrap());
    assert_same(&all(&Raster::open(&path, 1).unwrap()), &expected);
    assert!(expected.iter().any(|value| is_unknown(*value)));
    let options = ReadOptions { nodata: Some(7.0), ..ReadOptions::default() };
    let own = all(&GeoTiff::open_with(&folder.path().join("whole.tif"), &options).unwrap());
    assert_same(&all(&Raster::open_with(&path, &options).unwrap()), &own);
    let fault = Raster::open(&path, 2).unwrap_err().faults()[0].clone();
    assert_eq!((fault.code, &*fault.found), ("raster.band", "band 2"));
    // Beside a mask the colours are anything.
    let masked = [
        "-q",
        "-of",
        "VRT",
        "-ot",
        "Byte",
        "-b",
        "1",
        "-b",
        "1",
        "-colorinterp",
        "gray,alpha",
        "own.tif",
        "alpha.vrt",
    ];
    gdal("gdal_translate", folder.path(), &masked);
    let values = all(&Raster::open(&folder.path().join("alpha.vrt"), 1).unwrap());
    assert!(values.iter().all(|value| is_unknown(*value) || *value > 0.0));
}

#[test]
fn broken_files_are_refused() {
    let folder = folder();
    gdal("gdal_translate", folder.path(), &["-q", "-of", "HFA", "own.tif", "a.img"]);
    let bytes = std::fs::read(folder.path().join("a.img")).unwrap();
    for (name, length) in
        [("head.img", 40), ("half.img", bytes.len() / 2), ("nine_tenths.img", bytes.len() * 9 / 10)]
    {
        std::fs::write(folder.path().join(name), &bytes[..length]).unwrap();
        let fault = fault_of(&folder.path().join(name));
        assert_eq!(fault.code, "gdal.unreadable", "{name}");
        assert!(fault.place.contains(name) && !fault.found.is_empty());
    }
    std::fs::write(folder.path().join("torn.vrt"), "<VRTDataset rasterXSize=\"10\"").unwrap();
    assert_eq!(fault_of(&folder.path().join("torn.vrt")).code, "gdal.unreadable");
    gdal("gdal_translate", folder.path(), &["-q", "-of", "VRT", "own.tif", "a.vrt"]);
    std::fs::rename(folder.path().join("own.tif"), folder.path().join("away.tif")).unwrap();
    let fault = fault_of(&folder.path().join("a.vrt"));
    assert_eq!(fault.code, "input.missing");
    assert!(fault.found.contains("own.tif"), "{}", fault.found);
}

/// A virtual raster of one band of so many cells a side, from a source.
fn virtual_raster(side: u64, source: &str) -> String {
    format!(
        "<VRTDataset rasterXSize=\"{side}\" rasterYSize=\"{side}\"><SRS>EPSG:32648</SRS>\
         <GeoTransform>500000, 1, 0, 1380000, 0, -1</GeoTransform><VRTRasterBand dataType=\"Float32\" band=\"1\">\
         <SimpleSource><SourceFilename relativeToVRT=\"0\">{source}</SourceFilename><SourceBand>1</SourceBand>\
         <SrcRect xOff=\"0\" yOff=\"0\" xSize=\"10\" ySize=\"10\" /><DstRect xOff=\"0\" yOff=\"0\" xSize=\"10\" ySize=\"10\" />\
         </SimpleSource></VRTRasterBand></VRTDataset>"
    )
}

#[test]
fn absurd_sizes_are_refused_by_what_is_declared() {
    let folder = folder();
    let source = folder.path().join("own.tif");
    let path = folder.path().join("huge.vrt");
    std::fs::write(&path, virtual_raster(2_147_483_647, &source.display().to_string())).unwrap();
    assert_eq!(fault_of(&path).code, "gdal.too_large");
}

#[test]
fn nothing_is_asked_of_a_network() {
    let folder = folder();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = listener.local_addr().unwrap();
    let inner = folder.path().join("inner.xml");
    std::fs::write(&inner, virtual_raster(10, &format!("/vsicurl/http://{address}/a.tif"))).unwrap();
    // Named plainly, and hidden in a file that does not look like a virtual raster.
    for source in [format!("/vsicurl/http://{address}/a.tif"), inner.display().to_string()] {
        let path = folder.path().join("outer.vrt");
        std::fs::write(&path, virtual_raster(10, &source)).unwrap();
        let fault = fault_of(&path);
        assert!(["gdal.remote", "gdal.unreadable"].contains(&fault.code), "{fault}");
        assert!(listener.accept().is_err(), "{source} was asked for");
    }
}
