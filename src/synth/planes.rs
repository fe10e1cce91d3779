//! The cells of a tile: every layer as a pure function of the region's objects and the cell's coordinates.
//!
//! Values are rounded to steps about as fine as people would record them: hazard 1/2048, its deviation 1/1024,
//! cost 1/64 US$, difficulty 1/16, distance one metre. Powers of two leave the low bits of a float zero, so files
//! compress to a fraction of what hundredths would take. Lakes and what lies beyond the border are
//! unknown in `hazard`, `hazard_sd`, `population` and `cost`, as on real maps.

use glam::DVec2;

use super::chance::{lerp, quantised, smooth_step};
use super::front::Fronts;
use super::nearest::{Segment, distance_m};
use super::patches::Patch;
use super::region::Region;
use super::settlements::Settlement;
use crate::grid::{UNKNOWN, Window};

/// Cells a side of the blocks that share a list of near objects. Results do not depend on it.
const BLOCK: usize = 32;
/// Hazard where nothing is recorded nearby (domain.md §3: elsewhere 0.001).
const HAZARD_ELSEWHERE: f64 = 0.001;

/// The rasters of a region.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layer {
    /// Probability that the ground is contaminated, 0..1.
    Hazard,
    /// Standard deviation of the hazard.
    HazardSd,
    /// People in the cell.
    Population,
    /// US$ to clear a square metre.
    Cost,
    /// Land cover, codes of ESA WorldCover: 10 trees, 30 grass, 40 crops, 50 built-up, 60 bare, 80 water.
    Landcover,
    /// How many times longer the work takes than on flat open ground, at least 1.
    SlopeFactor,
    /// Metres to the nearest road.
    RoadDistance,
}

impl Layer {
    /// All layers, in the order their planes are made.
    pub const ALL: [Self; 7] = [
        Self::Hazard,
        Self::HazardSd,
        Self::Population,
        Self::Cost,
        Self::Landcover,
        Self::SlopeFactor,
        Self::RoadDistance,
    ];
}

/// The planes of one window, row by row.
#[derive(Debug, Clone, PartialEq)]
pub struct Planes([Vec<f32>; Layer::ALL.len()]);

impl Planes {
    /// One layer's cells.
    pub fn layer(&self, layer: Layer) -> &[f32] {
        &self.0[layer as usize]
    }

    fn set(&mut self, layer: Layer, index: usize, value: f32) {
        self.0[layer as usize][index] = value;
    }
}

/// What lies near a block of cells.
struct Near<'a> {
    settlements: Vec<&'a Settlement>,
    belts: Vec<Segment<(f64, f64)>>,
    patches: Vec<&'a Patch>,
    roads: Vec<Segment<()>>,
}

impl Region {
    /// The cells of a window inside the frame.
    pub fn tile(&self, window: Window) -> Planes {
        let unknown = || vec![UNKNOWN; window.len()];
        let mut planes = Planes(std::array::from_fn(|_| unknown()));
        let heights_m = self.heights_m(window.grown(1, 1));
        let people = self.houses.people(window);
        for first_row in (0..window.n_rows).step_by(BLOCK) {
            for first_col in (0..window.n_cols).step_by(BLOCK) {
                let block = Window::new(
                    window.col + first_col as i64,
                    window.row + first_row as i64,
                    BLOCK.min(window.n_cols - first_col),
                    BLOCK.min(window.n_rows - first_row),
                );
                let near = self.near(block);
                for row in block.row..block.end_row() {
                    for col in block.col..block.end_col() {
                        let index = window.offset(col, row);
                        self.cell(&mut planes, index, (col, row), window, &heights_m, people[index], &near);
                    }
                }
            }
        }
        planes
    }

    #[allow(clippy::too_many_arguments)] // one call, in the loop above
    fn cell(
        &self,
        planes: &mut Planes,
        index: usize,
        (col, row): (i64, i64),
        window: Window,
        heights_m: &[f64],
        people: u32,
        near: &Near,
    ) {
        let at = self.ground.centre(col, row);
        let halo = window.grown(1, 1);
        let height = |dc: i64, dr: i64| heights_m[halo.offset(col + dc, row + dr)];
        let height_m = height(0, 0);
        let slope = self.terrain.slope_from(
            height(-1, 0),
            height(1, 0),
            height(0, -1),
            height(0, 1),
            self.ground.cell_m,
        );
        let stretch = self.ground.stretch(at.y);
        let road_m = |s: &Segment<()>| distance_m(at, s.a, s.b, stretch);
        let road_m = near.roads.iter().map(road_m).fold(f64::INFINITY, f64::min);
        planes.set(Layer::RoadDistance, index, quantised(road_m, 1.0));

        let is_water = self.terrain.is_water(height_m);
        let cover = if is_water { 80 } else { self.landcover(at, height_m, slope, people, near) };
        planes.set(Layer::Landcover, index, cover as f32);
        let steep = if is_water { 0.0 } else { 2.2 * slope };
        let thick = if cover == 10 { 0.25 } else { 0.0 };
        planes.set(Layer::SlopeFactor, index, quantised((1.0 + steep + thick).min(4.0), 16.0));

        if is_water || !self.ground.is_inland(at) {
            return;
        }
        planes.set(Layer::Population, index, people as f32);
        planes.set(Layer::Cost, index, quantised(self.usd_per_m2(at, cover, slope), 64.0));
        let hazard = quantised(self.hazard(at, near), 2048.0);
        planes.set(Layer::Hazard, index, hazard);
        planes.set(Layer::HazardSd, index, quantised(self.hazard_sd(at, f64::from(hazard)), 1024.0));
    }

