//! `exposure`: people who live within reach, E_i = Σ_j P_j · k(d_ij), in people.
//!
//! The gaussian kernel is separable: first across each source row with weights by that row's cell width, then
//! down the columns with weights by the true distance in metres between row centres. A neighbour counts when
//! |Δx| ≤ 4σ and |Δy| ≤ 4σ between centres. In a geographic CRS both tables depend on the row. Unknown
//! population contributes nothing (the planes hold 0 there, decided on the way in), nor does what lies beyond
//! the frame (a grid is not wrapped at ±180°). Cells that are not scored are unknown.
//!
//! Weights come as tables from `reach.rs`. Order of the sums, the same in
//! `shaders/exposure_across.wgsl` and `shaders/exposure_down.wgsl`: across from the centre outward in pairs,
//! down from the northernmost row southward. Kernel `none` is a table of one weight, 1.

use rayon::prelude::*;

use crate::grid::{UNKNOWN, is_unknown};

use super::reach::{AcrossTable, DownTable};
use super::widest::{widest, work};

/// Columns computed together across; enough vectors to hide the latency of an addition.
const ACROSS_BLOCK: usize = 64;
/// Columns computed together down.
const DOWN_COLS: usize = 16;
/// Rows computed together down: each source value loaded serves all of them.
const DOWN_ROWS: usize = 4;
/// Rows of output a thread takes at once; the source strip of such a band stays in the first-level cache.
const BAND_ROWS: usize = 64;
/// Columns of which it is known whether they hold nothing but zeros.
const ZERO_BLOCK: usize = 64;

/// A row length for the plane between the two sums: rows a power of two apart would share few cache lines.
pub fn across_stride(n_cols: usize) -> usize {
    n_cols.next_multiple_of(ZERO_BLOCK) + 16
}

/// Across: population on the source window → sums along each row, `n_cols` of every `stride`.
pub fn exposure_across(
    population: &[f32],
    source_cols: usize,
    halo_cols: usize,
    table: &AcrossTable,
    n_cols: usize,
    out: &mut [f32],
    stride: usize,
) {
    let lines = out.par_chunks_mut(stride).zip(population.par_chunks(source_cols));
    lines.zip(&table.rows).for_each(|((out, source), &[offset, radius])| {
        let radius = radius as usize;
        let weights = &table.weights[offset as usize..=offset as usize + radius];
        // Column c of the output has its centre at source column c + halo_cols.
        let source = &source[halo_cols - radius..];
        let (sums, padding) = out.split_at_mut(n_cols);
        widest(AcrossRow { source, weights, sums });
        padding.fill(0.0);
    });
}

