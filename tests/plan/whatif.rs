//! What a change would do, worked by hand; and what the bound's prices say.

use clearway::plan::{Params, Problem, Variant, marginals, plan};
use clearway::progress::Silent;

/// One team, 10 days, tasks of 4 days worth 4, 3, 2 and of one day worth 1: 4 + 3 + 1 and one day to spare. Money for
/// three tasks.
const PROBLEM: &str = r#"{"objective": "collect", "horizon_days": 10, "budget": 30,
  "teams": [{"id": "M"}],
  "tasks": [{"id": "A", "worth": 4, "work": 4, "cost": 10}, {"id": "B", "worth": 3, "work": 4, "cost": 10},
            {"id": "C", "worth": 2, "work": 4, "cost": 10}, {"id": "D", "worth": 1, "work": 1, "cost": 10}]}"#;

#[test]
fn every_change_is_planned_and_compared() {
    let problem = Problem::read(PROBLEM, "test").unwrap();
    let params = Params { iterations: Some(200), ..Params::default() };
    let solution = plan(&problem, &params, &Silent::default()).unwrap();
    assert!((solution.objective_value - 8.0).abs() < 1e-9);
    let with = |what: &str, change: &dyn Fn(&mut Problem)| {
        let mut problem = problem.clone();
        change(&mut problem);
        Variant { what: what.to_owned(), problem }
    };
    let variants = [
        with("the same", &|_| {}),
        // 10 for one task: the best.
        with("less money", &|p| p.budget = Some(10.0)),
        with("more time", &|p| p.horizon_days = Some(12.0)),
        // All four cost 40, three of 4 days fit: 4 + 3 + 2.
        with("one more team", &|p| {
            let mut team = p.teams[0].clone();
            team.id = "N".into();
            p.teams.push(team);
        }),
        with("both", &|p| (p.budget, p.horizon_days) = (Some(40.0), Some(13.0))),
    ];
    let found = marginals(&problem, &solution, &variants, &params, &Silent::default()).unwrap();
    let differences: Vec<f64> = found.iter().map(|m| m.difference.unwrap()).collect();
    for (i, (found, expected)) in differences.iter().zip([0.0, -4.0, 1.0, 1.0, 2.0]).enumerate() {
        assert!((found - expected).abs() < 1e-9, "{}: {found}", variants[i].what);
    }
    assert!((found[4].percent.unwrap() - 25.0).abs() < 1e-9);
}

#[test]
fn change_that_leaves_no_whole_plan_has_no_value() {
    let text = r#"{"objective": "completion", "horizon_days": 10, "teams": [{"id": "M"}],
        "tasks": [{"id": "A", "worth": 1, "work": 4}, {"id": "B", "worth": 1, "work": 5}]}"#;
    let problem = Problem::read(text, "test").unwrap();
    let params = Params { iterations: Some(50), ..Params::default() };
    let solution = plan(&problem, &params, &Silent::default()).unwrap();
    let short = Problem { horizon_days: Some(8.0), ..problem.clone() };
    let variants = [Variant { what: "less time".into(), problem: short }];
    let found = marginals(&problem, &solution, &variants, &params, &Silent::default()).unwrap();
    assert!(found[0].objective_value.is_none() && found[0].difference.is_none());
}

#[test]
fn prices_of_the_bound_say_what_a_little_more_would_add() {
    // 100 tasks alike, worth 2 each, of one day and 10 of money; days for 50, money for 30: money binds, time does not.
    let tasks: Vec<String> =
        (0..100).map(|j| format!(r#"{{"id": "T{j}", "worth": 2, "work": 1, "cost": 10}}"#)).collect();
    let of = |days: f64, budget: f64| {
        let text = format!(
            r#"{{"objective": "collect", "horizon_days": {days}, "budget": {budget}, "teams": [{{"id": "M"}}], "tasks": [{}]}}"#,
            tasks.join(",")
        );
        let params = Params { iterations: Some(100), ..Params::default() };
        let solution = plan(&Problem::read(&text, "test").unwrap(), &params, &Silent::default()).unwrap();
        (solution.bound.unwrap(), solution.shadow_prices.unwrap())
    };
    let (bound, prices) = of(50.0, 300.0);
    assert!((bound - 60.0).abs() < 0.1, "{bound}");
    // A task of 2 for 10 of money: 0.2 a unit. A day more would add nothing.
    assert!((prices.money - 0.2).abs() < 0.01 && prices.team_days[0].value < 0.05, "{prices:?}");
    // Time binds: a day is worth the 2 of its task, and what is left out falls short by nothing.
    let (_, prices) = of(50.0, 900.0);
    assert!(prices.money < 0.01 && (prices.team_days[0].value - 2.0).abs() < 0.1, "{prices:?}");
    assert!(prices.left_out.len() == 50 && prices.left_out.iter().all(|price| price.value < 0.1));
}
