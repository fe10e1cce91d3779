//! Pass 3: rank, class, and the sums of the curve.

use std::sync::Arc;

use rayon::prelude::*;

use super::{Kept, Passes, TilePlanes, row_areas};
use crate::error::Result;
use crate::grid::Cells;
use crate::score::Plane;
use crate::score::class::thresholds;
use crate::score::curve::{Quanta, SegmentSum};
use crate::score::pipeline::run_pass;
use crate::score::program::{Shared, Tally};
use crate::score::programs::{Ranking, rank_program};
use crate::score::rank::RankTable;
use crate::score::runner::Known;
use crate::score::steps::{Step, StepCounts};

/// The curve's segments and, for every row, cells by class.
type Ranked = (Vec<SegmentSum>, Vec<Vec<u64>>);

/// Rows that a thread counts at a time.
const ROWS_AT_ONCE: usize = 16;

/// Runs the pass. Back come the curve's segments and, for every row, cells by class.
pub(super) fn run(
    passes: &mut Passes<'_>,
    kept: &Kept,
    table: RankTable,
    quanta: Quanta,
) -> Result<Option<Ranked>> {
    let counted = passes.step(Step::Rank, |passes| walk(passes, kept, table, quanta))?;
    Ok(counted.map(|counts| (counts.tally.segments, counts.classes)))
}

fn walk(passes: &mut Passes<'_>, kept: &Kept, table: RankTable, quanta: Quanta) -> Result<StepCounts> {
    let tiling = passes.tiling();
    let thresholds = Arc::new(thresholds(&passes.recipe.class_percents));
    let ranking = Ranking { table: Shared::new(table), thresholds, quanta };
    let mut tally = Tally::of_curve();
    let mut classes = vec![vec![0; passes.recipe.n_classes()]; passes.inputs.frame.n_rows];
    let (inputs, reader, buffers, sink) = (passes.inputs, passes.reader, passes.buffers, &mut *passes.sink);
    let runner = &mut passes.runner;
    let seconds = run_pass(
        "rank",
        &tiling,
        passes.clock,
        passes.progress,
        |tile| {
            let planes: [&dyn Cells; 3] = [&*kept.benefit, &*kept.people_at_risk, inputs.cost];
            let ranked = kept.ranked.as_deref().map(|store| store as &dyn Cells);
            let planes = planes.into_iter().chain(ranked).map(|cells| (cells, tile));
            reader.read_all(&planes.collect::<Vec<_>>())
        },
        |tile, planes: TilePlanes| {
            let mut program = rank_program(tile, &ranking, row_areas(inputs, tile), planes.len() > 3);
            let read = [Known::Benefit, Known::PeopleAtRisk, Known::Cost, Known::Ranked];
            runner.name(&mut program, tile, &read.map(Some), &[]);
            let out = runner.run(&program, &planes, buffers, &mut tally)?;
            buffers.give(planes);
            Ok(out)
        },
        |tile, out| {
            sink.put_all(tile, &[(Plane::Rank, &out[0]), (Plane::Class, &out[1])])?;
            count_classes(&mut classes[tile.row as usize..], &out[1], tile.n_cols);
            buffers.give(out);
            Ok(())
        },
    )?;
    passes.took("rank", seconds);
    Ok(StepCounts { classes, ..StepCounts::of(tally) })
}

/// Counts each row's cells by class; unknown ones belong to none.
fn count_classes(by_row: &mut [Vec<u64>], class: &[f32], n_cols: usize) {
    by_row.par_iter_mut().zip(class.par_chunks_exact(n_cols)).with_min_len(ROWS_AT_ONCE).for_each(
        |(counts, cells)| {
            for (class, count) in (1u32..).map(|class| class as f32).zip(counts) {
                *count += cells.iter().filter(|cell| **cell == class).count() as u64;
            }
        },
    );
}
