//! NEON.

use std::arch::aarch64::*;

use super::Sixteen;

#[derive(Clone, Copy)]
pub struct Neon([float32x4_t; 4]);

// SAFETY of all below: every 64-bit ARM processor has NEON; memory read and written is that of the array behind
// the reference.
impl Sixteen for Neon {
    const IS_WIDE: bool = false;

    #[inline(always)]
    fn all(value: f32) -> Self {
        Self([unsafe { vdupq_n_f32(value) }; 4])
    }

    #[inline(always)]
    fn of(values: &[f32; 16]) -> Self {
        let quarter = |i: usize| unsafe { vld1q_f32(values[4 * i..4 * i + 4].as_ptr()) };
        Self([quarter(0), quarter(1), quarter(2), quarter(3)])
    }

    #[inline(always)]
    fn put(self, values: &mut [f32; 16]) {
        for (quarter, of) in values.chunks_exact_mut(4).zip(self.0) {
            unsafe { vst1q_f32(quarter.as_mut_ptr(), of) };
        }
    }

    #[inline(always)]
    fn plus(self, other: Self) -> Self {
        let sum = |i: usize| unsafe { vaddq_f32(self.0[i], other.0[i]) };
        Self([sum(0), sum(1), sum(2), sum(3)])
    }

    #[inline(always)]
    fn times(self, other: Self) -> Self {
        let product = |i: usize| unsafe { vmulq_f32(self.0[i], other.0[i]) };
        Self([product(0), product(1), product(2), product(3)])
    }

    #[inline(always)]
    fn times_plus(self, factor: Self, more: Self) -> Self {
        let sum = |i: usize| unsafe { vfmaq_f32(more.0[i], self.0[i], factor.0[i]) };
        Self([sum(0), sum(1), sum(2), sum(3)])
    }

    #[inline(always)]
    fn exchanged<const M: usize>(self, other: Self) -> (Self, Self) {
        let (a, b) = (self.0, other.0);
        let within = |i: usize| unsafe {
            if M == 2 {
                let (a, b) = (vreinterpretq_f64_f32(a[i]), vreinterpretq_f64_f32(b[i]));
                (vreinterpretq_f32_f64(vtrn1q_f64(a, b)), vreinterpretq_f32_f64(vtrn2q_f64(a, b)))
            } else {
                (vtrn1q_f32(a[i], b[i]), vtrn2q_f32(a[i], b[i]))
            }
        };
        match M {
            8 => (Self([a[0], a[1], b[0], b[1]]), Self([a[2], a[3], b[2], b[3]])),
            4 => (Self([a[0], b[0], a[2], b[2]]), Self([a[1], b[1], a[3], b[3]])),
            _ => {
                let [(a0, b0), (a1, b1), (a2, b2), (a3, b3)] = [within(0), within(1), within(2), within(3)];
                (Self([a0, a1, a2, a3]), Self([b0, b1, b2, b3]))
            }
        }
    }
}
