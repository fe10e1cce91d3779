//! AVX-512 and AVX2.
//!
//! The types stay in this module: only a function compiled for their registers may use them, and
//! [`by_sixteen`](super::by_sixteen) hands them to no other.

use std::arch::x86_64::*;

use super::{Sixteen, SixteenWork};

#[target_feature(enable = "avx512f,avx512vl,avx512bw,avx512dq,avx2")]
pub fn with_avx512(work: impl SixteenWork) {
    work.run::<Avx512>();
}

#[target_feature(enable = "avx2,fma")]
pub fn with_avx2(work: impl SixteenWork) {
    work.run::<Avx2>();
}

#[derive(Clone, Copy)]
struct Avx512(__m512);

// SAFETY of all below: `with_avx512` alone makes and uses the type, behind the check that the processor has AVX-512;
// memory read and written is that of the array behind the reference.
impl Sixteen for Avx512 {
    const IS_WIDE: bool = true;

    #[inline(always)]
    fn all(value: f32) -> Self {
        Self(unsafe { _mm512_set1_ps(value) })
    }

    #[inline(always)]
    fn of(values: &[f32; 16]) -> Self {
        Self(unsafe { _mm512_loadu_ps(values.as_ptr()) })
    }

    #[inline(always)]
    fn put(self, values: &mut [f32; 16]) {
        unsafe { _mm512_storeu_ps(values.as_mut_ptr(), self.0) }
    }

    #[inline(always)]
    fn plus(self, other: Self) -> Self {
        Self(unsafe { _mm512_add_ps(self.0, other.0) })
    }

    #[inline(always)]
    fn times(self, other: Self) -> Self {
        Self(unsafe { _mm512_mul_ps(self.0, other.0) })
    }

    #[inline(always)]
    fn times_plus(self, factor: Self, more: Self) -> Self {
        Self(unsafe { _mm512_fmadd_ps(self.0, factor.0, more.0) })
    }

    #[inline(always)]
    fn exchanged<const M: usize>(self, other: Self) -> (Self, Self) {
        let (a, b) = (self.0, other.0);
        let (a, b) = unsafe {
            match M {
                8 => (_mm512_shuffle_f32x4::<0x44>(a, b), _mm512_shuffle_f32x4::<0xEE>(a, b)),
                4 => (
                    _mm512_mask_shuffle_f32x4::<0xA0>(a, 0xF0F0, b, b),
                    _mm512_mask_shuffle_f32x4::<0xF5>(b, 0x0F0F, a, a),
                ),
                2 => (_mm512_shuffle_ps::<0x44>(a, b), _mm512_shuffle_ps::<0xEE>(a, b)),
                _ => (_mm512_mask_moveldup_ps(a, 0xAAAA, b), _mm512_mask_movehdup_ps(b, 0x5555, a)),
            }
        };
        (Self(a), Self(b))
    }
}

#[derive(Clone, Copy)]
struct Avx2(__m256, __m256);

// SAFETY of all below: as above, with `with_avx2`.
impl Sixteen for Avx2 {
    const IS_WIDE: bool = false;

    #[inline(always)]
    fn all(value: f32) -> Self {
        let all = unsafe { _mm256_set1_ps(value) };
        Self(all, all)
    }

    #[inline(always)]
    fn of(values: &[f32; 16]) -> Self {
        let (low, high) = values.split_at(8);
        unsafe { Self(_mm256_loadu_ps(low.as_ptr()), _mm256_loadu_ps(high.as_ptr())) }
    }

    #[inline(always)]
    fn put(self, values: &mut [f32; 16]) {
        let (low, high) = values.split_at_mut(8);
        unsafe {
            _mm256_storeu_ps(low.as_mut_ptr(), self.0);
            _mm256_storeu_ps(high.as_mut_ptr(), self.1);
        }
    }

    #[inline(always)]
    fn plus(self, other: Self) -> Self {
        unsafe { Self(_mm256_add_ps(self.0, other.0), _mm256_add_ps(self.1, other.1)) }
    }

    #[inline(always)]
    fn times(self, other: Self) -> Self {
        unsafe { Self(_mm256_mul_ps(self.0, other.0), _mm256_mul_ps(self.1, other.1)) }
    }

    #[inline(always)]
    fn times_plus(self, factor: Self, more: Self) -> Self {
        let (low, high) =
            unsafe { (_mm256_fmadd_ps(self.0, factor.0, more.0), _mm256_fmadd_ps(self.1, factor.1, more.1)) };
        Self(low, high)
    }

    #[inline(always)]
    fn exchanged<const M: usize>(self, other: Self) -> (Self, Self) {
        if M == 8 {
            return (Self(self.0, other.0), Self(self.1, other.1));
        }
        let half = |a, b| unsafe {
            match M {
                4 => (_mm256_permute2f128_ps::<0x20>(a, b), _mm256_permute2f128_ps::<0x31>(a, b)),
                2 => (_mm256_shuffle_ps::<0x44>(a, b), _mm256_shuffle_ps::<0xEE>(a, b)),
                _ => (
                    _mm256_blend_ps::<0xAA>(a, _mm256_moveldup_ps(b)),
                    _mm256_blend_ps::<0x55>(b, _mm256_movehdup_ps(a)),
                ),
            }
        };
        let (low, high) = (half(self.0, other.0), half(self.1, other.1));
        (Self(low.0, high.0), Self(low.1, high.1))
    }
}
