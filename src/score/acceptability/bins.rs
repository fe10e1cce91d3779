//! Bins of sampled priorities, and what their integer counts say: each sample's ranks and its threshold.
//!
//! The bits of a float ≥ 0 order like the float, so an even cut of the bits is a fine cut of the logarithm. Each
//! sample has a cut of its own into 16,384 bins, as coarse as a survey of some cells lets it be (`survey`). A bin has
//! its mid-rank as a whole. One with more than 1 in 1024 of the cells is counted again in 256 parts, so ranks are
//! within 0.05 of a point, and exact where a part holds only equal priorities. The bins in which the survey expects
//! the threshold are counted in 16,384 parts at once; where it lies in another bin after all, that one is counted
//! again in 4096 parts. A part is in the top or out of it as a whole: one cell in some millions may stand on the wrong
//! side.

use std::ops::Range;

use super::super::levels::POINTS_ON;
use super::super::rank::rank_of;

/// Bins of a sample.
pub const N_BINS: usize = 1 << 14;
/// Parts of the bins in which the threshold is expected.
pub const N_NEAR: usize = 1 << 14;
/// Parts of a refined bin, as a power of 2.
pub const PART_BITS: u32 = 8;
/// Parts of a bin that holds the threshold against expectation, as a power of 2.
pub const EDGE_BITS: u32 = 12;
/// Parts of a refined bin.
pub const N_PARTS: usize = 1 << PART_BITS;
/// Parts of a bin that holds the threshold against expectation.
pub const N_EDGE_PARTS: usize = 1 << EDGE_BITS;

/// A bin with more than this share of the cells is refined.
pub const REFINE_ABOVE: u64 = 1024;
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

    /// The largest key that is not held within the bins.
    pub fn end(self) -> u32 {
        self.base.saturating_add(self.last())
    }

    /// A key's place above the base, held within the bins.
    #[inline(always)]
    pub fn place(self, key: u32) -> u32 {
        (key.max(self.base) - self.base).min(self.last())
    }

    /// A key's bin.
    pub fn bin(self, key: u32) -> u32 {
        self.place(key) >> self.shift
    }

    /// The part of a refined bin.
    #[inline(always)]
    pub fn part(self, place: u32) -> usize {
        (place >> self.shift.saturating_sub(PART_BITS)) as usize & (N_PARTS - 1)
    }

    /// The part of a bin with the threshold.
    #[inline(always)]
    pub fn edge_part(self, place: u32) -> usize {
        (place >> self.shift.saturating_sub(EDGE_BITS)) as usize & (N_EDGE_PARTS - 1)
    }

    /// The parts of a bin with the threshold, by their first places.
    fn edge_parts(self, bin: u32) -> Parts {
        Parts { first: bin << self.shift, shift: self.shift.saturating_sub(EDGE_BITS) }
    }
}

/// The bins in which a sample's threshold is expected, cut into parts; without places where nothing is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Near {
    /// First place.
    pub first: u32,
    /// Places.
    pub span: u32,
    /// Low bits of a place, counted from the first, that its part leaves out.
    pub shift: u32,
}

impl Near {
    /// Of some bins of a cut.
    pub fn of_bins(cut: Cut, bins: Range<u32>) -> Self {
        let (first, span) = (bins.start << cut.shift, (bins.end - bins.start) << cut.shift);
        let shift = (0..32).find(|shift| (span - 1) >> shift < N_NEAR as u32).unwrap_or(18);
        Self { first, span, shift }
    }

    /// Whether a place is among them.
    #[inline(always)]
    pub fn has(self, place: u32) -> bool {
        place.wrapping_sub(self.first) < self.span
    }

    /// The part of a place that is.
    #[inline(always)]
    pub fn part(self, place: u32) -> usize {
        (place.wrapping_sub(self.first) >> self.shift) as usize & (N_NEAR - 1)
    }
}

/// Where parts begin.
#[derive(Clone, Copy)]
struct Parts {
    first: u32,
    shift: u32,
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

    /// Whether a bin with so many of them is refined.
    pub fn fill(self, count: u64) -> bool {
        count >= 2 && count.saturating_mul(REFINE_ABOVE) > self.n
    }
}

/// What `acceptability_count` found: cells by sample and bin, then by sample and part near the threshold.
#[derive(Debug, Clone, Copy)]
pub struct Counted<'a> {
    /// By sample: its cut.
    pub cuts: &'a [Cut],
    /// By sample: where its threshold is expected.
    pub nears: &'a [Near],
    /// The counts.
    pub counts: &'a [u64],
    /// Of all samples.
    pub cells: Cells,
    /// From this rank on a cell is in the top.
    pub least_rank: f32,
}

impl Counted<'_> {
    fn n_samples(&self) -> usize {
        self.cuts.len()
    }

    /// Of a sample.
    pub fn bins(&self, sample: usize) -> &[u64] {
        &self.counts[sample * N_BINS..][..N_BINS]
    }

    /// Of the parts of a bin of a sample near its threshold, if it is one of those.
    fn near(&self, sample: usize, bin: u32) -> Option<(Parts, &[u64])> {
        let (cut, near) = (self.cuts[sample], *self.nears.get(sample)?);
        let first = bin << cut.shift;
        if !near.has(first) {
            return None;
        }
        let of_sample = &self.counts[self.n_samples() * N_BINS + sample * N_NEAR..][..N_NEAR];
        let (from, n) = (near.part(first), 1usize << (cut.shift - near.shift));
        Some((Parts { first, shift: near.shift }, &of_sample[from..from + n]))
    }

    /// The bin in which some cells reach the least rank and some do not.
    fn edge(&self, sample: usize) -> u32 {
        let Cells { n, n_zero } = self.cells;
        let mut below = n_zero;
        for (bin, &count) in self.bins(sample).iter().enumerate() {
            if count > 1
                && rank_of(below, 1, n) < self.least_rank
                && rank_of(below + count - 1, 1, n) >= self.least_rank
            {
                return bin as u32;
            }
            below += count;
        }
        NONE
    }
}

