//! Where the cells of a frame lie in a source of another CRS.
//!
//! Points are projected one by one only at the knots of a lattice, every `step` cells from the frame's first cell;
//! between them lies a straight line or a bilinear patch. `step` is chosen so that this is off by a thousandth of
//! a cell; a side or patch that is off by more, or has a knot off the map, is projected point by point. A side is
//! judged by itself, so that both its patches see the same points on it, and nothing depends on the window read.

use glam::DVec2;

use crate::error::Result;
use crate::grid::{Frame, Reprojection, Window};

/// What may be lost between knots, of a cell of the source or the frame, whichever is smaller.
const TOLERANCE: f64 = 1e-3;
/// A cell is torn when its centre lies further from where its corners put it, of its size.
const TORN: f64 = 0.25;
/// Cells between knots, the first that keeps the tolerance.
const STEPS: [i64; 7] = [64, 32, 16, 8, 4, 2, 1];
/// Places across the frame where a step is tried, and where the frame is looked for in the source.
const TRIED: i64 = 16;

/// From cells of the frame to cells of the source, columns and rows with fractions.
pub(super) struct Mapping {
    way: Reprojection,
    frame: Frame,
    source: Frame,
    step: i64,
    tolerance: f64,
    /// Columns of the source in the whole circle of longitude, in a geographic CRS.
    turn: Option<f64>,
    /// The column from which no point lies further than half a turn.
    middle: f64,
}

/// Which points of the cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Points {
    /// One more by row and by column than there are cells.
    Corners,
    /// One a cell.
    Centres,
}

impl Mapping {
    pub(super) fn new(source: &Frame, frame: &Frame, place: &str) -> Result<Self> {
        let way = Reprojection::new(&frame.crs_on_ground(), &source.crs, place)?;
        let turn = source.crs.is_geographic().then(|| 360.0 / source.cell_size().x);
        let middle = source.n_cols as f64 / 2.0;
        let (frame, source) = (frame.clone(), source.clone());
        let mut mapping = Self { way, frame, source, step: 1, tolerance: 0.0, turn, middle };
        // A frame that lies across the source's edge goes on past it instead of at its other edge.
        let size = DVec2::new(mapping.frame.n_cols as f64, mapping.frame.n_rows as f64);
        let centre = mapping.exact(size / 2.0);
        if centre.is_finite() {
            mapping.middle = centre.x;
        }
        mapping.tolerance = TOLERANCE * mapping.source_cells_per_cell().sqrt().min(1.0);
        let is_kept = |step: &i64| mapping.worst(*step) <= mapping.tolerance;
        mapping.step = STEPS.into_iter().find(is_kept).unwrap_or(1);
        Ok(mapping)
    }

    /// Source cells in one cell of the frame, at its middle; 1 where that cannot be told.
    pub(super) fn source_cells_per_cell(&self) -> f64 {
        let half = DVec2::new(self.frame.n_cols as f64, self.frame.n_rows as f64) / 2.0;
        let at = |x: f64, y: f64| self.exact(half + DVec2::new(x, y));
        let (across, down) = (at(0.5, 0.0) - at(-0.5, 0.0), at(0.0, 0.5) - at(0.0, -0.5));
        let area = across.perp_dot(down).abs();
        if area.is_finite() && area > 0.0 { area } else { 1.0 }
    }

    /// By which operation a datum shift is crossed, where there is one.
    pub(super) fn shift(&self) -> Option<String> {
        self.way.shift()
    }

    /// Columns of the source in a whole turn, where its CRS is geographic.
    pub(super) fn turn(&self) -> Option<f64> {
        self.turn
    }

    /// Source coordinates of points spread over the frame, those that are on the map.
    pub(super) fn spread(&self) -> Vec<(DVec2, DVec2)> {
        let size = DVec2::new(self.frame.n_cols as f64, self.frame.n_rows as f64);
        let points = (0..=TRIED).flat_map(|i| (0..=TRIED).map(move |j| (i, j)));
        points
            .map(|(i, j)| DVec2::new(i as f64, j as f64) / TRIED as f64 * size)
            .map(|cell| (cell, self.exact(cell)))
            .filter(|(_, point)| point.is_finite())
            .collect()
    }

