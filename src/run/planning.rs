//! The last stage of a run: teams over task areas, judged, beside what would be done by hand.

use std::sync::Arc;

use super::kept::Kind;
use super::problem::problem_of;
use super::project::{PlanSettings, Project, TeamSettings, WorthColumn};
use super::replanning::{Earlier, LeftOver};
use super::sampled_worths::SampledWorths;
use super::uncertain::uncertain;
use super::{Job, Options, what_if};
use jiff::civil::Date;
use serde_json::Map;

use crate::error::{Fault, Result};
use crate::grid::Crs;
use crate::io::hash::bytes_hash;
use crate::plan::{self, Baselines, Marginal, Objective, Params, Problem, Solution, Variant, Ways};
use crate::progress::Progress;
use crate::report::plan_files::{BaselineValue, PlanRow, plan_rows, write_plan_csv, write_plan_json};
use crate::report::vectors;
use crate::tasks::TaskArea;

/// Seconds to search where neither the project nor the command line says.
pub const DEFAULT_SECONDS: f64 = 30.0;

/// The stage that an interrupted run may have finished.
const PLAN: &str = "plan";

/// A plan as further files are written from it.
pub struct Planned {
    /// As solved.
    pub problem: Problem,
    /// The solution.
    pub solution: Solution,
    /// The rows of `plan.csv`.
    pub rows: Vec<PlanRow>,
    /// Day 0.
    pub start: Date,
    /// Unit of the objective.
    pub unit: &'static str,
}

/// Plans the teams and writes the plan's files. `crs` is that of the tasks' geometry; `worths` are the tasks' worths in
/// samples, where they were sampled.
#[allow(clippy::too_many_arguments)] // each is one of the run's parts, used once
pub fn plan_teams(
    job: &mut Job,
    tasks: &[TaskArea],
    worths: Option<SampledWorths>,
    teams: &[TeamSettings],
    settings: &PlanSettings,
    project: &Project,
    crs: &Crs,
    options: &Options,
    progress: &dyn Progress,
) -> Result<Planned> {
    let file = project.file.display().to_string();
    let (mut problem, warnings) = problem_of(tasks, teams, settings, &file)?;
    job.record.warnings.extend(warnings);
    let earlier = job.earlier.take();
    let mut left = None;
    if let Some(earlier) = &earlier {
        let found = earlier.left_over(problem, settings.start, &file)?;
        problem = found.problem.clone();
        left = Some(found);
    }
    problem.validate(&file)?;
    refuse_idle_budget(&problem, &file)?;
    let _ways = job.kept.once(Kind::Ways, &ways_key(&problem), || Ok(Ways::of(&problem)))?;
    job.record.warnings.extend(plan::oddities(&problem));
    let ranks: Vec<f64> = {
        let by_id: std::collections::HashMap<&str, f64> =
            tasks.iter().map(|task| (task.task_id.as_str(), task.rank.unwrap_or(0.0))).collect();
        problem.tasks.iter().map(|task| by_id[task.id.as_str()]).collect()
    };
    let params = Params {
        rank: Some(ranks),
        start: earlier.as_ref().map(Earlier::routes),
        ..params(job.record.seed, settings.seconds, settings.iterations, options)
    };
    let by_hand = by_hand(job, &problem, &params)?;
    job.lap("baselines");
    let solution = search(job, &problem, &params, &by_hand, progress)?;
    job.note_interruption(progress);
    job.record.warnings.extend(idle_plan(&problem, &solution));
    job.lap("plan");
    let asks_what_if = settings.what_if.unwrap_or(problem.tasks.len() <= what_if::UP_TO_TASKS);
    let mut marginals = Vec::new();
    if asks_what_if && !progress.is_cancelled() {
        let of = |settings: &PlanSettings| -> Result<Problem> {
            let (problem, _) = problem_of(tasks, teams, settings, &file)?;
            match &earlier {
                Some(earlier) => Ok(earlier.left_over(problem, settings.start, &file)?.problem),
                None => Ok(problem),
            }
        };
        let variants = what_if::variants(&problem, &solution, teams, settings, &of);
        marginals = marginal_values(job, &problem, &solution, &variants, &params, progress)?;
        job.lap("what-if");
    }
    let baselines = baseline_values(&problem, &by_hand);
    let rows = plan_rows(&problem, &solution, settings.start);
    write_plan_csv(&job.staging.path("plan.csv"), &rows)?;
    job.outputs.push("plan.csv");
    if crs.is_on_wgs84() {
        vectors::write_plan(&job.staging.path("plan.geojson"), &rows, tasks, &problem, crs)?;
        job.outputs.push("plan.geojson");
    }
    let mut more = Map::new();
    job.outcome.plan(&problem, &solution, &baselines, unit(settings), "US$");
    if let (Some(earlier), Some(left)) = (&earlier, &left) {
        let changes = earlier.changes(left, &solution);
        more.extend(earlier.to_json(left, &changes).map(|(key, value)| (key.to_owned(), value)));
        let (lines, table) = earlier.to_lines(left, &changes);
        job.outcome.more(lines, table);
    }
    let first_day = left.as_ref().map_or(0.0, LeftOver::day);
    let worths = worths.map(|worths| worths.rows(&problem));
    if let Some(settings) = settings.uncertainty
        && let Some(found) = uncertain(&problem, &solution, settings, job.record.seed, worths, first_day)
    {
        more.insert("uncertainty".into(), found.to_json(&problem));
        job.outcome.more(vec![found.to_line()], String::new());
    }
    if !marginals.is_empty() {
        more.insert("marginal".into(), what_if::to_json(&marginals));
        job.outcome.more(Vec::new(), what_if::to_table(&marginals));
    }
    let start = Some(settings.start);
    write_plan_json(&job.staging.path("plan.json"), &problem, &solution, &baselines, start, &more)?;
    job.outputs.push("plan.json");
    Ok(Planned { problem, solution, rows, start: settings.start, unit: unit(settings) })
}

