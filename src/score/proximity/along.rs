//! `proximity_along`: along the rows, from the rows to the nearest feature of each column to distances (m).
//!
//! The second half of `proximity` to cells (`raster.rs`): the least over a row's columns of (Δcol)² + q·g², q = (height /
//! width)² of a cell, g the rows to the column's nearest feature, and the root of it. Natively by the lower envelope
//! of these parabolas (Felzenszwalb & Huttenlocher 2012) in `f64`, whole numbers and exact where cells are square.
//! On a GPU each cell looks outward from its own column in `f32` and passes over blocks of columns that are too
//! far: within 1e-6 of the distance. Twin: `shaders/proximity_along.wgsl`.

use rayon::prelude::*;

use crate::widest::{widest, work};

/// In place of rows: no feature in this column.
pub const NONE: f32 = -1.0;

/// Columns on either side that a parabola is held against before the envelope is built.
const REACH: usize = 8;

/// Distances of rows of `n_cols` cells, `width_m` wide, with q = `ratio`. Every row holds a number of rows (≥ 0)
/// somewhere, others are [`NONE`].
pub fn proximity_along(rows: &[f32], n_cols: usize, ratio: f64, width_m: f64, out: &mut [f32]) {
    let lines = rows.par_chunks_exact(n_cols).zip(out.par_chunks_exact_mut(n_cols));
    lines.for_each_init(Envelope::default, |envelope, (rows, out)| {
        envelope.choose(rows, ratio);
        envelope.build(rows, ratio);
        widest(Draw { parabolas: &envelope.parabolas, width_m, out });
    });
}

/// The parabolas of one row that are lowest somewhere, left to right: value at column j is h − 2·j·x + j².
#[derive(Default)]
struct Envelope {
    /// (x, h).
    parabolas: Vec<(f64, f64)>,
    /// Columns whose parabola may be lowest somewhere.
    chosen: Vec<u32>,
    /// The row with room for `REACH` columns on either side, and the least of 2, 4 and 8 columns from each on.
    least: [Vec<f32>; 4],
}

impl Envelope {
    /// Chooses columns. One that is lowest at least `REACH` columns to the left is less than all `REACH` columns on
    /// its left, which lie nearer there; to the right alike. One that is lowest nearer than that exceeds no g of
    /// those by more than q·g² ≤ q·g'² + (REACH + REACH)·REACH + REACH², whatever the place.
    fn choose(&mut self, rows: &[f32], ratio: f64) {
        let [padded, of_2, of_4, of_8] = &mut self.least;
        padded.clear();
        padded.resize(REACH, f32::MAX);
        padded.extend(rows.iter().map(|&rows| if rows < 0.0 { f32::MAX } else { rows }));
        padded.resize(rows.len() + 2 * REACH, f32::MAX);
        widen(padded, 1, of_2);
        widen(of_2, 2, of_4);
        widen(of_4, 4, of_8);
        let slack = (3 * REACH * REACH) as f32 / ratio as f32;
        self.chosen.resize(rows.len(), 0);
        let mut n = 0;
        let windows = padded[REACH..].iter().zip(of_8.iter().zip(&of_8[REACH + 1..]));
        for (col, (&here, (&left, &right))) in windows.enumerate() {
            let both = left.min(right);
            // A little is added for rounding.
            let may_be_near = here * here <= (both * both + slack) * 1.000_001;
            self.chosen[n] = col as u32;
            n += usize::from((here < f32::MAX) & ((here < left) | (here < right) | may_be_near));
        }
        self.chosen.truncate(n);
    }

    /// From the chosen columns.
    fn build(&mut self, rows: &[f32], ratio: f64) {
        let kept = &mut self.parabolas;
        kept.clear();
        for &col in &self.chosen {
            let (x, rows) = (f64::from(col), f64::from(rows[col as usize]));
            let h = x * x + ratio * (rows * rows);
            while let [.., (x0, h0), (x1, h1)] = kept[..]
                && (h - h1) * (x1 - x0) <= (h1 - h0) * (x - x1)
            {
                kept.pop();
            }
            kept.push((x, h));
        }
    }
}

/// The least of each number and that so many further on.
fn widen(of: &[f32], by: usize, least: &mut Vec<f32>) {
    least.resize(of.len() - by, 0.0);
    widest(LeastOf { a: of, b: &of[by..], out: least });
}

work!(LeastOf = least_of(a: &'a [f32], b: &'a [f32], out: &'a mut [f32]));

#[inline(always)]
fn least_of(a: &[f32], b: &[f32], out: &mut [f32]) {
    for (out, (a, b)) in out.iter_mut().zip(a.iter().zip(b)) {
        *out = if b < a { *b } else { *a };
    }
}

work!(Draw = draw(parabolas: &'a [(f64, f64)], width_m: f64, out: &'a mut [f32]));

/// Each parabola over the columns where it is lowest.
#[inline(always)]
fn draw(parabolas: &[(f64, f64)], width_m: f64, out: &mut [f32]) {
    let mut begin = 0;
    for (i, &(x, h)) in parabolas.iter().enumerate() {
        // From here on the next one is no higher.
        let end = match parabolas.get(i + 1) {
            Some((next_x, next_h)) => {
                let from = ((next_h - h) / (2.0 * (next_x - x))).ceil();
                from.clamp(begin as f64, out.len() as f64) as usize
            }
            None => out.len(),
        };
        for (col, out) in (begin as i32..).zip(&mut out[begin..end]) {
            let j = f64::from(col);
            let square = h - 2.0 * j * x + j * j;
            *out = (square.max(0.0).sqrt() * width_m) as f32;
        }
        begin = end;
    }
}
