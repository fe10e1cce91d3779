//! The grid: one frame for all layers, windows of it, and cells that can be read from anywhere.
//!
//! In: an EPSG code, an affine transform, a width and a height. Out: cell centres, cell areas (m²), row
//! distances (m). Cell (col, row) has row 0 at the top. This module opens no files and knows no formats.

mod array;
mod cells;
mod crs;
mod frame;
mod placed;
mod reprojection;
mod window;

pub use array::{ArrayCells, Sample};
pub use cells::{CellStore, Cells, MemoryCells, UNKNOWN, canonical, is_unknown};
pub use crs::{Crs, LonLat, geodesic_m};
pub use frame::Frame;
pub use placed::{Placed, sized};
pub use reprojection::Reprojection;
pub use window::{Tiling, Window};
