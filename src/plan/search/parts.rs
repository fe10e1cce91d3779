//! Large plans: cut into parts of neighbouring teams, searched side by side, put together again, cut anew.
//!
//! A part is some teams with all their tasks and the unserved tasks near them, as a problem of its own
//! ([`Model::subset`]). Where tasks of different parts wait for each other, the one waited for may not end
//! later than now and the waiting one may not start before that, so that whatever each part does, the whole
//! still holds. Memory stays linear: distances are kept for one part a thread at a time.

use rayon::prelude::*;

use super::epochs::{Course, Effort, Heat, Hints, Outcome};
use super::{Ground, Merit, Worker};
use crate::error::Result;
use crate::plan::chance::Chance;
use crate::plan::model::{Model, NONE, Outside};
use crate::plan::nearby::Neighbours;
use crate::plan::schedule::State;
use crate::progress::Progress;

/// Tasks that a part has done, about: so many, and in smaller plans a quarter of all, so that there is work for
/// every thread, but not fewer than `LEAST_PART`.
const PART: usize = 800;
const LEAST_PART: usize = 350;
/// Teams of a part at whose beginning and end a task is tried, at random.
const ENDS: usize = 4;
/// Epochs a run by the clock aims at: cutting takes time too.
const EPOCHS_BY_CLOCK: u64 = 14;
/// Least return, in what days and money are worth in the bound, at which a task that is not done is worth a try, and
/// the share of the others that is tried all the same.
const LEAST_RETURN: f64 = 0.8;
const TRIED_ALL_THE_SAME: f64 = 0.05;
/// Steps per task and epoch, about.
const STEPS_A_TASK: u64 = 40;

/// Improves the sequences of a large problem part by part.
pub(super) fn search(
    model: &Model,
    start: Vec<Vec<u32>>,
    hints: Hints<'_>,
    effort: &Effort,
    progress: &dyn Progress,
    note: &(dyn Fn(f64) + Sync),
) -> Result<Outcome> {
    let n = model.tasks.len() as u64;
    let near = Neighbours::of(model, 12);
    let mut sequences = start;
    let mut state = State::of(model, &sequences);
    let mut merit = Merit::of(model, &state);
    let n_epochs = |steps: u64| (steps / (n * STEPS_A_TASK)).clamp(6, 200);
    let mut course = Course::new(effort, n * 60, n_epochs, (EPOCHS_BY_CLOCK, n));
    progress.start("plan", course.n_announced());
    let mut epoch = 0;
    while !progress.is_cancelled()
        && let Some(of_epoch) = course.next(effort, epoch)
    {
        let mut chance = Chance::new(effort.seed, 4000, epoch);
        let parts = cut(model, &state, &near, hints.returns, &mut chance);
        let n_in_parts: u64 = parts.iter().map(|part| part.tasks.len() as u64).sum();
        let span = course.span;
        // What the plan has over a floor is there for all parts alike.
        let spare: Vec<f64> =
            model.floors.iter().map(|floor| floor.reach(&state).0.max(0.0) / parts.len() as f64).collect();
        let run = |(i, part): (usize, &Part)| {
            // By the clock, parts not begun when the time is up stay as they are.
            if effort.iterations.is_none() && effort.is_over() {
                return Vec::new();
            }
            let count = of_epoch * part.tasks.len() as u64 / n_in_parts.max(1);
            let chance = Chance::new(effort.seed, 5000 + i as u64, epoch);
            improve(
                model,
                &state,
                part,
                &Share { price: hints.price, count, span, spare: &spare },
                chance,
                progress,
            )
        };
        let found: Vec<Found> = if effort.n_threads > 1 {
            parts.par_iter().enumerate().map(run).collect()
        } else {
            parts.iter().enumerate().map(run).collect()
        };
        let found: Vec<Found> = found.into_iter().filter(|part| !part.is_empty()).collect();
        let mut plan = Plan { sequences: std::mem::take(&mut sequences), state, merit };
        plan.take(model, &found);
        Plan { sequences, state, merit } = plan;
        course.done += of_epoch;
        epoch += 1;
        note(merit.value);
        progress.advance(1);
    }
    progress.finish();
    Ok(Outcome { sequences, iterations: course.done })
}

/// Teams of a part with their new sequences.
type Found = Vec<(u32, Vec<u32>)>;

/// The whole plan.
struct Plan {
    sequences: Vec<Vec<u32>>,
    state: State,
    merit: Merit,
}

impl Plan {
    /// Takes over what was found in parts. Each holds by itself and its budget, so together they do, but for rounding
    /// and for what waits for each other across parts: then half of them is tried, and half of that.
    fn take(&mut self, model: &Model, found: &[Found]) {
        let mut joined = self.sequences.clone();
        for (k, sequence) in found.iter().flatten() {
            joined[*k as usize].clone_from(sequence);
        }
        let state = State::of(model, &joined);
        let merit = Merit::of(model, &state);
        let holds = state.is_feasible() && model.affords(state.cost());
        if holds && !self.merit.beats(merit) {
            *self = Self { sequences: joined, state, merit };
        } else if found.len() > 1 {
            let (one, other) = found.split_at(found.len() / 2);
            self.take(model, one);
            self.take(model, other);
        }
    }
}

/// Teams, their tasks and the unserved ones near them.
struct Part {
    teams: Vec<u32>,
    tasks: Vec<u32>,
    budget: f64,
}

