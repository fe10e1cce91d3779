//! A source brought onto the frame.

use std::sync::Arc;

use super::LayerSpec;
use crate::error::Result;
use crate::grid::{Cells, Frame, Window};

/// A source's cells on the frame, in the units the stages use.
pub struct OnFrame {
    frame: Frame,
}

impl OnFrame {
    /// Brings a source onto a frame, or says all that stands against it.
    pub fn new(_source: Arc<dyn Cells>, _spec: &LayerSpec, _frame: &Frame) -> Result<Self> {
        unimplemented!()
    }
}

impl Cells for OnFrame {
    fn frame(&self) -> &Frame {
        &self.frame
    }

    fn read(&self, _window: Window, _out: &mut [f32]) -> Result<()> {
        unimplemented!()
    }
}
