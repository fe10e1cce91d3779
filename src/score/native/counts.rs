//! What one thread counts over its blocks, before it is added to the tally.

use super::super::curve::SegmentSum;
use super::super::levels::SPARE;

/// What one thread counts over its blocks.
#[derive(Default)]
pub struct Counts {
    /// Bits of the largest value.
    pub maximum_bits: u32,
    /// Cells by bin, or at a finer level; behind them what is not counted.
    pub bins: Vec<u32>,
    /// Sums by segment.
    pub segments: Vec<SegmentSum>,
}

impl Counts {
    /// The bins, so many of them, and [`SPARE`] more.
    pub fn bins(&mut self, n: usize) -> &mut [u32] {
        self.bins.resize(n + SPARE, 0);
        &mut self.bins
    }

    /// The segments, so many of them.
    pub fn segments(&mut self, n: usize) -> &mut [SegmentSum] {
        self.segments.resize(n, SegmentSum::default());
        &mut self.segments
    }
}
