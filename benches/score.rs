//! Stage × size × engine, timed by criterion: `cargo bench --bench score [-- exposure]`.
//!
//! The GPU rows appear where a device called `CLEARWAY_TEST_DEVICE` (default: any real GPU) can be opened.

mod programs;

use std::sync::Arc;

use std::time::Instant;

use clearway::grid::{CellStore, Crs, Frame, MemoryCells, Window};
use clearway::progress::Silent;
use clearway::score::program::{Program, Tally};
use clearway::score::{Engine, Kernel, Native, Reach, exposure_program};
use clearway::score::{Inputs, Options, Plane, PlaneSink, Recipe, score};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use glam::DVec2;
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;

use programs::{curve, priority, rank_class};

const SIZES: [usize; 2] = [1024, 4096];
const RADIUS_CELLS: f64 = 64.0;
const CELL_M: f64 = 30.0;

fn engines() -> Vec<Box<dyn Engine>> {
    let mut engines: Vec<Box<dyn Engine>> = vec![Box::new(Native::new())];
    #[cfg(feature = "gpu")]
    {
        let name = std::env::var("CLEARWAY_TEST_DEVICE").ok();
        let choice = name.as_deref().map_or(clearway::gpu::Choice::Auto, clearway::gpu::Choice::Named);
        if let Ok(device) = clearway::gpu::open(choice) {
            engines.push(Box::new(clearway::score::OnGpu::new(device)));
        }
    }
    engines
}

fn plane(seed: u64, n: usize, make: impl Fn(&mut Pcg64) -> f32) -> Vec<f32> {
    let mut rng = Pcg64::seed_from_u64(seed);
    (0..n).map(|_| make(&mut rng)).collect()
}

/// A program, its inputs, and a tally for it.
struct Case {
    stage: &'static str,
    program: Program,
    inputs: Vec<Vec<f32>>,
    tally: fn() -> Tally,
}

fn cases(size: usize) -> Vec<Case> {
    let n = size * size;
    let uniform = |seed| plane(seed, n, |rng| rng.random::<f32>());
    vec![
        exposure(size),
        Case {
            stage: "value_benefit_priority_histogram",
            program: priority(size),
            inputs: vec![
                uniform(1),
                plane(2, n, |rng| rng.random_range(500.0..9000.0)),
                uniform(3),
                uniform(4),
            ],
            tally: Tally::of_histogram,
        },
        rank(size, uniform(5)),
        Case {
            stage: "curve",
            program: curve(size),
            inputs: vec![plane(6, n, |rng| rng.random_range(0.0..100.0)), uniform(7), uniform(8), uniform(9)],
            tally: Tally::of_curve,
        },
    ]
}

fn exposure(size: usize) -> Case {
    let crs = Crs::from_epsg(32636, "bench").expect("a known code");
    let n = size + 2 * RADIUS_CELLS as usize;
    let frame = Frame::north_up(crs, DVec2::new(500_000.0, 5_500_000.0), DVec2::splat(CELL_M), n, n);
    let reach = Reach::new(Kernel::Gaussian { sigma_m: RADIUS_CELLS * CELL_M / 4.0 }, &frame);
    let tile = Window::new(RADIUS_CELLS as i64, RADIUS_CELLS as i64, size, size);
    let reach = Arc::new(reach.of_tile(tile));
    let population = plane(10, reach.source.len(), |rng| rng.random::<f32>());
    let hazard = plane(11, size * size, |rng| rng.random::<f32>());
    let program = exposure_program(tile, &reach);
    Case { stage: "exposure_radius_64", program, inputs: vec![population, hazard], tally: Tally::of_maximum }
}

fn rank(size: usize, priorities: Vec<f32>) -> Case {
    let program = rank_class(size, &priorities);
    Case { stage: "rank_class", program, inputs: vec![priorities], tally: Tally::default }
}

fn stages(criterion: &mut Criterion) {
    let mut engines = engines();
    for size in SIZES {
        for case in cases(size) {
            let mut group = criterion.benchmark_group(case.stage);
            group.throughput(Throughput::Elements((size * size) as u64)).sample_size(10);
            for engine in &mut engines {
                let inputs: Vec<&[f32]> = case.inputs.iter().map(Vec::as_slice).collect();
                let id = BenchmarkId::new(engine.info().kind, size);
                let (mut outputs, mut tally) = (Vec::new(), (case.tally)());
                group.bench_function(id, |bencher| {
                    bencher
                        .iter(|| engine.run(&case.program, &inputs, &mut outputs, &mut tally).expect("runs"));
                });
            }
            group.finish();
        }
    }
}

/// Planes go nowhere.
struct NoSink;

impl PlaneSink for NoSink {
    fn put(&mut self, _: Plane, _: Window, _: &[f32]) -> clearway::error::Result<()> {
        Ok(())
    }
}

/// The whole pipeline on layers in memory, people in 3 % of the cells, with where the time went on stderr.
fn whole(criterion: &mut Criterion) {
    let size = 4096;
    let crs = Crs::from_epsg(32636, "bench").expect("a known code");
    let frame = Frame::north_up(crs, DVec2::new(500_000.0, 5_500_000.0), DVec2::splat(CELL_M), size, size);
    let cells = |seed, make: fn(&mut Pcg64) -> f32| {
        MemoryCells::from_values(frame.clone(), plane(seed, size * size, make))
    };
    let hazard = cells(20, |rng| rng.random::<f32>().powi(6));
    let population = cells(21, |rng| if rng.random_range(0..33) == 0 { rng.random() } else { 0.0 });
    let cost = cells(22, |rng| rng.random_range(500.0..9000.0));
    let inputs =
        Inputs { frame: &frame, hazard: &hazard, population: &population, cost: &cost, criteria: vec![] };
    let kernel = Kernel::Gaussian { sigma_m: RADIUS_CELLS * CELL_M / 4.0 };
    let recipe = Recipe { kernel, ..Recipe::default() };
    let began = Instant::now();
    let clock = || began.elapsed().as_secs_f64();
    let scratch = |_: &str| -> clearway::error::Result<Box<dyn CellStore>> {
        Ok(Box::new(MemoryCells::new(frame.clone())))
    };
    let mut group = criterion.benchmark_group("whole");
    group.throughput(Throughput::Elements((size * size) as u64)).sample_size(10);
    for engine in &mut engines() {
        let mut last = None;
        group.bench_function(BenchmarkId::new(engine.info().kind, size), |bencher| {
            bencher.iter(|| {
                let options = Options { clock: Some(&clock), ..Options::default() };
                let progress = Silent::default();
                let engine = engine.as_mut();
                let scored = score(engine, &inputs, &recipe, options, &scratch, &mut NoSink, &progress);
                last = Some(scored.expect("scored"));
            });
        });
        for stage in last.iter().flat_map(|summary| &summary.seconds) {
            eprintln!("{:>8.0} ms  {}", stage.seconds * 1e3, stage.stage);
        }
    }
    group.finish();
}

criterion_group!(benches, stages, whole);
criterion_main!(benches);
