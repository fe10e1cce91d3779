//! Floors: at least a share of the worth done lies in a district.
//!
//! With w_t the worth of task t as given (not discounted: what a floor asks for does not depend on when), a floor of
//! share s for district X says Σ_{done in X} w_t ≥ s · Σ_{done} w_t, which is Σ_{done} a_t ≥ 0 with
//! a_t = w_t·(1 − s) for tasks in X and a_t = −w_t·s for all others. A plan that does nothing keeps every floor.

use std::collections::HashSet;

use super::model::{Model, NONE};
use super::problem::{Floor, Objective, Problem, Task};
use super::schedule::State;
use super::solution::Solution;

/// Share of the worth done by which rounding may miss a floor; the judge grants a hundred times as much.
const ROUNDING: f64 = 1e-11;

/// How far the worths are tilted towards what is short, in turn, for first plans.
const TILTS: [f64; 4] = [0.5, 1.0, 2.0, 4.0];

/// One floor.
#[derive(Debug, Clone)]
pub(crate) struct FloorModel {
    /// a_t of every task.
    pub(crate) weights: Vec<f64>,
    /// What Σ a_t over the tasks done must reach: 0, or in a part of a plan what the others leave to it.
    pub(crate) least: f64,
}

/// Floors of a problem; none for `completion`, where every plan does everything and so has the same shares.
pub(crate) fn floors_of(problem: &Problem) -> Vec<FloorModel> {
    if problem.objective == Objective::Completion {
        return Vec::new();
    }
    let weights = |district: &String, share: f64| {
        let weight = |task: &Task| match &task.district {
            Some(own) if own == district => task.worth * (1.0 - share),
            _ => -task.worth * share,
        };
        problem.tasks.iter().map(weight).collect()
    };
    let floor = |floor: &Floor| FloorModel { weights: weights(&floor.district, floor.share), least: 0.0 };
    problem.floors.iter().map(floor).collect()
}

/// The share of the worth done that lies in each floor's district, in the order of the floors; none where a plan does
/// nothing of any worth.
pub fn floor_shares(problem: &Problem, solution: &Solution) -> Vec<Option<f64>> {
    let done: HashSet<&str> =
        solution.routes.iter().flat_map(|route| &route.tasks).map(|stop| stop.id.as_str()).collect();
    let worth_of = |is_meant: &dyn Fn(&Task) -> bool| -> f64 {
        let tasks = problem.tasks.iter().filter(|task| done.contains(task.id.as_str()) && is_meant(task));
        tasks.map(|task| task.worth).sum()
    };
    let all = worth_of(&|_| true);
    let own = |floor: &Floor| worth_of(&|task| task.district.as_ref() == Some(&floor.district));
    problem.floors.iter().map(|floor| (all > 0.0).then(|| own(floor) / all)).collect()
}

impl FloorModel {
    /// How much worth the tasks done have over this floor (below 0: are short of it), and the size of the sum.
    pub(crate) fn reach(&self, state: &State) -> (f64, f64) {
        let mut sum = (0.0, 0.0);
        for visit in state.routes.iter().flat_map(|route| &route.visits) {
            let weight = self.weights[visit.task as usize];
            sum = (sum.0 + weight, sum.1 + weight.abs());
        }
        (sum.0 - self.least, sum.1 + self.least.abs())
    }
}

/// How much worth a plan is short of its floors, all together; 0 where it keeps them.
pub(crate) fn shortfall(model: &Model, state: &State) -> f64 {
    let short = |floor: &FloorModel| {
        let (reach, size) = floor.reach(state);
        if reach < -ROUNDING * size { -reach } else { 0.0 }
    };
    // A sum of nothing is −0, which `total_cmp` takes for less than 0.
    model.floors.iter().map(short).fold(0.0, |sum, short| sum + short)
}

/// The same plan with tasks taken out until it keeps the floors: first those that are worth least now for what they
/// weigh against a floor that is short.
pub(crate) fn trimmed(model: &Model, sequences: &[Vec<u32>]) -> Vec<Vec<u32>> {
    let mut state = State::of(model, sequences);
    while shortfall(model, &state) > 0.0 {
        let is_short: Vec<bool> = model.floors.iter().map(|floor| floor.reach(&state).0 < 0.0).collect();
        let weight = |j: usize| -> f64 {
            let short = model.floors.iter().zip(&is_short).filter(|(_, is_short)| **is_short);
            short.map(|(floor, _)| -floor.weights[j]).sum()
        };
        let done = (0..model.tasks.len()).filter(|&j| state.at[j].0 != NONE);
        let worth = |j: usize| model.value(j, state.end_of(j as u32)) / weight(j);
        let heavy = done.filter(|&j| weight(j) > 0.0);
        let Some(j) = heavy.min_by(|&a, &b| {
            let key = |j: usize| (model.is_required(j), worth(j));
            key(a).0.cmp(&key(b).0).then(worth(a).total_cmp(&worth(b))).then(b.cmp(&a))
        }) else {
            break;
        };
        // With all that waits for it, and what stands at a locked place behind it.
        let mut gone = vec![j as u32];
        let mut i = 0;
        while let Some(&task) = gone.get(i) {
            let followers = model.tasks[task as usize].succs.iter().copied();
            let (k, position) = state.at[task as usize];
            let behind =
                state.routes[k as usize].visits[position as usize + 1..].iter().map(|visit| visit.task);
            let held = behind.filter(|&other| model.tasks[other as usize].lock_position.is_some());
            for other in followers.chain(held) {
                if state.at[other as usize].0 != NONE && !gone.contains(&other) {
                    gone.push(other);
                }
            }
            i += 1;
        }
        state.remove(model, &gone);
        state.keep();
    }
    state.sequences()
}

/// The model with its worths tilted towards the floors, more and more: what to dispatch by for plans that keep them.
pub(crate) fn tilted(model: &Model) -> impl Iterator<Item = Model> {
    let tilts = if model.floors.is_empty() { &[][..] } else { &TILTS[..] };
    tilts.iter().map(|tilt| {
        let mut model = model.clone();
        for (j, task) in model.tasks.iter_mut().enumerate() {
            let lean: f64 = model.floors.iter().map(|floor| floor.weights[j]).sum();
            task.worth = (task.worth + tilt * lean).max(0.0);
        }
        model
    })
}
