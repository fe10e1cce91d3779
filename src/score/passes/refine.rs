//! Pass 2b, where a bin of the histogram holds too much: its cells counted again more finely, mostly once or twice.

use super::{Kept, Passes, TilePlanes};
use crate::error::Result;
use crate::score::levels::{Levels, MOST_STEPS};
use crate::score::pipeline::run_pass;
use crate::score::program::{Call, Program, Tally};
use crate::score::rank::RankTable;
use crate::score::runner::Known;

/// The pass's name each time.
const TIMES: [&str; MOST_STEPS] = ["refine", "refine again", "refine a third time", "refine a fourth time"];

/// Runs the pass as often as it is needed, and makes the table of ranks.
pub(super) fn run(passes: &mut Passes<'_>, kept: &Kept, bins: Vec<u64>) -> Result<RankTable> {
    let mut levels = Levels::of_priorities(bins);
    let priority_is = if kept.ranked.is_some() { Known::Ranked } else { Known::Benefit };
    while let Some(finer) = levels.finer() {
        let mut tally = Tally::of_refined(finer.n_counts);
        let (reader, buffers, runner) = (passes.reader, passes.buffers, &mut passes.runner);
        let seconds = run_pass(
            "refine",
            &passes.tiling,
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
        levels.take(tally.refined);
    }
    Ok(RankTable::new(&levels))
}
