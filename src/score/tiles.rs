//! Scoring a frame tile by tile: three passes, two or three planes kept between them, nothing global but
//! integers.
//!
//! ```text
//! exposure   layers            → exposure, people_at_risk; unknown counts, largest values
//! priority   layers + exposure → benefit, cost, priority, histogram
//! refine     priority          → counts of the bins that hold too much (only where there are such)
//! rank       kept planes, cost → rank, class, curve
//! ```

use std::sync::Arc;

use crate::error::{Error, Fault, Result};
use crate::grid::{CellStore, Tiling, Window, is_unknown};
use crate::progress::Progress;

use super::class::thresholds;
use super::curve::{Quanta, SegmentSum, quanta};
use super::exclusion::Rule;
use super::pipeline::{Buffers, PassSeconds, run_pass};
use super::program::{Call, Program, Shared, Tally};
use super::programs::{Ranking, Worth, exposure_program, priority_program, rank_program};
use super::rank::{RankTable, bins_to_refine};
use super::reach::{Reach, TileReach};
use super::reading::{Counts, Reader};
use super::runner::Runner;
use super::tile_size::tile_size;
use super::value::Function;
use super::{Engine, Inputs, Maxima, Options, Plane, PlaneSink, PriorityBy, Recipe, StageSeconds, Summary};

/// Makes a named plane on the frame to keep between passes.
pub type Scratch<'a> = &'a dyn Fn(&str) -> Result<Box<dyn CellStore>>;

/// Scores a frame: planes to `sink`, tile by tile, and totals back.
///
/// Planes reach the sink in this order: exposure and people at risk of
/// every tile, then benefit, cost and benefit per cost of every tile, then rank and class of every tile. A
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
    let buffers = Buffers::default();
    let reader = Reader::new(inputs, recipe, &buffers);
    let n_planes = 8 + reader.all_layers().len();
    let size = options.tile_size.unwrap_or_else(|| tile_size(engine, &reach, n_planes, options.memory_bytes));
    let no_clock = || 0.0;
    let mut passes = Passes {
        inputs,
        recipe,
        reach,
        tiling: Tiling::new(inputs.frame, size),
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
    runner: Runner<'a>,
    buffers: &'a Buffers,
    reader: &'a Reader<'a>,
    clock: &'a (dyn Fn() -> f64 + Sync),
    progress: &'a dyn Progress,
    sink: &'a mut dyn PlaneSink,
    warnings: Vec<String>,
    seconds: Vec<StageSeconds>,
}

/// Planes kept between passes.
struct Kept {
    exposure: Box<dyn CellStore>,
    people_at_risk: Box<dyn CellStore>,
    benefit: Box<dyn CellStore>,
    /// `None` where the rank orders by benefit alone.
    per_usd: Option<Box<dyn CellStore>>,
}

impl Kept {
    fn priority(&self) -> &dyn CellStore {
        self.per_usd.as_ref().unwrap_or(&self.benefit).as_ref()
    }
}

/// A tile's planes on their way through a pass, inputs first.
type TilePlanes = Vec<Vec<f32>>;

