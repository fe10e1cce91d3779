//! What is sampled and how widely: the checked form of `[score.robustness]`.

use crate::error::{Fault, Faults};

use super::super::{Benefit, Recipe};

/// The most samples: the standard error of a share taken from them is at most half a point, and no layer of
/// hazard is known so well that more would say more.
pub const MOST_SAMPLES: usize = 10_000;

/// Largest standard deviation of a logarithm (cost) that is taken for meant: a factor of 20 either way.
const LARGEST_COST_SIGMA: f64 = 3.0;

/// Largest standard deviation of a log-odds (domain.md §3.9).
pub const LARGEST_HAZARD_SIGMA: f64 = 5.0;

/// Samples of weights, hazard and cost (domain.md §3.9).
#[derive(Debug, Clone, PartialEq)]
pub struct Robustness {
    /// How many.
    pub n_samples: usize,
    /// A cell counts as in the top by its rank ≥ 100 − this.
    pub top_percent: f64,
    /// How weights are drawn.
    pub weights: WeightDraw,
    /// How hazard is drawn.
    pub hazard: HazardDraw,
    /// τ: standard deviation of the logarithm of cost; 0 for none.
    pub cost_sigma: f64,
    /// Cells along the side of a block whose cells share their draws of hazard and cost; 1 for independent cells.
    pub correlated: u32,
    /// Seed of every draw.
    pub seed: u64,
}

/// How the weights of a sample are drawn.
#[derive(Debug, Clone, PartialEq)]
pub enum WeightDraw {
    /// From Dirichlet(κ · w), w the recipe's normalised weights: mean w, variance w (1 − w) / (κ + 1).
    Dirichlet {
        /// κ.
        concentration: f64,
    },
    /// Evenly within a range for each criterion, then normalised; `None` keeps the recipe's weight.
    Ranges(Vec<Option<(f64, f64)>>),
}

/// How the hazard of a cell is drawn: logistic(logit(h) + σ · z), h held within 1e-6 .. 1 − 1e-6.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum HazardDraw {
    /// Not at all.
    Fixed,
    /// One σ for every cell, of the log-odds.
    Sigma(f64),
    /// σ = sd / (h (1 − h)), at most 5, with the standard deviation sd of the probability from
    /// [`super::super::Inputs::criteria`] at this index.
    Layer(usize),
}

impl Default for Robustness {
    fn default() -> Self {
        Self {
            n_samples: 256,
            top_percent: 10.0,
            weights: WeightDraw::Dirichlet { concentration: 20.0 },
            hazard: HazardDraw::Fixed,
            cost_sigma: 0.0,
            correlated: 1,
            seed: 1,
        }
    }
}

impl Robustness {
    /// Whether hazard or cost differ from sample to sample.
    pub fn has_noise(&self) -> bool {
        self.hazard != HazardDraw::Fixed || self.cost_sigma > 0.0
    }

    /// How the hazard that ranks is drawn: not at all where it is no factor of the benefit.
    pub fn ranked_hazard(&self, benefit: Benefit) -> HazardDraw {
        if benefit == Benefit::Risk { self.hazard } else { HazardDraw::Fixed }
    }

    /// Adds every fault of the settings; places are keys of `[score.robustness]`.
    pub fn check(&self, recipe: &Recipe, faults: &mut Faults) {
        let mut wrong = |key: &str, expected: &str, found: String, fix: &str| {
            let place = format!("score.robustness.{key}");
            faults.push(Fault::new("score.robustness", place, expected, found, fix));
        };
        if !(1..=MOST_SAMPLES).contains(&self.n_samples) {
            let fix = "set `samples = 256`; the standard error of a share is then 3 points at most";
            let expected = format!("a whole number from 1 to {MOST_SAMPLES}");
            wrong("samples", &expected, self.n_samples.to_string(), fix);
        }
        if !(self.top_percent > 0.0 && self.top_percent < 100.0) {
            let fix = "set `top_percent = 10` for the first tenth of the cells";
            wrong("top_percent", "more than 0 and less than 100", self.top_percent.to_string(), fix);
        }
        if !(0.0..=LARGEST_COST_SIGMA).contains(&self.cost_sigma) {
            let fix = "0.2 means that two of three costs are within 20 % of the layer's";
            wrong("cost_sigma", "from 0 to 3, of the cost's logarithm", self.cost_sigma.to_string(), fix);
        }
        if let HazardDraw::Sigma(sigma) = self.hazard
            && !(sigma > 0.0 && sigma <= LARGEST_HAZARD_SIGMA)
        {
            let fix = "1 takes a hazard of 0.05 to between 0.02 and 0.125 in two of three samples";
            wrong("hazard_sigma", "more than 0 and at most 5, of the log-odds", sigma.to_string(), fix);
        }
        if self.correlated == 0 {
            let fix = "1 draws every cell by itself, 8 draws once for each block of 8 × 8 cells";
            wrong("correlated", "cells along a block's side, at least 1", "0".into(), fix);
        }
        match &self.weights {
            WeightDraw::Dirichlet { concentration } => {
                if !(*concentration > 0.0 && *concentration <= 1e6) {
                    let fix =
                        "20 moves weights by about a fifth of what they can move; more keeps them closer";
                    let found = concentration.to_string();
                    wrong("weight_concentration", "more than 0 and at most 1,000,000", found, fix);
                }
            }
            WeightDraw::Ranges(ranges) => check_ranges(recipe, ranges, &mut wrong),
        }
    }
}

fn check_ranges(
    recipe: &Recipe,
    ranges: &[Option<(f64, f64)>],
    wrong: &mut impl FnMut(&str, &str, String, &str),
) {
    let fix = "give `ranges = { name = [lowest, highest] }` in the unit of the criteria's weights";
    let mut largest = 0.0;
    for (i, criterion) in recipe.criteria.iter().enumerate() {
        let range = ranges.get(i).copied().flatten();
        if let Some((lo, hi)) = range
            && !(lo >= 0.0 && lo <= hi && hi.is_finite())
        {
            let key = format!("ranges.{}", criterion.name);
            wrong(&key, "[lowest, highest], 0 ≤ lowest ≤ highest", format!("[{lo}, {hi}]"), fix);
        }
        largest += range.map_or(criterion.weight, |(_, hi)| hi);
    }
    if largest <= 0.0 {
        wrong("ranges", "a highest weight above 0", "only zeros".into(), fix);
    }
}
