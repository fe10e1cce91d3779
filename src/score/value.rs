//! `value`: layer units → 0..1, times the criterion's weight, summed over criteria into `worth`.
//!
//! v = clamp((x − lo) / (hi − lo), 0, 1); `hi < lo` reverses. worth = worth + w · v. An unknown worth stays
//! unknown. Where an end is `max` and the largest value does not lie beyond the other end, the criterion cannot
//! tell cells apart and v is 0 everywhere; [`Line::is_flat`] says so and scoring warns.

use crate::grid::{UNKNOWN, is_unknown};

use super::{Bound, Criterion, Maxima, Source, Value};

/// A linear value function with both ends known.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Line {
    /// Worth nothing here.
    pub lo: f64,
    /// hi − lo, negative when reversed, never 0 unless flat.
    pub span: f64,
    /// Whether v is 0 everywhere.
    pub is_flat: bool,
}

impl Line {
    /// A criterion's function once the maxima are known.
    pub fn of(criterion: &Criterion, maxima: &Maxima) -> Self {
        let max = match criterion.source {
            Source::Exposure => maxima.exposure,
            Source::Layer(index) => maxima.layers[index],
        };
        let at = |bound| match bound {
            Bound::At(at) => at,
            Bound::Max => max,
        };
        let Value::Linear { lo, hi } = criterion.value;
        let has_max = lo == Bound::Max || hi == Bound::Max;
        let other = if lo == Bound::Max { at(hi) } else { at(lo) };
        let is_flat = has_max && (max as f32) <= other as f32;
        Self { lo: at(lo), span: at(hi) - at(lo), is_flat }
    }

    /// The value of x, 0..1.
    pub fn value_f64(&self, x: f64) -> f64 {
        if self.is_flat { 0.0 } else { ((x - self.lo) / self.span).clamp(0.0, 1.0) }
    }
}

/// What the value stage needs of one criterion, in `f32` as both engines compute.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Term {
    /// Worth nothing here.
    pub lo: f32,
    /// hi − lo.
    pub span: f32,
    /// Normalised weight; 0 when the criterion is flat.
    pub weight: f32,
}

impl Term {
    /// A criterion's term, `weight` normalised. A flat criterion keeps its unknowns and adds 0.
    pub fn new(line: Line, weight: f64) -> Self {
        if line.is_flat {
            return Self { lo: 0.0, span: 1.0, weight: 0.0 };
        }
        // Taken between the rounded ends, so that v is exactly 1 at hi.
        let (lo, hi) = (line.lo as f32, (line.lo + line.span) as f32);
        Self { lo, span: hi - lo, weight: weight as f32 }
    }
}

/// v of one cell.
#[inline(always)]
fn value_of(x: f32, term: &Term) -> f32 {
    ((x - term.lo) / term.span).clamp(0.0, 1.0)
}

/// Cell by cell: worth = worth + w · v; the first criterion starts from 0.
#[inline(always)]
pub fn value(of: &[f32], term: &Term, is_first: bool, worth: &mut [f32]) {
    for (worth, &x) in worth.iter_mut().zip(of) {
        let so_far = if is_first { 0.0 } else { *worth };
        let is_known = !is_unknown(x) & !is_unknown(so_far);
        *worth = if is_known { so_far + term.weight * value_of(x, term) } else { UNKNOWN };
    }
}
