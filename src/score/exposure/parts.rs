//! A separable part of the kernel, panel by panel: both sums while what lies between them is in the cache.
//!
//! A panel is some columns of the tile from top to bottom. Sixteen source rows at a time are turned over their
//! diagonal and summed across ([`across`]), so that every read is an aligned register and each sum has a register
//! of its own; turned back they wait in the second-level cache until the rows of the tile that need them are summed
//! down ([`down`]), four rows by 64 columns in registers. Blocks without people are left out.
//!
//! Order of the sums, the same in `shaders/exposure_across.wgsl` and `shaders/exposure_down.wgsl`: across from the
//! centre outward in pairs, down from the northernmost row southward, then the part is added to the parts before
//! it. A product and the sum it goes into are rounded once, but for devices without the operation. A weight of 0 where a
//! neighbour in the same register counts and this one does not changes no bit of a sum of terms ≥ 0.

mod across;
mod down;
mod strip;
mod target;

use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;

use super::super::reach::PartTables;
use super::Source;
use super::lanes::LANES;
use across::{Across, Columns, LaneWeights};
use down::Groups;
use strip::Strip;
use target::Target;

/// Columns of a panel, at most: the source's halo is read again by each.
const PANEL_COLS: usize = 512;
/// Columns summed down together, and of which it is known whether they hold nothing but zeros.
pub const BLOCK_COLS: usize = 64;
const BLOCK_LANES: usize = BLOCK_COLS / LANES;
/// Rows of the tile between two rounds of sums across.
const ROUND_ROWS: usize = 32;
/// Rows of a band, at least so many times the rows that two bands both sum across.
const BAND_OVERLAPS: usize = 4;
/// Pieces of work for each thread, so that none waits long for the last.
const TASKS_A_THREAD: usize = 4;

/// Working memory of panels that are done, for the next ones: fresh pages cost as much as some of the sums.
#[derive(Debug, Default)]
pub struct Rooms(Mutex<Vec<Room>>);

/// What one panel works with.
#[derive(Debug, Default)]
pub struct Room {
    columns: Columns,
    strip: Strip,
}

/// Adds a part to `out`, or begins it.
pub fn add_part(
    source: &Source<'_>,
    tables: &PartTables,
    is_first: bool,
    n_cols: usize,
    rooms: &Rooms,
    out: &mut [f32],
) {
    let groups = Groups::new(&tables.down);
    let weights = LaneWeights::new(&tables.across);
    let round_rows = groups.most_source_rows(ROUND_ROWS);
    let part = PartWork { source, groups: &groups, round_rows, weights: &weights, is_first, n_cols };
    let n_panels = n_cols.div_ceil(PANEL_COLS);
    let panel_cols = n_cols.div_ceil(n_panels).next_multiple_of(BLOCK_COLS);
    let band_rows = band_rows(n_panels, out.len() / n_cols, groups.most_source_rows(down::ROWS));
    let mut tasks: Vec<Panel<'_>> = Vec::new();
    for (band, out) in out.chunks_mut(band_rows * n_cols).enumerate() {
        let first_row = band * band_rows;
        let mut rows: Vec<Vec<&mut [f32]>> = (0..n_panels).map(|_| Vec::new()).collect();
        for row in out.chunks_exact_mut(n_cols) {
            for (panel, part) in rows.iter_mut().zip(row.chunks_mut(panel_cols)) {
                panel.push(part);
            }
        }
        let panels = rows.into_iter().enumerate().filter(|(_, rows)| !rows.is_empty());
        tasks.extend(panels.map(|(i, rows)| Panel { first_row, first_col: i * panel_cols, rows }));
    }
    tasks.into_par_iter().for_each(|panel| {
        let mut room = rooms.0.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default();
        part.run(panel, &mut room);
        rooms.0.lock().unwrap_or_else(PoisonError::into_inner).push(room);
    });
}

/// Rows of a band: few enough tasks to cost little twice, enough for all threads.
fn band_rows(n_panels: usize, n_rows: usize, overlap_rows: usize) -> usize {
    let n_bands = (TASKS_A_THREAD * rayon::current_num_threads()).div_ceil(n_panels);
    let least = (BAND_OVERLAPS * overlap_rows).max(ROUND_ROWS);
    n_rows.div_ceil(n_bands).max(least).next_multiple_of(down::ROWS)
}

/// Some columns and rows of the tile to fill.
struct Panel<'a> {
    first_row: usize,
    first_col: usize,
    rows: Vec<&'a mut [f32]>,
}

struct PartWork<'a> {
    source: &'a Source<'a>,
    groups: &'a Groups,
    /// The most source rows that a round needs.
    round_rows: usize,
    weights: &'a LaneWeights,
    is_first: bool,
    n_cols: usize,
}

impl PartWork<'_> {
    fn run(&self, mut panel: Panel<'_>, room: &mut Room) {
        let n_cols = panel.rows.first().map_or(0, |row| row.len());
        let n_lanes = n_cols.next_multiple_of(BLOCK_COLS) / LANES;
        let Room { columns, strip } = room;
        let mut across = Across {
            source: self.source,
            weights: self.weights,
            first_col: panel.first_col,
            n_lanes,
            columns,
        };
        strip.clear(n_lanes / BLOCK_LANES, self.round_rows);
        let (mut first_row, mut rows) = (panel.first_row, panel.rows.as_mut_slice());
        while !rows.is_empty() {
            let (now, later) = rows.split_at_mut(ROUND_ROWS.min(rows.len()));
            let n_rows = now.len();
            let groups = self.groups.of_rows(first_row, n_rows);
            let needed = down::source_rows(groups);
            strip.move_to(
                needed.start,
                |lanes_row, sums, is_zero| across.rows(lanes_row, sums, is_zero),
                needed.end,
            );
            let hazard = &self.source.hazard[first_row * self.n_cols + panel.first_col..];
            let target = Target { rows: now, hazard, hazard_stride: self.n_cols, is_first: self.is_first };
            self.groups.sum_down(groups, strip, target);
            first_row += n_rows;
            rows = later;
        }
    }
}
