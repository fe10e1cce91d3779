//! Long work without the interpreter's lock: it runs on a thread of its own, while the calling thread tells a Python
//! function how far it is and looks out for Ctrl-C.
//!
//! An exception of the function, or a signal's, stops the work at its next check and is raised once the work has ended;
//! a function that returns `False` stops it without one.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::Duration;

use clearway::error::Result;
use clearway::progress::Progress;
use pyo3::prelude::*;
use pyo3::types::PyBool;

use crate::errors::raised;

/// How often signals are looked for, and how often a step that goes on is told of.
const EVERY: Duration = Duration::from_millis(100);

/// Stack of the working thread, as large as a main thread's.
const STACK_BYTES: usize = 8 << 20;

enum Told {
    Start(String, u64),
    Note(String),
    Finish,
}

/// What both threads see.
#[derive(Default)]
struct Shared {
    is_cancelled: AtomicBool,
    done: AtomicU64,
}

struct Watched<'a> {
    shared: &'a Shared,
    told: Sender<Told>,
}

impl Progress for Watched<'_> {
    fn start(&self, label: &str, total: u64) {
        self.shared.done.store(0, Ordering::Relaxed);
        // Nobody listens any more only where the work is being given up.
        let _ = self.told.send(Told::Start(label.to_owned(), total));
    }
    fn advance(&self, units: u64) {
        self.shared.done.fetch_add(units, Ordering::Relaxed);
    }
    fn note(&self, text: &str) {
        let _ = self.told.send(Told::Note(text.to_owned()));
    }
    fn finish(&self) {
        let _ = self.told.send(Told::Finish);
    }
    fn is_cancelled(&self) -> bool {
        self.shared.is_cancelled.load(Ordering::Relaxed)
    }
}

/// The step under way, as it was last told.
#[derive(Default)]
struct Step {
    label: String,
    total: u64,
    done: u64,
}

/// Does `job` on a thread of its own. `callback(stage, done, total, note)` is called on this thread: `stage` is the
/// step's name, `done` of `total` its units of work, `note` a word on how it goes, or `None`.
pub fn work<T: Send>(
    py: Python<'_>,
    callback: Option<&Bound<'_, PyAny>>,
    job: impl FnOnce(&dyn Progress) -> Result<T> + Send,
) -> PyResult<T> {
    let shared = Shared::default();
    let (told, receiver) = channel();
    // Shared with the closure that waits without the lock.
    let receiver = Mutex::new(receiver);
    thread::scope(|scope| {
        let watched = Watched { shared: &shared, told };
        // Whatever becomes of the job, the channel closes with the end of it.
        let run = move || job(&watched);
        let worker = thread::Builder::new().name("clearway".into()).stack_size(STACK_BYTES);
        let worker = worker.spawn_scoped(scope, run)?;
        let mut step = Step::default();
        let mut raised_by: Option<PyErr> = None;
        loop {
            let received = py.detach(|| match receiver.lock() {
                Ok(receiver) => receiver.recv_timeout(EVERY),
                Err(_) => Err(RecvTimeoutError::Disconnected),
            });
            let note = match received {
                Ok(Told::Start(label, total)) => {
                    step = Step { label, total, done: 0 };
                    Some(None)
                }
                Ok(Told::Note(text)) => Some(Some(text)),
                Ok(Told::Finish) => {
                    step.done = step.total;
                    Some(None)
                }
                Err(RecvTimeoutError::Timeout) => {
                    let done = shared.done.load(Ordering::Relaxed).min(step.total);
                    (std::mem::replace(&mut step.done, done) != done).then_some(None)
                }
                Err(RecvTimeoutError::Disconnected) => break,
            };
            if raised_by.is_some() {
                continue;
            }
            let goes_on = py.check_signals().and_then(|()| match (callback, note) {
                (Some(callback), Some(note)) => tell(callback, &step, note),
                _ => Ok(true),
            });
            if !matches!(goes_on, Ok(true)) {
                shared.is_cancelled.store(true, Ordering::Relaxed);
            }
            raised_by = goes_on.err();
        }
        let ended = py.detach(|| worker.join());
        let result = ended.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        match raised_by {
            Some(error) => Err(error),
            None => raised(py, result),
        }
    })
}

/// Tells the function; back comes whether the work should go on.
fn tell(callback: &Bound<'_, PyAny>, step: &Step, note: Option<String>) -> PyResult<bool> {
    let answer = callback.call1((&step.label, step.done, step.total, note))?;
    Ok(answer.cast::<PyBool>().map_or(true, |answer| answer.is_true()))
}
