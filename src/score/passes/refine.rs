//! Pass 2b, where a bin of the histogram holds too much: its cells counted again more finely, mostly once or twice.

use super::{Kept, Passes, TilePlanes};
use crate::error::Result;
use crate::score::levels::{Finer, Levels, MOST_STEPS};
use crate::score::pipeline::run_pass;
use crate::score::program::{Call, Program, Tally};
use crate::score::rank::RankTable;
use crate::score::runner::Known;
use crate::score::steps::{Step, StepCounts};

/// The pass's name each time.
const TIMES: [&str; MOST_STEPS] = ["refine", "refine again", "refine a third time", "refine a fourth time"];

/// Runs the pass as often as it is needed, and makes the table of ranks.
pub(super) fn run(passes: &mut Passes<'_>, kept: &Kept, bins: Vec<u64>) -> Result<Option<RankTable>> {
    let mut levels = Levels::of_priorities(bins);
    let mut level = 0;
    while let Some(finer) = levels.finer() {
        let counted = passes.step(Step::Refine { level }, |passes| count(passes, kept, &finer))?;
        let Some(counts) = counted else { return Ok(None) };
        levels.take(counts.tally.refined);
        level += 1;
    }
    Ok(Some(RankTable::new(&levels)))
}

/// Counts the cells of full bins, or of full parts.
fn count(passes: &mut Passes<'_>, kept: &Kept, finer: &Finer) -> Result<StepCounts> {
    let priority_is = if kept.ranked.is_some() { Known::Ranked } else { Known::Benefit };
    let mut tally = Tally::of_refined(finer.n_counts);
    let tiling = passes.tiling();
    let (reader, buffers, runner) = (passes.reader, passes.buffers, &mut passes.runner);
    let seconds = run_pass(
        "refine",
        &tiling,
        passes.clock,
        passes.progress,
        |tile| Ok(vec![reader.read(kept.priority(), tile)?]),
        |tile, planes: TilePlanes| {
            let mut program = Program::new(tile.n_cols, tile.n_rows);
            let priority = program.input();
            runner.name(&mut program, tile, &[Some(priority_is)], &[]);
            program.call(Call::Refine { priority, finer: finer.clone() });
            runner.run(&program, &planes, buffers, &mut tally)?;
            buffers.give(planes);
            Ok(())
        },
        |_, ()| Ok(()),
    )?;
    passes.took(TIMES[finer.n_steps - 1], seconds);
    Ok(StepCounts::of(tally))
}
