//! Sequences of tasks turned into times: the state that the search changes and takes back.
//!
//! Times inside a route are working time τ of its team (calendar.rs). A visit starts at
//! max(arrival, release, ends of the tasks before it), pauses over closed days, and ends when setup and work
//! are done. Every stop also knows the latest start that keeps the rest of its route within all limits, and
//! the weight of everything from it on, so that an insertion is judged in constant time.

use super::model::{Model, NONE, SLACK};

mod route;

pub(crate) use route::{Route, Visit};

/// All routes, and where every task is.
#[derive(Debug, Clone)]
pub(crate) struct State {
    pub(crate) routes: Vec<Route>,
    /// Team and position of every task; team [`NONE`] where unserved.
    pub(crate) at: Vec<(u32, u32)>,
    /// Tasks in no route, in any order.
    pub(crate) unserved: Vec<u32>,
    /// Place of an unserved task in `unserved`.
    slot: Vec<u32>,
    /// Calendar day on which every served task ends.
    ends: Vec<f64>,
    /// Routes as they were before the first change since [`State::keep`].
    saved: Vec<(u32, Route)>,
    /// Buffers of saved routes, to be used again.
    spare: Vec<Route>,
    is_saved: Vec<bool>,
    queue: Vec<u32>,
}

impl State {
    /// With empty routes.
    pub(crate) fn empty(model: &Model) -> Self {
        let n = model.tasks.len();
        let mut state = Self {
            routes: vec![Route::default(); model.teams.len()],
            at: vec![(NONE, 0); n],
            unserved: (0..n as u32).collect(),
            slot: (0..n as u32).collect(),
            ends: vec![0.0; n],
            saved: Vec::new(),
            spare: Vec::new(),
            is_saved: vec![false; model.teams.len()],
            queue: Vec::new(),
        };
        for k in 0..model.teams.len() {
            state.retime(model, k);
        }
        state.keep();
        state
    }

    /// With given sequences; times may turn out infeasible.
    pub(crate) fn of(model: &Model, sequences: &[Vec<u32>]) -> Self {
        let mut state = Self::empty(model);
        for (k, sequence) in sequences.iter().enumerate() {
            for &task in sequence {
                state.unlist(task);
                state.routes[k].visits.push(Visit { task, ..Visit::default() });
            }
            state.renumber(k);
        }
        // Times depend on those of other routes where tasks wait for each other: repeat until nothing moves.
        for _ in 0..=model.tasks.len() {
            let mut is_settled = true;
            for k in 0..sequences.len() {
                let before: Vec<f64> = state.routes[k].visits.iter().map(|visit| visit.end_day).collect();
                state.retime(model, k);
                is_settled &= state.routes[k].visits.iter().zip(&before).all(|(v, &b)| v.end_day <= b);
            }
            if is_settled || !model.has_precedence {
                break;
            }
        }
        state.keep();
        state
    }

    /// The sequences alone.
    pub(crate) fn sequences(&self) -> Vec<Vec<u32>> {
        self.routes.iter().map(|route| route.visits.iter().map(|visit| visit.task).collect()).collect()
    }

    /// Calendar day on which a served task ends.
    #[inline]
    pub(crate) fn end_of(&self, task: u32) -> f64 {
        self.ends[task as usize]
    }

    /// Value of the whole plan; larger is better.
    pub(crate) fn value(&self) -> f64 {
        self.routes.iter().map(|route| route.value).sum()
    }

    /// Day on which the last task ends.
    pub(crate) fn last_day(&self) -> f64 {
        let last = self.routes.iter().filter_map(|route| route.visits.last());
        last.map(|visit| visit.end_day).fold(0.0, f64::max)
    }

    /// Money the whole plan costs.
    pub(crate) fn cost(&self) -> f64 {
        self.routes.iter().map(|route| route.cost).sum()
    }

    /// Whether every route keeps to its times. Budget and positions are looked at by the callers.
    pub(crate) fn is_feasible(&self) -> bool {
        self.routes.iter().all(|route| route.is_feasible)
    }

    /// Required tasks that are in no route.
    pub(crate) fn n_missing(&self, model: &Model) -> usize {
        if !model.has_required {
            return 0;
        }
        self.unserved.iter().filter(|&&j| model.is_required(j as usize)).count()
    }

    /// Whether it keeps to times, budget and the positions of these tasks. Floors are looked at by the callers.
    pub(crate) fn holds(&self, model: &Model, locked: &[u32]) -> bool {
        self.is_feasible() && model.affords(self.cost()) && self.holds_positions(locked, model)
    }

