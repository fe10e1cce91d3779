//! A recording: buffers, dispatches and downloads of one tile. Buffers are proxies until it runs.

use super::kernels::KernelSpec;
use super::pool::PlaneKey;

/// A visit to a cell with its few planes takes about as long as so many multiplications with an addition.
const VISIT_WORK: u64 = 16;

/// A buffer of a recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BufferId(pub(super) usize);

/// What to run.
#[derive(Debug, Default)]
pub struct Recording<'a> {
    pub(super) buffers: Vec<(Contents<'a>, u64)>,
    pub(super) dispatches: Vec<Dispatch>,
    pub(super) downloads: Vec<(BufferId, u64)>,
    pub(super) stay: Vec<(BufferId, PlaneKey)>,
}

#[derive(Debug)]
pub(super) enum Contents<'a> {
    Upload(&'a [u8]),
    Table(u64, &'a [u8]),
    Plane(PlaneKey, &'a [u8]),
    Zero,
    Any,
}

#[derive(Debug)]
pub(super) struct Dispatch {
    pub(super) kernel: &'static KernelSpec,
    pub(super) params: Vec<u8>,
    pub(super) buffers: Vec<BufferId>,
    pub(super) groups: [u32; 3],
    pub(super) work: u64,
}

impl<'a> Recording<'a> {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// A buffer with the bytes given; their number must be a multiple of 4.
    pub fn upload(&mut self, bytes: &'a [u8]) -> BufferId {
        self.add(Contents::Upload(bytes), bytes.len() as u64)
    }

    /// A table that keeps its bytes over recordings: uploaded only when none of this key is there.
    pub fn keep(&mut self, key: u64, bytes: &'a [u8]) -> BufferId {
        self.add(Contents::Table(key, bytes), bytes.len() as u64)
    }

    /// A plane that an earlier recording may have left on the device: uploaded only when it is not there.
    pub fn known(&mut self, key: PlaneKey, bytes: &'a [u8]) -> BufferId {
        let id = self.add(Contents::Plane(key, bytes), bytes.len() as u64);
        self.stay(id, key);
        id
    }

    /// Leaves a plane on the device for later recordings, as far as its memory goes.
    pub fn stay(&mut self, buffer: BufferId, key: PlaneKey) {
        self.stay.push((buffer, key));
    }

    /// A buffer of zeros.
    pub fn zeroed(&mut self, n_bytes: u64) -> BufferId {
        self.add(Contents::Zero, n_bytes)
    }

    /// A buffer whose every word is written before it is read.
    pub fn plane(&mut self, n_bytes: u64) -> BufferId {
        self.add(Contents::Any, n_bytes)
    }

    /// Runs a kernel over the storage buffers given, in the order of its bindings; its invocations do little
    /// each, as stages do that visit cells once.
    pub fn dispatch(
        &mut self,
        kernel: &'static KernelSpec,
        params: &[u8],
        buffers: &[BufferId],
        groups: [u32; 3],
    ) {
        let invocations = groups.iter().chain(&kernel.workgroup).map(|n| u64::from(*n)).product::<u64>();
        self.dispatch_work(kernel, params, buffers, groups, VISIT_WORK * invocations);
    }

    /// The same where invocations do much: `work` is the number of multiplications with an addition, or what
    /// takes as long, of them all. Submits are cut by it.
    pub fn dispatch_work(
        &mut self,
        kernel: &'static KernelSpec,
        params: &[u8],
        buffers: &[BufferId],
        groups: [u32; 3],
        work: u64,
    ) {
        debug_assert_eq!(
            buffers.len(),
            kernel.bindings.len(),
            "a buffer for every binding of {}",
            kernel.name
        );
        debug_assert_eq!(params.len(), kernel.params.len() * 4, "the parameters of {}", kernel.name);
        let buffers = buffers.to_vec();
        self.dispatches.push(Dispatch { kernel, params: params.to_vec(), buffers, groups, work });
    }

    /// Reads a buffer's first bytes back, in the order of these calls.
    pub fn download(&mut self, buffer: BufferId, n_bytes: u64) {
        self.downloads.push((buffer, n_bytes));
    }

    fn add(&mut self, contents: Contents<'a>, n_bytes: u64) -> BufferId {
        self.buffers.push((contents, n_bytes));
        BufferId(self.buffers.len() - 1)
    }
}
