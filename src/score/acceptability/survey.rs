//! What a survey of some cells says about each sample: how coarse its bins may be, and where its threshold is expected.
//!
//! The survey counts the cells that a hash of their column and row picks, whatever the tiles, by one cut for all samples.
//! From its counts follow, sample by sample, the coarsest cut of which no bin should hold more than 1 in 1024 of the
//! cells, and the bins that hold the threshold unless the survey is five standard errors off. Both are only guesses:
//! what is counted afterwards is every cell. Where a bin is too full or the threshold in another one, those are counted
//! again (`bins`); a sample of which many cells lie beyond its cut is counted anew by the survey's cut.

use super::bins::{Cells, Cut, N_BINS, Near, REFINE_ABOVE};
use super::chance::mix;
use super::group::Group;

/// Cells of a survey, at most.
const MOST_CELLS: u64 = 1 << 19;

/// A bin is meant to hold at most this much of what would have it refined: the survey's counts vary.
const BIN_SHARE: f64 = 0.6;

/// The share of the cells, at either end, that the cut need not tell apart.
const TAIL_SHARE: f64 = 1.0 / 8192.0;

/// A cut has at least N_BINS / 2^this bins: fewer would take hardly less of the first-level cache.
const FEWER_BINS: u32 = 2;

/// Standard errors of the threshold's place that count as near.
const ERRORS: f64 = 5.0;

/// One cell in 2^this is surveyed, of a grid with so many scored cells.
pub fn bits_for(n_scored: u64) -> u32 {
    (0..32).find(|bits| n_scored >> bits <= MOST_CELLS).unwrap_or(31)
}

/// Whether a cell of the whole grid is among the one in 2^`bits` that are surveyed. Twin: `shaders/sample.wgsl`.
#[inline(always)]
pub fn is_surveyed(col: u32, row: u32, bits: u32) -> bool {
    mix(mix(row ^ 0x5bd1_e995).wrapping_add(col)) & ((1 << bits) - 1) == 0
}

/// A group for counting every cell, of what a survey with `group` found: `counts` by sample and bin, `cells` the
/// surveyed ones.
pub fn surveyed(group: &Group, counts: &[u64], cells: Cells, least_rank: f32) -> Group {
    let of_sample = |counts: &[u64]| {
        let survey = Survey { cut: group.cuts[0], counts, cells, is_whole: group.survey_bits == 0 };
        let near = survey.near(f64::from(least_rank) / 100.0);
        let cut = survey.cut(&near);
        let bins = cut.bin(survey.key(near.start))..cut.bin(survey.key(near.end) - 1) + 1;
        (cut, Near::of_bins(cut, bins))
    };
    let (cuts, nears) = counts.chunks_exact(N_BINS).map(of_sample).unzip();
    group.with_cuts(cuts, nears)
}

/// The group for counting anew, where `counts` by a [`surveyed`] `group` show that a cut does not reach far enough.
pub fn mended(group: &Group, survey: &Group, counts: &[u64], cells: Cells) -> Option<Group> {
    let (mut cuts, mut nears) = (group.cuts.clone(), group.nears.clone());
    let of_samples = cuts.iter_mut().zip(&mut nears).zip(&survey.cuts).zip(counts.chunks_exact(N_BINS));
    let mut is_mended = false;
    for (((cut, near), &wide), counts) in of_samples {
        let is_low = cut.base > wide.base && cells.fill(counts[0]);
        let is_high = cut.end() < wide.end() && cells.fill(counts[N_BINS - 1]);
        if is_low || is_high {
            (*cut, *near, is_mended) = (wide, Near::default(), true);
        }
    }
    is_mended.then(|| group.with_cuts(cuts, nears))
}

/// One sample's.
struct Survey<'a> {
    cut: Cut,
    counts: &'a [u64],
    cells: Cells,
    is_whole: bool,
}

impl Survey<'_> {
    /// The least key of a bin.
    fn key(&self, bin: usize) -> u32 {
        self.cut.base.saturating_add((bin as u32) << self.cut.shift)
    }

    /// Bins in which the cell with this share of the cells below it is expected.
    fn near(&self, share: f64) -> std::ops::Range<usize> {
        let n = self.cells.n as f64;
        let slack = if self.is_whole { 1.0 } else { 2.0 + ERRORS * (n * share * (1.0 - share)).sqrt() };
        let (least, most) = (share * n - slack, share * n + slack);
        let (mut start, mut end) = (0, N_BINS);
        let mut below = self.cells.n_zero as f64;
        for (bin, &count) in self.counts.iter().enumerate() {
            if below <= least {
                start = bin;
            }
            below += count as f64;
            if below > most {
                end = bin + 1;
                break;
            }
        }
        start..end
    }

    /// The coarsest cut, within limits, that tells enough apart and spans the bins of `near`.
    fn cut(&self, near: &std::ops::Range<usize>) -> Cut {
        let n = self.cells.n as f64;
        let tail = n * TAIL_SHARE;
        // A bin more at either end, so that what lies beyond shows.
        let first = self.past(tail, self.counts.iter().enumerate()).min(near.start).saturating_sub(1);
        let last = self.past(tail, self.counts.iter().enumerate().rev()).max(near.end - 1);
        let last = (last + 1).min(N_BINS - 1);
        let most = (n / REFINE_ABOVE as f64 * BIN_SHARE).max(1.0);
        let of_bins = &self.counts[first..=last];
        let is_coarse_enough = |shift: &u32| {
            let wide = of_bins.chunks(1 << (shift - self.cut.shift));
            wide.map(|bins| bins.iter().sum::<u64>()).all(|count| count as f64 <= most)
        };
        let coarser = (self.cut.shift..self.cut.shift + 10).rev().find(is_coarse_enough);
        let shift = coarser.unwrap_or_else(|| {
            let fullest = of_bins.iter().copied().max().unwrap_or(0) as f64;
            self.cut.shift.saturating_sub((fullest / most).log2().ceil() as u32)
        });
        let finest = Cut::spanning(self.key(first), self.key(last + 1) - 1);
        Cut { shift: shift.clamp(finest.shift, finest.shift + FEWER_BINS), ..finest }
    }

    /// The first bin with which more than `tail` cells are passed, or the last one.
    fn past<'c>(&self, tail: f64, bins: impl Iterator<Item = (usize, &'c u64)>) -> usize {
        let (mut passed, mut at) = (0, 0);
        for (bin, &count) in bins {
            (passed, at) = (passed + count, bin);
            if passed as f64 > tail {
                break;
            }
        }
        at
    }
}
