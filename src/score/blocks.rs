//! Blocks of 16 × 16 cells with the pieces of features that matter to them: what `proximity`, `count` and `hazard` read.
//!
//! Blocks are anchored at cell (0, 0) of the frame, and what a block lists depends on the block alone, so results
//! depend neither on tiles nor on threads. Positions are `f32` metres from the block's centre, on the meridian
//! of that centre where the CRS is geographic: a cell lies at (dρ + ρ·c, ρ·s, dz), with (c, s) by column and (dρ, ρ,
//! dz) by row. Shared with the shaders `proximity`, `count` and `hazard`.

use bytemuck::{Pod, Zeroable};
use glam::DVec2;
use rayon::prelude::*;

use crate::grid::{Frame, Window};
use crate::layers::{BlockOrigin, Features, Piece, Space};

/// Cells along a side of a block.
pub const SIDE: usize = 16;

/// Words of a block's mask of cells.
const MASK_WORDS: usize = SIDE * SIDE / 32;

/// In place of a mask: no cell of the block lies inside.
pub const NO_MASK: u32 = u32::MAX;

/// Which pieces matter to a block.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Candidates {
    /// Those that can be nearest to one of its cells: one group, its mask that of all polygons.
    Nearest,
    /// Those within a distance (m) of one of its cells: a group a feature, each with its mask.
    Within(f64),
    /// Those within a distance (m) of one of its cells, in one group, in the order of the file.
    Reach(f64),
}

/// A piece as seen from a block's centre.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Pod, Zeroable)]
pub struct LocalPiece {
    /// One end, m.
    pub a: [f32; 3],
    /// Its feature.
    pub feature: u32,
    /// From that end to the other, m.
    pub along: [f32; 3],
    /// 1 over the squared length (1/m²), 0 for a point.
    pub inverse_length2: f32,
}

/// What the blocks of one window hold.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Blocks {
    /// Blocks in a row of blocks.
    pub n_across: usize,
    /// Rows of blocks.
    pub n_down: usize,
    /// Cells of the first block left of the window.
    pub skip_cols: usize,
    /// Cells of the first block above the window.
    pub skip_rows: usize,
    /// 1 / R² (1/m²), 0 on a map.
    pub inverse_radius2: f32,
    /// By block, row by row: first group, groups, features near every cell, first entry of its rows in `axes`.
    pub blocks: Vec<[u32; 4]>,
    /// By group: first piece, pieces, first word of its mask or `NO_MASK`, nothing.
    pub groups: Vec<[u32; 4]>,
    /// The pieces.
    pub pieces: Vec<LocalPiece>,
    /// Cells inside, 8 words a mask, a bit a cell row by row.
    pub masks: Vec<u32>,
    /// 16 columns (c, s, 0, 0), then 16 rows (dρ, ρ, dz, 0) for each row of blocks.
    pub axes: Vec<[f32; 4]>,
}

/// One block's share of [`Blocks`], its numbers counted from its own start.
struct Listed {
    n_everywhere: u32,
    groups: Vec<[u32; 4]>,
    pieces: Vec<LocalPiece>,
    masks: Vec<u32>,
}

impl Blocks {
    /// The blocks that hold a window inside the features' frame.
    pub fn of(features: &Features, window: Window, candidates: Candidates) -> Self {
        let (frame, space) = (features.frame(), features.space());
        let first = |at: i64| at.div_euclid(SIDE as i64);
        let (first_col, first_row) = (first(window.col), first(window.row));
        let n_across = (first(window.end_col() - 1) - first_col + 1) as usize;
        let n_down = (first(window.end_row() - 1) - first_row + 1) as usize;
        let mut blocks = Self {
            n_across,
            n_down,
            skip_cols: (window.col - first_col * SIDE as i64) as usize,
            skip_rows: (window.row - first_row * SIDE as i64) as usize,
            inverse_radius2: space.inverse_radius2() as f32,
            axes: (0..SIDE).map(|lane| column_axis(space, frame, lane)).collect(),
            ..Self::default()
        };
        let listed: Vec<Listed> = (0..n_across * n_down)
            .into_par_iter()
            .map(|at| {
                let (col, row) = (first_col + (at % n_across) as i64, first_row + (at / n_across) as i64);
                list(features, col * SIDE as i64, row * SIDE as i64, candidates)
            })
            .collect();
        for (at, listed) in listed.into_iter().enumerate() {
            if at % n_across == 0 {
                blocks.push_row_axes(space, frame, (first_row + (at / n_across) as i64) * SIDE as i64);
            }
            blocks.push(listed);
        }
        blocks
    }

    /// Words of the largest table.
    pub fn largest_table(&self) -> usize {
        let tables = [self.pieces.len() * 8, self.groups.len() * 4, self.masks.len(), self.blocks.len() * 4];
        tables.into_iter().max().unwrap_or(0)
    }

