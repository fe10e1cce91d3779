//! Cells → coarse cells: sums over squares of a whole number of cells, and which of them may be shown.
//!
//! A coarse cell is shown when at least half of its cells are known and at least [`FEWEST_PEOPLE`] people live in it. A
//! square cut by the frame's edge counts as if the cells beyond were unknown, so that no sliver shows single cells.
//! Example: of 2 × 2 cells `1 3 / ? ?` of equal area the sum is 4, the mean 2; of `1 ? / ? ?` nothing is shown.

use glam::{DAffine2, DVec2};

use crate::error::{Fault, Result};
use crate::grid::{Cells, Frame, Tiling, is_unknown};

/// Where fewer people live, a coarse cell is not shown: small numbers point at households.
pub const FEWEST_PEOPLE: f64 = 10.0;

/// Side of the squares in which cells are read.
const READ_SIDE: usize = 1024;

/// Squares of cells.
#[derive(Debug, Clone, PartialEq)]
pub struct Coarse {
    /// The frame of the coarse cells: the same upper left corner, the last column and row reaching past the edge.
    pub frame: Frame,
    /// Cells along the side of a square.
    pub factor: usize,
}

/// Sums over the known cells of each coarse cell, row by row.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Sums {
    /// Known cells.
    pub known: Vec<u64>,
    /// Their area, m².
    pub area_m2: Vec<f64>,
    /// Σ value.
    pub total: Vec<f64>,
    /// Σ value · area, m².
    pub by_area: Vec<f64>,
}

impl Coarse {
    /// Squares of the fewest cells whose sides are at least `cell_m` metres everywhere in the frame.
    ///
    /// # Errors
    /// A fault (`redact.cell`) where a square would be a single cell or be larger than the frame.
    pub fn of(fine: &Frame, cell_m: f64) -> Result<Self> {
        let (top, bottom) = (0, fine.n_rows as i64 - 1);
        let sides = |row: i64| fine.cell_width_m(row).min(fine.cell_height_m(row));
        let least_m = sides(top).min(sides(bottom));
        let factor = (cell_m / least_m * (1.0 - 1e-9)).ceil();
        let most = fine.n_cols.min(fine.n_rows);
        if factor < 2.0 || factor > most as f64 {
            let expected = format!(
                "more than {least_m:.0} m, the side of the frame's cells, and at most {:.0} m, the frame's shorter side",
                (least_m * most as f64).floor()
            );
            let fix = "give a cell size between them; 1000 is a usual one";
            let found = format!("{cell_m} m");
            return Err(Fault::new("redact.cell", "command line: --redact", expected, found, fix).into());
        }
        let factor = factor as usize;
        let frame = Frame {
            crs: fine.crs.clone(),
            world_from_cell: fine.world_from_cell * DAffine2::from_scale(DVec2::splat(factor as f64)),
            n_cols: fine.n_cols.div_ceil(factor),
            n_rows: fine.n_rows.div_ceil(factor),
        };
        Ok(Self { frame, factor })
    }

    /// Sums over the squares of a plane on the fine frame.
    pub fn sums(&self, cells: &dyn Cells) -> Result<Sums> {
        let fine = cells.frame();
        let n = self.frame.n_cells() as usize;
        let mut sums =
            Sums { known: vec![0; n], area_m2: vec![0.0; n], total: vec![0.0; n], by_area: vec![0.0; n] };
        for window in Tiling::new(fine, READ_SIDE).tiles() {
            let values = cells.read_vec(window)?;
            for (row, line) in (window.row..).zip(values.chunks_exact(window.n_cols)) {
                let area_m2 = fine.cell_area_m2(row);
                let first = row as usize / self.factor * self.frame.n_cols;
                for (col, &value) in (window.col as usize..).zip(line) {
                    if !is_unknown(value) {
                        let (at, value) = (first + col / self.factor, f64::from(value));
                        sums.known[at] += 1;
                        sums.area_m2[at] += area_m2;
                        sums.total[at] += value;
                        sums.by_area[at] += value * area_m2;
                    }
                }
            }
        }
        Ok(sums)
    }

    /// Which coarse cells may be shown, by the cells known in each and the people who live in each; and how many have
    /// too few people for it.
    ///
    /// Where the people of all those hidden are fewer than [`FEWEST_PEOPLE`], or only one is hidden, what is hidden could
    /// be found from the totals: the next smallest are hidden too.
    pub fn shown(&self, known: &[u64], people: &[f64]) -> (Vec<bool>, usize) {
        let enough = (self.factor * self.factor).div_ceil(2) as u64;
        let scored: Vec<usize> = (0..known.len()).filter(|&at| known[at] >= enough).collect();
        let mut by_people = scored.clone();
        by_people.sort_by(|&a, &b| people[a].total_cmp(&people[b]).then(a.cmp(&b)));
        let mut n_hidden = by_people.iter().take_while(|&&at| people[at] < FEWEST_PEOPLE).count();
        let hidden_people = |n: usize| by_people[..n].iter().map(|&at| people[at]).sum::<f64>();
        while n_hidden > 0
            && n_hidden < by_people.len()
            && (n_hidden == 1 || hidden_people(n_hidden) < FEWEST_PEOPLE)
        {
            n_hidden += 1;
        }
        let mut shown = vec![false; known.len()];
        by_people[n_hidden..].iter().for_each(|&at| shown[at] = true);
        (shown, n_hidden)
    }
}

impl Sums {
    /// Mean by area; `None` where nothing is known.
    pub fn mean(&self, at: usize) -> Option<f64> {
        (self.known[at] > 0).then(|| self.by_area[at] / self.area_m2[at])
    }
}
