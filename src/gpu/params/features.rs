//! Of the stages that measure features: `proximity`, `proximity_along`, `count` and `hazard`.

use bytemuck::{Pod, Zeroable};

use super::Members;

params! {
    /// `proximity`.
    ProximityParams {
        /// Columns of the window.
        n_cols: u32,
        /// Rows of the window.
        n_rows: u32,
        /// Cells of the first block left of the window.
        skip_cols: u32,
        /// Cells of the first block above the window.
        skip_rows: u32,
        /// Blocks in a row of blocks.
        blocks_across: u32,
        /// 1 / R² (1/m²), 0 on a map.
        inverse_radius2: f32,
        /// Unused.
        pad_a: u32,
        /// Unused.
        pad_b: u32,
    }
    /// `proximity_along`.
    AlongParams {
        /// Columns of the tile.
        n_cols: u32,
        /// First row to be done.
        first_row: u32,
        /// Columns of a block.
        block_cols: u32,
        /// Blocks of a row.
        n_blocks: u32,
        /// (height / width of a cell)².
        ratio: f32,
        /// Width of a cell, m.
        width_m: f32,
        /// Unused.
        pad_a: u32,
        /// Unused.
        pad_b: u32,
    }
    /// `count`.
    CountParams {
        /// Columns of the window.
        n_cols: u32,
        /// Rows of the window.
        n_rows: u32,
        /// Cells of the first block left of the window.
        skip_cols: u32,
        /// Cells of the first block above the window.
        skip_rows: u32,
        /// Blocks in a row of blocks.
        blocks_across: u32,
        /// Squared radius, of the chord, m².
        radius2: f32,
        /// Unused.
        pad_a: u32,
        /// Unused.
        pad_b: u32,
    }
    /// `hazard`.
    HazardParams {
        /// Columns of the window.
        n_cols: u32,
        /// Rows of the window.
        n_rows: u32,
        /// Cells of the first block left of the window.
        skip_cols: u32,
        /// Cells of the first block above the window.
        skip_rows: u32,
        /// Blocks in a row of blocks.
        blocks_across: u32,
        /// What one accident lends to its own place, 0..1.
        strength: f32,
        /// 1 / σ², 1/m².
        inverse_sigma2: f32,
        /// (4σ)², m².
        reach2: f32,
    }
}
