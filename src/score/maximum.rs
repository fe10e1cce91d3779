//! `maximum`: the largest value of a plane of values ≥ 0, by their bits, which order like the values.
//!
//! Unknown cells do not count; a plane without a known cell gives 0. Twin: `shaders/maximum.wgsl`.

use crate::grid::is_unknown;

/// Raises `so_far` to the bits of the largest known value.
#[inline(always)]
pub fn maximum(of: &[f32], so_far: &mut u32) {
    let bits = of.iter().map(|&x| if is_unknown(x) { 0 } else { x.to_bits() & 0x7FFF_FFFF });
    *so_far = bits.fold(*so_far, u32::max);
}
