//! `clearway tasks`: the grids and the task areas, before anything is known of teams.

use super::*;

/// Writes the project file of a copied region anew.
fn change(region: &Path, act: impl FnOnce(String) -> String) {
    let path = region.join("project.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(path, act(text)).unwrap();
}

#[test]
fn task_areas_are_those_of_a_whole_run_and_no_plan_is_made() {
    let region = region("hillside");
    worked(region.path(), &["tasks", "project.toml", "--out", "areas", "--backend", "cpu"]);
    let args = ["run", "project.toml", "--out", "whole", "--backend", "cpu", "--iterations", "20"];
    worked(region.path(), &args);
    let read = |file: &str| std::fs::read(region.path().join(file)).unwrap();
    for name in ["tasks.csv", "tasks.geojson", "priority.tif", "curve.csv"] {
        assert_eq!(read(&format!("areas/{name}")), read(&format!("whole/{name}")), "{name}");
    }
    let names = std::fs::read_dir(region.path().join("areas")).unwrap();
    let names: Vec<String> =
        names.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
    assert!(names.iter().any(|name| name == "tasks.gpkg"), "{names:?}");
    // The workbook of that name holds tasks and criteria too.
    let of_plan = ["plan.csv", "plan.json", "plan.geojson", "plan.gpkg", "teams.html"];
    assert!(!names.iter().any(|name| of_plan.contains(&name.as_str())), "{names:?}");
    assert_eq!(json_file(&region.path().join("areas/run.json"))["command"], "tasks");
    worked(region.path(), &["verify", "areas"]);
    // What comes next: teams over these areas, nothing scored again.
    let args = ["plan", "project.toml", "--tasks", "areas", "--out", "planned", "--iterations", "20"];
    worked(region.path(), &args);
    assert!(region.path().join("planned/plan.csv").is_file());
}

#[test]
fn teams_are_not_read_where_they_do_not_matter() {
    let region = region("hillside");
    std::fs::remove_file(region.path().join("teams.csv")).unwrap();
    worked(region.path(), &["tasks", "project.toml", "--out", "areas", "--backend", "cpu"]);
    refused(region.path(), &["run", "project.toml", "--out", "whole"], &["input.missing"]);
    // Parcels are cut by what teams can work.
    let args = ["tasks", "project.toml", "--out", "parcels", "--set", "plan.max_team_days=20"];
    refused(region.path(), &args, &["input.missing"]);
}

#[test]
fn project_without_tasks_is_refused_before_any_work() {
    let region = region("hillside");
    change(region.path(), |text| text[..text.find("[tasks]").unwrap()].to_owned());
    let told = refused(region.path(), &["tasks", "project.toml", "--out", "areas"], &["project.missing_key"]);
    assert!(told.contains("clearway score"), "{told}");
    assert!(!region.path().join("areas").exists());
}