/// Where the places of a problem lie.
fn ways_key(problem: &Problem) -> String {
    let starts = problem.teams.iter().map(|team| (team.at, team.end_at));
    let places: Vec<_> = starts.chain(problem.tasks.iter().map(|task| (task.at, None))).collect();
    let distance = &problem.distance;
    let how = (&distance.kind, &distance.round, distance.detour);
    // A matrix is its own table.
    bytes_hash(format!("{places:?} {how:?} {}", distance.matrix.is_some()).as_bytes())
}

/// The by-hand plans. An earlier run of this process has made those that do not go by rank.
fn by_hand(job: &Job, problem: &Problem, params: &Params) -> Result<Baselines> {
    let rank = params.rank.as_deref();
    let key = bytes_hash(as_json(problem).as_bytes());
    if let Some(found) = job.kept.find::<Baselines>(Kind::Baselines, &key) {
        return Ok(Baselines { ranked: plan::down_the_ranks(problem, rank)?, ..Baselines::clone(&found) });
    }
    let made = plan::baselines(problem, rank)?;
    job.kept.put(Kind::Baselines, &key, Arc::new(made.clone()));
    Ok(made)
}

/// The plan of a problem, or that which an earlier run of this process found for the very same problem with the same
/// seed and limits. Only the list by rank may differ then; it must not be the better plan.
fn search(
    job: &mut Job,
    problem: &Problem,
    params: &Params,
    by_hand: &Baselines,
    progress: &dyn Progress,
) -> Result<Solution> {
    let key = plan_key(problem, params, &params.rank);
    let key_but_rank = plan_key(problem, params, &());
    if let Some(found) = job.kept.find::<Solution>(Kind::Plan, &key_but_rank) {
        let less_is_better = problem.objective == Objective::Completion;
        let (ours, theirs) = (found.objective_value, by_hand.ranked.objective_value);
        if if less_is_better { ours <= theirs } else { ours >= theirs } {
            return Ok(Solution::clone(&found));
        }
    }
    let stage_key = job.stage_key(key.clone());
    if let Some(found) = job.stages.find::<Solution>(PLAN, &stage_key, progress) {
        return Ok(found);
    }
    let solution = plan::plan(problem, params, progress)?;
    if !progress.is_cancelled() {
        job.stage_done(PLAN, &stage_key, &[], &solution)?;
        job.kept.put(Kind::Plan, &key_but_rank, Arc::new(solution.clone()));
    }
    Ok(solution)
}

fn marginal_values(
    job: &Job,
    problem: &Problem,
    solution: &Solution,
    variants: &[Variant],
    params: &Params,
    progress: &dyn Progress,
) -> Result<Vec<Marginal>> {
    let of: Vec<(&str, String)> =
        variants.iter().map(|variant| (variant.what.as_str(), as_json(&variant.problem))).collect();
    let key = plan_key(problem, params, &(of, solution.objective_value));
    if let Some(found) = job.kept.find::<Vec<Marginal>>(Kind::Marginals, &key) {
        return Ok(Vec::clone(&found));
    }
    let marginals = plan::marginals(problem, solution, variants, params, progress)?;
    if !progress.is_cancelled() {
        job.kept.put(Kind::Marginals, &key, Arc::new(marginals.clone()));
    }
    Ok(marginals)
}

/// A problem and how it is searched, but for the list by rank.
fn plan_key(problem: &Problem, params: &Params, more: &dyn std::fmt::Debug) -> String {
    let how = (params.seed, params.iterations, params.seconds, params.threads, &params.start, more);
    bytes_hash(format!("{how:?} {}", as_json(problem)).as_bytes())
}

