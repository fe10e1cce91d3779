//! Tasks from polygons.

use geo::{BoundingRect, Coord, Geometry, MapCoordsInPlace, MultiPolygon};
use glam::DVec2;
use serde_json::{Map, Value};

use super::footprints::Footprints;
use super::survey::{Sound, sound_polygons};
use super::zonal::{Ground, Sums, sums};
use super::{Finding, Planes, TaskArea, TaskOptions, area_m2, finish, from_sums, list_ids};
use crate::error::{Fault, Result};
use crate::grid::{Frame, Reprojection};
use crate::progress::Progress;

/// A polygon as a source gives it, brought into the frame's CRS and otherwise untouched.
#[derive(Debug, Clone, PartialEq)]
pub struct PolygonFeature {
    /// The task's identifier: a column of the source, or made by the reader from the feature's position.
    pub id: String,
    /// The IMSMA identifier, where the source has one.
    pub imsma_id: Option<String>,
    /// Where it comes from, for faults: the file and the feature's position in it.
    pub place: String,
    /// Its geometry in the frame's CRS, as read; `None` where the source has none.
    pub geometry: Option<Geometry<f64>>,
    /// All columns of the source.
    pub attributes: Map<String, Value>,
}

impl PolygonFeature {
    /// Brings the geometry into another CRS, point by point: edges stay straight lines on the map. A point the
    /// projection has no value for becomes NaN, which [`super::survey_polygons`] reports as a fault.
    pub fn reproject(&mut self, way: &Reprojection) {
        if let Some(geometry) = &mut self.geometry {
            geometry.map_coords_in_place(|at| {
                let there = way.point(DVec2::new(at.x, at.y)).unwrap_or(DVec2::NAN);
                Coord { x: there.x, y: there.y }
            });
        }
    }
}

/// Tasks from polygons, in the order given, with what was found odd about them.
///
/// Invalid polygons are repaired and named; those without any ground (null or empty geometry) are left out and
/// named. Duplicate or empty identifiers, geometries that are not polygons, coordinates that are not finite or
/// outside the CRS, and polygons none of which touches the frame are faults, reported together.
pub fn from_polygons(
    features: Vec<PolygonFeature>,
    planes: &Planes<'_>,
    options: &TaskOptions<'_>,
    progress: &dyn Progress,
) -> Result<(Vec<TaskArea>, Vec<Finding>)> {
    let frame = planes.rank.frame();
    let (sound, findings) = sound_polygons(&features, &frame.crs)?;
    let pieces: Vec<Ground<'_>> = sound.iter().map(|(_, ground)| Ground::Polygon(ground)).collect();
    let sums = sums(&pieces, planes, options.tile_cells, progress)?;
    let areas_m2 = sound.iter().map(|(_, ground)| area_m2(ground, &frame.crs)).collect();
    tasks_of(features, sound, findings, areas_m2, sums, planes, options)
}

/// The same tasks where the footprints of `features` on the frame of `planes` are known.
pub fn from_footprints(
    features: Vec<PolygonFeature>,
    footprints: &Footprints,
    planes: &Planes<'_>,
    options: &TaskOptions<'_>,
    progress: &dyn Progress,
) -> Result<(Vec<TaskArea>, Vec<Finding>)> {
    let Footprints { sound, findings, coverages, areas_m2 } = footprints;
    let pieces: Vec<Ground<'_>> = coverages.iter().map(Ground::Covered).collect();
    let sums = sums(&pieces, planes, options.tile_cells, progress)?;
    tasks_of(features, sound.clone(), findings.clone(), areas_m2.clone(), sums, planes, options)
}

fn tasks_of(
    features: Vec<PolygonFeature>,
    sound: Vec<Sound>,
    mut findings: Vec<Finding>,
    areas_m2: Vec<f64>,
    sums: Vec<Sums>,
    planes: &Planes<'_>,
    options: &TaskOptions<'_>,
) -> Result<(Vec<TaskArea>, Vec<Finding>)> {
    let frame = planes.rank.frame();
    findings.extend(outside_frame(&features, &sound, &sums)?);

    let mut features: Vec<Option<PolygonFeature>> = features.into_iter().map(Some).collect();
    let mut tasks = Vec::with_capacity(sound.len());
    for (((index, ground), area_m2), sums) in sound.into_iter().zip(areas_m2).zip(sums) {
        let Some(feature) = features[index].take() else { continue };
        let scored_share = scored_share(&ground, frame, &sums, area_m2);
        tasks.push(TaskArea {
            task_id: feature.id,
            imsma_id: feature.imsma_id,
            attributes: feature.attributes,
            ..from_sums(ground, area_m2, scored_share, &sums, planes)
        });
    }
    findings.extend(finish(&mut tasks, &frame.crs, options)?);
    Ok((tasks, findings))
}

/// Polygons off the grid are kept, as ground about which nothing is known; all of them off it is a fault.
fn outside_frame(
    features: &[PolygonFeature],
    sound: &[(usize, MultiPolygon<f64>)],
    sums: &[Sums],
) -> Result<Option<Finding>> {
    let outside: Vec<&PolygonFeature> = sound
        .iter()
        .zip(sums)
        .filter(|(_, sums)| sums.covered_m2 == 0.0)
        .map(|((index, _), _)| &features[*index])
        .collect();
    if outside.is_empty() {
        return Ok(None);
    }
    if outside.len() == sound.len() {
        let place = outside[0].place.as_str();
        let found = format!("all {} outside it", outside.len());
        let fix = "check the CRS of the polygons, or give a frame that holds them";
        return Err(Fault::new("tasks.outside_frame", place, "polygons on the frame", found, fix).into());
    }
    let ids = list_ids(outside.iter().map(|feature| feature.id.as_str()));
    let text = format!("{} of {} tasks lie wholly outside the frame: {ids}", outside.len(), sound.len());
    Ok(Some(Finding::overall("tasks.outside_frame", text)))
}

/// Share of the ground on scored cells: exactly 1 when all of it is.
fn scored_share(ground: &MultiPolygon<f64>, frame: &Frame, sums: &Sums, area_m2: f64) -> f64 {
    let is_inside = ground.bounding_rect().is_some_and(|bounds| {
        let upper_left = frame.cell_from_world(DVec2::new(bounds.min().x, bounds.max().y));
        let lower_right = frame.cell_from_world(DVec2::new(bounds.max().x, bounds.min().y));
        upper_left.min_element() >= -1e-9
            && lower_right.x <= frame.n_cols as f64 + 1e-9
            && lower_right.y <= frame.n_rows as f64 + 1e-9
    });
    // Inside, both sums run over the same cells: the quotient carries no error of the area.
    let whole_m2 = if is_inside { sums.covered_m2 } else { area_m2 };
    if whole_m2 > 0.0 { (sums.scored_m2 / whole_m2).min(1.0) } else { 0.0 }
}
