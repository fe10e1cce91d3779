//! Scoring a frame tile by tile: three passes, two or three planes kept between them, nothing global but
//! integers.
//!
//! ```text
//! exposure   layers            → exposure, people_at_risk; unknown counts, largest values
//! quantile   one layer         → its quantiles (for each that a criterion asks them of)
//! priority   layers + exposure → benefit, cost, priority, histogram
//! refine     priority          → counts of the bins that hold too much (only where there are such)
//! rank       kept planes, cost → rank, class, curve
//! acceptability  layers + exposure → acceptability, rank_mean, rank_sd (only with robustness; three walks)
//! ```
//!
//! A pass is a file here: a function `run` that reads, computes and writes every tile
//! ([`run_pass`](super::pipeline::run_pass)) and hands back its integers. A new one is called in
//! [`Passes::run`]: before `exposure` what makes a layer, between it and `priority` what needs all exposures,
//! after `rank` what needs all ranks.

mod acceptability;
mod exposure;
mod findings;
mod priority;
mod quantile;
mod rank;
mod refine;

use std::sync::Arc;

use crate::error::Result;
use crate::grid::{CellStore, Tiling, Window};
use crate::progress::Progress;

use super::curve::{Quanta, SegmentSum, quanta};
use super::pipeline::{Buffers, PassSeconds};
use super::reach::Reach;
use super::reading::{Counts, Reader};
use super::runner::Runner;
use super::tile_size::{check_reach, tile_size};
use super::value::Function;
use super::{Benefit, Engine, Inputs, Maxima, Options, PlaneSink, PriorityBy, Recipe, StageSeconds, Summary};

/// Makes a named plane on the frame to keep between passes.
pub type Scratch<'a> = &'a dyn Fn(&str) -> Result<Box<dyn CellStore>>;

/// Scores a frame: planes to `sink`, tile by tile, and totals back.
///
/// Planes reach the sink in this order: exposure and people at risk of
/// every tile, then benefit, cost and benefit per cost of every tile, then rank and class of every tile, then, with
/// robustness, acceptability, mean and standard deviation of the rank. A
/// device that fails is replaced by the native engine, tile by tile, and a warning says so.
///
/// # Errors
/// Faults: those of [`Recipe::validated`], a layer off the frame, values without meaning (`score.hazard_range`, `score.population_negative`,
/// `score.cost_not_positive`), nothing scored (`score.nothing_scored`). Whatever layers, scratch or sink raise.
pub fn score(
    engine: &mut dyn Engine,
    inputs: &Inputs<'_>,
    recipe: &Recipe,
    options: Options<'_>,
    scratch: Scratch<'_>,
    sink: &mut dyn PlaneSink,
    progress: &dyn Progress,
) -> Result<Summary> {
    let recipe = &recipe.clone().validated()?;
    inputs.check(recipe)?;
    let reach = Reach::new(recipe.kernel, inputs.frame);
    check_reach(recipe.kernel, inputs.frame, options.memory_bytes)?;
    let buffers = Buffers::default();
    let reader = Reader::new(inputs, recipe, &buffers);
    // An ordered list has planes of its own: the values, the tiers, what orders inside them and over all.
    let n_tier_planes = if recipe.benefit == Benefit::Ordered { 4 } else { 0 };
    let n_planes = 8 + n_tier_planes + reader.all_layers().len();
    let size = options.tile_size.unwrap_or_else(|| tile_size(engine, &reach, n_planes, options.memory_bytes));
    let sampling_side = acceptability::tile_side(recipe, engine, options.memory_bytes, size);
    let no_clock = || 0.0;
    let mut passes = Passes {
        inputs,
        recipe,
        reach,
        tiling: Tiling::new(inputs.frame, size),
        sampling_side,
        runner: Runner::new(engine),
        buffers: &buffers,
        reader: &reader,
        clock: match options.clock {
            Some(clock) => clock,
            None => &no_clock,
        },
        progress,
        sink,
        warnings: Vec::new(),
        seconds: Vec::new(),
    };
    let mut summary = passes.run(scratch)?;
    summary.tile_size = size;
    Ok(summary)
}

/// What every pass needs.
struct Passes<'a> {
    inputs: &'a Inputs<'a>,
    recipe: &'a Recipe,
    reach: Reach,
    tiling: Tiling,
    sampling_side: usize,
    runner: Runner<'a>,
    buffers: &'a Buffers,
    reader: &'a Reader<'a>,
    clock: &'a (dyn Fn() -> f64 + Sync),
    progress: &'a dyn Progress,
    sink: &'a mut dyn PlaneSink,
    warnings: Vec<String>,
    seconds: Vec<StageSeconds>,
}

