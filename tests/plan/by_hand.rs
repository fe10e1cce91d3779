//! Plans small enough to work out on paper.

use clearway::plan::{Objective, Params, Problem, Solution, baselines, check, parse_solution, plan};
use clearway::progress::Silent;

#[track_caller]
fn near(found: f64, expected: f64) {
    assert!((found - expected).abs() <= 1e-9 * expected.abs().max(1.0), "found {found}, expected {expected}");
}

#[track_caller]
fn planned(text: &str) -> (Problem, Solution) {
    let problem = Problem::read(text, "test").unwrap();
    let params = Params { iterations: Some(500), threads: 1, ..Params::default() };
    let solution = plan(&problem, &params, &Silent::default()).unwrap();
    assert_eq!(check(&problem, &solution), Vec::<String>::new());
    // So small a plan is proven the best, and the search alone finds none worse.
    near(solution.bound.unwrap_or(solution.objective_value), solution.objective_value);
    let searched = plan(&problem, &Params { prove: false, ..params }, &Silent::default()).unwrap();
    near(searched.objective_value, solution.objective_value);
    assert_eq!(check(&problem, &searched), Vec::<String>::new());
    (problem, solution)
}

fn order(solution: &Solution, team: usize) -> Vec<&str> {
    solution.routes[team].tasks.iter().map(|stop| stop.id.as_str()).collect()
}

#[test]
fn short_valuable_task_goes_first() {
    // One team, no travel. A: 4 days, worth 3; B: 2 days, worth 2. Minimising Σ worth·C:
    // A, B: 3·4 + 2·6 = 24. B, A: 2·2 + 3·6 = 22.
    let (_, solution) = planned(
        r#"{"objective": "completion", "teams": [{"id": "M"}],
            "tasks": [{"id": "A", "worth": 3, "work": 4}, {"id": "B", "worth": 2, "work": 2}]}"#,
    );
    near(solution.objective_value, 22.0);
    assert_eq!(order(&solution, 0), ["B", "A"]);
    // The fluid bound charges half a task's own time less than the sum does: 2·1 + 3·4 + half = exact here.
    assert!(solution.bound.unwrap() <= 22.0);
}

#[test]
fn worth_is_discounted_from_the_end_of_the_task() {
    // 10 distance at 5 a day: arrives on day 2, 1 day of setup, 6 of work at rate 3 = 2 days: ends on day 5.
    // Worth 100 a year from day 5 to day 365 at 10 %: 100·(e^(−0.1·5/365) − e^(−0.1))/0.1.
    let (_, solution) = planned(
        r#"{"objective": "discounted", "horizon_days": 365, "discount_per_year": 0.1,
            "distance": {"kind": "euclidean"},
            "teams": [{"id": "M", "at": [0, 0], "speed_per_day": 5, "setup_days": 1, "rate": 3}],
            "tasks": [{"id": "A", "at": [6, 8], "worth": 100, "work": 6}]}"#,
    );
    let stop = &solution.routes[0].tasks[0];
    near(stop.arrive, 2.0);
    near(stop.start, 2.0);
    near(stop.end, 5.0);
    near(stop.work_days, 3.0);
    near(stop.distance, 10.0);
    near(solution.objective_value, 1000.0 * ((-0.1_f64 * 5.0 / 365.0).exp() - (-0.1_f64).exp()));
}

#[test]
fn without_discount_worth_counts_the_years_left() {
    // Ends on day 73 of 365: four fifths of a year are left, 10 · 0.8 = 8.
    let (_, solution) = planned(
        r#"{"objective": "discounted", "horizon_days": 365, "discount_per_year": 0,
            "teams": [{"id": "M"}], "tasks": [{"id": "A", "worth": 10, "work": 73}]}"#,
    );
    near(solution.objective_value, 8.0);
    // Alone on one team the fluid is the plan itself, up to the grid of 240 times and the descent: 1 %.
    let bound = solution.bound.unwrap();
    assert!((8.0..8.08).contains(&bound), "{bound}");
}

