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
//! after `rank` what needs all ranks. Its walk is a step ([`Passes::step`]), so that parts of the frame can be walked
//! by others.

mod acceptability;
mod exposure;
mod findings;
mod priority;
mod quantile;
mod rank;
mod refine;

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use crate::error::Result;
use crate::grid::{CellStore, Cells, Tiling, Window};
use crate::progress::Progress;

use super::curve::{Quanta, SegmentSum, quanta};
use super::exclusion::Rule;
use super::pipeline::{Buffers, PassSeconds};
use super::program::Shared;
use super::quantile::QuantileTable;
use super::reach::Reach;
use super::reading::{Counts, Reader};
use super::runner::Runner;
use super::steps::{Asked, Step, StepCounts};
use super::tile_size::{check_reach, tile_size};
use super::value::Function;
use super::{
    Benefit, Engine, Inputs, Maxima, Options, PlaneSink, PriorityBy, Recipe, Source, StageSeconds, Summary,
};

/// Makes a named plane on the frame to keep between passes.
pub type Scratch<'a> = &'a dyn Fn(&str) -> Result<Box<dyn CellStore>>;

/// What the first pass finds, for recipes that share it: which cells are scored, who lives within reach of them, and
/// what was counted. It depends on the layers, the kernel, the gates and which class codes have an entry, not on weights,
/// value functions or the form of benefit. Whoever hands it to another [`score`] answers for those being the same.
#[derive(Default)]
pub struct FirstPass {
    done: OnceLock<Exposed>,
    quantiles: Mutex<Vec<(Source, Shared<QuantileTable>)>>,
}

impl FirstPass {
    /// Whether a score has left its planes here.
    pub fn is_done(&self) -> bool {
        self.done.get().is_some()
    }

    /// Exposure and people at risk, once they are there.
    pub fn planes(&self) -> Option<[Arc<dyn Cells>; 2]> {
        self.done.get().map(|done| [&done.exposure, &done.people_at_risk].map(|plane| Arc::clone(plane) as _))
    }

    fn quantile_of(&self, source: Source) -> Option<Shared<QuantileTable>> {
        let tables = self.quantiles.lock().unwrap_or_else(PoisonError::into_inner);
        tables.iter().find(|(of, _)| *of == source).map(|(_, table)| table.clone())
    }

    fn keep_quantile(&self, source: Source, table: &Shared<QuantileTable>) {
        self.quantiles.lock().unwrap_or_else(PoisonError::into_inner).push((source, table.clone()));
    }
}

/// What of a recipe the first pass depends on, as text: equal texts over the same layers mean equal planes and counts.
pub fn first_pass_key(recipe: &Recipe) -> String {
    let used: Vec<Source> = recipe.criteria.iter().map(|criterion| criterion.source).collect();
    format!("{:?} {:?} {:?}", recipe.kernel, used, Rule::of(recipe))
}

/// Planes and counts of the first pass.
struct Exposed {
    exposure: Arc<dyn CellStore>,
    people_at_risk: Arc<dyn CellStore>,
    counts: Counts,
    largest_exposure: f32,
}

/// Scores a frame: planes to `sink`, tile by tile, and totals back.
///
/// Planes reach the sink in this order: exposure and people at risk of
/// every tile, then benefit, cost and benefit per cost of every tile, then rank and class of every tile, then, with
/// robustness, acceptability, mean and standard deviation of the rank. With an [`Options::first_pass`] that is done,
/// exposure and people at risk are not handed out again. A
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
    let summary = walk(engine, inputs, recipe, options, scratch, sink, progress)?;
    Ok(summary.expect("a sink that has others to wait for belongs to `score_part`"))
}

