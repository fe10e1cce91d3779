//! Progress and interruption, as the floors below `run` see them: who shows a bar is no concern of theirs.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::error::{Error, Result};

/// Told how far a long step is, and asked whether to go on.
pub trait Progress: Sync {
    /// A step begins: its label (the stage's one name) and how many units of work it has.
    fn start(&self, label: &str, total: u64);
    /// So many more units are done. May be called from several threads.
    fn advance(&self, units: u64);
    /// A word on how it goes, beside the bar: "best 1234, bound 1300, gap 5 %".
    fn note(&self, text: &str);
    /// The step is over.
    fn finish(&self);
    /// Whether the person asked to stop.
    fn is_cancelled(&self) -> bool;

    /// An error when the person asked to stop.
    fn check(&self) -> Result<()> {
        if self.is_cancelled() { Err(Error::Interrupted) } else { Ok(()) }
    }
}

/// Work inside a step: what is done and whether to stop passes through, steps of its own do not.
pub struct Within<'a>(pub &'a dyn Progress);

impl Progress for Within<'_> {
    fn start(&self, _label: &str, _total: u64) {}
    fn advance(&self, units: u64) {
        self.0.advance(units);
    }
    fn note(&self, _text: &str) {}
    fn finish(&self) {}
    fn is_cancelled(&self) -> bool {
        self.0.is_cancelled()
    }
}

/// Shows nothing; stops when its flag is set.
#[derive(Debug, Default)]
pub struct Silent {
    /// Set it to stop the work.
    pub cancelled: AtomicBool,
}

impl Progress for Silent {
    fn start(&self, _label: &str, _total: u64) {}
    fn advance(&self, _units: u64) {}
    fn note(&self, _text: &str) {}
    fn finish(&self) {}
    fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }
}
