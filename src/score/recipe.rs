//! The recipe: what is counted as worth, how strongly, and how far people reach. Checked once, then trusted.
//!
//! `hi < lo` reverses a value function. [`Bound::Max`] is the largest value among scored cells, known only after
//! the first pass over the layers.

use crate::error::{Fault, Faults, Result};

use super::acceptability::Robustness;
use super::ordered::MOST_TIERS;
use super::value::check::{LARGEST_CODE, MOST_ENTRIES, check as check_value};

/// How scores are made (domain.md §3).
#[derive(Debug, Clone, PartialEq)]
pub struct Recipe {
    /// How far people reach: the kernel of exposure.
    pub kernel: Kernel,
    /// Layers of worth; people's exposure is one of them.
    pub criteria: Vec<Criterion>,
    /// How criteria and hazard become a benefit.
    pub benefit: Benefit,
    /// For [`Benefit::Ordered`], by criterion: the value from which on it decides a cell's tier; `None` where it decides
    /// none. Empty for the other forms.
    pub thresholds: Vec<Option<f64>>,
    /// Which cells are left out whatever they are worth.
    pub gates: Vec<Gate>,
    /// What the rank orders by; inside a tier, with [`Benefit::Ordered`].
    pub priority_by: PriorityBy,
    /// Class k holds the cells of the top `class_percents[k - 1]` per cent; what remains is the last class.
    pub class_percents: Vec<f64>,
    /// Samples of weights, hazard and cost; none where `None`.
    pub robustness: Option<Robustness>,
}

/// The kernel k(d) of exposure E_i = Σ_j P_j · k(d_ij), with k(0) = 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Kernel {
    /// exp(−d² / 2σ²), cut by axis: a neighbour counts when |Δx| ≤ 4σ and |Δy| ≤ 4σ between centres.
    Gaussian {
        /// σ in metres.
        sigma_m: f64,
    },
    /// exp(−d / λ), d ≤ 8λ, as a sum of gaussians: within 0.0035 of it everywhere, k(0) = 1 exactly
    /// (docs/EXPOSURE.md).
    Exponential {
        /// λ in metres.
        lambda_m: f64,
    },
    /// 1 for d ≤ r between centres: the people who live within r.
    Disc {
        /// r in metres.
        radius_m: f64,
    },
    /// E_i = P_i: only the people of the cell itself.
    None,
}

/// Half way round the Earth, m: a longer reach is surely a slip.
const LONGEST_M: f64 = 2e7;

impl Kernel {
    /// The key that holds its length, and the length, m.
    pub fn length_m(&self) -> Option<(&'static str, f64)> {
        match *self {
            Self::Gaussian { sigma_m } => Some(("sigma_m", sigma_m)),
            Self::Exponential { lambda_m } => Some(("lambda_m", lambda_m)),
            Self::Disc { radius_m } => Some(("radius_m", radius_m)),
            Self::None => None,
        }
    }
}

/// One layer of worth with its value function and weight.
#[derive(Debug, Clone, PartialEq)]
pub struct Criterion {
    /// Its name in tables and warnings.
    pub name: String,
    /// Where its numbers come from.
    pub source: Source,
    /// Its weight, before weights are normalised to sum 1.
    pub weight: f64,
    /// Its value function.
    pub value: Value,
}

/// Where a criterion's numbers come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// The exposure of the cell, people.
    Exposure,
    /// [`super::Inputs::criteria`] at this index, in the layer's own unit.
    Layer(usize),
}

/// A value function: layer units → 0..1.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// (x − lo) / (hi − lo), clamped to 0..1; `hi < lo` reverses.
    Linear {
        /// Worth nothing here.
        lo: Bound,
        /// Worth 1 here.
        hi: Bound,
    },
    /// ln(x / lo) / ln(hi / lo), clamped to 0..1; `hi < lo` reverses. x ≤ 0 has the value of the lower end.
    Log {
        /// Worth nothing here; greater than 0.
        lo: Bound,
        /// Worth 1 here; greater than 0.
        hi: Bound,
    },
    /// 1 / (1 + exp(−slope · (x − mid))); a slope below 0 reverses.
    Sigmoid {
        /// Worth ½ here.
        mid: f64,
        /// Steepness, per unit of the layer.
        slope: f64,
    },
    /// Thresholds, rising, each with the value from there to the next; 0 below the first.
    Steps(Vec<(f64, f64)>),
    /// Whole-number codes with their values. A cell whose code has no entry is not scored.
    Classes(Vec<(i32, f64)>),
    /// The cell's rank among scored cells, 0..1: what `auto` stands for in a project file.
    Quantile,
}

