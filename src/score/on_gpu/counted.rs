//! What a tile counted: integers read back and added to the tally.

use crate::gpu::BufferId;

use super::super::curve::{N_SEGMENTS, N_SUMS};
use super::super::program::Tally;

/// Integers a recording hands back.
pub struct Count {
    /// Where they lie.
    pub buffer: BufferId,
    /// How many words.
    pub n_words: usize,
    /// What they count.
    pub what: Counted,
}

/// What integers count, by the tally they are added to.
#[derive(Clone, Copy)]
pub enum Counted {
    Maximum,
    Bins,
    Refined,
    Segments,
    Samples,
}

impl Counted {
    /// Adds what one tile counted.
    pub fn add(self, words: &[u32], tally: &mut Tally) {
        match self {
            Self::Maximum => tally.maximum_bits = tally.maximum_bits.max(words[0]),
            Self::Bins => {
                for (sum, &more) in tally.bins.iter_mut().zip(words) {
                    *sum += u64::from(more);
                }
            }
            Self::Samples => {
                for (sum, &more) in tally.samples.iter_mut().zip(words) {
                    *sum += u64::from(more);
                }
            }
            Self::Refined => {
                for (sum, &more) in tally.refined.iter_mut().zip(words) {
                    *sum += u64::from(more);
                }
            }
            Self::Segments => {
                let (cells, sums) = words.split_at(N_SEGMENTS);
                let segments = tally.segments.iter_mut().zip(cells).zip(sums.chunks_exact(N_SUMS * 3));
                for ((segment, &cells), sums) in segments {
                    segment.cells += u64::from(cells);
                    for (sum, words) in segment.sums.iter_mut().zip(sums.chunks_exact(3)) {
                        let words = [words[0], words[1], words[2]].map(u128::from);
                        *sum += words[0] + (words[1] << 32) + (words[2] << 64);
                    }
                }
            }
        }
    }
}
