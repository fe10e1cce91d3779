//! Seeded chance: SplitMix64 (Steele, Lea & Flood 2014), a few instructions a draw, the same on every machine.

/// A stream of numbers.
#[derive(Debug, Clone)]
pub(crate) struct Chance(u64);

impl Chance {
    /// The stream of a seed, a worker and a round: streams of different triples are unrelated.
    pub(crate) fn new(seed: u64, worker: u64, round: u64) -> Self {
        let mut chance = Self(seed);
        chance.0 = chance.bits() ^ worker.wrapping_mul(0xA076_1D64_78BD_642F);
        chance.0 = chance.bits() ^ round.wrapping_mul(0xE703_7ED1_A0B4_28DB);
        chance.bits();
        chance
    }

    #[inline]
    pub(crate) fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// In [0, 1).
    #[inline]
    pub(crate) fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// In 0..n; 0 for n = 0.
    #[inline]
    pub(crate) fn below(&mut self, n: usize) -> usize {
        ((u128::from(self.bits()) * n as u128) >> 64) as usize
    }

    /// Any order.
    pub(crate) fn shuffle<T>(&mut self, items: &mut [T]) {
        for i in (1..items.len()).rev() {
            items.swap(i, self.below(i + 1));
        }
    }
}
