//! The native engine's walks over a tile's cells and a group's samples: count, sum up (count again: `recount`).
//!
//! 256 cells lie side by side in a vector, and a few samples are computed while their terms are near. A cell's sum
//! over criteria has the order of the recipe, without fused multiply-add, as in the shaders. Counting is shared out
//! by samples, so that no two threads count in one place; summing up by cells.

mod sums;

use std::ops::Range;

use rayon::prelude::*;

pub use self::sums::acceptability;
use super::bins::{Cut, N_BINS, N_NEAR, Near};
use super::dense::{Dense, LANES, Lanes, Tile};
use super::group::{Group, LOG_OFFSET};
use super::noise::Noise;
use super::tiers::TierKeys;
use crate::widest::{Work, widest};

/// Cells of a stretch that is worked on at once: its terms, and the sums over samples, stay in the second-level cache,
/// and the tables of all samples come by from further away but once for so many cells.
const STRETCH_CELLS: usize = 16_384;
/// Samples computed while a vector's terms are in the first-level cache.
const SAMPLES_AT_ONCE: usize = 4;
/// Criteria summed in one go.
const TERMS_AT_ONCE: usize = 8;

pub(super) type Places = [u32; LANES];

/// Takes places of sampled priorities above their cut's base, vector by vector.
pub(super) trait Take {
    /// Whether a vector whose places lie between these is worth computing.
    #[inline(always)]
    fn wants(&self, _sample: usize, _least: u32, _most: u32) -> bool {
        true
    }

    /// Whether [`Take::wants`] ever says no.
    const IS_CHOOSY: bool = false;

    /// Takes one vector's in one sample.
    fn take(&mut self, vector: usize, sample: usize, places: &Places);

    /// Takes one vector's in as many samples as are computed at once.
    #[inline(always)]
    fn take_all(&mut self, vector: usize, first_sample: usize, places: &[Places; SAMPLES_AT_ONCE]) {
        for (sample, places) in (first_sample..).zip(places) {
            self.take(vector, sample, places);
        }
    }
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
        let offset = if group.is_product { LOG_OFFSET } else { 0.0 };
        let is_choosy = T::IS_CHOOSY && noises.is_empty();
        let mut places = [[0; LANES]; SAMPLES_AT_ONCE];
        for (vector, terms) in dense.terms.chunks_exact(n_terms).enumerate() {
            for (i, (sample, weights)) in self.samples.clone().zip(weights.chunks_exact(n_terms)).enumerate()
            {
                let cut = group.cuts[sample];
                if is_choosy {
                    let bounds = dense.bounds(vector, weights);
                    let keys = match &group.tiers {
                        None => bounds.map(|sum| (sum + offset).to_bits()),
                        Some(tiers) => [0, 1].map(|i| tiers.key(bounds[i], dense.tier_spans[vector][i])),
                    };
                    let [least, most] = keys.map(|key| cut.place(key));
                    if !self.taker.wants(sample, least, most) {
                        continue;
                    }
                }
                let weighted = Weighted { terms, weights, cut, offset };
                if noises.is_empty() && n_terms <= TERMS_AT_ONCE && group.tiers.is_none() {
                    weighted.places(&mut places[i]);
                } else {
                    let mut sums = [0.0; LANES];
                    weighted.add_up(&mut sums);
                    if let Some(noise) = noises.get(i) {
                        noise.apply(dense, vector, &mut sums);
                    }
                    if let Some(tiers) = &group.tiers {
                        let keys = &dense.tiers[vector];
                        for (l, (place, &sum)) in places[i].iter_mut().zip(&sums).enumerate() {
                            *place = cut.place(tiers.key(sum, TierKeys::of_lane(keys, l)));
                        }
                    } else {
                        for (place, &sum) in places[i].iter_mut().zip(&sums) {
                            *place = cut.place((sum + offset).to_bits());
                        }
                    }
                }
                if T::IS_CHOOSY || self.samples.len() < SAMPLES_AT_ONCE {
                    self.taker.take(vector, sample, &places[i]);
                }
            }
            if !T::IS_CHOOSY && self.samples.len() == SAMPLES_AT_ONCE {
                self.taker.take_all(vector, self.samples.start, &places);
            }
        }
    }
}

