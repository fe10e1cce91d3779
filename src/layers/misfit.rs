//! Layers that do not fit the frame: what is said, with the command or the key that mends it.

use std::fmt;
use std::path::Path;

use super::{LayerSpec, Resampling, Unit};
use crate::error::{Fault, Result};
use crate::grid::{CHECK_OPERATION, Frame, NEEDS_PROJ};
use crate::units::NODATA_ON_DISK;

/// Cell sizes or areas that differ by less than this share are the same.
const SAME_AREA: f64 = 0.01;

/// The rectangle a frame covers, in its CRS's unit.
#[derive(Clone, Copy)]
pub(super) struct Extent {
    pub(super) west: f64,
    pub(super) south: f64,
    pub(super) east: f64,
    pub(super) north: f64,
}

impl Extent {
    pub(super) fn of(frame: &Frame) -> Self {
        let corner = frame.world_from_cell.translation;
        let size = frame.cell_size();
        Self {
            west: corner.x,
            south: corner.y - size.y * frame.n_rows as f64,
            east: corner.x + size.x * frame.n_cols as f64,
            north: corner.y,
        }
    }

    pub(super) fn overlaps(&self, other: &Self) -> bool {
        self.west < other.east
            && other.west < self.east
            && self.south < other.north
            && other.south < self.north
    }
}

impl fmt::Display for Extent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "x {} to {}, y {} to {}", self.west, self.east, self.south, self.north)
    }
}

pub(super) fn place(spec: &LayerSpec) -> String {
    format!("layer `{}`", spec.name)
}

pub(super) fn no_overlap(spec: &LayerSpec, own: &Frame, frame: &Frame) -> Fault {
    let extent = |of: &Frame| match own.crs == frame.crs {
        true => Extent::of(of).to_string(),
        false => format!("{} in {}", Extent::of(of), of.crs),
    };
    let expected = format!("data within the frame ({})", extent(frame));
    let fix = "check that both files show the same region, and their CRS and transform with `gdalinfo`";
    Fault::new("layer.no_overlap", place(spec), expected, extent(own), fix)
}

/// Other cells, and no `resample` that says what to do about it.
pub(super) fn cells_differ(spec: &LayerSpec, own: &Frame, frame: &Frame) -> Fault {
    let (own_cells, cells) = (cell_text(own), cell_text(frame));
    let is_same_crs = own.crs == frame.crs;
    let expected = match is_same_crs {
        true => format!("the frame's {cells} cells"),
        false => format!("the frame's {cells} cells in {}", frame.crs),
    };
    let found = match own_cells == cells {
        _ if !is_same_crs => format!("{own_cells} cells in {}", own.crs),
        true => format!("{own_cells} cells that do not lie on the frame's"),
        false => format!("{own_cells} cells"),
    };
    let way = suited(spec, own, frame).key();
    let fix = format!(
        "set `resample = \"{way}\"` under [layers.{}] (nearest for classes, bilinear for densities, average and \
         mode for finer cells, sum for counts)",
        spec.name
    );
    Fault::new("layer.cells_differ", place(spec), expected, found, fix)
}

/// A CRS that a datum shift parts from the frame's.
pub(super) fn crs_differs(spec: &LayerSpec, own: &Frame, frame: &Frame) -> Fault {
    let extent = Extent::of(frame);
    let size = frame.cell_size();
    let way = match spec.resampling.unwrap_or(suited(spec, own, frame)) {
        Resampling::Nearest => "near",
        other => other.key(),
    };
    let file = spec.file.as_ref();
    let nodata = file.and_then(|file| file.nodata).or(spec.nodata);
    let nodata = nodata.map_or_else(String::new, |nodata| format!("-srcnodata {nodata} "));
    let (from, to) = match file {
        Some(file) => {
            let stem = file.path.file_stem().unwrap_or_default().to_string_lossy();
            let to = file.path.with_file_name(format!("{stem}_{}.tif", frame.crs.epsg()));
            (quoted(&file.path), quoted(&to))
        }
        None => ("IN".to_owned(), "OUT".to_owned()),
    };
    let fix = format!(
        "a datum shift lies between them, which needs PROJ: warp it with GDAL, `gdalwarp -t_srs {} -te {} {} {} {} \
         -tr {} {} -r {way} {nodata}-dstnodata {NODATA_ON_DISK} -ot Float32 {from} {to}`, and give the new file \
         ({CHECK_OPERATION} {} -t {}`), {NEEDS_PROJ}",
        frame.crs, extent.west, extent.south, extent.east, extent.north, size.x, size.y, own.crs, frame.crs
    );
    let expected = format!("the frame's CRS {} or one on its datum", frame.crs);
    Fault::new("layer.crs_differs", place(spec), expected, own.crs.to_string(), fix)
}

/// Refuses what would silently change a total: amounts per cell that are not split, densities that are added.
pub(super) fn check_total(
    spec: &LayerSpec,
    way: Resampling,
    own: &Frame,
    frame: &Frame,
    source_cells_per_cell: f64,
) -> Result<()> {
    let is_other_area = (source_cells_per_cell - 1.0).abs() > SAME_AREA || own.crs != frame.crs;
    let (code, expected, fix) = match way {
        Resampling::Sum if !matches!(spec.unit, Unit::PeoplePerCell | Unit::UsdPerCell | Unit::Other(_)) => {
            ("layer.sum_of_density", "a density to be averaged or interpolated", suited(spec, own, frame))
        }
        Resampling::Nearest | Resampling::Bilinear | Resampling::Average | Resampling::Mode
            if spec.unit.is_per_cell() && is_other_area =>
        {
            ("layer.total_changes", "amounts per cell to be split by area", Resampling::Sum)
        }
        _ => return Ok(()),
    };
    let found = format!("`resample = \"{}\"` for `{}`", way.key(), spec.unit.key());
    let fix = format!("set `resample = \"{}\"` under [layers.{}], or mend its `unit`", fix.key(), spec.name);
    Err(Fault::new(code, place(spec), expected, found, fix).into())
}

fn cell_text(frame: &Frame) -> String {
    let size = frame.cell_size();
    let unit = match frame.crs.is_geographic() {
        true => "°",
        false if frame.crs.metres_per_unit() == 1.0 => " m",
        false => " units",
    };
    if size.x == size.y { format!("{}{unit}", size.x) } else { format!("{} x {}{unit}", size.x, size.y) }
}

/// The way that suits a unit, for advice.
fn suited(spec: &LayerSpec, own: &Frame, frame: &Frame) -> Resampling {
    let area_m2 = |of: &Frame| of.cell_area_m2(of.n_rows as i64 / 2);
    let is_finer = area_m2(own) < area_m2(frame);
    match &spec.unit {
        unit if unit.is_per_cell() => Resampling::Sum,
        Unit::Other(_) => Resampling::Nearest,
        _ if is_finer => Resampling::Average,
        _ => Resampling::Bilinear,
    }
}

/// A path as a shell takes it.
fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let is_plain = |c: char| c.is_alphanumeric() || "/._-+:\\".contains(c);
    match text.chars().all(is_plain) {
        true => text,
        false => format!("'{}'", text.replace('\'', "'\\''")),
    }
}
