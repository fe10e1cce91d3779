//! `curve`: cells, area, cost, benefit and exposure of every half per cent of rank, summed in integers.
//!
//! Segment s holds the cells of rank in [100 − (s + 1) / 2, 100 − s / 2), the first one rank 100 too; cells of
//! equal priority have equal rank and so one segment. Summed are a (m²), c (US$), b·a (benefit-m²) and h·E·a
//! (person-m²), each as fixed-point integers (`fixed.rs`): the totals depend on neither tile size nor thread
//! count, and are short of the sum of the `f32` terms by less than 1e-7 of themselves. Cells whose rank is
//! unknown do not count. Twin: `shaders/curve.wgsl`.
//!
//! Every cell adds to five words of its segment. They are made for a batch of cells first, which wide registers can
//! do, and laid out so that four of the additions are one.

use std::ops::Range;

use crate::grid::is_unknown;

use super::CurvePoint;
use super::fixed::{fixed_point, from_quanta, quantum_for, whole};
use crate::units::M2_PER_HECTARE;
use crate::widest::{fetch_early, widest, work};

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
    /// Asks for the line of each plane that begins with a cell.
    #[inline(always)]
    fn fetch_early(&self, first: usize) {
        for plane in [self.rank, self.cost, self.benefit, self.people_at_risk] {
            fetch_early(&plane[first.min(plane.len())..(first + LINE_CELLS).min(plane.len())]);
        }
    }

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

/// Adds the planes' cells to the segments.
pub fn curve(planes: &CurvePlanes<'_>, quanta: &Quanta, segments: &mut [SegmentSum]) {
    let n_cols = planes.rank.len() / planes.row_area_m2.len();
    let mut batch = Batch { segment: [NOWHERE; BATCH], words: [[0; 4]; BATCH], cells: [0; BATCH] };
    let mut sums = [Sums::ZERO; 2];
    let mut n_added = 0;
    for (row, &area_m2) in planes.row_area_m2.iter().enumerate() {
        for from in (row * n_cols..(row + 1) * n_cols).step_by(BATCH) {
            let cells = from..(from + BATCH).min((row + 1) * n_cols);
            widest(Convert { planes: planes.part(cells.clone()), area_m2, quanta, batch: &mut batch });
            let next = planes.part(cells.end..(cells.end + BATCH).min(planes.rank.len()));
            widest(Add { batch: &batch, n: cells.len(), next: &next, sums: &mut sums });
            n_added += cells.len();
            let is_last = cells.end == planes.rank.len();
            let next_area_m2 = planes.row_area_m2[cells.end.min(planes.rank.len() - 1) / n_cols];
            // The area is that of all cells added since.
            if is_last || n_added + BATCH > MOST_ADDED || next_area_m2.to_bits() != area_m2.to_bits() {
                let area = u128::from(fixed_point(area_m2, quanta[0]));
                for sums in &mut sums {
                    let words = sums.words.iter().zip(&sums.cells);
                    for (segment, (words, cells)) in segments.iter_mut().zip(words) {
                        segment.add_words(words, *cells, area);
                    }
                    *sums = Sums::ZERO;
                }
                n_added = 0;
            }
        }
    }
}

/// Cells of a line of the cache.
const LINE_CELLS: usize = 16;

/// Cells that may be added before a word overflows.
const MOST_ADDED: usize = 1 << 16;

/// Bits of a quantum below its upper word: so the words of 2^16 cells add up within 64 and 32 bits.
const LOW: u32 = 14;
const LOW_MASK: u64 = (1 << LOW) - 1;

/// What some cells add, and to which segment.
struct Batch {
    segment: [u8; BATCH],
    /// Upper words of cost, benefit and people at risk; the lower words of cost and benefit in one.
    words: [[u64; 4]; BATCH],
    /// A cell, and the lower word of people at risk.
    cells: [u64; BATCH],
}

/// What batches add to: as many segments as a u8 can name.
struct Sums {
    words: [[u64; 4]; 256],
    cells: [u64; 256],
}

impl Sums {
    const ZERO: Self = Self { words: [[0; 4]; 256], cells: [0; 256] };
}

work!(Add = add(batch: &'a Batch, n: usize, next: &'a CurvePlanes<'a>, sums: &'a mut [Sums; 2]));

/// Adds a batch's first `n` cells, asking for the `next` ones meanwhile; to two sums in turn, since neighbours of one
/// segment would wait for each other.
#[inline(always)]
fn add(batch: &Batch, n: usize, next: &CurvePlanes<'_>, sums: &mut [Sums; 2]) {
    for i in 0..n.min(BATCH) {
        if i % LINE_CELLS == 0 {
            next.fetch_early(i);
        }
        let (segment, sums) = (usize::from(batch.segment[i]), &mut sums[i % 2]);
        for (sum, word) in sums.words[segment].iter_mut().zip(batch.words[i]) {
            *sum += word;
        }
        sums.cells[segment] += batch.cells[i];
    }
}

work!(Convert = convert(planes: CurvePlanes<'a>, area_m2: f32, quanta: &'a Quanta, batch: &'a mut Batch));

/// Cell by cell, so that wide registers can be used; the adding that follows cannot use them.
#[inline(always)]
fn convert(planes: CurvePlanes<'_>, area_m2: f32, quanta: &Quanta, batch: &mut Batch) {
    for (to, &rank) in batch.segment.iter_mut().zip(planes.rank) {
        let half_percents = ((100.0 - rank) * 2.0).ceil().clamp(1.0, N_SEGMENTS as f32);
        *to = if is_unknown(rank) { NOWHERE } else { (whole(half_percents) as u8).wrapping_sub(1) };
    }
    let mut cost = [0u64; BATCH];
    for (to, &cost) in cost.iter_mut().zip(planes.cost) {
        *to = fixed_point(cost, quanta[1]);
    }
    let mut benefit = [0u64; BATCH];
    for (to, &benefit) in benefit.iter_mut().zip(planes.benefit) {
        *to = fixed_point(benefit * area_m2, quanta[2]);
    }
    let mut people = [0u64; BATCH];
    for (to, &people) in people.iter_mut().zip(planes.people_at_risk) {
        *to = fixed_point(people * area_m2, quanta[3]);
    }
    let n = planes.rank.len().min(BATCH);
    for (i, words) in batch.words[..n].iter_mut().enumerate() {
        let lower = (cost[i] & LOW_MASK) | (benefit[i] & LOW_MASK) << 32;
        *words = [cost[i] >> LOW, benefit[i] >> LOW, people[i] >> LOW, lower];
    }
    for (cells, people) in batch.cells[..n].iter_mut().zip(people) {
        *cells = 1 | (people & LOW_MASK) << 32;
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
    /// Adds what cells of one area added up to.
    fn add_words(&mut self, words: &[u64; 4], cells_and_lower: u64, area: u128) {
        let upper_and_lower = |upper: u64, lower: u64| (u128::from(upper) << LOW) + u128::from(lower);
        let (cells, half) = (cells_and_lower & 0xFFFF_FFFF, 0xFFFF_FFFF);
        self.cells += cells;
        self.sums[0] += u128::from(cells) * area;
        self.sums[1] += upper_and_lower(words[0], words[3] & half);
        self.sums[2] += upper_and_lower(words[1], words[3] >> 32);
        self.sums[3] += upper_and_lower(words[2], cells_and_lower >> 32);
    }

    /// Adds another's counts.
    pub fn add(&mut self, other: &Self) {
        self.cells += other.cells;
        for (sum, more) in self.sums.iter_mut().zip(other.sums) {
            *sum += more;
        }
    }
}
