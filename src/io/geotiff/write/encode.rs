//! What a spec means in bytes: codec, predictor, cells of a tile, metadata.

use super::stats::Stats;
use super::{Compression, WriteSample, WriteSpec};
use crate::grid::{UNKNOWN, canonical, is_unknown};
use crate::io::geotiff::codec::Codec;
use crate::io::geotiff::predictor::{Predictor, floating_point_row, subtract_before};

impl WriteSpec {
    pub(super) fn codec(&self) -> Codec {
        match self.compression {
            Compression::Deflate => Codec::Deflate,
            Compression::Zstd => Codec::Zstd,
            Compression::None => Codec::None,
        }
    }

    pub(super) fn predictor(&self) -> Predictor {
        match (self.compression, self.sample) {
            (Compression::None, _) => Predictor::None,
            (_, WriteSample::F32) => Predictor::FloatingPoint,
            (_, WriteSample::U8) => Predictor::Horizontal,
        }
    }

    /// Cells as the file will hold them; what reads back as nodata is unknown from here on.
    #[inline(always)]
    pub(super) fn quantise(&self, cells: &mut [f32]) {
        let nodata = self.nodata;
        match self.sample {
            WriteSample::F32 => {
                for cell in cells {
                    let x = canonical(*cell);
                    *cell = if x == nodata { UNKNOWN } else { x };
                }
            }
            WriteSample::U8 => {
                for cell in cells {
                    let x = canonical(*cell);
                    let byte = nearest_byte(x);
                    *cell = if is_unknown(x) || byte == nodata { UNKNOWN } else { byte };
                }
            }
        }
    }

    /// Bytes of a cell on disk.
    pub(super) fn cell_bytes(&self) -> usize {
        match self.sample {
            WriteSample::F32 => 4,
            WriteSample::U8 => 1,
        }
    }

    /// A row's bytes before compression, from quantised cells into `out`. The cells are used up: unknown ones
    /// become nodata.
    #[inline(always)]
    pub(super) fn row_bytes(&self, cells: &mut [f32], spare: &mut Vec<u8>, out: &mut [u8]) {
        let nodata = self.nodata;
        for cell in &mut *cells {
            *cell = if is_unknown(*cell) { nodata } else { *cell };
        }
        match (self.sample, self.predictor()) {
            (WriteSample::F32, Predictor::None) => {
                for (bytes, cell) in out.as_chunks_mut::<4>().0.iter_mut().zip(cells) {
                    *bytes = cell.to_le_bytes();
                }
            }
            (WriteSample::F32, _) => floating_point_row(cells, spare, out),
            (WriteSample::U8, Predictor::None) => {
                out.iter_mut().zip(cells).for_each(|(byte, cell)| *byte = *cell as u8);
            }
            (WriteSample::U8, _) => {
                spare.clear();
                spare.extend(cells.iter().map(|cell| *cell as u8));
                subtract_before(spare, out);
            }
        }
    }

    /// The cells of a row's bytes after the predictor was undone: what [`WriteSpec::row_bytes`] made them of.
    pub(super) fn cells_of_row(&self, bytes: &[u8], cells: &mut [f32]) {
        match self.sample {
            WriteSample::F32 => {
                for (cell, bytes) in cells.iter_mut().zip(bytes.as_chunks::<4>().0) {
                    *cell = f32::from_le_bytes(*bytes);
                }
            }
            WriteSample::U8 => cells.iter_mut().zip(bytes).for_each(|(cell, byte)| *cell = f32::from(*byte)),
        }
        for cell in cells {
            *cell = if *cell == self.nodata { UNKNOWN } else { *cell };
        }
    }

    /// The colour map of all 256 bytes, 16 bits a channel: all reds, then all greens, then all blues. White beyond those
    /// that have a colour.
    pub(super) fn colour_map(&self) -> Option<Vec<u16>> {
        debug_assert!(self.colours.is_empty() || self.sample == WriteSample::U8, "colours are of bytes");
        let of = |channel: usize| {
            let colour =
                move |value: usize| self.colours.get(value).map_or(u8::MAX, |colour| colour[channel]);
            (0..256).map(move |value| u16::from(colour(value)) * 257)
        };
        (!self.colours.is_empty()).then(|| (0..3).flat_map(of).collect())
    }

    /// GDAL's metadata: description, unit and statistics of the band.
    pub(super) fn metadata(&self, stats: &Stats, n_cells: u64) -> String {
        let mut out = String::from("<GDALMetadata>\n");
        let mut item = |name: &str, role: &str, text: &str| {
            let role = if role.is_empty() { String::new() } else { format!(" role=\"{role}\"") };
            // GDAL undoes the escapes of XML once more after its parser has.
            let text = escaped(&escaped(text));
            out += &format!("  <Item name=\"{name}\" sample=\"0\"{role}>{text}</Item>\n");
        };
        if !self.description.is_empty() {
            item("DESCRIPTION", "description", &self.description);
        }
        if !self.unit.is_empty() {
            item("UNITTYPE", "unittype", &self.unit);
        }
        if let Some((min, max)) = stats.range {
            item("STATISTICS_MINIMUM", "", &min.to_string());
            item("STATISTICS_MAXIMUM", "", &max.to_string());
            item("STATISTICS_MEAN", "", &stats.mean.to_string());
            item("STATISTICS_STDDEV", "", &stats.deviation().to_string());
            let known = 100.0 * stats.n as f64 / n_cells as f64;
            item("STATISTICS_VALID_PERCENT", "", &known.to_string());
        }
        out + "</GDALMetadata>\n"
    }
}

/// The whole number nearest to x within 0..255, halves upward.
#[inline(always)]
fn nearest_byte(x: f32) -> f32 {
    let x = x.clamp(0.0, 255.0);
    let whole = x as u8 as f32;
    whole + f32::from(u8::from(x - whole >= 0.5))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
