//! Checking and timing: every stage on every engine, in turn, round by round.

use std::collections::HashMap;
use std::time::Instant;

use crate::error::Result;
use crate::grid::is_unknown;
use crate::progress::Progress;
use crate::score::program::{Program, Tally};
use crate::score::{Engine, Native};
use crate::widest::can_fuse;

use super::limits::Processor;
use super::model::StageModel;
use super::report::{Bound, Limits, StageReport};
use super::stages::Case;
use super::{Options, Subject};

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
    /// Shares of the rate of multiply and add, fused where the stage's are, likewise.
    rate_shares: Vec<f64>,
    tally: Tally,
    /// Its result was wrong, or the engine has no such stage.
    is_left_out: bool,
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
            let differs = ran.differs_from(&expected, case);
            if let Some(reason) = &differs {
                failures.push(format!("{}, {}: {reason}", case.stage, engine.info().kind));
            }
            pool.give(&mut ran.outputs);
            times.push(Times { is_left_out: differs.is_some(), tally: ran.tally, ..Times::default() });
        }
        pool.give(&mut expected.outputs);
        progress.advance(1);
    }
    progress.finish();
    let mut processor = Processor::new(n_cells);
    let can_fuse = can_fuse();
    let (mut copies, mut rates_apart, mut rates_fused) = (Vec::new(), Vec::new(), Vec::new());
    progress.start("bench: rounds", (options.rounds * cases.len()) as u64);
    for _ in 0..options.rounds {
        for (k, case) in cases.iter().enumerate() {
            progress.check()?;
            let before =
                times.iter().filter_map(|times| times[k].seconds.last()).copied().fold(0.0, f64::max);
            let is_fused = StageModel::of(case.stage).is_fused && can_fuse;
            let limit = processor.watch(before.min(LONGEST_WATCH), is_fused);
            copies.push(limit[0]);
            if is_fused { &mut rates_fused } else { &mut rates_apart }.push(limit[1]);
            for (Subject { engine, limits }, times) in subjects.iter_mut().zip(&mut times) {
                let times = &mut times[k];
                if times.is_left_out {
                    continue;
                }
                let mut outputs = pool.take(&case.program);
                let began = Instant::now();
                run(engine.as_mut(), case, &mut outputs, &mut times.tally)?;
                let seconds = began.elapsed().as_secs_f64();
                pool.give(&mut outputs);
                times.seconds.push(seconds);
                let by_device = engine.device_ms().map(|ms| ms / 1e3);
                times.device_seconds.extend(by_device);
                let limit = limits.as_ref().map_or(limit, |limits| rates(limits, case));
                let taken = by_device.unwrap_or(seconds);
                times.shares.push(bound(case, limit).1 / taken);
                times.rate_shares.push(case.operations() * case.n_cells() as f64 / limit[1] / taken);
            }
            progress.advance(1);
        }
    }
    progress.finish();
    // Where no stage needed a rate, it is watched now.
    let mut rate = |seen: Vec<f64>, is_fused: bool| {
        if seen.is_empty() { processor.watch(LONGEST_WATCH, is_fused)[1] } else { median(seen) }
    };
    let limits = Limits {
        copy_gb_per_s: median(copies) / 1e9,
        multiply_add_gop_per_s: rate(rates_apart, false) / 1e9,
        fused_gop_per_s: can_fuse.then(|| rate(rates_fused, true) / 1e9),
        bus_there_gb_per_s: None,
        bus_back_gb_per_s: None,
    };
    let stages = times.into_iter().zip(subjects).map(|(times, subject)| {
        let timed = cases.iter().zip(times).filter(|(_, times)| !times.is_left_out);
        let limits = subject.limits.as_ref().unwrap_or(&limits);
        timed.map(|(case, times)| times.report(case, limits)).collect()
    });
    Ok(Measured { stages: stages.collect(), limits, failures })
}

/// Bytes, and operations of a stage's kind, in a second.
fn rates(limits: &Limits, case: &Case<'_>) -> [f64; 2] {
    let fused = limits.fused_gop_per_s.filter(|_| StageModel::of(case.stage).is_fused);
    [limits.copy_gb_per_s * 1e9, fused.unwrap_or(limits.multiply_add_gop_per_s) * 1e9]
}

