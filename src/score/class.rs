//! `class`: 1 (first) … n by thresholds of the rank.
//!
//! Class k when rank ≥ 100 − percent_k and in no earlier class; what is below every threshold has the last
//! class. Unknown where the rank is. Twin: `shaders/class.wgsl` (entry point `classes`: `class` is a reserved
//! word there).

use crate::grid::{UNKNOWN, is_unknown};

/// Lowest rank of each class but the last.
pub fn thresholds(class_percents: &[f64]) -> Vec<f32> {
    class_percents.iter().map(|percent| (100.0 - percent) as f32).collect()
}

/// Cells classed together: they stay in the cache from threshold to threshold.
const BATCH: usize = 1024;

/// Cell by cell; `thresholds` fall.
#[inline(always)]
pub fn class(rank: &[f32], thresholds: &[f32], out: &mut [f32]) {
    for (rank, out) in rank.chunks(BATCH).zip(out.chunks_mut(BATCH)) {
        out.fill(1.0);
        for &threshold in thresholds {
            for (out, &rank) in out.iter_mut().zip(rank) {
                *out += if rank < threshold { 1.0 } else { 0.0 };
            }
        }
        for (out, &rank) in out.iter_mut().zip(rank) {
            *out = if is_unknown(rank) { UNKNOWN } else { *out };
        }
    }
}

/// The class of one rank, 1 = first.
pub fn class_of_rank(rank: f32, class_percents: &[f64]) -> f64 {
    1.0 + thresholds(class_percents).iter().filter(|&&threshold| rank < threshold).count() as f64
}
