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
use super::super::widest::{widest, work};
use super::Source;

/// A quantum is 2 to the power of minus this, in people.
const QUANTUM_BITS: i32 = 28;
/// More people than this in one cell count as this: 2³³.
const MOST_PEOPLE: f32 = 8_589_934_592.0;
/// Columns summed together.
const BLOCK: usize = 64;
/// Rows a thread takes at once: they read nearly the same running sums.
const BAND_ROWS: usize = 32;

/// Exposure by a disc; unknown where hazard is.
pub fn disc(source: &Source<'_>, table: &DiscTable, n_cols: usize, out: &mut [f32]) {
    let stride = source.n_cols + 1;
    let mut sums = vec![0; stride * (source.population.len() / source.n_cols)];
    sums.par_chunks_mut(stride).zip(source.population.par_chunks(source.n_cols)).for_each(|(sums, people)| {
        running_sums(people, sums);
    });
    let is_empty: Vec<bool> = sums.par_chunks(stride).map(|sums| sums[stride - 1] == 0).collect();
    let bands = out.par_chunks_mut(BAND_ROWS * n_cols).zip(source.hazard.par_chunks(BAND_ROWS * n_cols));
    bands.zip(table.rows.par_chunks(BAND_ROWS)).for_each(|((out, hazard), rows)| {
        let half_widths = &table.half_widths;
        let disc = Disc { rows, half_widths, sums: &sums, is_empty: &is_empty, halo_cols: source.halo_cols };
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

/// Running sums of the source, and what each row of a band takes of them.
#[derive(Clone, Copy)]
struct Disc<'a> {
    rows: &'a [[u32; 4]],
    half_widths: &'a [u32],
    sums: &'a [u64],
    is_empty: &'a [bool],
    halo_cols: usize,
}

work!(Band = band(disc: Disc<'a>, stride: usize, hazard: &'a [f32], n_cols: usize, out: &'a mut [f32]));

#[inline(always)]
fn band(disc: Disc<'_>, stride: usize, hazard: &[f32], n_cols: usize, out: &mut [f32]) {
    for col in (0..n_cols).step_by(BLOCK) {
        let n = BLOCK.min(n_cols - col);
        let lines = out.chunks_exact_mut(n_cols).zip(hazard.chunks_exact(n_cols));
        for ((out, hazard), row) in lines.zip(disc.rows) {
            let (out, hazard) = (&mut out[col..col + n], &hazard[col..col + n]);
            let mut quanta = [0u64; BLOCK];
            if let Ok(quanta) = (&mut quanta[..n]).try_into() {
                add_rows::<BLOCK>(&disc, row, stride, col, quanta);
            } else {
                for i in 0..n {
                    let one: &mut [u64; 1] = (&mut quanta[i..=i]).try_into().expect("sized");
                    add_rows::<1>(&disc, row, stride, col + i, one);
                }
            }
            for ((out, &hazard), &quanta) in out.iter_mut().zip(hazard).zip(&quanta) {
                *out = if is_unknown(hazard) { UNKNOWN } else { people_of_quanta(quanta) };
            }
        }
    }
}

#[inline(always)]
fn add_rows<const N: usize>(disc: &Disc<'_>, row: &[u32; 4], stride: usize, col: usize, quanta: &mut [u64; N]) {
    let [first, count, offset, _] = row.map(|x| x as usize);
    let mut sums = [0u64; N];
    for (half_width, row) in disc.half_widths[offset..offset + count].iter().zip(first..) {
        if disc.is_empty[row] {
            continue;
        }
        let half_width = *half_width as usize;
        let centre = row * stride + disc.halo_cols + col;
        let west: &[u64; N] = disc.sums[centre - half_width..][..N].try_into().expect("sized");
        let east: &[u64; N] = disc.sums[centre + half_width + 1..][..N].try_into().expect("sized");
        for i in 0..N {
            sums[i] = sums[i].wrapping_add(east[i].wrapping_sub(west[i]));
        }
    }
    *quanta = sums;
}
