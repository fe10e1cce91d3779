//! What a hurried planner does: stops a run, asks for half of it, names what is not there, moves folders.

use std::path::Path;
#[cfg(unix)]
use std::process::{Command, Stdio};

use super::*;

/// The shipped hillside region with a change to its project file.
#[track_caller]
fn changed(from: &str, to: &str) -> tempfile::TempDir {
    let region = region("hillside");
    let project = region.path().join("project.toml");
    let text = std::fs::read_to_string(&project).unwrap();
    assert!(text.contains(from), "no {from:?} in:\n{text}");
    std::fs::write(project, text.replacen(from, to, 1)).unwrap();
    region
}

const QUICK: [&str; 5] = ["--out", "out", "--iterations=50", "--backend", "cpu"];

fn with<'a>(args: &[&'a str]) -> Vec<&'a str> {
    args.iter().copied().chain(QUICK).collect()
}

#[cfg(unix)]
#[test]
fn interrupted_search_keeps_the_best_plan_found() {
    let region = region("hillside");
    let mut child = Command::new(env!("CARGO_BIN_EXE_clearway"))
        .args(["run", "project.toml", "--out", "out", "--backend", "cpu", "--seconds", "60", "-v"])
        .current_dir(region.path())
        .stderr(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    // Once the search has told its first value, it is under way.
    let lines = std::io::BufRead::lines(std::io::BufReader::new(child.stderr.take().unwrap()));
    let mut said = Vec::new();
    for line in lines {
        said.push(line.unwrap());
        if said.last().unwrap().contains("best ") && !said.iter().any(|line| line == "stopped") {
            let pid = child.id().to_string();
            assert!(Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
            said.push("stopped".to_owned());
        }
    }
    assert!(child.wait().unwrap().success(), "{said:?}");
    let record = json_file(&region.path().join("out/run.json"));
    assert!(record["warnings"].to_string().contains("interrupted"), "{}", record["warnings"]);
    assert_eq!(json(&worked(region.path(), &["verify", "out", "--json"]))["sound"], true);
    let hidden = |entry: std::io::Result<std::fs::DirEntry>| {
        entry.unwrap().file_name().to_string_lossy().starts_with('.')
    };
    assert!(!std::fs::read_dir(region.path().join("out")).unwrap().any(hidden), "a hidden folder was left");
}

#[test]
fn plan_of_a_project_without_plan_is_refused() {
    let region = region("hillside");
    let project = region.path().join("project.toml");
    let text = std::fs::read_to_string(&project).unwrap();
    let (before, _) = text.split_once("[plan]").unwrap();
    std::fs::write(&project, before).unwrap();
    let text = refused(region.path(), &with(&["plan", "project.toml"]), &["project.missing_key"]);
    assert!(text.contains("[plan]"), "{text}");
    // Grids and task areas alone are a run.
    worked(region.path(), &with(&["run", "project.toml"]));
    assert!(region.path().join("out/tasks.csv").is_file());
}

#[test]
fn check_tells_its_faults_as_json_too() {
    let region = changed("years = ", "yeers = ");
    let output = clearway(region.path(), &["check", "project.toml", "--json"]);
    assert_eq!(output.status.code(), Some(2));
    let faults = json(&output)["faults"].clone();
    assert_eq!(faults[0]["code"], "project.unknown_key");
    assert!(faults[0]["fix"].as_str().unwrap().contains("years"), "{faults}");
}

#[test]
fn what_the_plan_names_and_is_not_there_is_told_before_any_work() {
    let region = region("hillside");
    let set = [
        "--set=plan.worth=nosuch",
        "--set=plan.locked=[{task=\"no-task\",team=\"no-team\"}]",
        "--set=plan.after=[{task=\"no-first\",needs=\"no-second\"}]",
        "--set=tasks.areas.imsma_id=no_column",
    ];
    let args: Vec<&str> = ["check", "project.toml"].into_iter().chain(set[..3].iter().copied()).collect();
    let codes = ["plan.unknown_column", "plan.unknown_task", "plan.unknown_team"];
    let text = refused(region.path(), &args, &codes);
    for word in ["nosuch", "no-task", "no-team", "no-first", "no-second"] {
        assert!(text.contains(word), "{word} is not in:\n{text}");
    }
    refused(region.path(), &["check", "project.toml", set[3]], &["input.missing_column"]);
}

#[test]
fn record_says_how_to_repeat_the_run_and_is_verified_from_another_folder() {
    let region = region("hillside");
    worked(region.path(), &with(&["run", "project.toml", "--seed", "7"]));
    let record = json_file(&region.path().join("out/run.json"));
    let options = &record["options"];
    assert_eq!((&options["iterations"], &options["seed"]), (&50.into(), &7.into()));
    assert_eq!((&options["backend"], &options["compress"]), (&"cpu".into(), &"deflate".into()));
    let elsewhere = folder();
    let run = region.path().join("out");
    let verified = worked(elsewhere.path(), &["verify", arg(&run), "--json"]);
    assert_eq!(json(&verified)["warnings"], serde_json::json!([]), "inputs are found from anywhere");
    // A plan over the run's task areas has read the teams, too.
    worked(region.path(), &["plan", "project.toml", "--tasks", "out", "--out", "again", "--iterations=50"]);
    let inputs = json_file(&region.path().join("again/run.json"))["inputs"].to_string();
    assert!(inputs.contains("teams.csv") && inputs.contains("tasks.geojson"), "{inputs}");
}

#[test]
fn record_without_outputs_does_not_pass_for_sound() {
    let run = folder();
    std::fs::write(run.path().join("run.json"), r#"{"program": "clearway", "outputs": [], "inputs": []}"#)
        .unwrap();
    refused(run.path(), &["verify", "."], &["run.record"]);
}

#[test]
fn costs_of_the_plan_sum_up_to_what_the_table_says() {
    let region = region("hillside");
    let output = worked(region.path(), &with(&["run", "project.toml", "--json"]));
    let rows = clearway::io::csv::Table::read(&region.path().join("out/plan.csv"), &["cost_usd"]).unwrap();
    let sum: f64 = rows.rows().map(|row| row.required_number("cost_usd").unwrap()).sum();
    let told = json(&output)["plan"]["cost_usd"].as_f64().unwrap();
    // plan.csv holds 9 digits a number.
    assert!((sum / told - 1.0).abs() < 1e-7, "{sum} in plan.csv, {told} told");
}

#[test]
fn bare_problem_takes_no_project_keys() {
    let here = folder();
    let output = clearway(here.path(), &["plan", "--problem", "p.json", "--set", "plan.years=2"]);
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
    assert!(stderr(&output).contains("--set"), "{}", stderr(&output));
}

#[test]
fn own_columns_keep_their_digits_and_their_names() {
    let region = region("hillside");
    let path = region.path().join("hazardous_areas.geojson");
    let mut areas = json_file(&path);
    for (i, feature) in areas["features"].as_array_mut().unwrap().iter_mut().enumerate() {
        let own = feature["properties"].as_object_mut().unwrap();
        own.insert("survey_lon".into(), (18.123_456_789_012 + i as f64).into());
        own.insert("rank".into(), (i + 1).into());
        own.insert("source_rank".into(), "=cmd()".into());
    }
    std::fs::write(&path, areas.to_string()).unwrap();
    worked(region.path(), &with(&["run", "project.toml", "--set=plan.worth=rank"]));
    let tasks = std::fs::read_to_string(region.path().join("out/tasks.csv")).unwrap();
    let header = tasks.lines().next().unwrap();
    for column in [",rank,", ",source_rank", ",source_source_rank"] {
        assert!(header.contains(column), "{column} is not in {header}");
    }
    assert!(tasks.contains("18.123456789012") && tasks.contains("'=cmd()"), "{tasks}");
    // Planned from the run's task areas, the worth is the source's own `rank` again.
    let again = [
        "plan",
        "project.toml",
        "--tasks",
        "out",
        "--out",
        "again",
        "--iterations=50",
        "--set=plan.worth=rank",
    ];
    worked(region.path(), &again);
    let read = |run: &str| std::fs::read_to_string(region.path().join(run).join("plan.csv")).unwrap();
    assert_eq!(read("again"), read("out"));
}

/// Puts a text into a column of every row of the region's teams.
fn set_teams(region: &Path, column: &str, of_row: impl Fn(usize) -> String) {
    let path = region.join("teams.csv");
    let text = std::fs::read_to_string(&path).unwrap();
    let mut lines = text.lines();
    let header = lines.next().unwrap();
    let at = header.split(',').position(|name| name == column).unwrap();
    let mut out = format!("{header}\n");
    for (i, line) in lines.enumerate() {
        let mut fields: Vec<String> = line.split(',').map(str::to_owned).collect();
        fields[at] = of_row(i);
        out += &(fields.join(",") + "\n");
    }
    std::fs::write(path, out).unwrap();
}

#[test]
fn team_that_comes_after_the_horizon_is_left_out_and_named() {
    let region = region("hillside");
    let late = |i: usize| if i == 0 { "2099-01-01" } else { "" }.to_owned();
    set_teams(region.path(), "available_to", |_| String::new());
    set_teams(region.path(), "available_from", late);
    let output = worked(region.path(), &with(&["run", "project.toml", "--json"]));
    let warnings = json(&output)["warnings"].to_string();
    assert!(warnings.contains("left out: M1"), "{warnings}");
    assert_eq!(json(&worked(region.path(), &["verify", "out", "--json"]))["sound"], true);
    set_teams(region.path(), "available_from", |_| "2099-01-01".to_owned());
    let args: Vec<&str> = with(&["run", "project.toml", "--overwrite"]);
    refused(region.path(), &args, &["teams.none_available"]);
}

#[test]
fn plan_that_does_nothing_says_why() {
    let region = region("hillside");
    set_teams(region.path(), "closed", |_| "01-01/12-31".to_owned());
    let output = worked(region.path(), &with(&["run", "project.toml", "--json"]));
    let json = json(&output);
    assert_eq!(json["plan"]["tasks_done"], 0);
    assert!(json["warnings"].to_string().contains("`closed`"), "{}", json["warnings"]);
}

#[test]
fn folder_in_place_of_a_project_file_is_told_which_file_to_give() {
    let region = region("hillside");
    let text = refused(region.path(), &["check", "."], &["project.folder"]);
    assert!(text.contains("give ./project.toml"), "{text}");
}

#[test]
fn device_with_the_native_engine_is_refused() {
    let region = region("hillside");
    let args = ["score", "project.toml", "--backend", "cpu", "--device", "llvmpipe", "--out", "out"];
    refused(region.path(), &args, &["options.device"]);
    let args = ["score", "project.toml", "--device", "llvmpipe", "--out", "out"];
    let said = stderr(&worked(region.path(), &args));
    assert!(said.contains("as named") && !said.contains("best GPU"), "{said}");
}

#[test]
fn needs_may_be_a_list_and_a_worthless_plan_has_no_gap() {
    let region = region("hillside");
    let path = region.path().join("hazardous_areas.geojson");
    let mut areas = json_file(&path);
    for feature in areas["features"].as_array_mut().unwrap() {
        feature["properties"]["needs"] = serde_json::json!(["mdd"]);
        feature["properties"]["nothing"] = 0.into();
    }
    std::fs::write(&path, areas.to_string()).unwrap();
    worked(region.path(), &with(&["run", "project.toml"]));
    let plan = json_file(&region.path().join("out/plan.json"));
    assert_eq!(plan["problem"]["tasks"][0]["needs"], serde_json::json!(["mdd"]));
    worked(region.path(), &with(&["run", "project.toml", "--overwrite", "--set=plan.worth=nothing"]));
    let plan = json_file(&region.path().join("out/plan.json"));
    assert_eq!((&plan["objective_value"], &plan["gap_percent"]), (&0.0.into(), &0.0.into()));
}

#[test]
fn inputs_are_never_written_over() {
    // The region's own cost.tif has the name of a grid that a run writes.
    let region = region("hillside");
    let before = std::fs::read(region.path().join("cost.tif")).unwrap();
    let args = ["run", "project.toml", "--out", "."];
    assert!(refused(region.path(), &args, &["out.exists"]).contains("cost.tif"), "not an earlier run's");
    for command in ["run", "score"] {
        let args = [command, "project.toml", "--out", ".", "--backend", "cpu", "--overwrite"];
        let text = refused(region.path(), &args, &["out.over_input"]);
        assert!(text.contains("cost.tif"), "{text}");
    }
    assert_eq!(std::fs::read(region.path().join("cost.tif")).unwrap(), before);
    // Nor are the task areas that a plan is made of.
    worked(region.path(), &with(&["run", "project.toml"]));
    let args = with(&["plan", "project.toml", "--tasks", "out", "--overwrite"]);
    refused(region.path(), &args, &["out.over_input"]);
    assert!(
        region.path().join("out/tasks.geojson").is_file() && region.path().join("out/run.json").is_file()
    );
}

#[test]
fn score_takes_no_options_of_the_search() {
    let output = clearway(folder().path(), &["score", "project.toml", "--seconds", "5"]);
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn bare_problem_of_the_guide_is_planned() {
    let page = std::fs::read_to_string(here("docs/guide/src/problem.md")).unwrap();
    let (_, rest) = page.split_once("```json").unwrap();
    let (problem, _) = rest.split_once("```").unwrap();
    let out = folder();
    std::fs::write(out.path().join("p.json"), problem).unwrap();
    let args = ["plan", "--problem", "p.json", "--iterations", "50", "--out", "out", "--json"];
    assert_eq!(json(&worked(out.path(), &args))["plan"]["tasks_done"], 1);
}

#[test]
fn region_is_not_made_over_other_files() {
    let there = folder();
    std::fs::write(there.path().join("hazard.tif"), "someone's own").unwrap();
    refused(there.path(), &["synth", "--size", "2", "--out", "."], &["synth.exists"]);
    assert_eq!(std::fs::read_to_string(there.path().join("hazard.tif")).unwrap(), "someone's own");
    worked(there.path(), &["synth", "--size", "2", "--out", "new"]);
}
