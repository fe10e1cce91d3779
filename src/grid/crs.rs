//! Coordinate reference systems by EPSG code, and distances on the ellipsoid.
//!
//! Definitions come from crate `crs-definitions` and a short table of our own, geodesics from
//! `geographiclib-rs` (Karney 2013). Which pairs of CRSs can be reprojected: [`Reprojection`](super::Reprojection).

mod definitions;

use std::fmt;
use std::sync::Arc;

use geographiclib_rs::{Geodesic, InverseGeodesic};
use glam::DVec2;
use proj4rs::proj::Proj;

use definitions::Definition;

use super::Ground;
use crate::error::{Fault, Result};

/// Longitude (x) and latitude (y) in degrees on WGS 84.
pub type LonLat = DVec2;

/// A CRS with what scoring needs of it. Two are equal when they have one code.
#[derive(Debug, Clone)]
pub struct Crs {
    epsg: u32,
    ground: Option<Arc<Ground>>,
    definition: Definition,
    is_geographic: bool,
    metres_per_unit: f64,
    equatorial_radius_m: f64,
    flattening: f64,
}

/// EPSG codes of Chile's realisations of SIRGAS, on the map and in degrees.
const SIRGAS_CHILE: [u32; 16] =
    [5360, 5361, 5362, 8949, 8950, 8951, 9148, 9149, 9150, 9153, 9154, 9155, 20041, 20042, 20048, 20049];

impl Crs {
    /// The CRS of an EPSG code; `place` names the file or key in the error.
    pub fn from_epsg(epsg: u32, place: &str) -> Result<Self> {
        let unknown = |found: String| {
            let fix = "warp the layer to a UTM zone, such as EPSG:32636, with `gdalwarp -t_srs` or `ogr2ogr -t_srs`";
            Fault::new("crs.unknown", place, "a known two-dimensional EPSG code", found, fix)
        };
        let definition = definitions::of(epsg).ok_or_else(|| unknown(format!("EPSG:{epsg}")))?;
        let proj = &*definition.proj;
        let parsed = Proj::from_proj_string(proj)
            .map_err(|e| unknown(format!("EPSG:{epsg}, which cannot be used ({e})")))?;
        if parsed.is_geocent() || !parsed.is_normalized_axis() {
            return Err(unknown(format!("EPSG:{epsg} with axes {proj}")).into());
        }
        let (equatorial_radius_m, flattening) = ellipsoid(proj, &parsed);
        let crs = Self {
            epsg,
            ground: None,
            is_geographic: parsed.is_latlong(),
            metres_per_unit: if parsed.is_latlong() { 1.0 } else { parsed.to_meter() },
            equatorial_radius_m,
            flattening,
            definition,
        };
        Ok(crs)
    }

    /// WGS 84 longitude and latitude, EPSG:4326.
    pub fn wgs84() -> Self {
        Self::from_epsg(4326, "EPSG:4326").expect("WGS 84 is defined")
    }

    /// The same, used on some ground.
    pub fn on_ground(self, ground: Ground) -> Self {
        Self { ground: Some(Arc::new(ground)), ..self }
    }

    /// The ground it is used on, where that is known; see [`Frame::on_its_ground`](super::Frame::on_its_ground).
    pub fn ground(&self) -> Option<&Ground> {
        self.ground.as_deref()
    }

    /// The EPSG code.
    pub fn epsg(&self) -> u32 {
        self.epsg
    }

    /// Whether coordinates are degrees of longitude and latitude.
    pub fn is_geographic(&self) -> bool {
        self.is_geographic
    }

    /// Metres in one unit of a projected CRS (1 for metres, 0.3048… for feet); 1 in a geographic CRS.
    pub fn metres_per_unit(&self) -> f64 {
        self.metres_per_unit
    }

    /// Equatorial radius (m) and flattening of the ellipsoid.
    pub fn ellipsoid(&self) -> (f64, f64) {
        (self.equatorial_radius_m, self.flattening)
    }

