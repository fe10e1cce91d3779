//! How large a tile is: from memory and the engine's limits, never from the grid.

use crate::error::{Fault, Result};
use crate::grid::Frame;

use super::program::Shape;
use super::reach::Reach;
use super::{Engine, Kernel};

/// Tiles are a multiple of this, as the blocks of rasters are.
const STEP: usize = 512;

/// What tiles may take where nothing is said, bytes.
const DEFAULT_MEMORY: u64 = 1 << 30;

/// Tiles in memory at once: two read, one computed, one waiting, one written.
const TILES_AT_ONCE: u64 = 5;

/// The smallest tile may take this much however little memory was given, bytes.
const LEAST_MEMORY: u64 = 64 << 20;

/// Histograms, rank tables and the like, bytes.
const TABLES: u64 = 64 << 20;

/// A fault where the kernel reaches so far that not even the smallest tile with its halo has room in `memory_bytes`
/// (1 GiB when 0).
pub fn check_reach(kernel: Kernel, frame: &Frame, memory_bytes: u64) -> Result<()> {
    let Some((key, length_m)) = kernel.length_m() else { return Ok(()) };
    let memory = if memory_bytes == 0 { DEFAULT_MEMORY } else { memory_bytes };
    let reach = Reach::new(kernel, frame);
    let (halo_cols, halo_rows) = reach.largest_halo();
    let tile = Shape { n_cols: STEP.min(frame.n_cols), n_rows: STEP.min(frame.n_rows) };
    let source = Shape {
        n_cols: tile.n_cols + 2 * halo_cols,
        n_rows: (tile.n_rows + 2 * halo_rows).min(frame.n_rows),
    };
    let words = TILES_AT_ONCE * source.len() as u64 + reach.between(tile, source).len() as u64;
    let bytes = 4 * words;
    // Without a halo to speak of the smallest tile is taken whatever memory there is.
    if bytes <= memory.max(LEAST_MEMORY) {
        return Ok(());
    }
    let gib = |bytes: u64| bytes as f64 / f64::from(1 << 30);
    let expected = format!("a reach whose smallest tile has room in {:.2} GiB", gib(memory));
    let found = format!(
        "{length_m} m, {halo_cols} columns and {halo_rows} rows to either side: {:.2} GiB with its halo",
        gib(bytes)
    );
    let fix =
        format!("lower `{key}`, take a coarser frame, or give more --memory (tiles have a quarter of it)");
    Err(Fault::new("score.reach_too_wide", format!("score.exposure.{key}"), expected, found, fix).into())
}

/// Cells along a tile's side: the largest multiple of 512 whose planes fit, in the memory given and in the
/// engine's own.
pub fn tile_size(engine: &mut dyn Engine, reach: &Reach, n_planes: usize, memory_bytes: u64) -> usize {
    let memory = if memory_bytes == 0 { DEFAULT_MEMORY } else { memory_bytes };
    let (halo_cols, halo_rows) = reach.largest_halo();
    let source = |size: usize| (size + 2 * halo_cols) * (size + 2 * halo_rows);
    let between = |size: usize| {
        let source = Shape { n_cols: size + 2 * halo_cols, n_rows: size + 2 * halo_rows };
        reach.between(Shape { n_cols: size, n_rows: size }, source).len()
    };
    let beside = TABLES + engine.staging_bytes();
    let largest_plane = engine.largest_plane();
    let fits = |size: &usize| {
        let (source, between) = (source(*size), between(*size));
        // The first pass holds sources with halo, the others `n_planes` planes at most, about half of them
        // at any one place.
        let first = TILES_AT_ONCE * (source + 5 * size * size) as u64 + between as u64;
        let others = TILES_AT_ONCE * (n_planes * size * size) as u64 / 2;
        let bytes = 4 * first.max(others) + beside;
        bytes <= memory && source.max(between) <= largest_plane
    };
    let sizes = (1..=engine.largest_tile() / STEP).rev().map(|steps| steps * STEP).filter(fits);
    let sizes: Vec<usize> = sizes.collect();
    let mut held = sizes.into_iter().filter(|size| {
        let mut planes = vec![4 * (size * size) as u64; n_planes];
        planes.extend([4 * source(*size) as u64, 4 * between(*size) as u64]);
        engine.can_hold(&planes)
    });
    held.next().unwrap_or(STEP)
}
