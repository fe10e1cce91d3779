//! A tile from its cells to the bytes in the spool, on whatever thread has time.

use std::cell::RefCell;
use std::io;

use super::halve::{HALF, halve};
use super::head::TRAILER;
use super::stats::Stats;
use super::{TILE, WriteSpec};
use crate::grid::{UNKNOWN, Window, is_unknown};
use crate::io::geotiff::codec::{Codec, Packer};
use crate::widest::{widest, work};

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
    spare: Vec<u8>,
    bytes: Vec<u8>,
    /// As long as the longest can be.
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
        let mut half = if wants_half { vec![UNKNOWN; HALF * HALF] } else { Vec::new() };
        let mut stats = wants_stats.then(Stats::default);
        let mut is_blank = false;
        let (cells, stats_of, is_blank_to) = (bench.cells.as_mut_slice(), &mut stats, &mut is_blank);
        widest(Look { spec, cells, stats: stats_of, half: &mut half, is_blank: is_blank_to });
        let bytes = if is_blank { bench.blank(spec)? } else { bench.compressed(spec)? };
        let half = wants_half.then_some(half);
        Ok(Packed { index, bytes, half, stats: stats.unwrap_or_default() })
    })
}

work!(Look = look(spec: &'a WriteSpec, cells: &'a mut [f32], stats: &'a mut Option<Stats>, half: &'a mut [f32], is_blank: &'a mut bool));

/// Quantises a tile; what is asked of it is counted and halved, unless it has no known cell.
#[inline(always)]
fn look(
    spec: &WriteSpec,
    cells: &mut [f32],
    stats: &mut Option<Stats>,
    half: &mut [f32],
    is_blank: &mut bool,
) {
    spec.quantise(cells);
    *is_blank = cells.iter().all(|cell| is_unknown(*cell));
    if *is_blank {
        return;
    }
    if let Some(stats) = stats {
        *stats = Stats::of_tile(cells);
    }
    if !half.is_empty() {
        halve(cells, spec.overviews, half);
    }
}

work!(Rows = rows(spec: &'a WriteSpec, cells: &'a mut [f32], spare: &'a mut Vec<u8>, bytes: &'a mut [u8]));

/// The bytes of a tile's rows before compression; the cells are used up.
#[inline(always)]
fn rows(spec: &WriteSpec, cells: &mut [f32], spare: &mut Vec<u8>, bytes: &mut [u8]) {
    let row_bytes = TILE * spec.cell_bytes();
    for (cells, bytes) in cells.chunks_exact_mut(TILE).zip(bytes.chunks_exact_mut(row_bytes)) {
        spec.row_bytes(cells, spare, bytes);
    }
}

impl Bench {
    fn new(codec: Codec) -> io::Result<Self> {
        Ok(Self {
            codec,
            packer: Packer::new(codec)?,
            cells: Vec::new(),
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

    /// The tile's compressed bytes with their size before and their end repeated after. The cells are used up.
    fn compressed(&mut self, spec: &WriteSpec) -> io::Result<Vec<u8>> {
        self.bytes.resize(TILE * TILE * spec.cell_bytes(), 0);
        let (cells, spare, bytes) = (self.cells.as_mut_slice(), &mut self.spare, self.bytes.as_mut_slice());
        widest(Rows { spec, cells, spare, bytes });
        let most = self.packer.most_bytes(self.bytes.len());
        if self.packed.len() < most {
            self.packed.resize(most, 0);
        }
        let n = self.packer.pack(&self.bytes, &mut self.packed[..most])?;
        let packed = &self.packed[..n];
        let mut trailer = [0; TRAILER as usize];
        let end = &packed[n.saturating_sub(TRAILER as usize)..];
        trailer[..end.len()].copy_from_slice(end);
        Ok([&(n as u32).to_le_bytes()[..], packed, &trailer].concat())
    }
}
