//! Hazard and cost drawn for a vector of cells in one sample.
//!
//! h^s = o / (1 + o) with o = h / (1 − h) · exp(σ z); cost multiplies the priority by exp(−τ z'), or adds −τ z' · log2(e)
//! to its logarithm. Both exponentials are looked up. Twin: `shaders/sample.wgsl`, place_of.

use super::super::product::{EXP2_KNOTS, exp2};
use super::chance::{N_NORMALS, cost_index, draw, hazard_index};
use super::dense::{Dense, LANES, Lanes};
use super::group::{Group, HazardNoise};

/// Tables of hazard and cost.
pub struct Noise<'a> {
    key: u32,
    hazard: HazardNoise,
    hazard_values: &'a [f32; N_NORMALS],
    cost_values: Option<&'a [f32; N_NORMALS]>,
    adds: bool,
    knots: &'a [f32],
}

static NO_VALUES: [f32; N_NORMALS] = [0.0; N_NORMALS];

impl<'a> Noise<'a> {
    /// Of one sample.
    pub fn new(group: &'a Group, key: u32) -> Self {
        let table = |values: &'a [f32]| values.first_chunk::<N_NORMALS>();
        Self {
            key,
            hazard: group.hazard,
            hazard_values: table(group.hazard_values()).unwrap_or(&NO_VALUES),
            cost_values: table(group.cost_values()),
            adds: group.is_product,
            knots: &EXP2_KNOTS,
        }
    }

    /// Multiplies a vector of sums over criteria by the drawn hazard and cost.
    #[inline(always)]
    pub fn apply(&self, dense: &Dense, vector: usize, sums: &mut Lanes) {
        let [first, second] = &dense.places[vector];
        let mut draws = [0; LANES];
        for (l, out) in draws.iter_mut().enumerate() {
            *out = draw([first[l], second[l]], self.key);
        }
        match self.hazard {
            HazardNoise::None => {}
            HazardNoise::Factors => {
                let odds = &dense.odds[vector];
                for l in 0..LANES {
                    let odds = odds[l] * self.hazard_values[hazard_index(draws[l])];
                    sums[l] *= odds / (1.0 + odds);
                }
            }
            HazardNoise::Spread => {
                let (odds, spreads) = (&dense.odds[vector], &dense.spreads[vector]);
                for l in 0..LANES {
                    let octaves = spreads[l] * self.hazard_values[hazard_index(draws[l])];
                    let odds = odds[l] * exp2(octaves, self.knots);
                    sums[l] *= odds / (1.0 + odds);
                }
            }
        }
        if let Some(values) = self.cost_values {
            for l in 0..LANES {
                let value = values[cost_index(draws[l])];
                sums[l] = if self.adds { sums[l] + value } else { sums[l] * value };
            }
        }
    }
}
