//! Bytes to and from the device through a ring of staging buffers, made once and mapped again after each use.
//!
//! While the device copies one arena, all cores fill or empty the next. `Queue::write_buffer` would make a new
//! staging buffer for every call and copy with one thread.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use rayon::prelude::*;
use wgpu::BufferUsages;

use super::Device;
use super::trouble::Trouble;

/// Bytes of one arena: large enough that a submit costs little beside its copy, small enough that filling the
/// first and emptying the last, where nothing overlaps, are short.
const ARENA: usize = 8 << 20;

/// Arenas for either direction.
const N_ARENAS: usize = 4;

/// Bytes a core copies at once.
const PIECE: usize = 256 << 10;

/// Staging memory for both directions, bytes.
pub const STAGING_BYTES: u64 = 2 * (N_ARENAS * ARENA) as u64;

/// The rings.
#[derive(Default)]
pub(super) struct Arenas {
    up: VecDeque<Arena>,
    down: VecDeque<Arena>,
    n_up: u64,
    n_down: u64,
}

impl Arenas {
    pub(super) fn transferred(&self) -> (u64, u64) {
        (self.n_up, self.n_down)
    }

    /// Gives all staging memory back; bytes on their way are lost.
    pub(super) fn forget(&mut self) {
        self.up.clear();
        self.down.clear();
    }
}

struct Arena {
    buffer: wgpu::Buffer,
    state: Arc<AtomicU8>,
    submit: Option<wgpu::SubmissionIndex>,
}

const WAITING: u8 = 0;
const MAPPED: u8 = 1;
const FAILED: u8 = 2;

/// Bytes for a buffer's begin.
pub(super) struct Upload<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) to: wgpu::Buffer,
}

/// A buffer's first bytes.
pub(super) struct Download<'a> {
    pub(super) from: wgpu::Buffer,
    pub(super) bytes: &'a mut [u8],
}

/// A part of a transfer that lies in one arena.
struct Part<B> {
    bytes: B,
    buffer: wgpu::Buffer,
    in_buffer: usize,
    in_arena: usize,
}

