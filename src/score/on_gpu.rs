//! The GPU engine: a program's calls as dispatches of one recording, one submit a tile.
//!
//! Planes stay on the device between stages; outputs and counts are read back. Counts are read back with every
//! tile, so that a tile either counts whole or, when the device fails, not at all.

use std::sync::atomic::Ordering;

use bytemuck::{bytes_of, cast_slice};

use crate::error::Result;
use crate::gpu::kernels::{self, COUNT_CELLS_EACH, CURVE_WORDS, KernelSpec};
use crate::gpu::params::{
    AcrossParams, BenefitParams, CellParams, ClassParams, CurveParams, DownParams, FactorParams, RowParams,
    ValueParams, ValueStepsParams, ValueTableParams,
};
use crate::gpu::{BufferId, Device, Recording};

use super::curve::{N_SEGMENTS, N_SUMS};
use super::histogram::{N_BINS, N_REFINED};
use super::product::{EXP2_KNOTS, LOG2_KNOTS};
use super::program::{Call, Program, Slot, Tally};
use super::value::{Lookup, Term};
use super::{Benefit, Engine, EngineInfo};

/// Keeps one submit short: at this size the widest stage is some milliseconds on an integrated GPU.
const LARGEST_TILE: usize = 2048;

/// Workgroups along one dimension of a dispatch, at most (WebGPU's default).
const MOST_GROUPS: usize = 65_535;

/// Cells an invocation of `curve` visits: enough to be worth clearing and flushing its workgroup memory.
const CURVE_CELLS_EACH: usize = 64;

/// A GPU.
pub struct OnGpu {
    device: Device,
}

impl OnGpu {
    /// The engine on an open device.
    pub fn new(device: Device) -> Self {
        Self { device }
    }

    /// The device.
    pub fn device(&self) -> &Device {
        &self.device
    }
}

impl Engine for OnGpu {
    fn info(&self) -> EngineInfo {
        let info = self.device.info();
        let driver = format!("{}, {}", info.backend, info.driver);
        EngineInfo { kind: "gpu", device: info.name.clone(), driver }
    }

    fn largest_tile(&self) -> usize {
        LARGEST_TILE
    }

    fn largest_plane(&self) -> usize {
        (self.device.largest_binding() / 4) as usize
    }

    fn is_lost(&self) -> bool {
        self.device.failure().is_some()
    }

    fn run(
        &mut self,
        program: &Program,
        inputs: &[&[f32]],
        outputs: &mut Vec<Vec<f32>>,
        tally: &mut Tally,
    ) -> Result<()> {
        let mut recorder = Recorder::new(program, inputs);
        for call in &program.calls {
            recorder.call(call, tally);
        }
        let Recorder { mut recording, planes, counts, .. } = recorder;
        for slot in &program.outputs {
            recording.download(planes[slot.0], bytes(program.shapes[slot.0].len()));
        }
        for count in &counts {
            recording.download(count.buffer, bytes(count.n_words));
        }
        outputs.resize_with(program.outputs.len(), Vec::new);
        self.device.run(&recording, |i, bytes| {
            if let Some(output) = outputs.get_mut(i) {
                output.clear();
                output.extend_from_slice(cast_slice(bytes));
            } else {
                counts[i - program.outputs.len()].what.add(cast_slice(bytes), tally);
            }
        })
    }
}

fn bytes(n_words: usize) -> u64 {
    n_words as u64 * 4
}

/// Integers a recording hands back.
struct Count {
    buffer: BufferId,
    n_words: usize,
    what: Counted,
}

#[derive(Clone, Copy)]
enum Counted {
    Maximum,
    Bins,
    Refined,
    Segments,
}

