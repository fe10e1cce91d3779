//! The native engine: all cores, blocks of rows that stay in the cache through a run of cell-wise stages.
//!
//! The product's engine where no GPU is. Every cell's arithmetic has the order of the shaders and no fused
//! multiply-add, so that a device without one gives the same bits. What is accumulated are integers, so
//! neither the number of threads nor the cutting into blocks changes a result.

mod block;
mod sampled;

use std::mem;
use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;

use crate::error::Result;

use self::block::{Block, Part};
use super::count::count;
use super::curve::SegmentSum;
use super::exposure::{Rooms, exposure};
use super::hazard::hazard;
use super::program::{Call, Program, Slot, Tally};
use super::proximity::proximity;
use super::{Engine, EngineInfo};

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
            Call::Exposure { .. } | Call::Hazard { .. } | Call::Proximity { .. } | Call::Count { .. }
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

/// What one thread counts over its blocks.
#[derive(Default)]
struct Counts {
    maximum_bits: u32,
    bins: Vec<u32>,
    segments: Vec<SegmentSum>,
}

impl Counts {
    fn bins(&mut self, n: usize) -> &mut [u32] {
        self.bins.resize(n, 0);
        &mut self.bins
    }

    fn segments(&mut self, n: usize) -> &mut [SegmentSum] {
        self.segments.resize(n, SegmentSum::default());
        &mut self.segments
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
        for (sum, more) in tally.bins.iter_mut().zip(&mut counts.bins) {
            *sum += u64::from(mem::take(more));
        }
        self.spare_bins.lock().unwrap_or_else(PoisonError::into_inner).push(counts.bins);
    }
}