/// What is to be counted again.
#[derive(Debug, Clone, Default)]
pub struct Again {
    /// Of which samples of the group.
    pub samples: Range<usize>,
    /// By sample and bin: 1 + the place among the refined bins, or 0; then by sample the bin with the threshold where
    /// that was not expected there, or [`NONE`]; then by sample whether there is anything to count (1 or 0).
    pub words: Vec<u32>,
    /// By sample: whether any bin is refined.
    pub has_refined: Vec<bool>,
    /// Refined bins.
    pub n_refined: usize,
}

impl Again {
    /// Of what was counted; as many samples from `first` on as memory holds.
    pub fn new(counted: &Counted<'_>, first: usize) -> Self {
        let mut again = Self { samples: first..first, ..Self::default() };
        let mut edges = Vec::new();
        for sample in first..counted.n_samples() {
            let counts = counted.bins(sample);
            let is_full = |count: u64| counted.cells.fill(count);
            let n_full = counts.iter().filter(|count| is_full(**count)).count();
            if !again.samples.is_empty() && again.n_refined + n_full > MOST_REFINED {
                break;
            }
            again.samples.end += 1;
            again.has_refined.push(n_full > 0);
            let edge = counted.edge(sample);
            edges.push(if edge < NONE && counted.near(sample, edge).is_some() { NONE } else { edge });
            for &count in counts {
                let is_full = is_full(count);
                again.n_refined += usize::from(is_full);
                again.words.push(if is_full { again.n_refined as u32 } else { 0 });
            }
        }
        let is_needed = |(edge, has_refined): (&u32, &bool)| u32::from(*edge < NONE || *has_refined);
        let needed: Vec<u32> = edges.iter().zip(&again.has_refined).map(is_needed).collect();
        again.words.extend(edges);
        again.words.extend(needed);
        again
    }

    /// The bin with the threshold of the i-th of the samples where that was not expected there, or [`NONE`].
    pub fn edge(&self, i: usize) -> u32 {
        self.words[self.samples.len() * N_BINS + i]
    }

    /// Whether there is anything to count in the i-th of the samples.
    pub fn needs(&self, i: usize) -> bool {
        self.words[self.samples.len() * (N_BINS + 1) + i] > 0
    }

    /// Whether there is anything to count.
    pub fn is_needed(&self) -> bool {
        (0..self.samples.len()).any(|i| self.needs(i))
    }

    /// Words of counts: the edges' parts by sample, then the refined bins' parts.
    pub fn n_counts(&self) -> usize {
        self.samples.len() * N_EDGE_PARTS + self.n_refined * N_PARTS
    }
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

    /// A sample's rank or refined bin, by bin.
    #[inline(always)]
    pub fn table(&self, sample: usize) -> &[u32; N_BINS] {
        self.words[sample * N_BINS..].first_chunk().expect("a table of every sample")
    }

    /// The least place of a sample that is in the top.
    #[inline(always)]
    pub fn least_place(&self, sample: usize) -> u32 {
        self.words[self.has_refined.len() * N_BINS + sample]
    }

    /// Adds the samples of `again` with what was counted for them.
    pub fn extend(&mut self, counted: &Counted<'_>, again: &Again, recounts: &[u64]) {
        let (edges, parts) = recounts.split_at(again.samples.len() * N_EDGE_PARTS);
        let offset = self.refined.len() / N_PARTS;
        let Cells { n, n_zero } = counted.cells;
        let of_samples = again.samples.clone().zip(again.words.chunks_exact(N_BINS));
        for (i, (sample, index_of)) in of_samples.enumerate() {
            let cut = counted.cuts[sample];
            let mut below = n_zero;
            let mut least_place = NONE;
            for (bin, (&count, &index)) in (0u32..).zip(counted.bins(sample).iter().zip(index_of)) {
                if index == 0 {
                    self.words.push(rank_of(below, count, n).to_bits());
                } else {
                    self.words.push(POINTS_ON | (offset as u32 + index - 1));
                    let mut below = below;
                    for &count in &parts[(index as usize - 1) * N_PARTS..][..N_PARTS] {
                        self.refined.push(rank_of(below, count, n));
                        below += count;
                    }
                }
                if least_place == NONE && count > 0 {
                    least_place = if let Some((parts, counts)) = counted.near(sample, bin) {
                        least_of_parts(parts, counts, below, counted)
                    } else if again.edge(i) == bin {
                        // Where a bin has fewer places than there are parts, its places begin at a part of their own.
                        let counts = &edges[i * N_EDGE_PARTS..][..N_EDGE_PARTS];
                        let first = cut.edge_part(bin << cut.shift);
                        least_of_parts(cut.edge_parts(bin), &counts[first..], below, counted)
                    } else if rank_of(below, count, n) >= counted.least_rank {
                        bin << cut.shift
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

/// The least place of parts of which one has a rank of at least what is asked for.
fn least_of_parts(parts: Parts, counts: &[u64], below: u64, counted: &Counted<'_>) -> u32 {
    let mut below = below;
    for (part, &count) in (0u32..).zip(counts) {
        if count > 0 && rank_of(below, count, counted.cells.n) >= counted.least_rank {
            return parts.first + (part << parts.shift);
        }
        below += count;
    }
    NONE
}
