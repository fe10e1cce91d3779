//! The ground of a region: its frame, a plane of metres about the frame's middle that all objects live on, and
//! where the recorded land ends (the border).
//!
//! x grows east, y north. In a geographic CRS the plane takes a degree of longitude as long as at the middle
//! latitude; [`Ground::stretch`] says how much shorter or longer it is in a row, and distances that must be right
//! use it.

use glam::DVec2;

use super::chance::{Dice, Noise, cos_deg};
use super::preset::Character;
use crate::error::{Error, Fault, Result};
use crate::grid::{Crs, Frame, LonLat, Reprojection};

/// Length (m) of a degree of latitude near 47° north, and of longitude at the equator.
const M_PER_DEGREE_NORTH: f64 = 111_166.0;
const M_PER_DEGREE_EAST_AT_EQUATOR: f64 = 111_320.0;

/// Frames with fewer cells a side have no border: there is no room for one.
const BORDER_FROM_CELLS: usize = 32;

/// Which way the border lies.
#[derive(Debug, Clone, Copy)]
struct Border {
    outward: DVec2,
    /// Distance (m) of the middle of the border from the middle of the frame.
    offset_m: f64,
    wander_m: f64,
    wavelength_m: f64,
    noise: Noise,
}

/// The frame and the plane of metres.
#[derive(Debug, Clone)]
pub struct Ground {
    /// The frame of every raster.
    pub frame: Frame,
    /// Width and height (m) of a cell on the plane.
    pub cell_m: DVec2,
    /// Half the width and height (m) of the frame.
    pub half_m: DVec2,
    origin: DVec2,
    units_per_m: DVec2,
    to_lonlat: Reprojection,
    border: Option<Border>,
}

impl Ground {
    /// The ground of `size` × `size` cells.
    pub fn new(character: &Character, size: usize, seed: u64) -> Result<Self> {
        let crs = Crs::from_epsg(character.epsg, "clearway synth")?;
        let to_lonlat = Reprojection::new(&crs, &Crs::wgs84(), "clearway synth")?;
        let middle = LonLat::new(character.lon_deg, character.lat_deg);
        let (cell, origin, units_per_m) = if crs.is_geographic() {
            let east = M_PER_DEGREE_EAST_AT_EQUATOR * cos_deg(middle.y);
            let units_per_m = DVec2::new(1.0 / east, 1.0 / M_PER_DEGREE_NORTH);
            (DVec2::splat(character.cell_size), middle, units_per_m)
        } else {
            // The middle of a UTM zone, at a round northing near the latitude asked for.
            let northing = (middle.y * 111.132).round() * 1000.0;
            (DVec2::splat(character.cell_size), DVec2::new(500_000.0, northing), DVec2::ONE)
        };
        let half = cell * (size as f64 / 2.0);
        let corner = DVec2::new(origin.x - half.x, origin.y + half.y);
        let frame = Frame::north_up(crs, corner, cell, size, size).validated("clearway synth")?;
        let (cell_m, half_m) = (cell / units_per_m, half / units_per_m);
        let border = (character.has_border && size >= BORDER_FROM_CELLS).then(|| {
            let mut dice = Dice::new(seed, "border", 0);
            let outward = [DVec2::X, DVec2::Y, -DVec2::X, -DVec2::Y][dice.below(4)];
            Border {
                outward,
                offset_m: half_m.x * dice.between(0.80, 0.88),
                wander_m: half_m.x * 0.11,
                wavelength_m: half_m.x * 0.55,
                noise: Noise::new(seed, "border", 0),
            }
        });
        Ok(Self { frame, cell_m, half_m, origin, units_per_m, to_lonlat, border })
    }

    /// The centre of a cell on the plane. Depends on the cell alone, so every tile finds the same.
    pub fn centre(&self, col: i64, row: i64) -> DVec2 {
        let east = (col as f64 + 0.5) * self.cell_m.x - self.half_m.x;
        DVec2::new(east, self.half_m.y - (row as f64 + 0.5) * self.cell_m.y)
    }

    /// The cell (fractional col, row) of a point on the plane.
    pub fn cell_of(&self, at: DVec2) -> DVec2 {
        DVec2::new((at.x + self.half_m.x) / self.cell_m.x, (self.half_m.y - at.y) / self.cell_m.y)
    }

    /// The centre of the cell a point lies in: what is decided there is what the tiles find.
    pub fn snapped(&self, at: DVec2) -> DVec2 {
        let cell = self.cell_of(at).floor();
        self.centre(cell.x as i64, cell.y as i64)
    }

    /// Longitude and latitude of a point on the plane, rounded to 1e-6 degrees (about 0.1 m).
    pub fn lonlat(&self, at: DVec2) -> Result<LonLat> {
        let world = self.origin + at * self.units_per_m;
        let Some(lonlat) = self.to_lonlat.point(world) else {
            let expected = "a point the projection has a value for";
            let fix = "ask for a smaller --size";
            let fault = Fault::new("synth.projection", "clearway synth", expected, world.to_string(), fix);
            return Err(Error::from(fault));
        };
        Ok((lonlat * 1e6).round() / 1e6)
    }

    /// How many metres an eastward metre of the plane is at a height y on it: 1 in a projected CRS.
    pub fn stretch(&self, y: f64) -> f64 {
        if !self.frame.crs.is_geographic() {
            return 1.0;
        }
        cos_deg(self.origin.y + y * self.units_per_m.y) / cos_deg(self.origin.y)
    }

    /// Whether a point lies inside the frame by at least `margin_m`.
    pub fn holds(&self, at: DVec2, margin_m: f64) -> bool {
        at.x.abs() <= self.half_m.x - margin_m && at.y.abs() <= self.half_m.y - margin_m
    }

    /// Whether a point lies on this side of the border.
    pub fn is_inland(&self, at: DVec2) -> bool {
        let Some(border) = &self.border else {
            return true;
        };
        let along = at.dot(border.outward.perp()) / border.wavelength_m;
        let wander = border.noise.at(DVec2::new(along, 0.37))
            + 0.4 * border.noise.at(DVec2::new(along * 3.1, 7.37))
            + 0.15 * border.noise.at(DVec2::new(along * 11.3, 3.77));
        at.dot(border.outward) <= border.offset_m + border.wander_m * wander
    }
}
