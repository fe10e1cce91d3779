//! The grid: one frame for all layers, windows of it, and cells that can be read from anywhere.
//!
//! In: an EPSG code, an affine transform, a width and a height. Out: cell centres, cell areas (m²), row
//! distances (m). Cell (col, row) has row 0 at the top. This module opens no files and knows no formats.

mod array;
mod cells;
mod crs;
mod frame;
mod ground;
#[cfg(feature = "proj")]
mod operations;
mod placed;
#[cfg(any(feature = "proj", feature = "gdal"))]
mod quiet;
mod reprojection;
#[cfg(feature = "proj")]
mod shifted;
mod window;

pub use array::{ArrayCells, Sample};
pub use cells::{CellStore, Cells, MemoryCells, UNKNOWN, canonical, groups, is_unknown};
pub use crs::{Crs, LonLat, geodesic_m};
pub use frame::Frame;
pub use ground::{Bounds, ChosenOperations, Ground, OperationCode};
pub use placed::{Placed, sized};
#[cfg(any(feature = "proj", feature = "gdal"))]
pub use quiet::{GdalMessages, quiet_gdal, take_gdal_messages};
pub use reprojection::{CHECK_OPERATION, NEEDS_PROJ, Reprojection};
pub use window::{Tiling, Window};
