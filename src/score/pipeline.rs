//! One pass over the tiles: reading the next two and writing the one before overlap computing a tile.
//!
//! Reading is the longest way of a tile that one thread at a time can go, so two do, every other tile each. Between
//! computing and writing there is room for one tile. The first error ends the pass. Must not be called from a worker of
//! the pool that the layers' readers use.

use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::thread;

use crate::error::Result;
use crate::grid::{Tiling, Window};
use crate::progress::Progress;

/// Seconds of a pass.
#[derive(Debug, Clone, Copy, Default)]
pub struct PassSeconds {
    /// From start to end.
    pub wall: f64,
    /// Of those, the computing side waited for layers to be read.
    pub waiting_to_read: f64,
    /// Of those, it waited for results to be written.
    pub waiting_to_write: f64,
}

impl std::ops::AddAssign for PassSeconds {
    fn add_assign(&mut self, other: Self) {
        self.wall += other.wall;
        self.waiting_to_read += other.waiting_to_read;
        self.waiting_to_write += other.waiting_to_write;
    }
}

/// Threads that read.
const N_READERS: usize = 2;

/// Runs a pass: `read` and `write` on threads of their own, `compute` on this one. Tiles are computed and written in
/// row-major order, and read nearly so.
pub fn run_pass<Read: Send, Done: Send>(
    label: &str,
    tiling: &Tiling,
    clock: &dyn Fn() -> f64,
    progress: &dyn Progress,
    read: impl Fn(Window) -> Result<Read> + Sync,
    mut compute: impl FnMut(Window, Read) -> Result<Done>,
    mut write: impl FnMut(Window, Done) -> Result<()> + Send,
) -> Result<PassSeconds> {
    progress.start(label, tiling.len() as u64);
    let mut seconds = PassSeconds::default();
    let began = clock();
    let outcome = thread::scope(|scope| {
        let (done_sender, done_receiver) = sync_channel::<(Window, Done)>(1);
        let read = &read;
        let readers: [Receiver<Result<Read>>; N_READERS] = std::array::from_fn(|first| {
            // A tile is handed over, not put down: whoever has read it reads no further one meanwhile.
            let (sender, receiver) = sync_channel(0);
            scope.spawn(move || {
                for window in tiling.tiles().skip(first).step_by(N_READERS) {
                    let read = read(window);
                    let is_last = read.is_err();
                    // A closed channel means that the computing side has ended: nothing more to read.
                    if sender.send(read).is_err() || is_last {
                        return;
                    }
                }
            });
            receiver
        });
        let writer = scope.spawn(move || -> Result<()> {
            for (window, done) in done_receiver {
                write(window, done)?;
                progress.advance(1);
            }
            Ok(())
        });
        let mut result = Ok(());
        for (window, reader) in tiling.tiles().zip(readers.iter().cycle()) {
            let before = clock();
            // A reader that panicked is found where its thread is joined, at the end of the scope.
            let Ok(received) = reader.recv() else { break };
            seconds.waiting_to_read += clock() - before;
            let computed = received.and_then(|read| {
                progress.check()?;
                Ok((window, compute(window, read)?))
            });
            match computed {
                Ok(done) => {
                    let before = clock();
                    if done_sender.send(done).is_err() {
                        break;
                    }
                    seconds.waiting_to_write += clock() - before;
                }
                Err(e) => {
                    result = Err(e);
                    break;
                }
            }
        }
        drop((readers, done_sender));
        let before = clock();
        let written = writer.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        seconds.waiting_to_write += clock() - before;
        result.and(written)
    });
    progress.finish();
    seconds.wall = clock() - began;
    outcome.map(|()| seconds)
}

/// Planes' memory, used again from tile to tile.
#[derive(Debug, Default)]
pub struct Buffers {
    free: Mutex<Vec<Vec<f32>>>,
}

/// Buffers kept; more would be a leak, fewer cost page faults.
const MOST_FREE: usize = 32;

impl Buffers {
    /// So many cells of any content.
    pub fn take(&self, n_cells: usize) -> Vec<f32> {
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        // One of the same length is taken as it is; a longer part of another would be cleared first.
        let alike = free.iter().position(|buffer| buffer.len() == n_cells);
        let fitting = alike.or_else(|| free.iter().position(|buffer| buffer.capacity() >= n_cells));
        let mut buffer = fitting.map(|i| free.swap_remove(i)).unwrap_or_default();
        drop(free);
        buffer.resize(n_cells, 0.0);
        buffer
    }

    /// Takes buffers back.
    pub fn give(&self, buffers: impl IntoIterator<Item = Vec<f32>>) {
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        free.extend(buffers);
        free.truncate(MOST_FREE);
    }
}
