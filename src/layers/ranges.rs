//! Whether a layer's values can be what they are said to be.

use super::Survey;
use crate::error::Fault;
use crate::grid::Frame;

/// What a layer is used as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Probability of contamination, 0..1.
    Hazard,
    /// People per cell, not negative.
    Population,
    /// US$ per cell, above zero.
    Cost,
    /// Any other layer.
    Criterion,
}

/// What a survey shows: faults that stop the run, oddities that are only told.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Findings {
    /// What cannot be.
    pub faults: Vec<Fault>,
    /// What is odd, each a sentence without full stop.
    pub warnings: Vec<String>,
}

/// Judges the survey of a layer on the frame; `name` is its key under `[layers]`.
pub fn range_faults(_role: Role, _name: &str, _frame: &Frame, _survey: &Survey) -> Findings {
    unimplemented!()
}
