//! The plan: which team goes where, in what order, and how far that is from the best possible.
//!
//! In: a [`Problem`] (teams, tasks, distances, calendars, money). Out: a [`Solution`] that the independent
//! judge [`check()`] has passed, with a proven bound. Opens no files, knows no rasters; the clock is read only
//! to keep to `seconds`, at the barriers between epochs.

mod baselines;
mod bound;
mod calendar;
mod chance;
pub mod check;
mod crew;
mod dispatch;
mod emit;
mod exact;
mod floors;
mod model;
mod nearby;
mod objective;
mod oddities;
pub mod problem;
mod replan;
mod schedule;
mod search;
mod solution;
mod travel;
mod uncertainty;
mod whatif;

pub use baselines::{Baselines, baselines, down_the_ranks};
pub use check::check;
pub use floors::floor_shares;
pub use oddities::oddities;
pub use problem::{Distance, DistanceKind, Floor, Lock, Objective, Problem, Rounding, Task, Team};
pub use replan::{Begun, Standing, left_over, standing};
pub use solution::{Price, Route, ShadowPrices, Solution, Stop, Unassigned, gap_percent, parse_solution};
pub use travel::Ways;
pub use uncertainty::{Chances, Uncertainty, uncertainty};
pub use whatif::{Marginal, Variant, marginals};

use std::collections::HashMap;
use std::time::Instant;

use rayon::prelude::*;

use chance::Chance;
use model::Model;
use schedule::State;
use search::{Effort, Ground, Hints, Merit, Worker};

use crate::error::{Fault, Result};
use crate::progress::Progress;

/// Up to so many tasks a first plan is also made by insertion.
const INSERT_UP_TO: usize = 1_200;

/// Up to so many tasks the best plan is looked for by going through all, which proves it the best (exact.rs).
const PROVE_UP_TO: usize = 12;

/// Seconds asked for from which on the bound takes longer too, up to three times as long.
const SECONDS_OF_BOUND: f64 = 30.0;

/// How the search is run. `Params { seed: 7, ..Params::default() }`.
#[derive(Debug, Clone, PartialEq)]
pub struct Params {
    /// Same seed and same `iterations`: same plan, on any number of threads.
    pub seed: u64,
    /// Ruin-and-recreate steps over all workers; none: from `seconds`, or from the size when both are none.
    pub iterations: Option<u64>,
    /// Stop after so many seconds of wall clock, looked at between epochs only.
    pub seconds: Option<f64>,
    /// Threads to use; 0: one a core.
    pub threads: usize,
    /// One number a task, the largest first: the ranked list that a planner would go down by hand (see
    /// [`baselines()`]). The plan is never worse than that by-hand plan. None: ranked by worth.
    pub rank: Option<Vec<f64>>,
    /// An earlier plan to start from, as far as it still holds; teams and tasks that are no more are passed over.
    pub start: Option<Vec<Route>>,
    /// Whether the best plan of a problem of up to twelve tasks is found by going through all, where that takes no
    /// more than a second or so, and so is proven the best; the search is left out then.
    pub prove: bool,
}

impl Default for Params {
    fn default() -> Self {
        Self { seed: 1, iterations: None, seconds: None, threads: 0, rank: None, start: None, prove: true }
    }
}

/// Plans: the best sequence of tasks for every team that could be found, with a bound beside it.
///
/// Progress notes say "best …, bound …, gap … %". When the person interrupts, the best plan so far is returned.
///
/// # Errors
/// Every fault of the problem (see [`Problem::validate`]); a fault when no plan was found that does every task
/// of a `completion` problem. A plan that fails the judge is our bug, and reported as such.
pub fn plan(problem: &Problem, params: &Params, progress: &dyn Progress) -> Result<Solution> {
    problem.validate("problem")?;
    let begun = Instant::now();
    let n_cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let n_threads = if params.threads == 0 { n_cores } else { params.threads };
    let effort = Effort {
        seed: params.seed,
        iterations: params.iterations,
        seconds: params.seconds,
        begun,
        n_threads,
    };
    let solve = || solve(problem, params, &effort, progress);
    let mut solution = match rayon::ThreadPoolBuilder::new().num_threads(n_threads).build() {
        Ok(pool) => pool.install(solve)?,
        Err(_) => solve()?,
    };
    solution.seconds = begun.elapsed().as_secs_f64();
    solution.seed = params.seed;
    hold(problem, solution)
}