#[test]
fn work_pauses_at_the_weekend_and_over_the_closed_season() {
    // Day 0 is a Thursday (3). Five working days a week; closed on days 7 to 9 (the next Thursday, Friday).
    // A takes 6 working days: Thu 0, Fri 1, (Sat 2, Sun 3,) Mon 4, Tue 5, Wed 6, (closed 7, 8, weekend 9, 10,)
    // Mon 11: ends with day 12.
    let (_, solution) = planned(
        r#"{"objective": "collect", "horizon_days": 30, "start_weekday": 3,
            "teams": [{"id": "M", "work_days_per_week": 5, "closed": [[7, 9]]}],
            "tasks": [{"id": "A", "worth": 1, "work": 6}]}"#,
    );
    near(solution.routes[0].tasks[0].end, 12.0);
}

#[test]
fn work_that_ends_on_friday_evening_ends_there() {
    // Monday start, 5 days: ends on day 5, and the next task starts on Monday, day 7.
    let (_, solution) = planned(
        r#"{"objective": "completion", "teams": [{"id": "M", "work_days_per_week": 5}],
            "tasks": [{"id": "A", "worth": 9, "work": 5}, {"id": "B", "worth": 1, "work": 1}]}"#,
    );
    let stops = &solution.routes[0].tasks;
    near(stops[0].end, 5.0);
    near(stops[1].start, 7.0);
    near(stops[1].end, 8.0);
    near(solution.objective_value, 9.0 * 5.0 + 8.0);
}

#[test]
fn road_first_then_what_it_opens() {
    // Two teams, no travel. B (worth 10) waits for A (worth 0, 2 days): B ends on day 2 + 3 = 5 with the other
    // team or the same: 10 − 1·5 = 5.
    let (_, solution) = planned(
        r#"{"objective": "decay", "teams": [{"id": "M1"}, {"id": "M2"}],
            "tasks": [{"id": "A", "worth": 0, "work": 2},
                      {"id": "B", "worth": 10, "decay_per_day": 1, "work": 3, "after": ["A"]}]}"#,
    );
    near(solution.objective_value, 5.0);
}

#[test]
fn budget_buys_the_best_pair() {
    // Budget 100: A (worth 6, cost 60) and B (5, 50) exclude each other; B with C (4, 50) is worth 9.
    let (_, solution) = planned(
        r#"{"objective": "collect", "horizon_days": 100, "budget": 100, "teams": [{"id": "M"}],
            "tasks": [{"id": "A", "worth": 6, "work": 1, "cost": 60}, {"id": "B", "worth": 5, "work": 1, "cost": 50},
                      {"id": "C", "worth": 4, "work": 1, "cost": 50}]}"#,
    );
    near(solution.objective_value, 9.0);
    near(solution.routes[0].cost, 100.0);
    assert_eq!(solution.unassigned[0].id, "A");
    assert!(solution.unassigned[0].reason.contains("budget"), "{}", solution.unassigned[0].reason);
}

#[test]
fn budget_below_every_cost_buys_nothing() {
    let (_, solution) = planned(
        r#"{"objective": "collect", "horizon_days": 9, "budget": 1, "teams": [{"id": "M"}],
            "tasks": [{"id": "A", "worth": 6, "work": 1, "cost": 60}]}"#,
    );
    near(solution.objective_value, 0.0);
    assert!(solution.unassigned[0].reason.contains("more than the whole budget"));
}

#[test]
fn team_is_back_within_the_horizon() {
    // Out 3, back 3: a horizon of 6 allows A at distance 3, not B at distance 4.
    let (_, solution) = planned(
        r#"{"objective": "collect", "horizon_days": 6, "distance": {"kind": "euclidean"},
            "teams": [{"id": "M", "at": [0, 0], "end_at": [0, 0]}],
            "tasks": [{"id": "A", "at": [3, 0], "worth": 1}, {"id": "B", "at": [0, 4], "worth": 5}]}"#,
    );
    near(solution.objective_value, 1.0);
    near(solution.routes[0].distance, 6.0);
}

