//! Checking and timing: every stage on every engine, in turn, round by round.

use std::collections::HashMap;
use std::time::Instant;

use crate::error::Result;
use crate::grid::is_unknown;
use crate::progress::Progress;
use crate::score::program::{Program, Tally};
use crate::score::{Engine, Native};

use super::limits::Processor;
use super::model::StageModel;
use super::report::{Bound, Limits, StageReport};
use super::stages::Case;
use super::{Options, RADIUS_CELLS, Subject};

/// Relative difference between engines: a device may fuse a product with a sum.
const ENGINES_DIFFER: f32 = 2e-5;

/// The limits are watched for as long as a stage took, but no longer than this, s.
const LONGEST_WATCH: f64 = 0.2;

/// What one stage took on one engine.
#[derive(Debug, Default)]
struct Times {
    seconds: Vec<f64>,
    /// By a device's own clock.
    device_seconds: Vec<f64>,
    /// Share of the limit, measured beside each run.
    shares: Vec<f64>,
    tally: Tally,
    failed: bool,
}

/// What was measured.
pub struct Measured {
    /// Of the processor.
    pub limits: Limits,
    /// By engine, stage by stage.
    pub stages: Vec<Vec<StageReport>>,
    /// What failed its check: it is not timed.
    pub failures: Vec<String>,
}

