//! What a plane holds: counts, range and sum of all its cells.

use crate::error::Result;
use crate::grid::Cells;
use crate::progress::Progress;

/// What a plane holds.
#[derive(Debug, Clone, PartialEq)]
pub struct Survey {
    /// Cells of the frame.
    pub n_cells: u64,
    /// Known cells; the counts below are of these.
    pub n_known: u64,
    /// Below zero.
    pub n_negative: u64,
    /// Exactly zero.
    pub n_zero: u64,
    /// Above one.
    pub n_above_one: u64,
    /// Whole numbers.
    pub n_whole: u64,
    /// Least value and its first cell (column, row); `None` where no cell is known.
    pub min: Option<(f32, [u64; 2])>,
    /// Greatest value and its first cell (column, row).
    pub max: Option<(f32, [u64; 2])>,
    /// Sum of the known cells.
    pub sum: f64,
}

impl Survey {
    /// Mean of the known cells.
    pub fn mean(&self) -> Option<f64> {
        (self.n_known > 0).then(|| self.sum / self.n_known as f64)
    }

    /// Share of cells that are unknown, 0..1.
    pub fn unknown_share(&self) -> f64 {
        1.0 - self.n_known as f64 / self.n_cells.max(1) as f64
    }
}

/// Surveys a plane tile by tile, in parallel. The result does not depend on the number of threads.
pub fn survey(_cells: &dyn Cells, _progress: &dyn Progress) -> Result<Survey> {
    unimplemented!()
}
