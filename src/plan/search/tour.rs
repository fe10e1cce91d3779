//! Shorter ways round the tasks of one route: 2-opt and Or-opt (Croes 1958, Or 1976) along neighbour lists.
//!
//! Only where nobody waits and the order changes nothing but the way: for `collect`, whose long routes ruin and
//! recreate alone straightens out slowly. What has become shorter has room for more.

use crate::plan::model::Model;
use crate::plan::nearby::Neighbours;

/// Longest string moved elsewhere in one piece.
const LONGEST: usize = 3;
/// Longest string taken out in one piece.
const LONGEST_OUT: usize = 12;
/// Less than this shorter is rounding.
const ROUNDING: f64 = 1e-9;

/// One team's way: from its start through its tasks to its end, where it has one.
#[derive(Debug, Default)]
pub(super) struct Tour {
    /// Start, tasks, end.
    places: Vec<usize>,
    n_tasks: usize,
    /// Index of every task of the problem in `places`; 0 where it is not here.
    at: Vec<u32>,
    /// Number of the first task's place.
    first: usize,
}

impl Tour {
    /// Becomes the way of team k through some tasks.
    pub(super) fn set(&mut self, model: &Model, k: usize, tasks: impl Iterator<Item = u32>) {
        self.first = model.teams.len();
        self.at.clear();
        self.at.resize(model.tasks.len(), 0);
        self.places.clear();
        self.places.push(model.teams[k].start);
        self.places.extend(tasks.map(|j| model.tasks[j as usize].place));
        self.n_tasks = self.places.len() - 1;
        self.places.extend(model.teams[k].end);
        self.renumber(1, self.n_tasks);
    }

    /// Its tasks in order.
    pub(super) fn tasks(&self) -> impl Iterator<Item = u32> {
        self.places[1..=self.n_tasks].iter().map(|&place| (place - self.first) as u32)
    }

    /// The task at an index from 1 on.
    pub(super) fn task(&self, i: usize) -> u32 {
        (self.places[i] - self.first) as u32
    }

    /// Distance from one index to another; nothing to behind the last task where there is no end.
    #[inline]
    pub(super) fn way(&self, model: &Model, i: usize, j: usize) -> f64 {
        match self.places.get(j.max(i)) {
            Some(&far) => model.travel.exact(self.places[i.min(j)], far),
            None => 0.0,
        }
    }

    /// Puts a task in before an index.
    pub(super) fn insert(&mut self, model: &Model, j: u32, i: usize) {
        self.places.insert(i, model.tasks[j as usize].place);
        self.n_tasks += 1;
        self.renumber(i, self.n_tasks);
    }

    /// Takes the tasks from one index to another out.
    pub(super) fn remove(&mut self, first: usize, last: usize) {
        for i in first..=last {
            let j = self.task(i);
            self.at[j as usize] = 0;
        }
        self.places.drain(first..=last);
        self.n_tasks -= last + 1 - first;
        self.renumber(first, self.n_tasks);
    }

    /// How long it is.
    pub(super) fn length(&self, model: &Model) -> f64 {
        (0..=self.n_tasks).map(|i| self.way(model, i, i + 1)).sum()
    }

    /// The index before which a task makes it least longer, from the distances from that task.
    pub(super) fn cheapest(&self, model: &Model, row: &[f64]) -> usize {
        let to = |i: usize| self.places.get(i).map_or(0.0, |&place| row[place]);
        let longer = |i: usize| to(i - 1) + to(i) - self.way(model, i - 1, i);
        (1..=self.n_tasks + 1).min_by(|&a, &b| longer(a).total_cmp(&longer(b))).unwrap_or(1)
    }