/// Checks and times all cases on all engines.
pub fn measure(
    subjects: &mut [Subject],
    cases: &[Case<'_>],
    options: &Options,
    progress: &dyn Progress,
) -> Result<Measured> {
    let n_cells = options.size * options.size;
    let mut pool = Pool::default();
    let mut times: Vec<Vec<Times>> = subjects.iter().map(|_| Vec::new()).collect();
    let mut failures = Vec::new();
    progress.start("bench: check", cases.len() as u64);
    let mut native = Native::new();
    for case in cases {
        progress.check()?;
        let mut expected = Ran::of(&mut native, case, &mut pool)?;
        for check in &case.checks {
            if let Err(reason) = check.holds(&case.program, &expected.outputs, &expected.tally) {
                failures.push(format!("{}, native: {reason}", case.stage));
            }
        }
        for (Subject { engine, .. }, times) in subjects.iter_mut().zip(&mut times) {
            let mut ran = Ran::of(engine.as_mut(), case, &mut pool)?;
            let differs = ran.differs_from(&expected, &case.program);
            if let Some(reason) = &differs {
                failures.push(format!("{}, {}: {reason}", case.stage, engine.info().kind));
            }
            pool.give(&mut ran.outputs);
            times.push(Times { failed: differs.is_some(), tally: ran.tally, ..Times::default() });
        }
        pool.give(&mut expected.outputs);
        progress.advance(1);
    }
    progress.finish();
    let mut processor = Processor::new(n_cells);
    let mut limits_seen: Vec<[f64; 2]> = Vec::new();
    progress.start("bench: rounds", (options.rounds * cases.len()) as u64);
    for _ in 0..options.rounds {
        for (k, case) in cases.iter().enumerate() {
            progress.check()?;
            let before =
                times.iter().filter_map(|times| times[k].seconds.last()).copied().fold(0.0, f64::max);
            let limit = processor.watch(before.min(LONGEST_WATCH));
            limits_seen.push(limit);
            for (Subject { engine, limits }, times) in subjects.iter_mut().zip(&mut times) {
                let times = &mut times[k];
                if times.failed {
                    continue;
                }
                let mut outputs = pool.take(&case.program);
                let began = Instant::now();
                engine.run(&case.program, &case.inputs, &mut outputs, &mut times.tally)?;
                let seconds = began.elapsed().as_secs_f64();
                pool.give(&mut outputs);
                times.seconds.push(seconds);
                let by_device = engine.device_ms().map(|ms| ms / 1e3);
                times.device_seconds.extend(by_device);
                let limit = limits.as_ref().map_or(limit, rates);
                times.shares.push(bound(case.stage, n_cells, limit).1 / by_device.unwrap_or(seconds));
            }
            progress.advance(1);
        }
    }
    progress.finish();
    let median_of = |which: usize| median(limits_seen.iter().map(|limit| limit[which]));
    let limits = Limits {
        copy_gb_per_s: median_of(0) / 1e9,
        multiply_add_gop_per_s: median_of(1) / 1e9,
        fused_gop_per_s: processor.fused_per_s().map(|rate| rate / 1e9),
        bus_there_gb_per_s: None,
        bus_back_gb_per_s: None,
    };
    let stages = times.into_iter().zip(subjects).map(|(times, subject)| {
        let timed = cases.iter().zip(times).filter(|(_, times)| !times.failed);
        let limits = subject.limits.as_ref().unwrap_or(&limits);
        timed.map(|(case, times)| times.report(case, n_cells, limits)).collect()
    });
    Ok(Measured { stages: stages.collect(), limits, failures })
}

/// Bytes and operations in a second.
fn rates(limits: &Limits) -> [f64; 2] {
    [limits.copy_gb_per_s * 1e9, limits.multiply_add_gop_per_s * 1e9]
}

/// Which limit bounds a stage, and the seconds it would take at that limit.
fn bound(stage: &str, n_cells: usize, [bytes_per_s, operations_per_s]: [f64; 2]) -> (Bound, f64) {
    let model = StageModel::of(stage);
    let moving = model.bytes * n_cells as f64 / bytes_per_s;
    let computing = model.operations_at(RADIUS_CELLS) * n_cells as f64 / operations_per_s;
    if moving >= computing { (Bound::Memory, moving) } else { (Bound::Arithmetic, computing) }
}

impl Times {
    fn report(self, case: &Case<'_>, n_cells: usize, limits: &Limits) -> StageReport {
        let stage = case.stage;
        let model = StageModel::of(stage);
        let seconds = median(self.seconds.iter().copied());
        let device_ms = (!self.device_seconds.is_empty()).then(|| median(self.device_seconds) * 1e3);
        let share_of_bus = limits.bus_there_gb_per_s.zip(limits.bus_back_gb_per_s).map(|(there, back)| {
            let sent: usize = case.inputs.iter().map(|plane| 4 * plane.len()).sum();
            let shapes = &case.program.shapes;
            let fetched: usize = case.program.outputs.iter().map(|slot| 4 * shapes[slot.0].len()).sum();
            (sent as f64 / there + fetched as f64 / back) / 1e9 / seconds
        });
        StageReport {
            stage: stage.to_owned(),
            ms: seconds * 1e3,
            ms_low: quantile(&self.seconds, 0.25) * 1e3,
            ms_high: quantile(&self.seconds, 0.75) * 1e3,
            mcells_per_s: n_cells as f64 / seconds / 1e6,
            bytes_per_cell: model.bytes,
            operations_per_cell: model.operations_at(RADIUS_CELLS),
            bound: bound(stage, n_cells, rates(limits)).0,
            share_of_limit: median(self.shares),
            device_ms,
            share_of_bus,
        }
    }
}

/// What came of one run.
struct Ran {
    outputs: Vec<Vec<f32>>,
    tally: Tally,
}

impl Ran {
    fn of(engine: &mut dyn Engine, case: &Case<'_>, pool: &mut Pool) -> Result<Self> {
        let mut ran = Self { outputs: pool.take(&case.program), tally: (case.tally)() };
        engine.run(&case.program, &case.inputs, &mut ran.outputs, &mut ran.tally)?;
        Ok(ran)
    }

    /// Where an engine's results are not those of the native one.
    fn differs_from(&self, native: &Self, program: &Program) -> Option<String> {
        for (k, (found, expected)) in self.outputs.iter().zip(&native.outputs).enumerate() {
            let stride = program.shapes[program.outputs[k].0].n_cols;
            // Columns beyond the tile only pad a plane's rows.
            let rows = found.chunks(stride).zip(expected.chunks(stride)).enumerate();
            for (row, (found, expected)) in rows {
                let mut pairs = found.iter().zip(expected).take(program.tile.n_cols);
                if let Some(col) = pairs.position(|(a, b)| !are_alike(*a, *b)) {
                    let (found, expected) = (found[col], expected[col]);
                    return Some(format!("column {col} of row {row} is {found}, natively {expected}"));
                }
            }
        }
        let is_same = self.tally.maximum_bits == native.tally.maximum_bits
            && self.tally.bins == native.tally.bins
            && self.tally.refined_counts() == native.tally.refined_counts()
            && self.tally.segments == native.tally.segments;
        (!is_same).then(|| "its counts are not those of the native engine".to_owned())
    }
}

fn are_alike(a: f32, b: f32) -> bool {
    match (is_unknown(a), is_unknown(b)) {
        (false, false) => (a - b).abs() <= ENGINES_DIFFER * b.abs().max(1.0),
        (a, b) => a == b,
    }
}

/// Outputs to use again, by their number of cells: a new plane's memory is not part of a stage.
#[derive(Default)]
struct Pool {
    free: HashMap<usize, Vec<Vec<f32>>>,
}

impl Pool {
    fn take(&mut self, program: &Program) -> Vec<Vec<f32>> {
        let lengths = program.outputs.iter().map(|slot| program.shapes[slot.0].len());
        lengths.map(|n| self.free.entry(n).or_default().pop().unwrap_or_else(|| vec![0.0; n])).collect()
    }

    fn give(&mut self, planes: &mut Vec<Vec<f32>>) {
        for plane in planes.drain(..) {
            self.free.entry(plane.len()).or_default().push(plane);
        }
    }
}

/// The middle of the values.
pub fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    quantile(&values.into_iter().collect::<Vec<_>>(), 0.5)
}

/// The value that a share of the values do not exceed, straight between neighbours; 0 of none.
pub fn quantile(values: &[f64], share: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let Some(last) = sorted.len().checked_sub(1) else { return 0.0 };
    let place = share * last as f64;
    let (below, part) = (place.floor() as usize, place.fract());
    sorted[below] + part * (sorted[(below + 1).min(last)] - sorted[below])
}
