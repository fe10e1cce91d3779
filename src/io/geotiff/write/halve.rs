//! One overview step: two by two cells of a tile become one.

use super::{OverviewKind, TILE};
use crate::grid::{UNKNOWN, is_unknown};

/// Side of a halved tile.
pub(super) const HALF: usize = TILE / 2;

/// The cells of a tile halved, [`HALF`] × [`HALF`]. Unknown cells do not count; where all four are unknown the
/// result is.
pub(super) fn halved(tile: &[f32], kind: OverviewKind) -> Vec<f32> {
    let one = match kind {
        OverviewKind::Average => average,
        OverviewKind::Mode => mode,
    };
    let mut out = Vec::with_capacity(HALF * HALF);
    for rows in tile.chunks_exact(2 * TILE) {
        let (upper, lower) = rows.split_at(TILE);
        let pairs = upper.as_chunks::<2>().0.iter().zip(lower.as_chunks::<2>().0);
        out.extend(pairs.map(|(a, b)| one([a[0], a[1], b[0], b[1]])));
    }
    out
}

fn average(cells: [f32; 4]) -> f32 {
    let (mut sum, mut n) = (0.0, 0.0);
    for cell in cells {
        if !is_unknown(cell) {
            sum += f64::from(cell);
            n += 1.0;
        }
    }
    if n == 0.0 { UNKNOWN } else { (sum / n) as f32 }
}

fn mode(cells: [f32; 4]) -> f32 {
    let mut best = (0, UNKNOWN);
    for cell in cells {
        let n = cells.iter().filter(|other| other.to_bits() == cell.to_bits()).count();
        if !is_unknown(cell) && n > best.0 {
            best = (n, cell);
        }
    }
    best.1
}
