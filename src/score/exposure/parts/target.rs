//! Cells that sums down go to.

use std::ops::Range;

use crate::grid::{UNKNOWN, is_unknown};
use crate::widest::fetch_early;

use super::super::lanes::{LANES, Lanes};
use super::down::ROWS;
use super::{BLOCK_COLS, BLOCK_LANES};

/// So many blocks before they are needed, hazard and what is written over are asked for.
const BLOCKS_AHEAD: usize = 2;

/// Where sums go: rows of a panel, and the hazard that says which cells are scored.
pub struct Target<'a, 'b> {
    /// The panel's rows.
    pub rows: &'a mut [&'b mut [f32]],
    /// From the panel's first cell on.
    pub hazard: &'a [f32],
    /// Cells from one row of hazard to the next.
    pub hazard_stride: usize,
    /// Whether the sums begin the exposure or are added to it.
    pub is_first: bool,
}

impl Target<'_, '_> {
    /// Those of a block of columns.
    #[inline(always)]
    pub fn cells(&self, block: usize) -> Range<usize> {
        let n_cols = self.rows.first().map_or(0, |row| row.len());
        (block * BLOCK_COLS).min(n_cols)..((block + 1) * BLOCK_COLS).min(n_cols)
    }

    /// Whether none of these cells is scored.
    #[inline(always)]
    pub fn is_unknown(&self, mut rows: Range<usize>, cells: &Range<usize>) -> bool {
        rows.all(|row| self.hazard_of(row, cells).iter().all(|&hazard| is_unknown(hazard)))
    }

    /// Writes sums of rows; where hazard is unknown, so is exposure.
    #[inline(always)]
    pub fn put(&mut self, rows: Range<usize>, cells: &Range<usize>, sums: &[[Lanes; BLOCK_LANES]; ROWS]) {
        for (row, sums) in rows.zip(sums) {
            let hazard = &self.hazard[row * self.hazard_stride..][cells.clone()];
            let out = &mut self.rows[row][cells.clone()];
            for ((sums, hazard), out) in sums.iter().zip(hazard.chunks(LANES)).zip(out.chunks_mut(LANES)) {
                for ((&sum, &hazard), out) in sums.0.iter().zip(hazard).zip(out) {
                    let total = if self.is_first { sum } else { *out + sum };
                    *out = if is_unknown(hazard) { UNKNOWN } else { total };
                }
            }
        }
    }

    #[inline(always)]
    fn hazard_of(&self, row: usize, cells: &Range<usize>) -> &[f32] {
        &self.hazard[row * self.hazard_stride..][cells.clone()]
    }
}

/// Cells of a later block to ask for while one is summed, a row's at a time: asked for all at once they would be waited
/// for.
pub struct Later<'a, 'b, 'c> {
    target: &'a Target<'b, 'c>,
    /// Not yet asked for.
    rows: Range<usize>,
    cells: Range<usize>,
    /// Of the first of these rows, hazard has been asked for.
    has_hazard: bool,
}

impl<'a, 'b, 'c> Later<'a, 'b, 'c> {
    /// Those of the same rows, some blocks after this.
    #[inline(always)]
    pub fn of(target: &'a Target<'b, 'c>, rows: Range<usize>, block: usize) -> Self {
        Self { target, rows, cells: target.cells(block + BLOCKS_AHEAD), has_hazard: false }
    }

    /// Asks for a row's cells of one plane.
    #[inline(always)]
    pub fn fetch(&mut self) {
        let row = self.rows.start;
        if self.rows.is_empty() {
            return;
        }
        if self.has_hazard {
            fetch_early(&self.target.rows[row][self.cells.clone()]);
            self.rows.start += 1;
        } else {
            fetch_early(self.target.hazard_of(row, &self.cells));
        }
        self.has_hazard = !self.has_hazard;
    }
}
