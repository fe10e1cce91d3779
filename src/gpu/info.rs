//! What a device says of itself, and how one is chosen.

/// A device seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceInfo {
    /// Its place in the list, which `--device` accepts.
    pub index: usize,
    /// Its name.
    pub name: String,
    /// Vulkan, Metal, Dx12 or Gl.
    pub backend: String,
    /// What it is.
    pub kind: DeviceKind,
    /// The driver and its version.
    pub driver: String,
    /// Largest buffer, bytes.
    pub max_buffer_bytes: u64,
    /// Largest storage binding, bytes.
    pub max_binding_bytes: u64,
    /// Storage buffers a shader may bind.
    pub max_storage_buffers: u32,
    /// Workgroup memory, bytes.
    pub max_workgroup_bytes: u32,
    /// Invocations in a workgroup.
    pub max_invocations: u32,
}

/// What a device is, the ones that `auto` prefers first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum DeviceKind {
    /// A card of its own.
    Discrete,
    /// Shares memory with the processor.
    Integrated,
    /// A GPU passed into a virtual machine.
    Virtual,
    /// Software on the processor: right, slow, taken only when named.
    Software,
    /// Unknown to the driver's interface.
    Other,
}

/// Which device to open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choice<'a> {
    /// The best real GPU: discrete before integrated before virtual; never a software adapter.
    Auto,
    /// Part of a name (any case) or an index of [`DeviceInfo::index`].
    Named(&'a str),
}

impl DeviceKind {
    /// Whether it is hardware.
    pub fn is_real(self) -> bool {
        matches!(self, Self::Discrete | Self::Integrated | Self::Virtual)
    }
}
