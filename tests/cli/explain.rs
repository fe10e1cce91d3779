//! `clearway explain`: every number is the one that the run wrote.

use clearway::grid::{Cells as _, is_unknown};
use clearway::io::csv::Table;
use clearway::io::geotiff::GeoTiff;
use serde_json::Value;

use super::*;
use crate::common::all;

/// A finished run of the small region with overrides of its project.
fn run(region: &Path, command: &str, overrides: &[&str]) {
    let mut args = vec![command, "project.toml", "--out", "out", "--backend", "cpu", "--overwrite"];
    if command == "run" {
        args.extend(["--iterations", "50"]);
    }
    for set in overrides {
        args.extend(["--set", set]);
    }
    worked(region, &args);
}

fn explained(region: &Path, more: &[&str]) -> Value {
    let mut args = vec!["explain", "out", "--json"];
    args.extend(more);
    json(&worked(region, &args))
}

/// Explains some cells and compares every number with the grids.
fn check_cells(region: &Path, n_criteria: usize) {
    let grid = |name: &str| GeoTiff::open(&region.join("out").join(name), 1).unwrap();
    let frame = grid("priority.tif").frame().clone();
    let rank = all(&grid("priority.tif"));
    let scored: Vec<usize> = (0..rank.len()).filter(|i| !is_unknown(rank[*i])).collect();
    let best = *scored.iter().max_by(|a, b| rank[**a].total_cmp(&rank[**b])).unwrap();
    for i in [scored[0], best, scored[scored.len() / 2], scored[scored.len() - 1]] {
        let (col, row) = (i % frame.n_cols, i / frame.n_cols);
        let at = frame.centre(col as i64, row as i64);
        let why = explained(region, &["--at", &format!("{},{}", at.x, at.y)]);
        assert_eq!(
            (why["cell"]["col"].as_u64(), why["cell"]["row"].as_u64()),
            (Some(col as u64), Some(row as u64))
        );
        assert_eq!(why["scored"], true);
        for name in ["priority", "class", "benefit", "cost", "benefit_per_cost", "exposure", "people_at_risk"]
        {
            let written = f64::from(all(&grid(&format!("{name}.tif")))[i]);
            assert_eq!(why[name].as_f64(), Some(written), "{name}");
        }
        let benefit = why["benefit"].as_f64().unwrap();
        let criteria = why["criteria"].as_array().unwrap();
        assert_eq!(criteria.len(), n_criteria);
        let sum: f64 = criteria.iter().map(|c| c["contribution"].as_f64().unwrap()).sum();
        assert!((sum - benefit).abs() <= 1e-5 * benefit + 1e-9, "{sum} is not the benefit {benefit}");
        let (hazard, cost) = (&why["layers"]["hazard"]["value"], &why["layers"]["cost"]["value"]);
        let at_risk = hazard.as_f64().unwrap() * why["exposure"].as_f64().unwrap();
        assert!((at_risk - why["people_at_risk"].as_f64().unwrap()).abs() <= 1e-6 * at_risk);
        assert_eq!(cost.as_f64(), why["cost"].as_f64());
        let bands = why["exposure_from"].as_array().unwrap();
        let sum: f64 = bands.iter().map(|band| band["exposure"].as_f64().unwrap()).sum();
        let exposure = why["exposure"].as_f64().unwrap();
        assert!((sum - exposure).abs() <= 1e-5 * exposure, "bands add up to {sum}, not {exposure}");
        let own = why["layers"]["population"]["value"].as_f64().unwrap();
        assert_eq!(bands[0]["people"].as_f64(), Some(own), "the first band is the cell itself");
        assert_eq!(why["warnings"], serde_json::json!([]));
    }
}

