//! Where a GPU's time goes, step by step beside the native engine: `cargo bench --bench gpu [-- SIZE [ROUNDS]]`.
//!
//! Takes the device called `CLEARWAY_TEST_DEVICE` (default: the best real GPU). For each stage, medians of rounds in
//! turn: native; GPU with all planes in host memory; GPU with the planes it reads left there by an earlier
//! stage. Beside them bytes moved, the device's own time by its timestamps, and its longest submit. The GPU's
//! planes are compared with the native ones before anything is timed.

#![allow(clippy::print_stdout)] // its table is its result

mod programs;

use std::sync::Arc;
use std::time::Instant;

use clearway::gpu::Choice;
use clearway::grid::{CellStore, Crs, Frame, MemoryCells, Window};
use clearway::progress::Silent;
use clearway::score::program::{Call, Program, Tally};
use clearway::score::{
    Engine, Inputs, Kernel, Native, OnGpu, Options, Plane, PlaneSink, Reach, Recipe, exposure_program, score,
};
use glam::DVec2;
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;

use programs::{curve, priority, rank_class};

const CELL_M: f64 = 30.0;
const RADIUS_CELLS: usize = 64;

struct Case {
    stage: &'static str,
    program: Program,
    inputs: Vec<Vec<f32>>,
    tally: fn() -> Tally,
}

fn plane(seed: u64, n: usize, lo: f32, hi: f32) -> Vec<f32> {
    let mut rng = Pcg64::seed_from_u64(seed);
    (0..n).map(|_| rng.random_range(lo..hi)).collect()
}

fn frame(size: usize) -> Frame {
    let crs = Crs::from_epsg(32636, "bench").expect("a known code");
    Frame::north_up(crs, DVec2::new(500_000.0, 5_500_000.0), DVec2::splat(CELL_M), size, size)
}

fn kernel() -> Kernel {
    Kernel::Gaussian { sigma_m: RADIUS_CELLS as f64 * CELL_M / 4.0 }
}

fn cases(size: usize) -> Vec<Case> {
    let n = size * size;
    vec![
        up(size),
        down(size),
        exposure(size),
        fused(size),
        rank(size, plane(5, n, 0.0, 1.0)),
        curve_case(size),
    ]
}

/// Nothing but four planes up: one is read once.
fn up(size: usize) -> Case {
    let mut program = Program::new(size, size);
    let of = program.input();
    let _ = [program.input(), program.input(), program.input()];
    program.call(Call::Maximum { of });
    let inputs = (0..4).map(|seed| plane(20 + seed, size * size, 0.0, 1.0)).collect();
    Case { stage: "four planes up", program, inputs, tally: Tally::of_maximum }
}

/// One plane up, four down.
fn down(size: usize) -> Case {
    let mut program = Program::new(size, size);
    let hazard = program.input();
    for _ in 0..4 {
        let out = program.output();
        program.call(Call::PeopleAtRisk { hazard, exposure: hazard, out });
    }
    let inputs = vec![plane(30, size * size, 0.0, 1.0)];
    Case { stage: "one up, four down", program, inputs, tally: Tally::default }
}

fn exposure(size: usize) -> Case {
    let frame = frame(size + 2 * RADIUS_CELLS);
    let tile = Window::new(RADIUS_CELLS as i64, RADIUS_CELLS as i64, size, size);
    let reach = Arc::new(Reach::new(kernel(), &frame).of_tile(tile));
    let inputs = vec![plane(10, reach.source.len(), 0.0, 1.0), plane(11, size * size, 0.0, 1.0)];
    Case {
        stage: "exposure r = 64",
        program: exposure_program(tile, &reach),
        inputs,
        tally: Tally::of_maximum,
    }
}

fn fused(size: usize) -> Case {
    let n = size * size;
    let inputs =
        vec![plane(1, n, 0.0, 1.0), plane(2, n, 500.0, 9000.0), plane(3, n, 0.0, 1.0), plane(4, n, 0.0, 1.0)];
    Case {
        stage: "value, benefit, priority, histogram",
        program: priority(size),
        inputs,
        tally: Tally::of_histogram,
    }
}

