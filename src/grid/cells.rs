//! Cells that can be read by window, whatever holds them: a file, memory, another layer brought onto the frame.
//!
//! One plane of `f32`. Unknown cells hold [`UNKNOWN`], a finite sentinel that is tested by its bits and never
//! compared as a float, because a NaN that reaches a shader behaves differently on every driver (gpu-notes §4).

use std::sync::{Arc, RwLock};

use ndarray::Array2;
use rayon::iter::{IndexedParallelIterator, repeat_n};

use super::{Frame, Window};
use crate::error::Result;

/// What a plane in memory holds where nothing is known: the lowest finite `f32`, bits `0xFF7F_FFFF`.
/// On disk it becomes [`crate::units::NODATA_ON_DISK`].
pub const UNKNOWN: f32 = f32::MIN;

/// Whether a cell's value is unknown, by its bits.
#[inline(always)]
pub fn is_unknown(value: f32) -> bool {
    value.to_bits() == UNKNOWN.to_bits()
}

/// The value as planes hold it: anything that is not finite is unknown.
#[inline(always)]
pub fn canonical(value: f32) -> f32 {
    if value.is_finite() { value } else { UNKNOWN }
}

/// Cells in groups of `N`, to be taken side by side, and the rest of them as a group filled up with unknown ones.
#[inline(always)]
pub fn groups<const N: usize>(cells: &[f32]) -> (&[[f32; N]], [f32; N]) {
    let (whole, rest) = cells.as_chunks::<N>();
    let mut last = [UNKNOWN; N];
    last[..rest.len()].copy_from_slice(rest);
    (whole, last)
}

/// One plane of cells on a frame, readable by window from several threads.
pub trait Cells: Send + Sync {
    /// The frame the cells lie on.
    fn frame(&self) -> &Frame;

    /// The cells of a window, row by row; `out.len()` is `window.len()`. A window may reach past the frame:
    /// what lies outside is [`UNKNOWN`]. No value is NaN or infinite.
    fn read(&self, window: Window, out: &mut [f32]) -> Result<()>;

    /// The cells of a window in a new vector, see [`Cells::read`].
    fn read_vec(&self, window: Window) -> Result<Vec<f32>> {
        let mut out = vec![UNKNOWN; window.len()];
        self.read(window, &mut out)?;
        Ok(out)
    }
}

impl<C: Cells + ?Sized> Cells for Arc<C> {
    fn frame(&self) -> &Frame {
        (**self).frame()
    }

    fn read(&self, window: Window, out: &mut [f32]) -> Result<()> {
        (**self).read(window, out)
    }
}

/// Cells that can also be written: where a stage keeps a plane between two passes.
pub trait CellStore: Cells {
    /// Writes a window that lies wholly inside the part held.
    fn write(&self, window: Window, values: &[f32]) -> Result<()>;

    /// The cells that are held, in whole rows: as a rule all of the frame. Whoever fills the plane fills these.
    fn part(&self) -> Window {
        self.frame().window()
    }
}

/// A plane held in memory.
#[derive(Debug)]
pub struct MemoryCells {
    frame: Frame,
    values: RwLock<Vec<f32>>,
}

impl MemoryCells {
    /// A plane on `frame`, all unknown.
    pub fn new(frame: Frame) -> Self {
        let mut values = Vec::new();
        // Most of the time goes into memory that the system hands out: by several threads at once.
        repeat_n(UNKNOWN, frame.n_cells() as usize).collect_into_vec(&mut values);
        Self { frame, values: RwLock::new(values) }
    }

    /// A plane with the values given, row by row; what is not finite becomes [`UNKNOWN`].
    ///
    /// # Panics
    /// When `values` does not hold exactly one value a cell.
    pub fn from_values(frame: Frame, values: Vec<f32>) -> Self {
        assert_eq!(values.len() as u64, frame.n_cells(), "one value a cell");
        let values = RwLock::new(values.into_iter().map(canonical).collect());
        Self { frame, values }
    }

    /// A plane with the values of an array of (rows, columns), see [`MemoryCells::from_values`].
    ///
    /// # Panics
    /// When the array's shape is not the frame's.
    pub fn from_array(frame: Frame, values: &Array2<f32>) -> Self {
        assert_eq!(values.dim(), (frame.n_rows, frame.n_cols), "one value a cell");
        Self::from_values(frame, values.iter().copied().collect())
    }

    /// The values as an array of (rows, columns).
    pub fn to_array(&self) -> Array2<f32> {
        Array2::from_shape_vec((self.frame.n_rows, self.frame.n_cols), self.to_vec())
            .expect("one value a cell")
    }

    /// The values, row by row.
    pub fn to_vec(&self) -> Vec<f32> {
        self.values.read().expect("no writer panicked").clone()
    }
}

impl Cells for MemoryCells {
    fn frame(&self) -> &Frame {
        &self.frame
    }

    fn read(&self, window: Window, out: &mut [f32]) -> Result<()> {
        let Some(inside) = window.known_part(&self.frame, out) else {
            return Ok(());
        };
        let values = self.values.read().expect("no writer panicked");
        for row in inside.row..inside.end_row() {
            let from = row as usize * self.frame.n_cols + inside.col as usize;
            let to = window.offset(inside.col, row);
            out[to..to + inside.n_cols].copy_from_slice(&values[from..from + inside.n_cols]);
        }
        Ok(())
    }
}

impl CellStore for MemoryCells {
    fn write(&self, window: Window, new: &[f32]) -> Result<()> {
        let mut values = self.values.write().expect("no writer panicked");
        for (i, line) in new.chunks_exact(window.n_cols).enumerate() {
            let to = (window.row as usize + i) * self.frame.n_cols + window.col as usize;
            values[to..to + window.n_cols].copy_from_slice(line);
        }
        Ok(())
    }
}
