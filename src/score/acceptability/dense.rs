//! Cells of a tile that are worth sampling, packed for the native engine's vectors.
//!
//! Unknown cells and those whose every term is 0 are left out (no draw gives them a priority; in an ordered list they
//! rank above later tiers and are sampled); of the others, 256
//! lie side by side, first their values of the first term, then of the second, so that no loop asks what is known.

use std::ops::Range;

use crate::grid::is_unknown;

use super::chance::place_words;
use super::group::{Group, HazardNoise};
use super::survey::is_surveyed;
use super::tiers::{LanesOfKeys, TierKeys};

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
    /// In an ordered list: the tier by cell.
    pub tiers: Option<&'a [f32]>,
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
    /// What the cells of a stretch are.
    pub fn kinds(&self, stretch: Range<usize>, group: &Group) -> Vec<Kind> {
        let mut has_worth = vec![group.counts_zeros(); stretch.len()];
        for terms in self.terms.chunks_exact(self.n_cells) {
            for (has_worth, &u) in has_worth.iter_mut().zip(&terms[stretch.clone()]) {
                *has_worth |= u > 0.0;
            }
        }
        let kind_of = |(&is_known, &has_worth): (&bool, &bool)| match (is_known, has_worth) {
            (false, _) => Kind::Unknown,
            (true, false) => Kind::Zero,
            (true, true) => Kind::Live,
        };
        let mut is_known = vec![true; stretch.len()];
        for plane in [Some(self.terms), self.hazards].into_iter().flatten() {
            for (is_known, &x) in is_known.iter_mut().zip(&plane[stretch.clone()]) {
                *is_known &= !is_unknown(x);
            }
        }
        is_known.iter().zip(&has_worth).map(kind_of).collect()
    }

    /// Column and row in the whole grid.
    fn place(&self, cell: usize) -> [u32; 2] {
        [self.origin[0] + (cell % self.n_cols) as u32, self.origin[1] + (cell / self.n_cols) as u32]
    }

    fn is_surveyed(&self, cell: usize, group: &Group) -> bool {
        let [col, row] = self.place(cell);
        is_surveyed(col, row, group.survey_bits)
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
    /// By vector, in an ordered list: where the keys of its cells' tiers lie.
    pub tiers: Vec<LanesOfKeys>,
    /// By vector, in an ordered list: of those the lowest and the highest; empty until [`Dense::measure`].
    pub tier_spans: Vec<[TierKeys; 2]>,
    /// By vector: the two words of a cell's place, empty without noise.
    pub places: Vec<[[u32; LANES]; 2]>,
}

impl Dense {
    /// Of a stretch of cells of these kinds.
    pub fn new(tile: &Tile<'_>, stretch: Range<usize>, kinds: &[Kind], group: &Group) -> Self {
        let n_live = kinds.iter().filter(|kind| **kind == Kind::Live).count();
        let mut dense = Self { cells: Vec::with_capacity(n_live), ..Self::default() };
        for (at, &kind) in (0u32..).zip(kinds) {
            let is_counted =
                || group.survey_bits == 0 || tile.is_surveyed(stretch.start + at as usize, group);
            if kind == Kind::Live && is_counted() {
                dense.cells.push(at);
            }
        }
        let (n_vectors, n_terms) = (dense.n_vectors(), group.n_terms());
        dense.terms.resize(n_vectors * n_terms, [0.0; LANES]);
        let planes = tile.terms.chunks_exact(tile.n_cells).enumerate();
        for (k, plane) in planes {
            pack(&dense.cells, &plane[stretch.clone()], &mut dense.terms[k..], n_terms);
        }
        if let Some(hazards) = tile.hazards {
            dense.odds.resize(n_vectors, [1.0; LANES]);
            pack(&dense.cells, &hazards[stretch.clone()], &mut dense.odds, 1);
            if group.hazard == HazardNoise::Spread {
                dense.spreads.resize(n_vectors, [0.0; LANES]);
                pack(&dense.cells, &hazards[tile.n_cells..][stretch.clone()], &mut dense.spreads, 1);
            }
        }
        if let (Some(tiers), Some(plane)) = (&group.tiers, tile.tiers) {
            dense.tiers.resize(n_vectors, [[0; LANES]; 3]);
            let of_stretch = &plane[stretch.clone()];
            for (cells, keys) in dense.cells.chunks(LANES).zip(&mut dense.tiers) {
                for (lane, &at) in cells.iter().enumerate() {
                    let of_cell = tiers.of(of_stretch[at as usize]);
                    [keys[0][lane], keys[1][lane], keys[2][lane]] = of_cell.words();
                }
            }
        }
        if group.has_noise() {
            dense.places.resize(n_vectors, [[0; LANES]; 2]);
            for (cells, places) in dense.cells.chunks(LANES).zip(&mut dense.places) {
                for (lane, &at) in cells.iter().enumerate() {
                    let [col, row] = tile.place(stretch.start + at as usize);
                    let words = place_words(group.seeds, col / group.side, row / group.side);
                    [places[0][lane], places[1][lane]] = words;
                }
            }
        }
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
        let ends_of = |(cells, keys): (&[u32], &LanesOfKeys)| {
            let of_cells = || (0..cells.len()).map(|lane| TierKeys::of_lane(keys, lane));
            let lowest = of_cells().min_by_key(|keys| keys.start());
            let highest = of_cells().max_by_key(|keys| keys.start());
            [lowest, highest].map(Option::unwrap_or_default)
        };
        self.tier_spans = self.cells.chunks(LANES).zip(&self.tiers).map(ends_of).collect();
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

/// Values of cells side by side, into every n-th vector.
fn pack(cells: &[u32], values: &[f32], out: &mut [Lanes], n: usize) {
    for (cells, out) in cells.chunks(LANES).zip(out.iter_mut().step_by(n)) {
        let first = cells[0] as usize;
        if cells[cells.len() - 1] as usize + 1 - first == cells.len() {
            out[..cells.len()].copy_from_slice(&values[first..first + cells.len()]);
            continue;
        }
        for (out, &at) in out.iter_mut().zip(cells) {
            *out = values[at as usize];
        }
    }
}
