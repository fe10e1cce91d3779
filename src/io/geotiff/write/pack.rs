//! A tile from its cells into the spool, on whatever thread has time.

use std::cell::RefCell;
use std::io;

use super::halve::{HALF, halve};
use super::head::{LEADER, TRAILER};
use super::spool::{Spool, Spooled};
use super::stats::Stats;
use super::{TILE, WriteSpec};
use crate::grid::{UNKNOWN, Window, is_unknown};
use crate::io::geotiff::codec::{Codec, Packer};
use crate::widest::{widest, work};

/// Cells of a tile: its own, or still in the window that brought them.
pub(super) enum TileCells<'a> {
    /// All of the tile, row by row.
    Own(Vec<f32>),
    /// As part of a window.
    Within(Within<'a>),
}

/// A tile in the spool.
pub(super) struct Packed {
    /// Which of the level's.
    pub(super) index: usize,
    /// Where it lies.
    pub(super) place: Spooled,
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
    /// Leader, compressed bytes and trailer; as long as the longest can be.
    packed: Vec<u8>,
    /// The last tile without a known cell, which is many tiles of a country with ragged borders: cells' size
    /// and nodata value, and its bytes.
    blank: Option<(usize, f32, Vec<u8>)>,
}

/// Quantises, counts, halves and compresses a tile, and puts it into the spool.
pub(super) fn pack(
    spec: &WriteSpec,
    index: usize,
    cells: TileCells<'_>,
    wants_stats: bool,
    wants_half: bool,
    spool: &Spool,
) -> io::Result<Packed> {
    thread_local! {
        static BENCH: RefCell<Option<Bench>> = const { RefCell::new(None) };
    }
    BENCH.with_borrow_mut(|kept| {
        if kept.as_ref().is_none_or(|bench| bench.codec != spec.codec()) {
            *kept = Some(Bench::new(spec.codec())?);
        }
        let bench = kept.as_mut().expect("just made");
        let from = bench.place_cells(cells);
        let mut half = if wants_half { vec![UNKNOWN; HALF * HALF] } else { Vec::new() };
        let mut stats = wants_stats.then(Stats::default);
        let mut is_blank = false;
        let (cells, stats_of, is_blank_to) = (bench.cells.as_mut_slice(), &mut stats, &mut is_blank);
        widest(Look { spec, from, cells, stats: stats_of, half: &mut half, is_blank: is_blank_to });
        let place = spool.append(if is_blank { bench.blank(spec)? } else { bench.compressed(spec)? })?;
        let half = wants_half.then_some(half);
        Ok(Packed { index, place, half, stats: stats.unwrap_or_default() })
    })
}

work!(Look = look(spec: &'a WriteSpec, from: Option<Within<'a>>, cells: &'a mut [f32], stats: &'a mut Option<Stats>, half: &'a mut [f32], is_blank: &'a mut bool));

/// Quantises a tile, its cells brought first where they lie elsewhere, and counts and halves it if asked: two rows at a
/// time, which stay near.
#[inline(always)]
fn look(
    spec: &WriteSpec,
    from: Option<Within<'_>>,
    cells: &mut [f32],
    stats: &mut Option<Stats>,
    half: &mut [f32],
    is_blank: &mut bool,
) {
    *is_blank = true;
    for (i, rows) in cells.chunks_exact_mut(2 * TILE).enumerate() {
        if let Some(from) = &from {
            from.bring(2 * i, rows);
        }
        spec.quantise(rows);
        *is_blank &= rows.iter().all(|cell| is_unknown(*cell));
        if let Some(stats) = stats {
            // No `fold`: what it calls would not be compiled for wide vectors.
            for row in rows.chunks_exact(TILE) {
                *stats = stats.with(&Stats::of(row));
            }
        }
        if !half.is_empty() {
            halve(rows, spec.overviews, &mut half[i * HALF..(i + 1) * HALF]);
        }
    }
}

/// Cells of a tile that lie in a window of values.
#[derive(Clone, Copy)]
pub(super) struct Within<'a> {
    /// The cells of the tile that the level holds, which lie wholly in the window.
    pub(super) part: Window,
    /// The window.
    pub(super) window: Window,
    /// Its values.
    pub(super) values: &'a [f32],
}

impl Within<'_> {
    /// Brings two rows of the tile, `first` and the one behind it.
    #[inline(always)]
    fn bring(&self, first: usize, rows: &mut [f32]) {
        let Self { part, window, values } = self;
        for (row, line) in (part.row + first as i64..).zip(rows.chunks_exact_mut(TILE)) {
            let n_cols = if row < part.end_row() { part.n_cols } else { 0 };
            let (inside, outside) = line.split_at_mut(n_cols);
            if n_cols > 0 {
                inside.copy_from_slice(&values[window.offset(part.col, row)..][..n_cols]);
            }
            outside.fill(UNKNOWN);
        }
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

    /// Has the cells at hand, or room for them: back comes where they are to be brought from.
    fn place_cells<'a>(&mut self, cells: TileCells<'a>) -> Option<Within<'a>> {
        match cells {
            TileCells::Own(cells) => {
                self.cells = cells;
                None
            }
            TileCells::Within(from) => {
                self.cells.resize(TILE * TILE, UNKNOWN);
                Some(from)
            }
        }
    }

    fn blank(&mut self, spec: &WriteSpec) -> io::Result<&[u8]> {
        let is_same = |(cell_bytes, nodata, _): &(usize, f32, Vec<u8>)| {
            *cell_bytes == spec.cell_bytes() && nodata.to_bits() == spec.nodata.to_bits()
        };
        if !self.blank.as_ref().is_some_and(is_same) {
            let bytes = self.compressed(spec)?.to_vec();
            self.blank = Some((spec.cell_bytes(), spec.nodata, bytes));
        }
        Ok(self.blank.as_ref().map_or(&[], |(.., bytes)| bytes))
    }

    /// The tile's compressed bytes with their size before and their end repeated after. The cells are used up.
    fn compressed(&mut self, spec: &WriteSpec) -> io::Result<&[u8]> {
        self.bytes.resize(TILE * TILE * spec.cell_bytes(), 0);
        let (cells, spare, bytes) = (self.cells.as_mut_slice(), &mut self.spare, self.bytes.as_mut_slice());
        widest(Rows { spec, cells, spare, bytes });
        let (before, after) = (LEADER as usize, TRAILER as usize);
        let most = before + self.packer.most_bytes(self.bytes.len());
        if self.packed.len() < most + after {
            self.packed.resize(most + after, 0);
        }
        let n = self.packer.pack(&self.bytes, &mut self.packed[before..most])?;
        self.packed[..before].copy_from_slice(&(n as u32).to_le_bytes());
        let end = before + n;
        self.packed[end..end + after].fill(0);
        self.packed.copy_within(end - n.min(after)..end, end);
        Ok(&self.packed[..end + after])
    }
}
