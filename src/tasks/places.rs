//! Where a task lies, in people's terms: longitude and latitude, the nearest settlement, the district.

use geo::{BoundingRect, Centroid, Contains, InteriorPoint, MultiPolygon, Point};
use glam::DVec2;
use rstar::RTree;
use rstar::primitives::GeomWithData;

use super::{Finding, TaskArea, TaskOptions};
use crate::error::Result;
use crate::grid::{Crs, LonLat, Reprojection, geodesic_m};

/// A named settlement.
#[derive(Debug, Clone, PartialEq)]
pub struct Settlement {
    /// Its name.
    pub name: String,
    /// Longitude, degrees, WGS 84.
    pub lon: f64,
    /// Latitude, degrees, WGS 84.
    pub lat: f64,
    /// People, where known.
    pub population: Option<f64>,
}

/// A named district.
#[derive(Debug, Clone, PartialEq)]
pub struct District {
    /// Its name.
    pub name: String,
    /// Its ground, in the frame's CRS like every other layer.
    pub geometry: MultiPolygon<f64>,
}

/// Fills in longitude, latitude, nearest settlement and district of each task.
pub(super) fn locate_tasks(
    tasks: &mut [TaskArea],
    crs: &Crs,
    options: &TaskOptions<'_>,
) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    let to_lon_lat = match Reprojection::new(crs, &Crs::wgs84(), "the frame") {
        Ok(reprojection) => Some(reprojection),
        Err(error) if options.needs_lon_lat => return Err(error),
        Err(_) => {
            let text = format!(
                "no longitude, latitude or nearest settlement is given: a datum shift lies between {crs} and WGS 84"
            );
            findings.push(Finding::overall("tasks.no_lon_lat", text));
            None
        }
    };
    let settlements = SettlementIndex::new(options.settlements);
    let districts: Vec<_> = options
        .districts
        .iter()
        .filter_map(|district| Some((district, district.geometry.bounding_rect()?)))
        .collect();
    for task in tasks {
        let Some(point) = point_inside(&task.geometry) else { continue };
        let lon_lat = to_lon_lat.as_ref().and_then(|way| way.point(DVec2::new(point.x(), point.y())));
        if let Some(at) = lon_lat {
            (task.lon, task.lat) = (Some(at.x), Some(at.y));
            task.nearest_settlement = settlements.nearest(at).map(|settlement| settlement.name.clone());
        }
        let district = districts
            .iter()
            .find(|(district, bounds)| bounds.contains(&point) && district.geometry.contains(&point));
        task.district = district.map(|(district, _)| district.name.clone());
    }
    Ok(findings)
}

/// The centroid where it lies inside, else a point well inside.
pub(super) fn point_inside(ground: &MultiPolygon<f64>) -> Option<Point<f64>> {
    ground.centroid().filter(|centroid| ground.contains(centroid)).or_else(|| ground.interior_point())
}

/// Settlements on the unit sphere, where the nearest by chord is nearly the nearest by geodesic.
struct SettlementIndex<'a> {
    tree: RTree<GeomWithData<[f64; 3], usize>>,
    settlements: &'a [Settlement],
}

impl<'a> SettlementIndex<'a> {
    fn new(settlements: &'a [Settlement]) -> Self {
        let points = settlements
            .iter()
            .enumerate()
            .map(|(i, settlement)| {
                GeomWithData::new(on_sphere(DVec2::new(settlement.lon, settlement.lat)), i)
            })
            .collect();
        Self { tree: RTree::bulk_load(points), settlements }
    }

    fn nearest(&self, at: LonLat) -> Option<&'a Settlement> {
        // A sphere of the polar radius with geodetic latitudes for its own never overstates a geodesic by more
        // than the flattening (0.34 %) twice; a candidate farther than that cannot win any more.
        const SPHERE_RADIUS_M: f64 = 6_356_752.0;
        const SLACK: f64 = 1.0 - 0.007;
        let mut best: Option<(f64, usize)> = None;
        let from = on_sphere(at);
        for (candidate, chord_squared) in self.tree.nearest_neighbor_iter_with_distance_2(&from) {
            let arc_m = 2.0 * (chord_squared.sqrt() / 2.0).min(1.0).asin() * SPHERE_RADIUS_M;
            if best.is_some_and(|(best_m, _)| arc_m * SLACK > best_m) {
                break;
            }
            let settlement = &self.settlements[candidate.data];
            let distance_m = geodesic_m(at, DVec2::new(settlement.lon, settlement.lat));
            let found = (distance_m, candidate.data);
            if best.is_none_or(|best| found.0.total_cmp(&best.0).then(found.1.cmp(&best.1)).is_lt()) {
                best = Some(found);
            }
        }
        best.map(|(_, index)| &self.settlements[index])
    }
}

fn on_sphere(at: LonLat) -> [f64; 3] {
    let ((sin_lon, cos_lon), (sin_lat, cos_lat)) = (at.x.to_radians().sin_cos(), at.y.to_radians().sin_cos());
    [cos_lat * cos_lon, cos_lat * sin_lon, sin_lat]
}
