//! The judge: recomputes a solution from the raw problem and the bare sequences, and says all that is wrong.
//!
//! Shares no code with the search: its calendar walks from one closed day to the next, its distances and its
//! objective are its own. It looks at capabilities, calendars, windows, precedence across teams, locks, budget, floors,
//! return, each task at most once, all tasks for `completion`, the value of the objective to 1e-9 and the
//! bound. Moments 9 ms apart count as one.

use std::collections::HashMap;

use super::problem::{Objective, Problem};
use super::solution::Solution;

mod walk;

use walk::Walk;

/// Days (9 ms) by which a limit may be passed, for the rounding of sums.
const GRACE: f64 = 1e-7;

/// Share by which figures may differ.
const SAME: f64 = 1e-9;

/// What the judge found.
#[derive(Debug, Clone, Default)]
pub struct Verdict {
    /// Everything wrong, in words; empty when the sequences hold.
    pub violations: Vec<String>,
    /// The value of the objective, as it is reported.
    pub objective_value: f64,
    /// Money for everything.
    pub cost: f64,
    /// Start and end day of every task done, by its index.
    pub times: HashMap<usize, (f64, f64)>,
    /// Distance and cost of every team.
    pub by_team: Vec<(f64, f64)>,
}

/// Everything wrong with a solution, in words; empty when it holds.
pub fn check(problem: &Problem, solution: &Solution) -> Vec<String> {
    let mut violations = Vec::new();
    let team_of: HashMap<&str, usize> =
        problem.teams.iter().enumerate().map(|(k, team)| (team.id.as_str(), k)).collect();
    let task_of: HashMap<&str, usize> =
        problem.tasks.iter().enumerate().map(|(j, task)| (task.id.as_str(), j)).collect();
    let mut sequences = vec![Vec::new(); problem.teams.len()];
    let mut is_used = vec![false; problem.teams.len()];
    for route in &solution.routes {
        let Some(&k) = team_of.get(route.team.as_str()) else {
            violations.push(format!("team `{}` is not in the problem", route.team));
            continue;
        };
        if is_used[k] {
            violations.push(format!("team `{}` has two routes", route.team));
            continue;
        }
        is_used[k] = true;
        for stop in &route.tasks {
            match task_of.get(stop.id.as_str()) {
                Some(&j) => sequences[k].push(j),
                None => violations.push(format!("task `{}` is not in the problem", stop.id)),
            }
        }
    }
    let verdict = judge(problem, &sequences);
    violations.extend(verdict.violations.iter().cloned());
    for id in solution.unassigned.iter().map(|left_out| left_out.id.as_str()) {
        match task_of.get(id) {
            None => violations.push(format!("unassigned task `{id}` is not in the problem")),
            Some(j) if verdict.times.contains_key(j) => {
                violations.push(format!("task `{id}` is both done and unassigned"));
            }
            Some(_) => {}
        }
    }
    if violations.is_empty() {
        compare(problem, solution, &verdict, &team_of, &task_of, &mut violations);
    }
    violations
}

/// Figures of the solution against the judge's own. Figures left out (0) are not held against it.
fn compare(
    problem: &Problem,
    solution: &Solution,
    verdict: &Verdict,
    team_of: &HashMap<&str, usize>,
    task_of: &HashMap<&str, usize>,
    violations: &mut Vec<String>,
) {
    let (said, found) = (solution.objective_value, verdict.objective_value);
    if differ(said, found) {
        violations.push(format!("the objective is said to be {said}, but is {found}"));
    }
    for route in &solution.routes {
        let (distance, cost) = verdict.by_team[team_of[route.team.as_str()]];
        for (name, said, found) in [("distance", route.distance, distance), ("cost", route.cost, cost)] {
            if said.abs() > 0.0 && differ(said, found) {
                violations
                    .push(format!("the {name} of `{}` is said to be {said}, but is {found}", route.team));
            }
        }
        for stop in &route.tasks {
            let (start, end) = verdict.times[&task_of[stop.id.as_str()]];
            let is_said = stop.start.abs() > 0.0 || stop.end.abs() > 0.0;
            let slack = 10.0 * GRACE + SAME * end;
            if is_said && ((stop.start - start).abs() > slack || (stop.end - end).abs() > slack) {
                violations.push(format!(
                    "task `{}` is said to run from day {} to {}, but runs from {start} to {end}",
                    stop.id, stop.start, stop.end
                ));
            }
        }
    }
    if let Some(bound) = solution.bound {
        let slack = 1e-7 * bound.abs().max(1e-6);
        let is_crossed = match problem.objective {
            Objective::Completion => found < bound - slack,
            _ => found > bound + slack,
        };
        if is_crossed {
            violations.push(format!("the objective {found} lies beyond its bound {bound}"));
        }
    }
}

