//! Which cells of a grid a quadrilateral covers, and how much of each.
//!
//! Every side adds, row by row and column by column, the signed area between it and the right end of the row;
//! summed from left to right this is the covered share, exact up to rounding. Two quadrilaterals that share a side
//! get the same numbers from it with opposite signs, so neighbours neither overlap nor leave a gap.

use glam::DVec2;

/// A share below this part of the quadrilateral's area, or of a cell, is rounding.
const SLIVER: f64 = 1e-7;

/// The cells (of unit size) that a quadrilateral touches. Kept from one to the next for its memory.
#[derive(Debug, Default)]
pub(super) struct Covered {
    col: i64,
    row: i64,
    n_cols: usize,
    /// By row `n_cols + 1` numbers, the last past the end.
    shares: Vec<f64>,
    area: f64,
}

impl Covered {
    /// Takes up a quadrilateral, its corners in order around it.
    pub(super) fn set(&mut self, corners: &[DVec2; 4]) {
        let (mut low, mut high) = (corners[0], corners[0]);
        for corner in corners {
            (low, high) = (low.min(*corner), high.max(*corner));
        }
        (self.col, self.row) = (low.x.floor() as i64, low.y.floor() as i64);
        self.n_cols = (high.x.ceil() as i64 - self.col).max(1) as usize;
        let n_rows = (high.y.ceil() as i64 - self.row).max(1) as usize;
        self.shares.clear();
        self.shares.resize((self.n_cols + 1) * n_rows, 0.0);
        for i in 0..4 {
            self.add_side(corners[i], corners[(i + 1) % 4]);
        }
        self.area = 0.0;
        for line in self.shares.chunks_exact_mut(self.n_cols + 1) {
            let mut sum = 0.0;
            for share in line {
                sum += *share;
                *share = sum;
                self.area += sum;
            }
        }
    }

    /// The cells covered: column, row and share of the cell, 0..1.
    pub(super) fn cells(&self) -> impl Iterator<Item = (i64, i64, f64)> + '_ {
        let least = SLIVER * self.area.abs().min(1.0);
        let sign = self.area.signum();
        let lines = self.shares.chunks_exact(self.n_cols + 1).zip(self.row..);
        lines.flat_map(move |(line, row)| {
            let cells = line[..self.n_cols].iter().zip(self.col..);
            cells.map(move |(share, col)| (col, row, share * sign)).filter(move |(.., share)| *share > least)
        })
    }

    fn add_side(&mut self, from: DVec2, to: DVec2) {
        let (sign, upper, lower) = if from.y < to.y { (1.0, from, to) } else { (-1.0, to, from) };
        if upper.y == lower.y {
            return;
        }
        let slope = (lower.x - upper.x) / (lower.y - upper.y);
        let x_at = |y: f64| if y >= lower.y { lower.x } else { upper.x + slope * (y - upper.y) };
        for row in upper.y.floor() as i64..lower.y.ceil() as i64 {
            let (top, bottom) = (upper.y.max(row as f64), lower.y.min((row + 1) as f64));
            let (x_top, x_bottom) = (x_at(top), x_at(bottom));
            self.add_within_row(row, sign * (bottom - top), x_top.min(x_bottom), x_top.max(x_bottom));
        }
    }

    /// Part of a side within a row: `height` (signed) spread evenly over the columns from `left` to `right`.
    fn add_within_row(&mut self, row: i64, height: f64, left: f64, right: f64) {
        let start = (row - self.row) as usize * (self.n_cols + 1);
        let mut add = |col: i64, height: f64, middle: f64| {
            let at = start + (col - self.col).clamp(0, self.n_cols as i64 - 1) as usize;
            let before = middle - col as f64;
            self.shares[at] += height * (1.0 - before);
            self.shares[at + 1] += height * before;
        };
        let (first, last) = (left.floor() as i64, right.ceil() as i64 - 1);
        if last <= first {
            return add(first, height, (left + right) / 2.0);
        }
        let by_width = height / (right - left);
        for col in first..=last {
            let (from, to) = (left.max(col as f64), right.min((col + 1) as f64));
            add(col, by_width * (to - from), (from + to) / 2.0);
        }
    }
}
