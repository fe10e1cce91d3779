//! `[score]`: criteria, exposure kernel, form of benefit and classes, as a recipe over named layers.

use super::super::document::Value as Toml;
use super::super::section::Section;
use super::layers::LayerSettings;
use super::measure::{MeasureSettings, source_index};
use crate::report::tables::contribution_column;
use crate::score::ordered::MOST_TIERS;
use crate::score::{Benefit, Bound, Criterion, Kernel, PriorityBy, Recipe, Source, Value};

/// How cells are scored.
#[derive(Debug, Clone, Default)]
pub struct ScoreSettings {
    /// The recipe; its criteria count the layers of `criterion_layers`.
    pub recipe: Recipe,
    /// Names of the layers that criteria and gates use besides exposure, in the order the recipe counts them.
    pub criterion_layers: Vec<String>,
    /// The measures among them, to be made before scoring.
    pub measures: Vec<MeasureSettings>,
}

impl ScoreSettings {
    /// What is odd about the settings.
    pub fn warnings(&self) -> Vec<String> {
        let form = match self.recipe.benefit {
            Benefit::Risk => return Vec::new(),
            Benefit::Sum => "sum",
            Benefit::Product => "product",
            Benefit::Ordered => "ordered",
        };
        let is_hazard = |criterion: &Criterion| match criterion.source {
            Source::Layer(index) => self.criterion_layers[index] == "hazard",
            Source::Exposure => false,
        };
        if self.recipe.criteria.iter().any(is_hazard) {
            return Vec::new();
        }
        vec![format!(
            "hazard does not count: `benefit = \"{form}\"` knows it only as a criterion, and none has \
             `layer = \"hazard\"`; ground that is hardly contaminated ranks like ground that is"
        )]
    }
}

/// Default standard deviation of the exposure kernel, in metres (domain.md §3.2, our estimate).
const DEFAULT_SIGMA_M: f64 = 1000.0;

/// Reads `[score]`, or its defaults where it is left out: people as the one criterion.
pub fn read(top: &Section<'_>, layers: &[LayerSettings], seed: u64) -> Option<ScoreSettings> {
    let Some(section) = top.section("score") else {
        return Some(settings(
            Vec::new(),
            Vec::new(),
            Kernel::Gaussian { sigma_m: DEFAULT_SIGMA_M },
            None,
            None,
        ));
    };
    let forms = [
        ("risk", Benefit::Risk),
        ("sum", Benefit::Sum),
        ("product", Benefit::Product),
        ("ordered", Benefit::Ordered),
    ];
    let form = section.choice("benefit", &forms).unwrap_or(Benefit::Risk);
    let by = [("benefit_per_cost", PriorityBy::BenefitPerCost), ("benefit", PriorityBy::Benefit)];
    let priority_by = section.choice("priority_by", &by);
    let kernel = read_kernel(&section);
    let classes = section.list("classes").map(|items| {
        let numbers: Vec<f64> = items
            .iter()
            .map(|item| if let Toml::Number(number) = item.value { number } else { f64::NAN })
            .collect();
        let rising = numbers.windows(2).all(|pair| pair[0] < pair[1]);
        if numbers.is_empty()
            || numbers.len() > 253
            || !rising
            || !numbers.iter().all(|p| *p > 0.0 && *p < 100.0)
        {
            let expected = "rising percentages between 0 and 100, such as [5, 15, 40]";
            section.wrong("classes", expected, &format!("{numbers:?}"));
        }
        numbers
    });
    let (mut names, mut measures) = (Vec::new(), Vec::new());
    let criteria = section.tables("criteria").into_iter().filter_map(|s| {
        let threshold = read_threshold(&s, form);
        read_criterion(s, layers, &mut names, &mut measures).map(|criterion| (criterion, threshold))
    });
    let (criteria, thresholds): (Vec<Criterion>, Vec<Option<f64>>) = criteria.unzip();
    let n_thresholds = thresholds.iter().flatten().count();
    if form == Benefit::Ordered && !(1..MOST_TIERS).contains(&n_thresholds) {
        let expected = "1 to 31 criteria with a `threshold`, in the order of the list";
        section.wrong("criteria", expected, &format!("{n_thresholds} with one"));
    }
    let weights: f64 = criteria.iter().map(|criterion| criterion.weight).sum();
    if !criteria.is_empty() && weights <= 0.0 {
        section.wrong("criteria", "at least one weight above 0", "weights that add up to 0");
    }
    for (i, criterion) in criteria.iter().enumerate() {
        // Two names that make the same column of tasks.csv are as bad as one name twice.
        let column = contribution_column(&criterion.name);
        if let Some(other) = criteria[..i].iter().find(|other| contribution_column(&other.name) == column) {
            let expected = "criteria whose names differ in their letters and digits";
            section.wrong("criteria", expected, &format!("{:?} and {:?}", other.name, criterion.name));
        }
    }
    let gates = super::gates::read(&section, layers, &mut names, &mut measures);
    let has_kernel = kernel.is_some();
    let mut settings = settings(criteria, names, kernel.unwrap_or(Kernel::None), priority_by, classes);
    settings.recipe.gates = gates;
    settings.measures = measures;
    settings.recipe.benefit = form;
    if form == Benefit::Ordered {
        settings.recipe.thresholds = thresholds;
        // An ordered list ranks by the sum inside a tier; what a dollar buys only where it is asked for.
        settings.recipe.priority_by = priority_by.unwrap_or(PriorityBy::Benefit);
    }
    let ScoreSettings { recipe, criterion_layers, .. } = &mut settings;
    recipe.robustness = super::robustness::read(&section, recipe, layers, criterion_layers, seed);
    section.finish();
    has_kernel.then_some(settings)
}

