//! The frame: CRS, affine transform, width and height; cell areas and lengths follow from it.
//!
//! In a projected CRS a cell's area and sides come from the affine. In a geographic CRS they are taken on the
//! ellipsoid, row by row: the area is the closed form of the authalic integral between two parallels
//! (Snyder, *Map Projections*, 1987, eq. 3-12), the height the meridian arc over the row, the width the arc
//! of the parallel through the cell's centre.

use glam::{DAffine2, DMat2, DVec2};

use super::reprojection::to_own_degrees;
use super::{Bounds, ChosenOperations, Crs, Ground, Window};
use crate::error::{Fault, Result};

/// The frame all layers are brought onto.
#[derive(Debug, Clone, PartialEq)]
pub struct Frame {
    /// Coordinate reference system.
    pub crs: Crs,
    /// World coordinates (x, y in the CRS's unit) from cell coordinates (col, row); the upper left corner of
    /// cell (0, 0) is `world_from_cell * (0, 0)`. North up: no rotation, x grows with col, y falls with row.
    pub world_from_cell: DAffine2,
    /// Columns.
    pub n_cols: usize,
    /// Rows.
    pub n_rows: usize,
}

impl Frame {
    /// A north-up frame from its upper left corner and cell size (both positive), in the CRS's unit.
    pub fn north_up(crs: Crs, upper_left: DVec2, cell: DVec2, n_cols: usize, n_rows: usize) -> Self {
        let matrix = DMat2::from_diagonal(DVec2::new(cell.x, -cell.y));
        Self { crs, world_from_cell: DAffine2::from_mat2_translation(matrix, upper_left), n_cols, n_rows }
    }

    /// Refuses what the rest of the code takes for granted: at least one cell, north up, finite numbers,
    /// latitudes within ±90° in a geographic CRS.
    pub fn validated(self, place: &str) -> Result<Self> {
        let m = self.world_from_cell.matrix2;
        let fault = |code, expected: &str, found: String, fix: &str| {
            Err(Fault::new(code, place, expected, found, fix).into())
        };
        if self.n_cols == 0 || self.n_rows == 0 {
            let found = format!("{} x {}", self.n_cols, self.n_rows);
            return fault("grid.empty", "at least one cell", found, "give a raster that holds data");
        }
        if !self.world_from_cell.is_finite() || m.x_axis.y != 0.0 || m.y_axis.x != 0.0 {
            let found = format!("the transform {:?}", self.world_from_cell.to_cols_array());
            let fix = "warp it with `gdalwarp`, which writes north-up rasters";
            return fault("grid.rotated", "a north-up grid without rotation", found, fix);
        }
        if m.x_axis.x <= 0.0 || m.y_axis.y >= 0.0 {
            let found = format!("cells of {} x {}", m.x_axis.x, m.y_axis.y);
            let fix = "turn it with `gdalwarp`, which writes north-up rasters";
            return fault("grid.flipped", "x growing to the right and y growing upward", found, fix);
        }
        if self.crs.is_geographic() {
            let (top, bottom) = (self.y_of_edge(0), self.y_of_edge(self.n_rows));
            if top > 90.0 + 1e-9 || bottom < -90.0 - 1e-9 {
                let found = format!("latitudes from {bottom} to {top}");
                let fix = "check the transform and the CRS of the raster";
                return fault("grid.latitude", "latitudes within ±90 degrees", found, fix);
            }
        }
        Ok(self)
    }

    /// The same, its CRS knowing the ground it lies on, by which operations across a datum shift are chosen.
    pub fn on_its_ground(self, chosen: &ChosenOperations) -> Self {
        let ground = Ground { bounds: self.bounds(), chosen: chosen.clone() };
        Self { crs: self.crs.on_ground(ground), ..self }
    }

    /// The CRS with the ground it is used on: the one it knows, or else this frame's.
    pub(crate) fn crs_on_ground(&self) -> Crs {
        match self.crs.ground() {
            Some(_) => self.crs.clone(),
            None => self.clone().on_its_ground(&ChosenOperations::new()).crs,
        }
    }

