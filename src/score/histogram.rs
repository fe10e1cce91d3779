//! `histogram` and `refine`: integer counts of priorities by their bits, at the levels of `levels.rs`.
//!
//! The bits of a float ≥ 0 order like the float. Unknown cells are not counted. A batch of cells gets its places first,
//! which wide registers can do, and is counted after. Twins: `shaders/histogram.wgsl`, `shaders/refine.wgsl`.

use crate::grid::is_unknown;

use super::levels::{FEW_PLACES, Finer, LOW_BITS, MOST_PLACES, MOST_STEPS, SPARE, next_place};
use crate::widest::{AHEAD, fetch_early, part_of, widest, work};

/// Bins of the first level.
pub const N_BINS: usize = 1 << (31 - LOW_BITS);

/// The key of a known priority: its bits, −0 counted as 0.
#[inline(always)]
pub fn key(priority: f32) -> u32 {
    priority.to_bits() & 0x7FFF_FFFF
}

work!(Bins = count_priorities(priority: &'a [f32], bins: &'a mut [u32]));
work!(Parts = refine_priorities(priority: &'a [f32], finer: &'a Finer, counts: &'a mut [u32]));

/// Adds a plane's counts to `bins`, which have [`SPARE`] more places.
pub fn histogram(priority: &[f32], bins: &mut [u32]) {
    widest(Bins { priority, bins });
}

/// Adds a plane's counts at a finer level to `counts`, which have [`SPARE`] more places.
pub fn refine(priority: &[f32], finer: &Finer, counts: &mut [u32]) {
    widest(Parts { priority, finer, counts });
}

#[inline(always)]
fn count_priorities(priority: &[f32], bins: &mut [u32]) {
    count_bins(priority, key, bins);
}

#[inline(always)]
fn refine_priorities(priority: &[f32], finer: &Finer, counts: &mut [u32]) {
    count_parts(priority, key, finer, counts);
}

/// Cells that get their places together.
const BATCH: usize = AHEAD;

/// Counts cells by bin.
#[inline(always)]
pub fn count_bins(cells: &[f32], key: impl Fn(f32) -> u32, bins: &mut [u32]) {
    let n_bins = bins.len() - SPARE;
    let mut places = [0u32; BATCH];
    let mut rest = cells;
    while !rest.is_empty() {
        let (cells, next) = rest.split_at(rest.len().min(BATCH));
        for (i, (place, &x)) in places.iter_mut().zip(cells).enumerate() {
            *place = if is_unknown(x) { spare(n_bins, i) } else { key(x) >> LOW_BITS };
        }
        count(&places[..cells.len()], bins, next);
        rest = next;
    }
}

/// Counts cells by part.
#[inline(always)]
pub fn count_parts(cells: &[f32], key: impl Fn(f32) -> u32, finer: &Finer, counts: &mut [u32]) {
    match finer.n_steps {
        1 => count_steps::<FEW_PLACES, 1>(cells, key, finer, counts),
        2 => count_steps::<MOST_PLACES, 2>(cells, key, finer, counts),
        _ => count_steps::<MOST_PLACES, MOST_STEPS>(cells, key, finer, counts),
    }
}

#[inline(always)]
fn count_steps<const PLACES: usize, const STEPS: usize>(
    cells: &[f32],
    key: impl Fn(f32) -> u32,
    finer: &Finer,
    counts: &mut [u32],
) {
    let index: &[u32; PLACES] = finer.roomy_index().try_into().expect("room as the steps ask for");
    let (n_places, n_counts) = (finer.index().len() as u32, finer.n_counts);
    let mut places = [0u32; BATCH];
    let mut rest = cells;
    while !rest.is_empty() {
        let (cells, next) = rest.split_at(rest.len().min(BATCH));
        for (i, (to, &x)) in places.iter_mut().zip(cells).enumerate() {
            let key = key(x);
            let mut place = key >> LOW_BITS;
            let mut is_counted = !is_unknown(x);
            for _ in 0..STEPS {
                // What is to be counted may be reached in less steps: it stays.
                let is_there = (STEPS == MOST_STEPS) & (place >= n_places);
                let entry = index[if is_there { 0 } else { place } as usize & (PLACES - 1)];
                is_counted &= is_there | (entry > 0);
                let next = if entry > 0 { next_place(entry, key) } else { 0 };
                place = if is_there { place } else { next };
            }
            *to = if is_counted { place - n_places } else { spare(n_counts, i) };
        }
        count(&places[..cells.len()], counts, next);
        rest = next;
    }
}

/// The place of a cell that is not counted.
#[inline(always)]
fn spare(n: usize, i: usize) -> u32 {
    (n + i % SPARE) as u32
}

/// Counts places. Neighbours of equal place are counted together: a counter that is added to again at once waits for
/// itself, and the place of most cells of a map is that of their neighbours. Meanwhile the next cells are asked for.
#[inline(always)]
fn count(places: &[u32], counts: &mut [u32], next: &[f32]) {
    const TOGETHER: usize = 16;
    let (groups, rest) = places.as_chunks::<TOGETHER>();
    for (i, group) in groups.iter().enumerate() {
        fetch_early(part_of(next, i * TOGETHER, TOGETHER));
        let differ = group.iter().fold(0, |differ, place| differ | (place ^ group[0]));
        if differ == 0 {
            counts[group[0] as usize] += TOGETHER as u32;
        } else {
            for &place in group {
                counts[place as usize] += 1;
            }
        }
    }
    for &place in rest {
        counts[place as usize] += 1;
    }
}