/// Which limit bounds a stage, and the seconds it would take at that limit.
fn bound(case: &Case<'_>, [bytes_per_s, operations_per_s]: [f64; 2]) -> (Bound, f64) {
    let n_cells = case.n_cells() as f64;
    let moving = StageModel::of(case.stage).bytes * n_cells / bytes_per_s;
    let computing = case.operations() * n_cells / operations_per_s;
    if moving >= computing { (Bound::Memory, moving) } else { (Bound::Arithmetic, computing) }
}

impl Times {
    fn report(self, case: &Case<'_>, limits: &Limits) -> StageReport {
        let (stage, n_cells) = (case.stage, case.n_cells());
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
            bytes_per_cell: StageModel::of(stage).bytes,
            operations_per_cell: case.operations(),
            textbook_operations_per_cell: case.textbook,
            share_of_rate: Some(median(self.rate_shares)),
            bound: bound(case, rates(limits, case)).0,
            share_of_limit: median(self.shares),
            device_ms,
            share_of_bus,
        }
    }
}

/// Runs a stage; what works on cells keeps its result.
fn run(
    engine: &mut dyn Engine,
    case: &Case<'_>,
    outputs: &mut Vec<Vec<f32>>,
    tally: &mut Tally,
) -> Result<()> {
    match &case.over_cells {
        Some(work) => work.run(engine),
        None => engine.run(&case.program, &case.inputs, outputs, tally),
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
        run(engine, case, &mut ran.outputs, &mut ran.tally)?;
        if let Some(work) = &case.over_cells {
            ran.outputs[0].copy_from_slice(&work.to.to_vec());
        }
        Ok(ran)
    }

    /// Where an engine's results are not those of the native one.
    fn differs_from(&self, native: &Self, case: &Case<'_>) -> Option<String> {
        let program = &case.program;
        for (k, (found, expected)) in self.outputs.iter().zip(&native.outputs).enumerate() {
            let stride = program.shapes[program.outputs[k].0].n_cols;
            // Columns beyond the tile only pad a plane's rows.
            let mut may_stray = (case.stray * found.len() as f64) as usize;
            let rows = found.chunks(stride).zip(expected.chunks(stride)).enumerate();
            for (row, (found, expected)) in rows {
                for (col, (&found, &expected)) in
                    found.iter().zip(expected).take(program.tile.n_cols).enumerate()
                {
                    if are_alike(found, expected, case.slack) {
                        continue;
                    }
                    if may_stray == 0 || is_unknown(found) != is_unknown(expected) {
                        return Some(format!("column {col} of row {row} is {found}, natively {expected}"));
                    }
                    may_stray -= 1;
                }
            }
        }
        // A pass counts what it has computed, whose last bits a device may round otherwise.
        let is_pass = case.stage.starts_with("pass_");
        let [found, expected] = [self, native].map(|ran| f32::from_bits(ran.tally.maximum_bits));
        let is_same = are_alike(found, expected, if is_pass { case.slack } else { 0.0 })
            && (self.tally.bins == native.tally.bins
                || is_pass && are_counts_alike(&self.tally.bins, &native.tally.bins))
            && self.tally.refined == native.tally.refined
            && self.tally.segments == native.tally.segments
            && are_counts_alike(&self.tally.samples, &native.tally.samples);
        (!is_same).then(|| "its counts are not those of the native engine".to_owned())
    }
}

/// Cells by bin: rounding may move a cell from one bin to the next.
fn are_counts_alike(a: &[u64], b: &[u64]) -> bool {
    let slack = 2 + b.iter().sum::<u64>() / 100_000;
    let mut ahead = 0u64;
    let mut behind = 0u64;
    a.len() == b.len()
        && a.iter().zip(b).all(|(a, b)| {
            ahead += a;
            behind += b;
            ahead.abs_diff(behind) <= slack
        })
}

fn are_alike(a: f32, b: f32, slack: f32) -> bool {
    match (is_unknown(a), is_unknown(b)) {
        (false, false) => (a - b).abs() <= slack * b.abs().max(1.0),
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
