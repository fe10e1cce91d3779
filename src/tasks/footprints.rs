//! Polygons made valid, and the cells that each covers: all of polygon tasks that rests on no plane, so that whoever sums
//! over the same polygons again need not make it again.

use geo::MultiPolygon;
use rayon::prelude::*;

use super::coverage::{Coverage, area_m2};
use super::survey::{Sound, sound_polygons};
use super::{Finding, PolygonFeature};
use crate::error::Result;
use crate::grid::Frame;

/// What polygons cover of a frame.
#[derive(Debug, Clone)]
pub struct Footprints {
    pub(super) sound: Vec<Sound>,
    pub(super) findings: Vec<Finding>,
    /// One each of `sound`.
    pub(super) coverages: Vec<Coverage>,
    pub(super) areas_m2: Vec<f64>,
}

impl Footprints {
    /// Of polygons in the frame's CRS. Memory follows the length of their outlines in cells.
    ///
    /// # Errors
    /// The faults of [`super::from_polygons`] that need no plane.
    pub fn of(features: &[PolygonFeature], frame: &Frame) -> Result<Self> {
        let (sound, findings) = sound_polygons(features, &frame.crs)?;
        let of = |(_, ground): &Sound| Coverage::of(ground, frame);
        let coverages = sound.par_iter().map(of).collect();
        let area = |(_, ground): &(usize, MultiPolygon<f64>)| area_m2(ground, &frame.crs);
        let areas_m2 = sound.par_iter().map(area).collect();
        Ok(Self { sound, findings, coverages, areas_m2 })
    }
}
