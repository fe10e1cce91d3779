//! `count`: features of a vector layer within a radius of the cell's centre, each counted once.
//!
//! A feature counts when its nearest part lies within the radius (m), and where the cell lies inside its polygon.
//! Blocks list the features that reach some of their cells and not surely all (`blocks.rs`); those that reach all are
//! a number. Squared chords are compared, so that a distance at the radius to 1e-6 may fall on either side where
//! coordinates are not exact in single precision. Known everywhere. Twin: `shaders/count.wgsl`.

use super::blocks::{Blocks, Lanes, LocalPiece, SIDE};
use crate::widest::{widest, work};

/// Features within √`radius2` (m², of the chord) for the window the blocks were made for, `n_cols` wide.
pub fn count(blocks: &Blocks, radius2: f32, n_cols: usize, out: &mut [f32]) {
    blocks.fill(n_cols, out, |block, row, out| {
        let lanes = Lanes::new(&blocks.axes, block[3], row);
        let mut counts = [block[2]; SIDE];
        for group in blocks.groups_of(block) {
            let inside = blocks.inside(group, row);
            let mut is_near = [0; SIDE];
            for (i, is_near) in is_near.iter_mut().enumerate() {
                *is_near = (inside >> i) & 1;
            }
            widest(Near { lanes: &lanes, pieces: blocks.pieces_of(group), radius2, is_near: &mut is_near });
            for i in 0..SIDE {
                counts[i] += is_near[i];
            }
        }
        *out = counts.map(|n| n as f32);
    });
}

work!(Near = near(
    lanes: &'a Lanes,
    pieces: &'a [LocalPiece],
    radius2: f32,
    is_near: &'a mut [u32; SIDE],
));

#[inline(always)]
fn near(lanes: &Lanes, pieces: &[LocalPiece], radius2: f32, is_near: &mut [u32; SIDE]) {
    for piece in pieces {
        let distances2 = lanes.distances2(piece);
        for i in 0..SIDE {
            is_near[i] |= u32::from(distances2[i] <= radius2);
        }
    }
}
