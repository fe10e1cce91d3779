//! Teams working forward in time: each is somewhere, free from some moment, and takes one task after another.
//!
//! What construction and the by-hand baselines share: the next free team, whether it can still do a task, and
//! the times when it does.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::model::{Model, NONE, TeamModel};

/// All teams at their present moment.
pub(crate) struct Crew<'a> {
    model: &'a Model,
    stands: Vec<Stand>,
    is_out: Vec<bool>,
    /// Calendar end of every task done, NaN where not done.
    ends: Vec<f64>,
    /// Money left.
    pub(crate) money: f64,
    /// What every team has done so far, in order.
    pub(crate) sequences: Vec<Vec<u32>>,
    free: BinaryHeap<Reverse<(Moment, u32)>>,
}

/// Where a team is, and since when: working time and calendar day.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stand {
    pub(crate) place: usize,
    pub(crate) tau: f64,
    pub(crate) day: f64,
}

/// The way of team k to task j, and where it stands when it has done it, not before a day; whether it may, is for the
/// caller to see.
pub(crate) fn visit(model: &Model, j: usize, k: usize, from: Stand, release: f64) -> (f64, Stand) {
    let (place, team) = (model.tasks[j].place, &model.teams[k]);
    let calendar = &*team.calendar;
    let leg = model.travel.exact(from.place, place);
    let arrive = from.tau + leg * team.pace;
    let days = model.days(j, k);
    let tau = arrive.max(calendar.tau(release)) + days;
    let day =
        if days > 0.0 { calendar.ended(tau) } else { calendar.ended(arrive).max(from.day).max(release) };
    (leg, Stand { place, tau, day })
}

/// A day that can be ordered.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Moment(f64);

impl Eq for Moment {}
impl PartialOrd for Moment {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Moment {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.total_cmp(&other.0)
    }
}

/// How a task would go with a team next.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Next {
    tau: f64,
    /// Calendar day of its end.
    pub(crate) end_day: f64,
    /// Working days it takes the team from now, waiting included.
    pub(crate) takes: f64,
    /// Money, travel and mobilisation included, without the return.
    pub(crate) cost: f64,
}

impl<'a> Crew<'a> {
    /// At their bases, with what is locked to the first positions already done as far as that goes.
    pub(crate) fn new(model: &'a Model) -> Self {
        let mut crew = Self::idle(model);
        crew.take_locked();
        for k in 0..model.teams.len() {
            crew.go_on(k);
        }
        crew
    }

    /// At their bases, with nothing done.
    fn idle(model: &'a Model) -> Self {
        let m = model.teams.len();
        let at_base = |team: &TeamModel| Stand { place: team.start, tau: 0.0, day: team.calendar.from() };
        Self {
            model,
            stands: model.teams.iter().map(at_base).collect(),
            is_out: vec![false; m],
            ends: vec![f64::NAN; model.tasks.len()],
            money: model.budget * (1.0 + 1e-12),
            sequences: vec![Vec::new(); m],
            free: BinaryHeap::new(),
        }
    }

    /// The team that is free first; it leaves the queue until it is told to [`Crew::go_on`].
    pub(crate) fn next_free(&mut self) -> Option<usize> {
        self.free.pop().map(|Reverse((_, k))| k as usize)
    }

    /// Puts a team back into the queue after it has taken a task.
    pub(crate) fn go_on(&mut self, k: usize) {
        self.free.push(Reverse((Moment(self.stands[k].day), k as u32)));
    }

    /// Where a team is.
    pub(crate) fn place(&self, k: usize) -> usize {
        self.stands[k].place
    }

    /// Whether a task is done.
    pub(crate) fn is_done(&self, j: usize) -> bool {
        !self.ends[j].is_nan()
    }

    /// Whether what a task waits for is done.
    pub(crate) fn is_free(&self, j: usize) -> bool {
        self.model.tasks[j].preds.iter().all(|&p| self.is_done(p as usize))
    }

    /// How a task would go with team k now, `None` where it cannot. Tasks locked to a position come only
    /// through that lock.
    pub(crate) fn try_next(&self, j: usize, k: usize) -> Option<Next> {
        if self.model.tasks[j].lock_position.is_some() { None } else { self.attempt(j, k) }
    }

