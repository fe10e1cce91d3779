//! The main job on the regions shipped in `grids/`.

use std::collections::BTreeMap;

use clearway::grid::is_unknown;
use clearway::io::csv::Table;
use clearway::io::geotiff::GeoTiff;

use super::*;
use crate::common::all;

/// Everything a run writes (interface.md §3), besides what later issues add.
const FILES: [&str; 29] = [
    "priority.tif",
    "class.tif",
    "benefit.tif",
    "cost.tif",
    "benefit_per_cost.tif",
    "exposure.tif",
    "people_at_risk.tif",
    "priority.qml",
    "class.qml",
    "class.clr",
    "benefit.qml",
    "cost.qml",
    "benefit_per_cost.qml",
    "exposure.qml",
    "people_at_risk.qml",
    "curve.csv",
    "tasks.csv",
    "tasks.geojson",
    "tasks.qml",
    "tasks.gpkg",
    "plan.gpkg",
    "plan.xlsx",
    "map.png",
    "teams.html",
    "plan.csv",
    "plan.geojson",
    "plan.json",
    "report.html",
    "run.json",
];

fn run(region: &str, more: &[&str]) -> tempfile::TempDir {
    let out = folder();
    let project = here("grids").join(region).join("project.toml");
    let target = out.path().join("run");
    let mut args =
        vec!["run", arg(&project), "--out", arg(&target), "--iterations", "300", "--backend", "cpu"];
    args.extend(more);
    worked(out.path(), &args);
    out
}

#[test]
fn run_writes_every_file_and_verify_passes() {
    for region in ["hillside", "plain"] {
        let out = run(region, &[]);
        let target = out.path().join("run");
        for name in FILES {
            assert!(target.join(name).is_file(), "{region}: no {name}");
        }
        let left: Vec<_> = std::fs::read_dir(&target).unwrap().map(|e| e.unwrap().file_name()).collect();
        assert_eq!(left.len(), FILES.len(), "{region}: something else was left: {left:?}");
        let verified = worked(out.path(), &["verify", "run", "--json"]);
        assert_eq!(json(&verified)["sound"], true);
    }
}

#[test]
fn plan_is_no_worse_than_any_baseline_and_within_its_bound() {
    for region in ["hillside", "plain"] {
        let out = run(region, &[]);
        let plan = json_file(&out.path().join("run/plan.json"));
        let value = plan["objective_value"].as_f64().unwrap();
        let baselines = plan["baselines"].as_array().unwrap();
        assert_eq!(baselines.len(), 3);
        for baseline in baselines {
            assert!(value >= baseline["objective_value"].as_f64().unwrap(), "{region}: {baseline}");
        }
        assert!(value <= plan["upper_bound"].as_f64().unwrap() * (1.0 + 1e-9), "{region}");
    }
}

#[test]
fn tables_agree_with_grids_and_with_each_other() {
    let out = run("hillside", &[]);
    let target = out.path().join("run");
    let rank = all(&GeoTiff::open(&target.join("priority.tif"), 1).unwrap());
    let class = all(&GeoTiff::open(&target.join("class.tif"), 1).unwrap());
    let n_scored = rank.iter().filter(|&&v| !is_unknown(v)).count();
    assert_eq!(n_scored, class.iter().filter(|&&v| !is_unknown(v)).count());
    let record = json_file(&target.join("run.json"));
    assert_eq!(record["results"]["score"]["scored_cells"], n_scored);
    assert!(rank.iter().filter(|v| !is_unknown(**v)).all(|v| (0.0..=100.0).contains(v)));

    // Its colours lie in it and beside it.
    let colours = std::fs::read_to_string(target.join("class.clr")).unwrap();
    let bytes = std::fs::read(target.join("class.tif")).unwrap();
    let mut decoder = tiff::decoder::Decoder::new(std::io::Cursor::new(bytes)).unwrap();
    let map = decoder.get_tag_u16_vec(tiff::tags::Tag::ColorMap).unwrap();
    let of = |class: usize| [0, 1, 2].map(|channel| (map[256 * channel + class] >> 8).to_string()).join(" ");
    let expected: Vec<String> = (1..=4).map(|class| format!("{class} {}", of(class))).collect();
    assert_eq!(colours.lines().collect::<Vec<_>>(), expected);
    assert_eq!(class.iter().fold(0.0, |most: f32, class| most.max(*class)), 4.0);

    // The last row of the curve is the whole.
    let curve = Table::read(&target.join("curve.csv"), &["cells", "cost_usd"]).unwrap();
    let last = curve.rows().last().unwrap();
    assert_eq!(last.required_number("cells").unwrap() as usize, n_scored);
    let cost: f64 = all(&GeoTiff::open(&target.join("cost.tif"), 1).unwrap())
        .iter()
        .filter(|v| !is_unknown(**v))
        .map(|v| f64::from(*v))
        .sum();
    assert!((last.required_number("cost_usd").unwrap() / cost - 1.0).abs() < 1e-5);

    // Every task done is a task, is done once, and costs no less than tasks.csv says.
    let tasks = Table::read(&target.join("tasks.csv"), &["task_id", "cost_usd", "area_m2"]).unwrap();
    let known: BTreeMap<String, f64> = tasks
        .rows()
        .map(|row| (row.required("task_id").unwrap().to_owned(), row.required_number("area_m2").unwrap()))
        .collect();
    let plan = Table::read(&target.join("plan.csv"), &["task_id", "start", "end"]).unwrap();
    let mut done = std::collections::BTreeSet::new();
    for row in plan.rows() {
        let id = row.required("task_id").unwrap().to_owned();
        assert!(known.contains_key(&id), "{id}");
        assert!(row.required("start").unwrap() <= row.required("end").unwrap());
        assert!(done.insert(id));
    }
    assert!(!done.is_empty());
}

