//! A source brought onto the frame: same CRS, any cell size, the units the stages use.
//!
//! Order: `value · scale + offset` on the source's cells, then resampling, then the unit. A source whose cells
//! lie on the frame's (to a thousandth of a cell, over the whole width) is only shifted. What lies outside the
//! source is unknown.

use std::fmt;
use std::sync::Arc;

use rayon::prelude::*;

use super::resample::{Grids, resampled};
use super::{LayerSpec, Resampling, Unit};
use crate::error::{Fault, Result};
use crate::grid::{Cells, Frame, UNKNOWN, Window, canonical, is_unknown};
use crate::units::M2_PER_KM2;

/// The most source cells read for one piece of a window, 64 MiB: a source much finer than the frame is read in
/// pieces.
const SOURCE_CELLS_AT_ONCE: f64 = (16 << 20) as f64;
/// Rows of cells that a thread takes at a time.
const LINES_AT_ONCE: usize = 32;
/// Cell sizes or areas that differ by less than this share are the same.
const SAME_AREA: f64 = 0.01;

/// A source's cells on the frame, in the units the stages use.
pub struct OnFrame {
    source: Arc<dyn Cells>,
    frame: Frame,
    spec: LayerSpec,
    grids: Grids,
    way: Way,
}

#[derive(Debug, Clone, Copy)]
enum Way {
    /// The frame's first cell is this cell (column, row) of the source.
    Shifted(i64, i64),
    Resampled(Resampling),
}

impl OnFrame {
    /// Brings a source onto a frame, or says all that stands against it: another CRS (with the command that
    /// warps it), no overlap, other cells without `resample`, or a resampling that would change a total.
    pub fn new(source: Arc<dyn Cells>, spec: &LayerSpec, frame: &Frame) -> Result<Self> {
        let own = source.frame();
        if own.crs != frame.crs {
            return Err(crs_differs(spec, own, frame).into());
        }
        let (a, b) = (Extent::of(own), Extent::of(frame));
        if !a.overlaps(&b) {
            let place = place(spec);
            let expected = format!("data within the frame ({b})");
            let fix =
                "check that both files show the same region, and their CRS and transform with `gdalinfo`";
            return Err(Fault::new("layer.no_overlap", place, expected, a.to_string(), fix).into());
        }
        let grids = Grids::new(own, frame);
        let way = match (grids.shift(frame), spec.resampling) {
            (Some((col, row)), _) => Way::Shifted(col, row),
            (None, Some(way)) => {
                check_total(spec, way, own, frame)?;
                Way::Resampled(way)
            }
            (None, None) => return Err(cells_differ(spec, own, frame).into()),
        };
        Ok(Self { source, frame: frame.clone(), spec: spec.clone(), grids, way })
    }

    /// Whether the source's cells are the frame's own, so that nothing is resampled.
    pub fn is_same_cells(&self) -> bool {
        matches!(self.way, Way::Shifted(..))
    }

    /// The source's cells in a window of the source, scaled.
    fn read_scaled(&self, window: Window) -> Result<Vec<f32>> {
        let mut values = self.source.read_vec(window)?;
        self.scale(&mut values);
        Ok(values)
    }

    /// Values as read become values in the layer's unit.
    fn scale(&self, values: &mut [f32]) {
        let (scale, offset) = (self.spec.scale, self.spec.offset);
        let nodata = self.spec.nodata.map(|nodata| nodata as f32);
        if nodata.is_none() && scale == 1.0 && offset == 0.0 {
            return;
        }
        for value in values {
            *value = match is_unknown(*value) || nodata == Some(*value) {
                true => UNKNOWN,
                false => canonical((f64::from(*value) * scale + offset) as f32),
            };
        }
    }

    /// Cells of a window inside the frame, before the unit.
    fn read_inside(&self, window: Window) -> Result<Vec<f32>> {
        let way = match self.way {
            Way::Shifted(col, row) => {
                let (col, row) = (window.col + col, window.row + row);
                return self.read_scaled(Window { col, row, ..window });
            }
            Way::Resampled(way) => way,
        };
        let ratio = self.grids.source_cells_per_cell();
        let side = (SOURCE_CELLS_AT_ONCE / ratio.max(1.0)).sqrt().max(1.0) as usize;
        if window.n_cols.max(window.n_rows) <= side {
            return self.resample(way, window);
        }
        let mut out = vec![UNKNOWN; window.len()];
        for row in (window.row..window.end_row()).step_by(side) {
            for col in (window.col..window.end_col()).step_by(side) {
                let piece = Window::new(col, row, side, side).intersection(&window).expect("inside");
                let cells = self.resample(way, piece)?;
                for (row, line) in (piece.row..).zip(cells.chunks_exact(piece.n_cols)) {
                    let to = window.offset(piece.col, row);
                    out[to..to + piece.n_cols].copy_from_slice(line);
                }
            }
        }
        Ok(out)
    }

    fn resample(&self, way: Resampling, window: Window) -> Result<Vec<f32>> {
        let wanted = self.grids.source_window(window);
        let Some(source_window) = wanted.clipped(self.source.frame()) else {
            return Ok(vec![UNKNOWN; window.len()]);
        };
        let values = self.read_scaled(source_window)?;
        Ok(resampled(&self.grids, way, window, source_window, &values))
    }

    /// What a value in the layer's unit is multiplied with to become an amount per cell.
    fn per_cell(&self, row: i64) -> f64 {
        match self.spec.unit {
            Unit::PeoplePerKm2 => self.frame.cell_area_m2(row) / M2_PER_KM2,
            Unit::UsdPerM2 => self.frame.cell_area_m2(row),
            Unit::Share | Unit::PeoplePerCell | Unit::UsdPerCell | Unit::Other(_) => 1.0,
        }
    }
}

