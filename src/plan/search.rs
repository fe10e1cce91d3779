//! Ruin and recreate with annealing: takes some tasks out, puts them back where they are worth most, and keeps
//! the result when it is better, or a little worse while the search is still warm.
//!
//! After Schrimpf et al. 2000 and the string removal of Christiaens & Vanden Berghe 2020 (SISR). Where a task
//! may go is judged in constant time by sums kept along the route (insert.rs); whether a step is taken is
//! decided on exact times and values. A [`Worker`] is one such search with its own stream of chance; it reads
//! no clock.

use std::cmp::Ordering;

use super::chance::Chance;
use super::floors::shortfall;
use super::model::{Model, NONE};
use super::nearby::Neighbours;
use super::problem::Objective;
use super::schedule::State;

mod anchor;
mod epochs;
mod equity;
mod insert;
mod overfill;
mod parts;
mod pool;
mod repair;
mod rounds;
mod ruin;
mod swift;
mod tour;

use equity::Equity;

pub(crate) use epochs::{Effort, Hints, search};

/// Most teams at the two ends of whose routes a task is tried too.
const ENDS: usize = 64;

/// Steps taken between two looks at the routes of the plan.
const STEPS_TO_REMEMBER: u32 = 20;

/// For `collect`: share of the steps that begin with a route that is too long for a moment (overfill.rs).
const OVERFILLED: f64 = 0.3;

/// Share of the steps that judge places with what a task opens the way to.
const FAR_SIGHTED: f64 = 0.5;

/// 1 up to 100 tasks, falling towards 0 with more: some figures for annealing differ between the two.
fn smallness(n_tasks: usize) -> f64 {
    (100.0 / n_tasks.max(100) as f64).powi(2)
}

/// What all workers of a search read.
pub(crate) struct Ground<'a> {
    pub(crate) model: &'a Model,
    pub(crate) near: Neighbours,
    /// Value per unit of money, 0 without a budget.
    pub(crate) price: f64,
    /// Tasks locked to a position (anchor.rs).
    pub(crate) positions: Vec<u32>,
    /// Whether nobody ever waits and distances are in a table, the same both ways (swift.rs).
    pub(crate) is_swift: bool,
    /// Whether moreover only what is done counts and nothing has a place of its own: the order is free.
    pub(crate) is_timeless: bool,
    /// Mean value of a task, the measure for temperatures.
    pub(crate) typical: f64,
    /// For `collect`: what annealing counts against a team's whole time.
    pub(crate) time_left_price: f64,
    /// Worth of what every task opens the way to; empty without precedence.
    pub(crate) opens: Vec<f64>,
    /// Teams at the two ends of whose routes a task is tried too, when not everywhere; which, is drawn.
    pub(crate) n_ends: usize,
    /// Which teams may exchange routes, where routes do not depend on each other.
    pub(crate) kinds: Option<pool::Kinds>,
}

impl<'a> Ground<'a> {
    /// Neighbours and scales of a model; `value` is that of a first plan with `n_done` tasks.
    pub(crate) fn new(model: &'a Model, price: f64, value: f64, n_done: usize) -> Self {
        let n = model.tasks.len();
        let near = Neighbours::of(model, if n <= 400 { n } else { 60 });
        let positions = model.locked_to_positions();
        let typical = (value.abs() / n_done.max(1) as f64).max(1e-12);
        let last_day = model.teams.iter().map(|team| team.calendar.until()).fold(0.0, f64::max);
        let is_swift = model.travel.row(0).is_some()
            && model.tasks.iter().all(|t| t.preds.is_empty() && t.release <= 0.0 && t.due >= last_day);
        let is_collect = model.worth.kind() == Objective::Collect;
        // Screened on public instances: on short routes what the time saved would bring, on long ones little.
        let worth_a_team = value.abs() / model.teams.len().max(1) as f64;
        let time_left_price = 0.5 * typical + 0.3 * smallness(n) * worth_a_team;
        Self {
            model,
            near,
            price,
            is_swift,
            is_timeless: is_swift && is_collect && positions.is_empty(),
            positions,
            typical,
            time_left_price,
            opens: if model.has_precedence && !is_collect { model.opens() } else { Vec::new() },
            n_ends: ENDS,
            kinds: pool::Kinds::of(model),
        }
    }
}

/// How good a plan is: worth that it is short of its floors first, then required tasks left out, then value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Merit {
    pub(crate) short: f64,
    pub(crate) missing: usize,
    pub(crate) value: f64,
}

impl Merit {
    /// Of a state.
    pub(crate) fn of(model: &Model, state: &State) -> Self {
        Self { short: shortfall(model, state), missing: state.n_missing(model), value: state.value() }
    }

    /// Better than another by more than rounding.
    pub(crate) fn beats(self, other: Self) -> bool {
        match self.short.total_cmp(&other.short).then(self.missing.cmp(&other.missing)) {
            Ordering::Equal => self.value > other.value + 1e-12 * other.value.abs(),
            order => order == Ordering::Less,
        }
    }
}

/// One search.
pub(crate) struct Worker<'a> {
    pub(crate) ground: &'a Ground<'a>,
    pub(crate) state: State,
    pub(crate) chance: Chance,
    pub(crate) merit: Merit,
    energy: f64,
    pub(crate) best: Vec<Vec<u32>>,
    pub(crate) best_merit: Merit,
    /// Positions until the next one that is passed over, so that not every repair is the same.
    blink: usize,
    /// Whether places are judged in this step with what a task opens the way to.
    is_far_sighted: bool,
    candidates: Vec<u32>,
    removed: Vec<u32>,
    seen: Vec<u32>,
    seen_stamp: u32,
    costs: Costs,
    equity: Equity,
    pool: pool::Pool,
    n_taken: u32,
    tour: tour::Tour,
    rounds: rounds::Rounds,
}