fn as_json(problem: &Problem) -> String {
    serde_json::to_string(problem).unwrap_or_default()
}

/// Search parameters: the command line's before the project's; the default only where neither limits the search.
pub fn params(seed: u64, seconds: Option<f64>, iterations: Option<u64>, options: &Options) -> Params {
    let asked = (options.seconds, options.iterations);
    let (seconds, iterations) = if asked == (None, None) { (seconds, iterations) } else { asked };
    let seconds = if seconds.is_none() && iterations.is_none() { Some(DEFAULT_SECONDS) } else { seconds };
    Params { seed, iterations, seconds, threads: options.threads, rank: None, start: None, prove: true }
}

/// What would be done by hand on the same problem.
pub fn baseline_values(problem: &Problem, plans: &Baselines) -> Vec<BaselineValue> {
    let keeps_floors = |solution: &Solution| {
        let shares = plan::floor_shares(problem, solution);
        let is_kept =
            |(floor, share): (&plan::Floor, &Option<f64>)| share.is_none_or(|x| x >= floor.share - 1e-9);
        problem.floors.iter().zip(&shares).all(is_kept)
    };
    let value = |name: &str, solution: &Solution| BaselineValue {
        name: name.to_owned(),
        objective_value: solution.objective_value,
        n_tasks: solution.routes.iter().map(|route| route.tasks.len()).sum(),
        n_locked_out: n_locked_out(problem, solution),
        keeps_floors: keeps_floors(solution),
    };
    vec![
        value("down the ranked list", &plans.ranked),
        value("best worth per cost first", &plans.per_cost),
        value("nearest next", &plans.nearest),
    ]
}

/// Tasks locked to a team that a plan leaves out.
pub fn n_locked_out(problem: &Problem, solution: &Solution) -> usize {
    let done: std::collections::HashSet<&str> =
        solution.routes.iter().flat_map(|route| &route.tasks).map(|stop| stop.id.as_str()).collect();
    let is_locked = |task: &&plan::Task| task.lock.as_ref().is_some_and(|lock| lock.team.is_some());
    problem.tasks.iter().filter(is_locked).filter(|task| !done.contains(task.id.as_str())).count()
}

/// A budget below the cheapest task makes an empty plan, which is surely not what was meant.
fn refuse_idle_budget(problem: &Problem, file: &str) -> Result<()> {
    let Some(budget) = problem.budget else { return Ok(()) };
    let cheapest = problem
        .tasks
        .iter()
        .flat_map(|task| {
            let able = |team: &&plan::Team| task.needs.iter().all(|need| team.capabilities.contains(need));
            let cost = |team: &plan::Team| task.cost * team.cost_factor + team.mobilisation;
            problem.teams.iter().filter(able).map(cost)
        })
        .fold(f64::INFINITY, f64::min);
    if cheapest.is_finite() && budget < cheapest {
        let expected = format!("at least the cheapest task, {cheapest:.0} US$");
        let found = format!("{budget:.0} US$, which buys nothing");
        let fix = "raise `budget_usd`, or leave it out for no limit";
        return Err(
            Fault::new("plan.budget", format!("{file}: `plan.budget_usd`"), expected, found, fix).into()
        );
    }
    Ok(())
}

/// Why a plan does nothing, which is surely not what was meant.
fn idle_plan(problem: &Problem, solution: &Solution) -> Option<String> {
    if solution.routes.iter().any(|route| !route.tasks.is_empty()) {
        return None;
    }
    let why = if problem.tasks.iter().all(|task| task.worth <= 0.0) {
        "no task area is worth anything; look at the hazard and population layers and at `plan.worth`"
    } else {
        "no team can finish a task that is worth anything within the horizon and the budget; look at the teams' \
         `closed`, `available_from`, `available_to`, `rate_m2_per_day` and `capabilities`, and at `years` and \
         `budget_usd`"
    };
    Some(format!("the plan does no task: {why}"))
}

fn unit(settings: &PlanSettings) -> &'static str {
    match (settings.objective, &settings.worth) {
        (Objective::Discounted, WorthColumn::ExposureHa) => {
            "person-hectare-years of exposure averted, discounted"
        }
        (Objective::Discounted, WorthColumn::Benefit) => "benefit-hectare-years, discounted",
        (Objective::Discounted, WorthColumn::Attribute(_)) => "worth-years, discounted",
        (Objective::Collect, WorthColumn::ExposureHa) => "person-hectares on tasks finished by the horizon",
        (Objective::Collect, _) => "worth of tasks finished by the horizon",
        (Objective::Decay, _) => "worth left when tasks are finished",
        (Objective::Completion, _) => "worth times days until finished (less is better)",
    }
}
