//! What a plane holds: counts, range and sum of all its cells.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::grid::{Cells, Frame, Tiling, UNKNOWN, Window, groups, is_unknown};
use crate::progress::Progress;
use crate::widest::{widest, work};

/// Side of the blocks that are summed on their own. They are anchored at the grid's corner and added in their
/// order, so that the sum is the same on any number of threads, and by parts.
pub const SURVEY_BLOCK: usize = 512;
/// Blocks read at once: bounds memory to some 128 MiB whatever the number of threads.
const AT_ONCE: usize = 128;

/// What a plane holds.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Survey {
    /// Cells of the frame.
    pub n_cells: u64,
    /// Known cells; the counts below are of these.
    pub n_known: u64,
    /// Below zero.
    pub n_negative: u64,
    /// Exactly zero.
    pub n_zero: u64,
    /// Above one.
    pub n_above_one: u64,
    /// Whole numbers.
    pub n_whole: u64,
    /// Least value and its first cell (column, row), row by row; `None` where no cell is known.
    pub min: Option<(f32, [u64; 2])>,
    /// Greatest value and its first cell (column, row).
    pub max: Option<(f32, [u64; 2])>,
    /// Sum of the known cells.
    pub sum: f64,
}

impl Survey {
    /// Mean of the known cells.
    pub fn mean(&self) -> Option<f64> {
        (self.n_known > 0).then(|| self.sum / self.n_known as f64)
    }

    /// Share of cells that are unknown, 0..1.
    pub fn unknown_share(&self) -> f64 {
        1.0 - self.n_known as f64 / self.n_cells.max(1) as f64
    }

    fn of_block(window: Window, values: &[f32]) -> Self {
        let mut out = Self { n_cells: values.len() as u64, ..Self::default() };
        for (row, cells) in (window.row as u64..).zip(values.chunks_exact(window.n_cols.max(1))) {
            let mut line = Line::default();
            widest(Count { cells, line: &mut line });
            if line.n_known == 0 {
                continue;
            }
            out.n_known += u64::from(line.n_known);
            out.n_negative += u64::from(line.n_negative);
            out.n_zero += u64::from(line.n_zero);
            out.n_above_one += u64::from(line.n_above_one);
            out.n_whole += u64::from(line.n_whole);
            out.sum += line.sum;
            let cell = |value: f32| {
                let col = cells.iter().position(|&cell| cell == value).expect("one of the cells");
                [window.col as u64 + col as u64, row]
            };
            if out.min.is_none_or(|(min, _)| line.min < min) {
                out.min = Some((line.min, cell(line.min)));
            }
            if out.max.is_none_or(|(max, _)| line.max > max) {
                out.max = Some((line.max, cell(line.max)));
            }
        }
        out
    }

    /// Adds the block that follows, row by row of blocks.
    pub fn add(&mut self, other: &Self) {
        self.n_cells += other.n_cells;
        self.n_known += other.n_known;
        self.n_negative += other.n_negative;
        self.n_zero += other.n_zero;
        self.n_above_one += other.n_above_one;
        self.n_whole += other.n_whole;
        self.sum += other.sum;
        self.min = extreme(self.min, other.min, |a, b| a < b);
        self.max = extreme(self.max, other.max, |a, b| a > b);
    }
}

/// Parts in which a row is counted and summed, so that several cells are taken at once.
const LANES: usize = 8;

/// What a row of cells holds.
#[derive(Default)]
struct Line {
    n_known: u32,
    n_negative: u32,
    n_zero: u32,
    n_above_one: u32,
    n_whole: u32,
    min: f32,
    max: f32,
    sum: f64,
}

work!(Count = count(cells: &'a [f32], line: &'a mut Line));

