//! What makes a polygon invalid, in words.
//!
//! Valid is what OGC Simple Features calls so, as `ST_IsValid` has it: rings of at least three points that neither
//! cross, touch nor retrace themselves; holes inside their shell; holes, and parts, that meet at points at most.
//! geo's own check says the same (tests hold them together) but compares every line of a ring with every other,
//! which takes minutes for a ring of 100,000 points; here an R-tree finds the lines that may meet. Like geo's, it does not look for holes that touch one another and so cut the
//! ground inside in two, which GEOS does call invalid: no sum depends on it.

use geo::coordinate_position::CoordPos;
use geo::dimensions::Dimensions;
use geo::line_intersection::{LineIntersection, line_intersection};
use geo::relate::IntersectionMatrix;
use geo::{
    BoundingRect, Coord, Intersects, Line, LineString, MultiPolygon, Polygon, PreparedGeometry, Relate,
};
use rstar::primitives::GeomWithData;
use rstar::{RTree, RTreeObject};

/// What is wrong with a polygon; empty when nothing is. Points must not repeat the one before.
pub(super) fn invalidity(polygon: &MultiPolygon<f64>) -> Vec<String> {
    let mut reasons = Vec::new();
    for part in polygon {
        reasons.extend(ring_fault(part.exterior()).map(|fault| format!("a boundary {fault}")));
        let holes = part.interiors().iter().filter_map(ring_fault);
        reasons.extend(holes.map(|fault| format!("a hole {fault}")));
    }
    // How rings lie to each other is only asked of rings that are sound in themselves.
    if reasons.is_empty() {
        polygon.iter().for_each(|part| reasons.extend(hole_faults(part)));
    }
    if reasons.is_empty() {
        reasons.extend(pair_faults(&polygon.0, "two parts"));
    }
    reasons
}

/// How the holes of a polygon lie to its shell and to one another.
fn hole_faults(polygon: &Polygon<f64>) -> Vec<String> {
    if polygon.interiors().is_empty() {
        return Vec::new();
    }
    let alone = |ring: &LineString<f64>| Polygon::new(ring.clone(), Vec::new());
    let shell = alone(polygon.exterior());
    let shell = PreparedGeometry::from(&shell);
    let holes: Vec<Polygon<f64>> = polygon.interiors().iter().map(alone).collect();
    let mut reasons = Vec::new();
    for hole in &holes {
        let relation = shell.relate(hole);
        if !relation.is_contains() {
            reasons.push("a hole lies outside its boundary or across it".to_owned());
        } else if shares_line(&relation) {
            reasons.push("a hole runs along its boundary".to_owned());
        }
    }
    reasons.extend(pair_faults(&holes, "two holes"));
    reasons.dedup();
    reasons
}

/// How polygons that should meet at points at most lie to one another.
fn pair_faults(polygons: &[Polygon<f64>], what: &str) -> Vec<String> {
    let bounds: Vec<_> = polygons.iter().map(BoundingRect::bounding_rect).collect();
    let (mut overlap, mut share_line) = (false, false);
    for i in 0..polygons.len() {
        for j in i + 1..polygons.len() {
            let (Some(here), Some(there)) = (&bounds[i], &bounds[j]) else { continue };
            if !here.intersects(there) {
                continue;
            }
            let relation = polygons[i].relate(&polygons[j]);
            overlap |= relation.get(CoordPos::Inside, CoordPos::Inside) == Dimensions::TwoDimensional;
            share_line |= shares_line(&relation);
        }
    }
    let overlap = overlap.then(|| format!("{what} overlap"));
    let share_line = share_line.then(|| format!("{what} share a line"));
    overlap.into_iter().chain(share_line).collect()
}

fn shares_line(relation: &IntersectionMatrix) -> bool {
    relation.get(CoordPos::OnBoundary, CoordPos::OnBoundary) == Dimensions::OneDimensional
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

/// Metres to the centimetre, degrees, which have three digits at most, to a tenth of a metre: enough to find the place.
pub(super) fn short(value: f64) -> f64 {
    let parts = if value.abs() < 1_000.0 { 1e6 } else { 100.0 };
    (value * parts).round() / parts
}
