//! Stages that read the features of a vector layer, block by block.

use bytemuck::{bytes_of, cast_slice};

use crate::gpu::BufferId;
use crate::gpu::kernels;
use crate::gpu::params::{AlongParams, CountParams, HazardParams, ProximityParams};

use super::super::blocks::Blocks;
use super::super::hazard::{Accidents, KERNEL_KNOTS};
use super::super::program::Slot;
use super::recorder::Recorder;

/// Columns of a block that `proximity_along` passes over at once, where a row is not too long.
const BLOCK_COLS: usize = 32;

/// Blocks of a row, at most: the shader's `MOST_BLOCKS`.
const MOST_BLOCKS: usize = 1024;

impl<'a> Recorder<'a> {
    /// `proximity`.
    pub fn proximity(&mut self, blocks: &'a Blocks, out: Slot) {
        let tile = self.program.tile;
        let params = ProximityParams {
            n_cols: tile.n_cols as u32,
            n_rows: tile.n_rows as u32,
            skip_cols: blocks.skip_cols as u32,
            skip_rows: blocks.skip_rows as u32,
            blocks_across: blocks.n_across as u32,
            inverse_radius2: blocks.inverse_radius2,
            ..Default::default()
        };
        let [a, b, c, d, e] = self.blocks(blocks);
        let buffers = [a, b, c, d, e, self.plane(out)];
        self.recording.dispatch(&kernels::PROXIMITY, bytes_of(&params), &buffers, groups(blocks));
    }

    /// `proximity_along`.
    pub fn proximity_along(&mut self, rows: Slot, ratio: f64, width_m: f64, out: Slot) {
        let tile = self.program.tile;
        let block_cols = BLOCK_COLS.max(tile.n_cols.div_ceil(MOST_BLOCKS));
        let n_blocks = tile.n_cols.div_ceil(block_cols);
        let buffers = [self.plane(rows), self.plane(out)];
        // A few blocks are looked through, and the least of all.
        let work_per_row = (tile.n_cols * (4 * block_cols + n_blocks)) as u64;
        for band in self.bands(tile.n_rows, work_per_row) {
            let params = AlongParams {
                n_cols: tile.n_cols as u32,
                first_row: band.start as u32,
                block_cols: block_cols as u32,
                n_blocks: n_blocks as u32,
                ratio: ratio as f32,
                width_m: width_m as f32,
                ..Default::default()
            };
            let groups = [band.len() as u32, 1, 1];
            self.recording.dispatch(&kernels::PROXIMITY_ALONG, bytes_of(&params), &buffers, groups);
        }
    }

    /// `count`.
    pub fn count_features(&mut self, blocks: &'a Blocks, radius2: f32, out: Slot) {
        let tile = self.program.tile;
        let params = CountParams {
            n_cols: tile.n_cols as u32,
            n_rows: tile.n_rows as u32,
            skip_cols: blocks.skip_cols as u32,
            skip_rows: blocks.skip_rows as u32,
            blocks_across: blocks.n_across as u32,
            radius2,
            ..Default::default()
        };
        let [a, b, c, d, e] = self.blocks(blocks);
        let buffers = [a, b, c, d, e, self.plane(out)];
        self.recording.dispatch(&kernels::COUNT, bytes_of(&params), &buffers, groups(blocks));
    }

    /// `hazard`.
    pub fn hazard(&mut self, prior: Slot, blocks: &'a Blocks, accidents: &Accidents, out: Slot) {
        let tile = self.program.tile;
        let params = HazardParams {
            n_cols: tile.n_cols as u32,
            n_rows: tile.n_rows as u32,
            skip_cols: blocks.skip_cols as u32,
            skip_rows: blocks.skip_rows as u32,
            blocks_across: blocks.n_across as u32,
            strength: accidents.strength,
            inverse_sigma2: accidents.inverse_sigma2,
            reach2: accidents.reach2,
        };
        let [a, b, c, _, axes] = self.blocks(blocks);
        let knots = self.table(&KERNEL_KNOTS);
        let buffers = [a, b, c, axes, knots, self.plane(prior), self.plane(out)];
        self.recording.dispatch(&kernels::HAZARD, bytes_of(&params), &buffers, groups(blocks));
    }

    /// Blocks, groups, pieces, masks and axes.
    fn blocks(&mut self, blocks: &'a Blocks) -> [BufferId; 5] {
        // A binding cannot be empty.
        let mut upload =
            |bytes: &'a [u8]| self.recording.upload(if bytes.is_empty() { &[0; 32] } else { bytes });
        [
            upload(cast_slice(&blocks.blocks)),
            upload(cast_slice(&blocks.groups)),
            upload(cast_slice(&blocks.pieces)),
            upload(cast_slice(&blocks.masks)),
            upload(cast_slice(&blocks.axes)),
        ]
    }
}

/// A workgroup a block.
fn groups(blocks: &Blocks) -> [u32; 3] {
    [blocks.n_across as u32, blocks.n_down as u32, 1]
}
