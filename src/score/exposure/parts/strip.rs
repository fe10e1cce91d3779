//! Sums across while they wait to be summed down.

use std::ops::Range;

use super::super::lanes::{LANES, Lanes};
use super::BLOCK_LANES;

/// Sums across of a panel, from one source row to another; rows come and go by sixteen, the new ones in the places of
/// those gone.
#[derive(Debug, Default)]
pub struct Strip {
    /// Blocks of columns.
    pub n_blocks: usize,
    /// Places for sixteen rows.
    n_places: usize,
    /// Source rows 16 times these are held.
    held: Range<usize>,
    /// By place, block and row.
    sums: Vec<Lanes>,
    /// By sixteen rows and block.
    is_zero: Vec<bool>,
}

impl Strip {
    /// Empties it, for a panel of so many blocks of columns, with room for any `n_rows` rows that follow each other.
    pub fn clear(&mut self, n_blocks: usize, n_rows: usize) {
        self.n_blocks = n_blocks;
        // The first and the last sixteen may be needed in part.
        self.n_places = n_rows.div_ceil(LANES) + 1;
        self.held = 0..0;
        self.sums.resize(self.n_places * n_blocks * LANES * BLOCK_LANES, Lanes::ZERO);
        self.is_zero.resize(self.n_places * n_blocks, true);
    }

    /// Drops rows before `first` and adds those up to `end`, sixteen at a time, as `across` makes them.
    pub fn move_to(
        &mut self,
        first: usize,
        mut across: impl FnMut(usize, &mut [Lanes], &mut [bool]),
        end: usize,
    ) {
        let lanes_a_place = self.n_blocks * LANES * BLOCK_LANES;
        let needed = first / LANES..end.div_ceil(LANES);
        debug_assert!(needed.len() <= self.n_places);
        for lanes_row in self.held.end.max(needed.start)..needed.end {
            let place = lanes_row % self.n_places;
            let sums = &mut self.sums[place * lanes_a_place..][..lanes_a_place];
            across(lanes_row, sums, &mut self.is_zero[place * self.n_blocks..][..self.n_blocks]);
        }
        self.held = needed;
    }

    /// Sums across of sixteen source rows, from `row` on; `None` where all are zero.
    #[inline(always)]
    pub fn of(&self, row: usize, block: usize) -> Option<&[[Lanes; BLOCK_LANES]]> {
        debug_assert!(self.held.contains(&(row / LANES)));
        let at = row / LANES % self.n_places * self.n_blocks + block;
        if self.is_zero[at] {
            return None;
        }
        let (sums, _) = self.sums[at * LANES * BLOCK_LANES..][..LANES * BLOCK_LANES].as_chunks();
        Some(&sums[row % LANES..])
    }
}
