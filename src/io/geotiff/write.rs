//! The writer: windows in, a Cloud-Optimised GeoTIFF out.
//!
//! Finished tiles are compressed in parallel and appended to an unnamed spool file per level; each also gives
//! a quarter of a tile of the next overview. At the end the sizes are known, so the head can be written, and the
//! spools are copied behind it: overviews from the smallest, then the plane itself. That costs the compressed
//! size twice in disk traffic, and memory only for the tiles that still wait for cells.
//!
//! The file does not depend on the order or shape of the windows.

mod encode;
mod halve;
mod head;
mod level;
mod pack;
mod piece;
mod spec;
mod spool;
mod stats;

use std::fmt;
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use tempfile::NamedTempFile;

use self::halve::HALF;
use self::head::{Directory, LEADER, TRAILER, head_bytes};
use self::level::Level;
use self::pack::{Packed, TileCells, Within, pack};
pub use self::piece::{Piece, PieceWritten, Pieces};
pub use self::spec::{Compression, OverviewKind, WriteSample, WriteSpec, Written};
use self::stats::Stats;
use super::tags;
use crate::error::{Error, Result};
use crate::grid::{Frame, Window};
use crate::io::atomic::{beside, folder_of, put_in_place, put_in_staging};

/// Side of a tile, in cells.
const TILE: usize = 512;
/// Tiles compressed at a time: enough to keep many cores busy, 32 MiB of cells.
const BATCH: usize = 32;
/// A classic TIFF ends at 4 GiB.
const CLASSIC_END: u64 = u32::MAX as u64;

/// Writes a Cloud-Optimised GeoTIFF window by window.
pub struct GeoTiffWriter {
    path: PathBuf,
    frame: Frame,
    spec: WriteSpec,
    levels: Vec<Level>,
    /// Of each tile of level 0.
    stats: Vec<Stats>,
}

impl GeoTiffWriter {
    /// Begins a file. Nothing appears at `path` before [`GeoTiffWriter::finish`]; what is spooled meanwhile
    /// lies in unnamed files in the same folder, which must exist.
    pub fn create(path: &Path, frame: &Frame, spec: &WriteSpec) -> Result<Self> {
        let mut levels = Vec::new();
        let (mut n_cols, mut n_rows) = (frame.n_cols, frame.n_rows);
        loop {
            let level = Level::new(n_cols, n_rows, folder_of(path)).map_err(Error::io("create", path))?;
            levels.push(level);
            if n_cols.max(n_rows) <= TILE {
                break;
            }
            (n_cols, n_rows) = (n_cols.div_ceil(2), n_rows.div_ceil(2));
        }
        let stats = vec![Stats::default(); levels[0].n_tiles()];
        Ok(Self { path: path.to_path_buf(), frame: frame.clone(), spec: spec.clone(), levels, stats })
    }

    /// Takes the cells of a window inside the frame, each cell once, in any order. Windows that follow each
    /// other row by row keep about one row of 512-cell tiles a level in memory; windows aligned to 512 cells
    /// none of level 0.
    ///
    /// # Panics
    /// When the window reaches past the frame, or a cell comes twice.
    pub fn write(&mut self, window: Window, values: &[f32]) -> Result<()> {
        assert_eq!(values.len(), window.len(), "bug: one value a cell");
        if window.is_empty() {
            return Ok(());
        }
        assert_eq!(window.clipped(&self.frame), Some(window), "bug: window past the frame");
        let touched = self.levels[0].touched(window);
        for batch in touched.chunks(BATCH) {
            let mut whole = Vec::new();
            for &index in batch {
                let tile = self.levels[0].tile(index);
                let part = window.intersection(&tile).expect("the window touches it");
                if part == tile && !self.levels[0].is_waiting(index) {
                    whole.push((index, TileCells::Within(Within { part, window, values })));
                    continue;
                }
                let lines = (part.row..part.end_row()).map(|row| {
                    let from = window.offset(part.col, row);
                    &values[from..from + part.n_cols]
                });
                let cells = self.levels[0].put(index, part, lines);
                whole.extend(cells.map(|cells| (index, TileCells::Own(cells))));
            }
            self.finish_tiles(0, whole)?;
        }
        Ok(())
    }

