//! Files in the formats that GDAL reads and our own readers do not (feature `gdal`): rasters by windows, vectors as
//! [`FeatureTable`](super::features::FeatureTable).
//!
//! In: a path. Out: the same as from our own readers, and faults in place of whatever GDAL says. GDAL reads files
//! here, nothing else: drivers that ask a server are not registered and files over a network are refused. Nothing is
//! written beside an input.

mod companions;
mod raster;
mod vector;

use std::path::Path;
use std::sync::Once;

pub(super) use self::companions::files;
pub(super) use self::raster::GdalRaster;
pub(super) use self::vector::read;
use super::crs_wkt;
use crate::error::{Fault, Result};
use crate::grid::{Crs, quiet_gdal, take_gdal_messages};
use ::gdal::spatial_ref::SpatialRef;

/// Decoded blocks that GDAL keeps, of all files together.
const CACHE_MIB: &str = "64";

/// Drivers that ask a server, or run one.
const OVER_A_NETWORK: &str = "AmigoCloud Carto CSW DAAS EEDA EEDAI Elasticsearch GEORASTER GPSBabel HANA HTTP MongoDBv3 \
     MSSQLSpatial MySQL NGW OAPIF OCI ODBC OGCAPI PLMOSAIC PLSCENES PostGISRaster PostgreSQL RDA SOSI STACIT STACTA \
     WCS WFS WMS WMTS";

/// Settings of GDAL for the whole process; before anything of it is used.
fn set_up() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        quiet_gdal();
        let settings = [
            ("GDAL_CACHEMAX", CACHE_MIB),
            ("GDAL_SKIP", OVER_A_NETWORK),
            // No file over a network has this ending.
            ("CPL_VSIL_CURL_ALLOWED_EXTENSIONS", ".none-is-allowed"),
            ("GDAL_VRT_ENABLE_PYTHON", "NO"),
        ];
        for (key, value) in settings {
            // Fails only for a text with a zero byte.
            let _ = ::gdal::config::set_config_option(key, value);
        }
    });
}

/// The fault of a file that GDAL cannot open or read, in GDAL's words where it had any.
fn unreadable(path: &Path, expected: &str, error: &::gdal::errors::GdalError) -> Fault {
    let said = take_gdal_messages().failure.unwrap_or_else(|| error.to_string());
    let fix = "see what `gdalinfo` or `ogrinfo` say of it; copy or export it again";
    Fault::new("gdal.unreadable", path.display().to_string(), expected, crate::error::clipped(&said), fix)
}

/// The CRS of a file: by its EPSG code, or the definition that says the same.
fn crs_of(reference: &SpatialRef, place: &str) -> Result<Option<Crs>> {
    let named = reference.auth_name().filter(|name| name.eq_ignore_ascii_case("EPSG"));
    let by_code = named.and_then(|_| reference.auth_code().ok()).and_then(|code| u32::try_from(code).ok());
    let epsg = by_code.or_else(|| crs_wkt::epsg_of(&reference.to_wkt().ok()?));
    epsg.map(|epsg| Crs::from_epsg(epsg, place)).transpose()
}
