//! What the Cargo features `proj` and `gdal` add, and what a build without them says instead.
//!
//! `./test` builds this with both where Debian's GDAL can be had. Fixtures are made, and results compared, with GDAL's
//! own programs (Debian's gdal-bin).
#![cfg_attr(not(feature = "proj"), allow(dead_code))]

mod common;

mod features {
    #[cfg(feature = "proj")]
    mod points;
    #[cfg(feature = "gdal")]
    mod rasters;
    mod refusals;
    #[cfg(feature = "gdal")]
    mod vectors;
    #[cfg(feature = "proj")]
    mod warp;
    #[cfg(all(feature = "proj", feature = "gdal"))]
    mod whole;
}

use std::path::Path;
use std::process::Command;

use clearway::grid::{Cells, Crs, Frame};
use clearway::io::geotiff::{GeoTiffWriter, WriteSpec};
use glam::DVec2;

/// A frame of `n` by `n` square cells about a place.
fn frame_at(epsg: u32, middle: DVec2, cell: f64, n: usize) -> Frame {
    let half = cell * n as f64 / 2.0;
    let crs = Crs::from_epsg(epsg, "test").unwrap();
    Frame::north_up(crs, middle + DVec2::new(-half, half), DVec2::splat(cell), n, n)
}

/// Runs one of GDAL's programs.
#[track_caller]
fn gdal(program: &str, folder: &Path, arguments: &[&str]) {
    let ran = Command::new(program).args(arguments).current_dir(folder).output();
    let ran = ran.unwrap_or_else(|error| panic!("{program} (install gdal-bin): {error}"));
    assert!(ran.status.success(), "{program} {arguments:?}: {}", String::from_utf8_lossy(&ran.stderr));
}

/// Writes cells as a GeoTIFF.
fn write(cells: &dyn Cells, path: &Path) {
    let mut writer = GeoTiffWriter::create(path, cells.frame(), &WriteSpec::quantity("test", "")).unwrap();
    for window in clearway::grid::Tiling::new(cells.frame(), 512).tiles() {
        writer.write(window, &cells.read_vec(window).unwrap()).unwrap();
    }
    writer.finish().unwrap();
}
