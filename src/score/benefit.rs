//! `benefit`: b = h · worth (form `risk`) or b = worth (form `sum`), 0..1: what clearing the cell is worth.
//!
//! By `risk` land that is not contaminated gains nothing from clearance. The form `product` is `product`'s. Unknown where hazard or worth is.
//! Twin: `shaders/benefit.wgsl`.

use crate::grid::{UNKNOWN, is_unknown};

/// Cell by cell.
#[inline(always)]
pub fn benefit(hazard: &[f32], worth: &[f32], times_hazard: bool, out: &mut [f32]) {
    for ((out, &hazard), &worth) in out.iter_mut().zip(hazard).zip(worth) {
        let is_known = !is_unknown(hazard) & !is_unknown(worth);
        let benefit = if times_hazard { hazard * worth } else { worth };
        *out = if is_known { benefit } else { UNKNOWN };
    }
}
