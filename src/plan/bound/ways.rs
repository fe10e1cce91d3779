//! The bound once more at given prices, with ways that begin where a task was done just before, and with the order of
//! tasks that wait for one another.
//!
//! **Ways.** In the fluid a task costs the shortest way into it, from anywhere. But a team comes from a task that it
//! has just ended, and most tasks nearby are best done at other times. Let l_i(t) ≥ 0 be any price for leaving task i
//! at time t, paid by whoever comes from there and received by i: over a route all but the last are paid back, so no
//! plan is worth more than
//!
//! ```text
//! Σ_j max(0, max over team types and times  g_j − μ·c_j − p_j·u + l_j(end) − w_j(begin)) + Σ W·u + μ·budget
//! w_j(t) = min over i of (u·way(i, j) + l_i(t))      p_j without the way
//! ```
//!
//! The price that costs nothing is what i falls short of its best by being done at t: what is gained by leaving it then
//! only makes up for that. So l and w come from each other, and a few rounds settle them; every round is a bound.
//!
//! **Spans.** Times are cut into spans with equal working time. Work lasts p days, so it begins and ends no more
//! spans away than p days reach over; ways are taken at the lowest price of the spans they may lie in. Whoever does
//! not come from this span or the one before has waited all the span before, at its price. A base is left once, at
//! the beginning of its team's time; later only by waiting.
//!
//! **Order.** Tasks that wait for one another count together (order.rs).

use rayon::prelude::*;

use super::fluid::Fluid;
use super::near::Near;
use super::order::Order;
use super::prices::{Prices, constant};
use super::spans::{Kind, kinds, spans};
use crate::plan::model::Model;
use crate::plan::travel::Travel;

/// Spans, fewer where there are many pairs of tasks and types: so many numbers in all.
const SPANS: usize = 64;
const LEAST_SPANS: usize = 12;
const MOST_NUMBERS: usize = 3_000_000;

/// Rounds in which ways and prices of leaving settle.
const ROUNDS: usize = 6;

/// Tasks a way may come from, in a span: the cheapest to leave, so many and one in `FROM_SHARE` of the rest.
const FROM: usize = 300;
const FROM_SHARE: usize = 10;

/// The lowest bound that is found at these prices; `None` where there are too many pairs, or nothing to find.
pub(super) fn tightened(model: &Model, fluid: &Fluid, prices: &Prices) -> Option<f64> {
    let has_ways = !matches!(model.travel, Travel::None(_));
    if fluid.pairs.len() * LEAST_SPANS > MOST_NUMBERS || (!has_ways && !model.has_precedence) {
        return None;
    }
    let ways = Ways::of(model, fluid, prices);
    let mut cost = ways.shortest_costs();
    let mut best = ways.sum(&cost, None).value;
    for _ in 0..if has_ways { ROUNDS } else { 0 } {
        let leave = ways.leave(&cost);
        cost = ways.costs(&leave);
        best = best.min(ways.sum(&cost, Some(&leave)).value);
    }
    Some(best)
}

struct Ways<'a> {
    model: &'a Model,
    fluid: &'a Fluid,
    constant: f64,
    order: Order,
    /// Grid times at which spans begin, and the last.
    edge: Vec<usize>,
    kinds: Vec<Kind>,
    /// Task of each pair.
    task: Vec<u32>,
    /// First span in which a visit can have begun that is at work in a span: pair × span.
    begin: Vec<u16>,
    /// What a pair gains in each span, at best, without its way: pair × span.
    gain: Vec<f64>,
    /// What tasks of trees gain at each grid time, by pair.
    at_times: Vec<Box<[f64]>>,
    /// Lowest cost of the way of a pair that begins in each span: pair × span.
    shortest: Vec<f64>,
}

/// Each pair's and each tree's worth.
struct Sum {
    value: f64,
    /// What each pair falls short of the best of its task, in each span: pair × span.
    short: Vec<f64>,
}