    /// Whether every cell was written.
    pub fn is_whole(&self) -> bool {
        self.levels[0].is_whole()
    }

    /// Writes the file: head, overviews from the smallest, then the cells. What no window brought is unknown.
    pub fn finish(self) -> Result<Written> {
        self.finish_with(put_in_place)
    }

    /// [`GeoTiffWriter::finish`] for a file in a [`Staging`](crate::io::atomic::Staging), whose commit waits until it lies
    /// on the disk.
    pub fn finish_staged(self) -> Result<Written> {
        self.finish_with(put_in_staging)
    }

    fn finish_with(mut self, put: fn(NamedTempFile, &Path) -> Result<()>) -> Result<Written> {
        for batch in self.levels[0].missing().chunks(BATCH) {
            let blank =
                batch.iter().map(|&index| (index, TileCells::Own(self.levels[0].take(index)))).collect();
            self.finish_tiles(0, blank)?;
        }
        let stats = self.stats.iter().fold(Stats::default(), Stats::with);
        let mut file = beside(&self.path)?;
        let bytes = self.write_file(&stats, file.as_file_mut()).map_err(Error::io("write", &self.path))?;
        put(file, &self.path)?;
        let n_overviews = self.levels.len() - 1;
        Ok(Written { path: self.path, bytes, n_overviews, n_known: stats.n, range: stats.range })
    }

