//! What a planner would do by hand on the same problem: three plans to hold the search against.
//!
//! In all of them the team that is free first takes the next task, as far as it can do it within all limits:
//! (a) down a ranked list, (b) the best worth per cost first, (c) the nearest next.

use super::crew::Crew;
use super::model::Model;
use super::nearby::Index;
use super::problem::Problem;
use super::schedule::State;
use super::solution::Solution;
use crate::error::Result;

/// Nobody looks further by hand than the so many nearest tasks.
const FAR: usize = 3_000;

/// The three by-hand plans.
#[derive(Debug, Clone, PartialEq)]
pub struct Baselines {
    /// (a) Down the ranked list.
    pub ranked: Solution,
    /// (b) Best worth per cost first; where nothing costs anything, worth per working day.
    pub per_cost: Solution,
    /// (c) Nearest next.
    pub nearest: Solution,
}

/// The three by-hand plans of a problem. `rank` gives one number a task, the largest is taken first; without
/// it tasks are ranked by worth.
///
/// # Errors
/// The faults of the problem. For `completion` a by-hand plan may leave tasks out: `unassigned` says which.
pub fn baselines(problem: &Problem, rank: Option<&[f64]>) -> Result<Baselines> {
    problem.validate("problem")?;
    let model = Model::of(problem);
    let [ranked, per_cost, nearest] = sequences(&model, rank).map(|sequences| {
        let state = State::of(&model, &sequences);
        super::emit::solution(problem, &model, &state)
    });
    Ok(Baselines { ranked, per_cost, nearest })
}

/// The by-hand plan (a) alone; the other two do not go by rank.
pub fn down_the_ranks(problem: &Problem, rank: Option<&[f64]>) -> Result<Solution> {
    problem.validate("problem")?;
    let model = Model::of(problem);
    let state = State::of(&model, &down_the_list(&model, &ranks(&model, rank)));
    Ok(super::emit::solution(problem, &model, &state))
}

/// The ranks given, one a task, or else the worths.
fn ranks(model: &Model, rank: Option<&[f64]>) -> Vec<f64> {
    match rank.filter(|rank| rank.len() == model.tasks.len()) {
        Some(rank) => rank.to_vec(),
        None => model.tasks.iter().map(|task| task.worth).collect(),
    }
}

/// Sequences of the three plans.
pub(crate) fn sequences(model: &Model, rank: Option<&[f64]>) -> [Vec<Vec<u32>>; 3] {
    let is_free_of_cost = model.tasks.iter().all(|task| task.cost <= 0.0);
    let per_cost: Vec<f64> = model
        .tasks
        .iter()
        .enumerate()
        .map(|(j, task)| {
            let days = (0..model.teams.len()).map(|k| model.days(j, k)).fold(f64::INFINITY, f64::min);
            task.worth / if is_free_of_cost { days } else { task.cost }.max(1e-9)
        })
        .collect();
    [down_the_list(model, &ranks(model, rank)), down_the_list(model, &per_cost), nearest_next(model)]
}

fn down_the_list(model: &Model, rank: &[f64]) -> Vec<Vec<u32>> {
    let mut crew = Crew::new(model);
    let mut list: Vec<usize> = (0..rank.len()).filter(|&j| !crew.is_done(j)).collect();
    list.sort_by(|&a, &b| rank[b].total_cmp(&rank[a]).then(a.cmp(&b)));
    while let Some(k) = crew.next_free() {
        let first = list.iter().enumerate().find_map(|(i, &j)| Some((i, j, crew.try_next(j, k)?)));
        if let Some((i, j, next)) = first {
            list.remove(i);
            crew.take(j, k, next);
            crew.go_on(k);
        }
    }
    crew.sequences
}

fn nearest_next(model: &Model) -> Vec<Vec<u32>> {
    let mut crew = Crew::new(model);
    let has_index = model.travel.coordinates(0).is_some();
    let mut index = Index::of(model, &|j| has_index && !crew.is_done(j));
    let distance = |from: usize, j: usize| model.travel.quick(from, model.tasks[j].place);
    while let Some(k) = crew.next_free() {
        let from = crew.place(k);
        let found = if has_index {
            index
                .nearest(model, from)
                .take(FAR)
                .find_map(|j| Some((j as usize, crew.try_next(j as usize, k)?)))
        } else {
            (0..model.tasks.len())
                .filter_map(|j| Some((j, crew.try_next(j, k)?)))
                .min_by(|a, b| distance(from, a.0).total_cmp(&distance(from, b.0)))
        };
        if let Some((j, next)) = found {
            index.remove(model, j as u32);
            crew.take(j, k, next);
            crew.go_on(k);
        }
    }
    crew.sequences
}
