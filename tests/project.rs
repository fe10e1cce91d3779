//! The project file: defaults, overrides, and every fault with its place, all together.

use std::path::Path;

use clearway::error::Error;
use clearway::plan::Objective;
use clearway::run::project::{ClosedSeason, LayerSource, Project, TaskSource, TeamsSource};
use clearway::score::{Bound, Kernel, Source, Value};

mod project {
    mod in_memory;
    mod measures;
    mod oddities;
    mod values;
}

const LEAST: &str = r#"
[project]
name = "test"
[layers]
hazard = { path = "hazard.tif" }
population = { path = "population.tif" }
"#;

fn open(text: &str, overrides: &[&str]) -> Result<Project, Error> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("project.toml");
    std::fs::write(&file, text).unwrap();
    let overrides: Vec<String> = overrides.iter().map(|text| (*text).to_owned()).collect();
    Project::open(&file, &overrides)
}

/// The codes and places of a project's faults.
#[track_caller]
fn faults(text: &str) -> Vec<(String, String)> {
    let error = open(text, &[]).expect_err("faults");
    assert_eq!(error.exit_code(), 2);
    error
        .faults()
        .iter()
        .map(|fault| {
            let (_, place) = fault.place.split_once("project.toml:").expect("the file");
            let place = place.trim_start();
            (fault.code.to_owned(), place.to_owned())
        })
        .collect()
}

#[test]
fn least_project_gets_the_defaults_of_the_contract() {
    let project = open(LEAST, &[]).unwrap();
    assert_eq!((project.name.as_str(), project.seed, project.frame.as_str()), ("test", 1, "hazard"));
    assert!(matches!(project.layer("cost").unwrap().source, LayerSource::Constant(2.0)));
    let recipe = &project.score.recipe;
    assert_eq!(recipe.kernel, Kernel::Gaussian { sigma_m: 1000.0 });
    assert_eq!(recipe.class_percents, [5.0, 15.0, 40.0]);
    assert_eq!(recipe.criteria.len(), 1);
    assert_eq!(recipe.criteria[0].source, Source::Exposure);
    assert_eq!(recipe.criteria[0].value, Value::Linear { lo: Bound::At(0.0), hi: Bound::Max });
    assert!(project.tasks.is_none() && project.plan.is_none());
}

#[test]
fn paths_are_relative_to_the_project_file() {
    let project = open(LEAST, &[]).unwrap();
    let LayerSource::Raster { path, band } = &project.layer("hazard").unwrap().source else {
        panic!("a raster")
    };
    assert_eq!((path.parent().unwrap(), *band), (project.folder.as_path(), 1));
}

#[test]
fn whole_plan_section_is_read() {
    let text = format!(
        "{LEAST}\n[tasks]\ngrow = {{ min_rank = 80 }}\n[plan]\nstart = 2027-03-01\nyears = 2\nobjective = \"collect\"\n\
         budget_usd = 4_000_000\nseconds = 5\nlocked = [{{ task = \"T1\", team = \"M1\", start = \"2027-03-15\" }}]\n\
         after = [{{ task = \"B\", needs = \"A\" }}]\n[[plan.team]]\nteam_id = \"M1\"\nname = \"one\"\n\
         asset_type = \"manual\"\nlon = 18\nlat = 44\nrate_m2_per_day = 300\nclosed = \"12-15/02-28\"\n"
    );
    let project = open(&text, &[]).unwrap();
    assert!(matches!(
        project.tasks.unwrap().source,
        TaskSource::Grown { min_rank: 80.0, min_area_m2: 5000.0, max_area_m2: 100_000.0 }
    ));
    let plan = project.plan.unwrap();
    assert_eq!((plan.objective, plan.budget_usd, plan.discount), (Objective::Collect, Some(4e6), 0.03));
    assert_eq!(plan.locks[0].start.unwrap().to_string(), "2027-03-15");
    assert_eq!(plan.after, [("B".to_owned(), "A".to_owned())]);
    let TeamsSource::Tables(teams) = plan.teams else { panic!("tables") };
    assert_eq!(teams[0].closed, [ClosedSeason::Yearly((12, 15), (2, 28))]);
    assert_eq!(
        (teams[0].work_days_per_week, teams[0].setup_days, teams[0].travel_km_per_day),
        (5, 2.0, 200.0)
    );
    assert_eq!(teams[0].capabilities, ["manual"]);
}

