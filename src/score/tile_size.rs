//! How large a tile is: from memory and the engine's limits, never from the grid.

use super::Engine;
use super::program::Shape;
use super::reach::Reach;

/// Tiles are a multiple of this, as the blocks of rasters are.
const STEP: usize = 512;

/// What tiles may take where nothing is said, bytes.
const DEFAULT_MEMORY: u64 = 1 << 30;

/// Tiles in memory at once: one read, one waiting, one computed, one waiting, one written.
const TILES_AT_ONCE: u64 = 5;

/// Histograms, rank tables and the like, bytes.
const TABLES: u64 = 64 << 20;

/// Cells along a tile's side: the largest multiple of 512 whose planes fit.
pub fn tile_size(engine: &dyn Engine, reach: &Reach, n_planes: usize, memory_bytes: u64) -> usize {
    let memory = if memory_bytes == 0 { DEFAULT_MEMORY } else { memory_bytes };
    let (halo_cols, halo_rows) = reach.largest_halo();
    let fits = |size: &usize| {
        let source = (size + 2 * halo_cols) * (size + 2 * halo_rows);
        let source_shape = Shape { n_cols: size + 2 * halo_cols, n_rows: size + 2 * halo_rows };
        let between = reach.between(Shape { n_cols: *size, n_rows: *size }, source_shape).len();
        // The first pass holds sources with halo, the others `n_planes` planes at most, about half of them
        // at any one place.
        let first = TILES_AT_ONCE * (source + 5 * size * size) as u64 + between as u64;
        let others = TILES_AT_ONCE * (n_planes * size * size) as u64 / 2;
        let bytes = 4 * first.max(others) + TABLES;
        bytes <= memory && source.max(between) <= engine.largest_plane()
    };
    let most_steps = engine.largest_tile() / STEP;
    (1..=most_steps).rev().map(|steps| steps * STEP).find(fits).unwrap_or(STEP)
}