    fn push_row_axes(&mut self, space: Space, frame: &Frame, row: i64) {
        let y_of = |row: f64| frame.world_from_cell.transform_point2(DVec2::new(0.0, row)).y;
        let (rho0, z0) = space.meridian(y_of(row as f64 + SIDE as f64 / 2.0));
        self.axes.extend((0..SIDE).map(|lane| {
            let (rho, z) = space.meridian(y_of(row as f64 + lane as f64 + 0.5));
            [(rho - rho0) as f32, rho as f32, (z - z0) as f32, 0.0]
        }));
    }

    fn push(&mut self, listed: Listed) {
        let (groups, pieces, masks) = (self.groups.len(), self.pieces.len(), self.masks.len());
        let rows = self.axes.len() - SIDE;
        self.blocks.push([groups as u32, listed.groups.len() as u32, listed.n_everywhere, rows as u32]);
        self.groups.extend(listed.groups.iter().map(|&[first, n, mask, _]| {
            let mask = if mask == NO_MASK { NO_MASK } else { mask + masks as u32 };
            [first + pieces as u32, n, mask, 0]
        }));
        self.pieces.extend(listed.pieces);
        self.masks.extend(listed.masks);
    }
}

fn column_axis(space: Space, frame: &Frame, lane: usize) -> [f32; 4] {
    let [c, s] = space.across(frame, lane as f64 + 0.5 - SIDE as f64 / 2.0);
    [c as f32, s as f32, 0.0, 0.0]
}

/// The pieces of the block whose first cell is (col, row), and the cells inside polygons.
fn list(features: &Features, col: i64, row: i64, candidates: Candidates) -> Listed {
    let frame = features.frame();
    let world = |col: f64, row: f64| frame.world_from_cell.transform_point2(DVec2::new(col, row));
    let middle = SIDE as f64 / 2.0;
    let origin = features.space().origin(world(col as f64 + middle, row as f64 + middle));
    let radius_m = radius_m(features, &origin, col, row);
    let mut listed = Listed { n_everywhere: 0, groups: Vec::new(), pieces: Vec::new(), masks: Vec::new() };
    match candidates {
        Candidates::Nearest => {
            let mask = listed.mask(features.inside(col, row, SIDE), None, col, row);
            listed.group(&features.nearest(origin.centre, radius_m), &origin, mask);
        }
        Candidates::Reach(distance_m) => {
            listed.group(&features.within(origin.centre, distance_m + radius_m), &origin, NO_MASK);
        }
        Candidates::Within(distance_m) => {
            let inside = features.inside(col, row, SIDE);
            let pieces = features.within(origin.centre, distance_m + radius_m);
            let mut near: Vec<u32> = pieces.iter().map(|piece| piece.feature).collect();
            near.extend(inside.iter().map(|(feature, _)| *feature));
            near.sort_unstable();
            near.dedup();
            for feature in near {
                let from = pieces.partition_point(|piece| piece.feature < feature);
                let own = &pieces[from..pieces.partition_point(|piece| piece.feature <= feature)];
                // A piece so near that no rounding can put a cell of the block beyond the distance.
                let sure_m = distance_m * (1.0 - 1e-5) - radius_m * (1.0 + 1e-5) - 1e-3;
                if own.iter().any(|piece| piece.distance_m(origin.centre) < sure_m) {
                    listed.n_everywhere += 1;
                    continue;
                }
                let mask = listed.mask(inside.clone(), Some(feature), col, row);
                listed.group(own, &origin, mask);
            }
        }
    }
    listed
}

impl Listed {
    fn group(&mut self, pieces: &[Piece], origin: &BlockOrigin, mask: u32) {
        self.groups.push([self.pieces.len() as u32, pieces.len() as u32, mask, 0]);
        self.pieces.extend(pieces.iter().map(|piece| {
            let a = origin.local(piece.a);
            let along = (origin.local(piece.b) - a).as_vec3();
            let length2 = along.as_dvec3().length_squared();
            let inverse_length2 = if length2 > 0.0 { (1.0 / length2) as f32 } else { 0.0 };
            LocalPiece {
                a: a.as_vec3().to_array(),
                feature: piece.feature,
                along: along.to_array(),
                inverse_length2,
            }
        }));
    }

    /// Adds the mask of cells inside the polygons of one feature, or of all; gives its first word.
    fn mask(
        &mut self,
        inside: Vec<(u32, &[crate::layers::Span])>,
        feature: Option<u32>,
        col: i64,
        row: i64,
    ) -> u32 {
        let mut mask = [0u32; MASK_WORDS];
        for (_, spans) in inside.iter().filter(|(own, _)| feature.is_none_or(|feature| feature == *own)) {
            for span in *spans {
                let from = (i64::from(span.col) - col).clamp(0, SIDE as i64) as usize;
                let to = (i64::from(span.end_col) - col).clamp(0, SIDE as i64) as usize;
                let first = (i64::from(span.row) - row) as usize * SIDE;
                (first + from..first + to).for_each(|cell| mask[cell / 32] |= 1 << (cell % 32));
            }
        }
        if mask == [0; MASK_WORDS] {
            return NO_MASK;
        }
        self.masks.extend(mask);
        (self.masks.len() - MASK_WORDS) as u32
    }
}

