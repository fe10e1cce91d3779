//! `proximity` to cells of a raster layer: exact Euclidean distance (m) between cell centres, in linear time.
//!
//! A feature is a cell that holds one of the given codes, or any known value other than 0 where none are given;
//! unknown cells are no features. On a map: down and up the columns the rows to the nearest feature, always natively,
//! because no tile holds a column; then along the rows, on the engine (`along.rs`). No result depends on bands or
//! threads. In a geographic CRS see `ellipsoid.rs`: natively alone, because `f32` holds no angle between cells. One
//! scratch plane is all that is kept: `to` holds the first sweep on the way. Known everywhere.

use std::ops::Range;

use rayon::prelude::*;

use crate::error::{Fault, Result};
use crate::grid::{CellStore, Cells, Window, is_unknown};
use crate::progress::Progress;
use crate::score::Engine;
use crate::score::pipeline::Buffers;
use crate::score::program::{Call, Program, Tally};
use crate::score::runner::Runner;
use crate::widest::{widest, work};

use super::along::NONE;
use super::ellipsoid;

/// Rows of a band, at most: a few thousand cells a thread at least, and what memory allows.
const MOST_ROWS: usize = 256;

/// Columns of a band that one thread sweeps.
const STRIP: usize = 1024;

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

/// Distances (m) to the nearest feature cell into `to`, taking about `memory_bytes` on the way. Says what a person should
/// know of how.
///
/// # Errors
/// `score.no_features` where there is no feature; what layer or plane raise.
pub fn proximity_to_cells(
    engine: &mut dyn Engine,
    features: FeatureCells<'_>,
    to: &dyn CellStore,
    memory_bytes: usize,
    progress: &dyn Progress,
) -> Result<Vec<String>> {
    // A band of it is what the engine can hold, too.
    let memory_bytes = memory_bytes.min(engine.largest_plane().saturating_mul(16));
    let mut runner = Runner::new(engine);
    let found = if features.cells.frame().crs.is_geographic() {
        ellipsoid::distances(features, to, memory_bytes, progress)?
    } else {
        distances(&mut runner, features, to, memory_bytes, progress)?
    };
    if !found {
        let fix = "check the layer and its codes";
        let (expected, found) = ("a cell that is a feature", "none");
        return Err(
            Fault::new("score.no_features", "proximity to a raster layer", expected, found, fix).into()
        );
    }
    Ok(runner.warnings())
}

/// On a map; whether there is any feature. Rows that `to` does not hold are only swept over.
fn distances(
    runner: &mut Runner<'_>,
    features: FeatureCells<'_>,
    to: &dyn CellStore,
    memory_bytes: usize,
    progress: &dyn Progress,
) -> Result<bool> {
    let frame = features.cells.frame();
    let (n_cols, n_rows, part) = (frame.n_cols, frame.n_rows, to.part());
    let step = band_rows(n_cols, memory_bytes);
    let bands = |rows: Range<usize>| -> Vec<Window> {
        let band = |row| Window::new(0, row as i64, n_cols, step.min(rows.end - row));
        rows.clone().step_by(step).map(band).collect()
    };
    let (first, end) = (part.row as usize, part.end_row() as usize);
    let (above, inside, below) = (bands(0..first), bands(first..end), bands(end..n_rows));
    progress.start("proximity", (above.len() + 2 * inside.len() + below.len()) as u64);
    let mut rows_above = vec![NONE; n_cols];
    let mut values = Vec::new();
    for band in above.iter().chain(&inside) {
        progress.check()?;
        read_features(features, *band, &mut values)?;
        for_strips(&mut values, &mut rows_above, |strip, from| {
            strip.iter_mut().for_each(|row| widest(Sweep { row, from }));
        });
        if band.row >= part.row {
            to.write(*band, &values)?;
        }
        progress.advance(1);
    }
    let mut rows_below = vec![NONE; n_cols];
    for band in below.iter().rev() {
        progress.check()?;
        read_features(features, *band, &mut values)?;
        for_strips(&mut values, &mut rows_below, |strip, from| {
            strip.iter_mut().rev().for_each(|row| widest(Sweep { row, from }));
        });
        progress.advance(1);
    }
    if rows_above.iter().chain(&rows_below).all(|rows| *rows < 0.0) {
        return Ok(false);
    }
    let size = frame.cell_size() * frame.crs.metres_per_unit();
    let (mut inputs, buffers) = ([values], Buffers::default());
    for band in inside.iter().rev() {
        progress.check()?;
        let [values] = &mut inputs;
        values.resize(band.len(), 0.0);
        to.read(*band, values)?;
        for_strips(values, &mut rows_below, |strip, from| {
            strip.iter_mut().rev().for_each(|row| widest(Sweep { row, from }));
        });
        let mut program = Program::new(n_cols, band.n_rows);
        let (rows, out) = (program.input(), program.output());
        let ratio = (size.y / size.x).powi(2);
        program.call(Call::ProximityAlong { rows, ratio, width_m: size.x, out });
        let planes = runner.run(&program, &inputs, &buffers, &mut Tally::default())?;
        to.write(*band, &planes[0])?;
        buffers.give(planes);
        progress.advance(1);
    }
    progress.finish();
    Ok(true)
}

/// A band of the layer: 0 where there is a feature, [`NONE`] elsewhere.
fn read_features(features: FeatureCells<'_>, band: Window, values: &mut Vec<f32>) -> Result<()> {
    values.resize(band.len(), 0.0);
    features.cells.read(band, values)?;
    let cells = values.par_chunks_mut(1 << 14);
    cells.for_each(|cells| {
        cells.iter_mut().for_each(|value| *value = if features.holds(*value) { 0.0 } else { NONE });
    });
    Ok(())
}

/// Runs a sweep over the rows of each strip of columns, strips side by side; `from` has an entry for every column.
fn for_strips(values: &mut [f32], from: &mut [f32], sweep: impl Fn(&mut [&mut [f32]], &mut [f32]) + Sync) {
    let n_cols = from.len();
    let mut strips: Vec<Vec<&mut [f32]>> = Vec::new();
    strips.resize_with(n_cols.div_ceil(STRIP), Vec::new);
    for row in values.chunks_exact_mut(n_cols) {
        strips.iter_mut().zip(row.chunks_mut(STRIP)).for_each(|(strip, part)| strip.push(part));
    }
    strips.par_iter_mut().zip(from.par_chunks_mut(STRIP)).for_each(|(strip, from)| sweep(strip, from));
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
