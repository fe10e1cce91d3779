//! Planes as a part of a score sees them, and the sink of what it makes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::counted::Counted;
use crate::error::{Fault, Result};
use crate::grid::{CellStore, Cells, Frame, Window};
use crate::score::{Asked, MemorySink, Plane, PlaneSink, Step, StepCounts};

/// A plane of an earlier round, or one that this round makes or does without: what is made goes to the sink, and what
/// was not handed over must not be taken for unknown.
pub struct Handed<'a> {
    /// Its name.
    pub name: String,
    /// The frame.
    pub frame: Frame,
    /// Its cells.
    pub cells: Option<Arc<dyn Cells + 'a>>,
}

impl Cells for Handed<'_> {
    fn frame(&self) -> &Frame {
        &self.frame
    }

    fn read(&self, window: Window, out: &mut [f32]) -> Result<()> {
        match &self.cells {
            Some(cells) => cells.read(window, out),
            None => {
                let (expected, found) = ("a plane handed over", "none, though it is read");
                Err(Fault::new("project.internal", self.name.clone(), expected, found, "report it").into())
            }
        }
    }
}

impl CellStore for Handed<'_> {
    fn write(&self, _: Window, _: &[f32]) -> Result<()> {
        Ok(())
    }
}

/// Takes the planes and counts of one part in one round.
pub struct PartSink<'a> {
    /// Where the part's first cell lies.
    pub part: Window,
    /// Of the part alone.
    pub planes: MemorySink,
    /// Counts of all parts.
    pub known: &'a Counted,
    /// Steps to be walked in this round.
    pub walk: &'a [Step],
    /// What was counted.
    pub counted: BTreeMap<Step, StepCounts>,
    /// Steps asked for that are neither known nor walked.
    pub missing: BTreeSet<Step>,
}

impl PlaneSink for PartSink<'_> {
    fn put(&mut self, plane: Plane, window: Window, values: &[f32]) -> Result<()> {
        let (col, row) = (window.col - self.part.col, window.row - self.part.row);
        self.planes.put(plane, Window { col, row, ..window }, values)
    }

    fn ask(&mut self, step: Step) -> Result<Asked> {
        if let Some(counts) = self.known.steps.get(&step) {
            return Ok(Asked::Known(Box::new(counts.clone())));
        }
        if self.walk.contains(&step) {
            return Ok(Asked::Walk);
        }
        self.missing.insert(step);
        Ok(Asked::NotYet)
    }

    fn counted(&mut self, step: Step, counts: StepCounts) -> Result<Option<StepCounts>> {
        self.counted.insert(step, counts);
        Ok(None)
    }
}
