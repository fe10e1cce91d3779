//! A group of samples, ready for the engines: draws rounded to `f32`, keys, tables, and the cut of the bins.

use std::ops::Range;

use super::super::product::EXP2_KNOTS;
use super::super::{Benefit, PriorityBy, Recipe};
use super::bins::{Cut, N_BINS, N_NEAR, Near};
use super::chance::{N_NORMALS, sample_key};
use super::draws::Draws;
use super::robustness::HazardDraw;
use super::tiers::{Tiers, spread};

/// Samples computed at once: their counts and ranks take 80 MiB.
pub const GROUP_SAMPLES: usize = 256;

/// Added to the logarithms of `product`, so that they lie between 256 and 512 and order like their bits.
pub const LOG_OFFSET: f32 = 384.0;

/// What varies from sample to sample in a cell besides the weights.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HazardNoise {
    /// Nothing.
    None,
    /// Odds are multiplied by one of 4096 factors.
    Factors,
    /// Odds are multiplied by 2^(spread · value), value one of 4096.
    Spread,
}

/// Samples of a group.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    /// How many.
    pub n_samples: usize,
    /// Criteria that can have weight, by their place in the recipe.
    pub criteria: Vec<usize>,
    /// Bits of the weights by sample and criterion, then keys by sample, then by sample what `cut_words` makes of its
    /// cut and of where its threshold is expected, then by tier where its keys lie.
    pub draw_words: Vec<u32>,
    /// Of the seed.
    pub seeds: [u32; 2],
    /// Cells along the side of a block with common draws.
    pub side: u32,
    /// How hazard is drawn.
    pub hazard: HazardNoise,
    /// 4096 factors of the odds (`Factors`) or values (`Spread`); then, where cost is drawn, 4096 factors of the
    /// priority or, for `product`, what is added to its logarithm; then the knots of 2^x.
    pub values: Vec<f32>,
    draws_cost: bool,
    /// Whether sums are logarithms.
    pub is_product: bool,
    /// Of an ordered list: how sums become keys.
    pub tiers: Option<Tiers>,
    /// By sample: how bins are cut.
    pub cuts: Vec<Cut>,
    /// By sample: where the threshold is expected; empty while nobody knows.
    pub nears: Vec<Near>,
    /// Only one cell in 2^this is counted (`survey`).
    pub survey_bits: u32,
}

impl Group {
    /// Some samples of a recipe's, with one cut for all of them.
    pub fn new(recipe: &Recipe, draws: &Draws, samples: Range<usize>, cut: Cut) -> Self {
        let criteria = used_criteria(draws);
        let of_sample = |sample: usize| criteria.iter().map(move |k| (sample, *k));
        let weights =
            samples.clone().flat_map(of_sample).map(|(s, k)| (draws.weights(s)[k] as f32).to_bits());
        let keys = samples.clone().map(|s| sample_key(draws.seeds(), s as u32));
        let draw_words = weights.chain(keys).collect();
        let n_samples = samples.len();
        let is_product = recipe.benefit == Benefit::Product;
        let robustness = draws.robustness();
        let by_normal = |value: &dyn Fn(f64) -> f64| -> Vec<f32> {
            draws.normals().iter().map(|&z| value(z) as f32).collect()
        };
        let (hazard, hazard_values) = match robustness.ranked_hazard(recipe.benefit) {
            HazardDraw::Fixed => (HazardNoise::None, vec![0.0; N_NORMALS]),
            HazardDraw::Sigma(sigma) => (HazardNoise::Factors, by_normal(&|z| (sigma * z).exp())),
            HazardDraw::Layer(_) => (HazardNoise::Spread, by_normal(&|z| z)),
        };
        let tau = robustness.cost_sigma;
        let draws_cost = tau > 0.0 && recipe.priority_by == PriorityBy::BenefitPerCost;
        let cost_values = match draws_cost {
            true if is_product => by_normal(&|z| -tau * z * std::f64::consts::LOG2_E),
            true => by_normal(&|z| (-tau * z).exp()),
            false => vec![0.0; N_NORMALS],
        };
        let values = [hazard_values, cost_values, EXP2_KNOTS.clone()].concat();
        let group = Self {
            n_samples,
            criteria,
            draw_words,
            seeds: draws.seeds(),
            side: robustness.correlated,
            hazard,
            values,
            draws_cost,
            is_product,
            tiers: None,
            cuts: Vec::new(),
            nears: Vec::new(),
            survey_bits: 0,
        };
        group.with_cuts(vec![cut; n_samples], Vec::new())
    }

    /// The same samples with the tiers of an ordered list, where they are of one.
    pub fn in_tiers(self, tiers: Option<Tiers>) -> Self {
        let (cuts, nears) = (self.cuts.clone(), self.nears.clone());
        Self { tiers, ..self }.with_cuts(cuts, nears)
    }

    /// The same samples, of which only one cell in 2^`survey_bits` is counted.
    pub fn surveying(self, survey_bits: u32) -> Self {
        Self { survey_bits, ..self }
    }

