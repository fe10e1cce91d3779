//! One overview step: two by two cells of a tile become one.

use super::{OverviewKind, TILE};
use crate::grid::{UNKNOWN, is_unknown};

/// Side of a halved tile.
pub(super) const HALF: usize = TILE / 2;

/// Rows of a tile, an even number of them, halved into `out`, [`HALF`] a row. Unknown cells do not count; where all four
/// are unknown the result is.
#[inline(always)]
pub(super) fn halve(rows: &[f32], kind: OverviewKind, out: &mut [f32]) {
    for (out, rows) in out.chunks_exact_mut(HALF).zip(rows.chunks_exact(2 * TILE)) {
        let (upper, lower) = rows.split_at(TILE);
        let pairs = upper.as_chunks::<2>().0.iter().zip(lower.as_chunks::<2>().0);
        match kind {
            OverviewKind::Average => {
                for (out, (a, b)) in out.iter_mut().zip(pairs) {
                    *out = average([a[0], a[1], b[0], b[1]]);
                }
            }
            OverviewKind::Mode => {
                for (out, (a, b)) in out.iter_mut().zip(pairs) {
                    *out = mode([a[0], a[1], b[0], b[1]]);
                }
            }
        }
    }
}

#[inline(always)]
fn average(cells: [f32; 4]) -> f32 {
    let (mut sum, mut n) = (0.0, 0u32);
    for cell in cells {
        let is_known = !is_unknown(cell);
        sum += f64::from(if is_known { cell } else { 0.0 });
        n += u32::from(is_known);
    }
    // 0 / 0 is nobody's value: it is not taken.
    let mean = (sum / f64::from(n)) as f32;
    if n == 0 { UNKNOWN } else { mean }
}

#[inline(always)]
fn mode(cells: [f32; 4]) -> f32 {
    let bits = cells.map(f32::to_bits);
    if bits == [bits[0]; 4] {
        return cells[0];
    }
    let mut best = (0, UNKNOWN);
    for cell in cells {
        let n = bits.iter().filter(|other| **other == cell.to_bits()).count();
        if !is_unknown(cell) && n > best.0 {
            best = (n, cell);
        }
    }
    best.1
}
