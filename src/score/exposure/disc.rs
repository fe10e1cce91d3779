//! `disc`: people within a radius, summed in whole numbers.
//!
//! People become integers of 2⁻²⁸ person, to the nearest ([`people_in_quanta`]: within 2e-9 of a person a cell; a
//! cell holds at most 2³³ people, more than live). Running sums of each source row ([`running_sums`]) are exact and
//! wrap around without harm; every row within the radius contributes one difference of two of them, so a cell costs
//! as many differences as the disc has rows. The sum is rounded once, to the nearest f32 ([`people_of_quanta`]), so
//! neither tile nor thread nor order changes a bit. Twins: `shaders/exposure_running.wgsl`,
//! `shaders/exposure_disc.wgsl`.

use rayon::prelude::*;

use crate::grid::{UNKNOWN, is_unknown};

use super::super::reach::DiscTable;
use super::Source;
use crate::widest::{widest, work};

/// A quantum is 2 to the power of minus this, in people.
const QUANTUM_BITS: i32 = 28;
/// More people than this in one cell count as this: 2³³.
const MOST_PEOPLE: f32 = (1u64 << 33) as f32;
/// Columns summed together.
const BLOCK: usize = 32;
/// Rows summed together: what each of them takes of a source row lies side by side.
const ROWS: usize = 4;
/// Rows a thread takes at once.
const BAND_ROWS: usize = 64;

/// Exposure by a disc; unknown where hazard is.
pub fn disc(source: &Source<'_>, table: &DiscTable, n_cols: usize, out: &mut [f32]) {
    let stride = source.n_cols + 1;
    // Two planes' worth: not kept from tile to tile.
    let mut sums = vec![0; stride * (source.population.len() / source.n_cols)];
    sums.par_chunks_mut(stride).zip(source.population.par_chunks(source.n_cols)).for_each(
        |(sums, people)| {
            running_sums(people, sums);
        },
    );
    let is_empty: Vec<bool> = sums.par_chunks(stride).map(|sums| sums[stride - 1] == 0).collect();
    let bands = out.par_chunks_mut(BAND_ROWS * n_cols).zip(source.hazard.par_chunks(BAND_ROWS * n_cols));
    bands.zip(table.rows.par_chunks(BAND_ROWS)).for_each(|((out, hazard), rows)| {
        let groups: Vec<Group> = rows.chunks(ROWS).map(|rows| Group::new(rows, &table.half_widths)).collect();
        let disc = Disc { groups: &groups, sums: &sums, is_empty: &is_empty, halo_cols: source.halo_cols };
        widest(Band { disc, stride, hazard, n_cols, out });
    });
}

/// Sums of the people before each column, and of all, in quanta.
fn running_sums(people: &[f32], sums: &mut [u64]) {
    let mut sum = 0u64;
    for (out, &people) in sums[1..].iter_mut().zip(people) {
        sum = sum.wrapping_add(people_in_quanta(people));
        *out = sum;
    }
}

/// People ≥ 0 in quanta, to the nearest, halves up.
#[inline(always)]
pub fn people_in_quanta(people: f32) -> u64 {
    let bits = people.min(MOST_PEOPLE).to_bits();
    let exponent = ((bits >> 23) & 0xFF) as i32;
    // Denormal numbers are far below half a quantum.
    let mantissa = u64::from((bits & 0x007F_FFFF) | 0x0080_0000);
    let shift = exponent - 150 + QUANTUM_BITS;
    if shift >= 0 {
        mantissa << shift.min(38)
    } else if shift >= -24 {
        (mantissa + (1 << (-shift - 1))) >> -shift
    } else {
        0
    }
}

/// Quanta in people, to the nearest f32, halves up.
#[inline(always)]
pub fn people_of_quanta(quanta: u64) -> f32 {
    let n_bits = 64 - quanta.leading_zeros() as i32;
    let shift = (n_bits - 24).max(0);
    let half = (quanta >> (shift - 1).max(0)) & u64::from(shift > 0);
    let mantissa = (quanta >> shift) + half;
    // At most 2²⁴, which f32 holds exactly; times a power of two that it also holds.
    mantissa as f32 * f32::from_bits(((127 + shift - QUANTUM_BITS) as u32) << 23)
}

