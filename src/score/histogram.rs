//! `histogram` and `refine`: integer counts of priorities by their bits, at the levels of `levels.rs`.
//!
//! The bits of a float ≥ 0 order like the float. Unknown cells are not counted. Twins: `shaders/histogram.wgsl`,
//! `shaders/refine.wgsl`.

use crate::grid::is_unknown;

use super::levels::{Finer, LOW_BITS};

/// Bins of the first level.
pub const N_BINS: usize = 1 << (31 - LOW_BITS);

/// The key of a known priority: its bits, −0 counted as 0.
#[inline(always)]
pub fn key(priority: f32) -> u32 {
    priority.to_bits() & 0x7FFF_FFFF
}

/// Adds a plane's counts to `bins`.
pub fn histogram(priority: &[f32], bins: &mut [u32]) {
    let known = priority.iter().filter(|priority| !is_unknown(**priority));
    count_runs(known.map(|priority| (key(*priority) >> LOW_BITS) as usize), bins);
}

/// Adds a plane's counts at a finer level to `counts`, which has one more place, for cells that are not counted.
pub fn refine(priority: &[f32], finer: &Finer, counts: &mut [u32]) {
    let index_of = finer.index_of.as_slice();
    let known = priority.iter().filter(|priority| !is_unknown(**priority));
    count_runs(known.map(|priority| finer.place(index_of, key(*priority))), counts);
}

/// Counts places. Neighbours of equal place are counted together: a counter that is added to again at once waits for
/// itself, and the place of most cells of a map is that of their neighbours.
pub fn count_runs(places: impl Iterator<Item = usize>, counts: &mut [u32]) {
    let mut run = (0usize, 0u32);
    for place in places {
        if place == run.0 {
            run.1 += 1;
        } else {
            counts[run.0] += run.1;
            run = (place, 1);
        }
    }
    counts[run.0] += run.1;
}
