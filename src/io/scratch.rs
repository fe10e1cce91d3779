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

/// A plane in a file, strip beside strip of [`STRIP`] columns, each row by row: what a tile of a pass covers of a strip
/// lies in one piece. Cells are stored with their bits inverted against [`UNKNOWN`]'s, so that the zeros of a sparse
/// file, which cost no disk, mean unknown.
struct Spilled {
    frame: Frame,
    folder: PathBuf,
    file: File,
}

/// Columns of a strip: as many as the widest tile of a pass has.
const STRIP: usize = 1024;

/// Cells of a strip that a thread reads or writes at a time, about.
const CELLS_AT_ONCE: usize = 1 << 16;

impl Spilled {
    fn create(folder: &Path, frame: &Frame) -> Result<Self> {
        let file = tempfile::tempfile_in(folder).map_err(Error::io("create a scratch file in", folder))?;
        file.set_len(frame.n_cells() * 4).map_err(Error::io("write a scratch file in", folder))?;
        Ok(Self { frame: frame.clone(), folder: folder.to_path_buf(), file })
    }

    /// The runs of cells that lie in one piece for a row of the plane's cells from `col` on: columns from `col` counted,
    /// position in the file of the first, and whether the run is the strip's whole width.
    fn runs(&self, col: i64, row: i64, n_cols: usize) -> impl Iterator<Item = (Range<usize>, u64, bool)> {
        let (first, end, row) = (col as usize, col as usize + n_cols, row as usize);
        let (all_cols, all_rows) = (self.frame.n_cols, self.frame.n_rows);
        (first / STRIP..end.div_ceil(STRIP)).map(move |strip| {
            let left = strip * STRIP;
            let width = STRIP.min(all_cols - left);
            let (from, to) = (first.max(left), end.min(left + width));
            let cell = left as u64 * all_rows as u64 + row as u64 * width as u64 + (from - left) as u64;
            (from - first..to - first, 4 * cell, to - from == width)
        })
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
        let at_once = (CELLS_AT_ONCE / window.n_cols).max(1);
        let known = |cells: &mut [f32]| {
            cells
                .iter_mut()
                .for_each(|cell| *cell = f32::from_bits(u32::from_le(cell.to_bits()) ^ UNKNOWN.to_bits()));
        };
        let read = |(i, lines): (usize, &mut [f32])| {
            let row = inside.row + (i * at_once) as i64;
            let runs: Vec<_> = self.runs(inside.col, row, inside.n_cols).collect();
            if let [(_, at, true)] = runs[..]
                && inside.n_cols == window.n_cols
            {
                read_exact_at(&self.file, bytemuck::cast_slice_mut(lines), at)?;
                known(lines);
                return Ok(());
            }
            for (i, line) in lines.chunks_exact_mut(window.n_cols).enumerate() {
                let line = &mut line[skipped..skipped + inside.n_cols];
                for (cols, at, _) in self.runs(inside.col, row + i as i64, inside.n_cols) {
                    read_exact_at(&self.file, bytemuck::cast_slice_mut(&mut line[cols]), at)?;
                }
                known(line);
            }
            Ok(())
        };
        lines
            .par_chunks_mut(at_once * window.n_cols)
            .enumerate()
            .try_for_each(read)
            .map_err(Error::io("read a scratch file in", &self.folder))
    }
}

impl CellStore for Spilled {
    fn write(&self, window: Window, values: &[f32]) -> Result<()> {
        if window.is_empty() {
            return Ok(());
        }
        let at_once = (CELLS_AT_ONCE / window.n_cols).max(1);
        let write = |turned: &mut Vec<u32>, (i, lines): (usize, &[f32])| {
            turned.clear();
            turned.extend(lines.iter().map(|value| (value.to_bits() ^ UNKNOWN.to_bits()).to_le()));
            let row = window.row + (i * at_once) as i64;
            let runs: Vec<_> = self.runs(window.col, row, window.n_cols).collect();
            if let [(_, at, true)] = runs[..] {
                return write_all_at(&self.file, bytemuck::cast_slice(turned), at);
            }
            for (i, line) in turned.chunks_exact(window.n_cols).enumerate() {
                for (cols, at, _) in self.runs(window.col, row + i as i64, window.n_cols) {
                    write_all_at(&self.file, bytemuck::cast_slice(&line[cols]), at)?;
                }
            }
            Ok(())
        };
        values
            .par_chunks(at_once * window.n_cols)
            .enumerate()
            .try_for_each_init(Vec::new, write)
            .map_err(Error::io("write a scratch file in", &self.folder))
    }
}
