//! The sheet the map is drawn on: flat, in whole units of 1 m or more, x to the right and y downward.
//!
//! In: the frame of the grids (none for a plan without them) and places in longitude and latitude. Out: units on the
//! sheet. A projected frame's own coordinates are used as they are; a geographic one is laid out plate carrée about
//! its middle latitude, which keeps a frame's cells rectangles; over a country that is right to a few per cent of a
//! distance, and nothing is measured on it but the scale bar.

use geo::{BoundingRect, MapCoords, MultiPolygon, Simplify};
use glam::DVec2;

use crate::error::Result;
use crate::grid::{Crs, Frame, Reprojection};

/// Units along the longer side, at most: paths stay short and exact to a hundred-thousandth of the map.
const MOST_UNITS: f64 = 100_000.0;

/// A rectangle on the ground, metres on the flat map, y upward.
#[derive(Debug, Clone, Copy)]
pub struct Extent {
    /// Lower left.
    pub low: DVec2,
    /// Upper right.
    pub high: DVec2,
}

/// How places come onto the flat map.
pub struct Flat {
    way: Way,
}

enum Way {
    /// By the frame's own projection, in metres.
    Projected { reprojection: Option<Reprojection>, unit_m: f64 },
    /// Plate carrée: degrees times these metres.
    Degrees { per_degree_m: DVec2 },
}

/// The sheet.
pub struct Sheet {
    flat: Flat,
    extent: Extent,
    /// Metres a unit.
    pub unit_m: f64,
    /// Units from left to right.
    pub width: f64,
    /// Units from top to bottom.
    pub height: f64,
}

impl Flat {
    /// For a frame; without one, around a latitude.
    pub fn new(frame: Option<&Frame>, middle_lat: f64) -> Result<Self> {
        let wgs84 = Crs::wgs84();
        let way = match frame {
            Some(frame) if !frame.crs.is_geographic() => {
                // Without a way from WGS 84 places cannot be drawn: the picture of the grid can.
                let can_place = frame.crs.is_on_wgs84();
                let reprojection = can_place.then(|| Reprojection::new(&wgs84, &frame.crs, "report.html"));
                Way::Projected {
                    reprojection: reprojection.transpose()?,
                    unit_m: frame.crs.metres_per_unit(),
                }
            }
            Some(frame) => {
                let middle = frame.centre(0, frame.n_rows as i64 / 2).y;
                Way::Degrees { per_degree_m: per_degree_m(&frame.crs, middle) }
            }
            None => Way::Degrees { per_degree_m: per_degree_m(&wgs84, middle_lat) },
        };
        Ok(Self { way })
    }

    /// A place by longitude and latitude; `None` where the projection has none for it.
    pub fn place(&self, lon: f64, lat: f64) -> Option<DVec2> {
        let place = DVec2::new(lon, lat);
        match &self.way {
            Way::Projected { reprojection, unit_m } => Some(reprojection.as_ref()?.point(place)? * *unit_m),
            Way::Degrees { per_degree_m } => Some(place * *per_degree_m),
        }
    }

    /// A place given in the frame's coordinates.
    pub fn of_frame(&self, place: DVec2) -> DVec2 {
        match &self.way {
            Way::Projected { unit_m, .. } => place * *unit_m,
            Way::Degrees { per_degree_m } => place * *per_degree_m,
        }
    }
}

impl Extent {
    /// That holds all places; `None` without any.
    pub fn around(places: impl IntoIterator<Item = DVec2>) -> Option<Self> {
        let places = places.into_iter().filter(|place| place.is_finite());
        places
            .map(|place| Self { low: place, high: place })
            .reduce(|a, b| Self { low: a.low.min(b.low), high: a.high.max(b.high) })
    }
}

impl Sheet {
    /// A sheet that shows an extent with a margin.
    pub fn new(flat: Flat, shown: Extent) -> Self {
        let size = (shown.high - shown.low).max(DVec2::splat(100.0));
        let margin = DVec2::splat(0.03 * size.max_element());
        let middle = (shown.low + shown.high) / 2.0;
        let extent = Extent { low: middle - size / 2.0 - margin, high: middle + size / 2.0 + margin };
        let size = extent.high - extent.low;
        let unit_m = (size.max_element() / MOST_UNITS).max(1.0);
        Self { flat, extent, unit_m, width: (size.x / unit_m).ceil(), height: (size.y / unit_m).ceil() }
    }

