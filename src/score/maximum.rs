//! `maximum`: the largest value of a plane of values ≥ 0, by their bits, which order like the values.
//!
//! Unknown cells do not count; a plane without a known cell gives 0. Twin: `shaders/maximum.wgsl`.

use crate::grid::is_unknown;

/// Raises `so_far` to the bits of the largest known value.
#[inline(always)]
pub fn maximum(of: &[f32], so_far: &mut u32) {
    // Plain loops: an adapter's own would be compiled without the wide registers.
    let mut largest = [*so_far; SIDE_BY_SIDE];
    let (groups, rest) = of.as_chunks::<SIDE_BY_SIDE>();
    for group in groups {
        for (largest, &x) in largest.iter_mut().zip(group) {
            *largest = raised(*largest, x);
        }
    }
    for &x in rest {
        largest[0] = raised(largest[0], x);
    }
    for largest in largest {
        *so_far = largest.max(*so_far);
    }
}

/// Cells compared at once.
const SIDE_BY_SIDE: usize = 64;

#[inline(always)]
fn raised(largest: u32, x: f32) -> u32 {
    let bits = if is_unknown(x) { 0 } else { x.to_bits() & 0x7FFF_FFFF };
    if bits > largest { bits } else { largest }
}