/// Scores a part of a frame ([`Options::part`]) as far as the sink's answers allow ([`PlaneSink::ask`]), for work that
/// is shared among processes. A step that the sink knows is not walked. Back comes the summary of the whole frame once
/// every step is known, `None` while counts of other parts are missing. Once all are known an empty part will do.
///
/// Planes are taken up again where an earlier call has left them: `scratch` is asked for `exposure`, `people_at_risk`,
/// `benefit`, what the rank orders by (`priority`), and with many samples `acceptability`, `rank_mean` and `rank_sd`.
/// All planes but the last three reach the sink too, so a scratch that finds them there need not take them. Nothing of a
/// part depends on its bounds: parts may be any rectangles that cover each cell once. Layers are read in the part alone
/// but for population, which is read as far as the kernel reaches.
///
/// # Errors
/// Those of [`score`].
pub fn score_part(
    engine: &mut dyn Engine,
    inputs: &Inputs<'_>,
    recipe: &Recipe,
    options: Options<'_>,
    scratch: Scratch<'_>,
    sink: &mut dyn PlaneSink,
    progress: &dyn Progress,
) -> Result<Option<Summary>> {
    let part = options.part.unwrap_or_else(|| inputs.frame.window());
    walk(engine, inputs, recipe, Options { part: Some(part), ..options }, scratch, sink, progress)
}

fn walk(
    engine: &mut dyn Engine,
    inputs: &Inputs<'_>,
    recipe: &Recipe,
    options: Options<'_>,
    scratch: Scratch<'_>,
    sink: &mut dyn PlaneSink,
    progress: &dyn Progress,
) -> Result<Option<Summary>> {
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
        part: options.part.unwrap_or_else(|| inputs.frame.window()),
        tile_side: size,
        sampling_side,
        is_shared: options.part.is_some(),
        runner: Runner::new(engine),
        buffers: &buffers,
        reader: &reader,
        clock: match options.clock {
            Some(clock) => clock,
            None => &no_clock,
        },
        progress,
        sink,
        first_pass: options.first_pass,
        warnings: Vec::new(),
        told: Vec::new(),
        seconds: Vec::new(),
    };
    let summary = passes.run(scratch)?;
    Ok(summary.map(|summary| Summary { tile_size: size, ..summary }))
}

/// What every pass needs.
struct Passes<'a> {
    inputs: &'a Inputs<'a>,
    recipe: &'a Recipe,
    reach: Reach,
    part: Window,
    tile_side: usize,
    sampling_side: usize,
    /// Whether planes are taken up from earlier calls, and left for later ones.
    is_shared: bool,
    runner: Runner<'a>,
    buffers: &'a Buffers,
    reader: &'a Reader<'a>,
    clock: &'a (dyn Fn() -> f64 + Sync),
    progress: &'a dyn Progress,
    sink: &'a mut dyn PlaneSink,
    first_pass: Option<&'a FirstPass>,
    warnings: Vec<String>,
    /// What those who walked other parts told.
    told: Vec<String>,
    seconds: Vec<StageSeconds>,
}

/// Planes kept between passes: as few as can be, since at the size of a country they fill a disk.
struct Kept {
    exposure: Arc<dyn CellStore>,
    people_at_risk: Arc<dyn CellStore>,
    /// The same plane as exposure, whose tiles the second pass replaces, unless exposure is needed to the end.
    benefit: Arc<dyn CellStore>,
    /// What the rank orders by: benefit per cost, or by tiers; `None` where it is benefit alone.
    ranked: Option<Box<dyn CellStore>>,
}

impl Kept {
    /// From the second pass on.
    fn priority(&self) -> &dyn CellStore {
        self.ranked.as_deref().unwrap_or(&*self.benefit)
    }
}

/// A tile's planes on their way through a pass, inputs first.
type TilePlanes = Vec<Vec<f32>>;

