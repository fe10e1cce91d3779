//! The reprojections that are right: where no datum shift lies between two CRSs, and with feature `proj` across one.
//!
//! Projection arithmetic is `proj4rs`'s. It was held against PROJ 9.5 over the area of use of all 1,908 projected
//! CRSs on WGS 84 or ETRS-like datums and some 2,800 on others: within 0.13 mm. Its datum shifts are not to be relied
//! on (io-notes §1c): one operation a datum, wherever the ground lies. So a pair of CRSs must lie on WGS 84 or ETRS-like
//! datums, or both on one and the same. Every other pair goes through PROJ (`shifted`) in a build with feature
//! `proj`, and is refused otherwise, with the command that would do it.

use std::fmt;
use std::sync::Arc;

use glam::DVec2;
use proj4rs::proj::Proj;

use super::Crs;
#[cfg(feature = "proj")]
use super::shifted::Shifted;
#[cfg(not(feature = "proj"))]
use crate::error::Fault;
use crate::error::Result;

/// A point that comes back from the other CRS further off than this lies where a projection has no value, m.
const RETURNS_WITHIN_M: f64 = 0.01;
const METRES_PER_DEGREE: f64 = 111_320.0;

/// What a person can do about a datum shift besides reprojecting the file.
pub const NEEDS_PROJ: &str = "or use a build with `--features proj`, which does it";

/// GDAL leaves a shift out in silence where it knows none for the ground (Indian 1960 in Cambodia: 420 m).
pub const CHECK_OPERATION: &str = "where it knows no operation for your ground GDAL leaves the shift out without a word, so look first: `projinfo --summary -s";

/// Turns coordinates of one CRS into those of another.
#[derive(Clone)]
pub struct Reprojection {
    way: Way,
}

#[derive(Clone)]
enum Way {
    Same,
    /// No datum shift.
    Plain(Box<[Side; 2]>),
    /// Across a datum shift, and whether backwards.
    #[cfg(feature = "proj")]
    Shifted(Arc<Shifted>, bool),
}

#[derive(Clone)]
struct Side {
    proj: Arc<Proj>,
    is_degrees: bool,
    /// In the CRS's unit.
    tolerance: f64,
}

impl Reprojection {
    /// The way from one CRS to another; `place` names what is to be reprojected. A fault where a datum shift lies
    /// between them, or with feature `proj` where it cannot be carried out rightly.
    pub fn new(from: &Crs, to: &Crs, place: &str) -> Result<Self> {
        let is_exact = from.is_on_wgs84() && to.is_on_wgs84() || from.has_datum_of(to);
        let way = match from == to {
            true => Way::Same,
            false if is_exact => Way::Plain(Box::new([Side::of(from), Side::of(to)])),
            false => across_datums(from, to, place)?,
        };
        Ok(Self { way })
    }

    /// The way back.
    pub fn inverse(&self) -> Self {
        let way = match &self.way {
            Way::Same => Way::Same,
            Way::Plain(sides) => Way::Plain(Box::new([sides[1].clone(), sides[0].clone()])),
            #[cfg(feature = "proj")]
            Way::Shifted(shifted, is_back) => Way::Shifted(Arc::clone(shifted), !is_back),
        };
        Self { way }
    }

    /// By which operation a datum shift is crossed, with its accuracy and the ground it was derived for; `None` where
    /// there is none to cross.
    pub fn shift(&self) -> Option<String> {
        match &self.way {
            Way::Same | Way::Plain(_) => None,
            #[cfg(feature = "proj")]
            Way::Shifted(shifted, _) => Some(shifted.description()),
        }
    }

    /// What a person should know where a datum shift is crossed; `what` is brought across.
    pub fn shift_note(&self, what: &str) -> Option<String> {
        self.shift().map(|shift| format!("{what}: brought across a datum shift by PROJ, {shift}"))
    }

