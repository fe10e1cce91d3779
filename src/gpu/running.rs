//! Running a recording: uploads, dispatches in submits that stay short, downloads; then the proof that all ran.

use bytemuck::{bytes_of_mut, cast_slice_mut};
use wgpu::BufferUsages;

use crate::error::{Error, Result};

use super::recording::{Contents, Recording};
use super::transfer::{Download, Upload};
use super::trouble::{Injected, Trouble, scoped};
use super::{BufferId, Device};

/// Uniforms of all dispatches lie in one buffer at this distance, the largest alignment a device may ask for.
const UNIFORM_STRIDE: usize = 256;

/// Submits of a recording that are timed.
const MOST_TIMED: usize = 32;

const STORAGE: BufferUsages =
    BufferUsages::STORAGE.union(BufferUsages::COPY_DST).union(BufferUsages::COPY_SRC);

impl Device {
    /// Runs a recording and fills `outputs`, one for each download. On an error their contents mean nothing.
    pub fn run(&mut self, recording: &Recording<'_>, outputs: &mut [&mut [u8]]) -> Result<()> {
        let mut outcome = self.attempt(recording, outputs);
        if outcome == Err(Trouble::OutOfMemory) {
            // Without the planes that stayed there may be enough.
            self.pool.forget_all();
            outcome = self.attempt(recording, outputs);
        }
        outcome.map_err(|trouble| {
            self.pool.forget_all();
            self.arenas.forget();
            let reason = self.failure.get().unwrap_or_else(|| trouble.to_string());
            if trouble == Trouble::Hung {
                self.failure.set(reason.clone());
            }
            Error::Device(format!("`{}` failed: {reason}", self.info().name))
        })
    }

    fn attempt(
        &mut self,
        recording: &Recording<'_>,
        outputs: &mut [&mut [u8]],
    ) -> std::result::Result<(), Trouble> {
        self.check()?;
        let device = self.device.clone();
        scoped(&device, || self.work_off(recording, outputs))?;
        self.check()
    }

    fn check(&self) -> std::result::Result<(), Trouble> {
        self.failure.get().map_or(Ok(()), |reason| Err(Trouble::Other(reason)))
    }

    fn work_off(
        &mut self,
        recording: &Recording<'_>,
        outputs: &mut [&mut [u8]],
    ) -> std::result::Result<(), Trouble> {
        let patience = self.patience;
        let does_nothing = self.injected == Some(Injected::Nothing);
        if self.injected == Some(Injected::Hang) {
            self.patience = std::time::Duration::ZERO;
        }
        if !matches!(self.injected, Some(Injected::OutOfMemory(_))) {
            self.injected = None;
        }
        let filled = self.fill(recording)?;
        let timers = Timers::new(self)?;
        let works = self.submit(recording, &filled, &timers, does_nothing)?;
        let (mut done, mut times) = (0u32, vec![0u64; 2 * works.len().min(MOST_TIMED)]);
        let mut downloads = Vec::with_capacity(outputs.len() + 2);
        for (&(BufferId(id), _), bytes) in recording.downloads.iter().zip(outputs) {
            downloads.push(Download { from: filled.buffers[id].clone(), bytes });
        }
        downloads.push(Download { from: filled.done.clone(), bytes: bytes_of_mut(&mut done) });
        if let Some(timers) = &timers {
            downloads.push(Download { from: timers.read.clone(), bytes: cast_slice_mut(&mut times) });
        }
        let downloaded = self.download(downloads);
        self.patience = patience;
        downloaded?;
        let groups = recording.dispatches.iter().map(|dispatch| dispatch.groups.iter().product::<u32>());
        let expected = groups.fold(0, u32::wrapping_add);
        if done != expected {
            return Err(Trouble::Idle { done, expected });
        }
        if timers.is_some() {
            let ns_per_tick = f64::from(self.queue.get_timestamp_period());
            let took_ns =
                times.chunks_exact(2).map(|ticks| ticks[1].saturating_sub(ticks[0]) as f64 * ns_per_tick);
            let took_ns: Vec<f64> = took_ns.collect();
            for (work, took_ns) in works.iter().zip(&took_ns) {
                self.pace.learn(*work, *took_ns);
            }
            self.last_run_ns = took_ns.iter().sum();
        }
        self.put_away(recording, filled, timers);
        Ok(())
    }

