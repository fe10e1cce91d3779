//! The native engine: all cores, blocks of rows that stay in the cache through a run of cell-wise stages.
//!
//! The product's engine where no GPU is. Every cell's arithmetic has the order of the shaders. Sums of exposure round a
//! product and the sum it goes into once, on every processor ([`crate::widest`]); elsewhere each operation rounds by
//! itself, so that a device which does so too gives the same bits. What is accumulated are integers, so neither the
//! number of threads nor the cutting into blocks changes a result.

mod counts;
mod sampled;

use std::mem;
use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;

use crate::error::Result;

use super::benefit::benefit;
use super::class::class;
use super::count::count;
use super::curve::{CurvePlanes, curve};
use super::exposure::{Rooms, exposure};
use super::hazard::hazard;
use super::histogram::{histogram, refine};
use super::maximum::maximum;
use super::ordered::{Tiering, order, ordered, tier};
use super::people_at_risk::people_at_risk;
use super::priority::priority;
use super::product::{factor, product};
use super::program::{Call, Program, Slot, Tally};
use super::proximity::along::proximity_along;
use super::proximity::proximity;
use super::quantile::{spread, spread_finer};
use super::rank::rank;
use super::value::{Term, value};
use super::{Benefit, Engine, EngineInfo};
use crate::widest::{widest, work};
use counts::Counts;