    /// The lattice over a window.
    pub(super) fn knots(&self, window: Window) -> Knots<'_> {
        Knots::new(self, window)
    }

    /// The source coordinates of a point of the frame, both in cells; NaN where there are none.
    fn exact(&self, cell: DVec2) -> DVec2 {
        let world = self.frame.world_from_cell.transform_point2(cell);
        let Some(there) = self.way.point(world) else { return DVec2::NAN };
        let mut found = self.source.cell_from_world(there);
        if let Some(turn) = self.turn {
            found.x -= ((found.x - self.middle) / turn).round() * turn;
        }
        found
    }

    /// The worst that a step of `step` cells loses in the places tried.
    fn worst(&self, step: i64) -> f64 {
        let place = |i: i64, n: usize| ((n as i64 - step).max(0) * i / TRIED) as f64;
        let mut worst: f64 = 0.0;
        for (i, j) in (0..=TRIED).flat_map(|i| (0..=TRIED).map(move |j| (i, j))) {
            let first = DVec2::new(place(i, self.frame.n_cols), place(j, self.frame.n_rows));
            let at = |x: f64, y: f64| self.exact(first + DVec2::new(x, y) * step as f64);
            let (a, b, c, d) = (at(0.0, 0.0), at(1.0, 0.0), at(0.0, 1.0), at(1.0, 1.0));
            let off = [
                (a + b) / 2.0 - at(0.5, 0.0),
                (c + d) / 2.0 - at(0.5, 1.0),
                (a + c) / 2.0 - at(0.0, 0.5),
                (b + d) / 2.0 - at(1.0, 0.5),
                (a + b + c + d) / 4.0 - at(0.5, 0.5),
            ];
            // Off the map there is nothing to lose: those patches are projected point by point.
            let off = off.into_iter().map(|off| off.abs().max_element()).filter(|off| off.is_finite());
            worst = off.fold(worst, f64::max);
        }
        worst
    }
}

/// The lattice over one window.
pub(super) struct Knots<'a> {
    mapping: &'a Mapping,
    window: Window,
    /// First knot (column, row), in steps.
    first: (i64, i64),
    /// Patches by row.
    n_across: usize,
    /// Knots, one more by row than patches.
    knots: Vec<DVec2>,
    /// Whether a straight line between knots keeps the tolerance: sides along rows, then along columns.
    is_flat_across: Vec<bool>,
    is_flat_down: Vec<bool>,
    is_flat_patch: Vec<bool>,
}

impl<'a> Knots<'a> {
    fn new(mapping: &'a Mapping, window: Window) -> Self {
        let step = mapping.step;
        let first = (window.col.div_euclid(step), window.row.div_euclid(step));
        let n_across = (window.end_col().div_euclid(step) + 1 - first.0) as usize;
        let n_down = (window.end_row().div_euclid(step) + 1 - first.1) as usize;
        let at = |i: usize, j: usize, x: f64, y: f64| {
            let steps = DVec2::new((first.0 + i as i64) as f64 + x, (first.1 + j as i64) as f64 + y);
            mapping.exact(steps * step as f64)
        };
        let over = |n_cols: usize, n_rows: usize| (0..n_cols * n_rows).map(move |k| (k % n_cols, k / n_cols));
        let knots: Vec<DVec2> = over(n_across + 1, n_down + 1).map(|(i, j)| at(i, j, 0.0, 0.0)).collect();
        let knot = |i: usize, j: usize| knots[j * (n_across + 1) + i];
        let is_near = |guess: DVec2, exact: DVec2| (guess - exact).abs().max_element() <= mapping.tolerance;
        let is_flat_across: Vec<bool> = over(n_across, n_down + 1)
            .map(|(i, j)| is_near((knot(i, j) + knot(i + 1, j)) / 2.0, at(i, j, 0.5, 0.0)))
            .collect();
        let is_flat_down: Vec<bool> = over(n_across + 1, n_down)
            .map(|(i, j)| is_near((knot(i, j) + knot(i, j + 1)) / 2.0, at(i, j, 0.0, 0.5)))
            .collect();
        let is_flat_patch = over(n_across, n_down)
            .map(|(i, j)| {
                let sum = knot(i, j) + knot(i + 1, j) + knot(i, j + 1) + knot(i + 1, j + 1);
                is_near(sum / 4.0, at(i, j, 0.5, 0.5))
                    && is_flat_across[j * n_across + i]
                    && is_flat_across[(j + 1) * n_across + i]
                    && is_flat_down[j * (n_across + 1) + i]
                    && is_flat_down[j * (n_across + 1) + i + 1]
            })
            .collect();
        Self { mapping, window, first, n_across, knots, is_flat_across, is_flat_down, is_flat_patch }
    }

