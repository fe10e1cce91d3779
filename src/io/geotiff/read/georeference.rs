//! Where the cells lie: CRS from the GeoKeys, affine from tie point and scale or from a matrix.
//!
//! A CRS that the keys do not name by code is taken from its definition where there is one: Esri's programs write it into
//! a citation (`ESRI PE String = PROJCS[…]`), beside the file as `.prj` or in `.aux.xml`. It counts when it says all
//! that a CRS of the EPSG registry says.

use std::path::{Path, PathBuf};

use glam::{DAffine2, DMat2, DVec2};

use super::directory::{Directory, Source};
use super::metadata::unescaped;
use crate::error::{Faults, Result};
use crate::grid::{Crs, Frame};
use crate::io::crs_wkt::epsg_of;
use crate::io::geotiff::tags;

/// The most bytes of a file beside the image that is looked into.
const MOST_BYTES_BESIDE: u64 = 1 << 20;

/// The frame of an image of `size` (columns, rows); `crs` takes the place of the file's own. Without a size
/// only the faults are found.
pub(super) fn frame_of(
    source: &Source,
    directory: &Directory,
    crs: Option<&Crs>,
    size: Option<(usize, usize)>,
) -> Result<Frame> {
    let keys = GeoKeys(directory.numbers(source, tags::GEO_KEYS)?.unwrap_or_default());
    let mut faults = Faults::new();
    let crs = match crs {
        Some(crs) => Some(crs.clone()),
        None => faults.take(crs_of(source, directory, &keys))?,
    };
    let affine = faults.take(affine_of(source, directory, &keys))?;
    faults.finish()?;
    let (n_cols, n_rows) = size.unwrap_or((1, 1));
    let (crs, world_from_cell) = (crs.expect("no fault"), affine.expect("no fault"));
    Frame { crs, world_from_cell, n_cols, n_rows }.validated(&source.place())
}

/// The GeoKey directory: after four numbers, four for each key: key, tag that holds the value (0: here),
/// count, value.
struct GeoKeys(Vec<u64>);

impl GeoKeys {
    fn get(&self, key: u16) -> Option<u16> {
        self.0
            .chunks_exact(4)
            .skip(1)
            .find(|entry| entry[0] == u64::from(key) && entry[1] == 0)
            .and_then(|entry| u16::try_from(entry[3]).ok())
    }

    /// A key's text, which lies among those of all keys.
    fn text<'t>(&self, key: u16, texts: &'t str) -> Option<&'t str> {
        let is_it = |entry: &&[u64]| entry[0] == u64::from(key) && entry[1] == u64::from(tags::GEO_TEXTS);
        let entry = self.0.chunks_exact(4).skip(1).find(is_it)?;
        let (count, from) = (usize::try_from(entry[2]).ok()?, usize::try_from(entry[3]).ok()?);
        // Texts are parted by bars.
        Some(texts.get(from..from.checked_add(count)?.min(texts.len()))?.trim_end_matches('|'))
    }
}

fn crs_of(source: &Source, directory: &Directory, keys: &GeoKeys) -> Result<Crs> {
    let projected = keys.get(tags::PROJECTED_CRS);
    let geographic = keys.get(tags::GEOGRAPHIC_CRS);
    let code = match keys.get(tags::MODEL_TYPE) {
        Some(tags::PROJECTED) => projected,
        Some(tags::GEOGRAPHIC) => geographic,
        _ => projected.or(geographic),
    };
    match code {
        Some(code) if code != 0 && code != tags::USER_DEFINED => Crs::from_epsg(code.into(), &source.place()),
        _ => {
            if let Some(epsg) = described(source, directory, keys)? {
                return Crs::from_epsg(epsg, &source.place());
            }
            let found = match code {
                Some(tags::USER_DEFINED) => "a CRS described without an EPSG code",
                _ => "no CRS",
            };
            let fix =
                "give it one: `gdal_translate -a_srs EPSG:n IN OUT.tif`, n being the code it was made in";
            Err(source.fault("raster.no_crs", "a CRS with an EPSG code", found, fix).into())
        }
    }
}

