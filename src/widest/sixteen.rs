//! Sixteen `f32` in named registers, for loops whose speed must not hang on what the compiler makes of them.
//!
//! Loops over arrays become wide registers only where the optimiser finds out; one build of the sums down of exposure
//! became gathers and scatters instead and took fourteen times as long. So the kernels that are bound by arithmetic name
//! their registers: [`Sixteen`] is one of AVX-512, two of AVX2, four of NEON, and an array elsewhere. Each operation
//! rounds by itself, as the plain one does, so all give the same bits.

#[cfg(target_arch = "x86_64")]
use super::has_avx512;

/// Sixteen values.
pub trait Sixteen: Copy {
    /// Whether one register holds them and there are 32: more sums are kept at once then.
    const IS_WIDE: bool;

    /// The same value sixteen times.
    fn all(value: f32) -> Self;

    /// From memory.
    fn of(values: &[f32; 16]) -> Self;

    /// Into memory.
    fn put(self, values: &mut [f32; 16]);

    /// The sum, value by value.
    fn plus(self, other: Self) -> Self;

    /// The product, value by value.
    fn times(self, other: Self) -> Self;
}

/// A loop over cells written for [`Sixteen`], with what it works on.
pub trait SixteenWork {
    /// Does it. Implementations are marked `#[inline(always)]`, as all they call is: what is not compiled into the
    /// caller is compiled without its registers.
    fn run<V: Sixteen>(self);
}

/// Does the work with the widest registers there are.
#[inline(always)]
pub fn by_sixteen(work: impl SixteenWork) {
    #[cfg(target_arch = "x86_64")]
    {
        let has_avx2 = std::arch::is_x86_feature_detected!("avx2");
        if has_avx2 && has_avx512() {
            // SAFETY: the processor has both.
            return unsafe { x86::with_avx512(work) };
        }
        if has_avx2 {
            // SAFETY: the processor has AVX2.
            return unsafe { x86::with_avx2(work) };
        }
    }
    #[cfg(target_arch = "aarch64")]
    work.run::<neon::Neon>();
    #[cfg(not(target_arch = "aarch64"))]
    work.run::<Plain>();
}

/// Where nothing wider is known.
#[cfg(any(test, not(target_arch = "aarch64")))]
#[derive(Clone, Copy)]
struct Plain([f32; 16]);

#[cfg(any(test, not(target_arch = "aarch64")))]
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
}

/// The types stay in this module: only a function compiled for their registers may use them, and [`by_sixteen`] hands
/// them to no other.
#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::*;

    use super::{Sixteen, SixteenWork};

    #[target_feature(enable = "avx512f,avx512vl,avx512bw,avx512dq,avx2")]
    pub fn with_avx512(work: impl SixteenWork) {
        work.run::<Avx512>();
    }

    #[target_feature(enable = "avx2")]
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
    }
}

#[cfg(target_arch = "aarch64")]
mod neon {
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
    }
}

#[cfg(test)]
mod tests {
    use super::{Plain, Sixteen, SixteenWork, by_sixteen};

    /// 0.1 · x + y, each operation rounded by itself.
    struct Scaled<'a> {
        x: &'a [[f32; 16]],
        y: &'a mut [[f32; 16]],
    }

    impl SixteenWork for Scaled<'_> {
        #[inline(always)]
        fn run<V: Sixteen>(self) {
            for (x, y) in self.x.iter().zip(self.y) {
                V::of(y).plus(V::all(0.1).times(V::of(x))).put(y);
            }
        }
    }

    #[test]
    fn named_registers_give_the_bits_of_plain_arithmetic() {
        let x: Vec<[f32; 16]> = (0..64).map(|i| std::array::from_fn(|k| 1.7 * (16 * i + k) as f32)).collect();
        let mut y: Vec<[f32; 16]> = x.iter().map(|x| x.map(|x| 1.0 / (1.0 + x))).collect();
        let mut plain = y.clone();
        let expected: Vec<[f32; 16]> =
            x.iter().zip(&y).map(|(x, y)| std::array::from_fn(|k| y[k] + 0.1 * x[k])).collect();
        #[cfg(target_arch = "x86_64")]
        if std::arch::is_x86_feature_detected!("avx2") {
            let mut y = y.clone();
            // SAFETY: the processor has it.
            unsafe { super::x86::with_avx2(Scaled { x: &x, y: &mut y }) };
            assert_eq!(y, expected);
        }
        by_sixteen(Scaled { x: &x, y: &mut y });
        Scaled { x: &x, y: &mut plain }.run::<Plain>();
        assert_eq!(y, expected);
        assert_eq!(plain, expected);
    }
}
