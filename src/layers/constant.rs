//! A cost that is the same for every square metre.

use crate::error::Result;
use crate::grid::{Cells, Frame, UNKNOWN, Window};

/// US$ per cell where every square metre costs the same; in a geographic CRS cells of different rows differ.
#[derive(Debug, Clone)]
pub struct ConstantCost {
    frame: Frame,
    usd_per_m2: f64,
}

impl ConstantCost {
    /// The same cost (US$ per m²) everywhere on a frame.
    pub fn new(frame: Frame, usd_per_m2: f64) -> Self {
        Self { frame, usd_per_m2 }
    }
}

impl Cells for ConstantCost {
    fn frame(&self) -> &Frame {
        &self.frame
    }

    fn read(&self, window: Window, out: &mut [f32]) -> Result<()> {
        debug_assert_eq!(out.len(), window.len());
        out.fill(UNKNOWN);
        let Some(inside) = window.clipped(&self.frame) else {
            return Ok(());
        };
        for row in inside.row..inside.end_row() {
            let to = window.offset(inside.col, row);
            out[to..to + inside.n_cols].fill((self.usd_per_m2 * self.frame.cell_area_m2(row)) as f32);
        }
        Ok(())
    }
}
