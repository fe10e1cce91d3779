//! Made-up layers, the same on every machine: each cell's value follows from the seed, the plane and the cell.
//!
//! 3 % of the cells are unknown, the same ones in every plane but the population, as reading leaves them. The
//! population is dense, so that no stage can leave out work; real ones are mostly zeros, which `whole.rs` has.

use rayon::prelude::*;

use crate::grid::{Crs, Frame, UNKNOWN, Window};
use crate::score::{Kernel, Reach, TileReach};

/// Cell size, m.
pub const CELL_M: f64 = 30.0;

/// Criteria that are sampled.
pub const N_CRITERIA: usize = 6;

/// Samples are drawn for tiles of at most this side, as in a score.
const LARGEST_SAMPLED_SIDE: usize = 1024;

/// Of 1024 cells so many are unknown.
const UNKNOWN_OF_1024: u64 = 31;

/// The planes that stages read, each `side` × `side` cells except the population's.
pub struct Planes {
    /// Columns, and rows.
    pub side: usize,
    /// The exposure's radius, cells.
    pub radius: usize,
    /// Reach of the gaussian kernel over the tile.
    pub reach: std::sync::Arc<TileReach>,
    /// The tile inside its frame.
    pub tile: Window,
    /// People by cell of the source window.
    pub population: Vec<f32>,
    /// 0..1, mostly small.
    pub hazard: Vec<f32>,
    /// US$, 500..9000.
    pub cost: Vec<f32>,
    /// People, 0..100.
    pub exposure: Vec<f32>,
    /// 0..1.
    pub share: Vec<f32>,
    /// Whole numbers 0..9.
    pub codes: Vec<f32>,
    /// −20..0: sums of weighted logarithms.
    pub power: Vec<f32>,
    /// Above 0, over six orders of magnitude; every eighth cell has one of 16 values.
    pub priority: Vec<f32>,
    /// 0..100.
    pub rank: Vec<f32>,
    /// Columns, and rows, of the tile that samples are drawn for.
    pub sampled_side: usize,
    /// Terms of [`N_CRITERIA`] criteria over that tile, one plane after the other, 0..1 and mostly small.
    pub terms: Vec<f32>,
}

impl Planes {
    /// From a seed.
    pub fn new(side: usize, radius: usize, seed: u64) -> Self {
        let frame = frame(side + 2 * radius);
        let reach = Reach::new(Kernel::Gaussian { sigma_m: radius as f64 * CELL_M / 4.0 }, &frame);
        let tile = Window::new(radius as i64, radius as i64, side, side);
        let reach = std::sync::Arc::new(reach.of_tile(tile));
        let n = side * side;
        let is_unknown = |i: u64| random(seed, i) % 1024 < UNKNOWN_OF_1024;
        let masked = |plane: u64, make: fn(f32) -> f32| -> Vec<f32> {
            let cell = |i: u64| if is_unknown(i) { UNKNOWN } else { make(unit(seed + plane, i)) };
            (0..n as u64).into_par_iter().map(cell).collect()
        };
        let population =
            (0..reach.source.len() as u64).into_par_iter().map(|i| unit(seed + 100, i)).collect();
        let sampled_side = side.min(LARGEST_SAMPLED_SIDE);
        let n_sampled = (sampled_side * sampled_side) as u64;
        let term = |i: u64| {
            let (plane, cell) = (i / n_sampled, i % n_sampled);
            if is_unknown(cell) { UNKNOWN } else { unit(seed + 200 + plane, cell).powi(6) }
        };
        Self {
            sampled_side,
            terms: (0..N_CRITERIA as u64 * n_sampled).into_par_iter().map(term).collect(),
            side,
            radius,
            tile,
            population,
            reach,
            hazard: masked(1, |u| u.powi(6)),
            cost: masked(2, |u| 500.0 + 8500.0 * u),
            exposure: masked(3, |u| 100.0 * u),
            share: masked(4, |u| u),
            codes: masked(5, |u| (10.0 * u).floor()),
            power: masked(6, |u| -20.0 * u),
            priority: masked(7, |u| {
                let eighth = (8.0 * u).fract();
                if u < 0.125 { (16.0 * eighth).ceil() } else { u * 10f32.powi((6.0 * eighth) as i32) }
            }),
            rank: masked(8, |u| 100.0 * u),
        }
    }
}

/// A projected frame of square cells.
pub fn frame(side: usize) -> Frame {
    let crs = Crs::from_epsg(32636, "bench").expect("a code that every build knows");
    let corner = glam::DVec2::new(500_000.0, 5_500_000.0);
    Frame::north_up(crs, corner, glam::DVec2::splat(CELL_M), side, side)
}

/// Sixty-four bits that follow from seed and place (splitmix64 of Steele, Lea and Flood, 2014).
pub fn random(seed: u64, i: u64) -> u64 {
    let mut z = (seed << 40).wrapping_add(i).wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// A number in 0..1.
pub fn unit(seed: u64, i: u64) -> f32 {
    (random(seed, i) >> 40) as f32 * (1.0 / (1u64 << 24) as f32)
}