    /// Buffers with their contents on the way.
    fn fill(&mut self, recording: &Recording<'_>) -> std::result::Result<Filled, Trouble> {
        let mut uploads = Vec::new();
        let mut buffers = Vec::with_capacity(recording.buffers.len());
        let mut zeroed = Vec::new();
        for (contents, n_bytes) in &recording.buffers {
            let held = match contents {
                Contents::Table(key, _) => self.pool.table(*key),
                Contents::Plane(key, _) => self.pool.plane(*key, *n_bytes),
                _ => None,
            };
            if let Some(held) = held {
                buffers.push(held);
                continue;
            }
            let buffer = self.buffer(*n_bytes, STORAGE)?;
            match contents {
                Contents::Upload(bytes) | Contents::Plane(_, bytes) => {
                    uploads.push(Upload { bytes, to: buffer.clone() });
                }
                Contents::Table(key, bytes) => {
                    uploads.push(Upload { bytes, to: buffer.clone() });
                    self.pool.keep_table(*key, buffer.clone());
                }
                Contents::Zero => zeroed.push(buffer.clone()),
                Contents::Any => {}
            }
            buffers.push(buffer);
        }
        let mut bytes = vec![0; recording.dispatches.len().max(1) * UNIFORM_STRIDE];
        for (dispatch, at) in recording.dispatches.iter().zip(bytes.chunks_mut(UNIFORM_STRIDE)) {
            at[..dispatch.params.len()].copy_from_slice(&dispatch.params);
        }
        let uniforms = self.buffer(bytes.len() as u64, BufferUsages::UNIFORM | BufferUsages::COPY_DST)?;
        uploads.push(Upload { bytes: &bytes, to: uniforms.clone() });
        let done = self.buffer(4, STORAGE)?;
        zeroed.push(done.clone());
        self.upload(&uploads)?;
        Ok(Filled { buffers, zeroed, uniforms, done })
    }