fn rank(size: usize, priorities: Vec<f32>) -> Case {
    let program = rank_class(size, &priorities);
    Case { stage: "rank, class", program, inputs: vec![priorities], tally: Tally::default }
}

fn curve_case(size: usize) -> Case {
    let n = size * size;
    let inputs =
        vec![plane(6, n, 0.0, 100.0), plane(7, n, 0.0, 1.0), plane(8, n, 0.0, 1.0), plane(9, n, 0.0, 1.0)];
    Case { stage: "curve", program: curve(size), inputs, tally: Tally::of_curve }
}

fn median(mut ms: Vec<f64>) -> f64 {
    ms.sort_by(f64::total_cmp);
    ms[ms.len() / 2]
}

fn timed(
    engine: &mut dyn Engine,
    case: &Case,
    program: &Program,
    outputs: &mut Vec<Vec<f32>>,
    tally: &mut Tally,
) -> f64 {
    let inputs: Vec<&[f32]> = case.inputs.iter().map(Vec::as_slice).collect();
    let began = Instant::now();
    engine.run(program, &inputs, outputs, tally).expect("runs");
    began.elapsed().as_secs_f64() * 1e3
}

fn stages(gpu: &mut OnGpu, size: usize, rounds: usize) {
    println!(
        "{:<38}{:>10}{:>10}{:>10}{:>10}{:>9}{:>9}{:>10}{:>9}",
        "stage, ms", "native", "gpu", "gpu/nat", "resident", "up MB", "down MB", "device ms", "longest"
    );
    let mut native = Native::new();
    for (i, case) in cases(size).iter().enumerate() {
        let mut known = case.program.clone();
        known.known = (0..).zip(&known.inputs).map(|(k, slot)| (*slot, [1 << 40 | i as u64, k])).collect();
        let (mut by_native, mut by_gpu, mut left) = (Vec::new(), Vec::new(), Vec::new());
        let mut tallies = [(case.tally)(), (case.tally)(), (case.tally)()];
        let (mut of_native, mut of_gpu, mut of_left) = (Vec::new(), Vec::new(), Vec::new());
        let (mut moved, mut device_ms) = ((0, 0), 0.0);
        for round in 0..=rounds {
            by_native.push(timed(&mut native, case, &case.program, &mut of_native, &mut tallies[0]));
            let before = gpu.device().transferred_bytes();
            by_gpu.push(timed(gpu, case, &case.program, &mut of_gpu, &mut tallies[1]));
            let after = gpu.device().transferred_bytes();
            moved = (after.0 - before.0, after.1 - before.1);
            device_ms = gpu.device().last_run_ms();
            left.push(timed(gpu, case, &known, &mut of_left, &mut tallies[2]));
            if round == 0 {
                // The first round warms up and is checked.
                for (a, b) in of_native.iter().zip(&of_gpu) {
                    let largest = a.iter().fold(0.0f32, |m, x| m.max(x.abs()));
                    let worst = a.iter().zip(b).fold(0.0f32, |m, (x, y)| m.max((x - y).abs()));
                    assert!(worst <= 4e-6 * largest, "{}: {worst} of {largest}", case.stage);
                }
                (by_native, by_gpu, left) = (Vec::new(), Vec::new(), Vec::new());
            }
        }
        let (native_ms, gpu_ms, left_ms) = (median(by_native), median(by_gpu), median(left));
        println!(
            "{:<38}{native_ms:>10.2}{gpu_ms:>10.2}{:>10.2}{left_ms:>10.2}{:>9.0}{:>9.0}{device_ms:>10.2}{:>9.1}",
            case.stage,
            gpu_ms / native_ms,
            moved.0 as f64 / 1e6,
            moved.1 as f64 / 1e6,
            gpu.device().longest_submit_ms(),
        );
    }
}

/// Planes go nowhere.
struct NoSink;

impl PlaneSink for NoSink {
    fn put(&mut self, _: Plane, _: Window, _: &[f32]) -> clearway::error::Result<()> {
        Ok(())
    }
}

