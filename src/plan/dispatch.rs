//! The first plan: whoever is free first takes the task that is worth most per working day it takes.
//!
//! Measured (planner-notes.md §5) to beat greedy insertion where worth falls with time, and from some thousand
//! tasks on to be hard to improve at all. Runs in O(n · [`LOOK`]) with an index over space.

use super::crew::Crew;
use super::model::Model;
use super::nearby::Index;
use super::problem::Objective;

/// Nearest tasks a team chooses among when there are more: for a plan in no time, and for a good one. Where the teams
/// can do a third of 50,000 tasks, the good one is worth a quarter more.
const LOOK: [usize; 2] = [80, 400];

/// By how much more than the time it takes a way counts when a team chooses: whoever counts it as it is leaves a
/// cluster for the next better task, and comes back for the rest (10,000 tasks, 40 teams, plain calendars: 0.47 days
/// on the way a task without, 0.38 with 1.0, worth 0.4 % more; which is best differs from problem to problem).
pub(crate) const DREADS: [f64; 2] = [0.5, 1.0];

/// How many times as many of the nearest it goes through for those, before it stays where it is.
const SEARCH: usize = 10;

/// Up to so many tasks a team looks at all of them.
const LOOK_AT_ALL: usize = 1_500;

/// Sequences made quickly, without a price of money.
pub(crate) fn rough(model: &Model) -> Vec<Vec<u32>> {
    dispatched(model, 0.0, 0.0, LOOK[0])
}

/// Sequences made by dispatching. `price` is what a unit of money is worth (0 without a budget); `dread`: 0, or one
/// of [`DREADS`].
pub(crate) fn dispatch(model: &Model, price: f64, dread: f64) -> Vec<Vec<u32>> {
    dispatched(model, price, dread, LOOK[1])
}

fn dispatched(model: &Model, price: f64, dread: f64, look: usize) -> Vec<Vec<u32>> {
    let mut crew = Crew::new(model);
    let worth: Vec<f64> =
        model.tasks.iter().zip(model.opens()).map(|(task, opens)| task.worth + opens).collect();
    let n = model.tasks.len();
    let has_index = n > LOOK_AT_ALL && model.travel.coordinates(0).is_some();
    let mut index = Index::of(model, &|j| has_index && crew.is_free(j) && !crew.is_done(j));
    while let Some(k) = crew.next_free() {
        let mut best: Option<(f64, usize)> = None;
        let mut consider = |j: usize| -> bool {
            let Some(next) = crew.try_next(j, k) else { return false };
            let way = dread * model.travel.exact(crew.place(k), model.tasks[j].place) * model.teams[k].pace;
            let density = density(model, worth[j], j, next.end_day, next.takes + way, price * next.cost);
            if best.is_none_or(|(d, _)| density > d) {
                best = Some((density, j));
            }
            true
        };
        if has_index {
            let near = index.nearest(model, crew.place(k));
            near.take(SEARCH * look).filter(|&j| consider(j as usize)).take(look).for_each(drop);
        } else {
            for j in 0..n {
                consider(j);
            }
        }
        let Some((density, j)) = best else { continue };
        if density <= 0.0 && model.worth.kind() != Objective::Completion {
            continue;
        }
        let Some(next) = crew.try_next(j, k) else { continue };
        crew.take(j, k, next);
        if has_index {
            index.remove(model, j as u32);
            for &succ in &model.tasks[j].succs {
                if crew.is_free(succ as usize) {
                    index.insert(model, succ);
                }
            }
        }
        crew.go_on(k);
    }
    crew.sequences
}

fn density(model: &Model, worth: f64, j: usize, end_day: f64, takes: f64, price: f64) -> f64 {
    let task = &model.tasks[j];
    let value = match model.worth.kind() {
        // Smith's rule; a decaying task is urgent by what it loses.
        Objective::Completion => worth,
        Objective::Decay => model.worth.value(worth, task.decay, end_day).min(worth) - price,
        _ => model.worth.value(worth, task.decay, end_day) - price,
    };
    value / takes.max(1e-6)
}
