//! The native engine's last walk over a tile's cells: ranks looked up in every sample, and summed up by cell.

use rayon::prelude::*;

use super::super::super::levels::POINTS_ON;
use super::super::bins::{N_BINS, N_PARTS, Ranks};
use super::super::dense::{Dense, Kind, LANES, Lanes, Tile};
use super::super::group::Group;
use super::{Places, SAMPLES_AT_ONCE, STRETCH_CELLS, Sampled, Take, marked, packs};
use crate::grid::UNKNOWN;
use crate::widest::widest;

/// `acceptability`: by cell, the samples in which it is in the top, Σ d, Σ d² and the rank r of the first sample,
/// d being the rank less r: four planes one after the other in `out`.
pub fn acceptability(tile: &Tile<'_>, group: &Group, ranks: &Ranks, out: &mut [f32]) {
    let (top, rest) = out.split_at_mut(tile.n_cells);
    let (sum, rest) = rest.split_at_mut(tile.n_cells);
    let (squares, first) = rest.split_at_mut(tile.n_cells);
    let planes = top
        .par_chunks_mut(STRETCH_CELLS)
        .zip(sum.par_chunks_mut(STRETCH_CELLS))
        .zip(squares.par_chunks_mut(STRETCH_CELLS))
        .zip(first.par_chunks_mut(STRETCH_CELLS));
    planes.enumerate().for_each(|(i, (((top, sum), squares), first))| {
        let stretch = i * STRETCH_CELLS..i * STRETCH_CELLS + top.len();
        let kinds = tile.kinds(stretch.clone(), group);
        let dense = Dense::new(tile, stretch, &kinds, group);
        let mut sums = Sums { group, ranks, by_vector: vec![[[0.0; LANES]; 4]; dense.n_vectors()] };
        for samples in packs(0..group.n_samples) {
            widest(Sampled { dense: &dense, group, samples, taker: &mut sums });
        }
        let zero = [ranks.zero.0, 0.0, 0.0, ranks.zero.1];
        for (k, out) in [top, sum, squares, first].into_iter().enumerate() {
            for (out, &kind) in out.iter_mut().zip(&kinds) {
                *out = if kind == Kind::Unknown { UNKNOWN } else { zero[k] };
            }
            for (cells, of_vector) in dense.cells.chunks(LANES).zip(&sums.by_vector) {
                for (&at, &value) in cells.iter().zip(&of_vector[k]) {
                    out[at as usize] = value;
                }
            }
        }
    });
}

struct Sums<'a> {
    group: &'a Group,
    ranks: &'a Ranks,
    /// Samples in the top, Σ d, Σ d², r.
    by_vector: Vec<[Lanes; 4]>,
}

impl Take for Sums<'_> {
    #[inline(always)]
    fn take(&mut self, vector: usize, sample: usize, places: &Places) {
        self.add_all(vector, sample, std::array::from_ref(places));
    }

    #[inline(always)]
    fn take_all(&mut self, vector: usize, first_sample: usize, places: &[Places; SAMPLES_AT_ONCE]) {
        self.add_all(vector, first_sample, places);
    }
}

impl Sums<'_> {
    /// Adds what some samples make of a vector's cells.
    #[inline(always)]
    fn add_all<const N: usize>(&mut self, vector: usize, first_sample: usize, places: &[Places; N]) {
        let mut ranks = [[0.0; LANES]; N];
        let mut least = [0; N];
        for (i, sample) in (first_sample..first_sample + N).enumerate() {
            self.look_up(sample, &places[i], &mut ranks[i]);
            least[i] = self.ranks.least_place(sample);
        }
        let [top, sum, squares, first] = &mut self.by_vector[vector];
        if first_sample == 0 {
            *first = ranks[0];
        }
        add_ranks(places, &ranks, least, first, [top, sum, squares]);
    }

    /// Ranks of one vector in one sample.
    #[inline(always)]
    fn look_up(&self, sample: usize, places: &Places, ranks: &mut Lanes) {
        let cut = self.group.cuts[sample];
        let table = self.ranks.table(sample);
        for (rank, &place) in ranks.iter_mut().zip(places) {
            *rank = f32::from_bits(table[(place >> cut.shift) as usize & (N_BINS - 1)]);
        }
        if self.ranks.has_refined[sample] {
            let (lanes, n) = marked(&ranks.map(f32::to_bits), |entry| entry & POINTS_ON != 0);
            for lane in lanes[..n].iter().map(|lane| usize::from(*lane)) {
                let bin = (ranks[lane].to_bits() & !POINTS_ON) as usize;
                ranks[lane] = self.ranks.refined[bin * N_PARTS + cut.part(places[lane])];
            }
        }
    }
}

/// Adds ranks to the sums of a vector's cells: in the top from `least` on, and d and d² with d = rank − first.
#[inline(always)]
fn add_ranks<const N: usize>(
    places: &[Places; N],
    ranks: &[Lanes; N],
    least: [u32; N],
    first: &Lanes,
    [top, sum, squares]: [&mut Lanes; 3],
) {
    for l in 0..LANES {
        let (mut in_top, mut total, mut of_squares) = (top[l], sum[l], squares[l]);
        for i in 0..N {
            in_top += if places[i][l] >= least[i] { 1.0 } else { 0.0 };
            let d = ranks[i][l] - first[l];
            total += d;
            of_squares += d * d;
        }
        (top[l], sum[l], squares[l]) = (in_top, total, of_squares);
    }
}
