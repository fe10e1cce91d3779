//! `curve`: cells, area, cost, benefit and exposure of every half per cent of rank, summed in integers.
//!
//! Segment s holds the cells of rank in [100 − (s + 1) / 2, 100 − s / 2), the first one rank 100 too; cells of
//! equal priority have equal rank and so one segment. Summed are a (m²), c (US$), b·a (benefit-m²) and h·E·a
//! (person-m²), each as fixed-point integers (`fixed.rs`): the totals depend on neither tile size nor thread
//! count, and are short of the sum of the `f32` terms by less than 1e-7 of themselves. Cells whose rank is
//! unknown do not count. Twin: `shaders/curve.wgsl`.

use crate::grid::is_unknown;

use super::CurvePoint;
use super::fixed::{fixed_point, from_quanta, quantum_for};
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

/// Adds the planes' cells to the segments.
pub fn curve(planes: &CurvePlanes<'_>, quanta: &Quanta, segments: &mut [SegmentSum]) {
    let n_cols = planes.rank.len() / planes.row_area_m2.len();
    for (row, &area_m2) in planes.row_area_m2.iter().enumerate() {
        let area = fixed_point(area_m2, quanta[0]);
        let cells = row * n_cols..(row + 1) * n_cols;
        let (rank, cost) = (&planes.rank[cells.clone()], &planes.cost[cells.clone()]);
        let (benefit, people) = (&planes.benefit[cells.clone()], &planes.people_at_risk[cells]);
        for i in 0..n_cols {
            if is_unknown(rank[i]) {
                continue;
            }
            let to = &mut segments[segment(rank[i])];
            to.cells += 1;
            to.sums[0] += u128::from(area);
            to.sums[1] += u128::from(fixed_point(cost[i], quanta[1]));
            to.sums[2] += u128::from(fixed_point(benefit[i] * area_m2, quanta[2]));
            to.sums[3] += u128::from(fixed_point(people[i] * area_m2, quanta[3]));
        }
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