/// A few rows of the tile with their half widths side by side over the source rows any of them needs.
struct Group {
    first: usize,
    /// 1 + the half width; 0 where a row takes nothing of a source row.
    takes: Vec<[u32; ROWS]>,
}

impl Group {
    fn new(rows: &[[u32; 4]], half_widths: &[u32]) -> Self {
        let first = rows.iter().map(|row| row[0]).min().unwrap_or(0) as usize;
        let end = rows.iter().map(|row| row[0] + row[1]).max().unwrap_or(0) as usize;
        let mut takes = vec![[0; ROWS]; end - first];
        for (i, &[from, count, offset, _]) in rows.iter().enumerate() {
            let half_widths = &half_widths[offset as usize..(offset + count) as usize];
            for (takes, half_width) in takes[from as usize - first..].iter_mut().zip(half_widths) {
                takes[i] = 1 + half_width;
            }
        }
        Self { first, takes }
    }
}

/// Running sums of the source, and what the rows of a band take of them.
#[derive(Clone, Copy)]
struct Disc<'a> {
    groups: &'a [Group],
    sums: &'a [u64],
    is_empty: &'a [bool],
    halo_cols: usize,
}

work!(Band = band(disc: Disc<'a>, stride: usize, hazard: &'a [f32], n_cols: usize, out: &'a mut [f32]));

#[inline(always)]
fn band(disc: Disc<'_>, stride: usize, hazard: &[f32], n_cols: usize, out: &mut [f32]) {
    let group_cells = ROWS * n_cols;
    for col in (0..n_cols).step_by(BLOCK) {
        let n = BLOCK.min(n_cols - col);
        let groups = out.chunks_mut(group_cells).zip(hazard.chunks(group_cells)).zip(disc.groups);
        for ((out, hazard), group) in groups {
            let mut quanta = [[0; BLOCK]; ROWS];
            if n == BLOCK {
                quanta = sums_of::<BLOCK>(&disc, group, stride, col);
            } else {
                for i in 0..n {
                    let one = sums_of::<1>(&disc, group, stride, col + i);
                    for (quanta, [one]) in quanta.iter_mut().zip(one) {
                        quanta[i] = one;
                    }
                }
            }
            let rows = out.chunks_exact_mut(n_cols).zip(hazard.chunks_exact(n_cols));
            for ((out, hazard), quanta) in rows.zip(&quanta) {
                let (out, hazard) = (&mut out[col..col + n], &hazard[col..col + n]);
                for ((out, &hazard), &quanta) in out.iter_mut().zip(hazard).zip(quanta) {
                    *out = if is_unknown(hazard) { UNKNOWN } else { people_of_quanta(quanta) };
                }
            }
        }
    }
}

#[inline(always)]
fn sums_of<const N: usize>(disc: &Disc<'_>, group: &Group, stride: usize, col: usize) -> [[u64; N]; ROWS] {
    let mut sums = [[0u64; N]; ROWS];
    for (takes, row) in group.takes.iter().zip(group.first..) {
        if disc.is_empty[row] {
            continue;
        }
        let centre = row * stride + disc.halo_cols + col;
        for (sums, &take) in sums.iter_mut().zip(takes) {
            // Without a half width both ends are the same: nothing is taken.
            let (west, east) = (centre - take.saturating_sub(1) as usize, centre + take as usize);
            let west: &[u64; N] = disc.sums[west..west + N].try_into().expect("sized");
            let east: &[u64; N] = disc.sums[east..east + N].try_into().expect("sized");
            for i in 0..N {
                sums[i] = sums[i].wrapping_add(east[i].wrapping_sub(west[i]));
            }
        }
    }
    sums
}
