//! `value_table`: `log` and `sigmoid` as straight lines between knots made in `f64`.
//!
//! Looked up with + − · and comparisons only, so that every device gives the same figures (exp and log differ
//! from driver to driver). The worst error against the formula is 4e-6 of the lines plus rounding, less than
//! 1e-5 in all; a test measures it. Beyond `lo` and `hi` the value is that of the end.
//!
//! - `log`: the knots lie at floats whose lower `shift` bits are 0, so that a cell's bits are its place in the
//!   table. Within an octave such knots are evenly spaced; a line over a span of relative width δ strays from
//!   ln(x) by at most δ² / 8, and `shift` is the largest that keeps δ² / (8 · |ln(hi / lo)|) ≤ 4e-6.
//! - `sigmoid`: 2048 even spans over |slope · (x − mid)| ≤ 16, beyond which v is within 2e-7 of 0 or 1. A line
//!   over 1/64 strays by at most 0.0963 / 64² / 8 = 2.9e-6.
//!
//! Twin: `shaders/value_table.wgsl`.

use super::super::fixed::whole;

/// Largest error of a straight line between knots.
const LARGEST_ERROR: f64 = 4e-6;

/// Spans of a sigmoid's table to one unit of slope · (x − mid), and units to either side.
const SPANS_A_UNIT: f64 = 64.0;
const UNITS: f64 = 16.0;

/// No table has more: a sigmoid's has 2049; a log's most spans, 5632, belong to ln(hi / lo) just below 122, where
/// `shift` falls to 18.
pub const MOST_KNOTS: usize = 8192;

/// A value function as lines between knots.
#[derive(Debug, Clone, PartialEq)]
pub struct ValueTable {
    /// Whether a cell's place in the table comes from its bits (`log`) or from its distance to `mid`.
    pub by_bits: bool,
    /// At and below this the value is `below`.
    pub lo: f32,
    /// At and above this the value is `above`.
    pub hi: f32,
    /// v at and below `lo`.
    pub below: f32,
    /// v at and above `hi`.
    pub above: f32,
    /// By bits: those of the first knot.
    pub base: u32,
    /// By bits: so many of the lower bits lie between two knots.
    pub shift: u32,
    /// By distance: the x of the middle knot.
    pub mid: f32,
    /// By distance: spans to one unit of x.
    pub scale: f32,
    /// v at the knots, one more than spans.
    pub knots: Vec<f32>,
}

impl ValueTable {
    /// Of ln(x / lo) / ln(hi / lo), both ends between 1e-30 and 1e30 and different as `f32`.
    pub fn log(lo: f64, hi: f64) -> Self {
        let length = (hi / lo).ln();
        let value = |x: f32| ((f64::from(x) / lo).ln() / length) as f32;
        let (first, last) = (lo.min(hi) as f32, lo.max(hi) as f32);
        let widest = (8.0 * length.abs() * LARGEST_ERROR).sqrt();
        // A float has 23 bits below its octave.
        let shift = (23.0 + widest.log2()).floor().clamp(0.0, 22.0) as u32;
        let base = (first.to_bits() >> shift) << shift;
        let n_spans = ((last.to_bits() - base) >> shift) + 1;
        let knots = (0..=n_spans).map(|k| value(f32::from_bits(base + (k << shift)))).collect();
        let (below, above) = if hi < lo { (1.0, 0.0) } else { (0.0, 1.0) };
        Self { by_bits: true, lo: first, hi: last, below, above, base, shift, mid: 0.0, scale: 0.0, knots }
    }

    /// Of 1 / (1 + exp(−slope · (x − mid))), |slope| between 1e-30 and 1e30.
    pub fn sigmoid(mid: f64, slope: f64) -> Self {
        let n_spans = 2.0 * UNITS * SPANS_A_UNIT;
        let (middle, scale) = (mid as f32, (slope.abs() * SPANS_A_UNIT) as f32);
        let knots: Vec<f32> = (0..=n_spans as u32)
            .map(|k| {
                // Where the rounded middle and scale put the knot, so that their rounding costs nothing.
                let offset = (f64::from(k) - n_spans / 2.0) / f64::from(scale);
                // x − mid, without the digits that adding a far middle would cost.
                let from_mid = (f64::from(middle) - mid) + offset;
                (1.0 / (1.0 + (-slope * from_mid).exp())) as f32
            })
            .collect();
        let reach = (UNITS / slope.abs()) as f32;
        // The middle itself stays inside, however steep.
        let (lo, hi) = ((middle - reach).min(middle.next_down()), (middle + reach).max(middle.next_up()));
        let (below, above) = (knots[0], knots[knots.len() - 1]);
        Self { by_bits: false, lo, hi, below, above, base: 0, shift: 0, mid: middle, scale, knots }
    }

    /// Spans between knots.
    pub fn n_spans(&self) -> u32 {
        self.knots.len() as u32 - 1
    }

    /// The middle knot's number.
    pub fn half(&self) -> f32 {
        self.n_spans() as f32 * 0.5
    }

    /// One span in steps of bits: 2^−shift.
    pub fn bit_scale(&self) -> f32 {
        1.0 / (1u32 << self.shift) as f32
    }

    /// v of one cell.
    pub fn value_of(&self, x: f32) -> f32 {
        let mut v = [0.0];
        self.values_of(&self.padded_knots(), &[x], &mut v);
        v[0]
    }

    /// v of cells; that of an unknown cell means nothing.
    #[inline(always)]
    pub fn values_of(&self, knots: &[f32; MOST_KNOTS], of: &[f32], values: &mut [f32]) {
        if self.by_bits {
            self.interpolate::<true>(knots, of, values);
        } else {
            self.interpolate::<false>(knots, of, values);
        }
    }

    /// The knots in a list whose length the compiler knows, so that it need not ask before it looks.
    pub fn padded_knots(&self) -> [f32; MOST_KNOTS] {
        let mut padded = [0.0; MOST_KNOTS];
        padded[..self.knots.len()].copy_from_slice(&self.knots);
        padded
    }

    /// Without a branch, so that wide registers can do it.
    #[inline(always)]
    fn interpolate<const BY_BITS: bool>(&self, knots: &[f32; MOST_KNOTS], of: &[f32], values: &mut [f32]) {
        let (lo, hi, below, above) = (self.lo, self.hi, self.below, self.above);
        let (last, shift, bit_scale) = (self.n_spans() - 1, self.shift, self.bit_scale());
        let (base, mid, scale, half) = (self.base, self.mid, self.scale, self.half());
        for (v, &x) in values.iter_mut().zip(of) {
            let inside = if x > lo { x } else { lo };
            let inside = if inside < hi { inside } else { hi };
            // In which span it lies, and how far into it.
            let (span, part) = if BY_BITS {
                let place = inside.to_bits() - base;
                let span = (place >> shift).min(last);
                (span, (place - (span << shift)) as i32 as f32 * bit_scale)
            } else {
                let place = ((inside - mid) * scale + half).max(0.0);
                let span = place.min(last as f32).floor();
                (whole(span), place - span)
            };
            let span = span.min(MOST_KNOTS as u32 - 2) as usize;
            let (from, to) = (knots[span], knots[span + 1]);
            let between = (from + part * (to - from)).clamp(0.0, 1.0);
            let from_below = if x <= lo { below } else { between };
            *v = if x >= hi { above } else { from_below };
        }
    }
}