/// A hard condition on one layer: a cell it excludes is not scored, and neither is one where it is unknown.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Gate {
    /// Its name in warnings: the layer's.
    pub name: String,
    /// [`super::Inputs::criteria`] at this index.
    pub layer: usize,
    /// Excludes what is below this.
    pub below: Option<f64>,
    /// Excludes what is above this.
    pub above: Option<f64>,
    /// Excludes these whole-number codes.
    pub codes: Vec<i32>,
}

/// An end of a value function.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Bound {
    /// A number in the layer's unit.
    At(f64),
    /// The largest value among scored cells.
    Max,
}

/// How criteria and hazard become a benefit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Benefit {
    /// b = h · Σ w v: land that is not contaminated gains nothing from clearance.
    Risk,
    /// b = Σ w v: the weighted sum; hazard counts where it is one of the criteria.
    Sum,
    /// b = Π max(v, 1e-6)^w: a criterion worth nothing pulls the whole down; hazard as for `Sum`.
    Product,
    /// Tiers in the order of the criteria: the first whose value reaches its threshold decides the tier, Σ w v ranks
    /// inside it. b = (n − tier + Σ w v) / n. Hazard as for `Sum`.
    Ordered,
}

/// What the rank orders by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PriorityBy {
    /// p = b · a / c, benefit-m² per US$.
    BenefitPerCost,
    /// p = b alone.
    Benefit,
}

/// Classes are read back as small integers; more than this many is surely a slip.
const MOST_CLASSES: usize = 99;

impl Default for Recipe {
    /// People alone, gaussian with σ = 1000 m, risk, benefit per cost, classes at 5, 15 and 40 % (domain.md §3).
    fn default() -> Self {
        Self {
            kernel: Kernel::Gaussian { sigma_m: 1000.0 },
            criteria: vec![Criterion::people(1.0)],
            benefit: Benefit::Risk,
            thresholds: Vec::new(),
            gates: Vec::new(),
            priority_by: PriorityBy::BenefitPerCost,
            class_percents: vec![5.0, 15.0, 40.0],
            robustness: None,
        }
    }
}

impl Criterion {
    /// People's exposure with `linear(0, max)`.
    pub fn people(weight: f64) -> Self {
        let value = Value::Linear { lo: Bound::At(0.0), hi: Bound::Max };
        Self { name: "people".into(), source: Source::Exposure, weight, value }
    }
}

impl Gate {
    fn check(&self, faults: &mut Faults) {
        let mut wrong = |expected: &str, found: String, fix: &str| {
            let place = format!("score.gates, layer `{}`", self.name);
            faults.push(Fault::new("score.gate", place, expected, found, fix));
        };
        let ends = [self.below, self.above];
        if ends.iter().flatten().any(|end| !end.is_finite()) {
            wrong("finite numbers", format!("{ends:?}"), "give numbers in the layer's unit");
        }
        if let [Some(below), Some(above)] = ends
            && below > above
        {
            let fix = "swap them: what lies between exclude_below and exclude_above stays";
            wrong("exclude_below at most exclude_above", format!("{below} and {above}"), fix);
        }
        if ends == [None, None] && self.codes.is_empty() {
            let fix = "add `exclude_below`, `exclude_above` or `exclude`";
            wrong("something to exclude", "nothing".into(), fix);
        }
        let are_codes = self.codes.iter().all(|code| (-LARGEST_CODE..=LARGEST_CODE).contains(code));
        if !are_codes || self.codes.len() > MOST_ENTRIES {
            let fix = "exclude by `exclude_below` or `exclude_above`";
            wrong("at most 256 codes within ±16777216", format!("{} codes", self.codes.len()), fix);
        }
    }
}

impl Recipe {
    /// The recipe, or all of its faults (places are keys of `[score]`).
    pub fn validated(self) -> Result<Self> {
        let mut faults = Faults::new();
        self.check_kernel(&mut faults);
        self.check_criteria(&mut faults);
        self.gates.iter().for_each(|gate| gate.check(&mut faults));
        self.check_thresholds(&mut faults);
        self.check_classes(&mut faults);
        if let Some(robustness) = &self.robustness {
            robustness.check(&self, &mut faults);
        }
        faults.finish().map(|()| self)
    }