impl Passes<'_> {
    fn run(&mut self, scratch: Scratch<'_>) -> Result<Summary> {
        let by_cost = self.recipe.priority_by == PriorityBy::BenefitPerCost;
        let kept = Kept {
            exposure: scratch("exposure")?,
            people_at_risk: scratch("people_at_risk")?,
            benefit: scratch("benefit")?,
            per_usd: if by_cost { Some(scratch("priority")?) } else { None },
        };
        let (counts, largest_exposure) = self.exposure_pass(&kept)?;
        if counts.n_scored() == 0 {
            return Err(nothing_scored(&counts, self.recipe, self.reader.rules()));
        }
        let maxima = Maxima { exposure: f64::from(largest_exposure), layers: counts.largest_of_layer() };
        let recipe = self.recipe;
        let functions: Vec<Function<'_>> = recipe.criteria.iter().map(|c| Function::of(c, &maxima)).collect();
        self.warn_of(&counts, &maxima, &functions);
        let bins = self.priority_pass(&kept, &functions)?;
        let table = self.rank_table(&kept, &bins)?;
        let area_m2 = |row: usize| self.inputs.frame.cell_area_m2(row as i64);
        let rows = 0..self.inputs.frame.n_rows;
        let largest_area_m2 = rows.map(area_m2).fold(0.0, f64::max);
        let quanta = quanta(largest_area_m2, f64::from(counts.largest_cost), maxima.exposure);
        let (segments, classes) = self.rank_pass(&kept, table, quanta)?;
        Ok(self.summary(&counts, maxima, &segments, &quanta, &classes))
    }

    /// Pass 1.
    fn exposure_pass(&mut self, kept: &Kept) -> Result<(Counts, f32)> {
        let (n_rows, n_layers) = (self.inputs.frame.n_rows, self.inputs.criteria.len());
        let mut counts = Counts::new(n_rows, n_layers, self.reader.rules().len());
        let mut tally = Tally::of_maximum();
        let (reach, reader, buffers, sink) = (&self.reach, self.reader, self.buffers, &mut *self.sink);
        let runner = &mut self.runner;
        let seconds = run_pass(
            "exposure",
            &self.tiling,
            self.clock,
            self.progress,
            |tile| {
                let reach = Arc::new(reach.of_tile(tile));
                let masked = reader.read_first(tile, reach.source, &mut counts)?;
                Ok((reach, vec![masked.population, masked.hazard]))
            },
            |tile, (reach, planes): (Arc<TileReach>, TilePlanes)| {
                let out = runner.run(&exposure_program(tile, &reach), &planes, buffers, &mut tally)?;
                buffers.give(planes);
                Ok(out)
            },
            |tile, out| {
                sink.put(Plane::Exposure, tile, &out[0])?;
                sink.put(Plane::PeopleAtRisk, tile, &out[1])?;
                kept.exposure.write(tile, &out[0])?;
                kept.people_at_risk.write(tile, &out[1])?;
                buffers.give(out);
                Ok(())
            },
        )?;
        self.took("exposure", seconds);
        Ok((counts, f32::from_bits(tally.maximum_bits)))
    }

    /// Pass 2.
    fn priority_pass(&mut self, kept: &Kept, functions: &[Function<'_>]) -> Result<Vec<u64>> {
        let worth = Worth::new(self.recipe, functions);
        let mut tally = Tally::of_histogram();
        let (inputs, reader, buffers, sink) = (self.inputs, self.reader, self.buffers, &mut *self.sink);
        let by_cost = kept.per_usd.is_some();
        let runner = &mut self.runner;
        let seconds = run_pass(
            "priority",
            &self.tiling,
            self.clock,
            self.progress,
            |tile| {
                let exposure = reader.read(kept.exposure.as_ref(), tile)?;
                let hazard = reader.read_masked(inputs.hazard, tile, &exposure)?;
                let cost = reader.read_masked(inputs.cost, tile, &exposure)?;
                let mut planes = vec![hazard, cost, exposure];
                for &layer in reader.layers() {
                    planes.push(reader.read_layer(layer, tile)?);
                }
                Ok(planes)
            },
            |tile, mut planes: TilePlanes| {
                let areas = row_areas(inputs, tile);
                let program = priority_program(tile, &worth, reader.layers(), areas, by_cost);
                let mut out = runner.run(&program, &planes, buffers, &mut tally)?;
                out.push(planes.swap_remove(1));
                buffers.give(planes);
                Ok(out)
            },
            |tile, out| {
                let [benefit, per_usd, cost] = [&out[0], &out[1], &out[2]];
                sink.put(Plane::Benefit, tile, benefit)?;
                sink.put(Plane::Cost, tile, cost)?;
                sink.put(Plane::BenefitPerCost, tile, per_usd)?;
                kept.benefit.write(tile, benefit)?;
                if let Some(store) = &kept.per_usd {
                    store.write(tile, per_usd)?;
                }
                buffers.give(out);
                Ok(())
            },
        )?;
        self.took("priority", seconds);
        Ok(tally.bins)
    }

    /// Pass 2b, where a bin holds too much, and the table.
    fn rank_table(&mut self, kept: &Kept, bins: &[u64]) -> Result<RankTable> {
        let (index_of, n_refined) = bins_to_refine(bins);
        if n_refined == 0 {
            return Ok(RankTable::new(bins, &index_of, &[]));
        }
        let index_of = Shared::new(index_of);
        let mut tally = Tally::of_refined(n_refined);
        let (reader, buffers, runner) = (self.reader, self.buffers, &mut self.runner);
        let seconds = run_pass(
            "refine",
            &self.tiling,
            self.clock,
            self.progress,
            |tile| Ok(vec![reader.read(kept.priority(), tile)?]),
            |tile, planes: TilePlanes| {
                let mut program = Program::new(tile.n_cols, tile.n_rows);
                let priority = program.input();
                program.call(Call::Refine { priority, index_of: index_of.clone() });
                runner.run(&program, &planes, buffers, &mut tally)?;
                buffers.give(planes);
                Ok(())
            },
            |_, ()| Ok(()),
        )?;
        self.took("refine", seconds);
        Ok(RankTable::new(bins, &index_of, &tally.refined_counts()))
    }

    /// Pass 3. Back come the curve's segments and, for every row, cells by class.
    fn rank_pass(
        &mut self,
        kept: &Kept,
        table: RankTable,
        quanta: Quanta,
    ) -> Result<(Vec<SegmentSum>, Vec<Vec<u64>>)> {
        let thresholds = Arc::new(thresholds(&self.recipe.class_percents));
        let ranking = Ranking { table: Shared::new(table), thresholds, quanta };
        let mut tally = Tally::of_curve();
        let mut classes = vec![vec![0; self.recipe.n_classes()]; self.inputs.frame.n_rows];
        let (inputs, reader, buffers, sink) = (self.inputs, self.reader, self.buffers, &mut *self.sink);
        let runner = &mut self.runner;
        let seconds = run_pass(
            "rank",
            &self.tiling,
            self.clock,
            self.progress,
            |tile| {
                let mut planes = vec![
                    reader.read(kept.benefit.as_ref(), tile)?,
                    reader.read(kept.people_at_risk.as_ref(), tile)?,
                    reader.read(inputs.cost, tile)?,
                ];
                if let Some(per_usd) = &kept.per_usd {
                    planes.push(reader.read(per_usd.as_ref(), tile)?);
                }
                Ok(planes)
            },
            |tile, planes: TilePlanes| {
                let program = rank_program(tile, &ranking, row_areas(inputs, tile), planes.len() > 3);
                let out = runner.run(&program, &planes, buffers, &mut tally)?;
                buffers.give(planes);
                Ok(out)
            },
            |tile, out| {
                sink.put(Plane::Rank, tile, &out[0])?;
                sink.put(Plane::Class, tile, &out[1])?;
                count_classes(&mut classes[tile.row as usize..], &out[1], tile.n_cols);
                buffers.give(out);
                Ok(())
            },
        )?;
        self.took("rank", seconds);
        Ok((tally.segments, classes))
    }

    fn took(&mut self, stage: &str, seconds: PassSeconds) {
        let mut add = |stage: String, seconds| self.seconds.push(StageSeconds { stage, seconds });
        add(stage.to_string(), seconds.wall);
        add(format!("{stage}, waiting for layers"), seconds.waiting_to_read);
        add(format!("{stage}, waiting for writing"), seconds.waiting_to_write);
    }

    fn warn_of(&mut self, counts: &Counts, maxima: &Maxima, functions: &[Function<'_>]) {
        if maxima.exposure <= 0.0 {
            self.warnings
                .push("nobody lives within reach of any scored cell: exposure is 0 everywhere".into());
        }
        for (criterion, function) in self.recipe.criteria.iter().zip(functions) {
            if *function == Function::Flat {
                self.warnings.push(format!(
                    "criterion `{}` counts 0 everywhere: its largest value among scored cells does not lie \
                     beyond the other end of its value function",
                    criterion.name
                ));
            }
        }
        for unknown in counts.unknown(self.recipe).into_iter().skip(3).filter(|unknown| unknown.n_lost > 0) {
            let is_criterion = self.recipe.criteria.iter().any(|c| c.name == unknown.layer);
            let what = if is_criterion { "criterion" } else { "gate layer" };
            self.warnings.push(format!(
                "{} cells are not scored only because {what} `{}` is unknown there",
                unknown.n_lost, unknown.layer
            ));
        }
        self.warnings.extend(counts.exclusion_warnings(self.reader.rules()));
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

fn count_classes(by_row: &mut [Vec<u64>], class: &[f32], n_cols: usize) {
    for (counts, class) in by_row.iter_mut().zip(class.chunks_exact(n_cols)) {
        for &class in class.iter().filter(|class| !is_unknown(**class)) {
            counts[class as usize - 1] += 1;
        }
    }
}

fn nothing_scored(counts: &Counts, recipe: &Recipe, rules: &[Rule]) -> Error {
    let unknown = counts.unknown(recipe);
    let unknown = unknown.iter().map(|layer| format!("`{}` in {}", layer.layer, layer.n_unknown));
    let mut found =
        format!("none; cells where a layer is unknown: {}", unknown.collect::<Vec<_>>().join(", "));
    for warning in counts.exclusion_warnings(rules) {
        found = format!("{found}; {warning}");
    }
    let expected =
        "at least one cell where hazard, population, cost and every criterion are known and no gate excludes";
    let fix = "check that the layers overlap and that their nodata values are right (`clearway check`)";
    Fault::new("score.nothing_scored", "[layers]", expected, found, fix).into()
}
