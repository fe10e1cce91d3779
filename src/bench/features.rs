//! Stages over features: `hazard`, `proximity` and `count` of a vector layer, `proximity` to cells of a raster layer.
//!
//! One line, as long as half a square's side at most, begins somewhere in every square of 64 × 64 cells; accidents
//! are where lines begin. Of a raster layer one cell in 256 is a feature.

use std::sync::Arc;

use geo::{Coord, Geometry, Line, LineString, Point};
use glam::DVec2;

use crate::error::{Error, Result};
use crate::grid::MemoryCells;
use crate::layers::Features;
use crate::progress::Silent;
use crate::score::program::{Call, Program};
use crate::score::{self, Accidents, Blocks, Candidates, Engine, FeatureCells};

use super::planes::{CELL_M, Planes, frame, random, unit};
use super::reference::{cells, known};
use super::stages::{Case, FEW_OPERATIONS, LONG_SUM, program};

/// Cells along the side of a square with one feature.
const SPACING: usize = 64;

/// Seed of places, and of feature cells.
const SEED: u64 = 300;

/// σ of an accident, m: it reaches four times as far.
const SIGMA_M: f64 = 16.0 * CELL_M;

/// What an accident lends to its own place.
const STRENGTH: f64 = 0.5;

/// Within this distance features are counted, m.
const COUNT_M: f64 = 64.0 * CELL_M;

/// A distance strays by 1e-6 of it and of a block's diagonal, 680 m.
const OF_DISTANCE: f64 = 1e-3;

/// Memory that the distances to cells may take on the way.
const MEMORY_BYTES: usize = 64 << 20;

/// Both ends of the lines.
fn lines(planes: &Planes) -> Vec<[DVec2; 2]> {
    let frame = frame(planes.side + 2 * planes.radius);
    let n_across = frame.n_cols.div_ceil(SPACING);
    let at = |i: u64, plane: u64| {
        DVec2::new(f64::from(unit(SEED + plane, i)), f64::from(unit(SEED + plane + 1, i)))
    };
    let line = |i: usize| {
        let square = DVec2::new((i % n_across) as f64, (i / n_across) as f64);
        let from = (square + at(i as u64, 0)) * SPACING as f64;
        let to = from + (at(i as u64, 2) - 0.5) * SPACING as f64 / 2.0;
        [from, to].map(|end| frame.world_from_cell.transform_point2(end))
    };
    (0..n_across * n_across).map(line).collect()
}

fn blocks(planes: &Planes, shapes: &[Geometry<f64>], candidates: Candidates) -> (Arc<Blocks>, f64) {
    let features = Features::new(&frame(planes.side + 2 * planes.radius), shapes);
    let blocks = Blocks::of(&features, planes.tile, candidates);
    let n_pieces: u64 = blocks.groups.iter().map(|group| u64::from(group[1])).sum();
    let pieces_a_cell = n_pieces as f64 / blocks.blocks.len() as f64;
    (Arc::new(blocks), pieces_a_cell)
}

fn line_blocks(planes: &Planes, lines: &[[DVec2; 2]], candidates: Candidates) -> (Arc<Blocks>, f64) {
    let coord = |at: DVec2| Coord { x: at.x, y: at.y };
    let shape = |[a, b]: &[DVec2; 2]| Geometry::LineString(LineString::from(Line::new(coord(*a), coord(*b))));
    blocks(planes, &lines.iter().map(shape).collect::<Vec<_>>(), candidates)
}

/// A cell's centre.
fn centre(planes: &Planes, i: usize) -> DVec2 {
    let cell = DVec2::new((i % planes.side) as f64, (i / planes.side) as f64) + planes.radius as f64 + 0.5;
    frame(planes.side + 2 * planes.radius).world_from_cell.transform_point2(cell)
}

fn distance_m(at: DVec2, [a, b]: [DVec2; 2]) -> f64 {
    let along = b - a;
    let t = ((at - a).dot(along) / along.length_squared()).clamp(0.0, 1.0);
    (a + t * along - at).length()
}

