//! Distances between cells of a frame: widths by row, and from row to row, in metres.

use std::ops::Range;

use crate::grid::Frame;

/// Cell widths and distances between rows of a frame.
#[derive(Debug)]
pub struct Geometry {
    /// By row (one entry when all rows are alike).
    width_m: Vec<f64>,
    rows: Rows,
    n_cols: usize,
    n_rows: usize,
}

#[derive(Debug)]
enum Rows {
    /// All rows are alike: the cells' height, m.
    Same { height_m: f64 },
    /// Distance north of each row's centre, m, falling.
    ByRow { northing_m: Vec<f64> },
}

/// Of a cell: what counts in spite of rounding.
const TOLERANCE: f64 = 1e-9;

impl Geometry {
    /// Of a frame.
    pub fn new(frame: &Frame) -> Self {
        let (n_cols, n_rows) = (frame.n_cols, frame.n_rows);
        if frame.crs.is_geographic() {
            let rows = 0..n_rows as i64;
            let width_m = rows.clone().map(|row| frame.cell_width_m(row)).collect();
            let northing_m = rows.map(|row| frame.northing_m(row as f64 + 0.5)).collect();
            return Self { width_m, rows: Rows::ByRow { northing_m }, n_cols, n_rows };
        }
        let rows = Rows::Same { height_m: frame.cell_height_m(0) };
        Self { width_m: vec![frame.cell_width_m(0)], rows, n_cols, n_rows }
    }

    /// Whether all rows are alike.
    pub fn is_same(&self) -> bool {
        matches!(self.rows, Rows::Same { .. })
    }

    /// Width of a row's cells, m.
    pub fn width_m(&self, row: usize) -> f64 {
        self.width_m[row.min(self.width_m.len() - 1)]
    }

    /// Columns within a cut by row, inside the frame (one entry when all rows are alike).
    pub fn radius_cols(&self, cut_m: f64) -> Vec<usize> {
        self.width_m.iter().map(|width_m| cells_within(cut_m, *width_m).min(self.n_cols - 1)).collect()
    }

    /// The most rows within a cut to one side, inside the frame.
    pub fn largest_radius_rows(&self, cut_m: f64) -> usize {
        match &self.rows {
            Rows::Same { height_m } => cells_within(cut_m, *height_m).min(self.n_rows - 1),
            Rows::ByRow { .. } => {
                let of_row = |row| row - self.source_rows(row, cut_m).start;
                (0..self.n_rows).map(of_row).max().unwrap_or(0)
            }
        }
    }

    /// Source rows within the cut of a row, inside the frame.
    pub fn source_rows(&self, row: usize, cut_m: f64) -> Range<usize> {
        match &self.rows {
            Rows::Same { height_m } => {
                let radius = cells_within(cut_m, *height_m);
                row.saturating_sub(radius)..(row.saturating_add(radius).saturating_add(1)).min(self.n_rows)
            }
            Rows::ByRow { northing_m } => {
                let height_m = (northing_m[0] - northing_m[self.n_rows - 1]).abs() / self.n_rows as f64;
                let cut_m = cut_m + TOLERANCE * height_m;
                let here = northing_m[row];
                northing_m.partition_point(|north| *north > here + cut_m)
                    ..northing_m.partition_point(|north| *north >= here - cut_m)
            }
        }
    }

    /// Distance from a row's centre to another's, m, north above 0.
    pub fn north_m(&self, row: usize, other: usize) -> f64 {
        match &self.rows {
            Rows::Same { height_m } => (row as f64 - other as f64) * height_m,
            Rows::ByRow { northing_m } => northing_m[other] - northing_m[row],
        }
    }
}

/// Cells within a cut; one that is a whole number of cells counts the last in spite of rounding.
pub fn cells_within(cut_m: f64, cell_m: f64) -> usize {
    (cut_m / cell_m + TOLERANCE).floor() as usize
}
