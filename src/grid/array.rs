//! Cells of an array that somebody else holds, read in place: nothing is copied but the windows asked for.

use ndarray::ArrayView2;

use super::{Cells, Frame, UNKNOWN, Window, canonical};
use crate::error::{Fault, Result};

/// A kind of number that an array may hold.
pub trait Sample: Copy + Send + Sync {
    /// The sample as a cell: unknown where it equals `nodata` (NaN: nothing does) or is not finite.
    fn cell(self, nodata: f64) -> f32;
}

impl Sample for f32 {
    fn cell(self, nodata: f64) -> f32 {
        if self == nodata as Self { UNKNOWN } else { canonical(self) }
    }
}

impl Sample for f64 {
    fn cell(self, nodata: f64) -> f32 {
        if self == nodata { UNKNOWN } else { canonical(self as f32) }
    }
}

macro_rules! whole_numbers {
    ($($kind:ty),*) => {$(
        impl Sample for $kind {
            fn cell(self, nodata: f64) -> f32 {
                let value = self as f64;
                if value == nodata { UNKNOWN } else { value as f32 }
            }
        }
    )*};
}

whole_numbers!(u8, i8, u16, i16, u32, i32, u64, i64);

/// A plane over an array of (rows, columns) on a frame, row 0 at the top. Samples become cells as they are read, in the
/// way a GeoTIFF's do.
///
/// ```
/// use clearway::grid::{ArrayCells, Cells, Crs, Frame, is_unknown};
/// let frame = Frame::north_up(Crs::wgs84(), [30.0, 50.0].into(), [0.1, 0.1].into(), 3, 1);
/// let array = ndarray::arr2(&[[7_u8, 255, 0]]);
/// let cells = ArrayCells::new(frame, array.view(), Some(255.0))?;
/// let read = cells.read_vec(cells.frame().window())?;
/// assert!(read[0] == 7.0 && is_unknown(read[1]) && read[2] == 0.0);
/// # Ok::<(), clearway::error::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct ArrayCells<'a, T> {
    frame: Frame,
    values: ArrayView2<'a, T>,
    nodata: f64,
}

impl<'a, T: Sample> ArrayCells<'a, T> {
    /// The array on a frame; `nodata` is the number that means unknown, beside NaN and the infinities.
    ///
    /// # Errors
    /// `grid.shape` where the array has not one value a cell of the frame.
    pub fn new(frame: Frame, values: ArrayView2<'a, T>, nodata: Option<f64>) -> Result<Self> {
        if values.dim() != (frame.n_rows, frame.n_cols) {
            let expected = format!("{} rows and {} columns, one value a cell", frame.n_rows, frame.n_cols);
            let found = format!("{} rows and {} columns", values.nrows(), values.ncols());
            let fix = "give an array of the frame's shape, (rows, columns)";
            return Err(Fault::new("grid.shape", "array", expected, found, fix).into());
        }
        Ok(Self { frame, values, nodata: nodata.unwrap_or(f64::NAN) })
    }
}

impl<T: Sample> Cells for ArrayCells<'_, T> {
    fn frame(&self) -> &Frame {
        &self.frame
    }

    fn read(&self, window: Window, out: &mut [f32]) -> Result<()> {
        let Some(inside) = window.known_part(&self.frame, out) else {
            return Ok(());
        };
        let columns = inside.col as usize..inside.end_col() as usize;
        for row in inside.row..inside.end_row() {
            let to = window.offset(inside.col, row);
            let out = &mut out[to..to + inside.n_cols];
            let line = self.values.row(row as usize);
            match line.as_slice() {
                Some(line) => convert(&line[columns.clone()], self.nodata, out),
                // A transposed array, or every other column of one.
                None => {
                    let line = line.slice_move(ndarray::s![columns.clone()]);
                    out.iter_mut().zip(line).for_each(|(out, value)| *out = value.cell(self.nodata));
                }
            }
        }
        Ok(())
    }
}

fn convert<T: Sample>(values: &[T], nodata: f64, out: &mut [f32]) {
    for (out, value) in out.iter_mut().zip(values) {
        *out = value.cell(nodata);
    }
}
