//! Sums across: sixteen source rows of a panel at a time. Twin: `shaders/exposure_across.wgsl`.

use std::ops::Range;

use super::super::super::reach::AcrossTable;
use super::super::Source;
use super::super::lanes::{LANES, Lanes};
use super::{BLOCK_COLS, BLOCK_LANES};
use crate::widest::{Sixteen, SixteenWork, by_sixteen, fetch_earlier, transposed};

/// Weights across of sixteen rows side by side, from the centre outward.
pub struct LaneWeights {
    /// First weight and radius of every sixteen source rows.
    rows: Vec<(usize, usize)>,
    weights: Vec<Lanes>,
}

impl LaneWeights {
    /// Of a table by row. Rows of a smaller radius than their neighbours' have weight 0 beyond it.
    pub fn new(table: &AcrossTable) -> Self {
        let mut all = Self { rows: Vec::new(), weights: Vec::new() };
        let mut previous: Option<&[[u32; 2]]> = None;
        for rows in table.rows.chunks(LANES) {
            // All alike: one set serves every row, and the last, shorter chunk too.
            let is_same = previous.is_some_and(|previous| rows == &previous[..rows.len()]);
            if !is_same {
                let radius = rows.iter().map(|row| row[1]).max().unwrap_or(0) as usize;
                let first = all.weights.len();
                all.weights.resize(first + radius + 1, Lanes::ZERO);
                for (lane, &[offset, radius]) in rows.iter().enumerate() {
                    let weights = &table.weights[offset as usize..=(offset + radius) as usize];
                    for (lanes, &weight) in all.weights[first..].iter_mut().zip(weights) {
                        lanes.0[lane] = weight;
                    }
                }
                all.rows.push((first, radius));
                previous = Some(rows);
            } else if let Some(&same) = all.rows.last() {
                all.rows.push(same);
            }
        }
        all
    }

    fn of(&self, lanes_row: usize) -> &[Lanes] {
        let (first, radius) = self.rows[lanes_row];
        &self.weights[first..=first + radius]
    }
}

/// Sixteen source rows turned over.
#[derive(Debug, Default)]
pub struct Columns {
    /// One a column.
    columns: Vec<Lanes>,
    /// How many of the source's blocks of sixteen columns before each hold people.
    n_inhabited: Vec<u32>,
}

/// A panel's sums across, of `n_lanes` times sixteen columns of the tile from `first_col`.
pub struct Across<'a> {
    /// Whose people.
    pub source: &'a Source<'a>,
    /// By source row.
    pub weights: &'a LaneWeights,
    /// Column of the tile.
    pub first_col: usize,
    /// Sixteen columns each.
    pub n_lanes: usize,
    /// Working memory.
    pub columns: &'a mut Columns,
}

impl Across<'_> {
    /// Sums of source rows 16 · `lanes_row` and following into `sums`, sixteen rows of one block of columns after those
    /// of another; and which blocks hold nothing but zeros.
    pub fn rows(&mut self, lanes_row: usize, sums: &mut [Lanes], is_zero: &mut [bool]) {
        let weights = self.weights.of(lanes_row);
        self.read(lanes_row * LANES, weights.len() - 1);
        let turned =
            Turned { columns: &self.columns.columns, n_inhabited: &self.columns.n_inhabited, weights };
        let next = self.next((lanes_row + 1) * LANES);
        by_sixteen(SumRows { turned, n_lanes: self.n_lanes, next, sums, is_zero });
    }

    /// The sixteen source rows that are read after these.
    fn next(&self, first_row: usize) -> Next<'_> {
        let Source { population, n_cols, halo_cols, .. } = *self.source;
        let cols = self.first_col..(self.first_col + self.n_lanes * LANES + 2 * halo_cols).min(n_cols);
        let rows = &population[(first_row * n_cols).min(population.len())..];
        Next { rows, n_cols, cols }
    }

    /// Turns sixteen source rows over, from `radius` columns before the panel to as many behind it. What lies
    /// beyond the source is 0.
    fn read(&mut self, first_row: usize, radius: usize) {
        let Source { population, n_cols, halo_cols, .. } = *self.source;
        let first_col = self.first_col + halo_cols - radius;
        let n_blocks = (self.n_lanes * LANES + 2 * radius).div_ceil(LANES);
        let Columns { columns, n_inhabited } = &mut *self.columns;
        columns.resize(n_blocks * LANES, Lanes::ZERO);
        let rows = &population[first_row * n_cols..];
        by_sixteen(Read { rows, n_cols, first_col, columns, n_inhabited });
    }
}

