//! Bins of sampled priorities, and what their integer counts say: each sample's ranks and its threshold.
//!
//! The bits of a float ≥ 0 order like the float, so an even cut of the bits is a fine cut of the logarithm. The
//! cut spans what samples can reach, 16,384 bins for each sample. A bin has its mid-rank as a whole. One with
//! more than 1 in 1024 of the cells is counted again in 256 parts, so ranks are within 0.05 of a point, and
//! exact where a part holds only equal priorities. The bin with the threshold is counted again in 4096 parts, each of
//! which is in the top or out of it as a whole: one cell in some millions may stand on the wrong side.

use std::ops::Range;

use super::super::levels::POINTS_ON;
use super::super::rank::rank_of;

/// Bins of a sample.
pub const N_BINS: usize = 1 << 14;
/// Parts of a refined bin, as a power of 2.
pub const PART_BITS: u32 = 8;
/// Parts of the bin that holds the threshold, as a power of 2.
pub const EDGE_BITS: u32 = 12;
/// Parts of a refined bin.
pub const N_PARTS: usize = 1 << PART_BITS;
/// Parts of the bin that holds the threshold.
pub const N_EDGE_PARTS: usize = 1 << EDGE_BITS;

/// A bin with more than this share of the cells is refined.
const REFINE_ABOVE: u64 = 1024;
/// Bins refined in one pass, at most: 64 MiB of counts.
const MOST_REFINED: usize = 1 << 16;

/// No bin and no priority of the top.
pub const NONE: u32 = u32::MAX;

/// How keys (bits of sampled priorities) are cut into bins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cut {
    /// Keys up to this are in the first bin.
    pub base: u32,
    /// Low bits of a key that its bin leaves out.
    pub shift: u32,
}

impl Cut {
    /// The finest cut that spans keys from `low` to `high`.
    pub fn spanning(low: u32, high: u32) -> Self {
        let span = high.saturating_sub(low).max(1);
        let shift = (0..32).find(|shift| (span >> shift) < N_BINS as u32).unwrap_or(18);
        Self { base: low, shift }
    }

    /// Largest place.
    pub fn last(self) -> u32 {
        ((N_BINS as u32) << self.shift).wrapping_sub(1)
    }

    /// A key's place above the base, held within the bins.
    #[inline(always)]
    pub fn place(self, key: u32) -> u32 {
        (key.max(self.base) - self.base).min(self.last())
    }

    /// The part of a refined bin.
    #[inline(always)]
    pub fn part(self, place: u32) -> usize {
        (place >> self.shift.saturating_sub(PART_BITS)) as usize & (N_PARTS - 1)
    }

    /// The part of the bin with the threshold.
    #[inline(always)]
    pub fn edge_part(self, place: u32) -> usize {
        (place >> self.shift.saturating_sub(EDGE_BITS)) as usize & (N_EDGE_PARTS - 1)
    }
}

/// All cells, and of them those that no sample gives a priority above 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cells {
    /// All.
    pub n: u64,
    /// Without priority.
    pub n_zero: u64,
}

impl Cells {
    /// Rank of those without priority.
    pub fn rank_of_zero(self) -> f32 {
        rank_of(0, self.n_zero, self.n)
    }
}

/// What is to be counted again.
#[derive(Debug, Clone, Default)]
pub struct Again {
    /// Of which samples of the group.
    pub samples: Range<usize>,
    /// By sample and bin: 1 + the place among the refined bins, or 0; then by sample the bin with the threshold, or
    /// [`NONE`].
    pub words: Vec<u32>,
    /// By sample: whether any bin is refined.
    pub has_refined: Vec<bool>,
    /// Refined bins.
    pub n_refined: usize,
}

impl Again {
    /// Of counts by sample and bin; as many samples from `first` on as memory holds.
    pub fn new(counts: &[u64], first: usize, cells: Cells, least_rank: f32) -> Self {
        let mut again = Self { samples: first..first, ..Self::default() };
        let mut edges = Vec::new();
        for counts in counts.chunks_exact(N_BINS).skip(first) {
            let is_full = |count: u64| count >= 2 && count.saturating_mul(REFINE_ABOVE) > cells.n;
            let n_full = counts.iter().filter(|count| is_full(**count)).count();
            if !again.samples.is_empty() && again.n_refined + n_full > MOST_REFINED {
                break;
            }
            again.samples.end += 1;
            again.has_refined.push(n_full > 0);
            edges.push(edge(counts, cells, least_rank));
            for &count in counts {
                let is_full = is_full(count);
                again.n_refined += usize::from(is_full);
                again.words.push(if is_full { again.n_refined as u32 } else { 0 });
            }
        }
        again.words.extend(edges);
        again
    }

