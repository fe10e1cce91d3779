//! Scores: layers on one frame and a recipe in, seven planes and their totals out.
//!
//! In: hazard (0..1), population (people per cell), cost (US$ per cell) and criterion layers, all on one frame,
//! and a [`Recipe`]. Out: planes of `f32` handed tile by tile to a [`PlaneSink`] (exposure in people, people at
//! risk in people, benefit 0..1, cost in US$, benefit per cost in benefit-m² per US$, rank 0..100, class 1..n)
//! and a [`Summary`]. Formulas: domain.md §3, stage by stage:
//!
//! ```text
//! pass 1  exposure → people_at_risk                       halo of the reach; the largest exposure
//! pass 1b quantiles of the criteria that ask for them                 (spread; refined where a bin holds too much)
//! pass 2  value… (factor…) → benefit → priority → histogram          (then refine, where a bin holds too much)
//! pass 3  rank → class → curve                             sums in integers
//! pass 4  value… → acceptability_count, _recount → acceptability     only with robustness
//! ```
//!
//! The work runs tile by tile through one pipeline ([`score`]) on an [`Engine`]: the native one (all cores) or a
//! GPU. Results do not depend on the tile size or the number of threads: counts, histograms, ranks and sums are
//! integers, and every cell's arithmetic has one order. This module opens no files and asks no clock.

pub mod acceptability;
mod benefit;
mod blocks;
mod class;
mod contribution;
mod count;
pub mod curve;
mod engine;
mod exclusion;
mod exposure;
mod fixed;
mod hazard;
mod histogram;
mod inputs;
pub mod levels;
mod maximum;
mod measure;
mod memory_sink;
mod native;
mod neighbours;
#[cfg(feature = "gpu")]
mod on_gpu;
pub mod ordered;
mod passes;
mod people_at_risk;
mod pipeline;
mod priority;
mod product;
pub mod program;
mod programs;
mod proximity;
mod quantile;
mod rank;
mod reach;
mod reading;
mod recipe;
mod runner;
pub mod steps;
mod summary;
mod tile_size;
mod value;

pub use acceptability::{Draws, HazardDraw, Robustness, WeightDraw, WorthCell, WorthOf, WorthSamples};
pub use blocks::{Blocks, Candidates, LocalPiece};
pub use class::class_of_rank;
pub use contribution::contributions;
pub use engine::{Backend, Engine, EngineInfo, engine};
pub use exclusion::why_excluded;
pub use hazard::Accidents;
pub use inputs::Inputs;
pub use levels::{Finer, Levels};
pub use measure::{Measure, measure, raise_hazard};
pub use memory_sink::{HeldCells, MemorySink};
pub use native::Native;
pub use neighbours::{Band, neighbours};
#[cfg(feature = "gpu")]
pub use on_gpu::OnGpu;
pub use passes::{FirstPass, Scratch, first_pass_key, score, score_part};
pub use program::Shared as SharedTable;
pub use programs::exposure_program;
pub use proximity::raster::{FeatureCells, proximity_to_cells};
pub use quantile::QuantileTable;
pub use rank::RankTable;
pub use reach::{Reach, TileReach};
pub use recipe::{Benefit, Bound, Criterion, Gate, Kernel, PriorityBy, Recipe, Source, Value};
pub use steps::{Asked, Step, StepCounts};
pub use summary::{
    ClassSummary, CurvePoint, Maxima, Options, Plane, PlaneSink, StageSeconds, Summary, UnknownCount,
};
pub use tile_size::check_reach;
pub use value::steps::StepTable;
pub use value::table::ValueTable;
pub use value::{Function, Linear, Lookup, Term};
