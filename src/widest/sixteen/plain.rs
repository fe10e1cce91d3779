//! An array, where nothing wider is known.

use super::Sixteen;

/// Where nothing wider is known.
#[derive(Clone, Copy)]
pub struct Plain([f32; 16]);

impl Sixteen for Plain {
    const IS_WIDE: bool = false;

    #[inline(always)]
    fn all(value: f32) -> Self {
        Self([value; 16])
    }

    #[inline(always)]
    fn of(values: &[f32; 16]) -> Self {
        Self(*values)
    }

    #[inline(always)]
    fn put(self, values: &mut [f32; 16]) {
        *values = self.0;
    }

    #[inline(always)]
    fn plus(mut self, other: Self) -> Self {
        self.0.iter_mut().zip(other.0).for_each(|(a, b)| *a += b);
        self
    }

    #[inline(always)]
    fn times(mut self, other: Self) -> Self {
        self.0.iter_mut().zip(other.0).for_each(|(a, b)| *a *= b);
        self
    }

    #[inline(always)]
    fn times_plus(mut self, factor: Self, more: Self) -> Self {
        self.0.iter_mut().zip(factor.0).zip(more.0).for_each(|((a, b), c)| *a = fused(*a, b, c));
        self
    }

    #[inline(always)]
    fn exchanged<const M: usize>(mut self, mut other: Self) -> (Self, Self) {
        for i in (0..16).filter(|i| i & M == 0) {
            std::mem::swap(&mut self.0[i + M], &mut other.0[i]);
        }
        (self, other)
    }
}

/// a · b + c of finite numbers, rounded once, where the processor cannot.
///
/// In double precision the product is exact, and the sum, where it is not, is rounded to the neighbour whose last bit
/// is 1: then rounding it to single precision gives what rounding once does (Boldo and Melquiond, "Emulation of a FMA
/// and correctly rounded sums", IEEE Transactions on Computers 57, 2008). The library's own takes the detour over the
/// modes of the processor, one number at a time.
#[inline(always)]
pub fn fused(a: f32, b: f32, c: f32) -> f32 {
    let (product, c) = (f64::from(a) * f64::from(b), f64::from(c));
    let sum = product + c;
    // What the sum lacks (Knuth's two-sum).
    let added = sum - product;
    let rest = (product - (sum - added)) + (c - added);
    let (sum, rest) = (sum.to_bits(), rest.to_bits());
    // In whole numbers, without a comparison: so the loop around it becomes wide even where those are few.
    let magnitude = rest << 1;
    let is_inexact = (magnitude | magnitude.wrapping_neg()) >> 63;
    let is_even = !sum & 1;
    let is_inward = (rest ^ sum) >> 63;
    let moves = is_inexact & is_even;
    f64::from_bits(sum.wrapping_add(moves).wrapping_sub(2 * (moves & is_inward))) as f32
}
