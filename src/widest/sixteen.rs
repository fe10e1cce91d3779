//! Sixteen `f32` in named registers, for loops whose speed must not hang on what the compiler makes of them.
//!
//! Loops over arrays become wide registers only where the optimiser finds out; one build of the sums down of exposure
//! became gathers and scatters instead and took fourteen times as long. So the kernels that are bound by arithmetic name
//! their registers: [`Sixteen`] is one of AVX-512, two of AVX2, four of NEON, and an array elsewhere. All round alike,
//! so all give the same bits: a product added to a sum is rounded once everywhere, in one operation where the
//! processor has it, and step by step in double precision where it does not.

#[cfg(target_arch = "aarch64")]
mod neon;
#[cfg(any(test, not(target_arch = "aarch64")))]
mod plain;
#[cfg(target_arch = "x86_64")]
mod x86;

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

    /// The product and something more, rounded once, value by value.
    fn times_plus(self, factor: Self, more: Self) -> Self;

    /// Of two rows of a square that lie `M` apart, in steps of `M` values (1, 2, 4 or 8), the first's even steps with
    /// the other's even steps between them, and their odd steps alike: what lies off the diagonal changes sides.
    fn exchanged<const M: usize>(self, other: Self) -> (Self, Self);
}

/// Sixteen rows and columns, turned over their diagonal.
#[inline(always)]
pub fn transposed<V: Sixteen>(mut rows: [V; 16]) -> [V; 16] {
    exchange::<V, 8>(&mut rows);
    exchange::<V, 4>(&mut rows);
    exchange::<V, 2>(&mut rows);
    exchange::<V, 1>(&mut rows);
    rows
}

#[inline(always)]
fn exchange<V: Sixteen, const M: usize>(rows: &mut [V; 16]) {
    for i in 0..16 {
        if i & M == 0 {
            (rows[i], rows[i + M]) = rows[i].exchanged::<M>(rows[i + M]);
        }
    }
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
        if has_fused_avx2() && has_avx512() {
            // SAFETY: the processor has both.
            return unsafe { x86::with_avx512(work) };
        }
        if has_fused_avx2() {
            // SAFETY: the processor has both.
            return unsafe { x86::with_avx2(work) };
        }
    }
    #[cfg(target_arch = "aarch64")]
    work.run::<neon::Neon>();
    #[cfg(not(target_arch = "aarch64"))]
    work.run::<plain::Plain>();
}

/// Whether [`Sixteen::times_plus`] is one operation of the processor.
pub fn can_fuse() -> bool {
    #[cfg(target_arch = "x86_64")]
    return has_fused_avx2();
    #[cfg(not(target_arch = "x86_64"))]
    return cfg!(target_arch = "aarch64");
}

/// Whether there is AVX2 with products and sums rounded once, as every processor but one made for it has.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn has_fused_avx2() -> bool {
    std::arch::is_x86_feature_detected!("avx2") && std::arch::is_x86_feature_detected!("fma")
}

#[cfg(test)]
mod tests {
    use super::plain::{Plain, fused};
    use super::{Sixteen, SixteenWork, by_sixteen, transposed};

    /// 0.1 · x + y, the product rounded and not, and their sum.
    struct Scaled<'a> {
        x: &'a [[f32; 16]],
        y: &'a mut [[f32; 16]],
    }

    impl SixteenWork for Scaled<'_> {
        #[inline(always)]
        fn run<V: Sixteen>(self) {
            for (x, y) in self.x.iter().zip(self.y) {
                let (tenth, x) = (V::all(0.1), V::of(x));
                x.times(tenth).plus(x.times_plus(tenth, V::of(y))).put(y);
            }
        }
    }

    #[test]
    fn named_registers_give_the_bits_of_plain_arithmetic() {
        let x: Vec<[f32; 16]> = (0..64).map(|i| std::array::from_fn(|k| 1.7 * (16 * i + k) as f32)).collect();
        let mut y: Vec<[f32; 16]> = x.iter().map(|x| x.map(|x| 1.0 / (1.0 + x))).collect();
        let mut plain = y.clone();
        let expected: Vec<[f32; 16]> = x
            .iter()
            .zip(&y)
            .map(|(x, y)| std::array::from_fn(|k| 0.1 * x[k] + x[k].mul_add(0.1, y[k])))
            .collect();
        #[cfg(target_arch = "x86_64")]
        if super::has_fused_avx2() {
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

    #[test]
    fn products_and_sums_are_rounded_once_without_the_operation_for_it() {
        // Bits at random, then numbers near each other, whose sums lie between two of single precision.
        let mut state = 0x9E37_79B9_7F4A_7C15u64;
        let mut next = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 32) as u32
        };
        for round in 0..400_000 {
            let any = [next(), next(), next()].map(f32::from_bits);
            let near = [next(), next(), next()].map(|bits| f32::from_bits(0x3F80_0000 | bits >> 9));
            // A number, and a product far below it.
            let scale = f32::powi(0.5, 20 + (round % 30));
            let [a, b, c] = if round % 2 == 0 { any } else { [near[0], near[1] * scale, -near[2]] };
            if ![a, b, c].into_iter().all(f32::is_finite) {
                continue;
            }
            assert_eq!(fused(a, b, c).to_bits(), a.mul_add(b, c).to_bits(), "{a:e} {b:e} {c:e}");
        }
        // 1 + 2⁻²³ + 2⁻²⁴ - 2⁻⁵⁴: half-way between two numbers once it is rounded to double precision.
        let (a, b) = (
            f32::powi(2.0, -12) * (1.0 + f32::powi(2.0, -15)),
            f32::powi(2.0, -12) * (1.0 - f32::powi(2.0, -15)),
        );
        let c = 1.0 + f32::EPSILON;
        assert_eq!(fused(a, b, c), c);
        assert_ne!((f64::from(a) * f64::from(b) + f64::from(c)) as f32, c);
    }

    /// A square turned over.
    struct Turned<'a> {
        square: &'a mut [[f32; 16]; 16],
    }

    impl SixteenWork for Turned<'_> {
        #[inline(always)]
        fn run<V: Sixteen>(self) {
            let rows = transposed(std::array::from_fn(|i| V::of(&self.square[i])));
            rows.into_iter().zip(self.square).for_each(|(row, to)| row.put(to));
        }
    }

    #[test]
    fn squares_are_turned_over_their_diagonal() {
        let square: [[f32; 16]; 16] = std::array::from_fn(|i| std::array::from_fn(|k| (16 * i + k) as f32));
        let expected: [[f32; 16]; 16] = std::array::from_fn(|i| std::array::from_fn(|k| square[k][i]));
        #[cfg(target_arch = "x86_64")]
        if super::has_fused_avx2() {
            let mut turned = square;
            // SAFETY: the processor has it.
            unsafe { super::x86::with_avx2(Turned { square: &mut turned }) };
            assert_eq!(turned, expected);
        }
        let (mut turned, mut plain) = (square, square);
        by_sixteen(Turned { square: &mut turned });
        Turned { square: &mut plain }.run::<Plain>();
        assert_eq!(turned, expected);
        assert_eq!(plain, expected);
    }
}
