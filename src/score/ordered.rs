//! `tier`, `ordered` and `order`: the benefit form `ordered`, an ordered list as programmes keep it (domain.md §3.5).
//!
//! Criteria stand in order; the first whose value reaches its threshold decides the cell's tier: 1 for the first
//! criterion that has a threshold, 2 for the second, …; a cell that reaches none is in tier n, one more than there are
//! thresholds. With s = Σ w v over all criteria:
//!
//! ```text
//! b     = (n − tier + min(s, 1)) / n               tier 1 lies in [(n − 1)/n, 1], tier n in [0, 1/n]
//! order = (n − tier) in the highest B bits, then q without its lowest B,   2^B ≥ n
//! ```
//!
//! What is ranked is `order`, not b: next to 1 an `f32` has too few digits left for s (people's exposure is lumped:
//! most of its values are below a millionth of the largest). `order` keeps 23 − B digits of q = s (`priority_by =
//! "benefit"`) or q = s · a / c (`"benefit_per_cost"`), whatever its size, and no s however large lifts a cell into an
//! earlier tier. Two cells of a tier whose q differ by less than 2^(B − 23) of themselves may tie: 5e-7 with up to
//! four tiers, 4e-6 with the most there may be. q is held within 2^±64, so that no bits are those of an infinity.
//!
//! A threshold counts as reached from 1e-6 below it, so that a value that equals it reaches it on every device. Unknown
//! where the hazard, a value or the cost is. Twins: `shaders/tier.wgsl`, `shaders/ordered.wgsl`, `shaders/order.wgsl`.

use crate::grid::{UNKNOWN, is_unknown};

use super::fixed::whole;

/// How far below its threshold a value reaches it.
pub const REACH: f64 = 1e-6;

/// Tiers there may be, so that `order` stays a finite number.
pub const MOST_TIERS: usize = 32;

/// q is held between this and [`LARGEST`].
pub const SMALLEST: f32 = 1.0 / LARGEST;
/// See [`SMALLEST`].
pub const LARGEST: f32 = (1u128 << 64) as f32;

/// A threshold that no value reaches: that of a criterion without one.
pub const NEVER: f32 = 2.0;

/// What one criterion adds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tiering {
    /// Normalised weight.
    pub weight: f32,
    /// From here on v reaches the tier; [`NEVER`] where the criterion decides none.
    pub threshold: f32,
    /// The tier it decides, from 1.
    pub tier: f32,
    /// n: the tier of cells that reach no threshold.
    pub last_tier: f32,
}

/// The criteria's tierings from their normalised weights and thresholds.
pub fn tierings(weights: &[f64], thresholds: &[Option<f64>]) -> Vec<Tiering> {
    let last_tier = n_tiers(thresholds) as f32;
    let mut tier = 0;
    let of = thresholds.iter().chain(std::iter::repeat(&None)).zip(weights).map(|(threshold, weight)| {
        tier += usize::from(threshold.is_some());
        let threshold = threshold.map_or(NEVER, |threshold| (threshold - REACH) as f32);
        Tiering { weight: *weight as f32, threshold, tier: tier as f32, last_tier }
    });
    of.collect()
}

/// n: one more than there are thresholds.
pub fn n_tiers(thresholds: &[Option<f64>]) -> usize {
    thresholds.iter().flatten().count() + 1
}

/// Which criterion decides the tier of a cell with these values, and the tier; `None` where none reaches its threshold.
pub fn decided(thresholds: &[Option<f64>], values: &[f64]) -> Option<(usize, usize)> {
    let with_threshold = thresholds.iter().zip(values).enumerate();
    let with_threshold = with_threshold.filter_map(|(k, (threshold, v))| Some((k, (*threshold)?, *v)));
    let mut tiers = with_threshold.zip(1..);
    let first = tiers.find(|((_, threshold, v), _)| *v >= threshold - REACH);
    first.map(|((k, _, _), tier)| (k, tier))
}

/// Cell by cell, one criterion: worth = worth + w · v, and the tier where v is the first to reach its threshold.
#[inline(always)]
pub fn tier(v: &[f32], tiering: &Tiering, is_first: bool, worth: &mut [f32], tier: &mut [f32]) {
    for ((worth, tier), &v) in worth.iter_mut().zip(tier).zip(v) {
        let (so_far, tier_so_far) = if is_first { (0.0, tiering.last_tier) } else { (*worth, *tier) };
        let is_known = !is_unknown(v) & !is_unknown(so_far);
        let reaches = (v >= tiering.threshold) & (tier_so_far >= tiering.last_tier);
        *tier = if reaches { tiering.tier } else { tier_so_far };
        *worth = if is_known { so_far + tiering.weight * v } else { UNKNOWN };
    }
}

/// Cell by cell: b = (n − tier + min(s, 1)) / n.
#[inline(always)]
pub fn ordered(hazard: &[f32], worth: &[f32], tier: &[f32], last_tier: f32, out: &mut [f32]) {
    for (((out, &hazard), &worth), &tier) in out.iter_mut().zip(hazard).zip(worth).zip(tier) {
        let is_known = !is_unknown(hazard) & !is_unknown(worth);
        let benefit = (last_tier - tier + worth.min(1.0)) / last_tier;
        *out = if is_known { benefit } else { UNKNOWN };
    }
}

/// Highest bits of `order` that hold the tier.
pub fn tier_bits(last_tier: f32) -> u32 {
    (last_tier as u32).max(2).next_power_of_two().trailing_zeros()
}

/// Cell by cell: what the rank orders by; `q` is the sum, or the sum per US$. Unknown where `benefit` or q is.
#[inline(always)]
pub fn order(q: &[f32], tier: &[f32], benefit: &[f32], last_tier: f32, out: &mut [f32]) {
    let n_bits = tier_bits(last_tier);
    for (((out, &q), &tier), &benefit) in out.iter_mut().zip(q).zip(tier).zip(benefit) {
        let is_known = !is_unknown(q) & !is_unknown(benefit);
        let low = q.clamp(SMALLEST, LARGEST).to_bits() >> n_bits;
        let high = whole(last_tier - tier) << (31 - n_bits);
        *out = if is_known { f32::from_bits(high | low) } else { UNKNOWN };
    }
}
