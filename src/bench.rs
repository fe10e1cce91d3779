//! `clearway bench`: each stage's time on this machine, beside what this machine can do.
//!
//! In: a size and which engines. Out: a [`Report`]. The data are made here from a seed. Before a stage is timed
//! its result is checked: the native engine against the plain formula in `f64` (on some cells, or on whole
//! counts), a GPU against the native engine. Then all stages run in turn, round by round, and beside every run
//! of a stage the limit that bounds it is measured anew: on a machine that does other work at the same time,
//! the share of the limit is steadier than the milliseconds. Figures are medians over the rounds.
//!
//! | file | what |
//! |---|---|
//! | `model.rs` | bytes and operations of each stage, per cell (`docs/PERFORMANCE.md` explains them) |
//! | `planes.rs` | the made-up layers |
//! | `stages.rs`, `reference.rs` | one entry a stage: its program, and what its result must be |
//! | `features.rs`, `kernels.rs`, `tiers.rs`, `sampled.rs` | such entries that come with their formulas |
//! | `limits.rs`, `device_limits.rs` | copy bandwidth and multiply-add rate of the processor, and of a GPU with its bus |
//! | `rounds.rs` | checking and timing |
//! | `whole.rs` | the whole pipeline, in memory and through files |
//! | `report.rs`, `compare.rs` | the figures as JSON and as tables, and against an older report |
//!
//! A module of its own above `run`, because it reads the clock and runs whole projects; no result depends on it.

mod compare;
#[cfg(feature = "gpu")]
mod device_limits;
mod features;
mod kernels;
mod limits;
pub mod model;
mod planes;
mod reference;
mod report;
mod rounds;
mod sampled;
mod stages;
mod tiers;
mod whole;

use std::time::Instant;

pub use compare::{Change, compare};
pub use report::{EngineReport, Limits, Report, StageReport, WholeReport};

use crate::error::{Fault, Faults, Result};
use crate::gpu::auto_choice;
use crate::progress::Progress;
use crate::score::{Backend, Engine, Native, engine};

/// What to measure.
#[derive(Debug, Clone)]
pub struct Options {
    /// Cells along each side of the grid.
    pub size: usize,
    /// How often each stage is timed.
    pub rounds: usize,
    /// `Auto`: the native engine, and a GPU where a real one is seen.
    pub backend: Backend,
    /// A GPU by part of its name or its index, as `--device`; software ones must be named.
    pub device: Option<String>,
    /// Only stages whose name contains one of these; all when empty.
    pub stages: Vec<String>,
    /// Whether the pipeline is also timed through files, in a temporary folder.
    pub with_files: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            size: 4096,
            rounds: 7,
            backend: Backend::Auto,
            device: None,
            stages: Vec::new(),
            with_files: false,
        }
    }
}

/// The exposure's radius in the bench, cells: σ is a quarter of it.
pub const RADIUS_CELLS: usize = 64;

/// The seed of the made-up layers.
const SEED: u64 = 1;

/// Measures on this machine's engines.
///
/// # Errors
/// Faults: `bench.size`, `bench.rounds`, `bench.no_stage`. A device error where a GPU was asked for and cannot be had.
pub fn bench(options: &Options, progress: &dyn Progress) -> Result<Report> {
    check(options)?;
    let mut subjects = Vec::new();
    if options.backend != Backend::Gpu {
        subjects.push(Subject { engine: Box::new(Native::new()), limits: None });
    }
    let is_gpu_wanted = match options.backend {
        Backend::Cpu => false,
        Backend::Gpu => true,
        Backend::Auto => options.device.is_some() || auto_choice(&crate::gpu::devices()).is_some(),
    };
    if is_gpu_wanted {
        let limits = device_limits(options)?;
        subjects.push(Subject { engine: engine(Backend::Gpu, options.device.as_deref())?.0, limits });
    }
    bench_on(subjects, options, progress)
}

/// An engine to measure.
pub struct Subject {
    /// The engine.
    pub engine: Box<dyn Engine>,
    /// What its device can do; `None` where it works on the processor.
    pub limits: Option<Limits>,
}

#[cfg(feature = "gpu")]
fn device_limits(options: &Options) -> Result<Option<Limits>> {
    let choice = options.device.as_deref().map_or(crate::gpu::Choice::Auto, crate::gpu::Choice::Named);
    device_limits::device_limits(choice, options.size * options.size).map(Some)
}

#[cfg(not(feature = "gpu"))]
fn device_limits(_: &Options) -> Result<Option<Limits>> {
    Ok(None)
}

/// Measures the engines given; all are checked against the native one.
pub fn bench_on(mut subjects: Vec<Subject>, options: &Options, progress: &dyn Progress) -> Result<Report> {
    check(options)?;
    progress.start("bench: layers", 1);
    let planes = planes::Planes::new(options.size, RADIUS_CELLS, SEED);
    let cases = stages::cases(&planes);
    let is_wanted = |name: &str| options.stages.is_empty() || options.stages.iter().any(|s| name.contains(s));
    let cases: Vec<_> = cases.into_iter().filter(|case| is_wanted(case.stage)).collect();
    progress.finish();
    let began = Instant::now();
    let measured = rounds::measure(&mut subjects, &cases, options, progress)?;
    drop(cases);
    drop(planes);
    let mut reports = Vec::new();
    for (subject, stages) in subjects.iter_mut().zip(measured.stages) {
        let info = subject.engine.info();
        let is_all = options.stages.is_empty();
        let whole =
            if is_all { whole::measure(subject.engine.as_mut(), options, progress)? } else { Vec::new() };
        reports.push(EngineReport {
            engine: info.kind.to_owned(),
            device: info.device,
            driver: info.driver,
            limits: subject.limits.clone().unwrap_or_else(|| measured.limits.clone()),
            stages,
            whole,
        });
    }
    Ok(Report {
        clearway: env!("CARGO_PKG_VERSION").to_owned(),
        size: options.size,
        radius_cells: RADIUS_CELLS,
        rounds: options.rounds,
        seed: SEED,
        seconds: began.elapsed().as_secs_f64(),
        engines: reports,
        failures: measured.failures,
    })
}

fn check(options: &Options) -> Result<()> {
    let mut faults = Faults::new();
    if !(64..=16_384).contains(&options.size) {
        let found = options.size.to_string();
        let fix = "give --size 4096 or another number of cells";
        faults.push(Fault::new("bench.size", "--size", "64 to 16384 cells along a side", found, fix));
    }
    if !(1..=1000).contains(&options.rounds) {
        let found = options.rounds.to_string();
        faults.push(Fault::new("bench.rounds", "--rounds", "1 to 1000 rounds", found, "give --rounds 7"));
    }
    for wanted in &options.stages {
        if !model::STAGES.iter().any(|stage| stage.name.contains(wanted.as_str())) {
            let names: Vec<_> = model::STAGES.iter().map(|stage| stage.name).collect();
            let expected = format!("a part of one of {}", names.join(", "));
            faults.push(Fault::new("bench.no_stage", "--stage", expected, wanted, "name one of these"));
        }
    }
    faults.finish()
}
