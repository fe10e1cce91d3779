//! What a stage's result must be, by the plain formula in `f64`: on some hundred cells, or on whole counts.

use rayon::prelude::*;

use crate::grid::is_unknown;
use crate::score::Finer;
use crate::score::curve::{Quanta, segment};
use crate::score::levels::LOW_BITS;
use crate::score::program::{Program, Tally};

use super::planes::{CELL_M, Planes, random};

/// Cells that are held against the formula.
const N_SAMPLED: u64 = 300;

/// Cells whose rank is counted out: each costs a look at the whole plane.
const N_RANKED: u64 = 16;

/// A formula: the value of a cell, `None` where it is unknown.
type Formula<'p> = Box<dyn Fn(usize) -> Option<f64> + Sync + 'p>;

/// Whether counts are right, or how they are wrong.
type Counted<'p> = Box<dyn Fn(&Tally) -> Result<(), String> + Sync + 'p>;

/// Whether planes are right, or how they are wrong.
type Held<'p> = Box<dyn Fn(&[Vec<f32>]) -> Result<(), String> + Sync + 'p>;

/// What to hold a result against.
pub enum Check<'p> {
    /// Cells of an output by their formula, within a relative error of the larger of 1 and the value.
    Cells { output: usize, tolerance: f64, expected: Formula<'p> },
    /// An output that holds mid-ranks of a plane from 0 to `highest`, within 1e-4 of that.
    Ranks { output: usize, of: &'p [f32], highest: f64 },
    /// Outputs as a whole.
    Planes(Held<'p>),
    /// Counts.
    Counts(Counted<'p>),
}

/// Cells of an output by their formula.
pub fn cells<'p>(
    output: usize,
    tolerance: f64,
    expected: impl Fn(usize) -> Option<f64> + Sync + 'p,
) -> Check<'p> {
    Check::Cells { output, tolerance, expected: Box::new(expected) }
}

impl Check<'_> {
    /// Whether a stage's outputs and counts are right, or how they are wrong.
    pub fn holds(&self, program: &Program, outputs: &[Vec<f32>], tally: &Tally) -> Result<(), String> {
        match self {
            Self::Cells { output, tolerance, expected } => {
                let cells = &outputs[*output];
                let shape = program.shapes[program.outputs[*output].0];
                // Columns beyond the tile only pad a plane's rows.
                let is_padding = |i: &usize| i % shape.n_cols >= program.tile.n_cols;
                let sampled = sampled(cells.len(), N_SAMPLED).into_iter().filter(|i| !is_padding(i));
                sampled.collect::<Vec<_>>().into_par_iter().try_for_each(|i| {
                    agree(i, cells[i], expected(i), |value| tolerance * value.abs().max(1.0))
                })
            }
            Self::Ranks { output, of, highest } => {
                sampled(of.len(), N_RANKED).into_iter().try_for_each(|i| {
                    let expected = rank(of, i).map(|rank| rank * highest / 100.0);
                    agree(i, outputs[*output][i], expected, |_| 1e-4 * highest)
                })
            }
            Self::Planes(holds) => holds(outputs),
            Self::Counts(holds) => holds(tally),
        }
    }
}

fn agree(i: usize, found: f32, expected: Option<f64>, slack: impl Fn(f64) -> f64) -> Result<(), String> {
    let is_right = match expected {
        None => is_unknown(found),
        Some(value) => !is_unknown(found) && (f64::from(found) - value).abs() <= slack(value),
    };
    let unknown = || "unknown".to_owned();
    if is_right {
        return Ok(());
    }
    let expected = expected.map_or_else(unknown, |value| value.to_string());
    Err(format!("cell {i} is {}, expected {expected}", known(found).map_or_else(unknown, |x| x.to_string())))
}

/// Corners, and cells anywhere.
pub fn sampled(n_cells: usize, n: u64) -> Vec<usize> {
    let anywhere = (0..n).map(|k| (random(7, k) % n_cells as u64) as usize);
    [0, n_cells - 1].into_iter().chain(anywhere).collect()
}

/// A plane's value, `None` where it is unknown.
pub fn known(value: f32) -> Option<f64> {
    (!is_unknown(value)).then(|| f64::from(value))
}

/// Two planes' product, cell by cell.
pub fn product_of<'p>(a: &'p [f32], b: &'p [f32]) -> impl Fn(usize) -> Option<f64> + Sync + 'p {
    |i| Some(known(a[i])? * known(b[i])?)
}

/// exp(−d² / 2σ²) at so many cells' distance.
fn gaussian(planes: &Planes, cells: f64) -> f64 {
    let sigma_m = planes.radius as f64 * CELL_M / 4.0;
    (-0.5 * (cells * CELL_M / sigma_m).powi(2)).exp()
}

