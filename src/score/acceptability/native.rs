//! The native engine's walks over a tile's cells and a group's samples: count, sum up (count again: `recount`).
//!
//! 256 cells lie side by side in a vector, and a few samples are computed while their terms are near. A cell's sum
//! over criteria has the order of the recipe, without fused multiply-add, as in the shaders. Counting is shared out
//! by samples, so that no two threads count in one place; summing up by cells.

use std::ops::Range;

use rayon::prelude::*;

use super::super::levels::POINTS_ON;
use super::super::widest::{Work, widest};
use super::bins::{N_BINS, N_PARTS, Ranks};
use super::dense::{Dense, Kind, LANES, Lanes, Tile};
use super::group::{Group, LOG_OFFSET};
use super::noise::Noise;
use crate::grid::UNKNOWN;

/// Cells of a stretch that is counted at once: its terms stay in the second-level cache.
const COUNT_CELLS: usize = 16_384;
/// Cells of a stretch that is summed up at once: its terms and sums stay near.
const SUM_CELLS: usize = 4096;
/// Samples computed while a vector's terms are in the first-level cache.
const SAMPLES_AT_ONCE: usize = 4;
/// Criteria summed in one go.
const TERMS_AT_ONCE: usize = 8;

pub(super) type Places = [u32; LANES];

/// Takes places of sampled priorities above the cut's base, vector by vector.
pub(super) trait Take {
    /// Whether a vector whose places lie between these is worth computing.
    #[inline(always)]
    fn wants(&self, _sample: usize, _least: u32, _most: u32) -> bool {
        true
    }

    /// Whether [`Take::wants`] ever says no.
    const IS_CHOOSY: bool = false;

    /// Takes one vector's.
    fn take(&mut self, vector: usize, sample: usize, places: &Places);
}

/// A few samples of a group over dense cells.
pub(super) struct Sampled<'a, T> {
    pub dense: &'a Dense,
    pub group: &'a Group,
    pub samples: Range<usize>,
    pub taker: &'a mut T,
}

impl<T: Take> Work for Sampled<'_, T> {
    #[inline(always)]
    fn run(self) {
        let (dense, group) = (self.dense, self.group);
        let n_terms = group.n_terms();
        let weights: Vec<f32> = self
            .samples
            .clone()
            .flat_map(|sample| group.weights(sample))
            .map(|bits| f32::from_bits(*bits))
            .collect();
        let noise = |sample| Noise::new(group, group.key(sample));
        let noises: Vec<Noise<'_>> =
            if group.has_noise() { self.samples.clone().map(noise).collect() } else { Vec::new() };
        let (cut, offset) = (group.cut, if group.is_product { LOG_OFFSET } else { 0.0 });
        for (vector, terms) in dense.terms.chunks_exact(n_terms).enumerate() {
            for (i, (sample, weights)) in self.samples.clone().zip(weights.chunks_exact(n_terms)).enumerate()
            {
                if T::IS_CHOOSY && noises.is_empty() {
                    let [least, most] = dense.bounds(vector, weights);
                    let place = |sum: f32| cut.place((sum + offset).to_bits());
                    if !self.taker.wants(sample, place(least), place(most)) {
                        continue;
                    }
                }
                let mut sums = [0.0; LANES];
                for (terms, weights) in terms.chunks(TERMS_AT_ONCE).zip(weights.chunks(TERMS_AT_ONCE)) {
                    add_terms(terms, weights, &mut sums);
                }
                if let Some(noise) = noises.get(i) {
                    noise.apply(dense, vector, &mut sums);
                }
                let mut places = [0; LANES];
                for (place, &sum) in places.iter_mut().zip(&sums) {
                    *place = cut.place((sum + offset).to_bits());
                }
                self.taker.take(vector, sample, &places);
            }
        }
    }
}

/// Samples in a few at a time.
pub(super) fn packs(samples: Range<usize>) -> impl Iterator<Item = Range<usize>> {
    let end = samples.end;
    samples.step_by(SAMPLES_AT_ONCE).map(move |first| first..(first + SAMPLES_AT_ONCE).min(end))
}

