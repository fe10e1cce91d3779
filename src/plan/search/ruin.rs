//! Which tasks are taken out: neighbouring strings of several routes, any, the least worth their time, or the
//! tail of a route.

use super::Worker;
use crate::plan::model::NONE;

/// Longest string taken from one route.
const LONGEST: usize = 10;

/// Share of the times that a task locked to a position is taken out when it is drawn.
const FIXED: f64 = 0.1;

impl Worker<'_> {
    /// Takes tasks out of the plan; they and some unserved ones become the candidates of the repair.
    pub(super) fn ruin(&mut self) {
        self.removed.clear();
        let n = self.ground.model.tasks.len();
        let n_done = n - self.state.unserved.len();
        let seed = self.chance.below(n) as u32;
        let mut is_whole = false;
        if n_done > 0 {
            let draw = self.chance.unit();
            if draw < 0.62 && !self.ground.near.of_task(seed).is_empty() {
                self.strings(seed, n_done);
            } else if draw < 0.80 {
                self.any(n_done);
            } else if draw < 0.92 {
                self.least(seed, n_done);
            } else if draw < 0.985 {
                self.tail(2 * LONGEST);
            } else {
                self.tail(usize::MAX);
                is_whole = true;
            }
        }
        let mut removed = std::mem::take(&mut self.removed);
        self.with_followers(&mut removed);
        self.state.remove(self.ground.model, &removed);
        if self.ground.model.budget.is_finite() {
            self.costs.now = self.state.cost();
        }
        self.gather(seed, &removed, is_whole);
        self.removed = removed;
    }

    fn mark(&mut self, j: u32) {
        let is_held = self.is_held(self.state.at[j as usize].0 as usize) || self.is_left_alone(j);
        if !is_held && !self.removed.contains(&j) {
            self.removed.push(j);
        }
    }

    /// What is locked to a position mostly stays: it has nowhere else to go, but may be in the way of another.
    fn is_left_alone(&mut self, j: u32) -> bool {
        self.is_fixed(j) && self.chance.unit() >= FIXED
    }

    /// Strings of the routes near a task (SISR), each some tasks in a row with perhaps a few kept in it.
    fn strings(&mut self, seed: u32, n_done: usize) {
        let n_routes = self.state.routes.iter().filter(|route| !route.visits.is_empty()).count().max(1);
        let mean = n_done as f64 / n_routes as f64;
        let longest = (LONGEST as f64).min(mean).max(1.0);
        let most_strings = 4.0 * 10.0 / (1.0 + longest) - 1.0;
        let n_strings = (1.0 + self.chance.unit() * most_strings) as usize;
        let mut used: Vec<u32> = Vec::with_capacity(n_strings);
        let ground = self.ground;
        for &j in std::iter::once(&seed).chain(ground.near.of_task(seed)) {
            if used.len() >= n_strings {
                break;
            }
            let (k, at) = self.state.at[j as usize];
            if k == NONE || used.contains(&k) {
                continue;
            }
            used.push(k);
            let len = self.state.routes[k as usize].visits.len();
            let most = longest.min(len as f64);
            let count = (1.0 + self.chance.unit() * most) as usize;
            let count = count.min(len);
            // A string of more than `count`, some of which stay.
            let kept = if count < len && self.chance.unit() < 0.5 {
                let mut kept = 1;
                while count + kept < len && self.chance.unit() < 0.3 {
                    kept += 1;
                }
                kept
            } else {
                0
            };
            let window = count + kept;
            let lowest = (at as usize + 1).saturating_sub(window);
            let highest = (at as usize).min(len - window);
            let start = lowest + self.chance.below(highest - lowest.min(highest) + 1);
            let start = start.min(len - window);
            let gap = start + self.chance.below(count + 1);
            for i in start..start + window {
                if i < gap || i >= gap + kept {
                    let task = self.state.routes[k as usize].visits[i].task;
                    self.mark(task);
                }
            }
        }
    }

    fn any(&mut self, n_done: usize) {
        let count = 1 + self.chance.below(n_done.min(12));
        for _ in 0..count {
            if let Some(j) = self.some_task() {
                self.mark(j);
            }
        }
    }

    /// A task that some team does: any team that has one, any of its tasks.
    fn some_task(&mut self) -> Option<u32> {
        let n = self.ground.model.tasks.len();
        for _ in 0..24 {
            let j = self.chance.below(n) as u32;
            if self.state.at[j as usize].0 != NONE {
                return Some(j);
            }
        }
        None
    }

    /// Those that take most time for their worth, among some near and some anywhere.
    fn least(&mut self, seed: u32, n_done: usize) {
        let model = self.ground.model;
        let mut ranked: Vec<(f64, u32)> = Vec::new();
        let near = self.ground.near.of_task(seed);
        let pool = 30.min(n_done);
        for i in 0..pool {
            let pick = if i < near.len() { Some(near[i]) } else { self.some_task() };
            let Some(j) = pick.filter(|&j| self.state.at[j as usize].0 != NONE) else { continue };
            let (k, at) = self.state.at[j as usize];
            let (team, route) = (&model.teams[k as usize], &self.state.routes[k as usize]);
            let visit = route.visits[at as usize];
            let after = route.visits.get(at as usize + 1);
            let away = after.map_or(0.0, |next| {
                let before = if at == 0 { team.start } else { route.visits[at as usize - 1].place };
                next.leg - model.travel.quick(before, next.place)
            });
            let time = (visit.leg + away) * team.pace + visit.end - visit.start;
            let worth = model.value(j as usize, visit.end_day).abs().max(1e-12);
            let noise = 0.6 + 0.8 * self.chance.unit();
            ranked.push((time / worth * noise, j));
        }
        ranked.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        ranked.dedup_by_key(|(_, j)| *j);
        let count = 1 + self.chance.below(10);
        for (_, j) in ranked.into_iter().take(count) {
            self.mark(j);
        }
    }

    /// The end of one route, or all of it.
    fn tail(&mut self, most: usize) {
        let Some(j) = self.some_task() else { return };
        let (k, _) = self.state.at[j as usize];
        let visits = &self.state.routes[k as usize].visits;
        let count =
            if most == usize::MAX { visits.len() } else { 1 + self.chance.below(visits.len().min(most)) };
        let tail: Vec<u32> = visits[visits.len() - count..].iter().map(|visit| visit.task).collect();
        for j in tail {
            self.mark(j);
        }
    }

    /// Adds everything in the plan that may only be done after something that goes.
    pub(super) fn with_followers(&self, removed: &mut Vec<u32>) {
        if !self.ground.model.has_precedence {
            return;
        }
        let mut i = 0;
        while i < removed.len() {
            for &succ in &self.ground.model.tasks[removed[i] as usize].succs {
                if self.state.at[succ as usize].0 != NONE && !removed.contains(&succ) {
                    removed.push(succ);
                }
            }
            i += 1;
        }
    }

    /// Candidates: what was taken out, then up to 25 unserved ones, two thirds of them near.
    /// When a whole route is open, it may go somewhere else altogether: then many more near ones.
    pub(super) fn gather(&mut self, seed: u32, removed: &[u32], is_whole: bool) {
        self.candidates.clear();
        self.candidates.extend_from_slice(removed);
        let n_free = self.state.unserved.len().saturating_sub(removed.len());
        if n_free == 0 {
            return;
        }
        if n_free <= 25 {
            self.candidates.clear();
            self.candidates.extend_from_slice(&self.state.unserved);
            return;
        }
        let ground = self.ground;
        let near = ground.near.of_task(seed).iter().copied();
        let near: Vec<u32> = std::iter::once(seed)
            .chain(near)
            .filter(|&j| self.state.at[j as usize].0 == NONE && !removed.contains(&j))
            .take(if is_whole { 17 + removed.len() } else { 17 })
            .collect();
        self.candidates.extend(near);
        for _ in 0..8 {
            let j = self.state.unserved[self.chance.below(self.state.unserved.len())];
            if !self.candidates.contains(&j) {
                self.candidates.push(j);
            }
        }
    }
}