    /// Whether every task locked to a position stands there.
    pub(crate) fn holds_positions(&self, locked: &[u32], model: &Model) -> bool {
        locked.iter().all(|&j| {
            let (team, position) = self.at[j as usize];
            team == NONE || model.tasks[j as usize].lock_position == Some(position as usize)
        })
    }

    /// Puts a task into a route and brings all times up to date. False when some limit is broken.
    pub(crate) fn insert(&mut self, model: &Model, task: u32, k: usize, position: usize) -> bool {
        self.save(k);
        self.unlist(task);
        self.routes[k].visits.insert(position, Visit { task, ..Visit::default() });
        self.renumber(k);
        self.settle(model, k, position)
    }

    /// Takes tasks out of their routes; the times of those routes are brought up to date.
    pub(crate) fn remove(&mut self, model: &Model, tasks: &[u32]) {
        let mut touched: Vec<(u32, u32)> = Vec::with_capacity(8);
        for &task in tasks {
            let (k, position) = self.at[task as usize];
            if k == NONE {
                continue;
            }
            match touched.iter_mut().find(|(known, _)| *known == k) {
                Some((_, first)) => *first = position.min(*first),
                None => {
                    self.save(k as usize);
                    touched.push((k, position));
                }
            }
            self.enlist(task);
        }
        for &(k, _) in &touched {
            let at = &self.at;
            self.routes[k as usize].visits.retain(|visit| at[visit.task as usize].0 == k);
            self.renumber(k as usize);
        }
        for (k, first) in touched {
            self.settle(model, k as usize, first as usize);
        }
    }

    /// Routes changed since the last [`State::keep`].
    pub(crate) fn changed(&self) -> Vec<usize> {
        self.saved.iter().map(|&(k, _)| k as usize).collect()
    }

    /// Gives a route another sequence of tasks that are its own or unserved, and brings its times up to date.
    pub(crate) fn replace(&mut self, model: &Model, k: usize, tasks: impl Iterator<Item = u32>) {
        self.save(k);
        let mut visits = std::mem::take(&mut self.routes[k].visits);
        for visit in &visits {
            self.enlist(visit.task);
        }
        visits.clear();
        visits.extend(tasks.map(|task| Visit { task, ..Visit::default() }));
        for visit in &visits {
            self.unlist(visit.task);
        }
        self.routes[k].visits = visits;
        self.renumber(k);
        self.settle(model, k, 0);
    }

    /// From here on [`State::undo`] comes back to the present.
    pub(crate) fn keep(&mut self) {
        for (k, route) in self.saved.drain(..) {
            self.is_saved[k as usize] = false;
            self.spare.push(route);
        }
    }

    /// Back to the last [`State::keep`].
    pub(crate) fn undo(&mut self) {
        let mut saved = std::mem::take(&mut self.saved);
        for (k, _) in &saved {
            let visits = std::mem::take(&mut self.routes[*k as usize].visits);
            for visit in &visits {
                self.enlist(visit.task);
            }
            self.routes[*k as usize].visits = visits;
        }
        for (k, route) in saved.drain(..) {
            let k = k as usize;
            let changed = std::mem::replace(&mut self.routes[k], route);
            self.spare.push(changed);
            self.is_saved[k] = false;
            for i in 0..self.routes[k].visits.len() {
                let visit = self.routes[k].visits[i];
                self.unlist(visit.task);
                self.ends[visit.task as usize] = visit.end_day;
            }
            self.renumber(k);
        }
        self.saved = saved;
    }

    fn save(&mut self, k: usize) {
        if self.is_saved[k] {
            return;
        }
        let mut copy = self.spare.pop().unwrap_or_default();
        copy.clone_from_route(&self.routes[k]);
        self.saved.push((k as u32, copy));
        self.is_saved[k] = true;
    }

    fn enlist(&mut self, task: u32) {
        let j = task as usize;
        if self.at[j].0 != NONE {
            self.at[j] = (NONE, 0);
            self.slot[j] = self.unserved.len() as u32;
            self.unserved.push(task);
        }
    }

    fn unlist(&mut self, task: u32) {
        let slot = self.slot[task as usize];
        if self.unserved.get(slot as usize) == Some(&task) {
            self.unserved.swap_remove(slot as usize);
            if let Some(&moved) = self.unserved.get(slot as usize) {
                self.slot[moved as usize] = slot;
            }
        }
    }

    fn renumber(&mut self, k: usize) {
        for (i, visit) in self.routes[k].visits.iter().enumerate() {
            self.at[visit.task as usize] = (k as u32, i as u32);
        }
    }

