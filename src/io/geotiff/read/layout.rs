//! How an image lies in its file: size, type, blocks, and where each block is.

use super::directory::{Directory, Source};
use super::facts::SampleType;
use crate::error::{Error, Result};
use crate::io::geotiff::codec::Codec;
use crate::io::geotiff::predictor::Predictor;
use crate::io::geotiff::tags;

/// The largest block that is decoded, in bytes. A file in one compressed piece cannot be read by windows.
const MAX_BLOCK_BYTES: u64 = 1 << 30;
/// An uncompressed strip is read in parts of about this many bytes.
const PART_BYTES: u64 = 1 << 20;
/// Columns and rows beyond this are refused: cell indices must fit with room to spare.
const MAX_SIDE: u64 = i32::MAX as u64;

/// The layout of one image, checked against the length of the file.
#[derive(Debug)]
pub(super) struct Layout {
    pub(super) n_cols: usize,
    pub(super) n_rows: usize,
    pub(super) n_bands: usize,
    pub(super) sample: SampleType,
    pub(super) codec: Codec,
    pub(super) predictor: Predictor,
    pub(super) is_tiled: bool,
    /// Whether each band has blocks of its own.
    pub(super) is_planar: bool,
    pub(super) block_cols: usize,
    /// Rows of a block as it is read: parts of a strip where that is not compressed.
    pub(super) block_rows: usize,
    /// Rows of a tile or strip.
    pub(super) block_rows_on_disk: usize,
    offsets: Vec<u64>,
    byte_counts: Vec<u64>,
}

impl Layout {
    /// The layout that a directory declares, or why it cannot be read.
    pub(super) fn of(source: &Source, directory: &Directory) -> Result<Self> {
        let number = |tag, default: u64| directory.number(source, tag).map(|value| value.unwrap_or(default));
        let (n_cols, n_rows) = (number(tags::IMAGE_WIDTH, 0)?, number(tags::IMAGE_LENGTH, 0)?);
        if n_cols == 0 || n_rows == 0 || n_cols > MAX_SIDE || n_rows > MAX_SIDE {
            return Err(source.damaged(format!("an image of {n_cols} x {n_rows} cells")));
        }
        let n_bands = number(tags::SAMPLES_PER_PIXEL, 1)?;
        let sample = sample_type(source, directory)?;
        let (codec, predictor) = codec_of(source, directory, sample)?;
        let is_planar = number(tags::PLANAR_CONFIGURATION, 1)? == 2;
        let tile_cols = directory.number(source, tags::TILE_WIDTH)?;
        let is_tiled = tile_cols.is_some();
        let block_cols = tile_cols.unwrap_or(n_cols);
        let block_rows = match is_tiled {
            true => number(tags::TILE_LENGTH, 0)?,
            false => number(tags::ROWS_PER_STRIP, n_rows)?.min(n_rows),
        };
        if block_cols == 0 || block_rows == 0 || n_bands == 0 || block_cols.max(block_rows) > MAX_SIDE {
            let found = format!("{n_bands} bands in blocks of {block_cols} x {block_rows} cells");
            return Err(source.damaged(found));
        }
        let (offsets_tag, counts_tag) = match is_tiled {
            true => (tags::TILE_OFFSETS, tags::TILE_BYTE_COUNTS),
            false => (tags::STRIP_OFFSETS, tags::STRIP_BYTE_COUNTS),
        };
        let offsets = directory.numbers(source, offsets_tag)?.unwrap_or_default();
        let byte_counts = directory.numbers(source, counts_tag)?.unwrap_or_default();
        let n_planes = if is_planar { n_bands } else { 1 };
        let n_blocks = n_cols.div_ceil(block_cols).saturating_mul(n_rows.div_ceil(block_rows));
        if [offsets.len(), byte_counts.len()].iter().any(|&n| n as u64 != n_blocks.saturating_mul(n_planes)) {
            let found = format!(
                "{n_cols} x {n_rows} cells in blocks of {block_cols} x {block_rows}, but the places of {} and sizes of {} blocks",
                offsets.len(),
                byte_counts.len()
            );
            return Err(source.damaged(found));
        }
        let mut layout = Self {
            n_cols: n_cols as usize,
            n_rows: n_rows as usize,
            n_bands: usize::try_from(n_bands).unwrap_or(usize::MAX),
            sample,
            codec,
            predictor,
            is_tiled,
            is_planar,
            block_cols: block_cols as usize,
            block_rows: block_rows as usize,
            block_rows_on_disk: block_rows as usize,
            offsets,
            byte_counts,
        };
        layout.check_blocks(source)?;
        layout.divide_strips();
        Ok(layout)
    }