/// Planes kept between passes: as few as can be, since at the size of a country they fill a disk.
struct Kept {
    /// Exposure until the second pass, which puts each tile's benefit in its place.
    exposure_then_benefit: Box<dyn CellStore>,
    /// Exposure to the end, where it is sampled.
    sampled_exposure: Option<Box<dyn CellStore>>,
    people_at_risk: Box<dyn CellStore>,
    /// What the rank orders by: benefit per cost, or by tiers; `None` where it is benefit alone.
    ranked: Option<Box<dyn CellStore>>,
}

impl Kept {
    /// From the second pass on.
    fn priority(&self) -> &dyn CellStore {
        self.ranked.as_ref().unwrap_or(&self.exposure_then_benefit).as_ref()
    }
}

/// A tile's planes on their way through a pass, inputs first.
type TilePlanes = Vec<Vec<f32>>;

impl Passes<'_> {
    fn run(&mut self, scratch: Scratch<'_>) -> Result<Summary> {
        let by_benefit =
            self.recipe.priority_by == PriorityBy::Benefit && self.recipe.benefit != Benefit::Ordered;
        let kept = Kept {
            exposure_then_benefit: scratch("exposure, then benefit")?,
            sampled_exposure: self.recipe.robustness.as_ref().map(|_| scratch("exposure")).transpose()?,
            people_at_risk: scratch("people_at_risk")?,
            ranked: if by_benefit { None } else { Some(scratch("priority")?) },
        };
        let (counts, largest_exposure) = exposure::run(self, &kept)?;
        if counts.n_scored() == 0 {
            return Err(findings::nothing_scored(&counts, self.recipe, self.reader.rules()));
        }
        let quantiles = quantile::run(self, &kept)?;
        let largest_exposure = f64::from(largest_exposure);
        let maxima = Maxima { exposure: largest_exposure, layers: counts.largest_of_layer(), quantiles };
        let recipe = self.recipe;
        let functions: Vec<Function<'_>> = recipe.criteria.iter().map(|c| Function::of(c, &maxima)).collect();
        findings::warn(self, &counts, &maxima, &functions);
        let bins = priority::run(self, &kept, &functions)?;
        let table = refine::run(self, &kept, bins.clone())?;
        let area_m2 = |row: usize| self.inputs.frame.cell_area_m2(row as i64);
        let rows = 0..self.inputs.frame.n_rows;
        let largest_area_m2 = rows.map(area_m2).fold(0.0, f64::max);
        let quanta = quanta(largest_area_m2, f64::from(counts.largest_cost), maxima.exposure);
        let (segments, classes) = rank::run(self, &kept, table, quanta)?;
        acceptability::run(self, &kept, &functions, &bins, scratch)?;
        Ok(self.summary(&counts, maxima, &segments, &quanta, &classes))
    }

    fn took(&mut self, stage: &str, seconds: PassSeconds) {
        let mut add = |stage: String, seconds| self.seconds.push(StageSeconds { stage, seconds });
        add(stage.to_string(), seconds.wall);
        add(format!("{stage}, waiting for layers"), seconds.waiting_to_read);
        add(format!("{stage}, waiting for writing"), seconds.waiting_to_write);
    }

    /// Adds a further walk's seconds to those of a stage that takes several.
    fn took_more(&mut self, stage: &str, seconds: PassSeconds) {
        let n_before = self.seconds.len();
        self.took(stage, seconds);
        for more in self.seconds.split_off(n_before) {
            match self.seconds.iter_mut().find(|taken| taken.stage == more.stage) {
                Some(taken) => taken.seconds += more.seconds,
                None => self.seconds.push(more),
            }
        }
    }

    fn summary(
        &mut self,
        counts: &Counts,
        maxima: Maxima,
        segments: &[SegmentSum],
        quanta: &Quanta,
        classes: &[Vec<u64>],
    ) -> Summary {
        let mut warnings = std::mem::take(&mut self.warnings);
        warnings.extend(self.runner.warnings());
        super::summary::Parts {
            frame: self.inputs.frame,
            recipe: self.recipe,
            counts,
            maxima,
            segments,
            quanta,
            classes_by_row: classes,
            warnings,
            seconds: std::mem::take(&mut self.seconds),
            engine: self.runner.info(),
        }
        .summary()
    }
}

fn row_areas(inputs: &Inputs<'_>, tile: Window) -> Arc<Vec<f32>> {
    let rows = tile.row..tile.end_row();
    Arc::new(rows.map(|row| inputs.frame.cell_area_m2(row) as f32).collect())
}
