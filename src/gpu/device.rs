//! Finding and opening a device, its pipelines, and what happens when it fails.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::kernels::{Bind, KERNELS, KernelSpec};
use super::recording::Pool;
use super::{Choice, DeviceInfo, DeviceKind};

/// An open device with a pipeline for every kernel.
pub struct Device {
    pub(super) device: wgpu::Device,
    pub(super) queue: wgpu::Queue,
    pub(super) pipelines: HashMap<&'static str, Pipeline>,
    pub(super) pool: Pool,
    pub(super) failure: Failure,
    info: DeviceInfo,
}

pub(super) struct Pipeline {
    pub(super) pipeline: wgpu::ComputePipeline,
    pub(super) layout: wgpu::BindGroupLayout,
}

/// What went wrong outside any error scope, or the loss of the device; set from the driver's callbacks.
#[derive(Debug, Clone, Default)]
pub(super) struct Failure {
    reason: Arc<Mutex<Option<String>>>,
}

impl Failure {
    fn set(&self, reason: String) {
        let mut held = self.reason.lock().unwrap_or_else(PoisonError::into_inner);
        held.get_or_insert(reason);
    }

    pub(super) fn get(&self) -> Option<String> {
        self.reason.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// The devices seen, in the order `--device` counts them. Software adapters are among them.
pub fn devices() -> Vec<DeviceInfo> {
    adapters().iter().enumerate().map(|(index, adapter)| describe(index, adapter)).collect()
}

/// Opens a device, or says why not. [`Choice::Auto`] never takes a software adapter; a named one it may be.
pub fn open(choice: Choice<'_>) -> Result<Device, String> {
    let adapters = adapters();
    let infos: Vec<DeviceInfo> =
        adapters.iter().enumerate().map(|(i, adapter)| describe(i, adapter)).collect();
    let index = choose(choice, &infos)?;
    Device::open(&adapters[index], infos[index].clone())
}

fn choose(choice: Choice<'_>, infos: &[DeviceInfo]) -> Result<usize, String> {
    if infos.is_empty() {
        return Err("no GPU was found (no Vulkan, Metal or DirectX 12 driver answers)".into());
    }
    let seen = || infos.iter().map(|info| format!("`{}`", info.name)).collect::<Vec<_>>().join(", ");
    match choice {
        Choice::Auto => {
            let real = infos.iter().filter(|info| info.kind.is_real());
            let best = real.min_by_key(|info| (info.kind, info.index));
            best.map(|info| info.index).ok_or_else(|| {
                format!("no real GPU was found, only {} (named with --device it is taken)", seen())
            })
        }
        Choice::Named(name) => {
            if let Ok(index) = name.parse::<usize>()
                && index < infos.len()
            {
                return Ok(index);
            }
            let wanted = name.to_lowercase();
            let named = infos.iter().find(|info| info.name.to_lowercase().contains(&wanted));
            named
                .map(|info| info.index)
                .ok_or_else(|| format!("no device is called `{name}`; seen: {}", seen()))
        }
    }
}

fn adapters() -> Vec<wgpu::Adapter> {
    if wgpu::Instance::enabled_backend_features().is_empty() {
        return Vec::new();
    }
    let mut descriptor = wgpu::InstanceDescriptor::new_without_display_handle();
    // No debug layers: they cost time and print.
    descriptor.flags = wgpu::InstanceFlags::empty().with_env();
    let instance = wgpu::Instance::new(descriptor);
    pollster::block_on(instance.enumerate_adapters(wgpu::Backends::all()))
}

fn describe(index: usize, adapter: &wgpu::Adapter) -> DeviceInfo {
    let (info, limits) = (adapter.get_info(), adapter.limits());
    let kind = match info.device_type {
        wgpu::DeviceType::DiscreteGpu => DeviceKind::Discrete,
        wgpu::DeviceType::IntegratedGpu => DeviceKind::Integrated,
        wgpu::DeviceType::VirtualGpu => DeviceKind::Virtual,
        wgpu::DeviceType::Cpu => DeviceKind::Software,
        wgpu::DeviceType::Other => DeviceKind::Other,
    };
    DeviceInfo {
        index,
        name: info.name,
        backend: format!("{:?}", info.backend),
        kind,
        driver: format!("{} {}", info.driver, info.driver_info).trim().to_string(),
        max_buffer_bytes: limits.max_buffer_size,
        max_binding_bytes: limits.max_storage_buffer_binding_size,
        max_storage_buffers: limits.max_storage_buffers_per_shader_stage,
        max_workgroup_bytes: limits.max_compute_workgroup_storage_size,
        max_invocations: limits.max_compute_invocations_per_workgroup,
    }
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

    /// Takes the device away as a driver may at any time: everything asked of it afterwards fails. For tests.
    pub fn lose(&self) {
        self.device.destroy();
        self.failure.set("the device was taken away".into());
    }

    fn open(adapter: &wgpu::Adapter, info: DeviceInfo) -> Result<Self, String> {
        let descriptor = wgpu::DeviceDescriptor {
            label: Some("clearway"),
            required_limits: adapter.limits(),
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
        let mut pipelines = HashMap::new();
        for kernel in KERNELS.iter().copied() {
            let made = scoped(&device, || Pipeline::new(&device, kernel));
            let pipeline =
                made.map_err(|e| format!("`{}` refuses shader `{}`: {e}", info.name, kernel.name))?;
            pipelines.insert(kernel.name, pipeline);
        }
        Ok(Self { device, queue, pipelines, pool: Pool::default(), failure, info })
    }
}

/// Runs `work`; the first error of any kind that it raised on the device comes back.
pub(super) fn scoped<T>(device: &wgpu::Device, work: impl FnOnce() -> T) -> Result<T, String> {
    let filters =
        [wgpu::ErrorFilter::Internal, wgpu::ErrorFilter::Validation, wgpu::ErrorFilter::OutOfMemory];
    let scopes = filters.map(|filter| device.push_error_scope(filter));
    let made = work();
    let mut first = None;
    for scope in scopes.into_iter().rev() {
        first = first.or(pollster::block_on(scope.pop()));
    }
    match first {
        Some(error) => Err(error.to_string()),
        None => Ok(made),
    }
}

impl Pipeline {
    fn new(device: &wgpu::Device, kernel: &KernelSpec) -> Self {
        let entry = |binding: usize, ty| wgpu::BindGroupLayoutEntry {
            binding: binding as u32,
            visibility: wgpu::ShaderStages::COMPUTE,
            ty: wgpu::BindingType::Buffer { ty, has_dynamic_offset: false, min_binding_size: None },
            count: None,
        };
        let mut entries = vec![entry(0, wgpu::BufferBindingType::Uniform)];
        for (i, bind) in kernel.bindings.iter().enumerate() {
            let read_only = *bind == Bind::Read;
            entries.push(entry(i + 1, wgpu::BufferBindingType::Storage { read_only }));
        }
        let label = Some(kernel.name);
        let layout =
            device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor { label, entries: &entries });
        let pipeline_layout = device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
            label,
            bind_group_layouts: &[Some(&layout)],
            immediate_size: 0,
        });
        let module = device.create_shader_module(wgpu::ShaderModuleDescriptor {
            label,
            source: wgpu::ShaderSource::Wgsl(kernel.source().into()),
        });
        // Every shader that uses workgroup memory clears it with all its invocations, which is 3 to 10 times
        // faster than one invocation's loop on several drivers (gpu-notes §2).
        let compilation_options = wgpu::PipelineCompilationOptions {
            zero_initialize_workgroup_memory: false,
            ..Default::default()
        };
        let pipeline = device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
            label,
            layout: Some(&pipeline_layout),
            module: &module,
            entry_point: Some(kernel.entry),
            compilation_options,
            cache: None,
        });
        Self { pipeline, layout }
    }
}
