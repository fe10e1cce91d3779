//! The native engine's three walks over a tile's cells and a group's samples: count, count again, sum up.
//!
//! Sixteen cells lie side by side in a vector, and four samples are computed from each load. A cell's sum over
//! criteria has the order of the recipe, without fused multiply-add, as in the shaders. Counting is shared out
//! by samples, so that no two threads count in one place; summing up by cells.

use std::ops::Range;

use rayon::prelude::*;

use super::super::rank::REFINED_FLAG;
use super::super::widest::{Work, widest};
use super::bins::{Again, N_BINS, N_EDGE_PARTS, N_PARTS, Ranks};
use super::dense::{Dense, Kind, LANES, Lanes, Tile};
use super::group::{Group, LOG_OFFSET};
use super::noise::Noise;
use crate::grid::UNKNOWN;

/// Cells of a stretch that is counted at once: its terms stay in the second-level cache.
const COUNT_CELLS: usize = 16_384;
/// Cells of a stretch that is summed up at once: its terms and sums stay near.
const SUM_CELLS: usize = 4096;
/// Criteria summed in one go.
const TERMS_AT_ONCE: usize = 8;

type Places = [u32; LANES];

/// Places of sampled priorities above the cut's base, stretch by stretch.
trait Take {
    /// Takes one stretch's.
    fn take(&mut self, vector: usize, places: &Places);
}

/// One sample of a group over dense cells.
struct Sampled<'a, T> {
    dense: &'a Dense,
    group: &'a Group,
    sample: usize,
    taker: &'a mut T,
}

impl<T: Take> Work for Sampled<'_, T> {
    #[inline(always)]
    fn run(self) {
        let (dense, group) = (self.dense, self.group);
        let n_terms = group.n_terms();
        let weights: Vec<f32> = group.weights(self.sample).iter().map(|bits| f32::from_bits(*bits)).collect();
        let noise = group.has_noise().then(|| Noise::new(group, group.key(self.sample)));
        let (cut, offset) = (group.cut, if group.is_product { LOG_OFFSET } else { 0.0 });
        for (vector, terms) in dense.terms.chunks_exact(n_terms).enumerate() {
            let mut sums = [0.0; LANES];
            for (terms, weights) in terms.chunks(TERMS_AT_ONCE).zip(weights.chunks(TERMS_AT_ONCE)) {
                add_terms(terms, weights, &mut sums);
            }
            if let Some(noise) = &noise {
                noise.apply(dense, vector, &mut sums);
            }
            let mut places = [0; LANES];
            for (place, &sum) in places.iter_mut().zip(&sums) {
                *place = cut.place((sum + offset).to_bits());
            }
            self.taker.take(vector, &places);
        }
    }
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
fn items(samples: Range<usize>) -> Vec<Range<usize>> {
    let each = samples.len().div_ceil(2 * rayon::current_num_threads()).clamp(1, 32);
    samples.clone().step_by(each).map(|first| first..(first + each).min(samples.end)).collect()
}

fn dense_parts(tile: &Tile<'_>, group: &Group) -> Vec<Dense> {
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
        let mut bins = Bins { shift: group.cut.shift, bins: Vec::new() };
        for dense in &parts {
            bins.bins.resize(dense.n_vectors(), [0; LANES]);
            for (sample, counts) in samples.clone().zip(of_tile.chunks_exact_mut(N_BINS)) {
                widest(Sampled { dense, group, sample, taker: &mut bins });
                add_counts(&bins.bins.as_flattened()[..dense.cells.len()], counts);
            }
        }
        for (sum, &more) in counts.iter_mut().zip(&of_tile) {
            *sum += u64::from(more);
        }
    });
}

/// Bins of a part's cells in one sample.
struct Bins {
    shift: u32,
    bins: Vec<[u16; LANES]>,
}

