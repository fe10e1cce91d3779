//! `proximity` of vector layers.

use super::harness::on_each_engine;
use super::shapes::{
    centres, distance_on_earth, distance_on_map, measured, measured_in_windows, random_shapes,
};
use crate::common::{assert_cells, frame_lonlat, frame_utm};
use clearway::grid::{Frame, geodesic_m};
use clearway::score::{Measure, Native};
use geo::{Coord, Geometry, LineString, Point, Polygon};

fn line(points: &[(f64, f64)]) -> LineString<f64> {
    points.iter().map(|&(x, y)| Coord { x, y }).collect()
}

#[test]
fn distances_to_a_point_a_line_and_a_polygon_are_those_worked_by_hand() {
    // 4 x 3 cells of 10 m, centres at x = 5, 15, 25, 35 east and y = −5, −15, −25 of the corner.
    let frame = frame_utm(4, 3, 10.0);
    let at = |x: f64, y: f64| (500_000.0 + x, 5_500_000.0 + y);
    let (x, y) = at(5.0, -5.0);
    let point = Geometry::Point(Point::new(x, y));
    // √(10² + 10²) = 14.142, √(20² + 10²) = 22.361, √(30² + 10²) = 31.623, √(20² + 20²) = 28.284, √(30² + 20²) = 36.056.
    let from_point = [0.0, 10.0, 20.0, 30.0, 10.0, 14.142, 22.361, 31.623, 20.0, 22.361, 28.284, 36.056];
    // Down the right edge, x = 40, ending at y = −10: the lowest row is 15 below the end; √(5² + 15²) = 15.811,
    // √(15² + 5²) = 15.811, √(15² + 15²) = 21.213, √(25² + 5²) = 25.495, √(25² + 15²) = 29.155, √(35² + 5²) = 35.355,
    // √(35² + 15²) = 38.079.
    let edge = Geometry::LineString(line(&[at(40.0, 10.0), at(40.0, -10.0)]));
    let from_edge = [35.0, 25.0, 15.0, 5.0, 35.355, 25.495, 15.811, 7.071, 38.079, 29.155, 21.213, 15.811];
    // A square from x = 10 to 30, y = −10 to −30 with the cell at (25, −25) as its hole: 5 m from each side.
    let square = line(&[at(10.0, -10.0), at(30.0, -10.0), at(30.0, -30.0), at(10.0, -30.0), at(10.0, -10.0)]);
    let hole = line(&[at(20.0, -20.0), at(30.0, -20.0), at(30.0, -30.0), at(20.0, -30.0), at(20.0, -20.0)]);
    let polygon = Geometry::Polygon(Polygon::new(square, vec![hole]));
    let from_polygon = [7.071, 5.0, 5.0, 7.071, 5.0, 0.0, 0.0, 5.0, 5.0, 0.0, 5.0, 5.0];
    on_each_engine(|tested| {
        for (shape, expected) in [(&point, from_point), (&edge, from_edge), (&polygon, from_polygon)] {
            let found = measured(tested.engine, &frame, std::slice::from_ref(shape), Measure::Proximity);
            assert_cells(&found, &expected, 4, 6e-4, 0.0);
        }
    });
}

#[test]
fn random_shapes_match_the_textbook_on_every_frame() {
    let shapes =
        [(1, 1, 30.0, 9), (70, 45, 30.0, 25), (1, 60, 1000.0, 5), (60, 1, 0.5, 7), (130, 90, 25.0, 3)];
    for (seed, (n_cols, n_rows, cell_m, n)) in (1..).zip(shapes) {
        let frame = frame_utm(n_cols, n_rows, cell_m);
        let shapes = random_shapes(&frame, seed, n);
        let by_the_book = |at| shapes.iter().map(|s| distance_on_map(at, s)).fold(f64::INFINITY, f64::min);
        let expected: Vec<f32> = centres(&frame).map(|at| by_the_book(at) as f32).collect();
        on_each_engine(|tested| {
            let found = measured(tested.engine, &frame, &shapes, Measure::Proximity);
            // 1e-6 of a block's diagonal of 16 · √2 cells, and of the distance.
            assert_cells(&found, &expected, n_cols, 1e-6 * 23.0 * cell_m, 1e-6);
        });
    }
}