impl Device {
    /// Queues the copies up; the bytes have been read when this returns.
    pub(super) fn upload(&mut self, uploads: &[Upload<'_>]) -> Result<(), Trouble> {
        let whole = uploads.iter().map(|upload| (upload.bytes, upload.to.clone()));
        for load in loads(whole, |bytes: &&[u8]| bytes.len(), |bytes, n| bytes.split_at(n)) {
            let mut arena = self.free_arena_up()?;
            fill(&arena.buffer, &load)?;
            arena.buffer.unmap();
            let mut encoder = self.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
            for part in &load {
                let (at, to, n) = (part.in_arena as u64, part.in_buffer as u64, part.bytes.len() as u64);
                encoder.copy_buffer_to_buffer(&arena.buffer, at, &part.buffer, to, n);
                self.arenas.n_up += n;
            }
            arena.submit = Some(self.queue.submit([encoder.finish()]));
            arena.map(wgpu::MapMode::Write);
            self.arenas.up.push_back(arena);
        }
        Ok(())
    }

    /// Copies down after everything submitted so far, and waits.
    pub(super) fn download(&mut self, downloads: Vec<Download<'_>>) -> Result<(), Trouble> {
        let whole = downloads.into_iter().map(|download| (download.bytes, download.from));
        let mut flying: VecDeque<(Arena, Vec<Part<&mut [u8]>>)> = VecDeque::new();
        for load in loads(whole, |bytes: &&mut [u8]| bytes.len(), |bytes, n| bytes.split_at_mut(n)) {
            if flying.len() == N_ARENAS
                && let Some(first) = flying.pop_front()
            {
                self.land(first)?;
            }
            let mut arena = match self.arenas.down.pop_front() {
                Some(arena) => arena,
                None => self.new_arena(BufferUsages::MAP_READ | BufferUsages::COPY_DST, false)?,
            };
            let mut encoder = self.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
            for part in &load {
                let (from, at, n) = (part.in_buffer as u64, part.in_arena as u64, part.bytes.len() as u64);
                encoder.copy_buffer_to_buffer(&part.buffer, from, &arena.buffer, at, n);
                self.arenas.n_down += n;
            }
            arena.submit = Some(self.queue.submit([encoder.finish()]));
            arena.map(wgpu::MapMode::Read);
            flying.push_back((arena, load));
        }
        flying.into_iter().try_for_each(|load| self.land(load))
    }

    fn land(&mut self, (arena, load): (Arena, Vec<Part<&mut [u8]>>)) -> Result<(), Trouble> {
        self.wait_for(&arena)?;
        {
            let view = arena.buffer.get_mapped_range(..).map_err(|e| Trouble::Other(e.to_string()))?;
            let bytes: &[u8] = &view;
            let pieces: Vec<(&mut [u8], &[u8])> = load
                .into_iter()
                .flat_map(|part| {
                    let from = &bytes[part.in_arena..part.in_arena + part.bytes.len()];
                    part.bytes.chunks_mut(PIECE).zip(from.chunks(PIECE))
                })
                .collect();
            pieces.into_par_iter().for_each(|(to, from)| to.copy_from_slice(from));
        }
        arena.buffer.unmap();
        self.arenas.down.push_back(arena);
        Ok(())
    }

    fn free_arena_up(&mut self) -> Result<Arena, Trouble> {
        if self.arenas.up.len() < N_ARENAS {
            // Rather a new one than to wait, up to the ring's size.
            let is_ready = |arena: &Arena| arena.state.load(Ordering::Acquire) == MAPPED;
            if !self.arenas.up.front().is_some_and(is_ready) {
                return self.new_arena(BufferUsages::MAP_WRITE | BufferUsages::COPY_SRC, true);
            }
        }
        let arena = self.arenas.up.pop_front().expect("a ring of arenas");
        self.wait_for(&arena)?;
        Ok(arena)
    }

    fn new_arena(&self, usage: BufferUsages, is_mapped: bool) -> Result<Arena, Trouble> {
        let descriptor = wgpu::BufferDescriptor {
            label: Some("arena"),
            size: ARENA as u64,
            usage,
            mapped_at_creation: is_mapped,
        };
        let buffer = super::trouble::scoped(&self.device, || Ok(self.device.create_buffer(&descriptor)))?;
        let state = Arc::new(AtomicU8::new(if is_mapped { MAPPED } else { WAITING }));
        Ok(Arena { buffer, state, submit: None })
    }

    fn wait_for(&self, arena: &Arena) -> Result<(), Trouble> {
        if arena.state.load(Ordering::Acquire) == WAITING
            && let Some(index) = &arena.submit
        {
            self.wait(index.clone())?;
        }
        match arena.state.load(Ordering::Acquire) {
            MAPPED => Ok(()),
            _ => Err(Trouble::Other("its staging memory cannot be reached".into())),
        }
    }

    /// Waits for a submit, as long as there is patience.
    fn wait(&self, index: wgpu::SubmissionIndex) -> Result<(), Trouble> {
        if self.patience.is_zero() {
            // As a test asks: nothing is done in no time.
            return Err(Trouble::Hung);
        }
        let wait = wgpu::PollType::Wait { submission_index: Some(index), timeout: Some(self.patience) };
        match self.device.poll(wait) {
            Ok(_) => Ok(()),
            Err(wgpu::PollError::Timeout) => Err(Trouble::Hung),
            Err(e) => Err(Trouble::Other(e.to_string())),
        }
    }
}

impl Arena {
    fn map(&self, mode: wgpu::MapMode) {
        self.state.store(WAITING, Ordering::Release);
        let state = self.state.clone();
        self.buffer.slice(..).map_async(mode, move |mapped| {
            state.store(if mapped.is_ok() { MAPPED } else { FAILED }, Ordering::Release);
        });
    }
}

/// All cores write, each through a view of its own piece.
fn fill(arena: &wgpu::Buffer, load: &[Part<&[u8]>]) -> Result<(), Trouble> {
    let pieces =
        load.par_iter().flat_map_iter(|part| (part.in_arena..).step_by(PIECE).zip(part.bytes.chunks(PIECE)));
    pieces.try_for_each(|(at, bytes)| {
        let range = at as u64..(at + bytes.len()) as u64;
        let view = arena.get_mapped_range_mut(range);
        view.map(|mut view| view.copy_from_slice(bytes)).map_err(|e| Trouble::Other(e.to_string()))
    })
}

/// Transfers laid into arenas one after the other, cut where an arena ends.
fn loads<B>(
    transfers: impl Iterator<Item = (B, wgpu::Buffer)>,
    len: impl Fn(&B) -> usize,
    split: impl Fn(B, usize) -> (B, B),
) -> Vec<Vec<Part<B>>> {
    let mut loads = vec![Vec::new()];
    let mut at = 0;
    for (mut bytes, buffer) in transfers {
        let mut in_buffer = 0;
        while len(&bytes) > 0 {
            if at == ARENA {
                loads.push(Vec::new());
                at = 0;
            }
            let n = len(&bytes).min(ARENA - at);
            let (part, rest) = split(bytes, n);
            let load = loads.last_mut().expect("there is always one");
            load.push(Part { bytes: part, buffer: buffer.clone(), in_buffer, in_arena: at });
            bytes = rest;
            in_buffer += n;
            // Views of mapped memory begin at multiples of 8.
            at = (at + n).next_multiple_of(8);
        }
    }
    loads.retain(|load| !load.is_empty());
    loads
}
