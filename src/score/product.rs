//! `factor` and `product`: b = Π max(v_k, ε)^w_k with ε = 1e-6, the benefit form `product`.
//!
//! `factor` adds w · log2(max(v, ε)) of one criterion to `worth`; `product` makes 2^worth of the sum. Both
//! functions are looked up in tables of 2048 straight lines made once in `f64`, with + − · only, so that every
//! device gives the same figures: a line over 1/2048 of an octave strays by at most 4.3e-8, and rounding a sum
//! near log2(ε) = −20 costs 7e-7 a criterion. With up to ten criteria b is within 1e-5 of itself of the formula; a
//! test measures it. Unknown where worth is; `product` also where hazard is.
//! Twins: `shaders/factor.wgsl`, `shaders/product.wgsl`.

use std::sync::LazyLock;

use crate::grid::{UNKNOWN, is_unknown};

use super::fixed::whole;
use crate::widest::{AHEAD, fetch_early, part_of};

/// Below this a value counts as this: a criterion worth nothing pulls far down, but cells still differ.
pub const EPSILON: f32 = 1e-6;

const N_SPANS: u32 = 2048;

/// log2 of 1, 1 + 1/2048, … 2.
pub static LOG2_KNOTS: LazyLock<Vec<f32>> = LazyLock::new(|| knots(|part| (1.0 + part).log2()));

/// 2 to the power of 0, 1/2048, … 1.
pub static EXP2_KNOTS: LazyLock<Vec<f32>> = LazyLock::new(|| knots(f64::exp2));

fn knots(of_part: impl Fn(f64) -> f64) -> Vec<f32> {
    (0..=N_SPANS).map(|k| of_part(f64::from(k) / f64::from(N_SPANS)) as f32).collect()
}

/// log2 of a float of at least ε: its exponent, and the table for what its 23 lower bits say.
#[inline(always)]
pub(super) fn log2(v: f32, knots: &[f32]) -> f32 {
    let bits = v.to_bits();
    let span = (bits & 0x7f_ffff) >> 12;
    let part = (bits & 0xfff) as i32 as f32 * (1.0 / 4096.0);
    let from = knots[span as usize];
    let octave = (bits >> 23) as i32 as f32 - 127.0;
    octave + (from + part * (knots[span as usize + 1] - from))
}

/// 2 to the power of −100 … 0.
#[inline(always)]
pub(super) fn exp2(power: f32, knots: &[f32]) -> f32 {
    let octave = power.floor();
    let place = (power - octave) * N_SPANS as f32;
    let first = place.floor().min((N_SPANS - 1) as f32);
    let span = whole(first).min(N_SPANS - 1) as usize;
    let from = knots[span];
    let of_part = from + (place - first) * (knots[span + 1] - from);
    of_part * f32::from_bits(whole(octave + 127.0) << 23)
}

/// A table of known length that nobody else sees: then the compiler can look up many cells at once, sure that writing
/// results leaves it alone.
#[inline(always)]
fn own_copy(knots: &[f32]) -> [f32; N_SPANS as usize + 1] {
    knots.try_into().expect("the ends of all spans")
}

/// Cells looked up together.
const BATCH: usize = 128;

/// Cell by cell: worth = worth + w · log2(max(v, ε)); the first criterion starts from 0.
#[inline(always)]
pub fn factor(v: &[f32], weight: f32, is_first: bool, worth: &mut [f32]) {
    let knots = &own_copy(&LOG2_KNOTS);
    let mut terms = [0.0f32; BATCH];
    for from in (0..v.len()).step_by(BATCH) {
        fetch_early(part_of(v, from + AHEAD, BATCH));
        fetch_early(part_of(worth, from + AHEAD, BATCH));
        let v = part_of(v, from, BATCH);
        for (term, &v) in terms.iter_mut().zip(v) {
            *term = weight * log2(v.max(EPSILON), knots);
        }
        for ((worth, &v), &term) in worth[from..from + v.len()].iter_mut().zip(v).zip(&terms) {
            let so_far = if is_first { 0.0 } else { *worth };
            let is_known = !is_unknown(v) & !is_unknown(so_far);
            *worth = if is_known { so_far + term } else { UNKNOWN };
        }
    }
}

/// Cell by cell: b = 2^worth.
#[inline(always)]
pub fn product(hazard: &[f32], worth: &[f32], out: &mut [f32]) {
    let knots = &own_copy(&EXP2_KNOTS);
    for ((out, &hazard), &worth) in out.iter_mut().zip(hazard).zip(worth) {
        let is_known = !is_unknown(hazard) & !is_unknown(worth);
        // Made for all cells, so that no branch keeps wide registers from being used.
        let benefit = exp2(worth.clamp(-100.0, 0.0), knots);
        *out = if is_known { benefit } else { UNKNOWN };
    }
}
