//! Pass 1: which cells are scored, exposure and people at risk; counted: unknown cells, largest values.

use std::sync::Arc;

use super::{Kept, Passes};
use crate::error::Result;
use crate::score::Plane;
use crate::score::pipeline::run_pass;
use crate::score::program::Tally;
use crate::score::programs::exposure_program;
use crate::score::reach::TileReach;
use crate::score::reading::{Counts, Masked};
use crate::score::runner::Known;
use crate::score::steps::{Step, StepCounts};

/// Runs the pass; back come what was counted and the largest exposure of a scored cell.
pub(super) fn run(passes: &mut Passes<'_>, kept: &Kept) -> Result<Option<(Counts, f32)>> {
    let counted = passes.step(Step::Exposure, |passes| walk(passes, kept))?;
    Ok(counted.and_then(|counts| Some((counts.read?, f32::from_bits(counts.tally.maximum_bits)))))
}

fn walk(passes: &mut Passes<'_>, kept: &Kept) -> Result<StepCounts> {
    let tiling = passes.tiling();
    let (n_rows, n_layers) = (passes.inputs.frame.n_rows, passes.inputs.criteria.len());
    let mut counts = Counts::new(n_rows, n_layers, passes.reader.rules().len());
    let mut tally = Tally::of_maximum();
    let (reach, reader, buffers, sink) = (&passes.reach, passes.reader, passes.buffers, &mut *passes.sink);
    let runner = &mut passes.runner;
    let seconds = run_pass(
        "exposure",
        &tiling,
        passes.clock,
        passes.progress,
        |tile| {
            let reach = Arc::new(reach.of_tile(tile));
            let masked = reader.read_first(tile, reach.source)?;
            Ok((reach, masked))
        },
        |tile, (reach, Masked { population, hazard, counted }): (Arc<TileReach>, Masked)| {
            counts.add(&counted);
            let planes = vec![population, hazard];
            let mut program = exposure_program(tile, &reach);
            let made = [Some(Known::Exposure), Some(Known::PeopleAtRisk)];
            runner.name(&mut program, tile, &[None, Some(Known::Hazard)], &made);
            let out = runner.run(&program, &planes, buffers, &mut tally)?;
            buffers.give(planes);
            Ok(out)
        },
        |tile, out| {
            let put = || sink.put_all(tile, &[(Plane::Exposure, &out[0]), (Plane::PeopleAtRisk, &out[1])]);
            let keep = || {
                kept.exposure.write(tile, &out[0])?;
                kept.people_at_risk.write(tile, &out[1])
            };
            let (put, keep) = rayon::join(put, keep);
            put.and(keep)?;
            buffers.give(out);
            Ok(())
        },
    )?;
    passes.took("exposure", seconds);
    Ok(StepCounts { read: Some(counts), ..StepCounts::of(tally) })
}
