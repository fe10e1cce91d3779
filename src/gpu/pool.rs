//! Buffers on the device: used again from recording to recording, and planes and tables that stay.

use super::Device;
use super::trouble::{Injected, Trouble, scoped};

/// A plane's name on the device: what it is, and which part of the grid.
pub type PlaneKey = [u64; 2];

/// How many tables stay.
const MOST_TABLES: usize = 4;

/// The buffers of a device that no recording is using.
pub(super) struct Pool {
    free: Vec<wgpu::Buffer>,
    tables: Vec<(u64, wgpu::Buffer)>,
    /// Least recently used first.
    planes: Vec<(PlaneKey, wgpu::Buffer)>,
    budget: u64,
}

impl Pool {
    pub(super) fn new(budget: u64) -> Self {
        Self { free: Vec::new(), tables: Vec::new(), planes: Vec::new(), budget }
    }

    pub(super) fn set_budget(&mut self, budget: u64) {
        self.budget = budget;
        self.shrink();
    }

    /// Takes back what a recording used, for the next one; what that one does not need is freed.
    pub(super) fn give_back(&mut self, used: Vec<wgpu::Buffer>) {
        self.free = used;
    }

    pub(super) fn forget_free(&mut self) {
        self.free.clear();
    }

    pub(super) fn forget_all(&mut self) {
        self.free.clear();
        self.tables.clear();
        self.planes.clear();
    }

    pub(super) fn table(&self, key: u64) -> Option<wgpu::Buffer> {
        self.tables.iter().find(|(kept, _)| *kept == key).map(|(_, buffer)| buffer.clone())
    }

    pub(super) fn keep_table(&mut self, key: u64, buffer: wgpu::Buffer) {
        if self.tables.len() >= MOST_TABLES {
            self.tables.remove(0);
        }
        self.tables.push((key, buffer));
    }

    /// A plane that stayed, marked as just used.
    pub(super) fn plane(&mut self, key: PlaneKey, n_bytes: u64) -> Option<wgpu::Buffer> {
        let at = self.planes.iter().position(|(kept, buffer)| *kept == key && buffer.size() >= n_bytes)?;
        let found = self.planes.remove(at);
        let buffer = found.1.clone();
        self.planes.push(found);
        Some(buffer)
    }

    /// Whether planes stay at all.
    pub(super) fn keeps_planes(&self) -> bool {
        self.budget > 0
    }

    pub(super) fn keep_plane(&mut self, key: PlaneKey, buffer: wgpu::Buffer) {
        self.planes.retain(|(kept, _)| *kept != key);
        self.planes.push((key, buffer));
        self.shrink();
    }

    fn shrink(&mut self) {
        let mut held: u64 = self.planes.iter().map(|(_, buffer)| buffer.size()).sum();
        while held > self.budget {
            held -= self.planes.remove(0).1.size();
        }
    }
}

impl Device {
    /// A buffer of at least so many bytes from the pool, or a new one.
    pub(super) fn buffer(
        &mut self,
        n_bytes: u64,
        usage: wgpu::BufferUsages,
    ) -> Result<wgpu::Buffer, Trouble> {
        let size = n_bytes.max(4).next_multiple_of(256);
        if let Some(Injected::OutOfMemory(n_more)) = &mut self.injected {
            if *n_more > 0 {
                *n_more -= 1;
                return Err(Trouble::OutOfMemory);
            }
            self.injected = None;
        }
        let found = self.pool.free.iter().position(|buffer| buffer.size() == size && buffer.usage() == usage);
        if let Some(found) = found {
            return Ok(self.pool.free.swap_remove(found));
        }
        let descriptor = wgpu::BufferDescriptor { label: None, size, usage, mapped_at_creation: false };
        // Asked one by one, so that a recording ends where memory does.
        scoped(&self.device, || Ok(self.device.create_buffer(&descriptor)))
    }
}