/// Money of the plan as it is being changed, kept only where there is a budget.
#[derive(Debug, Clone, Copy, Default)]
struct Costs {
    now: f64,
    /// What a unit of money counts in this step: drawn anew between nothing and a little over the bound's
    /// price, since the last money left is best spent on what fits, not on what pays most.
    price: f64,
}

impl<'a> Worker<'a> {
    /// From given sequences, which must hold.
    pub(crate) fn new(ground: &'a Ground<'a>, sequences: &[Vec<u32>], chance: Chance) -> Self {
        let state = State::of(ground.model, sequences);
        let merit = Merit::of(ground.model, &state);
        let mut worker = Self {
            ground,
            state,
            chance,
            merit,
            energy: 0.0,
            best: sequences.to_vec(),
            best_merit: merit,
            blink: 50,
            is_far_sighted: false,
            candidates: Vec::new(),
            removed: Vec::new(),
            seen: vec![0; ground.model.tasks.len()],
            seen_stamp: 0,
            costs: Costs::default(),
            pool: pool::Pool::default(),
            n_taken: 0,
            tour: tour::Tour::default(),
            rounds: rounds::Rounds::default(),
            equity: Equity::of(ground, merit.value),
        };
        worker.energy = worker.energy_of(merit);
        worker.costs.now = worker.state.cost();
        worker
    }

    /// Takes the present plan as it is.
    fn settle_down(&mut self) {
        self.state.keep();
        self.merit = Merit::of(self.ground.model, &self.state);
        self.energy = self.energy_of(self.merit);
    }

    /// Starts again from the best plan found.
    pub(crate) fn restart(&mut self, sequences: &[Vec<u32>]) {
        self.state = State::of(self.ground.model, sequences);
        self.merit = Merit::of(self.ground.model, &self.state);
        self.energy = self.energy_of(self.merit);
        self.costs.now = self.state.cost();
        if self.merit.beats(self.best_merit) {
            self.best_merit = self.merit;
            self.best = sequences.to_vec();
        }
    }

    /// One step at a temperature; says how much worse the step was that chance had to decide on (0: none).
    pub(crate) fn step(&mut self, temperature: f64) -> f64 {
        if self.ground.price > 0.0 {
            let draw = self.chance.unit();
            self.costs.price = self.ground.price * (1.8 * draw - 0.6).max(0.0);
        }
        if !self.ground.opens.is_empty() {
            self.is_far_sighted = self.chance.unit() < FAR_SIGHTED;
        }
        self.weigh_floors();
        let is_timeless = self.ground.is_timeless;
        if !(is_timeless && self.chance.unit() < OVERFILLED && self.overfill()) {
            self.ruin();
        }
        self.repair();
        if is_timeless && self.straighten() {
            // What has become shorter has room for more.
            self.candidates.retain(|&j| self.state.at[j as usize].0 == NONE);
            self.repair();
        }
        let model = self.ground.model;
        let merit = Merit::of(model, &self.state);
        let energy = self.energy_of(merit);
        let holds = self.state.is_feasible()
            && model.affords(self.costs.now)
            && (self.ground.positions.is_empty()
                || self.state.holds_positions(&self.ground.positions, model));
        let drop = self.energy - energy;
        let is_taken = holds && (drop <= 0.0 || drop < -temperature * self.chance.unit().ln());
        if is_taken {
            self.state.keep();
            (self.merit, self.energy) = (merit, energy);
            if merit.beats(self.best_merit) {
                self.best_merit = merit;
                self.best = self.state.sequences();
            }
            self.remember();
        } else {
            self.state.undo();
            if model.budget.is_finite() {
                self.costs.now = self.state.cost();
            }
        }
        if holds { drop.max(0.0) } else { 0.0 }
    }

    /// Takes the routes of a good plan into the pool, and what the pool makes of them.
    fn remember(&mut self) {
        let Some(kinds) = &self.ground.kinds else { return };
        self.n_taken += 1;
        if !self.n_taken.is_multiple_of(STEPS_TO_REMEMBER) {
            return;
        }
        let best = self.best_merit;
        let tolerance = (3.0 * self.ground.typical).max(0.01 * best.value.abs());
        if self.merit.missing > 0 || best.missing > 0 || self.merit.value < best.value - tolerance {
            return;
        }
        self.pool.take_in(kinds, &self.state);
        if let Some(sequences) = self.pool.better(kinds, best.value, self.ground.model.budget) {
            self.restart(&sequences);
        }
    }

    /// What annealing compares: value, a price for every required task left out, and for `collect`, where
    /// most plans are worth the same, a little for time left over.
    fn energy_of(&self, merit: Merit) -> f64 {
        let ground = self.ground;
        let mut energy = merit.value - 30.0 * ground.typical * merit.missing as f64;
        energy -= self.equity.penalty * merit.short;
        if ground.model.worth.kind() == Objective::Collect {
            let used: f64 = (0..self.state.routes.len())
                .map(|k| {
                    let total = ground.model.teams[k].tau_total;
                    if total.is_finite() && total > 0.0 { self.state.routes[k].over / total } else { 0.0 }
                })
                .sum();
            energy -= ground.time_left_price * used;
        }
        energy
    }
}
