//! Terrain: height (m) at any point of the plane, from octaves of gradient noise, and the lakes in its lowest
//! parts.
//!
//! height = relief · Σ_k a_k·s_k / Σ a_k, a_k = 0.5^k, where s_k is the noise of wavelength λ/2^k, folded into
//! ridges (1 − |n|)² as far as the preset is ridged. Finer octaves count more on high ground (they are
//! multiplied by the height so far), so valleys are smooth and ridges rough, as running water leaves them.

use glam::DVec2;

use super::chance::{Corners, Noise, lerp};
use super::ground::Ground;
use super::preset::Character;

/// Samples a side from which the water level is taken.
const LEVEL_SAMPLES: i64 = 96;

/// Octaves at most, so that a row's kept corners fit an array.
const MAX_OCTAVES: usize = 8;

/// Kept lattice corners of every octave along a row.
pub type KeptCorners = [Option<Corners>; MAX_OCTAVES];

/// Heights and lakes.
#[derive(Debug, Clone)]
pub struct Terrain {
    octaves: Vec<Noise>,
    wavelength_m: f64,
    relief_m: f64,
    ridged: f64,
    water_level_m: f64,
    step_m: f64,
}

impl Terrain {
    /// The terrain of a region.
    pub fn new(character: &Character, ground: &Ground, seed: u64) -> Self {
        let n_octaves = character.octaves.min(MAX_OCTAVES as u32);
        let octaves = (0..n_octaves).map(|k| Noise::new(seed, "terrain", u64::from(k))).collect();
        let mut terrain = Self {
            octaves,
            wavelength_m: character.wavelength_m,
            relief_m: character.relief_m,
            ridged: character.ridged,
            water_level_m: f64::MIN,
            step_m: ground.cell_m.max_element(),
        };
        terrain.water_level_m = terrain.level_under(ground, character.water_share);
        terrain
    }

    /// Height in metres.
    pub fn height_m(&self, at: DVec2) -> f64 {
        self.height_near_m(at, &mut [None; MAX_OCTAVES])
    }

    /// The same height, reusing what the point before shares with this one.
    #[inline]
    pub fn height_near_m(&self, at: DVec2, kept: &mut KeptCorners) -> f64 {
        let (mut sum, mut total, mut amplitude, mut weight) = (0.0, 0.0, 1.0, 1.0);
        let mut place = at / self.wavelength_m;
        for (noise, kept) in self.octaves.iter().zip(kept) {
            let n = noise.at_near(place, kept);
            let fold = 1.0 - n.abs().min(1.0);
            let signal = lerp(0.5 + 0.5 * n, fold * fold, self.ridged);
            sum += amplitude * weight * signal;
            total += amplitude;
            weight = (weight * signal * 1.6).clamp(0.12, 1.0);
            amplitude *= 0.5;
            place *= 2.0;
        }
        self.relief_m * sum / total
    }

    /// Whether a height is below the lakes' level.
    pub fn is_water(&self, height_m: f64) -> bool {
        height_m < self.water_level_m
    }

    /// Height above the lakes as a share of the relief, about 0..1.
    pub fn elevation_share(&self, height_m: f64) -> f64 {
        ((height_m - self.water_level_m) / self.relief_m).clamp(0.0, 1.0)
    }

    /// Slope (rise over run) at a point, over one cell to either side.
    pub fn slope(&self, at: DVec2) -> f64 {
        let step = self.step_m;
        let rise = |d: DVec2| self.height_m(at + d) - self.height_m(at - d);
        let gradient = DVec2::new(rise(DVec2::new(step, 0.0)), rise(DVec2::new(0.0, step)));
        (gradient / (2.0 * step)).length()
    }

    /// Slope from the four heights around a cell.
    pub fn slope_from(&self, west: f64, east: f64, north: f64, south: f64, cell_m: DVec2) -> f64 {
        DVec2::new((east - west) / (2.0 * cell_m.x), (north - south) / (2.0 * cell_m.y)).length()
    }

    /// The height below which `share` of the sampled ground lies.
    fn level_under(&self, ground: &Ground, share: f64) -> f64 {
        let n = LEVEL_SAMPLES.min(ground.frame.n_cols as i64);
        let cell = |i: i64| (i * ground.frame.n_cols as i64 + ground.frame.n_cols as i64 / 2) / n;
        let mut heights: Vec<f64> = (0..n * n)
            .map(|i| ground.centre(cell(i % n), cell(i / n)))
            .filter(|&at| ground.is_inland(at))
            .map(|at| self.height_m(at))
            .collect();
        heights.sort_by(f64::total_cmp);
        let index = (heights.len() as f64 * share) as usize;
        heights.get(index).copied().unwrap_or(f64::MIN)
    }
}
