//! Which share of each cell a polygon covers, exactly; and how much ground a polygon holds.
//!
//! Every edge is cut at the rows and columns of the grid. A piece of edge of height dy (in rows) that passes
//! through a cell with its middle at x adds dy·(col + 1 − x) to that cell, the area to its right, and dy to every
//! cell further right; edges going up count against edges going down. Summed along a row this is the area of
//! polygon ∩ cell, with no sampling and no approximation but rounding. Work and memory follow the length
//! of the boundary, not the area inside: between two boundary cells lies one [`Span`] of constant share.

use geo::{Area, Coord, LineString, MultiPolygon};

use super::components::Run;
use crate::grid::{Crs, Frame};

/// Shares nearer than this to 0 or 1 are rounding: a thousandth of a square millimetre in a cell of 30 m.
const ROUNDING: f64 = 1e-12;

/// Cells of one row, all covered by the same share.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Span {
    /// First column.
    pub col: u32,
    /// One past the last column.
    pub end_col: u32,
    /// Share of each cell's area, above 0 up to 1.
    pub share: f64,
}

/// The covered cells of a frame, row by row, spans in order of their columns.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Coverage {
    first_row: usize,
    /// Where each row's spans end in `spans`.
    ends: Vec<usize>,
    spans: Vec<Span>,
}

/// What a piece of edge adds in one row: `part` to the cell itself, `full` to every cell right of it.
#[derive(Clone, Copy)]
struct Crossing {
    row: u32,
    col: u32,
    part: f64,
    full: f64,
}

impl Coverage {
    /// The cells of `frame` that a valid polygon (in the frame's CRS) covers. Rings may be wound either way.
    pub fn of(ground: &MultiPolygon<f64>, frame: &Frame) -> Self {
        let mut crossings = Vec::new();
        for polygon in ground {
            cross_ring(polygon.exterior(), 1.0, frame, &mut crossings);
            for hole in polygon.interiors() {
                cross_ring(hole, -1.0, frame, &mut crossings);
            }
        }
        // Stable, so that sums run in the order of the edges.
        crossings.sort_by_key(|crossing| (crossing.row, crossing.col));
        let mut coverage = Self::default();
        for row in crossings.chunk_by(|a, b| a.row == b.row) {
            coverage.skip_to(row[0].row as usize);
            coverage.push_row(row, frame.n_cols as u32);
        }
        coverage
    }

    /// Whole cells, given as runs row by row.
    pub(super) fn of_runs(runs: &[Run]) -> Self {
        let mut coverage = Self::default();
        for row in runs.chunk_by(|a, b| a.row == b.row) {
            coverage.skip_to(row[0].row as usize);
            let spans = row.iter().map(|run| Span { col: run.col, end_col: run.end_col, share: 1.0 });
            coverage.spans.extend(spans);
            coverage.ends.push(coverage.spans.len());
        }
        coverage
    }

    /// Whether no cell is covered.
    pub fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// The rows that may hold covered cells.
    pub fn rows(&self) -> std::ops::Range<usize> {
        self.first_row..self.first_row + self.ends.len()
    }

    /// The spans of a row, left to right; none outside [`Coverage::rows`].
    pub fn row(&self, row: usize) -> &[Span] {
        let Some(index) = row.checked_sub(self.first_row).filter(|index| *index < self.ends.len()) else {
            return &[];
        };
        let start = if index == 0 { 0 } else { self.ends[index - 1] };
        &self.spans[start..self.ends[index]]
    }

    /// The columns that hold covered cells: first and one past the last.
    pub fn columns(&self) -> std::ops::Range<usize> {
        let first = self.spans.iter().map(|span| span.col).min().unwrap_or(0);
        let end = self.spans.iter().map(|span| span.end_col).max().unwrap_or(0);
        first as usize..end as usize
    }

    fn skip_to(&mut self, row: usize) {
        if self.ends.is_empty() {
            self.first_row = row;
        }
        self.ends.resize(row - self.first_row, self.spans.len());
    }

    fn push_row(&mut self, crossings: &[Crossing], n_cols: u32) {
        let mut left_of_here = 0.0;
        let mut col = 0;
        for cell in crossings.chunk_by(|a, b| a.col == b.col) {
            self.push_span(col, cell[0].col, left_of_here);
            let part: f64 = cell.iter().map(|crossing| crossing.part).sum();
            self.push_span(cell[0].col, cell[0].col + 1, left_of_here + part);
            left_of_here += cell.iter().map(|crossing| crossing.full).sum::<f64>();
            col = cell[0].col + 1;
        }
        // Only where the polygon reaches past the right edge of the frame is anything left here.
        self.push_span(col, n_cols, left_of_here);
        self.ends.push(self.spans.len());
    }

    fn push_span(&mut self, col: u32, end_col: u32, share: f64) {
        if end_col > col && share > ROUNDING {
            let share = if share > 1.0 - ROUNDING { 1.0 } else { share };
            self.spans.push(Span { col, end_col, share });
        }
    }
}

