//! Longitude and latitude, the nearest settlement, the district.

use clearway::grid::{Crs, Frame, MemoryCells, geodesic_m};
use clearway::progress::Silent;
use clearway::tasks::{District, Settlement, TaskOptions, from_polygons};
use geo::{Contains, MultiPolygon, Point};
use glam::DVec2;
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64Mcg;

use super::kit::{Region, codes, feature, near, polygon, square};
use crate::common::{frame_lonlat, frame_utm};

fn settlement(name: &str, lon: f64, lat: f64) -> Settlement {
    Settlement { name: name.into(), lon, lat, population: None }
}

#[test]
fn point_on_the_central_meridian_has_its_longitude() {
    // UTM 36N has its central meridian at 33° E, x = 500,000; a square about it has its centroid there.
    let region = Region::of_ranks(MemoryCells::from_values(frame_utm(10, 10, 10.0), vec![1.0; 100]));
    let (tasks, _) = region.tasks(vec![square("A", -10.0, 40.0, 20.0)]);
    near(tasks[0].lon.unwrap(), 33.0, 1e-9);
    assert!((49.0..50.0).contains(&tasks[0].lat.unwrap()));
}

#[test]
fn crescent_is_placed_inside_itself() {
    // A U whose centroid falls into its opening.
    let frame = frame_lonlat(10, 10, 0.0, 10.0, 1.0);
    let region = Region::of_ranks(MemoryCells::from_values(frame, vec![1.0; 100]));
    let shell: geo::LineString<f64> =
        vec![(1., 1.), (9., 1.), (9., 9.), (8., 9.), (8., 2.), (2., 2.), (2., 9.), (1., 9.)].into();
    let shell = geo::Polygon::new(shell, vec![]);
    let (tasks, _) = region.tasks(vec![feature("U", shell.clone())]);
    assert!(shell.contains(&Point::new(tasks[0].lon.unwrap(), tasks[0].lat.unwrap())));
}

#[test]
fn nearest_settlement_is_nearest_by_geodesic() {
    let mut rng = Pcg64Mcg::seed_from_u64(5);
    let frame = frame_lonlat(40, 40, -10.0, 80.0, 1.0);
    let region = Region::of_ranks(MemoryCells::from_values(frame, vec![1.0; 1600]));
    let settlements: Vec<Settlement> = (0..400)
        .map(|i| settlement(&format!("S{i}"), rng.random_range(-180.0..180.0), rng.random_range(-85.0..85.0)))
        .collect();
    let options = TaskOptions { settlements: &settlements, ..TaskOptions::default() };
    let features = (0..60)
        .map(|i| {
            let corner = (rng.random_range(-10.0..29.0), rng.random_range(41.0..79.0));
            let rect = geo::Rect::new(corner, (corner.0 + 0.01, corner.1 + 0.01));
            feature(&i.to_string(), rect.to_polygon())
        })
        .collect();
    let (tasks, _) = from_polygons(features, &region.planes(), &options, &Silent::default()).unwrap();
    for task in &tasks {
        let at = DVec2::new(task.lon.unwrap(), task.lat.unwrap());
        let distance_m = |s: &Settlement| geodesic_m(at, DVec2::new(s.lon, s.lat));
        let nearest = settlements.iter().min_by(|a, b| distance_m(a).total_cmp(&distance_m(b))).unwrap();
        assert_eq!(task.nearest_settlement.as_ref(), Some(&nearest.name));
    }
}

#[test]
fn settlement_across_the_date_line_is_near() {
    let frame = frame_lonlat(2, 2, 179.0, 1.0, 0.5);
    let region = Region::of_ranks(MemoryCells::from_values(frame, vec![1.0; 4]));
    let settlements = [settlement("far", 178.0, 0.5), settlement("across", -179.9, 0.5)];
    let options = TaskOptions { settlements: &settlements, ..TaskOptions::default() };
    let shell = geo::Rect::new((179.8, 0.4), (179.9, 0.6)).to_polygon();
    let (tasks, _) =
        from_polygons(vec![feature("A", shell)], &region.planes(), &options, &Silent::default()).unwrap();
    assert_eq!(tasks[0].nearest_settlement.as_deref(), Some("across"));
}

#[test]
fn district_is_the_one_around_the_point() {
    let region = Region::of_ranks(MemoryCells::from_values(frame_utm(10, 10, 10.0), vec![1.0; 100]));
    let district = |name: &str, shell: &str| District {
        name: name.into(),
        geometry: MultiPolygon::new(vec![polygon(shell, &[])]),
    };
    let districts =
        [district("west", "0 0, 50 0, 50 100, 0 100"), district("east", "50 0, 90 0, 90 100, 50 100")];
    let options = TaskOptions { districts: &districts, ..TaskOptions::default() };
    let features =
        vec![square("a", 10.0, 10.0, 10.0), square("b", 60.0, 10.0, 10.0), square("c", 92.0, 10.0, 5.0)];
    let (tasks, _) = from_polygons(features, &region.planes(), &options, &Silent::default()).unwrap();
    let names: Vec<_> = tasks.iter().map(|task| task.district.as_deref()).collect();
    assert_eq!(names, [Some("west"), Some("east"), None]);
}

#[test]
#[cfg_attr(feature = "proj", ignore = "with feature proj it is brought across: tests/features.rs")]
fn datum_shift_is_a_fault_only_where_lon_lat_is_needed() {
    let crs = Crs::from_epsg(3148, "test").unwrap();
    let frame = Frame::north_up(crs, DVec2::new(500_000.0, 5_500_000.0), DVec2::splat(10.0), 10, 10);
    let region = Region::of_ranks(MemoryCells::from_values(frame, vec![1.0; 100]));
    let run = |needs_lon_lat| {
        let options = TaskOptions { needs_lon_lat, ..TaskOptions::default() };
        let features = vec![square("A", 10.0, 10.0, 10.0)];
        from_polygons(features, &region.planes(), &options, &Silent::default())
    };
    assert_eq!(run(true).unwrap_err().faults()[0].code, "crs.datum_shift");
    let (tasks, findings) = run(false).unwrap();
    assert_eq!((tasks[0].lon, tasks[0].lat), (None, None));
    assert_eq!(codes(&findings), ["tasks.no_lon_lat"]);
}
