//! Cells of a tile that are worth sampling, packed for the native engine's vectors.
//!
//! Unknown cells and those whose every term is 0 (no draw gives them a priority) are left out; of the others, 256
//! lie side by side, first their values of the first term, then of the second, so that no loop asks what is known.

use crate::grid::is_unknown;

use super::chance::place_words;
use super::group::{Group, HazardNoise};

/// Cells side by side: enough for the compiler to make vectors of a loop over them, few enough that all terms of
/// so many stay in the first-level cache.
pub const LANES: usize = 256;

/// So many floats.
pub type Lanes = [f32; LANES];

/// Terms of a tile in the layout of its program: planes one after the other.
pub struct Tile<'a> {
    /// u by criterion, then cell.
    pub terms: &'a [f32],
    /// Where hazard is drawn: odds h / (1 − h) by cell, then spread σ · log2(e) where it differs by cell.
    pub hazards: Option<&'a [f32]>,
    /// Cells of a plane.
    pub n_cells: usize,
    /// Columns of the tile.
    pub n_cols: usize,
    /// Column and row of its first cell in the whole grid.
    pub origin: [u32; 2],
}

/// What a cell is, as to sampling.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Not sampled.
    Unknown,
    /// Without priority in every sample.
    Zero,
    /// Any other.
    Live,
}

impl Tile<'_> {
    /// What a cell is.
    pub fn kind(&self, cell: usize, group: &Group) -> Kind {
        let is_known = |plane: &[f32]| !is_unknown(plane[cell]);
        if !is_known(self.terms) || !self.hazards.is_none_or(is_known) {
            return Kind::Unknown;
        }
        let mut terms = self.terms[cell..].iter().step_by(self.n_cells);
        if group.is_product || terms.any(|u| *u > 0.0) { Kind::Live } else { Kind::Zero }
    }
}

/// Live cells of a stretch of a tile.
#[derive(Debug, Default)]
pub struct Dense {
    /// Their places in the stretch.
    pub cells: Vec<u32>,
    /// By vector, then criterion.
    pub terms: Vec<Lanes>,
    /// By vector, then criterion: the least and the largest term of its cells; empty until [`Dense::measure`].
    pub spans: Vec<[f32; 2]>,
    /// By vector; empty where hazard is fixed.
    pub odds: Vec<Lanes>,
    /// By vector; empty where the spread is one for all.
    pub spreads: Vec<Lanes>,
    /// By vector: the two words of a cell's place, empty without noise.
    pub places: Vec<[[u32; LANES]; 2]>,
}

impl Dense {
    /// Of a stretch of cells.
    pub fn new(tile: &Tile<'_>, stretch: std::ops::Range<usize>, group: &Group) -> Self {
        let live = stretch.clone().filter(|cell| tile.kind(*cell, group) == Kind::Live);
        let cells: Vec<u32> = live.map(|cell| (cell - stretch.start) as u32).collect();
        let n_vectors = cells.len().div_ceil(LANES);
        let n_terms = group.n_terms();
        let mut dense = Self { terms: vec![[0.0; LANES]; n_vectors * n_terms], ..Self::default() };
        let has_odds = group.hazard != HazardNoise::None;
        let has_spreads = group.hazard == HazardNoise::Spread;
        dense.odds.resize(if has_odds { n_vectors } else { 0 }, [1.0; LANES]);
        dense.spreads.resize(if has_spreads { n_vectors } else { 0 }, [0.0; LANES]);
        dense.places.resize(if group.has_noise() { n_vectors } else { 0 }, [[0; LANES]; 2]);
        for (i, &cell) in cells.iter().enumerate() {
            let (vector, lane) = (i / LANES, i % LANES);
            let cell = stretch.start + cell as usize;
            for (k, terms) in dense.terms[vector * n_terms..][..n_terms].iter_mut().enumerate() {
                terms[lane] = tile.terms[k * tile.n_cells + cell];
            }
            if let Some(hazards) = tile.hazards {
                dense.odds[vector][lane] = hazards[cell];
                if has_spreads {
                    dense.spreads[vector][lane] = hazards[tile.n_cells + cell];
                }
            }
            if group.has_noise() {
                let col = tile.origin[0] + (cell % tile.n_cols) as u32;
                let row = tile.origin[1] + (cell / tile.n_cols) as u32;
                let words = place_words(group.seeds, col / group.side, row / group.side);
                dense.places[vector][0][lane] = words[0];
                dense.places[vector][1][lane] = words[1];
            }
        }
        dense.cells = cells;
        dense
    }

    /// Fills in the spans.
    pub fn measure(&mut self, n_terms: usize) {
        let span_of = |(at, terms): (usize, &Lanes)| {
            let n_lanes = (self.cells.len() - at / n_terms * LANES).min(LANES);
            let span = |[least, most]: [f32; 2], u: &f32| [least.min(*u), most.max(*u)];
            terms[..n_lanes].iter().fold([f32::MAX, f32::MIN], span)
        };
        self.spans = self.terms.iter().enumerate().map(span_of).collect();
    }

    /// Least and largest Σ w u of a vector's cells, bounded term by term and summed in the cells' own order.
    #[inline(always)]
    pub fn bounds(&self, vector: usize, weights: &[f32]) -> [f32; 2] {
        let spans = &self.spans[vector * weights.len()..][..weights.len()];
        let mut bounds = [0.0; 2];
        for (span, weight) in spans.iter().zip(weights) {
            bounds[0] += weight * span[0];
            bounds[1] += weight * span[1];
        }
        bounds
    }

    /// Vectors.
    pub fn n_vectors(&self) -> usize {
        self.cells.len().div_ceil(LANES)
    }
}
