//! Hazardous areas as a prior hazard: each cell's share under each class times what that class proves mined.
//!
//! ```text
//! h_prior = Σ_class share_class · prior_class + (1 − Σ share) · prior_elsewhere      (domain.md §3.1)
//! ```
//!
//! Shares are exact areas of polygon ∩ cell. Ground under several polygons counts once, with the highest prior: the
//! polygons of a prior are united, and what a higher one covers is cut out. Sums run in `f64` from the highest prior
//! down. Polygons are checked and repaired as task areas are.

use geo::{BooleanOps, MultiPolygon, Polygon, unary_union};

use super::survey::sound_polygons;
use super::{Coverage, Finding, PolygonFeature};
use crate::error::{Fault, Result};
use crate::grid::{CellStore, Frame, Window};

/// Ground by prior, highest first, as shares of cells; no ground is in two of them.
#[derive(Debug, Clone)]
pub struct PriorGround {
    frame: Frame,
    layers: Vec<(f64, Coverage)>,
}

impl PriorGround {
    /// From polygons in the frame's CRS with the prior (0..1) of each. Invalid ones are repaired, those without
    /// ground left out, both named in the findings, one a polygon. Faults are those of `survey_polygons`, and polygons none of which
    /// touches the frame.
    pub fn new(features: &[PolygonFeature], priors: &[f64], frame: &Frame) -> Result<(Self, Vec<Finding>)> {
        let (sound, found) = sound_polygons(features, &frame.crs)?;
        let mut by_prior: Vec<(f64, Vec<&MultiPolygon<f64>>)> = Vec::new();
        for (index, ground) in &sound {
            let prior = priors[*index];
            match by_prior.iter_mut().find(|(known, _)| known.total_cmp(&prior).is_eq()) {
                Some((_, grounds)) => grounds.push(ground),
                None => by_prior.push((prior, vec![ground])),
            }
        }
        by_prior.sort_by(|a, b| b.0.total_cmp(&a.0));
        let mut above = MultiPolygon::<f64>::new(Vec::new());
        let mut layers = Vec::with_capacity(by_prior.len());
        for (prior, grounds) in by_prior {
            let polygons: Vec<&Polygon<f64>> = grounds.into_iter().flatten().collect();
            let united = unary_union(polygons);
            let own = if above.0.is_empty() { united.clone() } else { united.difference(&above) };
            layers.push((prior, Coverage::of(&own, frame)));
            above = if above.0.is_empty() { united } else { above.union(&united) };
        }
        if layers.iter().all(|(_, coverage)| coverage.is_empty()) {
            let place = features.first().map_or("the hazardous areas", |feature| feature.place.as_str());
            let found = format!("all {} outside it", sound.len());
            let fix = "check the CRS of the polygons, or give a frame that holds them";
            return Err(Fault::new("hazard.outside_frame", place, "polygons on the frame", found, fix).into());
        }
        Ok((Self { frame: frame.clone(), layers }, found))
    }

    /// Ground covered (m²) and its prior, highest prior first.
    pub fn areas_m2(&self) -> Vec<(f64, f64)> {
        let area_m2 = |coverage: &Coverage| -> f64 {
            let of_row = |row: usize| {
                let cells =
                    coverage.row(row).iter().map(|span| f64::from(span.end_col - span.col) * span.share);
                cells.sum::<f64>() * self.frame.cell_area_m2(row as i64)
            };
            coverage.rows().map(of_row).sum()
        };
        self.layers.iter().map(|(prior, coverage)| (*prior, area_m2(coverage))).collect()
    }

    /// Writes the prior of every cell, `elsewhere` being that of ground under no polygon.
    pub fn write(&self, elsewhere: f64, to: &dyn CellStore) -> Result<()> {
        let n_cols = self.frame.n_cols;
        let (mut sums, mut shares) = (vec![0.0; n_cols], vec![0.0; n_cols]);
        let mut line = vec![0.0f32; n_cols];
        let part = to.part();
        for row in part.row as usize..part.end_row() as usize {
            sums.fill(0.0);
            shares.fill(0.0);
            for (prior, coverage) in &self.layers {
                for span in coverage.row(row) {
                    for col in span.col as usize..span.end_col as usize {
                        sums[col] += span.share * prior;
                        shares[col] += span.share;
                    }
                }
            }
            for ((out, &sum), &share) in line.iter_mut().zip(&sums).zip(&shares) {
                // The parts of a wholly covered cell add up to 1 but for rounding.
                let elsewhere_share: f64 = if share > 1.0 - 1e-9 { 0.0 } else { 1.0 - share };
                *out = ((sum + elsewhere_share * elsewhere) as f32).clamp(0.0, 1.0);
            }
            to.write(Window::new(0, row as i64, n_cols, 1), &line)?;
        }
        Ok(())
    }
}
