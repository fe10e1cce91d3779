//! Gates, and measures of layers: proximity, count, and hazard that is built.

use clearway::run::project::MeasureKind;
use clearway::score::Gate;

use super::values::with_value;
use crate::{LEAST, faults, open};

#[test]
fn gates_are_read_and_their_layers_join_those_of_the_criteria() {
    let text = with_value("linear = [0, 1]")
        .replace("[[score.criteria]]", "zone = { path = \"z.tif\" }\n[[score.criteria]]");
    let text = format!(
        "{text}\n[[score.gates]]\nlayer = \"zone\"\nexclude = [3, 7]\n[[score.gates]]\nlayer = \"x\"\n\
         exclude_below = 20000\nexclude_above = 1e6\n"
    );
    let score = open(&text, &[]).unwrap().score;
    assert_eq!(score.criterion_layers, ["x", "zone"]);
    let zone = Gate { name: "zone".into(), layer: 1, codes: vec![3, 7], ..Gate::default() };
    let x = Gate { name: "x".into(), layer: 0, below: Some(2e4), above: Some(1e6), ..Gate::default() };
    assert_eq!(score.recipe.gates, [zone, x]);
}

#[test]
fn gates_that_mean_nothing_are_faults_at_their_key() {
    for (written, code, key) in [
        ("layer = \"zoone\"\nexclude_below = 1", "project.unknown_layer", "layer"),
        ("layer = \"exposure\"\nexclude_below = 1", "project.unknown_layer", "layer"),
        ("exclude_below = 1", "project.missing_key", "layer"),
        ("layer = \"cost\"", "project.missing_key", "exclude_below"),
        ("layer = \"cost\"\nexclude_below = 5\nexclude_above = 3", "project.value", "exclude_above"),
        ("layer = \"cost\"\nexclude = [1.5]", "project.value", "exclude"),
        ("layer = \"cost\"\nexclude = []", "project.value", "exclude"),
        ("layer = \"cost\"\nexclude_belwo = 5", "project.unknown_key", "exclude_belwo"),
    ] {
        let found = faults(&format!("{LEAST}\n[[score.gates]]\n{written}\n"));
        let place = format!("`score.gates[0].{key}`");
        assert!(found.iter().any(|(c, p)| c == code && p.ends_with(&place)), "{written}: {found:?}");
    }
}

/// A project with the vector layer `roads` and one criterion on it, with these keys.
fn with_measure(keys: &str) -> String {
    format!(
        "{LEAST}roads = {{ path = \"roads.geojson\" }}\n[[score.criteria]]\nname = \"roads\"\nlayer = \"roads\"\n{keys}\n\
         value = {{ linear = [5000, 0] }}\n"
    )
}

#[test]
fn measures_of_criteria_and_gates_are_planes_made_once() {
    let text = with_measure("measure = \"proximity\"")
        + "[[score.criteria]]\nname = \"n\"\nlayer = \"roads\"\nmeasure = \"count\"\nradius_m = 500\n\
           value = { linear = [0, \"max\"] }\n\
           [[score.gates]]\nlayer = \"roads\"\nmeasure = \"proximity\"\nexclude_above = 20000\n";
    let score = open(&text, &[]).unwrap().score;
    assert_eq!(score.criterion_layers, ["proximity of roads", "count of roads within 500 m"]);
    let kinds: Vec<_> = score.measures.iter().map(|m| (m.layer.as_str(), m.kind.clone())).collect();
    let count = MeasureKind::Count { radius_m: 500.0 };
    assert_eq!(kinds, [("roads", MeasureKind::Proximity { codes: Vec::new() }), ("roads", count)]);
    assert_eq!((score.recipe.gates[0].layer, score.recipe.gates[0].name.as_str()), (0, "roads"));
}

#[test]
fn measures_that_mean_nothing_are_faults_at_their_key() {
    for (written, code, key) in [
        ("", "project.measure", "layer"),
        ("measure = \"distance\"", "project.value", "measure"),
        ("measure = \"count\"", "project.missing_key", "radius_m"),
        ("measure = \"count\"\nradius_m = 0", "project.value", "radius_m"),
        ("measure = \"proximity\"\nradius_m = 5", "project.value", "radius_m"),
        ("measure = \"proximity\"\ncodes = [1]", "project.value", "codes"),
    ] {
        let found = faults(&with_measure(written));
        let place = format!("`score.criteria[0].{key}`");
        assert!(found.iter().any(|(c, p)| c == code && p.ends_with(&place)), "{written}: {found:?}");
    }
    // A vector layer has no unit, and cannot be what scoring needs a raster for.
    let found = faults(&LEAST.replace("population.tif\"", "people.geojson\", unit = \"people_per_cell\""));
    for key in ["path", "unit"] {
        assert!(found.iter().any(|(_, p)| p.ends_with(&format!("`layers.population.{key}`"))), "{found:?}");
    }
}

#[test]
fn proximity_to_raster_cells_takes_codes_and_built_hazard_is_a_layer() {
    let text = with_value("linear = [0, 1]")
        .replace("layer = \"x\"", "layer = \"x\"\nmeasure = \"proximity\"\ncodes = [40, 30]");
    let score = open(&text, &[]).unwrap().score;
    assert_eq!(score.measures[0].kind, MeasureKind::Proximity { codes: vec![40, 30] });
    let count = text.replace("proximity\"\ncodes = [40, 30]", "count\"\nradius_m = 5");
    assert!(faults(&count).iter().any(|(_, place)| place.ends_with("`score.criteria[0].measure`")));
    // The frame is then the population's, unless one is named.
    let least = LEAST.replace("hazard = { path = \"hazard.tif\" }\n", "");
    let built = format!(
        "{least}\n[score]\nbenefit = \"sum\"\n[[score.criteria]]\nname = \"h\"\nlayer = \"hazard\"\nvalue = {{ linear = [0, 1] }}\n\
         [hazard]\nareas = {{ path = \"a.geojson\" }}\nprior = {{ cha = 0.8, DHA = 0.4 }}\n"
    );
    let project = open(&built, &[]).unwrap();
    assert_eq!(project.frame, "population");
    let hazard = project.hazard.unwrap();
    assert_eq!(hazard.areas.unwrap().1.classification, None, "recognised by its name when the file is read");
    let priors: Vec<_> = hazard.priors.iter().map(|(class, prior)| (class.as_str(), *prior)).collect();
    assert_eq!((priors, hazard.elsewhere), (vec![("SHA", 0.05), ("CHA", 0.8), ("DHA", 0.4)], 0.001));
}
