//! Planes made of vector layers before anything is scored, window by window: distances, counts, and the hazard that
//! accident points raise.

use std::sync::Arc;

use crate::error::Result;
use crate::grid::{CellStore, Cells, Tiling, Window};
use crate::layers::Features;
use crate::progress::Progress;

use super::Engine;
use super::blocks::{Blocks, Candidates, SIDE};
use super::hazard::Accidents;
use super::pipeline::Buffers;
use super::program::{Call, Program, Tally};
use super::runner::Runner;

/// Side of the windows worked on, cells: whole blocks, whose lists are some megabytes.
const WINDOW: usize = 512;

/// What is measured of a vector layer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Measure {
    /// Metres to the nearest feature.
    Proximity,
    /// Features within a radius.
    Count {
        /// The radius, m.
        radius_m: f64,
    },
}

/// Measures features at every cell that `to` holds of their frame, and says what a person should know of how. The features
/// must not be empty. No result depends on windows, threads or, but for the last bits of real GPUs, the engine.
pub fn measure(
    engine: &mut dyn Engine,
    features: &Features,
    measure: Measure,
    to: &dyn CellStore,
    progress: &dyn Progress,
) -> Result<Vec<String>> {
    let (label, candidates, radius2) = match measure {
        Measure::Proximity => ("proximity", Candidates::Nearest, 0.0),
        Measure::Count { radius_m } => {
            let chord_m = features.space().chord_m(radius_m);
            ("count", Candidates::Within(chord_m), chord_m.powi(2) as f32)
        }
    };
    let call = |program: &mut Program, blocks| {
        let out = program.output();
        program.call(match measure {
            Measure::Proximity => Call::Proximity { blocks, out },
            Measure::Count { .. } => Call::Count { blocks, radius2, out },
        });
    };
    Windows::new(engine, features, candidates, &call, None, to).run_all(label, progress)
}

/// Raises a prior hazard (0..1, unknown stays unknown) on the frame of accident points into `to`: `hazard` of
/// domain.md §3.1. Says what a person should know of how.
pub fn raise_hazard(
    engine: &mut dyn Engine,
    prior: &dyn Cells,
    points: &Features,
    accidents: Accidents,
    to: &dyn CellStore,
    progress: &dyn Progress,
) -> Result<Vec<String>> {
    let call = |program: &mut Program, blocks| {
        let prior = program.input();
        let out = program.output();
        program.call(Call::Hazard { prior, blocks, accidents, out });
    };
    // The corner of the square that a point reaches.
    let reach_m = f64::from(2.0 * accidents.reach2).sqrt();
    let candidates = Candidates::Reach(reach_m);
    Windows::new(engine, points, candidates, &call, Some(prior), to).run_all("hazard", progress)
}

/// Adds the one call over a window's blocks, its input if it has one, and its output.
type MakeCall<'a> = &'a dyn Fn(&mut Program, Arc<Blocks>);

struct Windows<'a> {
    runner: Runner<'a>,
    largest_table: usize,
    features: &'a Features,
    candidates: Candidates,
    call: MakeCall<'a>,
    input: Option<&'a dyn Cells>,
    to: &'a dyn CellStore,
}

impl<'a> Windows<'a> {
    fn new(
        engine: &'a mut dyn Engine,
        features: &'a Features,
        candidates: Candidates,
        call: MakeCall<'a>,
        input: Option<&'a dyn Cells>,
        to: &'a dyn CellStore,
    ) -> Self {
        let largest_table = engine.largest_plane();
        Self { runner: Runner::new(engine), largest_table, features, candidates, call, input, to }
    }

    fn run_all(mut self, label: &str, progress: &dyn Progress) -> Result<Vec<String>> {
        let tiling = Tiling::over(self.to.part(), WINDOW);
        progress.start(label, tiling.len() as u64);
        for window in tiling.tiles() {
            progress.check()?;
            self.run(window)?;
            progress.advance(1);
        }
        progress.finish();
        Ok(self.runner.warnings())
    }

    fn run(&mut self, window: Window) -> Result<()> {
        let blocks = Blocks::of(self.features, window, self.candidates);
        if blocks.largest_table() > self.largest_table && window.n_cols.max(window.n_rows) > SIDE {
            return quarters(window).into_iter().try_for_each(|part| self.run(part));
        }
        let mut program = Program::new(window.n_cols, window.n_rows);
        (self.call)(&mut program, Arc::new(blocks));
        let inputs = self.input.map(|cells| cells.read_vec(window)).transpose()?;
        let inputs: Vec<Vec<f32>> = inputs.into_iter().collect();
        let planes = self.runner.run(&program, &inputs, &Buffers::default(), &mut Tally::default())?;
        self.to.write(window, &planes[0])
    }
}

/// A window cut in four, or in two where it is narrow.
fn quarters(window: Window) -> Vec<Window> {
    let half = |n: usize| (n / 2).next_multiple_of(SIDE).min(n);
    let (n_cols, n_rows) = (half(window.n_cols), half(window.n_rows));
    let parts = [(0, 0, n_cols, n_rows), (n_cols, 0, window.n_cols - n_cols, n_rows)];
    let lower = parts.map(|(col, _, n_cols, _)| (col, n_rows, n_cols, window.n_rows - n_rows));
    let parts = parts.into_iter().chain(lower);
    let windows = parts.map(|(col, row, n_cols, n_rows)| {
        Window::new(window.col + col as i64, window.row + row as i64, n_cols, n_rows)
    });
    windows.filter(|window| !window.is_empty()).collect()
}