    /// Compresses and spools tiles of a level, and hands their halves to the level above.
    fn finish_tiles(&mut self, level: usize, tiles: Vec<(usize, TileCells<'_>)>) -> Result<()> {
        if tiles.is_empty() {
            return Ok(());
        }
        let spec = &self.spec;
        let has_above = level + 1 < self.levels.len();
        let spool = self.levels[level].spool();
        let done: Vec<io::Result<Packed>> = tiles
            .into_par_iter()
            .map(|(index, cells)| pack(spec, index, cells, level == 0, has_above, spool))
            .collect();
        let mut above = Vec::new();
        for done in done {
            let done = done.map_err(Error::io("write", &self.path))?;
            self.levels[level].set_done(done.index, done.place);
            if level == 0 {
                self.stats[done.index] = done.stats;
            }
            if let Some(half) = done.half {
                let full = self.put_half(level, done.index, &half);
                above.extend(full.map(|(index, cells)| (index, TileCells::Own(cells))));
            }
        }
        self.finish_tiles(level + 1, above)
    }

    /// Puts a halved tile into its place in the level above; the tile there is returned when it is full.
    fn put_half(&mut self, level: usize, index: usize, half: &[f32]) -> Option<(usize, Vec<f32>)> {
        let tile = self.levels[level].tile(index);
        let above = &mut self.levels[level + 1];
        let part = Window::new(tile.col / 2, tile.row / 2, tile.n_cols.div_ceil(2), tile.n_rows.div_ceil(2));
        let index = *above.touched(part).first().expect("a part of the level above");
        above.put(index, part, half.chunks_exact(HALF)).map(|cells| (index, cells))
    }

    fn write_file(&self, stats: &Stats, out: &mut File) -> io::Result<u64> {
        let sizes: u64 = self.levels.iter().flat_map(Level::byte_counts).map(u64::from).sum();
        // The head's length is the same whatever the positions in it are.
        let length = |big| head_bytes(&self.directories(stats, big, 0), big).len() as u64;
        let big = length(false) + sizes > CLASSIC_END;
        let head_length = length(big);
        out.write_all(&head_bytes(&self.directories(stats, big, head_length), big))?;
        for level in self.levels.iter().rev() {
            level.copy_done(out)?;
        }
        Ok(head_length + sizes)
    }

    /// The directories of all levels, their tiles lying one after the other from `first` on, the last level's
    /// first.
    fn directories(&self, stats: &Stats, big: bool, first: u64) -> Vec<Directory> {
        let mut at = first;
        let mut directories = vec![Directory::default(); self.levels.len()];
        for (i, level) in self.levels.iter().enumerate().rev() {
            let positions: Vec<u64> = level
                .byte_counts()
                .map(|n| {
                    let position = at + LEADER;
                    at += u64::from(n);
                    position
                })
                .collect();
            directories[i] = self.directory(i, level, stats, &positions, big);
        }
        directories
    }

    fn directory(&self, i: usize, level: &Level, stats: &Stats, positions: &[u64], big: bool) -> Directory {
        let mut out = Directory::default();
        let counts: Vec<u32> = level.byte_counts().map(|n| n - (LEADER + TRAILER) as u32).collect();
        let (bits, format) = match self.spec.sample {
            WriteSample::F32 => (32, 3),
            WriteSample::U8 => (8, 1),
        };
        // 1: a reduced copy of another image in the file.
        out.longs(tags::NEW_SUBFILE_TYPE, &[u32::from(i > 0)]);
        out.longs(tags::IMAGE_WIDTH, &[level.n_cols as u32]);
        out.longs(tags::IMAGE_LENGTH, &[level.n_rows as u32]);
        out.shorts(tags::BITS_PER_SAMPLE, &[bits]);
        out.shorts(tags::COMPRESSION, &[self.spec.codec().tag()]);
        let colour_map = self.spec.colour_map();
        // 1: more is brighter. 3: a colour for each value.
        out.shorts(tags::PHOTOMETRIC, &[if colour_map.is_some() { 3 } else { 1 }]);
        out.shorts(tags::SAMPLES_PER_PIXEL, &[1]);
        out.shorts(tags::PLANAR_CONFIGURATION, &[1]);
        out.shorts(tags::PREDICTOR, &[self.spec.predictor().tag()]);
        if let Some(colour_map) = colour_map {
            out.shorts(tags::COLOUR_MAP, &colour_map);
        }
        out.shorts(tags::TILE_WIDTH, &[TILE as u16]);
        out.shorts(tags::TILE_LENGTH, &[TILE as u16]);
        out.positions(tags::TILE_OFFSETS, positions, big);
        out.longs(tags::TILE_BYTE_COUNTS, &counts);
        out.shorts(tags::SAMPLE_FORMAT, &[format]);
        if i == 0 {
            let cell = self.frame.cell_size();
            let corner = self.frame.world_from_cell.translation;
            out.doubles(tags::MODEL_PIXEL_SCALE, &[cell.x, cell.y, 0.0]);
            out.doubles(tags::MODEL_TIEPOINT, &[0.0, 0.0, 0.0, corner.x, corner.y, 0.0]);
            out.shorts(tags::GEO_KEYS, &geo_keys(&self.frame));
            out.text(tags::GDAL_METADATA, &self.spec.metadata(stats, self.frame.n_cells()));
        }
        out.text(tags::GDAL_NODATA, &self.spec.nodata.to_string());
        out
    }
}

impl fmt::Debug for GeoTiffWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "GeoTiffWriter({}, {} levels)", self.path.display(), self.levels.len())
    }
}

fn geo_keys(frame: &Frame) -> [u16; 16] {
    let is_geographic = frame.crs.is_geographic();
    let (model, key) = if is_geographic {
        (tags::GEOGRAPHIC, tags::GEOGRAPHIC_CRS)
    } else {
        (tags::PROJECTED, tags::PROJECTED_CRS)
    };
    // Codes known to `Crs` are those of crate `crs-definitions`, whose keys are u16.
    let epsg = u16::try_from(frame.crs.epsg()).expect("EPSG codes in use fit 16 bits");
    let header = [1, 1, 0, 3];
    let entry = |key, value| [key, 0, 1, value];
    let mut keys = [0; 16];
    let entries = [
        header,
        entry(tags::MODEL_TYPE, model),
        entry(tags::RASTER_TYPE, tags::PIXEL_IS_AREA),
        entry(key, epsg),
    ];
    keys.copy_from_slice(entries.as_flattened());
    keys
}
