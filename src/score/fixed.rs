//! Fixed-point sums: a float becomes an integer number of quanta 2^q, and integers add up to the same total in
//! any order, on any number of threads, in any tiling.
//!
//! With every term below 2^(q + 62) a term is cut off at 2^q, so a sum of N terms, which is at least as large
//! as its largest term, is short by less than N · 2^-60 of itself: 6e-8 for a trillion cells.
//! `shaders/curve.wgsl` holds the twin of [`fixed_point`]; both work on bits, so they agree exactly.

/// Quanta of 2^`quantum` in x ≥ 0 (its sign is ignored), rounded down. x must be below 2^(quantum + 62).
#[inline(always)]
pub fn fixed_point(x: f32, quantum: i32) -> u64 {
    let bits = x.to_bits();
    let exponent = (bits >> 23) & 0xFF;
    let fraction = bits & 0x007F_FFFF;
    let mantissa = if exponent > 0 { fraction | 0x0080_0000 } else { fraction };
    // x = mantissa · 2^(max(exponent, 1) − 150)
    let shift = exponent.max(1) as i32 - 150 - quantum;
    // From 38 places up downward, so that one shift does for all: no branch, and wide registers can do it.
    let down = (38 - shift).clamp(0, 63);
    (u64::from(mantissa) << 38) >> down
}

/// The quantum for terms that do not exceed `bound`, with a factor of 2 to spare.
pub fn quantum_for(bound: f64) -> i32 {
    let exponent = ((bound.to_bits() >> 52) & 0x7FF) as i32 - 1023;
    exponent.clamp(-140, 130) + 2 - 62
}

/// A whole number of 0 … 2^22 as an integer. A cast would ask for numbers beyond an integer's range too, and keep wide
/// registers from being used.
#[inline(always)]
pub fn whole(x: f32) -> u32 {
    // Of 2^23 and a smaller whole number the low bits are that number.
    (x + 8_388_608.0).to_bits() & 0x007F_FFFF
}

/// A sum of quanta as a number.
pub fn from_quanta(sum: u128, quantum: i32) -> f64 {
    sum as f64 * 2f64.powi(quantum)
}