work!(Maximum = maximum(of: &'a [f32], so_far: &'a mut u32));
work!(PeopleAtRisk = people_at_risk(hazard: &'a [f32], exposure: &'a [f32], out: &'a mut [f32]));
work!(AddValue = value(of: &'a [f32], term: &'a Term, is_first: bool, worth: &'a mut [f32]));
work!(AddFactor = factor(v: &'a [f32], weight: f32, is_first: bool, worth: &'a mut [f32]));
work!(HazardOrSum = benefit(hazard: &'a [f32], worth: &'a [f32], times_hazard: bool, out: &'a mut [f32]));
work!(Product = product(hazard: &'a [f32], worth: &'a [f32], out: &'a mut [f32]));
work!(Tier = tier(v: &'a [f32], tiering: &'a Tiering, is_first: bool, worth: &'a mut [f32], tiers: &'a mut [f32]));
work!(Ordered = ordered(hazard: &'a [f32], worth: &'a [f32], tier: &'a [f32], last_tier: f32, out: &'a mut [f32]));
work!(Order = order(q: &'a [f32], tier: &'a [f32], benefit: &'a [f32], last_tier: f32, out: &'a mut [f32]));
work!(Priority = priority(benefit: &'a [f32], cost: &'a [f32], row_area_m2: &'a [f32], out: &'a mut [f32]));
work!(Class = class(rank: &'a [f32], thresholds: &'a [f32], out: &'a mut [f32]));

/// Cells of a block: a handful of such planes fit the second-level cache.
const BLOCK_CELLS: usize = 16_384;

/// Largest tile side: larger ones only cost memory.
const LARGEST_TILE: usize = 4096;

/// All cores of this machine.
#[derive(Debug, Default)]
pub struct Native {
    /// Histograms of finished blocks' threads, kept for the next tile, all zero.
    spare_bins: Mutex<Vec<Vec<u32>>>,
    /// Of the exposure.
    rooms: Rooms,
}

impl Native {
    /// The engine.
    pub fn new() -> Self {
        Self::default()
    }
}

impl Engine for Native {
    fn info(&self) -> EngineInfo {
        let device = format!("{} threads", rayon::current_num_threads());
        EngineInfo { kind: "native", device, driver: String::new() }
    }

    fn largest_tile(&self) -> usize {
        LARGEST_TILE
    }

    fn largest_plane(&self) -> usize {
        usize::MAX
    }

    fn run(
        &mut self,
        program: &Program,
        inputs: &[&[f32]],
        outputs: &mut Vec<Vec<f32>>,
        tally: &mut Tally,
    ) -> Result<()> {
        outputs.resize_with(program.outputs.len(), Vec::new);
        let mut planes = Planes::new(program, inputs, outputs);
        let mut calls = program.calls.as_slice();
        while let Some(call) = calls.first() {
            let n_cellwise = calls.iter().take_while(|call| is_cellwise(call)).count();
            if n_cellwise == 0 {
                if is_sampled(call) {
                    planes.run_sampled(call, program, tally);
                } else {
                    planes.run_whole(call, program.tile.n_cols, &self.rooms);
                }
                calls = &calls[1..];
            } else {
                let (cellwise, rest) = calls.split_at(n_cellwise);
                self.run_cellwise(cellwise, program, &mut planes, tally);
                calls = rest;
            }
        }
        for (output, slot) in outputs.iter_mut().zip(&program.outputs) {
            *output = mem::take(&mut planes.owned[slot.0]);
        }
        Ok(())
    }
}

fn is_cellwise(call: &Call) -> bool {
    !is_sampled(call)
        && !matches!(
            call,
            Call::Exposure { .. }
                | Call::Hazard { .. }
                | Call::Proximity { .. }
                | Call::ProximityAlong { .. }
                | Call::Count { .. }
        )
}

fn is_sampled(call: &Call) -> bool {
    matches!(
        call,
        Call::AcceptabilityTerm { .. }
            | Call::AcceptabilityCount { .. }
            | Call::AcceptabilityRecount { .. }
            | Call::Acceptability { .. }
    )
}

/// The planes of a running program: borrowed inputs, owned ones, and those that exist only block by block.
struct Planes<'a> {
    inputs: Vec<Option<&'a [f32]>>,
    owned: Vec<Vec<f32>>,
}

impl<'a> Planes<'a> {
    fn new(program: &Program, inputs: &[&'a [f32]], outputs: &mut [Vec<f32>]) -> Self {
        let mut planes =
            Self { inputs: vec![None; program.shapes.len()], owned: vec![Vec::new(); program.shapes.len()] };
        for (slot, cells) in program.inputs.iter().zip(inputs) {
            assert_eq!(cells.len(), program.shapes[slot.0].len(), "an input has its plane's shape");
            planes.inputs[slot.0] = Some(cells);
        }
        let own = |slot: Slot, mut cells: Vec<f32>, owned: &mut Vec<Vec<f32>>| {
            // Every cell is written by the call that makes the plane.
            cells.resize(program.shapes[slot.0].len(), 0.0);
            owned[slot.0] = cells;
        };
        for (slot, cells) in program.outputs.iter().zip(outputs) {
            own(*slot, mem::take(cells), &mut planes.owned);
        }
        for call in &program.calls {
            let kept = match call {
                Call::Exposure { out, .. } => vec![*out],
                Call::AcceptabilityTerm { v, terms, .. } => vec![*v, *terms],
                Call::AcceptabilityCount { planes, .. }
                | Call::AcceptabilityRecount { planes, .. }
                | Call::Acceptability { planes, .. } => planes.tiers.into_iter().collect(),
                _ => Vec::new(),
            };
            for slot in kept {
                if planes.owned[slot.0].is_empty() {
                    own(slot, Vec::new(), &mut planes.owned);
                }
            }
        }
        planes
    }

    fn get(&self, slot: Slot) -> &[f32] {
        self.inputs[slot.0].unwrap_or(&self.owned[slot.0])
    }

    /// A stage that is not cell by cell.
    fn run_whole(&mut self, call: &Call, n_cols: usize, rooms: &Rooms) {
        match call {
            Call::Exposure { population, hazard, reach, out, .. } => {
                let mut filled = mem::take(&mut self.owned[out.0]);
                exposure(self.get(*population), self.get(*hazard), reach, n_cols, rooms, &mut filled);
                self.owned[out.0] = filled;
            }
            Call::Hazard { prior, blocks, accidents, out } => {
                let mut raised = mem::take(&mut self.owned[out.0]);
                hazard(self.get(*prior), blocks, accidents, n_cols, &mut raised);
                self.owned[out.0] = raised;
            }
            Call::Proximity { blocks, out } => proximity(blocks, n_cols, &mut self.owned[out.0]),
            Call::ProximityAlong { rows, ratio, width_m, out } => {
                let mut distances = mem::take(&mut self.owned[out.0]);
                proximity_along(self.get(*rows), n_cols, *ratio, *width_m, &mut distances);
                self.owned[out.0] = distances;
            }
            Call::Count { blocks, radius2, out } => {
                count(blocks, *radius2, n_cols, &mut self.owned[out.0]);
            }
            _ => unreachable!("all others are cell by cell"),
        }
    }

    /// Blocks of whole rows over all planes of the tile's shape.
    fn blocks<'b>(&'b mut self, program: &Program, rows_a_block: usize) -> Vec<Block<'b>> {
        let tile = program.tile;
        let n_blocks = tile.n_rows.div_ceil(rows_a_block);
        let cells_a_block = rows_a_block * tile.n_cols;
        let mut blocks: Vec<Block<'b>> = (0..n_blocks)
            .map(|i| {
                let first_row = i * rows_a_block;
                let n_rows = rows_a_block.min(tile.n_rows - first_row);
                Block { first_row, n_rows, n_cols: tile.n_cols, parts: Vec::new() }
            })
            .collect();
        for ((slot, input), owned) in self.inputs.iter().enumerate().zip(&mut self.owned) {
            if program.shapes[slot] != tile {
                blocks.iter_mut().for_each(|block| block.parts.push(Part::Elsewhere));
            } else if let Some(input) = input {
                let parts = blocks.iter_mut().zip(input.chunks(cells_a_block));
                parts.for_each(|(block, part)| block.parts.push(Part::Read(part)));
            } else if owned.is_empty() {
                blocks.iter_mut().for_each(|block| block.parts.push(Part::Local(Vec::new())));
            } else {
                let parts = blocks.iter_mut().zip(owned.chunks_mut(cells_a_block));
                parts.for_each(|(block, part)| block.parts.push(Part::Write(part)));
            }
        }
        blocks
    }
}

/// A few rows of every plane.
struct Block<'a> {
    first_row: usize,
    n_rows: usize,
    n_cols: usize,
    parts: Vec<Part<'a>>,
}

enum Part<'a> {
    /// Of an input.
    Read(&'a [f32]),
    /// Of a plane kept beyond the block.
    Write(&'a mut [f32]),
    /// Of a plane nobody asks for afterwards.
    Local(Vec<f32>),
    /// A plane of another shape, or one being written.
    Elsewhere,
}

impl Part<'_> {
    fn cells_mut(&mut self, n_cells: usize) -> &mut [f32] {
        match self {
            Part::Write(cells) => cells,
            Part::Local(cells) => {
                cells.resize(n_cells, 0.0);
                cells
            }
            Part::Read(_) | Part::Elsewhere => panic!("a stage writes a plane of the tile that is no input"),
        }
    }
}

impl Block<'_> {
    fn get(&self, slot: Slot) -> &[f32] {
        match &self.parts[slot.0] {
            Part::Read(cells) => cells,
            Part::Write(cells) => cells,
            Part::Local(cells) => cells,
            Part::Elsewhere => panic!("a stage reads the plane it writes, or one of another shape"),
        }
    }

    fn rows<'r>(&self, by_row: &'r [f32]) -> &'r [f32] {
        &by_row[self.first_row..self.first_row + self.n_rows]
    }

    /// Runs `stage` with the block and the part it writes.
    fn write(&mut self, slot: Slot, stage: impl FnOnce(&Self, &mut [f32])) {
        let mut part = mem::replace(&mut self.parts[slot.0], Part::Elsewhere);
        stage(self, part.cells_mut(self.n_rows * self.n_cols));
        self.parts[slot.0] = part;
    }

    /// The same for a stage that writes two planes.
    fn write_both(&mut self, slots: [Slot; 2], stage: impl FnOnce(&Self, &mut [f32], &mut [f32])) {
        let mut second = mem::replace(&mut self.parts[slots[1].0], Part::Elsewhere);
        let cells = second.cells_mut(self.n_rows * self.n_cols);
        self.write(slots[0], |block, first| stage(block, first, cells));
        self.parts[slots[1].0] = second;
    }

    fn run(&mut self, call: &Call, counts: &mut Counts, tally: &Tally) {
        match call {
            Call::PeopleAtRisk { hazard, exposure, out } => {
                self.write(*out, |b, out| {
                    widest(PeopleAtRisk { hazard: b.get(*hazard), exposure: b.get(*exposure), out })
                });
            }
            Call::Value { of, term, is_first, worth } => {
                self.write(*worth, |b, worth| {
                    widest(AddValue { of: b.get(*of), term, is_first: *is_first, worth })
                });
            }
            Call::Factor { v, weight, is_first, worth } => self.write(*worth, |b, worth| {
                widest(AddFactor { v: b.get(*v), weight: *weight, is_first: *is_first, worth })
            }),
            Call::Benefit { hazard, worth, form, out } => self.write(*out, |b, out| {
                let (hazard, worth) = (b.get(*hazard), b.get(*worth));
                match form {
                    Benefit::Product => widest(Product { hazard, worth, out }),
                    Benefit::Risk => widest(HazardOrSum { hazard, worth, times_hazard: true, out }),
                    Benefit::Sum => widest(HazardOrSum { hazard, worth, times_hazard: false, out }),
                    Benefit::Ordered => unreachable!("it has a stage of its own"),
                }
            }),
            Call::Tier { v, tiering, is_first, worth, tier } => {
                self.write_both([*worth, *tier], |b, worth, tiers| {
                    widest(Tier { v: b.get(*v), tiering, is_first: *is_first, worth, tiers });
                });
            }
            Call::Ordered { hazard, worth, tier, last_tier, out } => self.write(*out, |b, out| {
                let (hazard, worth, tier) = (b.get(*hazard), b.get(*worth), b.get(*tier));
                widest(Ordered { hazard, worth, tier, last_tier: *last_tier, out });
            }),
            Call::Order { q, tier, benefit, last_tier, out } => self.write(*out, |b, out| {
                let (q, tier, benefit) = (b.get(*q), b.get(*tier), b.get(*benefit));
                widest(Order { q, tier, benefit, last_tier: *last_tier, out });
            }),
            Call::Priority { benefit, cost, row_area_m2, out } => self.write(*out, |b, out| {
                let (benefit, cost, row_area_m2) = (b.get(*benefit), b.get(*cost), b.rows(row_area_m2));
                widest(Priority { benefit, cost, row_area_m2, out });
            }),
            Call::Rank { priority, table, out } => {
                self.write(*out, |b, out| rank(b.get(*priority), table, out));
            }
            Call::Class { rank, thresholds, out } => {
                self.write(*out, |b, out| widest(Class { rank: b.get(*rank), thresholds, out }));
            }
            Call::Maximum { of } => widest(Maximum { of: self.get(*of), so_far: &mut counts.maximum_bits }),
            Call::Histogram { priority } => histogram(self.get(*priority), counts.bins(tally.bins.len())),
            Call::Refine { priority, finer } => {
                refine(self.get(*priority), finer, counts.bins(finer.n_counts));
            }
            Call::Spread { cells, finer: None } => spread(self.get(*cells), counts.bins(tally.bins.len())),
            Call::Spread { cells, finer: Some(finer) } => {
                spread_finer(self.get(*cells), finer, counts.bins(finer.n_counts));
            }
            Call::Curve { rank, cost, benefit, people_at_risk, row_area_m2, quanta } => {
                let planes = CurvePlanes {
                    rank: self.get(*rank),
                    cost: self.get(*cost),
                    benefit: self.get(*benefit),
                    people_at_risk: self.get(*people_at_risk),
                    row_area_m2: self.rows(row_area_m2),
                };
                curve(&planes, quanta, counts.segments(tally.segments.len()));
            }
            _ => unreachable!("not cell by cell"),
        }
    }
}

impl Native {
    fn run_cellwise(&self, calls: &[Call], program: &Program, planes: &mut Planes<'_>, tally: &mut Tally) {
        let rows_a_block = (BLOCK_CELLS / program.tile.n_cols.max(1)).max(1);
        let mut blocks = planes.blocks(program, rows_a_block);
        let counts_in_use: Mutex<Vec<Counts>> = Mutex::default();
        let held = |counts: &Mutex<Vec<Counts>>| counts.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let shared: &Tally = tally;
        blocks.par_iter_mut().for_each(|block| {
            let mut counts = held(&counts_in_use).unwrap_or_else(|| self.new_counts());
            for call in calls {
                block.run(call, &mut counts, shared);
            }
            counts_in_use.lock().unwrap_or_else(PoisonError::into_inner).push(counts);
        });
        for counts in counts_in_use.into_inner().unwrap_or_else(PoisonError::into_inner) {
            self.add(counts, tally);
        }
    }

    fn new_counts(&self) -> Counts {
        let bins = self.spare_bins.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default();
        Counts { bins, ..Counts::default() }
    }

    fn add(&self, mut counts: Counts, tally: &mut Tally) {
        tally.maximum_bits = tally.maximum_bits.max(counts.maximum_bits);
        for (sum, more) in tally.segments.iter_mut().zip(&counts.segments) {
            sum.add(more);
        }
        // A program counts at one level.
        let sums = if tally.refined.is_empty() { &mut tally.bins } else { &mut tally.refined };
        for (sum, more) in sums.iter_mut().zip(&counts.bins) {
            *sum += u64::from(*more);
        }
        counts.bins.fill(0);
        self.spare_bins.lock().unwrap_or_else(PoisonError::into_inner).push(counts.bins);
    }
}