/// Samples in a few at a time.
fn packs(samples: Range<usize>) -> impl Iterator<Item = Range<usize>> {
    let end = samples.end;
    samples.step_by(SAMPLES_AT_ONCE).map(move |first| first..(first + SAMPLES_AT_ONCE).min(end))
}

/// A block compiled for each number of criteria that are summed in one go.
macro_rules! each_number {
    ($number:expr, $n:ident => $block:block) => {
        match $number {
            1 => {
                const $n: usize = 1;
                $block
            }
            2 => {
                const $n: usize = 2;
                $block
            }
            3 => {
                const $n: usize = 3;
                $block
            }
            4 => {
                const $n: usize = 4;
                $block
            }
            5 => {
                const $n: usize = 5;
                $block
            }
            6 => {
                const $n: usize = 6;
                $block
            }
            7 => {
                const $n: usize = 7;
                $block
            }
            _ => {
                const $n: usize = TERMS_AT_ONCE;
                $block
            }
        }
    };
}

/// Terms of a vector and their weights in a sample.
struct Weighted<'a> {
    terms: &'a [Lanes],
    weights: &'a [f32],
    cut: Cut,
    offset: f32,
}

impl Weighted<'_> {
    /// Adds w · u of all criteria, in their order.
    #[inline(always)]
    fn add_up(&self, sums: &mut Lanes) {
        for (terms, weights) in self.terms.chunks(TERMS_AT_ONCE).zip(self.weights.chunks(TERMS_AT_ONCE)) {
            each_number!(terms.len(), N => {
                let (Some(terms), Some(weights)) = (terms.first_chunk::<N>(), weights.first_chunk()) else { return };
                for (l, sum) in sums.iter_mut().enumerate() {
                    *sum = add_some::<N>(terms, weights, l, *sum);
                }
            });
        }
    }

    /// Places of Σ w · u of up to eight criteria, without a halt in memory.
    #[inline(always)]
    fn places(&self, places: &mut Places) {
        each_number!(self.terms.len(), N => {
            let (Some(terms), Some(weights)) = (self.terms.first_chunk::<N>(), self.weights.first_chunk()) else {
                return;
            };
            for (l, place) in places.iter_mut().enumerate() {
                *place = self.cut.place((add_some::<N>(terms, weights, l, 0.0) + self.offset).to_bits());
            }
        });
    }
}

#[inline(always)]
fn add_some<const N: usize>(terms: &[Lanes; N], weights: &[f32; N], lane: usize, so_far: f32) -> f32 {
    let mut sum = so_far;
    for k in 0..N {
        sum += weights[k] * terms[k][lane];
    }
    sum
}

/// Samples shared out to threads, a few dozen at most to an item.
pub(super) fn items(samples: Range<usize>) -> Vec<Range<usize>> {
    let each = samples.len().div_ceil(2 * rayon::current_num_threads()).clamp(1, 32);
    samples.clone().step_by(each).map(|first| first..(first + each).min(samples.end)).collect()
}

pub(super) fn dense_parts(tile: &Tile<'_>, group: &Group) -> Vec<Dense> {
    let starts: Vec<usize> = (0..tile.n_cells).step_by(STRETCH_CELLS).collect();
    let part = |start: usize| {
        let stretch = start..(start + STRETCH_CELLS).min(tile.n_cells);
        Dense::new(tile, stretch.clone(), &tile.kinds(stretch, group), group)
    };
    starts.into_par_iter().map(part).collect()
}

