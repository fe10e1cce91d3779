//! A plan on a day: worked by hand, and nothing that was planned is lost.

use clearway::plan::{DistanceKind, Objective, Params, Problem, Solution, check, left_over, plan, standing};
use clearway::progress::Silent;

use super::random;

fn planned(problem: &Problem, params: &Params) -> Solution {
    let solution = plan(problem, params, &Silent::default()).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(check(problem, &solution), Vec::<String>::new());
    solution
}

/// A: way 2, setup 1, work 3: from day 2 to 6. B: way 2, from day 8 to 14.
const PROBLEM: &str = r#"{"objective": "collect", "horizon_days": 14, "budget": 100, "distance": {"kind": "euclidean"},
  "teams": [{"id": "M", "at": [0, 0], "setup_days": 1, "mobilisation": 7, "cost_per_distance": 1}],
  "tasks": [{"id": "A", "at": [2, 0], "worth": 1, "work": 3, "cost": 10},
            {"id": "B", "at": [4, 0], "worth": 1, "work": 5, "cost": 20, "after": ["A"]},
            {"id": "C", "at": [40, 0], "worth": 1, "work": 5, "cost": 20}]}"#;

#[test]
fn what_stands_on_a_day_is_worked_out() {
    let problem = Problem::read(PROBLEM, "test").unwrap();
    let solution = planned(&problem, &Params { iterations: Some(100), ..Params::default() });
    let ends = |solution: &Solution| -> Vec<(String, f64)> {
        solution.routes[0].tasks.iter().map(|stop| (stop.id.clone(), stop.end)).collect()
    };
    assert_eq!(ends(&solution), [("A".to_owned(), 6.0), ("B".to_owned(), 14.0)]);
    // Day; finished; under way with the working days left; money spent.
    type Case<'a> = (f64, &'a [&'a str], Option<(&'a str, f64)>, f64);
    let cases: [Case; 6] = [
        (0.0, &[], None, 0.0),
        // A day on the way there: another, then setup and work; mobilisation and the way are spent.
        (1.0, &[], Some(("A", 5.0)), 9.0),
        (5.0, &[], Some(("A", 1.0)), 9.0),
        (6.0, &["A"], None, 19.0),
        (10.0, &["A"], Some(("B", 4.0)), 21.0),
        (14.0, &["A", "B"], None, 41.0),
    ];
    for (day, finished, under_way, spent) in cases {
        let found = standing(&problem, &solution, day);
        assert_eq!(found.finished.iter().map(|b| b.task.as_str()).collect::<Vec<_>>(), finished, "day {day}");
        let begun = found.under_way.first().map(|begun| (begun.task.as_str(), begun.days_left));
        assert_eq!(begun, under_way, "day {day}");
        assert!((found.spent - spent).abs() < 1e-12, "day {day}: {}", found.spent);
        if day < 14.0 {
            let left = left_over(problem.clone(), &found);
            left.validate("left").unwrap();
            assert!((left.budget.unwrap() - (100.0 - spent)).abs() < 1e-12);
            let again = planned(&left, &Params { iterations: Some(100), ..Params::default() });
            let expected: Vec<_> =
                ends(&solution).into_iter().filter(|(id, _)| !finished.contains(&id.as_str())).collect();
            assert_eq!(ends(&again), expected, "day {day}");
        }
    }
}

#[test]
fn task_under_way_stays_with_its_team_and_is_not_set_up_again() {
    let mut problem = Problem::read(PROBLEM, "test").unwrap();
    let solution = planned(&problem, &Params { iterations: Some(100), ..Params::default() });
    let found = standing(&problem, &solution, 3.0);
    // A faster team comes: it may not take A, which M works on; M still needs its 3 days.
    let mut fast = problem.teams[0].clone();
    (fast.id, fast.rate, fast.at) = ("F".into(), 100.0, Some([2.0, 0.0]));
    problem.teams.push(fast);
    let again = planned(&left_over(problem, &found), &Params { iterations: Some(500), ..Params::default() });
    assert_eq!(again.routes[0].tasks[0].id, "A");
    assert!(
        (again.routes[0].tasks[0].end - 6.0).abs() < 1e-9
            && (again.routes[0].tasks[0].start - 3.0).abs() < 1e-9
    );
    assert!(again.routes[1].tasks.iter().all(|stop| stop.id != "A"));
}