    /// Times of one route, then of every route that waits for one of its tasks, until nothing moves.
    fn settle(&mut self, model: &Model, k: usize, first: usize) -> bool {
        if !model.has_precedence {
            self.retime_from(model, k, first);
            return self.routes[k].is_feasible;
        }
        let mut queue = std::mem::take(&mut self.queue);
        queue.clear();
        queue.push(k as u32);
        // Circles are refused before a task goes in, so the rounds end by themselves: this is only a fuse.
        let mut n_rounds = 64 + 16 * model.teams.len();
        while let Some(k) = queue.pop() {
            let k = k as usize;
            self.save(k);
            let before: Vec<f64> = self.routes[k].visits.iter().map(|visit| visit.end_day).collect();
            self.retime(model, k);
            n_rounds -= 1;
            if n_rounds == 0 {
                self.routes[k].is_feasible = false;
                break;
            }
            for (visit, before) in self.routes[k].visits.iter().zip(before) {
                if visit.end_day.total_cmp(&before).is_eq() {
                    continue;
                }
                for &succ in &model.tasks[visit.task as usize].succs {
                    let (other, _) = self.at[succ as usize];
                    if other != NONE && other as usize != k && !queue.contains(&other) {
                        queue.push(other);
                    }
                }
            }
        }
        self.queue = queue;
        self.saved.iter().all(|&(k, _)| self.routes[k as usize].is_feasible)
    }

    /// Times, value and cost of one route from its sequence.
    fn retime(&mut self, model: &Model, k: usize) {
        self.retime_from(model, k, 0);
    }

    /// The same, where everything before a position is as it was.
    fn retime_from(&mut self, model: &Model, k: usize, first: usize) {
        let mut route = std::mem::take(&mut self.routes[k]);
        // What was broken before the position may have been the reason; seldom, so all is looked at again.
        let first = if route.is_feasible { first } else { 0 };
        route.is_feasible = true;
        self.forward(model, k, &mut route, first);
        route.backward(model, k);
        self.routes[k] = route;
    }

    fn forward(&mut self, model: &Model, k: usize, route: &mut Route, first: usize) {
        let team = &model.teams[k];
        let calendar = &*team.calendar;
        let (from, is_plain) = (calendar.from(), calendar.is_plain());
        let mut last = match first.checked_sub(1) {
            None => Visit { place: team.start, end_day: from, ..Visit::default() },
            Some(before) => route.visits[before],
        };
        for i in first..route.visits.len() {
            let visit = &mut route.visits[i];
            let j = visit.task as usize;
            let task = &model.tasks[j];
            let days = model.days(j, k);
            visit.place = task.place;
            visit.leg = model.travel.exact(last.place, task.place);
            visit.arrive = last.end + visit.leg * team.pace;
            let mut release = task.release;
            for &p in &task.preds {
                let (other, position) = self.at[p as usize];
                // Not done at all, or later in this very route: impossible.
                if other == NONE || (other as usize == k && position as usize >= i) {
                    route.is_feasible = false;
                }
                release = release.max(self.ends[p as usize]);
            }
            visit.start = if release > from { visit.arrive.max(calendar.tau(release)) } else { visit.arrive };
            visit.end = visit.start + days;
            visit.end_day = if is_plain {
                (from + visit.end).max(release)
            } else if days > 0.0 {
                calendar.ended(visit.end)
            } else {
                calendar.ended(visit.arrive).max(last.end_day).max(release)
            };
            if visit.end_day > model.due(j, k) + SLACK || visit.end > team.tau_total + SLACK {
                route.is_feasible = false;
            }
            let (value, own_weight) = model.worth.value_and_weight(task.worth, task.decay, visit.end_day);
            visit.own_weight = own_weight;
            visit.value = last.value + value;
            visit.cost = last.cost + model.task_cost(j, k) + team.cost_per_distance * visit.leg;
            visit.distance = last.distance + visit.leg;
            self.ends[j] = visit.end_day;
            last = *visit;
        }
        route.over = last.end;
        (route.value, route.cost, route.distance) = (last.value, last.cost, last.distance);
        if route.visits.is_empty() {
            return;
        }
        route.cost += team.mobilisation;
        if let Some(end) = team.end {
            let leg = model.travel.exact(last.place, end);
            route.distance += leg;
            route.cost += team.cost_per_distance * leg;
            route.over = last.end + leg * team.pace;
            if route.over > team.tau_total + SLACK {
                route.is_feasible = false;
            }
        }
    }
}