fn differ(a: f64, b: f64) -> bool {
    let is_same = (a - b).abs() <= SAME * a.abs().max(b.abs()).max(1.0);
    !is_same
}

/// Judges sequences of task indices, one a team: times, value and everything wrong with them.
pub fn judge(problem: &Problem, sequences: &[Vec<usize>]) -> Verdict {
    let mut verdict = Verdict { by_team: vec![(0.0, 0.0); problem.teams.len()], ..Verdict::default() };
    let mut n_times = vec![0_usize; problem.tasks.len()];
    for &j in sequences.iter().flatten() {
        n_times[j] += 1;
    }
    for (task, &n) in problem.tasks.iter().zip(&n_times) {
        if n > 1 {
            verdict.violations.push(format!("task `{}` is done {n} times", task.id));
        }
        if n == 0 && problem.objective == Objective::Completion {
            verdict.violations.push(format!("task `{}` is not done, but all must be", task.id));
        }
    }
    if !n_times.iter().all(|&n| n <= 1) {
        return verdict;
    }
    run(problem, sequences, &n_times, &mut verdict);
    for (k, sequence) in sequences.iter().enumerate() {
        locks(problem, k, sequence, &mut verdict);
    }
    verdict.cost = verdict.by_team.iter().map(|(_, cost)| cost).sum();
    if let Some(budget) = problem.budget
        && verdict.cost > budget + SAME * budget.max(1.0)
    {
        verdict.violations.push(format!("the plan costs {}, but the budget is {budget}", verdict.cost));
    }
    floors(problem, &n_times, &mut verdict);
    // In the order of the teams and their tasks: a sum in the order of a hash map would differ from run to run.
    let done = sequences.iter().flatten().filter_map(|j| Some((*j, verdict.times.get(j)?.1)));
    verdict.objective_value = done.map(|(j, end)| worth(problem, j, end)).sum();
    verdict
}

/// Shares of the worth done by district.
fn floors(problem: &Problem, n_times: &[usize], verdict: &mut Verdict) {
    let done = || problem.tasks.iter().zip(n_times).filter(|(_, n)| **n > 0).map(|(task, _)| task);
    let all: f64 = done().map(|task| task.worth).sum();
    for floor in &problem.floors {
        let own: f64 =
            done().filter(|task| task.district.as_ref() == Some(&floor.district)).map(|t| t.worth).sum();
        if own < (floor.share - SAME) * all {
            let (district, share) = (&floor.district, floor.share);
            let words = format!(
                "district `{district}` gets {:.6} of the worth done, less than its floor of {share}",
                own / all
            );
            verdict.violations.push(words);
        }
    }
}

