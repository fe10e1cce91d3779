//! `curve`: cells, area, cost, benefit and exposure of every half per cent of rank, summed in integers.
//!
//! Segment s holds the cells of rank in [100 − (s + 1) / 2, 100 − s / 2), the first one rank 100 too; cells of
//! equal priority have equal rank and so one segment. Summed are a (m²), c (US$), b·a (benefit-m²) and h·E·a
//! (person-m²), each as fixed-point integers (`fixed.rs`): the totals depend on neither tile size nor thread
//! count, and are short of the sum of the `f32` terms by less than 1e-7 of themselves. Cells whose rank is
//! unknown do not count. Twin: `shaders/curve.wgsl`.

use std::ops::Range;

use crate::grid::is_unknown;

use super::CurvePoint;
use super::fixed::{fixed_point, from_quanta, quantum_for};
use super::widest::{widest, work};
use crate::units::M2_PER_HECTARE;

/// Segments of rank, and rows of the curve.
pub const N_SEGMENTS: usize = 200;
/// What is summed: area, cost, benefit times area, people at risk times area.
pub const N_SUMS: usize = 4;

/// Quanta of the four sums, as powers of 2.
pub type Quanta = [i32; N_SUMS];

/// One segment's sums.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SegmentSum {
    /// Cells.
    pub cells: u64,
    /// Quanta of area, cost, benefit times area, people at risk times area.
    pub sums: [u128; N_SUMS],
}

/// The planes the curve sums, and the area of a cell in each row, m².
#[derive(Debug, Clone, Copy)]
pub struct CurvePlanes<'a> {
    /// 0..100.
    pub rank: &'a [f32],
    /// US$.
    pub cost: &'a [f32],
    /// 0..1.
    pub benefit: &'a [f32],
    /// People.
    pub people_at_risk: &'a [f32],
    /// m², one a row.
    pub row_area_m2: &'a [f32],
}

impl<'a> CurvePlanes<'a> {
    /// Some of the cells; the areas stay.
    fn part(&self, cells: Range<usize>) -> Self {
        let of = |plane: &'a [f32]| &plane[cells.clone()];
        Self {
            rank: of(self.rank),
            cost: of(self.cost),
            benefit: of(self.benefit),
            people_at_risk: of(self.people_at_risk),
            ..*self
        }
    }
}

/// Quanta for the largest area, cost and exposure there are; benefit is at most 1, people at risk at most the
/// exposure.
pub fn quanta(largest_area_m2: f64, largest_cost_usd: f64, largest_exposure: f64) -> Quanta {
    [
        quantum_for(largest_area_m2),
        quantum_for(largest_cost_usd),
        quantum_for(largest_area_m2),
        quantum_for(largest_exposure * largest_area_m2),
    ]
}

/// The segment of a rank.
#[inline(always)]
pub fn segment(rank: f32) -> usize {
    let half_percents = ((100.0 - rank) * 2.0).ceil();
    half_percents.clamp(1.0, N_SEGMENTS as f32) as usize - 1
}

/// Cells converted together, before they are added one by one.
const BATCH: usize = 256;

/// Where cells go whose rank is unknown: behind the segments.
const NOWHERE: u8 = N_SEGMENTS as u8;

/// Adds the planes' cells to the segments: at most 2^32 of them at once.
pub fn curve(planes: &CurvePlanes<'_>, quanta: &Quanta, segments: &mut [SegmentSum]) {
    let n_cols = planes.rank.len() / planes.row_area_m2.len();
    let mut batch = Batch { segment: [NOWHERE; BATCH], sums: [[0; BATCH]; N_SUMMED] };
    // Cells, then low and high words of each sum: one line of the cache a segment. As many as a u8 can name.
    let mut words = [[0u64; 8]; 256];
    let mut n_before = [0; N_SEGMENTS];
    for (row, &area_m2) in planes.row_area_m2.iter().enumerate() {
        for from in (row * n_cols..(row + 1) * n_cols).step_by(BATCH) {
            let cells = from..(from + BATCH).min((row + 1) * n_cols);
            widest(Convert { planes: planes.part(cells.clone()), area_m2, quanta, batch: &mut batch });
            batch.add_to(cells.len(), &mut words);
        }
        if planes.row_area_m2.get(row + 1).is_none_or(|next| next.to_bits() != area_m2.to_bits()) {
            // The area is the same for all cells counted since it last changed.
            let area = u128::from(fixed_point(area_m2, quanta[0]));
            for ((segment, words), n_before) in segments.iter_mut().zip(&words).zip(&mut n_before) {
                segment.sums[0] += u128::from(words[0] - *n_before) * area;
                *n_before = words[0];
            }
        }
    }
    for (segment, words) in segments.iter_mut().zip(&words) {
        segment.cells += words[0];
        for (sum, words) in segment.sums[1..].iter_mut().zip(words[1..].chunks_exact(2)) {
            *sum += u128::from(words[0]) + (u128::from(words[1]) << 32);
        }
    }
}

