//! Resampling between two north-up grids of one CRS.
//!
//! Both grids are parallel, so the part of a source cell that a cell covers is a product of two numbers, one by
//! column and one by row. Columns are always of one width; rows are measured in the CRS, or, in a geographic
//! CRS, on the ellipsoid, where the share of a cell's area between two parallels is the share of their zone.
//! Shares of one source cell add up to one, so `sum` keeps totals; all sums are in `f64`.

use glam::DVec2;
use rayon::prelude::*;

use super::Resampling;
use crate::grid::{Frame, UNKNOWN, Window, canonical, is_unknown};

/// Edges closer than this share of a source cell lie on each other: slivers of rounding get no weight.
const SNAP: f64 = 1e-6;
/// A source whose cells stay this close to the frame's over its whole width is not resampled.
pub(super) const SAME_CELLS: f64 = 1e-3;

/// How the frame's cells lie in the source's.
#[derive(Debug, Clone)]
pub(super) struct Grids {
    /// Source coordinates (column, row) of the frame's upper left corner.
    start: DVec2,
    /// Source cells in one cell of the frame.
    step: DVec2,
    source: Frame,
}

impl Grids {
    pub(super) fn new(source: &Frame, frame: &Frame) -> Self {
        let start = source.cell_from_world(frame.world_from_cell.translation);
        Self { start, step: frame.cell_size() / source.cell_size(), source: source.clone() }
    }

    /// The source cell that the frame's first cell is, where the cells of both lie on each other.
    pub(super) fn shift(&self, frame: &Frame) -> Option<(i64, i64)> {
        let size = DVec2::new(frame.n_cols as f64, frame.n_rows as f64);
        let first = self.start.round();
        let drift = (self.step - 1.0) * size;
        let is_same = |offset: DVec2| offset.abs().max_element() <= SAME_CELLS;
        (is_same(self.start - first) && is_same(self.start - first + drift))
            .then_some((first.x as i64, first.y as i64))
    }

    /// Source cells that lie in one cell of the frame.
    pub(super) fn source_cells_per_cell(&self) -> f64 {
        self.step.element_product()
    }

    /// The source cells that a window of the frame may need.
    pub(super) fn source_window(&self, window: Window) -> Window {
        let corner = |col: i64, row: i64| self.start + self.step * DVec2::new(col as f64, row as f64);
        // One more on every side for the neighbours of `bilinear`.
        let first = corner(window.col, window.row).floor() - 1.0;
        let past = corner(window.end_col(), window.end_row()).ceil() + 1.0;
        let size = past - first;
        Window::new(first.x as i64, first.y as i64, size.x as usize, size.y as usize)
    }

    /// Area between two rows (fractional) of the source, over one column, in any unit.
    fn zone(&self, upper: f64, lower: f64) -> f64 {
        if !self.source.crs.is_geographic() {
            return lower - upper;
        }
        let latitude = |row: f64| self.source.world_from_cell.transform_point2(DVec2::new(0.0, row)).y;
        self.source.crs.zone_area_m2(latitude(lower), latitude(upper), 1.0)
    }
}

/// Weights of the source cells, from `first` on, that make one cell, along one axis.
struct Span {
    first: i64,
    weights: Vec<f64>,
    /// Index among the weights of the source cell under the centre.
    nearest: usize,
}

/// The cells of a window of the frame. `values` are the source's in `source_window`; what that does not hold is
/// unknown.
pub(super) fn resampled(
    grids: &Grids,
    way: Resampling,
    window: Window,
    source_window: Window,
    values: &[f32],
) -> Vec<f32> {
    let spans = |from: i64, n: usize, start: f64, step: f64, weight: &dyn Fn(i64, f64, f64) -> f64| {
        (from..from + n as i64).map(|k| span(way, k as f64, start, step, weight)).collect::<Vec<_>>()
    };
    let cols = spans(window.col, window.n_cols, grids.start.x, grids.step.x, &|_, from, to| to - from);
    let rows = spans(window.row, window.n_rows, grids.start.y, grids.step.y, &|row, from, to| match way {
        // The share of the source cell.
        Resampling::Sum => grids.zone(from, to) / grids.zone(row as f64, row as f64 + 1.0),
        _ => grids.zone(from, to),
    });
    let source = Source { window: source_window, values };
    let mut out = vec![UNKNOWN; window.len()];
    out.par_chunks_mut(window.n_cols).zip(&rows).for_each(|(line, row)| {
        let mut gathered = Gathered::new(way);
        for (cell, col) in line.iter_mut().zip(&cols) {
            *cell = source.combined(col, row, &mut gathered);
        }
    });
    out
}

