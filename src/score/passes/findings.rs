//! What the first pass's counts tell a person: warnings, and the fault when nothing is scored.

use super::Passes;
use crate::error::{Error, Fault};
use crate::score::exclusion::Rule;
use crate::score::reading::Counts;
use crate::score::value::Function;
use crate::score::{Maxima, Recipe};

/// Adds what is odd to the warnings.
pub(super) fn warn(passes: &mut Passes<'_>, counts: &Counts, maxima: &Maxima, functions: &[Function<'_>]) {
    if maxima.exposure <= 0.0 {
        passes.warnings.push("nobody lives within reach of any scored cell: exposure is 0 everywhere".into());
    }
    if let Some((key, length_m)) = passes.recipe.kernel.length_m()
        && passes.reach.largest_halo() == (0, 0)
        && passes.inputs.frame.n_cells() > 1
    {
        passes.warnings.push(format!(
            "exposure counts the people of each cell alone: `{key}` = {length_m} m reaches no other cell's centre"
        ));
    }
    for (criterion, function) in passes.recipe.criteria.iter().zip(functions) {
        if *function == Function::Flat {
            passes.warnings.push(format!(
                "criterion `{}` counts 0 everywhere: its largest value among scored cells does not lie \
                 beyond the other end of its value function",
                criterion.name
            ));
        }
    }
    for (criterion, function) in passes.recipe.criteria.iter().zip(functions) {
        if matches!(function, Function::Quantile(table) if table.is_constant) {
            passes.warnings.push(format!(
                "criterion `{}` cannot tell cells apart: its layer is the same in all scored cells",
                criterion.name
            ));
        }
    }
    for unknown in counts.unknown(passes.recipe).into_iter().skip(3).filter(|unknown| unknown.n_lost > 0) {
        let is_criterion = passes.recipe.criteria.iter().any(|c| c.name == unknown.layer);
        let what = if is_criterion { "criterion" } else { "gate layer" };
        passes.warnings.push(format!(
            "{} cells are not scored only because {what} `{}` is unknown there",
            unknown.n_lost, unknown.layer
        ));
    }
    passes.warnings.extend(counts.exclusion_warnings(passes.reader.rules()));
}
/// No cell is scored: why.
pub(super) fn nothing_scored(counts: &Counts, recipe: &Recipe, rules: &[Rule]) -> Error {
    let unknown = counts.unknown(recipe);
    let unknown = unknown.iter().map(|layer| format!("`{}` in {}", layer.layer, layer.n_unknown));
    let mut found =
        format!("none; cells where a layer is unknown: {}", unknown.collect::<Vec<_>>().join(", "));
    for warning in counts.exclusion_warnings(rules) {
        found = format!("{found}; {warning}");
    }
    let expected =
        "at least one cell where hazard, population, cost and every criterion are known and no gate excludes";
    let fix = "check that the layers overlap and that their nodata values are right (`clearway check`)";
    Fault::new("score.nothing_scored", "[layers]", expected, found, fix).into()
}
