//! A kernel made ready: its pipeline and the layout of its bindings.

use super::kernels::{Bind, KernelSpec};

/// Of one kernel.
pub(super) struct Pipeline {
    pub(super) pipeline: wgpu::ComputePipeline,
    pub(super) layout: wgpu::BindGroupLayout,
}

/// The layout of group 1, the same for all kernels: the count of workgroups that ran.
pub(super) fn done_layout(device: &wgpu::Device) -> wgpu::BindGroupLayout {
    let entries = [entry(0, wgpu::BufferBindingType::Storage { read_only: false })];
    device
        .create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor { label: Some("done"), entries: &entries })
}

impl Pipeline {
    pub(super) fn new(
        device: &wgpu::Device,
        kernel: &KernelSpec,
        done_layout: &wgpu::BindGroupLayout,
    ) -> Self {
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
            bind_group_layouts: &[Some(&layout), Some(done_layout)],
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

fn entry(binding: usize, ty: wgpu::BufferBindingType) -> wgpu::BindGroupLayoutEntry {
    wgpu::BindGroupLayoutEntry {
        binding: binding as u32,
        visibility: wgpu::ShaderStages::COMPUTE,
        ty: wgpu::BindingType::Buffer { ty, has_dynamic_offset: false, min_binding_size: None },
        count: None,
    }
}