/// A coordinate in source cells, on an edge where it is next to one.
pub(super) fn snapped(edge: f64) -> f64 {
    if (edge - edge.round()).abs() <= SNAP { edge.round() } else { edge }
}

/// The span of cell `k`, whose edges are `start + step · k` and one step on.
fn span(way: Resampling, k: f64, start: f64, step: f64, weight: &dyn Fn(i64, f64, f64) -> f64) -> Span {
    let centre = snapped(start + step * (k + 0.5));
    let under = centre.floor() as i64;
    match way {
        Resampling::Nearest => Span { first: under, weights: vec![1.0], nearest: 0 },
        Resampling::Bilinear => {
            let first = (centre - 0.5).floor();
            let share = centre - 0.5 - first;
            let nearest = (under - first as i64) as usize;
            Span { first: first as i64, weights: vec![1.0 - share, share], nearest }
        }
        Resampling::Average | Resampling::Mode | Resampling::Sum => {
            let (from, to) = (snapped(start + step * k), snapped(start + step * (k + 1.0)));
            let (first, past) = (from.floor() as i64, to.ceil() as i64);
            let part = |cell: i64| weight(cell, from.max(cell as f64), to.min(cell as f64 + 1.0));
            Span { first, weights: (first..past).map(part).collect(), nearest: 0 }
        }
    }
}

/// Source cells in a window.
pub(super) struct Source<'a> {
    pub(super) window: Window,
    pub(super) values: &'a [f32],
}

impl Source<'_> {
    /// A cell's value, unknown outside the window.
    pub(super) fn get(&self, col: i64, row: i64) -> f32 {
        let window = &self.window;
        let is_inside =
            col >= window.col && col < window.end_col() && row >= window.row && row < window.end_row();
        if is_inside { self.values[window.offset(col, row)] } else { UNKNOWN }
    }

    fn combined(&self, cols: &Span, rows: &Span, gathered: &mut Gathered) -> f32 {
        let nearest = || self.get(cols.first + cols.nearest as i64, rows.first + rows.nearest as i64);
        let way = gathered.way;
        if way == Resampling::Nearest || way == Resampling::Bilinear && is_unknown(nearest()) {
            return nearest();
        }
        for (row, by_row) in (rows.first..).zip(&rows.weights) {
            for (col, by_col) in (cols.first..).zip(&cols.weights) {
                gathered.add(self.get(col, row), by_row * by_col);
            }
        }
        gathered.take()
    }
}

/// Source cells that make one cell, added one by one with their weights; unknown ones leave no trace.
pub(super) struct Gathered {
    way: Resampling,
    sum: f64,
    weight: f64,
    has_any: bool,
    /// For `mode`: values and their weights.
    parts: Vec<(f32, f64)>,
}

impl Gathered {
    pub(super) fn new(way: Resampling) -> Self {
        Self { way, sum: 0.0, weight: 0.0, has_any: false, parts: Vec::new() }
    }

    pub(super) fn add(&mut self, value: f32, weight: f64) {
        if is_unknown(value) {
            return;
        }
        self.has_any = true;
        self.sum += weight * f64::from(value);
        self.weight += weight;
        if self.way == Resampling::Mode {
            self.parts.push((value, weight));
        }
    }

    /// The cell made, unknown where nothing was added; begins the next.
    pub(super) fn take(&mut self) -> f32 {
        let value = match (self.has_any, self.way) {
            (false, _) => UNKNOWN,
            (true, Resampling::Sum) => canonical(self.sum as f32),
            (true, Resampling::Mode) => most(&mut self.parts),
            (true, _) => canonical((self.sum / self.weight) as f32),
        };
        (self.sum, self.weight, self.has_any) = (0.0, 0.0, false);
        self.parts.clear();
        value
    }
}

/// The value of the most weight; of several the least.
fn most(parts: &mut [(f32, f64)]) -> f32 {
    parts.sort_by(|a, b| a.0.total_cmp(&b.0));
    let by_value =
        parts.chunk_by(|a, b| a.0 == b.0).map(|part| (part[0].0, part.iter().map(|(_, w)| w).sum::<f64>()));
    // A weight must be more by more than rounding to win.
    by_value.fold((UNKNOWN, 0.0), |best, part| if part.1 > best.1 * (1.0 + SNAP) { part } else { best }).0
}
