//! Reading the layers of a tile, and deciding once which cells are scored.
//!
//! A cell is scored when hazard, population, cost and every criterion layer of the recipe are known there:
//! an unknown criterion is not a criterion worth 0; nor where a class code has no entry or a gate excludes it (`exclusion`). Where a cell is not scored its hazard becomes unknown, and
//! every stage takes it from there. Counted on the way: unknown cells by layer, the largest values, people.

mod counts;

use rayon::prelude::*;

use crate::error::{Fault, Result};
use crate::grid::{Cells, UNKNOWN, Window, is_unknown};

pub use self::counts::{Counted, Counts};
use self::counts::{Part, ROWS_A_PART, Rows, without_unknown};
use super::exclusion::Rule;
use super::pipeline::Buffers;
use super::{Inputs, Recipe, Source};

/// The layers a recipe reads.
pub struct Reader<'a> {
    inputs: &'a Inputs<'a>,
    /// Criterion layers in use, by [`Source::Layer`].
    layers: Vec<usize>,
    /// The same and those that only gates use.
    all_layers: Vec<usize>,
    /// What leaves cells unscored though all their layers are known.
    rules: Vec<Rule>,
    buffers: &'a Buffers,
}

/// The first pass's planes.
pub struct Masked {
    /// People on the source window, 0 where unknown or beyond the frame.
    pub population: Vec<f32>,
    /// Hazard on the tile, unknown where not scored.
    pub hazard: Vec<f32>,
    /// What was counted on the tile.
    pub counted: Counted,
}

/// What the later passes read of a tile.
pub struct Scored {
    /// Exposure, unknown where not scored.
    pub exposure: Vec<f32>,
    /// Hazard, unknown where not scored.
    pub hazard: Vec<f32>,
    /// Cost, unknown where not scored.
    pub cost: Vec<f32>,
    /// Criterion layers in use, as they are.
    pub layers: Vec<Vec<f32>>,
}

impl<'a> Reader<'a> {
    /// For the inputs and the layers a recipe uses.
    pub fn new(inputs: &'a Inputs<'a>, recipe: &Recipe, buffers: &'a Buffers) -> Self {
        let mut layers: Vec<usize> = recipe
            .criteria
            .iter()
            .filter_map(|criterion| match criterion.source {
                Source::Layer(index) => Some(index),
                Source::Exposure => None,
            })
            .collect();
        layers.sort_unstable();
        layers.dedup();
        let mut all_layers: Vec<usize> = recipe.gates.iter().map(|gate| gate.layer).collect();
        all_layers.extend(&layers);
        all_layers.sort_unstable();
        all_layers.dedup();
        Self { inputs, layers, all_layers, rules: Rule::of(recipe), buffers }
    }

    /// Criterion layers in use.
    pub fn layers(&self) -> &[usize] {
        &self.layers
    }

    /// Layers that decide which cells are scored: those of criteria and of gates.
    pub fn all_layers(&self) -> &[usize] {
        &self.all_layers
    }

    /// What leaves cells unscored though all their layers are known.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// A window of any plane.
    pub fn read(&self, cells: &dyn Cells, window: Window) -> Result<Vec<f32>> {
        let mut out = self.buffers.take(window.len());
        cells.read(window, &mut out)?;
        Ok(out)
    }

    /// A window of several planes each, side by side: of one plane alone a tile may be a single block to decode.
    pub fn read_all(&self, planes: &[(&dyn Cells, Window)]) -> Result<Vec<Vec<f32>>> {
        let read: Vec<Result<Vec<f32>>> =
            planes.par_iter().map(|(cells, window)| self.read(*cells, *window)).collect();
        // The first one's error, whichever came first.
        read.into_iter().collect()
    }

