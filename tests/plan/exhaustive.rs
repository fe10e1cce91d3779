//! Plans of tiny random problems against every possible plan, each judged by the judge.

use clearway::plan::check::judge;
use clearway::plan::{Objective, Params, Problem, plan};
use clearway::progress::Silent;

use super::random;

/// The best value over all sequences of all subsets: required tasks first, then value. `None` when nothing
/// holds, as may be with `completion`.
fn best_of_all(problem: &Problem) -> Option<(usize, f64)> {
    let mut best = None;
    let mut sequences = vec![Vec::new(); problem.teams.len()];
    extend(problem, 0, &mut sequences, &mut vec![false; problem.tasks.len()], &mut best);
    best
}

/// Routes are filled team by team, so every plan is met once.
fn extend(
    problem: &Problem,
    k: usize,
    sequences: &mut Vec<Vec<usize>>,
    used: &mut Vec<bool>,
    best: &mut Option<(usize, f64)>,
) {
    if k == problem.teams.len() {
        let verdict = judge(problem, sequences);
        if verdict.violations.is_empty() {
            let done = |j: usize| verdict.times.contains_key(&j);
            let is_locked = |j: usize| problem.tasks[j].lock.as_ref().is_some_and(|lock| lock.team.is_some());
            let n = (0..problem.tasks.len()).filter(|&j| is_locked(j) && done(j)).count();
            let sign = if problem.objective == Objective::Completion { -1.0 } else { 1.0 };
            let found = (n, sign * verdict.objective_value);
            if best.is_none_or(|known| found.0 > known.0 || (found.0 == known.0 && found.1 > known.1)) {
                *best = Some(found);
            }
        }
        return;
    }
    extend(problem, k + 1, sequences, used, best);
    for j in 0..problem.tasks.len() {
        if used[j] {
            continue;
        }
        used[j] = true;
        sequences[k].push(j);
        extend(problem, k, sequences, used, best);
        sequences[k].pop();
        used[j] = false;
    }
}

fn compare(objective: Objective, seeds: std::ops::Range<u64>, most_tasks: usize, most_teams: usize) {
    let mut n_with_bound = 0;
    for seed in seeds {
        let problem = random::problem(seed, objective, most_tasks, most_teams);
        problem.validate("random").unwrap_or_else(|error| panic!("seed {seed}: {error}"));
        let params = Params { seed, iterations: Some(3_000), threads: 1, ..Params::default() };
        let best = best_of_all(&problem);
        let solution = match (plan(&problem, &params, &Silent::default()), best) {
            (Ok(solution), Some(_)) => solution,
            (Err(error), None) => {
                assert_eq!(error.faults()[0].code, "plan.incomplete", "seed {seed}: {error}");
                continue;
            }
            (found, _) => panic!("{objective:?} seed {seed}: found {found:?}, best {best:?}\n{problem:?}"),
        };
        let (_, value) = best.unwrap();
        let sign = if objective == Objective::Completion { -1.0 } else { 1.0 };
        let found = sign * solution.objective_value;
        assert!(
            (found - value).abs() <= 1e-7 * value.abs().max(1e-3),
            "{objective:?} seed {seed}: found {found}, best of all {value}\n{}\n{solution:?}",
            problem.to_json().unwrap()
        );
        if let Some(bound) = solution.bound {
            n_with_bound += 1;
            assert!(sign * bound >= value - 1e-7 * value.abs(), "seed {seed}: bound {bound}, best {value}");
        }
    }
    eprintln!("{objective:?}: {n_with_bound} with a bound");
}

#[test]
fn discounted_plans_are_the_best_of_all() {
    compare(Objective::Discounted, 0..150, 5, 2);
    compare(Objective::Discounted, 1000..1025, 6, 2);
}

#[test]
fn collecting_plans_are_the_best_of_all() {
    compare(Objective::Collect, 0..150, 5, 2);
    compare(Objective::Collect, 1000..1025, 6, 2);
}

#[test]
fn decay_plans_are_the_best_of_all() {
    compare(Objective::Decay, 0..150, 5, 2);
    compare(Objective::Decay, 1000..1025, 6, 2);
}

#[test]
fn completion_plans_are_the_best_of_all() {
    compare(Objective::Completion, 0..150, 5, 2);
    compare(Objective::Completion, 1000..1025, 6, 2);
}

#[test]
fn bound_is_never_on_the_wrong_side() {
    let mut gaps = Vec::new();
    for objective in [Objective::Discounted, Objective::Collect, Objective::Decay, Objective::Completion] {
        for seed in 10_000..10_700 {
            let problem = random::problem(seed, objective, 4, 2);
            let params = Params { seed, iterations: Some(60), threads: 1, ..Params::default() };
            let Ok(solution) = plan(&problem, &params, &Silent::default()) else { continue };
            // What is best without regard to locks that need not be kept is no larger than the bound either.
            let (_, value) = best_of_all(&problem).expect("a plan");
            let sign = if objective == Objective::Completion { -1.0 } else { 1.0 };
            if let Some(bound) = solution.bound {
                assert!(
                    sign * bound >= value - 1e-7 * value.abs(),
                    "{objective:?} seed {seed}: bound {bound}, best of all {value}\n{}",
                    problem.to_json().unwrap()
                );
                gaps.push(solution.gap_percent.unwrap());
            }
        }
    }
    assert!(gaps.len() > 2_000, "a bound nearly always: {}", gaps.len());
}