    fn near(&self, block: Window) -> Near<'_> {
        let half = self.ground.cell_m / 2.0;
        let upper_left = self.ground.centre(block.col, block.row);
        let lower_right = self.ground.centre(block.end_col() - 1, block.end_row() - 1);
        let low = DVec2::new(upper_left.x, lower_right.y) - half;
        let high = DVec2::new(lower_right.x, upper_left.y) + half;
        let stretches = [self.ground.stretch(low.y), self.ground.stretch(high.y)];
        let stretch = stretches.into_iter().map(|s| s.max(1.0 / s)).fold(1.0, f64::max);
        Near {
            settlements: self.settlements_around(low, high),
            belts: self.fronts.near_box(low, high),
            patches: self.patches.near_box(low, high),
            roads: self.road_segments.nearest_of_box(low, high, stretch),
        }
    }

    fn heights_m(&self, window: Window) -> Vec<f64> {
        let mut heights = Vec::with_capacity(window.len());
        for row in window.row..window.end_row() {
            let mut kept = Default::default();
            for col in window.col..window.end_col() {
                heights.push(self.terrain.height_near_m(self.ground.centre(col, row), &mut kept));
            }
        }
        heights
    }

    fn hazard(&self, at: DVec2, near: &Near) -> f64 {
        let fine_m = self.ground.cell_m.max_element().max(30.0);
        let [coarse, fine] = self.textures.lumps;
        let lumps = 0.78 + 0.35 * coarse.at(at / (fine_m * 7.0)) + 0.2 * fine.at(at / (fine_m * 2.3));
        let lumps = lumps.clamp(0.15, 1.1);
        let belt = 0.85 * Fronts::strength(&self.fronts, at, &near.belts) * lumps;
        let patches = near.patches.iter().map(|patch| 1.0 - patch.hazard(at) * lumps.min(1.0));
        let free = patches.fold((1.0 - HAZARD_ELSEWHERE) * (1.0 - belt), |free, next| free * next);
        (1.0 - free).clamp(0.0, 0.98)
    }

    /// A share of the largest deviation a probability can have, √(h(1 − h)): more where little was surveyed.
    fn hazard_sd(&self, at: DVec2, hazard: f64) -> f64 {
        let coarse_m = self.ground.cell_m.max_element().max(30.0) * 60.0;
        let ignorance = 0.5 + 0.6 * self.textures.ignorance.at(at / coarse_m);
        (hazard * (1.0 - hazard)).sqrt() * lerp(0.12, 0.75, ignorance.clamp(0.0, 1.0))
    }

    /// WorldCover class of dry ground.
    fn landcover(&self, at: DVec2, height_m: f64, slope: f64, people: u32, near: &Near) -> u8 {
        let closeness = |s: &&Settlement| 1.0 - at.distance(s.at) / s.reach_m();
        let closeness = near.settlements.iter().map(closeness).fold(0.0, f64::max);
        let [coarse, fine] = self.textures.moisture;
        let woods_m = self.character.wavelength_m * 0.33;
        let moisture = coarse.at(at / woods_m) + 0.5 * fine.at(at / (woods_m * 0.22));
        let in_core =
            |s: &&Settlement| at.distance(s.at) < 0.6 * s.core_m * (1.0 + 0.4 * fine.at(at / 500.0));
        let crowded = (self.ground.cell_m.x * self.ground.cell_m.y / 110.0) as u32;
        if people > 0 && (people >= crowded || near.settlements.iter().any(in_core)) {
            return 50;
        }
        let high = self.terrain.elevation_share(height_m);
        let steep = smooth_step(0.05, 0.35, slope);
        if high > 0.55 && high + 0.25 * steep + 0.1 * moisture > 0.82 {
            return 60;
        }
        // Fields are parcels askew to the grid, each with a mood of its own.
        let parcel_m = self.ground.cell_m.max_element().max(30.0);
        let parcel = DVec2::new(at.x * 0.8 + at.y * 0.6, at.y * 0.8 - at.x * 0.6)
            / DVec2::new(parcel_m * 9.0, parcel_m * 5.0);
        let mood = self.textures.fields.unit_of_square(parcel.x.floor() as i64, parcel.y.floor() as i64);
        let farmed = self.character.farmed + 0.9 * closeness - 0.9 * steep - 0.5 * high + 0.15 * moisture;
        if farmed > 0.25 && mood < 0.4 + farmed {
            // Here and there a parcel is a copse.
            return if mood < 0.035 { 10 } else { 40 };
        }
        let wooded =
            0.45 * moisture + 0.55 * steep + 0.35 * high - 0.7 * closeness - 0.5 * self.character.farmed;
        if wooded > 0.22 { 10 } else { 30 }
    }

    /// US$ to clear a square metre: by land cover, more on slopes, a little by region (0.5 to 10, [E]).
    fn usd_per_m2(&self, at: DVec2, cover: u8, slope: f64) -> f64 {
        let open = match cover {
            10 => 2.9,
            40 => 1.65,
            50 => 4.2,
            60 => 1.5,
            _ => 1.8,
        };
        let market = 1.0 + 0.2 * self.textures.prices.at(at / 2_600.0);
        (open * market * (1.0 + 1.6 * slope)).clamp(0.5, 10.0)
    }
}
