//! A disc: by row of the tile, how many columns to either side of the centre lie within the radius in each
//! source row.

use std::ops::Range;

use super::geometry::{Geometry, cells_within};

/// Half widths: output row r counts, in `count` source rows from `first`, the columns within
/// ±`half_widths[offset..]`.
#[derive(Debug, Clone, PartialEq)]
pub struct DiscTable {
    /// (first source row, count, offset, 0) by output row.
    pub rows: Vec<[u32; 4]>,
    /// Columns to either side, north to south.
    pub half_widths: Vec<u32>,
}

impl DiscTable {
    /// Of a tile's `rows`, whose source begins at `first_source`.
    pub fn new(geometry: &Geometry, radius_m: f64, rows: Range<usize>, first_source: usize) -> Self {
        let most_cols = geometry.radius_cols(radius_m);
        let mut table = Self { rows: Vec::new(), half_widths: Vec::new() };
        // Where rows are alike, a row whose source is not cut short by the frame shares the first such row's widths.
        let mut shared = None;
        for row in rows {
            let source = geometry.source_rows(row, radius_m);
            let around = (row - source.start, source.end - row);
            let offset = match shared {
                Some((like, offset)) if geometry.is_same() && like == around => offset,
                _ => {
                    let offset = table.half_widths.len();
                    table.half_widths.extend(source.clone().map(|other| {
                        let north_m = geometry.north_m(row, other);
                        let half_m = (radius_m * radius_m - north_m * north_m).max(0.0).sqrt();
                        let most = most_cols[other.min(most_cols.len() - 1)];
                        cells_within(half_m, geometry.width_m(other)).min(most) as u32
                    }));
                    shared = Some((around, offset));
                    offset
                }
            };
            let first = (source.start - first_source) as u32;
            table.rows.push([first, source.len() as u32, offset as u32, 0]);
        }
        table
    }
}
