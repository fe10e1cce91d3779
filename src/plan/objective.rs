//! What a task is worth when it ends on day C, and how that changes when it ends later.
//!
//! `discounted`: B/365·(e^(−rC) − e^(−rH))/r with r = ρ/365 a day, which is B·∫_C^H e^(−ρτ)dτ in years (B per
//! year); for ρ = 0 it is B·(H − C)/365. `collect`: B. `decay`: max(0, B − d·C). `completion`: −B·C, so that
//! inside the search larger is always better.

use super::problem::{Objective, Problem};
use crate::units::DAYS_PER_YEAR;

/// The objective of a problem, ready to evaluate.
#[derive(Debug, Clone)]
pub(crate) struct Worth {
    kind: Objective,
    rate_per_day: f64,
    horizon: f64,
    at_horizon: f64,
}

impl Worth {
    /// Of a problem.
    pub(crate) fn of(problem: &Problem) -> Self {
        let rate_per_day = problem.discount_per_year / DAYS_PER_YEAR;
        let horizon = problem.horizon_days.unwrap_or(f64::INFINITY);
        let at_horizon = if rate_per_day > 0.0 { (-rate_per_day * horizon).exp() } else { 1.0 };
        Self { kind: problem.objective, rate_per_day, horizon, at_horizon }
    }

    /// Which objective.
    pub(crate) fn kind(&self) -> Objective {
        self.kind
    }

    /// Last day that counts, infinite without a horizon.
    pub(crate) fn horizon(&self) -> f64 {
        self.horizon
    }

    /// Discount rate per day.
    pub(crate) fn rate_per_day(&self) -> f64 {
        self.rate_per_day
    }

    /// What a task adds when it ends on a day within the horizon; larger is better for every objective.
    #[inline]
    pub(crate) fn value(&self, worth: f64, decay: f64, end: f64) -> f64 {
        self.value_and_weight(worth, decay, end).0
    }

    /// The value, and how fast it falls when the end is put off: value per day.
    #[inline]
    pub(crate) fn value_and_weight(&self, worth: f64, decay: f64, end: f64) -> (f64, f64) {
        match self.kind {
            Objective::Collect => (worth, 0.0),
            Objective::Decay => {
                let value = worth - decay * end;
                if value > 0.0 { (value, decay) } else { (0.0, 0.0) }
            }
            Objective::Completion => (-worth * end, worth),
            Objective::Discounted if self.rate_per_day > 0.0 => {
                let (per_day, now) = (worth / DAYS_PER_YEAR, (-self.rate_per_day * end).exp());
                (per_day * ((now - self.at_horizon) / self.rate_per_day).max(0.0), per_day * now)
            }
            Objective::Discounted => {
                let per_day = worth / DAYS_PER_YEAR;
                (per_day * (self.horizon - end).max(0.0), per_day)
            }
        }
    }

    /// What tasks of so much weight lose together when all are put off by `shift` days: exact for
    /// `discounted`, and for `decay` as long as none falls to nothing.
    #[inline]
    pub(crate) fn loss(&self, weight: f64, shift: f64) -> f64 {
        if self.kind != Objective::Discounted || self.rate_per_day <= 0.0 {
            return weight * shift;
        }
        let x = self.rate_per_day * shift;
        // (1 − e^(−x))/x by its series where that is exact to 1e-12: no exponential in the inner loop.
        let share = if x.abs() < 0.01 {
            1.0 - x * (0.5 - x * (1.0 / 6.0 - x * (1.0 / 24.0 - x / 120.0)))
        } else {
            -(-x).exp_m1() / x
        };
        weight * shift * share
    }

    /// The objective's own sign: `completion` is reported as a sum to be small.
    pub(crate) fn reported(&self, value: f64) -> f64 {
        if self.kind == Objective::Completion { -value } else { value }
    }
}
