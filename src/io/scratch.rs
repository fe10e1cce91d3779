//! Scratch planes: in memory while a budget lasts, then raw files that disappear with them.

use std::fs::File;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rayon::prelude::*;

use super::file_at::{read_exact_at, write_all_at};
use crate::error::{Error, Result};
use crate::grid::{CellStore, Cells, Frame, MemoryCells, UNKNOWN, Window};

/// Lines that a thread reads or writes at a time.
const LINES_AT_ONCE: usize = 16;

/// Hands out planes for a stage to keep between two passes. All cells of a new plane are unknown.
///
/// Planes live in memory while `budget_bytes` lasts (4 bytes a cell, given back when a plane is dropped),
/// then in files without a name in the folder: little-endian `f32`, row by row. Such a file is gone when its
/// plane is dropped, also when the program dies.
#[derive(Debug, Clone)]
pub struct Scratch {
    folder: PathBuf,
    left_bytes: Arc<AtomicUsize>,
}

impl Scratch {
    /// A scratch space with a memory budget and a folder, which is only touched when the budget is spent.
    pub fn new(folder: &Path, budget_bytes: usize) -> Self {
        Self { folder: folder.to_path_buf(), left_bytes: Arc::new(AtomicUsize::new(budget_bytes)) }
    }

    /// So many more planes on `frame` would stay in memory.
    pub fn planes_left(&self, frame: &Frame) -> usize {
        let bytes = usize::try_from(frame.n_cells()).unwrap_or(usize::MAX).saturating_mul(4).max(1);
        self.left_bytes.load(Ordering::Relaxed) / bytes
    }

    /// A plane on `frame`, all unknown.
    pub fn plane(&self, frame: &Frame) -> Result<Box<dyn CellStore>> {
        let bytes = usize::try_from(frame.n_cells()).ok().and_then(|n| n.checked_mul(4));
        let take = |left: usize| bytes.and_then(|bytes| left.checked_sub(bytes));
        if self.left_bytes.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take).is_ok() {
            let lease = Lease { bytes: bytes.unwrap_or(0), left_bytes: Arc::clone(&self.left_bytes) };
            return Ok(Box::new(Held { cells: MemoryCells::new(frame.clone()), _lease: lease }));
        }
        Ok(Box::new(Spilled::create(&self.folder, frame)?))
    }
}

impl Scratch {
    /// A plane on `frame` that holds some of its rows only, all unknown; what lies elsewhere is unknown too.
    pub fn rows(&self, frame: &Frame, rows: Range<usize>) -> Result<Box<dyn CellStore>> {
        if rows == (0..frame.n_rows) {
            return self.plane(frame);
        }
        let held = self.plane(&Frame { n_rows: rows.len(), ..frame.clone() })?;
        Ok(Box::new(Rows { frame: frame.clone(), first: rows.start as i64, held }))
    }
}

/// Rows of a frame, held as a plane of their own.
struct Rows {
    frame: Frame,
    first: i64,
    held: Box<dyn CellStore>,
}

impl Rows {
    fn shifted(&self, window: Window) -> Window {
        Window { row: window.row - self.first, ..window }
    }
}

impl Cells for Rows {
    fn frame(&self) -> &Frame {
        &self.frame
    }

    fn read(&self, window: Window, out: &mut [f32]) -> Result<()> {
        self.held.read(self.shifted(window), out)
    }
}

impl CellStore for Rows {
    fn write(&self, window: Window, values: &[f32]) -> Result<()> {
        self.held.write(self.shifted(window), values)
    }

    fn part(&self) -> Window {
        let n_rows = self.held.frame().n_rows;
        Window::new(0, self.first, self.frame.n_cols, n_rows)
    }
}

/// Bytes of the budget in use; given back on drop.
struct Lease {
    bytes: usize,
    left_bytes: Arc<AtomicUsize>,
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.left_bytes.fetch_add(self.bytes, Ordering::Relaxed);
    }
}

struct Held {
    cells: MemoryCells,
    _lease: Lease,
}

impl Cells for Held {
    fn frame(&self) -> &Frame {
        self.cells.frame()
    }

    fn read(&self, window: Window, out: &mut [f32]) -> Result<()> {
        self.cells.read(window, out)
    }
}

impl CellStore for Held {
    fn write(&self, window: Window, values: &[f32]) -> Result<()> {
        self.cells.write(window, values)
    }
}

/// A plane in a file. Cells are stored with their bits inverted against [`UNKNOWN`]'s, so that the zeros of a
/// sparse file, which cost no disk, mean unknown.
struct Spilled {
    frame: Frame,
    folder: PathBuf,
    file: File,
}

impl Spilled {
    fn create(folder: &Path, frame: &Frame) -> Result<Self> {
        let file = tempfile::tempfile_in(folder).map_err(Error::io("create a scratch file in", folder))?;
        file.set_len(frame.n_cells() * 4).map_err(Error::io("write a scratch file in", folder))?;
        Ok(Self { frame: frame.clone(), folder: folder.to_path_buf(), file })
    }

    fn position(&self, col: i64, row: i64) -> u64 {
        (row as u64 * self.frame.n_cols as u64 + col as u64) * 4
    }
}

impl Cells for Spilled {
    fn frame(&self) -> &Frame {
        &self.frame
    }

    fn read(&self, window: Window, out: &mut [f32]) -> Result<()> {
        let Some(inside) = window.known_part(&self.frame, out) else {
            return Ok(());
        };
        let before = (inside.row - window.row) as usize * window.n_cols;
        let lines = &mut out[before..before + inside.n_rows * window.n_cols];
        let skipped = (inside.col - window.col) as usize;
        let lines = lines.par_chunks_exact_mut(window.n_cols).enumerate().with_min_len(LINES_AT_ONCE);
        lines
            .try_for_each(|(i, line)| {
                let line = &mut line[skipped..skipped + inside.n_cols];
                let at = self.position(inside.col, inside.row + i as i64);
                read_exact_at(&self.file, bytemuck::cast_slice_mut(line), at)?;
                for value in line {
                    *value = f32::from_bits(u32::from_le(value.to_bits()) ^ UNKNOWN.to_bits());
                }
                Ok(())
            })
            .map_err(Error::io("read a scratch file in", &self.folder))
    }
}

impl CellStore for Spilled {
    fn write(&self, window: Window, values: &[f32]) -> Result<()> {
        let lines = values.par_chunks_exact(window.n_cols).enumerate().with_min_len(LINES_AT_ONCE);
        lines
            .try_for_each_init(Vec::new, |turned: &mut Vec<u32>, (i, line)| {
                turned.clear();
                turned.extend(line.iter().map(|value| (value.to_bits() ^ UNKNOWN.to_bits()).to_le()));
                let at = self.position(window.col, window.row + i as i64);
                write_all_at(&self.file, bytemuck::cast_slice(turned), at)
            })
            .map_err(Error::io("write a scratch file in", &self.folder))
    }
}