    /// Blocks in a row of blocks.
    pub(super) fn n_across(&self) -> usize {
        self.n_cols.div_ceil(self.block_cols)
    }

    /// Blocks in a column, as they are read.
    pub(super) fn n_down(&self) -> usize {
        self.n_rows.div_ceil(self.block_rows)
    }

    /// Samples of one pixel in a block.
    pub(super) fn stride(&self) -> usize {
        if self.is_planar { 1 } else { self.n_bands }
    }

    /// Bytes of one row of a block.
    pub(super) fn row_bytes(&self) -> usize {
        (self.block_cols * self.stride() * self.sample.n_bits()).div_ceil(8)
    }

    /// Rows of a block that are in the file: a last strip is shorter, a last tile is not.
    pub(super) fn rows_in_block(&self, down: usize) -> usize {
        match self.is_tiled {
            true => self.block_rows,
            false => self.block_rows.min(self.n_rows - down * self.block_rows),
        }
    }

    /// Position and size in bytes of a block as it is read, `None` where it is sparse.
    pub(super) fn place(&self, band: usize, across: usize, down: usize) -> Option<(u64, u64)> {
        let parts = self.block_rows_on_disk.div_ceil(self.block_rows);
        let (on_disk, part) = (down / parts, down % parts);
        let n_down = self.n_rows.div_ceil(self.block_rows_on_disk);
        let plane = if self.is_planar { band * n_down * self.n_across() } else { 0 };
        let index = plane + on_disk * self.n_across() + across;
        let (at, n) = (self.offsets[index], self.byte_counts[index]);
        if at == 0 || n == 0 {
            return None;
        }
        let part_bytes = (self.block_rows * self.row_bytes()) as u64;
        let before = part as u64 * part_bytes;
        Some(if parts == 1 { (at, n) } else { (at + before, n.saturating_sub(before).min(part_bytes)) })
    }

    fn check_blocks(&self, source: &Source) -> Result<()> {
        let bits = (self.block_cols as u64)
            .checked_mul(self.stride() as u64)
            .and_then(|n| n.checked_mul(self.sample.n_bits() as u64));
        let bytes = bits.and_then(|bits| bits.div_ceil(8).checked_mul(self.block_rows as u64));
        let is_divisible = !self.is_tiled && self.codec == Codec::None;
        let row_bytes = bits.unwrap_or(u64::MAX).div_ceil(8);
        let needed = if is_divisible { Some(row_bytes) } else { bytes };
        let Some(bytes) = bytes.filter(|_| needed.is_some_and(|n| n <= MAX_BLOCK_BYTES)) else {
            let found = format!("pieces of {} x {} cells", self.block_cols, self.block_rows);
            let fix = "rewrite it in tiles: `gdal_translate -co TILED=YES -co COMPRESS=DEFLATE IN OUT.tif`";
            let expected = "tiles or strips of at most 1 GiB";
            return Err(source.fault("tiff.block_size", expected, found, fix).into());
        };
        let n_across = self.n_across();
        let n_down = self.n_down();
        for (i, (&at, &n)) in self.offsets.iter().zip(&self.byte_counts).enumerate() {
            if at == 0 || n == 0 {
                continue;
            }
            if at.checked_add(n).is_none_or(|end| end > source.length) {
                let found = format!("{} bytes, but a block of {n} bytes from byte {at} on", source.length);
                return Err(source.damaged(found));
            }
            let rows = self.rows_in_block(i / n_across % n_down) as u64;
            let needed = bytes / self.block_rows as u64 * rows;
            if n.saturating_mul(self.codec.max_expansion()).saturating_add(1 << 16) < needed {
                let found = format!("a block of {n} bytes that is said to hold {needed}");
                return Err(source.damaged(found));
            }
        }
        Ok(())
    }