/// Turns sixteen rows over, from a column on.
struct Read<'a> {
    rows: &'a [f32],
    n_cols: usize,
    first_col: usize,
    columns: &'a mut [Lanes],
    n_inhabited: &'a mut Vec<u32>,
}

impl SixteenWork for Read<'_> {
    #[inline(always)]
    fn run<V: Sixteen>(self) {
        let Self { rows, n_cols, first_col, columns, n_inhabited } = self;
        n_inhabited.clear();
        n_inhabited.push(0);
        let mut inhabited = 0;
        for (block, columns) in columns.chunks_exact_mut(LANES).enumerate() {
            let col = first_col + block * LANES;
            let mut cells = [V::all(0.0); LANES];
            for (cells, row) in cells.iter_mut().zip(rows.chunks(n_cols)) {
                if let Some(whole) = row.get(col..).and_then(|row| row.first_chunk()) {
                    *cells = V::of(whole);
                } else if let Some(rest) = row.get(col..) {
                    let mut whole = [0.0; LANES];
                    whole[..rest.len()].copy_from_slice(rest);
                    *cells = V::of(&whole);
                }
            }
            let mut bits = [0; LANES];
            for (column, cells) in columns.iter_mut().zip(transposed(cells)) {
                cells.put(&mut column.0);
                for (bits, people) in bits.iter_mut().zip(column.0) {
                    *bits |= people.to_bits();
                }
            }
            inhabited += u32::from(bits != [0; LANES]);
            n_inhabited.push(inhabited);
        }
    }
}

/// Source columns of sixteen rows, and their weights.
#[derive(Clone, Copy)]
struct Turned<'a> {
    columns: &'a [Lanes],
    n_inhabited: &'a [u32],
    weights: &'a [Lanes],
}

/// Source rows to ask for while those before them are summed, a few columns at a time: asked for all at once they would
/// be waited for.
struct Next<'a> {
    rows: &'a [f32],
    n_cols: usize,
    /// Not yet asked for.
    cols: Range<usize>,
}

impl Next<'_> {
    #[inline(always)]
    fn fetch(&mut self, n_cols: usize) {
        let end = (self.cols.start + n_cols).min(self.cols.end);
        for row in self.rows.chunks_exact(self.n_cols).take(LANES) {
            fetch_earlier(&row[self.cols.start..end]);
        }
        self.cols.start = end;
    }
}

/// Sums across of sixteen rows.
struct SumRows<'a> {
    turned: Turned<'a>,
    n_lanes: usize,
    next: Next<'a>,
    sums: &'a mut [Lanes],
    is_zero: &'a mut [bool],
}

impl SixteenWork for SumRows<'_> {
    #[inline(always)]
    fn run<V: Sixteen>(self) {
        let Self { turned: Turned { columns, n_inhabited, weights }, n_lanes, mut next, sums, is_zero } =
            self;
        let next_cols = next.cols.len().div_ceil(n_lanes.max(1)).next_multiple_of(LANES);
        let reach = 2 * (weights.len() - 1);
        is_zero.fill(true);
        for block in 0..n_lanes {
            let first = block * LANES;
            let past = (first + LANES + reach).div_ceil(LANES);
            next.fetch(next_cols);
            let mut turned = [V::all(0.0); LANES];
            if n_inhabited[past] > n_inhabited[block] {
                is_zero[first / BLOCK_COLS] = false;
                // So many columns at once as there are registers for their sums.
                if V::IS_WIDE {
                    for (i, sums) in turned.as_chunks_mut::<WINDOW>().0.iter_mut().enumerate() {
                        *sums = window(&columns[first + i * WINDOW..], weights);
                    }
                } else {
                    for (i, sums) in turned.as_chunks_mut::<4>().0.iter_mut().enumerate() {
                        *sums = columns_together(&columns[first + i * 4..], weights);
                    }
                }
            }
            let (blocks, _) =
                sums[block / BLOCK_LANES * LANES * BLOCK_LANES..].as_chunks_mut::<BLOCK_LANES>();
            for (sum, to) in transposed(turned).into_iter().zip(blocks) {
                sum.put(&mut to[block % BLOCK_LANES].0);
            }
        }
        debug_assert_eq!(is_zero.len(), n_lanes / BLOCK_LANES);
    }
}

