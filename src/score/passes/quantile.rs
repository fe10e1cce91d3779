//! Pass 1b, for each layer that a criterion asks quantiles of: its scored cells counted by value.

use super::{Kept, Passes, TilePlanes};
use crate::error::Result;
use crate::score::levels::{Finer, Levels};
use crate::score::pipeline::{PassSeconds, run_pass};
use crate::score::program::{Call, Program, Shared, Tally};
use crate::score::quantile::QuantileTable;
use crate::score::{Source, Value};

/// Runs the pass for every such layer, again where a bin holds too much, and makes the tables.
pub(super) fn run(passes: &mut Passes<'_>, kept: &Kept) -> Result<Vec<(Source, Shared<QuantileTable>)>> {
    let asked = passes.recipe.criteria.iter().filter(|criterion| criterion.value == Value::Quantile);
    let mut tables: Vec<(Source, Shared<QuantileTable>)> = Vec::new();
    let mut seconds = PassSeconds::default();
    for source in asked.map(|criterion| criterion.source) {
        if tables.iter().any(|(of, _)| *of == source) {
            continue;
        }
        let earlier = passes.first_pass.and_then(|first| first.quantile_of(source));
        if let Some(table) = earlier {
            tables.push((source, table));
            continue;
        }
        let mut tally = Tally::of_spread();
        seconds += count(passes, kept, source, None, &mut tally)?;
        let mut levels = Levels::of_values(tally.bins);
        while let Some(finer) = levels.finer() {
            let mut tally = Tally::of_refined(finer.n_counts);
            seconds += count(passes, kept, source, Some(&finer), &mut tally)?;
            levels.take(tally.refined);
        }
        let table = Shared::new(QuantileTable::new(&levels));
        if let Some(first) = passes.first_pass {
            first.keep_quantile(source, &table);
        }
        tables.push((source, table));
    }
    if !tables.is_empty() {
        passes.took("quantile", seconds);
    }
    Ok(tables)
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
    let runner = &mut passes.runner;
    run_pass(
        "quantile",
        &passes.tiling,
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