work!(AcrossRow = across_row(source: &'a [f32], weights: &'a [f32], sums: &'a mut [f32]));

#[inline(always)]
fn across_row(source: &[f32], weights: &[f32], out: &mut [f32]) {
    let reach = 2 * (weights.len() - 1);
    let n_whole = out.len() / ACROSS_BLOCK * ACROSS_BLOCK;
    for col in (0..n_whole).step_by(ACROSS_BLOCK) {
        let source = &source[col..col + ACROSS_BLOCK + reach];
        let out: &mut [f32; ACROSS_BLOCK] = (&mut out[col..col + ACROSS_BLOCK]).try_into().expect("sized");
        if source.iter().all(|people| people.to_bits() == 0) {
            *out = [0.0; ACROSS_BLOCK];
        } else {
            across_block(source, weights, out);
        }
    }
    for col in n_whole..out.len() {
        let mut one = [0.0];
        across_block(&source[col..=col + reach], weights, &mut one);
        out[col] = one[0];
    }
}

#[inline(always)]
fn across_block<const N: usize>(source: &[f32], weights: &[f32], out: &mut [f32; N]) {
    let radius = weights.len() - 1;
    let at = |from: usize| -> &[f32; N] { source[from..from + N].try_into().expect("sized") };
    let centre = at(radius);
    let mut sum = [0.0; N];
    for i in 0..N {
        sum[i] = weights[0] * centre[i];
    }
    for (k, &weight) in weights.iter().enumerate().skip(1) {
        let (west, east) = (at(radius - k), at(radius + k));
        for i in 0..N {
            sum[i] += weight * (west[i] + east[i]);
        }
    }
    *out = sum;
}

/// Down: sums along rows → exposure on the tile; unknown where `hazard` is.
pub fn exposure_down(
    across: &[f32],
    stride: usize,
    hazard: &[f32],
    table: &DownTable,
    n_cols: usize,
    out: &mut [f32],
) {
    let is_zero = zero_blocks(across, stride);
    let bands = out.par_chunks_mut(BAND_ROWS * n_cols).zip(hazard.par_chunks(BAND_ROWS * n_cols));
    bands.zip(table.rows.par_chunks(BAND_ROWS)).for_each(|((out, hazard), rows)| {
        let groups: Vec<Group> =
            rows.chunks(DOWN_ROWS).map(|rows| Group::new(rows, &table.weights)).collect();
        widest(DownBand { groups: &groups, across, stride, is_zero: &is_zero, n_cols, out });
        for (out, &hazard) in out.iter_mut().zip(hazard) {
            *out = if is_unknown(hazard) { UNKNOWN } else { *out };
        }
    });
}

work!(DownBand = down_band(
    groups: &'a [Group],
    across: &'a [f32],
    stride: usize,
    is_zero: &'a ZeroBlocks,
    n_cols: usize,
    out: &'a mut [f32],
));

#[inline(always)]
fn down_band(
    groups: &[Group],
    across: &[f32],
    stride: usize,
    is_zero: &ZeroBlocks,
    n_cols: usize,
    out: &mut [f32],
) {
    for col in (0..n_cols).step_by(DOWN_COLS) {
        let n = DOWN_COLS.min(n_cols - col);
        for (group, out) in groups.iter().zip(out.chunks_mut(DOWN_ROWS * n_cols)) {
            let sums = group.sums(across, stride, col, is_zero);
            for (sum, out) in sums.iter().zip(out.chunks_exact_mut(n_cols)) {
                out[col..col + n].copy_from_slice(&sum[..n]);
            }
        }
    }
}

/// A few rows of output with their weights side by side over the source rows any of them needs; a row that
/// does not need a source row has weight 0 there, which changes no bit of a sum of non-negative terms.
struct Group {
    first: usize,
    weights: Vec<[f32; DOWN_ROWS]>,
}

impl Group {
    fn new(rows: &[[u32; 4]], weights: &[f32]) -> Self {
        let first = rows.iter().map(|row| row[0]).min().unwrap_or(0) as usize;
        let end = rows.iter().map(|row| row[0] + row[1]).max().unwrap_or(0) as usize;
        let mut side_by_side = vec![[0.0; DOWN_ROWS]; end - first];
        for (i, &[from, count, offset, _]) in rows.iter().enumerate() {
            for k in 0..count as usize {
                side_by_side[from as usize - first + k][i] = weights[offset as usize + k];
            }
        }
        Self { first, weights: side_by_side }
    }

    #[inline(always)]
    fn sums(
        &self,
        across: &[f32],
        stride: usize,
        col: usize,
        is_zero: &ZeroBlocks,
    ) -> [[f32; DOWN_COLS]; DOWN_ROWS] {
        let mut sums = [[0.0f32; DOWN_COLS]; DOWN_ROWS];
        for (weights, row) in self.weights.iter().zip(self.first..) {
            if is_zero.at(row, col) {
                continue;
            }
            let from = row * stride + col;
            let source: &[f32; DOWN_COLS] = across[from..from + DOWN_COLS].try_into().expect("sized");
            for (sum, &weight) in sums.iter_mut().zip(weights) {
                for i in 0..DOWN_COLS {
                    sum[i] += weight * source[i];
                }
            }
        }
        sums
    }
}

/// Which blocks of source rows hold nothing but zeros: most of a real population raster.
struct ZeroBlocks {
    blocks_a_row: usize,
    is_zero: Vec<bool>,
}

impl ZeroBlocks {
    #[inline(always)]
    fn at(&self, row: usize, col: usize) -> bool {
        self.is_zero[row * self.blocks_a_row + col / ZERO_BLOCK]
    }
}

fn zero_blocks(across: &[f32], stride: usize) -> ZeroBlocks {
    let blocks_a_row = stride.div_ceil(ZERO_BLOCK);
    let rows = across.par_chunks(stride);
    let is_zero = rows
        .flat_map_iter(|row| row.chunks(ZERO_BLOCK).map(|block| block.iter().all(|x| x.to_bits() == 0)))
        .collect();
    ZeroBlocks { blocks_a_row, is_zero }
}
