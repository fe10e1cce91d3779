//! What is counted while layers are read: by parts of a few rows on any thread, added up afterwards.

use rayon::prelude::*;

use super::super::exclusion::{Excluded, Rule};
use super::super::fixed::{fixed_point, from_quanta};
use super::super::steps::{Words, halves};
use super::super::{Criterion, Recipe, Source, UnknownCount};
use crate::grid::{UNKNOWN, is_unknown};
use crate::widest::{widest, work};

/// Quantum of the sum of people, as a power of 2: a cell may hold 67 million people, and 1e-11 of one counts.
const PEOPLE_QUANTUM: i32 = -36;

/// What is counted while layers are read. Integers and maxima only, so that tiles may be of any size.
#[derive(Debug, Clone)]
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
                    let uses = |criterion: &&Criterion| criterion.source == Source::Layer(i - 3);
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

impl Counts {
    /// Adds what was counted over another part of the same frame.
    pub(in crate::score) fn add_all(&mut self, other: &Self) {
        let add = |sums: &mut [u64], more: &[u64]| sums.iter_mut().zip(more).for_each(|(sum, n)| *sum += n);
        add(&mut self.scored_by_row, &other.scored_by_row);
        self.largest_cost = self.largest_cost.max(other.largest_cost);
        for (largest, other) in self.largest_of_layer.iter_mut().zip(&other.largest_of_layer) {
            *largest = largest.max(*other);
        }
        self.people += other.people;
        add(&mut self.unknown, &other.unknown);
        add(&mut self.lost, &other.lost);
        self.excluded.iter_mut().zip(&other.excluded).for_each(|(sum, more)| sum.add(more));
    }

    /// Rows, layers and rules: equal numbers belong together.
    pub(in crate::score) fn shape(&self) -> [usize; 3] {
        [self.scored_by_row.len(), self.largest_of_layer.len(), self.excluded.len()]
    }

    /// As words.
    pub(in crate::score) fn to_words(&self) -> Vec<u64> {
        let mut words: Vec<u64> = self.shape().iter().map(|n| *n as u64).collect();
        words.extend(&self.scored_by_row);
        words.push(u64::from(self.largest_cost.to_bits()));
        words.extend(self.largest_of_layer.iter().map(|largest| u64::from(largest.to_bits())));
        words.extend(halves(self.people));
        words.extend(self.unknown.iter().chain(&self.lost));
        self.excluded.iter().for_each(|excluded| excluded.push_words(&mut words));
        words
    }

    /// From [`Counts::to_words`].
    pub(in crate::score) fn of_words(words: &mut Words<'_>) -> Option<Self> {
        let [n_rows, n_layers, n_rules] = [words.length()?, words.length()?, words.length()?];
        let scored_by_row = words.take(n_rows)?;
        let float = |word: u64| u32::try_from(word).ok().map(f32::from_bits);
        let largest_cost = float(words.next()?)?;
        let largest_of_layer = words.take(n_layers)?.into_iter().map(float).collect::<Option<_>>()?;
        let people = words.wide()?;
        let (unknown, lost) = (words.take(n_layers + 3)?, words.take(n_layers + 3)?);
        let excluded = (0..n_rules).map(|_| Excluded::of_words(words)).collect::<Option<_>>()?;
        Some(Self { scored_by_row, largest_cost, largest_of_layer, people, unknown, lost, excluded })
    }
}

/// Rows counted by a thread at a time.
pub(super) const ROWS_A_PART: usize = 16;

/// What is counted over a tile.
pub struct Counted {
    /// The tile's first row in the frame.
    pub(super) first_row: usize,
    /// [`ROWS_A_PART`] rows each.
    pub(super) parts: Vec<Part>,
}

/// What is counted over a few rows of a tile.
#[derive(Debug, Default)]
pub(super) struct Part {
    scored_by_row: Vec<u64>,
    largest_cost: f32,
    /// By plane counted: its layer and its largest value.
    largest_of_layer: Vec<(usize, f32)>,
    people: u128,
    unknown: Vec<(usize, u64)>,
    lost: Vec<(usize, u64)>,
    excluded: Vec<Excluded>,
    /// Of hazard, people and cost the first cell, counted from the part's first, that no formula has a meaning
    /// for, and its value.
    pub(super) bad: [Option<(usize, f32)>; 3],
}

/// All layers of some rows, and what leaves cells unscored.
pub(super) struct Rows<'a> {
    pub(super) n_cols: usize,
    pub(super) hazard: &'a mut [f32],
    pub(super) people: &'a [f32],
    pub(super) cost: &'a [f32],
    /// Criterion layers with their numbers.
    pub(super) layers: &'a [(usize, &'a [f32])],
    pub(super) rules: &'a [Rule],
}

work!(CountRows = count_rows(part: &'a mut Part, rows: Rows<'a>));

