//! The devices seen, and which of them is opened.

use super::{Choice, Device, DeviceInfo, DeviceKind};

/// The devices seen, in the order `--device` counts them. Software adapters are among them.
pub fn devices() -> Vec<DeviceInfo> {
    adapters().iter().enumerate().map(|(index, adapter)| describe(index, adapter)).collect()
}

/// Opens a device, or says why not. [`Choice::Auto`] never takes a software adapter; a named one it may be.
pub fn open(choice: Choice<'_>) -> Result<Device, String> {
    let (adapter, info) = take(choice)?;
    let limits = adapter.limits();
    Device::open(&adapter, info, limits)
}

/// Opens a device as if it had no more than what WebGPU promises: 8 storage buffers, bindings of 128 MiB, 16 KiB
/// of workgroup memory, 256 invocations. What a test of the program does on it, it does on any device.
pub fn open_least(choice: Choice<'_>) -> Result<Device, String> {
    let (adapter, mut info) = take(choice)?;
    let limits = wgpu::Limits::default();
    tell(&mut info, &limits);
    Device::open(&adapter, info, limits)
}

/// Opens a device that was seen before once more, from the driver up.
pub(super) fn open_again(seen: &DeviceInfo) -> Result<Device, String> {
    let is_it = |(index, adapter): (usize, &wgpu::Adapter)| {
        let info = describe(index, adapter);
        (info.name == seen.name && info.backend == seen.backend).then_some(info)
    };
    let adapters = adapters();
    let found = adapters.iter().enumerate().find_map(|at| is_it(at).map(|info| (at.1, info)));
    let (adapter, mut info) = found.ok_or_else(|| format!("`{}` is not seen any more", seen.name))?;
    let mut limits = adapter.limits();
    if info.max_binding_bytes > seen.max_binding_bytes {
        limits = wgpu::Limits::default();
        tell(&mut info, &limits);
    }
    Device::open(adapter, info, limits)
}

fn take(choice: Choice<'_>) -> Result<(wgpu::Adapter, DeviceInfo), String> {
    let mut adapters = adapters();
    let mut infos: Vec<DeviceInfo> =
        adapters.iter().enumerate().map(|(i, adapter)| describe(i, adapter)).collect();
    let index = choose(choice, &infos)?;
    Ok((adapters.swap_remove(index), infos.swap_remove(index)))
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
    let said = adapter.get_info();
    let kind = match said.device_type {
        wgpu::DeviceType::DiscreteGpu => DeviceKind::Discrete,
        wgpu::DeviceType::IntegratedGpu => DeviceKind::Integrated,
        wgpu::DeviceType::VirtualGpu => DeviceKind::Virtual,
        wgpu::DeviceType::Cpu => DeviceKind::Software,
        wgpu::DeviceType::Other => DeviceKind::Other,
    };
    let mut info = DeviceInfo {
        index,
        name: said.name,
        backend: format!("{:?}", said.backend),
        kind,
        driver: format!("{} {}", said.driver, said.driver_info).trim().to_string(),
        max_buffer_bytes: 0,
        max_binding_bytes: 0,
        max_storage_buffers: 0,
        max_workgroup_bytes: 0,
        max_invocations: 0,
    };
    tell(&mut info, &adapter.limits());
    info
}

fn tell(info: &mut DeviceInfo, limits: &wgpu::Limits) {
    info.max_buffer_bytes = limits.max_buffer_size;
    info.max_binding_bytes = limits.max_storage_buffer_binding_size;
    info.max_storage_buffers = limits.max_storage_buffers_per_shader_stage;
    info.max_workgroup_bytes = limits.max_compute_workgroup_storage_size;
    info.max_invocations = limits.max_compute_invocations_per_workgroup;
}
