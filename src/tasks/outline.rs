//! The outline of cells as a valid polygon.
//!
//! Cells that touch at a corner only become two polygons that touch at a point. Where the boundary of one polygon
//! comes back to a corner it has been at, the loop is split off there, so that a hole that touches the edge of
//! its polygon at a corner stays a hole. Both are what OGC Simple Features calls valid.

use std::collections::HashMap;

use geo::{Coord, LineString, MultiPolygon, Polygon};
use glam::DVec2;

use super::components::{Run, edge_components};
use crate::grid::Frame;

/// A corner of a cell: (column, row) of the grid's lines.
type Corner = (u32, u32);

/// The outline of runs given row by row, in the frame's CRS: exteriors counter-clockwise, holes clockwise.
pub(super) fn outline(runs: &[Run], frame: &Frame) -> MultiPolygon<f64> {
    let pieces = edge_components(runs);
    let polygons = pieces.iter().filter_map(|piece| {
        let runs: Vec<Run> = piece.iter().map(|i| runs[*i as usize]).collect();
        let mut shell = None;
        let mut holes = Vec::new();
        for ring in rings(&runs) {
            let is_shell = doubled_area(&ring) > 0;
            let line = to_world(&ring, frame);
            if is_shell { shell = Some(line) } else { holes.push(line) }
        }
        Some(Polygon::new(shell?, holes))
    });
    MultiPolygon::new(polygons.collect())
}

/// The simple rings round cells that hang together over edges, cells on the left.
fn rings(runs: &[Run]) -> Vec<Vec<Corner>> {
    let mut edges = boundary(runs);
    edges.sort_unstable();
    let mut is_used = vec![false; edges.len()];
    let mut rings = Vec::new();
    for first in 0..edges.len() {
        if is_used[first] {
            continue;
        }
        // Follow the boundary back to where it began, splitting off each loop that closes on the way.
        let mut path = vec![edges[first].0];
        let mut place_in_path: HashMap<Corner, usize> = HashMap::from([(edges[first].0, 0)]);
        let mut next = first;
        loop {
            is_used[next] = true;
            let here = edges[next].1;
            if let Some(&start) = place_in_path.get(&here) {
                let ring = path.split_off(start);
                for corner in &ring {
                    place_in_path.remove(corner);
                }
                rings.push(without_straight_corners(ring));
            }
            place_in_path.insert(here, path.len());
            path.push(here);
            let from = edges.partition_point(|edge| edge.0 < here);
            let onward = (from..edges.len()).take_while(|i| edges[*i].0 == here).find(|i| !is_used[*i]);
            match onward {
                Some(i) => next = i,
                None => break,
            }
        }
    }
    rings
}

/// Every piece of boundary as (from, to), cells on the left seen from above with north up.
fn boundary(runs: &[Run]) -> Vec<(Corner, Corner)> {
    let mut edges = Vec::with_capacity(runs.len() * 4);
    for run in runs {
        edges.push(((run.col, run.row), (run.col, run.row + 1)));
        edges.push(((run.end_col, run.row + 1), (run.end_col, run.row)));
    }
    let rows: Vec<&[Run]> = runs.chunk_by(|a, b| a.row == b.row).collect();
    let nothing: &[Run] = &[];
    for (i, row) in rows.iter().enumerate() {
        let at = row[0].row;
        let above = if i > 0 && rows[i - 1][0].row + 1 == at { rows[i - 1] } else { nothing };
        let below = rows.get(i + 1).filter(|below| below[0].row == at + 1).map_or(nothing, |below| *below);
        uncovered(row, above, |col, end_col| edges.push(((end_col, at), (col, at))));
        uncovered(row, below, |col, end_col| edges.push(((col, at + 1), (end_col, at + 1))));
    }
    edges
}

/// The parts of `row`'s runs that no run of `other` covers.
fn uncovered(row: &[Run], other: &[Run], mut tell: impl FnMut(u32, u32)) {
    for run in row {
        let mut col = run.col;
        let first = other.partition_point(|cover| cover.end_col <= run.col);
        for cover in other[first..].iter().take_while(|cover| cover.col < run.end_col) {
            if cover.col > col {
                tell(col, cover.col);
            }
            col = col.max(cover.end_col);
        }
        if col < run.end_col {
            tell(col, run.end_col);
        }
    }
}

fn without_straight_corners(ring: Vec<Corner>) -> Vec<Corner> {
    let n = ring.len();
    let is_turn = |i: &usize| {
        let (before, here, after) = (ring[(i + n - 1) % n], ring[*i], ring[(i + 1) % n]);
        !((before.0 == here.0 && here.0 == after.0) || (before.1 == here.1 && here.1 == after.1))
    };
    (0..n).filter(is_turn).map(|i| ring[i]).collect()
}

/// Twice the area in cells, positive when counter-clockwise with north up.
fn doubled_area(ring: &[Corner]) -> i64 {
    let n = ring.len();
    (0..n)
        .map(|i| {
            let (a, b) = (ring[i], ring[(i + 1) % n]);
            i64::from(b.0) * i64::from(a.1) - i64::from(a.0) * i64::from(b.1)
        })
        .sum()
}

fn to_world(ring: &[Corner], frame: &Frame) -> LineString<f64> {
    let mut points: Vec<Coord<f64>> = ring
        .iter()
        .map(|&(col, row)| {
            let at = frame.world_from_cell.transform_point2(DVec2::new(f64::from(col), f64::from(row)));
            Coord { x: at.x, y: at.y }
        })
        .collect();
    points.extend(points.first().copied());
    LineString::new(points)
}
