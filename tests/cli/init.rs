//! `clearway init`: a folder of layers becomes a project file that passes, and nothing of a person's is written over.

use super::*;

/// The shipped region without its project file.
fn layers(name: &str) -> tempfile::TempDir {
    let region = region(name);
    std::fs::remove_file(region.path().join("project.toml")).unwrap();
    region
}

fn project_of(folder: &Path) -> String {
    std::fs::read_to_string(folder.join("project.toml")).unwrap()
}

#[test]
fn folder_of_layers_becomes_a_project_that_passes_and_runs() {
    let region = layers("hillside");
    let told = json(&worked(region.path(), &["init", ".", "--yes", "--json"]));
    assert_eq!(
        (&told["check"], &told["teams_template"]),
        (&serde_json::Value::Null, &serde_json::Value::Null)
    );
    let project = project_of(region.path());
    for line in [
        "hazard = { path = \"hazard.tif\" }",
        "hazard_sd = { path = \"hazard_sd.tif\" }",
        "population = { path = \"population.tif\", unit = \"people_per_cell\" }",
        "cost = { path = \"cost.tif\", unit = \"usd_per_m2\" }",
        "areas = { path = \"hazardous_areas.geojson\", id = \"imsma_id\" }",
        "difficulty = \"slope_factor\"",
        "teams = \"teams.csv\"",
        "settlements = \"settlements.csv\"",
        "districts = { path = \"districts.geojson\", name = \"name\" }",
        "# landcover = { path = \"landcover.tif\" }",
    ] {
        assert!(project.contains(line), "no {line} in:\n{project}");
    }
    worked(region.path(), &["run", "project.toml", "--out", "out", "--backend", "cpu", "--iterations", "20"]);
    assert!(region.path().join("out/plan.csv").is_file());
}

#[test]
fn project_file_and_teams_are_not_written_over() {
    let region = region("plain");
    let before = project_of(region.path());
    refused(region.path(), &["init", "."], &["init.exists"]);
    assert_eq!(project_of(region.path()), before);
    // A table that nobody recognises is a person's all the same.
    std::fs::write(region.path().join("teams.csv"), "crew,town\nA,B\n").unwrap();
    worked(region.path(), &["init", ".", "--overwrite"]);
    assert_eq!(std::fs::read_to_string(region.path().join("teams.csv")).unwrap(), "crew,town\nA,B\n");
    assert!(project_of(region.path()).contains("\n# [plan]"));
}

#[test]
fn template_of_teams_is_marked_and_no_plan_takes_it() {
    let region = layers("hillside");
    std::fs::remove_file(region.path().join("teams.csv")).unwrap();
    let told = json(&worked(region.path(), &["init", ".", "--json"]));
    assert_eq!((&told["check"], &told["teams_template"]), (&serde_json::Value::Null, &"./teams.csv".into()));
    // The plan is written as comments; taken as it is, the template is refused.
    let project = project_of(region.path());
    let (before, plan) = project.split_once("# [plan]").unwrap();
    let plan = format!("# [plan]{plan}").replace("\n# ", "\n").replacen("# ", "", 1);
    std::fs::write(region.path().join("project.toml"), format!("{before}{plan}")).unwrap();
    let text = refused(region.path(), &["check", "project.toml"], &["teams.placeholder"]);
    assert!(text.contains("your manual team") && text.contains("your mechanical team"), "{text}");
    // Asked again, it is still seen as one to be filled in.
    worked(region.path(), &["init", ".", "--overwrite"]);
    assert!(project_of(region.path()).contains("\n# [plan]"));
}

#[test]
fn hazard_is_built_where_there_is_no_raster_of_it() {
    let region = layers("hillside");
    std::fs::remove_file(region.path().join("hazard.tif")).unwrap();
    std::fs::remove_file(region.path().join("hazard_sd.tif")).unwrap();
    let told = json(&worked(region.path(), &["init", ".", "--json"]));
    assert_eq!(told["check"], serde_json::Value::Null, "{told:#}");
    let project = project_of(region.path());
    assert!(project.contains("\n[hazard]\nareas = { path = \"hazardous_areas.geojson\""), "{project}");
    assert!(project.contains("\"CHA\" = 0.9") && project.contains("\"SHA\" = 0.05"), "{project}");
}

#[test]
fn what_is_missing_is_missing_loudly() {
    let empty = folder();
    let output = worked(empty.path(), &["init", "."]);
    let text = stderr(&output);
    for words in ["no hazard was found", "no population was found", "[input.missing]"] {
        assert!(text.contains(words), "no {words} in:\n{text}");
    }
    assert!(project_of(empty.path()).contains("# MISSING"));
    refused(empty.path(), &["init", "nowhere"], &["init.folder"]);
}

#[cfg(unix)]
#[test]
fn names_of_files_stay_data_in_the_project_file() {
    let region = layers("hillside");
    let odd = "hazard \"x\" # \u{1b}[2J.tif";
    std::fs::rename(region.path().join("hazard.tif"), region.path().join(odd)).unwrap();
    let output = worked(region.path(), &["init", ".", "--json"]);
    assert_eq!(json(&output)["check"], serde_json::Value::Null);
    let output = worked(region.path(), &["init", ".", "--overwrite"]);
    assert!(
        !stderr(&output).contains('\u{1b}') && !output.stdout.contains(&0x1b),
        "an escape sequence came out"
    );
}

#[test]
fn real_layers_become_a_project_that_passes() {
    let Some(data) = crate::common::shared_data("init on real layers") else { return };
    for (name, words) in [
        ("doboj", ["scale = 0.0005", "resample = \"sum\"", "id = \"imsma_id\""]),
        ("antioquia", ["hazard_prob.tif", "hazard_sd.tif", "linear = [5, 0]"]),
    ] {
        let copy = folder();
        for entry in std::fs::read_dir(data.join(name)).unwrap() {
            let path = entry.unwrap().path();
            std::fs::copy(&path, copy.path().join(path.file_name().unwrap())).unwrap();
        }
        let told = json(&worked(copy.path(), &["init", ".", "--json"]));
        assert_eq!(told["check"], serde_json::Value::Null, "{name}: {told:#}");
        let project = project_of(copy.path());
        for word in words {
            assert!(project.contains(word), "{name}: no {word} in:\n{project}");
        }
    }
}