fn settings(
    criteria: Vec<Criterion>,
    criterion_layers: Vec<String>,
    kernel: Kernel,
    priority_by: Option<PriorityBy>,
    classes: Option<Vec<f64>>,
) -> ScoreSettings {
    let people = || Criterion {
        name: "people".to_owned(),
        source: Source::Exposure,
        weight: 1.0,
        value: Value::Linear { lo: Bound::At(0.0), hi: Bound::Max },
    };
    let recipe = Recipe {
        kernel,
        criteria: if criteria.is_empty() { vec![people()] } else { criteria },
        priority_by: priority_by.unwrap_or(PriorityBy::BenefitPerCost),
        class_percents: classes.unwrap_or_else(|| vec![5.0, 15.0, 40.0]),
        ..Recipe::default()
    };
    ScoreSettings { recipe, criterion_layers, measures: Vec::new() }
}

fn read_kernel(section: &Section<'_>) -> Option<Kernel> {
    let Some(exposure) = section.section("exposure") else {
        return Some(Kernel::Gaussian { sigma_m: DEFAULT_SIGMA_M });
    };
    let kinds = ["gaussian", "none", "exponential", "disc"].map(|kind| (kind, kind));
    let kind = exposure.choice("kernel", &kinds).unwrap_or("gaussian");
    let metres = |key| exposure.number_where(key, "metres, more than 0", |length| length > 0.0);
    let kernel = match kind {
        "none" => Some(Kernel::None),
        "exponential" => exposure
            .required("lambda_m", metres("lambda_m"), "lambda_m = 1000")
            .map(|lambda_m| Kernel::Exponential { lambda_m }),
        "disc" => exposure
            .required("radius_m", metres("radius_m"), "radius_m = 1000")
            .map(|radius_m| Kernel::Disc { radius_m }),
        _ => Some(Kernel::Gaussian { sigma_m: metres("sigma_m").unwrap_or(DEFAULT_SIGMA_M) }),
    };
    exposure.finish();
    kernel
}

fn read_criterion(
    section: Section<'_>,
    layers: &[LayerSettings],
    names: &mut Vec<String>,
    measures: &mut Vec<MeasureSettings>,
) -> Option<Criterion> {
    let name = section.text("name");
    let name = section.required("name", name, "name = \"people\"");
    let layer = section.text("layer");
    let layer = section.required("layer", layer, "layer = \"exposure\"");
    let source = layer.and_then(|layer| {
        if layer == "exposure" {
            return Some(Source::Exposure);
        }
        let expected = "\"exposure\" or a layer";
        source_index(&section, &layer, expected, layers, names, measures).map(Source::Layer)
    });
    let weight = section.number_where("weight", "0 or more", |w| w >= 0.0).unwrap_or(1.0);
    let value = super::value::read(&section);
    section.finish();
    Some(Criterion { name: name?, source: source?, weight, value: value? })
}

/// The value from which on a criterion of an ordered list decides the tier.
fn read_threshold(criterion: &Section<'_>, form: Benefit) -> Option<f64> {
    let threshold =
        criterion.number_where("threshold", "a value above 0, up to 1", |v| v > 0.0 && v <= 1.0)?;
    if form != Benefit::Ordered {
        let expected = "no threshold, or `benefit = \"ordered\"` under [score]";
        criterion.wrong("threshold", expected, &threshold.to_string());
    }
    Some(threshold)
}

/// The place of a layer among `names`, where it is added when it is new; a fault when there is no such layer.
pub fn layer_index(
    section: &Section<'_>,
    layer: &str,
    expected: &str,
    layers: &[LayerSettings],
    names: &mut Vec<String>,
) -> Option<usize> {
    if !layers.iter().any(|settings| settings.name == layer) {
        let known: Vec<&str> = layers.iter().map(|settings| settings.name.as_str()).collect();
        let expected = format!("{expected} of [layers] ({})", known.join(", "));
        let fix = match super::super::section::closest(layer, &known) {
            Some(near) => format!("did you mean {near:?}?"),
            None => format!("add `{layer} = {{ path = … }}` under [layers]"),
        };
        section.fault("project.unknown_layer", "layer", &expected, &format!("{layer:?}"), &fix);
        return None;
    }
    Some(names.iter().position(|known| *known == layer).unwrap_or_else(|| {
        names.push(layer.to_owned());
        names.len() - 1
    }))
}
