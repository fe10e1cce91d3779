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
        let rows = self.table(&reach.across.rows);
        let weights = self.table(&reach.across.weights);
        let buffers = [self.plane(population), rows, weights, self.plane(out)];
        let widest = reach.across.rows.iter().map(|row| 2 * u64::from(row[1]) + 1).max().unwrap_or(1);
        let work_per_row = widest * u64::from(n_cols);
        for band in self.bands(source.n_rows, work_per_row) {
            let params = AcrossParams {
                n_cols,
                n_rows: band.end as u32,
                source_stride: source.n_cols as u32,
                out_stride: sums.n_cols as u32,
                halo_cols: reach.halo_cols as u32,
                first_row: band.start as u32,
                ..Default::default()
            };
            let groups = [n_cols.div_ceil(256), band.len() as u32, 1];
            let work = work_per_row * band.len() as u64;
            self.recording.dispatch_work(
                &kernels::EXPOSURE_ACROSS,
                bytes_of(&params),
                &buffers,
                groups,
                work,
            );
        }
    }

    /// `exposure_down`.
    pub fn exposure_down(&mut self, across: Slot, hazard: Slot, reach: &'a TileReach, out: Slot) {
        let tile = self.program.tile;
        let n_cols = tile.n_cols as u32;
        let across_stride = self.program.shapes[across.0].n_cols as u32;
        let rows = self.table(&reach.down.rows);
        let weights = self.table(&reach.down.weights);
        let buffers = [self.plane(across), self.plane(hazard), rows, weights, self.plane(out)];
        let highest = reach.down.rows.iter().map(|row| u64::from(row[1])).max().unwrap_or(1);
        let work_per_row = highest * u64::from(n_cols);
        for band in self.bands(tile.n_rows, work_per_row) {
            let (first_row, n_rows) = (band.start as u32, band.end as u32);
            let params = DownParams { n_cols, n_rows, across_stride, first_row };
            let groups = [n_cols.div_ceil(64), (band.len() as u32).div_ceil(4), 1];
            let work = work_per_row * band.len() as u64;
            self.recording.dispatch_work(&kernels::EXPOSURE_DOWN, bytes_of(&params), &buffers, groups, work);
        }
    }
}
