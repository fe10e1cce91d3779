//! `value`: layer units → 0..1, times the criterion's weight, summed over criteria into `worth`.
//!
//! v = clamp((x − lo) / (hi − lo), 0, 1); `hi < lo` reverses. worth = worth + w · v. An unknown worth stays
//! unknown. Where an end is `max` and the largest value does not lie beyond the other end, the criterion cannot
//! tell cells apart and v is 0 everywhere; [`Line::is_flat`] says so and scoring warns.

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
