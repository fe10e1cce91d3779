//! What is written and how, and what was.

use std::path::PathBuf;

use crate::units::NODATA_ON_DISK;

/// Type of number written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WriteSample {
    /// Single precision, floating-point predictor (3).
    F32,
    /// Unsigned byte, horizontal predictor (2): values are rounded and kept within 0..255.
    U8,
}

/// How blocks are compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Compression {
    /// Deflate level 4, which everything reads.
    #[default]
    Deflate,
    /// Zstandard level 1: a third of the time, not read by some older programs.
    Zstd,
    /// As it is, without predictor.
    None,
}

/// How four cells become one in the overviews.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OverviewKind {
    /// Mean of the known ones: for quantities.
    Average,
    /// The most frequent known one, of equals the first: for classes.
    Mode,
}

/// What is written, and how.
#[derive(Debug, Clone, PartialEq)]
pub struct WriteSpec {
    /// Type of number.
    pub sample: WriteSample,
    /// Compression of the blocks.
    pub compression: Compression,
    /// How overviews are made.
    pub overviews: OverviewKind,
    /// What unknown cells hold on disk.
    pub nodata: f32,
    /// The band's description.
    pub description: String,
    /// The band's unit, empty for none.
    pub unit: String,
    /// Red, green and blue of the bytes from 0 on, which programs without our styles show; none for quantities.
    pub colours: Vec<[u8; 3]>,
}

impl WriteSpec {
    /// A quantity as `f32`, nodata −9999.
    pub fn quantity(description: impl Into<String>, unit: impl Into<String>) -> Self {
        Self {
            sample: WriteSample::F32,
            compression: Compression::default(),
            overviews: OverviewKind::Average,
            nodata: NODATA_ON_DISK,
            description: description.into(),
            unit: unit.into(),
            colours: Vec::new(),
        }
    }

    /// Classes as `u8`, nodata 0.
    pub fn classes(description: impl Into<String>) -> Self {
        Self {
            sample: WriteSample::U8,
            compression: Compression::default(),
            overviews: OverviewKind::Mode,
            nodata: 0.0,
            description: description.into(),
            unit: String::new(),
            colours: Vec::new(),
        }
    }
}

/// What was written.
#[derive(Debug, Clone, PartialEq)]
pub struct Written {
    /// The file.
    pub path: PathBuf,
    /// Its size.
    pub bytes: u64,
    /// Overviews in it.
    pub n_overviews: usize,
    /// Known cells.
    pub n_known: u64,
    /// Least and greatest known value as written, `None` when no cell is known.
    pub range: Option<(f32, f32)>,
}
