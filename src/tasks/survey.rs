//! What is wrong or odd about polygons: faults, which stop the run, and findings, which are told.

use std::collections::BTreeMap;

use geo::{Coord, CoordsIter, Geometry, MultiPolygon, Polygon};
use glam::DVec2;

use super::overlap::overlap_findings;
use super::repair::{Repaired, repair};
use super::rings::short;
use super::{Finding, PolygonFeature, area_m2};
use crate::error::{Fault, Faults, Result, clipped};
use crate::grid::{Crs, Reprojection, geodesic_m};
use rayon::prelude::*;

/// No ground lies farther than this from the origin of a projected CRS, m: twice round the earth.
const FARTHEST_M: f64 = 8e7;

/// Vertices farther apart than this are reported, m (issue 5, item 1).
const LONG_EDGE_M: f64 = 2_000.0;

/// Everything wrong or odd about polygons in `crs`, as [`super::from_polygons`] would report it, without any
/// planes: for `clearway check`.
pub fn survey_polygons(features: &[PolygonFeature], crs: &Crs) -> Result<Vec<Finding>> {
    Ok(sound_polygons(features, crs)?.1)
}

/// A feature's index and its valid ground.
pub(super) type Sound = (usize, MultiPolygon<f64>);

/// The features that have ground, made valid, in their order; and what was found.
pub(super) fn sound_polygons(features: &[PolygonFeature], crs: &Crs) -> Result<(Vec<Sound>, Vec<Finding>)> {
    let mut faults = Faults::new();
    check_ids(features, &mut faults);
    let to_lon_lat = Reprojection::new(crs, &Crs::wgs84(), "the frame").ok();
    let mut drawn: Vec<Option<MultiPolygon<f64>>> = Vec::with_capacity(features.len());
    for feature in features {
        let polygon = as_polygon(feature, &mut faults);
        if let Some(polygon) = &polygon {
            check_coordinates(feature, polygon, crs, to_lon_lat.as_ref(), &mut faults);
        }
        drawn.push(polygon);
    }
    faults.finish()?;

    let repaired: Vec<Option<Repaired>> = drawn.par_iter().map(|drawn| drawn.as_ref().map(repair)).collect();
    let mut sound = Vec::with_capacity(features.len());
    let mut findings = Vec::new();
    for (index, (repaired, drawn)) in repaired.into_iter().zip(&drawn).enumerate() {
        let id = &features[index].id;
        let (Some(repaired), Some(drawn)) = (repaired, drawn) else {
            let text = "has no geometry, so it is left out".to_owned();
            findings.push(Finding::about("task.null_geometry", id, text));
            continue;
        };
        describe(id, drawn, &repaired, crs, &mut findings);
        if !repaired.geometry.0.is_empty() {
            sound.push((index, repaired.geometry));
        }
    }
    if sound.is_empty() {
        let place = features.first().map_or("the polygons", |feature| feature.place.as_str());
        let found = format!("{} features, none of which has ground", features.len());
        let fix = "give polygons with an area, or grow tasks from the grid with `grow` under [tasks]";
        return Err(Fault::new("tasks.none", place, "at least one polygon", found, fix).into());
    }
    findings.extend(overlap_findings(features, &sound, crs));
    Ok((sound, findings))
}

fn describe(
    id: &str,
    drawn: &MultiPolygon<f64>,
    repaired: &Repaired,
    crs: &Crs,
    findings: &mut Vec<Finding>,
) {
    if repaired.geometry.0.is_empty() {
        let why =
            if repaired.reasons.is_empty() { "it is empty".to_owned() } else { repaired.reasons.join("; ") };
        let text = format!("encloses no ground, so it is left out: {why}");
        let code = if has_few_vertices(drawn) { "task.too_few_vertices" } else { "task.empty_geometry" };
        findings.push(Finding::about(code, id, text));
        return;
    }
    if repaired.n_repeated_points > 0 {
        let text = format!("had {} repeated points, now dropped", repaired.n_repeated_points);
        findings.push(Finding::about("task.repeated_points", id, text));
    }
    findings.extend(long_edge(id, drawn, crs));
    if repaired.reasons.is_empty() {
        return;
    }
    let before = area_m2(drawn, crs);
    let after = area_m2(&repaired.geometry, crs);
    let mut text = format!(
        "was invalid and is repaired: {}; area {before:.0} m² as drawn, {after:.0} m² now",
        repaired.reasons.join("; ")
    );
    if repaired.is_still_invalid {
        text.push_str(" (not wholly valid even so: check its outline)");
    }
    findings.push(Finding::about("task.repaired", id, text));
}

/// Whether no ring has three different vertices.
fn has_few_vertices(drawn: &MultiPolygon<f64>) -> bool {
    let n_different = |polygon: &Polygon<f64>| {
        let mut points: Vec<[u64; 2]> =
            polygon.exterior().coords().map(|at| [at.x.to_bits(), at.y.to_bits()]).collect();
        points.sort_unstable();
        points.dedup();
        points.len()
    };
    drawn.coords_count() > 0 && drawn.iter().all(|polygon| n_different(polygon) < 3)
}

