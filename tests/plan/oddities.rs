//! Problems that are sound and yet hardly meant: what is told about them, and where their tasks end up.

use clearway::plan::{Params, Problem, oddities, plan};
use clearway::progress::Silent;

/// A sound problem that each test makes odd in its own way.
const SOUND: &str = r#"{"objective": "discounted", "horizon_days": 100, "distance": {"kind": "euclidean"},
  "teams": [{"id": "M1", "at": [0, 0], "capabilities": ["manual"]}],
  "tasks": [{"id": "A", "at": [1, 0], "worth": 1, "work": 2}, {"id": "B", "at": [2, 0], "worth": 1, "work": 2}]}"#;

/// What is told after replacing a piece of the sound problem, and the reason for which B is left out.
#[track_caller]
fn odd(from: &str, to: &str) -> (Vec<String>, String) {
    assert!(SOUND.contains(from), "the piece to replace");
    let problem = Problem::read(&SOUND.replacen(from, to, 1), "test").unwrap();
    let solution =
        plan(&problem, &Params { iterations: Some(50), ..Params::default() }, &Silent::default()).unwrap();
    let reason = solution
        .unassigned
        .iter()
        .find(|left_out| left_out.id == "B")
        .map(|left_out| left_out.reason.clone());
    (oddities(&problem), reason.unwrap_or_default())
}

#[test]
fn sound_problem_is_not_odd() {
    assert_eq!(odd("100", "100"), (Vec::new(), String::new()));
}

#[test]
fn task_that_no_team_can_do_is_told_and_left_out() {
    let (told, reason) = odd("\"id\": \"B\",", "\"id\": \"B\", \"needs\": [\"dogs\"],");
    assert_eq!(told, ["tasks that no team can do, for what they need or where they are locked: B"]);
    assert_eq!(reason, "no team has what it needs: dogs");
}

#[test]
fn window_that_no_team_can_meet_is_told_and_left_out() {
    // The way alone takes two days.
    let (told, reason) = odd("\"id\": \"B\",", "\"id\": \"B\", \"window\": [0, 3],");
    assert_eq!(told, ["tasks whose window no team can meet, even alone: B"]);
    assert!(reason.contains("by day 3, where its window closes"), "{reason}");
    let (told, _) = odd("\"id\": \"B\",", "\"id\": \"B\", \"window\": [200, 300],");
    assert_eq!(told, ["tasks whose window no team can meet, even alone: B"]);
}

#[test]
fn team_that_can_reach_nothing_is_told() {
    let (told, reason) = odd("{\"id\": \"M1\"", "{\"id\": \"M2\", \"at\": [500, 0]}, {\"id\": \"M1\"");
    assert_eq!(told, ["teams that can reach and end no task at all: M2"]);
    assert_eq!(reason, "", "M1 does it");
    let (told, reason) = odd("\"work\": 2}]", "\"work\": 500}]");
    assert_eq!(told, ["tasks that no team can end in time, even alone: B"]);
    assert!(reason.contains("even alone"), "{reason}");
}

#[test]
fn no_work_and_no_worth_are_told() {
    let (told, _) = odd("\"work\": 2}]", "\"work\": 0}]");
    assert_eq!(told, ["tasks without any work: B"]);
    let (told, _) = odd("\"worth\": 1, \"work\": 2}]", "\"worth\": 0, \"work\": 2}]");
    assert_eq!(
        told,
        ["tasks whose worth is 0, so that no plan gains by them, which says nothing of the ground: B"]
    );
    // Orienteering: nothing has any work, and that is meant.
    let text = SOUND.replace("\"work\": 2", "\"work\": 0");
    assert_eq!(oddities(&Problem::read(&text, "test").unwrap()), Vec::<String>::new());
}

#[test]
fn budget_of_nothing_where_everything_costs_is_a_fault() {
    let with = |budget: &str, cost: &str| {
        let text = SOUND.replacen("100", &format!("100, \"budget\": {budget}"), 1);
        Problem::read(&text.replace("\"work\": 2", &format!("\"work\": 2, \"cost\": {cost}")), "test")
    };
    assert_eq!(with("0", "5").unwrap_err().faults()[0].code, "problem.budget");
    // Where something is free there is something to do.
    with("0", "0").unwrap();
    // More than nothing, and still too little: no fault, but nothing fits, and the plan says so.
    with("1", "5").unwrap();
}
