//! What a cell is worth in every sample, in `f64`: expected people within reach, or benefit, per area.
//!
//! ```text
//! people_at_risk    h^s · E
//! benefit           h^s · Σ w_k^s v_k (`risk`) · Σ w_k^s v_k (`sum`) · Π max(v_k, ε)^w_k^s (`product`)
//!                   (n − tier + min(Σ w_k^s v_k, 1)) / n (`ordered`; the tier is that of the cell in every sample)
//! ```
//!
//! For task areas and the plan made of them, which ask for few cells: no plane is made of it. Draws are those of
//! `acceptability` ([`Draws`]). A hazard whose standard deviation is 0 or unknown stays as it is; the draw of any other
//! takes 0 and 1 for 1e-6 and 1 − 1e-6. The draw of cost changes no worth.
//!
//! By hand: h = 0.5 and σ = ln 3: odds of 1 become 3 at z = 1, so h^s = 0.75; with E = 8 that is 6 people, where the
//! cell as scored has 4.

use super::super::ordered::{decided, n_tiers};
use super::super::product::EPSILON;
use super::super::{Benefit, Function, Maxima, Recipe, Source};
use super::draws::Draws;
use super::group::used_criteria;
use super::robustness::HazardDraw;

/// What is worth something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WorthOf {
    /// Expected people within reach of contaminated ground.
    PeopleAtRisk,
    /// Benefit, 0..1.
    Benefit,
}

/// A scored cell.
#[derive(Debug, Clone, Copy)]
pub struct WorthCell<'a> {
    /// Column in the whole grid.
    pub col: u32,
    /// Row in the whole grid.
    pub row: u32,
    /// Probability, 0..1.
    pub hazard: f64,
    /// Its standard deviation; `None` where unknown or where no layer has it.
    pub hazard_sd: Option<f64>,
    /// People.
    pub exposure: f64,
    /// Criterion layers as [`super::super::Inputs::criteria`] counts them.
    pub values: &'a [f64],
}

/// The worth of cells in the samples of a recipe.
#[derive(Debug, Clone)]
pub struct WorthSamples<'a> {
    of: WorthOf,
    form: Benefit,
    draws: Draws,
    n_samples: usize,
    /// Of an ordered list, by criterion.
    thresholds: &'a [Option<f64>],
    /// With the criteria's places in the recipe: those that can have weight, in an ordered list all of them.
    functions: Vec<(usize, Source, Function<'a>)>,
}

impl<'a> WorthSamples<'a> {
    /// Of the first samples of a recipe, at most `most`; `None` where no sample differs from what is scored.
    pub fn new(recipe: &'a Recipe, maxima: &'a Maxima, of: WorthOf, most: usize) -> Option<Self> {
        let draws = Draws::new(recipe)?;
        let criteria = used_criteria(&draws);
        let draws_hazard = draws.robustness().hazard != HazardDraw::Fixed;
        let is_sampled = match of {
            WorthOf::PeopleAtRisk => draws_hazard,
            WorthOf::Benefit => criteria.len() > 1 || (draws_hazard && recipe.benefit == Benefit::Risk),
        };
        if !is_sampled {
            return None;
        }
        let criteria = match recipe.benefit {
            Benefit::Ordered => (0..recipe.criteria.len()).collect(),
            Benefit::Risk | Benefit::Sum | Benefit::Product => criteria,
        };
        let function = |k: usize| {
            let criterion = &recipe.criteria[k];
            (k, criterion.source, Function::of(criterion, maxima))
        };
        let functions = criteria.into_iter().map(function).collect();
        let n_samples = draws.n_samples().min(most);
        Some(Self { of, form: recipe.benefit, draws, n_samples, thresholds: &recipe.thresholds, functions })
    }

    /// How many.
    pub fn n_samples(&self) -> usize {
        self.n_samples
    }

    /// [`super::super::Inputs::criteria`]'s index of the standard deviation of hazard, where a layer has it.
    pub fn sd_layer(&self) -> Option<usize> {
        match self.draws.robustness().hazard {
            HazardDraw::Layer(index) => Some(index),
            HazardDraw::Fixed | HazardDraw::Sigma(_) => None,
        }
    }

    /// Adds weight × worth of a cell to the sum of each sample.
    pub fn add(&self, cell: &WorthCell<'_>, weight: f64, sums: &mut [f64]) {
        let samples = sums.iter_mut().take(self.n_samples).enumerate();
        match (self.of, self.form) {
            (WorthOf::PeopleAtRisk, _) => {
                samples.for_each(|(s, sum)| *sum += weight * (self.hazard(s, cell) * cell.exposure));
            }
            (WorthOf::Benefit, Benefit::Risk) => {
                let values = self.values(cell, |v| v);
                samples.for_each(|(s, sum)| *sum += weight * (self.hazard(s, cell) * self.mixed(s, &values)));
            }
            (WorthOf::Benefit, Benefit::Product) => {
                let logs = self.values(cell, |v| v.max(f64::from(EPSILON)).ln());
                samples.for_each(|(s, sum)| *sum += weight * self.mixed(s, &logs).exp());
            }
            (WorthOf::Benefit, Benefit::Ordered) => {
                let values = self.values(cell, |v| v);
                let n = n_tiers(self.thresholds);
                let tier = decided(self.thresholds, &values).map_or(n, |(_, tier)| tier);
                let (n, later) = (n as f64, (n - tier) as f64);
                samples.for_each(|(s, sum)| *sum += weight * (later + self.mixed(s, &values).min(1.0)) / n);
            }
            (WorthOf::Benefit, Benefit::Sum) => {
                let values = self.values(cell, |v| v);
                samples.for_each(|(s, sum)| *sum += weight * self.mixed(s, &values));
            }
        }
    }

    fn hazard(&self, sample: usize, cell: &WorthCell<'_>) -> f64 {
        match (self.sd_layer(), cell.hazard_sd) {
            (None, _) => self.draws.hazard(sample, cell.col, cell.row, cell.hazard, 0.0),
            (Some(_), Some(sd)) if sd > 0.0 => self.draws.hazard(sample, cell.col, cell.row, cell.hazard, sd),
            (Some(_), _) => cell.hazard,
        }
    }

    /// Of each criterion in use, what `map` makes of its value.
    fn values(&self, cell: &WorthCell<'_>, map: impl Fn(f64) -> f64) -> Vec<f64> {
        let value_of = |(_, source, function): &(usize, Source, Function<'_>)| {
            let x = match *source {
                Source::Exposure => cell.exposure,
                Source::Layer(index) => cell.values[index],
            };
            // A code without an entry leaves a cell unscored, and only scored cells are asked for.
            map(function.value_f64(x).unwrap_or(0.0))
        };
        self.functions.iter().map(value_of).collect()
    }

    /// Σ w_k^s x_k.
    fn mixed(&self, sample: usize, values: &[f64]) -> f64 {
        let weights = self.draws.weights(sample);
        self.functions.iter().zip(values).map(|((k, ..), x)| weights[*k] * x).sum()
    }
}