/// Sums of `N` columns, of their pairs from the centre outward.
#[inline(always)]
fn columns_together<V: Sixteen, const N: usize>(columns: &[Lanes], weights: &[Lanes]) -> [V; N] {
    let radius = weights.len() - 1;
    let at = |from: usize| -> &[Lanes; N] { columns[from..from + N].try_into().expect("sized") };
    let mut sums = at(radius).map(|centre| V::of(&centre.0).times(V::of(&weights[0].0)));
    for (k, weight) in weights.iter().enumerate().skip(1) {
        add_pairs(&mut sums, at(radius - k), at(radius + k), weight);
    }
    sums
}

#[inline(always)]
fn add_pairs<V: Sixteen, const N: usize>(
    sums: &mut [V; N],
    west: &[Lanes; N],
    east: &[Lanes; N],
    weight: &Lanes,
) {
    let weight = V::of(&weight.0);
    for i in 0..N {
        sums[i] = V::of(&west[i].0).plus(V::of(&east[i].0)).times_plus(weight, sums[i]);
    }
}

/// Columns summed at once where registers are many: what lies west and east of them is kept in registers too.
const WINDOW: usize = 8;

/// [`columns_together`], with an eighth of the reading: the columns west of these at one step are, but for one, those of
/// the step before.
#[inline(always)]
fn window<V: Sixteen>(columns: &[Lanes], weights: &[Lanes]) -> [V; WINDOW] {
    let radius = weights.len() - 1;
    let at = |from: usize| -> &[Lanes; WINDOW] { columns[from..from + WINDOW].try_into().expect("sized") };
    let centre = at(radius).map(|centre| V::of(&centre.0));
    let sums = centre.map(|centre| centre.times(V::of(&weights[0].0)));
    let mut window = Window { west: centre, east: centre, sums };
    let (steps, rest) = weights[1..].as_chunks::<WINDOW>();
    let mut k = 0;
    for weights in steps {
        let (west, east) = (at(radius - k - WINDOW), at(radius + k + WINDOW));
        window.step::<1>(west, east, weights);
        window.step::<2>(west, east, weights);
        window.step::<3>(west, east, weights);
        window.step::<4>(west, east, weights);
        window.step::<5>(west, east, weights);
        window.step::<6>(west, east, weights);
        window.step::<7>(west, east, weights);
        window.step::<8>(west, east, weights);
        k += WINDOW;
    }
    for weight in rest {
        k += 1;
        add_pairs(&mut window.sums, at(radius - k), at(radius + k), weight);
    }
    window.sums
}

/// A column that comes takes the place of the one that goes, and no other is moved: what lies west of column i stands,
/// at step K, at i - K, and east of it at i + K, in circles.
struct Window<V> {
    west: [V; WINDOW],
    east: [V; WINDOW],
    sums: [V; WINDOW],
}

impl<V: Sixteen> Window<V> {
    /// Step `K` of [`WINDOW`]. `west` and `east` are the columns that come in all of them.
    #[inline(always)]
    fn step<const K: usize>(
        &mut self,
        west: &[Lanes; WINDOW],
        east: &[Lanes; WINDOW],
        weights: &[Lanes; WINDOW],
    ) {
        self.west[(WINDOW - K) % WINDOW] = V::of(&west[WINDOW - K].0);
        self.east[(WINDOW - 1 + K) % WINDOW] = V::of(&east[K - 1].0);
        let weight = V::of(&weights[K - 1].0);
        for i in 0..WINDOW {
            let pair = self.west[(i + WINDOW - K) % WINDOW].plus(self.east[(i + K) % WINDOW]);
            self.sums[i] = pair.times_plus(weight, self.sums[i]);
        }
    }
}