/// What is summed by cell: all but the area.
const N_SUMMED: usize = N_SUMS - 1;

/// Segments and quanta of some cells.
struct Batch {
    segment: [u8; BATCH],
    sums: [[u64; BATCH]; N_SUMMED],
}

impl Batch {
    #[inline(always)]
    fn add_to(&self, n: usize, words: &mut [[u64; 8]; 256]) {
        let [cost, benefit, people] = &self.sums;
        for i in 0..n.min(BATCH) {
            let to = &mut words[usize::from(self.segment[i])];
            to[0] += 1;
            to[1] += cost[i] & 0xFFFF_FFFF;
            to[2] += cost[i] >> 32;
            to[3] += benefit[i] & 0xFFFF_FFFF;
            to[4] += benefit[i] >> 32;
            to[5] += people[i] & 0xFFFF_FFFF;
            to[6] += people[i] >> 32;
        }
    }
}

work!(Convert = convert(planes: CurvePlanes<'a>, area_m2: f32, quanta: &'a Quanta, batch: &'a mut Batch));

/// Cell by cell, so that wide registers can be used; the adding that follows cannot use them.
#[inline(always)]
fn convert(planes: CurvePlanes<'_>, area_m2: f32, quanta: &Quanta, batch: &mut Batch) {
    for (to, &rank) in batch.segment.iter_mut().zip(planes.rank) {
        let half_percents = ((100.0 - rank) * 2.0).ceil().clamp(1.0, N_SEGMENTS as f32);
        // Of 2^23 and a small whole number the low bits are that number.
        let number = (half_percents + 8_388_608.0).to_bits() as u8;
        *to = if is_unknown(rank) { NOWHERE } else { number.wrapping_sub(1) };
    }
    let [cost, benefit, people] = &mut batch.sums;
    for (to, &cost) in cost.iter_mut().zip(planes.cost) {
        *to = fixed_point(cost, quanta[1]);
    }
    for (to, &benefit) in benefit.iter_mut().zip(planes.benefit) {
        *to = fixed_point(benefit * area_m2, quanta[2]);
    }
    for (to, &people) in people.iter_mut().zip(planes.people_at_risk) {
        *to = fixed_point(people * area_m2, quanta[3]);
    }
}

/// The 200 cumulative points.
pub fn points(segments: &[SegmentSum], quanta: &Quanta) -> Vec<CurvePoint> {
    let mut so_far = SegmentSum::default();
    let cumulative = segments.iter().enumerate().map(|(i, segment)| {
        so_far.add(segment);
        let sum = |which: usize| from_quanta(so_far.sums[which], quanta[which]);
        CurvePoint {
            percent: (i + 1) as f64 * 100.0 / N_SEGMENTS as f64,
            cells: so_far.cells,
            area_m2: sum(0),
            cost_usd: sum(1),
            benefit: sum(2) / M2_PER_HECTARE,
            exposure_ha: sum(3) / M2_PER_HECTARE,
        }
    });
    cumulative.collect()
}

impl SegmentSum {
    /// Adds another's counts.
    pub fn add(&mut self, other: &Self) {
        self.cells += other.cells;
        for (sum, more) in self.sums.iter_mut().zip(other.sums) {
            *sum += more;
        }
    }
}
