//! A plane laid onto a larger frame: its cells are known there, all others are unknown.

use super::{CellStore, Cells, Frame, MemoryCells, Window};
use crate::error::Result;

/// A plane of its own size whose first cell is some cell of a larger frame.
#[derive(Debug)]
pub struct Placed<C> {
    frame: Frame,
    col: i64,
    row: i64,
    plane: C,
}

impl<C: Cells> Placed<C> {
    /// Lays a plane onto `frame` with its first cell at (`col`, `row`). What its own frame says beside its size means
    /// nothing then.
    pub fn new(frame: Frame, col: i64, row: i64, plane: C) -> Self {
        Self { frame, col, row, plane }
    }

    fn shifted(&self, window: Window) -> Window {
        Window { col: window.col - self.col, row: window.row - self.row, ..window }
    }
}

impl Placed<MemoryCells> {
    /// A plane in memory over a part of `frame`, all unknown.
    pub fn in_memory(frame: Frame, part: Window) -> Self {
        let plane = MemoryCells::new(sized(&frame, part.n_cols, part.n_rows));
        Self::new(frame, part.col, part.row, plane)
    }
}

/// The frame with another number of cells.
pub fn sized(frame: &Frame, n_cols: usize, n_rows: usize) -> Frame {
    Frame { n_cols, n_rows, ..frame.clone() }
}

impl<C: Cells> Cells for Placed<C> {
    fn frame(&self) -> &Frame {
        &self.frame
    }

    fn read(&self, window: Window, out: &mut [f32]) -> Result<()> {
        self.plane.read(self.shifted(window), out)
    }
}

impl<C: CellStore> CellStore for Placed<C> {
    fn write(&self, window: Window, values: &[f32]) -> Result<()> {
        self.plane.write(self.shifted(window), values)
    }
}
