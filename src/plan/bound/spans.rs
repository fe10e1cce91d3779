//! Stretches of time with about equal working time, and what each type of team has and pays in them.

use super::fluid::{Fluid, Pair};
use super::prices::Prices;
use crate::plan::model::Model;

/// Days by which a span's working time may be taken too long, by rounding.
const ROUNDING: f64 = 1e-6;

/// One type of team.
pub(super) struct Kind {
    pub(super) pairs: Vec<usize>,
    /// Places of its teams' bases, and the spans in which they can be left.
    pub(super) bases: Vec<(usize, usize)>,
    /// Least working time of its teams in each span.
    pub(super) open: Vec<f64>,
    /// Lowest price of a day in each span.
    pub(super) price: Vec<f64>,
    /// Lowest price of a unit of distance on a way that ends in each span.
    pub(super) rate: Vec<f64>,
    /// Money in it, at its price.
    pub(super) money_rate: f64,
    /// Working days per unit of distance.
    pub(super) pace: f64,
}

impl Kind {
    /// The least that a way into a span costs that comes neither from it nor from the one before: all that one was
    /// waited through, or travelled.
    pub(super) fn waited(&self, b: usize) -> f64 {
        if b > 1 { self.price[b - 1] * self.open[b - 1] } else { f64::INFINITY }
    }
}

/// Grid times that cut the time into so many spans of about equal working time.
pub(super) fn spans(fluid: &Fluid, n_spans: usize) -> Vec<usize> {
    let last = fluid.x.len() - 1;
    let finite = |days: f64| if days.is_finite() { days } else { 0.0 };
    let all: Vec<f64> = (0..last).map(|t| fluid.capacity.iter().map(|days| finite(days[t])).sum()).collect();
    let total: f64 = all.iter().sum();
    let (mut edge, mut sum) = (vec![0], all[0]);
    for (t, days) in all.iter().enumerate().skip(1) {
        if sum >= total * edge.len() as f64 / n_spans as f64 && edge.len() < n_spans {
            edge.push(t);
        }
        sum += days;
    }
    edge.push(last);
    edge
}

/// The types of teams of the fluid, at these prices.
pub(super) fn kinds(model: &Model, fluid: &Fluid, prices: &Prices, edge: &[usize]) -> Vec<Kind> {
    let n = edge.len() - 1;
    let mut kinds: Vec<Kind> = Vec::new();
    for (u, capacity) in prices.time.iter().zip(&fluid.capacity) {
        let least = |b: usize| {
            let worked = (edge[b]..=edge[b + 1]).filter(|&t| capacity[t] > 0.0);
            worked.map(|t| u[t]).fold(f64::INFINITY, f64::min)
        };
        let price = (0..n).map(least).collect();
        let open = vec![f64::INFINITY; n];
        kinds.push(Kind {
            pairs: vec![],
            bases: vec![],
            open,
            price,
            rate: vec![],
            money_rate: 0.0,
            pace: 0.0,
        });
    }
    for (p, Pair { kind, .. }) in fluid.pairs.iter().enumerate() {
        kinds[*kind as usize].pairs.push(p);
    }
    for (team, &kind) in model.teams.iter().zip(&fluid.kind_of_team) {
        let (kind, calendar) = (&mut kinds[kind], &*team.calendar);
        let first = fluid.times.partition_point(|&t| t <= calendar.from()).max(1) - 1;
        kind.bases.push((team.start, edge.partition_point(|&e| e <= first).clamp(1, n) - 1));
        kind.pace = team.pace;
        if model.budget.is_finite() {
            kind.money_rate = prices.money * team.cost_per_distance * fluid.day_per_money;
        }
        for (b, open) in kind.open.iter_mut().enumerate() {
            let (from, to) = (fluid.times[edge[b]], fluid.times[edge[b + 1]]);
            if calendar.from() <= from && calendar.until() >= to {
                *open = open.min(calendar.tau(to) - calendar.tau(from) - ROUNDING);
            }
        }
    }
    for kind in &mut kinds {
        // No team is there all the span: nothing is known of how much they work in it.
        kind.open.iter_mut().for_each(|open| *open = if open.is_finite() { open.max(0.0) } else { 0.0 });
        let rate = |b: usize| kind.price[b].min(kind.price[b.saturating_sub(1)]);
        let finite = |price: f64| if price.is_finite() { price } else { 0.0 };
        kind.rate = (0..n).map(|b| finite(rate(b)) * kind.pace + kind.money_rate).collect();
        kind.price.iter_mut().for_each(|price| *price = finite(*price));
    }
    kinds
}
