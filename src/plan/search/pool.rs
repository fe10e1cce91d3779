//! A pool of good routes, from which better plans are put together.
//!
//! Where teams do not wait for each other a route is worth what it is worth whoever else does what: routes of
//! different moments of a search that share no task make a plan together (set packing, as in the route pools
//! of Rochat & Taillard 1995). Each new route is tried with all that are known: one of every team's kind, no
//! task twice, worth more than the best plan.

use std::collections::HashMap;

use crate::plan::chance::Chance;
use crate::plan::model::Model;
use crate::plan::schedule::State;

/// Routes kept; the oldest go first.
const MOST_ROUTES: usize = 4_096;
/// Routes looked at, in all, to complete one new route.
const MOST_LOOKS: usize = 30_000;

/// Which teams may exchange their routes, and a number for every task.
#[derive(Debug)]
pub(crate) struct Kinds {
    /// Kind of every team.
    of_team: Vec<u32>,
    /// Teams of every kind.
    n_teams: Vec<usize>,
    /// A random number a task: a set's number is the sum over its tasks.
    numbers: Vec<u64>,
}

impl Kinds {
    /// Of a model; none where routes depend on each other, some task must be done, or there is but one team.
    pub(crate) fn of(model: &Model) -> Option<Self> {
        let n_teams = model.teams.len();
        if n_teams < 2 || model.has_precedence || model.has_required || !model.floors.is_empty() {
            return None;
        }
        let mut first_of: Vec<usize> = Vec::new();
        let mut counts: Vec<usize> = Vec::new();
        let mut of_team = Vec::with_capacity(n_teams);
        for k in 0..n_teams {
            let kind = first_of.iter().position(|&other| are_alike(model, k, other));
            let kind = kind.unwrap_or_else(|| {
                first_of.push(k);
                counts.push(0);
                first_of.len() - 1
            });
            counts[kind] += 1;
            of_team.push(kind as u32);
        }
        let mut chance = Chance::new(0, 0, 0);
        let numbers = (0..model.tasks.len()).map(|_| chance.bits()).collect();
        Some(Self { of_team, n_teams: counts, numbers })
    }
}

/// Whether one team can do whatever the other does, at the same times for the same money.
fn are_alike(model: &Model, a: usize, b: usize) -> bool {
    let (one, other) = (&model.teams[a], &model.teams[b]);
    let same = |x: f64, y: f64| x.total_cmp(&y).is_eq();
    let leg = |from: usize, to: usize| model.travel.quick(from, to);
    same(one.pace, other.pace)
        && same(one.cost_per_distance, other.cost_per_distance)
        && same(one.mobilisation, other.mobilisation)
        && same(one.tau_total, other.tau_total)
        && one.end.is_some() == other.end.is_some()
        && one.calendar == other.calendar
        && (0..model.tasks.len()).all(|j| {
            let place = model.tasks[j].place;
            model.can(j, a) == model.can(j, b)
                && same(model.days(j, a), model.days(j, b))
                && same(model.task_cost(j, a), model.task_cost(j, b))
                && same(leg(one.start, place), leg(other.start, place))
                && one.end.zip(other.end).is_none_or(|(x, y)| same(leg(place, x), leg(place, y)))
        })
}

#[derive(Debug, Clone)]
struct Route {
    kind: u32,
    /// Sum of its tasks' numbers.
    number: u64,
    /// A bit a task.
    tasks: Box<[u64]>,
    sequence: Vec<u32>,
    value: f64,
    cost: f64,
    over: f64,
}

impl Route {
    fn shares_with(&self, other: &Self) -> bool {
        self.tasks.iter().zip(&other.tasks).any(|(a, b)| a & b > 0)
    }
}

/// The routes one search knows.
#[derive(Debug, Default)]
pub(crate) struct Pool {
    routes: Vec<Route>,
    by_number: HashMap<(u32, u64), usize>,
    oldest: usize,
    /// Places of routes that came since the last time.
    fresh: Vec<usize>,
}