/// Parts that hold every team once: halved again and again across a line in a random direction.
fn cut(model: &Model, state: &State, near: &Neighbours, returns: &[f64], chance: &mut Chance) -> Vec<Part> {
    let centre: Vec<[f64; 3]> = (0..model.teams.len()).map(|k| centre(model, state, k)).collect();
    let n_of = |k: u32| state.routes[k as usize].visits.len();
    let share_free = state.unserved.len() as f64 / model.tasks.len() as f64;
    let part = ((model.tasks.len() - state.unserved.len()) / 4).clamp(LEAST_PART, PART);
    let size = (part as f64 * (1.0 - 0.5 * share_free)) as usize;
    let mut stack = vec![(0..model.teams.len() as u32).collect::<Vec<_>>()];
    let mut parts: Vec<Part> = Vec::new();
    let mut part_of = vec![0; model.teams.len()];
    while let Some(mut teams) = stack.pop() {
        let n_tasks: usize = teams.iter().map(|&k| n_of(k)).sum();
        if n_tasks <= size || teams.len() < 4 {
            for &k in &teams {
                part_of[k as usize] = parts.len();
            }
            let tasks =
                teams.iter().flat_map(|&k| &state.routes[k as usize].visits).map(|v| v.task).collect();
            parts.push(Part { teams, tasks, budget: f64::INFINITY });
            continue;
        }
        let axis = [chance.unit() - 0.5, chance.unit() - 0.5, chance.unit() - 0.5];
        let along = |k: u32| -> f64 { centre[k as usize].iter().zip(&axis).map(|(x, a)| x * a).sum() };
        if model.travel.coordinates(0).is_some() {
            teams.sort_by(|&a, &b| along(a).total_cmp(&along(b)).then(a.cmp(&b)));
        } else {
            chance.shuffle(&mut teams);
        }
        // Not always in the middle, so that borders move.
        let at = (teams.len() as f64 * (0.38 + 0.24 * chance.unit())) as usize;
        let rest = teams.split_off(at.clamp(2, teams.len() - 2));
        stack.push(teams);
        stack.push(rest);
    }
    for &j in &state.unserved {
        if !is_promising(model, returns, j) && chance.unit() >= TRIED_ALL_THE_SAME {
            continue;
        }
        let beside = near.of_task(j).iter().map(|&i| state.at[i as usize].0).find(|&k| k != NONE);
        let part = match beside {
            Some(k) => part_of[k as usize],
            None => chance.below(parts.len()),
        };
        // Where much is left over, a part takes the better half of what it could take at random.
        if parts[part].tasks.len() < 3 * PART || chance.unit() < 0.25 {
            parts[part].tasks.push(j);
        }
    }
    if model.budget.is_finite() {
        let spent = state.cost();
        let spare = (model.budget - spent).max(0.0);
        for part in &mut parts {
            let cost: f64 = part.teams.iter().map(|&k| state.routes[k as usize].cost).sum();
            let share = if spent > 0.0 { cost / spent } else { 0.0 };
            part.budget = cost + spare * share;
        }
    }
    parts
}

/// Whether a task that is not done may ever pay: by its own worth, or since others wait for it, it must be done, or
/// floors ask for it.
fn is_promising(model: &Model, returns: &[f64], j: u32) -> bool {
    let is_asked_for = !model.floors.is_empty()
        || model.is_required(j as usize)
        || !model.tasks[j as usize].succs.is_empty();
    is_asked_for || returns.get(j as usize).is_none_or(|&share| share >= LEAST_RETURN)
}

fn centre(model: &Model, state: &State, k: usize) -> [f64; 3] {
    let visits = &state.routes[k].visits;
    let mut sum = [0.0; 3];
    for visit in visits {
        let at = model.travel.coordinates(visit.place).unwrap_or_default();
        sum = [sum[0] + at[0], sum[1] + at[1], sum[2] + at[2]];
    }
    match visits.len() {
        0 => model.travel.coordinates(model.teams[k].start).unwrap_or_default(),
        n => sum.map(|x| x / n as f64),
    }
}

/// What every part is searched with: the price of money, how many steps, between which shares of the run, and
/// how much of what the plan has over each floor it may use.
struct Share<'a> {
    price: f64,
    count: u64,
    span: (f64, f64),
    spare: &'a [f64],
}

/// Searches one part; gives its teams' sequences in the numbers of the whole.
fn improve(
    model: &Model,
    state: &State,
    part: &Part,
    share: &Share<'_>,
    chance: Chance,
    progress: &dyn Progress,
) -> Vec<(u32, Vec<u32>)> {
    let outside = |j: u32| match state.at[j as usize].0 {
        NONE => Outside::Undone,
        _ => Outside::Ends(state.end_of(j)),
    };
    let (mut cut, tasks) = model.subset(&part.teams, &part.tasks, part.budget, &outside);
    let number: std::collections::HashMap<u32, u32> = tasks.iter().copied().zip(0..).collect();
    let start: Vec<Vec<u32>> = part
        .teams
        .iter()
        .map(|&k| state.routes[k as usize].visits.iter().map(|visit| number[&visit.task]).collect())
        .collect();
    let before = State::of(&cut, &start);
    for (floor, spare) in cut.floors.iter_mut().zip(share.spare) {
        floor.least = 0.0;
        floor.least = floor.reach(&before).0 - spare;
    }
    let n_done = start.iter().map(Vec::len).sum();
    let mut ground = Ground::new(&cut, share.price, before.value(), n_done);
    ground.n_ends = ENDS;
    let mut worker = Worker::new(&ground, &start, chance);
    if before.is_feasible() {
        let heat = Heat::typical(&ground);
        for i in 0..share.count {
            if i % 256 == 255 && progress.is_cancelled() {
                break;
            }
            let within = i as f64 / share.count as f64;
            worker.step(heat.at(share.span.0 + (share.span.1 - share.span.0) * within));
        }
    }
    let whole = |sequence: &Vec<u32>| sequence.iter().map(|&j| tasks[j as usize]).collect();
    part.teams.iter().copied().zip(worker.best.iter().map(whole)).collect()
}