    /// The same samples with these cuts, of which every cell is counted.
    pub fn with_cuts(&self, cuts: Vec<Cut>, nears: Vec<Near>) -> Self {
        let mut draw_words = self.draw_words[..self.n_samples * (self.n_terms() + 1)].to_vec();
        let near = |sample: usize| nears.get(sample).copied().unwrap_or_default();
        draw_words.extend((0..self.n_samples).flat_map(|sample| cut_words(cuts[sample], near(sample))));
        draw_words.extend(self.tiers.iter().flat_map(Tiers::words));
        Self { draw_words, cuts, nears, survey_bits: 0, ..self.clone() }
    }

    /// Counts of `acceptability_count`: by sample and bin, then by sample and part of where the threshold is expected.
    pub fn n_counts(&self) -> usize {
        self.n_samples * N_BINS + self.nears.len() * N_NEAR
    }

    /// Criteria.
    pub fn n_terms(&self) -> usize {
        self.criteria.len()
    }

    /// Bits of a sample's weights.
    pub fn weights(&self, sample: usize) -> &[u32] {
        &self.draw_words[sample * self.n_terms()..][..self.n_terms()]
    }

    /// Key of a sample.
    pub fn key(&self, sample: usize) -> u32 {
        self.draw_words[self.n_samples * self.n_terms() + sample]
    }

    /// Whether a cell whose every term is 0 has a place of its own in every sample.
    pub fn counts_zeros(&self) -> bool {
        self.is_product || self.tiers.is_some()
    }

    /// Whether places are drawn for.
    pub fn has_noise(&self) -> bool {
        self.hazard != HazardNoise::None || self.draws_cost
    }

    /// Factors of the odds, or values.
    pub fn hazard_values(&self) -> &[f32] {
        &self.values[..N_NORMALS]
    }

    /// What cost does to the priority; empty where cost is fixed.
    pub fn cost_values(&self) -> &[f32] {
        if self.draws_cost { &self.values[N_NORMALS..2 * N_NORMALS] } else { &[] }
    }
}

/// What a shader reads of a sample's cut.
fn cut_words(cut: Cut, near: Near) -> [u32; 5] {
    [cut.base, cut.shift, near.first, near.span, near.shift]
}

/// Criteria with a weight in the first sample, which is a weight in every sample.
pub fn used_criteria(draws: &Draws) -> Vec<usize> {
    let weights = draws.weights(0).iter().enumerate();
    weights.filter(|(_, weight)| **weight > 0.0).map(|(k, _)| k).collect()
}

/// The cut for priorities that the recipe's own weights spread over these bins.
///
/// p^s / p lies between the least and the largest w_k^s / w_k, times what noise adds. Above, the cut reaches as far
/// as a sample can; below, three octaves further than nearly all of them, where few cells are left.
pub fn cut(recipe: &Recipe, draws: &Draws, bins: &[u64]) -> Cut {
    // Where nothing is worth anything, any cut will do.
    let (low, high) = spread(bins, 0).unwrap_or((1f32.to_bits(), 1f32.to_bits()));
    let nominal = recipe.weights();
    let samples = 0..draws.n_samples();
    let ratios = samples.flat_map(|s| draws.weights(s).iter().zip(&nominal).map(|(w, n)| w / n));
    let largest = ratios.filter(|ratio| !ratio.is_nan()).fold(1.0, f64::max);
    let robustness = draws.robustness();
    let most = draws.normals().last().copied().unwrap_or(0.0);
    let hazard_sigma = match robustness.ranked_hazard(recipe.benefit) {
        HazardDraw::Fixed => 0.0,
        HazardDraw::Sigma(sigma) => sigma,
        HazardDraw::Layer(_) => super::robustness::LARGEST_HAZARD_SIGMA,
    };
    // A hazard of 0 counts as 1e-6, and none is above 1: 20 octaves at most.
    let hazard_octaves = (hazard_sigma * most * std::f64::consts::LOG2_E).min(20.0);
    let cost_octaves = robustness.cost_sigma * most * std::f64::consts::LOG2_E;
    let mixing = if recipe.benefit == Benefit::Product { 20.0 } else { largest.log2().min(24.0) };
    let above = mixing + hazard_octaves + cost_octaves;
    let below = 3.0 + hazard_octaves.min(3.0 + hazard_sigma) + cost_octaves.min(3.0);
    if recipe.benefit == Benefit::Product {
        let log = |bits: u32| f64::from(f32::from_bits(bits)).log2();
        let key = |log: f64| (log as f32 + LOG_OFFSET).clamp(256.0, 511.9).to_bits();
        // b itself is at most 1 and at least ε.
        return Cut::spanning(key(log(low) - below - 20.0), key(log(high) + above));
    }
    let octaves = |octaves: f64| (octaves * f64::from(1 << 23)) as u32;
    // No benefit is above the largest float's half, whatever the cost.
    let top = high.saturating_add(octaves(above)).min(f32::MAX.to_bits());
    Cut::spanning(low.saturating_sub(octaves(below)), top)
}