/// Lets all teams work side by side: a team goes on as soon as what its next task waits for has ended.
fn run(problem: &Problem, sequences: &[Vec<usize>], n_times: &[usize], verdict: &mut Verdict) {
    let index: HashMap<&str, usize> =
        problem.tasks.iter().enumerate().map(|(j, task)| (task.id.as_str(), j)).collect();
    let mut walks: Vec<Walk> = (0..problem.teams.len()).map(|k| Walk::new(problem, k)).collect();
    let mut next = vec![0; sequences.len()];
    loop {
        let mut is_moving = false;
        for (k, sequence) in sequences.iter().enumerate() {
            while let Some(&j) = sequence.get(next[k]) {
                let mut release = 0.0_f64;
                let mut is_waiting = false;
                for id in &problem.tasks[j].after {
                    let p = index[id.as_str()];
                    match verdict.times.get(&p) {
                        Some(&(_, end)) => release = release.max(end),
                        None if n_times[p] > 0 => is_waiting = true,
                        None => {}
                    }
                }
                if is_waiting {
                    break;
                }
                next[k] += 1;
                is_moving = true;
                let times = visit(problem, &mut walks[k], j, release, &mut verdict.violations);
                verdict.times.insert(j, times);
                for id in &problem.tasks[j].after {
                    if n_times[index[id.as_str()]] == 0 {
                        let name = &problem.tasks[j].id;
                        verdict
                            .violations
                            .push(format!("task `{name}` is done, but `{id}` before it is not"));
                    }
                }
            }
        }
        if !is_moving {
            break;
        }
    }
    for (k, sequence) in sequences.iter().enumerate() {
        if let Some(&j) = sequence.get(next[k]) {
            let (team, task) = (&problem.teams[k].id, &problem.tasks[j].id);
            verdict
                .violations
                .push(format!("`{team}` waits at `{task}` for ever: teams wait for each other"));
        }
        if !sequence.is_empty() && !walks[k].go_home() {
            let team = &problem.teams[k].id;
            verdict.violations.push(format!("`{team}` is not back at its end within the horizon"));
        }
        verdict.by_team[k] = (walks[k].distance, walks[k].cost);
    }
}

/// One visit; returns start and end.
fn visit(
    problem: &Problem,
    walk: &mut Walk<'_>,
    j: usize,
    release: f64,
    violations: &mut Vec<String>,
) -> (f64, f64) {
    let task = &problem.tasks[j];
    let team = walk.team();
    let lacking: Vec<&str> =
        task.needs.iter().filter(|need| !team.capabilities.contains(need)).map(String::as_str).collect();
    if !lacking.is_empty() {
        violations.push(format!("`{}` cannot do `{}`: it lacks {}", team.id, task.id, lacking.join(", ")));
    }
    let [opens, closes] = task.window.unwrap_or([0.0, f64::INFINITY]);
    let locked_start = task.lock.as_ref().and_then(|lock| lock.start).unwrap_or(0.0);
    let (start, end, is_in_time) = walk.visit(j, release.max(opens).max(locked_start));
    if !is_in_time {
        violations.push(format!("`{}` cannot end `{}` within its availability", team.id, task.id));
    }
    if end > closes + GRACE {
        violations.push(format!("task `{}` ends on day {end}, but its window on day {closes}", task.id));
    }
    if let Some(horizon) = problem.horizon_days
        && end > horizon + GRACE
    {
        violations.push(format!("task `{}` ends on day {end}, beyond the horizon {horizon}", task.id));
    }
    (start, end)
}

fn locks(problem: &Problem, k: usize, sequence: &[usize], verdict: &mut Verdict) {
    let team = &problem.teams[k].id;
    for (position, &j) in sequence.iter().enumerate() {
        let task = &problem.tasks[j];
        let Some(lock) = &task.lock else { continue };
        if let Some(id) = lock.team.as_ref().filter(|id| *id != team) {
            verdict.violations.push(format!("task `{}` is locked to `{id}`, but `{team}` does it", task.id));
        }
        if let Some(place) = lock.position.filter(|&place| place != position) {
            let words = format!("task `{}` is locked to position {place}, but stands at {position}", task.id);
            verdict.violations.push(words);
        }
    }
}

/// What a task adds to the objective, straight from domain.md §5.
fn worth(problem: &Problem, j: usize, end: f64) -> f64 {
    let task = &problem.tasks[j];
    match problem.objective {
        Objective::Collect => task.worth,
        Objective::Decay => f64::max(0.0, task.worth - task.decay_per_day * end),
        Objective::Completion => task.worth * end,
        Objective::Discounted => {
            let (rho, end) = (problem.discount_per_year, end / 365.0);
            let horizon = problem.horizon_days.map_or(f64::INFINITY, |days| days / 365.0);
            let years =
                if rho > 0.0 { ((-rho * end).exp() - (-rho * horizon).exp()) / rho } else { horizon - end };
            task.worth * years.max(0.0)
        }
    }
}