fn solve(problem: &Problem, params: &Params, effort: &Effort, progress: &dyn Progress) -> Result<Solution> {
    let model = Model::of(problem);
    // A roughly dispatched plan comes in no time; a careful one tells the bound where to aim, and the bound's price of
    // money tells further ones what to leave.
    let rough = dispatch::rough(&model);
    let rough_state = State::of(&model, &rough);
    progress.note(&format!("best {:.6}", model.worth.reported(rough_state.value())));
    let by_hand = || baselines::sequences(&model, params.rank.as_deref());
    let (by_hand, (dread, wide, wide_state)) = rayon::join(by_hand, || carefully_dispatched(&model));
    let is_whole = wide_state.n_missing(&model) == 0 && floors::shortfall(&model, &wide_state) <= 0.0;
    let known = is_whole.then(|| wide_state.value());
    let last_day = rough_state.last_day().max(wide_state.last_day());
    let patience = (params.seconds.unwrap_or(0.0) / SECONDS_OF_BOUND).clamp(1.0, 3.0);
    let bound = bound::fluid_bound(&model, known, last_day, patience);
    let price = bound.as_ref().map_or(0.0, |bound| bound.price_of_money);
    let earlier =
        params.start.as_ref().map(|routes| crew::follow(&model, &sequences_of(problem, routes)).sequences);
    let start = first_plan(&model, (price, dread), [rough, wide], by_hand, earlier);
    let kind = problem.objective;
    let note = |value: f64| {
        let value = model.worth.reported(value);
        progress.note(&match &bound {
            Some(bound) => {
                let bound = model.worth.reported(bound.value);
                format!("best {value:.6}, bound {bound:.6}, gap {:.2} %", gap_percent(value, bound, kind))
            }
            None => format!("best {value:.6}"),
        });
    };
    let is_small = params.prove && params.iterations != Some(0) && model.tasks.len() <= PROVE_UP_TO;
    let is_over = || progress.is_cancelled() || effort.is_over();
    let prove = |start: &[Vec<u32>], most| {
        if is_small { exact::best_plan(&model, start, most, &is_over) } else { None }
    };
    // Half the time for the search, half for the proof.
    let share = if is_small { 0.5 } else { 1.0 };
    let of_search = Effort { seconds: effort.seconds.map(|seconds| share * seconds), ..*effort };
    let mut iterations = 0;
    let mut proven = prove(&start, exact::FEW_LABELS);
    let mut sequences = start;
    if proven.is_none() {
        let returns = bound.as_ref().map_or(&[][..], |bound| &bound.return_of_task);
        let outcome =
            search::search(&model, sequences, Hints { price, returns }, &of_search, progress, &note)?;
        (sequences, iterations) = (outcome.sequences, outcome.iterations);
        proven = prove(&sequences, exact::MOST_LABELS);
    }
    let is_proven = proven.is_some();
    let state = State::of(&model, &proven.unwrap_or(sequences));
    let mut solution = emit::solution(problem, &model, &state);
    solution.shadow_prices = bound.as_ref().map(|bound| emit::shadow_prices(problem, &state, bound));
    let bound = if is_proven { Some(state.value()) } else { bound.map(|bound| bound.value) };
    solution.set_bound(bound.map(|bound| model.worth.reported(bound)), kind);
    solution.iterations = iterations;
    Ok(solution)
}

/// The sequences of routes in the numbers of a problem; what is not in it is passed over.
fn sequences_of(problem: &Problem, routes: &[Route]) -> Vec<Vec<u32>> {
    let task_of: HashMap<&str, u32> =
        (0..).zip(&problem.tasks).map(|(j, task)| (task.id.as_str(), j)).collect();
    let of_team = |team: &Team| {
        let stops = routes.iter().filter(|route| route.team == team.id).flat_map(|route| &route.tasks);
        stops.filter_map(|stop| task_of.get(stop.id.as_str()).copied()).collect()
    };
    problem.teams.iter().map(of_team).collect()
}

