//! What is asked of a file, and what it says of itself.

use crate::grid::Crs;

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

impl SampleType {
    /// The type of a file's bits and sample format (1 unsigned, 2 signed, 3 float).
    pub(super) fn from_tags(bits: u64, format: u64) -> Option<Self> {
        match (bits, format) {
            // 4, "undefined", is what some writers put on bytes and masks.
            (1, 1 | 4) => Some(Self::Bit),
            (8, 1 | 4) => Some(Self::U8),
            (8, 2) => Some(Self::I8),
            (16, 1) => Some(Self::U16),
            (16, 2) => Some(Self::I16),
            (32, 1) => Some(Self::U32),
            (32, 2) => Some(Self::I32),
            (32, 3) => Some(Self::F32),
            (64, 3) => Some(Self::F64),
            _ => None,
        }
    }

    /// Bits of one number.
    pub(super) fn n_bits(self) -> usize {
        match self {
            Self::Bit => 1,
            Self::U8 | Self::I8 => 8,
            Self::U16 | Self::I16 => 16,
            Self::U32 | Self::I32 | Self::F32 => 32,
            Self::F64 => 64,
        }
    }

    /// Whether it is a floating-point type.
    pub(super) fn is_float(self) -> bool {
        matches!(self, Self::F32 | Self::F64)
    }
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
    /// Bound on the decoded blocks kept (bytes), see
    /// [`GeoTiff::cache_bytes_for_rows`](super::super::GeoTiff::cache_bytes_for_rows).
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
    /// The band's declared statistics.
    pub statistics: Option<Statistics>,
}

/// What a file declares about its band's known values.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Statistics {
    /// Least value.
    pub least: f64,
    /// Greatest value.
    pub greatest: f64,
    /// Mean.
    pub mean: f64,
    /// Standard deviation.
    pub deviation: f64,
}
