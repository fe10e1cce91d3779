//! Plans of small random problems with every constraint against every possible plan, each judged by the judge.

use clearway::plan::{Objective, Params, Problem, plan};
use clearway::progress::Silent;

use super::{every_plan, random};

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
        every_plan::consider(problem, sequences, best);
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

/// What a test tries.
struct Trial {
    objective: Objective,
    seeds: Vec<u64>,
    most: (usize, usize),
    /// As people run it, or the search alone, which from some problems on must do without the proof.
    prove: bool,
}

fn compare(trial: &Trial) {
    let objective = trial.objective;
    let sign = every_plan::sign(objective);
    let is_same = |a: f64, b: f64| (a - b).abs() <= 1e-7 * b.abs().max(1e-3);
    let (mut n_proven, mut n_with_positions) = (0, 0);
    for &seed in &trial.seeds {
        let problem = random::problem(seed, objective, trial.most.0, trial.most.1);
        problem.validate("random").unwrap_or_else(|error| panic!("seed {seed}: {error}"));
        n_with_positions += usize::from(random::has_positions(&problem));
        let best = every_plan::best(&problem).map(|(_, value)| value);
        let params =
            Params { seed, iterations: Some(3_000), threads: 1, prove: trial.prove, ..Params::default() };
        let found = plan(&problem, &params, &Silent::default());
        let is_best = match (&found, best) {
            (Ok(solution), Some(value)) => is_same(sign * solution.objective_value, value),
            (Err(error), None) => error.faults()[0].code == "plan.incomplete",
            _ => false,
        };
        assert!(
            is_best,
            "{objective:?} seed {seed}: best of all {best:?}\n{}\n{found:?}",
            problem.to_json().unwrap()
        );
        let Ok(solution) = found else { continue };
        let (Some(bound), Some(value)) = (solution.bound, best) else { continue };
        assert!(sign * bound >= value - 1e-7 * value.abs(), "seed {seed}: bound {bound}, best {value}");
        n_proven += usize::from(is_same(bound, solution.objective_value));
    }
    eprintln!(
        "{objective:?}: {} problems, {n_proven} proven, {n_with_positions} with positions",
        trial.seeds.len()
    );
    assert!(!trial.prove || n_proven * 10 > trial.seeds.len() * 7, "{n_proven} proven");
}

/// Problems of exactly eleven tasks, up to three teams, that the judge goes through in less than a second.
const OF_ELEVEN: [u64; 14] = [
    300_002, 300_027, 300_032, 300_043, 300_071, 300_079, 300_087, 300_105, 300_124, 300_162, 300_167,
    300_188, 300_198, 300_212,
];

fn compare_all(objective: Objective) {
    compare(&Trial { objective, seeds: (0..150).collect(), most: (5, 2), prove: false });
    compare(&Trial { objective, seeds: (1000..1025).collect(), most: (6, 2), prove: false });
    compare(&Trial { objective, seeds: (2000..2200).collect(), most: (7, 2), prove: true });
}

#[test]
fn discounted_plans_are_the_best_of_all() {
    compare_all(Objective::Discounted);
    let seeds = OF_ELEVEN.to_vec();
    compare(&Trial { objective: Objective::Discounted, seeds, most: (11, 3), prove: true });
}

#[test]
fn collecting_plans_are_the_best_of_all() {
    compare_all(Objective::Collect);
    let seeds = OF_ELEVEN.to_vec();
    compare(&Trial { objective: Objective::Collect, seeds, most: (11, 3), prove: true });
}

#[test]
fn decay_plans_are_the_best_of_all() {
    compare_all(Objective::Decay);
    let seeds = OF_ELEVEN.to_vec();
    compare(&Trial { objective: Objective::Decay, seeds, most: (11, 3), prove: true });
}

#[test]
fn completion_plans_are_the_best_of_all() {
    compare_all(Objective::Completion);
    // All tasks must be done, so there are more plans to go through: eleven tasks for one team, nine for two.
    let of_one_team = vec![300_027, 300_079, 300_188, 300_212];
    compare(&Trial { objective: Objective::Completion, seeds: of_one_team, most: (11, 3), prove: true });
    compare(&Trial {
        objective: Objective::Completion,
        seeds: (3000..3012).collect(),
        most: (9, 2),
        prove: true,
    });
}

#[test]
fn judge_going_through_partial_plans_finds_the_best_of_all_plans() {
    for objective in [Objective::Discounted, Objective::Collect, Objective::Decay, Objective::Completion] {
        for seed in 0..120 {
            let problem = random::problem(seed, objective, 5, 2);
            let (found, all) = (every_plan::best(&problem), best_of_all(&problem));
            assert_eq!(found.map(|best| best.0), all.map(|best| best.0), "{objective:?} seed {seed}");
            let values = found.zip(all).map(|(found, all)| (found.1, all.1));
            let is_same = |(a, b): (f64, f64)| (a - b).abs() <= 1e-9 * b.abs().max(1e-3);
            assert!(
                values.is_none_or(is_same),
                "{objective:?} seed {seed}: {values:?}\n{}",
                problem.to_json().unwrap()
            );
        }
    }
}

#[test]
fn bound_is_never_on_the_wrong_side() {
    let mut gaps = Vec::new();
    for objective in [Objective::Discounted, Objective::Collect, Objective::Decay, Objective::Completion] {
        for seed in 10_000..10_700 {
            let problem = random::problem(seed, objective, 4, 2);
            let params = Params { seed, iterations: Some(60), threads: 1, prove: false, ..Params::default() };
            let Ok(solution) = plan(&problem, &params, &Silent::default()) else { continue };
            let (_, value) = every_plan::best(&problem).expect("a plan");
            let sign = every_plan::sign(objective);
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
