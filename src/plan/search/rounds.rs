//! Rounds, for `collect`: in the second half of a run the search begins again and again from a good plan that is
//! changed in one large way, warmed a little and cooled.
//!
//! What steps of some ten tasks cannot: send a team to a far corner that is worth the way only to a whole route,
//! while the others take over what it did before. Every plan on the way there is worth much less than the one at
//! either end, so the team keeps what it has for most of the round. Other rounds put two plans together, or only warm.

use super::epochs::Heat;
use super::{Ground, Merit, Worker};
use crate::plan::model::NONE;

/// Share of a run before the first round.
const FIRST: f64 = 0.5;
/// Steps of a worker in a round, a task, about; in a long run rounds become longer rather than more.
const STEPS_A_TASK: f64 = 45.0;
const MOST_ROUNDS: f64 = 24.0;
/// Share of the rounds that send a team out, and of those that mix two plans.
const SENT_OUT: f64 = 0.5;
const MIXED: f64 = 0.3;
/// Share of a round in which a team that was sent out keeps what it has.
const HELD: f64 = 0.6;
/// Plans of earlier rounds to mix with.
const KEPT: usize = 8;

/// Which share of a run is for what, and how warm it is then.
#[derive(Debug, Clone, Copy)]
pub(super) struct Schedule {
    heat: Heat,
    /// Share of the run before the first round; 1 where there are none.
    pub(super) first: f64,
    n_rounds: Option<f64>,
}

impl Schedule {
    /// Of a search.
    pub(super) fn new(ground: &Ground, heat: Heat) -> Self {
        Self { heat, first: if ground.is_timeless { FIRST } else { 1.0 }, n_rounds: None }
    }

    /// Fixes the number of rounds before the first begins: `share` of the run that the next epoch comes to, `steps` that
    /// a worker is expected to make in all.
    pub(super) fn foresee(&mut self, share: f64, steps: f64, n_tasks: usize) {
        if share >= self.first && self.n_rounds.is_none() {
            let n_rounds = (1.0 - self.first) * steps / (STEPS_A_TASK * n_tasks as f64);
            self.n_rounds = Some(n_rounds.round().clamp(1.0, MOST_ROUNDS));
        }
    }

    /// Number of the round at a share of the run, from 1 on, and how far it has come; none before the first.
    fn round(&self, share: f64) -> Option<(u64, f64)> {
        let n_rounds = self.n_rounds.filter(|_| share >= self.first && self.first < 1.0)?;
        let at = (share - self.first) / (1.0 - self.first) * n_rounds;
        Some((1 + at as u64, at.fract()))
    }
}

#[derive(Debug, Clone)]
struct Known {
    merit: Merit,
    sequences: Vec<Vec<u32>>,
}

/// Where a worker stands in its rounds.
#[derive(Debug, Default)]
pub(super) struct Rounds {
    /// Number of the present round, 0 before the first.
    number: u64,
    /// The plan that rounds begin from.
    base: Option<Known>,
    /// The best plan of the present round.
    found: Option<Known>,
    /// The best plans of earlier rounds.
    kept: Vec<Known>,
    /// The team that keeps what it has.
    held: Option<usize>,
}

impl Worker<'_> {
    /// One step at a share of the run.
    pub(super) fn go(&mut self, schedule: &Schedule, share: f64) {
        let Some((number, within)) = schedule.round(share) else {
            self.step(schedule.heat.at(share / schedule.first));
            return;
        };
        if number > self.rounds.number {
            self.begin_round(number);
        }
        if within >= HELD {
            self.rounds.held = None;
        }
        self.step(schedule.heat.again(within));
        if self.rounds.found.as_ref().is_none_or(|found| self.merit.beats(found.merit)) {
            self.rounds.found = Some(Known { merit: self.merit, sequences: self.state.sequences() });
        }
    }

    /// Whether a team keeps what it has for now.
    pub(super) fn is_held(&self, k: usize) -> bool {
        self.rounds.held == Some(k)
    }

    /// Ends a round, whose plan is the next to begin from unless it is worse, and begins another.
    fn begin_round(&mut self, number: u64) {
        let own_best = || Known { merit: self.best_merit, sequences: self.best.clone() };
        let mut base = self.rounds.base.take().unwrap_or_else(own_best);
        if let Some(found) = self.rounds.found.take() {
            if !base.merit.beats(found.merit) {
                base = found.clone();
            }
            self.keep_known(found);
        }
        self.rounds.number = number;
        self.rounds.held = None;
        self.restart(&base.sequences);
        self.rounds.base = Some(base);
        let draw = self.chance.unit();
        if draw < SENT_OUT {
            self.send_out();
        } else if draw < SENT_OUT + MIXED {
            self.mix();
        }
        self.settle_down();
    }

    fn keep_known(&mut self, plan: Known) {
        let kept = &mut self.rounds.kept;
        if kept.iter().any(|known| known.sequences == plan.sequences) {
            return;
        }
        kept.push(plan);
        if kept.len() > KEPT {
            let worth = |i: &usize| kept[*i].merit.value;
            let worst = (0..kept.len()).min_by(|a, b| worth(a).total_cmp(&worth(b))).unwrap_or(0);
            kept.remove(worst);
        }
    }

    /// A team leaves all it does and goes where something is left undone, taking in what is undone there and on the
    /// way; the others take over what they can of what it did.
    fn send_out(&mut self) {
        let model = self.ground.model;
        let mut open = self.state.unserved.clone();
        let k = self.chance.below(model.teams.len());
        let seed = open.get(self.chance.below(open.len())).copied().filter(|&j| model.can(j as usize, k));
        if seed.is_none() {
            return;
        }
        let left: Vec<u32> = self.state.routes[k].visits.iter().map(|visit| visit.task).collect();
        self.state.remove(model, &left);
        self.costs.now = self.state.cost();
        let exponent = 0.5 + 1.5 * self.chance.unit();
        let mut next = seed;
        while let Some(j) = next.take() {
            let mut spot = None;
            self.scan(j, k, 0, usize::MAX, &mut spot);
            if let Some(spot) = spot {
                self.apply(j, spot);
            }
            open.retain(|&other| other != j);
            let mut most = 0.0;
            for &j in &open {
                let mut spot = None;
                self.scan(j, k, 0, usize::MAX, &mut spot);
                let Some(spot) = spot.filter(|spot| spot.gain > 0.0) else { continue };
                let rate = model.tasks[j as usize].worth.powf(exponent) / spot.extra.max(1e-6);
                if rate > most {
                    (most, next) = (rate, Some(j));
                }
            }
        }
        self.rounds.held = Some(k);
        self.candidates = left;
        self.repair();
    }

    /// A team does what it does in an earlier round's plan; the others take over what they can of what it did here.
    fn mix(&mut self) {
        if self.rounds.kept.is_empty() {
            return;
        }
        let model = self.ground.model;
        let k = self.chance.below(model.teams.len());
        let other = self.chance.below(self.rounds.kept.len());
        let route = self.rounds.kept[other].sequences[k].clone();
        let mut left: Vec<u32> = self.state.routes[k].visits.iter().map(|visit| visit.task).collect();
        left.extend(route.iter().filter(|&&j| ![NONE, k as u32].contains(&self.state.at[j as usize].0)));
        self.state.remove(model, &left);
        self.state.replace(model, k, route.into_iter());
        self.costs.now = self.state.cost();
        left.retain(|&j| self.state.at[j as usize].0 == NONE);
        self.candidates = left;
        self.repair();
    }
}