/// `acceptability_count`: adds a tile's live cells to `counts` by sample and bin, then by sample and part of where the
/// threshold is expected.
pub fn count(tile: &Tile<'_>, group: &Group, counts: &mut [u64]) {
    let parts = dense_parts(tile, group);
    let items = items(0..group.n_samples);
    let each = items.first().map_or(1, Range::len);
    let (bins, nears) = counts.split_at_mut(group.n_samples * N_BINS);
    let mut nears: Vec<&mut [u64]> = nears.chunks_mut(each * N_NEAR).collect();
    // Nothing is near in a survey.
    nears.resize_with(items.len(), Default::default);
    items.into_par_iter().zip(bins.par_chunks_mut(each * N_BINS)).zip(nears).for_each(
        |((samples, bins), nears)| {
            let mut of_tile = Count::new(group, samples.clone());
            for dense in parts.iter().filter(|dense| !dense.cells.is_empty()) {
                of_tile.n_cells = dense.cells.len();
                of_tile.bins.resize(SAMPLES_AT_ONCE * dense.n_vectors(), [0; LANES]);
                for samples in packs(samples.clone()) {
                    of_tile.first_of_pack = samples.start;
                    let taker = &mut of_tile;
                    widest(Sampled { dense, group, samples: samples.clone(), taker });
                    of_tile.add_bins(samples);
                }
            }
            add(&of_tile.counts, bins);
            add(&of_tile.near_counts, nears);
        },
    );
}

/// Adds counts of a tile, most of which are none.
pub(super) fn add(more: &[u32], sums: &mut [u64]) {
    const AT_ONCE: usize = 64;
    for (more, sums) in more.chunks(AT_ONCE).zip(sums.chunks_mut(AT_ONCE)) {
        if more.iter().fold(0, |any, count| any | count) > 0 {
            for (sum, &more) in sums.iter_mut().zip(more) {
                *sum += u64::from(more);
            }
        }
    }
}

/// What one item counts.
struct Count<'a> {
    group: &'a Group,
    first_sample: usize,
    first_of_pack: usize,
    /// Dense cells; the last vector's other lanes are no cells.
    n_cells: usize,
    /// By sample of a pack, then vector.
    bins: Vec<[u16; LANES]>,
    /// By sample and bin.
    counts: Vec<u32>,
    /// By sample and part, where anything is near.
    near_counts: Vec<u32>,
}

impl<'a> Count<'a> {
    fn new(group: &'a Group, samples: Range<usize>) -> Self {
        let n_near = if group.nears.is_empty() { 0 } else { samples.len() * N_NEAR };
        Self {
            group,
            first_sample: samples.start,
            first_of_pack: samples.start,
            n_cells: 0,
            bins: Vec::new(),
            counts: vec![0; samples.len() * N_BINS],
            near_counts: vec![0; n_near],
        }
    }

    /// Counts the bins of a pack of samples.
    fn add_bins(&mut self, samples: Range<usize>) {
        let counts = self.counts[(samples.start - self.first_sample) * N_BINS..].chunks_exact_mut(N_BINS);
        let bins = self.bins.chunks_exact(self.n_cells.div_ceil(LANES)).take(samples.len());
        for (bins, counts) in bins.zip(counts) {
            add_counts(&bins.as_flattened()[..self.n_cells], counts);
        }
    }
}

impl Take for Count<'_> {
    #[inline(always)]
    fn take(&mut self, vector: usize, sample: usize, places: &Places) {
        let shift = self.group.cuts[sample].shift;
        let n_vectors = self.n_cells.div_ceil(LANES);
        let bins = &mut self.bins[(sample - self.first_of_pack) * n_vectors + vector];
        for (bin, &place) in bins.iter_mut().zip(places) {
            *bin = (place >> shift) as u16;
        }
        if let Some(near) = self.group.nears.get(sample) {
            let n_lanes = (self.n_cells - vector * LANES).min(LANES);
            let counts = &mut self.near_counts[(sample - self.first_sample) * N_NEAR..];
            let counts = counts.first_chunk_mut().expect("counts of every sample");
            add_near(places, n_lanes, *near, counts);
        }
    }
}

/// Counts places near the threshold. Few are, so first it is asked of sixteen at once whether any is.
#[inline(always)]
fn add_near(places: &Places, n_lanes: usize, near: Near, counts: &mut [u32; N_NEAR]) {
    const AT_ONCE: usize = 16;
    for (i, places) in places.chunks_exact(AT_ONCE).enumerate() {
        if places.iter().fold(false, |any, place| any | near.has(*place)) {
            let n_lanes = n_lanes.saturating_sub(i * AT_ONCE);
            for &place in places.iter().take(n_lanes).filter(|place| near.has(**place)) {
                counts[near.part(place)] += 1;
            }
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
