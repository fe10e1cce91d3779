//! A tile's recording in the making: its planes, the integers it will hand back, and dispatches over cells.

use std::ops::Range;

use bytemuck::cast_slice;

use crate::gpu::kernels::KernelSpec;
use crate::gpu::params::CellParams;
use crate::gpu::{BufferId, Recording};

use super::super::program::{Program, Slot};
use super::counted::{Count, Counted};

/// Workgroups along one dimension of a dispatch, at most (WebGPU's default).
const MOST_GROUPS: usize = 65_535;

/// Records the calls of a program.
pub struct Recorder<'a> {
    /// Whose calls.
    pub program: &'a Program,
    /// What is recorded so far.
    pub recording: Recording<'a>,
    /// By slot.
    pub planes: Vec<BufferId>,
    /// To be read back after the planes.
    pub counts: Vec<Count>,
    work_per_submit: u64,
}

/// Bytes of so many words.
pub fn bytes(n_words: usize) -> u64 {
    n_words as u64 * 4
}

impl<'a> Recorder<'a> {
    /// With the program's planes, inputs filled; a dispatch of more work than one submit may hold is recorded
    /// in parts.
    pub fn new(program: &'a Program, inputs: &[&'a [f32]], work_per_submit: u64) -> Self {
        let mut recording = Recording::new();
        let of_slot = |slot: usize| program.inputs.iter().position(|input| input.0 == slot);
        let planes = program.shapes.iter().enumerate().map(|(slot, shape)| {
            match (of_slot(slot), program.name_of(Slot(slot))) {
                (Some(input), Some(name)) => recording.known(name, cast_slice(inputs[input])),
                (Some(input), None) => recording.upload(cast_slice(inputs[input])),
                (None, name) => {
                    let plane = recording.plane(bytes(shape.len()));
                    name.into_iter().for_each(|name| recording.stay(plane, name));
                    plane
                }
            }
        });
        let planes = planes.collect();
        Self { program, recording, planes, counts: Vec::new(), work_per_submit }
    }

    /// A plane's buffer.
    pub fn plane(&self, slot: Slot) -> BufferId {
        self.planes[slot.0]
    }

    /// Words to count in, 0 at first, read back and added to the tally.
    pub fn count(&mut self, n_words: usize, what: Counted) -> BufferId {
        let buffer = self.recording.zeroed(bytes(n_words));
        self.counts.push(Count { buffer, n_words, what });
        buffer
    }

    /// A small table of this tile alone.
    pub fn table<T: bytemuck::NoUninit>(&mut self, table: &'a [T]) -> BufferId {
        self.recording.upload(cast_slice(table))
    }

    /// A large table of many tiles, by its number.
    pub fn keep(&mut self, key: u64, words: &'a [u32]) -> BufferId {
        self.recording.keep(key, cast_slice(words))
    }

    /// Parameters and workgroups of a stage with nothing but the tile's cells, one to an invocation.
    pub fn cells(&self) -> (CellParams, Groups) {
        self.cells_each(1)
    }

    /// The same with more cells to an invocation.
    pub fn cells_each(&self, cells_each: usize) -> (CellParams, Groups) {
        let n_cells = self.program.tile.len();
        let groups = Groups::of(n_cells, cells_each);
        let params =
            CellParams { n_cells: n_cells as u32, groups_across: groups.across(), ..Default::default() };
        (params, groups)
    }

    /// Rows by which a dispatch is cut, so that no part is more work than one submit may hold.
    pub fn bands(&self, n_rows: usize, work_per_row: u64) -> impl Iterator<Item = Range<usize>> + use<> {
        let each = (self.work_per_submit / work_per_row.max(1)).clamp(1, n_rows.max(1) as u64) as usize;
        (0..n_rows).step_by(each).map(move |first| first..(first + each).min(n_rows))
    }

    /// A dispatch over the tile's cells.
    pub fn cellwise(
        &mut self,
        kernel: &'static KernelSpec,
        params: &[u8],
        buffers: &[BufferId],
        groups: Groups,
    ) {
        self.recording.dispatch(kernel, params, buffers, groups.0);
    }
}

/// Workgroups of 256 invocations along x and y.
#[derive(Clone, Copy)]
pub struct Groups([u32; 3]);

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