impl Passes<'_> {
    fn run(&mut self, scratch: Scratch<'_>) -> Result<Option<Summary>> {
        let by_benefit =
            self.recipe.priority_by == PriorityBy::Benefit && self.recipe.benefit != Benefit::Ordered;
        let earlier = self.first_pass.and_then(|first| first.done.get());
        let plane = |name: &str| -> Result<Arc<dyn CellStore>> { Ok(Arc::from(scratch(name)?)) };
        let (exposure, people_at_risk) = match earlier {
            Some(earlier) => (Arc::clone(&earlier.exposure), Arc::clone(&earlier.people_at_risk)),
            None => (plane("exposure")?, plane("people_at_risk")?),
        };
        let keeps_exposure = self.recipe.robustness.is_some() || self.first_pass.is_some() || self.is_shared;
        let kept = Kept {
            benefit: if keeps_exposure { plane("benefit")? } else { Arc::clone(&exposure) },
            exposure,
            people_at_risk,
            ranked: if by_benefit { None } else { Some(scratch("priority")?) },
        };
        let alone = FirstPass::default();
        let first = self.first_pass.unwrap_or(&alone);
        if !first.is_done() {
            let Some((counts, largest_exposure)) = exposure::run(self, &kept)? else { return Ok(None) };
            if counts.n_scored() == 0 {
                return Err(findings::nothing_scored(&counts, self.recipe, self.reader.rules()));
            }
            let (exposure, people_at_risk) = (Arc::clone(&kept.exposure), Arc::clone(&kept.people_at_risk));
            let _ = first.done.set(Exposed { exposure, people_at_risk, counts, largest_exposure });
        }
        let exposed = first.done.get().expect("set above where it was not");
        let (counts, largest_exposure) = (&exposed.counts, exposed.largest_exposure);
        let Some(quantiles) = quantile::run(self, &kept)? else { return Ok(None) };
        let largest_exposure = f64::from(largest_exposure);
        let maxima = Maxima { exposure: largest_exposure, layers: counts.largest_of_layer(), quantiles };
        let recipe = self.recipe;
        let functions: Vec<Function<'_>> = recipe.criteria.iter().map(|c| Function::of(c, &maxima)).collect();
        findings::warn(self, counts, &maxima, &functions);
        let Some(bins) = priority::run(self, &kept, &functions)? else { return Ok(None) };
        let Some(table) = refine::run(self, &kept, bins.clone())? else { return Ok(None) };
        let area_m2 = |row: usize| self.inputs.frame.cell_area_m2(row as i64);
        let rows = 0..self.inputs.frame.n_rows;
        let largest_area_m2 = rows.map(area_m2).fold(0.0, f64::max);
        let quanta = quanta(largest_area_m2, f64::from(counts.largest_cost), maxima.exposure);
        // Samples need no ranks: where those of other parts are missing, this one's are counted all the same.
        let ranked = rank::run(self, &kept, table, quanta)?;
        let is_sampled = acceptability::run(self, &kept, &functions, &bins, scratch)?;
        let (Some((segments, classes)), true) = (ranked, is_sampled) else { return Ok(None) };
        Ok(Some(self.summary(counts, maxima, &segments, &quanta, &classes)))
    }

    /// The tiles of the part.
    fn tiling(&self) -> Tiling {
        Tiling::over(self.part, self.tile_side)
    }

    /// A step's counts over the whole frame: by `walk`, unless they are known; `None` while parts are missing.
    fn step(
        &mut self,
        step: Step,
        walk: impl FnOnce(&mut Self) -> Result<StepCounts>,
    ) -> Result<Option<StepCounts>> {
        match self.sink.ask(step)? {
            Asked::Known(counts) => {
                self.told.extend(counts.warnings.iter().cloned());
                Ok(Some(*counts))
            }
            Asked::Wait | Asked::NotYet => Ok(None),
            Asked::Walk => {
                let mut counts = walk(self)?;
                if self.is_shared {
                    counts.warnings = self.runner.warnings();
                }
                self.sink.counted(step, counts)
            }
        }
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
        for text in std::mem::take(&mut self.told).into_iter().chain(self.runner.warnings()) {
            if !warnings.contains(&text) {
                warnings.push(text);
            }
        }
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