    /// Whether areas and lengths on this grid are far from those on the ground (Web Mercator stretches
    /// them by 1 / cos φ), which people must be told.
    pub fn is_web_mercator(&self) -> bool {
        self.epsg == 3857
    }

    /// Whether the CRS lies on WGS 84 or an ETRS-like datum, so that no datum shift is needed to or from
    /// WGS 84 (realisations differ by what plates have moved, below 2 m), and its definition says all there
    /// is to say (the allow-list of domain.md §2, by rule instead of by hand). Chile's realisations, which earthquakes
    /// have moved by up to 8 m, do not count.
    pub fn is_on_wgs84(&self) -> bool {
        let is_near = self.definition.is_on_wgs84() && !SIRGAS_CHILE.contains(&self.epsg);
        self.definition.is_whole && (is_near || self.is_web_mercator())
    }

    /// Whether both CRSs lie on one datum, so that only a projection lies between them.
    pub fn has_datum_of(&self, other: &Self) -> bool {
        self.definition.has_datum_of(&other.definition)
    }

    /// The definition in the words of PROJ.
    pub(super) fn proj(&self) -> &str {
        &self.definition.proj
    }

    /// Longitude and latitude on the CRS's own datum in the words of PROJ.
    pub(super) fn proj_of_degrees(&self) -> String {
        self.definition.proj_of_degrees()
    }

    /// Length (m) of one degree of longitude along the parallel at a latitude in degrees.
    pub fn metres_per_degree_east(&self, latitude_deg: f64) -> f64 {
        let (sin, cos) = latitude_deg.to_radians().sin_cos();
        let e2 = self.flattening * (2.0 - self.flattening);
        let prime_vertical_m = self.equatorial_radius_m / (1.0 - e2 * sin * sin).sqrt();
        prime_vertical_m * cos * std::f64::consts::PI / 180.0
    }

    /// Length (m) of the meridian from the equator to a latitude in degrees, negative in the south.
    pub fn meridian_arc_m(&self, latitude_deg: f64) -> f64 {
        let latitude_deg = latitude_deg.clamp(-90.0, 90.0);
        let geodesic = Geodesic::new(self.equatorial_radius_m, self.flattening);
        let length_m: f64 = geodesic.inverse(0.0, 0.0, latitude_deg.abs(), 0.0);
        length_m.copysign(latitude_deg)
    }

    /// Area (m²) of the ellipsoid between two parallels over a span of longitude, all in degrees
    /// (Snyder 1987, eq. 3-12).
    pub fn zone_area_m2(&self, south_deg: f64, north_deg: f64, span_deg: f64) -> f64 {
        let e2 = self.flattening * (2.0 - self.flattening);
        let e = e2.sqrt();
        let q = |latitude_deg: f64| {
            let sin = latitude_deg.clamp(-90.0, 90.0).to_radians().sin();
            if e == 0.0 {
                return 2.0 * sin;
            }
            (1.0 - e2) * (sin / (1.0 - e2 * sin * sin) + (e * sin).atanh() / e)
        };
        let a2 = self.equatorial_radius_m * self.equatorial_radius_m;
        a2 / 2.0 * (q(north_deg) - q(south_deg)) * span_deg.to_radians()
    }
}

impl PartialEq for Crs {
    fn eq(&self, other: &Self) -> bool {
        self.epsg == other.epsg
    }
}

impl fmt::Display for Crs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EPSG:{}", self.epsg)
    }
}

/// Geodesic distance (m) between two points on WGS 84.
pub fn geodesic_m(a: LonLat, b: LonLat) -> f64 {
    Geodesic::wgs84().inverse(a.y, a.x, b.y, b.x)
}

fn ellipsoid(definition: &str, parsed: &Proj) -> (f64, f64) {
    // Web Mercator is defined on a sphere, but its degrees are those of the WGS 84 ellipsoid.
    if definition.contains("+nadgrids=@null") {
        let wgs84 = Geodesic::wgs84();
        return (wgs84.equatorial_radius(), wgs84.flattening());
    }
    let (a, b) = parsed.ellipse_parameters();
    (a, 1.0 - b / a)
}
