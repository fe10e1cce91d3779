//! NumPy arrays as planes that the library reads in place.

use std::sync::Arc;

use clearway::error::{Fault, Result};
use clearway::grid::{ArrayCells, Cells, Crs, Frame};
use clearway::io::crs_wkt;
use numpy::{PyReadonlyArray2, PyUntypedArray, PyUntypedArrayMethods};
use pyo3::prelude::*;

/// A named array with the number that means unknown.
pub type NamedArray<'py> = (String, Bound<'py, PyAny>, Option<f64>);

/// CRS (EPSG code or WKT), GDAL-like coefficients (a, b, c, d, e, f) of x = a·col + b·row + c, y = d·col + e·row + f, and
/// (rows, columns).
pub type FrameParts = (String, [f64; 6], (usize, usize));

/// The frame, or what stands against it.
pub fn frame((crs, [a, b, c, d, e, f], (n_rows, n_cols)): FrameParts) -> Result<Frame> {
    let code = crs.strip_prefix("EPSG:").unwrap_or(&crs).parse().ok();
    let Some(epsg) = code.or_else(|| crs_wkt::epsg_of(&crs)) else {
        let fix = "give crs=\"EPSG:32636\", the code of a projected or geographic CRS";
        return Err(Fault::new("crs.unknown", "crs", "an EPSG code or WKT that names one", crs, fix).into());
    };
    let mut frame =
        Frame::north_up(Crs::from_epsg(epsg, "crs")?, [c, f].into(), [a, -e].into(), n_cols, n_rows);
    frame.world_from_cell.matrix2.x_axis.y = d;
    frame.world_from_cell.matrix2.y_axis.x = b;
    frame.validated("the arrays' grid")
}

macro_rules! held {
    ($($name:ident: $kind:ty),*) => {
        /// An array that stays as it is while it is held: NumPy's flag for borrowed arrays is set.
        pub enum Held<'py> {
            $(#[allow(missing_docs)] $name(PyReadonlyArray2<'py, $kind>)),*
        }

        impl<'py> Held<'py> {
            /// Borrows an array of two dimensions.
            pub fn of(name: &str, array: &Bound<'py, PyAny>) -> Result<Self> {
                $(if let Ok(array) = array.extract::<PyReadonlyArray2<'py, $kind>>() {
                    return Ok(Self::$name(array));
                })*
                let found = match array.cast::<PyUntypedArray>() {
                    Ok(array) => format!("{} dimensions of {}", array.ndim(), array.dtype()),
                    Err(_) => format!("{}", array.get_type()),
                };
                let expected = "a NumPy array of two dimensions, of whole or real numbers";
                let fix = "convert it with numpy.asarray(…, dtype=\"float32\")";
                Err(Fault::new("grid.array", format!("layer `{name}`"), expected, found, fix).into())
            }

            /// Its cells on a frame.
            pub fn cells(&self, frame: &Frame, nodata: Option<f64>) -> Result<Arc<dyn Cells + '_>> {
                Ok(match self {
                    $(Self::$name(array) => Arc::new(ArrayCells::new(frame.clone(), array.as_array(), nodata)?)),*
                })
            }
        }
    };
}

held!(F32: f32, F64: f64, U8: u8, I8: i8, U16: u16, I16: i16, U32: u32, I32: i32, U64: u64, I64: i64);

/// Arrays borrowed by name.
pub struct HeldArrays<'py>(Vec<(String, Held<'py>, Option<f64>)>);

impl<'py> HeldArrays<'py> {
    /// Borrows them all.
    pub fn of(arrays: &[NamedArray<'py>]) -> Result<Self> {
        let held =
            arrays.iter().map(|(name, array, nodata)| Ok((name.clone(), Held::of(name, array)?, *nodata)));
        held.collect::<Result<_>>().map(Self)
    }

    /// Their cells by name.
    pub fn cells(&self, frame: &Frame) -> Result<Vec<(String, Arc<dyn Cells + '_>)>> {
        let cells = self.0.iter().map(|(name, held, nodata)| Ok((name.clone(), held.cells(frame, *nodata)?)));
        cells.collect()
    }
}
