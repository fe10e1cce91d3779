//! `contribution`: each criterion's share of a cell's benefit, b_i = Σ_k h·w_k·v_k(x_ik), in `f64`.
//!
//! For task areas and for `explain`, which ask for few cells: no plane is made of it.

use super::value::Function;
use super::{Maxima, Recipe, Source};

/// Each criterion's part h·w_k·v_k of the benefit of one cell; they sum to it. `values` holds the cell's
/// criterion layers as [`super::Inputs::criteria`] counts them.
pub fn contributions(
    recipe: &Recipe,
    maxima: &Maxima,
    hazard: f64,
    exposure: f64,
    values: &[f64],
) -> Vec<f64> {
    let parts = recipe.criteria.iter().zip(recipe.weights());
    parts
        .map(|(criterion, weight)| {
            let x = match criterion.source {
                Source::Exposure => exposure,
                Source::Layer(index) => values[index],
            };
            // A code without an entry leaves a cell unscored, and only scored cells are asked for.
            hazard * weight * Function::of(criterion, maxima).value_f64(x).unwrap_or(0.0)
        })
        .collect()
}
