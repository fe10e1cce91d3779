//! Bounds that are as near as they are meant to be; that they are never on the wrong side is in exhaustive.rs.

use clearway::plan::{Params, Problem, plan};
use clearway::progress::Silent;

#[path = "../../benches/peers/plan/generated.rs"]
mod generated;

#[test]
fn whole_sequences_prove_what_the_fluid_does_not() {
    // Two teams, three tasks of 2 days, worth 1 each: ends 2, 2 and 4 make 8. As a fluid both teams work on each task
    // together: mean busy times 0.5, 1.5 and 2.5 and half a task each make 7.5.
    // With λ = 4 a team's best sets are {one}: 2 − 4 and {two}: 2 + 4 − 8, so 3·4 − 2·2 = 8 is proven.
    let problem = Problem::read(
        r#"{"objective": "completion", "teams": [{"id": "M1"}, {"id": "M2"}],
            "tasks": [{"id": "A", "worth": 1, "work": 2}, {"id": "B", "worth": 1, "work": 2},
                      {"id": "C", "worth": 1, "work": 2}]}"#,
        "test",
    )
    .unwrap();
    let params = Params { iterations: Some(100), threads: 1, prove: false, ..Params::default() };
    let solution = plan(&problem, &params, &Silent::default()).unwrap();
    assert!((solution.objective_value - 8.0).abs() < 1e-9, "{}", solution.objective_value);
    let bound = solution.bound.unwrap();
    assert!(bound <= 8.0 && bound > 7.999, "{bound}");
}

#[test]
fn ways_and_orders_count_in_the_bound() {
    // 670 tasks, 8 teams, all constraints: 7503.4 with the shortest way into each task alone and no order; no plan is
    // above, and one was found of, 7282.5.
    let problem = generated::generated(670, 8, false, false);
    let params = Params { iterations: Some(0), threads: 2, ..Params::default() };
    let solution = plan(&problem, &params, &Silent::default()).unwrap();
    let bound = solution.bound.unwrap();
    assert!(bound > 7282.5 && bound < 7450.0, "{bound}");
}
