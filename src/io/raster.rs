//! A band of a raster file of any format as [`Cells`]: GeoTIFF through our own reader, with feature `gdal` all others
//! that GDAL reads through GDAL.
//!
//! Which reader it is follows from what the file holds. A GeoTIFF that our reader does not know (JPEG or LERC inside, say)
//! goes to GDAL too.

use std::path::{Path, PathBuf};

#[cfg(feature = "gdal")]
use super::by_gdal::{self, GdalRaster};
use super::geotiff::{GeoTiff, ReadOptions};
use crate::error::{Error, Fault, Result};
use crate::grid::{Cells, Frame, Window};

/// Faults of our reader that say only that it does not know the format.
const NOT_OURS: [&str; 4] = ["tiff.not_tiff", "tiff.compression", "tiff.sample_type", "tiff.predictor"];

/// One band of a raster, read by window from any number of threads.
#[derive(Debug)]
pub struct Raster(Reader);

#[derive(Debug)]
enum Reader {
    GeoTiff(Box<GeoTiff>),
    #[cfg(feature = "gdal")]
    Gdal(Box<GdalRaster>),
}

impl Raster {
    /// Opens a band (from 1) of a file.
    pub fn open(path: &Path, band: usize) -> Result<Self> {
        Self::open_with(path, &ReadOptions { band, ..ReadOptions::default() })
    }

    /// Opens a file with a nodata value, CRS or cache of one's own.
    pub fn open_with(path: &Path, options: &ReadOptions) -> Result<Self> {
        let error = match own(path, options) {
            Ok(own) => return Ok(Self(Reader::GeoTiff(Box::new(own)))),
            Err(error) => error,
        };
        let is_not_ours = error.faults().iter().any(|fault| NOT_OURS.contains(&fault.code));
        if is_not_ours { other(path, options, error) } else { Err(error) }
    }

    /// The file, and those that belong to it.
    pub fn files(&self) -> Vec<PathBuf> {
        match &self.0 {
            Reader::GeoTiff(file) => vec![file.path().to_path_buf()],
            #[cfg(feature = "gdal")]
            Reader::Gdal(raster) => by_gdal::files(raster.path()),
        }
    }

    /// The band's unit, as the file words it.
    pub fn unit(&self) -> Option<&str> {
        match &self.0 {
            Reader::GeoTiff(file) => file.facts().unit.as_deref(),
            #[cfg(feature = "gdal")]
            Reader::Gdal(raster) => raster.unit(),
        }
    }

    /// Keeps so many rows of the file decoded that square tiles of a wide file decode nothing twice, within bounds in
    /// bytes. What GDAL keeps is bounded for all files together.
    pub fn keep_rows(&mut self, n_rows: usize, least_bytes: usize, most_bytes: usize) {
        match &mut self.0 {
            Reader::GeoTiff(file) => {
                file.set_cache_bytes(file.cache_bytes_for_rows(n_rows).clamp(least_bytes, most_bytes));
            }
            #[cfg(feature = "gdal")]
            Reader::Gdal(_) => {}
        }
    }
}

impl Cells for Raster {
    fn frame(&self) -> &Frame {
        match &self.0 {
            Reader::GeoTiff(file) => file.frame(),
            #[cfg(feature = "gdal")]
            Reader::Gdal(raster) => raster.frame(),
        }
    }

    fn read(&self, window: Window, out: &mut [f32]) -> Result<()> {
        match &self.0 {
            Reader::GeoTiff(file) => file.read(window, out),
            #[cfg(feature = "gdal")]
            Reader::Gdal(raster) => raster.read(window, out),
        }
    }
}

/// Whether a path's extension is that of a raster, a GeoTIFF or one of the usual others.
pub fn is_raster(path: &Path) -> bool {
    const KNOWN: [&str; 15] = [
        "tif", "tiff", "img", "vrt", "asc", "bil", "flt", "dem", "hgt", "dt1", "dt2", "adf", "nc", "grd",
        "rst",
    ];
    let extension = path.extension().and_then(|e| e.to_str()).unwrap_or_default().to_ascii_lowercase();
    KNOWN.contains(&extension.as_str())
}

fn own(path: &Path, options: &ReadOptions) -> Result<GeoTiff> {
    if path.is_dir() {
        let fix = "give a file, or convert it with `gdal_translate -of COG IN OUT.tif`";
        let place = path.display().to_string();
        return Err(Fault::new("tiff.not_tiff", place, "a GeoTIFF", "a folder", fix).into());
    }
    GeoTiff::open_with(path, options)
}

#[cfg(feature = "gdal")]
fn other(path: &Path, options: &ReadOptions, _: Error) -> Result<Raster> {
    GdalRaster::open_with(path, options).map(|raster| Raster(Reader::Gdal(Box::new(raster))))
}

#[cfg(not(feature = "gdal"))]
fn other(_: &Path, _: &ReadOptions, error: Error) -> Result<Raster> {
    let with_feature =
        |fault: &Fault| Fault { fix: format!("{}, {}", fault.fix, super::NEEDS_GDAL), ..fault.clone() };
    Err(Error::Faults(error.faults().iter().map(with_feature).collect()))
}
