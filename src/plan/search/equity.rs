//! Floors in the search: a plan may be short of them for a while, at a price that follows how it goes.

use super::{Ground, Worker};
use crate::plan::floors::FloorModel;

/// How fast the price moves a step, and between which multiples of the mean value of a unit of worth.
const PACE: f64 = 1.003;
const RANGE: (f64, f64) = (0.1, 1_000.0);
/// Share of the steps that are strict: what fits under a floor is found by trying, not by prices.
const STRICT: f64 = 0.5;

/// What being short of the floors costs.
#[derive(Debug, Clone, Default)]
pub(super) struct Equity {
    /// Value per unit of worth that the plan is short.
    pub(super) penalty: f64,
    least: f64,
    most: f64,
    /// What a unit of each floor's weight counts when places are judged in this step.
    prices: Vec<f64>,
    /// Whether in this step nothing goes in that would leave the plan short.
    is_strict: bool,
    /// What the plan being repaired has over each floor, in a strict step.
    reach: Vec<f64>,
    rounding: f64,
}

impl Equity {
    /// For a plan of some value.
    pub(super) fn of(ground: &Ground<'_>, value: f64) -> Self {
        let floors = &ground.model.floors;
        if floors.is_empty() {
            return Self::default();
        }
        let worth: f64 = ground.model.tasks.iter().map(|task| task.worth).sum();
        let mean = value.abs().max(ground.typical) / worth.max(f64::MIN_POSITIVE);
        Self {
            penalty: 2.0 * mean,
            least: RANGE.0 * mean,
            most: RANGE.1 * mean,
            prices: vec![0.0; floors.len()],
            is_strict: false,
            reach: vec![0.0; floors.len()],
            rounding: 1e-13 * worth,
        }
    }
}

impl Worker<'_> {
    /// Makes being short dearer where the plan is short and cheaper where it is not, so that the search goes along
    /// the border; draws what the floors count when places are judged.
    pub(super) fn weigh_floors(&mut self) {
        if self.ground.model.floors.is_empty() {
            return;
        }
        let equity = &mut self.equity;
        let pace = if self.merit.short > 0.0 { PACE } else { 1.0 / PACE };
        equity.penalty = (equity.penalty * pace).clamp(equity.least, equity.most);
        for price in &mut equity.prices {
            *price = equity.penalty * (2.0 * self.chance.unit() - 0.5).max(0.0);
        }
        equity.is_strict = self.chance.unit() < STRICT;
        self.energy = self.energy_of(self.merit);
    }

    /// Sums up what is left after the ruin, for a strict repair.
    pub(super) fn sum_floors(&mut self) {
        if self.equity.is_strict {
            let reach = self.ground.model.floors.iter().map(|floor| floor.reach(&self.state).0);
            self.equity.reach = reach.collect();
        }
    }

    /// Takes note of tasks that went in (`sign` 1) or came out again (−1).
    pub(super) fn count_floors(&mut self, tasks: &[u32], sign: f64) {
        for (floor, reach) in self.ground.model.floors.iter().zip(&mut self.equity.reach) {
            *reach += sign * tasks.iter().map(|&j| floor.weights[j as usize]).sum::<f64>();
        }
    }

    /// Whether tasks may not go in in a strict step: some floor would be short then, and by more than now.
    pub(super) fn is_refused(&self, tasks: &[u32]) -> bool {
        let equity = &self.equity;
        let breaks = |(floor, reach): (&FloorModel, &f64)| {
            let weight: f64 = tasks.iter().map(|&j| floor.weights[j as usize]).sum();
            weight < 0.0 && reach + weight < -equity.rounding
        };
        equity.is_strict && self.ground.model.floors.iter().zip(&equity.reach).any(breaks)
    }

    /// What a task counts for the floors in this step, in units of value; below 0 where it weighs against them.
    #[inline]
    pub(super) fn lean(&self, j: u32) -> f64 {
        let floors = self.ground.model.floors.iter().zip(&self.equity.prices);
        floors.map(|(floor, price)| price * floor.weights[j as usize]).sum()
    }
}
