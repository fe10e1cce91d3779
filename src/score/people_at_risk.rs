//! `people_at_risk`: h · E, in people: the expected number of people within reach of contaminated ground here.
//!
//! Unknown where hazard or exposure is. Twin: `shaders/people_at_risk.wgsl`.

use crate::grid::{UNKNOWN, is_unknown};

/// Cell by cell.
#[inline(always)]
pub fn people_at_risk(hazard: &[f32], exposure: &[f32], out: &mut [f32]) {
    for ((out, &hazard), &exposure) in out.iter_mut().zip(hazard).zip(exposure) {
        let is_known = !is_unknown(hazard) & !is_unknown(exposure);
        *out = if is_known { hazard * exposure } else { UNKNOWN };
    }
}