impl Pool {
    /// Takes in the routes of a plan; new ones, and better ways round the same tasks, are fresh.
    pub(crate) fn take_in(&mut self, kinds: &Kinds, state: &State) {
        for (k, route) in state.routes.iter().enumerate() {
            if route.visits.is_empty() {
                continue;
            }
            let kind = kinds.of_team[k];
            let number = route
                .visits
                .iter()
                .fold(0_u64, |sum, visit| sum.wrapping_add(kinds.numbers[visit.task as usize]));
            let known = self.by_number.get(&(kind, number)).copied();
            if let Some(at) = known {
                let known = &self.routes[at];
                let is_better = route.value > known.value + 1e-12 * known.value.abs()
                    || (route.value >= known.value && route.over < known.over - 1e-9 * known.over);
                if !is_better {
                    continue;
                }
            }
            let mut tasks = vec![0; kinds.numbers.len().div_ceil(64)].into_boxed_slice();
            for visit in &route.visits {
                tasks[visit.task as usize / 64] |= 1 << (visit.task % 64);
            }
            let sequence = route.visits.iter().map(|visit| visit.task).collect();
            let (value, cost, over) = (route.value, route.cost, route.over);
            self.put(Route { kind, number, tasks, sequence, value, cost, over }, known);
        }
    }

    fn put(&mut self, route: Route, known: Option<usize>) {
        let at = match known {
            Some(at) => at,
            None if self.routes.len() < MOST_ROUTES => self.routes.len(),
            None => {
                self.oldest = (self.oldest + 1) % MOST_ROUTES;
                let goes = &self.routes[self.oldest];
                self.by_number.remove(&(goes.kind, goes.number));
                self.oldest
            }
        };
        self.by_number.insert((route.kind, route.number), at);
        self.fresh.retain(|&other| other != at);
        self.fresh.push(at);
        if at == self.routes.len() { self.routes.push(route) } else { self.routes[at] = route }
    }

    /// A plan worth more than `best` with one of the fresh routes, if a look through the pool finds one within the
    /// budget: a sequence a team.
    pub(crate) fn better(&mut self, kinds: &Kinds, best: f64, budget: f64) -> Option<Vec<Vec<u32>>> {
        let fresh = std::mem::take(&mut self.fresh);
        let mut found = Search { budget, best: best + 1e-9 * best.abs(), ..Search::default() };
        for at in fresh {
            let first = &self.routes[at];
            let mut left = kinds.n_teams.clone();
            left[first.kind as usize] -= 1;
            let mut others: Vec<usize> = (0..self.routes.len())
                .filter(|&i| left[self.routes[i].kind as usize] > 0 && !self.routes[i].shares_with(first))
                .collect();
            others.sort_by(|&a, &b| self.routes[b].value.total_cmp(&self.routes[a].value).then(a.cmp(&b)));
            found.looks = 0;
            let n_left = kinds.of_team.len() - 1;
            found.complete(&self.routes, &mut vec![at], &others, &mut left, n_left, first.value, first.cost);
        }
        let chosen = found.chosen?;
        let mut sequences = vec![Vec::new(); kinds.of_team.len()];
        for at in chosen {
            let route = &self.routes[at];
            let free = |&k: &usize| kinds.of_team[k] == route.kind && sequences[k].is_empty();
            let team = (0..sequences.len()).find(free)?;
            sequences[team].clone_from(&route.sequence);
        }
        Some(sequences)
    }
}

#[derive(Debug, Default)]
struct Search {
    budget: f64,
    best: f64,
    chosen: Option<Vec<usize>>,
    looks: usize,
}

impl Search {
    /// `others`: routes that share no task with those chosen, the most valuable first.
    #[allow(clippy::too_many_arguments)]
    fn complete(
        &mut self,
        routes: &[Route],
        chosen: &mut Vec<usize>,
        others: &[usize],
        left: &mut [usize],
        n_left: usize,
        value: f64,
        cost: f64,
    ) {
        if value > self.best {
            self.best = value + 1e-9 * value.abs();
            self.chosen = Some(chosen.clone());
        }
        if n_left == 0 {
            return;
        }
        for (i, &at) in others.iter().enumerate() {
            let route = &routes[at];
            if value + n_left as f64 * route.value <= self.best || self.looks > MOST_LOOKS {
                return;
            }
            if left[route.kind as usize] == 0 || cost + route.cost > self.budget {
                continue;
            }
            self.looks += others.len() - i;
            let rest: Vec<usize> =
                others[i + 1..].iter().copied().filter(|&b| !routes[b].shares_with(route)).collect();
            left[route.kind as usize] -= 1;
            chosen.push(at);
            self.complete(routes, chosen, &rest, left, n_left - 1, value + route.value, cost + route.cost);
            chosen.pop();
            left[route.kind as usize] += 1;
        }
    }
}