impl<'a> Ways<'a> {
    fn of(model: &'a Model, fluid: &'a Fluid, prices: &Prices) -> Self {
        let edge = spans(fluid, (MOST_NUMBERS / fluid.pairs.len().max(1)).clamp(LEAST_SPANS, SPANS));
        let kinds = kinds(model, fluid, prices, &edge);
        let mut task = vec![0; fluid.pairs.len()];
        for (j, range) in fluid.first.windows(2).enumerate() {
            task[range[0]..range[1]].fill(j as u32);
        }
        let order = Order::of(model, &fluid.earliest);
        let mut ways = Self {
            model,
            fluid,
            constant: constant(fluid, prices).value,
            order,
            edge,
            kinds,
            task,
            begin: Vec::new(),
            gain: Vec::new(),
            at_times: Vec::new(),
            shortest: Vec::new(),
        };
        let pairs = || (0..ways.task.len()).into_par_iter();
        let begin = pairs().flat_map_iter(|p| ways.begin_of(p)).collect();
        let gains = pairs().map(|p| ways.gain_of(p, prices)).collect::<Vec<_>>();
        ways.begin = begin;
        for (by_span, at_times) in gains {
            ways.gain.extend(by_span);
            ways.at_times.push(at_times);
        }
        ways.shortest = ways.shortest();
        ways
    }

    fn n_spans(&self) -> usize {
        self.edge.len() - 1
    }

    /// First spans in which a visit can have begun.
    fn begin_of(&self, p: usize) -> impl Iterator<Item = u16> {
        let visit = &self.fluid.pairs[p].visit;
        let open = &self.kinds[self.fluid.pairs[p].kind as usize].open;
        (0..self.n_spans()).map(|b| {
            let (mut first, mut between) = (b, 0.0);
            while first > 0 && between <= visit.days {
                first -= 1;
                between += open[first];
            }
            first as u16
        })
    }

    /// Gains of one pair without the way: by span, and for tasks of trees by grid time.
    fn gain_of(&self, p: usize, prices: &Prices) -> (Vec<f64>, Box<[f64]>) {
        let fluid = self.fluid;
        let (pair, j) = (&fluid.pairs[p], self.task[p] as usize);
        let lean: f64 = fluid.floors.iter().zip(&prices.floors).map(|((w, _), price)| w[j] * price).sum();
        let fixed = lean - prices.money * pair.visit.cost;
        let u = &prices.time[pair.kind as usize];
        let times = pair.visit.from as usize..=(pair.to as usize).max(pair.visit.from as usize);
        let at = |t: usize| {
            if !times.contains(&t) {
                return f64::NEG_INFINITY;
            }
            let worth = pair.visit.slope * fluid.x[t] + pair.visit.level;
            // A worth that has decayed to nothing stays at nothing, where g goes on below.
            let worth = if fluid.is_decay { worth.max(0.0) } else { worth };
            fixed + worth - pair.visit.days * u[t]
        };
        let gain = (0..self.n_spans())
            .map(|b| (self.edge[b]..=self.edge[b + 1]).map(at).fold(f64::NEG_INFINITY, f64::max));
        let at_times =
            if self.order.slot(j).is_some() { (0..fluid.x.len()).map(at).collect() } else { Box::default() };
        (gain.collect(), at_times)
    }

    /// Spans a visit may have begun in that is at work in a span.
    fn begins(&self, p: usize, b: usize) -> std::ops::RangeInclusive<usize> {
        self.begin[p * self.n_spans() + b] as usize..=b
    }

    /// Last span in which a visit can be at work, or end, that is at work in a span or begins there.
    fn last(&self, p: usize, b: usize) -> usize {
        let n = self.n_spans();
        let later = &self.begin[p * n + b..(p + 1) * n];
        b + later.iter().take_while(|&&begin| begin as usize <= b).count() - 1
    }

