//! Pass 4, with robustness only: samples of weights, hazard and cost, in groups. For each group a walk over the
//! tiles surveys some cells, a second counts all, a third (seldom needed) counts again where that was too coarse, and
//! the last looks ranks up and sums.

mod moments;

use std::ops::Range;

use self::moments::{SoFar, merged, planes_of};
use super::{Kept, Passes, Scratch, TilePlanes, row_areas};
use crate::error::Result;
use crate::grid::{CellStore, Tiling, UNKNOWN, Window, is_unknown};
use crate::score::acceptability::bins::{Again, Cells, Counted, N_BINS, Ranks};
use crate::score::acceptability::draws::{odds_of, sigma_of};
use crate::score::acceptability::group::{GROUP_SAMPLES, HazardNoise, cut, used_criteria};
use crate::score::acceptability::survey::{bits_for, is_surveyed, mended, surveyed};
use crate::score::acceptability::{Draws, Group, HazardDraw, Robustness, TermForm, Tiers, WeightDraw};
use crate::score::ordered::{Tiering, tierings};
use crate::score::pipeline::run_pass;
use crate::score::program::{Call, Program, SampledPlanes, Shape, Shared, Slot, Tally};
use crate::score::reading::{Reader, Scored};
use crate::score::steps::{Asked, Step, StepCounts};
use crate::score::value::{Function, Term};
use crate::score::{Benefit, Engine, Inputs, Plane, PlaneSink, PriorityBy, Recipe, Source};

const LABEL: &str = "acceptability";

/// Largest tile side: a tile's terms lie in memory several times over.
const LARGEST_TILE: usize = 1024;

/// Cells along a tile's side for sampling: what memory and the device hold.
pub(super) fn tile_side(recipe: &Recipe, engine: &dyn Engine, memory_bytes: u64, largest: usize) -> usize {
    let memory = if memory_bytes == 0 { 1 << 30 } else { memory_bytes };
    // Terms as planes and packed for vectors, layers read ahead, hazards and sums.
    let planes = 3 * recipe.criteria.len() + 16;
    let fits = |side: &usize| {
        let cells = side * side;
        (4 * planes * cells) as u64 <= memory / 2
            && cells * recipe.criteria.len().max(4) <= engine.largest_plane()
    };
    let sides = [LARGEST_TILE, 512, 256, 128];
    sides.into_iter().find(fits).unwrap_or(64).min(largest)
}

