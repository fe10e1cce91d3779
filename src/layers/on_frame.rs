//! A source brought onto the frame: any cell size, any CRS (across a datum shift with feature `proj`), the units the
//! stages use.
//!
//! Order: `value · scale + offset` on the source's cells, then resampling, then the unit. A source whose cells
//! lie on the frame's (to a thousandth of a cell, over the whole width) is only shifted. What lies outside the
//! source is unknown.

use std::fmt;
use std::sync::Arc;

use glam::DVec2;
use rayon::prelude::*;

use super::misfit::{Extent, cells_differ, check_total, crs_differs, no_overlap, place};
use super::resample::{Grids, resampled};
use super::warp::Warp;
use super::{LayerSpec, Resampling, Unit};
use crate::error::Result;
use crate::grid::{Cells, Frame, Reprojection, UNKNOWN, Window, canonical, is_unknown};
use crate::units::M2_PER_KM2;

/// The most source cells read for one piece of a window, 64 MiB: a source much finer than the frame is read in
/// pieces.
const SOURCE_CELLS_AT_ONCE: f64 = (16 << 20) as f64;
/// Rows of cells that a thread takes at a time.
const LINES_AT_ONCE: usize = 32;

/// A source's cells on the frame, in the units the stages use.
pub struct OnFrame<'a> {
    source: Arc<dyn Cells + 'a>,
    frame: Frame,
    spec: LayerSpec,
    way: Way,
}

enum Way {
    /// The frame's first cell is this cell (column, row) of the source.
    Shifted(i64, i64),
    Resampled(Resampling, Grids),
    Warped(Resampling, Box<Warp>),
}

impl<'a> OnFrame<'a> {
    /// Brings a source onto a frame, or says all that stands against it: a CRS of another datum (with the command
    /// that warps it), no overlap, other cells without `resample`, or a resampling that would change a total.
    pub fn new(source: Arc<dyn Cells + 'a>, spec: &LayerSpec, frame: &Frame) -> Result<Self> {
        let own = source.frame();
        let way = if own.crs == frame.crs && !lies_around(own, frame) {
            if !Extent::of(own).overlaps(&Extent::of(frame)) {
                return Err(no_overlap(spec, own, frame).into());
            }
            let grids = Grids::new(own, frame);
            let ratio = grids.source_cells_per_cell();
            let grid = grids.shift(frame);
            way_of(spec, own, frame, grid, ratio, |way| Way::Resampled(way, grids))?
        } else {
            let warp = Warp::new(own, frame, &place(spec)).map_err(|error| {
                let is_refused = error.faults().iter().any(|fault| fault.code == "crs.datum_shift");
                if is_refused { crs_differs(spec, own, frame).into() } else { error }
            })?;
            if !warp.reaches_source() {
                return Err(no_overlap(spec, own, frame).into());
            }
            let (ratio, shift) = (warp.source_cells_per_cell(), warp.shift());
            way_of(spec, own, frame, shift, ratio, |way| Way::Warped(way, Box::new(warp)))?
        };
        Ok(Self { source, frame: frame.clone(), spec: spec.clone(), way })
    }

    /// How the source was brought here, where that is not plain to see: CRS and way, and how much of it lies
    /// outside the frame.
    pub fn description(&self) -> Option<String> {
        let (way, warp, own) = match &self.way {
            Way::Warped(way, warp) => (way, warp, self.source.frame()),
            Way::Shifted(..) | Way::Resampled(..) => return None,
        };
        let shift =
            warp.datum_shift().map_or_else(String::new, |shift| format!(" across a datum shift {shift}"));
        let text = format!("warped from {} by `{}`{shift}", own.crs, way.key());
        Some(match (100.0 * outside_share(own, &self.frame)).round() {
            0.0 => text,
            percent => format!("{text}, {percent} % of it outside the frame and left out"),
        })
    }

