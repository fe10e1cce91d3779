//! The reach of exposure's kernel over a frame: which cells count, with which weights, computed in `f64`.
//!
//! `gaussian` and `none` are one part, `exponential` a sum of them ([`parts`]): each part is separable, a table of
//! weights along rows and one down columns. `disc` is a table of half widths. In a projected CRS all rows share
//! one table; in a geographic CRS the cell width and the distance between rows follow the ellipsoid, row by row.
//! A cut that is a whole number of cells counts the last one in spite of rounding (1e-9 of a cell).

mod disc;
mod geometry;
pub mod parts;

use crate::grid::{Frame, Window};

use super::Kernel;
use super::program::Shape;
pub use disc::DiscTable;
use geometry::Geometry;
use parts::Part;
pub use parts::{AcrossTable, DownTable, PartTables};

/// The kernel's reach over one frame, from which every tile's tables are cut.
#[derive(Debug)]
pub struct Reach {
    geometry: Geometry,
    /// Radius in columns by row (one entry when all rows are alike).
    radius_cols: Vec<usize>,
    cut_m: f64,
    form: Form,
}

#[derive(Debug)]
enum Form {
    Parts(Vec<Part>),
    Disc,
}

/// The tables of one tile and the window of population it needs.
#[derive(Debug, Clone, PartialEq)]
pub struct TileReach {
    /// Source rows and columns; may reach past the frame's sides, never past its top and bottom.
    pub source: Window,
    /// Columns of halo on either side.
    pub halo_cols: usize,
    /// Which cells count how much.
    pub tables: Tables,
}

/// Which cells count how much.
#[derive(Debug, Clone, PartialEq)]
pub enum Tables {
    /// Separable parts, to be added up in this order.
    Parts(Vec<PartTables>),
    /// A disc.
    Disc(DiscTable),
}

impl Reach {
    /// The reach of a kernel over a frame.
    pub fn new(kernel: Kernel, frame: &Frame) -> Self {
        let geometry = Geometry::new(frame);
        let cut_m = kernel.cut_m();
        let radius_cols = geometry.radius_cols(cut_m);
        let form = match parts::of_kernel(kernel) {
            Some(parts) => Form::Parts(parts.iter().map(|part| Part::new(*part, &geometry)).collect()),
            None => Form::Disc,
        };
        Self { geometry, radius_cols, cut_m, form }
    }

    /// The largest halo anywhere on the frame: columns, rows.
    pub fn largest_halo(&self) -> (usize, usize) {
        let cols = self.radius_cols.iter().copied().max().unwrap_or(0);
        (cols, self.geometry.largest_radius_rows(self.cut_m))
    }

    /// The tables of a tile.
    pub fn of_tile(&self, tile: Window) -> TileReach {
        let first = tile.row as usize;
        let rows = first..first + tile.n_rows;
        let source_rows = self.source_rows(first).start..self.source_rows(rows.end - 1).end;
        let radius_of = |row: usize| self.radius_cols[row.min(self.radius_cols.len() - 1)];
        let halo_cols = source_rows.clone().map(radius_of).max().unwrap_or(0);
        let source = Window::new(
            tile.col - halo_cols as i64,
            source_rows.start as i64,
            tile.n_cols + 2 * halo_cols,
            source_rows.len(),
        );
        let geometry = &self.geometry;
        let tables = match &self.form {
            Form::Parts(parts) => {
                let tables =
                    parts.iter().map(|part| part.tables(geometry, rows.clone(), source_rows.clone()));
                Tables::Parts(tables.collect())
            }
            Form::Disc => Tables::Disc(DiscTable::new(geometry, self.cut_m, rows, source_rows.start)),
        };
        TileReach { source, halo_cols, tables }
    }

    /// Words of the plane between the two halves of exposure, for a tile and its source.
    pub fn between(&self, tile: Shape, source: Shape) -> Shape {
        between(matches!(self.form, Form::Disc), tile, source)
    }

    fn source_rows(&self, row: usize) -> std::ops::Range<usize> {
        self.geometry.source_rows(row, self.cut_m)
    }
}

impl TileReach {
    /// The source's shape.
    pub fn source_shape(&self) -> Shape {
        Shape { n_cols: self.source.n_cols, n_rows: self.source.n_rows }
    }

    /// Columns within reach to one side, of all parts together.
    pub fn radius_sum(&self) -> usize {
        match &self.tables {
            Tables::Parts(parts) => {
                let radius = |part: &PartTables| part.across.rows.iter().map(|row| row[1]).max().unwrap_or(0);
                parts.iter().map(|part| radius(part) as usize).sum()
            }
            Tables::Disc(_) => self.halo_cols,
        }
    }

    /// Words of the plane between the two halves of exposure.
    pub fn between(&self, tile: Shape) -> Shape {
        between(matches!(self.tables, Tables::Disc(_)), tile, self.source_shape())
    }
}

/// Parts: sums across, as wide as the tile. A disc: running sums of the source, two words each, with a 0 before.
fn between(is_disc: bool, tile: Shape, source: Shape) -> Shape {
    let n_cols = if is_disc { 2 * (source.n_cols + 1) } else { tile.n_cols };
    Shape { n_cols, n_rows: source.n_rows }
}

impl Kernel {
    /// Distance by axis up to which a neighbour counts, m.
    pub fn cut_m(&self) -> f64 {
        match (parts::of_kernel(*self), self) {
            (Some(parts), _) => parts.iter().map(parts::Gaussian::cut_m).fold(0.0, f64::max),
            (None, Self::Disc { radius_m }) => *radius_m,
            (None, _) => 0.0,
        }
    }
}
