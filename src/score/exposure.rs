//! `exposure`: people who live within reach, E_i = Σ_j P_j · k(d_ij), in people.
//!
//! A neighbour counts when it lies within the kernel's cut: by axis, |Δx| and |Δy| between centres, for the
//! separable kernels, by distance for `disc`. Unknown population contributes nothing (the planes hold 0 there,
//! decided on the way in), nor does what lies beyond the frame (a grid is not wrapped at ±180°). Cells that are not
//! scored are unknown. Weights and widths come as tables from `reach.rs`.
//!
//! - `gaussian`, `exponential`, `none` ([`parts`]): separable parts, first across each source row with weights by
//!   that row's cell width, then down the columns with weights by the true distance in metres between row centres.
//! - `disc` ([`disc`]): running sums of each source row in whole numbers, of which each row within the radius
//!   takes one difference.

mod disc;
mod lanes;
mod parts;

use super::reach::{Tables, TileReach};
pub use parts::Rooms;

/// The population that a tile reads, and the tile's hazard, which says what is scored.
#[derive(Clone, Copy)]
pub struct Source<'a> {
    /// People on the source window.
    pub population: &'a [f32],
    /// Columns of the source window.
    pub n_cols: usize,
    /// Columns of halo on either side.
    pub halo_cols: usize,
    /// The tile's hazard: unknown where a cell is not scored.
    pub hazard: &'a [f32],
}

/// People on the source window → exposure on the tile, `n_cols` wide; unknown where `hazard` is. `rooms` are working
/// memory.
pub fn exposure(
    population: &[f32],
    hazard: &[f32],
    reach: &TileReach,
    n_cols: usize,
    rooms: &Rooms,
    out: &mut [f32],
) {
    let source = Source { population, n_cols: reach.source.n_cols, halo_cols: reach.halo_cols, hazard };
    match &reach.tables {
        Tables::Parts(all) => {
            for (i, tables) in all.iter().enumerate() {
                parts::add_part(&source, tables, i == 0, n_cols, rooms, out);
            }
        }
        Tables::Disc(table) => disc::disc(&source, table, n_cols, out),
    }
}