    /// The string of tasks that brings least for the time it takes, from the worth and days of every task; more time
    /// than `most` does not count. None where all are worth too much.
    pub(super) fn poorest(
        &self,
        model: &Model,
        pace: f64,
        stops: &[(f64, f64)],
        most: f64,
    ) -> Option<(usize, usize)> {
        let legs: Vec<f64> = (0..=self.n_tasks).map(|i| self.way(model, i, i + 1)).collect();
        let mut best = (f64::INFINITY, None);
        for first in 1..=self.n_tasks {
            let row = model.travel.row(self.places[first - 1])?;
            let (mut worth, mut way, mut days) = (0.0, legs[first - 1], 0.0);
            for last in first..(first + LONGEST_OUT).min(self.n_tasks + 1) {
                let stop = stops[last - 1];
                worth += stop.0;
                days += stop.1;
                way += legs[last];
                let shorter = way - self.places.get(last + 1).map_or(0.0, |&place| row[place]);
                let rate = worth / (days + shorter * pace).min(most).max(1e-9);
                if rate < best.0 {
                    best = (rate, Some((first, last)));
                }
            }
        }
        best.1
    }

    /// Makes it as short as single moves can; says whether it became shorter.
    pub(super) fn shorten(&mut self, model: &Model, near: &Neighbours) -> bool {
        let mut is_shorter = false;
        loop {
            let mut is_moving = false;
            for i in 1..=self.n_tasks {
                is_moving |= self.turn(model, near, i) || self.shift(model, near, i);
            }
            if !is_moving {
                return is_shorter;
            }
            is_shorter = true;
        }
    }

    /// 2-opt: turns a stretch of the way round so that the task at i stands beside one nearer to it.
    fn turn(&mut self, model: &Model, near: &Neighbours, i: usize) -> bool {
        let Some(row) = model.travel.row(self.places[i]) else { return false };
        for (here, away) in [(i, i + 1), (i - 1, i - 1)] {
            let is_after = away > i;
            let old = self.way(model, i, away);
            for &c in near.of_task(self.task(i)) {
                let new = row[self.first + c as usize];
                if new >= old {
                    break;
                }
                let j = self.at[c as usize] as usize;
                if j == 0 {
                    continue;
                }
                let beside = if is_after { j + 1 } else { j - 1 };
                let gain = old + self.way(model, j, beside) - new - self.way(model, away, beside);
                if gain > ROUNDING {
                    let (from, to) = (
                        here.min(if is_after { j } else { beside }),
                        here.max(if is_after { j } else { beside }),
                    );
                    self.places[from + 1..=to].reverse();
                    self.renumber(from + 1, to);
                    return true;
                }
            }
        }
        false
    }

    /// Or-opt: moves up to three tasks from i on beside a task near one of their ends, either way round.
    fn shift(&mut self, model: &Model, near: &Neighbours, i: usize) -> bool {
        for last in i..(i + LONGEST).min(self.n_tasks + 1) {
            let out = self.way(model, i - 1, i) + self.way(model, last, last + 1)
                - self.way(model, i - 1, last + 1);
            if out <= ROUNDING {
                continue;
            }
            for (end, other) in [(i, last), (last, i)] {
                let Some(row) = model.travel.row(self.places[end]) else { return false };
                for &c in near.of_task(self.task(end)) {
                    let to = row[self.first + c as usize];
                    if to >= out {
                        break;
                    }
                    let j = self.at[c as usize] as usize;
                    if j == 0 || (j >= i && j <= last) {
                        continue;
                    }
                    // `end` beside c, the other end beside the one behind or before c.
                    for beside in [j + 1, j - 1] {
                        if beside >= i && beside <= last {
                            continue;
                        }
                        let gain = out + self.way(model, j, beside) - to - self.way(model, other, beside);
                        if gain > ROUNDING {
                            let is_turned = (beside > j) != (end == i);
                            self.carry(i, last, j.max(beside), is_turned);
                            return true;
                        }
                    }
                }
            }
        }
        false
    }

    /// Moves the tasks from one index to another to before index `to`, turned round or not.
    fn carry(&mut self, first: usize, last: usize, to: usize, is_turned: bool) {
        if is_turned {
            self.places[first..=last].reverse();
        }
        let count = last + 1 - first;
        if to > last {
            self.places[first..to].rotate_left(count);
            self.renumber(first, to - 1);
        } else {
            self.places[to..=last].rotate_right(count);
            self.renumber(to, last);
        }
    }

    fn renumber(&mut self, from: usize, to: usize) {
        for i in from..=to {
            self.at[self.places[i] - self.first] = i as u32;
        }
    }
}
