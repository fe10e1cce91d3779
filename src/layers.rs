//! Layers: what a plane of numbers means, and how it is brought onto the frame.
//!
//! In: [`Cells`](crate::grid::Cells) of any grid whose CRS lies on the frame's datum, and a [`LayerSpec`] that says unit, scale
//! and resampling. Out: `Cells` on the frame in the units the stages use: hazard 0..1, population in people
//! per cell, cost in US$ per cell, everything else in its own unit. Order: `value · scale + offset`, then
//! resampling, then the unit. Also surveys: ranges, nodata share, and the faults and oddities that follow.
//!
//! This module opens no files.

mod constant;
mod features;
mod misfit;
mod on_frame;
mod ranges;
mod resample;
mod spec;
mod survey;
mod warp;

pub use constant::ConstantCost;
pub use features::{BlockOrigin, Features, Piece, Space, Span};
pub use on_frame::OnFrame;
pub use ranges::{Findings, Role, range_faults};
pub use spec::{LayerFile, LayerSpec, Resampling, Unit};
pub use survey::{SURVEY_BLOCK, Survey, survey, survey_blocks, survey_part};
