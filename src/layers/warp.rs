//! A source of another CRS brought onto the frame.
//!
//! `nearest` and `bilinear` look at the centre of a cell. `average`, `mode` and `sum` take every cell of the frame
//! as the quadrilateral between its corners in the source, and split the source's cells by how much of each it
//! covers: the quadrilaterals fill the source without gap or overlap, so `sum` keeps totals.
//!
//! Longitudes go round: a source from 0° to 360° or a frame across 180° finds its cells. What has no place in the
//! source, because it lies outside or where a projection has no value, is unknown; so are the cells of a polar frame
//! at the pole and along the meridian opposite its middle, where `average`, `mode` and `sum` find no quadrilateral.

mod covered;
mod mapping;

use glam::DVec2;
use rayon::prelude::*;

use super::Resampling;
use super::resample::{Gathered, SAME_CELLS, Source, snapped};
use crate::error::{Fault, Result};
use crate::grid::{Frame, UNKNOWN, Window, is_unknown};
use covered::Covered;
use mapping::{Mapping, Points};

/// Side of the pieces of a window that are warped on their own, cells.
const PIECE: usize = 128;
/// The most source cells read for one piece, 16 MiB: a source much finer than the frame is read in smaller pieces.
const SOURCE_CELLS_AT_ONCE: usize = 4 << 20;
/// The most source cells that one cell of the frame may need.
const SOURCE_CELLS_PER_CELL: usize = 64 << 20;

/// The way from a source's cells to the frame's.
pub(super) struct Warp {
    mapping: Mapping,
    source: Frame,
    frame: Frame,
    /// Whole columns of the source in a turn, where longitudes go round.
    turn: Option<i64>,
    place: String,
}

impl Warp {
    /// `place` names the source. A fault where a datum shift lies between the CRSs and cannot be crossed rightly.
    pub(super) fn new(source: &Frame, frame: &Frame, place: &str) -> Result<Self> {
        let mapping = Mapping::new(source, frame, place)?;
        let turn = mapping.turn().filter(|turn| (turn - turn.round()).abs() <= SAME_CELLS);
        let turn = turn.map(|turn| turn.round() as i64);
        Ok(Self { mapping, source: source.clone(), frame: frame.clone(), turn, place: place.to_owned() })
    }

    /// The source cell that the frame's first cell is, where the cells of both lie on each other.
    pub(super) fn shift(&self) -> Option<(i64, i64)> {
        let spread = self.mapping.spread();
        let (_, first) = *spread.first().filter(|(cell, _)| *cell == DVec2::ZERO)?;
        let first = first.round();
        let is_round = self.turn.is_some_and(|turn| self.source.n_cols as i64 >= turn);
        let fits = |&(cell, point): &(DVec2, DVec2)| {
            let is_inside = point.x >= -SAME_CELLS && point.x <= self.source.n_cols as f64 + SAME_CELLS;
            (point - cell - first).abs().max_element() <= SAME_CELLS && (is_inside || !is_round)
        };
        spread.iter().all(fits).then_some((first.x as i64, first.y as i64))
    }

    /// Whether the frame reaches any cell of the source.
    pub(super) fn reaches_source(&self) -> bool {
        let points: Vec<DVec2> = self.mapping.spread().into_iter().map(|(_, point)| point).collect();
        let low = points.iter().copied().reduce(DVec2::min);
        let high = points.iter().copied().reduce(DVec2::max);
        low.zip(high).is_some_and(|(low, high)| self.is_in_source(low, high))
    }

    /// Source cells that lie in one cell of the frame.
    pub(super) fn source_cells_per_cell(&self) -> f64 {
        self.mapping.source_cells_per_cell()
    }

    /// By which operation a datum shift is crossed, where there is one.
    pub(super) fn datum_shift(&self) -> Option<String> {
        self.mapping.shift()
    }

