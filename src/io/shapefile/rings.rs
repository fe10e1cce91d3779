//! A shapefile's rings → polygons: outer rings run clockwise, holes the other way.
//!
//! A hole is cut from the smallest outer ring that holds it. A hole that no outer ring holds is ground of its own:
//! some programs turn rings wrongly, and ground must not be lost by that.

use geo::coordinate_position::{CoordPos, coord_pos_relative_to_ring};
use geo::{BoundingRect, Coord, Geometry, LineString, MultiPolygon, Polygon, Rect};

/// The polygon of a record's rings; `None` without any.
pub(super) fn polygons_of(rings: Vec<LineString<f64>>) -> Option<Geometry<f64>> {
    let (mut outer, mut holes) = (Vec::new(), Vec::new());
    for ring in rings {
        let area = doubled_area(&ring);
        // Without ground it is told as a fault of its polygon later.
        if area <= 0.0 { outer.push(Outer::new(ring, -area)) } else { holes.push(ring) }
    }
    for hole in holes {
        match smallest_around(&outer, &hole) {
            Some(around) => outer[around].holes.push(hole),
            None => {
                let area = doubled_area(&hole);
                outer.push(Outer { is_turned: true, ..Outer::new(hole, area) });
            }
        }
    }
    let mut polygons: Vec<Polygon<f64>> =
        outer.into_iter().map(|outer| Polygon::new(outer.ring, outer.holes)).collect();
    match polygons.len() {
        0 => None,
        1 => polygons.pop().map(Geometry::Polygon),
        _ => Some(Geometry::MultiPolygon(MultiPolygon(polygons))),
    }
}

struct Outer {
    ring: LineString<f64>,
    bounds: Option<Rect<f64>>,
    area: f64,
    holes: Vec<LineString<f64>>,
    is_turned: bool,
}

impl Outer {
    fn new(ring: LineString<f64>, area: f64) -> Self {
        Self { bounds: ring.bounding_rect(), ring, area, holes: Vec::new(), is_turned: false }
    }
}

/// Which outer ring a hole lies in.
fn smallest_around(outer: &[Outer], hole: &LineString<f64>) -> Option<usize> {
    let inside = hole.bounding_rect()?;
    let holds = |outer: &Outer| {
        let is_near = outer.bounds.is_some_and(|bounds| {
            let (low, high) = (bounds.min(), bounds.max());
            low.x <= inside.min().x
                && low.y <= inside.min().y
                && high.x >= inside.max().x
                && high.y >= inside.max().y
        });
        is_near && !outer.is_turned && lies_in(hole, &outer.ring)
    };
    let around = (0..outer.len()).filter(|&i| holds(&outer[i]));
    around.min_by(|&a, &b| outer[a].area.total_cmp(&outer[b].area))
}

/// By the first point that is not on the ring itself; a ring drawn over the other counts as in it.
fn lies_in(hole: &LineString<f64>, ring: &LineString<f64>) -> bool {
    let positions = hole.0.iter().map(|point| coord_pos_relative_to_ring(*point, ring));
    positions.into_iter().find(|at| *at != CoordPos::OnBoundary).is_none_or(|at| at == CoordPos::Inside)
}

/// Twice the area, positive counter-clockwise; from the first point on, which keeps large coordinates exact.
fn doubled_area(ring: &LineString<f64>) -> f64 {
    let Some(&first) = ring.0.first() else { return 0.0 };
    let from_first = |at: Coord<f64>| Coord { x: at.x - first.x, y: at.y - first.y };
    let pairs = ring.0.windows(2).map(|pair| (from_first(pair[0]), from_first(pair[1])));
    pairs.map(|(a, b)| a.x * b.y - b.x * a.y).sum()
}
