//! Sums down: four rows of the tile by 64 columns at a time, out of a strip of sums across.
//! Twin: `shaders/exposure_down.wgsl`.

use std::ops::Range;

use crate::widest::{Sixteen, SixteenWork, by_sixteen};

use super::super::super::reach::DownTable;
use super::super::lanes::{LANES, Lanes};
use super::BLOCK_LANES;
use super::strip::Strip;
use super::target::{Later, Target};

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

    /// Sums the rows of some groups down.
    pub fn sum_down(&self, groups: &[Group], strip: &Strip, target: Target<'_, '_>) {
        by_sixteen(SumDown { weights: &self.weights, groups, strip, target });
    }
}

/// The source rows that some groups need, together.
pub fn source_rows(groups: &[Group]) -> Range<usize> {
    let first = groups.iter().map(|group| group.source_rows.start).min().unwrap_or(0);
    first..groups.iter().map(|group| group.source_rows.end).max().unwrap_or(first)
}

/// Sums of some groups' rows.
struct SumDown<'a, 'b, 'c> {
    /// Of all groups.
    weights: &'a [[f32; ROWS]],
    groups: &'a [Group],
    strip: &'a Strip,
    target: Target<'b, 'c>,
}

impl SixteenWork for SumDown<'_, '_, '_> {
    #[inline(always)]
    fn run<V: Sixteen>(self) {
        if V::IS_WIDE {
            sum_down::<V, BLOCK_LANES>(self);
        } else {
            sum_down::<V, 1>(self);
        }
    }
}

/// A group's rows from their first block to the last, as they lie in memory.
#[inline(always)]
fn sum_down<V: Sixteen, const TOGETHER: usize>(work: SumDown<'_, '_, '_>) {
    let SumDown { weights, groups, strip, mut target } = work;
    for (i, group) in groups.iter().enumerate() {
        let rows = i * ROWS..((i + 1) * ROWS).min(target.rows.len());
        let block_sum = BlockSum {
            strip,
            first_row: group.source_rows.start,
            weights: &weights[group.weights..][..group.source_rows.len()],
        };
        for block in 0..strip.n_blocks {
            let cells = target.cells(block);
            let mut sums = [[Lanes::ZERO; BLOCK_LANES]; ROWS];
            if !target.is_unknown(rows.clone(), &cells) {
                let later = Later::of(&target, rows.clone(), block);
                block_sum.put::<V, TOGETHER>(block, later, &mut sums);
            }
            target.put(rows.clone(), &cells, &sums);
        }
    }
}

/// Sums of a group's rows.
struct BlockSum<'a> {
    strip: &'a Strip,
    /// First source row.
    first_row: usize,
    /// By source row.
    weights: &'a [[f32; ROWS]],
}

impl BlockSum<'_> {
    /// Of one block of columns; `TOGETHER` times sixteen are summed at once, each sum in registers.
    #[inline(always)]
    fn put<V: Sixteen, const TOGETHER: usize>(
        &self,
        block: usize,
        mut later: Later<'_, '_, '_>,
        out: &mut [[Lanes; BLOCK_LANES]; ROWS],
    ) {
        for at in (0..BLOCK_LANES).step_by(TOGETHER) {
            let mut sums = [[V::all(0.0); TOGETHER]; ROWS];
            let (mut row, mut weights) = (self.first_row, self.weights);
            while !weights.is_empty() {
                later.fetch();
                // Up to the next sixteen rows, of which it is known whether they hold people.
                let n = (LANES - row % LANES).min(weights.len());
                let (now, rest) = weights.split_at(n);
                for (weights, lanes) in now.iter().zip(self.strip.of(row, block).unwrap_or_default()) {
                    let lanes: &[Lanes; TOGETHER] = lanes[at..at + TOGETHER].try_into().expect("sized");
                    for c in 0..TOGETHER {
                        let people = V::of(&lanes[c].0);
                        for r in 0..ROWS {
                            sums[r][c] = people.times_plus(V::all(weights[r]), sums[r][c]);
                        }
                    }
                }
                row += n;
                weights = rest;
            }
            // Both loops have lengths the compiler knows: only then the sums stay in registers.
            for (sums, out) in sums.iter().zip(out.iter_mut()) {
                let out: &mut [Lanes; TOGETHER] = (&mut out[at..at + TOGETHER]).try_into().expect("sized");
                for (sum, out) in sums.iter().zip(out) {
                    sum.put(&mut out.0);
                }
            }
        }
    }
}
