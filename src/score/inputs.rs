//! What scoring reads: layers on one frame, each in the unit `layers` hands out.

use crate::error::{Fault, Faults, Result};
use crate::grid::{Cells, Frame};

use super::{Recipe, Source};

/// The layers to score, all on `frame`.
#[derive(Clone)]
pub struct Inputs<'a> {
    /// The frame of every layer and every result.
    pub frame: &'a Frame,
    /// Probability that ground in the cell is contaminated, 0..1.
    pub hazard: &'a dyn Cells,
    /// People per cell.
    pub population: &'a dyn Cells,
    /// US$ to clear the cell, greater than 0.
    pub cost: &'a dyn Cells,
    /// Layers of criteria and gates in their own units, as [`Source::Layer`] counts them.
    pub criteria: Vec<&'a dyn Cells>,
}

impl Inputs<'_> {
    /// Checks that every layer lies on the frame and every criterion and gate of the recipe has its layer.
    pub fn check(&self, recipe: &Recipe) -> Result<()> {
        let mut faults = Faults::new();
        let mut on_frame = |name: String, cells: &dyn Cells| {
            if !cells.frame().same_cells(self.frame) {
                let found = format!(
                    "{} x {} cells in {}",
                    cells.frame().n_cols,
                    cells.frame().n_rows,
                    cells.frame().crs
                );
                let expected = format!(
                    "the frame's {} x {} cells in {}",
                    self.frame.n_cols, self.frame.n_rows, self.frame.crs
                );
                faults.push(Fault::new(
                    "score.off_frame",
                    name,
                    expected,
                    found,
                    "bring it onto the frame first",
                ));
            }
        };
        on_frame("layer `hazard`".into(), self.hazard);
        on_frame("layer `population`".into(), self.population);
        on_frame("layer `cost`".into(), self.cost);
        for (index, cells) in self.criteria.iter().enumerate() {
            on_frame(format!("criterion layer {index}"), *cells);
        }
        for criterion in &recipe.criteria {
            if let Source::Layer(index) = criterion.source
                && index >= self.criteria.len()
            {
                let place = format!("score.criteria `{}`", criterion.name);
                let expected = format!("one of the {} criterion layers", self.criteria.len());
                let found = format!("layer {index}");
                faults.push(Fault::new("score.no_layer", place, expected, found, "name a layer of [layers]"));
            }
        }
        for gate in recipe.gates.iter().filter(|gate| gate.layer >= self.criteria.len()) {
            let place = format!("score.gates, layer `{}`", gate.name);
            let expected = format!("one of the {} criterion layers", self.criteria.len());
            let found = format!("layer {}", gate.layer);
            faults.push(Fault::new("score.no_layer", place, expected, found, "name a layer of [layers]"));
        }
        faults.finish()
    }
}
