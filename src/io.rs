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
//! | GeoJSON, GeoPackage, Shapefile, KML, KMZ | [`features::VectorSource::read`] | [`geojson::GeoJsonWriter`] |
//! | CSV, XLSX | [`features::VectorSource::read_table`], [`csv::Table::read`] | [`csv::CsvWriter`] |
//! | GeoPackage, Shapefile | as GeoJSON | [`gpkg_write::GpkgWriter`], [`shapefile_write::write`] |

pub mod atomic;
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
pub mod scratch;
mod shapefile;
pub mod shapefile_write;
mod table;
pub mod wkb;
mod xlsx;
mod zip;
