//! A plan followed through samples: against formulas, and what happens when tasks are late.

use clearway::plan::{Chances, Objective, Params, Problem, plan, uncertainty};
use clearway::progress::Silent;

use super::random;

fn planned(text: &str) -> (Problem, clearway::plan::Solution) {
    let problem = Problem::read(text, "test").unwrap();
    let params = Params { iterations: Some(200), ..Params::default() };
    let solution = plan(&problem, &params, &Silent::default()).unwrap();
    (problem, solution)
}

#[test]
fn without_any_chance_the_plan_is_what_it_was() {
    for objective in [Objective::Discounted, Objective::Collect, Objective::Decay, Objective::Completion] {
        for seed in 0..25 {
            let problem = random::problem(seed + 20_000, objective, 15, 3);
            let params =
                Params { seed, iterations: Some(200), threads: 1, prove: false, ..Params::default() };
            let Ok(solution) = plan(&problem, &params, &Silent::default()) else { continue };
            let still = Chances { n_samples: 3, duration_cv: 0.0, ..Chances::default() };
            let found = uncertainty(&problem, &solution, &still).unwrap();
            for value in [found.mean, found.low, found.high] {
                let close = 1e-6 * solution.objective_value.abs().max(1.0);
                assert!((value - solution.objective_value).abs() <= close, "{objective:?} {seed}: {value}");
            }
            for (task, done) in problem.tasks.iter().zip(&found.done) {
                let is_left_out = solution.unassigned.iter().any(|left_out| left_out.id == task.id);
                assert!(((1.0 - done) - f64::from(u8::from(is_left_out))).abs() < 1e-12);
            }
        }
    }
}

#[test]
fn spread_of_one_task_is_that_of_the_formula() {
    // Σ worth·C with one task of 10 days worth 1: C is lognormal with mean 10 and cv 0.25, so σ² = ln(1.0625) =
    // 0.060625, its median 10·e^(−σ²/2) = 9.7014 and its 5 and 95 % 9.7014·e^(∓1.6449·0.24622) = 6.471 and 14.545.
    let (problem, solution) = planned(
        r#"{"objective": "completion", "teams": [{"id": "M"}], "tasks": [{"id": "A", "worth": 1, "work": 10}]}"#,
    );
    let chances = Chances { n_samples: 20_000, ..Chances::default() };
    let found = uncertainty(&problem, &solution, &chances).unwrap();
    // Standard errors: 2.5/√20000 = 0.018; of the quantiles about 0.03 and 0.07.
    assert!((found.mean - 10.0).abs() < 0.06, "{}", found.mean);
    assert!((found.low - 6.471).abs() < 0.1 && (found.high - 14.545).abs() < 0.25, "{found:?}");
    assert_eq!(found, uncertainty(&problem, &solution, &chances).unwrap());
    assert_ne!(found, uncertainty(&problem, &solution, &Chances { seed: 2, ..chances }).unwrap());
}

#[test]
fn late_tasks_are_passed_over_and_so_is_what_waits_for_them() {
    // A ends on day 10 of 10: in half the samples or so (P(z < σ/2) = 0.549) it ends in time; B of no work waits for it.
    let (problem, solution) = planned(
        r#"{"objective": "collect", "horizon_days": 10, "teams": [{"id": "M"}, {"id": "N"}],
            "tasks": [{"id": "A", "worth": 1, "work": 10}, {"id": "B", "worth": 1, "work": 0, "after": ["A"]}]}"#,
    );
    assert!((solution.objective_value - 2.0).abs() < 1e-9);
    let found =
        uncertainty(&problem, &solution, &Chances { n_samples: 4_000, ..Chances::default() }).unwrap();
    // σ/2 = 0.1231, Φ = 0.549; three standard errors are 0.024.
    assert!((found.done[0] - 0.549).abs() < 0.024, "{}", found.done[0]);
    assert!((found.done[0] - found.done[1]).abs() < 1e-12 && (found.mean - 2.0 * found.done[0]).abs() < 1e-9);
    assert!(found.low.abs() < 1e-12 && (found.high - 2.0).abs() < 1e-12);
}

#[test]
fn worths_are_taken_row_by_row_and_the_first_year_is_counted() {
    let (problem, solution) = planned(
        r#"{"objective": "collect", "horizon_days": 800, "teams": [{"id": "M"}],
            "tasks": [{"id": "A", "worth": 5, "work": 300}, {"id": "B", "worth": 1, "work": 300}]}"#,
    );
    let worths = Some(vec![vec![1.0, 2.0], vec![10.0, 20.0]]);
    let chances = Chances { n_samples: 4, duration_cv: 0.0, worths, ..Chances::default() };
    let found = uncertainty(&problem, &solution, &chances).unwrap();
    assert!((found.mean - 16.5).abs() < 1e-9, "3, 30, 3, 30: {}", found.mean);
    assert!((found.first_year[0] + found.first_year[1] - 1.0).abs() < 1e-12 && found.done == [1.0, 1.0]);
    let later = uncertainty(&problem, &solution, &Chances { first_day: 300.0, ..chances }).unwrap();
    assert_eq!(later.first_year, [1.0, 1.0]);
}
