//! Vector files of any format: features with their columns untouched, and the CRS of their coordinates.
//!
//! In: a [`VectorSource`], a path and what a person says about the file. Out: a [`FeatureTable`]. This is the one
//! seam through which vector files are read; the format is taken from the extension, and from the content where the
//! extension lies. Geometry is taken as it is drawn, in x, y (longitude, latitude in a geographic CRS): nothing is
//! repaired or reprojected here. No reader takes memory for what a file merely declares.

mod format;
mod points;

use std::path::{Path, PathBuf};

use geo::CoordsIter;
use serde_json::{Map, Value};

pub(super) use self::format::Format;
#[cfg(feature = "gdal")]
use super::by_gdal;
use super::table::Table;
use super::{csv, geojson, gpkg, kml, shapefile, xlsx};
use crate::error::{Fault, Faults, Result};
use crate::grid::Crs;

/// One feature, as the file gives it.
#[derive(Debug, Clone, PartialEq)]
pub struct Feature {
    /// Its place in the file, from 0.
    pub index: usize,
    /// The identifier the format itself gives it (GeoJSON's `id`, a GeoPackage's key), a number written as text.
    pub id: Option<String>,
    /// Its columns, in the file's order.
    pub properties: Map<String, Value>,
    /// Its geometry in [`FeatureTable::crs`] (x, y; further coordinates are dropped); `None` for a null or empty
    /// one.
    pub geometry: Option<geo::Geometry<f64>>,
}

/// The features of a file and the CRS of their coordinates.
#[derive(Debug, Clone, PartialEq)]
pub struct FeatureTable {
    /// Of all coordinates.
    pub crs: Crs,
    /// All features, those without geometry too.
    pub features: Vec<Feature>,
    /// What a person should know of how the file was read, a sentence each, with the file's name.
    pub notes: Vec<String>,
}

/// A vector or table file, and what a person says about it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct VectorSource {
    /// The file.
    pub path: PathBuf,
    /// The GeoPackage's table, the workbook's sheet or the layer of a file that GDAL reads; the only one where not said
    /// (the first sheet).
    pub table: Option<String>,
    /// EPSG code of the coordinates, over what the file says.
    pub epsg: Option<u32>,
    /// Encoding of the texts (`windows-1252`, `utf-8` …), over what the file says.
    pub encoding: Option<String>,
}

/// Faults listed for one file; a file of another kind would otherwise fill the screen.
pub(super) const MAX_FAULTS: usize = 20;

impl VectorSource {
    /// A file about which nothing more is said.
    pub fn of(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), ..Self::default() }
    }

    /// Reads the features.
    pub fn read(&self) -> Result<FeatureTable> {
        let (format, note) = Format::of(&self.path)?;
        let declared = self.epsg.map(|epsg| Crs::from_epsg(epsg, &self.place())).transpose()?;
        let mut read = match format {
            Format::GeoJson => geojson::read_in(&self.path, declared)?,
            Format::GeoPackage => gpkg::read(self, declared)?,
            Format::Shapefile => shapefile::read(self, declared)?,
            Format::Kml => kml::read(&self.path)?,
            Format::Kmz => kml::read_zipped(&self.path)?,
            Format::Csv | Format::Xlsx => points::features_of(self.table_as(format, &[])?, declared)?,
            Format::Other => self.read_other(declared)?,
        };
        read.notes.extend(note);
        check_coordinates(&read, &self.path)?;
        Ok(read)
    }

    #[cfg(feature = "gdal")]
    fn read_other(&self, declared: Option<Crs>) -> Result<FeatureTable> {
        let mut read = by_gdal::read(self, declared)?;
        if self.encoding.is_some() {
            read.notes.push(format!("{}: `encoding` is not used, GDAL knows the format's own", self.place()));
        }
        Ok(read)
    }

    #[cfg(not(feature = "gdal"))]
    fn read_other(&self, _: Option<Crs>) -> Result<FeatureTable> {
        Err(format::unknown(&self.path, "another format").into())
    }

    /// Reads a table that must have the `required` columns. Of a file with features the columns are the features',
    /// with `lon` and `lat` (degrees on WGS 84) of points added.
    pub fn read_table(&self, required: &[&str]) -> Result<Table> {
        let (format, _) = Format::of(&self.path)?;
        match format {
            Format::Csv | Format::Xlsx => self.table_as(format, required),
            _ => points::table_of(&self.read()?, &self.path, required),
        }
    }

    fn table_as(&self, format: Format, required: &[&str]) -> Result<Table> {
        match format {
            Format::Xlsx => xlsx::read(&self.path, self.table.as_deref(), required),
            _ => csv::read(&self.path, required, self.encoding.as_deref()),
        }
    }

    /// The file and those that belong to it: the parts of a shapefile, a GeoPackage's journal.
    pub fn files(&self) -> Vec<PathBuf> {
        let mut files = vec![self.path.clone()];
        match Format::of(&self.path) {
            #[cfg(feature = "gdal")]
            Ok((Format::Other, _)) => return by_gdal::files(&self.path),
            Ok((Format::Shapefile, _)) => files.extend(shapefile::parts(&self.path)),
            Ok((Format::GeoPackage, _)) => files.extend(gpkg::journals(&self.path)),
            _ => {}
        }
        files
    }

    /// The file's name in messages.
    pub(super) fn place(&self) -> String {
        self.path.display().to_string()
    }
}

/// Whether a path names a file that is read through [`VectorSource`], by its extension.
pub fn is_vector(path: &Path) -> bool {
    Format::by_extension(path).is_some()
}

/// The CRS of a file that does not say it: what the person declares, or a fault.
pub(super) fn declared_or(declared: Option<Crs>, place: &str, found: &str) -> Result<Crs> {
    declared.ok_or_else(|| {
        let fix = "say which one it is, `crs = \"EPSG:32636\"` beside `path`, or write it into the file with `ogr2ogr -a_srs`";
        Fault::new("input.crs", place, "the CRS of the coordinates", found, fix).into()
    })
}

/// Coordinates that are no numbers, or degrees that no place on Earth has.
fn check_coordinates(read: &FeatureTable, path: &Path) -> Result<()> {
    let mut faults = Faults::new();
    for feature in &read.features {
        let Some(geometry) = &feature.geometry else { continue };
        // A turn more is allowed for shapes drawn across the date line.
        let is_wrong = |c: &geo::Coord<f64>| {
            let is_off = read.crs.is_geographic() && (c.x.abs() > 360.0 || c.y.abs() > 90.0);
            is_off || !c.x.is_finite() || !c.y.is_finite()
        };
        if let Some(at) = geometry.coords_iter().find(is_wrong) {
            let place = format!("{}, feature {}", path.display(), feature.index + 1);
            let expected = format!("coordinates in {}", read.crs);
            let fix =
                "check the CRS of the file (`crs = \"EPSG:…\"` beside `path` says another), and x before y";
            faults.push(Fault::new(
                "input.coordinate",
                place,
                expected,
                format!("({}, {})", at.x, at.y),
                fix,
            ));
        }
        if faults.as_slice().len() == MAX_FAULTS {
            break;
        }
    }
    faults.finish()
}