#[test]
fn cells_are_explained_by_the_numbers_that_the_run_wrote() {
    for name in ["hillside", "plain"] {
        let region = region(name);
        run(region.path(), "score", &[]);
        check_cells(region.path(), 2);
    }
    let region = region("hillside");
    // Quantiles and an ordered list: what they are made of is not written and is counted again.
    let list = [
        "score.benefit=ordered",
        "score.criteria.people.threshold=0.8",
        "score.criteria.people.value=quantile",
    ];
    run(region.path(), "score", &list);
    check_cells(region.path(), 2);
    // Sampled, with its tier and how sure its rank is.
    run(region.path(), "score", &[&list[..], &["score.robustness.samples=16"]].concat());
    check_cells(region.path(), 2);
    let frame = GeoTiff::open(&region.path().join("out/priority.tif"), 1).unwrap().frame().clone();
    let at = frame.centre(100, 120);
    let why = explained(region.path(), &["--at", &format!("{},{}", at.x, at.y)]);
    for key in ["tier", "acceptability", "rank_mean", "rank_sd"] {
        assert!(why[key].is_number(), "{key}: {why}");
    }
    run(region.path(), "score", &["score.benefit=sum", "score.criteria.1.value=quantile"]);
    check_cells(region.path(), 2);
}

#[test]
fn point_in_longitude_and_latitude_is_the_same_cell_and_text_says_it_too() {
    let region = region("hillside");
    run(region.path(), "score", &[]);
    let frame = GeoTiff::open(&region.path().join("out/priority.tif"), 1).unwrap().frame().clone();
    let at = frame.centre(100, 120);
    let why = explained(region.path(), &["--at", &format!("{},{}", at.x, at.y)]);
    let lonlat = format!("{},{}", why["lon_lat"][0], why["lon_lat"][1]);
    let same = explained(region.path(), &["--at", &lonlat, "--lonlat"]);
    assert_eq!(why, same);
    let text = worked(region.path(), &["explain", "out", "--at", &lonlat, "--lonlat"]);
    let text = String::from_utf8(text.stdout).unwrap();
    for word in [
        "column 100, row 120",
        "criterion people",
        "criterion road access",
        "exposure from",
        "layer slope_factor",
    ] {
        assert!(text.contains(word), "no {word:?} in:\n{text}");
    }
    for word in ["safe", "cleared"] {
        assert!(!text.contains(word), "{text}");
    }
}

#[test]
fn cell_that_is_not_scored_is_told_why() {
    let region = region("hillside");
    let gate = "score.gates=[{ layer = \"road_distance\", exclude_below = 300 }]";
    run(region.path(), "score", &[gate]);
    let of = |name: &str| all(&GeoTiff::open(&region.path().join(name), 1).unwrap());
    let (hazard, roads, rank) = (of("hazard.tif"), of("road_distance.tif"), of("out/priority.tif"));
    let frame = GeoTiff::open(&region.path().join("hazard.tif"), 1).unwrap().frame().clone();
    let why = |i: usize| {
        let at = frame.centre((i % frame.n_cols) as i64, (i / frame.n_cols) as i64);
        explained(region.path(), &["--at", &format!("{},{}", at.x, at.y)])
    };
    let unknown = (0..rank.len()).find(|i| is_unknown(hazard[*i])).unwrap();
    let told = why(unknown);
    assert_eq!(told["scored"], false);
    assert!(told["reasons"].to_string().contains("layer `hazard` is unknown here"), "{told}");
    let gated =
        (0..rank.len()).find(|i| is_unknown(rank[*i]) && !is_unknown(hazard[*i]) && roads[*i] < 300.0);
    let told = why(gated.unwrap());
    assert!(told["reasons"].to_string().contains("the gate on layer `road_distance` excludes"), "{told}");
    assert_eq!(told["gates"][0]["excludes"], true);
}

