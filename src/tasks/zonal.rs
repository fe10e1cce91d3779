//! Sums over the cells that pieces of ground cover: one visit of the grid for all of them together.
//!
//! The grid is swept in rows of tiles. A piece is active from the row of tiles that holds its first row to the one
//! that holds its last; only tiles with active ground are read. Within a row of cells each piece adds left to
//! right, whatever the tiles, and rows are added from the top: the result depends on neither tiles nor threads.

use std::borrow::Cow;
use std::ops::Range;

use rayon::prelude::*;

use super::components::Run;
use super::coverage::Coverage;
use super::{Planes, Span};
use crate::error::Result;
use crate::grid::{Cells, Frame, Window, is_unknown};
use crate::progress::Progress;
use geo::{BoundingRect, MultiPolygon};

/// A piece of ground.
#[derive(Clone, Copy)]
pub(super) enum Ground<'a> {
    /// A valid polygon in the frame's CRS.
    Polygon(&'a MultiPolygon<f64>),
    /// Whole cells, row by row.
    Cells(&'a [Run]),
    /// The cells covered are known.
    Covered(&'a Coverage),
}

/// Sums over the scored cells of a piece of ground, weighted by the area covered unless said otherwise.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Sums {
    /// Covered area inside the frame, scored or not, m².
    pub covered_m2: f64,
    /// Covered area on scored cells, m².
    pub scored_m2: f64,
    pub hazard: f64,
    pub people_at_risk: f64,
    pub benefit: f64,
    /// US$, weighted by the covered share.
    pub cost_usd: f64,
    pub rank: f64,
    /// Area where acceptability is known, and its sum.
    pub acceptability: (f64, f64),
    /// Area where difficulty is known, scored or not, and its sum.
    pub difficulty: (f64, f64),
    /// By criterion.
    pub contributions: Vec<f64>,
}

impl Sums {
    fn new(n_criteria: usize) -> Self {
        Self { contributions: vec![0.0; n_criteria], ..Self::default() }
    }

    fn add(&mut self, other: &Self) {
        self.covered_m2 += other.covered_m2;
        self.scored_m2 += other.scored_m2;
        self.hazard += other.hazard;
        self.people_at_risk += other.people_at_risk;
        self.benefit += other.benefit;
        self.cost_usd += other.cost_usd;
        self.rank += other.rank;
        self.acceptability.0 += other.acceptability.0;
        self.acceptability.1 += other.acceptability.1;
        self.difficulty.0 += other.difficulty.0;
        self.difficulty.1 += other.difficulty.1;
        for (sum, more) in self.contributions.iter_mut().zip(&other.contributions) {
            *sum += more;
        }
    }
}

/// The sums of every piece, in the order given.
///
/// # Panics
/// When the planes do not lie on one frame, which is a bug of whoever made them.
pub(super) fn sums(
    pieces: &[Ground<'_>],
    planes: &Planes<'_>,
    tile_cells: usize,
    progress: &dyn Progress,
) -> Result<Vec<Sums>> {
    let frame = planes.rank.frame();
    let required = [planes.hazard, planes.people_at_risk, planes.benefit, planes.cost];
    let optional = planes.acceptability.into_iter().chain(planes.difficulty);
    let is_same = required.into_iter().chain(optional).all(|plane| plane.frame().same_cells(frame));
    assert!(is_same, "planes of one run lie on one frame");
    let n_criteria = planes.contributions.map_or(0, |c| c.names().len());
    let mut sums = vec![Sums::new(n_criteria); pieces.len()];
    let mut waiting: Vec<(usize, usize)> =
        pieces.iter().enumerate().filter_map(|(i, piece)| Some((first_row(piece, frame)?, i))).collect();
    // From the back, the first rows come first.
    waiting.sort_unstable_by(|a, b| b.cmp(a));
    let tile_cells = tile_cells.max(1);
    progress.start("tasks", frame.n_rows as u64);
    let mut active: Vec<Active<'_>> = Vec::new();
    for top in (0..frame.n_rows).step_by(tile_cells) {
        progress.check()?;
        let rows = top..(top + tile_cells).min(frame.n_rows);
        let n_starting = waiting.iter().rev().take_while(|(first, _)| *first < rows.end).count();
        let starting = waiting.split_off(waiting.len() - n_starting);
        active.par_extend(starting.par_iter().map(|&(_, index)| Active::new(index, &pieces[index], frame)));
        active.retain(|piece| piece.coverage.rows().end > rows.start);
        active.par_iter_mut().for_each(|piece| piece.begin(&rows, n_criteria));
        for left in (0..frame.n_cols).step_by(tile_cells) {
            let cols = left..(left + tile_cells).min(frame.n_cols);
            add_tile(&mut active, &rows, &cols, planes)?;
        }
        for piece in &active {
            for row in &piece.row_sums {
                sums[piece.index].add(row);
            }
        }
        progress.advance(rows.len() as u64);
    }
    progress.finish();
    Ok(sums)
}

/// A piece whose rows the sweep has reached.
struct Active<'a> {
    index: usize,
    coverage: Cow<'a, Coverage>,
    columns: Range<usize>,
    /// The rows of this row of tiles that the piece covers, and their sums.
    rows: Range<usize>,
    row_sums: Vec<Sums>,
}

impl<'a> Active<'a> {
    fn new(index: usize, piece: &Ground<'a>, frame: &Frame) -> Self {
        let coverage = match piece {
            Ground::Polygon(polygon) => Cow::Owned(Coverage::of(polygon, frame)),
            Ground::Cells(runs) => Cow::Owned(Coverage::of_runs(runs)),
            Ground::Covered(coverage) => Cow::Borrowed(*coverage),
        };
        let columns = coverage.columns();
        Self { index, coverage, columns, rows: 0..0, row_sums: Vec::new() }
    }

    fn begin(&mut self, rows: &Range<usize>, n_criteria: usize) {
        self.rows = overlap(&self.coverage.rows(), rows);
        self.row_sums.clear();
        self.row_sums.resize(self.rows.len(), Sums::new(n_criteria));
    }

    fn add(&mut self, tile: &Tile) {
        for row in self.rows.clone() {
            let sums = &mut self.row_sums[row - self.rows.start];
            for span in spans_in(&self.coverage, row, tile.window) {
                tile.add_span(row as i64, span, sums);
            }
        }
    }

    /// Flags the cells of a window that the piece covers.
    fn flag(&self, window: Window, wanted: &mut [bool]) {
        for row in self.rows.clone() {
            for span in spans_in(&self.coverage, row, window) {
                wanted[cells_of(span, row as i64, window)].fill(true);
            }
        }
    }
}

/// The spans of a row that reach into a window.
fn spans_in(coverage: &Coverage, row: usize, window: Window) -> impl Iterator<Item = &Span> {
    let spans = coverage.row(row);
    let first = spans.partition_point(|span| i64::from(span.end_col) <= window.col);
    spans[first..].iter().take_while(move |span| i64::from(span.col) < window.end_col())
}

/// Where the cells of a span lie in a window that it reaches into.
fn cells_of(span: &Span, row: i64, window: Window) -> Range<usize> {
    let from = i64::from(span.col).max(window.col);
    let to = i64::from(span.end_col).min(window.end_col());
    let start = window.offset(from, row);
    start..start + (to - from) as usize
}

fn add_tile(
    active: &mut [Active<'_>],
    rows: &Range<usize>,
    cols: &Range<usize>,
    planes: &Planes<'_>,
) -> Result<()> {
    // Read no more of the tile than its ground needs.
    let mut needed: Option<(Range<usize>, Range<usize>)> = None;
    for piece in active.iter() {
        let here = overlap(&piece.columns, cols);
        if here.is_empty() || piece.rows.is_empty() {
            continue;
        }
        needed = Some(match needed {
            None => (piece.rows.clone(), here),
            Some((r, c)) => (
                r.start.min(piece.rows.start)..r.end.max(piece.rows.end),
                c.start.min(here.start)..c.end.max(here.end),
            ),
        });
    }
    let Some((needed_rows, needed_cols)) = needed else {
        return Ok(());
    };
    debug_assert!(needed_rows.start >= rows.start && needed_rows.end <= rows.end);
    let window =
        Window::new(needed_cols.start as i64, needed_rows.start as i64, needed_cols.len(), needed_rows.len());
    let tile = Tile::read(planes, window, active)?;
    active
        .par_iter_mut()
        .filter(|piece| !overlap(&piece.columns, cols).is_empty())
        .for_each(|piece| piece.add(&tile));
    Ok(())
}

/// The planes in one window.
struct Tile {
    window: Window,
    /// Cell area by row, m².
    areas_m2: Vec<f64>,
    /// Hazard, people at risk, benefit, cost, rank.
    scores: [Vec<f32>; 5],
    acceptability: Option<Vec<f32>>,
    difficulty: Option<Vec<f32>>,
    contributions: Vec<f32>,
}

impl Tile {
    fn read(planes: &Planes<'_>, window: Window, active: &[Active<'_>]) -> Result<Self> {
        let frame = planes.rank.frame();
        let sources =
            [planes.hazard, planes.people_at_risk, planes.benefit, planes.cost, planes.rank].map(Some);
        let further = [planes.acceptability, planes.difficulty];
        let mut read: Vec<Option<Vec<f32>>> = sources
            .into_par_iter()
            .chain(further)
            .map(|plane: Option<&dyn Cells>| plane.map(|plane| plane.read_vec(window)).transpose())
            .collect::<Result<_>>()?;
        let difficulty = read.pop().flatten();
        let acceptability = read.pop().flatten();
        let mut scores = read.into_iter().flatten();
        let mut contributions = Vec::new();
        if let Some(source) = planes.contributions {
            contributions.resize(source.names().len() * window.len(), 0.0);
            let mut wanted = vec![false; window.len()];
            active.iter().for_each(|piece| piece.flag(window, &mut wanted));
            source.read(window, &wanted, &mut contributions)?;
        }
        Ok(Self {
            window,
            areas_m2: (window.row..window.end_row()).map(|row| frame.cell_area_m2(row)).collect(),
            scores: std::array::from_fn(|_| scores.next().expect("five planes were read")),
            acceptability,
            difficulty,
            contributions,
        })
    }

    fn add_span(&self, row: i64, span: &Span, sums: &mut Sums) {
        let area_m2 = self.areas_m2[(row - self.window.row) as usize];
        let weight_m2 = span.share * area_m2;
        for i in cells_of(span, row, self.window) {
            sums.covered_m2 += weight_m2;
            if let Some(difficulty) = known(self.difficulty.as_deref(), i) {
                sums.difficulty.0 += weight_m2;
                sums.difficulty.1 += weight_m2 * difficulty;
            }
            let cell = [0, 1, 2, 3, 4].map(|plane| self.scores[plane][i]);
            if cell.iter().any(|value| is_unknown(*value)) {
                continue;
            }
            let [hazard, people_at_risk, benefit, cost, rank] = cell.map(f64::from);
            sums.scored_m2 += weight_m2;
            sums.hazard += weight_m2 * hazard;
            sums.people_at_risk += weight_m2 * people_at_risk;
            sums.benefit += weight_m2 * benefit;
            sums.cost_usd += span.share * cost;
            sums.rank += weight_m2 * rank;
            if let Some(acceptability) = known(self.acceptability.as_deref(), i) {
                sums.acceptability.0 += weight_m2;
                sums.acceptability.1 += weight_m2 * acceptability;
            }
            for (k, sum) in sums.contributions.iter_mut().enumerate() {
                let value = self.contributions[k * self.window.len() + i];
                if !is_unknown(value) {
                    *sum += weight_m2 * f64::from(value);
                }
            }
        }
    }
}

fn known(plane: Option<&[f32]>, index: usize) -> Option<f64> {
    plane.map(|plane| plane[index]).filter(|value| !is_unknown(*value)).map(f64::from)
}

/// The first row inside the frame that a piece may cover, `None` when it lies wholly outside.
pub(super) fn first_row(piece: &Ground<'_>, frame: &Frame) -> Option<usize> {
    match piece {
        Ground::Cells(runs) => runs.first().map(|run| run.row as usize),
        Ground::Covered(coverage) => (!coverage.is_empty()).then(|| coverage.rows().start),
        Ground::Polygon(polygon) => {
            let bounds = polygon.bounding_rect()?;
            let upper_left = frame.cell_from_world(glam::DVec2::new(bounds.min().x, bounds.max().y));
            let lower_right = frame.cell_from_world(glam::DVec2::new(bounds.max().x, bounds.min().y));
            let outside = lower_right.x <= 0.0
                || lower_right.y <= 0.0
                || upper_left.x >= frame.n_cols as f64
                || upper_left.y >= frame.n_rows as f64;
            (!outside).then_some(upper_left.y.max(0.0) as usize)
        }
    }
}

pub(super) fn overlap(a: &Range<usize>, b: &Range<usize>) -> Range<usize> {
    let start = a.start.max(b.start);
    start..a.end.min(b.end).max(start)
}
