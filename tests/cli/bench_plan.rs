//! `clearway bench --plan`: a folder of problems beside its best known values.

use std::path::Path;

use super::{json, refused, worked};

/// One team at 0 and tasks at 1 and −2 worth 3 and 5; a horizon of 4 leaves time for one of them.
const COLLECT: &str = r#"{"objective": "collect", "horizon_days": 4, "distance": {"kind": "euclidean"},
  "teams": [{"id": "M", "at": [0, 0]}],
  "tasks": [{"id": "A", "at": [1, 0], "worth": 3, "work": 1}, {"id": "B", "at": [-2, 0], "worth": 5, "work": 1}]}"#;

/// Two tasks of 1 and 2 days, worth 1 each, one team: 1·1 + 1·3 = 4 at least.
const COMPLETION: &str = r#"{"objective": "completion", "teams": [{"id": "M"}],
  "tasks": [{"id": "A", "worth": 1, "work": 1}, {"id": "B", "worth": 1, "work": 2}]}"#;

fn folder(best_known: &str, second: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write("collect.json", COLLECT);
    write("second.json", second);
    if !best_known.is_empty() {
        write("best_known.csv", best_known);
    }
    folder
}

fn bench(folder: &Path) -> serde_json::Value {
    json(&worked(folder, &["bench", "--plan", ".", "--iterations", "200", "--json"]))
}

#[test]
fn gaps_are_to_the_best_known_whichever_way_is_better() {
    // 5 of 10 falls 50 % short; 4 where 3.2 is best lies 25 % above.
    let folder = folder("instance,best_known\ncollect,10\nsecond,3.2\n", COMPLETION);
    let report = bench(folder.path());
    let rows = report["instances"].as_array().unwrap();
    let gap = |i: usize| rows[i]["gap_percent"].as_f64().unwrap();
    assert!((gap(0) - 50.0).abs() < 1e-9 && (gap(1) - 25.0).abs() < 1e-9, "{report:#}");
    assert!((report["mean_gap_percent"].as_f64().unwrap() - 37.5).abs() < 1e-9);
    assert!((report["worst_gap_percent"].as_f64().unwrap() - 50.0).abs() < 1e-9);
    assert_eq!(rows[0]["judge"], "holds");
    let value = |i: usize, key: &str| rows[i][key].as_f64().unwrap();
    assert!(value(0, "upper_bound") >= 5.0 - 1e-9 && value(1, "upper_bound") <= 4.0 + 1e-9, "{report:#}");
    let table = worked(folder.path(), &["bench", "--plan", ".", "--iterations", "200"]);
    let table = String::from_utf8(table.stdout).unwrap();
    assert!(table.contains("50.0000") && table.contains("mean 37.5000 %"), "{table}");
}

#[test]
fn problem_without_a_best_known_value_has_no_gap() {
    let folder = folder("", COMPLETION);
    let report = bench(folder.path());
    assert!(report["instances"][0]["gap_percent"].is_null() && report["mean_gap_percent"].is_null());
    assert!((report["instances"][0]["objective_value"].as_f64().unwrap() - 5.0).abs() < 1e-9);
}

#[test]
fn problem_without_a_plan_is_a_row_and_exit_code_1() {
    let late = COMPLETION.replace("\"objective\"", "\"horizon_days\": 2, \"objective\"");
    let folder = folder("instance,best_known\nsecond,3.2\n", &late);
    let output = super::clearway(folder.path(), &["bench", "--plan", ".", "--iterations", "9", "--json"]);
    assert_eq!(output.status.code(), Some(1));
    let row = &json(&output)["instances"][1];
    assert!(row["judge"].as_str().unwrap().starts_with("plan.incomplete"), "{row}");
    assert!(row["objective_value"].is_null() && row["gap_percent"].is_null());
}

#[test]
fn faults_of_the_folder_come_together() {
    let folder = folder("instance,best_known\nthird,3.2\n", "{}");
    refused(folder.path(), &["bench", "--plan", "."], &["problem.type", "bench.missing"]);
    refused(folder.path(), &["bench", "--plan", "nowhere"], &["bench.folder"]);
    let empty = tempfile::tempdir().unwrap();
    refused(empty.path(), &["bench", "--plan", "."], &["bench.empty"]);
}
