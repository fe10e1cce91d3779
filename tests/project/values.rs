//! Value functions, forms of benefit and names.

use clearway::score::{Benefit, Bound, PriorityBy, Value};

use crate::{LEAST, faults, open};

/// A project with one criterion on the layer `x` and this value function.
pub fn with_value(value: &str) -> String {
    format!(
        "{}x = {{ path = \"x.tif\" }}\n[[score.criteria]]\nname = \"x\"\nlayer = \"x\"\nvalue = {{ {value} }}\n",
        LEAST
    )
}

#[test]
fn every_value_function_is_read() {
    let log = |lo, hi| Value::Log { lo, hi };
    for (written, expected) in [
        ("log = [1, 1000]", log(Bound::At(1.0), Bound::At(1000.0))),
        ("log = [0.5, \"max\"]", log(Bound::At(0.5), Bound::Max)),
        ("sigmoid = [500, -0.01]", Value::Sigmoid { mid: 500.0, slope: -0.01 }),
        ("steps = [[0, 0.25], [500, 1]]", Value::Steps(vec![(0.0, 0.25), (500.0, 1.0)])),
        ("classes = { 40 = 1.0, 30 = 0.5 }", Value::Classes(vec![(40, 1.0), (30, 0.5)])),
    ] {
        let project = open(&with_value(written), &[]).unwrap();
        assert_eq!(project.score.recipe.criteria[0].value, expected, "{written}");
    }
}

#[test]
fn value_functions_that_mean_nothing_are_faults_at_their_key() {
    for (written, code, key) in [
        ("log = [0, 10]", "project.value", "value.log"),
        ("log = [5, 5]", "project.value", "value.log"),
        ("sigmoid = [500]", "project.value", "value.sigmoid"),
        ("sigmoid = [500, 0]", "project.value", "value.sigmoid"),
        ("steps = [[5, 0.2], [5, 1]]", "project.value", "value.steps"),
        ("steps = [5, 0.2]", "project.value", "value.steps"),
        ("steps = []", "project.value", "value.steps"),
        ("classes = { forest = 1 }", "project.value", "value.classes.forest"),
        ("classes = { -2147483648 = 1 }", "project.value", "value.classes.-2147483648"),
        ("classes = { 40 = 2 }", "project.value", "value.classes.40"),
        ("classes = {}", "project.value", "value.classes"),
        ("log = [1, 10], linear = [0, 1]", "project.unknown_key", "value.linear"),
        ("quantile = 1", "project.value", "value.quantile"),
    ] {
        let found = faults(&with_value(written));
        let place = format!("`score.criteria[0].{key}`");
        assert!(found.iter().any(|(c, p)| c == code && p.ends_with(&place)), "{written}: {found:?}");
    }
}

#[test]
fn quantile_is_a_word_or_a_table_and_auto_means_it() {
    let with = |value: &str| {
        let criterion = "[[score.criteria]]\nname = \"slope\"\nlayer = \"exposure\"";
        format!("{LEAST}\n{criterion}\nvalue = {value}\n")
    };
    for written in ["\"quantile\"", "\"auto\"", "{ quantile = true }"] {
        let project = open(&with(written), &[]).unwrap();
        assert_eq!(project.score.recipe.criteria[0].value, Value::Quantile, "{written}");
    }
    for written in ["\"quantiles\"", "\"linear\"", "3", "{ quantile = false }"] {
        let found = faults(&with(written));
        assert!(
            found.iter().any(|(_, place)| place.contains("`score.criteria[0].value")),
            "{written}: {found:?}"
        );
    }
}

#[test]
fn ordered_list_is_read_with_its_thresholds_and_ranks_by_the_sum() {
    let list = |head: &str, thresholds: [&str; 2]| {
        let criterion = |name: &str, more: &str| {
            format!("[[score.criteria]]\nname = {name:?}\nlayer = \"exposure\"\nvalue = \"auto\"\n{more}\n")
        };
        let (a, b) = (criterion("a", thresholds[0]), criterion("b", thresholds[1]));
        format!("{LEAST}\n[score]\n{head}\n{a}{b}")
    };
    let project = open(&list("benefit = \"ordered\"", ["threshold = 0.5", ""]), &[]).unwrap();
    assert_eq!(project.score.recipe.thresholds, [Some(0.5), None]);
    assert_eq!(project.score.recipe.priority_by, PriorityBy::Benefit);
    let by_cost = "benefit = \"ordered\"\npriority_by = \"benefit_per_cost\"";
    let project = open(&list(by_cost, ["threshold = 0.5", ""]), &[]).unwrap();
    assert_eq!(project.score.recipe.priority_by, PriorityBy::BenefitPerCost);
    // An ordered list is sampled like any other form.
    let sampled = format!("{by_cost}\nrobustness = {{ samples = 9, cost_sigma = 0.2 }}");
    let project = open(&list(&sampled, ["threshold = 0.5", ""]), &[]).unwrap();
    assert_eq!(project.score.recipe.robustness.map(|robustness| robustness.n_samples), Some(9));
    for (head, thresholds, key) in [
        ("benefit = \"ordered\"", ["", ""], "score.criteria"),
        ("benefit = \"ordered\"", ["threshold = 0", ""], "score.criteria[0].threshold"),
        ("benefit = \"ordered\"", ["threshold = 50", ""], "score.criteria[0].threshold"),
        ("benefit = \"sum\"", ["", "threshold = 0.5"], "score.criteria[1].threshold"),
    ] {
        let found = faults(&list(head, thresholds));
        let place = format!("`{key}`");
        assert!(found.iter().any(|(_, p)| p.ends_with(&place)), "{head} {thresholds:?}: {found:?}");
    }
}

#[test]
fn every_form_of_benefit_is_read() {
    for (written, expected) in [("risk", Benefit::Risk), ("sum", Benefit::Sum), ("product", Benefit::Product)]
    {
        let project = open(&format!("{LEAST}\n[score]\nbenefit = {written:?}\n"), &[]).unwrap();
        assert_eq!(project.score.recipe.benefit, expected);
    }
    // Hazard as a criterion of a weighted sum: its name is a layer's like any other.
    let text = format!(
        "{LEAST}\n[score]\nbenefit = \"sum\"\n[[score.criteria]]\nname = \"contamination\"\nlayer = \"hazard\"\n\
         value = {{ linear = [0, 1] }}\n"
    );
    assert_eq!(open(&text, &[]).unwrap().score.criterion_layers, ["hazard"]);
}

#[test]
fn names_that_would_stand_for_two_things_are_refused() {
    let criterion = |name: &str| {
        format!(
            "[[score.criteria]]\nname = \"{name}\"\nlayer = \"exposure\"\nvalue = {{ linear = [0, \"max\"] }}\n"
        )
    };
    // Both would be the column contribution_road_access.
    let text = format!("{LEAST}\n{}{}", criterion("road access"), criterion("road-access"));
    let error = open(&text, &[]).expect_err("a fault");
    assert!(error.to_string().contains("road-access"), "{error}");
    let text = LEAST.replace("hazard =", "exposure = { path = \"e.tif\" }\nhazard =");
    let error = open(&text, &[]).expect_err("a fault");
    assert!(error.to_string().contains("layers.exposure"), "{error}");
}
