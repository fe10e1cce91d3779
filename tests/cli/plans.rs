//! Floors, replanning, what-if and parcels, as a person meets them.

use super::*;

/// Plans the made-up hillside again and again from one scored run.
struct Hillside {
    folder: tempfile::TempDir,
}

impl Hillside {
    fn new(more: &[&str]) -> Self {
        let folder = folder();
        let project = here("grids/hillside/project.toml");
        let mut args = vec!["run", arg(&project), "--out", "run", "--iterations", "300", "--backend", "cpu"];
        args.extend(more);
        worked(folder.path(), &args);
        Self { folder }
    }

    fn plan(&self, out: &str, more: &[&str]) -> serde_json::Value {
        let project = here("grids/hillside/project.toml");
        let mut args = vec!["plan", arg(&project), "--tasks", "run", "--out", out, "--iterations", "300"];
        args.extend(more);
        worked(self.folder.path(), &args);
        worked(self.folder.path(), &["verify", out]);
        json_file(&self.folder.path().join(out).join("plan.json"))
    }
}

#[test]
fn floor_of_the_project_is_kept_and_told() {
    let hillside = Hillside::new(&[]);
    let plan = hillside.plan("free", &[]);
    // The district that gets least: a floor somewhat above what it gets.
    let (mut all, mut of) = (0.0, std::collections::BTreeMap::<String, f64>::new());
    let done: Vec<String> = plan["routes"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|route| route["tasks"].as_array().unwrap())
        .map(|stop| stop["id"].as_str().unwrap().to_owned())
        .collect();
    for task in plan["problem"]["tasks"].as_array().unwrap() {
        let worth = task["worth"].as_f64().unwrap()
            * f64::from(u8::from(done.iter().any(|id| task["id"] == id.as_str())));
        all += worth;
        *of.entry(task["district"].as_str().expect("a district").to_owned()).or_default() += worth;
    }
    let (district, least) = of.iter().min_by(|a, b| a.1.total_cmp(b.1)).unwrap();
    let share = least / all + 0.02;
    let floor = format!("plan.floor=[{{district={district:?},share={share}}}]");
    let with = hillside.plan("fair", &["--set", &floor]);
    let reached = with["floors"][0]["reached"].as_f64().unwrap();
    assert!(reached >= share - 1e-9 && least / all < share, "{reached} of {share}");
    assert!(with["objective_value"].as_f64().unwrap() <= plan["upper_bound"].as_f64().unwrap());
    let keeps = |b: &serde_json::Value| b["keeps_floors"].is_boolean();
    assert!(with["baselines"].as_array().unwrap().iter().all(keeps));
}

#[test]
fn floors_that_contradict_are_told_before_anything_is_scored() {
    let folder = folder();
    let project = here("grids/hillside/project.toml");
    let set = |floors: &str| format!("plan.floor=[{floors}]");
    let refuse = |floors: &str, codes: &[&str]| {
        let floors = set(floors);
        refused(folder.path(), &["check", arg(&project), "--set", &floors], codes)
    };
    let text = refuse("{district=\"Atlantis\",share=0.6},{district=\"Lemuria\",share=0.5}", &["plan.floor"]);
    assert_eq!(text.matches("[plan.floor]").count(), 3, "{text}");
    refuse("{district=\"Atlantis\",share=1.5}", &["project.value"]);
    refuse("{district=\"Atlantis\"}", &["project.missing_key"]);
}
