//! What each criterion adds to the benefit of each cell, read by window for the task areas.

use crate::error::Result;
use crate::grid::{Cells, UNKNOWN, Window, is_unknown};
use crate::score::{Maxima, Recipe, contributions};
use crate::tasks::Contributions;

/// Contributions computed from the layers and the exposure grid as they are asked for.
pub struct CriterionParts<'a> {
    recipe: &'a Recipe,
    maxima: &'a Maxima,
    names: Vec<String>,
    hazard: &'a dyn Cells,
    exposure: &'a dyn Cells,
    layers: Vec<&'a dyn Cells>,
}

impl<'a> CriterionParts<'a> {
    /// From a recipe, the maxima that scoring found, and the planes scoring used and wrote.
    pub fn new(
        recipe: &'a Recipe,
        maxima: &'a Maxima,
        hazard: &'a dyn Cells,
        exposure: &'a dyn Cells,
        layers: Vec<&'a dyn Cells>,
    ) -> Self {
        let names = recipe.criteria.iter().map(|criterion| criterion.name.clone()).collect();
        Self { recipe, maxima, names, hazard, exposure, layers }
    }
}

impl Contributions for CriterionParts<'_> {
    fn names(&self) -> &[String] {
        &self.names
    }

    fn read(&self, window: Window, wanted: &[bool], out: &mut [f32]) -> Result<()> {
        let n = window.len();
        let hazard = self.hazard.read_vec(window)?;
        // Exposure is known exactly where a cell is scored.
        let exposure = self.exposure.read_vec(window)?;
        let layers: Vec<Vec<f32>> =
            self.layers.iter().map(|layer| layer.read_vec(window)).collect::<Result<_>>()?;
        out.fill(UNKNOWN);
        let mut values = vec![0.0; layers.len()];
        let is_asked = |&i: &usize| wanted[i] && !is_unknown(exposure[i]) && !is_unknown(hazard[i]);
        for i in (0..n).filter(is_asked) {
            values.iter_mut().zip(&layers).for_each(|(value, layer)| *value = f64::from(layer[i]));
            let parts = contributions(
                self.recipe,
                self.maxima,
                f64::from(hazard[i]),
                f64::from(exposure[i]),
                &values,
            );
            for (k, part) in parts.into_iter().enumerate() {
                out[k * n + i] = part as f32;
            }
        }
        Ok(())
    }
}