    /// Exposure, hazard and cost of a tile, the last two unknown wherever exposure is, and criterion layers as they are.
    pub fn read_scored(&self, exposure: &dyn Cells, tile: Window) -> Result<Scored> {
        let Inputs { hazard, cost, criteria, .. } = self.inputs;
        let layers = self.layers.iter().map(|&layer| criteria[layer]);
        let planes = [exposure, *hazard, *cost].into_iter().chain(layers).map(|cells| (cells, tile));
        let mut planes = self.read_all(&planes.collect::<Vec<_>>())?.into_iter();
        let mut next = || planes.next().expect("as many as were read");
        let (exposure, mut hazard, mut cost) = (next(), next(), next());
        rayon::join(|| mask(&mut hazard, &exposure), || mask(&mut cost, &exposure));
        Ok(Scored { exposure, hazard, cost, layers: planes.collect() })
    }

    /// A layer's window, unknown wherever `with` is.
    pub fn read_masked(&self, cells: &dyn Cells, window: Window, with: &[f32]) -> Result<Vec<f32>> {
        let mut out = self.read(cells, window)?;
        mask(&mut out, with);
        Ok(out)
    }

    /// The first pass: hazard on the tile, people on the source window, and everything that is counted.
    pub fn read_first(&self, tile: Window, source: Window) -> Result<Masked> {
        let Inputs { hazard, population, cost, criteria, .. } = self.inputs;
        let mut planes = vec![(*population, source), (*hazard, tile), (*cost, tile)];
        planes.extend(self.all_layers.iter().map(|&layer| (criteria[layer], tile)));
        let mut planes = self.read_all(&planes)?.into_iter();
        let mut next = || planes.next().expect("as many as were read");
        let (mut population, mut hazard, cost) = (next(), next(), next());
        let layers: Vec<Vec<f32>> = planes.collect();

        let cells_a_part = ROWS_A_PART * tile.n_cols;
        let parts = hazard.par_chunks_mut(cells_a_part).enumerate().map(|(i, hazard)| {
            let cells = i * cells_a_part..i * cells_a_part + hazard.len();
            let n_rows = hazard.len() / tile.n_cols;
            let first_row = tile.row + (i * ROWS_A_PART) as i64;
            let mut people = Vec::with_capacity(hazard.len());
            for from in (first_row..first_row + n_rows as i64).map(|row| source.offset(tile.col, row)) {
                people.extend_from_slice(&population[from..from + tile.n_cols]);
            }
            let layers: Vec<(usize, &[f32])> = self
                .all_layers
                .iter()
                .copied()
                .zip(&layers)
                .map(|(layer, plane)| (layer, &plane[cells.clone()]))
                .collect();
            let (people, cost, layers) = (&people, &cost[cells], &layers);
            Part::of(Rows { n_cols: tile.n_cols, hazard, people, cost, layers, rules: &self.rules })
        });
        let parts: Vec<Part> = parts.collect();
        check(tile, &parts)?;
        without_unknown(&mut population);
        self.buffers.give(layers.into_iter().chain([cost]));
        Ok(Masked { population, hazard, counted: Counted { first_row: tile.row as usize, parts } })
    }
}

/// Makes cells unknown wherever others are.
fn mask(cells: &mut [f32], with: &[f32]) {
    for (cell, &with) in cells.iter_mut().zip(with) {
        *cell = if is_unknown(with) { UNKNOWN } else { *cell };
    }
}

/// Values that no formula has a meaning for. `layers` finds them first and says more; this guards the
/// arithmetic.
fn check(tile: Window, parts: &[Part]) -> Result<()> {
    let faults = [
        ("score.hazard_range", "hazard", "probabilities from 0 to 1"),
        ("score.population_negative", "population", "people ≥ 0"),
        ("score.cost_not_positive", "cost", "US$ greater than 0"),
    ];
    for (i, (code, layer, expected)) in faults.into_iter().enumerate() {
        let bad = parts.iter().enumerate().find_map(|(part, counted)| Some((part, counted.bad[i]?)));
        if let Some((part, (at, value))) = bad {
            let (col, row) = (tile.col + (at % tile.n_cols) as i64, tile.row + (at / tile.n_cols) as i64);
            let found = format!("{value} at column {col}, row {}", row + (part * ROWS_A_PART) as i64);
            let place = format!("layer `{layer}`");
            let fix = "mend the layer, or set its unit, scale or nodata";
            return Err(Fault::new(code, place, expected, found, fix).into());
        }
    }
    Ok(())
}