/// Samples the scored cells and hands their three planes to the sink. `bins` are counts of the recipe's own priorities.
/// Says whether that is done, or parts are missing.
pub(super) fn run(
    passes: &mut Passes<'_>,
    kept: &Kept,
    functions: &[Function<'_>],
    bins: &[u64],
    scratch: Scratch<'_>,
) -> Result<bool> {
    let recipe = passes.recipe;
    let (Some(draws), Some(robustness)) = (Draws::new(recipe), recipe.robustness.as_ref()) else {
        return Ok(true);
    };
    warn(passes, robustness);
    let tiers = (recipe.benefit == Benefit::Ordered).then(|| Tiers::new(recipe, &draws, bins));
    let cut = tiers.as_ref().map_or_else(|| cut(recipe, &draws, bins), Tiers::cut);
    let criterion = |k: usize| (recipe.criteria[k].source, Term::new(functions[k], 1.0));
    let tierings = tierings(&recipe.weights(), &recipe.thresholds);
    let decides = |k: usize| recipe.thresholds.get(k).is_some_and(Option::is_some);
    let deciding = tierings.into_iter().enumerate().filter(|(k, _)| decides(*k));
    let mut sampling = Sampling {
        recipe,
        robustness,
        terms: used_criteria(&draws).into_iter().map(criterion).collect(),
        tierings: deciding.map(|(k, tiering)| (criterion(k), tiering)).collect(),
        tiling: Tiling::over(passes.part, passes.sampling_side),
        exposure: &*kept.exposure,
        n_cells: None,
    };
    let n_scored = bins.iter().sum::<u64>();
    let survey_bits = bits_for(n_scored);
    let n_samples = draws.n_samples();
    let n_groups = n_samples.div_ceil(GROUP_SAMPLES);
    let samples_of = |number: usize| {
        let first = number * GROUP_SAMPLES;
        first..(first + GROUP_SAMPLES).min(n_samples)
    };
    let survey_of = |number| {
        let group = Group::new(recipe, &draws, samples_of(number), cut).in_tiers(tiers.clone());
        Shared::new(group.surveying(survey_bits))
    };
    let asked = passes.sink.ask(Step::Moments)?;
    match asked {
        Asked::Wait => return Ok(false),
        Asked::Known(_) => {
            // The planes lie made; how many cells they hold was counted with the first samples.
            if sampling.ranks(passes, 0, &survey_of(0))?.is_none() {
                return Ok(false);
            }
        }
        Asked::Walk | Asked::NotYet => {
            let mut is_whole = matches!(asked, Asked::Walk);
            let so_far = if is_whole && n_groups > 1 { Some(SoFar::new(scratch)?) } else { None };
            for number in 0..n_groups {
                // While counts of other parts are missing, this one's of all groups are made all the same.
                let Some((group, ranks)) = sampling.ranks(passes, number, &survey_of(number))? else {
                    is_whole = false;
                    continue;
                };
                if is_whole {
                    sampling.sum(passes, &group, &ranks, samples_of(number), n_samples, so_far.as_ref())?;
                }
            }
            if !is_whole || passes.sink.counted(Step::Moments, StepCounts::default())?.is_none() {
                return Ok(false);
            }
        }
    }
    let n_left_out = n_scored - sampling.n_cells.unwrap_or(n_scored);
    if n_left_out > 0 {
        passes.warnings.push(format!(
            "acceptability is unknown in {n_left_out} scored cells, because `hazard_sd` is unknown there; the others \
             are ranked without them"
        ));
    }
    Ok(true)
}

/// Says what the settings leave without effect.
fn warn(passes: &mut Passes<'_>, robustness: &Robustness) {
    let by_benefit = passes.recipe.priority_by == PriorityBy::Benefit;
    if by_benefit && robustness.cost_sigma > 0.0 {
        passes
            .warnings
            .push("`cost_sigma` changes nothing: the rank is by benefit, not by benefit per cost".into());
    }
    let draws_cost = robustness.cost_sigma > 0.0 && !by_benefit;
    if robustness.hazard != robustness.ranked_hazard(passes.recipe.benefit) {
        let text = "drawn hazard changes no rank, because it is no factor of the benefit; only people at risk vary with it";
        passes.warnings.push(text.into());
    }
    let draws_hazard = robustness.ranked_hazard(passes.recipe.benefit) != HazardDraw::Fixed;
    let n_weighty = passes.recipe.criteria.iter().filter(|criterion| criterion.weight > 0.0).count();
    if !draws_cost && !draws_hazard && n_weighty < 2 && !matches!(robustness.weights, WeightDraw::Ranges(_)) {
        passes.warnings.push(
            "every sample of [score.robustness] is the same: one criterion has all the weight, and neither hazard \
             nor cost is drawn"
                .into(),
        );
    }
}

/// What the walks share.
struct Sampling<'a> {
    recipe: &'a Recipe,
    robustness: &'a Robustness,
    /// Sources and value functions of the criteria that can have weight.
    terms: Vec<(Source, Term)>,
    /// Those of the criteria that decide the tiers of an ordered list, and how.
    tierings: Vec<((Source, Term), Tiering)>,
    tiling: Tiling,
    exposure: &'a dyn CellStore,
    /// Sampled cells, once counted.
    n_cells: Option<u64>,
}

