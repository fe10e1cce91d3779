//! Planes of results held whole in memory, for programs that take them from there.

use rayon::prelude::*;

use super::{Plane, PlaneSink};
use crate::error::Result;
use crate::grid::{Frame, Window, is_unknown};

/// Rows that a thread takes at a time.
const ROWS_AT_ONCE: usize = 32;

/// Keeps the planes that are wanted, of (rows, columns) row by row: `f32` with NaN where a cell is not scored, classes
/// as `u8` with 0 there, as on disk.
///
/// Memory: 4 bytes a cell for each plane, 1 for classes. It is touched only as tiles come in.
#[derive(Debug)]
pub struct MemorySink {
    n_cols: usize,
    n_cells: usize,
    planes: Vec<Held>,
}

#[derive(Debug)]
struct Held {
    plane: Plane,
    cells: HeldCells,
    n_put: usize,
}

/// A plane of results in memory.
#[derive(Debug, Clone, PartialEq)]
pub enum HeldCells {
    /// Quantities, NaN where not scored.
    Reals(Vec<f32>),
    /// Classes, 0 where not scored.
    Classes(Vec<u8>),
}

impl MemorySink {
    /// For planes on a frame; others are passed over.
    pub fn new(frame: &Frame, wanted: &[Plane]) -> Self {
        let n_cells = frame.n_cells() as usize;
        let held = |&plane: &Plane| {
            let cells = match plane {
                Plane::Class => HeldCells::Classes(vec![0; n_cells]),
                _ => HeldCells::Reals(vec![0.0; n_cells]),
            };
            Held { plane, cells, n_put: 0 }
        };
        Self { n_cols: frame.n_cols, n_cells, planes: wanted.iter().map(held).collect() }
    }

    /// The planes, in the order asked for; none that was not handed out whole (acceptability without robustness, say).
    pub fn into_planes(self) -> Vec<(Plane, HeldCells)> {
        let n_cells = self.n_cells;
        let whole = self.planes.into_iter().filter(|held| held.n_put == n_cells);
        whole.map(|held| (held.plane, held.cells)).collect()
    }
}

impl PlaneSink for MemorySink {
    fn put(&mut self, plane: Plane, window: Window, values: &[f32]) -> Result<()> {
        let n_cols = self.n_cols;
        let Some(held) = self.planes.iter_mut().find(|held| held.plane == plane) else { return Ok(()) };
        held.n_put += window.len();
        let rows = window.row as usize * n_cols..window.end_row() as usize * n_cols;
        let columns = window.col as usize..window.end_col() as usize;
        let lines = values.par_chunks_exact(window.n_cols).with_min_len(ROWS_AT_ONCE);
        match &mut held.cells {
            HeldCells::Reals(cells) => {
                cells[rows].par_chunks_exact_mut(n_cols).zip(lines).for_each(|(to, line)| {
                    let real = |value: f32| if is_unknown(value) { f32::NAN } else { value };
                    to[columns.clone()].iter_mut().zip(line).for_each(|(to, &value)| *to = real(value));
                })
            }
            HeldCells::Classes(cells) => {
                cells[rows].par_chunks_exact_mut(n_cols).zip(lines).for_each(|(to, line)| {
                    let class = |value: f32| if is_unknown(value) { 0 } else { value as u8 };
                    to[columns.clone()].iter_mut().zip(line).for_each(|(to, &value)| *to = class(value));
                })
            }
        }
        Ok(())
    }
}
