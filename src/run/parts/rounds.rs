//! Which planes and layers each round of parts reads and makes: known before any cell is.

use serde::Serialize;

use crate::run::layers::OpenLayers;
use crate::run::project::Project;
use crate::run::shards::{kept_plane, made_layers, plane_name};
use crate::score::levels::MOST_STEPS;
use crate::score::{Benefit, Plane, PriorityBy, Step, Value};

/// Before the name of a layer that is made before scoring, among the planes that go from round to round.
const MADE: &str = "layer ";

/// The rounds of a score.
#[derive(Debug, Clone, Serialize)]
pub struct Layout {
    /// In their order; every part may take a round once the counts of all are known of the one before.
    pub rounds: Vec<Round>,
    /// The planes of results.
    pub planes: Vec<&'static str>,
    /// Whether parts must be whole rows, because layers are made before scoring.
    pub whole_rows: bool,
}

/// A round.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Round {
    /// Its name.
    pub name: String,
    /// Layers that are read, of those that the caller holds.
    pub layers: Vec<String>,
    /// Planes of earlier rounds that are read.
    pub reads: Vec<String>,
    /// Planes that are made.
    pub makes: Vec<String>,
}

/// The round of a step.
pub fn round_of(step: Step) -> String {
    match step {
        Step::Exposure | Step::Priority | Step::Refine { .. } | Step::Rank | Step::Moments => step.name(),
        Step::Quantile { level, .. } => format!("quantile-{level}"),
        // Samples need no ranks: what can be counted at the same time is.
        Step::Survey { .. } => Step::Rank.name(),
        Step::Sample { .. } => "sample".into(),
        Step::SampleAnew { .. } => "anew".into(),
        Step::Resample { .. } => "resample".into(),
    }
}

/// The name of a made layer's plane.
pub fn made_name(layer: &str) -> String {
    format!("{MADE}{layer}")
}

/// The layer of such a name.
pub fn made_layer(name: &str) -> Option<&str> {
    name.strip_prefix(MADE)
}

/// The rounds that a project may need.
pub fn layout(project: &Project, layers: &OpenLayers<'_>) -> Layout {
    let recipe = &project.score.recipe;
    let mut held: Vec<String> = Vec::new();
    let always = ["hazard", "population", "cost"].map(str::to_owned);
    for name in always.iter().chain(&project.score.criterion_layers) {
        if project.is_given(name) && !held.contains(name) {
            held.push(name.clone());
        }
    }
    // People are read in the first round alone, unless a criterion takes them as a layer.
    let is_criterion = |name: &str| project.score.criterion_layers.iter().any(|layer| layer == name);
    let later: Vec<String> =
        held.iter().filter(|name| *name != "population" || is_criterion(name)).cloned().collect();
    let made: Vec<String> =
        made_layers(project, layers.hazard.is_some()).iter().map(|(layer, _)| made_name(layer)).collect();
    let name = |plane: Plane| plane_name(plane).to_owned();
    let by_benefit = recipe.priority_by == PriorityBy::Benefit && recipe.benefit != Benefit::Ordered;
    let ranked = name(if by_benefit { Plane::Benefit } else { kept_plane("priority", recipe) });
    let with_made = |planes: &[Plane]| -> Vec<String> {
        planes.iter().map(|plane| name(*plane)).chain(made.iter().cloned()).collect()
    };
    let counts = |name: String| Round {
        name,
        layers: later.clone(),
        reads: with_made(&[Plane::Exposure]),
        makes: Vec::new(),
    };
    let mut rounds = vec![Round {
        name: round_of(Step::Exposure),
        layers: held.clone(),
        makes: with_made(&[Plane::Exposure, Plane::PeopleAtRisk]),
        ..Round::default()
    }];
    if recipe.criteria.iter().any(|criterion| criterion.value == Value::Quantile) {
        rounds.extend((0..=MOST_STEPS).map(|level| counts(round_of(Step::Quantile { criterion: 0, level }))));
    }
    let mut makes = vec![Plane::Benefit, Plane::Cost, Plane::BenefitPerCost];
    makes.extend((recipe.benefit == Benefit::Ordered).then_some(Plane::Order));
    let makes = makes.into_iter().map(name).collect();
    rounds.push(Round { makes, ..counts(round_of(Step::Priority)) });
    rounds.extend((0..MOST_STEPS).map(|level| Round {
        name: round_of(Step::Refine { level }),
        reads: vec![ranked.clone()],
        ..Round::default()
    }));
    let mut rank = Round {
        name: round_of(Step::Rank),
        layers: held.iter().filter(|name| *name == "cost").cloned().collect(),
        reads: [Plane::Benefit, Plane::PeopleAtRisk].map(name).to_vec(),
        makes: [Plane::Rank, Plane::Class].map(name).to_vec(),
    };
    if !rank.reads.contains(&ranked) {
        rank.reads.push(ranked);
    }
    let mut planes = vec![
        Plane::Rank,
        Plane::Class,
        Plane::Benefit,
        Plane::Cost,
        Plane::BenefitPerCost,
        Plane::Exposure,
        Plane::PeopleAtRisk,
    ];
    if recipe.robustness.is_some() {
        rank.layers.clone_from(&later);
        rank.reads.extend(with_made(&[Plane::Exposure]));
        rounds.push(rank);
        let sampled = [Step::Sample { group: 0 }, Step::SampleAnew { group: 0 }];
        rounds.extend(sampled.map(|step| counts(round_of(step))));
        rounds.push(counts(round_of(Step::Resample { group: 0, from: 0 })));
        let samples = [Plane::Acceptability, Plane::RankMean, Plane::RankSd];
        let makes = samples.map(name).to_vec();
        rounds.push(Round { makes, ..counts(round_of(Step::Moments)) });
        planes.extend(samples);
    } else {
        rounds.push(rank);
    }
    let planes = planes.into_iter().map(plane_name).collect();
    Layout { rounds, planes, whole_rows: !made.is_empty() }
}