    /// Weights normalised to sum 1, in the order of the criteria.
    pub fn weights(&self) -> Vec<f64> {
        let total: f64 = self.criteria.iter().map(|criterion| criterion.weight).sum();
        self.criteria.iter().map(|criterion| criterion.weight / total).collect()
    }

    /// How many classes there are: one more than thresholds.
    pub fn n_classes(&self) -> usize {
        self.class_percents.len() + 1
    }

    fn check_kernel(&self, faults: &mut Faults) {
        if let Some((key, length_m)) = self.kernel.length_m()
            && !(length_m > 0.0 && length_m <= LONGEST_M)
        {
            let fix = format!("set `{key}` to how far people go, such as 1000, or take kernel \"none\"");
            let place = format!("score.exposure.{key}");
            let expected = "metres, more than 0 and at most 2e7, half way round the Earth";
            faults.push(Fault::new("score.reach", place, expected, length_m.to_string(), fix));
        }
    }

    fn check_criteria(&self, faults: &mut Faults) {
        if self.criteria.is_empty() {
            let fix = "add [[score.criteria]] with `layer = \"exposure\"`";
            faults.push(Fault::new(
                "score.no_criteria",
                "score.criteria",
                "at least one criterion",
                "none",
                fix,
            ));
            return;
        }
        for criterion in &self.criteria {
            let place = |key: &str| format!("score.criteria `{}`, {key}", criterion.name);
            if !(criterion.weight.is_finite() && criterion.weight >= 0.0) {
                let fix = "give a weight of 0 or more; to reverse a criterion swap its value's lo and hi";
                let found = criterion.weight.to_string();
                faults.push(Fault::new("score.weight", place("weight"), "a number ≥ 0", found, fix));
            }
            check_value(criterion, faults);
        }
        let all_zero = self.criteria.iter().all(|criterion| criterion.weight.abs() <= 0.0);
        if all_zero {
            let fix = "give at least one criterion a weight greater than 0";
            faults.push(Fault::new(
                "score.weights_all_zero",
                "score.criteria",
                "a weight greater than 0",
                "only zeros",
                fix,
            ));
        }
    }

    fn check_thresholds(&self, faults: &mut Faults) {
        let mut wrong = |place: String, expected: &str, found: String, fix: &str| {
            faults.push(Fault::new("score.threshold", place, expected, found, fix));
        };
        let is_ordered = self.benefit == Benefit::Ordered;
        for (criterion, threshold) in self.criteria.iter().zip(&self.thresholds) {
            let place = || format!("score.criteria `{}`, threshold", criterion.name);
            match threshold {
                Some(threshold) if !is_ordered => {
                    let fix = "remove it, or set `benefit = \"ordered\"`";
                    wrong(
                        place(),
                        "no threshold: only an ordered list has tiers",
                        threshold.to_string(),
                        fix,
                    );
                }
                Some(threshold) if !(*threshold > 0.0 && *threshold <= 1.0) => {
                    let fix = "give the value, 0 to 1, from which on the criterion decides";
                    wrong(place(), "a value above 0, up to 1", threshold.to_string(), fix);
                }
                _ => {}
            }
        }
        let n = self.thresholds.iter().flatten().count();
        if is_ordered && !(1..MOST_TIERS).contains(&n) {
            let fix = "give the criteria that decide a tier a `threshold`, such as 0.5";
            wrong("score.criteria".into(), "1 to 31 criteria with a threshold", n.to_string(), fix);
        }
        if is_ordered && self.thresholds.len() > self.criteria.len() {
            let found = format!("{} thresholds", self.thresholds.len());
            let fix = "give at most one a criterion";
            wrong("score.criteria".into(), "thresholds of the criteria alone", found, fix);
        }
    }

    fn check_classes(&self, faults: &mut Faults) {
        let mut previous = 0.0;
        let is_increasing = self.class_percents.iter().all(|&percent| {
            let is_right = percent > previous && percent < 100.0;
            previous = percent;
            is_right
        });
        if !is_increasing || self.class_percents.len() >= MOST_CLASSES {
            let fix = "set `classes = [5, 15, 40]`: the top 5 %, the top 15 %, the top 40 %, and the rest";
            let expected = "fewer than 99 percentages, increasing, between 0 and 100";
            let found = format!("{:?}", self.class_percents);
            faults.push(Fault::new("score.classes", "score.classes", expected, found, fix));
        }
    }
}

impl std::fmt::Display for Bound {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::At(at) => write!(f, "{at}"),
            Self::Max => write!(f, "max"),
        }
    }
}
