//! One cut through a connected piece: two connected sides, as even as its shape allows.

use rayon::prelude::*;

use super::components::components;
use super::split::{Piece, Sizes, runs_of};

/// A cut this far from even is good enough not to look for another.
const EVEN_ENOUGH: f64 = 0.05;

/// Two connected sides, and how good the cut between them is.
struct Cut {
    is_first: Vec<bool>,
    /// How far the worse side is from its share of the cost, as a share of it.
    unevenness: f64,
    exceeds_limit: bool,
    /// Pairs of cells over whose common edge it goes.
    length: usize,
}

/// Which cells go to the first side, that is to hold `n_parts / 2` of the parts.
pub(super) fn best_cut(piece: &Piece, n_parts: usize, limit_m2: f64, sizes: &Sizes) -> Vec<bool> {
    let cutter = Cutter::new(piece, n_parts, limit_m2, sizes);
    let axes = cutter.axes();
    let along = cutter.cut(&cutter.keys_along(axes[0]));
    if !along.exceeds_limit && along.unevenness <= EVEN_ENOUGH {
        return along.is_first;
    }
    let others = axes[1..]
        .iter()
        .map(|axis| cutter.keys_along(*axis))
        .chain(std::iter::once_with(|| cutter.keys_through()))
        .map(|keys| cutter.cut(&keys));
    // Even to the next tenth is as good as even; then the shorter cut, then the earlier direction.
    let badness = |cut: &Cut| (cut.exceeds_limit, (cut.unevenness / 0.1).min(1e6).ceil() as u32, cut.length);
    let mut best = along;
    for other in others {
        if badness(&other) < badness(&best) {
            best = other;
        }
    }
    best.is_first
}

/// A piece about to be cut in two.
struct Cutter<'a> {
    piece: &'a Piece,
    sizes: &'a Sizes,
    weights: Vec<f64>,
    total_weight: f64,
    /// The first side's share of the weight.
    share: f64,
    /// The most ground either side may hold, m².
    limits_m2: (f64, f64),
    area_m2: f64,
    /// Width and height of a cell in the middle of the piece, m.
    cell_m: (f64, f64),
}

impl<'a> Cutter<'a> {
    fn new(piece: &'a Piece, n_parts: usize, limit_m2: f64, sizes: &'a Sizes) -> Self {
        let n_first = n_parts / 2;
        let mut weights: Vec<f64> = piece.costs.iter().map(|cost| f64::from(*cost)).collect();
        if weights.iter().sum::<f64>() <= 0.0 {
            weights = piece.rows.iter().map(|row| sizes.cell_m2(*row)).collect();
        }
        let middle = piece.rows[piece.len() / 2] as usize;
        Self {
            piece,
            sizes,
            total_weight: weights.iter().sum(),
            weights,
            share: n_first as f64 / n_parts as f64,
            limits_m2: (n_first as f64 * limit_m2, (n_parts - n_first) as f64 * limit_m2),
            area_m2: piece.area_m2(sizes),
            cell_m: (sizes.width_m[middle], sizes.height_m[middle]),
        }
    }

    /// Where a cell lies, m, from any origin.
    fn at(&self, i: usize) -> (f64, f64) {
        (f64::from(self.piece.cols[i]) * self.cell_m.0, f64::from(self.piece.rows[i]) * self.cell_m.1)
    }

    /// Directions to cut across, the one of greatest extent first, in steps of 45°.
    fn axes(&self) -> [(f64, f64); 4] {
        let n = self.piece.len() as f64;
        let sum = |f: &dyn Fn(f64, f64) -> f64| -> f64 {
            (0..self.piece.len())
                .map(|i| {
                    let (x, y) = self.at(i);
                    f(x, y)
                })
                .sum()
        };
        let (mean_x, mean_y) = (sum(&|x, _| x) / n, sum(&|_, y| y) / n);
        let xx = sum(&|x, _| (x - mean_x) * (x - mean_x));
        let yy = sum(&|_, y| (y - mean_y) * (y - mean_y));
        let xy = sum(&|x, y| (x - mean_x) * (y - mean_y));
        let angle = (2.0 * xy).atan2(xx - yy) / 2.0;
        let step = std::f64::consts::FRAC_PI_4;
        [0.0, 2.0, 1.0, 3.0].map(|steps| {
            let (sin, cos) = (angle + steps * step).sin_cos();
            (cos, sin)
        })
    }

    fn keys_along(&self, axis: (f64, f64)) -> Vec<f64> {
        (0..self.piece.len())
            .map(|i| {
                let (x, y) = self.at(i);
                x * axis.0 + y * axis.1
            })
            .collect()
    }

    /// Steps from cell to cell from the far end of the piece: cuts a winding shape across its course.
    fn keys_through(&self) -> Vec<f64> {
        let links = Links::new(self.piece);
        let far_end = |steps: &[u32]| {
            let most = steps.iter().max().copied().unwrap_or(0);
            steps.iter().position(|s| *s == most).unwrap_or(0)
        };
        let steps = links.steps_from(far_end(&links.steps_from(0)));
        steps.into_iter().map(f64::from).collect()
    }

