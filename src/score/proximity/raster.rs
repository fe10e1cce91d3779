//! `proximity` to cells of a raster layer: exact Euclidean distance (m) between cell centres, in linear time.
//!
//! A feature is a cell that holds one of the given codes, or any known value other than 0 where none are given;
//! unknown cells are no features. On a map (Felzenszwalb & Huttenlocher 2012): down the columns the rows to the
//! nearest feature, then along each row the lower envelope of the parabolas (Δcol)² + q·g², q = (height / width)² of a
//! cell. With square cells these are whole numbers in `f64`, exact, and no result depends on bands or threads. In a
//! geographic CRS see `ellipsoid.rs`. One scratch plane is all that is kept: `to` holds the first sweep on the way.
//! Known everywhere. Always computed natively: the sweeps run over whole columns and rows, which no tile holds.

use rayon::prelude::*;

use crate::error::{Fault, Result};
use crate::grid::{CellStore, Cells, Window, is_unknown};
use crate::progress::Progress;
use crate::score::widest::{widest, work};

use super::ellipsoid;

/// In place of a distance: no feature in this column, or row.
pub(super) const NONE: f32 = -1.0;

/// Rows of a band, at most: a few thousand cells a thread at least, and what memory allows.
const MOST_ROWS: usize = 256;

/// Which cells distances are taken to.
#[derive(Clone, Copy)]
pub struct FeatureCells<'a> {
    /// The layer, on the frame.
    pub cells: &'a dyn Cells,
    /// Its codes that are features; all known values other than 0 where there are none.
    pub codes: &'a [i32],
}

