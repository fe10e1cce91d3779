//! `benefit`: b = h · worth, 0..1: what clearing the cell is worth (form `risk`).
//!
//! Land that is not contaminated gains nothing from clearance. Unknown where hazard or worth is.
//! Twin: `shaders/benefit.wgsl`.

use crate::grid::{UNKNOWN, is_unknown};

/// Cell by cell.
#[inline(always)]
pub fn benefit(hazard: &[f32], worth: &[f32], out: &mut [f32]) {
    for ((out, &hazard), &worth) in out.iter_mut().zip(hazard).zip(worth) {
        let is_known = !is_unknown(hazard) & !is_unknown(worth);
        *out = if is_known { hazard * worth } else { UNKNOWN };
    }
}
