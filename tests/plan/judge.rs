//! The judge sees every way in which a plan can be wrong.

use clearway::plan::{Params, Problem, Solution, check, plan};
use clearway::progress::Silent;

const PROBLEM: &str = r#"{"objective": "collect", "horizon_days": 20, "budget": 100, "distance": {"kind": "euclidean"},
  "teams": [{"id": "M1", "at": [0, 0], "end_at": [0, 0], "capabilities": ["manual"], "mobilisation": 1},
            {"id": "M2", "at": [0, 0], "closed": [[0, 5]]}],
  "tasks": [{"id": "A", "at": [1, 0], "worth": 1, "work": 2, "cost": 10, "needs": ["manual"]},
            {"id": "B", "at": [2, 0], "worth": 1, "work": 2, "cost": 10, "after": ["A"]},
            {"id": "C", "at": [3, 0], "worth": 1, "work": 2, "cost": 10, "window": [0, 9]},
            {"id": "D", "at": [3, 0], "worth": 1, "work": 2, "cost": 200},
            {"id": "E", "at": [0, 1], "worth": 1, "work": 1, "lock": {"team": "M2", "position": 0}},
            {"id": "F", "at": [15, 0], "worth": 1, "work": 2}]}"#;

fn sequences(routes: &[(&str, &[&str])]) -> Solution {
    let text = format!(
        r#"{{"objective_value": {}, "routes": [{}]}}"#,
        routes.iter().map(|(_, tasks)| tasks.len()).sum::<usize>(),
        routes
            .iter()
            .map(|(team, tasks)| {
                let tasks: Vec<String> = tasks.iter().map(|id| format!(r#"{{"id": "{id}"}}"#)).collect();
                format!(r#"{{"team": "{team}", "tasks": [{}]}}"#, tasks.join(","))
            })
            .collect::<Vec<_>>()
            .join(",")
    );
    clearway::plan::parse_solution(&text, "test").unwrap()
}

#[track_caller]
fn says(routes: &[(&str, &[&str])], words: &str) {
    let problem = Problem::read(PROBLEM, "test").unwrap();
    let found = check(&problem, &sequences(routes));
    assert!(found.iter().any(|violation| violation.contains(words)), "{words}: {found:?}");
}

#[test]
fn sound_plan_passes() {
    let problem = Problem::read(PROBLEM, "test").unwrap();
    assert_eq!(check(&problem, &sequences(&[("M1", &["A", "B"]), ("M2", &["E"])])), Vec::<String>::new());
}

#[test]
fn every_violation_is_seen() {
    says(&[("M2", &["E", "A"])], "lacks manual");
    says(&[("M1", &["B", "A"])], "waits at `B` for ever");
    says(&[("M1", &["B"])], "`A` before it is not");
    says(&[("M2", &["E", "C"])], "its window on day 9");
    says(&[("M1", &["D"])], "the budget is 100");
    says(&[("M1", &["E"])], "locked to `M2`");
    says(&[("M2", &["C", "E"])], "locked to position 0");
    says(&[("M1", &["F"])], "not back at its end");
    says(&[("M2", &["F"])], "cannot end `F`");
    says(&[("M1", &["A", "A"])], "done 2 times");
    says(&[("M9", &["A"])], "team `M9` is not in the problem");
    says(&[("M1", &["Z"])], "task `Z` is not in the problem");
    says(&[("M1", &["A"]), ("M1", &["B"])], "two routes");
}

#[test]
fn wrong_figures_are_seen() {
    let problem = Problem::read(PROBLEM, "test").unwrap();
    let params = Params { iterations: Some(200), ..Params::default() };
    let solution = plan(&problem, &params, &Silent::default()).unwrap();
    assert_eq!(check(&problem, &solution), Vec::<String>::new());
    let mut wrong = solution.clone();
    wrong.objective_value += 1e-6;
    assert!(check(&problem, &wrong)[0].contains("the objective is said to be"));
    let mut wrong = solution.clone();
    wrong.bound = Some(wrong.objective_value - 1.0);
    assert!(check(&problem, &wrong)[0].contains("beyond its bound"));
    let mut wrong = solution.clone();
    wrong.routes[0].tasks[0].end += 0.01;
    assert!(check(&problem, &wrong)[0].contains("is said to run from day"));
    let mut wrong = solution;
    wrong.routes[0].cost += 0.01;
    assert!(check(&problem, &wrong)[0].contains("the cost of"));
}