#[test]
fn same_seed_and_iterations_give_the_same_bytes() {
    let (one, two) =
        (run("hillside", &["--threads", "1"]), run("hillside", &["--threads", "2", "--memory", "64MiB"]));
    // plan.json holds the seconds the search took, run.json and the report the time of day, the last two the date.
    let differs = ["plan.json", "report.html", "run.json", "map.png", "teams.html"];
    for name in FILES.iter().filter(|name| !differs.contains(name)) {
        let read = |out: &tempfile::TempDir| std::fs::read(out.path().join("run").join(name)).unwrap();
        assert!(read(&one) == read(&two), "{name} differs");
    }
}

#[test]
fn software_gpu_agrees_with_the_native_engine() {
    for region in ["hillside", "plain"] {
        let (native, gpu) = (run(region, &[]), {
            let out = folder();
            let project = here("grids").join(region).join("project.toml");
            let target = out.path().join("run");
            let args =
                ["score", arg(&project), "--out", arg(&target), "--backend", "gpu", "--device", "llvmpipe"];
            worked(out.path(), &args);
            out
        });
        let rank =
            |out: &tempfile::TempDir| all(&GeoTiff::open(&out.path().join("run/priority.tif"), 1).unwrap());
        let (a, b) = (rank(&native), rank(&gpu));
        crate::common::assert_cells(&b, &a, 1, 0.01, 0.0);
        assert_eq!(json_file(&gpu.path().join("run/run.json"))["engine"]["kind"], "gpu");
    }
}

#[test]
fn plan_alone_takes_the_tasks_of_a_run_or_scores_anew() {
    let out = run("hillside", &[]);
    let project = here("grids/hillside/project.toml");
    let common = ["--iterations", "300", "--backend", "cpu"];
    let mut args = vec!["plan", arg(&project), "--tasks", "run", "--out", "from-run"];
    args.extend(common);
    worked(out.path(), &args);
    let mut args = vec!["plan", arg(&project), "--out", "anew"];
    args.extend(common);
    worked(out.path(), &args);
    assert!(!out.path().join("anew/priority.tif").exists(), "plan writes no grids");
    for folder in ["from-run", "anew"] {
        assert_eq!(json(&worked(out.path(), &["verify", folder, "--json"]))["sound"], true);
        let read = |run: &str| std::fs::read_to_string(out.path().join(run).join("plan.csv")).unwrap();
        assert_eq!(read(folder), read("run"), "{folder}: the same tasks give the same plan");
    }
}

#[test]
fn bare_problem_is_planned_and_verified() {
    let out = folder();
    // Two tasks 1 apart on a line, one team at 0: 1 day to A, 1 day of work, 1 day to B, 1 of work. Both by day 4.
    let problem = r#"{ "objective": "collect", "horizon_days": 4, "distance": {"kind": "euclidean"},
        "teams": [{"id": "R1", "at": [0, 0]}],
        "tasks": [{"id": "A", "at": [1, 0], "worth": 3, "work": 1}, {"id": "B", "at": [2, 0], "worth": 4, "work": 1}] }"#;
    std::fs::write(out.path().join("two.json"), problem).unwrap();
    let planned = worked(out.path(), &["plan", "--problem", "two.json", "--iterations", "50", "--json"]);
    assert_eq!(json(&planned)["plan"]["objective_value"], 7.0);
    assert_eq!(json(&worked(out.path(), &["verify", "runs/two", "--json"]))["sound"], true);
}

#[test]
fn verify_finds_a_changed_grid_and_a_changed_plan() {
    let out = run("hillside", &[]);
    let target = out.path().join("run");
    let grid = target.join("class.tif");
    let mut bytes = std::fs::read(&grid).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    std::fs::write(&grid, bytes).unwrap();
    let plan = target.join("plan.json");
    let mut json_plan = json_file(&plan);
    let value = json_plan["objective_value"].as_f64().unwrap();
    json_plan["objective_value"] = (value * 1.01).into();
    std::fs::write(&plan, json_plan.to_string()).unwrap();
    let verified = clearway(out.path(), &["verify", "run", "--json"]);
    assert_eq!(verified.status.code(), Some(1));
    let violations = json(&verified)["violations"].to_string();
    assert!(violations.contains("class.tif"), "{violations}");
    assert!(violations.contains("plan.json") && violations.contains("objective"), "{violations}");
}
