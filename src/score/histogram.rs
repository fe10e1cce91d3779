//! `histogram` and `refine`: integer counts of priorities by their bits, at two levels.
//!
//! The bits of a float ≥ 0 order like the float, so a bin is a range of priorities: bin = bits >> 11, 2^20
//! bins, 4096 to an octave. A bin that holds too much for the rank's accuracy is counted again by the low 11
//! bits, which is exact. Unknown cells are not counted. Twins: `shaders/histogram.wgsl`, `shaders/refine.wgsl`.

use crate::grid::is_unknown;

use super::counting::{BATCH, NOWHERE, Pending, Refined};
use super::widest::{widest, work};

/// Low bits that the first level leaves out.
pub const LOW_BITS: u32 = 11;
/// Bins of the first level.
pub const N_BINS: usize = 1 << (31 - LOW_BITS);
/// Bins a first-level bin is refined into.
pub const N_REFINED: usize = 1 << LOW_BITS;

/// The key of a known priority: its bits, −0 counted as 0.
#[inline(always)]
pub fn key(priority: f32) -> u32 {
    priority.to_bits() & 0x7FFF_FFFF
}

/// Adds a plane's counts to `bins`.
pub fn histogram(priority: &[f32], bins: &mut [u32]) {
    // Neighbours of equal priority are counted together: ties would otherwise wait on one counter. Gathering them
    // first, as `refine` does, was half as fast on smooth data, which is most.
    let mut run = (0usize, 0u32);
    for &priority in priority {
        if is_unknown(priority) {
            continue;
        }
        let bin = (key(priority) >> LOW_BITS) as usize;
        if bin == run.0 {
            run.1 += 1;
        } else {
            bins[run.0] += run.1;
            run = (bin, 1);
        }
    }
    bins[run.0] += run.1;
}

/// Counts a plane's cells in the refined bins; `index_of[bin]` is 1 + the place of a refined bin, 0 otherwise.
pub fn refine(priority: &[f32], index_of: &[u32], pending: &mut Pending, refined: Refined<'_>) {
    let index_of: &[u32; N_BINS] = index_of.try_into().expect("an entry for every bin");
    let mut places = [0; BATCH];
    for priority in priority.chunks(BATCH) {
        let places = &mut places[..priority.len()];
        widest(FindRefined { priority, index_of, places: &mut *places });
        pending.add(places, refined);
    }
}

work!(FindRefined = find_refined(priority: &'a [f32], index_of: &'a [u32; N_BINS], places: &'a mut [u32]));

#[inline(always)]
fn find_refined(priority: &[f32], index_of: &[u32; N_BINS], places: &mut [u32]) {
    for (place, &priority) in places.iter_mut().zip(priority) {
        let key = key(priority);
        let index = index_of[(key >> LOW_BITS) as usize];
        *place = if is_unknown(priority) { NOWHERE } else { refined_place(index, key) };
    }
}

/// The place of a key in the refined counts, by what `index_of` says of its bin.
#[inline(always)]
pub fn refined_place(index: u32, key: u32) -> u32 {
    let place = index.wrapping_sub(1) << LOW_BITS | key & (N_REFINED as u32 - 1);
    if index == 0 { NOWHERE } else { place }
}
