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
        let rows = self.table(&table.rows);
        let weights = self.table(&table.weights);
        let buffers = [self.plane(population), rows, weights, self.plane(out)];
        let widest = table.rows.iter().map(|row| 2 * u64::from(row[1]) + 1).max().unwrap_or(1);
        let work_per_row = widest * u64::from(n_cols);
        for band in self.bands(source.n_rows, work_per_row) {
            let params = AcrossParams {
                n_cols,
                n_rows: band.end as u32,
                source_stride: source.n_cols as u32,
                out_stride: sums.n_cols as u32,
                halo_cols: halo_cols as u32,
                first_row: band.start as u32,
                ..Default::default()
            };
            let groups = [n_cols.div_ceil(256), band.len() as u32, 1];
            let work = work_per_row * band.len() as u64;
            let kernel = &kernels::EXPOSURE_ACROSS;
            self.recording.dispatch_work(kernel, bytes_of(&params), &buffers, groups, work);
        }
    }

    fn down(&mut self, across: Slot, hazard: Slot, table: &'a DownTable, is_first: bool, out: Slot) {
        let n_cols = self.program.tile.n_cols as u32;
        let across_stride = self.program.shapes[across.0].n_cols as u32;
        let rows = self.table(&table.rows);
        let weights = self.table(&table.weights);
        let buffers = [self.plane(across), self.plane(hazard), rows, weights, self.plane(out)];
        let highest = table.rows.iter().map(|row| u64::from(row[1])).max().unwrap_or(1);
        let work_per_row = highest * u64::from(n_cols);
        for band in self.bands(self.program.tile.n_rows, work_per_row) {
            let params = DownParams {
                n_cols,
                n_rows: band.end as u32,
                across_stride,
                first_row: band.start as u32,
                is_first: u32::from(is_first),
                ..Default::default()
            };
            let groups = [n_cols.div_ceil(64), (band.len() as u32).div_ceil(4), 1];
            let work = work_per_row * band.len() as u64;
            self.recording.dispatch_work(&kernels::EXPOSURE_DOWN, bytes_of(&params), &buffers, groups, work);
        }
    }

    fn running(&mut self, population: Slot, out: Slot) {
        let source = self.program.shapes[population.0];
        let n_cols = source.n_cols as u32;
        let buffers = [self.plane(population), self.plane(out)];
        // Eight rounds of adding for every 256 cells.
        let work_per_row = 8 * u64::from(n_cols.next_multiple_of(256));
        for band in self.bands(source.n_rows, work_per_row) {
            let params = RunningParams { n_cols, first_row: band.start as u32, ..Default::default() };
            let groups = [1, band.len() as u32, 1];
            let work = work_per_row * band.len() as u64;
            let kernel = &kernels::EXPOSURE_RUNNING;
            self.recording.dispatch_work(kernel, bytes_of(&params), &buffers, groups, work);
        }
    }

    fn disc(&mut self, sums: Slot, hazard: Slot, halo_cols: usize, table: &'a DiscTable, out: Slot) {
        let n_cols = self.program.tile.n_cols as u32;
        // Two words an entry.
        let stride = self.program.shapes[sums.0].n_cols as u32 / 2;
        let rows = self.table(&table.rows);
        let half_widths = self.table(&table.half_widths);
        let buffers = [self.plane(sums), self.plane(hazard), rows, half_widths, self.plane(out)];
        let highest = table.rows.iter().map(|row| u64::from(row[1])).max().unwrap_or(1);
        // Two entries of two words for each row of the disc.
        let work_per_row = 2 * highest * u64::from(n_cols);
        for band in self.bands(self.program.tile.n_rows, work_per_row) {
            let params = DiscParams {
                n_cols,
                n_rows: band.end as u32,
                stride,
                halo_cols: halo_cols as u32,
                first_row: band.start as u32,
                ..Default::default()
            };
            let groups = [n_cols.div_ceil(64), (band.len() as u32).div_ceil(4), 1];
            let work = work_per_row * band.len() as u64;
            self.recording.dispatch_work(&kernels::EXPOSURE_DISC, bytes_of(&params), &buffers, groups, work);
        }
    }
}