    /// Costs of the shortest ways, as if leaving cost nothing.
    fn shortest(&self) -> Vec<f64> {
        let n = self.n_spans();
        let of_kind = |kind: &Kind| -> Vec<(usize, f64)> {
            let near = Near::of(self.model, kind.pairs.iter().map(|&p| (self.task[p], 0.0)).collect());
            let of_pair = |&p: &usize| {
                let j = self.task[p];
                let from_base = kind.bases.iter().map(|&(place, _)| self.way_from(place, j));
                (p, near.cheapest(j, 1.0, from_base.fold(f64::INFINITY, f64::min)))
            };
            kind.pairs.iter().map(of_pair).collect()
        };
        let mut all = vec![0.0; self.task.len() * n];
        for (kind, ways) in self.kinds.iter().zip(self.kinds.par_iter().map(of_kind).collect::<Vec<_>>()) {
            for (p, distance) in ways {
                for b in 0..n {
                    let way = if distance.is_finite() { distance * kind.rate[b] } else { 0.0 };
                    all[p * n + b] = way.min(kind.waited(b));
                }
            }
        }
        all
    }

    fn way_from(&self, place: usize, j: u32) -> f64 {
        self.model.travel.at_least(place, self.model.tasks[j as usize].place)
    }

    /// The least cost over the spans in which a visit may have begun, for every span in which it is at work.
    fn at_work(&self, begun: &[f64]) -> Vec<f64> {
        let n = self.n_spans();
        let least = |at: usize| {
            self.begins(at / n, at % n).map(|b| begun[at / n * n + b]).fold(f64::INFINITY, f64::min)
        };
        (0..begun.len()).map(least).collect()
    }

    fn shortest_costs(&self) -> Vec<f64> {
        self.at_work(&self.shortest)
    }

    /// The bound with these costs of ways; `leave`: what is received for being left.
    fn sum(&self, cost: &[f64], leave: Option<&[f64]>) -> Sum {
        let (n, n_grid) = (self.n_spans(), self.fluid.x.len());
        let added = |p: usize, b: usize| {
            let paid = |leave: &[f64]| {
                leave[p * n + b..=p * n + self.last(p, b)].iter().copied().fold(0.0, f64::max)
            };
            leave.map_or(0.0, paid) - cost[p * n + b]
        };
        let mut value = self.constant;
        let mut short = vec![f64::INFINITY; self.task.len() * n];
        let mut own = vec![f64::NEG_INFINITY; self.order.tasks().len() * n_grid];
        for (j, range) in self.fluid.first.windows(2).enumerate() {
            if let Some(slot) = self.order.slot(j) {
                let own = &mut own[slot * n_grid..(slot + 1) * n_grid];
                for p in range[0]..range[1] {
                    self.each_time(|b, t| own[t] = own[t].max(self.at_times[p][t] + added(p, b)));
                }
                continue;
            }
            let gains = (range[0]..range[1]).flat_map(|p| (0..n).map(move |b| (p, b)));
            let best =
                gains.map(|(p, b)| self.gain[p * n + b] + added(p, b)).fold(f64::NEG_INFINITY, f64::max);
            let best = if self.fluid.is_all { best } else { best.max(0.0) };
            value += best;
            for at in range[0] * n..range[1] * n {
                short[at] = best - (self.gain[at] - cost[at]);
            }
        }
        let trees = self.order.worth(&own, n_grid, self.fluid.is_all);
        value += trees.value;
        for (slot, &j) in self.order.tasks().iter().enumerate() {
            // All of a tree may be left at once: each gets its share of what the tree falls short.
            let size = self.order.size(slot);
            for p in self.fluid.first[j as usize]..self.fluid.first[j as usize + 1] {
                self.each_time(|b, t| {
                    let at = p * n + b;
                    let falls = trees.short[slot * n_grid + t] - (self.at_times[p][t] - cost[at]);
                    short[at] = short[at].min(falls / size);
                });
            }
        }
        Sum { value, short }
    }

