//! `[score.robustness]`: how many samples of what, checked where the keys can be named with their lines.

use super::super::document::Value as Toml;
use super::super::section::Section;
use super::layers::LayerSettings;
use crate::score::acceptability::robustness::{LARGEST_HAZARD_SIGMA, MOST_SAMPLES};
use crate::score::{HazardDraw, Recipe, Robustness, Source, WeightDraw};

/// Name of the layer of standard deviations of hazard.
pub const HAZARD_SD: &str = "hazard_sd";

/// Reads the table, if it is there. The layer `hazard_sd` is added to `names` where it is used.
pub fn read(
    score: &Section<'_>,
    recipe: &Recipe,
    layers: &[LayerSettings],
    names: &mut Vec<String>,
    seed: u64,
) -> Option<Robustness> {
    let section = score.section("robustness")?;
    let default = Robustness::default();
    let samples = section.whole("samples", 1).unwrap_or(default.n_samples as u64);
    if samples > MOST_SAMPLES as u64 {
        let expected = format!("at most {MOST_SAMPLES}: a share is then known to half a point");
        section.wrong("samples", &expected, &samples.to_string());
    }
    let percent = "more than 0 and less than 100";
    let top_percent = section.number_where("top_percent", percent, |q| q > 0.0 && q < 100.0);
    let cost_sigma =
        section.number_where("cost_sigma", "0 to 3, of the cost's logarithm", |s| (0.0..=3.0).contains(&s));
    let blocks = "cells along the side of a block with common draws, 1 or more";
    let correlated = section.number_where("correlated", blocks, |n| n >= 1.0 && n.fract() == 0.0 && n <= 1e6);
    let robustness = Robustness {
        n_samples: samples as usize,
        top_percent: top_percent.unwrap_or(default.top_percent),
        weights: read_weights(&section, recipe),
        hazard: read_hazard(&section, recipe, layers, names),
        cost_sigma: cost_sigma.unwrap_or(default.cost_sigma),
        correlated: correlated.map_or(default.correlated, |n| n as u32),
        seed,
    };
    section.finish();
    Some(robustness)
}

fn read_weights(section: &Section<'_>, recipe: &Recipe) -> WeightDraw {
    let expected = "more than 0 and at most 1000000";
    let concentration = section.number_where("weight_concentration", expected, |k| k > 0.0 && k <= 1e6);
    let Some(table) = section.section("ranges") else {
        return WeightDraw::Dirichlet { concentration: concentration.unwrap_or(20.0) };
    };
    if concentration.is_some() {
        let expected = "either `ranges` or `weight_concentration`";
        section.wrong("weight_concentration", expected, "both");
    }
    let mut ranges = vec![None; recipe.criteria.len()];
    for (name, node) in table.names() {
        let known = recipe.criteria.iter().position(|criterion| criterion.name == name);
        let range = match &node.value {
            Toml::List(items) => match items.as_slice() {
                [lo, hi] => match (&lo.value, &hi.value) {
                    (Toml::Number(lo), Toml::Number(hi)) if *lo >= 0.0 && lo <= hi && hi.is_finite() => {
                        Some((*lo, *hi))
                    }
                    _ => None,
                },
                _ => None,
            },
            _ => None,
        };
        match (known, range) {
            (Some(known), Some(range)) => ranges[known] = Some(range),
            (None, _) => {
                let names: Vec<&str> =
                    recipe.criteria.iter().map(|criterion| criterion.name.as_str()).collect();
                section.wrong("ranges", &format!("criteria ({})", names.join(", ")), &format!("{name:?}"));
            }
            (_, None) => {
                let expected = "[lowest, highest] weight, 0 or more and rising";
                section.wrong("ranges", expected, &format!("{name:?} = {}", node.value.describe()));
            }
        }
    }
    let largest = recipe.criteria.iter().zip(&ranges).map(|(c, range)| range.map_or(c.weight, |(_, hi)| hi));
    if largest.sum::<f64>() <= 0.0 {
        section.wrong("ranges", "a highest weight above 0", "only zeros");
    }
    WeightDraw::Ranges(ranges)
}

fn read_hazard(
    section: &Section<'_>,
    recipe: &Recipe,
    layers: &[LayerSettings],
    names: &mut Vec<String>,
) -> HazardDraw {
    let expected = format!("0 (hazard as it is) to {LARGEST_HAZARD_SIGMA}, of the log-odds");
    let sigma =
        section.number_where("hazard_sigma", &expected, |s| (0.0..=LARGEST_HAZARD_SIGMA).contains(&s));
    let has_layer = layers.iter().any(|layer| layer.name == HAZARD_SD);
    let draw = match (sigma, has_layer) {
        (Some(sigma), _) if sigma <= 0.0 => return HazardDraw::Fixed,
        (None, false) => return HazardDraw::Fixed,
        (Some(_), true) => {
            let expected = "either `hazard_sigma` or the layer `hazard_sd`; 0 leaves hazard as it is";
            section.wrong("hazard_sigma", expected, "both");
            return HazardDraw::Fixed;
        }
        (Some(sigma), false) => HazardDraw::Sigma(sigma),
        (None, true) => {
            let at = names.iter().position(|name| name == HAZARD_SD).unwrap_or_else(|| {
                names.push(HAZARD_SD.to_owned());
                names.len() - 1
            });
            HazardDraw::Layer(at)
        }
    };
    let is_criterion = recipe.criteria.iter().any(|criterion| match criterion.source {
        Source::Layer(index) => names[index] == "hazard",
        Source::Exposure => false,
    });
    if is_criterion {
        let what = "drawing hazard where it is a criterion, whose value would be another in every sample";
        section.not_yet("hazard_sigma", what, "hazard_sigma = 0, which leaves hazard as it is");
    }
    draw
}
