//! Counts of keys at three levels: bins, parts of full bins, single keys of full parts.
//!
//! A key is the bits of a float ordered like the float. Its bin is key >> 11, 4096 to an octave. A bin that holds too
//! much for the rank's accuracy is counted again by 32 parts of 64 keys, and a part that still does (many ties, or
//! values all alike) by single keys, which is exact. The bin of 0 is not: what else it may hold is below 3e-42, and
//! counts as 0. So few counters stay in the cache and cost a device little to hand back.

use super::program::Shared;

/// Low bits of a key that its bin leaves out.
pub const LOW_BITS: u32 = 11;
/// Low bits of a key that the part of a bin leaves out.
pub const LAST_BITS: u32 = 6;
/// Parts of a bin.
pub const N_PARTS: usize = 1 << (LOW_BITS - LAST_BITS);
/// Keys of a part.
pub const N_LAST: usize = 1 << LAST_BITS;

/// A bin or a part that holds more than this share of the scored cells is counted again.
const REFINE_ABOVE: u64 = 16_384;

/// Marks an entry of a table that points on; no rank has this bit.
pub const POINTS_ON: u32 = 0x8000_0000;

/// Counts by level, as far as they were needed.
#[derive(Debug, Clone)]
pub struct Levels {
    /// Cells by bin.
    pub bins: Vec<u64>,
    /// Cells in all.
    pub total: u64,
    /// The bin of 0.
    zero_bin: usize,
    index_of: Vec<u32>,
    /// Cells by refined bin and part; `None` before they are counted.
    parts: Option<Vec<u64>>,
    /// Cells by refined part and key.
    keys: Option<Vec<u64>>,
}

/// What is counted next.
#[derive(Debug, Clone)]
pub struct Finer {
    /// By bin, 1 + its place among the refined, 0 for all others; where single keys are counted, then the same by
    /// refined bin and part.
    pub index_of: Shared<Vec<u32>>,
    /// Bins.
    pub n_bins: usize,
    /// Whether single keys are counted.
    pub is_last: bool,
    /// How many counts there will be.
    pub n_counts: usize,
}

impl Finer {
    /// Parts of a bin.
    pub const PARTS: usize = N_PARTS;

    /// Where a key is counted; `n_counts` where it is not.
    #[inline(always)]
    pub fn place(&self, index_of: &[u32], key: u32) -> usize {
        let index = index_of[(key >> LOW_BITS) as usize] as usize;
        let part = (key >> LAST_BITS) as usize & (N_PARTS - 1);
        let place = index.wrapping_sub(1).wrapping_mul(N_PARTS).wrapping_add(part);
        if !self.is_last {
            return if index == 0 { self.n_counts } else { place };
        }
        let again = if index == 0 { 0 } else { index_of[self.n_bins + place] as usize };
        let place = again.wrapping_sub(1).wrapping_mul(N_LAST).wrapping_add(key as usize & (N_LAST - 1));
        if again == 0 { self.n_counts } else { place }
    }
}

/// What a bin or a part holds.
pub enum Held<'a> {
    /// Cells that are told apart no further.
    Cells(u64),
    /// Its counts at the next level, and their place among all of that level.
    Finer(usize, &'a [u64]),
}

impl Levels {
    /// Of counts of priorities, 0 the least of them.
    pub fn of_priorities(bins: Vec<u64>) -> Self {
        Self::new(bins, 0)
    }

    /// Of counts of values of either sign.
    pub fn of_values(bins: Vec<u64>) -> Self {
        let zero_bin = bins.len() / 2;
        Self::new(bins, zero_bin)
    }

    fn new(bins: Vec<u64>, zero_bin: usize) -> Self {
        let total = bins.iter().sum();
        let mut index_of = Vec::with_capacity(bins.len());
        number_full(&bins, total, Some(zero_bin), &mut index_of);
        Self { bins, total, zero_bin, index_of, parts: None, keys: None }
    }

    /// What must be counted next, if anything.
    pub fn finer(&self) -> Option<Finer> {
        let of_level = |is_last: bool, index_of: &[u32], each: usize| {
            let n_refined = index_of.iter().copied().max().unwrap_or(0) as usize;
            let (index_of, n_bins) = (Shared::new(self.index_of.clone()), self.bins.len());
            (n_refined > 0).then_some(Finer { index_of, n_bins, is_last, n_counts: n_refined * each })
        };
        match (&self.parts, &self.keys) {
            (None, _) => of_level(false, &self.index_of, N_PARTS),
            (Some(_), None) => of_level(true, &self.index_of[self.bins.len()..], N_LAST),
            (Some(_), Some(_)) => None,
        }
    }

    /// Takes what was to be counted next.
    pub fn take(&mut self, counts: Vec<u64>) {
        if self.parts.is_none() {
            number_full(&counts, self.total, None, &mut self.index_of);
            self.parts = Some(counts);
        } else {
            self.keys = Some(counts);
        }
    }

    /// Whether a bin's cells all count as 0.
    pub fn is_zero(&self, bin: usize) -> bool {
        bin == self.zero_bin
    }

    /// What a bin holds.
    pub fn bin(&self, bin: usize) -> Held<'_> {
        held(self.bins[bin], self.index_of[bin], self.parts(), N_PARTS)
    }

    /// What a part holds, by its place among all of the refined bins' parts.
    pub fn part(&self, place: usize) -> Held<'_> {
        held(self.parts()[place], self.index_of[self.bins.len() + place], self.keys(), N_LAST)
    }

    /// Cells by refined bin and part.
    pub fn parts(&self) -> &[u64] {
        self.parts.as_deref().unwrap_or(&[])
    }

    /// Cells by refined part and key.
    pub fn keys(&self) -> &[u64] {
        self.keys.as_deref().unwrap_or(&[])
    }
}

fn held(cells: u64, index: u32, finer: &[u64], each: usize) -> Held<'_> {
    match (index as usize).checked_sub(1) {
        Some(index) if !finer.is_empty() => Held::Finer(index * each, &finer[index * each..][..each]),
        _ => Held::Cells(cells),
    }
}

/// Numbers what is too full from 1 on, and all others 0.
fn number_full(counts: &[u64], total: u64, spared: Option<usize>, index_of: &mut Vec<u32>) {
    let mut n_full = 0;
    index_of.extend(counts.iter().enumerate().map(|(i, &count)| {
        let is_full = count >= 2 && count.saturating_mul(REFINE_ABOVE) > total && spared != Some(i);
        n_full += u32::from(is_full);
        if is_full { n_full } else { 0 }
    }));
}
