//! Scattered patches of hazard: around settlements, beside roads, in fields. Each is a blob of its own shape;
//! sizes are log-normal with the median of the preset and the spread of Bosnia's 7,974 recorded areas
//! (median 4.4 ha, 95th percentile 39 ha: σ = ln(39/4.4)/1.645 = 1.33; domain.md §6).

use glam::DVec2;
use rstar::primitives::{GeomWithData, Rectangle};
use rstar::{AABB, RTree};

use super::chance::{Dice, exp, smooth_step};
use super::ground::Ground;
use super::preset::Character;
use super::roads::Road;
use super::settlements::Settlement;
use super::terrain::Terrain;
use crate::units::M2_PER_HECTARE;

/// Corners of a blob, and directions in which its radius is known.
pub const N_CORNERS: usize = 28;
/// Spread of the logarithm of patch sizes.
const LOG_SPREAD: f64 = 1.33;
/// A patch's hazard ends at this many radii.
const REACH: f64 = 1.7;
/// Places tried for a patch.
const PLACES_TRIED: usize = 20;

/// A blob: a middle and a radius in [`N_CORNERS`] directions.
#[derive(Debug, Clone)]
pub struct Blob {
    /// Middle, on the plane.
    pub at: DVec2,
    /// Radius (m) in each direction, counter-clockwise from east.
    pub radii_m: [f64; N_CORNERS],
}

/// A patch of hazard.
#[derive(Debug, Clone)]
pub struct Patch {
    /// Its shape.
    pub blob: Blob,
    /// Hazard in its middle, 0 to 1.
    pub peak: f64,
    /// Whether it was ever recorded: only then a hazardous area is drawn around it.
    pub is_recorded: bool,
}

/// All patches and where they lie.
#[derive(Debug)]
pub struct Patches {
    /// All patches, in the order drawn.
    pub all: Vec<Patch>,
    tree: RTree<GeomWithData<Rectangle<[f64; 2]>, usize>>,
}

impl Patches {
    /// The patches of a region.
    pub fn new(
        character: &Character,
        ground: &Ground,
        terrain: &Terrain,
        settlements: &[Settlement],
        roads: &[Road],
        seed: u64,
    ) -> Self {
        let mut dice = Dice::new(seed, "patches", 0);
        let n = if ground.frame.n_cols < 8 { 1 } else { 3 + settlements.len() * 3 / 2 };
        let mut all = Vec::with_capacity(n);
        for _ in 0..n {
            let Some(at) = (0..PLACES_TRIED)
                .map(|_| place(&mut dice, ground, settlements, roads))
                .find(|&at| is_ground(at, ground, terrain))
            else {
                continue;
            };
            let area_m2 = character.area_ha * M2_PER_HECTARE * exp(LOG_SPREAD * dice.normal());
            let radius_m = (area_m2 / std::f64::consts::PI).sqrt().min(ground.half_m.min_element() * 0.13);
            let peak = dice.between(0.08, 0.75);
            let is_recorded = dice.unit() < 0.86;
            all.push(Patch { blob: Blob::new(&mut dice, at, radius_m), peak, is_recorded });
        }
        if all.is_empty() {
            // A frame of a cell or two: the region still has something to clear.
            let radius_m = ground.half_m.min_element() * 0.3;
            let blob = Blob::new(&mut dice, settlements[0].at, radius_m);
            all.push(Patch { blob, peak: 0.5, is_recorded: true });
        }
        let boxes = all.iter().enumerate().map(|(i, patch)| {
            let reach = DVec2::splat(patch.blob.largest_m() * REACH);
            let (low, high) = (patch.blob.at - reach, patch.blob.at + reach);
            GeomWithData::new(Rectangle::from_corners(low.to_array(), high.to_array()), i)
        });
        let tree = RTree::bulk_load(boxes.collect());
        Self { all, tree }
    }

    /// The patches that reach into a box, in the order drawn.
    pub fn near_box(&self, low: DVec2, high: DVec2) -> Vec<&Patch> {
        let envelope = AABB::from_corners(low.to_array(), high.to_array());
        let mut near: Vec<usize> =
            self.tree.locate_in_envelope_intersecting(&envelope).map(|found| found.data).collect();
        near.sort_unstable();
        near.into_iter().map(|i| &self.all[i]).collect()
    }
}