#[test]
fn all_faults_are_told_together_with_their_lines() {
    let text = "[project]\nname = \"x\"\nsed = 3\n[layers]\nhazard = { pat = \"h.tif\" }\n\
                population = { path = \"p.tif\", unit = \"heads\" }\n[score]\nclasses = [15, 5]\n\
                exposure = { kernel = \"gaussian\", sigma_m = -1 }\n[[score.criteria]]\nname = \"roads\"\n\
                layer = \"rods\"\nweight = -2\nvalue = { linear = [1, 1] }\n";
    let found = faults(text);
    let expected = [
        ("project.unknown_key", "3: `project.sed`"),
        ("project.missing_key", "5: `layers.hazard.path`"),
        ("project.unknown_key", "5: `layers.hazard.pat`"),
        ("project.value", "6: `layers.population.unit`"),
        ("project.value", "8: `score.classes`"),
        ("project.value", "9: `score.exposure.sigma_m`"),
        ("project.unknown_layer", "12: `score.criteria[0].layer`"),
        ("project.value", "13: `score.criteria[0].weight`"),
        ("project.value", "14: `score.criteria[0].value.linear`"),
    ];
    for (code, place) in expected {
        assert!(found.iter().any(|(c, p)| c == code && p == place), "no {code} at {place} in {found:#?}");
    }
}

#[test]
fn misspelt_key_is_answered_with_the_near_one() {
    let error = open(&LEAST.replace("name =", "nmae ="), &[]).unwrap_err();
    assert!(error.to_string().contains("did you mean `name`?"), "{error}");
}

#[test]
fn syntax_errors_name_their_line() {
    let found = faults("[project]\nname = test\n");
    assert_eq!(found[0].0, "project.syntax");
    assert!(found[0].1.starts_with('2'), "{found:?}");
}

#[test]
fn dates_that_do_not_exist_are_refused() {
    for start in ["\"2027-02-30\"", "\"tomorrow\"", "20270301"] {
        let text = format!("{LEAST}\n[tasks]\ngrow = {{}}\n[plan]\nstart = {start}\nteams = \"t.csv\"\n");
        let found = faults(&text);
        assert!(found.iter().any(|(_, place)| place.contains("plan.start")), "{start}: {found:?}");
    }
}

#[test]
fn what_this_version_does_not_do_is_refused_by_name() {
    let section = "[score]\nbenefit = \"sum\"\nrobustness = { hazard_sigma = 1 }\n\
                   [[score.criteria]]\nname = \"h\"\nlayer = \"hazard\"\nvalue = { linear = [0, 1] }";
    let key = "score.robustness.hazard_sigma";
    let found = faults(&format!("{LEAST}\n{section}\n"));
    let is_told =
        |(code, place): &(String, String)| code == "project.not_yet" && place.contains(&format!("`{key}`"));
    assert!(found.iter().any(is_told), "{key}: {found:?}");
}

#[test]
fn hazard_may_be_drawn_where_it_is_no_factor_of_the_benefit() {
    let list = "[[score.criteria]]\nname = \"a\"\nlayer = \"exposure\"\nvalue = \"auto\"\nthreshold = 0.5\n";
    for (benefit, criteria) in [("sum", ""), ("product", ""), ("ordered", list)] {
        let score = format!("[score]\nbenefit = \"{benefit}\"\nrobustness = {{ hazard_sigma = 1 }}\n");
        let text = format!("{LEAST}\n{score}{criteria}");
        let robustness = open(&text, &[]).unwrap().score.recipe.robustness.unwrap();
        assert_eq!(robustness.hazard, clearway::score::HazardDraw::Sigma(1.0));
    }
}