    /// The two sides when cells are taken in order of their keys, made connected.
    fn cut(&self, keys: &[f64]) -> Cut {
        let mut order: Vec<(f64, u32)> = keys.iter().copied().zip(0..).collect();
        order.par_sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        let target = self.share * self.total_weight;
        let fewest_m2 = self.area_m2 - self.limits_m2.1;
        let (mut weight, mut area_m2, mut n_first) = (0.0, 0.0, 0);
        for &(_, i) in &order[..order.len() - 1] {
            let cell_m2 = self.sizes.cell_m2(self.piece.rows[i as usize]);
            let half_over = weight + self.weights[i as usize] / 2.0 > target;
            let is_needed = area_m2 < fewest_m2 * (1.0 - 1e-9) || n_first == 0;
            let fits = area_m2 + cell_m2 <= self.limits_m2.0 * (1.0 + 1e-9);
            if !is_needed && (half_over || !fits) {
                break;
            }
            weight += self.weights[i as usize];
            area_m2 += cell_m2;
            n_first += 1;
        }
        let mut is_first = vec![false; order.len()];
        for &(_, i) in &order[..n_first] {
            is_first[i as usize] = true;
        }
        // What is left without its side's largest component borders on it, so both sides end connected.
        self.keep_largest(&mut is_first, true);
        self.keep_largest(&mut is_first, false);
        self.judged(is_first)
    }

    /// Gives all of a side's components but the largest to the other side.
    fn keep_largest(&self, is_first: &mut [bool], side: bool) {
        let (runs, first_cell) = runs_of(self.piece, |i| is_first[i] == side);
        let components = components(&runs);
        if components.len() <= 1 {
            return;
        }
        let n_cells =
            |component: &[u32]| -> usize { component.iter().map(|i| runs[*i as usize].len()).sum() };
        let sizes: Vec<usize> = components.iter().map(|component| n_cells(component)).collect();
        let most = sizes.iter().max().copied().unwrap_or(0);
        let kept = sizes.iter().position(|size| *size == most).unwrap_or(0);
        for (c, component) in components.iter().enumerate() {
            if c == kept {
                continue;
            }
            for &run in component {
                let start = first_cell[run as usize];
                is_first[start..start + runs[run as usize].len()].fill(!side);
            }
        }
    }

    fn judged(&self, is_first: Vec<bool>) -> Cut {
        let (mut weight, mut area_m2) = (0.0, 0.0);
        for i in (0..is_first.len()).filter(|i| is_first[*i]) {
            weight += self.weights[i];
            area_m2 += self.sizes.cell_m2(self.piece.rows[i]);
        }
        let share = weight / self.total_weight;
        let off_first = (share / self.share - 1.0).abs();
        let off_second = ((1.0 - share) / (1.0 - self.share) - 1.0).abs();
        let exceeds = |area_m2: f64, limit_m2: f64| area_m2 > limit_m2 * (1.0 + 1e-9);
        Cut {
            unevenness: off_first.max(off_second),
            exceeds_limit: exceeds(area_m2, self.limits_m2.0)
                || exceeds(self.area_m2 - area_m2, self.limits_m2.1),
            length: self.cut_length(&is_first),
            is_first,
        }
    }

    fn cut_length(&self, is_first: &[bool]) -> usize {
        let (rows, cols) = (&self.piece.rows, &self.piece.cols);
        let mut length = 0;
        let mut above = 0;
        for i in 0..is_first.len() {
            if i > 0 && rows[i - 1] == rows[i] && cols[i - 1] + 1 == cols[i] {
                length += usize::from(is_first[i - 1] != is_first[i]);
            }
            while (rows[above] + 1, cols[above]) < (rows[i], cols[i]) {
                above += 1;
            }
            if rows[above] + 1 == rows[i] && cols[above] == cols[i] {
                length += usize::from(is_first[above] != is_first[i]);
            }
        }
        length
    }
}

/// Which cells touch which, over edges and corners.
struct Links<'a> {
    piece: &'a Piece,
    /// The first cell of the row above, and of the row below, that is no farther left than the upper or lower
    /// left neighbour would be.
    above: Vec<u32>,
    below: Vec<u32>,
}

impl<'a> Links<'a> {
    fn new(piece: &'a Piece) -> Self {
        let n = piece.len();
        let (mut above, mut below) = (Vec::with_capacity(n), Vec::with_capacity(n));
        let (mut up, mut down) = (0, 0);
        for i in 0..n {
            let (row, left) = (piece.rows[i], piece.cols[i].saturating_sub(1));
            while up < n && (piece.rows[up] + 1, piece.cols[up]) < (row, left) {
                up += 1;
            }
            while down < n && (piece.rows[down], piece.cols[down]) < (row + 1, left) {
                down += 1;
            }
            above.push(up as u32);
            below.push(down as u32);
        }
        Self { piece, above, below }
    }

    fn for_each_neighbour(&self, i: usize, mut tell: impl FnMut(usize)) {
        let (row, col) = (self.piece.rows[i], self.piece.cols[i]);
        let is_at = |j: usize, row: u32, near: u32| {
            j < self.piece.len() && self.piece.rows[j] == row && self.piece.cols[j] == near
        };
        if i > 0 && is_at(i - 1, row, col.wrapping_sub(1)) {
            tell(i - 1);
        }
        if is_at(i + 1, row, col + 1) {
            tell(i + 1);
        }
        for (start, other_row) in [(self.above[i], row.wrapping_sub(1)), (self.below[i], row + 1)] {
            let mut j = start as usize;
            while j < self.piece.len() && self.piece.rows[j] == other_row && self.piece.cols[j] <= col + 1 {
                tell(j);
                j += 1;
            }
        }
    }

    /// Steps from a cell to every other, breadth first.
    fn steps_from(&self, start: usize) -> Vec<u32> {
        let mut steps = vec![u32::MAX; self.piece.len()];
        steps[start] = 0;
        let mut front = vec![start];
        let mut n_steps = 0;
        while !front.is_empty() {
            n_steps += 1;
            let mut next = Vec::new();
            for &i in &front {
                self.for_each_neighbour(i, |j| {
                    if steps[j] == u32::MAX {
                        steps[j] = n_steps;
                        next.push(j);
                    }
                });
            }
            front = next;
        }
        steps
    }
}
