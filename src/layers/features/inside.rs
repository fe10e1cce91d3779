//! Which cells have their centre inside a polygon, row by row.

use geo::{LineString, Polygon};
use glam::DVec2;

use crate::grid::Frame;

/// Cells of a row, whose centres lie inside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// The row.
    pub row: u32,
    /// First column.
    pub col: u32,
    /// One past the last column.
    pub end_col: u32,
}

/// A ring's edge passing the centre line of a row.
struct Crossing {
    row: u32,
    /// First column whose centre lies at or right of it.
    col: u32,
    turn: i32,
    is_hole: bool,
}

/// The spans of a polygon on the frame, in order. Inside is where the shell winds round (non-zero rule) and no hole
/// does.
pub fn spans(polygon: &Polygon<f64>, frame: &Frame) -> Vec<Span> {
    let mut crossings = Vec::new();
    cross(polygon.exterior(), false, frame, &mut crossings);
    polygon.interiors().iter().for_each(|hole| cross(hole, true, frame, &mut crossings));
    crossings.sort_unstable_by_key(|crossing| (crossing.row, crossing.col));
    let mut spans: Vec<Span> = Vec::new();
    for row in crossings.chunk_by(|a, b| a.row == b.row) {
        let (mut shell, mut holes) = (0, 0);
        let mut from = None;
        for at in row.chunk_by(|a, b| a.col == b.col) {
            for crossing in at {
                *(if crossing.is_hole { &mut holes } else { &mut shell }) += crossing.turn;
            }
            let is_inside = shell != 0 && holes == 0;
            match from {
                None if is_inside => from = Some(at[0].col),
                Some(col) if !is_inside => {
                    spans.push(Span { row: at[0].row, col, end_col: at[0].col });
                    from = None;
                }
                _ => {}
            }
        }
    }
    spans
}

fn cross(ring: &LineString<f64>, is_hole: bool, frame: &Frame, out: &mut Vec<Crossing>) {
    let points: Vec<DVec2> =
        ring.coords().map(|at| frame.cell_from_world(DVec2::new(at.x, at.y)) - DVec2::splat(0.5)).collect();
    // All rings are taken as wound the same way, so that two holes over one another do not cancel.
    let origin = points.first().copied().unwrap_or_default();
    let doubled: f64 = points.windows(2).map(|ends| (ends[0] - origin).perp_dot(ends[1] - origin)).sum();
    let sense = if doubled < 0.0 { -1 } else { 1 };
    for ends in points.windows(2) {
        let (a, b) = (ends[0], ends[1]);
        let (top, bottom, turn) = if a.y <= b.y { (a, b, sense) } else { (b, a, -sense) };
        // Rows with top ≤ row < bottom: an end on a centre line counts for one of its two edges.
        let first = top.y.ceil().max(0.0);
        let end = bottom.y.ceil().min(frame.n_rows as f64);
        let mut row = first;
        while row < end {
            let x = top.x + (row - top.y) * ((bottom.x - top.x) / (bottom.y - top.y));
            let col = x.ceil().clamp(0.0, frame.n_cols as f64) as u32;
            out.push(Crossing { row: row as u32, col, turn, is_hole });
            row += 1.0;
        }
    }
}
