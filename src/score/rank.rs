//! `rank`: the percentile of a priority among scored cells, 0..100, 100 = first.
//!
//! rank = 100 · (L + (T − 1) / 2) / (N − 1): L cells with a smaller priority, T with an equal one including the
//! cell itself (mid-rank for ties), N scored cells; a single cell has rank 100. L and T are integer counts at the levels of
//! `levels.rs`. A bin, or part of one, with at most N / 16384 cells takes its mid-rank as a whole, which is off by
//! less than 100 / (2 · 16384) = 0.0031 of a point; a fuller one is looked at more closely, to the last bit if need
//! be. A priority that another engine rounds into the next bin or part moves by at most 0.0061: engines agree
//! within 0.01 of a point. Equal priorities have equal ranks; priorities below 5e-41 count as 0. Twin:
//! `shaders/rank.wgsl`, with the table made here.

use crate::grid::{UNKNOWN, is_unknown};

use super::histogram::key;
use super::levels::{
    FEW_PLACES, LOW_BITS, Levels, MOST_PLACES, MOST_STEPS, POINTS_ON, next_place, with_room,
};
use crate::widest::{AHEAD, fetch_early, part_of, widest, work};

/// Rank by priority bits.
#[derive(Debug, Clone, PartialEq)]
pub struct RankTable {
    /// By place: bits of the rank, or with the highest bit set where the parts are; then room.
    table: Vec<u32>,
    n_places: usize,
    n_steps: usize,
}

impl RankTable {
    /// The table of counts.
    pub fn new(levels: &Levels) -> Self {
        let (pointers, n_steps) = levels.pointers();
        let mut table = with_room(pointers.iter().copied(), n_steps);
        levels.leaves(|leaf| {
            table[leaf.place] = rank_of(leaf.below, leaf.count, levels.total).to_bits();
        });
        Self { table, n_places: pointers.len(), n_steps }
    }

    /// By place, bins first: bits of the rank, or with the highest bit set where the parts are.
    pub fn entries(&self) -> &[u32] {
        &self.table[..self.n_places]
    }
}

pub(super) fn rank_of(below: u64, equal: u64, total: u64) -> f32 {
    match (equal, total) {
        (0, _) => 0.0,
        (_, 1) => 100.0,
        _ => (100.0 * (below as f64 + (equal - 1) as f64 / 2.0) / (total - 1) as f64) as f32,
    }
}

work!(OneStep = one_step(priority: &'a [f32], table: &'a [u32], out: &'a mut [f32]));
work!(TwoSteps = two_steps(priority: &'a [f32], table: &'a [u32], out: &'a mut [f32]));
work!(AllSteps = all_steps(priority: &'a [f32], table: &'a [u32], out: &'a mut [f32]));

/// Cell by cell; unknown where the priority is.
pub fn rank(priority: &[f32], table: &RankTable, out: &mut [f32]) {
    let (n_steps, table) = (table.n_steps, table.table.as_slice());
    match n_steps {
        0 | 1 => widest(OneStep { priority, table, out }),
        2 => widest(TwoSteps { priority, table, out }),
        _ => widest(AllSteps { priority, table, out }),
    }
}

#[inline(always)]
fn one_step(priority: &[f32], table: &[u32], out: &mut [f32]) {
    look_up::<FEW_PLACES, 1>(priority, table, out);
}

#[inline(always)]
fn two_steps(priority: &[f32], table: &[u32], out: &mut [f32]) {
    look_up::<MOST_PLACES, 2>(priority, table, out);
}

#[inline(always)]
fn all_steps(priority: &[f32], table: &[u32], out: &mut [f32]) {
    look_up::<MOST_PLACES, MOST_STEPS>(priority, table, out);
}

/// Cells looked up together.
const BATCH: usize = 64;

/// From bin to part, so many steps; an entry that does not point on is looked up again. No branch, and results in a place
/// of their own, of which the compiler knows that writing there leaves the table alone: so wide registers can do it.
#[inline(always)]
fn look_up<const PLACES: usize, const STEPS: usize>(priority: &[f32], table: &[u32], out: &mut [f32]) {
    let table: &[u32; PLACES] = table.try_into().expect("room as the steps ask for");
    let mut ranks = [0.0f32; BATCH];
    for from in (0..priority.len()).step_by(BATCH) {
        fetch_early(part_of(priority, from + AHEAD, BATCH));
        fetch_early(part_of(out, from + AHEAD, BATCH));
        let priority = part_of(priority, from, BATCH);
        for (rank, &priority) in ranks.iter_mut().zip(priority) {
            let key = key(priority);
            let mut place = key >> LOW_BITS;
            let mut entry = table[place as usize & (PLACES - 1)];
            for _ in 0..STEPS {
                place = if entry >= POINTS_ON { next_place(entry, key) } else { place };
                entry = table[place as usize & (PLACES - 1)];
            }
            *rank = if is_unknown(priority) { UNKNOWN } else { f32::from_bits(entry) };
        }
        out[from..from + priority.len()].copy_from_slice(&ranks[..priority.len()]);
    }
}
