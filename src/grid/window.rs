//! Windows of a frame, and the tiles a frame is cut into.

use super::{Frame, UNKNOWN};

/// A rectangle of cells. It may reach past the frame it is a window of, by a halo for instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Window {
    /// First column, may be negative.
    pub col: i64,
    /// First row, may be negative.
    pub row: i64,
    /// Columns.
    pub n_cols: usize,
    /// Rows.
    pub n_rows: usize,
}

impl Window {
    /// A window from its first cell and its size.
    pub fn new(col: i64, row: i64, n_cols: usize, n_rows: usize) -> Self {
        Self { col, row, n_cols, n_rows }
    }

    /// Cells in the window.
    pub fn len(&self) -> usize {
        self.n_cols * self.n_rows
    }

    /// Whether the window holds no cell.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// One past the last column.
    pub fn end_col(&self) -> i64 {
        self.col + self.n_cols as i64
    }

    /// One past the last row.
    pub fn end_row(&self) -> i64 {
        self.row + self.n_rows as i64
    }

    /// Index in this window's row-by-row values of a cell given in frame coordinates; it must lie inside.
    pub fn offset(&self, col: i64, row: i64) -> usize {
        debug_assert!(col >= self.col && col < self.end_col());
        debug_assert!(row >= self.row && row < self.end_row());
        (row - self.row) as usize * self.n_cols + (col - self.col) as usize
    }

    /// The window grown by a halo on every side.
    pub fn grown(&self, halo_cols: usize, halo_rows: usize) -> Self {
        Self {
            col: self.col - halo_cols as i64,
            row: self.row - halo_rows as i64,
            n_cols: self.n_cols + 2 * halo_cols,
            n_rows: self.n_rows + 2 * halo_rows,
        }
    }

    /// The cells both windows hold, `None` when there is none.
    pub fn intersection(&self, other: &Self) -> Option<Self> {
        let (col, row) = (self.col.max(other.col), self.row.max(other.row));
        let end_col = self.end_col().min(other.end_col());
        let end_row = self.end_row().min(other.end_row());
        (end_col > col && end_row > row).then(|| Self {
            col,
            row,
            n_cols: (end_col - col) as usize,
            n_rows: (end_row - row) as usize,
        })
    }

    /// The window cut into pieces of at most the size given, row by row.
    pub fn pieces(self, n_cols: usize, n_rows: usize) -> impl Iterator<Item = Self> {
        let (n_cols, n_rows) = (n_cols.max(1), n_rows.max(1));
        let rows = (self.row..self.end_row()).step_by(n_rows);
        rows.flat_map(move |row| (self.col..self.end_col()).step_by(n_cols).map(move |col| (col, row)))
            .filter_map(move |(col, row)| Self::new(col, row, n_cols, n_rows).intersection(&self))
    }

    /// Puts the cells of a piece into those of this window, which holds it whole.
    pub fn put(&self, out: &mut [f32], piece: Self, cells: &[f32]) {
        for (row, line) in (piece.row..).zip(cells.chunks_exact(piece.n_cols)) {
            let to = self.offset(piece.col, row);
            out[to..to + piece.n_cols].copy_from_slice(line);
        }
    }

    /// The part of the window inside the frame, `None` when there is none.
    pub fn clipped(&self, frame: &Frame) -> Option<Self> {
        self.intersection(&frame.window())
    }

    /// The part that is inside the frame, before a plane on it is read into `out`: where the window reaches beyond it,
    /// all of `out` is made unknown first.
    pub fn known_part(&self, frame: &Frame, out: &mut [f32]) -> Option<Self> {
        debug_assert_eq!(out.len(), self.len());
        let inside = self.clipped(frame);
        if inside != Some(*self) {
            out.fill(UNKNOWN);
        }
        inside
    }
}

/// The tiles of a frame or a part of it, row by row, each at most `size` cells square.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tiling {
    whole: Window,
    size: usize,
}

impl Tiling {
    /// Tiles of `size` × `size` cells (smaller at the right and lower edge) over a frame.
    pub fn new(frame: &Frame, size: usize) -> Self {
        Self::over(frame.window(), size)
    }

    /// Tiles over a part of a frame, from its first cell on.
    pub fn over(whole: Window, size: usize) -> Self {
        Self { whole, size: size.max(1) }
    }

    /// Tiles in a row of tiles.
    pub fn n_across(&self) -> usize {
        self.whole.n_cols.div_ceil(self.size)
    }

    /// Rows of tiles.
    pub fn n_down(&self) -> usize {
        self.whole.n_rows.div_ceil(self.size)
    }

    /// Tiles in all.
    pub fn len(&self) -> usize {
        self.n_across() * self.n_down()
    }

    /// Whether there is no tile.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Tile `index`, counted row by row.
    pub fn tile(&self, index: usize) -> Window {
        let (down, across) = (index / self.n_across(), index % self.n_across());
        let (col, row) = (across * self.size, down * self.size);
        Window {
            col: self.whole.col + col as i64,
            row: self.whole.row + row as i64,
            n_cols: self.size.min(self.whole.n_cols - col),
            n_rows: self.size.min(self.whole.n_rows - row),
        }
    }

    /// All tiles, row by row.
    pub fn tiles(&self) -> impl Iterator<Item = Window> + '_ {
        (0..self.len()).map(|index| self.tile(index))
    }
}
