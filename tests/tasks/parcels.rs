//! Ground cut into parcels: nothing lost, nothing twice, none too large.

use clearway::tasks::{PARCEL_OF, TaskArea, area_m2, cut_into_parcels};
use geo::{Area, BooleanOps, Contains, Geometry, MultiPolygon, polygon};

use super::kit;
use crate::common::frame_utm;

/// A task of a ground; everything else is nothing.
fn task(id: &str, ground: MultiPolygon<f64>) -> TaskArea {
    let frame = frame_utm(100, 100, 10.0);
    TaskArea {
        task_id: id.to_owned(),
        area_m2: area_m2(&ground, &frame.crs),
        geometry: ground,
        ..kit::bare_task()
    }
}

/// x and y in metres from the frame's lower left corner.
fn triangle(size: f64) -> MultiPolygon<f64> {
    let (x, y) = (500_000.0, 5_499_000.0);
    polygon![(x: x + 55.0, y: y + 47.0), (x: x + 55.0 + size, y: y + 93.0), (x: x + 120.0, y: y + 47.0 + size)].into()
}

#[test]
fn parcels_share_no_ground_and_leave_none_out() {
    let frame = frame_utm(100, 100, 10.0);
    let whole = task("T1", triangle(700.0));
    let limit = 30_000.0;
    let (features, findings) = cut_into_parcels(std::slice::from_ref(&whole), &frame, &|_| Some(limit));
    let features = features.expect("cut");
    let n_least = (whole.area_m2 / limit).ceil() as usize;
    assert!((n_least..=n_least + 2).contains(&features.len()), "{} parcels of {n_least}", features.len());
    assert_eq!(findings[0].code, "task.parcels");
    let grounds: Vec<&MultiPolygon<f64>> = features
        .iter()
        .map(|feature| match feature.geometry.as_ref().unwrap() {
            Geometry::MultiPolygon(ground) => ground,
            other => panic!("{other:?}"),
        })
        .collect();
    let sum: f64 = grounds.iter().map(|ground| ground.unsigned_area()).sum();
    // The intersection snaps corners to a grid of its own, some nanometres wide.
    assert!((sum / whole.geometry.unsigned_area() - 1.0).abs() < 1e-8, "{sum}");
    for (i, ground) in grounds.iter().enumerate() {
        assert!(ground.unsigned_area() <= 1.06 * limit, "parcel {i}: {}", ground.unsigned_area());
        let outside = ground.difference(&whole.geometry).unsigned_area();
        assert!(outside < 1e-3, "parcel {i} reaches {outside} m² beyond");
        for &other in &grounds[i + 1..] {
            assert!(ground.intersection(other).unsigned_area() < 1e-3, "parcels share ground");
        }
        assert_eq!(features[i].id, format!("T1/{}", i + 1));
        assert_eq!(features[i].attributes[PARCEL_OF], "T1");
    }
}

#[test]
fn what_is_small_enough_stays_as_it_is() {
    let frame = frame_utm(100, 100, 10.0);
    let tasks = [task("A", triangle(100.0)), task("B", triangle(700.0))];
    assert!(cut_into_parcels(&tasks, &frame, &|_| Some(1e9)).0.is_none());
    assert!(cut_into_parcels(&tasks, &frame, &|_| None).0.is_none());
    let (features, _) = cut_into_parcels(&tasks, &frame, &|_| Some(50_000.0));
    let features = features.unwrap();
    assert!(features[0].id == "A" && !features[0].attributes.contains_key(PARCEL_OF));
    assert!(features[1..].iter().all(|feature| feature.id.starts_with("B/")));
}

#[test]
fn small_polygons_of_a_task_stay_together() {
    let frame = frame_utm(100, 100, 10.0);
    let (x, y) = (500_000.0, 5_499_000.0);
    // Five squares of 100 m: two and two fit under 2.5 ha, and one is left.
    let squares: Vec<_> = (0..5)
        .map(|i| {
            let x = x + 50.0 + 150.0 * f64::from(i);
            polygon![(x: x, y: y + 50.0), (x: x + 100.0, y: y + 50.0), (x: x + 100.0, y: y + 150.0), (x: x, y: y + 150.0)]
        })
        .collect();
    let whole = task("T", MultiPolygon::new(squares));
    let (features, _) = cut_into_parcels(std::slice::from_ref(&whole), &frame, &|_| Some(25_000.0));
    let features = features.unwrap();
    assert_eq!(features.len(), 3);
    let first = features[0].geometry.as_ref().unwrap();
    assert!(first.contains(&whole.geometry.0[0]) && first.contains(&whole.geometry.0[1]));
}

#[test]
fn ground_off_the_grid_or_on_coarse_cells_is_not_cut_and_says_so() {
    let frame = frame_utm(30, 30, 10.0);
    let (features, findings) = cut_into_parcels(&[task("T", triangle(700.0))], &frame, &|_| Some(30_000.0));
    assert!(features.is_none() && findings[0].code == "task.not_cut");
    let coarse = frame_utm(10, 10, 100.0);
    let (features, findings) = cut_into_parcels(&[task("T", triangle(700.0))], &coarse, &|_| Some(30_000.0));
    assert!(features.is_none() && findings[0].code == "task.not_cut");
}
