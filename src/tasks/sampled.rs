//! Sums over a task's cells in every sample: what a task is worth when scores are drawn anew.
//!
//! The cells, their shares and the rule of what is scored are those of `zonal`. The grid is swept in strips of whole
//! rows; each task adds its cells row by row and left to right, so the result depends on neither strips nor threads.
//! Only strips with ground in them are read, and of them only the columns between the first and the last ground.

use std::ops::Range;

use rayon::prelude::*;

use super::coverage::Coverage;
use super::zonal::{Ground, first_row, overlap};
use super::{Planes, TaskArea};
use crate::error::Result;
use crate::grid::{Cells, Window, is_unknown};
use crate::progress::Progress;

/// What cells are worth in samples, readable by window.
pub trait SampledCells: Sync {
    /// How many samples.
    fn n_samples(&self) -> usize;

    /// What a window inside the frame needs in memory.
    fn read(&self, window: Window) -> Result<Box<dyn SampledTile + '_>>;
}

/// Cells of a window.
pub trait SampledTile: Sync {
    /// Adds `weight` times the worth of a scored cell to the sum of each sample. `index` is its place in the window.
    fn add(&self, index: usize, col: u32, row: u32, weight: f64, sums: &mut [f64]);
}

/// Of every task, by sample: Σ s_i · a_i · worth_i^s over its scored cells, a_i in m². About `strip_cells` cells are
/// read at once; that changes memory and speed, never a result.
pub fn sampled_sums(
    tasks: &[TaskArea],
    planes: &Planes<'_>,
    cells: &dyn SampledCells,
    strip_cells: usize,
    progress: &dyn Progress,
) -> Result<Vec<Vec<f64>>> {
    let frame = planes.rank.frame();
    let mut sums = vec![vec![0.0; cells.n_samples()]; tasks.len()];
    let first = |task: &TaskArea| first_row(&Ground::Polygon(&task.geometry), frame);
    let mut waiting: Vec<(usize, usize, &mut Vec<f64>)> = tasks
        .iter()
        .zip(&mut sums)
        .enumerate()
        .filter_map(|(i, (task, sums))| Some((first(task)?, i, sums)))
        .collect();
    // From the back, the first rows come first.
    waiting.sort_unstable_by_key(|(first, i, _)| std::cmp::Reverse((*first, *i)));
    let n_rows = (strip_cells / frame.n_cols).max(1);
    progress.start("sampled worths", frame.n_rows as u64);
    let mut active: Vec<Active<'_>> = Vec::new();
    for top in (0..frame.n_rows).step_by(n_rows) {
        progress.check()?;
        let rows = top..(top + n_rows).min(frame.n_rows);
        let n_starting = waiting.iter().rev().take_while(|(first, ..)| *first < rows.end).count();
        let starting = waiting.split_off(waiting.len() - n_starting);
        active.par_extend(
            starting
                .into_par_iter()
                .map(|(_, i, sums)| Active { coverage: Coverage::of(&tasks[i].geometry, frame), sums }),
        );
        active.retain(|task| task.coverage.rows().end > rows.start);
        if let Some(window) = needed(&active, &rows) {
            let strip = Strip::read(planes, cells, window)?;
            active.par_iter_mut().for_each(|task| task.add(&strip, &rows));
        }
        progress.advance(rows.len() as u64);
    }
    progress.finish();
    drop(active);
    Ok(sums)
}

/// A task whose rows the sweep has reached.
struct Active<'a> {
    coverage: Coverage,
    sums: &'a mut Vec<f64>,
}

impl Active<'_> {
    fn add(&mut self, strip: &Strip<'_>, rows: &Range<usize>) {
        for row in overlap(&self.coverage.rows(), rows) {
            let area_m2 = strip.areas_m2[row - strip.window.row as usize];
            for span in self.coverage.row(row) {
                let weight_m2 = span.share * area_m2;
                for col in span.col..span.end_col {
                    let index = strip.window.offset(i64::from(col), row as i64);
                    if strip.is_scored(index) {
                        strip.worths.add(index, col, row as u32, weight_m2, self.sums);
                    }
                }
            }
        }
    }
}

/// The part of a strip that holds ground.
fn needed(active: &[Active<'_>], rows: &Range<usize>) -> Option<Window> {
    let parts = active.iter().filter_map(|task| {
        let (here, cols) = (overlap(&task.coverage.rows(), rows), task.coverage.columns());
        (!here.is_empty() && !cols.is_empty()).then_some((here, cols))
    });
    let join = |a: Range<usize>, b: Range<usize>| a.start.min(b.start)..a.end.max(b.end);
    let (rows, cols) = parts.reduce(|a, b| (join(a.0, b.0), join(a.1, b.1)))?;
    Some(Window::new(cols.start as i64, rows.start as i64, cols.len(), rows.len()))
}

/// Planes in a window.
struct Strip<'a> {
    window: Window,
    /// Cell area by row, m².
    areas_m2: Vec<f64>,
    /// Hazard, people at risk, benefit, cost, rank: a cell is scored where all are known.
    scores: Vec<Vec<f32>>,
    worths: Box<dyn SampledTile + 'a>,
}

impl<'a> Strip<'a> {
    fn read(planes: &Planes<'_>, cells: &'a dyn SampledCells, window: Window) -> Result<Self> {
        let frame = planes.rank.frame();
        let sources = [planes.hazard, planes.people_at_risk, planes.benefit, planes.cost, planes.rank];
        let read = |plane: &dyn Cells| plane.read_vec(window);
        Ok(Self {
            window,
            areas_m2: (window.row..window.end_row()).map(|row| frame.cell_area_m2(row)).collect(),
            scores: sources.into_par_iter().map(read).collect::<Result<_>>()?,
            worths: cells.read(window)?,
        })
    }

    fn is_scored(&self, index: usize) -> bool {
        self.scores.iter().all(|plane| !is_unknown(plane[index]))
    }
}