#[test]
fn robustness_is_read_with_its_defaults_and_each_wrong_key_is_named() {
    let project = open(&format!("{LEAST}\n[score.robustness]\ncost_sigma = 0.2\n"), &[]).unwrap();
    let robustness = project.score.recipe.robustness.unwrap();
    assert_eq!((robustness.n_samples, robustness.top_percent, robustness.correlated), (256, 10.0, 1));
    assert_eq!(robustness.weights, clearway::score::WeightDraw::Dirichlet { concentration: 20.0 });
    assert!(open(LEAST, &[]).unwrap().score.recipe.robustness.is_none());
    for (keys, key) in [
        ("samples = 0", "samples"),
        ("samples = 100000", "samples"),
        ("samples = 2.5", "samples"),
        ("top_percent = 100", "top_percent"),
        ("weight_concentration = 0", "weight_concentration"),
        ("weight_concentration = 5\nranges = {}", "weight_concentration"),
        ("cost_sigma = -1", "cost_sigma"),
        ("hazard_sigma = 6", "hazard_sigma"),
        ("correlated = 0", "correlated"),
        ("ranges = { people = [2, 1] }", "ranges"),
        ("ranges = { nobody = [1, 2] }", "ranges"),
        ("ranges = { people = [0, 0] }", "ranges"),
        ("sample = 3", "sample"),
        ("ranges = 3", "ranges"),
    ] {
        let found = faults(&format!("{LEAST}\n[score.robustness]\n{keys}\n"));
        let place = format!("`score.robustness.{key}`");
        assert!(found.iter().any(|(_, at)| at.contains(&place)), "{keys}: {found:?}");
    }
}

#[test]
fn kernels_of_exposure_have_a_length_each() {
    use clearway::score::Kernel;
    let kernels = [
        ("kernel = \"disc\", radius_m = 500", Kernel::Disc { radius_m: 500.0 }),
        ("kernel = \"exponential\", lambda_m = 750.5", Kernel::Exponential { lambda_m: 750.5 }),
        ("kernel = \"gaussian\", sigma_m = 20", Kernel::Gaussian { sigma_m: 20.0 }),
        ("kernel = \"gaussian\"", Kernel::Gaussian { sigma_m: 1000.0 }),
        ("kernel = \"none\"", Kernel::None),
    ];
    for (written, kernel) in kernels {
        let project = open(&format!("{LEAST}\n[score]\nexposure = {{ {written} }}\n"), &[]).unwrap();
        assert_eq!(project.score.recipe.kernel, kernel, "{written}");
    }
    for (written, code, key) in [
        ("kernel = \"disc\"", "project.missing_key", "radius_m"),
        ("kernel = \"exponential\"", "project.missing_key", "lambda_m"),
        ("kernel = \"disc\", radius_m = 0", "project.value", "radius_m"),
        ("kernel = \"exponential\", lambda_m = -3", "project.value", "lambda_m"),
        ("kernel = \"disc\", radius_m = 5, sigma_m = 5", "project.unknown_key", "sigma_m"),
    ] {
        let found = faults(&format!("{LEAST}\n[score]\nexposure = {{ {written} }}\n"));
        let is_it = |(found, place): &(String, String)| found == code && place.contains(key);
        assert!(found.iter().any(is_it), "{written}: {found:?}");
    }
}

#[test]
fn plan_without_tasks_and_teams_is_a_fault() {
    let found = faults(&format!("{LEAST}\n[plan]\nyears = 3\n"));
    for key in ["`tasks`", "`plan.start`", "`plan.teams`"] {
        assert!(found.iter().any(|(_, place)| place.contains(key)), "{key}: {found:?}");
    }
}

#[test]
fn overrides_reach_numbers_names_and_new_tables() {
    let text = format!(
        "{LEAST}\n[score]\n[[score.criteria]]\nname = \"people\"\nlayer = \"exposure\"\nweight = 1\n\
         value = {{ linear = [0, \"max\"] }}\n"
    );
    let project = open(
        &text,
        &[
            "score.criteria.people.weight=5",
            "project.name=other",
            "score.exposure.kernel=none",
            "project.seed=9",
        ],
    )
    .unwrap();
    assert_eq!(project.score.recipe.criteria[0].weight, 5.0);
    assert_eq!((project.name.as_str(), project.seed), ("other", 9));
    assert_eq!(project.score.recipe.kernel, Kernel::None);
    let error = open(&text, &["nonsense"]).unwrap_err();
    assert_eq!(error.faults()[0].code, "set.syntax");
    let error = open(&text, &["score.criteria.nobody.weight=1"]).unwrap_err();
    assert_eq!(error.faults()[0].code, "set.syntax");
}

#[test]
fn project_name_hides_no_path() {
    for name in ["../up", "a/b", "..", ""] {
        let found = faults(&LEAST.replace("\"test\"", &format!("{name:?}")));
        assert!(found.iter().any(|(_, place)| place.contains("project.name")), "{name:?}");
    }
}

#[test]
fn missing_project_is_the_persons_to_mend() {
    let error = Project::open(Path::new("/nowhere/project.toml"), &[]).unwrap_err();
    assert_eq!((error.exit_code(), error.faults()[0].code), (2, "project.missing"));
}
