//! `spread` and `quantile`: a criterion's value as its rank among scored cells, v = rank / 100 (domain.md §3.4, §3.8).
//!
//! v = (L + (T − 1) / 2) / (N − 1): L scored cells with a smaller x, T with an equal one including the cell itself,
//! N scored cells; a single cell has v = 1, a layer that is the same everywhere ½. `spread` counts cells by the bits of x,
//! negative ones too, at the levels of `levels.rs`: 2^17 bins. What holds more than N / 16384 cells is cut, to single keys
//! if need be, which are exact. In any other bin or part v runs straight from the rank of its
//! lowest cell to that of its highest: it is off by less than 1 / 16384 = 6.2e-5, equal x have equal v, and what
//! another device rounds in the last digit moves v by no more than a digit. Grids of less than 32768 scored cells
//! are exact; x within 5e-41 of 0 count as 0. Twins: `shaders/spread.wgsl`, `shaders/quantile.wgsl`.

use crate::error::Result;
use crate::grid::{Cells, Tiling, UNKNOWN, is_unknown};

use super::histogram::{count_bins, count_parts};
use super::levels::{
    FEW_PLACES, Finer, LOW_BITS, Leaf, Levels, MOST_PLACES, MOST_STEPS, POINTS_ON, SPARE, next_place,
    shift_of, with_room,
};
use crate::widest::{widest, work};

/// Bins of the first level: one more bit than a histogram of priorities, for the sign.
pub const N_SPREAD_BINS: usize = 1 << (32 - LOW_BITS);

/// v by the bits of x.
#[derive(Debug, Clone, PartialEq)]
pub struct QuantileTable {
    /// By place: bits of v at the lower end, above them those at the upper end; or the highest bit of 32 and where the
    /// parts are. Then room.
    table: Vec<u64>,
    n_places: usize,
    n_steps: usize,
    /// Whether all scored cells have the same x.
    pub is_constant: bool,
}

/// Bits that order like x; −0 counts as 0.
#[inline(always)]
pub fn key(x: f32) -> u32 {
    let bits = x.to_bits();
    if bits > 0x8000_0000 { !bits } else { bits | 0x8000_0000 }
}

work!(Bins = count_values(cells: &'a [f32], bins: &'a mut [u32]));
work!(Parts = refine_values(cells: &'a [f32], finer: &'a Finer, counts: &'a mut [u32]));

/// Adds a plane's counts to `bins`, which have [`SPARE`] more places.
pub fn spread(cells: &[f32], bins: &mut [u32]) {
    widest(Bins { cells, bins });
}

/// Adds a plane's counts at a finer level to `counts`, which have [`SPARE`] more places.
pub fn spread_finer(cells: &[f32], finer: &Finer, counts: &mut [u32]) {
    widest(Parts { cells, finer, counts });
}

#[inline(always)]
fn count_values(cells: &[f32], bins: &mut [u32]) {
    count_bins(cells, key, bins);
}

#[inline(always)]
fn refine_values(cells: &[f32], finer: &Finer, counts: &mut [u32]) {
    count_parts(cells, key, finer, counts);
}

impl QuantileTable {
    /// The table of counts.
    pub fn new(levels: &Levels) -> Self {
        let (pointers, n_steps) = levels.pointers();
        let mut table = with_room(pointers.iter().map(|entry| u64::from(*entry)), n_steps);
        let mut is_constant = levels.total == 1;
        levels.leaves(|leaf| {
            table[leaf.place] = ends(&leaf, levels.total);
            is_constant |= leaf.is_single && leaf.count == levels.total;
        });
        Self { table, n_places: pointers.len(), n_steps, is_constant }
    }

    /// By place, bins first: bits of v at the lower and at the upper end; or with the highest bit of the first set where
    /// the parts are.
    #[cfg(feature = "gpu")]
    pub fn words(&self) -> &[u32] {
        const { assert!(cfg!(target_endian = "little")) }
        bytemuck::cast_slice(&self.table[..self.n_places])
    }

    /// The table of a plane's cells where `mask` is known, counted natively, `tile_cells` by `tile_cells` at a time.
    pub fn of_plane(cells: &dyn Cells, mask: &dyn Cells, tile_cells: usize) -> Result<Self> {
        let tiling = Tiling::new(mask.frame(), tile_cells);
        let counted = |n_counts: usize, count: &dyn Fn(&[f32], &mut [u32])| -> Result<Vec<u64>> {
            let (mut sums, mut of_tile) = (vec![0; n_counts], vec![0; n_counts + SPARE]);
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

    /// v of one cell.
    pub fn value_of(&self, x: f32) -> f32 {
        let mut v = [0.0];
        self.values_of(&[x], &mut v);
        v[0]
    }

    /// v of cells; that of an unknown cell means nothing.
    #[inline(always)]
    pub fn values_of(&self, of: &[f32], values: &mut [f32]) {
        match self.n_steps {
            0 | 1 => self.look_up::<FEW_PLACES, 1>(of, values),
            2 => self.look_up::<MOST_PLACES, 2>(of, values),
            _ => self.look_up::<MOST_PLACES, MOST_STEPS>(of, values),
        }
    }

    /// From bin to part, so many steps; an entry that does not point on is looked up again. No branch, so that wide
    /// registers can do it.
    #[inline(always)]
    fn look_up<const PLACES: usize, const STEPS: usize>(&self, of: &[f32], values: &mut [f32]) {
        let table: &[u64; PLACES] = self.table.as_slice().try_into().expect("room as the steps ask for");
        for (v, &x) in values.iter_mut().zip(of) {
            let key = key(x);
            let (mut place, mut shift) = (key >> LOW_BITS, LOW_BITS);
            let mut pair = table[place as usize & (PLACES - 1)];
            for _ in 0..STEPS {
                let entry = pair as u32;
                let points_on = entry >= POINTS_ON;
                place = if points_on { next_place(entry, key) } else { place };
                shift = if points_on { shift_of(entry) } else { shift };
                pair = table[place as usize & (PLACES - 1)];
            }
            let (from, to) = (f32::from_bits(pair as u32), f32::from_bits((pair >> 32) as u32));
            let low = key & ((1 << shift) - 1);
            // 2^−shift
            let each = f32::from_bits((127 - shift) << 23);
            *v = from + low as i32 as f32 * each * (to - from);
        }
    }
}

/// Bits of v at the lower and, above them, at the upper end; of nothing it is hardly ever asked for.
fn ends(leaf: &Leaf, total: u64) -> u64 {
    let Leaf { below, count, is_single, .. } = *leaf;
    let [from, to] = if is_single {
        [value_of_rank(below, count, total); 2]
    } else {
        [below, below + count.max(1) - 1].map(|rank| value_of_rank(rank, 1, total))
    };
    u64::from(from.to_bits()) | u64::from(to.to_bits()) << 32
}

fn value_of_rank(below: u64, equal: u64, total: u64) -> f32 {
    let place = below as f64 + equal.max(1).saturating_sub(1) as f64 / 2.0;
    if total <= 1 { 1.0 } else { (place / (total - 1) as f64).min(1.0) as f32 }
}
