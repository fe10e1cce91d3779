//! Coordinate reference systems by EPSG code, distances on the ellipsoid, and the few reprojections that are right.
//!
//! Definitions come from crate `crs-definitions`, projection arithmetic from `proj4rs`, geodesics from
//! `geographiclib-rs` (Karney 2013). Pure-Rust datum shifts are silently wrong by up to 419 m (io-notes §1c),
//! so only CRSs that lie on WGS 84 or an ETRS-like datum (zero shift) are reprojected; every other pair is
//! refused with the command that would do it.

use std::fmt;
use std::sync::Arc;

use geographiclib_rs::{Geodesic, InverseGeodesic};
use glam::DVec2;
use proj4rs::proj::Proj;

use crate::error::{Fault, Result};

/// Longitude (x) and latitude (y) in degrees on WGS 84.
pub type LonLat = DVec2;

/// A CRS with what scoring needs of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Crs {
    epsg: u32,
    proj: &'static str,
    is_geographic: bool,
    metres_per_unit: f64,
    equatorial_radius_m: f64,
    flattening: f64,
}

/// National grids that crate `crs-definitions` does not hold yet.
const FURTHER_DEFINITIONS: [(u32, &str); 1] = [(
    // MAGNA-SIRGAS 2018 / Origen-Nacional, Colombia's official grid.
    9377,
    "+proj=tmerc +lat_0=4 +lon_0=-73 +k=0.9992 +x_0=5000000 +y_0=2000000 +ellps=GRS80 \
     +towgs84=0,0,0,0,0,0,0 +units=m +no_defs",
)];

impl Crs {
    /// The CRS of an EPSG code; `place` names the file or key in the error.
    pub fn from_epsg(epsg: u32, place: &str) -> Result<Self> {
        let unknown = |found: String| {
            let fix = "warp the layer to a UTM zone, such as EPSG:32636, with `gdalwarp -t_srs` or `ogr2ogr -t_srs`";
            Fault::new("crs.unknown", place, "a known two-dimensional EPSG code", found, fix)
        };
        let further = FURTHER_DEFINITIONS.iter().find(|(code, _)| *code == epsg);
        let proj = match further {
            Some((_, definition)) => definition,
            None => {
                u16::try_from(epsg)
                    .ok()
                    .and_then(crs_definitions::from_code)
                    .ok_or_else(|| unknown(format!("EPSG:{epsg}")))?
                    .proj4
            }
        };
        let parsed = Proj::from_proj_string(proj)
            .map_err(|e| unknown(format!("EPSG:{epsg}, which cannot be used ({e})")))?;
        if parsed.is_geocent() || !parsed.is_normalized_axis() {
            return Err(unknown(format!("EPSG:{epsg} with axes {proj}")).into());
        }
        let (equatorial_radius_m, flattening) = ellipsoid(proj, &parsed);
        Ok(Self {
            epsg,
            proj,
            is_geographic: parsed.is_latlong(),
            metres_per_unit: if parsed.is_latlong() { 1.0 } else { parsed.to_meter() },
            equatorial_radius_m,
            flattening,
        })
    }

    /// WGS 84 longitude and latitude, EPSG:4326.
    pub fn wgs84() -> Self {
        Self::from_epsg(4326, "EPSG:4326").expect("WGS 84 is defined")
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
    /// WGS 84 (within a metre; the allow-list of domain.md §2, by rule instead of by hand).
    pub fn is_on_wgs84(&self) -> bool {
        let words: Vec<&str> = self.proj.split_whitespace().collect();
        let zero_shift = words.iter().any(|word| {
            word.strip_prefix("+towgs84=")
                .is_some_and(|shift| shift.split(',').all(|number| number.parse() == Ok(0.0)))
        });
        let modern = words.contains(&"+ellps=GRS80") || words.contains(&"+ellps=WGS84");
        words.contains(&"+datum=WGS84") || self.is_web_mercator() || (zero_shift && modern)
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

impl fmt::Display for Crs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EPSG:{}", self.epsg)
    }
}

/// Turns coordinates of one CRS into those of another where no datum shift lies between them.
#[derive(Clone)]
pub struct Reprojection {
    from: Arc<Proj>,
    to: Arc<Proj>,
    from_is_degrees: bool,
    to_is_degrees: bool,
    is_identity: bool,
}

impl Reprojection {
    /// The way from one CRS to another; `place` names what is to be reprojected.
    pub fn new(from: &Crs, to: &Crs, place: &str) -> Result<Self> {
        let is_identity = from == to;
        let is_exact = from.is_on_wgs84() && to.is_on_wgs84();
        if !is_identity && !is_exact {
            let expected = format!("coordinates in {to}, or in a CRS with no datum shift to it");
            let fix = format!(
                "reproject it first: `ogr2ogr -t_srs {to} OUT IN` for vectors, `gdalwarp -t_srs {to} IN OUT` for rasters"
            );
            return Err(Fault::new("crs.datum_shift", place, expected, from.to_string(), fix).into());
        }
        let parse = |crs: &Crs| Arc::new(Proj::from_proj_string(crs.proj).expect("parsed before"));
        Ok(Self {
            from: parse(from),
            to: parse(to),
            from_is_degrees: from.is_geographic(),
            to_is_degrees: to.is_geographic(),
            is_identity,
        })
    }

    /// A point, `None` where the projection has no value for it.
    pub fn point(&self, point: DVec2) -> Option<DVec2> {
        if self.is_identity {
            return Some(point);
        }
        let mut p = if self.from_is_degrees {
            (point.x.to_radians(), point.y.to_radians(), 0.0)
        } else {
            (point.x, point.y, 0.0)
        };
        proj4rs::transform::transform(&self.from, &self.to, &mut p).ok()?;
        let out = if self.to_is_degrees {
            DVec2::new(p.0.to_degrees(), p.1.to_degrees())
        } else {
            DVec2::new(p.0, p.1)
        };
        out.is_finite().then_some(out)
    }
}

impl fmt::Debug for Reprojection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Reprojection({} to {})", self.from.projname(), self.to.projname())
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
