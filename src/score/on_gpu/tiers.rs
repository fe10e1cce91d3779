//! Stages of the benefit form `ordered`, cell by cell.

use bytemuck::bytes_of;

use crate::gpu::kernels::{self, KernelSpec};
use crate::gpu::params::{TierParams, TieredParams};

use super::super::ordered::{Tiering, tier_bits};
use super::super::program::Slot;
use super::recorder::Recorder;

impl Recorder<'_> {
    /// `tier`.
    pub fn tier(&mut self, v: Slot, tiering: &Tiering, is_first: bool, worth: Slot, tier: Slot) {
        let (cells, groups) = self.cells();
        let params = TierParams {
            n_cells: cells.n_cells,
            groups_across: cells.groups_across,
            is_first: u32::from(is_first),
            weight: tiering.weight,
            threshold: tiering.threshold,
            tier: tiering.tier,
            last_tier: tiering.last_tier,
            ..Default::default()
        };
        let buffers = [self.plane(v), self.plane(worth), self.plane(tier)];
        self.cellwise(&kernels::TIER, bytes_of(&params), &buffers, groups);
    }

    /// `ordered` or `order`, in the order of their bindings.
    pub fn tiered(&mut self, kernel: &'static KernelSpec, planes: [Slot; 4], last_tier: f32) {
        let (cells, groups) = self.cells();
        let params = TieredParams {
            n_cells: cells.n_cells,
            groups_across: cells.groups_across,
            last_tier,
            tier_bits: tier_bits(last_tier),
        };
        let buffers = planes.map(|slot| self.plane(slot));
        self.cellwise(kernel, bytes_of(&params), &buffers, groups);
    }
}