#[test]
fn locks_hold_though_they_cost() {
    // Alone, M1 would do A (at its door). Locked to M2, at position 1, not before day 4: M2 does B first.
    let (_, solution) = planned(
        r#"{"objective": "decay", "teams": [{"id": "M1"}, {"id": "M2"}],
            "tasks": [{"id": "A", "worth": 20, "decay_per_day": 1, "work": 1,
                       "lock": {"team": "M2", "position": 1, "start": 4}},
                      {"id": "B", "worth": 5, "decay_per_day": 0.1, "work": 1}]}"#,
    );
    assert_eq!(order(&solution, 1), ["B", "A"]);
    // B ends on day 1: 5 − 0.1 = 4.9; A runs from day 4 to 5: 20 − 5 = 15.
    near(solution.objective_value, 19.9);
}

#[test]
fn better_task_goes_before_one_locked_to_second_place() {
    // No travel, `collect` of what ends by day 10. L is locked to second place; A (5 days, worth 5) or B (4 days, worth
    // 1) may go before it, C (1 day, worth 2) only after it: A, L, C take 5 + 4 + 1 days and bring 5 + 1 + 2.
    let (_, solution) = planned(
        r#"{"objective": "collect", "horizon_days": 10, "teams": [{"id": "M"}],
            "tasks": [{"id": "L", "worth": 1, "work": 4, "lock": {"team": "M", "position": 1}},
                      {"id": "A", "worth": 5, "work": 5}, {"id": "B", "worth": 1, "work": 4},
                      {"id": "C", "worth": 2, "work": 1, "after": ["L"]}]}"#,
    );
    assert_eq!(order(&solution, 0), ["A", "L", "C"]);
    near(solution.objective_value, 8.0);
}

#[test]
fn task_of_no_worth_stands_before_one_locked_to_second_place() {
    // Only Z can stand before L, which must be done: so Z is done, though it brings nothing and puts L off.
    let (_, solution) = planned(
        r#"{"objective": "decay", "horizon_days": 20, "teams": [{"id": "M"}],
            "tasks": [{"id": "L", "worth": 10, "decay_per_day": 1, "work": 1, "lock": {"team": "M", "position": 1}},
                      {"id": "Z", "worth": 0, "work": 3}]}"#,
    );
    assert_eq!(order(&solution, 0), ["Z", "L"]);
    near(solution.objective_value, 6.0);
}

#[test]
fn what_takes_no_time_needs_a_working_team_all_the_same() {
    // M never works within the horizon; N has left when the window of B opens.
    let (_, solution) = planned(
        r#"{"objective": "collect", "horizon_days": 10,
            "teams": [{"id": "M", "closed": [[0, 20]], "capabilities": ["dogs"]}, {"id": "N", "available": [0, 4]}],
            "tasks": [{"id": "A", "worth": 1, "work": 0, "needs": ["dogs"]},
                      {"id": "B", "worth": 1, "work": 0, "window": [6, 9]}]}"#,
    );
    let reasons: Vec<&str> = solution.unassigned.iter().map(|left_out| left_out.reason.as_str()).collect();
    let expected = [
        "no team that can do it has the time to travel there and end it, even alone",
        "no team can end it by day 9, where its window closes, even alone",
    ];
    assert_eq!(reasons, expected);
}

#[test]
fn impossible_tasks_say_why() {
    let (_, solution) = planned(
        r#"{"objective": "collect", "horizon_days": 10, "distance": {"kind": "euclidean"},
            "teams": [{"id": "M", "at": [0, 0], "capabilities": ["manual"]}],
            "tasks": [{"id": "dogs", "at": [0, 0], "worth": 1, "needs": ["dogs"]},
                      {"id": "far", "at": [11, 0], "worth": 1},
                      {"id": "shut", "at": [5, 0], "worth": 1, "window": [0, 4]},
                      {"id": "behind", "at": [0, 0], "worth": 1, "after": ["far"]},
                      {"id": "locked", "at": [0, 11], "worth": 1, "lock": {"team": "M"}}]}"#,
    );
    let reason = |i: usize| solution.unassigned[i].reason.as_str();
    assert!(reason(0).contains("no team has what it needs: dogs"), "{}", reason(0));
    assert!(reason(1).contains("even alone"), "{}", reason(1));
    assert!(reason(2).contains("window closes"), "{}", reason(2));
    assert!(reason(3).contains("`far`"), "{}", reason(3));
    assert!(reason(4).contains("locked to `M`"), "{}", reason(4));
}

