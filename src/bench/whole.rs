//! The whole pipeline: three layers in, seven planes out, in memory, and through files on the way a person goes.

use std::time::Instant;

use crate::error::{Error, Result};
use crate::grid::{CellStore, MemoryCells, Window};
use crate::io::geotiff::Compression;
use crate::progress::{Progress, Silent};
use crate::run;
use crate::score::{self, Engine, Inputs, Kernel, Plane, PlaneSink, Recipe, StageSeconds};
use crate::synth;

use super::planes::{CELL_M, frame, random, unit};
use super::report::WholeReport;
use super::rounds::{median, quantile};
use super::{Options, RADIUS_CELLS, SEED};

/// Planes go nowhere.
struct NoSink;

impl PlaneSink for NoSink {
    fn put(&mut self, _: Plane, _: Window, _: &[f32]) -> Result<()> {
        Ok(())
    }
}

/// One run's time, tiles and passes.
struct Lap {
    seconds: f64,
    tile_size: usize,
    passes: Vec<StageSeconds>,
}

/// The whole pipeline on an engine, in memory and where asked for through files.
pub fn measure(
    engine: &mut dyn Engine,
    options: &Options,
    progress: &dyn Progress,
) -> Result<Vec<WholeReport>> {
    let mut reports = vec![in_memory(engine, options, progress)?];
    if options.with_files {
        let is_native = engine.info().kind == "native";
        reports.push(through_files(is_native, options, progress)?);
    }
    Ok(reports)
}

/// People live in 3 % of the cells, as in real population rasters; a gaussian reach of the bench's radius.
fn in_memory(engine: &mut dyn Engine, options: &Options, progress: &dyn Progress) -> Result<WholeReport> {
    let frame = frame(options.size);
    let n = frame.n_cells();
    let cells = |make: fn(u64) -> f32| MemoryCells::from_values(frame.clone(), (0..n).map(make).collect());
    let hazard = cells(|i| unit(SEED + 20, i).powi(6));
    let is_settled = |i: u64| random(SEED + 21, i).is_multiple_of(33);
    let population = MemoryCells::from_values(
        frame.clone(),
        (0..n).map(|i| if is_settled(i) { unit(SEED + 22, i) } else { 0.0 }).collect(),
    );
    let cost = cells(|i| 500.0 + 8500.0 * unit(SEED + 23, i));
    let inputs =
        Inputs { frame: &frame, hazard: &hazard, population: &population, cost: &cost, criteria: vec![] };
    let kernel = Kernel::Gaussian { sigma_m: RADIUS_CELLS as f64 * CELL_M / 4.0 };
    let recipe = Recipe { kernel, ..Recipe::default() };
    let scratch = |_: &str| -> Result<Box<dyn CellStore>> { Ok(Box::new(MemoryCells::new(frame.clone()))) };
    let lap = |engine: &mut dyn Engine| -> Result<Lap> {
        let began = Instant::now();
        let clock = || began.elapsed().as_secs_f64();
        let options = score::Options { clock: Some(&clock), ..score::Options::default() };
        let silent = Silent::default();
        let scored = score::score(engine, &inputs, &recipe, options, &scratch, &mut NoSink, &silent)?;
        Ok(Lap { seconds: clock(), tile_size: scored.tile_size, passes: scored.seconds })
    };
    let what = "bench: whole pipeline";
    laps("in memory", what, options, progress, || lap(engine))
}

/// A made-up region written once, then scored as `clearway score` does it, zstd in and out.
fn through_files(is_native: bool, options: &Options, progress: &dyn Progress) -> Result<WholeReport> {
    let folder = tempfile::tempdir().map_err(Error::io("create", &std::env::temp_dir()))?;
    let region = folder.path().join("region");
    let spec = synth::SynthSpec {
        preset: synth::Preset::Hillside,
        size: options.size,
        seed: SEED,
        compress: Compression::Zstd,
    };
    let made = synth::synth(&spec, &region, progress)?;
    let settings = run::Options {
        out: Some(folder.path().join("out")),
        overwrite: true,
        backend: if is_native { score::Backend::Cpu } else { score::Backend::Gpu },
        device: options.device.clone().filter(|_| !is_native),
        compression: Compression::Zstd,
        ..run::Options::default()
    };
    let lap = || -> Result<Lap> {
        let began = Instant::now();
        run::score(&made.project, &settings, &Silent::default())?;
        Ok(Lap { seconds: began.elapsed().as_secs_f64(), tile_size: 0, passes: Vec::new() })
    };
    laps("through files", "bench: through files", options, progress, lap)
}

fn laps(
    way: &str,
    label: &str,
    options: &Options,
    progress: &dyn Progress,
    mut lap: impl FnMut() -> Result<Lap>,
) -> Result<WholeReport> {
    // Half as many rounds, and one more that warms caches up and is not counted.
    let n_laps = options.rounds.div_ceil(2);
    progress.start(label, n_laps as u64 + 1);
    let mut laps = Vec::new();
    for i in 0..=n_laps {
        progress.check()?;
        let lap = lap()?;
        if i > 0 {
            laps.push(lap);
        }
        progress.advance(1);
    }
    progress.finish();
    let seconds: Vec<f64> = laps.iter().map(|lap| lap.seconds).collect();
    let middle = median(seconds.iter().copied());
    let nearest =
        laps.iter().min_by(|a, b| (a.seconds - middle).abs().total_cmp(&(b.seconds - middle).abs()));
    let passes = nearest.iter().flat_map(|lap| &lap.passes);
    Ok(WholeReport {
        way: way.to_owned(),
        ms: middle * 1e3,
        ms_low: quantile(&seconds, 0.25) * 1e3,
        ms_high: quantile(&seconds, 0.75) * 1e3,
        mcells_per_s: (options.size * options.size) as f64 / middle / 1e6,
        tile_size: nearest.map_or(0, |lap| lap.tile_size),
        passes: passes.map(|pass| (pass.stage.clone(), pass.seconds * 1e3)).collect(),
    })
}
