//! A criterion's value function once the largest values and the quantiles are known, by its formula in `f64`.
//!
//! Where an end is `max` and the largest value does not lie beyond the other end, the criterion cannot tell
//! cells apart and v is 0 everywhere: [`Function::Flat`], and scoring warns.

use super::super::program::Shared;
use super::super::quantile::QuantileTable;
use super::super::{Bound, Criterion, Maxima, Source, Value};

/// A value function with its ends known.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Function<'a> {
    /// 0 everywhere.
    Flat,
    /// See [`Value::Linear`].
    Linear {
        /// Worth nothing here.
        lo: f64,
        /// Worth 1 here.
        hi: f64,
    },
    /// See [`Value::Log`].
    Log {
        /// Worth nothing here.
        lo: f64,
        /// Worth 1 here.
        hi: f64,
    },
    /// See [`Value::Sigmoid`].
    Sigmoid {
        /// Worth ½ here.
        mid: f64,
        /// Steepness, per unit of the layer.
        slope: f64,
    },
    /// See [`Value::Steps`].
    Steps(&'a [(f64, f64)]),
    /// See [`Value::Classes`].
    Classes(&'a [(i32, f64)]),
    /// See [`Value::Quantile`].
    Quantile(&'a Shared<QuantileTable>),
}

impl<'a> Function<'a> {
    /// A criterion's function.
    pub fn of(criterion: &'a Criterion, maxima: &'a Maxima) -> Self {
        let max = match criterion.source {
            Source::Exposure => maxima.exposure,
            Source::Layer(index) => maxima.layers[index],
        };
        match &criterion.value {
            Value::Linear { lo, hi } => {
                ends(*lo, *hi, max).map_or(Self::Flat, |(lo, hi)| Self::Linear { lo, hi })
            }
            Value::Log { lo, hi } => ends(*lo, *hi, max).map_or(Self::Flat, |(lo, hi)| Self::Log { lo, hi }),
            Value::Sigmoid { mid, slope } => Self::Sigmoid { mid: *mid, slope: *slope },
            Value::Steps(steps) => Self::Steps(steps),
            Value::Classes(classes) => Self::Classes(classes),
            Value::Quantile => maxima.quantile_of(criterion.source).map_or(Self::Flat, Self::Quantile),
        }
    }

    /// The value of x, 0..1; `None` for a class code without an entry.
    pub fn value_f64(&self, x: f64) -> Option<f64> {
        let v = match *self {
            Self::Flat => 0.0,
            Self::Linear { lo, hi } => ((x - lo) / (hi - lo)).clamp(0.0, 1.0),
            Self::Log { lo, hi } => {
                let lower = lo.min(hi);
                ((x.max(lower) / lo).ln() / (hi / lo).ln()).clamp(0.0, 1.0)
            }
            Self::Sigmoid { mid, slope } => 1.0 / (1.0 + (-slope * (x - mid)).exp()),
            // Compared as planes hold them: a cell of 0.7 reaches a threshold of 0.7.
            Self::Steps(steps) => {
                let reached = steps.iter().rev().find(|(threshold, _)| x as f32 >= *threshold as f32);
                reached.map_or(0.0, |(_, v)| *v)
            }
            Self::Quantile(table) => f64::from(table.value_of(x as f32)),
            Self::Classes(classes) => {
                let is_code = |code: i32| (x - f64::from(code)).abs() <= 0.0;
                return classes.iter().find(|(code, _)| is_code(*code)).map(|(_, v)| *v);
            }
        };
        Some(v)
    }
}

/// Both ends as numbers; `None` where the largest value does not lie beyond the other end.
fn ends(lo: Bound, hi: Bound, max: f64) -> Option<(f64, f64)> {
    let at = |bound| match bound {
        Bound::At(at) => at,
        Bound::Max => max,
    };
    let other = match (lo, hi) {
        (Bound::Max, _) => at(hi),
        (_, Bound::Max) => at(lo),
        _ => return Some((at(lo), at(hi))),
    };
    ((max as f32) > other as f32).then(|| (at(lo), at(hi)))
}
