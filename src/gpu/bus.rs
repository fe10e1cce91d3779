//! Copies over the bus, by themselves: memory of the processor that the device can reach, to the device and back.
//!
//! For `clearway bench`, which holds a stage's transfers against them. Nothing is mapped in between, so that the
//! processor's own copying does not count.

use wgpu::BufferUsages;

use super::Device;

/// Two buffers the processor could map, and one of the device's own.
pub struct Bus {
    upload: wgpu::Buffer,
    download: wgpu::Buffer,
    on_device: wgpu::Buffer,
}

impl Device {
    /// Buffers of so many bytes (a multiple of 4) to copy between.
    pub fn bus(&self, n_bytes: u64) -> Bus {
        let buffer = |usage| {
            let descriptor = wgpu::BufferDescriptor {
                label: Some("bus"),
                size: n_bytes,
                usage,
                mapped_at_creation: false,
            };
            self.device.create_buffer(&descriptor)
        };
        Bus {
            upload: buffer(BufferUsages::MAP_WRITE | BufferUsages::COPY_SRC),
            download: buffer(BufferUsages::MAP_READ | BufferUsages::COPY_DST),
            on_device: buffer(BufferUsages::STORAGE | BufferUsages::COPY_SRC | BufferUsages::COPY_DST),
        }
    }

    /// One copy to the device, waited for; or why it failed.
    pub fn copy_there(&self, bus: &Bus) -> Result<(), String> {
        self.copy(&bus.upload, &bus.on_device)
    }

    /// One copy back, waited for; or why it failed.
    pub fn copy_back(&self, bus: &Bus) -> Result<(), String> {
        self.copy(&bus.on_device, &bus.download)
    }

    fn copy(&self, from: &wgpu::Buffer, to: &wgpu::Buffer) -> Result<(), String> {
        let mut encoder = self.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        encoder.copy_buffer_to_buffer(from, 0, to, 0, from.size());
        let index = self.queue.submit([encoder.finish()]);
        let wait = wgpu::PollType::Wait { submission_index: Some(index), timeout: None };
        self.device.poll(wait).map_err(|error| error.to_string())?;
        self.failure().map_or(Ok(()), Err)
    }
}
