//! Positions in metres between which distances are straight lines.
//!
//! Projected CRS: (0, easting, northing). Geographic CRS: earth-centred on the ellipsoid, (ρ cos λ, ρ sin λ, z) with
//! ρ the distance from the axis. Around a block of cells positions are turned to the block's own meridian and taken
//! from its centre, so that single precision is exact to 1e-7 of the distance.

use glam::{DVec2, DVec3};

use crate::grid::{Crs, Frame};

/// How coordinates of a CRS become positions.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Space {
    /// A map: metres in one unit of the CRS.
    Map(f64),
    /// An ellipsoid: equatorial radius (m), flattening.
    Ellipsoid(f64, f64),
}

/// A block's centre, from which positions around it are taken.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BlockOrigin {
    /// The centre's position.
    pub centre: DVec3,
    cos: f64,
    sin: f64,
}

impl Space {
    /// The space of a CRS.
    pub fn of(crs: &Crs) -> Self {
        let (radius_m, flattening) = crs.ellipsoid();
        if crs.is_geographic() {
            Self::Ellipsoid(radius_m, flattening)
        } else {
            Self::Map(crs.metres_per_unit())
        }
    }

    /// The position of world coordinates.
    pub fn position(&self, world: DVec2) -> DVec3 {
        match self {
            Self::Map(metres) => DVec3::new(0.0, world.x * metres, world.y * metres),
            Self::Ellipsoid(..) => {
                let (sin, cos) = world.x.to_radians().sin_cos();
                let (rho, z) = self.meridian(world.y);
                DVec3::new(rho * cos, rho * sin, z)
            }
        }
    }

    /// Distance from the axis and height above the equator's plane (m) at a latitude in degrees, on an ellipsoid;
    /// on a map 1 and the northing, so that an easting is 1 × its metres.
    pub fn meridian(&self, y: f64) -> (f64, f64) {
        match *self {
            Self::Map(metres) => (1.0, y * metres),
            Self::Ellipsoid(radius_m, flattening) => {
                let e2 = flattening * (2.0 - flattening);
                let (sin, cos) = y.to_radians().sin_cos();
                let normal_m = radius_m / (1.0 - e2 * sin * sin).sqrt();
                (normal_m * cos, normal_m * (1.0 - e2) * sin)
            }
        }
    }

    /// Positions from the centre of a block of cells, given in world coordinates.
    pub fn origin(&self, world: DVec2) -> BlockOrigin {
        let centre = self.position(world);
        let (sin, cos) = match self {
            Self::Map(_) => (0.0, 1.0),
            Self::Ellipsoid(..) => world.x.to_radians().sin_cos(),
        };
        BlockOrigin { centre, cos, sin }
    }

    /// What a cell's offset (columns) from its block's centre adds: (x, y), to be multiplied with the row's ρ.
    pub fn across(&self, frame: &Frame, n_cols: f64) -> [f64; 2] {
        let offset = n_cols * frame.cell_size().x;
        match self {
            Self::Map(metres) => [0.0, offset * metres],
            Self::Ellipsoid(..) => {
                let half = (offset.to_radians() / 2.0).sin();
                // cos Δλ − 1, without taking nearly equal numbers from one another.
                [-2.0 * half * half, offset.to_radians().sin()]
            }
        }
    }

    /// 1 / R² of the earth's mean radius (1/m²), by which a chord is lengthened to its arc; 0 on a map.
    pub fn inverse_radius2(&self) -> f64 {
        self.mean_radius_m().map_or(0.0, |radius_m| 1.0 / (radius_m * radius_m))
    }

    /// The chord (m) under an arc of this length.
    pub fn chord_m(&self, arc_m: f64) -> f64 {
        self.mean_radius_m().map_or(arc_m, |radius_m| {
            let angle = (arc_m / radius_m).min(std::f64::consts::PI);
            2.0 * radius_m * (angle / 2.0).sin()
        })
    }

    fn mean_radius_m(&self) -> Option<f64> {
        match self {
            Self::Map(_) => None,
            Self::Ellipsoid(radius_m, flattening) => Some(radius_m * (1.0 - flattening / 3.0)),
        }
    }
}

impl BlockOrigin {
    /// A position as seen from the block's centre: outward, east, along the axis (on a map 0, east, north), m.
    pub fn local(&self, position: DVec3) -> DVec3 {
        let turned =
            |p: DVec3| DVec3::new(p.x * self.cos + p.y * self.sin, p.y * self.cos - p.x * self.sin, p.z);
        turned(position - self.centre)
    }
}
