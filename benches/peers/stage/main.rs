//! One stage of Clearway on planes that another program made, timed when asked: our side of `benches/peers`.
//!
//! `stage NAME SIZE FOLDER [native|DEVICE]` reads raw `f32` planes (little endian, SIZE × SIZE) from FOLDER, says
//! `ready`, and then, for every line on stdin, works and prints the seconds; at the end of stdin it writes its
//! result into FOLDER as raw `f32`. Neither side counts reading and writing.
//!
//! | NAME | reads | writes |
//! |---|---|---|
//! | `exposure` | `population.f32` (people; cells of 30 m; gaussian, radius 64 cells) | `exposure.f32` |
//! | `rank` | `priority.f32` (above 0, all known) | `rank.f32` |
//! | `proximity` | `features.f32` (1 at features, else 0; cells of 30 m) | `proximity.f32` |
//! | `acceptability` | `layers.f32` (8 planes: hazard, cost, six criteria 0..1) | `weights.f32` at once, `acceptability.f32` |
#![allow(clippy::print_stdout)] // a protocol over pipes

mod acceptability;
mod proximity;

use std::io::BufRead;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use clearway::grid::{Crs, Frame, Window};
use clearway::score::program::{Call, Program, Shared, Slot, Tally};
use clearway::score::{Engine, Kernel, Levels, Native, RankTable, Reach};

/// Cells of the exposure's radius: σ is a quarter of it.
const RADIUS_CELLS: f64 = 64.0;
const CELL_M: f64 = 30.0;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [name, size, folder, rest @ ..] = arguments.as_slice() else {
        panic!("usage: stage NAME SIZE FOLDER [native|DEVICE]")
    };
    let size: usize = size.parse().expect("SIZE is a number of cells");
    let folder = PathBuf::from(folder);
    let engine = open(rest.first().map(String::as_str));
    match name.as_str() {
        "exposure" => serve(Exposure::new(engine, size, &folder), &folder.join("exposure.f32")),
        "rank" => serve(Rank::new(engine, size, &folder), &folder.join("rank.f32")),
        "proximity" => serve(proximity::Proximity::new(size, &folder), &folder.join("proximity.f32")),
        "acceptability" => {
            let stage = acceptability::Acceptability::new(engine, size, &folder);
            serve(stage, &folder.join("acceptability.f32"));
        }
        other => panic!("no stage `{other}`"),
    }
}

#[cfg(feature = "gpu")]
fn open(device: Option<&str>) -> Box<dyn Engine> {
    match device {
        None | Some("native") => Box::new(Native::new()),
        Some(name) => {
            let (engine, note) =
                clearway::score::engine(clearway::score::Backend::Gpu, Some(name)).expect("the device");
            eprintln!("{note}");
            engine
        }
    }
}

#[cfg(not(feature = "gpu"))]
fn open(_: Option<&str>) -> Box<dyn Engine> {
    Box::new(Native::new())
}

trait Stage {
    /// Works once and says how long; the result is kept.
    fn work(&mut self) -> f64;

    fn result(&self) -> &[f32];
}

fn serve(mut stage: impl Stage, to: &Path) {
    println!("ready");
    for line in std::io::stdin().lock().lines() {
        line.expect("a line");
        println!("{}", stage.work());
    }
    std::fs::write(to, bytemuck::cast_slice(stage.result())).expect("the folder can be written to");
}

/// Seconds that some work takes.
fn timed(work: impl FnOnce()) -> f64 {
    let began = Instant::now();
    work();
    began.elapsed().as_secs_f64()
}

/// Square cells on a map.
fn frame(size: usize) -> Frame {
    let crs = Crs::from_epsg(32636, "peers").expect("a known code");
    let corner = glam::DVec2::new(500_000.0, 5_500_000.0);
    Frame::north_up(crs, corner, glam::DVec2::splat(CELL_M), size, size)
}

fn read(path: &Path, n: usize) -> Vec<f32> {
    let bytes = std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    assert_eq!(bytes.len(), 4 * n, "{} has the size given", path.display());
    bytemuck::pod_collect_to_vec(&bytes)
}

/// Exposure alone on one tile that is the whole frame.
struct Exposure {
    engine: Box<dyn Engine>,
    program: Program,
    inputs: [Vec<f32>; 2],
    outputs: Vec<Vec<f32>>,
}

impl Exposure {
    fn new(engine: Box<dyn Engine>, size: usize, folder: &Path) -> Self {
        let frame = frame(size);
        let reach = Reach::new(Kernel::Gaussian { sigma_m: RADIUS_CELLS * CELL_M / 4.0 }, &frame);
        let tile = Window::new(0, 0, size, size);
        let reach = Arc::new(reach.of_tile(tile));
        // Beyond the frame nobody lives.
        let people = read(&folder.join("population.f32"), size * size);
        let (stride, halo) = (reach.source.n_cols, reach.halo_cols);
        let mut population = vec![0.0; reach.source.len()];
        for (to, from) in population.chunks_mut(stride).zip(people.chunks(size)) {
            to[halo..halo + size].copy_from_slice(from);
        }
        let mut program = Program::new(size, size);
        let (source, hazard) = (program.input_of(reach.source_shape()), program.input());
        let between = program.plane_of(reach.between(program.tile));
        let out = program.output();
        program.call(Call::Exposure { population: source, hazard, reach, between, out });
        let inputs = [population, vec![0.5; size * size]];
        Self { engine, program, inputs, outputs: Vec::new() }
    }
}

impl Stage for Exposure {
    fn work(&mut self) -> f64 {
        let [population, hazard] = &self.inputs;
        let mut tally = Tally::default();
        timed(|| {
            let ran = self.engine.run(&self.program, &[population, hazard], &mut self.outputs, &mut tally);
            ran.expect("the engine runs");
        })
    }

    fn result(&self) -> &[f32] {
        &self.outputs[0]
    }
}

/// Histogram, refinement where bins are full, table, rank.
struct Rank {
    engine: Box<dyn Engine>,
    size: usize,
    priority: Vec<f32>,
    outputs: Vec<Vec<f32>>,
}

impl Rank {
    fn new(engine: Box<dyn Engine>, size: usize, folder: &Path) -> Self {
        let priority = read(&folder.join("priority.f32"), size * size);
        Self { engine, size, priority, outputs: Vec::new() }
    }

    fn run(&mut self, tally: &mut Tally, call: impl FnOnce(&mut Program, Slot) -> Call) {
        let mut program = Program::new(self.size, self.size);
        let priority = program.input();
        let call = call(&mut program, priority);
        program.call(call);
        self.engine.run(&program, &[&self.priority], &mut self.outputs, tally).expect("the engine runs");
    }
}

impl Stage for Rank {
    fn work(&mut self) -> f64 {
        let began = Instant::now();
        let outputs = std::mem::take(&mut self.outputs);
        let mut tally = Tally::of_histogram();
        self.run(&mut tally, |_, priority| Call::Histogram { priority });
        let mut levels = Levels::of_priorities(tally.bins);
        while let Some(finer) = levels.finer() {
            let mut tally = Tally::of_refined(finer.n_counts);
            self.run(&mut tally, |_, priority| Call::Refine { priority, finer });
            levels.take(tally.refined);
        }
        let table = Shared::new(RankTable::new(&levels));
        self.outputs = outputs;
        self.run(&mut Tally::default(), |program, priority| {
            let out = program.output();
            Call::Rank { priority, table, out }
        });
        began.elapsed().as_secs_f64()
    }

    fn result(&self) -> &[f32] {
        &self.outputs[0]
    }
}
