//! Sixteen cells side by side, aligned as the widest registers are.

/// Cells side by side.
pub const LANES: usize = 16;

/// Sixteen values.
#[derive(Debug, Clone, Copy)]
#[repr(align(64))]
pub struct Lanes(pub [f32; LANES]);

impl Lanes {
    /// All zero.
    pub const ZERO: Self = Self([0.0; LANES]);
}

/// Sixteen rows and columns, turned over their diagonal.
#[inline(always)]
pub fn transposed(from: &[Lanes; LANES]) -> [Lanes; LANES] {
    let mut to = [Lanes::ZERO; LANES];
    for (i, row) in from.iter().enumerate() {
        for (to, x) in to.iter_mut().zip(row.0) {
            to.0[i] = x;
        }
    }
    to
}
