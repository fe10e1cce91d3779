//! The cells that are looked at.

use std::collections::BTreeMap;
use std::sync::Arc;

use rayon::prelude::*;

use crate::error::Result;
use crate::grid::{Cells, Frame, Window, is_unknown};

/// Side of a block, cells.
const BLOCK: usize = 8;
/// The most blocks along a side of the frame.
const BLOCKS: usize = 48;

/// Values of all layers in the same cells.
pub(super) struct Sample {
    /// First cell (column, row) of each block, and the index of its value.
    pub blocks: Vec<([i64; 2], usize)>,
    n_cells: usize,
    columns: BTreeMap<String, Vec<Option<f32>>>,
}

impl Sample {
    /// Reads the sample of every plane.
    pub fn of(frame: &Frame, planes: &BTreeMap<String, Arc<dyn Cells>>) -> Result<Self> {
        let starts = |n: usize| {
            let n_blocks = n.div_ceil(BLOCK).min(BLOCKS);
            (0..n_blocks)
                .map(move |k| if n_blocks == 1 { 0 } else { k * (n.saturating_sub(BLOCK)) / (n_blocks - 1) })
        };
        let windows: Vec<Window> = starts(frame.n_rows)
            .flat_map(|row| starts(frame.n_cols).map(move |col| (col, row)))
            .filter_map(|(col, row)| Window::new(col as i64, row as i64, BLOCK, BLOCK).clipped(frame))
            .collect();
        let mut n_cells = 0;
        let blocks = windows
            .iter()
            .map(|window| {
                n_cells += window.len();
                ([window.col, window.row], n_cells - window.len())
            })
            .collect();
        let read = |plane: &Arc<dyn Cells>| -> Result<Vec<Option<f32>>> {
            let parts: Vec<Result<Vec<f32>>> =
                windows.par_iter().map(|window| plane.read_vec(*window)).collect();
            let parts: Vec<Vec<f32>> = parts.into_iter().collect::<Result<_>>()?;
            Ok(parts.concat().into_iter().map(|value| (!is_unknown(value)).then_some(value)).collect())
        };
        let columns =
            planes.iter().map(|(name, plane)| Ok((name.clone(), read(plane)?))).collect::<Result<_>>()?;
        Ok(Self { blocks, n_cells, columns })
    }

    pub fn n_cells(&self) -> usize {
        self.n_cells
    }

    /// Values of a layer, `None` where it is no raster.
    pub fn get(&self, name: &str) -> Option<&[Option<f32>]> {
        self.columns.get(name).map(Vec::as_slice)
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.columns.keys().map(String::as_str)
    }
}
