//! One pass over the tiles: reading tile n + 1 and writing tile n − 1 overlap computing tile n.
//!
//! Three threads with room for one tile between them. The first error of any of them ends the pass. Must not
//! be called from a worker of the pool that the layers' readers use.

use std::sync::mpsc::sync_channel;
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

/// Runs a pass: `read` and `write` on threads of their own, `compute` on this one, each tile by tile in
/// row-major order.
pub fn run_pass<Read: Send, Done: Send>(
    label: &str,
    tiling: &Tiling,
    clock: &dyn Fn() -> f64,
    progress: &dyn Progress,
    mut read: impl FnMut(Window) -> Result<Read> + Send,
    mut compute: impl FnMut(Window, Read) -> Result<Done>,
    mut write: impl FnMut(Window, Done) -> Result<()> + Send,
) -> Result<PassSeconds> {
    progress.start(label, tiling.len() as u64);
    let mut seconds = PassSeconds::default();
    let began = clock();
    let outcome = thread::scope(|scope| {
        let (read_sender, read_receiver) = sync_channel::<Result<(Window, Read)>>(1);
        let (done_sender, done_receiver) = sync_channel::<(Window, Done)>(1);
        scope.spawn(move || {
            for window in tiling.tiles() {
                let read = read(window).map(|read| (window, read));
                let is_last = read.is_err();
                // A closed channel means that the computing side has ended: nothing more to read.
                if read_sender.send(read).is_err() || is_last {
                    return;
                }
            }
        });
        let writer = scope.spawn(move || -> Result<()> {
            for (window, done) in done_receiver {
                write(window, done)?;
                progress.advance(1);
            }
            Ok(())
        });
        let mut result = Ok(());
        loop {
            let before = clock();
            let Ok(received) = read_receiver.recv() else { break };
            seconds.waiting_to_read += clock() - before;
            let computed = received.and_then(|(window, read)| {
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
        drop((read_receiver, done_sender));
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
