//! Sums across: sixteen source rows of a panel at a time. Twin: `shaders/exposure_across.wgsl`.

use super::super::super::reach::AcrossTable;
use super::super::Source;
use super::super::lanes::{LANES, Lanes, transposed};
use super::{BLOCK_COLS, BLOCK_LANES};
use crate::widest::{Sixteen, SixteenWork, by_sixteen, fetch_early, widest, work};

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
    /// Sums of source rows 16 · `lanes_row` and following into sixteen rows of `sums`; and which blocks hold
    /// nothing but zeros.
    pub fn rows(&mut self, lanes_row: usize, sums: &mut [Lanes], is_zero: &mut [bool]) {
        let weights = self.weights.of(lanes_row);
        self.read(lanes_row * LANES, weights.len() - 1);
        self.fetch_early((lanes_row + 1) * LANES);
        let turned =
            Turned { columns: &self.columns.columns, n_inhabited: &self.columns.n_inhabited, weights };
        by_sixteen(SumRows { turned, n_lanes: self.n_lanes, sums, is_zero });
    }

    /// Asks for the next sixteen source rows while these are summed.
    fn fetch_early(&self, first_row: usize) {
        let Source { population, n_cols, halo_cols, .. } = *self.source;
        let cols = self.first_col..(self.first_col + self.n_lanes * LANES + 2 * halo_cols).min(n_cols);
        let rows = population.chunks_exact(n_cols).skip(first_row).take(LANES);
        rows.for_each(|row| fetch_early(&row[cols.clone()]));
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
        widest(Read { rows, n_cols, first_col, columns, n_inhabited });
    }
}

work!(Read = read(
    rows: &'a [f32],
    n_cols: usize,
    first_col: usize,
    columns: &'a mut [Lanes],
    n_inhabited: &'a mut Vec<u32>,
));

#[inline(always)]
fn read(rows: &[f32], n_cols: usize, first_col: usize, columns: &mut [Lanes], n_inhabited: &mut Vec<u32>) {
    n_inhabited.clear();
    n_inhabited.push(0);
    let mut inhabited = 0;
    for (block, columns) in columns.chunks_exact_mut(LANES).enumerate() {
        let col = first_col + block * LANES;
        let mut cells = [Lanes::ZERO; LANES];
        for (lanes, row) in cells.iter_mut().zip(rows.chunks(n_cols)) {
            if let Some(whole) = row.get(col..col + LANES) {
                lanes.0.copy_from_slice(whole);
            } else if let Some(rest) = row.get(col..) {
                lanes.0[..rest.len()].copy_from_slice(rest);
            }
        }
        let mut bits = 0;
        for lanes in &cells {
            for people in lanes.0 {
                bits |= people.to_bits();
            }
        }
        inhabited += u32::from(bits > 0);
        n_inhabited.push(inhabited);
        columns.copy_from_slice(&transposed(&cells));
    }
}

/// Source columns of sixteen rows, and their weights.
#[derive(Clone, Copy)]
struct Turned<'a> {
    columns: &'a [Lanes],
    n_inhabited: &'a [u32],
    weights: &'a [Lanes],
}

/// Sums across of sixteen rows.
struct SumRows<'a> {
    turned: Turned<'a>,
    n_lanes: usize,
    sums: &'a mut [Lanes],
    is_zero: &'a mut [bool],
}

impl SixteenWork for SumRows<'_> {
    #[inline(always)]
    fn run<V: Sixteen>(self) {
        if V::IS_WIDE {
            rows::<V, 8>(self);
        } else {
            rows::<V, 4>(self);
        }
    }
}

/// `TOGETHER` columns are summed at once, each in registers.
#[inline(always)]
fn rows<V: Sixteen, const TOGETHER: usize>(work: SumRows<'_>) {
    let SumRows { turned, n_lanes, sums, is_zero } = work;
    let reach = 2 * (turned.weights.len() - 1);
    is_zero.fill(true);
    for block in 0..n_lanes {
        let first = block * LANES;
        let past = (first + LANES + reach).div_ceil(LANES);
        let mut turned_sums = [Lanes::ZERO; LANES];
        if turned.n_inhabited[past] > turned.n_inhabited[block] {
            is_zero[first / BLOCK_COLS] = false;
            for (i, sums) in turned_sums.chunks_exact_mut(TOGETHER).enumerate() {
                let columns = &turned.columns[first + i * TOGETHER..];
                let together = columns_together::<V, TOGETHER>(columns, turned.weights);
                for (sums, together) in sums.iter_mut().zip(together) {
                    together.put(&mut sums.0);
                }
            }
        }
        for (row, sum) in transposed(&turned_sums).iter().enumerate() {
            sums[row * n_lanes + block] = *sum;
        }
    }
    debug_assert_eq!(is_zero.len(), n_lanes / BLOCK_LANES);
}

#[inline(always)]
fn columns_together<V: Sixteen, const N: usize>(columns: &[Lanes], weights: &[Lanes]) -> [V; N] {
    let radius = weights.len() - 1;
    let at = |from: usize| -> &[Lanes; N] { columns[from..from + N].try_into().expect("sized") };
    let mut sums = [V::all(0.0); N];
    let (weight, centre) = (V::of(&weights[0].0), at(radius));
    for i in 0..N {
        sums[i] = sums[i].plus(weight.times(V::of(&centre[i].0)));
    }
    for (k, weights) in weights.iter().enumerate().skip(1) {
        let (weight, west, east) = (V::of(&weights.0), at(radius - k), at(radius + k));
        for i in 0..N {
            let pair = V::of(&west[i].0).plus(V::of(&east[i].0));
            sums[i] = sums[i].plus(weight.times(pair));
        }
    }
    sums
}
