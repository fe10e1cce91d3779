//! The GPU engine: a program's calls as dispatches of one recording, one submit a tile.
//!
//! Planes stay on the device between stages; outputs and counts are read back. Counts are read back with every
//! tile, so that a tile either counts whole or, when the device fails, not at all. A new stage is an arm in
//! `calls` and a function beside its kin: `reach` for those with a halo, `worth` and `tiers` for those of one criterion
//! or benefit, `order` for those that count or rank.

mod calls;
mod counted;
mod order;
mod reach;
mod recorder;
mod sampled;
mod tiers;
mod worth;

use bytemuck::cast_slice;

use crate::error::Result;
use crate::gpu::Device;

use super::program::{Program, Tally};
use super::{Engine, EngineInfo};
use recorder::{Recorder, bytes};

/// Keeps one submit short: at this size the widest stage is some milliseconds on an integrated GPU.
const LARGEST_TILE: usize = 2048;

/// A GPU.
pub struct OnGpu {
    device: Device,
}

impl OnGpu {
    /// The engine on an open device.
    pub fn new(device: Device) -> Self {
        Self { device }
    }

    /// The device.
    pub fn device(&self) -> &Device {
        &self.device
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

    fn run(
        &mut self,
        program: &Program,
        inputs: &[&[f32]],
        outputs: &mut Vec<Vec<f32>>,
        tally: &mut Tally,
    ) -> Result<()> {
        let mut recorder = Recorder::new(program, inputs);
        for call in &program.calls {
            recorder.call(call, tally);
        }
        let Recorder { mut recording, planes, counts, .. } = recorder;
        for slot in &program.outputs {
            recording.download(planes[slot.0], bytes(program.shapes[slot.0].len()));
        }
        for count in &counts {
            recording.download(count.buffer, bytes(count.n_words));
        }
        outputs.resize_with(program.outputs.len(), Vec::new);
        self.device.run(&recording, |i, bytes| {
            if let Some(output) = outputs.get_mut(i) {
                output.clear();
                output.extend_from_slice(cast_slice(bytes));
            } else {
                counts[i - program.outputs.len()].what.add(cast_slice(bytes), tally);
            }
        })
    }
}
