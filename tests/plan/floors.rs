//! Equity floors: worked by hand, against every possible plan, and large.

use clearway::plan::check::judge;
use clearway::plan::{
    Distance, DistanceKind, Floor, Objective, Params, Problem, Solution, Task, Team, check, floor_shares,
    plan,
};
use clearway::progress::Silent;

use super::random::Dice;

fn floor(district: &str, share: f64) -> Floor {
    Floor { district: district.to_owned(), share }
}

fn planned(problem: &Problem, iterations: u64) -> Solution {
    let params = Params { iterations: Some(iterations), ..Params::default() };
    let solution = plan(problem, &params, &Silent::default()).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(check(problem, &solution), Vec::<String>::new());
    solution
}

/// One team, 4 days; tasks of one day each worth 10, 9, 8, 7 in the town and 3, 2 in the hills.
fn town_and_hills(share: f64) -> Problem {
    let task = |id: &str, worth: f64, district: &str| Task {
        id: id.into(),
        worth,
        work: 1.0,
        district: Some(district.into()),
        ..Task::default()
    };
    Problem {
        objective: Objective::Collect,
        horizon_days: Some(4.0),
        discount_per_year: 0.0,
        budget: None,
        start_weekday: 0,
        distance: Distance::default(),
        floors: vec![floor("hills", share)],
        teams: vec![Team { id: "M".into(), ..Team::default() }],
        tasks: vec![
            task("a", 10.0, "town"),
            task("b", 9.0, "town"),
            task("c", 8.0, "town"),
            task("d", 7.0, "town"),
            task("e", 3.0, "hills"),
            task("f", 2.0, "hills"),
        ],
    }
}

#[test]
fn plan_gives_up_worth_for_the_floor_and_no_more() {
    // Without: 10 + 9 + 8 + 7 = 34. At 8 %: a b c e = 30 with 3/30 = 10 % in the hills. At 15 %: a b e f = 24 with
    // 5/24 = 20.8 %. At 30 %: a e f = 15 with 5/15 = 33 % (b more would make 5/24). At 90 %: e f alone.
    for (share, worth) in [(1e-9, 30.0), (0.08, 30.0), (0.10, 30.0), (0.15, 24.0), (0.30, 15.0), (0.9, 5.0)] {
        let problem = town_and_hills(share);
        let solution = planned(&problem, 500);
        assert!((solution.objective_value - worth).abs() < 1e-9, "{share}: {}", solution.objective_value);
        assert!(floor_shares(&problem, &solution)[0].unwrap() >= share - 1e-9);
        assert!(solution.bound.unwrap() >= worth - 1e-9);
        let left_out = &solution.unassigned[0];
        assert!(share < 0.2 || left_out.reason.contains("`hills` would get less than"), "{left_out:?}");
    }
}

#[test]
fn judge_sees_a_floor_that_is_not_kept() {
    let problem = town_and_hills(0.15);
    // 3 of 30.
    let verdict = judge(&problem, &[vec![0, 1, 2, 4]]);
    assert!(verdict.violations[0].contains("`hills` gets 0.1"), "{:?}", verdict.violations);
    assert!(judge(&problem, &[vec![0, 1, 4, 5]]).violations.is_empty());
    // Doing nothing keeps every floor.
    assert!(judge(&problem, &[vec![]]).violations.is_empty());
}

#[test]
fn bound_knows_of_the_floor() {
    // Half of the worth in the hills: 10 at most, and the bound sees it (without the floor it is 34).
    let problem = town_and_hills(0.5);
    let solution = planned(&problem, 500);
    assert!((solution.objective_value - 5.0).abs() < 1e-9);
    assert!(solution.bound.unwrap() < 11.0, "{:?}", solution.bound);
}

fn codes(problem: &Problem) -> Vec<&'static str> {
    let error = problem.validate("p").expect_err("a fault");
    error.faults().iter().map(|fault| fault.code).collect()
}

#[test]
fn floors_that_no_plan_can_reach_are_named() {
    for share in [0.0, -0.1, 1.1, f64::NAN] {
        assert_eq!(codes(&town_and_hills(share)), ["problem.floor"], "{share}");
    }
    let with = |floors: Vec<Floor>| Problem { floors, ..town_and_hills(0.1) };
    assert_eq!(codes(&with(vec![floor("sea", 0.1)])), ["problem.floor"]);
    assert_eq!(codes(&with(vec![floor("hills", 0.1), floor("hills", 0.2)])), ["problem.floor"]);
    assert_eq!(codes(&with(vec![floor("hills", 0.6), floor("town", 0.5)])), ["problem.floor"]);
    // Nobody can work in the hills, or nothing is worth anything there.
    let mut problem = town_and_hills(0.1);
    problem.tasks[4].needs = vec!["dogs".into()];
    problem.tasks[5].worth = 0.0;
    assert_eq!(codes(&problem), ["problem.floor"]);
    // With everything done the hills have 5 of 39.
    let all = |share: f64| Problem {
        objective: Objective::Completion,
        horizon_days: None,
        ..town_and_hills(share)
    };
    assert_eq!(codes(&all(0.2)), ["problem.floor"]);
    planned(&all(0.12), 50);
}

#[test]
fn large_plan_in_parts_keeps_the_floors() {
    let mut dice = Dice(11);
    let mut place = || [dice.between(0.0, 100.0), dice.between(0.0, 100.0)];
    let mut problem = Problem {
        objective: Objective::Discounted,
        horizon_days: Some(700.0),
        discount_per_year: 0.03,
        distance: Distance { kind: DistanceKind::Euclidean, ..Distance::default() },
        teams: (0..10)
            .map(|k| Team { id: format!("M{k}"), at: Some(place()), speed_per_day: 50.0, ..Team::default() })
            .collect(),
        tasks: (0..1_300)
            .map(|j| Task { id: format!("T{j}"), at: Some(place()), ..Task::default() })
            .collect(),
        floors: Vec::new(),
        ..town_and_hills(0.1)
    };
    for task in &mut problem.tasks {
        let at = task.at.unwrap();
        // The east is poor.
        let is_east = at[0] > 70.0;
        task.district = Some(if is_east { "east" } else { "west" }.to_owned());
        task.worth = dice.between(1.0, 10.0) * if is_east { 0.2 } else { 1.0 };
        task.work = dice.between(1.0, 20.0);
    }
    let free = planned(&problem, 6_000);
    problem.floors = vec![floor("east", 0.1)];
    let share = floor_shares(&problem, &free)[0].unwrap();
    assert!(share < 0.1, "the floor asks for something: {share}");
    let start = planned(&problem, 0);
    let solution = planned(&problem, 30_000);
    assert!(solution.objective_value > start.objective_value);
    let reached = floor_shares(&problem, &solution)[0].unwrap();
    eprintln!(
        "{share:.4} without, {reached:.4} with; {} of {}",
        solution.objective_value, free.objective_value
    );
    assert!(reached >= 0.1 - 1e-9);
    assert!(solution.objective_value > 0.9 * free.objective_value, "{}", solution.objective_value);
    assert!(solution.gap_percent.unwrap() < 6.0, "{:?}", solution.gap_percent);
}