/// Adds the crossings of a ring; `sign` is 1 for an exterior, −1 for a hole.
fn cross_ring(ring: &LineString<f64>, sign: f64, frame: &Frame, out: &mut Vec<Crossing>) {
    let points: Vec<Coord<f64>> = ring
        .coords()
        .map(|at| {
            let cell = frame.cell_from_world(glam::DVec2::new(at.x, at.y));
            Coord { x: cell.x, y: cell.y }
        })
        .collect();
    // The sign of the doubled area tells which way the ring runs, whatever its source's habit.
    let origin = points.first().copied().unwrap_or_default();
    let doubled: f64 = points
        .windows(2)
        .map(|ends| {
            let (a, b) = (ends[0] - origin, ends[1] - origin);
            a.x * b.y - b.x * a.y
        })
        .sum();
    let sign = sign * doubled.signum();
    for ends in points.windows(2) {
        cross_edge(ends[0], ends[1], sign, frame, out);
    }
}

/// Cuts an edge at the rows of the grid.
fn cross_edge(a: Coord<f64>, b: Coord<f64>, sign: f64, frame: &Frame, out: &mut Vec<Crossing>) {
    // A ring of positive area runs towards smaller y on its left side, where cells begin to be covered.
    let (top, bottom, sign) = if a.y <= b.y { (a, b, -sign) } else { (b, a, sign) };
    let from = top.y.max(0.0);
    let to = bottom.y.min(frame.n_rows as f64);
    if from >= to {
        return;
    }
    let slope = (bottom.x - top.x) / (bottom.y - top.y);
    let (left, right) = (top.x.min(bottom.x), top.x.max(bottom.x));
    let x_at = |y: f64| (top.x + (y - top.y) * slope).clamp(left, right);
    let mut y = from;
    let mut x = if from == top.y { top.x } else { x_at(from) };
    for row in from as usize..(to.ceil() as usize) {
        let next_y = to.min(row as f64 + 1.0);
        let next_x = if next_y == bottom.y { bottom.x } else { x_at(next_y) };
        cross_row(row as u32, (x, next_x), sign * (next_y - y), frame.n_cols as u32, out);
        (x, y) = (next_x, next_y);
    }
}

/// Cuts a piece of edge inside one row at the columns of the grid. `height` is signed, in rows.
fn cross_row(row: u32, (a, b): (f64, f64), height: f64, n_cols: u32, out: &mut Vec<Crossing>) {
    let (left, right) = (a.min(b), a.max(b));
    let width = right - left;
    // What lies left of the frame covers its cells wholly; what lies right of it covers none.
    let outside = if width > 0.0 { ((0.0 - left) / width).clamp(0.0, 1.0) } else { f64::from(left < 0.0) };
    if outside > 0.0 {
        out.push(Crossing { row, col: 0, part: height * outside, full: height * outside });
    }
    let mut x = left.max(0.0);
    let end = right.min(f64::from(n_cols));
    if x >= f64::from(n_cols) || right < 0.0 || (width > 0.0 && x >= end) {
        return;
    }
    loop {
        let col = x.floor();
        let next = end.min(col + 1.0);
        let full = if width > 0.0 { height * ((next - x) / width) } else { height };
        let part = full * (col + 1.0 - (x + next) / 2.0);
        out.push(Crossing { row, col: col as u32, part, full });
        if next >= end {
            return;
        }
        x = next;
    }
}

/// Ground a polygon holds, m², rings wound either way.
///
/// In a projected CRS the area in its plane. In a geographic CRS the area on the ellipsoid between edges that
/// are straight in longitude and latitude, as they are drawn and as cells are cut: A = ∮ λ dQ(φ), with Q the area
/// south of a parallel a degree of longitude wide (Snyder 1987, eq. 3-12), each edge by parts and three-point
/// Gauss quadrature. GeographicLib's polygon area has geodesics for edges; the two agree to 1e-4 up to
/// edges of some kilometres.
pub fn area_m2(ground: &MultiPolygon<f64>, crs: &Crs) -> f64 {
    if !crs.is_geographic() {
        return ground.unsigned_area() * crs.metres_per_unit() * crs.metres_per_unit();
    }
    ground
        .iter()
        .map(|polygon| {
            let holes: f64 = polygon.interiors().iter().map(|ring| ring_area_m2(ring, crs)).sum();
            ring_area_m2(polygon.exterior(), crs) - holes
        })
        .sum()
}

fn ring_area_m2(ring: &LineString<f64>, crs: &Crs) -> f64 {
    let Some(&origin) = ring.0.first() else {
        return 0.0;
    };
    let zone_m2 = |latitude: f64| crs.zone_area_m2(origin.y, latitude, 1.0);
    // Nodes and weights of the three-point Gauss rule on 0..1.
    let offset = (3.0_f64 / 5.0).sqrt() / 2.0;
    let nodes = [(0.5 - offset, 5.0 / 18.0), (0.5, 8.0 / 18.0), (0.5 + offset, 5.0 / 18.0)];
    let doubled_by_edge = ring.lines().map(|edge| {
        let (q1, q2) = (zone_m2(edge.start.y), zone_m2(edge.end.y));
        let mean_q: f64 =
            nodes.iter().map(|(t, weight)| weight * zone_m2(edge.start.y + t * edge.dy())).sum();
        let mean_x = (edge.start.x + edge.end.x) / 2.0 - origin.x;
        mean_x * (q2 - q1) + edge.dx() * ((q1 + q2) / 2.0 - mean_q)
    });
    doubled_by_edge.sum::<f64>().abs()
}