    /// The bin with the threshold of the i-th of the samples, or [`NONE`].
    pub fn edge(&self, i: usize) -> u32 {
        self.words[self.samples.len() * N_BINS + i]
    }

    /// Whether there is anything to count.
    pub fn is_needed(&self) -> bool {
        self.n_refined > 0 || (0..self.samples.len()).any(|i| self.edge(i) < NONE)
    }

    /// Words of counts: the edges' parts by sample, then the refined bins' parts.
    pub fn n_counts(&self) -> usize {
        self.samples.len() * N_EDGE_PARTS + self.n_refined * N_PARTS
    }
}

/// The bin in which some cells reach `least_rank` and some do not.
fn edge(counts: &[u64], cells: Cells, least_rank: f32) -> u32 {
    let mut below = cells.n_zero;
    for (bin, &count) in counts.iter().enumerate() {
        if count > 1
            && rank_of(below, 1, cells.n) < least_rank
            && rank_of(below + count - 1, 1, cells.n) >= least_rank
        {
            return bin as u32;
        }
        below += count;
    }
    NONE
}

/// Rank by sample and place, and the least place in the top.
#[derive(Debug, Clone, Default)]
pub struct Ranks {
    /// By sample and bin: bits of the rank, or the highest bit and the place among the refined bins; then, once
    /// [`Ranks::finished`], by sample the least place whose rank is at least the one asked for.
    pub words: Vec<u32>,
    /// By refined bin and part: the rank.
    pub refined: Vec<f32>,
    least_places: Vec<u32>,
    /// By sample: whether any bin is refined.
    pub has_refined: Vec<bool>,
    /// Of cells without priority: samples in which they are in the top, and their rank.
    pub zero: (f32, f32),
}

impl Ranks {
    /// Of no sample yet.
    pub fn new(cells: Cells, n_samples: usize, least_rank: f32) -> Self {
        let rank = cells.rank_of_zero();
        let zero = (if rank >= least_rank { n_samples as f32 } else { 0.0 }, rank);
        Self { zero, ..Self::default() }
    }

    /// With every sample added.
    pub fn finished(mut self) -> Self {
        self.words.append(&mut self.least_places);
        self
    }

    /// Adds the samples of `again` with what was counted for them.
    pub fn extend(
        &mut self,
        cut: Cut,
        counts: &[u64],
        again: &Again,
        recounts: &[u64],
        cells: Cells,
        least_rank: f32,
    ) {
        let (edges, parts) = recounts.split_at(again.samples.len() * N_EDGE_PARTS);
        let offset = self.refined.len() / N_PARTS;
        let of_samples =
            counts.chunks_exact(N_BINS).skip(again.samples.start).zip(again.words.chunks_exact(N_BINS));
        for (i, (counts, index_of)) in of_samples.enumerate() {
            let mut below = cells.n_zero;
            let mut least_place = NONE;
            for (bin, (&count, &index)) in counts.iter().zip(index_of).enumerate() {
                let start = (bin as u32) << cut.shift;
                if index == 0 {
                    self.words.push(rank_of(below, count, cells.n).to_bits());
                } else {
                    self.words.push(POINTS_ON | (offset as u32 + index - 1));
                    let mut below = below;
                    for &count in &parts[(index as usize - 1) * N_PARTS..][..N_PARTS] {
                        self.refined.push(rank_of(below, count, cells.n));
                        below += count;
                    }
                }
                if least_place == NONE && count > 0 {
                    least_place = if again.edge(i) == bin as u32 {
                        let edges = &edges[i * N_EDGE_PARTS..][..N_EDGE_PARTS];
                        edge_place(cut, start, edges, below, cells.n, least_rank)
                    } else if rank_of(below, count, cells.n) >= least_rank {
                        start
                    } else {
                        NONE
                    };
                }
                below += count;
            }
            self.least_places.push(least_place);
            self.has_refined.push(again.has_refined[i]);
        }
    }
}

/// The least place in the bin from `start` on whose part's rank is at least `least_rank`.
fn edge_place(cut: Cut, start: u32, parts: &[u64], below: u64, n: u64, least_rank: f32) -> u32 {
    let shift = cut.shift.saturating_sub(EDGE_BITS);
    let mut below = below;
    // Where a bin has fewer places than there are parts, its places begin at a part of their own.
    let first_part = cut.edge_part(start) as u32;
    for (part, &count) in (0u32..).zip(parts) {
        if count > 0 && rank_of(below, count, n) >= least_rank {
            return start + ((part - first_part) << shift);
        }
        below += count;
    }
    NONE
}