/// Vertices farther from the next than any that are drawn on the ground: one may be missing, or misplaced.
fn long_edge(id: &str, drawn: &MultiPolygon<f64>, crs: &Crs) -> Option<Finding> {
    let length_m = |from: Coord<f64>, to: Coord<f64>| {
        if crs.is_geographic() {
            return geodesic_m(DVec2::new(from.x, from.y), DVec2::new(to.x, to.y));
        }
        (to.x - from.x).hypot(to.y - from.y) * crs.metres_per_unit()
    };
    let rings = drawn.iter().flat_map(|part| std::iter::once(part.exterior()).chain(part.interiors()));
    let edges = rings.flat_map(|ring| ring.0.windows(2).map(|edge| (length_m(edge[0], edge[1]), edge[0])));
    let long: Vec<(f64, Coord<f64>)> = edges.filter(|(length_m, _)| *length_m > LONG_EDGE_M).collect();
    let (longest_m, at) = long.iter().copied().max_by(|a, b| a.0.total_cmp(&b.0))?;
    let text = format!(
        "has {} more than 2 km from the next (the farthest {:.1} km, near ({}, {})): one may be missing or misplaced; it \
         is kept as drawn",
        if long.len() == 1 { "a vertex".to_owned() } else { format!("{} vertices", long.len()) },
        longest_m / 1_000.0,
        short(at.x),
        short(at.y)
    );
    Some(Finding::about("task.long_edge", id, text))
}

fn check_ids(features: &[PolygonFeature], faults: &mut Faults) {
    let mut places: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for feature in features {
        places.entry(&feature.id).or_default().push(&feature.place);
    }
    let fix = "give each feature its own identifier, or name another column with `id` under [tasks]";
    for (id, at) in places {
        if id.trim().is_empty() {
            for place in at {
                faults.push(Fault::new("task.id_missing", place, "an identifier", "none", fix));
            }
        } else if at.len() > 1 {
            let places: Vec<&str> = at.iter().take(10).copied().collect();
            let more = if at.len() > places.len() { ", …" } else { "" };
            let found = format!("`{}` {} times: {}{more}", clipped(id), at.len(), places.join(", "));
            faults.push(Fault::new("task.id_duplicate", at[0], "one feature an identifier", found, fix));
        }
    }
}

/// The polygon parts of a feature, `None` where it has no geometry; anything else is a fault.
fn as_polygon(feature: &PolygonFeature, faults: &mut Faults) -> Option<MultiPolygon<f64>> {
    let geometry = feature.geometry.as_ref()?;
    let mut parts = Vec::new();
    if let Err(kind) = gather_polygons(geometry, &mut parts) {
        let place = format!("{}, task `{}`", feature.place, clipped(&feature.id));
        let fix = "take out the feature, or buffer it into a polygon, as with `ogr2ogr -dialect sqlite` and ST_Buffer";
        faults.push(Fault::new("task.not_polygon", place, "a polygon", kind, fix));
    }
    Some(MultiPolygon::new(parts))
}

fn gather_polygons(
    geometry: &Geometry<f64>,
    parts: &mut Vec<Polygon<f64>>,
) -> std::result::Result<(), &'static str> {
    match geometry {
        Geometry::Polygon(polygon) => parts.push(polygon.clone()),
        Geometry::MultiPolygon(polygons) => parts.extend(polygons.iter().cloned()),
        Geometry::Rect(rect) => parts.push(rect.to_polygon()),
        Geometry::Triangle(triangle) => parts.push(triangle.to_polygon()),
        Geometry::GeometryCollection(collection) => {
            for member in collection {
                gather_polygons(member, parts)?;
            }
        }
        Geometry::Point(_) | Geometry::MultiPoint(_) => return Err("a point"),
        Geometry::Line(_) | Geometry::LineString(_) | Geometry::MultiLineString(_) => return Err("a line"),
    }
    Ok(())
}

/// One fault a feature at most: the first coordinate that cannot be.
fn check_coordinates(
    feature: &PolygonFeature,
    polygon: &MultiPolygon<f64>,
    crs: &Crs,
    to_lon_lat: Option<&Reprojection>,
    faults: &mut Faults,
) {
    let is_possible = |x: f64, y: f64| {
        if !(x.is_finite() && y.is_finite()) {
            return false;
        }
        if crs.is_geographic() {
            return x.abs() <= 180.0 + 1e-9 && y.abs() <= 90.0 + 1e-9;
        }
        let farthest = FARTHEST_M / crs.metres_per_unit();
        x.abs() <= farthest
            && y.abs() <= farthest
            && to_lon_lat.is_none_or(|way| way.point(DVec2::new(x, y)).is_some())
    };
    if let Some(at) = polygon.coords_iter().find(|at| !is_possible(at.x, at.y)) {
        let place = format!("{}, task `{}`", feature.place, clipped(&feature.id));
        let expected = format!("coordinates in {crs}");
        let found = format!("({}, {})", at.x, at.y);
        let fix = "check the CRS of the file and the order of its coordinates";
        faults.push(Fault::new("task.coordinate", place, expected, found, fix));
    }
}
