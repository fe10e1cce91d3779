//! A piece of ground too large for one task, cut into compact connected parts of about equal cost.
//!
//! Recursive bisection. A piece that is to become n parts is cut across its longest extent so that the two sides
//! hold ⌊n/2⌋ and ⌈n/2⌉ parts' worth of cost, the cut moved as far as needed for neither side to exceed its parts'
//! allowance of ground. Cells the cut leaves on their own go to the other side, so both sides are connected (over
//! edges and corners). Where the shape makes that uneven, other directions and the way through the ground from
//! its far end are tried, and the most even, then shortest cut is taken.
//!
//! All choices depend on the cells alone: the same ground gives the same parts, whatever the tiles and threads.

use super::components::Run;
use super::cut::best_cut;
use crate::grid::Frame;

/// Parts are planned this much below the limit, to leave the cuts room for balancing cost.
const ROOM: f64 = 1.05;

/// Cells in order of row, then column, with their costs.
#[derive(Debug, Clone, Default)]
pub(super) struct Piece {
    pub rows: Vec<u32>,
    pub cols: Vec<u32>,
    /// US$.
    pub costs: Vec<f32>,
}

/// Cell sizes by row, and the largest a part may be.
#[derive(Debug)]
pub(super) struct Sizes {
    area_m2: Vec<f64>,
    /// By row, m.
    pub width_m: Vec<f64>,
    /// By row, m.
    pub height_m: Vec<f64>,
    /// m².
    pub max_area_m2: f64,
}

impl Sizes {
    /// Of a frame's rows.
    pub fn new(frame: &Frame, max_area_m2: f64) -> Self {
        let rows = 0..frame.n_rows as i64;
        Self {
            area_m2: rows.clone().map(|row| frame.cell_area_m2(row)).collect(),
            width_m: rows.clone().map(|row| frame.cell_width_m(row)).collect(),
            height_m: rows.map(|row| frame.cell_height_m(row)).collect(),
            max_area_m2,
        }
    }

    /// Area of a cell in a row, m².
    pub fn cell_m2(&self, row: u32) -> f64 {
        self.area_m2[row as usize]
    }
}

impl Piece {
    /// Cells.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Adds a cell, which must come after all others.
    pub fn push(&mut self, row: u32, col: u32, cost: f32) {
        self.rows.push(row);
        self.cols.push(col);
        self.costs.push(cost);
    }

    /// m².
    pub fn area_m2(&self, sizes: &Sizes) -> f64 {
        self.rows.iter().map(|row| sizes.cell_m2(*row)).sum()
    }

    /// US$.
    pub fn cost_usd(&self) -> f64 {
        self.costs.iter().map(|cost| f64::from(*cost)).sum()
    }

    /// The cells as runs.
    pub fn runs(&self) -> Vec<Run> {
        runs_of(self, |_| true).0
    }

    fn parted(&self, is_first: &[bool]) -> (Self, Self) {
        let mut sides = (Self::default(), Self::default());
        for (i, &is_first) in is_first.iter().enumerate() {
            let side = if is_first { &mut sides.0 } else { &mut sides.1 };
            side.push(self.rows[i], self.cols[i], self.costs[i]);
        }
        sides
    }
}

/// Cuts a connected piece into connected parts of at most the allowed area, where its cells allow.
pub(super) fn split(piece: Piece, sizes: &Sizes) -> Vec<Piece> {
    let largest_cell_m2 = piece.rows.iter().map(|row| sizes.cell_m2(*row)).fold(0.0, f64::max);
    let cells_per_part = (sizes.max_area_m2 * (1.0 + 1e-9) / largest_cell_m2).floor();
    if cells_per_part < 2.0 {
        return (0..piece.len()).map(|i| single(&piece, i)).collect();
    }
    // A part holds whole cells, so this is what it can hold.
    let limit_m2 = (cells_per_part * largest_cell_m2).min(sizes.max_area_m2 * (1.0 + 1e-9));
    let area_m2 = piece.area_m2(sizes);
    if area_m2 <= sizes.max_area_m2 * (1.0 + 1e-9) {
        return vec![piece];
    }
    let n_parts = (ROOM * area_m2 / limit_m2).ceil() as usize;
    divide(piece, n_parts, limit_m2, sizes)
}

fn single(piece: &Piece, i: usize) -> Piece {
    Piece { rows: vec![piece.rows[i]], cols: vec![piece.cols[i]], costs: vec![piece.costs[i]] }
}

fn divide(piece: Piece, n_parts: usize, limit_m2: f64, sizes: &Sizes) -> Vec<Piece> {
    let n_needed = n_needed(piece.area_m2(sizes), limit_m2);
    let n_parts = n_parts.max(n_needed).min(piece.len());
    if n_parts <= 1 {
        return vec![piece];
    }
    let is_first = best_cut(&piece, n_parts, limit_m2, sizes);
    let (a, b) = piece.parted(&is_first);
    drop((piece, is_first));
    // Sides that came out uneven get their parts by what they hold.
    let (weight_a, weight_b) = (weight(&a, sizes), weight(&b, sizes));
    let share = weight_a / (weight_a + weight_b);
    let fewest = (n_needed_of(&a, limit_m2, sizes), n_needed_of(&b, limit_m2, sizes));
    let most_a = n_parts.saturating_sub(fewest.1).max(fewest.0);
    let n_a = ((n_parts as f64 * share).round() as usize).clamp(fewest.0, most_a);
    let n_b = n_parts.saturating_sub(n_a).max(fewest.1);
    let (mut parts, others) =
        rayon::join(|| divide(a, n_a, limit_m2, sizes), || divide(b, n_b, limit_m2, sizes));
    parts.extend(others);
    parts
}

fn n_needed(area_m2: f64, limit_m2: f64) -> usize {
    ((area_m2 / limit_m2 - 1e-9).ceil() as usize).max(1)
}

fn n_needed_of(piece: &Piece, limit_m2: f64, sizes: &Sizes) -> usize {
    n_needed(piece.area_m2(sizes), limit_m2)
}

/// What is to be equal: cost, or area where nothing costs anything.
fn weight(piece: &Piece, sizes: &Sizes) -> f64 {
    let cost_usd = piece.cost_usd();
    if cost_usd > 0.0 { cost_usd } else { piece.area_m2(sizes) }
}

/// The runs of the cells taken, and the index of each run's first cell.
pub(super) fn runs_of(piece: &Piece, is_taken: impl Fn(usize) -> bool) -> (Vec<Run>, Vec<usize>) {
    let mut runs: Vec<Run> = Vec::new();
    let mut first_cell = Vec::new();
    for i in (0..piece.len()).filter(|i| is_taken(*i)) {
        let (row, col) = (piece.rows[i], piece.cols[i]);
        match runs.last_mut() {
            Some(run) if run.row == row && run.end_col == col => run.end_col += 1,
            _ => {
                runs.push(Run { row, col, end_col: col + 1 });
                first_cell.push(i);
            }
        }
    }
    (runs, first_cell)
}
