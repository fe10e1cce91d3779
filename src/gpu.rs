//! GPUs: which devices there are, the shaders with their bindings, and recordings of dispatches.
//!
//! Designed for WebGPU's default limits: 8 storage buffers, 128 MiB a binding, 16 KiB of workgroup memory, 256
//! invocations. Without feature `gpu` the tables remain and no device is seen. Nothing here panics or prints
//! where there is no driver, no loader or no device. This module knows bytes and bindings, not stages.

#[cfg(feature = "gpu")]
mod adapters;
#[cfg(feature = "gpu")]
mod bus;
#[cfg(feature = "gpu")]
mod device;
mod info;
pub mod kernels;
#[cfg(feature = "gpu")]
mod pace;
pub mod params;
#[cfg(feature = "gpu")]
mod pipeline;
#[cfg(feature = "gpu")]
mod pool;
#[cfg(feature = "gpu")]
mod recording;
#[cfg(feature = "gpu")]
mod running;
#[cfg(feature = "gpu")]
mod transfer;
#[cfg(feature = "gpu")]
mod trouble;
mod wrapped;

#[cfg(feature = "gpu")]
pub use adapters::{devices, open, open_least};
#[cfg(feature = "gpu")]
pub use bus::Bus;
#[cfg(feature = "gpu")]
pub use device::Device;
pub use info::{Choice, DeviceInfo, DeviceKind};
#[cfg(feature = "gpu")]
pub use pool::PlaneKey;
#[cfg(feature = "gpu")]
pub use recording::{BufferId, Recording};
#[cfg(feature = "gpu")]
pub use transfer::STAGING_BYTES;
#[cfg(feature = "gpu")]
pub use trouble::Injected;
pub use wrapped::DONE_GROUP;

/// The devices seen: none, this program was built without feature `gpu`.
#[cfg(not(feature = "gpu"))]
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
