//! Floors, replanning, what-if and parcels, as a person meets them.

use std::sync::{Arc, Mutex, Weak};

use super::*;

/// Plans the made-up hillside again and again from one scored run.
struct Hillside {
    folder: tempfile::TempDir,
}

impl Hillside {
    /// One scored run for the tests that run side by side; the last of them removes it.
    fn shared() -> Arc<Self> {
        static SHARED: Mutex<Weak<Hillside>> = Mutex::new(Weak::new());
        let mut shared = SHARED.lock().unwrap();
        if let Some(hillside) = shared.upgrade() {
            return hillside;
        }
        let hillside = Arc::new(Self::with(&[]));
        *shared = Arc::downgrade(&hillside);
        hillside
    }

    fn with(more: &[&str]) -> Self {
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
    let hillside = Hillside::shared();
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

#[test]
fn plan_is_planned_anew_from_a_day_on() {
    let hillside = Hillside::shared();
    let at = hillside.folder.path();
    let project = here("grids/hillside/project.toml");
    let date = "2028-06-01";
    let replan = |out: &str, more: &[&str]| {
        let mut args = vec!["plan", arg(&project), "--from", "run", "--date", date, "--out", out];
        args.extend(["--iterations", "300"]);
        args.extend(more);
        let told = String::from_utf8(worked(at, &args).stdout).unwrap();
        worked(at, &["verify", out]);
        (json_file(&at.join(out).join("plan.json")), told)
    };
    let before = json_file(&at.join("run/plan.json"));
    let (plan, told) = replan("same", &[]);
    let finished = plan["replanned"]["standing"]["finished"].as_array().unwrap();
    let under_way = plan["replanned"]["standing"]["under_way"].as_array().unwrap();
    assert!(!finished.is_empty() && !under_way.is_empty(), "{}", plan["replanned"]);
    assert!(told.contains("replanned") && told.contains("under way are kept"), "{told}");
    // What is under way is the first task of the team that it was with; what is finished is in no route.
    for begun in under_way {
        let route = plan["routes"].as_array().unwrap().iter().find(|r| r["team"] == begun["team"]).unwrap();
        assert_eq!(route["tasks"][0]["id"], begun["task"]);
    }
    let text = plan["routes"].to_string();
    assert!(finished.iter().all(|begun| !text.contains(&begun["task"].to_string())));
    // Nothing changed but the search: what was planned for the days after is worth no less now.
    let done: Vec<&serde_json::Value> = finished.iter().map(|begun| &begun["task"]).collect();
    let ahead: f64 = before["routes"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|route| route["tasks"].as_array().unwrap())
        .filter(|stop| !done.contains(&&stop["id"]))
        .map(|stop| stop["discounted_worth"].as_f64().unwrap())
        .sum();
    assert!(plan["objective_value"].as_f64().unwrap() >= ahead * (1.0 - 1e-9), "{ahead}");
    // Less money: something is dropped, and it says so.
    let spent = plan["replanned"]["standing"]["spent"].as_f64().unwrap();
    let budget = format!("plan.budget_usd={}", (spent + 300_000.0).round());
    let (poorer, told) = replan("poorer", &["--set", &budget]);
    let dropped: Vec<&serde_json::Value> =
        poorer["changes"].as_array().unwrap().iter().filter(|change| change["what"] == "dropped").collect();
    assert!(!dropped.is_empty() && told.contains("dropped") && told.contains("the budget was"), "{told}");
    assert!(dropped.iter().all(|change| change["was"]["team"].is_string() && change["now"].is_null()));
    // A replan of the replan knows what had ended before it: the same as planned anew from the first run, in what
    // stands and in money.
    let mut args = vec!["plan", arg(&project), "--from", "same", "--tasks", "run", "--date", "2028-09-01"];
    args.extend(["--out", "again", "--iterations", "300"]);
    worked(at, &args);
    let again = json_file(&at.join("again/plan.json"));
    let all = again["problem"]["tasks"].as_array().unwrap().len();
    let ended = again["replanned"]["standing"]["finished"].as_array().unwrap();
    assert!(ended.len() > finished.len() && ended[..finished.len()] == finished[..]);
    assert_eq!(all + ended.len(), before["problem"]["tasks"].as_array().unwrap().len());
    let money = |plan: &serde_json::Value| plan["replanned"]["standing"]["spent"].as_f64().unwrap();
    let left = again["problem"]["budget"].as_f64().unwrap();
    assert!(money(&again) > money(&plan) && (left + money(&again) - 2_900_000.0).abs() < 1e-3);
    assert_eq!(again["replanned"]["inputs_changed"].as_array().unwrap().len(), 0);
    // What cannot be.
    let args = |more: &[&'static str]| {
        let mut args = vec!["plan", arg(&project), "--from", "run", "--out", "none"];
        args.extend(more);
        args
    };
    refused(at, &args(&["--date", "2031-01-01"]), &["plan.from"]);
    refused(at, &args(&["--date", date, "--set", "plan.start=\"2027-04-01\""]), &["plan.from"]);
    refused(at, &args(&["--date", date, "--set", "plan.budget_usd=1000"]), &["plan.from"]);
    refused(
        at,
        &["plan", arg(&project), "--from", "nowhere", "--date", date, "--out", "none"],
        &["run.not_finished"],
    );
}

#[test]
fn what_more_teams_money_and_time_would_do_is_told() {
    let hillside = Hillside::shared();
    let plan = hillside.plan("plan", &[]);
    let of = |what: &str| -> f64 {
        let all = plan["marginal"].as_array().unwrap();
        let found = all.iter().find(|m| m["what"].as_str().unwrap().starts_with(what));
        found.unwrap_or_else(|| panic!("{what}: {all:?}"))["difference"].as_f64().unwrap()
    };
    // The budget binds there: less does less, more does more, and time more still; a team more costs money only.
    assert!(of("budget -25 %") < of("budget -10 %") && of("budget -10 %") < 0.0);
    assert!(of("budget +25 %") > 0.0 && of("one year more") > 0.0 && of("one year less") < 0.0);
    assert!(of("one more manual team") > -1e-6 * plan["objective_value"].as_f64().unwrap());
    assert!(plan["shadow_prices"]["money"].as_f64().unwrap() > 0.0);
    assert_eq!(plan["shadow_prices"]["team_days"].as_array().unwrap().len(), 6);
    let off = hillside.plan("off", &["--set", "plan.what_if=false"]);
    assert!(off["marginal"].is_null());
}

#[test]
fn task_larger_than_a_team_should_do_alone_is_cut_into_parcels() {
    // 12 days of the battle area team's 2,000 m²; tasks that need nothing special go by the fastest, 5,370 m² a day.
    let hillside = Hillside::with(&["--set", "plan.max_team_days=8"]);
    let at = hillside.folder.path();
    let table =
        clearway::io::csv::Table::read(&at.join("run/tasks.csv"), &["task_id", "area_m2", "parcel_of"])
            .unwrap();
    let (mut whole, mut parts) = (std::collections::BTreeMap::<String, f64>::new(), 0);
    for row in table.rows() {
        let of = row.text("parcel_of").filter(|of| !of.is_empty());
        let id = row.required("task_id").unwrap();
        let area = row.required_number("area_m2").unwrap();
        if let Some(of) = of {
            assert!(id.starts_with(&format!("{of}/")));
            assert!(area <= 8.0 * 5_370.0 * 1.06, "{id}: {area}");
            parts += 1;
        }
        *whole.entry(of.unwrap_or(id).to_owned()).or_default() += area;
    }
    assert!(parts > 4, "{parts} parcels");
    // The parcels of a task are its ground.
    let uncut = Hillside::shared();
    let table =
        clearway::io::csv::Table::read(&uncut.folder.path().join("run/tasks.csv"), &["task_id"]).unwrap();
    for row in table.rows() {
        let (id, area) = (row.required("task_id").unwrap(), row.required_number("area_m2").unwrap());
        assert!((whole[id] / area - 1.0).abs() < 1e-6, "{id}: {} of {area}", whole[id]);
    }
    worked(at, &["verify", "run"]);
    // What is said of the whole holds for its parcels.
    let of = whole.keys().find(|id| table_has(at, &format!("{id}/2"))).unwrap();
    let lock = format!("plan.locked=[{{task={of:?},team=\"H1\"}}]");
    let plan = hillside.plan("locked", &["--set", &lock]);
    let tasks = plan["problem"]["tasks"].as_array().unwrap();
    let locked = tasks.iter().filter(|task| task["lock"]["team"] == "H1");
    assert!(locked.clone().count() > 1);
    assert!(locked.clone().all(|task| task["id"].as_str().unwrap().starts_with(&format!("{of}/"))));
}

#[test]
fn sampled_worths_are_those_the_plan_is_followed_through() {
    let of = |hillside: &Hillside, run: &str| {
        let plan = json_file(&hillside.folder.path().join(run).join("plan.json"));
        (plan["uncertainty"].clone(), plan["objective_value"].as_f64().unwrap())
    };
    let still = ["--set", "plan.uncertainty={ samples = 40, duration_cv = 0 }"];
    let samples = ["--set", "score.robustness.samples=16"];
    let number = |found: &serde_json::Value, key: &str| found[key].as_f64().unwrap();
    // The region has a layer of standard deviations of hazard; parcels have worths of their own.
    let parcels = ["--set", "plan.max_team_days=8"];
    let hillside = Hillside::with(&[&still[..], &samples, &parcels].concat());
    let (found, _) = of(&hillside, "run");
    assert_eq!((&found["worths"], &found["worth_samples"]), (&"sampled".into(), &16.into()));
    assert!(number(&found, "percentile_95") > number(&found, "percentile_5"), "{found}");
    // Less memory and another number of threads change nothing.
    let little = ["--memory", "64MiB", "--threads", "1"];
    let again = Hillside::with(&[&still[..], &samples, &parcels, &little].concat());
    assert_eq!(of(&again, "run").0, found);
    // The tasks of a finished run come without grids, so their worths are as they were scored.
    let plan = hillside.plan("again", &still);
    assert_eq!(plan["uncertainty"]["worths"], "as scored");
    assert_eq!(plan["uncertainty"]["worth_samples"], 0);
    // No spread of weights and of hazard: every sample is the plan itself.
    let benefit = ["--set", "plan.worth=benefit", "--set", "score.robustness.hazard_sigma=0"];
    let no_ranges = ["--set", "score.robustness.ranges={}"];
    let flat = Hillside::with(&[&still[..], &samples, &benefit, &no_ranges].concat());
    let (found, value) = of(&flat, "run");
    assert_eq!(found["worths"], "sampled", "{found}");
    let is_value = |key: &str| (number(&found, key) / value - 1.0).abs() < 1e-5;
    assert!(["mean", "percentile_5", "percentile_95"].into_iter().all(is_value), "{found}, {value}");
    // In an ordered list drawn weights move the cells inside their tiers.
    let list = ["--set", "score.benefit=ordered", "--set", "score.criteria.people.threshold=0.5"];
    let listed = Hillside::with(&[&still[..], &samples, &benefit, &list].concat());
    let (found, value) = of(&listed, "run");
    assert_eq!((&found["worths"], &found["worth_samples"]), (&"sampled".into(), &16.into()));
    assert!(number(&found, "percentile_95") > number(&found, "percentile_5"), "{found}");
    assert!((number(&found, "mean") / value - 1.0).abs() < 0.5, "{found}, {value}");
}

fn table_has(at: &Path, id: &str) -> bool {
    std::fs::read_to_string(at.join("run/tasks.csv")).unwrap().contains(id)
}

#[test]
fn budget_that_buys_nothing_is_told_before_anything_is_scored() {
    let folder = folder();
    let project = here("grids/hillside/project.toml");
    let refuse = |budget: &str, more: &[&str]| {
        let budget = format!("plan.budget_usd={budget}");
        let mut args = vec!["check", arg(&project), "--set", &budget];
        args.extend(more);
        refused(folder.path(), &args, &["plan.budget"])
    };
    // The cheapest team takes 4,500 to bring in.
    assert!(refuse("4000", &[]).contains("the cheapest mobilisation, 4500"));
    refuse("0", &[]);
}
