//! Grids that are whole are ended while others are still scored.
//!
//! Putting a grid's overviews before its cells, hashing it and having it written to the disk takes about a fifth of what
//! making it did, and little of it keeps more than one thread busy. One thread does it file by file, beside the pass that
//! makes the next grids.

use std::panic::resume_unwind;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
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

/// The thread that ends grids; it begins with the first of them. Dropped, it ends no further one, and is waited for: who
/// removes the folder after a failed run must find it as it will stay.
#[derive(Debug, Default)]
pub struct Ending {
    running: Option<Running>,
    is_over: Arc<AtomicBool>,
}

#[derive(Debug)]
struct Running {
    writers: Sender<GeoTiffWriter>,
    thread: JoinHandle<Result<Vec<Ended>>>,
}

impl Ending {
    /// Has a grid ended, after those that came before. An error is that of an earlier one.
    pub fn add(&mut self, writer: GeoTiffWriter) -> Result<()> {
        let running = self.running.get_or_insert_with(|| {
            let (writers, received) = channel();
            let is_over = Arc::clone(&self.is_over);
            Running { writers, thread: thread::spawn(move || end_all(received, &is_over)) }
        });
        match running.writers.send(writer) {
            Ok(()) => Ok(()),
            // The thread ends before its time only by an error.
            Err(_) => self.wait().map(drop),
        }
    }

    /// Waits for the grids added; an error where one could not be ended.
    pub fn wait(&mut self) -> Result<Vec<Ended>> {
        let ended = self.join().unwrap_or(Ok(Ok(Vec::new())));
        ended.unwrap_or_else(|panic| resume_unwind(panic))
    }

    fn join(&mut self) -> Option<thread::Result<Result<Vec<Ended>>>> {
        let Running { writers, thread } = self.running.take()?;
        drop(writers);
        Some(thread.join())
    }
}

impl Drop for Ending {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
        // Why it is dropped is known already, or nobody has asked.
        let _ = self.join();
    }
}

fn end_all(writers: Receiver<GeoTiffWriter>, is_over: &AtomicBool) -> Result<Vec<Ended>> {
    writers.into_iter().take_while(|_| !is_over.load(Ordering::Relaxed)).map(end).collect()
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::thread::sleep;
    use std::time::Duration;

    use glam::DVec2;

    use super::*;
    use crate::grid::{Crs, Frame, Window};
    use crate::io::geotiff::Compression;
    use crate::progress::Silent;
    use crate::report::grids::{GridWriters, grids};
    use crate::score::{Plane, PlaneSink};

    const SIDE: usize = 700;

    fn writers(folder: &Path) -> GridWriters {
        let frame = Frame::north_up(
            Crs::from_epsg(32636, "test").unwrap(),
            DVec2::ZERO,
            DVec2::splat(30.0),
            SIDE,
            SIDE,
        );
        let files =
            grids(false).filter(|grid| matches!(grid.plane, Plane::Exposure | Plane::Cost | Plane::Rank));
        GridWriters::create(folder, &frame, Compression::Zstd, 4, files).unwrap()
    }

    fn put(writers: &mut GridWriters, plane: Plane, n_rows: usize) -> Result<()> {
        writers.put(plane, Window::new(0, 0, SIDE, n_rows), &vec![3.5; SIDE * n_rows])
    }

    #[test]
    fn a_whole_grid_is_ended_while_others_are_written() {
        let folder = tempfile::tempdir().unwrap();
        let mut writers = writers(folder.path());
        put(&mut writers, Plane::Exposure, SIDE).unwrap();
        put(&mut writers, Plane::Cost, SIDE - 1).unwrap();
        let exposure = folder.path().join("exposure.tif");
        let is_there = (0..10_000).any(|_| {
            sleep(Duration::from_millis(5));
            exposure.exists()
        });
        assert!(is_there, "it is not ended");
        assert!(!folder.path().join("cost.tif").exists(), "a row of it is missing");
        let mut ended = writers.finish(&Silent::default()).unwrap();
        ended.sort_by(|a, b| a.path.cmp(&b.path));
        let names = ["cost.tif", "exposure.tif", "priority.tif"].map(|name| folder.path().join(name));
        assert_eq!(
            ended.iter().map(|ended| &ended.path).collect::<Vec<_>>(),
            names.iter().collect::<Vec<_>>()
        );
        for Ended { path, hash } in ended {
            assert_eq!(hash, file_hash(&path).unwrap());
        }
    }

    // Elsewhere a folder with open files in it stays.
    #[cfg(unix)]
    #[test]
    fn what_fails_beside_the_passes_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let mut writers = writers(folder.path());
        put(&mut writers, Plane::Exposure, SIDE - 1).unwrap();
        std::fs::remove_dir_all(folder.path()).unwrap();
        let row = vec![3.5; SIDE];
        writers.put(Plane::Exposure, Window::new(0, SIDE as i64 - 1, SIDE, 1), &row).unwrap();
        let error = writers.ending.wait().unwrap_err();
        assert!(error.to_string().contains("exposure.tif"), "{error}");
    }

    #[test]
    fn dropped_it_leaves_nothing_under_way() {
        let folder = tempfile::tempdir().unwrap();
        let mut writers = writers(folder.path());
        for plane in [Plane::Exposure, Plane::Cost, Plane::Rank] {
            put(&mut writers, plane, SIDE).unwrap();
        }
        drop(writers);
        let names = || -> Vec<String> {
            let entries = std::fs::read_dir(folder.path()).unwrap();
            entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect()
        };
        let left = names();
        assert!(left.iter().all(|name| name.ends_with(".tif")), "{left:?}");
        sleep(Duration::from_millis(100));
        assert_eq!(names(), left);
    }
}
