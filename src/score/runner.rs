//! Runs programs on the engine chosen, and on the native one where that fails or cannot.

use crate::error::{Error, Result};

use super::pipeline::Buffers;
use super::program::{Program, Tally};
use super::{Engine, EngineInfo, Native};

/// After so many failures in all the engine is not asked again.
const MOST_FAILURES: usize = 3;

/// An engine with the native one behind it.
pub struct Runner<'a> {
    engine: &'a mut dyn Engine,
    native: Native,
    failures: Vec<String>,
    n_redone: u64,
    n_too_large: u64,
}

impl<'a> Runner<'a> {
    /// Around an engine.
    pub fn new(engine: &'a mut dyn Engine) -> Self {
        Self { engine, native: Native::new(), failures: Vec::new(), n_redone: 0, n_too_large: 0 }
    }

    /// The engine chosen.
    pub fn info(&self) -> EngineInfo {
        self.engine.info()
    }

    /// Runs a program over planes in the order of its inputs. A device's failure is no error: the tile is
    /// redone natively.
    pub fn run(
        &mut self,
        program: &Program,
        inputs: &[Vec<f32>],
        buffers: &Buffers,
        tally: &mut Tally,
    ) -> Result<Vec<Vec<f32>>> {
        let inputs: Vec<&[f32]> = inputs.iter().map(Vec::as_slice).collect();
        let outputs = program.outputs.iter().map(|slot| buffers.take(program.shapes[slot.0].len()));
        let mut outputs = outputs.collect();
        if program.largest_plane() > self.engine.largest_plane() {
            self.n_too_large += 1;
        } else if self.failures.len() < MOST_FAILURES && !self.engine.is_lost() {
            match self.engine.run(program, &inputs, &mut outputs, tally) {
                Err(Error::Device(reason)) => {
                    self.failures.push(reason);
                    self.n_redone += 1;
                }
                done => return done.map(|()| outputs),
            }
        } else {
            self.n_redone += 1;
        }
        self.native.run(program, &inputs, &mut outputs, tally)?;
        Ok(outputs)
    }

    /// What happened, for people.
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        if let Some(reason) = self.failures.first() {
            warnings.push(format!(
                "{} tiles were computed by the native engine, because {reason}",
                self.n_redone
            ));
        }
        if self.n_too_large > 0 {
            warnings.push(format!(
                "the exposure of {} tiles was computed by the native engine: with its halo a tile is larger \
                 than the device can hold",
                self.n_too_large
            ));
        }
        warnings
    }
}