    /// A point, `None` where a projection has no value for it. Longitudes come out within ±180°.
    pub fn point(&self, point: DVec2) -> Option<DVec2> {
        let [from, to] = match &self.way {
            Way::Same => return Some(point),
            Way::Plain(sides) => &**sides,
            #[cfg(feature = "proj")]
            Way::Shifted(shifted, is_back) => return shifted.point(point, *is_back),
        };
        if !point.is_finite() || from.is_degrees && point.y.abs() > 90.0 {
            return None;
        }
        let there = transformed(from, to, point)?;
        // Far from its middle a projection's series still give numbers, but not ones that lead back.
        let back = transformed(to, from, there)?;
        (distance(point, back, from.is_degrees) <= from.tolerance).then_some(there)
    }
}

#[cfg(feature = "proj")]
fn across_datums(from: &Crs, to: &Crs, place: &str) -> Result<Way> {
    Ok(Way::Shifted(Arc::new(Shifted::new(from, to, place)?), false))
}

#[cfg(not(feature = "proj"))]
fn across_datums(from: &Crs, to: &Crs, place: &str) -> Result<Way> {
    let expected = format!("coordinates in {to}, or in a CRS with no datum shift to it");
    let fix = format!(
        "reproject it first: `ogr2ogr -t_srs {to} OUT IN` for vectors, `gdalwarp -t_srs {to} IN OUT` for rasters \
         ({CHECK_OPERATION} {from} -t {to}`), {NEEDS_PROJ}"
    );
    Err(Fault::new("crs.datum_shift", place, expected, from.to_string(), fix).into())
}

/// How far apart two points are, the larger of both axes; in degrees of latitude, or the CRS's unit.
pub(super) fn distance(a: DVec2, b: DVec2, is_degrees: bool) -> f64 {
    let mut off = (a - b).abs();
    if is_degrees {
        let turns = off.x.rem_euclid(360.0);
        off.x = turns.min(360.0 - turns) * a.y.to_radians().cos();
    }
    off.max_element()
}

/// From a CRS's coordinates to longitude and latitude on its own datum, for finding roughly where on Earth a place is.
pub(super) fn to_own_degrees(crs: &Crs) -> Option<impl Fn(DVec2) -> Option<DVec2> + use<>> {
    let from = Side::of(crs);
    let proj = Arc::new(Proj::from_proj_string(&crs.proj_of_degrees()).ok()?);
    let to = Side { proj, is_degrees: true, tolerance: 0.0 };
    Some(move |point| transformed(&from, &to, point))
}

impl Side {
    fn of(crs: &Crs) -> Self {
        let proj = Arc::new(Proj::from_proj_string(crs.proj()).expect("parsed before"));
        let metres = if crs.is_geographic() { METRES_PER_DEGREE } else { crs.metres_per_unit() };
        Self { proj, is_degrees: crs.is_geographic(), tolerance: RETURNS_WITHIN_M / metres }
    }
}

fn transformed(from: &Side, to: &Side, point: DVec2) -> Option<DVec2> {
    let mut p = match from.is_degrees {
        true => (point.x.to_radians(), point.y.to_radians(), 0.0),
        false => (point.x, point.y, 0.0),
    };
    proj4rs::transform::transform(&from.proj, &to.proj, &mut p).ok()?;
    let out = match to.is_degrees {
        true => DVec2::new(p.0.to_degrees(), p.1.to_degrees()),
        false => DVec2::new(p.0, p.1),
    };
    out.is_finite().then_some(out)
}

impl fmt::Debug for Reprojection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.way {
            Way::Same => write!(f, "Reprojection(none)"),
            Way::Plain(sides) => {
                write!(f, "Reprojection({} to {})", sides[0].proj.projname(), sides[1].proj.projname())
            }
            #[cfg(feature = "proj")]
            Way::Shifted(shifted, _) => write!(f, "Reprojection({})", shifted.description()),
        }
    }
}
