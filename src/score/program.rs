//! The recorded program of one tile: stage calls over planes, which an engine runs.
//!
//! Planes stay where the engine computes; inputs are handed in, outputs handed back, everything else never
//! leaves. All planes but the exposure's source and what lies between its halves have the tile's shape, and the stages on
//! them are cell by cell, so that an engine may run several in one visit.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::Benefit;
use super::acceptability::bins::{Again, Ranks};
use super::acceptability::{Group, TermForm};
use super::blocks::Blocks;
use super::curve::{N_SEGMENTS, Quanta, SegmentSum};
use super::hazard::Accidents;
use super::histogram::N_BINS;
use super::levels::Finer;
use super::ordered::Tiering;
use super::quantile::N_SPREAD_BINS;
use super::rank::RankTable;
use super::reach::TileReach;
use super::value::Term;

/// A plane of a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slot(pub(crate) usize);

/// A large table that many tiles use; its number tells a device whether it still holds it.
#[derive(Debug)]
pub struct Shared<T> {
    id: u64,
    value: Arc<T>,
}

impl<T> Shared<T> {
    /// A table with a number of its own.
    pub fn new(value: T) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        // Steps of 2: a table of sampled ranks goes to a device as two buffers.
        Self { id: NEXT.fetch_add(2, Ordering::Relaxed), value: Arc::new(value) }
    }

    /// Its number.
    pub fn id(&self) -> u64 {
        self.id
    }
}

impl<T> Clone for Shared<T> {
    fn clone(&self) -> Self {
        Self { id: self.id, value: Arc::clone(&self.value) }
    }
}

impl<T> PartialEq for Shared<T> {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

impl<T> std::ops::Deref for Shared<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

/// Columns and rows of a plane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// Columns.
    pub n_cols: usize,
    /// Rows.
    pub n_rows: usize,
}

impl Shape {
    /// Cells.
    pub fn len(&self) -> usize {
        self.n_cols * self.n_rows
    }

    /// Whether there is no cell.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// One stage over planes. Each stage's file says what it computes; fields are the planes by their names there.
#[allow(missing_docs)] // the planes' names say it
#[derive(Debug, Clone)]
pub enum Call {
    /// `hazard`: the prior raised by accident points.
    Hazard { prior: Slot, blocks: Arc<Blocks>, accidents: Accidents, out: Slot },
    /// `proximity` of a vector layer.
    Proximity { blocks: Arc<Blocks>, out: Slot },
    /// `proximity_along`, the second half of `proximity` to cells: `ratio` is (height / width of a cell)².
    ProximityAlong { rows: Slot, ratio: f64, width_m: f64, out: Slot },
    /// `count` of features within a radius, squared, m².
    Count { blocks: Arc<Blocks>, radius2: f32, out: Slot },
    /// `exposure`: population on the source window → exposure on the tile, unknown where hazard is. `between` is a
    /// plane for what lies between its two halves, for engines that need one ([`TileReach::between`]).
    Exposure { population: Slot, hazard: Slot, reach: Arc<TileReach>, between: Slot, out: Slot },
    /// `maximum` into [`Tally::maximum_bits`].
    Maximum { of: Slot },
    /// `people_at_risk`.
    PeopleAtRisk { hazard: Slot, exposure: Slot, out: Slot },
    /// `value`: adds a criterion's term to `worth`, or begins it.
    Value { of: Slot, term: Term, is_first: bool, worth: Slot },
    /// `factor`: the form `product`'s own way of adding a criterion to `worth`.
    Factor { v: Slot, weight: f32, is_first: bool, worth: Slot },
    /// `tier`: the form `ordered`'s own way of adding a criterion to `worth`, and the tier.
    Tier { v: Slot, tiering: Tiering, is_first: bool, worth: Slot, tier: Slot },
    /// `ordered`: the benefit of that form.
    Ordered { hazard: Slot, worth: Slot, tier: Slot, last_tier: f32, out: Slot },
    /// `order`: what the rank orders by in that form.
    Order { q: Slot, tier: Slot, benefit: Slot, last_tier: f32, out: Slot },
    /// `benefit`, or `product` for that form.
    Benefit { hazard: Slot, worth: Slot, form: Benefit, out: Slot },
    /// `priority`, with the area of a cell by row, m².
    Priority { benefit: Slot, cost: Slot, row_area_m2: Arc<Vec<f32>>, out: Slot },
    /// `histogram` into [`Tally::bins`].
    Histogram { priority: Slot },
    /// `refine` into [`Tally::refined`].
    Refine { priority: Slot, finer: Finer },
    /// `spread` into [`Tally::bins`], or at a finer level into [`Tally::refined`].
    Spread { cells: Slot, finer: Option<Finer> },
    /// `rank`.
    Rank { priority: Slot, table: Shared<RankTable>, out: Slot },
    /// `class`.
    Class { rank: Slot, thresholds: Arc<Vec<f32>>, out: Slot },
    /// `curve` into [`Tally::segments`].
    Curve {
        rank: Slot,
        cost: Slot,
        benefit: Slot,
        people_at_risk: Slot,
        row_area_m2: Arc<Vec<f32>>,
        quanta: Quanta,
    },
    /// `acceptability_term` of the criterion with this place among those sampled.
    AcceptabilityTerm {
        v: Slot,
        hazard: Slot,
        cost: Slot,
        row_area_m2: Arc<Vec<f32>>,
        form: TermForm,
        index: usize,
        terms: Slot,
    },
    /// `acceptability_count` into [`Tally::samples`].
    AcceptabilityCount { planes: SampledPlanes, group: Shared<Group> },
    /// `acceptability_recount` into [`Tally::samples`].
    AcceptabilityRecount { planes: SampledPlanes, group: Shared<Group>, again: Shared<Again> },
    /// `acceptability`: samples in the top, two sums and the first rank, one plane after the other.
    Acceptability { planes: SampledPlanes, group: Shared<Group>, ranks: Shared<Ranks>, out: Slot },
}

/// What the stages of `acceptability` read: planes one after the other in a plane of as many times the tile's rows.
#[derive(Debug, Clone, Copy)]
pub struct SampledPlanes {
    /// Terms by criterion.
    pub terms: Slot,
    /// Where hazard is drawn: odds, and spread where it differs by cell.
    pub hazards: Option<Slot>,
    /// In an ordered list, whose hazard is no factor: the tier.
    pub tiers: Option<Slot>,
    /// Column and row of the tile's first cell in the whole grid.
    pub origin: [u32; 2],
}

/// Stage calls over planes of one tile.
#[derive(Debug, Clone)]
pub struct Program {
    /// The tile's shape.
    pub tile: Shape,
    /// Shape of every plane, by slot.
    pub shapes: Vec<Shape>,
    /// Planes handed in, in order.
    pub inputs: Vec<Slot>,
    /// Planes handed back, in order.
    pub outputs: Vec<Slot>,
    /// The calls, in order.
    pub calls: Vec<Call>,
    /// Names of planes that other programs of the run use too: an engine with memory of its own may leave
    /// them there.
    pub known: Vec<(Slot, [u64; 2])>,
}

impl Program {
    /// An empty program over a tile.
    pub fn new(n_cols: usize, n_rows: usize) -> Self {
        let tile = Shape { n_cols, n_rows };
        let (shapes, calls, known) = (Vec::new(), Vec::new(), Vec::new());
        Self { tile, shapes, inputs: Vec::new(), outputs: Vec::new(), calls, known }
    }

