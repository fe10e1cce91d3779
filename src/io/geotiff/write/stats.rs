//! Statistics of the cells written, row by row of each tile, so that their order of arrival does not change them.

use crate::grid::{groups, is_unknown};

/// Parts of a sum.
const LANES: usize = 8;

/// Statistics of known cells.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Stats {
    pub(super) n: u64,
    pub(super) range: Option<(f32, f32)>,
    pub(super) mean: f64,
    /// Sum of squared differences from the mean.
    squares: f64,
}

impl Stats {
    /// Those of a row of cells. Each sum is kept in [`LANES`] parts, so that several cells are added at once.
    #[inline(always)]
    pub(super) fn of(cells: &[f32]) -> Self {
        let (whole, last) = groups::<LANES>(cells);
        let mut sums =
            Sums { n: [0; LANES], least: [f32::MAX; LANES], most: [f32::MIN; LANES], sum: [0.0; LANES] };
        for cells in whole {
            sums.add(cells);
        }
        sums.add(&last);
        let n = u64::from(sums.n.iter().sum::<u32>());
        if n == 0 {
            return Self::default();
        }
        let mean = sums.sum.iter().sum::<f64>() / n as f64;
        let mut squares = [0.0; LANES];
        for cells in whole {
            add_squares(&mut squares, cells, mean);
        }
        add_squares(&mut squares, &last, mean);
        let least = sums.least.into_iter().fold(f32::MAX, f32::min);
        let most = sums.most.into_iter().fold(f32::MIN, f32::max);
        Self { n, range: Some((least, most)), mean, squares: squares.iter().sum() }
    }

    /// Those of both together (Chan, Golub & LeVeque 1979).
    pub(super) fn with(self, other: &Self) -> Self {
        let (Some(a), Some(b)) = (self.range, other.range) else {
            return if self.range.is_some() { self } else { *other };
        };
        let n = self.n + other.n;
        let (share, step) = (other.n as f64 / n as f64, other.mean - self.mean);
        Self {
            n,
            range: Some((a.0.min(b.0), a.1.max(b.1))),
            mean: self.mean + step * share,
            squares: self.squares + other.squares + step * step * self.n as f64 * share,
        }
    }

    /// Words that hold them exactly.
    pub(super) const N_WORDS: usize = 5;

    /// As words.
    pub(super) fn to_words(self) -> [u64; Self::N_WORDS] {
        let range = self.range.unwrap_or_default();
        let bits = |x: f32| u64::from(x.to_bits());
        [self.n, bits(range.0), bits(range.1), self.mean.to_bits(), self.squares.to_bits()]
    }

    /// From [`Stats::to_words`].
    pub(super) fn of_words([n, least, most, mean, squares]: [u64; Self::N_WORDS]) -> Self {
        let float = |bits: u64| f32::from_bits(bits as u32);
        let range = (n > 0).then(|| (float(least), float(most)));
        Self { n, range, mean: f64::from_bits(mean), squares: f64::from_bits(squares) }
    }

    /// Standard deviation.
    pub(super) fn deviation(&self) -> f64 {
        if self.n == 0 { 0.0 } else { (self.squares / self.n as f64).sqrt() }
    }
}

/// Sums of a row in parts.
struct Sums {
    n: [u32; LANES],
    least: [f32; LANES],
    most: [f32; LANES],
    sum: [f64; LANES],
}

impl Sums {
    #[inline(always)]
    fn add(&mut self, cells: &[f32; LANES]) {
        for (lane, &cell) in cells.iter().enumerate() {
            let is_known = !is_unknown(cell);
            self.n[lane] += u32::from(is_known);
            self.sum[lane] += f64::from(if is_known { cell } else { 0.0 });
            // Unknown is the lowest number there is: it never is the greatest of any.
            self.most[lane] = if cell > self.most[lane] { cell } else { self.most[lane] };
            let known = if is_known { cell } else { f32::MAX };
            self.least[lane] = if known < self.least[lane] { known } else { self.least[lane] };
        }
    }
}

#[inline(always)]
fn add_squares(squares: &mut [f64; LANES], cells: &[f32; LANES], mean: f64) {
    for (square, &cell) in squares.iter_mut().zip(cells) {
        let step = f64::from(cell) - mean;
        *square += if is_unknown(cell) { 0.0 } else { step * step };
    }
}
