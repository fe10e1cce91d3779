//! What samples come to in each cell, group after group: how often it is in the top, its mean rank and its spread.

use super::super::Scratch;
use crate::error::Result;
use crate::grid::{CellStore, UNKNOWN, Window, is_unknown};

/// Of every cell: samples in the top, mean rank, and Σ (rank − mean)².
pub type Moments = [Vec<f32>; 3];

/// The moments of a group's sums, put together with those of the `n_before` samples before it.
pub fn merged(sums: &[f32], n_samples: usize, before: Option<&Moments>, n_before: usize) -> Moments {
    let n_cells = sums.len() / 4;
    let (n, n_before) = (n_samples as f64, n_before as f64);
    let mut moments = [vec![UNKNOWN; n_cells], vec![UNKNOWN; n_cells], vec![UNKNOWN; n_cells]];
    for cell in 0..n_cells {
        if is_unknown(sums[cell]) {
            continue;
        }
        let [top, sum, squares, first] = [0, 1, 2, 3].map(|plane| f64::from(sums[plane * n_cells + cell]));
        let mut of_cell = [top, first + sum / n, (squares - sum * sum / n).max(0.0)];
        if let Some(before) = before {
            let [top, mean, squares] = [0, 1, 2].map(|plane| f64::from(before[plane][cell]));
            let total = n + n_before;
            let apart = of_cell[1] - mean;
            of_cell = [
                of_cell[0] + top,
                mean + apart * n / total,
                of_cell[2] + squares + apart * apart * n * n_before / total,
            ];
        }
        for (plane, value) in moments.iter_mut().zip(of_cell) {
            plane[cell] = value as f32;
        }
    }
    moments
}

/// Acceptability 0..1, mean rank, and its standard deviation.
pub fn planes_of(moments: &Moments, n_samples: usize) -> Moments {
    let n = n_samples as f64;
    let known = |x: f32, value: f64| if is_unknown(x) { UNKNOWN } else { value as f32 };
    let share = moments[0].iter().map(|&top| known(top, f64::from(top) / n)).collect();
    let sd = moments[2].iter().map(|&squares| known(squares, (f64::from(squares) / n).sqrt())).collect();
    [share, moments[1].clone(), sd]
}

/// Moments of the groups so far, kept on the frame.
pub struct SoFar([Box<dyn CellStore>; 3]);

impl SoFar {
    /// Of no group yet.
    pub fn new(scratch: Scratch<'_>) -> Result<Self> {
        Ok(Self([scratch("acceptability")?, scratch("rank_mean")?, scratch("rank_sd")?]))
    }

    /// Those of a tile.
    pub fn read(&self, tile: Window) -> Result<Moments> {
        let [top, mean, squares] = &self.0;
        Ok([top.read_vec(tile)?, mean.read_vec(tile)?, squares.read_vec(tile)?])
    }

    /// Keeps those of a tile.
    pub fn write(&self, tile: Window, moments: &Moments) -> Result<()> {
        self.0.iter().zip(moments).try_for_each(|(store, values)| store.write(tile, values))
    }
}
