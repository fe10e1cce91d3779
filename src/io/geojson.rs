//! GeoJSON (RFC 7946): features with their properties untouched, and a streaming writer.

use std::path::Path;

use serde_json::{Map, Value};

use crate::error::Result;
use crate::grid::Crs;

/// One feature, as the file gives it.
#[derive(Debug, Clone, PartialEq)]
pub struct Feature {
    /// Its place in the file, from 0.
    pub index: usize,
    /// Its `id` member, a number written as text.
    pub id: Option<String>,
    /// Its properties, in the file's order.
    pub properties: Map<String, Value>,
    /// Its geometry in [`FeatureTable::crs`] (x, y; a third coordinate is dropped); `None` for a null one.
    pub geometry: Option<geo::Geometry<f64>>,
}

/// The features of a file and the CRS of their coordinates.
#[derive(Debug, Clone, PartialEq)]
pub struct FeatureTable {
    /// WGS 84 unless the file carries the `crs` member of the 2008 format.
    pub crs: Crs,
    /// All features, those without geometry too.
    pub features: Vec<Feature>,
}

/// Reads a feature collection, a single feature or a bare geometry.
pub fn read(_path: &Path) -> Result<FeatureTable> {
    unimplemented!()
}

/// Writes a feature collection in WGS 84, feature by feature, coordinates with 7 decimals (1 cm).
#[derive(Debug)]
pub struct GeoJsonWriter {}

impl GeoJsonWriter {
    /// Begins a file; it appears at `path` on [`GeoJsonWriter::finish`].
    pub fn create(_path: &Path) -> Result<Self> {
        unimplemented!()
    }

    /// Adds a feature whose geometry is in longitude and latitude on WGS 84.
    pub fn write(
        &mut self,
        _id: Option<&str>,
        _properties: &Map<String, Value>,
        _geometry: Option<&geo::Geometry<f64>>,
    ) -> Result<()> {
        unimplemented!()
    }

    /// Ends the collection and puts the file into place.
    pub fn finish(self) -> Result<()> {
        unimplemented!()
    }
}