    /// Bounds in degrees on the frame's own datum; `None` where the projection has no value.
    fn bounds(&self) -> Option<Bounds> {
        const TRIED: usize = 8;
        let to_degrees = to_own_degrees(&self.crs)?;
        let size = DVec2::new(self.n_cols as f64, self.n_rows as f64);
        let at = |x: f64, y: f64| to_degrees(self.world_from_cell.transform_point2(size * DVec2::new(x, y)));
        let middle = at(0.5, 0.5)?;
        let (mut low, mut high) = (DVec2::INFINITY, DVec2::NEG_INFINITY);
        for i in 0..=TRIED * TRIED + 2 * TRIED {
            let (x, y) = ((i % (TRIED + 1)) as f64 / TRIED as f64, (i / (TRIED + 1)) as f64 / TRIED as f64);
            let mut point = at(x, y)?;
            // A frame across 180° is one piece, seen from its middle.
            point.x -= ((point.x - middle.x) / 360.0).round() * 360.0;
            (low, high) = (low.min(point), high.max(point));
        }
        let around = |degrees: f64| degrees - ((degrees + 180.0) / 360.0).floor() * 360.0;
        let is_whole = high.x - low.x >= 360.0;
        let (west, east) = if is_whole { (-180.0, 180.0) } else { (around(low.x), around(high.x)) };
        Some(Bounds { west, south: low.y, east, north: high.y })
    }

    /// Cells in the frame.
    pub fn n_cells(&self) -> u64 {
        self.n_cols as u64 * self.n_rows as u64
    }

    /// The window that holds every cell.
    pub fn window(&self) -> Window {
        Window::new(0, 0, self.n_cols, self.n_rows)
    }

    /// World coordinates of a cell's centre.
    pub fn centre(&self, col: i64, row: i64) -> DVec2 {
        let cell = DVec2::new(col as f64 + 0.5, row as f64 + 0.5);
        self.world_from_cell.transform_point2(cell)
    }

    /// Cell coordinates (fractional) of a point in world coordinates.
    pub fn cell_from_world(&self, world: DVec2) -> DVec2 {
        self.world_from_cell.inverse().transform_point2(world)
    }

    /// Cell size (width, height) in the CRS's unit, both positive.
    pub fn cell_size(&self) -> DVec2 {
        let m = self.world_from_cell.matrix2;
        DVec2::new(m.x_axis.x, -m.y_axis.y)
    }

    /// Width of a cell in a row, in metres.
    pub fn cell_width_m(&self, row: i64) -> f64 {
        let width = self.cell_size().x;
        if self.crs.is_geographic() {
            width * self.crs.metres_per_degree_east(self.centre(0, row).y)
        } else {
            width * self.crs.metres_per_unit()
        }
    }

    /// Height of a cell in a row, in metres.
    pub fn cell_height_m(&self, row: i64) -> f64 {
        if self.crs.is_geographic() {
            self.northing_m(row as f64) - self.northing_m(row as f64 + 1.0)
        } else {
            self.cell_size().y * self.crs.metres_per_unit()
        }
    }

    /// Distance north of the equator (geographic: meridian arc) or of y = 0, in metres, of a fractional row
    /// (row + 0.5 is the centre). Differences between rows are what kernels use.
    pub fn northing_m(&self, row: f64) -> f64 {
        let y = self.world_from_cell.transform_point2(DVec2::new(0.0, row)).y;
        if self.crs.is_geographic() { self.crs.meridian_arc_m(y) } else { y * self.crs.metres_per_unit() }
    }

    /// Area of a cell in a row, in m².
    pub fn cell_area_m2(&self, row: i64) -> f64 {
        if self.crs.is_geographic() {
            let (north, south) = (self.y_of_edge(row as usize), self.y_of_edge(row as usize + 1));
            self.crs.zone_area_m2(south, north, self.cell_size().x)
        } else {
            let size = self.cell_size() * self.crs.metres_per_unit();
            size.x * size.y
        }
    }

    /// Whether another frame has the same CRS, transform (to 1e-6 of a cell) and size.
    pub fn same_cells(&self, other: &Self) -> bool {
        let near = |a: f64, b: f64, tolerance: f64| (a - b).abs() <= tolerance;
        let (a, b) = (self.world_from_cell, other.world_from_cell);
        let cell = self.cell_size().min_element() * 1e-6;
        // The size of a cell adds up over the width, so it must agree more closely than the corner.
        let size = cell / self.n_cols.max(self.n_rows) as f64;
        self.crs == other.crs
            && self.n_cols == other.n_cols
            && self.n_rows == other.n_rows
            && near(a.translation.x, b.translation.x, cell)
            && near(a.translation.y, b.translation.y, cell)
            && near(a.matrix2.x_axis.x, b.matrix2.x_axis.x, size)
            && near(a.matrix2.y_axis.y, b.matrix2.y_axis.y, size)
    }

    fn y_of_edge(&self, row: usize) -> f64 {
        self.world_from_cell.transform_point2(DVec2::new(0.0, row as f64)).y
    }
}
