//! Where a task lies, in people's terms: longitude and latitude, the nearest settlement, the district.

use geo::MultiPolygon;

/// A named settlement.
#[derive(Debug, Clone, PartialEq)]
pub struct Settlement {
    /// Its name.
    pub name: String,
    /// Longitude, degrees, WGS 84.
    pub lon: f64,
    /// Latitude, degrees, WGS 84.
    pub lat: f64,
    /// People, where known.
    pub population: Option<f64>,
}

/// A named district.
#[derive(Debug, Clone, PartialEq)]
pub struct District {
    /// Its name.
    pub name: String,
    /// Its ground, in the frame's CRS like every other layer.
    pub geometry: MultiPolygon<f64>,
}
