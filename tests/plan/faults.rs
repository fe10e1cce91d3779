//! Bad problems: every fault has its name, its place and all others beside it.

use clearway::plan::{Problem, parse_solution};

/// A sound problem that each test breaks in its own way.
const SOUND: &str = r#"{"objective": "discounted", "horizon_days": 100, "distance": {"kind": "euclidean"},
  "teams": [{"id": "M1", "at": [0, 0], "capabilities": ["manual"]}],
  "tasks": [{"id": "A", "at": [1, 0], "worth": 1, "work": 2}, {"id": "B", "at": [2, 0], "worth": 1, "work": 2}]}"#;

#[track_caller]
fn codes(text: &str) -> Vec<&'static str> {
    let error = Problem::read(text, "p.json").expect_err("a fault");
    assert!(error.faults().iter().all(|fault| fault.place.starts_with("p.json")), "{error}");
    error.faults().iter().map(|fault| fault.code).collect()
}

/// The faults after replacing one piece of the sound problem.
#[track_caller]
fn broken(from: &str, to: &str) -> Vec<&'static str> {
    assert!(SOUND.contains(from), "the piece to replace");
    codes(&SOUND.replacen(from, to, 1))
}

#[test]
fn sound_problem_is_read_and_written_back() {
    let problem = Problem::read(SOUND, "p.json").unwrap();
    let again = Problem::read(&problem.to_json().unwrap(), "again").unwrap();
    assert_eq!(problem, again);
    // What is left out has the value the format gives it.
    assert!((problem.teams[0].rate - 1.0).abs() < 1e-15 && problem.teams[0].work_days_per_week == 7);
    assert!((problem.discount_per_year - 0.03).abs() < 1e-15 && problem.budget.is_none());
}

#[test]
fn text_that_is_no_problem_is_refused() {
    assert_eq!(codes("{"), ["problem.json"]);
    assert_eq!(codes("[]"), ["problem.type"]);
    assert_eq!(codes("{}"), ["problem.type", "problem.type", "problem.type"]);
    assert_eq!(broken("\"discounted\"", "\"fastest\""), ["problem.type"]);
    assert_eq!(broken("\"worth\": 1,", "\"worth\": \"much\","), ["problem.type"]);
}

#[test]
fn unknown_keys_are_all_named() {
    let text = SOUND.replacen("\"id\": \"M1\"", "\"id\": \"M1\", \"colour\": 1", 1);
    let text = text.replacen("\"id\": \"B\"", "\"id\": \"B\", \"wroth\": 1", 1);
    let text = text.replacen("{\"objective\"", "{\"budgt\": 1, \"objective\"", 1);
    assert_eq!(codes(&text), ["problem.unknown_key", "problem.unknown_key", "problem.unknown_key"]);
}

#[test]
fn ids_must_be_there_once() {
    assert_eq!(broken("\"id\": \"B\"", "\"id\": \"A\""), ["problem.duplicate_id"]);
    assert_eq!(broken("\"id\": \"B\"", "\"id\": \"\""), ["problem.empty_id"]);
    assert_eq!(broken("\"id\": \"B\"", "\"id\": \"B\", \"after\": [\"C\"]"), ["problem.unknown_id"]);
    assert_eq!(
        broken("\"id\": \"B\"", "\"id\": \"B\", \"work_by_team\": {\"M9\": 1}"),
        ["problem.unknown_id"]
    );
    assert_eq!(
        broken("\"id\": \"B\"", "\"id\": \"B\", \"lock\": {\"team\": \"M9\"}"),
        ["problem.unknown_id"]
    );
}

#[test]
fn numbers_out_of_range_are_named() {
    for (from, to) in [
        ("\"worth\": 1,", "\"worth\": -1,"),
        ("\"work\": 2", "\"work\": -2"),
        ("\"work\": 2", "\"work\": 2, \"cost\": -1"),
        ("\"work\": 2", "\"work\": 2, \"decay_per_day\": -1"),
        ("\"horizon_days\": 100", "\"horizon_days\": 0"),
        ("\"horizon_days\": 100", "\"horizon_days\": -5"),
        ("\"horizon_days\": 100", "\"horizon_days\": 100, \"budget\": -1"),
        ("\"horizon_days\": 100", "\"horizon_days\": 100, \"discount_per_year\": -0.1"),
        ("\"horizon_days\": 100", "\"horizon_days\": 100, \"start_weekday\": 7"),
        ("\"id\": \"M1\"", "\"id\": \"M1\", \"rate\": 0"),
        ("\"id\": \"M1\"", "\"id\": \"M1\", \"speed_per_day\": 0"),
        ("\"id\": \"M1\"", "\"id\": \"M1\", \"setup_days\": -1"),
        ("\"id\": \"M1\"", "\"id\": \"M1\", \"cost_factor\": -1"),
        ("\"id\": \"M1\"", "\"id\": \"M1\", \"cost_per_distance\": -1"),
        ("\"id\": \"M1\"", "\"id\": \"M1\", \"mobilisation\": -1"),
        ("\"id\": \"M1\"", "\"id\": \"M1\", \"work_days_per_week\": 0"),
        ("\"id\": \"M1\"", "\"id\": \"M1\", \"work_days_per_week\": 8"),
        ("\"kind\": \"euclidean\"", "\"kind\": \"euclidean\", \"detour\": 0"),
    ] {
        assert_eq!(broken(from, to), ["problem.range"], "{to}");
    }
    // Latitude 200 exists nowhere.
    let on_earth = SOUND.replace("euclidean", "geodesic").replace("[2, 0]", "[0, 200]");
    assert_eq!(codes(&on_earth), ["problem.range"]);
}