    fn attempt(&self, j: usize, k: usize) -> Option<Next> {
        let model = self.model;
        if self.is_done(j) || !model.can(j, k) || !self.is_free(j) {
            return None;
        }
        let (task, team) = (&model.tasks[j], &model.teams[k]);
        let release = task.preds.iter().fold(task.release, |day, &p| day.max(self.ends[p as usize]));
        let (leg, Stand { tau, day: end_day, .. }) = visit(model, j, k, self.stands[k], release);
        let home = team.end.map_or(0.0, |end| model.travel.exact(task.place, end));
        if tau + home * team.pace > team.tau_total {
            return None;
        }
        if end_day > model.due(j, k) {
            return None;
        }
        let mobilisation = if self.is_out[k] { 0.0 } else { team.mobilisation };
        let cost = model.task_cost(j, k) + leg * team.cost_per_distance + mobilisation;
        // The way home must stay affordable too: what it costs more than from here.
        let home_now = match (team.end, self.is_out[k]) {
            (Some(end), true) => model.travel.exact(self.place(k), end),
            _ => 0.0,
        };
        let cost = cost + (home - home_now) * team.cost_per_distance;
        if cost > self.money {
            return None;
        }
        Some(Next { tau, end_day, takes: tau - self.stands[k].tau, cost })
    }

    /// Lets team k do a task next where it can.
    fn do_next(&mut self, j: usize, k: usize) {
        if let Some(next) = self.attempt(j, k) {
            self.take(j, k, next);
        }
    }

    /// Calendar day on which a task ends, where it is done.
    pub(crate) fn end_of(&self, j: usize) -> Option<f64> {
        Some(self.ends[j]).filter(|end| !end.is_nan())
    }

    /// Lets team k do a task.
    pub(crate) fn take(&mut self, j: usize, k: usize, next: Next) {
        self.stands[k] = Stand { place: self.model.tasks[j].place, tau: next.tau, day: next.end_day };
        self.is_out[k] = true;
        self.ends[j] = next.end_day;
        self.money -= next.cost;
        self.sequences[k].push(j as u32);
    }

    /// Fills the first positions of every team up to its last locked one: the locked task where one is, else
    /// whatever takes least time. Stops at the first position that cannot be filled.
    fn take_locked(&mut self) {
        let model = self.model;
        let mut held: Vec<(u32, usize, usize)> = Vec::new();
        for (j, task) in model.tasks.iter().enumerate() {
            if let (Some(position), true) =
                (task.lock_position, (task.lock_team as usize) < model.teams.len())
            {
                held.push((task.lock_team, position, j));
            }
        }
        held.sort_unstable();
        // Locked tasks may wait for each other across teams: go round until nothing moves.
        let mut is_moving = !held.is_empty();
        while is_moving {
            is_moving = false;
            for &(k, position, j) in &held {
                let k = k as usize;
                while self.sequences[k].len() < position {
                    let here = self.sequences[k].len();
                    if held.iter().any(|&(team, at, _)| team as usize == k && at == here) {
                        break;
                    }
                    let quickest = (0..model.tasks.len())
                        .filter(|&j| model.tasks[j].lock_team == NONE || model.tasks[j].lock_team == k as u32)
                        .filter_map(|j| Some((j, self.try_next(j, k)?)))
                        .min_by(|a, b| a.1.takes.total_cmp(&b.1.takes));
                    let Some((filler, next)) = quickest else { break };
                    self.take(filler, k, next);
                    is_moving = true;
                }
                if self.sequences[k].len() == position
                    && let Some(next) = self.attempt(j, k)
                {
                    self.take(j, k, next);
                    is_moving = true;
                }
            }
        }
    }
}

/// Teams that go down given sequences as far as time and money allow: what does not fit any more is passed over, and
/// what waits for something that is passed over too.
pub(crate) fn follow<'a>(model: &'a Model, sequences: &[Vec<u32>]) -> Crew<'a> {
    let mut crew = Crew::idle(model);
    let mut next = vec![0; sequences.len()];
    let mut is_ahead = vec![false; model.tasks.len()];
    sequences.iter().flatten().for_each(|&j| is_ahead[j as usize] = true);
    loop {
        let mut is_moving = false;
        for (k, sequence) in sequences.iter().enumerate() {
            while let Some(&j) = sequence.get(next[k]) {
                let j = j as usize;
                if model.tasks[j].preds.iter().any(|&p| is_ahead[p as usize]) {
                    break;
                }
                crew.do_next(j, k);
                is_ahead[j] = false;
                next[k] += 1;
                is_moving = true;
            }
        }
        // Teams that wait for each other: the first of them passes over what it waits with.
        let stuck = sequences.iter().zip(&next).position(|(sequence, &next)| next < sequence.len());
        match stuck {
            _ if is_moving => {}
            Some(k) => {
                is_ahead[sequences[k][next[k]] as usize] = false;
                next[k] += 1;
            }
            None => return crew,
        }
    }
}