    /// The datum shift that was crossed, for a warning; `None` where there is none.
    pub fn datum_shift(&self) -> Option<String> {
        match &self.way {
            Way::Warped(_, warp) => warp.datum_shift(),
            Way::Shifted(..) | Way::Resampled(..) => None,
        }
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
        let (way, grids) = match &self.way {
            Way::Shifted(col, row) => {
                let (col, row) = (window.col + col, window.row + row);
                return self.read_scaled(Window { col, row, ..window });
            }
            Way::Warped(way, warp) => return warp.read(*way, window, &|window| self.read_scaled(window)),
            Way::Resampled(way, grids) => (*way, grids),
        };
        let ratio = grids.source_cells_per_cell();
        let side = (SOURCE_CELLS_AT_ONCE / ratio.max(1.0)).sqrt().max(1.0) as usize;
        if window.n_cols.max(window.n_rows) <= side {
            return self.resample(way, grids, window);
        }
        let mut out = vec![UNKNOWN; window.len()];
        for piece in window.pieces(side, side) {
            window.put(&mut out, piece, &self.resample(way, grids, piece)?);
        }
        Ok(out)
    }

    fn resample(&self, way: Resampling, grids: &Grids, window: Window) -> Result<Vec<f32>> {
        let wanted = grids.source_window(window);
        let Some(source_window) = wanted.clipped(self.source.frame()) else {
            return Ok(vec![UNKNOWN; window.len()]);
        };
        let values = self.read_scaled(source_window)?;
        Ok(resampled(grids, way, window, source_window, &values))
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

impl Cells for OnFrame<'_> {
    fn frame(&self) -> &Frame {
        &self.frame
    }

    fn read(&self, window: Window, out: &mut [f32]) -> Result<()> {
        let Some(inside) = window.known_part(&self.frame, out) else {
            return Ok(());
        };
        match &self.way {
            // Nothing to bring together: straight into place.
            Way::Shifted(col, row) if inside == window => {
                let (col, row) = (window.col + col, window.row + row);
                self.source.read(Window { col, row, ..window }, out)?;
                self.scale(out);
            }
            _ => {
                window.put(out, inside, &self.read_inside(inside)?);
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

impl fmt::Debug for OnFrame<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let way = match &self.way {
            Way::Shifted(..) => "shifted",
            Way::Resampled(way, _) | Way::Warped(way, _) => way.key(),
        };
        write!(f, "OnFrame({:?}, {way})", self.spec)
    }
}

/// The way for cells that lie on the frame's after a shift, or that are to be made by `resample`.
fn way_of(
    spec: &LayerSpec,
    own: &Frame,
    frame: &Frame,
    shift: Option<(i64, i64)>,
    source_cells_per_cell: f64,
    made: impl FnOnce(Resampling) -> Way,
) -> Result<Way> {
    match (shift, spec.resampling) {
        (Some((col, row)), _) => Ok(Way::Shifted(col, row)),
        (None, Some(way)) => {
            check_total(spec, way, own, frame, source_cells_per_cell)?;
            Ok(made(way))
        }
        (None, None) => Err(cells_differ(spec, own, frame).into()),
    }
}

/// Whether a frame in degrees finds cells of the source, or further ones, only a whole turn further on.
fn lies_around(own: &Frame, frame: &Frame) -> bool {
    let (a, b) = (Extent::of(own), Extent::of(frame));
    let is_within = b.west >= a.west && b.east <= a.east;
    let turned = |turn: f64| Extent { west: a.west + turn, east: a.east + turn, ..a };
    own.crs.is_geographic() && !is_within && (turned(360.0).overlaps(&b) || turned(-360.0).overlaps(&b))
}

/// About the share of a source that lies outside the frame, 0..1.
fn outside_share(own: &Frame, frame: &Frame) -> f64 {
    const TRIED: usize = 32;
    let Ok(way) = Reprojection::new(&own.crs, &frame.crs_on_ground(), "a layer") else { return 0.0 };
    let size = DVec2::new(own.n_cols as f64, own.n_rows as f64) / TRIED as f64;
    let frame_size = DVec2::new(frame.n_cols as f64, frame.n_rows as f64);
    let turn = 360.0 / frame.cell_size().x;
    let is_inside = |i: usize| {
        let cell = size * (DVec2::new((i % TRIED) as f64, (i / TRIED) as f64) + 0.5);
        let Some(world) = way.point(own.world_from_cell.transform_point2(cell)) else { return false };
        let mut cell = frame.cell_from_world(world);
        if frame.crs.is_geographic() {
            cell.x = cell.x.rem_euclid(turn);
        }
        cell.cmpge(DVec2::ZERO).all() && cell.cmple(frame_size).all()
    };
    1.0 - (0..TRIED * TRIED).filter(|i| is_inside(*i)).count() as f64 / (TRIED * TRIED) as f64
}