#[test]
fn tasks_are_explained_by_their_rows() {
    let region = region("hillside");
    run(region.path(), "run", &[]);
    let table = Table::read(&region.path().join("out/tasks.csv"), &["task_id", "rank"]).unwrap();
    let plan = Table::read(&region.path().join("out/plan.csv"), &["task_id", "team_id"]).unwrap();
    let (mut n_planned, mut n_left) = (0, 0);
    let ranks: Vec<f64> = table.rows().filter_map(|row| row.number("rank").unwrap()).collect();
    for row in table.rows().take(12) {
        let id = row.required("task_id").unwrap();
        let why = explained(region.path(), &["--task", id]);
        for name in table.headers() {
            let told = &why["columns"][name];
            let number = row.number(name).ok().flatten().filter(|_| name != "task_id" && name != "imsma_id");
            match number {
                Some(number) => assert_eq!(told.as_f64(), Some(number), "{id}, {name}"),
                None => assert_eq!(told.as_str(), row.text(name), "{id}, {name}"),
            }
        }
        if let Some(rank) = row.number("rank").unwrap() {
            let place = 1 + ranks.iter().filter(|other| **other > rank).count();
            assert_eq!(why["place"].as_u64(), Some(place as u64), "{id}");
        }
        match plan.rows().find(|planned| planned.text("task_id") == Some(id)) {
            Some(planned) => {
                assert_eq!(why["plan"]["team_id"].as_str(), planned.text("team_id"));
                assert_eq!(why["plan"]["start"].as_str(), planned.text("start"));
                n_planned += 1;
            }
            None => {
                assert!(why["unassigned"].as_str().is_some_and(|reason| !reason.is_empty()), "{why}");
                n_left += 1;
            }
        }
    }
    assert!(n_planned > 0 && n_left + n_planned == 12, "{n_planned} planned, {n_left} left");
    // The cell under a task names it.
    let row = table.rows().find(|row| row.number("rank").unwrap().is_some()).unwrap();
    let at = format!("{},{}", row.required("lon").unwrap(), row.required("lat").unwrap());
    let why = explained(region.path(), &["--at", &at, "--lonlat"]);
    assert!(why["tasks"].is_array(), "{why}");
}

#[test]
fn what_cannot_be_explained_is_refused_with_what_can() {
    let region = region("hillside");
    run(region.path(), "score", &[]);
    let text = refused(region.path(), &["explain", "out", "--at", "0,0"], &["explain.outside"]);
    assert!(
        text.contains("x 496160 to 503840") && text.contains("EPSG:32626") && text.contains("--lonlat"),
        "{text}"
    );
    refused(region.path(), &["explain", "out", "--at", "-200,95", "--lonlat"], &["explain.outside"]);
    refused(region.path(), &["explain", "out", "--task", "A"], &["explain.no_file"]);
    refused(region.path(), &["explain", ".", "--task", "A"], &["run.not_finished"]);
    for args in [["--at", "1;2"], ["--at", "1,2,3"], ["--at", "nan,2"]] {
        let mut all = vec!["explain", "out"];
        all.extend(args);
        assert_eq!(clearway(region.path(), &all).status.code(), Some(2), "{args:?}");
    }
    assert_eq!(clearway(region.path(), &["explain", "out"]).status.code(), Some(2));
}

#[test]
fn changed_input_is_told() {
    let region = region("hillside");
    run(region.path(), "score", &[]);
    // Another file under the same name.
    let path = region.path().join("population.tif");
    let mut bytes = std::fs::read(&path).unwrap();
    bytes.push(0);
    std::fs::write(&path, bytes).unwrap();
    let frame = GeoTiff::open(&region.path().join("out/priority.tif"), 1).unwrap().frame().clone();
    let at = frame.centre(90, 90);
    let why = explained(region.path(), &["--at", &format!("{},{}", at.x, at.y)]);
    let warnings = why["warnings"].to_string();
    assert!(warnings.contains("population.tif has changed since the run"), "{warnings}");
    assert_eq!(why["warnings"].as_array().unwrap().len(), 1, "{warnings}");
    // Its project file may change: the settings are those of the record.
    std::fs::write(region.path().join("project.toml"), "nonsense").unwrap();
    let again = explained(region.path(), &["--at", &format!("{},{}", at.x, at.y)]);
    assert_eq!(again["criteria"], why["criteria"]);
}
