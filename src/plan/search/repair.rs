//! How candidates go back: one after another in some order to the best place left, or always the one that
//! gains most for its time.

use super::Worker;
use super::insert::Spot;
use crate::plan::model::NONE;
use crate::plan::problem::Objective;

/// Most candidates × teams for which the greedy repair is worth its time.
const GREEDY_PAIRS: usize = 400;

impl Worker<'_> {
    /// Puts candidates into the plan, and what is locked to a position where it belongs.
    pub(super) fn repair(&mut self) {
        let mut candidates = std::mem::take(&mut self.candidates);
        self.sum_floors();
        let model = self.ground.model;
        let is_collect = model.worth.kind() == Objective::Collect;
        let is_small = candidates.len() * model.teams.len() <= GREEDY_PAIRS;
        let draw = self.chance.unit();
        if is_collect && is_small && !model.has_precedence && draw < 0.35 {
            self.greedy(&candidates);
        } else {
            self.put_in_order(&mut candidates);
            for &j in &candidates {
                self.put_in(j);
            }
        }
        self.candidates = candidates;
        self.anchor();
    }

    /// Puts in whatever fits and pays, the most worth per working day first: a first plan by insertion.
    pub(crate) fn fill(&mut self) {
        let model = self.ground.model;
        self.costs.price = self.ground.price;
        let n_teams = model.teams.len();
        let density = |j: u32| {
            let days = (0..n_teams).map(|k| model.days(j as usize, k)).fold(f64::INFINITY, f64::min);
            (model.is_required(j as usize), model.tasks[j as usize].worth / days.max(1e-3))
        };
        let mut order: Vec<(bool, f64, u32)> = self
            .state
            .unserved
            .iter()
            .map(|&j| {
                let (is_required, density) = density(j);
                (is_required, density, j)
            })
            .collect();
        order.sort_by(|a, b| b.0.cmp(&a.0).then(b.1.total_cmp(&a.1)).then(a.2.cmp(&b.2)));
        for (_, _, j) in order {
            self.put_in(j);
        }
        self.anchor();
        self.settle_down();
    }

    fn put_in_order(&mut self, candidates: &mut [u32]) {
        let model = self.ground.model;
        self.chance.shuffle(candidates);
        let task = |j: u32| &model.tasks[j as usize];
        let k = self.chance.below(model.teams.len());
        let days = |j: u32| {
            let days = model.days(j as usize, k);
            if days > 0.0 { days } else { 1.0 }
        };
        let first = candidates.first().map_or(0, |&j| task(j).place);
        let key: Box<dyn Fn(u32) -> f64> = match self.chance.below(6) {
            0 | 1 => return,
            2 => Box::new(|j| -task(j).worth),
            3 => Box::new(move |j| -task(j).worth / days(j)),
            4 => Box::new(move |j| -model.travel.quick(first, task(j).place)),
            _ => Box::new(move |j| model.travel.quick(first, task(j).place)),
        };
        candidates.sort_by(|&a, &b| key(a).total_cmp(&key(b)));
    }

    /// Puts a task in at its best place, what it waits for before it. Nothing happens when it does not fit or
    /// takes more than it brings.
    fn put_in(&mut self, j: u32) {
        let model = self.ground.model;
        if self.state.at[j as usize].0 != NONE {
            return;
        }
        if model.tasks[j as usize].preds.iter().all(|&p| self.state.at[p as usize].0 != NONE) {
            if self.is_refused(&[j]) {
                return;
            }
            if self.is_fixed(j) {
                self.put_in_fixed(j);
            } else if let Some(spot) = self.best_spot(j)
                && (spot.gain > 0.0 || model.is_required(j as usize))
            {
                self.apply(j, spot);
            }
            return;
        }
        let mut chain = Vec::new();
        self.chain_to(j, &mut chain);
        if self.is_refused(&chain) {
            return;
        }
        let (value, cost) = (self.state.value(), self.state.cost());
        let mut done = Vec::with_capacity(chain.len());
        for &link in &chain {
            // What was put before a locked task may be the next link.
            let is_in = self.state.at[link as usize].0 != NONE;
            if !is_in && self.is_fixed(link) {
                let Some(added) = self.put_in_fixed(link) else { break };
                done.extend(added);
            } else if !is_in {
                let spot = self.best_spot(link);
                if !spot.is_some_and(|spot| self.apply(link, spot)) {
                    break;
                }
                done.push(link);
            }
        }
        let lean: f64 = chain.iter().map(|&link| self.lean(link)).sum();
        let gain = self.state.value() - value + lean - self.costs.price * (self.state.cost() - cost);
        let is_needed = chain.iter().any(|&link| model.is_required(link as usize));
        let is_whole = chain.iter().all(|&link| self.state.at[link as usize].0 != NONE);
        if !is_whole || (gain <= 0.0 && !is_needed) {
            self.take_out(&done);
        }
    }

    /// A task and everything unserved that it waits for, in an order that works.
    fn chain_to(&self, j: u32, chain: &mut Vec<u32>) {
        for &p in &self.ground.model.tasks[j as usize].preds {
            if self.state.at[p as usize].0 == NONE && !chain.contains(&p) {
                self.chain_to(p, chain);
            }
        }
        chain.push(j);
    }

    /// Puts a task there; takes it out again and says false when exact times do not allow it.
    pub(super) fn apply(&mut self, j: u32, spot: Spot) -> bool {
        let model = self.ground.model;
        if model.has_precedence && self.makes_circle(j, spot.team, spot.position) {
            return false;
        }
        let before = self.state.routes[spot.team].cost;
        let is_feasible = self.state.insert(model, j, spot.team, spot.position);
        self.costs.now += self.state.routes[spot.team].cost - before;
        if !is_feasible {
            self.state.remove(model, &[j]);
            self.costs.now = self.state.cost();
        } else {
            self.count_floors(&[j], 1.0);
        }
        is_feasible
    }

    /// Again and again the candidate with the most worth for the time it adds; the exponent of the worth is
    /// drawn, so that now the precious come first and now the ones on the way.
    fn greedy(&mut self, candidates: &[u32]) {
        let model = self.ground.model;
        let exponent = 0.5 + 1.5 * self.chance.unit();
        let mut open: Vec<(u32, Option<Spot>, f64)> = Vec::with_capacity(candidates.len());
        for &j in candidates {
            let spot = self.best_spot(j);
            let noise = 0.85 + 0.3 * self.chance.unit();
            open.push((j, spot, noise * model.tasks[j as usize].worth.powf(exponent)));
        }
        loop {
            open.retain(|(_, spot, _)| spot.is_some_and(|spot| spot.gain > 0.0));
            let ratio =
                |entry: &(u32, Option<Spot>, f64)| entry.1.map_or(0.0, |spot| entry.2 / spot.extra.max(1e-6));
            let Some(i) = (0..open.len()).max_by(|&a, &b| ratio(&open[a]).total_cmp(&ratio(&open[b]))) else {
                break;
            };
            let (j, spot, _) = open.swap_remove(i);
            let Some(spot) = spot else { break };
            if self.is_refused(&[j]) || !self.apply(j, spot) {
                continue;
            }
            for entry in &mut open {
                // Only the changed route can offer a better place, or have spoilt the one known.
                let was_there = entry.1.is_some_and(|old| old.team == spot.team);
                if was_there {
                    entry.1 = self.best_spot(entry.0);
                } else {
                    self.scan(entry.0, spot.team, 0, usize::MAX, &mut entry.1);
                }
            }
        }
    }
}
