//! Vector layers: points, lines and polygons as pieces of line that distances are taken to.
//!
//! In: geometries in the frame's CRS. Out: an index that tells which pieces can be nearest to a block of cells, or
//! within a radius of it, and which cell centres lie inside a polygon. Distances are straight lines between
//! [`Space`] positions (metres): on the map in a projected CRS, through the ellipsoid in a geographic one, where
//! the stages lengthen the chord to the arc. Edges are cut into pieces of at most 2 km, so that a chord strays from
//! an edge straight in longitude and latitude by at most 8 cm, 0.3 m at 75° north, and so that `f32` holds a
//! piece to a millimetre. A ring's inside follows the non-zero rule, holes cut out: ground a boundary goes round is
//! never lost.

mod inside;
mod space;

use geo::{Coord, Geometry, LineString, Polygon};
use glam::{DVec2, DVec3};
use rstar::primitives::{GeomWithData, Rectangle};
use rstar::{AABB, PointDistance, RTree, RTreeObject};

pub use inside::Span;
use inside::spans;
pub use space::{BlockOrigin, Space};

use crate::grid::Frame;

/// The longest piece of an edge, m.
const LONGEST_PIECE_M: f64 = 2_000.0;

/// A point or a straight piece of an edge.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Piece {
    /// One end, a [`Space`] position in metres.
    pub a: DVec3,
    /// The other end; the same for a point.
    pub b: DVec3,
    /// Place of its feature among the layer's.
    pub feature: u32,
    /// Its own place among the pieces: the order of the file.
    pub index: u32,
}

impl Piece {
    /// Distance (m) from a position.
    pub fn distance_m(&self, from: DVec3) -> f64 {
        let (along, to) = (self.b - self.a, from - self.a);
        let length2 = along.length_squared();
        let t = if length2 > 0.0 { (to.dot(along) / length2).clamp(0.0, 1.0) } else { 0.0 };
        (to - t * along).length()
    }
}

impl RTreeObject for Piece {
    type Envelope = AABB<[f64; 3]>;

    fn envelope(&self) -> Self::Envelope {
        AABB::from_corners(self.a.to_array(), self.b.to_array())
    }
}

impl PointDistance for Piece {
    fn distance_2(&self, point: &[f64; 3]) -> f64 {
        self.distance_m(DVec3::from_array(*point)).powi(2)
    }
}

/// A polygon's cells, and whose it is.
struct Part {
    feature: u32,
    spans: Vec<Span>,
}

/// The features of a vector layer on a frame.
pub struct Features {
    frame: Frame,
    space: Space,
    n_features: usize,
    pieces: RTree<Piece>,
    parts: Vec<Part>,
    part_bounds: RTree<GeomWithData<Rectangle<[f64; 2]>, usize>>,
}

impl Features {
    /// Takes in geometries in the frame's CRS, one a feature; coordinates must be finite.
    pub fn new<'g>(frame: &Frame, geometries: impl IntoIterator<Item = &'g Geometry<f64>>) -> Self {
        let space = Space::of(&frame.crs);
        let mut gathered =
            Gathered { frame, space, feature: 0, pieces: Vec::new(), parts: Vec::new(), bounds: Vec::new() };
        let mut n_features = 0;
        for geometry in geometries {
            gathered.feature = n_features as u32;
            gathered.add(geometry);
            n_features += 1;
        }
        let Gathered { pieces, parts, bounds, .. } = gathered;
        let (pieces, part_bounds) = (RTree::bulk_load(pieces), RTree::bulk_load(bounds));
        Self { frame: frame.clone(), space, n_features, pieces, parts, part_bounds }
    }

    /// The frame the features were brought onto.
    pub fn frame(&self) -> &Frame {
        &self.frame
    }

    /// Where positions and distances live.
    pub fn space(&self) -> Space {
        self.space
    }

    /// Features, whether on the frame or beyond it.
    pub fn len(&self) -> usize {
        self.n_features
    }

    /// Whether there is nothing to measure a distance to.
    pub fn is_empty(&self) -> bool {
        self.pieces.size() == 0
    }

    /// The pieces that can be nearest to a position within `radius_m` of `centre`, in the order of the file.
    pub fn nearest(&self, centre: DVec3, radius_m: f64) -> Vec<Piece> {
        let Some(nearest) = self.pieces.nearest_neighbor(&centre.to_array()) else { return Vec::new() };
        // A position lies at most radius_m nearer to one piece and farther from another than the centre does.
        self.within(centre, nearest.distance_m(centre) + 2.0 * radius_m)
    }

    /// The pieces within a distance of a position, in the order of the file.
    pub fn within(&self, centre: DVec3, distance_m: f64) -> Vec<Piece> {
        // Rounding must not leave out a piece at just this distance.
        let reach_m = distance_m * (1.0 + 1e-9) + 1e-6;
        let found = self.pieces.locate_within_distance(centre.to_array(), reach_m * reach_m);
        let mut found: Vec<Piece> = found.copied().collect();
        found.sort_unstable_by_key(|piece| piece.index);
        found
    }

    /// Cells of a square of the frame whose centres lie inside a polygon: the feature and its spans there,
    /// in the order of the file, one entry a polygon.
    pub fn inside(&self, col: i64, row: i64, side: usize) -> Vec<(u32, &[Span])> {
        let (end_col, end_row) = (col + side as i64, row + side as i64);
        let square = AABB::from_corners([col as f64, row as f64], [end_col as f64, end_row as f64]);
        let mut found: Vec<usize> =
            self.part_bounds.locate_in_envelope_intersecting(&square).map(|part| part.data).collect();
        found.sort_unstable();
        let spans = found.into_iter().map(|part| {
            let Part { feature, spans } = &self.parts[part];
            let from = spans.partition_point(|span| i64::from(span.row) < row);
            let to = spans.partition_point(|span| i64::from(span.row) < end_row);
            (*feature, &spans[from..to])
        });
        spans.filter(|(_, spans)| !spans.is_empty()).collect()
    }
}

