//! Invalid polygons made valid, with what was wrong.
//!
//! What counts as valid is OGC Simple Features, as `ST_IsValid` has it: rings of at least three points that neither
//! cross, touch nor retrace themselves, holes inside their shell, parts that meet at points at most.
//!
//! Repair never loses ground that a boundary goes round: every ring is filled by the non-zero rule (a loop drawn
//! over itself stays filled, both lobes of a bow tie stay), holes are then cut out of their own shell, and parts are
//! united, so that ground drawn twice counts once. The even-odd rule of `ST_MakeValid` would punch a hole
//! wherever a suspected area overlaps itself; for land that may be mined the cautious reading is the right one.

use geo::algorithm::bool_ops::{FillRule, OpType};
use geo::line_intersection::{LineIntersection, line_intersection};
use geo::orient::Direction;
use geo::{Area, unary_union};
use geo::{BooleanOps, Coord, Line, LineString, MakeValid, MultiPolygon, Orient, Polygon, Validation};
use rstar::primitives::GeomWithData;
use rstar::{RTree, RTreeObject};

/// A polygon as it will be used, and what had to be done to it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Repaired {
    /// Valid, exteriors counter-clockwise, holes clockwise; without any polygon where no ground was left.
    pub geometry: MultiPolygon<f64>,
    /// What made it invalid, in words; empty for a valid polygon.
    pub reasons: Vec<String>,
    /// Points that repeated the one before them, which is valid but of no use.
    pub n_repeated_points: usize,
    /// Whether the repair itself is not valid by geo's checks. Its sums are still right.
    pub is_still_invalid: bool,
}

/// Makes a polygon valid; coordinates must be finite.
pub(super) fn repair(drawn: &MultiPolygon<f64>) -> Repaired {
    let mut reasons = Vec::new();
    let mut n_repeated_points = 0;
    let mut polygons = Vec::with_capacity(drawn.0.len());
    for polygon in drawn {
        let n_points = |ring: &LineString<f64>| ring.0.len();
        let shell = without_repeats(polygon.exterior());
        n_repeated_points += n_points(polygon.exterior()) - n_points(&shell);
        if let Some(reason) = ring_fault(&shell) {
            reasons.push(format!("a boundary {reason}"));
        }
        let mut holes = Vec::with_capacity(polygon.interiors().len());
        for hole in polygon.interiors() {
            let clean = without_repeats(hole);
            n_repeated_points += n_points(hole) - n_points(&clean);
            if let Some(reason) = ring_fault(&clean) {
                reasons.push(format!("a hole {reason}"));
            }
            holes.push(clean);
        }
        polygons.push(Polygon::new(shell, holes));
    }
    let clean = MultiPolygon::new(polygons);
    // How rings lie to each other is only asked of rings that are sound in themselves.
    let has_many_rings = clean.0.len() > 1 || clean.iter().any(|polygon| !polygon.interiors().is_empty());
    if reasons.is_empty() && has_many_rings {
        reasons.extend(clean.validation_errors().iter().map(ToString::to_string));
    }
    let (geometry, is_still_invalid) = if reasons.is_empty() {
        (clean.orient(Direction::Default), false)
    } else {
        let united = filled(&clean);
        if united.is_valid() {
            (united, false)
        } else {
            // The union rounds to a grid of 2^-30 of the extent, which may bring two points of a ring together.
            match united.make_valid().map(|polygon| polygon.orient(Direction::Default)) {
                Ok(polygon) if polygon.is_valid() => (polygon, false),
                _ => (united, true),
            }
        }
    };
    reasons.dedup();
    Repaired { geometry, reasons, n_repeated_points, is_still_invalid }
}

/// Every ring filled by the non-zero rule, holes cut from their shells, parts united.
fn filled(clean: &MultiPolygon<f64>) -> MultiPolygon<f64> {
    let parts: Vec<MultiPolygon<f64>> = clean
        .iter()
        .map(|polygon| {
            let shell = filled_ring(polygon.exterior());
            let holes: Vec<_> = polygon.interiors().iter().map(filled_ring).collect();
            if holes.is_empty() { shell } else { shell.difference(&unary_union(&holes)) }
        })
        .map(|part| part.orient(Direction::Default))
        .collect();
    let united = unary_union(&parts).orient(Direction::Default);
    MultiPolygon::new(united.into_iter().filter(|polygon| polygon.unsigned_area() > 0.0).collect())
}

fn filled_ring(ring: &LineString<f64>) -> MultiPolygon<f64> {
    let alone = Polygon::new(ring.clone(), Vec::new());
    let nothing = MultiPolygon::<f64>::new(Vec::new());
    alone.boolean_op_with_fill_rule(&nothing, OpType::Union, FillRule::NonZero).orient(Direction::Default)
}

/// The ring without points that repeat the one before, closed.
fn without_repeats(ring: &LineString<f64>) -> LineString<f64> {
    let mut points = ring.0.clone();
    points.dedup();
    LineString::new(points)
}

/// What is wrong with a ring in itself, to be read after "a boundary".
fn ring_fault(ring: &LineString<f64>) -> Option<String> {
    let n_points = ring.0.len();
    if n_points < 4 {
        return Some(format!("has {} distinct points, fewer than three", n_points.saturating_sub(1).max(1)));
    }
    let lines: Vec<GeomWithData<Line<f64>, usize>> =
        ring.lines().enumerate().map(|(i, line)| GeomWithData::new(line, i)).collect();
    let n_lines = lines.len();
    let tree = RTree::bulk_load(lines.clone());
    // The worst meeting is told, and of equal ones the first along the ring.
    let mut worst: Option<((Meeting, usize, usize), Coord<f64>)> = None;
    for line in &lines {
        for other in tree.locate_in_envelope_intersecting(&line.geom().envelope()) {
            let (i, j) = (line.data, other.data);
            if j <= i {
                continue;
            }
            if let Some((what, at)) = meeting(line.geom(), other.geom(), i, j, n_lines)
                && worst.is_none_or(|(found, _)| (what, i, j) < found)
            {
                worst = Some(((what, i, j), at));
            }
        }
    }
    worst.map(|((what, ..), at)| {
        let what = match what {
            Meeting::Crosses => "crosses itself",
            Meeting::Retraces => "retraces itself",
            Meeting::Touches => "touches itself",
        };
        format!("{what} near ({}, {})", short(at.x), short(at.y))
    })
}

/// How a ring meets itself, worst first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Meeting {
    Crosses,
    Retraces,
    Touches,
}

/// How two lines of a ring meet where they should not.
fn meeting(
    a: &Line<f64>,
    b: &Line<f64>,
    i: usize,
    j: usize,
    n_lines: usize,
) -> Option<(Meeting, Coord<f64>)> {
    let follows = j == i + 1;
    let precedes = i == 0 && j == n_lines - 1;
    match line_intersection(*a, *b)? {
        LineIntersection::SinglePoint { .. } if follows || precedes => None,
        LineIntersection::SinglePoint { intersection, is_proper: true } => {
            Some((Meeting::Crosses, intersection))
        }
        LineIntersection::SinglePoint { intersection, .. } => Some((Meeting::Touches, intersection)),
        LineIntersection::Collinear { intersection } => Some((Meeting::Retraces, intersection.start)),
    }
}

/// Metres to the centimetre, degrees to the same within a metre: enough to find the place on a map.
fn short(value: f64) -> f64 {
    (value * 1e6).round() / 1e6
}
