//! The budget a region's project sets: about half of what all its tasks would cost, and no more than its teams
//! could spend, so that it binds.

use rayon::prelude::*;

use super::areas::HazardousArea;
use super::planes::Layer;
use super::region::Region;
use super::teams::Team;
use crate::grid::{Window, is_unknown};
use crate::units::M2_PER_HECTARE;

/// Share of the tasks' cost that is budgeted.
const BUDGETED_SHARE: f64 = 0.5;
/// Share of what the teams could spend that is budgeted at most.
const SPENDABLE_SHARE: f64 = 0.6;
/// Working days a year, and how much longer the work takes than on flat ground (domain.md §6; [E]).
const WORK_DAYS_A_YEAR: f64 = 200.0;
const DIFFICULTY: f64 = 1.3;
/// Task areas are grown from at most a tenth of the cells, and at most this much land, about 2,000 tasks.
const GROWN_SHARE: f64 = 0.1;
const GROWN_HA: f64 = 14_000.0;
/// Windows a side from which the mean cost of the region is taken, and cells a side of each.
const SAMPLES: i64 = 12;
const SAMPLE_CELLS: i64 = 4;

impl Region {
    /// Share of the cells that tasks are grown from.
    pub(super) fn grown_share(&self) -> f64 {
        let area_ha = 4.0 * self.ground.half_m.x * self.ground.half_m.y / M2_PER_HECTARE;
        GROWN_SHARE.min(GROWN_HA / area_ha)
    }

    /// The budget (US$) when the hazardous areas are the tasks.
    pub(super) fn budget_of_areas_usd(&self, areas: &[HazardousArea], teams: &[Team]) -> f64 {
        let means: Vec<f64> = areas.par_iter().map(|area| self.mean_cost(self.window_of(area))).collect();
        // Summed one after the other: the order of a sum must not depend on the threads.
        let cost_usd: f64 = areas.iter().zip(&means).map(|(area, mean)| area.area_m2 * mean).sum();
        let area_m2: f64 = areas.iter().map(|area| area.area_m2).sum();
        self.budget_usd(cost_usd, area_m2, teams)
    }

    /// The budget (US$) when tasks are grown from the grid.
    pub(super) fn budget_of_grown_usd(&self, teams: &[Team]) -> f64 {
        let n = self.ground.frame.n_cols as i64;
        let first = |i: i64| (i * n / SAMPLES).min((n - SAMPLE_CELLS).max(0));
        let side = SAMPLE_CELLS.min(n) as usize;
        let window = |i: i64| Window::new(first(i % SAMPLES), first(i / SAMPLES), side, side);
        let means: Vec<f64> =
            (0..SAMPLES * SAMPLES).into_par_iter().map(|i| self.mean_cost(window(i))).collect();
        let known: Vec<f64> = means.into_iter().filter(|&mean| mean > 0.0).collect();
        let mean = known.iter().sum::<f64>() / known.len().max(1) as f64;
        let area_m2 = 4.0 * self.ground.half_m.x * self.ground.half_m.y * self.grown_share();
        self.budget_usd(area_m2 * mean, area_m2, teams)
    }

    fn budget_usd(&self, cost_usd: f64, area_m2: f64, teams: &[Team]) -> f64 {
        let rate_m2_per_day: f64 = teams.iter().map(|team| team.rate_m2_per_day).sum();
        let days = WORK_DAYS_A_YEAR * f64::from(self.character.years);
        let spendable_usd = rate_m2_per_day * days / DIFFICULTY * cost_usd / area_m2.max(1.0);
        two_digits((cost_usd * BUDGETED_SHARE).min(spendable_usd * SPENDABLE_SHARE))
    }

    fn window_of(&self, area: &HazardousArea) -> Window {
        let frame = self.ground.frame.window();
        let (low, high) = (self.ground.cell_of(area.low), self.ground.cell_of(area.high));
        let window = Window::new(
            low.x.floor() as i64,
            high.y.floor() as i64,
            (high.x.floor() - low.x.floor()) as usize + 1,
            (low.y.floor() - high.y.floor()) as usize + 1,
        );
        window.intersection(&frame).unwrap_or(Window::new(0, 0, 1, 1))
    }

    /// Mean cost (US$ per m²) of a window's known cells, 0 where there is none.
    fn mean_cost(&self, window: Window) -> f64 {
        let planes = self.tile(window);
        let known = planes.layer(Layer::Cost).iter().filter(|&&cost| !is_unknown(cost));
        let (n, sum) = known.fold((0_u64, 0.0), |(n, sum), &cost| (n + 1, sum + f64::from(cost)));
        if n == 0 { 0.0 } else { sum / n as f64 }
    }
}

/// Rounded to two digits, as budgets are.
fn two_digits(usd: f64) -> f64 {
    let mut step = 1.0;
    while usd / step >= 100.0 {
        step *= 10.0;
    }
    ((usd / step).round() * step).max(1.0)
}
