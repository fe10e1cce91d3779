//! `contribution`: each criterion's part of a cell's benefit, in `f64`. The parts are 0 or more and sum to it.
//!
//! | form | part of criterion k |
//! |---|---|
//! | `risk` | h · w_k · v_k |
//! | `sum` | w_k · v_k |
//! | `product` | b · g_k / Σ g, with g_k = w_k · ln(max(v_k, ε) / ε): its share of how far ln b lies above ln ε, the least there can be; by weight where all are at the least |
//!
//! | `ordered` | w_k · v_k / n, and (n − tier) / n for the criterion that decides the tier |
//!
//! With `ordered` only parts of one tier compare: a step of the list outweighs all that lies inside a tier. A part of a
//! `quantile` rests on all scored cells, not on this one alone.
//!
//! For task areas and for `explain`, which ask for few cells: no plane is made of it.

use super::ordered::{decided, n_tiers};
use super::product::EPSILON;
use super::value::Function;
use super::{Benefit, Criterion, Maxima, Recipe, Source};

/// Each criterion's part of the benefit of one cell. `values` holds the cell's criterion layers as
/// [`super::Inputs::criteria`] counts them.
pub fn contributions(
    recipe: &Recipe,
    maxima: &Maxima,
    hazard: f64,
    exposure: f64,
    values: &[f64],
) -> Vec<f64> {
    let weights = recipe.weights();
    let value_of = |criterion: &Criterion| {
        let x = match criterion.source {
            Source::Exposure => exposure,
            Source::Layer(index) => values[index],
        };
        // A code without an entry leaves a cell unscored, and only scored cells are asked for.
        Function::of(criterion, maxima).value_f64(x).unwrap_or(0.0)
    };
    let weighted = recipe.criteria.iter().map(value_of).zip(&weights);
    match recipe.benefit {
        Benefit::Risk => weighted.map(|(v, weight)| hazard * weight * v).collect(),
        Benefit::Sum => weighted.map(|(v, weight)| weight * v).collect(),
        Benefit::Ordered => {
            let n = n_tiers(&recipe.thresholds) as f64;
            let values: Vec<f64> = weighted.clone().map(|(v, _)| v).collect();
            let mut parts: Vec<f64> = weighted.map(|(v, weight)| weight * v / n).collect();
            if let Some((k, tier)) = decided(&recipe.thresholds, &values) {
                parts[k] += (n - tier as f64) / n;
            }
            parts
        }
        Benefit::Product => {
            let least = f64::from(EPSILON);
            let gains: Vec<f64> = weighted.map(|(v, weight)| weight * (v.max(least) / least).ln()).collect();
            let gain: f64 = gains.iter().sum();
            let benefit = least * gain.exp();
            let (shares, total) = if gain > 0.0 { (gains, gain) } else { (weights, 1.0) };
            shares.into_iter().map(|share| benefit * share / total).collect()
        }
    }
}