impl Counted {
    fn add(self, words: &[u32], tally: &mut Tally) {
        match self {
            Self::Maximum => tally.maximum_bits = tally.maximum_bits.max(words[0]),
            Self::Bins => {
                for (sum, &more) in tally.bins.iter_mut().zip(words) {
                    *sum += u64::from(more);
                }
            }
            Self::Refined => {
                for (sum, &more) in tally.refined.iter().zip(words) {
                    if more > 0 {
                        sum.fetch_add(u64::from(more), Ordering::Relaxed);
                    }
                }
            }
            Self::Segments => {
                let (cells, sums) = words.split_at(N_SEGMENTS);
                let segments = tally.segments.iter_mut().zip(cells).zip(sums.chunks_exact(N_SUMS * 3));
                for ((segment, &cells), sums) in segments {
                    segment.cells += u64::from(cells);
                    for (sum, words) in segment.sums.iter_mut().zip(sums.chunks_exact(3)) {
                        let words = [words[0], words[1], words[2]].map(u128::from);
                        *sum += words[0] + (words[1] << 32) + (words[2] << 64);
                    }
                }
            }
        }
    }
}

struct Recorder<'a> {
    program: &'a Program,
    recording: Recording<'a>,
    planes: Vec<BufferId>,
    counts: Vec<Count>,
}

