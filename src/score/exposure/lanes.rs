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
