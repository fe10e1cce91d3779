//! What a GPU can do: bytes of its own memory and operations in a second by small shaders that do nothing else, by
//! the device's own clock; and bytes over the bus, both ways.
//!
//! A driver may fuse the products and sums of its shader, as it may those of the stages: the rate counts two
//! operations either way.

use std::time::Instant;

use bytemuck::bytes_of;

use crate::error::{Error, Result};
use crate::gpu::kernels;
use crate::gpu::params::{CellParams, ProbeParams};
use crate::gpu::{Choice, Device, Recording, open};

use super::report::Limits;
use super::rounds::median;

/// How often each is measured.
const N_MEASURED: usize = 5;

/// Copies of one measurement, so that the time of starting one does not count.
const N_COPIES: usize = 8;

/// Operations of an invocation in a turn of `probe_multiply_add`: 16 elements, four steps, two operations.
const OPERATIONS_A_TURN: f64 = 128.0;

/// Workgroups of `probe_multiply_add`: several for every core of the largest devices.
const N_GROUPS: u32 = 4096;

/// Invocations of a workgroup, of both shaders.
const GROUP: u32 = 256;

/// Bytes sent over the bus, at most: enough that starting does not count.
const MOST_BUS_BYTES: u64 = 256 << 20;

/// Measures a device, with planes of so many cells.
pub fn device_limits(choice: Choice<'_>, n_cells: usize) -> Result<Limits> {
    let mut device = open(choice).map_err(Error::Device)?;
    let n_cells = (n_cells as u64).min(device.largest_binding() / 4) / 4 * 4;
    let copy = copy_bytes_per_s(&mut device, n_cells)?;
    let multiply_add = multiply_add_per_s(&mut device)?;
    let n_bytes = (4 * n_cells).min(MOST_BUS_BYTES);
    let bus = device.bus(n_bytes);
    let rate = |cross: &dyn Fn() -> std::result::Result<(), String>| -> Result<f64> {
        let mut rates = Vec::new();
        for i in 0..=N_MEASURED {
            let began = Instant::now();
            cross().map_err(Error::Device)?;
            // The first one is what gets the memory.
            if i > 0 {
                rates.push(n_bytes as f64 / began.elapsed().as_secs_f64());
            }
        }
        Ok(median(rates))
    };
    let (there, back) = (rate(&|| device.copy_there(&bus))?, rate(&|| device.copy_back(&bus))?);
    Ok(Limits {
        copy_gb_per_s: copy / 1e9,
        multiply_add_gop_per_s: multiply_add / 1e9,
        fused_gop_per_s: None,
        bus_there_gb_per_s: Some(there / 1e9),
        bus_back_gb_per_s: Some(back / 1e9),
    })
}

fn copy_bytes_per_s(device: &mut Device, n_cells: u64) -> Result<f64> {
    let n_groups = (n_cells / 4).div_ceil(u64::from(GROUP)) as u32;
    let (across, down) = grid(n_groups);
    let params = CellParams { n_cells: n_cells as u32, groups_across: across, ..Default::default() };
    let mut recording = Recording::new();
    let (source, copied) = (recording.plane(4 * n_cells), recording.plane(4 * n_cells));
    for _ in 0..N_COPIES {
        recording.dispatch(&kernels::PROBE_COPY, bytes_of(&params), &[source, copied], [across, down, 1]);
    }
    Ok((8 * n_cells * N_COPIES as u64) as f64 / seconds(device, &recording)?)
}

fn multiply_add_per_s(device: &mut Device) -> Result<f64> {
    let mut n_turns = 1;
    loop {
        let params = ProbeParams { n_turns, groups_across: N_GROUPS, factor: 0.999, term: 0.001 };
        let mut recording = Recording::new();
        let sums = recording.plane(u64::from(N_GROUPS * GROUP) * 4);
        recording.dispatch(&kernels::PROBE_MULTIPLY_ADD, bytes_of(&params), &[sums], [N_GROUPS, 1, 1]);
        let took = seconds(device, &recording)?;
        // Long enough that starting does not count, short enough for any driver's patience.
        if took > 5e-3 || n_turns >= 1 << 20 {
            return Ok(f64::from(n_turns) * f64::from(N_GROUPS * GROUP) * OPERATIONS_A_TURN / took);
        }
        n_turns *= 2;
    }
}

fn grid(n_groups: u32) -> (u32, u32) {
    // WebGPU's default for one dimension.
    let across = n_groups.min(65_535);
    (across, n_groups.div_ceil(across))
}

/// Median time of a recording: by the device's clock, or by ours where it has none.
fn seconds(device: &mut Device, recording: &Recording<'_>) -> Result<f64> {
    let mut seconds = Vec::new();
    for i in 0..=N_MEASURED {
        let began = Instant::now();
        device.run(recording, &mut [])?;
        let by_device = device.last_run_ms() / 1e3;
        if i > 0 {
            seconds.push(if by_device > 0.0 { by_device } else { began.elapsed().as_secs_f64() });
        }
    }
    Ok(median(seconds))
}
