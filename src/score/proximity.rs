//! `proximity`: distance (m) from the cell's centre to the nearest feature of a vector layer, 0 inside a polygon.
//!
//! Every cell of a block takes the least squared distance to the pieces that can be nearest to any of its cells
//! (`blocks.rs`), then its root; in a geographic CRS that chord through the ellipsoid becomes the arc:
//! d·(1 + k/24 + 3k²/640) with k = (d/R)². Error: 1e-6 of the distance and of the block's diagonal from
//! single precision; in a geographic CRS also 0.1 % at 5,000 km and at most 0.3 m from edges between two points.
//! Known everywhere. Twin: `shaders/proximity.wgsl`. Of a raster layer: `raster.rs`.

pub mod along;
pub mod ellipsoid;
pub mod raster;

use super::blocks::{Blocks, Lanes, LocalPiece, SIDE};
use crate::widest::{widest, work};

/// The squared distance where no piece is listed: none is farther than twice the earth's circumference.
const FARTHEST2: f32 = 6.4e15;

/// Distances for the window the blocks were made for, `n_cols` wide.
pub fn proximity(blocks: &Blocks, n_cols: usize, out: &mut [f32]) {
    let inverse_radius2 = blocks.inverse_radius2;
    blocks.fill(n_cols, out, |block, row, out| {
        let lanes = Lanes::new(&blocks.axes, block[3], row);
        let mut least2 = [FARTHEST2; SIDE];
        let mut inside = 0;
        for group in blocks.groups_of(block) {
            inside |= blocks.inside(group, row);
            widest(Least { lanes: &lanes, pieces: blocks.pieces_of(group), least2: &mut least2 });
        }
        for (i, (out, &least2)) in out.iter_mut().zip(&least2).enumerate() {
            let is_inside = (inside >> i) & 1 == 1;
            *out = if is_inside { 0.0 } else { arc(least2, inverse_radius2) };
        }
    });
}

/// The arc (m) over a chord given squared.
fn arc(chord2: f32, inverse_radius2: f32) -> f32 {
    let k = chord2 * inverse_radius2;
    chord2.sqrt() * (1.0 + k * (1.0 / 24.0 + k * (3.0 / 640.0)))
}

work!(Least = least(lanes: &'a Lanes, pieces: &'a [LocalPiece], least2: &'a mut [f32; SIDE]));

#[inline(always)]
fn least(lanes: &Lanes, pieces: &[LocalPiece], least2: &mut [f32; SIDE]) {
    for piece in pieces {
        let distances2 = lanes.distances2(piece);
        for i in 0..SIDE {
            least2[i] = least2[i].min(distances2[i]);
        }
    }
}
