//! The reach of exposure's kernel over a frame: which cells count, with which weights, computed in `f64`.
//!
//! By axis: a neighbour counts when its centre lies within 4σ, where 4σ that is a whole number of cells counts
//! the last one in spite of rounding (1e-9 of a cell). In a projected CRS all rows share one table; in a
//! geographic CRS the cell width and the distance between rows follow the ellipsoid, row by row.

use crate::grid::{Frame, Window};

use super::Kernel;

/// A neighbour counts up to this many σ, by axis.
const CUT_SIGMAS: f64 = 4.0;

/// The kernel's reach over one frame, from which every tile's tables are cut.
#[derive(Debug)]
pub struct Reach {
    kernel: Kernel,
    /// Radius in columns by row (one entry when all rows are alike).
    radius_cols: Vec<usize>,
    /// Cell width by row, m (one entry when all rows are alike).
    width_m: Vec<f64>,
    rows: RowReach,
    n_rows: usize,
}

#[derive(Debug)]
enum RowReach {
    /// All rows are alike: radius and cell height, m.
    Same { radius: usize, height_m: f64 },
    /// Distance north of each row's centre, m, falling, and the slack of the cut.
    ByRow { northing_m: Vec<f64> },
}

/// Weights across: source row r reads `weights[offset[r]..][..=radius[r]]`, from the centre outward.
#[derive(Debug, Clone, PartialEq)]
pub struct AcrossTable {
    /// Pairs (offset, radius) by source row.
    pub rows: Vec<[u32; 2]>,
    /// Half tables, centre first.
    pub weights: Vec<f32>,
}

/// Weights down: output row r sums `count` source rows from `first`, times `weights[offset..]`.
#[derive(Debug, Clone, PartialEq)]
pub struct DownTable {
    /// (first source row, count, offset, 0) by output row.
    pub rows: Vec<[u32; 4]>,
    /// Full tables, north to south.
    pub weights: Vec<f32>,
}

/// The tables of one tile and the window of population it needs.
#[derive(Debug, Clone, PartialEq)]
pub struct TileReach {
    /// Source rows and columns; may reach past the frame's sides, never past its top and bottom.
    pub source: Window,
    /// Columns of halo on either side.
    pub halo_cols: usize,
    /// Across, by source row.
    pub across: AcrossTable,
    /// Down, by row of the tile.
    pub down: DownTable,
}

impl Reach {
    /// The reach of a kernel over a frame.
    pub fn new(kernel: Kernel, frame: &Frame) -> Self {
        let most_cols = frame.n_cols - 1;
        let most_rows = frame.n_rows - 1;
        let cut_m = kernel.cut_m();
        if frame.crs.is_geographic() && cut_m > 0.0 {
            let rows = 0..frame.n_rows as i64;
            let width_m: Vec<f64> = rows.clone().map(|row| frame.cell_width_m(row)).collect();
            let radius_cols = width_m.iter().map(|width| radius(cut_m, *width, most_cols)).collect();
            let northing_m: Vec<f64> = rows.map(|row| frame.northing_m(row as f64 + 0.5)).collect();
            let rows = RowReach::ByRow { northing_m };
            return Self { kernel, radius_cols, width_m, rows, n_rows: frame.n_rows };
        }
        let (width_m, height_m) = (frame.cell_width_m(0), frame.cell_height_m(0));
        Self {
            kernel,
            radius_cols: vec![radius(cut_m, width_m, most_cols)],
            width_m: vec![width_m],
            rows: RowReach::Same { radius: radius(cut_m, height_m, most_rows), height_m },
            n_rows: frame.n_rows,
        }
    }

    /// The largest halo anywhere on the frame: columns, rows.
    pub fn largest_halo(&self) -> (usize, usize) {
        let cols = self.radius_cols.iter().copied().max().unwrap_or(0);
        let rows = match &self.rows {
            RowReach::Same { radius, .. } => *radius,
            RowReach::ByRow { .. } => {
                let of_row = |row| row - self.source_rows(row).start;
                (0..self.n_rows).map(of_row).max().unwrap_or(0)
            }
        };
        (cols, rows)
    }

