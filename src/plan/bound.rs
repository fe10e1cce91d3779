//! A value that no plan can pass: the fluid bound with prices for team time and money.
//!
//! **Relaxation.** Tasks may be split, interrupted and shared; only the cheapest way into each task is
//! travelled; mobilisation, the way back, and who waits for whom (but for the earliest start that follows) are
//! let go. What is left: team types with so many working days in each stretch of the calendar, tasks that
//! take p days of them (way in, setup, work), a budget, and floors.
//!
//! **Why it is a bound.** For a task whose p days end with C there is a falling, convex g with
//! mean of g over [C − p, C] = value(C) (the mean-busy-time bound, generalised):
//!
//! ```text
//! discounted  g(t) = B/r · ( r·p/(e^(r·p) − 1) · e^(−r·t) − e^(−r·H) )      r, B per day
//! decay       g(t) = B − d·(t + p/2)          completion  g(t) = −B·(t + p/2)          collect  g(t) = B
//! ```
//!
//! Days on which the team rests only move work earlier than [C − p, C], where g is larger. So no plan is worth
//! more than the fluid that collects g. Since g is convex it lies below its chord between two grid times, so
//! the fluid lives on grid times only, and the bound stays valid whatever the grid.
//!
//! **Prices.** With a price u ≥ 0 on a day of a team type at a grid time and μ ≥ 0 on money,
//! Σ_j max(0, max (g_j − μ·c_j − p_j·u)) + Σ W·u + μ·budget bounds the fluid, for any prices (a floor Σ a_j ≥ 0 with a
//! price λ ≥ 0 adds λ·a_j to g_j); a search over
//! a few shapes finds good ones and subgradient steps after Polyak better ones. For one task and type the inner maximum is a search on the lower hull of
//! the points (x_t, u_t), x = e^(−rt) or −t: O(log) a task. (`completion`: every task must be done, so its
//! term may be negative.)

use super::model::Model;
use super::problem::Objective;

mod explain;
mod fluid;
mod near;
mod order;
mod prices;
mod sequence;
mod spans;
mod start;
mod ways;

use fluid::Fluid;

/// A bound and the prices that prove it.
#[derive(Debug, Clone)]
pub(crate) struct Bound {
    /// No plan is worth more (in the search's sign: larger is better).
    pub(crate) value: f64,
    /// What a unit of money is worth in it.
    pub(crate) price_of_money: f64,
    /// What a working day of each team is worth in it, in the mean over its time.
    pub(crate) price_of_day: Vec<f64>,
    /// What each task adds to it over what its time and money are worth; below 0: what it falls short by.
    pub(crate) gain_of_task: Vec<f64>,
    /// What each task brings for what its days and money are worth, at its best time: below 1 a plan at these prices
    /// leaves it out.
    pub(crate) return_of_task: Vec<f64>,
}

/// The bound of a problem, given the value and the last day of a plan that holds (`None` for the value where
/// no whole plan is known). `patience`: times as many steps as usual. `None` where the relaxation has no finite value.
pub(crate) fn fluid_bound(model: &Model, known: Option<f64>, last_day: f64, patience: f64) -> Option<Bound> {
    let fluid = Fluid::of(model, last_day)?;
    let (value, prices) = prices::descend(&fluid, known, patience);
    let mut bound = explain::explain(&fluid, value, &prices);
    let tighter = ways::tightened(model, &fluid, &prices).filter(|tighter| tighter.is_finite());
    bound.value = tighter.map_or(bound.value, |tighter| tighter.min(bound.value));
    if fluid.is_all {
        let pays: Vec<f64> = bound.gain_of_task.iter().map(|gain| -gain).collect();
        let least = sequence::least_sum(model, &fluid, &pays);
        bound.value = least.map_or(bound.value, |least| bound.value.min(-least));
    }
    // Rounding of some ten thousand sums, generously.
    bound.value += 1e-9 * bound.value.abs() + 1e-12;
    bound.value.is_finite().then_some(bound)
}

/// Coefficients of g for a task that takes p days: g(t) = slope · x(t) + level.
fn line(model: &Model, j: usize, p: f64, horizon: f64) -> (f64, f64) {
    let task = &model.tasks[j];
    let r = model.worth.rate_per_day();
    match model.worth.kind() {
        Objective::Collect => (0.0, task.worth),
        Objective::Decay => (task.decay, task.worth - task.decay * p / 2.0),
        Objective::Completion => (task.worth, -task.worth * p / 2.0),
        Objective::Discounted if r > 0.0 => {
            let per_day = task.worth / crate::units::DAYS_PER_YEAR / r;
            let factor = if r * p > 1e-9 { r * p / (r * p).exp_m1() } else { 1.0 };
            (per_day * factor, -per_day * (-r * horizon).exp())
        }
        Objective::Discounted => {
            let per_day = task.worth / crate::units::DAYS_PER_YEAR;
            (per_day, per_day * (horizon - p / 2.0))
        }
    }
}
