//! Files in and out: one module per format, and what writing them safely needs.
//!
//! In: paths. Out: planes that are read by window ([`geotiff`]), features ([`geojson`]), rows that know their
//! line ([`csv`]). Nothing here knows what a layer means; whatever a file does wrongly is a
//! [`Fault`](crate::error::Fault) that names the file and how to mend it, whatever the system refuses is an
//! [`Error::Io`](crate::error::Error::Io).
//!
//! | format | reads | writes |
//! |---|---|---|
//! | GeoTIFF, COG, BigTIFF | [`geotiff::GeoTiff`] | [`geotiff::GeoTiffWriter`] |
//! | GeoJSON | [`geojson::read`] | [`geojson::GeoJsonWriter`] |
//! | CSV | [`csv::Table`] | [`csv::CsvWriter`] |
//! | GeoPackage | – | [`gpkg_write::GpkgWriter`] |
//! | Shapefile | – | [`shapefile_write::write`] |

pub mod atomic;
pub mod csv;
pub mod fields;
mod file_at;
pub mod geojson;
pub mod geotiff;
pub mod gpkg_write;
pub mod hash;
pub mod scratch;
pub mod shapefile_write;
