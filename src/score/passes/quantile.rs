//! Pass 1b, for each layer that a criterion asks quantiles of: its scored cells counted by value.

use super::{Kept, Passes, TilePlanes};
use crate::error::Result;
use crate::score::levels::{Finer, Levels};
use crate::score::pipeline::{PassSeconds, run_pass};
use crate::score::program::{Call, Program, Shared, Tally};
use crate::score::quantile::QuantileTable;
use crate::score::steps::{Step, StepCounts};
use crate::score::{Source, Value};

/// Tables by source.
type Tables = Vec<(Source, Shared<QuantileTable>)>;

/// Runs the pass for every such layer, again where a bin holds too much, and makes the tables.
pub(super) fn run(passes: &mut Passes<'_>, kept: &Kept) -> Result<Option<Tables>> {
    let asked = passes.recipe.criteria.iter().enumerate();
    let asked = asked.filter(|(_, criterion)| criterion.value == Value::Quantile);
    let mut tables = Tables::new();
    let mut seconds = PassSeconds::default();
    // One source's cells can be counted while those of another in other parts are missing.
    let mut is_whole = true;
    for (criterion, source) in asked.map(|(i, criterion)| (i, criterion.source)) {
        if tables.iter().any(|(of, _)| *of == source) {
            continue;
        }
        let earlier = passes.first_pass.and_then(|first| first.quantile_of(source));
        if let Some(table) = earlier {
            tables.push((source, table));
            continue;
        }
        let Some(levels) = levels(passes, kept, criterion, source, &mut seconds)? else {
            is_whole = false;
            continue;
        };
        let table = Shared::new(QuantileTable::new(&levels));
        if let Some(first) = passes.first_pass {
            first.keep_quantile(source, &table);
        }
        tables.push((source, table));
    }
    if !tables.is_empty() {
        passes.took("quantile", seconds);
    }
    Ok(is_whole.then_some(tables))
}

/// A source's counts at every level that is needed.
fn levels(
    passes: &mut Passes<'_>,
    kept: &Kept,
    criterion: usize,
    source: Source,
    seconds: &mut PassSeconds,
) -> Result<Option<Levels>> {
    let step = |level: usize| Step::Quantile { criterion, level };
    let mut counted = |passes: &mut Passes<'_>, level: usize, finer: Option<&Finer>, mut tally: Tally| {
        passes.step(step(level), |passes| {
            *seconds += count(passes, kept, source, finer, &mut tally)?;
            Ok(StepCounts::of(tally))
        })
    };
    let Some(counts) = counted(passes, 0, None, Tally::of_spread())? else { return Ok(None) };
    let mut levels = Levels::of_values(counts.tally.bins);
    let mut level = 1;
    while let Some(finer) = levels.finer() {
        let tally = Tally::of_refined(finer.n_counts);
        let Some(counts) = counted(passes, level, Some(&finer), tally)? else { return Ok(None) };
        levels.take(counts.tally.refined);
        level += 1;
    }
    Ok(Some(levels))
}

/// Counts a layer's scored cells, at the first level or at a finer one.
fn count(
    passes: &mut Passes<'_>,
    kept: &Kept,
    source: Source,
    finer: Option<&Finer>,
    tally: &mut Tally,
) -> Result<PassSeconds> {
    let (inputs, reader, buffers) = (passes.inputs, passes.reader, passes.buffers);
    let tiling = passes.tiling();
    let runner = &mut passes.runner;
    run_pass(
        "quantile",
        &tiling,
        passes.clock,
        passes.progress,
        |tile| {
            // Exposure is known exactly where a cell is scored.
            let exposure = reader.read(kept.exposure.as_ref(), tile)?;
            Ok(vec![match source {
                Source::Exposure => exposure,
                Source::Layer(layer) => {
                    let cells = reader.read_masked(inputs.criteria[layer], tile, &exposure)?;
                    buffers.give([exposure]);
                    cells
                }
            }])
        },
        |tile, planes: TilePlanes| {
            let mut program = Program::new(tile.n_cols, tile.n_rows);
            let cells = program.input();
            program.call(Call::Spread { cells, finer: finer.cloned() });
            runner.run(&program, &planes, buffers, tally)?;
            buffers.give(planes);
            Ok(())
        },
        |_, ()| Ok(()),
    )
}
