//! What a scenario of a batch writes unless all is asked for: what it is compared by, and what its plan is read from.
//!
//! The ranks, the task areas, the plan, the curve and the record; every one of them byte for byte what a run on its own
//! writes. Left out are the other grids (hazard, exposure, people at risk and cost are mostly those of the base), and the
//! formats that nobody has asked for by name.

use super::Options;
use crate::report::grids::GridFile;
use crate::score::Plane;

/// Whether a brief run writes a grid.
pub fn writes(grid: &GridFile) -> bool {
    grid.plane == Plane::Rank
}

/// Whether formats are asked for on the command line or by the scenario itself, and not by the project alone.
pub fn asks_formats(options: &Options) -> bool {
    options.overrides.iter().any(|text| text.trim_start().starts_with("outputs"))
}
