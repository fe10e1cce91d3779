//! Which format a file is in: by its extension, and by its first bytes where the extension lies.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use super::super::zip::Archive;
use crate::error::{Error, Fault, Result};

/// A format that features or tables are read from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::io) enum Format {
    GeoJson,
    GeoPackage,
    Shapefile,
    Kml,
    Kmz,
    Csv,
    Xlsx,
    /// One of those that GDAL reads, with feature `gdal`.
    Other,
}

/// Extensions of the usual vector formats that are not ours.
const OTHERS: [&str; 16] = [
    "tab", "mif", "gdb", "gml", "fgb", "gpx", "sqlite", "dxf", "dgn", "parquet", "ods", "xls", "topojson",
    "geojsonl", "geojsons", "osm",
];

/// Bytes looked at to tell the format.
const HEAD: u64 = 4096;

impl Format {
    /// The format of a file, and a note where the extension says another.
    pub(in crate::io) fn of(path: &Path) -> Result<(Self, Option<String>)> {
        let named = Self::by_extension(path);
        let mut head = Vec::new();
        if path.is_dir() {
            // A file geodatabase is one.
            return match named {
                Some(Self::Other) => Self::other(path, "a folder"),
                _ => Err(unknown(path, "a folder").into()),
            };
        }
        let file = File::open(path).map_err(Error::io("read", path))?;
        file.take(HEAD).read_to_end(&mut head).map_err(Error::io("read", path))?;
        let is_package =
            head.get(68..72).is_some_and(|mark| mark == b"GPKG" || mark == b"GP10" || mark == b"GP11");
        if named == Some(Self::Other) && !is_package {
            return Self::other(path, "another format");
        }
        let held = Self::by_content(&head, path)?;
        match (named, held) {
            (Some(named), Some(held)) if named != held => {
                let note = format!("{} is read as {}, which it holds", path.display(), held.name());
                Ok((held, Some(note)))
            }
            (Some(format), _) | (None, Some(format)) => Ok((format, None)),
            (None, None) => Self::other(path, "another kind of file"),
        }
    }

    #[cfg(feature = "gdal")]
    fn other(_: &Path, _: &str) -> Result<(Self, Option<String>)> {
        Ok((Self::Other, None))
    }

    #[cfg(not(feature = "gdal"))]
    fn other(path: &Path, found: &str) -> Result<(Self, Option<String>)> {
        let mut fault = unknown(path, found);
        fault.fix = format!("{}, {}", fault.fix, super::super::NEEDS_GDAL);
        Err(fault.into())
    }

    /// What the extension says.
    pub(super) fn by_extension(path: &Path) -> Option<Self> {
        let extension = path.extension()?.to_str()?.to_ascii_lowercase();
        Some(match extension.as_str() {
            "geojson" | "json" => Self::GeoJson,
            "gpkg" => Self::GeoPackage,
            "shp" => Self::Shapefile,
            "kml" => Self::Kml,
            "kmz" => Self::Kmz,
            "csv" | "tsv" => Self::Csv,
            "xlsx" | "xlsm" => Self::Xlsx,
            other if OTHERS.contains(&other) => Self::Other,
            _ => return None,
        })
    }

    /// What the first bytes say; `None` for text of any kind.
    fn by_content(head: &[u8], path: &Path) -> Result<Option<Self>> {
        let is = |magic: &[u8]| head.starts_with(magic);
        if is(b"SQLite format 3\0") {
            return Ok(Some(Self::GeoPackage));
        }
        if is(&[0, 0, 0x27, 0x0A]) {
            return Ok(Some(Self::Shapefile));
        }
        if is(b"PK\x03\x04") {
            let archive = Archive::open(path)?;
            let has = |end: &str| archive.names().any(|name| name.to_ascii_lowercase().ends_with(end));
            if has("xl/workbook.xml") {
                return Ok(Some(Self::Xlsx));
            }
            return match has(".kml") {
                true => Ok(Some(Self::Kmz)),
                false => Err(unknown(path, "an archive; unpack it and name the file inside").into()),
            };
        }
        if is(b"II*\0") || is(b"MM\0*") || is(b"II+\0") || is(b"MM\0+") {
            return Err(unknown(path, "a raster").into());
        }
        if is(&[0xD0, 0xCF, 0x11, 0xE0]) {
            return Err(unknown(path, "an old Excel workbook; save it as .xlsx").into());
        }
        let text = head.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(head).trim_ascii_start();
        let holds = |word: &[u8]| text.windows(word.len()).any(|window| window == word);
        if text.first() == Some(&b'{') && text[1..].trim_ascii_start().first() == Some(&b'"') {
            return Ok(Some(Self::GeoJson));
        }
        Ok((text.first() == Some(&b'<') && holds(b"<kml")).then_some(Self::Kml))
    }

    fn name(self) -> &'static str {
        match self {
            Self::GeoJson => "GeoJSON",
            Self::GeoPackage => "a GeoPackage",
            Self::Shapefile => "a shapefile",
            Self::Kml => "KML",
            Self::Kmz => "KMZ",
            Self::Csv => "CSV",
            Self::Xlsx => "an Excel workbook",
            Self::Other => "another format",
        }
    }
}

pub(super) fn unknown(path: &Path, found: &str) -> Fault {
    let place = path.display().to_string();
    let expected = "GeoJSON, GeoPackage, Shapefile (.shp), KML, KMZ, CSV or XLSX";
    let fix = format!("convert it: `ogr2ogr {}.gpkg {place}`", path.with_extension("").display());
    Fault::new("input.format", place, expected, found, fix)
}
