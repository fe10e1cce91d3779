//! `rank`: the percentile of a priority among scored cells, 0..100, 100 = first.
//!
//! rank = 100 · (L + (T − 1) / 2) / (N − 1): L cells with a smaller priority, T with an equal one including the
//! cell itself (mid-rank for ties), N scored cells; a single cell has rank 100. L and T are integer counts of
//! the histogram. A bin with at most N / 16384 cells takes its mid-rank as a whole, which is off by less than
//! 100 / (2 · 16384) = 0.0031 of a point; a fuller one is refined to the last bit. A priority that another engine
//! rounds into the next bin moves by at most 0.0061: engines agree within 0.01 of a point. Equal priorities have equal
//! ranks. Twin: `shaders/rank.wgsl`, with the tables made here.

use crate::grid::{UNKNOWN, is_unknown};

use super::histogram::{LOW_BITS, N_BINS, N_REFINED, key};
use super::widest::{widest, work};

/// A bin that holds more than this share of the scored cells is refined.
const REFINE_ABOVE: u64 = 16_384;

/// Marks an entry of the first level that points into the refined one; no rank has this bit.
pub const REFINED_FLAG: u32 = 0x8000_0000;

/// Rank by priority bits.
#[derive(Debug, Clone, PartialEq)]
pub struct RankTable {
    /// By first-level bin: bits of the rank, or the highest bit and the place of the refined bin.
    pub first: Vec<u32>,
    /// By refined bin and low bits: bits of the rank.
    pub refined: Vec<u32>,
}

/// Which bins need refining: for each bin 1 + its place among them, 0 when it needs none; and how many do.
pub fn bins_to_refine(bins: &[u64]) -> (Vec<u32>, usize) {
    let total: u64 = bins.iter().sum();
    let mut n_refined = 0;
    let index_of = bins.iter().map(|&count| {
        let is_full = count >= 2 && count.saturating_mul(REFINE_ABOVE) > total;
        n_refined += u32::from(is_full);
        if is_full { n_refined } else { 0 }
    });
    let index_of = index_of.collect();
    (index_of, n_refined as usize)
}

impl RankTable {
    /// The table of counts by bin, with the refined counts of the bins that `index_of` names.
    pub fn new(bins: &[u64], index_of: &[u32], refined: &[u64]) -> Self {
        let total: u64 = bins.iter().sum();
        let mut table = Self { first: vec![0; bins.len()], refined: vec![0; refined.len()] };
        let mut below = 0;
        for (bin, &count) in bins.iter().enumerate() {
            let index = index_of.get(bin).map_or(0, |index| *index as usize);
            if index == 0 {
                table.first[bin] = rank_of(below, count, total).to_bits();
            } else {
                table.first[bin] = REFINED_FLAG | (index as u32 - 1);
                let bins = (index - 1) * N_REFINED..index * N_REFINED;
                let mut below = below;
                for (rank, &count) in table.refined[bins.clone()].iter_mut().zip(&refined[bins]) {
                    *rank = rank_of(below, count, total).to_bits();
                    below += count;
                }
            }
            below += count;
        }
        table
    }
}

pub(super) fn rank_of(below: u64, equal: u64, total: u64) -> f32 {
    match (equal, total) {
        (0, _) => 0.0,
        (_, 1) => 100.0,
        _ => (100.0 * (below as f64 + (equal - 1) as f64 / 2.0) / (total - 1) as f64) as f32,
    }
}

/// Cells looked up together.
const BATCH: usize = 1024;

/// Cell by cell; unknown where the priority is.
pub fn rank(priority: &[f32], table: &RankTable, out: &mut [f32]) {
    let first: &[u32; N_BINS] = table.first.as_slice().try_into().expect("an entry for every bin");
    let mut second = [0; BATCH];
    for (priority, out) in priority.chunks(BATCH).zip(out.chunks_mut(BATCH)) {
        widest(LookUp { priority, first, out: &mut *out });
        if !table.refined.is_empty() {
            let second = &mut second[..out.len()];
            widest(FindPlaces { priority, out, second: &mut *second });
            // Many such loads are under way at once, as long as none of them depends on a branch.
            for entry in &mut *second {
                *entry = table.refined[*entry as usize];
            }
            widest(TakeSecond { second, out });
        }
    }
}

work!(LookUp = look_up(priority: &'a [f32], first: &'a [u32; N_BINS], out: &'a mut [f32]));

/// The entries of the first level.
#[inline(always)]
fn look_up(priority: &[f32], first: &[u32; N_BINS], out: &mut [f32]) {
    for (out, &priority) in out.iter_mut().zip(priority) {
        let entry = f32::from_bits(first[(key(priority) >> LOW_BITS) as usize]);
        *out = if is_unknown(priority) { UNKNOWN } else { entry };
    }
}

/// Whether a first-level entry points into the second level.
#[inline(always)]
fn is_refined(entry: f32) -> bool {
    (entry.to_bits() & REFINED_FLAG != 0) & !is_unknown(entry)
}

work!(FindPlaces = find_places(priority: &'a [f32], out: &'a [f32], second: &'a mut [u32]));

/// Where the second level has a cell; the first place where it needs none.
#[inline(always)]
fn find_places(priority: &[f32], out: &[f32], second: &mut [u32]) {
    for ((second, &priority), &entry) in second.iter_mut().zip(priority).zip(out) {
        let index = entry.to_bits() & !REFINED_FLAG;
        let place = index << LOW_BITS | key(priority) & (N_REFINED as u32 - 1);
        *second = if is_refined(entry) { place } else { 0 };
    }
}

work!(TakeSecond = take_second(second: &'a [u32], out: &'a mut [f32]));

/// Puts the second level's entries where the first one points there.
#[inline(always)]
fn take_second(second: &[u32], out: &mut [f32]) {
    for (out, &second) in out.iter_mut().zip(second) {
        *out = if is_refined(*out) { f32::from_bits(second) } else { *out };
    }
}
