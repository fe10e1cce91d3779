//! Which share of each cell a polygon covers.

use geo::MultiPolygon;

use crate::grid::{Crs, Frame};

/// Cells of one row, all covered by the same share.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Span {
    /// First column.
    pub col: u32,
    /// One past the last column.
    pub end_col: u32,
    /// Share of each cell's area, above 0 up to 1.
    pub share: f64,
}

/// The covered cells of a frame, row by row.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Coverage {
    first_row: usize,
    ends: Vec<usize>,
    spans: Vec<Span>,
}

impl Coverage {
    /// The cells of `frame` that a valid polygon (in the frame's CRS) covers.
    pub fn of(_ground: &MultiPolygon<f64>, _frame: &Frame) -> Self {
        Self::default()
    }
}

/// Area of a polygon on the ground, m².
pub fn area_m2(_ground: &MultiPolygon<f64>, _crs: &Crs) -> f64 {
    0.0
}
