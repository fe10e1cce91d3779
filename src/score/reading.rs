//! Reading the layers of a tile, and deciding once which cells are scored.
//!
//! A cell is scored when hazard, population, cost and every criterion layer of the recipe are known there:
//! an unknown criterion is not a criterion worth 0; nor where a class code has no entry or a gate excludes it (`exclusion`). Where a cell is not scored its hazard becomes unknown, and
//! every stage takes it from there. Counted on the way: unknown cells by layer, the largest values, people.

use crate::error::{Fault, Result};
use crate::grid::{Cells, UNKNOWN, Window, is_unknown};

use super::exclusion::{Excluded, Rule};
use super::fixed::{fixed_point, from_quanta};
use super::pipeline::Buffers;
use super::{Inputs, Recipe, Source, UnknownCount};

/// Quantum of the sum of people, as a power of 2: a cell may hold 67 million people, and 1e-11 of one counts.
const PEOPLE_QUANTUM: i32 = -36;

/// What is counted while layers are read. Integers and maxima only, so that tiles may be of any size.
#[derive(Debug)]
pub struct Counts {
    /// Scored cells by row of the frame.
    pub scored_by_row: Vec<u64>,
    /// Largest cost among scored cells, US$.
    pub largest_cost: f32,
    largest_of_layer: Vec<f32>,
    people: u128,
    unknown: Vec<u64>,
    lost: Vec<u64>,
    excluded: Vec<Excluded>,
}

impl Counts {
    /// Nothing counted yet.
    pub fn new(n_rows: usize, n_layers: usize, n_rules: usize) -> Self {
        Self {
            scored_by_row: vec![0; n_rows],
            largest_cost: 0.0,
            largest_of_layer: vec![UNKNOWN; n_layers],
            people: 0,
            unknown: vec![0; n_layers + 3],
            lost: vec![0; n_layers + 3],
            excluded: vec![Excluded::default(); n_rules],
        }
    }

    /// Scored cells.
    pub fn n_scored(&self) -> u64 {
        self.scored_by_row.iter().sum()
    }

    /// People in scored cells.
    pub fn people(&self) -> f64 {
        from_quanta(self.people, PEOPLE_QUANTUM)
    }

    /// Largest value of each criterion layer among scored cells; 0 for layers the recipe does not use.
    pub fn largest_of_layer(&self) -> Vec<f64> {
        let largest = self.largest_of_layer.iter();
        largest.map(|&x| if is_unknown(x) { 0.0 } else { f64::from(x) }).collect()
    }

    /// What each rule excluded, in words, for the rules that excluded something.
    pub fn exclusion_warnings(&self, rules: &[Rule]) -> Vec<String> {
        let counted = rules.iter().zip(&self.excluded).filter(|(_, excluded)| excluded.n_cells > 0);
        counted.map(|(rule, excluded)| rule.warning(excluded)).collect()
    }

    /// Unknown cells by layer, criterion layers by the name of the first criterion that uses them, those of
    /// gates alone by their own.
    pub fn unknown(&self, recipe: &Recipe) -> Vec<UnknownCount> {
        let mut counts = Vec::new();
        for (i, (&n_unknown, &n_lost)) in self.unknown.iter().zip(&self.lost).enumerate() {
            let layer = match i {
                0 => Some("hazard".to_string()),
                1 => Some("population".to_string()),
                2 => Some("cost".to_string()),
                _ => {
                    let uses = |criterion: &&super::Criterion| criterion.source == Source::Layer(i - 3);
                    let criterion = recipe.criteria.iter().find(uses).map(|criterion| &criterion.name);
                    let gate = || recipe.gates.iter().find(|gate| gate.layer + 3 == i).map(|gate| &gate.name);
                    criterion.or_else(gate).cloned()
                }
            };
            counts.extend(layer.map(|layer| UnknownCount { layer, n_unknown, n_lost }));
        }
        counts
    }
}

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

    /// A criterion layer's window.
    pub fn read_layer(&self, layer: usize, window: Window) -> Result<Vec<f32>> {
        self.read(self.inputs.criteria[layer], window)
    }

    /// A layer's window, unknown wherever `mask` is.
    pub fn read_masked(&self, cells: &dyn Cells, window: Window, mask: &[f32]) -> Result<Vec<f32>> {
        let mut out = self.read(cells, window)?;
        for (out, &mask) in out.iter_mut().zip(mask) {
            *out = if is_unknown(mask) { UNKNOWN } else { *out };
        }
        Ok(out)
    }

    /// The first pass: hazard on the tile, people on the source window, and everything that is counted.
    pub fn read_first(&self, tile: Window, source: Window, counts: &mut Counts) -> Result<Masked> {
        let mut hazard = self.read(self.inputs.hazard, tile)?;
        let mut population = self.read(self.inputs.population, source)?;
        let people = self.inner(&population, tile, source);
        let cost = self.read(self.inputs.cost, tile)?;
        let layers = self.all_layers.iter().map(|layer| self.read_layer(*layer, tile));
        let layers = layers.collect::<Result<Vec<_>>>()?;

        let mut planes: Vec<(usize, &[f32])> = vec![(0, &hazard), (1, &people), (2, &cost)];
        planes
            .extend(self.all_layers.iter().zip(&layers).map(|(layer, cells)| (layer + 3, cells.as_slice())));
        let n_missing = counts.count_missing(&planes, &self.rules);
        self.check(tile, &hazard, &people, &cost, &n_missing)?;
        counts.count_scored(tile, &n_missing, &people, &cost, self.all_layers.iter().copied().zip(&layers));
        for (hazard, &n_missing) in hazard.iter_mut().zip(&n_missing) {
            *hazard = if n_missing > 0 { UNKNOWN } else { *hazard };
        }
        for people in &mut population {
            // + 0 also makes −0 a 0, whose bits are zero.
            *people = if is_unknown(*people) { 0.0 } else { *people + 0.0 };
        }
        self.buffers.give(layers.into_iter().chain([people, cost]));
        Ok(Masked { population, hazard })
    }

    fn inner(&self, population: &[f32], tile: Window, source: Window) -> Vec<f32> {
        let mut people = self.buffers.take(tile.len());
        for (row, out) in (tile.row..).zip(people.chunks_exact_mut(tile.n_cols)) {
            let from = source.offset(tile.col, row);
            out.copy_from_slice(&population[from..from + tile.n_cols]);
        }
        people
    }

    /// Values that no formula has a meaning for. `layers` finds them first and says more; this guards the
    /// arithmetic.
    fn check(
        &self,
        tile: Window,
        hazard: &[f32],
        people: &[f32],
        cost: &[f32],
        n_missing: &[u8],
    ) -> Result<()> {
        let first_bad = |cells: &[f32], is_right: fn(f32) -> bool| {
            cells.iter().zip(n_missing).position(|(&x, &n_missing)| n_missing == 0 && !is_right(x))
        };
        let fault = |code, layer: &str, expected: &str, cells: &[f32], at: usize| {
            let (col, row) = (tile.col + (at % tile.n_cols) as i64, tile.row + (at / tile.n_cols) as i64);
            let found = format!("{} at column {col}, row {row}", cells[at]);
            let place = format!("layer `{layer}`");
            Err(Fault::new(code, place, expected, found, "mend the layer, or set its unit, scale or nodata")
                .into())
        };
        if let Some(at) = first_bad(hazard, |h| (0.0..=1.0).contains(&h)) {
            return fault("score.hazard_range", "hazard", "probabilities from 0 to 1", hazard, at);
        }
        if let Some(at) = first_bad(people, |p| p >= 0.0) {
            return fault("score.population_negative", "population", "people ≥ 0", people, at);
        }
        if let Some(at) = first_bad(cost, |c| c > 0.0) {
            return fault("score.cost_not_positive", "cost", "US$ greater than 0", cost, at);
        }
        Ok(())
    }
}

