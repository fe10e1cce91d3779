//! What a plane holds: counts, range and sum of all its cells.

use rayon::prelude::*;

use crate::error::Result;
use crate::grid::{Cells, Tiling, Window, is_unknown};
use crate::progress::Progress;

/// Side of the blocks that are summed on their own. They are anchored at the grid's corner and added in their
/// order, so that the sum is the same on any number of threads.
const BLOCK: usize = 1024;
/// Blocks read at once: bounds memory to some 128 MiB whatever the number of threads.
const AT_ONCE: usize = 32;

/// What a plane holds.
#[derive(Debug, Clone, Default, PartialEq)]
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
    /// Least value and its first cell (column, row), row by row; `None` where no cell is known.
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

    fn of_block(window: Window, values: &[f32]) -> Self {
        let mut out = Self { n_cells: values.len() as u64, ..Self::default() };
        for (i, &value) in values.iter().enumerate() {
            if is_unknown(value) {
                continue;
            }
            out.n_known += 1;
            out.n_negative += u64::from(value < 0.0);
            out.n_zero += u64::from(value == 0.0);
            out.n_above_one += u64::from(value > 1.0);
            out.n_whole += u64::from(value.fract() == 0.0);
            out.sum += f64::from(value);
            let cell = || {
                let (col, row) = (i % window.n_cols, i / window.n_cols);
                [window.col as u64 + col as u64, window.row as u64 + row as u64]
            };
            if out.min.is_none_or(|(min, _)| value < min) {
                out.min = Some((value, cell()));
            }
            if out.max.is_none_or(|(max, _)| value > max) {
                out.max = Some((value, cell()));
            }
        }
        out
    }

    fn add(&mut self, other: &Self) {
        self.n_cells += other.n_cells;
        self.n_known += other.n_known;
        self.n_negative += other.n_negative;
        self.n_zero += other.n_zero;
        self.n_above_one += other.n_above_one;
        self.n_whole += other.n_whole;
        self.sum += other.sum;
        self.min = extreme(self.min, other.min, |a, b| a < b);
        self.max = extreme(self.max, other.max, |a, b| a > b);
    }
}

/// Surveys a plane block by block, in parallel. The result does not depend on the number of threads.
pub fn survey(cells: &dyn Cells, progress: &dyn Progress) -> Result<Survey> {
    let blocks: Vec<Window> = Tiling::new(cells.frame(), BLOCK).tiles().collect();
    progress.start("survey", blocks.len() as u64);
    let mut total = Survey::default();
    for batch in blocks.chunks(AT_ONCE) {
        progress.check()?;
        let surveys: Vec<Result<Survey>> = batch
            .par_iter()
            .map(|&window| {
                let survey = Survey::of_block(window, &cells.read_vec(window)?);
                progress.advance(1);
                Ok(survey)
            })
            .collect();
        for survey in surveys {
            total.add(&survey?);
        }
    }
    progress.finish();
    Ok(total)
}

type At = Option<(f32, [u64; 2])>;

/// The one further out; of equals the one in the earlier row, then column.
fn extreme(a: At, b: At, is_further: impl Fn(f32, f32) -> bool) -> At {
    let (Some((x, [x_col, x_row])), Some((y, [y_col, y_row]))) = (a, b) else {
        return a.or(b);
    };
    let is_b = is_further(y, x) || !is_further(x, y) && (y_row, y_col) < (x_row, x_col);
    if is_b { b } else { a }
}