    /// Every span with each of its grid times.
    fn each_time(&self, mut visit: impl FnMut(usize, usize)) {
        for (b, edge) in self.edge.windows(2).enumerate() {
            (edge[0]..=edge[1]).for_each(|t| visit(b, t));
        }
    }

    /// What leaving each task in each span costs: what it falls short of its best at least, if it ends there.
    fn leave(&self, cost: &[f64]) -> Vec<f64> {
        let n = self.n_spans();
        let short = self.sum(cost, None).short;
        let least = |at: usize| {
            let spans = self.begins(at / n, at % n);
            spans.map(|b| short[at / n * n + b]).fold(f64::INFINITY, f64::min).max(0.0)
        };
        (0..short.len()).into_par_iter().map(least).collect()
    }

    /// Costs of the ways at these prices of leaving.
    fn costs(&self, leave: &[f64]) -> Vec<f64> {
        let n = self.n_spans();
        let low = self.sum(&self.shortest_costs(), None).short;
        let cells: Vec<(&Kind, usize)> =
            self.kinds.iter().flat_map(|kind| (0..n).map(move |b| (kind, b))).collect();
        let run = |&(kind, b): &(&Kind, usize)| self.costs_of(kind, b, leave, &low);
        let found: Vec<Vec<(usize, f64)>> = cells.par_iter().map(run).collect();
        let mut begun = self.shortest.clone();
        for (at, cost) in found.into_iter().flatten() {
            begun[at] = cost.max(begun[at]);
        }
        self.at_work(&begun)
    }

    /// Costs of the ways of one type that end in one span, where they can matter.
    fn costs_of(&self, kind: &Kind, b: usize, leave: &[f64], low: &[f64]) -> Vec<(usize, f64)> {
        let n = self.n_spans();
        let price_of = |p: usize| leave[p * n + b].min(leave[p * n + b.saturating_sub(1)]);
        let mut from: Vec<(u32, f64)> = kind.pairs.iter().map(|&p| (self.task[p], price_of(p))).collect();
        // No way costs more than from those that are left out here.
        let mut most = kind.waited(b);
        let n_from = FROM + from.len() / FROM_SHARE;
        if n_from < from.len() {
            from.select_nth_unstable_by(n_from, |a, b| a.1.total_cmp(&b.1).then(a.0.cmp(&b.0)));
            most = most.min(from[n_from].1);
            from.truncate(n_from);
        }
        let near = Near::of(self.model, from);
        let bases: Vec<Base> = kind.bases.iter().filter_map(|&base| Base::of(kind, base, b, most)).collect();
        let matters = |&p: &usize| (b..=self.last(p, b)).any(|b| low[p * n + b] < most);
        let cost = |p: usize| {
            let way = |base: &Base| base.wait.max(self.way_from(base.place, self.task[p]) * base.rate);
            let most = bases.iter().map(way).fold(most, f64::min);
            (p * n + b, near.cheapest(self.task[p], kind.rate[b], most))
        };
        kind.pairs
            .iter()
            .copied()
            .filter(|p| matters(p))
            .map(cost)
            .filter(|(_, cost)| cost.is_finite())
            .collect()
    }
}

/// A base from which a way ends in some span: a way costs its time, or waiting if that is more.
struct Base {
    place: usize,
    wait: f64,
    rate: f64,
}

impl Base {
    /// None where it cannot be left by then, or waiting alone costs `most`.
    fn of(kind: &Kind, (place, first): (usize, usize), b: usize, most: f64) -> Option<Self> {
        if first > b {
            return None;
        }
        let wait: f64 = (first + 1..b).map(|x| kind.price[x] * kind.open[x]).sum();
        let price = kind.price[first..=b].iter().copied().fold(f64::INFINITY, f64::min);
        (wait < most).then_some(Self { place, wait, rate: price * kind.pace + kind.money_rate })
    }
}