    /// Source coordinates of the points of the window, row by row; NaN where there are none.
    pub(super) fn points(&self, which: Points) -> Vec<DVec2> {
        let more = usize::from(which == Points::Corners);
        let window = self.window;
        let n_across = window.n_cols + more;
        let shift = if which == Points::Corners { 0.0 } else { 0.5 };
        let at = |k: usize| {
            let (col, row) = (window.col + (k % n_across) as i64, window.row + (k / n_across) as i64);
            self.point(DVec2::new(col as f64 + shift, row as f64 + shift))
        };
        (0..n_across * (window.n_rows + more)).map(at).collect()
    }

    /// Which cells of the window, row by row, lie across a tear of the projection: their corners are on the map, but
    /// what lies between them is elsewhere. `corners` are those of [`Knots::points`].
    pub(super) fn torn(&self, corners: &[DVec2]) -> Vec<bool> {
        let window = self.window;
        let is_torn = |i: usize| {
            let cell = DVec2::new(
                (window.col + (i % window.n_cols) as i64) as f64 + 0.5,
                (window.row + (i / window.n_cols) as i64) as f64 + 0.5,
            );
            if self.is_flat_around(cell) {
                return false;
            }
            let upper = i + i / window.n_cols;
            let [a, b, c, d] =
                [upper, upper + 1, upper + window.n_cols + 1, upper + window.n_cols + 2].map(|k| corners[k]);
            let size = (a.max(b).max(c).max(d) - a.min(b).min(c).min(d)).max_element();
            let off = ((a + b + c + d) / 4.0 - self.mapping.exact(cell)).abs().max_element();
            // Off the map is NaN: torn too.
            off.is_nan() || off > TORN * size
        };
        (0..window.len()).map(is_torn).collect()
    }

    /// Whether the patch that holds a point keeps the tolerance.
    fn is_flat_around(&self, cell: DVec2) -> bool {
        let knot = (cell / self.mapping.step as f64).floor();
        let (i, j) = (knot.x as i64 - self.first.0, knot.y as i64 - self.first.1);
        self.is_flat_patch[j as usize * self.n_across + i as usize]
    }

    /// Source coordinates of a point of the window.
    fn point(&self, cell: DVec2) -> DVec2 {
        let steps = cell / self.mapping.step as f64;
        let knot = steps.floor();
        let part = steps - knot;
        let (i, j) = ((knot.x as i64 - self.first.0) as usize, (knot.y as i64 - self.first.1) as usize);
        let at = |i: usize, j: usize| self.knots[j * (self.n_across + 1) + i];
        let (is_flat, guess) = match (part.x == 0.0, part.y == 0.0) {
            (true, true) => (true, at(i, j)),
            (false, true) => {
                (self.is_flat_across[j * self.n_across + i], at(i, j).lerp(at(i + 1, j), part.x))
            }
            (true, false) => {
                (self.is_flat_down[j * (self.n_across + 1) + i], at(i, j).lerp(at(i, j + 1), part.y))
            }
            (false, false) => {
                let upper = at(i, j).lerp(at(i + 1, j), part.x);
                let lower = at(i, j + 1).lerp(at(i + 1, j + 1), part.x);
                (self.is_flat_patch[j * self.n_across + i], upper.lerp(lower, part.y))
            }
        };
        if is_flat { guess } else { self.mapping.exact(cell) }
    }
}
