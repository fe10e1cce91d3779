//! Sums down: four rows of the tile by 64 columns at a time, out of a strip of sums across.
//! Twin: `shaders/exposure_down.wgsl`.

use std::ops::Range;

use crate::grid::{UNKNOWN, is_unknown};

use super::super::super::reach::DownTable;
use super::super::lanes::{LANES, Lanes};
use super::{BLOCK_COLS, BLOCK_LANES};
use crate::widest::{Sixteen, SixteenWork, by_sixteen, fetch_early, widest, work};

/// Rows of the tile summed together: each sum across that is read serves all of them.
pub const ROWS: usize = 4;

/// A few rows of the tile and the source rows any of them needs.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    source_rows: Range<usize>,
    /// Where its weights begin.
    weights: usize,
}

/// All rows of the tile in groups, with their weights side by side over the source rows; a row that does not need
/// a source row has weight 0 there.
pub struct Groups {
    groups: Vec<Group>,
    weights: Vec<[f32; ROWS]>,
}

impl Groups {
    /// Of a table by row.
    pub fn new(table: &DownTable) -> Self {
        let mut all = Self { groups: Vec::new(), weights: Vec::new() };
        let mut previous: Option<Vec<[u32; 4]>> = None;
        for rows in table.rows.chunks(ROWS) {
            let first = rows.iter().map(|row| row[0]).min().unwrap_or(0);
            let end = rows.iter().map(|row| row[0] + row[1]).max().unwrap_or(0);
            let source_rows = first as usize..end as usize;
            // Groups that weigh alike, as all in the middle of a projected frame do, share their weights.
            let alike: Vec<[u32; 4]> =
                rows.iter().map(|row| [row[0] - first, row[1], row[2], row[3]]).collect();
            if previous.as_ref() != Some(&alike) {
                let begin = all.weights.len();
                all.weights.resize(begin + source_rows.len(), [0.0; ROWS]);
                for (i, &[from, count, offset, _]) in alike.iter().enumerate() {
                    let weights = &table.weights[offset as usize..(offset + count) as usize];
                    for (k, &weight) in weights.iter().enumerate() {
                        all.weights[begin + from as usize + k][i] = weight;
                    }
                }
                all.groups.push(Group { source_rows, weights: begin });
                previous = Some(alike);
            } else if let Some(weights) = all.groups.last().map(|group| group.weights) {
                all.groups.push(Group { source_rows, weights });
            }
        }
        all
    }

    /// The groups of some rows of the tile, from the first row of a group.
    pub fn of_rows(&self, first_row: usize, n_rows: usize) -> &[Group] {
        &self.groups[first_row / ROWS..(first_row + n_rows).div_ceil(ROWS)]
    }

    /// The most source rows that so many rows of the tile need together, from the first row of a group.
    pub fn most_source_rows(&self, n_rows: usize) -> usize {
        let windows = self.groups.windows(n_rows.div_ceil(ROWS).clamp(1, self.groups.len().max(1)));
        windows.map(|groups| source_rows(groups).len()).max().unwrap_or(0)
    }

    /// Sums a group's rows down.
    pub fn sum_down(&self, group: &Group, strip: &Strip, mut target: Target<'_, '_>) {
        let weights = &self.weights[group.weights..][..group.source_rows.len()];
        let first = group.source_rows.start;
        for block in 0..strip.n_lanes / BLOCK_LANES {
            if target.is_unknown(block) {
                target.put(block, &[Block::ZERO; ROWS]);
                continue;
            }
            target.fetch_early(block + 1);
            let mut sums = [Block::ZERO; ROWS];
            by_sixteen(SumBlock { strip, first, weights, block, sums: &mut sums });
            target.put(block, &sums);
        }
    }
}

/// The source rows that some groups need, together.
pub fn source_rows(groups: &[Group]) -> Range<usize> {
    let first = groups.iter().map(|group| group.source_rows.start).min().unwrap_or(0);
    first..groups.iter().map(|group| group.source_rows.end).max().unwrap_or(first)
}

/// 64 cells of a row.
#[derive(Clone, Copy)]
pub struct Block([Lanes; BLOCK_LANES]);

impl Block {
    const ZERO: Self = Self([Lanes::ZERO; BLOCK_LANES]);
}

/// Sums across of a panel, from one source row to another; rows come and go by sixteen, the new ones in the places of
/// those gone.
#[derive(Debug, Default)]
pub struct Strip {
    n_lanes: usize,
    /// Places for sixteen rows.
    n_places: usize,
    /// Source rows 16 times these are held.
    held: Range<usize>,
    sums: Vec<Lanes>,
    /// By sixteen rows and block.
    is_zero: Vec<bool>,
}

impl Strip {
    /// Empties it, for a panel `n_lanes` times sixteen columns wide, with room for any `n_rows` rows that follow each other.
    pub fn clear(&mut self, n_lanes: usize, n_rows: usize) {
        self.n_lanes = n_lanes;
        // The first and the last sixteen may be needed in part.
        self.n_places = n_rows.div_ceil(LANES) + 1;
        self.held = 0..0;
        self.sums.resize(self.n_places * LANES * n_lanes, Lanes::ZERO);
        self.is_zero.resize(self.n_places * (n_lanes / BLOCK_LANES), true);
    }

    /// Drops rows before `first` and adds those up to `end`, sixteen at a time, as `across` makes them.
    pub fn move_to(
        &mut self,
        first: usize,
        mut across: impl FnMut(usize, &mut [Lanes], &mut [bool]),
        end: usize,
    ) {
        let (lanes_a_place, blocks) = (LANES * self.n_lanes, self.n_lanes / BLOCK_LANES);
        let needed = first / LANES..end.div_ceil(LANES);
        debug_assert!(needed.len() <= self.n_places);
        for lanes_row in self.held.end.max(needed.start)..needed.end {
            let place = lanes_row % self.n_places;
            let sums = &mut self.sums[place * lanes_a_place..][..lanes_a_place];
            across(lanes_row, sums, &mut self.is_zero[place * blocks..][..blocks]);
        }
        self.held = needed;
    }

