//! Files in and out: one module per format, and what writing them safely needs.
//!
//! In: paths. Out: planes that are read by window ([`geotiff`]), features of any vector format ([`features`]), rows
//! that know their line ([`csv::Table`]). Nothing here knows what a layer means; whatever a file does wrongly is a
//! [`Fault`](crate::error::Fault) that names the file and how to mend it, whatever the system refuses is an
//! [`Error::Io`](crate::error::Error::Io).
//!
//! | format | reads | writes |
//! |---|---|---|
//! | GeoTIFF, COG, BigTIFF | [`geotiff::GeoTiff`] | [`geotiff::GeoTiffWriter`] |
//! | what GDAL reads, with feature `gdal` | [`raster::Raster`], [`features::VectorSource::read`] | |
//! | GeoJSON, GeoPackage, Shapefile, KML, KMZ | [`features::VectorSource::read`] | [`geojson::GeoJsonWriter`] |
//! | CSV, XLSX | [`features::VectorSource::read_table`], [`csv::Table::read`] | [`csv::CsvWriter`] |
//! | GeoPackage, Shapefile | as GeoJSON | [`gpkg_write::GpkgWriter`], [`shapefile_write::write`] |

pub mod atomic;
#[cfg(feature = "gdal")]
mod by_gdal;
pub mod crs_wkt;
pub mod csv;
mod encoding;
pub mod features;
pub mod fields;
mod file_at;
pub mod geojson;
pub mod geotiff;
mod gpkg;
pub mod gpkg_write;
pub mod hash;
mod kml;
mod limits;
pub mod raster;
pub mod scratch;
mod shapefile;
pub mod shapefile_write;
mod table;
pub mod wkb;
mod xlsx;
mod zip;

/// What a person can do about a format that is not ours besides converting the file.
#[cfg(not(feature = "gdal"))]
const NEEDS_GDAL: &str = "or use a build with `--features gdal`, which reads what GDAL reads";

/// The release of the GDAL that is used; `None` in a build without it.
pub fn gdal_release() -> Option<String> {
    #[cfg(any(feature = "proj", feature = "gdal"))]
    return Some(gdal::version_info("RELEASE_NAME"));
    #[cfg(not(any(feature = "proj", feature = "gdal")))]
    None
}
