//! Where the cells lie: CRS from the GeoKeys, affine from tie point and scale or from a matrix.

use glam::{DAffine2, DMat2, DVec2};

use super::directory::{Directory, Source};
use crate::error::{Faults, Result};
use crate::grid::{Crs, Frame};
use crate::io::geotiff::tags;

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
        None => faults.take(crs_of(source, &keys))?,
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
}

fn crs_of(source: &Source, keys: &GeoKeys) -> Result<Crs> {
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
