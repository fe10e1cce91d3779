//! An open device: its pipelines, its buffers, and what happens when it fails.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use rayon::prelude::*;

use super::adapters::open_again;
use super::kernels::KERNELS;
use super::pace::Pace;
use super::pipeline::{Pipeline, done_layout};
use super::pool::Pool;
use super::transfer::Arenas;
use super::trouble::{Failure, Injected, scoped};
use super::{DeviceInfo, DeviceKind};

/// A device that takes longer than this over one submit is taken to hang.
const LONGEST_SUBMIT: Duration = Duration::from_secs(60);

/// Bytes of planes a card of its own keeps between recordings, where nothing else is said.
const CARD_KEEPS: u64 = 2 << 30;

/// An open device with a pipeline for every kernel.
pub struct Device {
    pub(super) device: wgpu::Device,
    pub(super) queue: wgpu::Queue,
    pub(super) pipelines: HashMap<&'static str, Pipeline>,
    pub(super) done_layout: wgpu::BindGroupLayout,
    pub(super) has_timestamps: bool,
    pub(super) pool: Pool,
    pub(super) arenas: Arenas,
    pub(super) pace: Pace,
    pub(super) last_run_ns: f64,
    pub(super) failure: Failure,
    pub(super) patience: Duration,
    pub(super) injected: Option<Injected>,
    info: DeviceInfo,
}

impl Device {
    /// What the device says of itself.
    pub fn info(&self) -> &DeviceInfo {
        &self.info
    }

    /// Bytes of the largest plane it can bind.
    pub fn largest_binding(&self) -> u64 {
        // 2 GiB and more are reported and not kept (gpu-notes §6).
        self.info.max_binding_bytes.min(self.info.max_buffer_bytes).min((1 << 31) - 4)
    }

    /// Why it can be used no more, if so.
    pub fn failure(&self) -> Option<String> {
        self.failure.get()
    }

    /// Work that one submit may hold so that it takes some 50 ms, in multiplications with an addition: measured
    /// from submit to submit by the device's timestamps, a small number before that and where it has none.
    pub fn work_per_submit(&self) -> u64 {
        self.pace.budget()
    }

    /// The longest submit measured so far, ms; 0 where the device has no timestamps.
    pub fn longest_submit_ms(&self) -> f64 {
        self.pace.longest_ns() / 1e6
    }

    /// How long the dispatches of the last recording took on the device, its first 32 submits, ms; 0 where it has
    /// no timestamps.
    pub fn last_run_ms(&self) -> f64 {
        self.last_run_ns / 1e6
    }

    /// Lets it keep so many bytes of planes between recordings; 0 for none. A card of its own keeps 2 GiB unless
    /// told otherwise; others share the processor's memory, where keeping would only take twice as much.
    pub fn keep_planes(&mut self, n_bytes: u64) {
        self.pool.set_budget(n_bytes);
    }

    /// Bytes uploaded and read back so far.
    pub fn transferred_bytes(&self) -> (u64, u64) {
        self.arenas.transferred()
    }

    /// Whether buffers of so many bytes each can be had together. They are given back at once.
    pub fn can_hold(&mut self, n_bytes: &[u64]) -> bool {
        let usage = wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_DST | wgpu::BufferUsages::COPY_SRC;
        let made: Result<Vec<_>, _> = n_bytes.iter().map(|n| self.buffer(*n, usage)).collect();
        self.pool.forget_free();
        made.is_ok()
    }

    /// Opens the same device once more, from the driver up: after a loss the old one is of no use.
    pub fn reopen(&mut self) -> Result<(), String> {
        let fresh = open_again(&self.info)?;
        let lost = std::mem::replace(self, fresh);
        // Dropping a device waits for its queue, and one that hangs never comes to an end: leaked on purpose,
        // once a run at most.
        std::mem::forget(lost);
        Ok(())
    }

    /// Brings a trouble about, for tests: no hardware has them on demand.
    pub fn inject(&mut self, trouble: Injected) {
        match trouble {
            Injected::Loss => {
                self.device.destroy();
                self.failure.set("the device was taken away".into());
            }
            Injected::Slow(work) => self.pace = Pace::of(work),
            other => self.injected = Some(other),
        }
    }

    pub(super) fn open(
        adapter: &wgpu::Adapter,
        info: DeviceInfo,
        required_limits: wgpu::Limits,
    ) -> Result<Self, String> {
        let required_features = adapter.features() & wgpu::Features::TIMESTAMP_QUERY;
        let descriptor = wgpu::DeviceDescriptor {
            label: Some("clearway"),
            required_features,
            required_limits,
            memory_hints: wgpu::MemoryHints::MemoryUsage,
            ..Default::default()
        };
        let opened = pollster::block_on(adapter.request_device(&descriptor));
        let (device, queue) = opened.map_err(|e| format!("`{}` cannot be opened: {e}", info.name))?;
        let failure = Failure::default();
        let (on_error, on_loss) = (failure.clone(), failure.clone());
        device.on_uncaptured_error(Arc::new(move |error: wgpu::Error| on_error.set(error.to_string())));
        device.set_device_lost_callback(move |reason, text| {
            on_loss.set(format!("the device was lost ({reason:?}) {text}"));
        });
        let done_layout = done_layout(&device);
        // Some drivers take a second for one; error scopes are each thread's own.
        let pipelines = KERNELS.par_iter().map(|kernel| {
            let made = scoped(&device, || Ok(Pipeline::new(&device, kernel, &done_layout)));
            let refused = |e| format!("`{}` refuses shader `{}`: {e}", info.name, kernel.name);
            made.map(|pipeline| (kernel.name, pipeline)).map_err(refused)
        });
        let pipelines = pipelines.collect::<Result<HashMap<_, _>, String>>()?;
        let keeps = if info.kind == DeviceKind::Discrete { CARD_KEEPS } else { 0 };
        Ok(Self {
            has_timestamps: required_features.contains(wgpu::Features::TIMESTAMP_QUERY),
            device,
            queue,
            pipelines,
            done_layout,
            pool: Pool::new(keeps),
            arenas: Arenas::default(),
            pace: Pace::default(),
            last_run_ns: 0.0,
            failure,
            patience: LONGEST_SUBMIT,
            injected: None,
            info,
        })
    }
}