impl Cells for OnFrame {
    fn frame(&self) -> &Frame {
        &self.frame
    }

    fn read(&self, window: Window, out: &mut [f32]) -> Result<()> {
        debug_assert_eq!(out.len(), window.len());
        let inside = window.clipped(&self.frame);
        if inside != Some(window) {
            out.fill(UNKNOWN);
        }
        let Some(inside) = inside else {
            return Ok(());
        };
        match self.way {
            // Nothing to bring together: straight into place.
            Way::Shifted(col, row) if inside == window => {
                let (col, row) = (window.col + col, window.row + row);
                self.source.read(Window { col, row, ..window }, out)?;
                self.scale(out);
            }
            _ => {
                let values = self.read_inside(inside)?;
                for (row, line) in (inside.row..).zip(values.chunks_exact(inside.n_cols)) {
                    let to = window.offset(inside.col, row);
                    out[to..to + inside.n_cols].copy_from_slice(line);
                }
            }
        }
        let before = (inside.row - window.row) as usize * window.n_cols;
        let known = &mut out[before..before + inside.n_rows * window.n_cols];
        let lines = known.par_chunks_exact_mut(window.n_cols).enumerate().with_min_len(LINES_AT_ONCE);
        lines.for_each(|(i, line)| multiply(line, self.per_cell(inside.row + i as i64)));
        Ok(())
    }
}

fn multiply(values: &mut [f32], factor: f64) {
    if factor == 1.0 {
        return;
    }
    // The exact product of two singles fits a double: with a factor that is a single, rounding it is what the
    // multiplication of singles does. Both sides of a choice are computed, so that several cells go at once.
    let single = factor as f32;
    if f64::from(single) == factor {
        for value in values {
            let product = canonical(*value * single);
            *value = if is_unknown(*value) { UNKNOWN } else { product };
        }
        return;
    }
    for value in values {
        let product = canonical((f64::from(*value) * factor) as f32);
        *value = if is_unknown(*value) { UNKNOWN } else { product };
    }
}

impl fmt::Debug for OnFrame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OnFrame({:?}, {:?})", self.spec, self.way)
    }
}

/// The rectangle a frame covers, in its CRS's unit.
struct Extent {
    west: f64,
    south: f64,
    east: f64,
    north: f64,
}

impl Extent {
    fn of(frame: &Frame) -> Self {
        let corner = frame.world_from_cell.translation;
        let size = frame.cell_size();
        Self {
            west: corner.x,
            south: corner.y - size.y * frame.n_rows as f64,
            east: corner.x + size.x * frame.n_cols as f64,
            north: corner.y,
        }
    }

    fn overlaps(&self, other: &Self) -> bool {
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

fn place(spec: &LayerSpec) -> String {
    format!("layer `{}`", spec.name)
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
    let is_finer = own.cell_size().element_product() < frame.cell_size().element_product();
    match &spec.unit {
        unit if unit.is_per_cell() => Resampling::Sum,
        Unit::Other(_) => Resampling::Nearest,
        _ if is_finer => Resampling::Average,
        _ => Resampling::Bilinear,
    }
}

fn cells_differ(spec: &LayerSpec, own: &Frame, frame: &Frame) -> Fault {
    let (own_cells, cells) = (cell_text(own), cell_text(frame));
    let expected = format!("the frame's {cells} cells");
    let found = match own_cells == cells {
        true => format!("{own_cells} cells that do not lie on the frame's"),
        false => format!("{own_cells} cells"),
    };
    let way = suited(spec, own, frame).key();
    let fix = format!(
        "set `resample = \"{way}\"` under [layers.{}] (nearest for classes, bilinear for densities, average for \
         finer cells, sum for counts)",
        spec.name
    );
    Fault::new("layer.cells_differ", place(spec), expected, found, fix)
}

fn crs_differs(spec: &LayerSpec, own: &Frame, frame: &Frame) -> Fault {
    let extent = Extent::of(frame);
    let size = frame.cell_size();
    let way = match spec.resampling.unwrap_or(suited(spec, own, frame)) {
        Resampling::Nearest => "near",
        other => other.key(),
    };
    let fix = format!(
        "warp it: `gdalwarp -t_srs {} -te {} {} {} {} -tr {} {} -r {way} IN OUT`",
        frame.crs, extent.west, extent.south, extent.east, extent.north, size.x, size.y
    );
    let expected = format!("the frame's CRS {}", frame.crs);
    Fault::new("layer.crs_differs", place(spec), expected, own.crs.to_string(), fix)
}

/// Refuses what would silently change a total: amounts per cell that are not split, densities that are added.
fn check_total(spec: &LayerSpec, way: Resampling, own: &Frame, frame: &Frame) -> Result<()> {
    let ratio = own.cell_size().element_product() / frame.cell_size().element_product();
    let (code, expected, fix) = match way {
        Resampling::Sum if !matches!(spec.unit, Unit::PeoplePerCell | Unit::UsdPerCell | Unit::Other(_)) => {
            ("layer.sum_of_density", "a density to be averaged or interpolated", suited(spec, own, frame))
        }
        Resampling::Nearest | Resampling::Bilinear | Resampling::Average
            if spec.unit.is_per_cell() && (ratio - 1.0).abs() > SAME_AREA =>
        {
            ("layer.total_changes", "amounts per cell to be split by area", Resampling::Sum)
        }
        _ => return Ok(()),
    };
    let found = format!("`resample = \"{}\"` for `{}`", way.key(), spec.unit.key());
    let fix = format!("set `resample = \"{}\"` under [layers.{}], or mend its `unit`", fix.key(), spec.name);
    Err(Fault::new(code, place(spec), expected, found, fix).into())
}
