//! `count` of features within a radius.

use super::harness::on_each_engine;
use super::shapes::{centres, distance_on_earth, distance_on_map, measured, random_shapes};
use crate::common::{assert_cells, frame_lonlat, frame_utm};
use clearway::score::Measure;
use geo::{Geometry, LineString, MultiPoint, Point, polygon};

#[test]
fn each_feature_counts_once_and_at_the_radius_itself() {
    // 5 x 1 cells of 10 m: centres at 5, 15, … 45. A feature of two points at 5 and 15, and one at 45.
    let frame = frame_utm(5, 1, 10.0);
    let at = |x: f64| Point::new(500_000.0 + x, 5_499_995.0);
    let two = Geometry::MultiPoint(MultiPoint::new(vec![at(5.0), at(15.0)]));
    let one = Geometry::Point(at(45.0));
    on_each_engine(|tested| {
        // Within 20 m: cells 0..3 of the pair (35 is 20 from 15), cells 2..4 of the other (25 is 20 from 45).
        let found =
            measured(tested.engine, &frame, &[two.clone(), one.clone()], Measure::Count { radius_m: 20.0 });
        assert_cells(&found, &[1.0, 1.0, 2.0, 2.0, 1.0], 5, 0.0, 0.0);
        let found =
            measured(tested.engine, &frame, &[two.clone(), one.clone()], Measure::Count { radius_m: 9.0 });
        assert_cells(&found, &[1.0, 1.0, 0.0, 0.0, 1.0], 5, 0.0, 0.0);
    });
}

#[test]
fn cell_inside_a_polygon_counts_it_however_far_its_edge_is() {
    let (west, north) = (500_000.0, 5_500_000.0);
    let large = polygon![(x: west, y: north), (x: west + 9e3, y: north), (x: west + 9e3, y: north - 9e3),
                         (x: west, y: north - 9e3)];
    let frame = frame_utm(100, 90, 100.0);
    on_each_engine(|tested| {
        let shapes = [Geometry::Polygon(large.clone()), Geometry::Polygon(large.clone())];
        let found = measured(tested.engine, &frame, &shapes, Measure::Count { radius_m: 120.0 });
        for (i, n) in found.into_iter().enumerate() {
            // 90 columns inside; the next one's centre is 50 m beyond, the one after 150 m.
            assert_eq!(n, if i % 100 <= 90 { 2.0 } else { 0.0 }, "column {}", i % 100);
        }
    });
}

#[test]
fn random_shapes_match_the_textbook() {
    // Radii from a fraction of a cell to more than the frame.
    for (seed, radius_m) in [(51, 8.0), (52, 100.0), (53, 333.3), (54, 1200.0), (55, 5000.0)] {
        let frame = frame_utm(75, 60, 25.0);
        let shapes = random_shapes(&frame, seed, 30);
        let distances: Vec<Vec<f64>> =
            centres(&frame).map(|at| shapes.iter().map(|s| distance_on_map(at, s)).collect()).collect();
        on_each_engine(|tested| {
            let found = measured(tested.engine, &frame, &shapes, Measure::Count { radius_m });
            for (i, (found, distances)) in found.iter().zip(&distances).enumerate() {
                // A distance within 1e-5 of the radius may fall on either side.
                let least = distances.iter().filter(|d| **d <= radius_m * (1.0 - 1e-5) - 1e-3).count();
                let most = distances.iter().filter(|d| **d <= radius_m * (1.0 + 1e-5) + 1e-3).count();
                assert!((least as f32..=most as f32).contains(found), "cell {i}: {found}, {least}..{most}");
            }
        });
    }
}

#[test]
fn radius_in_degrees_is_one_of_geodesics() {
    let frame = frame_lonlat(30, 30, 10.0, 66.0, 0.2);
    let shapes = random_shapes(&frame, 61, 10);
    let radius_m = 150_000.0;
    let distances: Vec<Vec<f64>> =
        centres(&frame).map(|at| shapes.iter().map(|s| distance_on_earth(at, s)).collect()).collect();
    on_each_engine(|tested| {
        let found = measured(tested.engine, &frame, &shapes, Measure::Count { radius_m });
        for (found, distances) in found.iter().zip(&distances) {
            let within = |share: f64| distances.iter().filter(|d| **d <= radius_m * share).count() as f32;
            assert!((within(0.999)..=within(1.001)).contains(found));
        }
    });
}

#[test]
fn line_of_one_point_is_a_point() {
    let frame = frame_utm(3, 1, 10.0);
    let line = Geometry::LineString(LineString::from(vec![(500_005.0, 5_499_995.0)]));
    on_each_engine(|tested| {
        let found =
            measured(tested.engine, &frame, std::slice::from_ref(&line), Measure::Count { radius_m: 10.0 });
        assert_cells(&found, &[1.0, 1.0, 0.0], 3, 0.0, 0.0);
    });
}
