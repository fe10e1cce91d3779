//! `spread` and `quantile`: a criterion's value as its rank among scored cells, v = rank / 100 (domain.md §3.4, §3.8).
//!
//! v = (L + (T − 1) / 2) / (N − 1): L scored cells with a smaller x, T with an equal one including the cell itself,
//! N scored cells; a single cell has v = 1, a layer that is the same everywhere ½. `spread` counts cells by the bits of x,
//! negative ones too, at the levels of `levels.rs`: 2^21 bins. A part of a bin with more than N / 16384 cells is
//! counted to the last bit and is exact. In any other, and in any bin with no more, v runs straight from the rank of its
//! lowest cell to that of its highest: it is off by less than 1 / 16384 = 6.2e-5, equal x have equal v, and what
//! another device rounds in the last digit moves v by no more than a digit. Grids of less than 32768 scored cells
//! are exact; x within 3e-42 of 0 count as 0. Twins: `shaders/spread.wgsl`, `shaders/quantile.wgsl`.

use crate::error::Result;
use crate::grid::{Cells, Tiling, UNKNOWN, is_unknown};

use super::histogram::count_runs;
use super::levels::{Finer, Held, LAST_BITS, LOW_BITS, Levels, N_LAST, POINTS_ON};

/// Bins of the first level: one more bit than a histogram of priorities, for the sign.
pub const N_SPREAD_BINS: usize = 1 << (32 - LOW_BITS);

/// v by the bits of x.
#[derive(Debug, Clone, PartialEq)]
pub struct QuantileTable {
    /// The first bin that the table holds.
    pub base: u32,
    /// By bin: bits of v at its lower and upper end; or the highest bit and where in `finer` its parts begin, and 0.
    pub pairs: Vec<u32>,
    /// By refined bin and part the same two words, the first perhaps where its keys begin; then by refined part and key
    /// the bits of v.
    pub finer: Vec<u32>,
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
    let known = cells.iter().filter(|x| !is_unknown(**x));
    count_runs(known.map(|x| (key(*x) >> LOW_BITS) as usize), bins);
}

/// Adds a plane's counts at a finer level to `counts`, which has one more place, for cells that are not counted.
pub fn spread_finer(cells: &[f32], finer: &Finer, counts: &mut [u32]) {
    let index_of = finer.index_of.as_slice();
    let known = cells.iter().filter(|x| !is_unknown(**x));
    count_runs(known.map(|x| finer.place(index_of, key(*x))), counts);
}

impl QuantileTable {
    /// The table of counts.
    pub fn new(levels: &Levels) -> Self {
        let (bins, total) = (&levels.bins, levels.total);
        let first = bins.iter().position(|n| *n > 0).unwrap_or(0);
        let last = bins.iter().rposition(|n| *n > 0).unwrap_or(0);
        let keys_at = 2 * levels.parts().len();
        let is_all = |count: &u64| *count == total;
        let zero_bin = (first..=last).find(|bin| levels.is_zero(*bin));
        let mut table = Self {
            base: first as u32,
            pairs: Vec::with_capacity(2 * (last + 1 - first)),
            finer: vec![0; keys_at + levels.keys().len()],
            is_constant: total == 1
                || levels.keys().iter().any(is_all)
                || zero_bin.is_some_and(|bin| is_all(&bins[bin])),
        };
        let mut below = 0;
        for (bin, &count) in bins.iter().enumerate().take(last + 1).skip(first) {
            match levels.bin(bin) {
                Held::Cells(count) if levels.is_zero(bin) => {
                    table.pairs.extend([value_of_rank(below, count, total).to_bits(); 2]);
                }
                Held::Cells(count) => table.pairs.extend(ends(below, count, total)),
                Held::Finer(at, parts) => {
                    table.take_parts(levels, at, parts, below);
                    table.pairs.extend([POINTS_ON | (2 * at as u32), 0]);
                }
            }
            below += count;
        }
        table
    }

    fn take_parts(&mut self, levels: &Levels, at: usize, parts: &[u64], mut below: u64) {
        let keys_at = 2 * levels.parts().len();
        for (place, &count) in (at..).zip(parts) {
            let pair = match levels.part(place) {
                Held::Cells(count) => ends(below, count, levels.total),
                Held::Finer(at, keys) => {
                    let mut below = below;
                    for (entry, &count) in self.finer[keys_at + at..].iter_mut().zip(keys) {
                        *entry = value_of_rank(below, count, levels.total).to_bits();
                        below += count;
                    }
                    [POINTS_ON | (keys_at + at) as u32, 0]
                }
            };
            self.finer[2 * place..][..2].copy_from_slice(&pair);
            below += count;
        }
    }

    /// The table of a plane's cells where `mask` is known, counted natively, `tile_cells` by `tile_cells` at a time.
    pub fn of_plane(cells: &dyn Cells, mask: &dyn Cells, tile_cells: usize) -> Result<Self> {
        let tiling = Tiling::new(mask.frame(), tile_cells);
        let counted = |n_counts: usize, count: &dyn Fn(&[f32], &mut [u32])| -> Result<Vec<u64>> {
            // One more, for cells that are not counted.
            let (mut sums, mut of_tile) = (vec![0; n_counts], vec![0; n_counts + 1]);
            for window in tiling.tiles() {
                let mut x = cells.read_vec(window)?;
                for (x, mask) in x.iter_mut().zip(mask.read_vec(window)?) {
                    *x = if is_unknown(mask) { UNKNOWN } else { *x };
                }
                count(&x, &mut of_tile);
                sums.iter_mut().zip(&of_tile).for_each(|(sum, n)| *sum += u64::from(*n));
                of_tile.fill(0);
            }
            Ok(sums)
        };
        let mut levels = Levels::of_values(counted(N_SPREAD_BINS, &spread)?);
        while let Some(finer) = levels.finer() {
            levels.take(counted(finer.n_counts, &|x, counts| spread_finer(x, &finer, counts))?);
        }
        Ok(Self::new(&levels))
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
        let (mut from, mut to) = (self.pairs[at], self.pairs[at + 1]);
        let (mut low, mut each) = (key & ((1 << LOW_BITS) - 1), 1.0 / (1 << LOW_BITS) as f32);
        if from & POINTS_ON != 0 {
            let at = (from & !POINTS_ON) as usize + 2 * (low as usize >> LAST_BITS);
            (from, to) = (self.finer[at], self.finer[at + 1]);
            (low, each) = (key & (N_LAST as u32 - 1), 1.0 / N_LAST as f32);
            if from & POINTS_ON != 0 {
                return f32::from_bits(self.finer[(from & !POINTS_ON) as usize + low as usize]);
            }
        }
        let (from, to) = (f32::from_bits(from), f32::from_bits(to));
        from + low as f32 * each * (to - from)
    }
}

/// Bits of v at the lower and the upper end of what holds so many cells; of nothing it is never asked for.
fn ends(below: u64, count: u64, total: u64) -> [u32; 2] {
    [below, below + count.max(1) - 1].map(|rank| value_of_rank(rank, 1, total).to_bits())
}

fn value_of_rank(below: u64, equal: u64, total: u64) -> f32 {
    let place = below as f64 + equal.max(1).saturating_sub(1) as f64 / 2.0;
    if total <= 1 { 1.0 } else { (place / (total - 1) as f64).min(1.0) as f32 }
}