#[inline(always)]
fn count_rows(part: &mut Part, rows: Rows<'_>) {
    let Rows { n_cols, hazard, people, cost, layers, rules } = rows;
    let mut planes: Vec<(usize, &[f32])> = vec![(0, hazard), (1, people), (2, cost)];
    planes.extend(layers.iter().map(|&(layer, cells)| (layer + 3, cells)));
    let n_missing = part.count_missing(&planes, rules);
    part.bad = [
        first_bad(hazard, &n_missing, |h| (0.0..=1.0).contains(&h)),
        first_bad(people, &n_missing, |p| p >= 0.0),
        first_bad(cost, &n_missing, |c| c > 0.0),
    ];
    part.count_scored(n_cols, &n_missing, people, cost, layers);
    for (hazard, &n_missing) in hazard.iter_mut().zip(&n_missing) {
        *hazard = if n_missing > 0 { UNKNOWN } else { *hazard };
    }
}

impl Part {
    /// Counts the planes of some rows: hazard, people and cost as 0, 1 and 2, then criterion layers as 3 + their
    /// number. Hazard becomes unknown where a cell is not scored.
    pub(super) fn of(rows: Rows<'_>) -> Self {
        let mut part = Self { excluded: vec![Excluded::default(); rows.rules.len()], ..Self::default() };
        widest(CountRows { part: &mut part, rows });
        part
    }

    /// Unknown layers by cell; two where a rule excludes it.
    #[inline(always)]
    fn count_missing(&mut self, planes: &[(usize, &[f32])], rules: &[Rule]) -> Vec<u8> {
        let mut n_missing = vec![0u8; planes[0].1.len()];
        for &(layer, cells) in planes {
            for (n_missing, &x) in n_missing.iter_mut().zip(cells) {
                // Two missing layers are as good as more, and do not run over.
                *n_missing = (*n_missing + u8::from(is_unknown(x))).min(2);
            }
            let n_unknown: u32 = cells.iter().map(|x| u32::from(is_unknown(*x))).sum();
            self.unknown.push((layer, u64::from(n_unknown)));
        }
        self.exclude(planes, rules, &mut n_missing);
        for (&(layer, cells), &(_, n_unknown)) in planes.iter().zip(&self.unknown) {
            let lost = |(n, x): &(&u8, &f32)| **n == 1 && is_unknown(**x);
            let n_lost = if n_unknown == 0 { 0 } else { n_missing.iter().zip(cells).filter(lost).count() };
            self.lost.push((layer, n_lost as u64));
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

    #[inline(always)]
    fn count_scored(
        &mut self,
        n_cols: usize,
        n_missing: &[u8],
        people: &[f32],
        cost: &[f32],
        layers: &[(usize, &[f32])],
    ) {
        let rows = n_missing.chunks_exact(n_cols);
        self.scored_by_row = rows.map(|cells| cells.iter().filter(|n| **n == 0).count() as u64).collect();
        for (&n_missing, &people) in n_missing.iter().zip(people) {
            // Most cells are empty.
            if people > 0.0 && n_missing == 0 {
                self.people += u128::from(fixed_point(people, PEOPLE_QUANTUM));
            }
        }
        self.largest_cost = largest(cost, n_missing, 0.0);
        self.largest_of_layer =
            layers.iter().map(|&(layer, cells)| (layer, largest(cells, n_missing, UNKNOWN))).collect();
    }
}

#[inline(always)]
fn largest(cells: &[f32], n_missing: &[u8], least: f32) -> f32 {
    cells.iter().zip(n_missing).fold(least, |most, (&x, &n_missing)| {
        let x = if n_missing == 0 { x } else { least };
        if x > most { x } else { most }
    })
}

/// Whether any known cell is bad is asked of all at once; which one, only then.
#[inline(always)]
fn first_bad(cells: &[f32], n_missing: &[u8], is_right: impl Fn(f32) -> bool) -> Option<(usize, f32)> {
    let is_bad = |(&x, &n_missing): (&f32, &u8)| (n_missing == 0) & !is_right(x);
    let any = cells.iter().zip(n_missing).fold(false, |any, cell| any | is_bad(cell));
    let first = || cells.iter().zip(n_missing).position(is_bad);
    if any { first().map(|at| (at, cells[at])) } else { None }
}

impl Counts {
    /// Adds what was counted over a tile.
    pub fn add(&mut self, counted: &Counted) {
        for (i, part) in counted.parts.iter().enumerate() {
            self.add_part(counted.first_row + i * ROWS_A_PART, part);
        }
    }

    /// Adds what was counted over the rows from `row` on.
    fn add_part(&mut self, row: usize, part: &Part) {
        for (sum, n) in self.scored_by_row[row..].iter_mut().zip(&part.scored_by_row) {
            *sum += n;
        }
        self.largest_cost = self.largest_cost.max(part.largest_cost);
        for &(layer, largest) in &part.largest_of_layer {
            self.largest_of_layer[layer] = self.largest_of_layer[layer].max(largest);
        }
        self.people += part.people;
        for (sums, parts) in [(&mut self.unknown, &part.unknown), (&mut self.lost, &part.lost)] {
            parts.iter().for_each(|&(layer, n)| sums[layer] += n);
        }
        for (sum, excluded) in self.excluded.iter_mut().zip(&part.excluded) {
            sum.add(excluded);
        }
    }
}

/// Makes −0 a 0, whose bits are zero, and unknown people none.
pub(super) fn without_unknown(population: &mut [f32]) {
    population.par_chunks_mut(1 << 14).for_each(|population| {
        for people in population {
            *people = if is_unknown(*people) { 0.0 } else { *people + 0.0 };
        }
    });
}
