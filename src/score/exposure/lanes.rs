//! Sixteen cells side by side, aligned, so that the compiler makes one wide register of them where there is one.
//! They are handed over by value: behind a reference it would take them one by one.

/// Cells side by side.
pub const LANES: usize = 16;

/// Sixteen values.
#[derive(Debug, Clone, Copy)]
#[repr(align(64))]
pub struct Lanes(pub [f32; LANES]);

impl Lanes {
    /// All zero.
    pub const ZERO: Self = Self([0.0; LANES]);

    /// Adds weight · x.
    #[inline(always)]
    pub fn add(&mut self, weight: f32, x: Self) {
        for i in 0..LANES {
            self.0[i] += weight * x.0[i];
        }
    }

    /// Adds weights · x.
    #[inline(always)]
    pub fn add_each(&mut self, weights: Self, x: Self) {
        for i in 0..LANES {
            self.0[i] += weights.0[i] * x.0[i];
        }
    }

    /// Adds weights · (x + y).
    #[inline(always)]
    pub fn add_pair(&mut self, weights: Self, x: Self, y: Self) {
        for i in 0..LANES {
            self.0[i] += weights.0[i] * (x.0[i] + y.0[i]);
        }
    }
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
