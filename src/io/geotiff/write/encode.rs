//! What a spec means in bytes: codec, predictor, cells of a tile, metadata.

use super::stats::Stats;
use super::{Compression, TILE, WriteSample, WriteSpec};
use crate::grid::{UNKNOWN, canonical, is_unknown};
use crate::io::geotiff::codec::Codec;
use crate::io::geotiff::predictor::{Predictor, floating_point_tile, horizontal_tile};

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
    pub(super) fn quantise(&self, cells: &mut [f32]) {
        for cell in cells {
            if is_unknown(canonical(*cell)) {
                *cell = UNKNOWN;
                continue;
            }
            if self.sample == WriteSample::U8 {
                *cell = cell.round().clamp(0.0, 255.0);
            }
            if *cell == self.nodata {
                *cell = UNKNOWN;
            }
        }
    }

    /// A tile's bytes before compression.
    pub(super) fn tile_bytes(&self, cells: &[f32]) -> Vec<u8> {
        let on_disk = cells.iter().map(|&cell| if is_unknown(cell) { self.nodata } else { cell });
        match (self.sample, self.predictor()) {
            (WriteSample::F32, Predictor::None) => on_disk.flat_map(f32::to_le_bytes).collect(),
            (WriteSample::F32, _) => floating_point_tile(on_disk, TILE),
            (WriteSample::U8, Predictor::None) => on_disk.map(|value| value as u8).collect(),
            (WriteSample::U8, _) => horizontal_tile(on_disk.map(|value| value as u8), TILE),
        }
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

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
