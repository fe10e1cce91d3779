//! `histogram` and `refine`: integer counts of priorities by their bits, at two levels.
//!
//! The bits of a float ≥ 0 order like the float, so a bin is a range of priorities: bin = bits >> 11, 2^20
//! bins, 4096 to an octave. A bin that holds too much for the rank's accuracy is counted again by the low 11
//! bits, which is exact. Unknown cells are not counted. Twins: `shaders/histogram.wgsl`, `shaders/refine.wgsl`.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::grid::is_unknown;

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
    // Neighbours of equal priority are counted together: ties would otherwise wait on one counter.
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

/// Adds a plane's counts of the refined bins; `index_of[bin]` is 1 + the place of a refined bin, 0 otherwise.
pub fn refine(priority: &[f32], index_of: &[u32], refined: &[AtomicU64]) {
    let mut run = (0usize, 0u64);
    for &priority in priority {
        if is_unknown(priority) {
            continue;
        }
        let key = key(priority);
        let index = index_of[(key >> LOW_BITS) as usize] as usize;
        if index == 0 {
            continue;
        }
        let at = (index - 1) * N_REFINED + (key as usize & (N_REFINED - 1));
        if at == run.0 {
            run.1 += 1;
        } else {
            refined[run.0].fetch_add(run.1, Ordering::Relaxed);
            run = (at, 1);
        }
    }
    if run.1 > 0 {
        refined[run.0].fetch_add(run.1, Ordering::Relaxed);
    }
}