    /// Cuts strips that are not compressed into parts, so that a file in one strip is read by windows too.
    fn divide_strips(&mut self) {
        if self.is_tiled || self.codec != Codec::None {
            return;
        }
        let wanted = (PART_BYTES / self.row_bytes() as u64).clamp(1, self.block_rows as u64) as usize;
        if self.n_rows <= self.block_rows {
            // A single strip may be cut anywhere.
            self.block_rows_on_disk = self.n_rows.next_multiple_of(wanted);
            self.block_rows = wanted;
        } else {
            let divides = |n: &usize| self.block_rows.is_multiple_of(*n);
            self.block_rows = (1..=wanted).rev().find(divides).unwrap_or(1);
        }
    }
}

fn sample_type(source: &Source, directory: &Directory) -> Result<SampleType> {
    let bits = directory.numbers(source, tags::BITS_PER_SAMPLE)?.unwrap_or_else(|| vec![1]);
    let formats = directory.numbers(source, tags::SAMPLE_FORMAT)?.unwrap_or_else(|| vec![1]);
    let same = |values: &[u64]| values.iter().all(|value| *value == values[0]);
    let fill_order = directory.number(source, tags::FILL_ORDER)?.unwrap_or(1);
    let known = match (&bits[..], &formats[..]) {
        ([bits_each, ..], [format, ..]) if same(&bits) && same(&formats) && fill_order == 1 => {
            SampleType::from_tags(*bits_each, *format)
        }
        _ => None,
    };
    known.ok_or_else(|| {
        let expected = "integers of 8, 16 or 32 bits or floats of 32 or 64 bits, the same in all bands";
        let found = format!("bits {bits:?}, sample format {formats:?}, fill order {fill_order}");
        let fix = "convert it with `gdal_translate -ot Float32 IN OUT.tif`";
        source.fault("tiff.sample_type", expected, found, fix).into()
    })
}

fn codec_of(source: &Source, directory: &Directory, sample: SampleType) -> Result<(Codec, Predictor)> {
    let fix = "convert it with `gdal_translate -co COMPRESS=DEFLATE -co TILED=YES IN OUT.tif`";
    let number = directory.number(source, tags::COMPRESSION)?.unwrap_or(1);
    let codec = Codec::from_tag(number).ok_or_else(|| -> Error {
        let name = match number {
            6 | 7 => "jpeg",
            34887 => "lerc",
            50001 => "webp",
            34712 => "jpeg 2000",
            _ => "unknown",
        };
        let expected = "compression none, lzw, deflate, zstd or packbits";
        source.fault("tiff.compression", expected, format!("compression {number} ({name})"), fix).into()
    })?;
    let number = directory.number(source, tags::PREDICTOR)?.unwrap_or(1);
    // Writers may leave a predictor beside a compression it has no meaning for.
    let applies = matches!(codec, Codec::Lzw | Codec::Deflate | Codec::Zstd);
    let predictor = if applies { Predictor::from_tag(number) } else { Some(Predictor::None) };
    let fits = |predictor: &Predictor| match predictor {
        Predictor::None => true,
        Predictor::Horizontal => sample != SampleType::Bit,
        Predictor::FloatingPoint => sample.is_float(),
    };
    let predictor = predictor.filter(fits).ok_or_else(|| -> Error {
        let expected = "predictor 1, 2 or 3 (floats only)";
        source.fault("tiff.predictor", expected, format!("predictor {number} on {sample:?}"), fix).into()
    })?;
    Ok((codec, predictor))
}