/// Distance (m) from a block's centre to its farthest cell.
fn radius_m(features: &Features, origin: &BlockOrigin, col: i64, row: i64) -> f64 {
    let frame = features.frame();
    // On an ellipsoid the farthest cell lies on the side towards the equator, at a corner as on a map.
    let corners = [(0, 0), (SIDE - 1, 0), (0, SIDE - 1), (SIDE - 1, SIDE - 1)];
    let distances = corners.map(|(right, down)| {
        let at = frame.centre(col + right as i64, row + down as i64);
        (features.space().position(at) - origin.centre).length()
    });
    distances.into_iter().fold(0.0, f64::max) * (1.0 + 1e-6)
}

/// Sixteen cells of a block's row, as positions: outward and east by cell, along the axis for all.
pub(super) struct Lanes {
    x: [f32; SIDE],
    y: [f32; SIDE],
    z: f32,
}

impl Lanes {
    /// Row `row` (0..16) of a block whose rows begin at `first_row` in `axes`.
    #[inline(always)]
    pub(super) fn new(axes: &[[f32; 4]], first_row: u32, row: usize) -> Self {
        let [d_rho, rho, z, _] = axes[first_row as usize + row];
        let mut lanes = Self { x: [0.0; SIDE], y: [0.0; SIDE], z };
        for (i, [c, s, ..]) in axes[..SIDE].iter().enumerate() {
            lanes.x[i] = d_rho + rho * c;
            lanes.y[i] = rho * s;
        }
        lanes
    }

    /// Squared distances (m²) to a piece.
    #[inline(always)]
    pub(super) fn distances2(&self, piece: &LocalPiece) -> [f32; SIDE] {
        let [ax, ay, az] = piece.a;
        let [bx, by, bz] = piece.along;
        let mut distances2 = [0.0; SIDE];
        for (i, distance2) in distances2.iter_mut().enumerate() {
            let (x, y, z) = (self.x[i] - ax, self.y[i] - ay, self.z - az);
            let t = ((x * bx + y * by + z * bz) * piece.inverse_length2).clamp(0.0, 1.0);
            let (x, y, z) = (x - t * bx, y - t * by, z - t * bz);
            *distance2 = x * x + y * y + z * z;
        }
        distances2
    }

    /// Offsets (m) to a point: squared east, and squared north and outward.
    #[inline(always)]
    pub(super) fn offsets2(&self, point: &LocalPiece) -> ([f32; SIDE], [f32; SIDE]) {
        let [ax, ay, az] = point.a;
        let (mut east2, mut north2) = ([0.0; SIDE], [0.0; SIDE]);
        for (i, (east2, north2)) in east2.iter_mut().zip(&mut north2).enumerate() {
            let (x, y, z) = (self.x[i] - ax, self.y[i] - ay, self.z - az);
            *east2 = y * y;
            *north2 = x * x + z * z;
        }
        (east2, north2)
    }
}

impl Blocks {
    /// Runs `work` on every row of every block that lies in the window, blocks of a row of blocks in order, rows of
    /// blocks on all threads: it gets the block, the row (0..16) in it, and gives the row's sixteen values.
    pub(super) fn fill(
        &self,
        n_cols: usize,
        out: &mut [f32],
        work: impl Fn(&[u32; 4], usize, &mut [f32; SIDE]) + Sync,
    ) {
        let mut bands = Vec::with_capacity(self.n_down);
        let mut rest = out;
        for down in 0..self.n_down {
            let skip = if down == 0 { self.skip_rows } else { 0 };
            let n_rows = (SIDE - skip).min(rest.len() / n_cols);
            let (band, after) = rest.split_at_mut(n_rows * n_cols);
            bands.push((down, skip, band));
            rest = after;
        }
        bands.into_par_iter().for_each(|(down, skip, band)| {
            for across in 0..self.n_across {
                let block = &self.blocks[down * self.n_across + across];
                // Columns of the window that this block holds, and the first of its own among them.
                let from = (across * SIDE).saturating_sub(self.skip_cols);
                let to = ((across + 1) * SIDE - self.skip_cols).min(n_cols);
                let own = from + self.skip_cols - across * SIDE;
                for (row, line) in band.chunks_exact_mut(n_cols).enumerate() {
                    let mut lanes = [0.0; SIDE];
                    lanes[own..own + to - from].copy_from_slice(&line[from..to]);
                    work(block, skip + row, &mut lanes);
                    line[from..to].copy_from_slice(&lanes[own..own + to - from]);
                }
            }
        });
    }

    /// Whether cells of a block's row lie inside a group's polygons, a bit a cell.
    pub(super) fn inside(&self, group: &[u32; 4], row: usize) -> u32 {
        if group[2] == NO_MASK {
            return 0;
        }
        let word = self.masks[group[2] as usize + row * SIDE / 32];
        (word >> (row * SIDE % 32)) & 0xffff
    }

    /// A group's pieces.
    pub(super) fn pieces_of(&self, group: &[u32; 4]) -> &[LocalPiece] {
        &self.pieces[group[0] as usize..][..group[1] as usize]
    }

    /// A block's groups.
    pub(super) fn groups_of(&self, block: &[u32; 4]) -> &[[u32; 4]] {
        &self.groups[block[0] as usize..][..block[1] as usize]
    }
}
