//! The draws: weights by sample, and hazard and cost by place and sample, the same wherever they are asked for.
//!
//! Weights are drawn in `f64` from a stream of their own for each sample (Dirichlet as Gamma draws over their
//! sum), so sample s does not depend on how many there are. Hazard and cost come from the hash of `chance`.

use rand_distr::{Distribution, Gamma};
use rand_pcg::Pcg64;
use rand_pcg::rand_core::Rng;

use super::super::Recipe;
use super::chance::{cost_index, draw, hazard_index, mix, normals, place_words, sample_key, seed_words};
use super::robustness::{HazardDraw, LARGEST_HAZARD_SIGMA, Robustness, WeightDraw};

/// Hazard is drawn from within this and 1 − this.
pub const LEAST_HAZARD: f64 = 1e-6;

/// A drawn weight is at least this: a cell worth something stays worth something, however little.
const LEAST_WEIGHT: f64 = 1e-12;

/// Every draw of a recipe's samples.
///
/// Samples count from 0. For ground that spans many cells (a task), draw at one column and row, such as those of
/// its middle: that is the `correlated` draw of a block.
#[derive(Debug, Clone)]
pub struct Draws {
    robustness: Robustness,
    seeds: [u32; 2],
    /// By sample, then criterion.
    weights: Vec<f64>,
    n_criteria: usize,
    normals: Vec<f64>,
}

impl Draws {
    /// Of a recipe; `None` where it has no robustness.
    pub fn new(recipe: &Recipe) -> Option<Self> {
        let robustness = recipe.robustness.clone()?;
        let nominal = recipe.weights();
        let samples = 0..robustness.n_samples as u64;
        let weights = samples.flat_map(|sample| weights(recipe, &robustness, &nominal, sample)).collect();
        let seeds = seed_words(robustness.seed);
        Some(Self { robustness, seeds, weights, n_criteria: nominal.len(), normals: normals() })
    }

    /// How many samples.
    pub fn n_samples(&self) -> usize {
        self.robustness.n_samples
    }

    /// Weights of a sample, summing to 1, in the order of the recipe's criteria.
    pub fn weights(&self, sample: usize) -> &[f64] {
        &self.weights[sample * self.n_criteria..][..self.n_criteria]
    }

    /// Hazard of a cell in a sample. `hazard_sd` is asked for only with [`HazardDraw::Layer`].
    pub fn hazard(&self, sample: usize, col: u32, row: u32, hazard: f64, hazard_sd: f64) -> f64 {
        let sigma = match self.robustness.hazard {
            HazardDraw::Fixed => return hazard,
            HazardDraw::Sigma(sigma) => sigma,
            HazardDraw::Layer(_) => sigma_of(hazard, hazard_sd),
        };
        let odds = odds_of(hazard) * (sigma * self.normals[hazard_index(self.draw(sample, col, row))]).exp();
        odds / (1.0 + odds)
    }

    /// What the cost of a cell is multiplied by in a sample.
    pub fn cost_factor(&self, sample: usize, col: u32, row: u32) -> f64 {
        let z = self.normals[cost_index(self.draw(sample, col, row))];
        (self.robustness.cost_sigma * z).exp()
    }

    fn draw(&self, sample: usize, col: u32, row: u32) -> u32 {
        let side = self.robustness.correlated;
        let place = place_words(self.seeds, col / side, row / side);
        draw(place, sample_key(self.seeds, sample as u32))
    }

    pub(in super::super) fn robustness(&self) -> &Robustness {
        &self.robustness
    }

    pub(in super::super) fn seeds(&self) -> [u32; 2] {
        self.seeds
    }

    pub(in super::super) fn normals(&self) -> &[f64] {
        &self.normals
    }
}

/// h / (1 − h), h held away from 0 and 1.
pub fn odds_of(hazard: f64) -> f64 {
    let h = hazard.clamp(LEAST_HAZARD, 1.0 - LEAST_HAZARD);
    h / (1.0 - h)
}

/// Standard deviation of the log-odds for that of the probability, by the delta method.
pub fn sigma_of(hazard: f64, hazard_sd: f64) -> f64 {
    let h = hazard.clamp(LEAST_HAZARD, 1.0 - LEAST_HAZARD);
    (hazard_sd / (h * (1.0 - h))).min(LARGEST_HAZARD_SIGMA)
}

fn weights(recipe: &Recipe, robustness: &Robustness, nominal: &[f64], sample: u64) -> Vec<f64> {
    let mut rng = stream(robustness.seed, sample);
    let mut weights: Vec<f64> = match &robustness.weights {
        WeightDraw::Dirichlet { concentration } => {
            let logs: Vec<f64> =
                nominal.iter().map(|w| log_gamma_draw(concentration * w, &mut rng)).collect();
            let most = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            logs.iter().map(|log| (log - most).exp()).collect()
        }
        WeightDraw::Ranges(ranges) => {
            let of_criterion = recipe.criteria.iter().enumerate().map(|(i, criterion)| {
                let part = unit(&mut rng);
                let range = ranges.get(i).copied().flatten();
                range.map_or(criterion.weight, |(lo, hi)| lo + (hi - lo) * part)
            });
            of_criterion.collect()
        }
    };
    let total = weights.iter().sum::<f64>().max(f64::MIN_POSITIVE);
    for (k, weight) in weights.iter_mut().enumerate() {
        let largest = match &robustness.weights {
            WeightDraw::Ranges(ranges) => ranges.get(k).copied().flatten().map_or(nominal[k], |(_, hi)| hi),
            WeightDraw::Dirichlet { .. } => nominal[k],
        };
        *weight = if largest > 0.0 { (*weight / total).max(LEAST_WEIGHT) } else { 0.0 };
    }
    weights
}

/// The logarithm of a draw from Gamma(α, 1); −∞ for α = 0. Gamma(α) = Gamma(α + 1) · U^(1/α), which for a small
/// α only the logarithm holds.
fn log_gamma_draw(alpha: f64, rng: &mut Pcg64) -> f64 {
    let Ok(gamma) = Gamma::new(alpha + 1.0, 1.0) else { return f64::NEG_INFINITY };
    let (draw, part): (f64, f64) = (gamma.sample(rng), 1.0 - unit(rng));
    if alpha > 0.0 { draw.ln() + part.ln() / alpha } else { f64::NEG_INFINITY }
}

/// Even in [0, 1).
fn unit(rng: &mut Pcg64) -> f64 {
    (rng.next_u64() >> 11) as f64 / (1u64 << 53) as f64
}

fn stream(seed: u64, sample: u64) -> Pcg64 {
    let word = |part: u32| u128::from(mix(mix(seed as u32 ^ part).wrapping_add((seed >> 32) as u32)));
    let state = word(1) | word(2) << 32 | word(3) << 64 | word(4) << 96;
    Pcg64::new(state, u128::from(sample))
}