impl<'a> Recorder<'a> {
    fn new(program: &'a Program, inputs: &[&'a [f32]]) -> Self {
        let mut recording = Recording::new();
        let of_slot = |slot: usize| program.inputs.iter().position(|input| input.0 == slot);
        let planes = program.shapes.iter().enumerate().map(|(slot, shape)| match of_slot(slot) {
            Some(input) => recording.upload(cast_slice(inputs[input])),
            None => recording.plane(bytes(shape.len())),
        });
        let planes = planes.collect();
        Self { program, recording, planes, counts: Vec::new() }
    }

    fn plane(&self, slot: Slot) -> BufferId {
        self.planes[slot.0]
    }

    fn count(&mut self, n_words: usize, what: Counted) -> BufferId {
        let buffer = self.recording.zeroed(bytes(n_words));
        self.counts.push(Count { buffer, n_words, what });
        buffer
    }

    fn call(&mut self, call: &'a Call, tally: &Tally) {
        let tile = self.program.tile;
        let (n_cells, n_cols, n_rows) = (tile.len() as u32, tile.n_cols as u32, tile.n_rows as u32);
        let groups = Groups::of(tile.len(), 1);
        let groups_across = groups.across();
        let cells = CellParams { n_cells, groups_across, ..Default::default() };
        match call {
            Call::ExposureAcross { population, reach, out } => {
                let (source, sums) = (self.program.shapes[population.0], self.program.shapes[out.0]);
                let params = AcrossParams {
                    n_cols,
                    n_rows: source.n_rows as u32,
                    source_stride: source.n_cols as u32,
                    out_stride: sums.n_cols as u32,
                    halo_cols: reach.halo_cols as u32,
                    ..Default::default()
                };
                let rows = self.recording.upload(cast_slice(&reach.across.rows));
                let weights = self.recording.upload(cast_slice(&reach.across.weights));
                let buffers = [self.plane(*population), rows, weights, self.plane(*out)];
                let groups = [n_cols.div_ceil(256), source.n_rows as u32, 1];
                self.recording.dispatch(&kernels::EXPOSURE_ACROSS, bytes_of(&params), &buffers, groups);
            }
            Call::ExposureDown { across, hazard, reach, out } => {
                let across_stride = self.program.shapes[across.0].n_cols as u32;
                let params = DownParams { n_cols, n_rows, across_stride, ..Default::default() };
                let rows = self.recording.upload(cast_slice(&reach.down.rows));
                let weights = self.recording.upload(cast_slice(&reach.down.weights));
                let buffers = [self.plane(*across), self.plane(*hazard), rows, weights, self.plane(*out)];
                let groups = [n_cols.div_ceil(64), n_rows.div_ceil(4), 1];
                self.recording.dispatch(&kernels::EXPOSURE_DOWN, bytes_of(&params), &buffers, groups);
            }
            Call::Maximum { of } => {
                let count = self.count(1, Counted::Maximum);
                self.cellwise(&kernels::MAXIMUM, bytes_of(&cells), &[self.plane(*of), count], groups);
            }
            Call::PeopleAtRisk { hazard, exposure, out } => {
                let buffers = [self.plane(*hazard), self.plane(*exposure), self.plane(*out)];
                self.cellwise(&kernels::PEOPLE_AT_RISK, bytes_of(&cells), &buffers, groups);
            }
            Call::Value { of, term, is_first, worth } => {
                let (of, worth) = (self.plane(*of), self.plane(*worth));
                self.value(of, term, *is_first, worth, &cells, groups);
            }
            Call::Factor { v, weight, is_first, worth } => {
                let (is_first, weight) = (u32::from(*is_first), *weight);
                let params = FactorParams { n_cells, groups_across, is_first, weight };
                let knots = self.recording.upload(cast_slice(&LOG2_KNOTS));
                let buffers = [self.plane(*v), knots, self.plane(*worth)];
                self.cellwise(&kernels::FACTOR, bytes_of(&params), &buffers, groups);
            }
            Call::Benefit { hazard, worth, form: Benefit::Product, out } => {
                let knots = self.recording.upload(cast_slice(&EXP2_KNOTS));
                let buffers = [self.plane(*hazard), self.plane(*worth), knots, self.plane(*out)];
                self.cellwise(&kernels::PRODUCT, bytes_of(&cells), &buffers, groups);
            }
            Call::Benefit { hazard, worth, form, out } => {
                let times_hazard = u32::from(*form == Benefit::Risk);
                let params = BenefitParams { n_cells, groups_across, times_hazard, ..Default::default() };
                let buffers = [self.plane(*hazard), self.plane(*worth), self.plane(*out)];
                self.cellwise(&kernels::BENEFIT, bytes_of(&params), &buffers, groups);
            }
            Call::Priority { benefit, cost, row_area_m2, out } => {
                let areas = self.recording.upload(cast_slice(row_area_m2));
                let params = RowParams { n_cells, groups_across, n_cols, ..Default::default() };
                let buffers = [self.plane(*benefit), self.plane(*cost), areas, self.plane(*out)];
                self.cellwise(&kernels::PRIORITY, bytes_of(&params), &buffers, groups);
            }
            Call::Histogram { priority } => {
                let groups = Groups::of(tile.len(), COUNT_CELLS_EACH as usize);
                let params = CellParams { n_cells, groups_across: groups.across(), ..Default::default() };
                let count = self.count(N_BINS, Counted::Bins);
                let buffers = [self.plane(*priority), count];
                self.cellwise(&kernels::HISTOGRAM, bytes_of(&params), &buffers, groups);
            }
            Call::Refine { priority, index_of } => {
                let groups = Groups::of(tile.len(), COUNT_CELLS_EACH as usize);
                let params = CellParams { n_cells, groups_across: groups.across(), ..Default::default() };
                let index_of = self.keep(index_of.id(), index_of);
                let count = self.count(tally.refined.len().max(N_REFINED), Counted::Refined);
                let buffers = [self.plane(*priority), index_of, count];
                self.cellwise(&kernels::REFINE, bytes_of(&params), &buffers, groups);
            }
            Call::Rank { priority, table, out } => {
                let key = table.id();
                let first = self.keep(key, &table.first);
                let refined =
                    self.keep(key + 1, if table.refined.is_empty() { &[0] } else { &table.refined });
                let buffers = [self.plane(*priority), first, refined, self.plane(*out)];
                self.cellwise(&kernels::RANK, bytes_of(&cells), &buffers, groups);
            }
            Call::Class { rank, thresholds, out } => {
                let n_thresholds = thresholds.len() as u32;
                let none: &[f32] = &[0.0];
                let bound = if thresholds.is_empty() { none } else { thresholds };
                let bound = self.recording.upload(cast_slice(bound));
                let params = ClassParams { n_cells, groups_across, n_thresholds, ..Default::default() };
                let buffers = [self.plane(*rank), bound, self.plane(*out)];
                self.cellwise(&kernels::CLASS, bytes_of(&params), &buffers, groups);
            }
            Call::Curve { rank, cost, benefit, people_at_risk, row_area_m2, quanta } => {
                let groups = Groups::of(tile.len(), CURVE_CELLS_EACH);
                let params = CurveParams {
                    n_cells,
                    groups_across: groups.across(),
                    n_cols,
                    cells_each: CURVE_CELLS_EACH as u32,
                    quantum_area: quanta[0],
                    quantum_cost: quanta[1],
                    quantum_benefit: quanta[2],
                    quantum_people: quanta[3],
                };
                let areas = self.recording.upload(cast_slice(row_area_m2));
                let count = self.count(CURVE_WORDS, Counted::Segments);
                let planes = [*rank, *cost, *benefit, *people_at_risk].map(|slot| self.plane(slot));
                let [rank, cost, benefit, people] = planes;
                let buffers = [rank, cost, benefit, people, areas, count];
                self.cellwise(&kernels::CURVE, bytes_of(&params), &buffers, groups);
            }
        }
    }

    fn value(
        &mut self,
        of: BufferId,
        term: &'a Term,
        is_first: bool,
        worth: BufferId,
        cells: &CellParams,
        groups: Groups,
    ) {
        let (n_cells, groups_across) = (cells.n_cells, cells.groups_across);
        let (is_first, weight) = (u32::from(is_first), term.weight);
        match &term.lookup {
            Lookup::Linear(line) => {
                let (lo, span) = (line.lo, line.span);
                let params =
                    ValueParams { n_cells, groups_across, is_first, lo, span, weight, ..Default::default() };
                self.cellwise(&kernels::VALUE, bytes_of(&params), &[of, worth], groups);
            }
            Lookup::Table(table) => {
                let params = ValueTableParams {
                    n_cells,
                    groups_across,
                    is_first,
                    by_bits: u32::from(table.by_bits),
                    n_spans: table.n_spans(),
                    base: table.base,
                    shift: table.shift,
                    weight,
                    lo: table.lo,
                    hi: table.hi,
                    below: table.below,
                    above: table.above,
                    mid: table.mid,
                    scale: table.scale,
                    half_spans: table.half(),
                    bit_scale: table.bit_scale(),
                };
                let knots = self.recording.upload(cast_slice(&table.knots));
                self.cellwise(&kernels::VALUE_TABLE, bytes_of(&params), &[of, knots, worth], groups);
            }
            Lookup::Steps(steps) => {
                let params = ValueStepsParams {
                    n_cells,
                    groups_across,
                    is_first,
                    is_classes: u32::from(steps.is_classes),
                    n_pairs: (steps.pairs.len() / 2) as u32,
                    weight,
                    ..Default::default()
                };
                let pairs = self.recording.upload(cast_slice(&steps.pairs));
                self.cellwise(&kernels::VALUE_STEPS, bytes_of(&params), &[of, pairs, worth], groups);
            }
        }
    }

    fn keep(&mut self, key: u64, words: &'a [u32]) -> BufferId {
        self.recording.keep(key, cast_slice(words))
    }

    fn cellwise(&mut self, kernel: &'static KernelSpec, params: &[u8], buffers: &[BufferId], groups: Groups) {
        self.recording.dispatch(kernel, params, buffers, groups.0);
    }
}

/// Workgroups of 256 invocations along x and y.
#[derive(Clone, Copy)]
struct Groups([u32; 3]);

impl Groups {
    fn of(n_cells: usize, cells_each: usize) -> Self {
        let n = n_cells.div_ceil(256 * cells_each).max(1);
        let down = n.div_ceil(MOST_GROUPS);
        Self([n.div_ceil(down) as u32, down as u32, 1])
    }

    fn across(self) -> u32 {
        self.0[0]
    }
}
