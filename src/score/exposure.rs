//! `exposure`: people who live within reach, E_i = Σ_j P_j · k(d_ij), in people.
//!
//! The gaussian kernel is separable: first across each source row with weights by that row's cell width, then
//! down the columns with weights by the true distance in metres between row centres. A neighbour counts when
//! |Δx| ≤ 4σ and |Δy| ≤ 4σ between centres. In a geographic CRS both tables depend on the row. Unknown
//! population contributes nothing (the planes hold 0 there, decided on the way in), nor does what lies beyond
//! the frame (a grid is not wrapped at ±180°). Cells that are not scored are unknown.
//!
//! Weights are computed here in `f64` and handed as tables. Order of the sums, the same in
//! `shaders/exposure_across.wgsl` and `shaders/exposure_down.wgsl`: across from the centre outward in pairs,
//! down from the northernmost row southward. Kernel `none` is a table of one weight, 1.

use rayon::prelude::*;

use crate::grid::{Frame, UNKNOWN, Window, is_unknown};

use super::Kernel;

/// A neighbour counts up to this many σ, by axis.
const CUT_SIGMAS: f64 = 4.0;

/// Columns computed together across; enough vectors to hide the latency of an addition.
const ACROSS_BLOCK: usize = 32;
/// Columns computed together down.
const DOWN_COLS: usize = 16;
/// Rows computed together down: each source value loaded serves all of them.
const DOWN_ROWS: usize = 4;
/// Rows of output a thread takes at once; the source strip of such a band stays in the first-level cache.
const BAND_ROWS: usize = 64;
/// Columns of which it is known whether they hold nothing but zeros.
const ZERO_BLOCK: usize = 64;

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

/// A row length for the plane between the two sums: rows a power of two apart would share few cache lines.
pub fn across_stride(n_cols: usize) -> usize {
    n_cols.next_multiple_of(ZERO_BLOCK) + 16
}

/// Across: population on the source window → sums along each row, `n_cols` of every `stride`.
pub fn exposure_across(
    population: &[f32],
    source_cols: usize,
    halo_cols: usize,
    table: &AcrossTable,
    n_cols: usize,
    out: &mut [f32],
    stride: usize,
) {
    let lines = out.par_chunks_mut(stride).zip(population.par_chunks(source_cols));
    lines.zip(&table.rows).for_each(|((out, source), &[offset, radius])| {
        let radius = radius as usize;
        let weights = &table.weights[offset as usize..=offset as usize + radius];
        // Column c of the output has its centre at source column c + halo_cols.
        let source = &source[halo_cols - radius..];
        let mut col = 0;
        while col + ACROSS_BLOCK <= n_cols {
            let source = &source[col..col + ACROSS_BLOCK + 2 * radius];
            let out: &mut [f32; ACROSS_BLOCK] =
                (&mut out[col..col + ACROSS_BLOCK]).try_into().expect("sized");
            if source.iter().all(|people| people.to_bits() == 0) {
                *out = [0.0; ACROSS_BLOCK];
            } else {
                across_block(source, weights, out);
            }
            col += ACROSS_BLOCK;
        }
        for col in col..n_cols {
            let mut one = [0.0];
            across_block(&source[col..=col + 2 * radius], weights, &mut one);
            out[col] = one[0];
        }
        out[n_cols..].fill(0.0);
    });
}

#[inline(always)]
fn across_block<const N: usize>(source: &[f32], weights: &[f32], out: &mut [f32; N]) {
    let radius = weights.len() - 1;
    let at = |from: usize| -> &[f32; N] { source[from..from + N].try_into().expect("sized") };
    let centre = at(radius);
    let mut sum = [0.0; N];
    for i in 0..N {
        sum[i] = weights[0] * centre[i];
    }
    for (k, &weight) in weights.iter().enumerate().skip(1) {
        let (west, east) = (at(radius - k), at(radius + k));
        for i in 0..N {
            sum[i] += weight * (west[i] + east[i]);
        }
    }
    *out = sum;
}