impl Sampling<'_> {
    /// Surveys a group's samples and counts them, and makes their tables of ranks.
    fn ranks(
        &mut self,
        passes: &mut Passes<'_>,
        number: usize,
        survey: &Shared<Group>,
    ) -> Result<Option<(Shared<Group>, Shared<Ranks>)>> {
        let least_rank = (100.0 - self.robustness.top_percent) as f32;
        let Some((counts, cells)) = self.count(passes, Step::Survey { group: number }, survey)? else {
            return Ok(None);
        };
        let mut group = Shared::new(surveyed(survey, &counts, cells, least_rank));
        let counted = self.count(passes, Step::Sample { group: number }, &group)?;
        let Some((mut counts, cells)) = counted else { return Ok(None) };
        if let Some(anew) = mended(&group, survey, &counts, cells) {
            group = Shared::new(anew);
            let counted = self.count(passes, Step::SampleAnew { group: number }, &group)?;
            let Some((anew, _)) = counted else { return Ok(None) };
            counts = anew;
        }
        self.n_cells = Some(cells.n);
        let (cuts, nears) = (&*group.cuts, &*group.nears);
        let counted = Counted { cuts, nears, counts: &counts, cells, least_rank };
        let mut ranks = Ranks::new(cells, group.n_samples, least_rank);
        let mut is_whole = true;
        let mut first = 0;
        while first < group.n_samples {
            let again = Shared::new(Again::new(&counted, first));
            let mut tally = Tally::of_samples(again.n_counts());
            let recounted = match again.is_needed() {
                false => Some(StepCounts::of(tally)),
                true => passes.step(Step::Resample { group: number, from: first }, |passes| {
                    let call = |_: &mut Program, planes| {
                        let (group, again) = (group.clone(), again.clone());
                        Call::AcceptabilityRecount { planes, group, again }
                    };
                    self.walk(passes, &group, &mut tally, &call, &mut 0, no_planes)?;
                    Ok(StepCounts::of(tally))
                })?,
            };
            match recounted {
                Some(recounts) => ranks.extend(&counted, &again, &recounts.tally.samples),
                None => is_whole = false,
            }
            first = again.samples.end;
        }
        Ok(is_whole.then(|| (group.clone(), Shared::new(ranks.finished()))))
    }

    /// What `acceptability_count` counts of a group in this step, and the cells that are counted.
    fn count(
        &self,
        passes: &mut Passes<'_>,
        step: Step,
        group: &Shared<Group>,
    ) -> Result<Option<(Vec<u64>, Cells)>> {
        let counted = passes.step(step, |passes| {
            let mut tally = Tally::of_samples(group.n_counts());
            let mut n_cells = 0;
            let call = |_: &mut Program, planes| Call::AcceptabilityCount { planes, group: group.clone() };
            self.walk(passes, group, &mut tally, &call, &mut n_cells, no_planes)?;
            Ok(StepCounts { n_cells, ..StepCounts::of(tally) })
        })?;
        Ok(counted.map(|counts| {
            let (n, samples) = (counts.n_cells, counts.tally.samples);
            let n_live: u64 = samples[..N_BINS].iter().sum();
            (samples, Cells { n, n_zero: n - n_live })
        }))
    }

    /// Looks a group's ranks up; with the last group the planes go to the sink.
    fn sum(
        &self,
        passes: &mut Passes<'_>,
        group: &Shared<Group>,
        ranks: &Shared<Ranks>,
        samples: Range<usize>,
        n_samples: usize,
        so_far: Option<&SoFar>,
    ) -> Result<()> {
        let is_last = samples.end == n_samples;
        let n_before = samples.start;
        let call = |program: &mut Program, planes| {
            let Shape { n_cols, n_rows } = program.tile;
            let out = program.output_of(Shape { n_cols, n_rows: 4 * n_rows });
            Call::Acceptability { planes, group: group.clone(), ranks: ranks.clone(), out }
        };
        let write = |tile: Window, out: &[Vec<f32>], sink: &mut dyn PlaneSink| {
            let before = match so_far {
                Some(so_far) if n_before > 0 => Some(so_far.read(tile)?),
                _ => None,
            };
            let moments = merged(&out[0], group.n_samples, before.as_ref(), n_before);
            if is_last {
                let [acceptability, mean, sd] = planes_of(&moments, n_samples);
                let planes: [(Plane, &[f32]); 3] =
                    [(Plane::Acceptability, &acceptability), (Plane::RankMean, &mean), (Plane::RankSd, &sd)];
                sink.put_all(tile, &planes)
            } else {
                so_far.map_or(Ok(()), |so_far| so_far.write(tile, &moments))
            }
        };
        self.walk(passes, group, &mut Tally::default(), &call, &mut 0, write)
    }

    /// One walk over the tiles: layers in, terms made, `call` recorded on them; its planes go to `write`. Known cells,
    /// of those the group surveys, are added to `n_cells`.
    fn walk(
        &self,
        passes: &mut Passes<'_>,
        group: &Group,
        tally: &mut Tally,
        call: &dyn Fn(&mut Program, SampledPlanes) -> Call,
        n_cells: &mut u64,
        mut write: impl FnMut(Window, &[Vec<f32>], &mut dyn PlaneSink) -> Result<()> + Send,
    ) -> Result<()> {
        let (inputs, reader, buffers, sink) =
            (passes.inputs, passes.reader, passes.buffers, &mut *passes.sink);
        let runner = &mut passes.runner;
        let exposure = self.exposure;
        let seconds = run_pass(
            LABEL,
            &self.tiling,
            passes.clock,
            passes.progress,
            |tile| {
                let Scored { exposure, hazard, cost, layers } = reader.read_scored(exposure, tile)?;
                let hazards = self.hazards(reader, inputs, tile, &hazard, group)?;
                let known = &hazards.as_deref().unwrap_or(&hazard)[..tile.len()];
                let n_counted = n_counted(known, tile, group.survey_bits);
                Ok((n_counted, [hazard, cost, exposure].into_iter().chain(layers).chain(hazards).collect()))
            },
            |tile, (n_counted, planes): (u64, TilePlanes)| {
                *n_cells += n_counted;
                let program = self.program(tile, reader, inputs, group, call);
                let out = runner.run(&program, &planes, buffers, tally)?;
                buffers.give(planes);
                Ok(out)
            },
            |tile, out| {
                write(tile, &out, sink)?;
                buffers.give(out);
                Ok(())
            },
        )?;
        passes.took_more(LABEL, seconds);
        Ok(())
    }

    /// Odds, and spreads where they differ by cell; unknown where the cell is not sampled.
    fn hazards(
        &self,
        reader: &Reader<'_>,
        inputs: &Inputs<'_>,
        tile: Window,
        hazard: &[f32],
        group: &Group,
    ) -> Result<Option<Vec<f32>>> {
        if group.hazard == HazardNoise::None {
            return Ok(None);
        }
        let unless = |is_unknown: bool, value: f64| if is_unknown { UNKNOWN } else { value as f32 };
        let mut planes: Vec<f32> =
            hazard.iter().map(|&h| unless(is_unknown(h), odds_of(f64::from(h)))).collect();
        if let HazardDraw::Layer(layer) = self.robustness.hazard {
            let sd = reader.read_masked(inputs.criteria[layer], tile, hazard)?;
            for (odds, &sd) in planes.iter_mut().zip(&sd) {
                *odds = if is_unknown(sd) { UNKNOWN } else { *odds };
            }
            let spread = |(&h, &sd): (&f32, &f32)| {
                let octaves = sigma_of(f64::from(h), f64::from(sd)) * std::f64::consts::LOG2_E;
                unless(is_unknown(sd), octaves)
            };
            planes.extend(hazard.iter().zip(&sd).map(spread));
        }
        Ok(Some(planes))
    }

    fn program(
        &self,
        tile: Window,
        reader: &Reader<'_>,
        inputs: &Inputs<'_>,
        group: &Group,
        call: &dyn Fn(&mut Program, SampledPlanes) -> Call,
    ) -> Program {
        let mut program = Program::new(tile.n_cols, tile.n_rows);
        let [hazard, cost, exposure] = [program.input(), program.input(), program.input()];
        let layers: Vec<(usize, Slot)> =
            reader.layers().iter().map(|layer| (*layer, program.input())).collect();
        let stacked = |n: usize| Shape { n_cols: tile.n_cols, n_rows: n * tile.n_rows };
        let hazards = match group.hazard {
            HazardNoise::None => None,
            HazardNoise::Factors => Some(program.input_of(stacked(1))),
            HazardNoise::Spread => Some(program.input_of(stacked(2))),
        };
        let (v, terms) = (program.plane(), program.plane_of(stacked(group.n_terms())));
        let form = TermForm {
            times_hazard: self.recipe.benefit == Benefit::Risk && hazards.is_none(),
            per_cost: self.recipe.priority_by == PriorityBy::BenefitPerCost,
            is_product: group.is_product,
        };
        let row_area_m2 = row_areas(inputs, tile);
        let value = |(source, term): &(Source, Term)| {
            let of = match source {
                Source::Exposure => exposure,
                Source::Layer(layer) => {
                    let slot = layers.iter().find(|(read, _)| read == layer);
                    slot.expect("every layer of the recipe is read").1
                }
            };
            Call::Value { of, term: term.clone(), is_first: true, worth: v }
        };
        let tiers = group.tiers.as_ref().map(|_| {
            // `tier` adds up the recipe's own weights beside, which nobody asks for here.
            let (worth, tier) = (program.plane(), program.plane());
            for (i, (criterion, tiering)) in self.tierings.iter().enumerate() {
                program.call(value(criterion));
                program.call(Call::Tier { v, tiering: *tiering, is_first: i == 0, worth, tier });
            }
            tier
        });
        for (index, criterion) in self.terms.iter().enumerate() {
            program.call(value(criterion));
            let row_area_m2 = row_area_m2.clone();
            program.call(Call::AcceptabilityTerm { v, hazard, cost, row_area_m2, form, index, terms });
        }
        let planes = SampledPlanes { terms, hazards, tiers, origin: [tile.col as u32, tile.row as u32] };
        let call = call(&mut program, planes);
        program.call(call);
        program
    }
}

/// Known cells of a tile among those that are surveyed.
fn n_counted(known: &[f32], tile: Window, survey_bits: u32) -> u64 {
    let of_row = |(row, known): (usize, &[f32])| {
        let row = (tile.row as usize + row) as u32;
        let columns = (tile.col as u32..).zip(known).filter(|(_, x)| !is_unknown(**x));
        columns.filter(|(col, _)| is_surveyed(*col, row, survey_bits)).count() as u64
    };
    known.chunks(tile.n_cols.max(1)).enumerate().map(of_row).sum()
}

fn no_planes(_: Window, _: &[Vec<f32>], _: &mut dyn PlaneSink) -> Result<()> {
    Ok(())
}
