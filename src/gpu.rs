//! GPUs: which devices there are, and the shaders with their bindings.
//!
//! Designed for WebGPU's default limits: 8 storage buffers, 128 MiB a binding, 16 KiB of workgroup memory, 256
//! invocations. Without feature `gpu` the tables remain and opening a device says so. Nothing here panics or
//! prints where there is no driver, no loader or no device.

mod info;

pub use info::{Choice, DeviceInfo, DeviceKind};

/// The devices seen, in the order `--device` counts them.
pub fn devices() -> Vec<DeviceInfo> {
    Vec::new()
}

/// The device that `auto` takes among those seen: discrete before integrated before virtual, none of software.
pub fn auto_choice(devices: &[DeviceInfo]) -> Option<usize> {
    let place = |kind: DeviceKind| {
        [DeviceKind::Discrete, DeviceKind::Integrated, DeviceKind::Virtual].iter().position(|k| *k == kind)
    };
    devices
        .iter()
        .filter_map(|device| Some((place(device.kind)?, device.index)))
        .min()
        .map(|(_, index)| index)
}