#[test]
fn no_tasks_make_an_empty_plan() {
    let (_, solution) =
        planned(r#"{"objective": "collect", "horizon_days": 1, "teams": [{"id": "M"}], "tasks": []}"#);
    near(solution.objective_value, 0.0);
}

#[test]
fn completion_that_cannot_be_is_a_fault() {
    let text = r#"{"objective": "completion", "horizon_days": 3, "teams": [{"id": "M"}],
        "tasks": [{"id": "A", "worth": 1, "work": 2}, {"id": "B", "worth": 1, "work": 2}]}"#;
    let problem = Problem::read(text, "test").unwrap();
    let error = plan(&problem, &Params { iterations: Some(50), ..Params::default() }, &Silent::default());
    assert_eq!(error.unwrap_err().faults()[0].code, "plan.incomplete");
}

#[test]
fn by_hand_plans_take_the_next_of_their_list() {
    // One team at 0; near (at 1, worth 1, cost 1), rich (at 9, worth 9, cost 90), good (at 5, worth 4, cost 4·…).
    let text = r#"{"objective": "decay", "distance": {"kind": "euclidean"},
        "teams": [{"id": "M", "at": [0, 0]}],
        "tasks": [{"id": "near", "at": [1, 0], "worth": 10, "cost": 100},
                  {"id": "rich", "at": [9, 0], "worth": 90, "cost": 1000},
                  {"id": "cheap", "at": [5, 0], "worth": 40, "cost": 10}]}"#;
    let problem = Problem::read(text, "test").unwrap();
    let by_hand = baselines(&problem, None).unwrap();
    assert_eq!(order(&by_hand.ranked, 0), ["rich", "cheap", "near"]);
    assert_eq!(order(&by_hand.per_cost, 0), ["cheap", "near", "rich"]);
    assert_eq!(order(&by_hand.nearest, 0), ["near", "cheap", "rich"]);
    let ranked = baselines(&problem, Some(&[1.0, 2.0, 3.0])).unwrap().ranked;
    assert_eq!(order(&ranked, 0), ["cheap", "rich", "near"]);
    assert_eq!(check(&problem, &by_hand.ranked), Vec::<String>::new());
}

#[test]
fn json_has_the_names_of_the_contract_and_comes_back() {
    let (_, solution) = planned(
        r#"{"objective": "completion", "teams": [{"id": "M"}], "tasks": [{"id": "A", "worth": 3, "work": 4}]}"#,
    );
    let text = solution.to_json().unwrap();
    for key in ["objective_value", "upper_bound", "gap_percent", "routes", "unassigned", "iterations", "seed"]
    {
        assert!(text.contains(&format!("\"{key}\":")), "{key} in {text}");
    }
    assert_eq!(parse_solution(&text, "again").unwrap(), solution);
    // The least another engine must write.
    let bare = r#"{"objective_value": 12, "routes": [{"team": "M", "tasks": [{"id": "A"}]}]}"#;
    assert_eq!(parse_solution(bare, "bare").unwrap().routes[0].tasks[0].id, "A");
}

#[test]
fn better_means_smaller_for_completion() {
    let (_, a) =
        planned(r#"{"objective": "collect", "horizon_days": 1, "teams": [{"id": "M"}], "tasks": []}"#);
    let b = Solution { objective_value: 1.0, ..a.clone() };
    assert!(b.is_better_than(&a, Objective::Collect) && a.is_better_than(&b, Objective::Completion));
}