/// The EPSG code of a CRS that is described in the file or beside it.
fn described(source: &Source, directory: &Directory, keys: &GeoKeys) -> Result<Option<u32>> {
    let texts = directory.text(source, tags::GEO_TEXTS)?.unwrap_or_default();
    let citations = [tags::PROJECTED_CITATION, tags::CITATION, tags::GEOGRAPHIC_CITATION]
        .into_iter()
        .filter_map(|key| keys.text(key, &texts));
    let esri = citations.filter_map(|citation| citation.split_once("ESRI PE String = ").map(|(_, wkt)| wkt));
    if let Some(epsg) = esri.filter_map(epsg_of).next() {
        return Ok(Some(epsg));
    }
    Ok(beside(source.path()).iter().find_map(|wkt| epsg_of(wkt)))
}

/// Definitions of the CRS in the files that belong to a raster.
fn beside(path: &Path) -> Vec<String> {
    // Longer ones are no definition.
    let read = |path: PathBuf| {
        let is_short = path.metadata().is_ok_and(|facts| facts.is_file() && facts.len() <= MOST_BYTES_BESIDE);
        if is_short { std::fs::read_to_string(path).ok() } else { None }
    };
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let noted = read(path.with_file_name(format!("{name}.aux.xml"))).and_then(|xml| {
        let (_, rest) = xml.split_once("<SRS")?;
        let (_, wkt) = rest.split_once('>')?;
        Some(unescaped(wkt.split("</SRS>").next()?))
    });
    // Beside a shapefile of the same name it is the shapefile's.
    let is_ours = !["shp", "SHP"].iter().any(|ending| path.with_extension(ending).exists());
    let own = if is_ours { read(path.with_extension("prj")) } else { None };
    noted.into_iter().chain(own).collect()
}

fn affine_of(source: &Source, directory: &Directory, keys: &GeoKeys) -> Result<DAffine2> {
    let matrix = directory.doubles(source, tags::MODEL_TRANSFORMATION)?.unwrap_or_default();
    let scale = directory.doubles(source, tags::MODEL_PIXEL_SCALE)?.unwrap_or_default();
    let tie = directory.doubles(source, tags::MODEL_TIEPOINT)?.unwrap_or_default();
    let affine = match (&scale[..], &tie[..], &matrix[..]) {
        ([x_scale, y_scale, ..], [col, row, _, x, y, _, ..], _) => {
            let linear = DMat2::from_diagonal(DVec2::new(*x_scale, -*y_scale));
            let corner = DVec2::new(*x, *y) - linear * DVec2::new(*col, *row);
            DAffine2::from_mat2_translation(linear, corner)
        }
        (_, _, [a, b, _, x, c, d, _, y, ..]) => {
            let linear = DMat2::from_cols(DVec2::new(*a, *c), DVec2::new(*b, *d));
            DAffine2::from_mat2_translation(linear, DVec2::new(*x, *y))
        }
        _ => {
            let found = match tie.len() {
                0 => "no georeferencing",
                _ => "tie points without a cell size (ground control points)",
            };
            let fix = "give it one with `gdal_translate -a_ullr XMIN YMAX XMAX YMIN IN OUT.tif`, or warp it with `gdalwarp`";
            return Err(source.fault("raster.no_transform", "a position and a cell size", found, fix).into());
        }
    };
    // Where a coordinate is a cell's centre, its corner lies half a cell up and to the left.
    let is_point = keys.get(tags::RASTER_TYPE) == Some(tags::PIXEL_IS_POINT);
    let half = if is_point { DVec2::splat(-0.5) } else { DVec2::ZERO };
    Ok(affine * DAffine2::from_translation(half))
}
