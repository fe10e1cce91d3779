//! The reader: a band of a file, by windows.

use std::path::{Path, PathBuf};

use crate::error::Result;
use crate::grid::{Cells, Crs, Frame, Window};

/// What type of number the file holds. `f64`, `i32` and `u32` values are rounded to the nearest `f32`
/// (whole numbers are exact up to 16,777,216).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SampleType {
    /// One bit, as masks use.
    Bit,
    /// Unsigned byte.
    U8,
    /// Signed byte.
    I8,
    /// Unsigned 16 bits.
    U16,
    /// Signed 16 bits.
    I16,
    /// Unsigned 32 bits.
    U32,
    /// Signed 32 bits.
    I32,
    /// Single precision.
    F32,
    /// Double precision.
    F64,
}

/// How a file is to be read.
#[derive(Debug, Clone, PartialEq)]
pub struct ReadOptions {
    /// The band, counted from 1.
    pub band: usize,
    /// Takes the place of the file's own nodata value; may be NaN.
    pub nodata: Option<f64>,
    /// Takes the place of the file's own CRS, or gives one to a file that has none.
    pub crs: Option<Crs>,
    /// Bound on the decoded blocks kept (bytes), see [`GeoTiff::cache_bytes_for_rows`].
    pub cache_bytes: usize,
}

impl Default for ReadOptions {
    fn default() -> Self {
        Self { band: 1, nodata: None, crs: None, cache_bytes: 64 << 20 }
    }
}

/// What the file says of itself.
#[derive(Debug, Clone, PartialEq)]
pub struct RasterFacts {
    /// Type of number on disk.
    pub sample: SampleType,
    /// Bands in the file.
    pub n_bands: usize,
    /// Name of the compression: "none", "lzw", "deflate", "zstd", "packbits".
    pub compression: &'static str,
    /// Whether it is tiled (otherwise it lies in strips).
    pub is_tiled: bool,
    /// Columns of a tile or strip on disk.
    pub block_cols: usize,
    /// Rows of a tile or strip on disk.
    pub block_rows: usize,
    /// The nodata value in use: the override, or else the file's own.
    pub nodata: Option<f64>,
    /// Whether the file carries an internal mask.
    pub has_mask: bool,
    /// The band's description.
    pub description: Option<String>,
    /// The band's unit, as the file words it.
    pub unit: Option<String>,
    /// The band's declared scale; reported, not applied.
    pub scale: Option<f64>,
    /// The band's declared offset; reported, not applied.
    pub offset: Option<f64>,
}

/// One band of a GeoTIFF, read by window from any number of threads.
#[derive(Debug)]
pub struct GeoTiff {
    path: PathBuf,
    frame: Frame,
    facts: RasterFacts,
}

impl GeoTiff {
    /// Opens a band (from 1) of a file. Nothing but its tags is read.
    pub fn open(path: &Path, band: usize) -> Result<Self> {
        Self::open_with(path, &ReadOptions { band, ..ReadOptions::default() })
    }

    /// Opens a file with a nodata value, CRS or cache of one's own.
    pub fn open_with(_path: &Path, _options: &ReadOptions) -> Result<Self> {
        unimplemented!()
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What the file says of itself.
    pub fn facts(&self) -> &RasterFacts {
        &self.facts
    }

    /// Bytes of cache with which windows of up to `n_rows` rows, read one beside the other over the whole
    /// width, decode no block twice. What a wide striped file read in square tiles needs.
    pub fn cache_bytes_for_rows(&self, _n_rows: usize) -> usize {
        unimplemented!()
    }
}

impl Cells for GeoTiff {
    fn frame(&self) -> &Frame {
        &self.frame
    }

    fn read(&self, _window: Window, _out: &mut [f32]) -> Result<()> {
        unimplemented!()
    }
}
