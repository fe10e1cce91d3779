//! How large a tile is: from memory and the engine's limits, never from the grid.

use super::Engine;
use super::exposure::across_stride;
use super::reach::Reach;

/// Tiles are a multiple of this, as the blocks of rasters are.
const STEP: usize = 512;

/// What tiles may take where nothing is said, bytes.
const DEFAULT_MEMORY: u64 = 1 << 30;

/// Tiles in memory at once: one read, one waiting, one computed, one waiting, one written.
const TILES_AT_ONCE: u64 = 5;

/// Histograms, rank tables and the like, bytes.
const TABLES: u64 = 64 << 20;

/// Cells along a tile's side: the largest multiple of 512 whose planes fit, in the memory given and in the
/// engine's own.
pub fn tile_size(engine: &mut dyn Engine, reach: &Reach, n_planes: usize, memory_bytes: u64) -> usize {
    let memory = if memory_bytes == 0 { DEFAULT_MEMORY } else { memory_bytes };
    let (halo_cols, halo_rows) = reach.largest_halo();
    let source = |size: usize| (size + 2 * halo_cols) * (size + 2 * halo_rows);
    let across = |size: usize| across_stride(size) * (size + 2 * halo_rows);
    let beside = TABLES + engine.staging_bytes();
    let largest_plane = engine.largest_plane();
    let fits = |size: &usize| {
        let (source, across) = (source(*size), across(*size));
        // The first pass holds sources with halo, the others `n_planes` planes at most, about half of them
        // at any one place.
        let first = TILES_AT_ONCE * (source + 5 * size * size) as u64 + across as u64;
        let others = TILES_AT_ONCE * (n_planes * size * size) as u64 / 2;
        let bytes = 4 * first.max(others) + beside;
        bytes <= memory && source.max(across) <= largest_plane
    };
    let sizes = (1..=engine.largest_tile() / STEP).rev().map(|steps| steps * STEP).filter(fits);
    let sizes: Vec<usize> = sizes.collect();
    let mut held = sizes.into_iter().filter(|size| {
        let mut planes = vec![4 * (size * size) as u64; n_planes];
        planes.extend([4 * source(*size) as u64, 4 * across(*size) as u64]);
        engine.can_hold(&planes)
    });
    held.next().unwrap_or(STEP)
}
