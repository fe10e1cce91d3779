//! A recording: buffers, dispatches and downloads, run in one submit.
//!
//! Buffers are proxies until the recording runs; then they come from a pool that the next recording uses
//! again. Buffers of the same contents over many recordings (a rank table) are kept by a key.

use std::sync::mpsc;
use std::time::Duration;

use crate::error::{Error, Result};

use super::device::{Device, scoped};
use super::kernels::KernelSpec;

/// A buffer of a recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BufferId(usize);

/// What to run.
#[derive(Debug, Default)]
pub struct Recording<'a> {
    buffers: Vec<Contents<'a>>,
    dispatches: Vec<Dispatch>,
    downloads: Vec<(BufferId, u64)>,
}

#[derive(Debug)]
enum Contents<'a> {
    Upload(&'a [u8]),
    Kept(u64, &'a [u8]),
    Zero(u64),
    Any(u64),
}

#[derive(Debug)]
struct Dispatch {
    kernel: &'static KernelSpec,
    params: Vec<u8>,
    buffers: Vec<BufferId>,
    groups: [u32; 3],
}

/// Uniforms of all dispatches lie in one buffer at this distance, the largest alignment a device may ask for.
const UNIFORM_STRIDE: usize = 256;

/// A device that takes longer than this over one submit is taken to hang.
const LONGEST_SUBMIT: Duration = Duration::from_secs(60);

impl<'a> Recording<'a> {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// A buffer with the bytes given; their number must be a multiple of 4.
    pub fn upload(&mut self, bytes: &'a [u8]) -> BufferId {
        self.add(Contents::Upload(bytes))
    }

    /// A buffer that keeps its bytes over recordings: uploaded only when no buffer of this key is there.
    pub fn keep(&mut self, key: u64, bytes: &'a [u8]) -> BufferId {
        self.add(Contents::Kept(key, bytes))
    }

    /// A buffer of zeros.
    pub fn zeroed(&mut self, n_bytes: u64) -> BufferId {
        self.add(Contents::Zero(n_bytes))
    }

    /// A buffer whose every word is written before it is read.
    pub fn plane(&mut self, n_bytes: u64) -> BufferId {
        self.add(Contents::Any(n_bytes))
    }

    /// Runs a kernel over the storage buffers given, in the order of its bindings.
    pub fn dispatch(
        &mut self,
        kernel: &'static KernelSpec,
        params: &[u8],
        buffers: &[BufferId],
        groups: [u32; 3],
    ) {
        debug_assert_eq!(
            buffers.len(),
            kernel.bindings.len(),
            "a buffer for every binding of {}",
            kernel.name
        );
        debug_assert_eq!(params.len(), kernel.params.len() * 4, "the parameters of {}", kernel.name);
        let buffers = buffers.to_vec();
        self.dispatches.push(Dispatch { kernel, params: params.to_vec(), buffers, groups });
    }

    /// Reads a buffer's first bytes back, in the order of these calls.
    pub fn download(&mut self, buffer: BufferId, n_bytes: u64) {
        self.downloads.push((buffer, n_bytes));
    }

    fn add(&mut self, contents: Contents<'a>) -> BufferId {
        self.buffers.push(contents);
        BufferId(self.buffers.len() - 1)
    }
}

/// Buffers to use again.
#[derive(Debug, Default)]
pub(super) struct Pool {
    free: Vec<wgpu::Buffer>,
    kept: Vec<(u64, wgpu::Buffer)>,
}

/// How many kept buffers stay.
const MOST_KEPT: usize = 4;

impl Device {
    /// Runs a recording and hands each download's bytes to `read`. On an error nothing has been handed over.
    pub fn run(&mut self, recording: &Recording<'_>, mut read: impl FnMut(usize, &[u8])) -> Result<()> {
        self.check()?;
        let device = self.device.clone();
        let done = scoped(&device, || self.submit(recording)).map_err(|e| self.fault(&e))?;
        let (staging, used) = done?;
        self.check()?;
        {
            let bytes = staging.slice(..).get_mapped_range().map_err(|e| self.fault(&e.to_string()))?;
            let mut offset = 0;
            for (i, &(_, n_bytes)) in recording.downloads.iter().enumerate() {
                read(i, &bytes[offset..offset + n_bytes as usize]);
                offset += n_bytes as usize;
            }
        }
        staging.unmap();
        self.pool.free = used;
        self.pool.free.push(staging);
        Ok(())
    }

    fn check(&self) -> Result<()> {
        match self.failure.get() {
            Some(reason) => Err(self.fault(&reason)),
            None => Ok(()),
        }
    }

    fn fault(&self, reason: &str) -> Error {
        Error::Device(format!("`{}` failed: {reason}", self.info().name))
    }

    fn submit(&mut self, recording: &Recording<'_>) -> Result<(wgpu::Buffer, Vec<wgpu::Buffer>)> {
        let mut encoder = self.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        let mut used = Vec::new();
        let mut buffers = Vec::with_capacity(recording.buffers.len());
        for contents in &recording.buffers {
            let buffer = self.fill(contents, &mut encoder);
            if !matches!(contents, Contents::Kept(..)) {
                used.push(buffer.clone());
            }
            buffers.push(buffer);
        }
        let uniforms = self.uniforms(recording);
        used.push(uniforms.clone());
        self.encode(recording, &buffers, &uniforms, &mut encoder);
        let total: u64 = recording.downloads.iter().map(|(_, n)| n).sum();
        let usage = wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST;
        let staging = self.buffer(total, usage);
        let mut offset = 0;
        for &(BufferId(id), n_bytes) in &recording.downloads {
            encoder.copy_buffer_to_buffer(&buffers[id], 0, &staging, offset, n_bytes);
            offset += n_bytes;
        }
        let index = self.queue.submit([encoder.finish()]);
        let (sender, receiver) = mpsc::channel();
        staging.slice(..).map_async(wgpu::MapMode::Read, move |mapped| {
            // The receiver waits until this is called or the device is lost.
            let _ = sender.send(mapped);
        });
        let wait = wgpu::PollType::Wait { submission_index: Some(index), timeout: Some(LONGEST_SUBMIT) };
        self.device.poll(wait).map_err(|e| self.fault(&e.to_string()))?;
        match receiver.try_recv() {
            Ok(Ok(())) => Ok((staging, used)),
            Ok(Err(e)) => Err(self.fault(&e.to_string())),
            Err(_) => Err(self.fault("its results cannot be read back")),
        }
    }

    fn encode(
        &self,
        recording: &Recording<'_>,
        buffers: &[wgpu::Buffer],
        uniforms: &wgpu::Buffer,
        encoder: &mut wgpu::CommandEncoder,
    ) {
        let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
        for (i, dispatch) in recording.dispatches.iter().enumerate() {
            let pipeline = &self.pipelines[dispatch.kernel.name];
            let params = wgpu::BindingResource::Buffer(wgpu::BufferBinding {
                buffer: uniforms,
                offset: (i * UNIFORM_STRIDE) as u64,
                size: wgpu::BufferSize::new(dispatch.params.len() as u64),
            });
            let storage = dispatch.buffers.iter().map(|BufferId(id)| buffers[*id].as_entire_binding());
            let resources = std::iter::once(params).chain(storage);
            let entries: Vec<wgpu::BindGroupEntry<'_>> = resources
                .zip(0..)
                .map(|(resource, binding)| wgpu::BindGroupEntry { binding, resource })
                .collect();
            let label = Some(dispatch.kernel.name);
            let layout = &pipeline.layout;
            let descriptor = wgpu::BindGroupDescriptor { label, layout, entries: &entries };
            pass.set_pipeline(&pipeline.pipeline);
            pass.set_bind_group(0, &self.device.create_bind_group(&descriptor), &[]);
            let [x, y, z] = dispatch.groups;
            pass.dispatch_workgroups(x, y, z);
        }
    }

    fn uniforms(&mut self, recording: &Recording<'_>) -> wgpu::Buffer {
        let mut bytes = vec![0; recording.dispatches.len().max(1) * UNIFORM_STRIDE];
        for (dispatch, at) in recording.dispatches.iter().zip(bytes.chunks_mut(UNIFORM_STRIDE)) {
            at[..dispatch.params.len()].copy_from_slice(&dispatch.params);
        }
        let usage = wgpu::BufferUsages::UNIFORM | wgpu::BufferUsages::COPY_DST;
        let buffer = self.buffer(bytes.len() as u64, usage);
        self.queue.write_buffer(&buffer, 0, &bytes);
        buffer
    }

    fn fill(&mut self, contents: &Contents<'_>, encoder: &mut wgpu::CommandEncoder) -> wgpu::Buffer {
        let usage = wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_DST | wgpu::BufferUsages::COPY_SRC;
        match contents {
            Contents::Upload(bytes) => {
                let buffer = self.buffer(bytes.len() as u64, usage);
                self.queue.write_buffer(&buffer, 0, bytes);
                buffer
            }
            Contents::Kept(key, bytes) => {
                if let Some((_, buffer)) = self.pool.kept.iter().find(|(kept, _)| kept == key) {
                    return buffer.clone();
                }
                let buffer = self.buffer(bytes.len() as u64, usage);
                self.queue.write_buffer(&buffer, 0, bytes);
                if self.pool.kept.len() >= MOST_KEPT {
                    self.pool.kept.remove(0);
                }
                self.pool.kept.push((*key, buffer.clone()));
                buffer
            }
            Contents::Zero(n_bytes) => {
                let buffer = self.buffer(*n_bytes, usage);
                encoder.clear_buffer(&buffer, 0, None);
                buffer
            }
            Contents::Any(n_bytes) => self.buffer(*n_bytes, usage),
        }
    }

    /// A buffer of at least so many bytes from the pool, or a new one.
    fn buffer(&mut self, n_bytes: u64, usage: wgpu::BufferUsages) -> wgpu::Buffer {
        let size = n_bytes.max(4).next_multiple_of(256);
        let found = self.pool.free.iter().position(|buffer| buffer.size() == size && buffer.usage() == usage);
        if let Some(found) = found {
            return self.pool.free.swap_remove(found);
        }
        let descriptor = wgpu::BufferDescriptor { label: None, size, usage, mapped_at_creation: false };
        self.device.create_buffer(&descriptor)
    }
}