/// The best carefully dispatched plan without a price of money, and by how much more than its time a way counts in it.
fn carefully_dispatched(model: &Model) -> (f64, Vec<Vec<u32>>, State) {
    let made = |&dread: &f64| {
        let sequences = dispatch::dispatch(model, 0.0, dread);
        let state = State::of(model, &sequences);
        (dread, sequences, state)
    };
    let has_ways = !matches!(model.travel, travel::Travel::None(_));
    let dreads = if has_ways { &dispatch::DREADS[..] } else { &[] };
    let mut best = made(&0.0);
    for other in dreads.par_iter().map(made).collect::<Vec<_>>() {
        if Merit::of(model, &other.2).beats(Merit::of(model, &best.2)) {
            best = other;
        }
    }
    best
}

/// The best of what dispatching, insertion, the three by-hand ways and an earlier plan give.
fn first_plan(
    model: &Model,
    (price, dread): (f64, f64),
    dispatched: [Vec<Vec<u32>>; 2],
    by_hand: [Vec<Vec<u32>>; 3],
    earlier: Option<Vec<Vec<u32>>>,
) -> Vec<Vec<u32>> {
    let mut plans = Vec::from(dispatched);
    let dispatched = |price| dispatch::dispatch(model, price, dread);
    plans.extend(by_hand);
    plans.extend(earlier);
    if price > 0.0 {
        let (full, part) = rayon::join(|| dispatched(price), || dispatched(0.7 * price));
        plans.extend([full, part]);
    }
    if model.tasks.len() <= INSERT_UP_TO {
        let ground = Ground::new(model, price, 1.0, 1);
        let locked = crew::Crew::new(model).sequences;
        let mut worker = Worker::new(&ground, &locked, Chance::new(0, 0, 0));
        worker.fill();
        plans.push(worker.state.sequences());
    }
    for tilted in floors::tilted(model) {
        plans.push(dispatch::dispatch(&tilted, price, dread));
    }
    if !model.floors.is_empty() {
        plans.extend(plans.iter().map(|plan| floors::trimmed(model, plan)).collect::<Vec<_>>());
    }
    let positions = model.locked_to_positions();
    let mut best: Option<(Merit, Vec<Vec<u32>>)> = None;
    for sequences in plans {
        let state = State::of(model, &sequences);
        let merit = Merit::of(model, &state);
        if state.holds(model, &positions) && best.as_ref().is_none_or(|(known, _)| merit.beats(*known)) {
            best = Some((merit, sequences));
        }
    }
    // Nothing at all always holds.
    best.map_or_else(|| vec![Vec::new(); model.teams.len()], |(_, sequences)| sequences)
}

/// Lets the judge look at a solution before anybody else does.
fn hold(problem: &Problem, solution: Solution) -> Result<Solution> {
    if problem.objective == Objective::Completion && !solution.unassigned.is_empty() {
        let found = solution
            .unassigned
            .iter()
            .take(5)
            .map(|left_out| format!("`{}` left out: {}", left_out.id, left_out.reason))
            .collect::<Vec<_>>();
        let more = solution.unassigned.len().saturating_sub(found.len());
        let found =
            if more > 0 { format!("{}; and {more} more", found.join("; ")) } else { found.join("; ") };
        let fix = "give more time, teams or money, or use objective `collect`, which may leave tasks out";
        return Err(Fault::new("plan.incomplete", "plan", "a plan that does every task", found, fix).into());
    }
    let violations = check(problem, &solution);
    if violations.is_empty() {
        return Ok(solution);
    }
    let fix = "this is our bug: please report it with the problem file";
    let found = violations.join("; ");
    Err(Fault::new("plan.judge", "plan", "a plan that the judge passes", found, fix).into())
}
