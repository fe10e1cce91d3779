//! Engines: who computes a tile. The native one uses all cores; the GPU one a device of `gpu`.

use crate::error::{Error, Result};
use crate::gpu::Choice;

use super::native::Native;
use super::program::{Program, Tally};

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

    /// Cells along the side of the largest tile it should be given.
    fn largest_tile(&self) -> usize;

    /// Cells of the largest plane it can hold.
    fn largest_plane(&self) -> usize;

    /// Whether it has failed for good, so that asking again is no use.
    fn is_lost(&self) -> bool {
        false
    }

    /// Opens it once more after it has failed for good, or says why not.
    fn reopen(&mut self) -> std::result::Result<(), String> {
        Err("it cannot be opened again".into())
    }

    /// Whether its own memory holds planes of so many bytes together.
    fn can_hold(&mut self, _plane_bytes: &[u64]) -> bool {
        true
    }

    /// How long its device worked on the last program by the device's own clock, ms; `None` without such a clock.
    fn device_ms(&self) -> Option<f64> {
        None
    }

    /// Bytes of the processor's memory it takes beside the planes.
    fn staging_bytes(&self) -> u64 {
        0
    }

    /// Runs a program: inputs in the order of [`Program::inputs`], outputs made anew in the order of
    /// [`Program::outputs`] (their memory is used again), counts added to the tally. On an error the tally
    /// is as it was, so that another engine can redo the tile.
    fn run(
        &mut self,
        program: &Program,
        inputs: &[&[f32]],
        outputs: &mut Vec<Vec<f32>>,
        tally: &mut Tally,
    ) -> Result<()>;
}

/// The engine for a choice of backend and device (a part of its name, or its index), and one line that says
/// what was taken and why. `Auto` with a named device takes that device; without a real GPU it takes the
/// native engine. `Gpu` fails where no GPU can be had.
pub fn engine(backend: Backend, device: Option<&str>) -> Result<(Box<dyn Engine>, String)> {
    let choice = device.map_or(Choice::Auto, Choice::Named);
    match backend {
        Backend::Cpu => Ok((Box::new(Native::new()), "engine: native, as asked".into())),
        Backend::Gpu => {
            let opened = open_gpu(choice).map_err(|reason| Error::Device(format!("{reason}; {FIX}")))?;
            let note = describe(opened.as_ref(), "as asked");
            Ok((opened, note))
        }
        Backend::Auto => match open_gpu(choice) {
            Ok(opened) => {
                let why = if device.is_some() { "as named" } else { "the best GPU seen" };
                let note = describe(opened.as_ref(), why);
                Ok((opened, note))
            }
            Err(reason) if device.is_some() => Err(Error::Device(format!("{reason}; {FIX}"))),
            Err(reason) => Ok((Box::new(Native::new()), format!("engine: native, because {reason}"))),
        },
    }
}

const FIX: &str = "see `clearway devices`, or use `--backend cpu`";

fn describe(engine: &dyn Engine, why: &str) -> String {
    let info = engine.info();
    format!("engine: {} ({}), {why}", info.device, info.driver)
}

#[cfg(feature = "gpu")]
fn open_gpu(choice: Choice<'_>) -> std::result::Result<Box<dyn Engine>, String> {
    let device = crate::gpu::open(choice)?;
    Ok(Box::new(super::on_gpu::OnGpu::new(device)))
}

#[cfg(not(feature = "gpu"))]
fn open_gpu(_: Choice<'_>) -> std::result::Result<Box<dyn Engine>, String> {
    Err("this program was built without feature `gpu`".into())
}