/// Adds w · u of up to eight criteria, in their order.
#[inline(always)]
fn add_terms(terms: &[Lanes], weights: &[f32], sums: &mut Lanes) {
    match terms.len() {
        1 => add_some::<1>(terms, weights, sums),
        2 => add_some::<2>(terms, weights, sums),
        3 => add_some::<3>(terms, weights, sums),
        4 => add_some::<4>(terms, weights, sums),
        5 => add_some::<5>(terms, weights, sums),
        6 => add_some::<6>(terms, weights, sums),
        7 => add_some::<7>(terms, weights, sums),
        _ => add_some::<TERMS_AT_ONCE>(terms, weights, sums),
    }
}

#[inline(always)]
fn add_some<const N: usize>(terms: &[Lanes], weights: &[f32], sums: &mut Lanes) {
    let (Some(terms), Some(weights)) = (terms.first_chunk::<N>(), weights.first_chunk::<N>()) else { return };
    for (l, sum) in sums.iter_mut().enumerate() {
        let mut so_far = *sum;
        for k in 0..N {
            so_far += weights[k] * terms[k][l];
        }
        *sum = so_far;
    }
}

/// Samples shared out to threads, a few dozen at most to an item.
pub(super) fn items(samples: Range<usize>) -> Vec<Range<usize>> {
    let each = samples.len().div_ceil(2 * rayon::current_num_threads()).clamp(1, 32);
    samples.clone().step_by(each).map(|first| first..(first + each).min(samples.end)).collect()
}

pub(super) fn dense_parts(tile: &Tile<'_>, group: &Group) -> Vec<Dense> {
    let starts: Vec<usize> = (0..tile.n_cells).step_by(COUNT_CELLS).collect();
    let part = |start: usize| Dense::new(tile, start..(start + COUNT_CELLS).min(tile.n_cells), group);
    starts.into_par_iter().map(part).collect()
}

/// `acceptability_count`: adds a tile's live cells to `counts` by sample and bin.
pub fn count(tile: &Tile<'_>, group: &Group, counts: &mut [u64]) {
    let parts = dense_parts(tile, group);
    let items = items(0..group.n_samples);
    let each = items.first().map_or(1, Range::len) * N_BINS;
    items.into_par_iter().zip(counts.par_chunks_mut(each)).for_each(|(samples, counts)| {
        let mut of_tile = vec![0u32; samples.len() * N_BINS];
        let mut bins = Bins { shift: group.cut.shift, first_sample: 0, n_vectors: 0, bins: Vec::new() };
        for dense in parts.iter().filter(|dense| !dense.cells.is_empty()) {
            bins.n_vectors = dense.n_vectors();
            bins.bins.resize(SAMPLES_AT_ONCE * bins.n_vectors, [0; LANES]);
            for (samples, counts) in packs(samples.clone()).zip(of_tile.chunks_mut(SAMPLES_AT_ONCE * N_BINS))
            {
                bins.first_sample = samples.start;
                widest(Sampled { dense, group, samples, taker: &mut bins });
                let by_sample = bins.bins.chunks_exact(bins.n_vectors);
                for (bins, counts) in by_sample.zip(counts.chunks_exact_mut(N_BINS)) {
                    add_counts(&bins.as_flattened()[..dense.cells.len()], counts);
                }
            }
        }
        for (sum, &more) in counts.iter_mut().zip(&of_tile) {
            *sum += u64::from(more);
        }
    });
}

/// Bins of a part's cells in a few samples.
struct Bins {
    shift: u32,
    first_sample: usize,
    n_vectors: usize,
    /// By sample and vector.
    bins: Vec<[u16; LANES]>,
}

impl Take for Bins {
    #[inline(always)]
    fn take(&mut self, vector: usize, sample: usize, places: &Places) {
        let at = (sample - self.first_sample) * self.n_vectors + vector;
        for (bin, &place) in self.bins[at].iter_mut().zip(places) {
            *bin = (place >> self.shift) as u16;
        }
    }
}

/// Counts bins. Neighbours are often in one bin, and adding to a counter just written waits for it: cells from
/// eight places are counted in turn.
fn add_counts(bins: &[u16], counts: &mut [u32]) {
    let Some(counts) = counts.first_chunk_mut::<N_BINS>() else { return };
    let mut add = |bin: u16| counts[usize::from(bin) & (N_BINS - 1)] += 1;
    let stride = bins.len() / 8;
    let (eighths, rest) = bins.split_at(stride * 8);
    let (a, b) = eighths.split_at(stride * 4);
    let ((a, b), (c, d)) = (a.split_at(stride * 2), b.split_at(stride * 2));
    let ((a, b), (c, d)) =
        ((a.split_at(stride), b.split_at(stride)), (c.split_at(stride), d.split_at(stride)));
    for i in 0..stride {
        for part in [a.0, a.1, b.0, b.1, c.0, c.1, d.0, d.1] {
            add(part[i]);
        }
    }
    rest.iter().for_each(|bin| add(*bin));
}