    /// The cells of a window inside the frame; `read` gives the source's cells in a window inside the source.
    pub(super) fn read(
        &self,
        way: Resampling,
        window: Window,
        read: &(dyn Fn(Window) -> Result<Vec<f32>> + Sync),
    ) -> Result<Vec<f32>> {
        let pieces: Vec<Window> = window.pieces(PIECE, PIECE).collect();
        let warped: Vec<Result<Vec<f32>>> =
            pieces.par_iter().map(|&piece| self.read_piece(way, piece, read)).collect();
        let mut out = vec![UNKNOWN; window.len()];
        for (piece, cells) in pieces.iter().zip(warped) {
            window.put(&mut out, *piece, &cells?);
        }
        Ok(out)
    }

    fn read_piece(
        &self,
        way: Resampling,
        window: Window,
        read: &(dyn Fn(Window) -> Result<Vec<f32>> + Sync),
    ) -> Result<Vec<f32>> {
        let shapes = Shapes::new(&self.mapping, way, window);
        let reaches = (0..window.len()).filter_map(|i| self.reach(&shapes.of(i)));
        let Some((low, high)) = reaches.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1))) else {
            return Ok(vec![UNKNOWN; window.len()]);
        };
        // One more on every side for the neighbours of `bilinear`.
        let (first, past) = (low.floor() - 1.0, high.ceil() + 1.0);
        let size = past - first;
        let wanted = Window::new(first.x as i64, first.y as i64, size.x as usize, size.y as usize);
        let Some(wanted) = self.clipped(wanted) else { return Ok(vec![UNKNOWN; window.len()]) };
        if wanted.len() > SOURCE_CELLS_AT_ONCE && window.len() > 1 {
            let (n_cols, n_rows) = (window.n_cols.div_ceil(2), window.n_rows.div_ceil(2));
            let mut out = vec![UNKNOWN; window.len()];
            for piece in window.pieces(n_cols, n_rows) {
                window.put(&mut out, piece, &self.read_piece(way, piece, read)?);
            }
            return Ok(out);
        }
        if wanted.len() > SOURCE_CELLS_PER_CELL {
            return Err(self.too_fine(wanted.len()).into());
        }
        let values = self.read_round(wanted, read)?;
        let source = Source { window: wanted, values: &values };
        Ok(self.resampled(way, window, &shapes, &source))
    }

    fn resampled(&self, way: Resampling, window: Window, shapes: &Shapes, source: &Source<'_>) -> Vec<f32> {
        // Ground by row: what a degree spans differs within a cell of the frame.
        let is_weighed = way != Resampling::Sum && self.source.crs.is_geographic();
        let ground: Vec<f64> = (source.window.row..source.window.end_row())
            .map(|row| if is_weighed { self.source.cell_area_m2(row) } else { 1.0 })
            .collect();
        let (mut covered, mut gathered) = (Covered::default(), Gathered::new(way));
        let mut cell = |i: usize| {
            let corners = shapes.of(i);
            if self.reach(&corners).is_none() {
                return UNKNOWN;
            }
            match way {
                Resampling::Nearest => {
                    let under = under(corners[0]);
                    source.get(under.0, under.1)
                }
                Resampling::Bilinear => bilinear(source, corners[0], &mut gathered),
                Resampling::Average | Resampling::Mode | Resampling::Sum => {
                    covered.set(&corners);
                    for (col, row, share) in covered.cells() {
                        let by_row =
                            usize::try_from(row - source.window.row).ok().and_then(|row| ground.get(row));
                        if let Some(by_row) = by_row {
                            gathered.add(source.get(col, row), share * by_row);
                        }
                    }
                    gathered.take()
                }
            }
        };
        (0..window.len()).map(&mut cell).collect()
    }

    /// The rectangle of a shape in the source, `None` where it has no place there.
    fn reach(&self, corners: &[DVec2; 4]) -> Option<(DVec2, DVec2)> {
        if !corners.iter().all(|corner| corner.is_finite()) {
            return None;
        }
        let low = corners.iter().copied().reduce(DVec2::min)?;
        let high = corners.iter().copied().reduce(DVec2::max)?;
        self.is_in_source(low, high).then_some((low, high))
    }

    fn is_in_source(&self, low: DVec2, high: DVec2) -> bool {
        let is_in_rows = high.y >= 0.0 && low.y <= self.source.n_rows as f64;
        let is_in_cols = high.x >= 0.0 && low.x <= self.source.n_cols as f64;
        is_in_rows && (is_in_cols || self.turn.is_some())
    }

    /// The part of a window inside the source; columns go round where longitudes do.
    fn clipped(&self, wanted: Window) -> Option<Window> {
        match self.turn {
            Some(_) => {
                let all = Window { col: wanted.col, n_cols: wanted.n_cols, ..self.source.window() };
                wanted.intersection(&all)
            }
            None => wanted.clipped(&self.source),
        }
    }

    /// The source's cells in a window that [`Warp::clipped`] gave.
    fn read_round(
        &self,
        wanted: Window,
        read: &(dyn Fn(Window) -> Result<Vec<f32>> + Sync),
    ) -> Result<Vec<f32>> {
        let Some(turn) = self.turn else { return read(wanted) };
        let mut values = vec![UNKNOWN; wanted.len()];
        for turns in wanted.col.div_euclid(turn)..=(wanted.end_col() - 1).div_euclid(turn) {
            let there = Window { col: wanted.col - turns * turn, ..wanted };
            // A source of more than a turn shows its first columns again at its end.
            let within = Window { n_cols: turn as usize, ..self.source.window() };
            let Some(part) = there.clipped(&self.source).and_then(|part| part.intersection(&within)) else {
                continue;
            };
            there.put(&mut values, part, &read(part)?);
        }
        Ok(values)
    }

    fn too_fine(&self, n_cells: usize) -> Fault {
        let size = self.frame.cell_size() / 16.0;
        let expected = format!("at most {SOURCE_CELLS_PER_CELL} cells of the layer in one of the frame");
        let fix =
            format!("coarsen it: `gdalwarp -t_srs {} -tr {} {} IN OUT`", self.frame.crs, size.x, size.y);
        Fault::new("layer.too_fine", &*self.place, expected, n_cells.to_string(), fix)
    }
}

