//! `rank`: the percentile of a priority among scored cells, 0..100, 100 = first.
//!
//! rank = 100 · (L + (T − 1) / 2) / (N − 1): L cells with a smaller priority, T with an equal one including the
//! cell itself (mid-rank for ties), N scored cells; a single cell has rank 100. L and T are integer counts at the levels of
//! `levels.rs`. A bin, or part of one, with at most N / 16384 cells takes its mid-rank as a whole, which is off by
//! less than 100 / (2 · 16384) = 0.0031 of a point; a fuller one is looked at more closely, to the last bit if need
//! be. A priority that another engine rounds into the next bin or part moves by at most 0.0061: engines agree
//! within 0.01 of a point. Equal priorities have equal ranks; priorities below 3e-42 count as 0. Twin:
//! `shaders/rank.wgsl`, with the tables made here.

use crate::grid::{UNKNOWN, is_unknown};

use super::histogram::{N_BINS, key};
use super::levels::{Held, LAST_BITS, LOW_BITS, Levels, N_LAST, N_PARTS, POINTS_ON};
use super::widest::{widest, work};

/// Rank by priority bits.
#[derive(Debug, Clone, PartialEq)]
pub struct RankTable {
    /// By bin: bits of the rank, or the highest bit and where in `finer` its parts begin.
    pub first: Vec<u32>,
    /// By refined bin and part: bits of the rank, or the highest bit and where its keys begin; then by refined part
    /// and key: bits of the rank.
    pub finer: Vec<u32>,
    /// Whether `finer` holds single keys.
    has_keys: bool,
}

impl RankTable {
    /// The table of counts.
    pub fn new(levels: &Levels) -> Self {
        let (total, n_parts, n_keys) = (levels.total, levels.parts().len(), levels.keys().len());
        let mut table = Self {
            first: vec![0; levels.bins.len()],
            finer: vec![0; n_parts + n_keys],
            has_keys: n_keys > 0,
        };
        let mut below = 0;
        for (bin, &count) in levels.bins.iter().enumerate() {
            table.first[bin] = match levels.bin(bin) {
                Held::Cells(count) => rank_of(below, count, total).to_bits(),
                Held::Finer(at, parts) => {
                    table.take_parts(levels, at, parts, below);
                    POINTS_ON | at as u32
                }
            };
            below += count;
        }
        table
    }

    fn take_parts(&mut self, levels: &Levels, at: usize, parts: &[u64], mut below: u64) {
        let n_parts = levels.parts().len();
        for (place, &count) in (at..).zip(parts) {
            self.finer[place] = match levels.part(place) {
                Held::Cells(count) => rank_of(below, count, levels.total).to_bits(),
                Held::Finer(at, keys) => {
                    let mut below = below;
                    for (entry, &count) in self.finer[n_parts + at..].iter_mut().zip(keys) {
                        *entry = rank_of(below, count, levels.total).to_bits();
                        below += count;
                    }
                    POINTS_ON | (n_parts + at) as u32
                }
            };
            below += count;
        }
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
    let mut places = [0; BATCH];
    for (priority, out) in priority.chunks(BATCH).zip(out.chunks_mut(BATCH)) {
        widest(LookUp { priority, first, out: &mut *out });
        if !table.finer.is_empty() {
            let places = &mut places[..out.len()];
            table.look_closer(priority, LAST_BITS, N_PARTS as u32 - 1, places, out);
            if table.has_keys {
                table.look_closer(priority, 0, N_LAST as u32 - 1, places, out);
            }
        }
    }
}

impl RankTable {
    /// Replaces entries that point on by those of the key's bits from `shift` on.
    fn look_closer(&self, priority: &[f32], shift: u32, mask: u32, places: &mut [u32], out: &mut [f32]) {
        widest(FindPlaces { priority, shift, mask, out: &*out, places: &mut *places });
        // Many such loads are under way at once, as long as none of them depends on a branch.
        for place in &mut *places {
            *place = self.finer[*place as usize];
        }
        widest(TakeFiner { finer: places, out });
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

/// Whether an entry points on.
#[inline(always)]
fn points_on(entry: f32) -> bool {
    (entry.to_bits() & POINTS_ON != 0) & !is_unknown(entry)
}

work!(FindPlaces = find_places(priority: &'a [f32], shift: u32, mask: u32, out: &'a [f32], places: &'a mut [u32]));

/// Where the next level has a cell; the first place where it needs none.
#[inline(always)]
fn find_places(priority: &[f32], shift: u32, mask: u32, out: &[f32], places: &mut [u32]) {
    for ((place, &priority), &entry) in places.iter_mut().zip(priority).zip(out) {
        let at = (entry.to_bits() & !POINTS_ON) + ((key(priority) >> shift) & mask);
        *place = if points_on(entry) { at } else { 0 };
    }
}

work!(TakeFiner = take_finer(finer: &'a [u32], out: &'a mut [f32]));

/// Puts the next level's entries where the last one points on.
#[inline(always)]
fn take_finer(finer: &[u32], out: &mut [f32]) {
    for (out, &finer) in out.iter_mut().zip(finer) {
        *out = if points_on(*out) { f32::from_bits(finer) } else { *out };
    }
}
