//! Stages with a halo: the exposure's two sums.

use bytemuck::bytes_of;

use crate::gpu::kernels;
use crate::gpu::params::{AcrossParams, DownParams};

use super::super::program::Slot;
use super::super::reach::TileReach;
use super::recorder::Recorder;

impl<'a> Recorder<'a> {
    /// `exposure_across`.
    pub fn exposure_across(&mut self, population: Slot, reach: &'a TileReach, out: Slot) {
        let n_cols = self.program.tile.n_cols as u32;
        let (source, sums) = (self.program.shapes[population.0], self.program.shapes[out.0]);
        let params = AcrossParams {
            n_cols,
            n_rows: source.n_rows as u32,
            source_stride: source.n_cols as u32,
            out_stride: sums.n_cols as u32,
            halo_cols: reach.halo_cols as u32,
            ..Default::default()
        };
        let rows = self.table(&reach.across.rows);
        let weights = self.table(&reach.across.weights);
        let buffers = [self.plane(population), rows, weights, self.plane(out)];
        let groups = [n_cols.div_ceil(256), source.n_rows as u32, 1];
        self.recording.dispatch(&kernels::EXPOSURE_ACROSS, bytes_of(&params), &buffers, groups);
    }

    /// `exposure_down`.
    pub fn exposure_down(&mut self, across: Slot, hazard: Slot, reach: &'a TileReach, out: Slot) {
        let tile = self.program.tile;
        let (n_cols, n_rows) = (tile.n_cols as u32, tile.n_rows as u32);
        let across_stride = self.program.shapes[across.0].n_cols as u32;
        let params = DownParams { n_cols, n_rows, across_stride, ..Default::default() };
        let rows = self.table(&reach.down.rows);
        let weights = self.table(&reach.down.weights);
        let buffers = [self.plane(across), self.plane(hazard), rows, weights, self.plane(out)];
        let groups = [n_cols.div_ceil(64), n_rows.div_ceil(4), 1];
        self.recording.dispatch(&kernels::EXPOSURE_DOWN, bytes_of(&params), &buffers, groups);
    }
}
