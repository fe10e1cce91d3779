//! The GPU engine: a program's calls as dispatches of one recording for a tile.
//!
//! Planes stay on the device between stages, and those with a name between passes too, as far as its memory
//! goes; outputs and counts are read back. Counts are read back with every
//! tile, so that a tile either counts whole or, when the device fails, not at all. A new stage is an arm in
//! `calls` and a function beside its kin: `reach` for those with a halo, `features` for those that read vector layers,
//! `worth` and `tiers` for those of one criterion or benefit, `order` for those that count or rank.

mod calls;
mod counted;
mod features;
mod order;
mod reach;
mod recorder;
mod sampled;
mod tiers;
mod worth;

use bytemuck::cast_slice_mut;

use crate::error::Result;
use crate::gpu::{Device, STAGING_BYTES};

use super::program::{Program, Tally};
use super::{Engine, EngineInfo};
use recorder::{Recorder, bytes};

/// Larger ones gain nothing: what a tile costs beside its cells is spread over enough of them.
const LARGEST_TILE: usize = 4096;

/// A GPU.
pub struct OnGpu {
    device: Device,
    /// What the tiles count, used again from tile to tile.
    counted: Vec<Vec<u32>>,
}

impl OnGpu {
    /// The engine on an open device.
    pub fn new(device: Device) -> Self {
        Self { device, counted: Vec::new() }
    }

    /// The device.
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// The device, to set what it keeps or to bring troubles about.
    pub fn device_mut(&mut self) -> &mut Device {
        &mut self.device
    }
}

impl Engine for OnGpu {
    fn info(&self) -> EngineInfo {
        let info = self.device.info();
        let driver = format!("{}, {}", info.backend, info.driver);
        EngineInfo { kind: "gpu", device: info.name.clone(), driver }
    }

    fn largest_tile(&self) -> usize {
        LARGEST_TILE
    }

    fn largest_plane(&self) -> usize {
        (self.device.largest_binding() / 4) as usize
    }

    fn is_lost(&self) -> bool {
        self.device.failure().is_some()
    }

    fn reopen(&mut self) -> std::result::Result<(), String> {
        self.device.reopen()
    }

    fn can_hold(&mut self, plane_bytes: &[u64]) -> bool {
        self.device.can_hold(plane_bytes)
    }

    fn device_ms(&self) -> Option<f64> {
        Some(self.device.last_run_ms()).filter(|ms| *ms > 0.0)
    }

    fn staging_bytes(&self) -> u64 {
        STAGING_BYTES
    }

    fn run(
        &mut self,
        program: &Program,
        inputs: &[&[f32]],
        outputs: &mut Vec<Vec<f32>>,
        tally: &mut Tally,
    ) -> Result<()> {
        let mut recorder = Recorder::new(program, inputs, self.device.work_per_submit());
        for call in &program.calls {
            recorder.call(call, tally);
        }
        let Recorder { mut recording, planes, counts, .. } = recorder;
        outputs.resize_with(program.outputs.len(), Vec::new);
        let mut filled: Vec<&mut [u8]> = Vec::new();
        for (slot, output) in program.outputs.iter().zip(outputs) {
            let n_cells = program.shapes[slot.0].len();
            recording.download(planes[slot.0], bytes(n_cells));
            output.resize(n_cells, 0.0);
            filled.push(cast_slice_mut(output));
        }
        self.counted.resize_with(counts.len(), Vec::new);
        for (count, words) in counts.iter().zip(&mut self.counted) {
            recording.download(count.buffer, bytes(count.n_words));
            words.resize(count.n_words, 0);
            filled.push(cast_slice_mut(words));
        }
        self.device.run(&recording, &mut filled)?;
        for (count, words) in counts.iter().zip(&self.counted) {
            count.what.add(words, tally);
        }
        Ok(())
    }
}
