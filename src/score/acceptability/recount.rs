//! `acceptability_recount`, natively: counts again what lies in full bins and in bins with a threshold.
//!
//! A vector in which no cell can be in such a bin is passed over, unless hazard or cost is drawn: w ≥ 0 and
//! rounding is monotone, so Σ w · (least u) and Σ w · (largest u) bound its cells' sums to the bit. On
//! fields that vary little over 256 neighbours that is nearly every vector.

use std::ops::Range;

use rayon::prelude::*;

use super::bins::{Again, N_BINS, N_EDGE_PARTS, N_PARTS};
use super::dense::{LANES, Tile};
use super::group::Group;
use super::native::{Places, Sampled, Take, add, dense_parts, items, marked};
use crate::widest::widest;

/// `acceptability_recount`: adds a tile's cells in full bins and in bins with a threshold to `counts`, in the
/// order of [`Again::n_counts`].
pub fn recount(tile: &Tile<'_>, group: &Group, again: &Again, counts: &mut [u64]) {
    let mut parts = dense_parts(tile, group);
    parts.par_iter_mut().for_each(|dense| dense.measure(group.n_terms()));
    let (edges, refined) = counts.split_at_mut(again.samples.len() * N_EDGE_PARTS);
    let counted = items(again.samples.clone()).into_par_iter().map(|samples| {
        let mut recount = Recount::new(group, again, samples.clone());
        for dense in &parts {
            recount.n_cells = dense.cells.len();
            let needed = samples.clone().filter(|sample| again.needs(sample - again.samples.start));
            for sample in needed {
                let samples = sample..sample + 1;
                widest(Sampled { dense, group, samples, taker: &mut recount });
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

/// What one item counts again.
struct Recount<'a> {
    group: &'a Group,
    again: &'a Again,
    samples: Range<usize>,
    n_cells: usize,
    /// By sample of the item: its refined bins, rising.
    bins: Vec<Vec<u32>>,
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
        let bins_of = |words: &[u32]| {
            let refined = (0u32..).zip(words).filter(|(_, index)| **index > 0);
            refined.map(|(bin, _)| bin).collect()
        };
        let bins = of(samples.clone()).chunks_exact(N_BINS).map(bins_of).collect();
        Self { group, again, samples, n_cells: 0, bins, edges, refined_from, refined }
    }
}

impl Take for Recount<'_> {
    const IS_CHOOSY: bool = true;

    #[inline(always)]
    fn wants(&self, sample: usize, least: u32, most: u32) -> bool {
        let shift = self.group.cuts[sample].shift;
        let (least, most) = (least >> shift, most >> shift);
        let edge = self.again.edge(sample - self.again.samples.start);
        let bins = &self.bins[sample - self.samples.start];
        (least..=most).contains(&edge)
            || bins.get(bins.partition_point(|bin| *bin < least)).is_some_and(|bin| *bin <= most)
    }

    #[inline(always)]
    fn take(&mut self, vector: usize, sample: usize, places: &Places) {
        let cut = self.group.cuts[sample];
        let edges = &mut self.edges[(sample - self.samples.start) * N_EDGE_PARTS..][..N_EDGE_PARTS];
        let sample = sample - self.again.samples.start;
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