impl FeatureCells<'_> {
    /// Whether a value makes a feature.
    pub fn holds(&self, value: f32) -> bool {
        if is_unknown(value) {
            return false;
        }
        if self.codes.is_empty() {
            value.abs() > 0.0
        } else {
            self.codes.iter().any(|code| *code as f32 == value)
        }
    }

    /// Whether there is a feature at all.
    pub fn is_any(&self) -> Result<bool> {
        let frame = self.cells.frame();
        let n_rows = band_rows(frame.n_cols, 64 << 20);
        for row in (0..frame.n_rows).step_by(n_rows) {
            let band = Window::new(0, row as i64, frame.n_cols, n_rows.min(frame.n_rows - row));
            if self.cells.read_vec(band)?.iter().any(|value| self.holds(*value)) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// Rows of a band that takes about a quarter of the memory.
fn band_rows(n_cols: usize, memory_bytes: usize) -> usize {
    (memory_bytes / 16 / n_cols.max(1)).clamp(1, MOST_ROWS)
}

/// Distances (m) to the nearest feature cell into `to`, taking about `memory_bytes` on the way.
///
/// # Errors
/// `score.no_features` where there is no feature; what layer or plane raise.
pub fn proximity_to_cells(
    features: FeatureCells<'_>,
    to: &dyn CellStore,
    memory_bytes: usize,
    progress: &dyn Progress,
) -> Result<()> {
    let frame = features.cells.frame();
    let found = if frame.crs.is_geographic() {
        ellipsoid::distances(features, to, memory_bytes, progress)?
    } else {
        distances(features, to, memory_bytes, progress)?
    };
    if !found {
        let fix = "check the layer and its codes";
        let (expected, found) = ("a cell that is a feature", "none");
        return Err(
            Fault::new("score.no_features", "proximity to a raster layer", expected, found, fix).into()
        );
    }
    Ok(())
}

/// On a map; whether there is any feature.
fn distances(
    features: FeatureCells<'_>,
    to: &dyn CellStore,
    memory_bytes: usize,
    progress: &dyn Progress,
) -> Result<bool> {
    let frame = features.cells.frame();
    let (n_cols, n_rows) = (frame.n_cols, frame.n_rows);
    let step = band_rows(n_cols, memory_bytes);
    let bands: Vec<Window> = (0..n_rows)
        .step_by(step)
        .map(|row| Window::new(0, row as i64, n_cols, step.min(n_rows - row)))
        .collect();
    progress.start("proximity", 2 * bands.len() as u64);
    let mut rows_above = vec![NONE; n_cols];
    let mut values = vec![0.0; step * n_cols];
    for band in &bands {
        progress.check()?;
        let values = &mut values[..band.len()];
        features.cells.read(*band, values)?;
        values.par_iter_mut().with_min_len(1 << 14).for_each(|value| {
            *value = if features.holds(*value) { 0.0 } else { NONE };
        });
        for row in values.chunks_exact_mut(n_cols) {
            widest(Sweep { row, from: &mut rows_above });
        }
        to.write(*band, values)?;
        progress.advance(1);
    }
    if rows_above.iter().all(|rows| *rows < 0.0) {
        return Ok(false);
    }
    let size = frame.cell_size() * frame.crs.metres_per_unit();
    let ratio = (size.y / size.x).powi(2);
    let mut rows_below = vec![NONE; n_cols];
    for band in bands.iter().rev() {
        progress.check()?;
        let values = &mut values[..band.len()];
        to.read(*band, values)?;
        for row in values.chunks_exact_mut(n_cols).rev() {
            widest(Sweep { row, from: &mut rows_below });
        }
        values.par_chunks_exact_mut(n_cols).for_each_init(Envelope::default, |envelope, row| {
            envelope.build(row, ratio);
            envelope.distances(size.x, row);
        });
        to.write(*band, values)?;
        progress.advance(1);
    }
    progress.finish();
    Ok(true)
}

work!(Sweep = sweep(row: &'a mut [f32], from: &'a mut [f32]));

/// One row further: rows to the nearest feature that way or, where nearer, what the row holds already; `from` becomes
/// the row.
#[inline(always)]
fn sweep(row: &mut [f32], from: &mut [f32]) {
    for (here, from) in row.iter_mut().zip(from) {
        let passed = *from + 1.0;
        let is_nearer = (*from >= 0.0) & ((*here < 0.0) | (passed < *here));
        *here = if is_nearer { passed } else { *here };
        *from = *here;
    }
}

/// The parabolas of one row that are lowest somewhere, left to right: value at column j is h − 2·j·x + j².
#[derive(Default)]
struct Envelope {
    x: Vec<f64>,
    h: Vec<f64>,
    squares: Vec<f64>,
}

impl Envelope {
    /// From the rows to the nearest feature in each column.
    fn build(&mut self, rows: &[f32], ratio: f64) {
        self.x.clear();
        self.h.clear();
        for (col, &rows) in rows.iter().enumerate().filter(|(_, rows)| **rows >= 0.0) {
            let (x, rows) = (col as f64, f64::from(rows));
            let h = x * x + ratio * (rows * rows);
            while let [.., x0, x1] = self.x[..]
                && let [.., h0, h1] = self.h[..]
                && (h - h1) * (x1 - x0) <= (h1 - h0) * (x - x1)
            {
                self.x.pop();
                self.h.pop();
            }
            self.x.push(x);
            self.h.push(h);
        }
    }

    /// Distances at every column, in metres; `width_m` is a cell's.
    fn distances(&mut self, width_m: f64, out: &mut [f32]) {
        self.squares.resize(out.len(), 0.0);
        let (xs, hs) = (&self.x[..], &self.h[..]);
        let mut at = 0;
        let (mut x, mut h) = (xs[0], hs[0]);
        for (col, square) in self.squares.iter_mut().enumerate() {
            let j = col as f64;
            while let (Some(&next_x), Some(&next_h)) = (xs.get(at + 1), hs.get(at + 1))
                && next_h - h <= 2.0 * j * (next_x - x)
            {
                (x, h) = (next_x, next_h);
                at += 1;
            }
            *square = h - 2.0 * j * x + j * j;
        }
        widest(Roots { squares: &self.squares, width_m, out });
    }
}

work!(Roots = roots(squares: &'a [f64], width_m: f64, out: &'a mut [f32]));

#[inline(always)]
fn roots(squares: &[f64], width_m: f64, out: &mut [f32]) {
    for (out, square) in out.iter_mut().zip(squares) {
        *out = (square.max(0.0).sqrt() * width_m) as f32;
    }
}
