//! `priority`: b · a / c, benefit-m² per US$: what a dollar of clearance buys here.
//!
//! a is the area of the row's cells in m². A quotient beyond the largest `f32` (a cost next to nothing) is
//! held there. Unknown where benefit or cost is. Twin: `shaders/priority.wgsl`.

use crate::grid::{UNKNOWN, is_unknown};

/// Cell by cell over whole rows; `row_area_m2` has one entry a row.
#[inline(always)]
pub fn priority(benefit: &[f32], cost: &[f32], row_area_m2: &[f32], out: &mut [f32]) {
    let n_cols = out.len() / row_area_m2.len();
    let rows = out.chunks_exact_mut(n_cols).zip(benefit.chunks_exact(n_cols)).zip(cost.chunks_exact(n_cols));
    for (((out, benefit), cost), &area_m2) in rows.zip(row_area_m2) {
        for ((out, &benefit), &cost) in out.iter_mut().zip(benefit).zip(cost) {
            let is_known = !is_unknown(benefit) & !is_unknown(cost);
            let per_usd = (benefit * area_m2 / cost).min(f32::MAX);
            *out = if is_known { per_usd } else { UNKNOWN };
        }
    }
}
