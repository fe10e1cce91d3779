//! Separable parts: gaussians, cut by axis at 4σ, whose sum is the kernel.
//!
//! `exponential` exp(−d/λ) is the sum Σ a·exp(−d²/2(sλ)²) of five gaussians, and of the cell's own people, which
//! make k(0) exactly 1. The a and s were fitted for the least worst error |Σ − exp(−d/λ)| over all d ≥ 0, under the
//! condition Σ a·s² = 1: over evenly spread people the sum is that of the exact kernel (its integral over the plane
//! is 2πλ²). The worst error is 0.0035 of k(0), the cuts by axis at 4sλ included, of which the widest is 7.98λ; a
//! test measures it. docs/EXPOSURE.md says how to repeat the fit.

use std::ops::Range;

use super::super::Kernel;
use super::geometry::Geometry;

/// A neighbour counts up to this many σ, by axis.
const CUT_SIGMAS: f64 = 4.0;

/// The (a, s) of `exponential`: height, and σ in λ.
pub const EXPONENTIAL: [(f64, f64); 5] = [
    (0.155_691, 1.994_496),
    (0.409_699, 0.915_864),
    (0.277_406, 0.357_868),
    (0.118_117, 0.111_078),
    (0.037_112, 0.020_979),
];

/// a·exp(−d²/2σ²).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Gaussian {
    /// a.
    pub height: f64,
    /// σ in metres; 0 for the cell itself alone.
    pub sigma_m: f64,
}

impl Gaussian {
    /// Distance by axis up to which a neighbour counts, m.
    pub fn cut_m(&self) -> f64 {
        CUT_SIGMAS * self.sigma_m
    }

    /// Without the height, along one axis at a distance in m.
    pub fn along_axis(&self, distance_m: f64) -> f64 {
        if self.sigma_m > 0.0 { (-0.5 * (distance_m / self.sigma_m).powi(2)).exp() } else { 1.0 }
    }
}

/// The parts of a kernel, widest first; `None` where it has none.
pub fn of_kernel(kernel: Kernel) -> Option<Vec<Gaussian>> {
    let own_cell = |height| Gaussian { height, sigma_m: 0.0 };
    match kernel {
        Kernel::None => Some(vec![own_cell(1.0)]),
        Kernel::Gaussian { sigma_m } => Some(vec![Gaussian { height: 1.0, sigma_m }]),
        Kernel::Exponential { lambda_m } => {
            let gaussians = EXPONENTIAL.iter().map(|&(height, s)| Gaussian { height, sigma_m: s * lambda_m });
            let rest = 1.0 - EXPONENTIAL.iter().map(|(height, _)| height).sum::<f64>();
            Some(gaussians.chain([own_cell(rest)]).collect())
        }
        Kernel::Disc { .. } => None,
    }
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
    /// Full tables, north to south, with the part's height.
    pub weights: Vec<f32>,
}

/// Both tables of a part for one tile.
#[derive(Debug, Clone, PartialEq)]
pub struct PartTables {
    /// By source row.
    pub across: AcrossTable,
    /// By row of the tile.
    pub down: DownTable,
}

/// A part over a frame.
#[derive(Debug)]
pub struct Part {
    gaussian: Gaussian,
    /// By row (one entry when all rows are alike).
    radius_cols: Vec<usize>,
}

impl Part {
    /// Over a frame's geometry.
    pub fn new(gaussian: Gaussian, geometry: &Geometry) -> Self {
        Self { gaussian, radius_cols: geometry.radius_cols(gaussian.cut_m()) }
    }

    /// The tables of a tile's `rows`, whose source begins and ends with `source_rows`.
    pub fn tables(&self, geometry: &Geometry, rows: Range<usize>, source_rows: Range<usize>) -> PartTables {
        let first_source = source_rows.start;
        PartTables {
            across: self.across_table(geometry, source_rows),
            down: self.down_table(geometry, rows, first_source),
        }
    }

    fn across_table(&self, geometry: &Geometry, source_rows: Range<usize>) -> AcrossTable {
        let half = |row: usize, radius: usize| -> Vec<f32> {
            let width_m = geometry.width_m(row);
            (0..=radius).map(|k| self.gaussian.along_axis(k as f64 * width_m) as f32).collect()
        };
        if let [radius] = self.radius_cols[..] {
            return AcrossTable {
                rows: vec![[0, radius as u32]; source_rows.len()],
                weights: half(0, radius),
            };
        }
        let mut table = AcrossTable { rows: Vec::new(), weights: Vec::new() };
        for row in source_rows {
            let radius = self.radius_cols[row];
            table.rows.push([table.weights.len() as u32, radius as u32]);
            table.weights.extend(half(row, radius));
        }
        table
    }

    fn down_table(&self, geometry: &Geometry, rows: Range<usize>, first_source: usize) -> DownTable {
        let mut table = DownTable { rows: Vec::new(), weights: Vec::new() };
        // Where rows are alike they share one table, which begins `north` rows to the north and is as long as the
        // tile's rows need.
        let mut shared = None;
        if geometry.is_same() {
            let of_row = |row: usize| {
                let source = geometry.source_rows(row, self.gaussian.cut_m());
                (row - source.start, source.end - row)
            };
            let north = rows.clone().map(|row| of_row(row).0).max().unwrap_or(0);
            let south = rows.clone().map(|row| of_row(row).1).max().unwrap_or(1);
            let weight = |i: usize| self.down_weight(geometry.north_m(i, north));
            table.weights = (0..north + south).map(weight).collect();
            shared = Some(north);
        }
        for row in rows {
            let source = geometry.source_rows(row, self.gaussian.cut_m());
            let offset = match shared {
                Some(north) => source.start + north - row,
                None => {
                    let offset = table.weights.len();
                    let weight = |other: usize| self.down_weight(geometry.north_m(row, other));
                    table.weights.extend(source.clone().map(weight));
                    offset
                }
            };
            table.rows.push([(source.start - first_source) as u32, source.len() as u32, offset as u32, 0]);
        }
        table
    }

    fn down_weight(&self, distance_m: f64) -> f32 {
        (self.gaussian.height * self.gaussian.along_axis(distance_m)) as f32
    }
}