#[test]
fn intervals_must_have_an_inside() {
    for (from, to) in [
        ("\"id\": \"M1\"", "\"id\": \"M1\", \"available\": [9, 9]"),
        ("\"id\": \"M1\"", "\"id\": \"M1\", \"available\": [-1, 9]"),
        ("\"id\": \"M1\"", "\"id\": \"M1\", \"closed\": [[9, 3]]"),
        ("\"id\": \"B\"", "\"id\": \"B\", \"window\": [9, 3]"),
    ] {
        assert_eq!(broken(from, to), ["problem.interval"], "{to}");
    }
}

#[test]
fn teams_and_places_must_be_there() {
    let no_teams = SOUND.replace("{\"id\": \"M1\", \"at\": [0, 0], \"capabilities\": [\"manual\"]}", "");
    assert_eq!(codes(&no_teams), ["problem.no_teams"]);
    assert_eq!(broken("\"id\": \"B\", \"at\": [2, 0],", "\"id\": \"B\","), ["problem.no_place"]);
    assert_eq!(broken("\"horizon_days\": 100", "\"discount_per_year\": 0"), ["problem.horizon"]);
}

#[test]
fn circle_is_shown_as_it_runs() {
    let text = SOUND.replace("\"id\": \"A\"", "\"id\": \"A\", \"after\": [\"B\"]");
    let text = text.replace("\"id\": \"B\"", "\"id\": \"B\", \"after\": [\"A\"]");
    let error = Problem::read(&text, "p.json").unwrap_err();
    assert_eq!(error.faults()[0].code, "problem.cycle");
    assert_eq!(error.faults()[0].found, "A before B before A");
    assert_eq!(broken("\"id\": \"A\"", "\"id\": \"A\", \"after\": [\"A\"]"), ["problem.cycle"]);
}

#[test]
fn matrix_must_be_whole() {
    let with = |matrix: &str| {
        let text = format!("{{\"kind\": \"matrix\", \"matrix\": {matrix}}}");
        SOUND.replace("{\"kind\": \"euclidean\"}", &text)
    };
    Problem::read(&with("[[0, 1, 2], [1, 0, 1], [2, 1, 0]]"), "p.json").unwrap();
    assert_eq!(codes(&with("[[0, 1, 2], [1, 0, 1]]")), ["problem.matrix"]);
    assert_eq!(codes(&with("[[0, 1, 2], [1, 0], [2, 1, 0]]")), ["problem.matrix"]);
    assert_eq!(codes(&with("[[0, 1, 2], [1, 0, -1], [2, 1, 0]]")), ["problem.matrix"]);
    // A gap is no number.
    assert_eq!(codes(&with("[[0, null, 2], [1, 0, 1], [2, 1, 0]]")), ["problem.type"]);
    assert_eq!(broken("\"euclidean\"", "\"matrix\""), ["problem.matrix"]);
    assert_eq!(broken("\"euclidean\"", "\"euclidean\", \"matrix\": [[0]]"), ["problem.matrix"]);
}

#[test]
fn locks_that_cannot_hold_are_named() {
    for lock in [
        "\"lock\": {\"position\": 0}",
        "\"lock\": {\"team\": \"M1\", \"position\": 7}",
        "\"lock\": {\"team\": \"M1\", \"start\": 101}",
        "\"needs\": [\"dogs\"], \"lock\": {\"team\": \"M1\"}",
        "\"window\": [0, 5], \"lock\": {\"start\": 6}",
    ] {
        assert_eq!(broken("\"id\": \"B\"", &format!("\"id\": \"B\", {lock}")), ["problem.lock"], "{lock}");
    }
    let both = SOUND.replace("\"worth\"", "\"lock\": {\"team\": \"M1\", \"position\": 0}, \"worth\"");
    assert_eq!(codes(&both), ["problem.lock"]);
}

#[test]
fn all_faults_come_together() {
    let text = SOUND.replace("\"horizon_days\": 100", "\"horizon_days\": -1");
    let text = text.replace("\"id\": \"M1\"", "\"id\": \"M1\", \"rate\": -2");
    let text = text.replace("\"id\": \"B\"", "\"id\": \"B\", \"after\": [\"X\", \"B\"]");
    assert_eq!(codes(&text), ["problem.range", "problem.range", "problem.unknown_id", "problem.cycle"]);
}

#[test]
fn solution_that_does_not_parse_is_a_fault() {
    let error = parse_solution("{\"routes\": 3}", "plan.json").unwrap_err();
    assert_eq!(error.faults()[0].code, "solution.json");
}
