//! Stages with a halo: exposure, as sums of separable parts or as a disc.

use bytemuck::bytes_of;

use crate::gpu::kernels;
use crate::gpu::params::{AcrossParams, DiscParams, DownParams, RunningParams};

use super::super::program::Slot;
use super::super::reach::{AcrossTable, DiscTable, DownTable, Tables, TileReach};
use super::recorder::Recorder;

impl<'a> Recorder<'a> {
    /// `exposure_across` and `exposure_down` for each part, or `exposure_running` and `exposure_disc`.
    pub fn exposure(
        &mut self,
        population: Slot,
        hazard: Slot,
        reach: &'a TileReach,
        between: Slot,
        out: Slot,
    ) {
        match &reach.tables {
            Tables::Parts(parts) => {
                for (i, part) in parts.iter().enumerate() {
                    self.across(population, reach.halo_cols, &part.across, between);
                    self.down(between, hazard, &part.down, i == 0, out);
                }
            }
            Tables::Disc(table) => {
                self.running(population, between);
                self.disc(between, hazard, reach.halo_cols, table, out);
            }
        }
    }

    fn across(&mut self, population: Slot, halo_cols: usize, table: &'a AcrossTable, out: Slot) {
        let n_cols = self.program.tile.n_cols as u32;
        let (source, sums) = (self.program.shapes[population.0], self.program.shapes[out.0]);
        let params = AcrossParams {
            n_cols,
            n_rows: source.n_rows as u32,
            source_stride: source.n_cols as u32,
            out_stride: sums.n_cols as u32,
            halo_cols: halo_cols as u32,
            ..Default::default()
        };
        let rows = self.table(&table.rows);
        let weights = self.table(&table.weights);
        let buffers = [self.plane(population), rows, weights, self.plane(out)];
        let groups = [n_cols.div_ceil(256), source.n_rows as u32, 1];
        self.recording.dispatch(&kernels::EXPOSURE_ACROSS, bytes_of(&params), &buffers, groups);
    }

    fn down(&mut self, across: Slot, hazard: Slot, table: &'a DownTable, is_first: bool, out: Slot) {
        let tile = self.program.tile;
        let (n_cols, n_rows) = (tile.n_cols as u32, tile.n_rows as u32);
        let across_stride = self.program.shapes[across.0].n_cols as u32;
        let params = DownParams { n_cols, n_rows, across_stride, is_first: u32::from(is_first) };
        let rows = self.table(&table.rows);
        let weights = self.table(&table.weights);
        let buffers = [self.plane(across), self.plane(hazard), rows, weights, self.plane(out)];
        let groups = [n_cols.div_ceil(64), n_rows.div_ceil(4), 1];
        self.recording.dispatch(&kernels::EXPOSURE_DOWN, bytes_of(&params), &buffers, groups);
    }

    fn running(&mut self, population: Slot, out: Slot) {
        let source = self.program.shapes[population.0];
        let (n_cols, n_rows) = (source.n_cols as u32, source.n_rows as u32);
        let params = RunningParams { n_cols, n_rows, ..Default::default() };
        let buffers = [self.plane(population), self.plane(out)];
        self.recording.dispatch(&kernels::EXPOSURE_RUNNING, bytes_of(&params), &buffers, [1, n_rows, 1]);
    }

    fn disc(&mut self, sums: Slot, hazard: Slot, halo_cols: usize, table: &'a DiscTable, out: Slot) {
        let tile = self.program.tile;
        let (n_cols, n_rows) = (tile.n_cols as u32, tile.n_rows as u32);
        // Two words an entry.
        let stride = self.program.shapes[sums.0].n_cols as u32 / 2;
        let params = DiscParams { n_cols, n_rows, stride, halo_cols: halo_cols as u32 };
        let rows = self.table(&table.rows);
        let half_widths = self.table(&table.half_widths);
        let buffers = [self.plane(sums), self.plane(hazard), rows, half_widths, self.plane(out)];
        let groups = [n_cols.div_ceil(64), n_rows.div_ceil(4), 1];
        self.recording.dispatch(&kernels::EXPOSURE_DISC, bytes_of(&params), &buffers, groups);
    }
}