/// `hazard` raised by accidents.
pub fn hazard(planes: &Planes) -> Case<'_> {
    let points: Vec<DVec2> = lines(planes).iter().map(|line| line[0]).collect();
    let shapes: Vec<_> = points.iter().map(|at| Geometry::Point(Point::new(at.x, at.y))).collect();
    let (blocks, n_each) =
        blocks(planes, &shapes, Candidates::Reach(4.0 * SIGMA_M * std::f64::consts::SQRT_2));
    let (mut program, [prior]) = program(planes);
    let out = program.output();
    program.call(Call::Hazard { prior, blocks, accidents: Accidents::new(STRENGTH, SIGMA_M), out });
    let expected = move |i: usize| {
        let (h, at) = (known(planes.hazard[i])?, centre(planes, i));
        let is_near = |to: &&DVec2| (**to - at).abs().max_element() <= 4.0 * SIGMA_M;
        let left = |to: &DVec2| 1.0 - STRENGTH * (-0.5 * (*to - at).length_squared() / SIGMA_M.powi(2)).exp();
        Some(1.0 - (1.0 - h) * points.iter().filter(is_near).map(left).product::<f64>())
    };
    let case = Case::new("hazard", program, vec![&planes.hazard], cells(0, LONG_SUM, expected));
    Case { n_each, ..case }
}

/// `proximity` of the lines.
pub fn proximity(planes: &Planes) -> Case<'_> {
    let lines = lines(planes);
    let (blocks, n_each) = line_blocks(planes, &lines, Candidates::Nearest);
    let mut program = Program::new(planes.side, planes.side);
    let out = program.output();
    program.call(Call::Proximity { blocks, out });
    let expected = move |i: usize| {
        let at = centre(planes, i);
        Some(lines.iter().map(|line| distance_m(at, *line)).fold(f64::INFINITY, f64::min))
    };
    let case = Case::new("proximity", program, Vec::new(), cells(0, OF_DISTANCE, expected));
    Case { n_each, slack: OF_DISTANCE as f32, ..case }
}

/// `count` of the lines.
pub fn count(planes: &Planes) -> Case<'_> {
    let lines = lines(planes);
    let (blocks, n_each) = line_blocks(planes, &lines, Candidates::Within(COUNT_M));
    let mut program = Program::new(planes.side, planes.side);
    let out = program.output();
    program.call(Call::Count { blocks, radius2: (COUNT_M * COUNT_M) as f32, out });
    let expected = move |i: usize| {
        let at = centre(planes, i);
        Some(lines.iter().filter(|line| distance_m(at, **line) <= COUNT_M).count() as f64)
    };
    let case = Case::new("count", program, Vec::new(), cells(0, 0.0, expected));
    // A distance at the radius may fall on either side.
    Case { n_each, stray: 1e-4, ..case }
}

/// Distances to cells of a layer.
pub struct OverCells {
    layer: MemoryCells,
    /// Where they go.
    pub to: MemoryCells,
}

impl OverCells {
    /// Takes the distances, all of them on the engine.
    pub fn run(&self, engine: &mut dyn Engine) -> Result<()> {
        let features = FeatureCells { cells: &self.layer, codes: &[] };
        let redone = score::proximity_to_cells(engine, features, &self.to, MEMORY_BYTES, &Silent::default())?;
        redone.first().map_or(Ok(()), |why| Err(Error::Device(why.clone())))
    }
}

/// `proximity` to cells: it has no program but the plane that it fills.
pub fn proximity_to_cells(planes: &Planes) -> Case<'_> {
    let n = planes.side * planes.side;
    let is_feature = |i: &usize| random(SEED + 10, *i as u64).is_multiple_of(256);
    let layer = (0..n).map(|i| if is_feature(&i) { 1.0 } else { 0.0 }).collect();
    let on = frame(planes.side);
    let to = MemoryCells::new(on.clone());
    let over_cells = Some(OverCells { layer: MemoryCells::from_values(on, layer), to });
    let cell = |i: usize| DVec2::new((i % planes.side) as f64, (i / planes.side) as f64);
    let features: Vec<DVec2> = (0..n).filter(is_feature).map(cell).collect();
    let expected = move |i: usize| {
        let least2 = features.iter().map(|to| (*to - cell(i)).length_squared()).fold(f64::INFINITY, f64::min);
        Some(least2.sqrt() * CELL_M)
    };
    let mut program = Program::new(planes.side, planes.side);
    program.output();
    let case = Case::new("proximity_to_cells", program, Vec::new(), cells(0, FEW_OPERATIONS, expected));
    Case { over_cells, ..case }
}
