//! One level of the file being written: tiles that wait for their missing cells, and a spool of those done.

use std::collections::HashMap;
use std::io::{self, Write};
use std::path::Path;

use super::TILE;
use super::spool::{Spool, Spooled};
use crate::grid::{UNKNOWN, Window, is_unknown};

/// A level: 0 is the plane itself, each further one is half the one before.
#[derive(Debug)]
pub(super) struct Level {
    pub(super) n_cols: usize,
    pub(super) n_rows: usize,
    waiting: HashMap<usize, Waiting>,
    spool: Spool,
    /// Where each tile lies in the spool, row by row; `None` until it is done.
    done: Vec<Option<Spooled>>,
}

#[derive(Debug)]
struct Waiting {
    cells: Vec<f32>,
    n_missing: usize,
}

impl Level {
    /// A level with its spool, a file without a name in `folder`.
    pub(super) fn new(n_cols: usize, n_rows: usize, folder: &Path) -> io::Result<Self> {
        let n_tiles = n_cols.div_ceil(TILE) * n_rows.div_ceil(TILE);
        Ok(Self {
            n_cols,
            n_rows,
            waiting: HashMap::new(),
            spool: Spool::new(folder)?,
            done: vec![None; n_tiles],
        })
    }

    /// Tiles in a row of tiles.
    pub(super) fn n_across(&self) -> usize {
        self.n_cols.div_ceil(TILE)
    }

    /// Tiles in all.
    pub(super) fn n_tiles(&self) -> usize {
        self.done.len()
    }

    /// Cells of the level that a tile holds.
    pub(super) fn tile(&self, index: usize) -> Window {
        let (down, across) = (index / self.n_across(), index % self.n_across());
        let (col, row) = (across * TILE, down * TILE);
        Window::new(col as i64, row as i64, TILE.min(self.n_cols - col), TILE.min(self.n_rows - row))
    }

    /// The tiles a window touches.
    pub(super) fn touched(&self, window: Window) -> Vec<usize> {
        let first = |from: i64| from as usize / TILE;
        let past = |to: i64| (to as usize).div_ceil(TILE);
        (first(window.row)..past(window.end_row()))
            .flat_map(|down| (first(window.col)..past(window.end_col())).map(move |across| (down, across)))
            .map(|(down, across)| down * self.n_across() + across)
            .collect()
    }

    /// Tiles not done yet.
    pub(super) fn missing(&self) -> Vec<usize> {
        (0..self.done.len()).filter(|&index| self.done[index].is_none()).collect()
    }

    /// A tile's cells so far, taken out; all unknown where none came.
    pub(super) fn take(&mut self, index: usize) -> Vec<f32> {
        self.waiting.remove(&index).map_or_else(|| vec![UNKNOWN; TILE * TILE], |waiting| waiting.cells)
    }

    /// Puts a rectangle of cells, given in cells of the level and inside one tile, into that tile; the tile is
    /// returned when its last cell has come.
    pub(super) fn put<'a>(
        &mut self,
        index: usize,
        part: Window,
        lines: impl Iterator<Item = &'a [f32]>,
    ) -> Option<Vec<f32>> {
        assert!(self.done[index].is_none(), "bug: cells of a finished tile were written again");
        let tile = self.tile(index);
        let waiting = self
            .waiting
            .entry(index)
            .or_insert_with(|| Waiting { cells: vec![UNKNOWN; TILE * TILE], n_missing: tile.len() });
        let mut at = (part.row - tile.row) as usize * TILE + (part.col - tile.col) as usize;
        for line in lines.take(part.n_rows) {
            waiting.cells[at..at + part.n_cols].copy_from_slice(&line[..part.n_cols]);
            at += TILE;
        }
        waiting.n_missing = waiting.n_missing.checked_sub(part.len()).expect("bug: a cell was written twice");
        (waiting.n_missing == 0).then(|| self.take(index))
    }

    /// Where finished tiles go.
    pub(super) fn spool(&self) -> &Spool {
        &self.spool
    }

    /// Notes that a tile is done: its bytes lie in the spool.
    pub(super) fn set_done(&mut self, index: usize, place: Spooled) {
        assert!(self.done[index].is_none(), "bug: cells of a finished tile were written again");
        self.done[index] = Some(place);
    }

    /// Whether some of a tile's cells have come.
    pub(super) fn is_waiting(&self, index: usize) -> bool {
        self.waiting.contains_key(&index)
    }

    /// Whether all tiles are done.
    pub(super) fn is_whole(&self) -> bool {
        self.done.iter().all(Option::is_some)
    }

    /// Whether a tile is done.
    pub(super) fn is_done(&self, index: usize) -> bool {
        self.done[index].is_some()
    }

    /// Tiles done, rising: index, bytes with leader and trailer.
    pub(super) fn done_tiles(&self) -> impl Iterator<Item = (usize, u32)> {
        self.done.iter().enumerate().filter_map(|(index, done)| done.map(|place| (index, place.n)))
    }

    /// Tiles that wait, rising: index, cells so far, how many are missing.
    pub(super) fn waiting_tiles(&self) -> Vec<(usize, &[f32], usize)> {
        let tiles = self.waiting.iter();
        let mut tiles: Vec<_> =
            tiles.map(|(index, waiting)| (*index, waiting.cells.as_slice(), waiting.n_missing)).collect();
        tiles.sort_unstable_by_key(|(index, ..)| *index);
        tiles
    }

    /// Adds the cells so far of a tile that waits elsewhere too; it is returned when its last cell has come. An error where
    /// some came twice.
    pub(super) fn merge(
        &mut self,
        index: usize,
        cells: &[f32],
        n_missing: usize,
    ) -> Result<Option<Vec<f32>>, ()> {
        if self.done[index].is_some() {
            return Err(());
        }
        let n_cells = self.tile(index).len();
        let waiting = self
            .waiting
            .entry(index)
            .or_insert_with(|| Waiting { cells: vec![UNKNOWN; TILE * TILE], n_missing: n_cells });
        waiting.n_missing = (waiting.n_missing + n_missing).checked_sub(n_cells).ok_or(())?;
        for (mine, &cell) in waiting.cells.iter_mut().zip(cells) {
            *mine = if is_unknown(cell) { *mine } else { cell };
        }
        Ok((waiting.n_missing == 0).then(|| self.take(index)))
    }

    /// Bytes of each tile with its leader and trailer, row by row; all must be done.
    pub(super) fn byte_counts(&self) -> impl ExactSizeIterator<Item = u32> {
        self.done.iter().map(|done| done.expect("every tile is done").n)
    }

    /// Copies the finished tiles behind each other, row by row, to where `out` stands.
    pub(super) fn copy_done(&self, out: &mut impl Write) -> io::Result<()> {
        self.spool.copy(self.done.iter().flatten().copied(), out)
    }
}
