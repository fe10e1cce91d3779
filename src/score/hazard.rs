//! `hazard` built: the prior of hazardous areas, raised by accident points (domain.md §3.1).
//!
//! h = 1 − (1 − h_prior)·Π_j(1 − s·k(d_ij)), s the strength, k(d) = exp(−d²/2σ²), d (m) from the cell's centre; a
//! point counts when it lies within 4σ east or west and 4σ north or south, as in `exposure`. The product is taken
//! as q ← q + (1 − q)·s·k over the points in the order of the file, then h = h_prior + (1 − h_prior)·q, which loses
//! nothing where h is small. k is a table of 4,096 straight lines over d²/σ² from 0 to 32, within 2e-6. In a
//! geographic CRS d is the chord, short of the arc by less than 1e-5 within 100 km. Unknown where the prior
//! is. Twin: `shaders/hazard.wgsl`.

use std::sync::LazyLock;

use crate::grid::{UNKNOWN, is_unknown};

use super::blocks::{Blocks, Lanes, LocalPiece, SIDE};
use crate::widest::{widest, work};

/// Lines of the table.
const N_SPANS: usize = 4096;

/// Where the kernel ends on both axes at once, (4σ)² + (4σ)² over σ².
const LAST: f32 = 32.0;

/// exp(−u/2) at u = 0, 1/128, … 32.
pub static KERNEL_KNOTS: LazyLock<Vec<f32>> = LazyLock::new(|| {
    let step = f64::from(LAST) / N_SPANS as f64;
    (0..=N_SPANS).map(|k| (-(k as f64) * step / 2.0).exp() as f32).collect()
});

/// How accident points raise the hazard around them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Accidents {
    /// s: the probability that one accident lends to its own place, 0..1.
    pub strength: f32,
    /// 1 / σ², 1/m².
    pub inverse_sigma2: f32,
    /// (4σ)², m².
    pub reach2: f32,
}

impl Accidents {
    /// From strength and σ (m).
    pub fn new(strength: f64, sigma_m: f64) -> Self {
        // A point at just 4σ counts whatever rounding does to it.
        let reach_m = 4.0 * sigma_m * (1.0 + 1e-6);
        Self {
            strength: strength as f32,
            inverse_sigma2: (1.0 / (sigma_m * sigma_m)) as f32,
            reach2: (reach_m * reach_m) as f32,
        }
    }
}

/// The hazard of the window the blocks were made for, `n_cols` wide.
pub fn hazard(prior: &[f32], blocks: &Blocks, accidents: &Accidents, n_cols: usize, out: &mut [f32]) {
    out.copy_from_slice(prior);
    let knots = KERNEL_KNOTS.as_slice();
    blocks.fill(n_cols, out, |block, row, out| {
        let lanes = Lanes::new(&blocks.axes, block[3], row);
        let mut raised = [0.0; SIDE];
        for group in blocks.groups_of(block) {
            let points = blocks.pieces_of(group);
            widest(Raise { lanes: &lanes, points, accidents, knots, raised: &mut raised });
        }
        for (h, &q) in out.iter_mut().zip(&raised) {
            *h = if is_unknown(*h) { UNKNOWN } else { *h + (1.0 - *h) * q };
        }
    });
}

work!(Raise = raise(
    lanes: &'a Lanes,
    points: &'a [LocalPiece],
    accidents: &'a Accidents,
    knots: &'a [f32],
    raised: &'a mut [f32; SIDE],
));

#[inline(always)]
fn raise(
    lanes: &Lanes,
    points: &[LocalPiece],
    accidents: &Accidents,
    knots: &[f32],
    raised: &mut [f32; SIDE],
) {
    for point in points {
        let (east2, north2) = lanes.offsets2(point);
        for i in 0..SIDE {
            if east2[i] <= accidents.reach2 && north2[i] <= accidents.reach2 {
                let k = kernel((east2[i] + north2[i]) * accidents.inverse_sigma2, knots);
                raised[i] += (1.0 - raised[i]) * (accidents.strength * k);
            }
        }
    }
}

/// exp(−u/2) from the table.
#[inline(always)]
fn kernel(u: f32, knots: &[f32]) -> f32 {
    let place = u.min(LAST) * (N_SPANS as f32 / LAST);
    let span = (place as u32).min(N_SPANS as u32 - 1);
    let from = knots[span as usize];
    from + (place - span as f32) * (knots[span as usize + 1] - from)
}
