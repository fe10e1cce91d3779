//! Where the cells lie: CRS from the GeoKeys, affine from tie point and scale or from a matrix.
//!
//! A CRS that the keys do not name by code is taken from its definition where there is one: Esri's programs write it into
//! a citation (`ESRI PE String = PROJCS[…]`), others give method and parameters in keys of their own, or it lies beside
//! the file as `.prj` or in `.aux.xml`. It counts when it says all that a CRS of the EPSG registry says.

use std::path::{Path, PathBuf};

use glam::{DAffine2, DMat2, DVec2};

use super::directory::{Directory, Source};
use super::geo_keys::GeoKeys;
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
    let keys = GeoKeys::of(source, directory)?;
    let mut faults = Faults::new();
    let crs = match crs {
        Some(crs) => Some(crs.clone()),
        None => faults.take(crs_of(source, &keys))?,
    };
    let affine = faults.take(affine_of(source, directory, &keys))?;
    faults.finish()?;
    let (n_cols, n_rows) = size.unwrap_or((1, 1));
    let (crs, world_from_cell) = (crs.expect("no fault"), affine.expect("no fault"));
    Frame { crs, world_from_cell, n_cols, n_rows }.validated(&source.place())
}

fn crs_of(source: &Source, keys: &GeoKeys) -> Result<Crs> {
    let projected = keys.get(tags::PROJECTED_CRS);
    let geographic = keys.get(tags::GEOGRAPHIC_CRS);
    let model = keys.get(tags::MODEL_TYPE);
    let code = match model {
        Some(tags::PROJECTED) => projected,
        Some(tags::GEOGRAPHIC) => geographic,
        _ => projected.or(geographic),
    };
    if let Some(code) = code.filter(|code| ![0, tags::USER_DEFINED].contains(code)) {
        return Crs::from_epsg(code.into(), &source.place());
    }
    let by_parameters = match model {
        Some(tags::GEOGRAPHIC) => None,
        _ => keys.described(),
    };
    let by_keys = match (model, &by_parameters) {
        (Some(tags::GEOGRAPHIC), _) => keys.degrees(),
        (_, Some(described)) => described.wkt.as_deref().and_then(epsg_of),
        _ => None,
    };
    let found = by_citation(keys).or(by_keys);
    if let Some(epsg) = found.or_else(|| beside(source.path()).iter().find_map(|wkt| epsg_of(wkt))) {
        return Crs::from_epsg(epsg, &source.place());
    }
    let name = source.path().file_name().unwrap_or_default().to_string_lossy();
    let (found, fix) = match (code, by_parameters) {
        (_, Some(described)) => (
            format!("a projection by its parameters, which no known EPSG system has: {}", described.words),
            format!(
                "if you know its code, write it in: `gdal_edit.py -a_srs EPSG:n {name}`; if not, `gdalwarp -t_srs EPSG:n \
                 {name} OUT.tif` to a system with a code, such as the UTM zone there"
            ),
        ),
        (Some(tags::USER_DEFINED), None) => (
            "a CRS described without an EPSG code".to_owned(),
            format!(
                "write in the code it was made in, `gdal_edit.py -a_srs EPSG:n {name}`, or `gdalwarp -t_srs EPSG:n {name} \
                 OUT.tif` to another; `gdalinfo {name}` shows what it says"
            ),
        ),
        _ => (
            "no CRS".to_owned(),
            "give it one: `gdal_translate -a_srs EPSG:n IN OUT.tif`, n being the code it was made in"
                .to_owned(),
        ),
    };
    Err(source.fault("raster.no_crs", "a CRS with an EPSG code", found, fix).into())
}

/// The EPSG code of a CRS that Esri's programs describe in a citation.
fn by_citation(keys: &GeoKeys) -> Option<u32> {
    [tags::PROJECTED_CITATION, tags::CITATION, tags::GEOGRAPHIC_CITATION]
        .into_iter()
        .filter_map(|key| keys.text(key)?.split_once("ESRI PE String = "))
        .find_map(|(_, wkt)| epsg_of(wkt))
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
