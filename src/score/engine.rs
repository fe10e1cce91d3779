//! Engines: who computes a tile. The native one uses all cores; the GPU one a device of `gpu`.

use crate::error::{Error, Result};

/// What was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Backend {
    /// The fastest real GPU, otherwise the native engine.
    #[default]
    Auto,
    /// A GPU or nothing.
    Gpu,
    /// The native engine.
    Cpu,
}

/// Who computed it, for `run.json`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EngineInfo {
    /// `native` or `gpu`.
    pub kind: &'static str,
    /// Name of the device, or the processor's threads.
    pub device: String,
    /// Backend, driver and version of a GPU.
    pub driver: String,
}

/// Computes tiles.
pub trait Engine: Send {
    /// Who it is.
    fn info(&self) -> EngineInfo;
}

/// The engine for a choice of backend and device (a part of its name, or its index), and one line that says
/// what was taken and why.
pub fn engine(backend: Backend, device: Option<&str>) -> Result<(Box<dyn Engine>, String)> {
    let _ = device;
    match backend {
        Backend::Gpu => Err(Error::Device("none".into())),
        _ => Err(Error::Device("none".into())),
    }
}
