//! A tile from its cells to the bytes in the spool, on whatever thread has time.

use std::cell::RefCell;
use std::io;

use super::halve::{HALF, halved};
use super::head::{LEADER, TRAILER};
use super::stats::Stats;
use super::{TILE, WriteSpec};
use crate::grid::{UNKNOWN, Window, is_unknown};
use crate::io::geotiff::codec::{Codec, Packer};

/// Cells of a tile: its own, or still in the window that brought them.
pub(super) enum TileCells<'a> {
    /// All of the tile, row by row.
    Own(Vec<f32>),
    /// The tile lies wholly in this window of values.
    Within {
        /// The cells of the tile that the level holds.
        part: Window,
        /// The window.
        window: Window,
        /// Its values.
        values: &'a [f32],
    },
}

/// A tile on its way to the spool.
pub(super) struct Packed {
    /// Which of the level's.
    pub(super) index: usize,
    /// Leader, compressed bytes and trailer.
    pub(super) bytes: Vec<u8>,
    /// Its share of the next overview.
    pub(super) half: Option<Vec<f32>>,
    /// Of its cells.
    pub(super) stats: Stats,
}

/// A thread's working memory, kept from tile to tile and from file to file.
struct Bench {
    codec: Codec,
    packer: Packer,
    cells: Vec<f32>,
    row: Vec<f32>,
    spare: Vec<u8>,
    bytes: Vec<u8>,
    packed: Vec<u8>,
    /// The last tile without a known cell, which is many tiles of a country with ragged borders: cells' size
    /// and nodata value, and its bytes.
    blank: Option<(usize, f32, Vec<u8>)>,
}

/// Quantises, counts, halves and compresses a tile.
pub(super) fn pack(
    spec: &WriteSpec,
    index: usize,
    cells: TileCells<'_>,
    wants_stats: bool,
    wants_half: bool,
) -> io::Result<Packed> {
    thread_local! {
        static BENCH: RefCell<Option<Bench>> = const { RefCell::new(None) };
    }
    BENCH.with_borrow_mut(|kept| {
        if kept.as_ref().is_none_or(|bench| bench.codec != spec.codec()) {
            *kept = Some(Bench::new(spec.codec())?);
        }
        let bench = kept.as_mut().expect("just made");
        bench.take_cells(cells);
        spec.quantise(&mut bench.cells);
        if bench.cells.iter().all(|cell| is_unknown(*cell)) {
            let half = wants_half.then(|| vec![UNKNOWN; HALF * HALF]);
            return Ok(Packed { index, bytes: bench.blank(spec)?, half, stats: Stats::default() });
        }
        let stats = if wants_stats { Stats::of_tile(&bench.cells) } else { Stats::default() };
        let half = wants_half.then(|| halved(&bench.cells, spec.overviews));
        Ok(Packed { index, bytes: bench.compressed(spec)?, half, stats })
    })
}

impl Bench {
    fn new(codec: Codec) -> io::Result<Self> {
        Ok(Self {
            codec,
            packer: Packer::new(codec)?,
            cells: Vec::new(),
            row: Vec::new(),
            spare: Vec::new(),
            bytes: Vec::new(),
            packed: Vec::new(),
            blank: None,
        })
    }

    fn take_cells(&mut self, cells: TileCells<'_>) {
        match cells {
            TileCells::Own(cells) => self.cells = cells,
            TileCells::Within { part, window, values } => {
                self.cells.resize(TILE * TILE, UNKNOWN);
                if part.len() < TILE * TILE {
                    self.cells.fill(UNKNOWN);
                }
                for (row, line) in (part.row..part.end_row()).zip(self.cells.chunks_exact_mut(TILE)) {
                    let from = window.offset(part.col, row);
                    line[..part.n_cols].copy_from_slice(&values[from..from + part.n_cols]);
                }
            }
        }
    }

    fn blank(&mut self, spec: &WriteSpec) -> io::Result<Vec<u8>> {
        if let Some((cell_bytes, nodata, bytes)) = &self.blank
            && *cell_bytes == spec.cell_bytes()
            && nodata.to_bits() == spec.nodata.to_bits()
        {
            return Ok(bytes.clone());
        }
        let bytes = self.compressed(spec)?;
        self.blank = Some((spec.cell_bytes(), spec.nodata, bytes.clone()));
        Ok(bytes)
    }

    /// The tile's compressed bytes with their size before and their end repeated after.
    fn compressed(&mut self, spec: &WriteSpec) -> io::Result<Vec<u8>> {
        let row_bytes = TILE * spec.cell_bytes();
        self.bytes.resize(TILE * row_bytes, 0);
        for (cells, bytes) in self.cells.chunks_exact(TILE).zip(self.bytes.chunks_exact_mut(row_bytes)) {
            self.row.clear();
            self.row.extend_from_slice(cells);
            spec.row_bytes(&mut self.row, &mut self.spare, bytes);
        }
        self.packed.clear();
        self.packed.extend([0; LEADER as usize]);
        self.packer.pack(&self.bytes, &mut self.packed)?;
        let n = self.packed.len() - LEADER as usize;
        self.packed[..LEADER as usize].copy_from_slice(&(n as u32).to_le_bytes());
        let end = n.saturating_sub(TRAILER as usize) + LEADER as usize;
        let mut trailer = [0; TRAILER as usize];
        trailer[..self.packed.len() - end].copy_from_slice(&self.packed[end..]);
        self.packed.extend(trailer);
        Ok(self.packed.clone())
    }
}