/// Down: sums along rows → exposure on the tile; unknown where `hazard` is.
pub fn exposure_down(
    across: &[f32],
    stride: usize,
    hazard: &[f32],
    table: &DownTable,
    n_cols: usize,
    out: &mut [f32],
) {
    let is_zero = zero_blocks(across, stride);
    let bands = out.par_chunks_mut(BAND_ROWS * n_cols).zip(hazard.par_chunks(BAND_ROWS * n_cols));
    bands.zip(table.rows.par_chunks(BAND_ROWS)).for_each(|((out, hazard), rows)| {
        let groups: Vec<Group> =
            rows.chunks(DOWN_ROWS).map(|rows| Group::new(rows, &table.weights)).collect();
        for col in (0..n_cols).step_by(DOWN_COLS) {
            let n = DOWN_COLS.min(n_cols - col);
            for (group, rows) in groups.iter().zip(0..) {
                let sums = group.sums(across, stride, col, &is_zero);
                let first = rows * DOWN_ROWS;
                for (sum, row) in sums.iter().zip(first..(first + DOWN_ROWS).min(out.len() / n_cols)) {
                    let at = row * n_cols + col;
                    out[at..at + n].copy_from_slice(&sum[..n]);
                }
            }
        }
        for (out, &hazard) in out.iter_mut().zip(hazard) {
            *out = if is_unknown(hazard) { UNKNOWN } else { *out };
        }
    });
}

/// A few rows of output with their weights side by side over the source rows any of them needs; a row that
/// does not need a source row has weight 0 there, which changes no bit of a sum of non-negative terms.
struct Group {
    first: usize,
    weights: Vec<[f32; DOWN_ROWS]>,
}

impl Group {
    fn new(rows: &[[u32; 4]], weights: &[f32]) -> Self {
        let first = rows.iter().map(|row| row[0]).min().unwrap_or(0) as usize;
        let end = rows.iter().map(|row| row[0] + row[1]).max().unwrap_or(0) as usize;
        let mut side_by_side = vec![[0.0; DOWN_ROWS]; end - first];
        for (i, &[from, count, offset, _]) in rows.iter().enumerate() {
            for k in 0..count as usize {
                side_by_side[from as usize - first + k][i] = weights[offset as usize + k];
            }
        }
        Self { first, weights: side_by_side }
    }

    #[inline(always)]
    fn sums(
        &self,
        across: &[f32],
        stride: usize,
        col: usize,
        is_zero: &ZeroBlocks,
    ) -> [[f32; DOWN_COLS]; DOWN_ROWS] {
        let mut sums = [[0.0f32; DOWN_COLS]; DOWN_ROWS];
        for (weights, row) in self.weights.iter().zip(self.first..) {
            if is_zero.at(row, col) {
                continue;
            }
            let from = row * stride + col;
            let source: &[f32; DOWN_COLS] = across[from..from + DOWN_COLS].try_into().expect("sized");
            for (sum, &weight) in sums.iter_mut().zip(weights) {
                for i in 0..DOWN_COLS {
                    sum[i] += weight * source[i];
                }
            }
        }
        sums
    }
}

/// Which blocks of source rows hold nothing but zeros: most of a real population raster.
struct ZeroBlocks {
    blocks_a_row: usize,
    is_zero: Vec<bool>,
}

impl ZeroBlocks {
    #[inline(always)]
    fn at(&self, row: usize, col: usize) -> bool {
        self.is_zero[row * self.blocks_a_row + col / ZERO_BLOCK]
    }
}

fn zero_blocks(across: &[f32], stride: usize) -> ZeroBlocks {
    let blocks_a_row = stride.div_ceil(ZERO_BLOCK);
    let rows = across.par_chunks(stride);
    let is_zero = rows
        .flat_map_iter(|row| row.chunks(ZERO_BLOCK).map(|block| block.iter().all(|x| x.to_bits() == 0)))
        .collect();
    ZeroBlocks { blocks_a_row, is_zero }
}