/// Pieces and polygons while features are taken in.
struct Gathered<'f> {
    frame: &'f Frame,
    space: Space,
    feature: u32,
    pieces: Vec<Piece>,
    parts: Vec<Part>,
    bounds: Vec<GeomWithData<Rectangle<[f64; 2]>, usize>>,
}

impl Gathered<'_> {
    fn add(&mut self, geometry: &Geometry<f64>) {
        match geometry {
            Geometry::Point(point) => self.point(point.0),
            Geometry::MultiPoint(points) => points.iter().for_each(|point| self.point(point.0)),
            Geometry::Line(line) => self.edge(line.start, line.end),
            Geometry::LineString(line) => self.line(line),
            Geometry::MultiLineString(lines) => lines.iter().for_each(|line| self.line(line)),
            Geometry::Polygon(polygon) => self.polygon(polygon),
            Geometry::MultiPolygon(polygons) => polygons.iter().for_each(|polygon| self.polygon(polygon)),
            Geometry::Rect(rect) => self.polygon(&rect.to_polygon()),
            Geometry::Triangle(triangle) => self.polygon(&triangle.to_polygon()),
            Geometry::GeometryCollection(members) => members.iter().for_each(|member| self.add(member)),
        }
    }

    fn point(&mut self, at: Coord<f64>) {
        let at = self.space.position(DVec2::new(at.x, at.y));
        self.piece(at, at);
    }

    fn line(&mut self, line: &LineString<f64>) {
        match line.0.as_slice() {
            [only] => self.point(*only),
            points => points.windows(2).for_each(|ends| self.edge(ends[0], ends[1])),
        }
    }

    fn polygon(&mut self, polygon: &Polygon<f64>) {
        self.line(polygon.exterior());
        polygon.interiors().iter().for_each(|ring| self.line(ring));
        let spans = spans(polygon, self.frame);
        let (Some(first), Some(last)) = (spans.first(), spans.last()) else { return };
        let left = spans.iter().map(|span| span.col).min().unwrap_or(0);
        let right = spans.iter().map(|span| span.end_col).max().unwrap_or(0);
        // Whole cells, shrunk so that squares that only touch do not meet.
        let lower = [f64::from(left) + 0.25, f64::from(first.row) + 0.25];
        let upper = [f64::from(right) - 0.25, f64::from(last.row) + 0.75];
        self.bounds.push(GeomWithData::new(Rectangle::from_corners(lower, upper), self.parts.len()));
        self.parts.push(Part { feature: self.feature, spans });
    }

    /// Cuts an edge, straight in the CRS's coordinates, into pieces.
    fn edge(&mut self, a: Coord<f64>, b: Coord<f64>) {
        let at = |t: f64| DVec2::new(a.x + t * (b.x - a.x), a.y + t * (b.y - a.y));
        let middle = self.space.position(at(0.5));
        let (start, end) = (self.space.position(at(0.0)), self.space.position(at(1.0)));
        let length_m = (middle - start).length() + (end - middle).length();
        // A chord is shorter than its arc: by a tenth at most, over a quarter of the earth.
        let n = (1.1 * length_m / LONGEST_PIECE_M).ceil().max(1.0) as usize;
        let mut from = start;
        for i in 1..=n {
            let to = if i == n { end } else { self.space.position(at(i as f64 / n as f64)) };
            self.piece(from, to);
            from = to;
        }
    }

    fn piece(&mut self, a: DVec3, b: DVec3) {
        let index = self.pieces.len() as u32;
        self.pieces.push(Piece { a, b, feature: self.feature, index });
    }
}