impl Take for Bins {
    #[inline(always)]
    fn take(&mut self, vector: usize, places: &Places) {
        for (bin, &place) in self.bins[vector].iter_mut().zip(places) {
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

/// `acceptability_recount`: adds a tile's cells in full bins and in bins with a threshold to `counts`, in the
/// order of [`Again::n_counts`].
pub fn recount(tile: &Tile<'_>, group: &Group, again: &Again, counts: &mut [u64]) {
    let parts = dense_parts(tile, group);
    let (edges, refined) = counts.split_at_mut(again.samples.len() * N_EDGE_PARTS);
    let counted = items(again.samples.clone()).into_par_iter().map(|samples| {
        let mut recount = Recount::new(group, again, samples.clone());
        for dense in &parts {
            recount.n_cells = dense.cells.len();
            for sample in samples.clone() {
                recount.sample = sample;
                widest(Sampled { dense, group, sample, taker: &mut recount });
            }
        }
        (samples, recount.edges, recount.refined_from, recount.refined)
    });
    for (samples, of_edges, from, of_refined) in counted.collect::<Vec<_>>() {
        let first = (samples.start - again.samples.start) * N_EDGE_PARTS;
        add(&of_edges, &mut edges[first..]);
        add(&of_refined, &mut refined[from * N_PARTS..]);
    }
}

fn add(more: &[u32], sums: &mut [u64]) {
    for (sum, &more) in sums.iter_mut().zip(more) {
        *sum += u64::from(more);
    }
}

/// What one item counts again.
struct Recount<'a> {
    group: &'a Group,
    again: &'a Again,
    samples: Range<usize>,
    sample: usize,
    n_cells: usize,
    edges: Vec<u32>,
    /// The item's first refined bin.
    refined_from: usize,
    refined: Vec<u32>,
}

impl<'a> Recount<'a> {
    fn new(group: &'a Group, again: &'a Again, samples: Range<usize>) -> Self {
        let of = |samples: Range<usize>| {
            let start = samples.start - again.samples.start;
            &again.words[start * N_BINS..(start + samples.len()) * N_BINS]
        };
        let n_refined = |samples: Range<usize>| of(samples).iter().filter(|index| **index > 0).count();
        let edges = vec![0; samples.len() * N_EDGE_PARTS];
        let refined = vec![0; n_refined(samples.clone()) * N_PARTS];
        let refined_from = n_refined(again.samples.start..samples.start);
        Self { group, again, sample: samples.start, samples, n_cells: 0, edges, refined_from, refined }
    }
}

impl Take for Recount<'_> {
    #[inline(always)]
    fn take(&mut self, vector: usize, places: &Places) {
        let cut = self.group.cut;
        let sample = self.sample - self.again.samples.start;
        let edge = self.again.edge(sample);
        let index_of = self.again.words[sample * N_BINS..].first_chunk::<N_BINS>();
        let index_of = index_of.expect("an index for every bin");
        let mut indices = [0; LANES];
        if self.again.has_refined[sample] {
            for (index, &place) in indices.iter_mut().zip(places) {
                let bin = place >> cut.shift;
                *index = index_of[bin as usize & (N_BINS - 1)] | u32::from(bin == edge);
            }
        } else {
            for (index, &place) in indices.iter_mut().zip(places) {
                *index = u32::from(place >> cut.shift == edge);
            }
        }
        let n_lanes = (self.n_cells - vector * LANES).min(LANES);
        let (hits, n_hits) = marked(&indices, |index| index > 0);
        let edges = &mut self.edges[(self.sample - self.samples.start) * N_EDGE_PARTS..][..N_EDGE_PARTS];
        for &lane in hits[..n_hits].iter().take_while(|lane| usize::from(**lane) < n_lanes) {
            let place = places[usize::from(lane)];
            let bin = place >> cut.shift;
            if bin == edge {
                edges[cut.edge_part(place)] += 1;
            }
            let index = index_of[bin as usize] as usize;
            if index > 0 {
                self.refined[(index - 1 - self.refined_from) * N_PARTS + cut.part(place)] += 1;
            }
        }
    }
}

/// The lanes whose word is marked, in their order, and how many they are. A loop without a branch for each
/// lane: which lanes are marked cannot be foretold.
#[inline(always)]
fn marked(words: &[u32; LANES], is_marked: impl Fn(u32) -> bool) -> ([u8; LANES], usize) {
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
        let mut sums =
            Sums { group, ranks, sample: 0, by_vector: vec![[[0.0; LANES]; 4]; dense.n_vectors()] };
        for sample in 0..group.n_samples {
            sums.sample = sample;
            widest(Sampled { dense: &dense, group, sample, taker: &mut sums });
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
    sample: usize,
    /// Samples in the top, Σ d, Σ d², r.
    by_vector: Vec<[Lanes; 4]>,
}

impl Take for Sums<'_> {
    #[inline(always)]
    fn take(&mut self, vector: usize, places: &Places) {
        let (cut, sample) = (self.group.cut, self.sample);
        let [top, sum, squares, first] = &mut self.by_vector[vector];
        let table = self.ranks.words[sample * N_BINS..].first_chunk::<N_BINS>();
        let table = table.expect("a table of every sample");
        let mut entries = [0; LANES];
        for (entry, &place) in entries.iter_mut().zip(places) {
            *entry = table[(place >> cut.shift) as usize & (N_BINS - 1)];
        }
        if self.ranks.has_refined[sample] {
            let (lanes, n) = marked(&entries, |entry| entry & REFINED_FLAG != 0);
            for lane in lanes[..n].iter().map(|lane| usize::from(*lane)) {
                let bin = (entries[lane] & !REFINED_FLAG) as usize;
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
