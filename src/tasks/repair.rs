//! Invalid polygons made valid, with what was wrong.
//!
//! Repair never loses ground that a boundary goes round: every ring is filled by the non-zero rule (a loop drawn
//! over itself stays filled, both lobes of a bow tie stay), holes are then cut out of their own shell, and parts are
//! united, so that ground drawn twice counts once. The even-odd rule of `ST_MakeValid` would punch a hole
//! wherever a suspected area overlaps itself; for land that may be mined the cautious reading is the right one.

use geo::algorithm::bool_ops::{FillRule, OpType};
use geo::orient::Direction;
use geo::{Area, BooleanOps, CoordsIter, LineString, MakeValid, MultiPolygon, Orient, Polygon, unary_union};

use super::rings::invalidity;

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
    let n_points = |polygons: &MultiPolygon<f64>| polygons.coords_count();
    let clean: MultiPolygon<f64> = drawn
        .iter()
        .map(|polygon| {
            let holes = polygon.interiors().iter().map(without_repeats).collect();
            Polygon::new(without_repeats(polygon.exterior()), holes)
        })
        .collect();
    let n_repeated_points = n_points(drawn) - n_points(&clean);
    let reasons = invalidity(&clean);
    let (geometry, is_still_invalid) =
        if reasons.is_empty() { (clean.orient(Direction::Default), false) } else { made_valid(&clean) };
    Repaired { geometry, reasons, n_repeated_points, is_still_invalid }
}

/// The repaired polygon, and whether it is still invalid.
fn made_valid(clean: &MultiPolygon<f64>) -> (MultiPolygon<f64>, bool) {
    let united = filled(clean);
    if invalidity(&united).is_empty() {
        return (united, false);
    }
    // The union rounds to a grid of 2^-30 of the extent, which may bring two points of a ring together.
    match united.make_valid().map(|polygon| polygon.orient(Direction::Default)) {
        Ok(polygon) if invalidity(&polygon).is_empty() => (polygon, false),
        _ => (united, true),
    }
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