/// The lanes whose word is marked, in their order, and how many they are. A loop without a branch for each
/// lane: which lanes are marked cannot be foretold.
#[inline(always)]
pub(super) fn marked(words: &[u32; LANES], is_marked: impl Fn(u32) -> bool) -> ([u8; LANES], usize) {
    let (mut lanes, mut n) = ([0; LANES], 0);
    let any: u32 = words.iter().map(|word| u32::from(is_marked(*word))).sum();
    if any == 0 {
        return (lanes, 0);
    }
    for (lane, &word) in words.iter().enumerate() {
        lanes[n & (LANES - 1)] = lane as u8;
        n += usize::from(is_marked(word));
    }
    (lanes, n)
}

/// `acceptability`: by cell, the samples in which it is in the top, Σ d, Σ d² and the rank r of the first sample,
/// d being the rank less r: four planes one after the other in `out`.
pub fn acceptability(tile: &Tile<'_>, group: &Group, ranks: &Ranks, out: &mut [f32]) {
    let (top, rest) = out.split_at_mut(tile.n_cells);
    let (sum, rest) = rest.split_at_mut(tile.n_cells);
    let (squares, first) = rest.split_at_mut(tile.n_cells);
    let planes = top
        .par_chunks_mut(SUM_CELLS)
        .zip(sum.par_chunks_mut(SUM_CELLS))
        .zip(squares.par_chunks_mut(SUM_CELLS))
        .zip(first.par_chunks_mut(SUM_CELLS));
    planes.enumerate().for_each(|(i, (((top, sum), squares), first))| {
        let stretch = i * SUM_CELLS..i * SUM_CELLS + top.len();
        for (at, cell) in stretch.clone().enumerate() {
            let zero = [ranks.zero.0, 0.0, 0.0, ranks.zero.1];
            let values = if tile.kind(cell, group) == Kind::Unknown { [UNKNOWN; 4] } else { zero };
            [top[at], sum[at], squares[at], first[at]] = values;
        }
        let dense = Dense::new(tile, stretch, group);
        let mut sums = Sums { group, ranks, by_vector: vec![[[0.0; LANES]; 4]; dense.n_vectors()] };
        for samples in packs(0..group.n_samples) {
            widest(Sampled { dense: &dense, group, samples, taker: &mut sums });
        }
        for (i, &at) in dense.cells.iter().enumerate() {
            let (of_vector, lane, at) = (&sums.by_vector[i / LANES], i % LANES, at as usize);
            [top[at], sum[at], squares[at], first[at]] = of_vector.map(|lanes| lanes[lane]);
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
        let cut = self.group.cut;
        let [top, sum, squares, first] = &mut self.by_vector[vector];
        let table = self.ranks.words[sample * N_BINS..].first_chunk::<N_BINS>();
        let table = table.expect("a table of every sample");
        let mut entries = [0; LANES];
        for (entry, &place) in entries.iter_mut().zip(places) {
            *entry = table[(place >> cut.shift) as usize & (N_BINS - 1)];
        }
        if self.ranks.has_refined[sample] {
            let (lanes, n) = marked(&entries, |entry| entry & POINTS_ON != 0);
            for lane in lanes[..n].iter().map(|lane| usize::from(*lane)) {
                let bin = (entries[lane] & !POINTS_ON) as usize;
                entries[lane] = self.ranks.refined[bin * N_PARTS + cut.part(places[lane])].to_bits();
            }
        }
        let rank = entries.map(f32::from_bits);
        if sample == 0 {
            *first = rank;
        }
        let least = self.ranks.words[self.group.n_samples * N_BINS + sample];
        for (top, &place) in top.iter_mut().zip(places) {
            *top += if place >= least { 1.0 } else { 0.0 };
        }
        for l in 0..LANES {
            let d = rank[l] - first[l];
            sum[l] += d;
            squares[l] += d * d;
        }
    }
}
