//! Line segments on the plane, found by where they lie, and the exact distance to the nearest of them.

use glam::DVec2;
use rstar::primitives::{GeomWithData, Line};
use rstar::{AABB, RTree};

/// A segment that carries a value.
#[derive(Debug, Clone, Copy)]
pub struct Segment<T> {
    /// One end.
    pub a: DVec2,
    /// The other.
    pub b: DVec2,
    /// What it carries.
    pub data: T,
}

/// Segments in a tree.
#[derive(Debug)]
pub struct Segments<T> {
    tree: RTree<GeomWithData<Line<[f64; 2]>, T>>,
}

impl<T: Copy> Segments<T> {
    /// The segments given.
    pub fn new(segments: impl Iterator<Item = Segment<T>>) -> Self {
        let line = |s: Segment<T>| GeomWithData::new(Line::new(s.a.to_array(), s.b.to_array()), s.data);
        Self { tree: RTree::bulk_load(segments.map(line).collect()) }
    }

    /// The segments whose boxes come within `reach_m` of a box; in no order.
    pub fn near_box(&self, low: DVec2, high: DVec2, reach_m: f64) -> Vec<Segment<T>> {
        let envelope = AABB::from_corners((low - reach_m).to_array(), (high + reach_m).to_array());
        self.tree
            .locate_in_envelope_intersecting(&envelope)
            .map(|line| Segment { a: line.geom().from.into(), b: line.geom().to.into(), data: line.data })
            .collect()
    }

    /// Every segment that can be the nearest of a point of the box, where lengths may be stretched by up to
    /// `stretch` (at least 1); in no order. Empty only when there is no segment at all.
    pub fn nearest_of_box(&self, low: DVec2, high: DVec2, stretch: f64) -> Vec<Segment<T>> {
        let middle = (low + high) / 2.0;
        let Some(nearest) = self.tree.nearest_neighbor(&middle.to_array()) else {
            return Vec::new();
        };
        // From any point of the box the segment nearest to the middle is at most this far, so nothing further
        // counts; and what counts comes within half a diagonal more of the middle.
        let half_m = low.distance(high) / 2.0;
        let to_nearest_m = distance_m(middle, nearest.geom().from.into(), nearest.geom().to.into(), 1.0);
        let reach_m = (to_nearest_m + half_m) * stretch * stretch;
        let mut near = self.near_box(low, high, reach_m);
        near.retain(|s| distance_m(middle, s.a, s.b, 1.0) <= (reach_m + half_m) * stretch * stretch);
        near
    }
}

/// Distance from a point to a segment, eastward lengths being multiplied by `stretch`.
#[inline]
pub fn distance_m(p: DVec2, a: DVec2, b: DVec2, stretch: f64) -> f64 {
    distance_and_share(p, a, b, stretch).0
}

/// The distance, and how far along the segment (0 to 1) the nearest point lies.
#[inline]
pub fn distance_and_share(p: DVec2, a: DVec2, b: DVec2, stretch: f64) -> (f64, f64) {
    let scale = DVec2::new(stretch, 1.0);
    let (to_p, along) = ((p - a) * scale, (b - a) * scale);
    let length2 = along.length_squared();
    let share = if length2 > 0.0 { (to_p.dot(along) / length2).clamp(0.0, 1.0) } else { 0.0 };
    ((to_p - along * share).length(), share)
}