/// The shapes of a window's cells in the source.
struct Shapes {
    which: Points,
    n_cols: usize,
    points: Vec<DVec2>,
    torn: Vec<bool>,
}

impl Shapes {
    fn new(mapping: &Mapping, way: Resampling, window: Window) -> Self {
        let which = match way {
            Resampling::Nearest | Resampling::Bilinear => Points::Centres,
            Resampling::Average | Resampling::Mode | Resampling::Sum => Points::Corners,
        };
        let knots = mapping.knots(window);
        let points = knots.points(which);
        let torn = match which {
            Points::Centres => Vec::new(),
            Points::Corners => knots.torn(&points),
        };
        Self { which, n_cols: window.n_cols, points, torn }
    }

    /// The corners of a cell (index in the window) around it, or its centre four times; NaN where it has none.
    fn of(&self, i: usize) -> [DVec2; 4] {
        match self.which {
            Points::Centres => [self.points[i]; 4],
            Points::Corners if self.torn[i] => [DVec2::NAN; 4],
            Points::Corners => {
                let upper = i + i / self.n_cols;
                let lower = upper + self.n_cols + 1;
                [upper, upper + 1, lower + 1, lower].map(|at| self.points[at])
            }
        }
    }
}

/// The source cell (column, row) that holds a point.
fn under(point: DVec2) -> (i64, i64) {
    (snapped(point.x).floor() as i64, snapped(point.y).floor() as i64)
}

fn bilinear(source: &Source<'_>, point: DVec2, gathered: &mut Gathered) -> f32 {
    let nearest = under(point);
    if is_unknown(source.get(nearest.0, nearest.1)) {
        return UNKNOWN;
    }
    let between = DVec2::new(snapped(point.x), snapped(point.y)) - 0.5;
    let (first, share) = (between.floor(), between - between.floor());
    for (row, by_row) in [(first.y as i64, 1.0 - share.y), (first.y as i64 + 1, share.y)] {
        for (col, by_col) in [(first.x as i64, 1.0 - share.x), (first.x as i64 + 1, share.x)] {
            gathered.add(source.get(col, row), by_row * by_col);
        }
    }
    gathered.take()
}