    /// The longer side, units.
    pub fn side(&self) -> f64 {
        self.width.max(self.height)
    }

    /// A place by longitude and latitude, in units; may lie off the sheet.
    pub fn place(&self, lon: f64, lat: f64) -> Option<DVec2> {
        Some(self.units(self.flat.place(lon, lat)?))
    }

    /// A place given in the frame's coordinates, in units.
    pub fn of_frame(&self, place: DVec2) -> DVec2 {
        self.units(self.flat.of_frame(place))
    }

    /// Whether a place lies on the sheet.
    pub fn shows(&self, place: DVec2) -> bool {
        (0.0..=self.width).contains(&place.x) && (0.0..=self.height).contains(&place.y)
    }

    /// Ground in longitude and latitude as an SVG path of whole units (`m` and relative points, `z`), simplified to
    /// `tolerance` units, with its size.
    pub fn path(&self, ground: &MultiPolygon<f64>, tolerance: f64) -> Option<(String, DVec2)> {
        let placed = ground.try_map_coords(|at| match self.place(at.x, at.y) {
            Some(place) => Ok(geo::Coord { x: place.x, y: place.y }),
            None => Err(()),
        });
        self.path_of_units(&placed.ok()?, tolerance)
    }

    /// The same of ground in the frame's coordinates.
    pub fn path_of_frame(&self, ground: &MultiPolygon<f64>, tolerance: f64) -> Option<(String, DVec2)> {
        let placed = ground.map_coords(|at| {
            let place = self.of_frame(DVec2::new(at.x, at.y));
            geo::Coord { x: place.x, y: place.y }
        });
        self.path_of_units(&placed, tolerance)
    }

    #[allow(clippy::unused_self)] // the units are the sheet's
    fn path_of_units(&self, ground: &MultiPolygon<f64>, tolerance: f64) -> Option<(String, DVec2)> {
        let bounds = ground.bounding_rect()?;
        let mut path = String::new();
        // Small ground keeps its shape: never coarser than a twentieth of it.
        let size = DVec2::new(bounds.width(), bounds.height());
        let tolerance = tolerance.min(size.max_element() / 20.0);
        for polygon in &ground.simplify(tolerance) {
            for ring in std::iter::once(polygon.exterior()).chain(polygon.interiors()) {
                push_ring(&mut path, ring.points().map(|point| (point.x().round(), point.y().round())));
            }
        }
        (!path.is_empty()).then_some((path, size))
    }

    fn units(&self, place: DVec2) -> DVec2 {
        DVec2::new(place.x - self.extent.low.x, self.extent.high.y - place.y) / self.unit_m
    }
}

/// A ring as `M x y l dx dy dx dy z`; its last point is its first and is left out.
fn push_ring(path: &mut String, points: impl Iterator<Item = (f64, f64)>) {
    use std::fmt::Write;
    let mut points: Vec<(i64, i64)> = points.map(|(x, y)| (x as i64, y as i64)).collect();
    points.dedup();
    if points.first() == points.last() {
        points.pop();
    }
    let Some(&(mut x, mut y)) = points.first() else { return };
    let _ = write!(path, "M{x} {y}l");
    for &(to_x, to_y) in &points[1..] {
        let _ = write!(path, "{} {} ", to_x - x, to_y - y);
        (x, y) = (to_x, to_y);
    }
    path.truncate(path.trim_end().len());
    if path.ends_with('l') {
        // Smaller than a unit: a point that still has a stroke.
        path.push_str("0 0");
    }
    path.push('z');
}

fn per_degree_m(crs: &Crs, lat: f64) -> DVec2 {
    let lat = lat.clamp(-89.0, 89.0);
    let north = crs.meridian_arc_m(lat + 0.5) - crs.meridian_arc_m(lat - 0.5);
    DVec2::new(crs.metres_per_degree_east(lat), north)
}