/// Geographic frames: cells of a second, a kilometre and a degree, in the tropics and far north and south.
fn lonlat_frames() -> Vec<Frame> {
    vec![
        frame_lonlat(30, 20, 19.99, 70.01, 1.0 / 3600.0),
        frame_lonlat(33, 20, -72.0, 0.1, 0.01),
        frame_lonlat(24, 20, 30.0, -60.0, 0.5),
        frame_lonlat(20, 30, -20.0, 40.0, 3.0),
    ]
}

#[test]
fn distances_in_degrees_are_geodesics_at_any_latitude() {
    for (seed, frame) in (21..).zip(lonlat_frames()) {
        let shapes = random_shapes(&frame, seed, 4);
        let by_the_book = |at| shapes.iter().map(|s| distance_on_earth(at, s)).fold(f64::INFINITY, f64::min);
        let expected: Vec<f32> = centres(&frame).map(|at| by_the_book(at) as f32).collect();
        let found = measured(&mut Native::new(), &frame, &shapes, Measure::Proximity);
        // The contract allows 0.5 %.
        assert_cells(&found, &expected, frame.n_cols, 0.3, 1e-3);
    }
}

#[test]
fn far_points_in_degrees_are_geodesics_to_a_thousandth() {
    // One point, seen from up to 6,000 km away, over ±70° of latitude.
    let frame = frame_lonlat(20, 35, 0.0, 70.0, 4.0);
    for point in [Point::new(40.3, 0.1), Point::new(10.2, 61.7), Point::new(70.0, -69.3)] {
        let found = measured(&mut Native::new(), &frame, &[Geometry::Point(point)], Measure::Proximity);
        for (at, found) in centres(&frame).zip(found) {
            let expected = geodesic_m(at, point.0.x_y().into());
            if expected < 6e6 {
                assert!(
                    (f64::from(found) - expected).abs() <= 1e-3 * expected + 0.05,
                    "{at}: {found}, {expected}"
                );
            }
        }
    }
}

#[test]
fn far_side_of_the_date_line_is_near() {
    let frame = frame_lonlat(10, 10, 179.0, 5.0, 0.1);
    let beyond = Geometry::Point(Point::new(-179.9, 4.5));
    let found = measured(&mut Native::new(), &frame, &[beyond], Measure::Proximity);
    let expected: Vec<f32> = centres(&frame).map(|at| geodesic_m(at, (-179.9, 4.5).into()) as f32).collect();
    assert_cells(&found, &expected, 10, 0.05, 1e-5);
}

#[test]
fn windows_of_any_size_and_engines_give_the_same_bits() {
    let bits = |plane: &[f32]| plane.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
    for frame in [frame_utm(77, 53, 25.0), frame_lonlat(61, 70, 12.0, 64.0, 0.01)] {
        let shapes = random_shapes(&frame, 41, 12);
        for what in [Measure::Proximity, Measure::Count { radius_m: 400.0 }] {
            let whole = bits(&measured(&mut Native::new(), &frame, &shapes, what));
            for size in [1, 7, 16, 50] {
                let cut = measured_in_windows(&mut Native::new(), &frame, &shapes, what, size);
                assert!(bits(&cut) == whole, "{what:?} in windows of {size}");
            }
            #[cfg(feature = "gpu")]
            super::harness::with_gpu(|gpu, is_software| {
                let found = measured(gpu, &frame, &shapes, what);
                let cut = measured_in_windows(gpu, &frame, &shapes, what, 23);
                assert!(bits(&cut) == bits(&found), "{what:?} in windows on the GPU");
                assert!(!is_software || bits(&found) == whole, "{what:?}: the GPU's bits");
            });
        }
    }
}
