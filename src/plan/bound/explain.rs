//! What the prices that prove the bound say: the worth of money, of a team's day, of a task.

use super::Bound;
use super::fluid::Fluid;
use super::prices::{Prices, best_time, hull};

/// The bound with what its prices mean.
pub(super) fn explain(fluid: &Fluid, value: f64, prices: &Prices) -> Bound {
    let day_of_kind: Vec<f64> = prices
        .time
        .iter()
        .zip(&fluid.capacity)
        .map(|(u, capacity)| {
            let days = |i: usize| if capacity[i].is_finite() { capacity[i] } else { 0.0 };
            let all: f64 = (0..u.len()).map(days).sum();
            let paid: f64 = (0..u.len()).map(|i| u[i] * days(i)).sum();
            if all > 0.0 { paid / all } else { 0.0 }
        })
        .collect();
    let hulls: Vec<Vec<u32>> = prices.time.iter().map(|u| hull(&fluid.x, u)).collect();
    let gain_of_task = fluid.first.windows(2).enumerate().map(|(j, range)| {
        let lean: f64 = fluid.floors.iter().zip(&prices.floors).map(|((w, _), price)| w[j] * price).sum();
        let gains = fluid.pairs[range[0]..range[1]].iter().map(|pair| {
            let u = &prices.time[pair.kind as usize];
            let at = best_time(fluid, pair, u, &hulls[pair.kind as usize]);
            pair.slope * fluid.x[at] + pair.level + lean - pair.days * u[at] - prices.money * pair.cost
        });
        gains.fold(f64::NEG_INFINITY, f64::max)
    });
    let n_times = fluid.x.len();
    let return_of_task = fluid.first.windows(2).map(|range| {
        let returns = fluid.pairs[range[0]..range[1]].iter().flat_map(|pair| {
            let (u, visit) = (&prices.time[pair.kind as usize], &pair.visit);
            // At the end of all time worth and prices both come to nothing.
            let from = visit.from as usize;
            let to = (pair.to as usize).min(n_times.saturating_sub(2)).max(from);
            (from..=to).map(move |t| {
                let brings = visit.slope * fluid.x[t] + visit.level;
                brings / (visit.days * u[t] + prices.money * visit.cost).max(f64::MIN_POSITIVE)
            })
        });
        returns.fold(f64::NEG_INFINITY, f64::max)
    });
    Bound {
        return_of_task: return_of_task.collect(),
        value,
        price_of_money: prices.money * fluid.day_per_money,
        price_of_day: fluid.kind_of_team.iter().map(|&kind| day_of_kind[kind]).collect(),
        gain_of_task: gain_of_task.collect(),
    }
}