    /// A plane of the tile's shape that stays on the engine.
    pub fn plane(&mut self) -> Slot {
        self.plane_of(self.tile)
    }

    /// A plane of any shape that stays on the engine.
    pub fn plane_of(&mut self, shape: Shape) -> Slot {
        self.shapes.push(shape);
        Slot(self.shapes.len() - 1)
    }

    /// A plane handed in.
    pub fn input(&mut self) -> Slot {
        self.input_of(self.tile)
    }

    /// A plane of any shape handed in.
    pub fn input_of(&mut self, shape: Shape) -> Slot {
        let slot = self.plane_of(shape);
        self.inputs.push(slot);
        slot
    }

    /// A plane handed back.
    pub fn output(&mut self) -> Slot {
        let slot = self.plane();
        self.outputs.push(slot);
        slot
    }

    /// A plane of any shape handed back.
    pub fn output_of(&mut self, shape: Shape) -> Slot {
        let slot = self.plane_of(shape);
        self.outputs.push(slot);
        slot
    }

    /// Records a call.
    pub fn call(&mut self, call: Call) {
        self.calls.push(call);
    }

    /// The name of a plane, if it has one.
    pub fn name_of(&self, slot: Slot) -> Option<[u64; 2]> {
        self.known.iter().find(|(known, _)| *known == slot).map(|(_, name)| *name)
    }

    /// Cells of the largest plane.
    pub fn largest_plane(&self) -> usize {
        self.shapes.iter().map(Shape::len).max().unwrap_or(0)
    }
}

/// Integers that programs add to, over all tiles of a pass.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    /// Bits of the largest value seen by `maximum`.
    pub maximum_bits: u32,
    /// Cells by first-level bin; empty where no program counts.
    pub bins: Vec<u64>,
    /// Cells at a finer level; empty where no program counts there.
    pub refined: Vec<u64>,
    /// Sums by segment of the curve.
    pub segments: Vec<SegmentSum>,
    /// Cells by sample and bin, or by sample and part.
    pub samples: Vec<u64>,
}

impl Tally {
    /// For programs with `maximum`.
    pub fn of_maximum() -> Self {
        Self::default()
    }

    /// For programs with `histogram`.
    pub fn of_histogram() -> Self {
        Self { bins: vec![0; N_BINS], ..Self::default() }
    }

    /// For programs with `spread`.
    pub fn of_spread() -> Self {
        Self { bins: vec![0; N_SPREAD_BINS], ..Self::default() }
    }

    /// For programs with `refine` or `spread` at a finer level, into so many counts.
    pub fn of_refined(n_counts: usize) -> Self {
        Self { refined: vec![0; n_counts], ..Self::default() }
    }

    /// For programs with `curve`.
    pub fn of_curve() -> Self {
        Self { segments: vec![SegmentSum::default(); N_SEGMENTS], ..Self::default() }
    }

    /// For programs with `acceptability_count` or `acceptability_recount`.
    pub fn of_samples(n_counts: usize) -> Self {
        Self { samples: vec![0; n_counts], ..Self::default() }
    }
}
