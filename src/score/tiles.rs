//! The pipeline (being written).

use crate::error::{Error, Result};
use crate::grid::CellStore;
use crate::progress::Progress;

use super::{Engine, Inputs, Options, PlaneSink, Recipe, Summary};

/// Makes a named plane on the frame to keep between passes.
pub type Scratch<'a> = &'a dyn Fn(&str) -> Result<Box<dyn CellStore>>;

/// Scores a frame: planes to `sink`, totals back.
pub fn score(
    engine: &mut dyn Engine,
    inputs: &Inputs<'_>,
    recipe: &Recipe,
    options: Options<'_>,
    scratch: Scratch<'_>,
    sink: &mut dyn PlaneSink,
    progress: &dyn Progress,
) -> Result<Summary> {
    inputs.check(recipe)?;
    let _ = (engine, options, scratch, sink, progress);
    Err(Error::Device("being written".into()))
}