#[test]
fn task_whose_team_is_gone_is_free() {
    let mut problem = Problem::read(PROBLEM, "test").unwrap();
    let solution = planned(&problem, &Params { iterations: Some(100), ..Params::default() });
    let found = standing(&problem, &solution, 3.0);
    problem.teams[0].id = "N".into();
    let left = left_over(problem, &found);
    assert!(left.tasks[0].lock.is_none() && left.teams[0].available.unwrap()[0] >= 3.0);
    // N stands at its own base and pays its own mobilisation.
    assert!(left.teams[0].at == Some([0.0, 0.0]) && (left.teams[0].mobilisation - 7.0).abs() < 1e-12);
}

#[test]
fn nothing_that_was_planned_is_lost_on_any_day() {
    let mut n_compared = 0;
    for objective in [Objective::Discounted, Objective::Collect, Objective::Decay, Objective::Completion] {
        for seed in 0..60 {
            let mut problem = random::problem(seed + 30_000, objective, 12, 3);
            if problem.distance.kind == DistanceKind::Matrix {
                continue;
            }
            problem.floors.clear();
            let params =
                Params { seed, iterations: Some(300), threads: 1, prove: false, ..Params::default() };
            let Ok(solution) = plan(&problem, &params, &Silent::default()) else { continue };
            let last = solution.routes.iter().flat_map(|r| &r.tasks).map(|s| s.end).fold(0.0, f64::max);
            let day = last * (0.15 + 0.7 * (seed as f64 / 60.0));
            let found = standing(&problem, &solution, day);
            let left = left_over(problem.clone(), &found);
            if left.teams.is_empty() || left.tasks.is_empty() {
                continue;
            }
            left.validate("left").unwrap_or_else(|error| panic!("{objective:?} seed {seed}: {error}"));
            let params = Params { iterations: Some(0), start: Some(solution.routes.clone()), ..params };
            let again = plan(&left, &params, &Silent::default())
                .unwrap_or_else(|error| panic!("{objective:?} seed {seed}, day {day}: {error}"));
            let is_ahead = |id: &str| !found.finished.iter().any(|begun| begun.task == id);
            let stops = solution.routes.iter().flat_map(|route| &route.tasks);
            let ahead: f64 = stops.filter(|s| is_ahead(&s.id)).map(|s| s.discounted_worth).sum();
            let sign = if objective == Objective::Completion { -1.0 } else { 1.0 };
            assert!(
                sign * again.objective_value >= sign * ahead - 1e-6 * ahead.abs().max(1.0),
                "{objective:?} seed {seed}, day {day}: {} of {ahead}\n{found:?}\n{solution:?}\n{again:?}",
                again.objective_value
            );
            n_compared += 1;
        }
    }
    assert!(n_compared > 120, "{n_compared}");
}

#[test]
fn team_whose_locked_task_cannot_be_done_does_others() {
    // A is locked to the first position and costs more than there is.
    let text = r#"{"objective": "collect", "horizon_days": 14, "budget": 50, "distance": {"kind": "none"},
      "teams": [{"id": "M"}],
      "tasks": [{"id": "A", "worth": 1, "work": 3, "cost": 90, "lock": {"team": "M", "position": 0}},
                {"id": "B", "worth": 1, "work": 3, "cost": 10}, {"id": "C", "worth": 1, "work": 3, "cost": 10}]}"#;
    let problem = Problem::read(text, "test").unwrap();
    let solution = planned(&problem, &Params { iterations: Some(200), ..Params::default() });
    assert!((solution.objective_value - 2.0).abs() < 1e-9, "{solution:?}");
    assert!(solution.unassigned[0].reason.contains("more than the whole budget"));
}
