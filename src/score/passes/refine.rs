//! Pass 2b, where a bin of the histogram holds too much: its cells counted again in finer bins.

use super::{Kept, Passes, TilePlanes};
use crate::error::Result;
use crate::score::pipeline::run_pass;
use crate::score::program::{Call, Program, Shared, Tally};
use crate::score::rank::{RankTable, bins_to_refine};
use crate::score::runner::Known;

/// Runs the pass if it is needed, and makes the table of ranks.
pub(super) fn run(passes: &mut Passes<'_>, kept: &Kept, bins: &[u64]) -> Result<RankTable> {
    let (index_of, n_refined) = bins_to_refine(bins);
    if n_refined == 0 {
        return Ok(RankTable::new(bins, &index_of, &[]));
    }
    let index_of = Shared::new(index_of);
    let mut tally = Tally::of_refined(n_refined);
    let priority_is = if kept.ranked.is_some() { Known::Ranked } else { Known::Benefit };
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
            program.call(Call::Refine { priority, index_of: index_of.clone() });
            runner.run(&program, &planes, buffers, &mut tally)?;
            buffers.give(planes);
            Ok(())
        },
        |_, ()| Ok(()),
    )?;
    passes.took("refine", seconds);
    Ok(RankTable::new(bins, &index_of, &tally.refined_counts()))
}
