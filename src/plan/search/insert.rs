//! Where a task may go, judged in constant time a position.
//!
//! Putting task j between a and b puts off b and all after it by `shift`; what they lose together follows from
//! the weight kept at b (schedule.rs). On calendars with closed days a shift counts by the team's mean stretch,
//! waiting at b swallows it: there the figure is close, and the step is decided on exact times afterwards.

use super::Worker;
use crate::plan::model::{NONE, SLACK};
use crate::plan::problem::Objective;

/// Nearest tasks beside which a task is tried, when not everywhere.
const BESIDE: usize = 40;
/// Up to so many tasks every position is tried.
const TRY_ALL: usize = 400;

/// A place for a task.
#[derive(Debug, Clone, Copy)]
pub(super) struct Spot {
    pub(super) team: usize,
    pub(super) position: usize,
    /// Change of value, less the price of its money.
    pub(super) gain: f64,
    /// What positions are compared by: the gain, and the time it takes where gains are equal.
    pub(super) score: f64,
    /// Working days the route gets longer.
    pub(super) extra: f64,
}

impl Worker<'_> {
    /// The best place for a task, if there is any.
    pub(super) fn best_spot(&mut self, j: u32) -> Option<Spot> {
        let model = self.ground.model;
        let mut best: Option<Spot> = None;
        let n_teams = model.teams.len();
        if model.tasks.len() <= TRY_ALL || self.ground.near.of_task(j).is_empty() || self.is_fixed(j) {
            for k in 0..n_teams {
                self.scan(j, k, 0, usize::MAX, &mut best);
            }
            return best;
        }
        let ground = self.ground;
        let mut n_beside = 0;
        for &other in ground.near.of_task(j) {
            let (k, position) = self.state.at[other as usize];
            if k != NONE {
                self.scan(j, k as usize, position as usize, position as usize + 1, &mut best);
                n_beside += 1;
                if n_beside == BESIDE {
                    break;
                }
            }
        }
        let offset = if n_teams > self.ground.n_ends { self.chance.below(n_teams) } else { 0 };
        for i in 0..n_teams.min(self.ground.n_ends) {
            let k = (offset + i) % n_teams;
            let len = self.state.routes[k].visits.len();
            self.scan(j, k, 0, 0, &mut best);
            if len > 0 {
                self.scan(j, k, len, len, &mut best);
            }
        }
        best
    }

    /// Tries positions `first..=last` of one team; for a task that is locked to a position that one alone, or the end
    /// of a route that is too short for it.
    pub(super) fn scan(&mut self, j: u32, k: usize, first: usize, last: usize, best: &mut Option<Spot>) {
        let model = self.ground.model;
        if !model.can(j as usize, k) {
            return;
        }
        let place = model.tasks[j as usize].lock_position.map(|at| at.min(self.state.routes[k].visits.len()));
        let (first, last) = place.map_or((first, last), |at| (at, at));
        if self.ground.is_swift {
            let first = first.max(self.n_fixed(k));
            return self.scan_swift(j, k, first, last, best);
        }
        let (task, team) = (&model.tasks[j as usize], &model.teams[k]);
        let route = &self.state.routes[k];
        let calendar = &*team.calendar;
        let (from, is_plain) = (calendar.from(), calendar.is_plain());
        let (mut release_day, mut first) = (task.release, first.max(self.n_fixed(k)));
        for &p in &task.preds {
            let (other, position) = self.state.at[p as usize];
            if other == NONE {
                return;
            }
            if other as usize == k {
                first = first.max(position as usize + 1);
            }
            release_day = release_day.max(self.state.end_of(p));
        }
        let release = if release_day > from { calendar.tau(release_day) } else { 0.0 };
        let days = model.days(j as usize, k);
        let end_by =
            SLACK + if task.due < calendar.until() { calendar.tau(task.due) } else { team.tau_total };
        let is_collect = model.worth.kind() == Objective::Collect;
        let fixed_cost =
            model.task_cost(j as usize, k) + if route.visits.is_empty() { team.mobilisation } else { 0.0 };
        let room = model.budget - self.costs.now;
        let has_budget = model.budget.is_finite();
        let lean = self.lean(j);
        let time_price = self.ground.typical * if is_collect { 1e-3 } else { 1e-9 };
        let row = model.travel.row(task.place);
        let distance =
            |other: usize| row.map_or_else(|| model.travel.quick(other, task.place), |row| row[other]);
        let onward =
            |other: usize| row.map_or_else(|| model.travel.quick(task.place, other), |row| row[other]);
        // Now and then with what it opens the way to, which nothing else would tell to come early.
        let opens = if self.is_far_sighted { self.ground.opens[j as usize] } else { 0.0 };
        // The value falls with the end: what it was at an earlier end bounds what it is now.
        let (mut own, mut own_end) = (if is_collect { task.worth } else { f64::INFINITY }, f64::NEG_INFINITY);
        let mut lift = 0.0;
        let mut best_score = best.map_or(f64::NEG_INFINITY, |spot| spot.score);
        for q in first..=last.min(route.visits.len()) {
            if self.blink == 0 {
                self.blink = 20 + self.chance.below(160);
                continue;
            }
            self.blink -= 1;
            let (before, tau) = match q {
                0 => (team.start, 0.0),
                _ => (route.visits[q - 1].place, route.visits[q - 1].end),
            };
            let to = distance(before);
            let end = (tau + to * team.pace).max(release) + days;
            if end > end_by {
                // Later positions end later still.
                break;
            }
            let (mut loss, mut added, mut extra) = (0.0, to, end - tau);
            if let Some(next) = route.visits.get(q) {
                let away = onward(next.place);
                let arrive = end + away * team.pace;
                if arrive > next.latest + SLACK {
                    continue;
                }
                let is_waiting = next.start > next.arrive;
                let shift = if is_waiting { (arrive - next.start).max(0.0) } else { arrive - next.start };
                if !is_collect {
                    loss = model.worth.loss(next.weight, shift * team.stretch);
                }
                added += away - next.leg;
                extra = arrive - next.arrive;
            } else if let Some(home) = team.end {
                let away = onward(home);
                let over = end + away * team.pace;
                if over > team.tau_total + SLACK {
                    continue;
                }
                added += away - if q > 0 { model.travel.quick(before, home) } else { 0.0 };
                extra = over - route.over;
            }
            let mut minus = loss + time_price * extra - lean;
            if has_budget {
                let cost = fixed_cost + team.cost_per_distance * added;
                if cost > room {
                    continue;
                }
                minus += self.costs.price * cost;
            }
            if own_end <= end && own - minus <= best_score {
                continue;
            }
            if !is_collect {
                let day = if is_plain { from + end } else { calendar.ended(end) };
                let day = day.max(release_day);
                (own, own_end) = (model.worth.value(task.worth, task.decay, day), end);
                lift = if opens > 0.0 { model.worth.value(opens, task.decay, day) } else { 0.0 };
                own += lift;
            }
            let score = own - minus;
            if score > best_score {
                best_score = score;
                let gain = score - lift + time_price * extra;
                *best = Some(Spot { team: k, position: q, gain, score, extra });
            }
        }
    }

    /// Whether putting a task there would make teams wait for each other in a circle: whether something that
    /// comes after that place is needed before the task.
    pub(super) fn makes_circle(&mut self, j: u32, k: usize, position: usize) -> bool {
        let model = self.ground.model;
        let preds = &model.tasks[j as usize].preds;
        if preds.is_empty() {
            return false;
        }
        let latest = preds.iter().map(|&p| self.state.end_of(p)).fold(0.0, f64::max);
        self.seen_stamp += 1;
        let Some(first) = self.state.routes[k].visits.get(position) else { return false };
        let mut stack = vec![first.task];
        while let Some(task) = stack.pop() {
            if preds.contains(&task) {
                return true;
            }
            // What ends after everything needed has ended comes before none of it.
            if self.seen[task as usize] == self.seen_stamp || self.state.end_of(task) > latest {
                continue;
            }
            self.seen[task as usize] = self.seen_stamp;
            let (team, at) = self.state.at[task as usize];
            if team == NONE {
                continue;
            }
            stack.extend(self.state.routes[team as usize].visits.get(at as usize + 1).map(|v| v.task));
            stack.extend(&model.tasks[task as usize].succs);
        }
        false
    }
}