impl Counts {
    /// Unknown layers by cell; two where a rule excludes it.
    fn count_missing(&mut self, planes: &[(usize, &[f32])], rules: &[Rule]) -> Vec<u8> {
        let mut n_missing = vec![0u8; planes[0].1.len()];
        for &(layer, cells) in planes {
            let mut n_unknown = 0;
            for (n_missing, &x) in n_missing.iter_mut().zip(cells) {
                // Two missing layers are as good as more, and do not run over.
                *n_missing = (*n_missing + u8::from(is_unknown(x))).min(2);
                n_unknown += u64::from(is_unknown(x));
            }
            self.unknown[layer] += n_unknown;
        }
        self.exclude(planes, rules, &mut n_missing);
        for &(layer, cells) in planes {
            let lost = n_missing.iter().zip(cells).filter(|(n, x)| **n == 1 && is_unknown(**x));
            self.lost[layer] += lost.count() as u64;
        }
        n_missing
    }

    /// Marks the cells that a rule excludes; a cell that several exclude counts for each, one with an unknown
    /// layer for none, and one behind a gate needs no entry for its code.
    fn exclude(&mut self, planes: &[(usize, &[f32])], rules: &[Rule], n_missing: &mut [u8]) {
        let n = if rules.is_empty() { 0 } else { n_missing.len() };
        let (mut is_gated, mut has_no_entry) = (vec![false; n], vec![false; n]);
        for (rule, excluded) in rules.iter().zip(&mut self.excluded) {
            let is_gate = rule.is_gate();
            let cells = planes.iter().find(|(layer, _)| *layer == rule.layer + 3);
            let cells = cells.map_or(&[][..], |(_, cells)| cells);
            for (i, &x) in cells.iter().enumerate().filter(|(_, x)| !is_unknown(**x)) {
                if rule.excludes(x) {
                    if n_missing[i] == 0 && (is_gate || !is_gated[i]) {
                        rule.count(x, excluded);
                    }
                    let marks = if is_gate { &mut is_gated } else { &mut has_no_entry };
                    marks[i] = true;
                }
            }
        }
        for marks in [is_gated, has_no_entry] {
            for (n_missing, is_excluded) in n_missing.iter_mut().zip(marks) {
                *n_missing = if is_excluded { 2 } else { *n_missing };
            }
        }
    }

    fn count_scored<'c>(
        &mut self,
        tile: Window,
        n_missing: &[u8],
        people: &[f32],
        cost: &[f32],
        layers: impl Iterator<Item = (usize, &'c Vec<f32>)>,
    ) {
        for (row, cells) in (tile.row as usize..).zip(n_missing.chunks_exact(tile.n_cols)) {
            self.scored_by_row[row] += cells.iter().filter(|n| **n == 0).count() as u64;
        }
        for ((&n_missing, &people), &cost) in n_missing.iter().zip(people).zip(cost) {
            if n_missing == 0 {
                self.people += u128::from(fixed_point(people, PEOPLE_QUANTUM));
                self.largest_cost = self.largest_cost.max(cost);
            }
        }
        for (layer, cells) in layers {
            let known = cells.iter().zip(n_missing).filter(|(_, n)| **n == 0).map(|(x, _)| *x);
            self.largest_of_layer[layer] = known.fold(self.largest_of_layer[layer], f32::max);
        }
    }
}
