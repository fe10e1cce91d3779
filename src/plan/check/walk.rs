//! One team walking through its days, spell by spell, for the judge alone.

use super::GRACE;
use crate::grid::{LonLat, geodesic_m};
use crate::plan::problem::{DistanceKind, Problem, Rounding, Team};

/// Where a team is, and when.
pub(super) struct Walk<'a> {
    problem: &'a Problem,
    k: usize,
    /// Row in a matrix, and coordinates.
    row: usize,
    at: [f64; 2],
    now: f64,
    /// Distance travelled and money spent so far.
    pub(super) distance: f64,
    pub(super) cost: f64,
    is_out: bool,
}

impl<'a> Walk<'a> {
    /// At its base, on the first working moment of its availability.
    pub(super) fn new(problem: &'a Problem, k: usize) -> Self {
        let team = &problem.teams[k];
        let at = team.at.unwrap_or_default();
        let mut walk = Self { problem, k, row: k, at, now: 0.0, distance: 0.0, cost: 0.0, is_out: false };
        let from = team.available.map_or(0.0, |[from, _]| from);
        walk.now = walk.next_open(from).unwrap_or(f64::INFINITY);
        walk
    }

    /// The team.
    pub(super) fn team(&self) -> &'a Team {
        &self.problem.teams[self.k]
    }

    /// Goes to a task and does it: start, end, and whether that was possible within the availability.
    pub(super) fn visit(&mut self, j: usize, release: f64) -> (f64, f64, bool) {
        let (team, task) = (self.team(), &self.problem.tasks[j]);
        let to = task.at.unwrap_or_default();
        let leg = self.leg(self.problem.teams.len() + j, to);
        if !self.is_out {
            self.is_out = true;
            self.cost += team.mobilisation;
        }
        self.distance += leg;
        self.cost += task.cost * team.cost_factor + leg * team.cost_per_distance;
        (self.row, self.at) = (self.problem.teams.len() + j, to);
        let work = task.work_by_team.get(&team.id).copied().unwrap_or(task.work / team.rate);
        let is_set_up = task.lock.as_ref().is_some_and(|lock| lock.under_way);
        let days = if is_set_up { work } else { team.setup_days + work };
        let Some(arrive) = self.pass(self.now, leg / team.speed_per_day) else { return self.lost() };
        let ready = arrive.max(release);
        if days <= 0.0 {
            self.now = ready;
            return (ready, ready, ready <= self.until() + GRACE);
        }
        let Some(start) = self.next_open(ready) else { return self.lost() };
        let Some(end) = self.pass(start, days) else { return self.lost() };
        self.now = end;
        (start, end, true)
    }

    /// Returns to where it must end; false when that is not possible in time.
    pub(super) fn go_home(&mut self) -> bool {
        let Some(home) = self.team().end_at else { return true };
        let ends_before = self.problem.teams[..self.k].iter().filter(|team| team.end_at.is_some()).count();
        let row = self.problem.teams.len() + self.problem.tasks.len() + ends_before;
        let leg = self.leg(row, home);
        self.distance += leg;
        self.cost += leg * self.team().cost_per_distance;
        self.pass(self.now, leg / self.team().speed_per_day).is_some()
    }

    fn lost(&mut self) -> (f64, f64, bool) {
        self.now = f64::INFINITY;
        (f64::INFINITY, f64::INFINITY, false)
    }

    fn leg(&self, row: usize, to: [f64; 2]) -> f64 {
        let spec = &self.problem.distance;
        let raw = match spec.kind {
            DistanceKind::None => 0.0,
            DistanceKind::Matrix => spec.matrix.as_ref().map_or(0.0, |matrix| matrix[self.row][row]),
            DistanceKind::Euclidean => ((self.at[0] - to[0]).powi(2) + (self.at[1] - to[1]).powi(2)).sqrt(),
            DistanceKind::Geodesic => {
                geodesic_m(LonLat::new(self.at[0], self.at[1]), LonLat::new(to[0], to[1])) / 1000.0
            }
        };
        match spec.round {
            Rounding::None => raw * spec.detour,
            Rounding::Nearest => (raw * spec.detour).round(),
        }
    }

    fn until(&self) -> f64 {
        let last = self.team().available.map_or(f64::INFINITY, |[_, to]| to);
        last.min(self.problem.horizon_days.unwrap_or(f64::INFINITY))
    }

    /// The first working moment from a moment on.
    fn next_open(&self, from: f64) -> Option<f64> {
        let mut now = from;
        while now < self.until() {
            if let Some(opens) = self.closed_until(now) {
                now = opens;
                continue;
            }
            let end = self.spell_end(now);
            if end - now > GRACE {
                return Some(now);
            }
            now = end;
        }
        None
    }

    /// When a moment is closed: until when, as far as the rule that closes it goes.
    fn closed_until(&self, now: f64) -> Option<f64> {
        let team = self.team();
        let weekday = (now.floor() + f64::from(self.problem.start_weekday)).rem_euclid(7.0);
        if weekday >= f64::from(team.work_days_per_week) {
            return Some(now.floor() + 1.0);
        }
        team.closed.iter().find(|[from, to]| *from <= now && now < *to).map(|&[_, to]| to)
    }

    /// End of the open spell that a moment lies in, at the latest midnight where some weekdays are closed.
    fn spell_end(&self, now: f64) -> f64 {
        let team = self.team();
        let midnight = if team.work_days_per_week < 7 { now.floor() + 1.0 } else { f64::INFINITY };
        let shut = team.closed.iter().map(|&[from, _]| from).filter(|&from| from > now);
        shut.fold(self.until().min(midnight), f64::min)
    }

    /// The moment at which so many working days have passed.
    fn pass(&self, from: f64, days: f64) -> Option<f64> {
        let (mut now, mut rest) = (from, days);
        loop {
            // A rounding error is no time at all.
            if rest <= GRACE {
                return (now <= self.until() + GRACE).then_some(now + rest);
            }
            now = self.next_open(now)?;
            let end = self.spell_end(now);
            if rest <= end - now + GRACE {
                return Some((now + rest).min(end));
            }
            rest -= end - now;
            now = end;
        }
    }
}
