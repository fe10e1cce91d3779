//! Statistics of the cells written, tile by tile, so that their order of arrival does not change them.

use crate::grid::is_unknown;

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
    /// Those of a tile.
    pub(super) fn of(cells: &[f32]) -> Self {
        let known = || cells.iter().copied().filter(|&cell| !is_unknown(cell));
        let (mut n, mut sum, mut range) = (0u64, 0.0, (f32::MAX, f32::MIN));
        for cell in known() {
            n += 1;
            sum += f64::from(cell);
            range = (range.0.min(cell), range.1.max(cell));
        }
        if n == 0 {
            return Self::default();
        }
        let mean = sum / n as f64;
        let squares = known().map(|cell| (f64::from(cell) - mean).powi(2)).sum();
        Self { n, range: Some(range), mean, squares }
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

    /// Standard deviation.
    pub(super) fn deviation(&self) -> f64 {
        if self.n == 0 { 0.0 } else { (self.squares / self.n as f64).sqrt() }
    }
}