impl Patch {
    /// Hazard the patch gives a point: its peak inside, falling to nothing a little outside.
    pub fn hazard(&self, at: DVec2) -> f64 {
        let offset = at - self.blob.at;
        let radii = offset.length() / self.blob.radius_m(offset);
        self.peak * (1.0 - smooth_step(0.35, REACH, radii))
    }
}

impl Blob {
    /// A blob of about a radius: longer than wide, with a ragged edge.
    pub fn new(dice: &mut Dice, at: DVec2, radius_m: f64) -> Self {
        let lean = direction(dice.below(N_CORNERS));
        let longer = dice.between(1.0, 1.9);
        let mut ragged = [0.0; N_CORNERS];
        ragged.fill_with(|| dice.between(0.72, 1.28));
        let radii_m = std::array::from_fn(|i| {
            let neighbours = ragged[(i + 1) % N_CORNERS] + ragged[(i + N_CORNERS - 1) % N_CORNERS];
            let raggedness = 0.5 * ragged[i] + 0.25 * neighbours;
            let along = direction(i).dot(lean);
            let ellipse = 1.0 / (along * along / longer + (1.0 - along * along) * longer).sqrt();
            radius_m * raggedness * ellipse
        });
        Self { at, radii_m }
    }

    /// The same shape with all radii times a factor.
    pub fn scaled(&self, factor: f64) -> Self {
        Self { at: self.at, radii_m: self.radii_m.map(|radius_m| radius_m * factor) }
    }

    /// The largest radius (m).
    pub fn largest_m(&self) -> f64 {
        self.radii_m.iter().copied().fold(0.0, f64::max)
    }

    /// Corners, counter-clockwise. Seen from the middle they follow each other, so the ring never crosses itself.
    pub fn corners(&self) -> Vec<DVec2> {
        (0..N_CORNERS).map(|i| self.at + direction(i) * self.radii_m[i]).collect()
    }

    /// Radius (m) in the direction of an offset from the middle.
    fn radius_m(&self, offset: DVec2) -> f64 {
        let turn = turn_of(offset) * N_CORNERS as f64;
        let (i, share) = (turn as usize % N_CORNERS, turn - turn.floor());
        self.radii_m[i] + (self.radii_m[(i + 1) % N_CORNERS] - self.radii_m[i]) * share
    }
}

/// Direction `i` of [`N_CORNERS`], of length 1: evenly spaced along a diamond, so no sine is needed.
fn direction(i: usize) -> DVec2 {
    let turn = i as f64 / N_CORNERS as f64 * 4.0;
    let (quarter, t) = (turn as usize, turn - turn.floor());
    let first = DVec2::new(1.0 - t, t);
    let turned = (0..quarter % 4).fold(first, |d, _| d.perp());
    turned / turned.length()
}

/// How far round a diamond an offset points, 0 to 1 counter-clockwise from east: what [`direction`] inverts.
fn turn_of(offset: DVec2) -> f64 {
    let sum = offset.x.abs() + offset.y.abs();
    if sum == 0.0 {
        return 0.0;
    }
    let t = offset.y / sum;
    let turn = match (offset.x >= 0.0, offset.y >= 0.0) {
        (true, true) => t,
        (false, _) => 2.0 - t,
        (true, false) => 4.0 + t,
    };
    turn / 4.0
}

fn place(dice: &mut Dice, ground: &Ground, settlements: &[Settlement], roads: &[Road]) -> DVec2 {
    let kind = dice.unit();
    if kind < 0.5 {
        let settlement = &settlements[dice.below(settlements.len())];
        let away_m = settlement.core_m * dice.between(0.8, 2.5) + dice.between(60.0, 700.0);
        return settlement.at + dice.normal_point().normalize_or_zero() * away_m;
    }
    if kind < 0.75 && !roads.is_empty() {
        let road = &roads[dice.below(roads.len())];
        return road.points[dice.below(road.points.len())] + dice.normal_point() * 70.0;
    }
    DVec2::new(dice.between(-0.95, 0.95), dice.between(-0.95, 0.95)) * ground.half_m
}

fn is_ground(at: DVec2, ground: &Ground, terrain: &Terrain) -> bool {
    let is_known = |at: DVec2| ground.is_inland(at) && !terrain.is_water(terrain.height_m(at));
    // In a frame of a few cells nothing lies far from the edge.
    ground.holds(at, ground.half_m.min_element() * 0.06) && is_known(ground.snapped(at))
}