    /// The tables of a tile.
    pub fn of_tile(&self, tile: Window) -> TileReach {
        let first = tile.row as usize;
        let last = first + tile.n_rows - 1;
        let source_rows = self.source_rows(first).start..self.source_rows(last).end;
        let halo_cols = source_rows.clone().map(|row| self.radius_of(row)).max().unwrap_or(0);
        let source = Window::new(
            tile.col - halo_cols as i64,
            source_rows.start as i64,
            tile.n_cols + 2 * halo_cols,
            source_rows.len(),
        );
        let across = self.across_table(source_rows.clone());
        let down = self.down_table(first..=last, source_rows.start);
        TileReach { source, halo_cols, across, down }
    }

    fn radius_of(&self, row: usize) -> usize {
        self.radius_cols[row.min(self.radius_cols.len() - 1)]
    }

    /// Source rows within the cut of a row, inside the frame.
    fn source_rows(&self, row: usize) -> std::ops::Range<usize> {
        match &self.rows {
            RowReach::Same { radius, .. } => row.saturating_sub(*radius)..(row + radius + 1).min(self.n_rows),
            RowReach::ByRow { northing_m } => {
                // The same tolerance as `radius`: 1e-9 of a cell.
                let height_m = (northing_m[0] - northing_m[self.n_rows - 1]).abs() / self.n_rows as f64;
                let cut_m = self.kernel.cut_m() + 1e-9 * height_m;
                let here = northing_m[row];
                northing_m.partition_point(|north| *north > here + cut_m)
                    ..northing_m.partition_point(|north| *north >= here - cut_m)
            }
        }
    }

    fn across_table(&self, source_rows: std::ops::Range<usize>) -> AcrossTable {
        let half = |row: usize| -> Vec<f32> {
            let width_m = self.width_m[row.min(self.width_m.len() - 1)];
            (0..=self.radius_of(row)).map(|k| self.kernel.weight(k as f64 * width_m)).collect()
        };
        if self.radius_cols.len() == 1 {
            let rows = vec![[0, self.radius_cols[0] as u32]; source_rows.len()];
            return AcrossTable { rows, weights: half(0) };
        }
        let mut table = AcrossTable { rows: Vec::new(), weights: Vec::new() };
        for row in source_rows {
            table.rows.push([table.weights.len() as u32, self.radius_of(row) as u32]);
            table.weights.extend(half(row));
        }
        table
    }

    fn down_table(&self, rows: std::ops::RangeInclusive<usize>, first_source: usize) -> DownTable {
        let mut table = DownTable { rows: Vec::new(), weights: Vec::new() };
        if let RowReach::Same { radius, height_m } = &self.rows {
            let distances = (0..=2 * radius).map(|i| (i as f64 - *radius as f64) * height_m);
            table.weights = distances.map(|d| self.kernel.weight(d)).collect();
        }
        for row in rows {
            let source = self.source_rows(row);
            let offset = match &self.rows {
                RowReach::Same { radius, .. } => source.start + radius - row,
                RowReach::ByRow { northing_m } => {
                    let offset = table.weights.len();
                    let distance = |from: usize| northing_m[from] - northing_m[row];
                    table.weights.extend(source.clone().map(|from| self.kernel.weight(distance(from))));
                    offset
                }
            };
            table.rows.push([(source.start - first_source) as u32, source.len() as u32, offset as u32, 0]);
        }
        table
    }
}

impl Kernel {
    /// Distance by axis up to which a neighbour counts, m.
    pub fn cut_m(&self) -> f64 {
        match self {
            Self::Gaussian { sigma_m } => CUT_SIGMAS * sigma_m,
            Self::None => 0.0,
        }
    }

    /// The weight along one axis at a distance in m.
    fn weight(&self, distance_m: f64) -> f32 {
        match self {
            Self::Gaussian { sigma_m } => (-0.5 * (distance_m / sigma_m).powi(2)).exp() as f32,
            Self::None => 1.0,
        }
    }
}

/// Cells within the cut; 4σ that is a whole number of cells counts the last one in spite of rounding.
fn radius(cut_m: f64, cell_m: f64, most: usize) -> usize {
    ((cut_m / cell_m + 1e-9).floor() as usize).min(most)
}