#[inline(always)]
fn count(cells: &[f32], line: &mut Line) {
    let (whole, last) = groups::<LANES>(cells);
    let mut lanes = Lanes {
        n_known: [0; LANES],
        n_negative: [0; LANES],
        n_zero: [0; LANES],
        n_above_one: [0; LANES],
        n_whole: [0; LANES],
        min: [f32::MAX; LANES],
        max: [UNKNOWN; LANES],
        sum: [0.0; LANES],
    };
    for cells in whole {
        lanes.add(cells);
    }
    lanes.add(&last);
    *line = Line {
        n_known: lanes.n_known.iter().sum(),
        n_negative: lanes.n_negative.iter().sum(),
        n_zero: lanes.n_zero.iter().sum(),
        n_above_one: lanes.n_above_one.iter().sum(),
        n_whole: lanes.n_whole.iter().sum(),
        min: lanes.min.into_iter().fold(f32::MAX, f32::min),
        max: lanes.max.into_iter().fold(UNKNOWN, f32::max),
        sum: lanes.sum.iter().sum(),
    };
}

/// The same in parts.
struct Lanes {
    n_known: [u32; LANES],
    n_negative: [u32; LANES],
    n_zero: [u32; LANES],
    n_above_one: [u32; LANES],
    n_whole: [u32; LANES],
    min: [f32; LANES],
    max: [f32; LANES],
    sum: [f64; LANES],
}

impl Lanes {
    #[inline(always)]
    fn add(&mut self, cells: &[f32; LANES]) {
        for (i, &cell) in cells.iter().enumerate() {
            let is_known = !is_unknown(cell);
            // Any number stands in for an unknown one: what it counts is masked.
            let value = if is_known { cell } else { 0.0 };
            // From 2^23 on there are only whole numbers; below it adding 2^23 rounds to the next one.
            let size = value.abs();
            let is_whole = (size >= TWO_23) | ((size + TWO_23) - TWO_23 == size);
            self.n_known[i] += u32::from(is_known);
            self.n_negative[i] += u32::from(value < 0.0);
            self.n_zero[i] += u32::from(is_known & (value == 0.0));
            self.n_above_one[i] += u32::from(value > 1.0);
            self.n_whole[i] += u32::from(is_known & is_whole);
            let least = if is_known { cell } else { f32::MAX };
            self.min[i] = if least < self.min[i] { least } else { self.min[i] };
            self.max[i] = if cell > self.max[i] { cell } else { self.max[i] };
            self.sum[i] += f64::from(value);
        }
    }
}

const TWO_23: f32 = 8_388_608.0;

/// How many units of progress [`survey`] has on a frame.
pub fn survey_blocks(frame: &Frame) -> u64 {
    Tiling::new(frame, SURVEY_BLOCK).len() as u64
}

/// Surveys a plane block by block, in parallel. The result does not depend on the number of threads.
pub fn survey(cells: &dyn Cells, progress: &dyn Progress) -> Result<Survey> {
    let mut total = Survey::default();
    survey_part(cells, cells.frame().window(), progress, |block| total.add(&block))?;
    Ok(total)
}

/// Surveys the blocks of a part of a plane that begins and ends at [`SURVEY_BLOCK`]s or the plane's edges; each goes to
/// `take`, row by row. Added up over all parts, they are the survey of the whole.
pub fn survey_part(
    cells: &dyn Cells,
    part: Window,
    progress: &dyn Progress,
    mut take: impl FnMut(Survey),
) -> Result<()> {
    let blocks: Vec<Window> = Tiling::over(part, SURVEY_BLOCK).tiles().collect();
    progress.start("survey", blocks.len() as u64);
    for batch in blocks.chunks(AT_ONCE) {
        progress.check()?;
        let surveys: Vec<Result<Survey>> = batch
            .par_iter()
            .map(|&window| {
                let survey = Survey::of_block(window, &cells.read_vec(window)?);
                progress.advance(1);
                Ok(survey)
            })
            .collect();
        surveys.into_iter().try_for_each(|survey| survey.map(&mut take))?;
    }
    progress.finish();
    Ok(())
}

type At = Option<(f32, [u64; 2])>;

/// The one further out; of equals the one in the earlier row, then column.
fn extreme(a: At, b: At, is_further: impl Fn(f32, f32) -> bool) -> At {
    let (Some((x, [x_col, x_row])), Some((y, [y_col, y_row]))) = (a, b) else {
        return a.or(b);
    };
    let is_b = is_further(y, x) || !is_further(x, y) && (y_row, y_col) < (x_row, x_col);
    if is_b { b } else { a }
}