    /// Submits the dispatches, cut so that none takes long. Returns the work of each submit.
    fn submit(
        &mut self,
        recording: &Recording<'_>,
        filled: &Filled,
        timers: &Option<Timers>,
        does_nothing: bool,
    ) -> std::result::Result<Vec<u64>, Trouble> {
        let descriptor = wgpu::CommandEncoderDescriptor::default();
        let mut encoder = self.device.create_command_encoder(&descriptor);
        for buffer in &filled.zeroed {
            encoder.clear_buffer(buffer, 0, None);
        }
        let group_of_done = self.device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: Some("done"),
            layout: &self.done_layout,
            entries: &[wgpu::BindGroupEntry { binding: 0, resource: filled.done.as_entire_binding() }],
        });
        let budget = self.pace.budget();
        let mut works = Vec::new();
        let mut first = 0;
        while first < recording.dispatches.len() {
            let mut work = recording.dispatches[first].work;
            let more = recording.dispatches[first + 1..].iter().take_while(|next| {
                work += next.work;
                work <= budget
            });
            let end = first + 1 + more.count();
            let timestamp_writes = timers.as_ref().and_then(|timers| timers.of_submit(works.len()));
            let descriptor =
                wgpu::ComputePassDescriptor { label: None, timestamp_writes: timestamp_writes.clone() };
            let mut pass = encoder.begin_compute_pass(&descriptor);
            for i in first..end {
                if !does_nothing {
                    self.encode(recording, i, filled, &group_of_done, &mut pass);
                }
            }
            drop(pass);
            works.push(recording.dispatches[first..end].iter().map(|dispatch| dispatch.work).sum());
            first = end;
            if first < recording.dispatches.len() {
                let next = self.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
                self.queue.submit([std::mem::replace(&mut encoder, next).finish()]);
            }
        }
        if let Some(timers) = timers {
            let n_times = 2 * works.len().min(MOST_TIMED) as u32;
            encoder.resolve_query_set(&timers.queries, 0..n_times, &timers.resolved, 0);
            encoder.copy_buffer_to_buffer(&timers.resolved, 0, &timers.read, 0, u64::from(n_times) * 8);
        }
        self.queue.submit([encoder.finish()]);
        Ok(works)
    }

    fn encode(
        &self,
        recording: &Recording<'_>,
        i: usize,
        filled: &Filled,
        group_of_done: &wgpu::BindGroup,
        pass: &mut wgpu::ComputePass<'_>,
    ) {
        let dispatch = &recording.dispatches[i];
        let pipeline = &self.pipelines[dispatch.kernel.name];
        let of = |buffer, offset: u64, n_bytes: u64| {
            let size = wgpu::BufferSize::new(n_bytes);
            wgpu::BindingResource::Buffer(wgpu::BufferBinding { buffer, offset, size })
        };
        let params = of(&filled.uniforms, (i * UNIFORM_STRIDE) as u64, dispatch.params.len() as u64);
        let storage = dispatch
            .buffers
            .iter()
            .map(|BufferId(id)| of(&filled.buffers[*id], 0, recording.buffers[*id].1.max(4)));
        let resources = std::iter::once(params).chain(storage).zip(0..);
        let entries: Vec<wgpu::BindGroupEntry<'_>> =
            resources.map(|(resource, binding)| wgpu::BindGroupEntry { binding, resource }).collect();
        let label = Some(dispatch.kernel.name);
        let layout = &pipeline.layout;
        let descriptor = wgpu::BindGroupDescriptor { label, layout, entries: &entries };
        pass.set_pipeline(&pipeline.pipeline);
        pass.set_bind_group(0, &self.device.create_bind_group(&descriptor), &[]);
        pass.set_bind_group(1, group_of_done, &[]);
        let [x, y, z] = dispatch.groups;
        pass.dispatch_workgroups(x, y, z);
    }

    /// Planes and tables that stay, and the rest for the next recording.
    fn put_away(&mut self, recording: &Recording<'_>, filled: Filled, timers: Option<Timers>) {
        let mut stays = vec![false; filled.buffers.len()];
        if self.pool.keeps_planes() {
            for (BufferId(id), key) in &recording.stay {
                stays[*id] = true;
                self.pool.keep_plane(*key, filled.buffers[*id].clone());
            }
        }
        let is_free = |i: usize| !stays[i] && !matches!(recording.buffers[i].0, Contents::Table(..));
        let mut used: Vec<wgpu::Buffer> =
            filled.buffers.into_iter().enumerate().filter(|(i, _)| is_free(*i)).map(|(_, b)| b).collect();
        used.extend([filled.uniforms, filled.done]);
        if let Some(timers) = timers {
            used.extend([timers.resolved, timers.read]);
        }
        self.pool.give_back(used);
    }
}

/// The buffers of a recording that runs.
struct Filled {
    buffers: Vec<wgpu::Buffer>,
    zeroed: Vec<wgpu::Buffer>,
    uniforms: wgpu::Buffer,
    done: wgpu::Buffer,
}

/// When each submit began and ended.
struct Timers {
    queries: wgpu::QuerySet,
    resolved: wgpu::Buffer,
    read: wgpu::Buffer,
}

impl Timers {
    fn new(device: &mut Device) -> std::result::Result<Option<Self>, Trouble> {
        if !device.has_timestamps {
            return Ok(None);
        }
        let count = 2 * MOST_TIMED as u32;
        let queries = device.device.create_query_set(&wgpu::QuerySetDescriptor {
            label: None,
            ty: wgpu::QueryType::Timestamp,
            count,
        });
        let n_bytes = u64::from(count) * 8;
        let resolved = device.buffer(n_bytes, BufferUsages::QUERY_RESOLVE | BufferUsages::COPY_SRC)?;
        let read = device.buffer(n_bytes, STORAGE)?;
        Ok(Some(Self { queries, resolved, read }))
    }

    fn of_submit(&self, i: usize) -> Option<wgpu::ComputePassTimestampWrites<'_>> {
        (i < MOST_TIMED).then(|| wgpu::ComputePassTimestampWrites {
            query_set: &self.queries,
            beginning_of_pass_write_index: Some(2 * i as u32),
            end_of_pass_write_index: Some(2 * i as u32 + 1),
        })
    }
}
