//! `spread` and `quantile`: a criterion's value as its rank among scored cells, v = rank / 100 (domain.md §3.4, §3.8).
//!
//! v = (L + (T − 1) / 2) / (N − 1): L scored cells with a smaller x, T with an equal one including the cell itself,
//! N scored cells; a single cell has v = 1, a layer that is the same everywhere ½. `spread` counts cells by the bits of x,
//! negative ones too, at two levels as `histogram` and `refine` do for priorities: 2^21 bins, 4096 to an octave. A bin with
//! more than N / 16384 cells is counted again to the last bit and is exact. In any other v runs straight from the
//! rank of its lowest cell to that of its highest: it is off by less than 1 / 16384 = 6.2e-5, equal x have equal v,
//! and what another device rounds in the last digit moves v by no more than a digit. Grids of less than 32768
//! scored cells are exact. Twins: `shaders/spread.wgsl`, `shaders/quantile.wgsl`.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::error::Result;
use crate::grid::{Cells, Tiling, UNKNOWN, is_unknown};

use super::histogram::{LOW_BITS, N_REFINED};
use super::rank::{REFINED_FLAG, bins_to_refine};

/// Bins of the first level: one more bit than a histogram of priorities, for the sign.
pub const N_SPREAD_BINS: usize = 1 << (32 - LOW_BITS);

/// v by the bits of x.
#[derive(Debug, Clone, PartialEq)]
pub struct QuantileTable {
    /// The first bin that the table holds.
    pub base: u32,
    /// By bin: bits of v at its lower and upper end; or the highest bit with the place of the refined bin, and 0.
    pub pairs: Vec<u32>,
    /// By refined bin and low bits: bits of v.
    pub refined: Vec<u32>,
    /// Whether all scored cells have the same x.
    pub is_constant: bool,
}

/// Bits that order like x; −0 counts as 0.
#[inline(always)]
pub fn key(x: f32) -> u32 {
    let bits = x.to_bits();
    if bits > 0x8000_0000 { !bits } else { bits | 0x8000_0000 }
}

/// Adds a plane's counts to `bins`.
pub fn spread(cells: &[f32], bins: &mut [u32]) {
    for &x in cells.iter().filter(|x| !is_unknown(**x)) {
        bins[(key(x) >> LOW_BITS) as usize] += 1;
    }
}

/// Adds a plane's counts of the refined bins; `index_of[bin]` is 1 + the place of a refined bin, 0 otherwise.
pub fn spread_refined(cells: &[f32], index_of: &[u32], refined: &[AtomicU64]) {
    for &x in cells.iter().filter(|x| !is_unknown(**x)) {
        let key = key(x);
        let index = index_of[(key >> LOW_BITS) as usize] as usize;
        if index > 0 {
            let at = (index - 1) * N_REFINED + (key as usize & (N_REFINED - 1));
            refined[at].fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl QuantileTable {
    /// The table of counts by bin, with the refined counts of the bins that `index_of` names.
    pub fn new(bins: &[u64], index_of: &[u32], refined: &[u64]) -> Self {
        let total: u64 = bins.iter().sum();
        let first = bins.iter().position(|n| *n > 0).unwrap_or(0);
        let last = bins.iter().rposition(|n| *n > 0).unwrap_or(0);
        let mut table = Self {
            base: first as u32,
            pairs: Vec::with_capacity(2 * (last + 1 - first)),
            refined: vec![0; refined.len()],
            is_constant: total == 1 || refined.contains(&total),
        };
        let mut below = 0;
        for bin in first..=last {
            let (count, index) = (bins[bin], index_of.get(bin).map_or(0, |index| *index as usize));
            if index > 0 {
                table.pairs.extend([REFINED_FLAG | (index as u32 - 1), 0]);
                let bins = (index - 1) * N_REFINED..index * N_REFINED;
                let mut below = below;
                for (v, &count) in table.refined[bins.clone()].iter_mut().zip(&refined[bins]) {
                    *v = value_of_rank(below, count, total).to_bits();
                    below += count;
                }
            } else {
                // An empty bin's value is never asked for.
                let highest = below + count.max(1) - 1;
                table.pairs.extend([below, highest].map(|l| value_of_rank(l, 1, total).to_bits()));
            }
            below += count;
        }
        table
    }

    /// The table of a plane's cells where `mask` is known, counted natively, `tile_cells` by `tile_cells` at a time.
    pub fn of_plane(cells: &dyn Cells, mask: &dyn Cells, tile_cells: usize) -> Result<Self> {
        let tiling = Tiling::new(mask.frame(), tile_cells);
        let each_tile = |visit: &mut dyn FnMut(&[f32])| -> Result<()> {
            for window in tiling.tiles() {
                let mut x = cells.read_vec(window)?;
                for (x, mask) in x.iter_mut().zip(mask.read_vec(window)?) {
                    *x = if is_unknown(mask) { UNKNOWN } else { *x };
                }
                visit(&x);
            }
            Ok(())
        };
        let mut bins = vec![0; N_SPREAD_BINS];
        let mut of_tile = vec![0; N_SPREAD_BINS];
        each_tile(&mut |x| {
            spread(x, &mut of_tile);
            bins.iter_mut().zip(&mut of_tile).for_each(|(sum, n)| *sum += u64::from(std::mem::take(n)));
        })?;
        let (index_of, n_refined) = bins_to_refine(&bins);
        let refined: Vec<AtomicU64> =
            std::iter::repeat_with(AtomicU64::default).take(n_refined * N_REFINED).collect();
        if n_refined > 0 {
            each_tile(&mut |x| spread_refined(x, &index_of, &refined))?;
        }
        let refined: Vec<u64> = refined.into_iter().map(AtomicU64::into_inner).collect();
        Ok(Self::new(&bins, &index_of, &refined))
    }

    /// Bins that the table holds.
    pub fn n_bins(&self) -> u32 {
        (self.pairs.len() / 2) as u32
    }

    /// v of one cell.
    #[inline(always)]
    pub fn value_of(&self, x: f32) -> f32 {
        let key = key(x);
        // Cells that are not scored may lie beyond the table.
        let bin = (key >> LOW_BITS).max(self.base) - self.base;
        let at = 2 * bin.min(self.n_bins() - 1) as usize;
        let low = key & (N_REFINED as u32 - 1);
        let from = self.pairs[at];
        if from & REFINED_FLAG != 0 {
            let index = (from & !REFINED_FLAG) as usize;
            return f32::from_bits(self.refined[index * N_REFINED + low as usize]);
        }
        let (from, to) = (f32::from_bits(from), f32::from_bits(self.pairs[at + 1]));
        from + low as f32 * (1.0 / N_REFINED as f32) * (to - from)
    }
}

fn value_of_rank(below: u64, equal: u64, total: u64) -> f32 {
    let place = below as f64 + equal.max(1).saturating_sub(1) as f64 / 2.0;
    if total <= 1 { 1.0 } else { (place / (total - 1) as f64).min(1.0) as f32 }
}
