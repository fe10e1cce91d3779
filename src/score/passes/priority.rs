//! Pass 2: benefit, cost, priority, and the histogram of priorities.

use super::{Kept, Passes, TilePlanes, row_areas};
use crate::error::Result;
use crate::score::pipeline::run_pass;
use crate::score::program::Tally;
use crate::score::programs::{Worth, priority_program};
use crate::score::runner::Known;
use crate::score::steps::{Step, StepCounts};
use crate::score::value::Function;
use crate::score::{Benefit, Plane, PriorityBy};

/// Runs the pass; back comes the histogram.
pub(super) fn run(
    passes: &mut Passes<'_>,
    kept: &Kept,
    functions: &[Function<'_>],
) -> Result<Option<Vec<u64>>> {
    let counted = passes.step(Step::Priority, |passes| walk(passes, kept, functions))?;
    Ok(counted.map(|counts| counts.tally.bins))
}

fn walk(passes: &mut Passes<'_>, kept: &Kept, functions: &[Function<'_>]) -> Result<StepCounts> {
    let tiling = passes.tiling();
    let worth = Worth::new(passes.recipe, functions);
    let mut tally = Tally::of_histogram();
    let (inputs, reader, buffers, sink) = (passes.inputs, passes.reader, passes.buffers, &mut *passes.sink);
    let by_cost = passes.recipe.priority_by == PriorityBy::BenefitPerCost;
    let is_ordered = passes.recipe.benefit == Benefit::Ordered;
    let runner = &mut passes.runner;
    let seconds = run_pass(
        "priority",
        &tiling,
        passes.clock,
        passes.progress,
        |tile| {
            let read = reader.read_scored(kept.exposure.as_ref(), tile)?;
            Ok([read.hazard, read.cost, read.exposure].into_iter().chain(read.layers).collect())
        },
        |tile, mut planes: TilePlanes| {
            let areas = row_areas(inputs, tile);
            let mut program = priority_program(tile, &worth, reader.layers(), areas, by_cost);
            let read = [Some(Known::Hazard), Some(Known::Cost), Some(Known::Exposure)];
            let mut made = vec![None; program.outputs.len()];
            made[0] = Some(Known::Benefit);
            if let (true, Some(last)) = (kept.ranked.is_some(), made.last_mut()) {
                // What is written to `kept.ranked` below.
                *last = Some(Known::Ranked);
            }
            runner.name(&mut program, tile, &read, &made);
            let mut out = runner.run(&program, &planes, buffers, &mut tally)?;
            out.push(planes.swap_remove(1));
            buffers.give(planes);
            Ok(out)
        },
        |tile, out| {
            // With tiers the rank orders by a plane of its own, between these two and cost.
            let (benefit, per_usd, cost) = (&out[0], &out[1], &out[out.len() - 1]);
            let planes: [(Plane, &[f32]); 3] =
                [(Plane::Benefit, benefit), (Plane::Cost, cost), (Plane::BenefitPerCost, per_usd)];
            let keep = || {
                kept.benefit.write(tile, benefit)?;
                kept.ranked.as_ref().map_or(Ok(()), |store| store.write(tile, &out[out.len() - 2]))
            };
            let (put, keep) = rayon::join(|| sink.put_all(tile, &planes), keep);
            put.and(keep)?;
            if is_ordered {
                sink.put(Plane::Order, tile, &out[out.len() - 2])?;
            }
            buffers.give(out);
            Ok(())
        },
    )?;
    passes.took("priority", seconds);
    Ok(StepCounts::of(tally))
}