fn whole(gpu: &mut OnGpu, size: usize, rounds: usize) {
    let frame = frame(size);
    let n = size * size;
    let mut people = plane(41, n, 0.0, 33.0);
    people.iter_mut().for_each(|people| *people = (*people - 32.0).max(0.0));
    let cells = |values| MemoryCells::from_values(frame.clone(), values);
    let (hazard, population) = (cells(plane(40, n, 0.0, 1.0)), cells(people));
    let cost = cells(plane(42, n, 500.0, 9000.0));
    let inputs =
        Inputs { frame: &frame, hazard: &hazard, population: &population, cost: &cost, criteria: vec![] };
    let recipe = Recipe { kernel: kernel(), ..Recipe::default() };
    let scratch = |_: &str| -> clearway::error::Result<Box<dyn CellStore>> {
        Ok(Box::new(MemoryCells::new(frame.clone())))
    };
    let began = Instant::now();
    let clock = || began.elapsed().as_secs_f64();
    let run = |engine: &mut dyn Engine| {
        let options = Options { clock: Some(&clock), memory_bytes: 4 << 30, ..Options::default() };
        let before = clock();
        let scored = score(engine, &inputs, &recipe, options, &scratch, &mut NoSink, &Silent::default());
        let summary = scored.expect("scored");
        ((clock() - before) * 1e3, summary)
    };
    let mut ms = [Vec::new(), Vec::new(), Vec::new()];
    for round in 0..=rounds {
        let (native, of_native) = run(&mut Native::new());
        gpu.device_mut().keep_planes(0);
        let before = gpu.device().transferred_bytes();
        let (without, _) = run(gpu);
        let between = gpu.device().transferred_bytes();
        gpu.device_mut().keep_planes(8 << 30);
        let (with, of_gpu) = run(gpu);
        let after = gpu.device().transferred_bytes();
        if round == 0 {
            let mb = |a: (u64, u64), b: (u64, u64)| [(b.0 - a.0) as f64 / 1e6, (b.1 - a.1) as f64 / 1e6];
            println!(
                "whole: MB up, down without planes that stay {:.0?}, with {:.0?}",
                mb(before, between),
                mb(between, after)
            );
            println!("native tile {}, gpu tile {}", of_native.tile_size, of_gpu.tile_size);
            for summary in [of_native, of_gpu] {
                for stage in &summary.seconds {
                    println!("{:>10.1} ms  {} {}", stage.seconds * 1e3, summary.engine.kind, stage.stage);
                }
                summary.warnings.iter().for_each(|warning| println!("warning: {warning}"));
            }
            continue;
        }
        for (ms, took) in ms.iter_mut().zip([native, without, with]) {
            ms.push(took);
        }
    }
    let [native, without, with] = ms.map(median);
    println!(
        "whole: native {native:.1} ms, gpu {without:.1} ms ({:.2} x), gpu with planes that stay {with:.1} ms ({:.2} x)",
        native / without,
        native / with
    );
}

fn main() {
    // `cargo test --all-targets` runs this too, without a word: nothing is to be measured then.
    if std::env::args().len() < 2 {
        return;
    }
    let numbers: Vec<usize> = std::env::args().filter_map(|arg| arg.parse().ok()).collect();
    let size = numbers.first().copied().unwrap_or(2048);
    let rounds = numbers.get(1).copied().unwrap_or(5);
    let name = std::env::var("CLEARWAY_TEST_DEVICE").ok();
    let choice = name.as_deref().map_or(Choice::Auto, Choice::Named);
    let began = Instant::now();
    let mut gpu = match clearway::gpu::open(choice) {
        Ok(device) => OnGpu::new(device),
        Err(reason) => {
            eprintln!("{reason}");
            return;
        }
    };
    println!("opened in {:.0} ms", began.elapsed().as_secs_f64() * 1e3);
    gpu.device_mut().keep_planes(8 << 30);
    println!("{} {}, {size} x {size}, medians of {rounds} rounds", gpu.info().device, gpu.info().driver);
    stages(&mut gpu, size, rounds);
    whole(&mut gpu, size, rounds);
}