    /// Where the sums of a source row begin, and where it is said which of its blocks are zero.
    #[inline(always)]
    fn place_of(&self, row: usize) -> (usize, usize) {
        debug_assert!(self.held.contains(&(row / LANES)));
        let place = row / LANES % self.n_places;
        ((place * LANES + row % LANES) * self.n_lanes, place * (self.n_lanes / BLOCK_LANES))
    }
}

/// Sums of one block of columns of a group's rows.
struct SumBlock<'a> {
    strip: &'a Strip,
    /// The first source row.
    first: usize,
    /// By source row.
    weights: &'a [[f32; ROWS]],
    block: usize,
    sums: &'a mut [Block; ROWS],
}

impl SixteenWork for SumBlock<'_> {
    #[inline(always)]
    fn run<V: Sixteen>(self) {
        if V::IS_WIDE {
            sum_block::<V, BLOCK_LANES>(self);
        } else {
            sum_block::<V, 1>(self);
        }
    }
}

/// `TOGETHER` times sixteen columns are summed at once, each sum in registers.
#[inline(always)]
fn sum_block<V: Sixteen, const TOGETHER: usize>(work: SumBlock<'_>) {
    let SumBlock { strip, first, weights: all, block, sums: out } = work;
    let n_lanes = strip.n_lanes;
    for at in (0..BLOCK_LANES).step_by(TOGETHER) {
        let mut sums = [[V::all(0.0); TOGETHER]; ROWS];
        let mut row = first;
        let mut weights = all;
        while !weights.is_empty() {
            // Up to the next sixteen rows, of which it is known whether they hold people.
            let n = (LANES - row % LANES).min(weights.len());
            let (now, later) = weights.split_at(n);
            let (sums_at, zeros_at) = strip.place_of(row);
            if !strip.is_zero[zeros_at + block] {
                let from = sums_at + block * BLOCK_LANES + at;
                for (weights, lanes) in now.iter().zip(strip.sums[from..].chunks(n_lanes)) {
                    let lanes: &[Lanes; TOGETHER] = lanes[..TOGETHER].try_into().expect("sized");
                    for c in 0..TOGETHER {
                        let people = V::of(&lanes[c].0);
                        for r in 0..ROWS {
                            sums[r][c] = sums[r][c].plus(V::all(weights[r]).times(people));
                        }
                    }
                }
            }
            row += n;
            weights = later;
        }
        // Both loops have lengths the compiler knows: only then the sums stay in registers.
        for (sums, out) in sums.iter().zip(out.iter_mut()) {
            let out: &mut [Lanes; TOGETHER] = (&mut out.0[at..at + TOGETHER]).try_into().expect("sized");
            for (sum, out) in sums.iter().zip(out) {
                sum.put(&mut out.0);
            }
        }
    }
}

/// Where a group's sums go: rows of a panel, and the hazard that says which cells are scored.
pub struct Target<'a, 'b> {
    /// The panel's rows.
    pub rows: &'a mut [&'b mut [f32]],
    /// From the panel's first cell on.
    pub hazard: &'a [f32],
    /// Cells from one row of hazard to the next.
    pub hazard_stride: usize,
    /// Whether the sums begin the exposure or are added to it.
    pub is_first: bool,
}

impl Target<'_, '_> {
    fn hazard_of(&self, row: usize, cells: &Range<usize>) -> &[f32] {
        &self.hazard[row * self.hazard_stride..][cells.clone()]
    }

    fn cells(&self, block: usize) -> Range<usize> {
        let n_cols = self.rows.first().map_or(0, |row| row.len());
        (block * BLOCK_COLS).min(n_cols)..((block + 1) * BLOCK_COLS).min(n_cols)
    }

    /// Whether no cell of the block is scored.
    fn is_unknown(&self, block: usize) -> bool {
        let cells = self.cells(block);
        (0..self.rows.len()).all(|row| self.hazard_of(row, &cells).iter().all(|&hazard| is_unknown(hazard)))
    }

    /// Asks for a block's cells while the one before it is summed.
    fn fetch_early(&self, block: usize) {
        let cells = self.cells(block);
        for (row, out) in self.rows.iter().enumerate() {
            fetch_early(self.hazard_of(row, &cells));
            fetch_early(&out[cells.clone()]);
        }
    }

    fn put(&mut self, block: usize, sums: &[Block; ROWS]) {
        let cells = self.cells(block);
        let hazard = self.hazard.chunks(self.hazard_stride);
        for ((row, sums), hazard) in self.rows.iter_mut().zip(sums).zip(hazard) {
            let (hazard, out) = (&hazard[cells.clone()], &mut row[cells.clone()]);
            widest(Put { sums, hazard, is_first: self.is_first, out });
        }
    }
}

work!(Put = put(sums: &'a Block, hazard: &'a [f32], is_first: bool, out: &'a mut [f32]));

#[inline(always)]
fn put(sums: &Block, hazard: &[f32], is_first: bool, out: &mut [f32]) {
    for ((sums, hazard), out) in sums.0.iter().zip(hazard.chunks(LANES)).zip(out.chunks_mut(LANES)) {
        for ((&sum, &hazard), out) in sums.0.iter().zip(hazard).zip(out) {
            let total = if is_first { sum } else { *out + sum };
            *out = if is_unknown(hazard) { UNKNOWN } else { total };
        }
    }
}