/// Sum along a source row around a column of the tile.
pub fn across(planes: &Planes, col: usize, source_row: usize) -> f64 {
    let first = source_row * planes.reach.source.n_cols + col;
    let people = &planes.population[first..=first + 2 * planes.radius];
    let weight = |k: usize| gaussian(planes, k as f64 - planes.radius as f64);
    people.iter().enumerate().map(|(k, people)| weight(k) * f64::from(*people)).sum()
}

/// Exposure of a cell.
pub fn exposure(planes: &Planes, col: usize, row: usize) -> f64 {
    let weight = |k: usize| gaussian(planes, k as f64 - planes.radius as f64);
    (0..=2 * planes.radius).map(|k| weight(k) * across(planes, col, row + k)).sum()
}

/// `maximum`.
pub fn maximum(tally: &Tally, of: &[f32]) -> Result<(), String> {
    let largest = of.iter().copied().filter(|x| !is_unknown(*x)).fold(0.0, f32::max);
    let found = f32::from_bits(tally.maximum_bits);
    if found.to_bits() == largest.to_bits() {
        return Ok(());
    }
    Err(format!("the largest value is {found}, expected {largest}"))
}

/// `histogram`: a bin holds the priorities between two of its bounds.
pub fn histogram(tally: &Tally, of: &[f32]) -> Result<(), String> {
    counts(&tally.bins, of)
}

/// `spread`: the lower half of the bins is for values below 0.
pub fn spread(tally: &Tally, of: &[f32]) -> Result<(), String> {
    let (negative, positive) = tally.bins.split_at(tally.bins.len() / 2);
    if negative.iter().any(|count| *count > 0) {
        return Err("cells below 0, expected none".into());
    }
    counts(positive, of)
}

fn counts(bins: &[u64], of: &[f32]) -> Result<(), String> {
    let low_bits = 31 - bins.len().trailing_zeros();
    let mut sorted: Vec<u32> = of.iter().filter(|x| !is_unknown(**x)).map(|x| x.to_bits()).collect();
    sorted.par_sort_unstable();
    let mut at = 0;
    for (bin, &count) in bins.iter().enumerate() {
        let end = at + sorted[at..].partition_point(|bits| (bits >> low_bits) as usize <= bin);
        if (end - at) as u64 != count {
            return Err(format!("bin {bin} holds {count} cells, expected {}", end - at));
        }
        at = end;
    }
    if at == sorted.len() { Ok(()) } else { Err("cells beyond the last bin".into()) }
}

/// `refine`: the counts of a full bin's parts sum up to those of the bin.
pub fn refined(tally: &Tally, bins: &[u64], finer: &Finer) -> Result<(), String> {
    for (bin, &count) in bins.iter().enumerate() {
        let first = (bin as u32) << LOW_BITS;
        let (Some(first), Some(last)) = (finer.place(first), finer.place(first | ((1 << LOW_BITS) - 1)))
        else {
            continue;
        };
        let sum: u64 = tally.refined[first..=last].iter().sum();
        if sum != count {
            return Err(format!("the parts of bin {bin} hold {sum} cells, expected {count}"));
        }
    }
    Ok(())
}

/// `curve`: cells by segment exactly, the four sums within 1e-6 of their sums in `f64`.
pub fn curve(tally: &Tally, of: &[&[f32]], area_m2: f32, quanta: &Quanta) -> Result<(), String> {
    let mut expected = vec![(0u64, [0.0f64; 4]); tally.segments.len()];
    for (i, &rank) in of[0].iter().enumerate().filter(|(_, rank)| !is_unknown(**rank)) {
        let area = f64::from(area_m2);
        let [cost, benefit, people] = [of[1][i], of[2][i], of[3][i]].map(f64::from);
        let (cells, sums) = &mut expected[segment(rank)];
        *cells += 1;
        for (sum, more) in sums.iter_mut().zip([area, cost, benefit * area, people * area]) {
            *sum += more;
        }
    }
    for (i, (segment, (cells, sums))) in tally.segments.iter().zip(expected).enumerate() {
        if segment.cells != cells {
            return Err(format!("segment {i} holds {} cells, expected {cells}", segment.cells));
        }
        for ((&quanta_sum, &quantum), sum) in segment.sums.iter().zip(quanta).zip(sums) {
            let found = quanta_sum as f64 * 2f64.powi(quantum);
            if (found - sum).abs() > 1e-6 * sum.abs() {
                return Err(format!("segment {i} sums up to {found}, expected {sum}"));
            }
        }
    }
    Ok(())
}

/// Exact mid-rank percentile of a cell of a plane.
fn rank(of: &[f32], i: usize) -> Option<f64> {
    let value = of[i];
    known(value)?;
    let n_known = of.par_iter().filter(|x| !is_unknown(**x)).count();
    let below = of.par_iter().filter(|x| !is_unknown(**x) && **x < value).count();
    let equal = of.par_iter().filter(|x| x.to_bits() == value.to_bits()).count();
    Some(100.0 * (below as f64 + (equal as f64 - 1.0) / 2.0) / (n_known as f64 - 1.0))
}
