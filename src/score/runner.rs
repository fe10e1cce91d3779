//! Runs programs on the engine chosen, and on the native one where that fails or cannot.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::error::{Error, Result};
use crate::grid::Window;

use super::pipeline::Buffers;
use super::program::{Program, Tally};
use super::{Engine, EngineInfo, Native};

/// After so many failures in all the engine is not asked again.
const MOST_FAILURES: usize = 3;

/// Planes that one pass makes or reads and a later one reads again, by tile.
#[derive(Debug, Clone, Copy)]
pub enum Known {
    /// Hazard, unknown where a cell is not scored.
    Hazard,
    /// Cost; whether it is known where a cell is not scored makes no difference to any stage.
    Cost,
    /// Exposure.
    Exposure,
    /// People at risk.
    PeopleAtRisk,
    /// Benefit.
    Benefit,
    /// What the rank orders by, where it is not benefit alone.
    Ranked,
}

/// An engine with the native one behind it.
pub struct Runner<'a> {
    engine: &'a mut dyn Engine,
    native: Native,
    run_number: u64,
    failures: Vec<String>,
    reopened: Option<std::result::Result<(), String>>,
    n_redone: u64,
    n_too_large: u64,
}

impl<'a> Runner<'a> {
    /// Around an engine.
    pub fn new(engine: &'a mut dyn Engine) -> Self {
        // Planes of another run must not be taken for this one's.
        static RUNS: AtomicU64 = AtomicU64::new(1);
        Self {
            engine,
            native: Native::new(),
            run_number: RUNS.fetch_add(1, Ordering::Relaxed),
            failures: Vec::new(),
            reopened: None,
            n_redone: 0,
            n_too_large: 0,
        }
    }

    /// The engine chosen.
    pub fn info(&self) -> EngineInfo {
        self.engine.info()
    }

    /// Names a program's inputs and outputs, in order, as far as other passes use them too.
    pub fn name(
        &self,
        program: &mut Program,
        tile: Window,
        inputs: &[Option<Known>],
        outputs: &[Option<Known>],
    ) {
        let place = (tile.row as u64) << 32 | tile.col as u64;
        let inputs = program.inputs.iter().zip(inputs);
        let outputs = program.outputs.iter().zip(outputs);
        let named = inputs.chain(outputs).filter_map(|(slot, known)| {
            known.map(|known| (*slot, [self.run_number << 8 | known as u64, place]))
        });
        program.known = named.collect();
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
        } else if self.is_to_be_asked() {
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

    /// An engine lost is opened again once.
    fn is_to_be_asked(&mut self) -> bool {
        if self.failures.len() >= MOST_FAILURES {
            return false;
        }
        if self.engine.is_lost() && self.reopened.is_none() {
            self.reopened = Some(self.engine.reopen());
        }
        !self.engine.is_lost()
    }

    /// What happened, for people.
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        if let Some(reason) = self.failures.first() {
            let also = match &self.reopened {
                None => String::new(),
                Some(Ok(())) => "; it was opened again".into(),
                Some(Err(why)) => format!("; it could not be opened again: {why}"),
            };
            warnings.push(format!(
                "{} tiles were computed by the native engine, because {reason}{also}",
                self.n_redone
            ));
            for other in self.failures[1..].iter().filter(|other| *other != reason) {
                warnings.push(format!("one of them because {other}"));
            }
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
