//! What runs of one process hand on to each other, so that no layer is read, no plane made and no plan searched twice.
//!
//! Everything is found by a key that names all it was made of: settings, frame, and of files their path, size and time
//! of change. A run on its own keeps nothing. Planes take their memory from one [`Scratch`] for all runs, which spills to
//! files when its share of `--memory` is spent; of every kind that is large only the last few are kept.

use std::any::Any;
use std::fmt::Debug;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::UNIX_EPOCH;

use crate::error::Result;
use crate::grid::{Cells, Frame};
use crate::io::hash::{FileHash, file_hash};
use crate::io::scratch::Scratch;
use crate::score::{FirstPass, Summary};
use crate::tasks::TaskArea;

/// Of what takes the memory of a plane so many are kept; the one not used for longest goes first.
const MOST_PLANES: usize = 6;

/// Of everything else.
const MOST_OTHERS: usize = 4096;

/// What one run leaves for the next.
#[derive(Default)]
pub struct Kept {
    scratch: Option<Scratch>,
    entries: Mutex<Vec<Entry>>,
}

struct Entry {
    kind: Kind,
    key: String,
    value: Arc<dyn Any + Send + Sync>,
}

/// What is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A layer's file, opened.
    Source,
    /// A layer on the frame.
    Layer,
    /// Features of a layer, or what hazard is built from.
    Features,
    /// What reading a layer through showed.
    Survey,
    /// Hazardous areas as read and surveyed.
    Areas,
    /// A plane made of layers: [`MadePlane`].
    Plane,
    /// The first pass of scoring.
    FirstPass,
    /// Where grids lie that a run wrote: [`WrittenGrids`].
    Grids,
    /// Planes of a run that has scored: [`AtHand`](super::scored::AtHand).
    Scored,
    /// By-hand plans.
    Baselines,
    /// Distances between the places of a plan.
    Ways,
    /// Polygons of task areas, and the cells they cover.
    Footprints,
    /// Task areas: [`MadeTasks`].
    Tasks,
    /// A plan.
    Plan,
    /// What other teams, money and time would do.
    Marginals,
    /// A file's hash.
    Hash,
}

/// A plane made before scoring, and what a person should know of how.
pub struct MadePlane {
    /// The plane.
    pub plane: Arc<dyn Cells>,
    /// What to tell.
    pub warnings: Vec<String>,
}

/// Grids of a finished run.
pub struct WrittenGrids {
    /// The run's folder.
    pub folder: PathBuf,
    /// Their names.
    pub names: Vec<&'static str>,
    /// What scoring found, where they are all that it wrote.
    pub summary: Option<Summary>,
}

/// Task areas with what was found odd about them.
pub type MadeTasks = (Vec<TaskArea>, Vec<String>);

impl Kept {
    /// Keeps; planes live in `scratch`.
    pub fn in_scratch(scratch: Scratch) -> Self {
        Self { scratch: Some(scratch), entries: Mutex::default() }
    }

    /// Keeps nothing, for a run on its own.
    pub fn nothing() -> Self {
        Self::default()
    }

    /// Whether another run may follow.
    pub fn is_on(&self) -> bool {
        self.scratch.is_some()
    }

    /// Where all runs keep their planes.
    pub fn scratch(&self) -> Option<&Scratch> {
        self.scratch.as_ref()
    }

    /// What an earlier run made under this key, or what `make` makes now.
    pub fn once<T: Send + Sync + 'static>(
        &self,
        kind: Kind,
        key: &str,
        make: impl FnOnce() -> Result<T>,
    ) -> Result<Arc<T>> {
        if let Some(found) = self.find(kind, key) {
            return Ok(found);
        }
        let made = Arc::new(make()?);
        self.put(kind, key, Arc::clone(&made));
        Ok(made)
    }

    /// What an earlier run made under this key.
    pub fn find<T: Send + Sync + 'static>(&self, kind: Kind, key: &str) -> Option<Arc<T>> {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let at = entries.iter().position(|entry| entry.kind == kind && entry.key == key)?;
        // The last is the one used last.
        let entry = entries.remove(at);
        let value = Arc::clone(&entry.value);
        entries.push(entry);
        value.downcast().ok()
    }

    /// Keeps a value for later runs.
    pub fn put<T: Send + Sync + 'static>(&self, kind: Kind, key: &str, value: Arc<T>) {
        if !self.is_on() {
            return;
        }
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        entries.retain(|entry| entry.kind != kind || entry.key != key);
        entries.push(Entry { kind, key: key.to_owned(), value });
        let most = match kind {
            Kind::Plane | Kind::Layer | Kind::Source | Kind::Features => 4 * MOST_PLANES,
            Kind::FirstPass | Kind::Tasks | Kind::Footprints | Kind::Areas => MOST_PLANES,
            // The base's, and those of the run under way.
            Kind::Scored | Kind::Ways => 2,
            _ => MOST_OTHERS,
        };
        if entries.iter().filter(|entry| entry.kind == kind).count() > most
            && let Some(oldest) = entries.iter().position(|entry| entry.kind == kind)
        {
            entries.remove(oldest);
        }
    }

    /// The first pass of scoring for a key, to be taken or left there; `None` where nothing is kept. Unless its grids
    /// lie written or nobody asks for them (`is_enough`), it is made anew: only the score that makes it can write them.
    pub fn first_pass(&self, key: &str, is_enough: bool) -> Option<Arc<FirstPass>> {
        let earlier = self.find(Kind::FirstPass, key).filter(|_| is_enough);
        let first = earlier.unwrap_or_default();
        self.put(Kind::FirstPass, key, Arc::clone(&first));
        self.is_on().then_some(first)
    }

    /// A file's hash; one that is as it was is not read again.
    pub fn hash(&self, path: &Path) -> Result<FileHash> {
        if !self.is_on() {
            return file_hash(path);
        }
        self.once(Kind::Hash, &stamp(path), || file_hash(path)).map(|hash| FileHash::clone(&hash))
    }
}

/// A file by its path, size and time of change.
pub fn stamp(path: &Path) -> String {
    let about = std::fs::metadata(path).ok();
    let bytes = about.as_ref().map(std::fs::Metadata::len);
    let changed = about.and_then(|about| about.modified().ok());
    let changed = changed.and_then(|time| time.duration_since(UNIX_EPOCH).ok()).map(|time| time.as_nanos());
    format!("{}|{bytes:?}|{changed:?}", path.display())
}

/// A key of settings, as they are printed for debugging: that names every field and every digit.
pub fn key(frame: Option<&Frame>, settings: &dyn Debug, files: &[&Path]) -> String {
    let stamps: Vec<String> = files.iter().map(|path| stamp(path)).collect();
    format!("{settings:?} {frame:?} {stamps:?}")
}
