//! Grids that are whole are ended while others are still scored.
//!
//! Putting a grid's overviews before its cells, hashing it and having it written to the disk takes about a fifth of what
//! making it did, and little of it keeps more than one thread busy. One thread does it file by file, beside the pass that
//! makes the next grids.

use std::panic::resume_unwind;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{self, JoinHandle};

use crate::error::Result;
use crate::io::atomic::begin_sync;
use crate::io::geotiff::GeoTiffWriter;
use crate::io::hash::{FileHash, file_hash};

/// A grid that lies in its staging folder.
#[derive(Debug)]
pub struct Ended {
    /// The file.
    pub path: PathBuf,
    /// Its fingerprint.
    pub hash: FileHash,
}

/// Ends a grid, and has the system begin to write it to the disk.
pub fn end(writer: GeoTiffWriter) -> Result<Ended> {
    let path = writer.finish_staged()?.path;
    begin_sync(&path);
    let hash = file_hash(&path)?;
    Ok(Ended { path, hash })
}

/// The thread that ends grids; it begins with the first of them.
#[derive(Debug, Default)]
pub struct Ending(Option<Running>);

#[derive(Debug)]
struct Running {
    writers: Sender<GeoTiffWriter>,
    thread: JoinHandle<Result<Vec<Ended>>>,
}

impl Ending {
    /// Has a grid ended, after those that came before. An error is that of an earlier one.
    pub fn add(&mut self, writer: GeoTiffWriter) -> Result<()> {
        let running = self.0.get_or_insert_with(|| {
            let (writers, received) = channel();
            Running { writers, thread: thread::spawn(move || end_all(received)) }
        });
        match running.writers.send(writer) {
            Ok(()) => Ok(()),
            // The thread ends before its time only by an error.
            Err(_) => self.wait().map(drop),
        }
    }

    /// Waits for the grids added; an error where one could not be ended.
    pub fn wait(&mut self) -> Result<Vec<Ended>> {
        let Some(Running { writers, thread }) = self.0.take() else { return Ok(Vec::new()) };
        drop(writers);
        thread.join().unwrap_or_else(|panic| resume_unwind(panic))
    }
}

fn end_all(writers: Receiver<GeoTiffWriter>) -> Result<Vec<Ended>> {
    writers.into_iter().map(end).collect()
}
