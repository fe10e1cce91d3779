//! Cells that hang together: the cells above a threshold, read tile by tile, and their 8-connected components.
//!
//! What is kept are runs of selected cells in a row, so memory follows the selected ground and not the grid.
//! Runs are put in order row by row before they are joined: the result does not depend on the tiles.

use std::ops::Range;

use super::Planes;
use crate::error::Result;
use crate::grid::{Window, is_unknown};
use crate::progress::Progress;

/// Neighbouring cells of one row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Run {
    pub row: u32,
    pub col: u32,
    /// One past the last column.
    pub end_col: u32,
}

impl Run {
    /// Cells in the run.
    pub fn len(&self) -> usize {
        (self.end_col - self.col) as usize
    }
}

/// The cells above the threshold, in runs row by row.
#[derive(Debug, Default)]
pub(super) struct Selection {
    pub runs: Vec<Run>,
    /// Where each run's cells begin in `costs`.
    pub first_cell: Vec<usize>,
    /// Cost of each cell, US$; 0 where it is unknown.
    pub costs: Vec<f32>,
    /// Benefit summed over each run's cells (dimensionless; times the cell's area it is benefit-m²).
    pub benefits: Vec<f64>,
}

impl Selection {
    /// The costs of a run's cells.
    pub fn costs_of(&self, run: usize) -> &[f32] {
        &self.costs[self.first_cell[run]..self.first_cell[run] + self.runs[run].len()]
    }

    fn push(&mut self, row: u32, col: u32, cost: f32, benefit: f32) {
        match self.runs.last_mut() {
            Some(run) if run.row == row && run.end_col == col => run.end_col += 1,
            _ => {
                self.runs.push(Run { row, col, end_col: col + 1 });
                self.first_cell.push(self.costs.len());
                self.benefits.push(0.0);
            }
        }
        self.costs.push(if is_unknown(cost) { 0.0 } else { cost });
        if let (Some(sum), false) = (self.benefits.last_mut(), is_unknown(benefit)) {
            *sum += f64::from(benefit);
        }
    }
}

/// A selected cell of the row of tiles being read: column, cost, benefit.
type Selected = (u32, f32, f32);

/// The cells whose rank is known and at least `min_rank`.
pub(super) fn select(
    planes: &Planes<'_>,
    min_rank: f64,
    tile_cells: usize,
    progress: &dyn Progress,
) -> Result<Selection> {
    let frame = planes.rank.frame();
    let tile_cells = tile_cells.max(1);
    let mut selection = Selection::default();
    progress.start("select", frame.n_rows as u64);
    for top in (0..frame.n_rows).step_by(tile_cells) {
        progress.check()?;
        let rows = top..(top + tile_cells).min(frame.n_rows);
        let mut by_row: Vec<Vec<Selected>> = vec![Vec::new(); rows.len()];
        for left in (0..frame.n_cols).step_by(tile_cells) {
            let cols = left..(left + tile_cells).min(frame.n_cols);
            select_in_tile(planes, min_rank, &rows, &cols, &mut by_row)?;
        }
        for (row, cells) in rows.clone().zip(by_row) {
            for (col, cost, benefit) in cells {
                selection.push(row as u32, col, cost, benefit);
            }
        }
        progress.advance(rows.len() as u64);
    }
    progress.finish();
    Ok(selection)
}

fn select_in_tile(
    planes: &Planes<'_>,
    min_rank: f64,
    rows: &Range<usize>,
    cols: &Range<usize>,
    by_row: &mut [Vec<Selected>],
) -> Result<()> {
    let window = Window::new(cols.start as i64, rows.start as i64, cols.len(), rows.len());
    let ranks = planes.rank.read_vec(window)?;
    let is_selected = |rank: f32| !is_unknown(rank) && f64::from(rank) >= min_rank;
    if !ranks.iter().any(|rank| is_selected(*rank)) {
        return Ok(());
    }
    let costs = planes.cost.read_vec(window)?;
    let benefits = planes.benefit.read_vec(window)?;
    for (i, _) in ranks.iter().enumerate().filter(|(_, rank)| is_selected(**rank)) {
        let col = (cols.start + i % cols.len()) as u32;
        by_row[i / cols.len()].push((col, costs[i], benefits[i]));
    }
    Ok(())
}

/// The 8-connected components of runs given row by row: the indices of each one's runs, growing; components in
/// the order of their first run.
pub(super) fn components(runs: &[Run]) -> Vec<Vec<u32>> {
    join(runs, 1)
}

/// The 4-connected components, likewise.
pub(super) fn edge_components(runs: &[Run]) -> Vec<Vec<u32>> {
    join(runs, 0)
}

/// Joins runs of neighbouring rows that overlap when each is grown by `reach` columns on one side.
fn join(runs: &[Run], reach: u32) -> Vec<Vec<u32>> {
    let mut parent: Vec<u32> = (0..runs.len() as u32).collect();
    let mut above = 0;
    for (i, run) in runs.iter().enumerate() {
        // Runs above end before this one for good once they end before its first column.
        while runs[above].row + 1 < run.row
            || (runs[above].row + 1 == run.row && runs[above].end_col + reach <= run.col)
        {
            above += 1;
        }
        let mut other = above;
        while runs[other].row + 1 == run.row && runs[other].col < run.end_col + reach {
            unite(&mut parent, other as u32, i as u32);
            other += 1;
        }
    }
    let mut component_of = vec![u32::MAX; runs.len()];
    let mut components: Vec<Vec<u32>> = Vec::new();
    for i in 0..runs.len() as u32 {
        let root = find(&mut parent, i) as usize;
        if component_of[root] == u32::MAX {
            component_of[root] = components.len() as u32;
            components.push(Vec::new());
        }
        components[component_of[root] as usize].push(i);
    }
    components
}

fn find(parent: &mut [u32], mut i: u32) -> u32 {
    while parent[i as usize] != i {
        let grandparent = parent[parent[i as usize] as usize];
        parent[i as usize] = grandparent;
        i = grandparent;
    }
    i
}

/// The smaller root wins, so that the root is the component's first run.
fn unite(parent: &mut [u32], a: u32, b: u32) {
    let (a, b) = (find(parent, a), find(parent, b));
    parent[a.max(b) as usize] = a.min(b);
}
