//! `clearway batch`: scenarios beside each other, reuse that changes nothing, going on after an interrupt.

use clearway::io::csv::Table;

use super::*;

const SCENARIOS: &str = r#"
[[scenario]]
name = "people first"
set = { "score.criteria.people.weight" = 6 }

[[scenario]]
name = '<script>alert("x")</script> ../../up, =HYPERLINK("y")'
set = { 'score.criteria."road access".weight' = 2, plan.team.M1.rate_m2_per_day = 1 }

[[scenario]]
name = "money"
grid = { "plan.budget_usd" = [400000, 900000] }

[[scenario]]
name = "narrow"
set = { "score.exposure" = { kernel = "disc", radius_m = 300 } }
"#;

const HOW: [&str; 5] = ["--backend", "cpu", "--iterations", "200", "-q"];

/// What a scenario writes that is not asked for everything.
const BRIEF: [&str; 11] = [
    "curve.csv",
    "plan.csv",
    "plan.geojson",
    "plan.json",
    "priority.qml",
    "priority.tif",
    "report.html",
    "run.json",
    "tasks.csv",
    "tasks.geojson",
    "tasks.qml",
];

fn names_in(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn batch(folder: &Path, scenarios: &str, more: &[&str]) -> Output {
    std::fs::write(folder.join("scenarios.toml"), scenarios).unwrap();
    let mut args = vec!["batch", "project.toml", "scenarios.toml", "--out", "out"];
    args.extend(HOW);
    args.extend(more);
    clearway(folder, &args)
}

/// A plan file without the seconds that the search took.
fn timeless(path: &Path) -> String {
    let text = std::fs::read_to_string(path).unwrap();
    text.lines().filter(|line| !line.contains("\"seconds\"")).collect::<Vec<_>>().join("\n")
}

#[test]
fn scenario_gives_the_files_that_a_run_on_its_own_gives() {
    let region = region("hillside");
    let output = batch(region.path(), SCENARIOS, &["--json"]);
    assert!(output.status.success(), "{}", stderr(&output));
    let told = json(&output);
    let rows = told["scenarios"].as_array().unwrap();
    assert_eq!(rows.len(), 6);
    let folders: Vec<&str> = rows.iter().map(|row| row["folder"].as_str().unwrap()).collect();
    assert_eq!(folders[0], "00-base");
    assert_eq!(folders[2], "02-script-alert-x-script-up-hyperlink-y");
    assert_eq!(folders[3], "03-money-budget-usd-400000");
    let alone: [(usize, &[&str]); 3] = [
        (2, &["--set", "score.criteria.\"road access\".weight=2", "--set", "plan.team.M1.rate_m2_per_day=1"]),
        (4, &["--set", "plan.budget_usd=900000"]),
        (5, &["--set", "score.exposure={kernel=\"disc\",radius_m=300}"]),
    ];
    for (number, sets) in alone {
        let mut args = vec!["run", "project.toml", "--out", "alone", "--overwrite"];
        args.extend(HOW);
        args.extend(sets);
        worked(region.path(), &args);
        let scenario = region.path().join("out").join(folders[number]);
        let mut n_files = 0;
        for entry in std::fs::read_dir(&scenario).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            let other = region.path().join("alone").join(name);
            n_files += 1;
            match name {
                "run.json" => {}
                "plan.json" => assert!(timeless(&path) == timeless(&other), "{number}: plan.json"),
                // What holds times or names of folders may differ there alone.
                name if name.ends_with(".html") || name.ends_with(".xlsx") => {}
                _ => assert!(
                    std::fs::read(&path).unwrap() == std::fs::read(&other).unwrap(),
                    "{number}: {name}"
                ),
            }
        }
        assert_eq!(n_files, BRIEF.len());
        assert!(BRIEF.iter().all(|name| scenario.join(name).is_file()), "{number}");
        let verified = worked(region.path(), &["verify", arg(&scenario), "--json"]);
        assert_eq!(json(&verified)["sound"], true);
    }
    let left: Vec<String> = std::fs::read_dir(region.path().join("out"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.starts_with('.'))
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn comparison_says_what_the_runs_say_and_escapes_names() {
    let region = region("hillside");
    let output = batch(region.path(), SCENARIOS, &[]);
    assert!(output.status.success(), "{}", stderr(&output));
    let out = region.path().join("out");
    let table =
        Table::read(&out.join("scenarios.csv"), &["name", "objective", "top_tenth_in_common"]).unwrap();
    for row in table.rows() {
        let folder = out.join(row.required("folder").unwrap());
        let plan = json_file(&folder.join("plan.json"));
        let objective = row.required_number("objective").unwrap();
        let told = plan["objective_value"].as_f64().unwrap();
        assert!((objective / told - 1.0).abs() < 1e-8, "{objective} against {told}");
        let n_done = Table::read(&folder.join("plan.csv"), &[]).unwrap().rows().len();
        assert_eq!(row.required_number("tasks_done").unwrap(), n_done as f64);
    }
    let base = table.rows().next().unwrap();
    for column in ["rank_spearman", "rank_kendall", "top_tenth_in_common", "plan_in_common"] {
        assert_eq!(base.required_number(column).unwrap(), 1.0, "{column}");
    }
    // Money changes no rank, a narrow kernel does.
    let spearman: Vec<f64> = table.rows().map(|row| row.required_number("rank_spearman").unwrap()).collect();
    assert_eq!((spearman[3], spearman[4]), (1.0, 1.0));
    assert!(spearman[5] < 1.0, "{spearman:?}");
    let page = std::fs::read_to_string(out.join("compare.html")).unwrap();
    assert!(!page.contains("<script") && page.contains("&lt;script&gt;alert("));
    assert!(!page.contains("http://") && !page.contains("https://"));
    assert_eq!(page.matches("<figure>").count(), 6);
    let tasks = Table::read(&out.join("scenario_tasks.csv"), &["task_id", "plans"]).unwrap();
    let most = tasks.rows().next().unwrap().required_number("plans").unwrap();
    assert!((1.0..=6.0).contains(&most));
}

#[test]
fn whole_scenarios_are_kept_and_others_made_again() {
    let region = region("hillside");
    let two = "[[scenario]]\nname = \"a\"\nset = { \"plan.budget_usd\" = 500000 }\n\
               [[scenario]]\nname = \"b\"\nset = { \"plan.budget_usd\" = 600000 }\n";
    assert!(batch(region.path(), two, &[]).status.success());
    let out = region.path().join("out");
    let started = |name: &str| json_file(&out.join(name).join("run.json"))["started"].clone();
    let before = ["00-base", "01-a", "02-b"].map(started);
    std::fs::remove_file(out.join("02-b/run.json")).unwrap();
    let again = batch(region.path(), two, &["--json"]);
    assert!(again.status.success(), "{}", stderr(&again));
    assert_eq!(json(&again)["kept"], 2);
    let after = ["00-base", "01-a", "02-b"].map(started);
    assert_eq!(before[..2], after[..2]);
    assert_ne!(before[2], after[2]);
    // Other settings are not written over unasked.
    let other = two.replace("500000", "550000");
    let refused = batch(region.path(), &other, &[]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(stderr(&refused).contains("01-a") && !stderr(&refused).contains("02-b"), "{}", stderr(&refused));
    assert_eq!(json(&batch(region.path(), &other, &["--overwrite", "--json"]))["kept"], 2);
}

#[test]
fn full_scenario_holds_all_that_a_run_writes_and_is_made_of_a_brief_one() {
    let region = region("hillside");
    let two = "[[scenario]]\nname = \"a\"\nset = { \"score.criteria.people.weight\" = 5 }\n\
               [[scenario]]\nname = \"b\"\nset = { \"score.criteria.people.weight\" = 1 }\n";
    assert!(batch(region.path(), two, &[]).status.success());
    let out = region.path().join("out");
    assert_eq!(names_in(&out.join("01-a")), BRIEF);
    assert_eq!(json_file(&out.join("01-a/run.json"))["options"]["brief"], true);
    assert_eq!(json_file(&out.join("00-base/run.json"))["options"]["brief"], false);
    let refused = clearway(region.path(), &["explain", "out/01-a", "--at", "0,0"]);
    assert_ne!(refused.status.code(), Some(0));
    // Only that which is wanted whole is made again, and nothing need be overwritten for it.
    let whole = two.replace("name = \"a\"", "name = \"a\"\nfull = true");
    let output = batch(region.path(), &whole, &["--json"]);
    assert!(output.status.success(), "{}", stderr(&output));
    assert_eq!(json(&output)["kept"], 2);
    let mut args = vec!["run", "project.toml", "--out", "alone", "--set", "score.criteria.people.weight=5"];
    args.extend(HOW);
    worked(region.path(), &args);
    let alone = region.path().join("alone");
    assert_eq!(names_in(&out.join("01-a")), names_in(&alone));
    for name in names_in(&alone).iter().filter(|name| name.ends_with(".tif") || name.ends_with(".gpkg")) {
        let same =
            std::fs::read(out.join("01-a").join(name)).unwrap() == std::fs::read(alone.join(name)).unwrap();
        assert!(same, "{name}");
    }
    // A whole one is enough where a brief one is asked for; with formats by name they are written too.
    assert_eq!(json(&batch(region.path(), two, &["--json"]))["kept"], 3);
    let output = batch(region.path(), two, &["--formats", "kml", "--overwrite"]);
    assert!(output.status.success(), "{}", stderr(&output));
    assert!(out.join("02-b/tasks.kml").is_file() && !out.join("02-b/benefit.tif").exists());
    let output = batch(region.path(), two, &["--full", "--overwrite"]);
    assert!(output.status.success(), "{}", stderr(&output));
    assert!(out.join("02-b/benefit.tif").is_file());
}

#[test]
fn all_faults_of_all_scenarios_come_before_any_work() {
    let region = region("hillside");
    let faulty = r#"
[[scenario]]
name = "typo"
set = { "plan.budgt_usd" = 1 }
[[scenario]]
name = "nobody"
set = { "score.criteria.nobody.weight" = 1 }
[[scenario]]
name = "no team"
set = { "plan.team.M99.rate_m2_per_day" = 1 }
[[scenario]]
name = "range"
grid = { "plan.discount" = [0.03, 7] }
"#;
    let output = batch(region.path(), faulty, &[]);
    assert_eq!(output.status.code(), Some(2));
    let text = stderr(&output);
    for part in [
        "scenario \"typo\"",
        "scenario \"nobody\"",
        "scenario \"no team\"",
        "scenario \"range, discount 7\"",
        "[set.syntax]",
        "[teams.unknown]",
    ] {
        assert!(text.contains(part), "no {part} in:\n{text}");
    }
    assert!(!text.contains("discount 0.03"), "{text}");
    assert!(!region.path().join("out").exists());
    let twice = "[[scenario]]\nname = \"a\"\n[[scenario]]\nname = \"a\"\nst = {}\n";
    let output = batch(region.path(), twice, &[]);
    let text = stderr(&output);
    assert!(text.contains("[scenarios.duplicate]") && text.contains("`scenario[1].st`"), "{text}");
}

#[test]
fn correlations_agree_with_numbers_worked_by_hand() {
    use clearway::report::compare::{kendall, spearman};
    let pairs = [(1.0, 1.0), (2.0, 3.0), (3.0, 2.0), (4.0, 4.0)];
    assert!((spearman(&pairs).unwrap() - 0.8).abs() < 1e-12);
    assert!((kendall(&pairs).unwrap() - 4.0 / 6.0).abs() < 1e-12);
    // Mid-ranks 1.5 1.5 3 4 5 and 2 1 3.5 3.5 5: ρ = 9 / 9.5. Of 10 pairs one is tied on either side, the other 8 stand
    // the same way round: τ = 8 / √(9 · 9).
    let tied = [(1.0, 2.0), (1.0, 1.0), (2.0, 3.0), (3.0, 3.0), (4.0, 5.0)];
    assert!((spearman(&tied).unwrap() - 9.0 / 9.5).abs() < 1e-12);
    assert!((kendall(&tied).unwrap() - 8.0 / 9.0).abs() < 1e-12);
    let reversed: Vec<(f64, f64)> = (0..100).map(|i| (f64::from(i), -f64::from(i))).collect();
    assert_eq!((spearman(&reversed), kendall(&reversed)), (Some(-1.0), Some(-1.0)));
    assert_eq!((spearman(&[(1.0, 1.0)]), kendall(&[(1.0, 2.0), (1.0, 3.0)])), (None, None));
}
