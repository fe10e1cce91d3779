//! Former front lines and the belts laid along them: wandering lines across the frame, mined in stretches with
//! gaps, most likely at the line and less with distance.

use glam::DVec2;

use super::chance::{Dice, Noise, smooth_step};
use super::ground::Ground;
use super::nearest::{Segment, Segments, distance_and_share};
use super::preset::Character;

/// Shortest piece (m) of a line before it stops wandering.
const PIECE_M: f64 = 140.0;
/// Length (m) over which a belt comes and goes.
const STRETCH_M: f64 = 1_150.0;
/// Frames wider than this have a further front for every so many metres.
const FRONT_EVERY_M: f64 = 150_000.0;
/// Belts end at this many half widths.
const REACH: f64 = 4.0;

/// A line of belts, on the plane, with how heavily it was mined at each point, 0 to 1.
#[derive(Debug, Clone)]
pub struct FrontLine {
    /// Points along the line, about [`PIECE_M`] apart.
    pub points: Vec<DVec2>,
    /// 0 in a gap, 1 where mined most, at each point.
    pub strength: Vec<f64>,
}

/// The lines and where they lie.
#[derive(Debug)]
pub struct Fronts {
    /// All lines.
    pub lines: Vec<FrontLine>,
    half_width_m: f64,
    segments: Segments<(f64, f64)>,
}

impl Fronts {
    /// The fronts of a region.
    pub fn new(character: &Character, ground: &Ground, seed: u64) -> Self {
        let n_fronts = 1 + (2.0 * ground.half_m.x / FRONT_EVERY_M) as usize;
        let mut lines = Vec::new();
        for front in 0..n_fronts.min(6) {
            let mut dice = Dice::new(seed, "front", front as u64);
            let middle = wandering_line(&mut dice, ground, n_fronts > 1);
            for side in 0..character.front_lines {
                // Lines of defence face each other across a strip of no man's land.
                let apart_m = (character.belt_m * 9.0).min(ground.half_m.x * 0.35);
                let offset_m = (side as f64 - (character.front_lines - 1) as f64 / 2.0) * apart_m;
                let noise = Noise::new(seed, "belts", (front * 8 + side) as u64);
                lines.push(mined_line(&middle, offset_m, &noise));
            }
        }
        let segments = lines.iter().flat_map(|line| {
            let pieces = line.points.windows(2).zip(line.strength.windows(2));
            pieces.filter(|(_, strength)| strength[0].max(strength[1]) > 0.0).map(|(points, strength)| {
                Segment { a: points[0], b: points[1], data: (strength[0], strength[1]) }
            })
        });
        let segments = Segments::new(segments);
        Self { lines, half_width_m: character.belt_m, segments }
    }

    /// The mined stretches that reach into a box.
    pub fn near_box(&self, low: DVec2, high: DVec2) -> Vec<Segment<(f64, f64)>> {
        self.segments.near_box(low, high, self.half_width_m * REACH)
    }

    /// How heavily the ground at a point was mined along the fronts, 0 to 1: the strength of the line there,
    /// falling with distance. The largest over the stretches, so their order does not matter.
    pub fn strength(&self, at: DVec2, near: &[Segment<(f64, f64)>]) -> f64 {
        let of = |segment: &Segment<(f64, f64)>| {
            let (distance_m, share) = distance_and_share(at, segment.a, segment.b, 1.0);
            let (from, to) = segment.data;
            (from + (to - from) * share) * falloff(distance_m / self.half_width_m)
        };
        near.iter().map(of).fold(0.0, f64::max)
    }
}

/// 1 at the line, one half at half a width, 0 from [`REACH`] on.
fn falloff(widths: f64) -> f64 {
    let far = 1.0 / (1.0 + REACH * REACH * REACH * REACH * 16.0);
    let square = widths * widths;
    ((1.0 / (1.0 + square * square * 16.0) - far) / (1.0 - far)).max(0.0)
}

/// A line from edge to edge by midpoint displacement.
fn wandering_line(dice: &mut Dice, ground: &Ground, anywhere: bool) -> Vec<DVec2> {
    // Across the frame in one of the two directions, through its middle part where it is the only one.
    let spread = if anywhere { 0.85 } else { 0.35 };
    let mut ends =
        [dice.between(-spread, spread), dice.between(-spread, spread)].map(|slide| DVec2::new(slide, 0.0));
    ends[0].y = -1.03;
    ends[1].y = 1.03;
    if dice.unit() < 0.6 {
        ends = ends.map(|end| DVec2::new(end.y, end.x));
    }
    let mut points = ends.map(|end| end * ground.half_m).to_vec();
    while points[0].distance(points[1]) > PIECE_M || points.len() < 9 {
        let mut finer = Vec::with_capacity(points.len() * 2);
        for pair in points.windows(2) {
            let across = (pair[1] - pair[0]).perp();
            finer.extend([pair[0], pair[0].midpoint(pair[1]) + across * (0.13 * dice.normal())]);
        }
        finer.push(points[points.len() - 1]);
        points = finer;
    }
    points
}

/// A line beside another, with how heavily it was mined.
fn mined_line(middle: &[DVec2], offset_m: f64, noise: &Noise) -> FrontLine {
    let last = middle.len() - 1;
    let mut travelled_m = 0.0;
    let mut points = Vec::with_capacity(middle.len());
    let mut strength = Vec::with_capacity(middle.len());
    for (i, &point) in middle.iter().enumerate() {
        let along = middle[(i + 4).min(last)] - middle[i.saturating_sub(4)];
        points.push(point + along.perp().normalize_or_zero() * offset_m);
        let here = noise.at(DVec2::new(travelled_m / STRETCH_M, 0.5));
        strength.push(smooth_step(-0.22, 0.25, here));
        if i < last {
            travelled_m += point.distance(middle[i + 1]);
        }
    }
    FrontLine { points, strength }
}
