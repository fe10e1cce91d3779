//! Shares of cells against polygon clipping, and areas against GeographicLib.

use clearway::grid::{Crs, Frame};
use clearway::tasks::{Coverage, area_m2};
use geo::orient::Direction;
use geo::{Area, BooleanOps, Coord, GeodesicArea, LineString, MultiPolygon, Orient, Polygon, Rect};
use glam::DVec2;
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64Mcg;

use super::kit::{near, polygon};
use crate::common::{frame_lonlat, frame_utm};

/// Share of every cell, row by row.
fn shares(ground: &MultiPolygon<f64>, frame: &Frame) -> Vec<f64> {
    let coverage = Coverage::of(ground, frame);
    let mut out = vec![0.0; frame.n_cells() as usize];
    for row in coverage.rows() {
        for span in coverage.row(row) {
            for col in span.col..span.end_col {
                out[row * frame.n_cols + col as usize] += span.share;
            }
        }
    }
    out
}

/// Area of ring ∩ rectangle by clipping at its four sides one after another (Sutherland & Hodgman 1974): for
/// areas exact for any simple ring, as what is clipped wrongly has no width.
fn clipped_area(ring: &LineString<f64>, cell: Rect<f64>) -> f64 {
    let mut points: Vec<Coord<f64>> = ring.0[..ring.0.len() - 1].to_vec();
    type Side<'a> = &'a dyn Fn(Coord<f64>) -> f64;
    let sides: [Side; 4] =
        [&|p| p.x - cell.min().x, &|p| cell.max().x - p.x, &|p| p.y - cell.min().y, &|p| cell.max().y - p.y];
    for inside in sides {
        let mut kept = Vec::new();
        for i in 0..points.len() {
            let (a, b) = (points[i], points[(i + 1) % points.len()]);
            let (da, db) = (inside(a), inside(b));
            if da >= 0.0 {
                kept.push(a);
            }
            if (da >= 0.0) != (db >= 0.0) {
                kept.push(a + (b - a) * (da / (da - db)));
            }
        }
        points = kept;
    }
    if points.len() < 3 {
        return 0.0;
    }
    let origin = points[0];
    let doubled: f64 = (0..points.len())
        .map(|i| {
            let (a, b) = (points[i] - origin, points[(i + 1) % points.len()] - origin);
            a.x * b.y - a.y * b.x
        })
        .sum();
    doubled.abs() / 2.0
}

fn cell_rect(frame: &Frame, col: usize, row: usize) -> Rect<f64> {
    let corner = |c: usize, r: usize| {
        let at = frame.world_from_cell.transform_point2(DVec2::new(c as f64, r as f64));
        Coord { x: at.x, y: at.y }
    };
    Rect::new(corner(col, row), corner(col + 1, row + 1))
}

/// A star-shaped polygon with a star-shaped hole.
fn star(rng: &mut Pcg64Mcg, centre: Coord<f64>, radius: f64) -> MultiPolygon<f64> {
    let n = rng.random_range(3..40);
    let scales: Vec<f64> = (0..n).map(|_| rng.random_range(0.3..1.0)).collect();
    let ring = |shrink: f64| -> LineString<f64> {
        let at = |i: usize| {
            let (sin, cos) = (i as f64 / n as f64 * std::f64::consts::TAU).sin_cos();
            let r = radius * scales[i] * shrink;
            Coord { x: centre.x + r * cos, y: centre.y + r * sin }
        };
        LineString::new((0..n).map(at).collect())
    };
    let holes = if rng.random_bool(0.5) { vec![ring(rng.random_range(0.1..0.9))] } else { vec![] };
    MultiPolygon::new(vec![Polygon::new(ring(1.0), holes)])
}

#[test]
fn half_cells_and_corners_count_by_their_area() {
    // On 10 m cells the square from (5, 85) to (25, 100) covers in row 0 (y 90..100): half of column 0, all of 1,
    // half of 2; in row 1 (y 80..90) half as much: 0.25, 0.5, 0.25.
    let frame = frame_utm(4, 4, 10.0);
    let ground = MultiPolygon::new(vec![polygon("5 85, 25 85, 25 100, 5 100", &[])]);
    let found = shares(&ground, &frame);
    let expected = [0.5, 1.0, 0.5, 0.0, 0.25, 0.5, 0.25, 0.0];
    for (f, e) in found.iter().zip(expected) {
        near(*f, e, 1e-12);
    }
    // The triangle (0, 90), (10, 90), (10, 100) is half of cell (0, 0).
    let ground = MultiPolygon::new(vec![polygon("0 90, 10 90, 10 100", &[])]);
    let found = shares(&ground, &frame);
    near(found[0], 0.5, 1e-12);
    near(found.iter().sum(), 0.5, 1e-12);
}

#[test]
fn hole_leaves_its_cells_uncovered() {
    // 30 m square with the middle cell cut out, and a hole wound the same way as its shell.
    let frame = frame_utm(3, 3, 10.0);
    for hole in ["10 80, 20 80, 20 90, 10 90", "10 80, 10 90, 20 90, 20 80"] {
        let ground = MultiPolygon::new(vec![polygon("0 70, 30 70, 30 100, 0 100", &[hole])]);
        assert_eq!(shares(&ground, &frame), [1.0, 1.0, 1.0, 1.0, 0.0, 1.0, 1.0, 1.0, 1.0]);
    }
}

#[test]
fn ground_beyond_every_edge_of_the_frame_is_cut_off() {
    let frame = frame_utm(3, 3, 10.0);
    let ground = MultiPolygon::new(vec![polygon("-50 20, 150 20, 150 180, -50 180", &[])]);
    assert_eq!(shares(&ground, &frame), [1.0; 9]);
    // A diamond about cell (0, 0)'s upper left corner, 10 m to each tip: a quarter of it, 50 m², lies on the frame.
    let ground = MultiPolygon::new(vec![polygon("-10 100, 0 90, 10 100, 0 110", &[])]);
    let found = shares(&ground, &frame);
    near(found[0], 0.5, 1e-12);
    near(found.iter().sum(), 0.5, 1e-12);
    // Wholly outside on each side: nothing.
    for away in ["-30 70, -10 70, -10 90", "50 70, 70 70, 70 90", "0 200, 20 200, 20 210", "0 0, 20 0, 20 10"]
    {
        assert!(Coverage::of(&MultiPolygon::new(vec![polygon(away, &[])]), &frame).is_empty(), "{away}");
    }
}

#[test]
fn random_polygons_agree_with_clipping() {
    let mut rng = Pcg64Mcg::seed_from_u64(7);
    let frame = frame_utm(13, 11, 10.0);
    let mut worst = 0.0_f64;
    let mut worst_of_geo = 0.0_f64;
    for _ in 0..300 {
        // Some reach past the frame, which spans x 500,000..500,130 and y 5,499,890..5,500,000.
        let centre = Coord {
            x: 500_000.0 + rng.random_range(-20.0..150.0),
            y: 5_499_890.0 + rng.random_range(-20.0..130.0),
        };
        let radius = rng.random_range(1.0..80.0);
        let ground = star(&mut rng, centre, radius);
        let found = shares(&ground, &frame);
        for (i, share) in found.iter().enumerate() {
            let cell = cell_rect(&frame, i % frame.n_cols, i / frame.n_cols);
            let of_ring = |ring: &LineString<f64>| clipped_area(ring, cell) / cell.unsigned_area();
            let part = &ground.0[0];
            let expected = of_ring(part.exterior()) - part.interiors().iter().map(of_ring).sum::<f64>();
            worst = worst.max((share - expected).abs());
            if i % 29 == 0 {
                let common = ground.intersection(&cell.to_polygon()).unsigned_area();
                worst_of_geo = worst_of_geo.max((share - common / cell.unsigned_area()).abs());
            }
        }
    }
    assert!(worst < 1e-9, "off by {worst} of a cell");
    // geo's boolean operations round coordinates to 2^-30 of the extent.
    assert!(worst_of_geo < 1e-6, "off by {worst_of_geo} of a cell from geo");
}

#[test]
fn shares_add_up_to_the_polygon() {
    let mut rng = Pcg64Mcg::seed_from_u64(8);
    let frame = frame_utm(200, 200, 3.0);
    for _ in 0..50 {
        let radius = rng.random_range(0.5..290.0);
        let ground = star(&mut rng, Coord { x: 500_300.0, y: 5_499_700.0 }, radius);
        let found: f64 = shares(&ground, &frame).iter().sum::<f64>() * 9.0;
        near(found / ground.unsigned_area(), 1.0, 1e-9);
    }
}

#[test]
fn far_corner_of_a_large_grid_is_as_exact() {
    // At column and row 29,990 of a 30,000 grid coordinates in cells have 3e-12 of a cell to spare.
    let frame = frame_utm(30_000, 30_000, 1.0);
    let mut rng = Pcg64Mcg::seed_from_u64(9);
    let ground = star(&mut rng, Coord { x: 529_990.0, y: 5_470_010.0 }, 9.0);
    let coverage = Coverage::of(&ground, &frame);
    let total: f64 = coverage
        .rows()
        .flat_map(|row| coverage.row(row))
        .map(|span| f64::from(span.end_col - span.col) * span.share)
        .sum();
    near(total / ground.unsigned_area(), 1.0, 1e-9);
}

#[test]
fn geographic_area_agrees_with_geographiclib() {
    let mut rng = Pcg64Mcg::seed_from_u64(10);
    for latitude in [-60.0, 0.0, 7.0, 34.5, 44.7, 69.0] {
        let ground = star(&mut rng, Coord { x: 18.0, y: latitude }, 0.02).orient(Direction::Default);
        let karney = ground.geodesic_area_signed();
        near(area_m2(&ground, &Crs::wgs84()) / karney, 1.0, 1e-4);
    }
}

#[test]
fn geographic_area_of_a_cell_is_the_frames() {
    let frame = frame_lonlat(4, 4, 36.0, 48.0, 0.25);
    let cell = MultiPolygon::new(vec![cell_rect(&frame, 2, 3).to_polygon()]);
    near(area_m2(&cell, &frame.crs) / frame.cell_area_m2(3), 1.0, 1e-12);
}

#[test]
fn shares_times_cell_areas_are_the_area_on_the_ellipsoid() {
    // A star of 2 km over cells of 3": the area of each row's cells is nearly that of its slice.
    let mut rng = Pcg64Mcg::seed_from_u64(11);
    let frame = frame_lonlat(60, 60, 18.0, 44.75, 3.0 / 3600.0);
    let ground = star(&mut rng, Coord { x: 18.025, y: 44.725 }, 0.02);
    let found = shares(&ground, &frame);
    let sum: f64 = found.iter().enumerate().map(|(i, s)| s * frame.cell_area_m2((i / 60) as i64)).sum();
    near(sum / area_m2(&ground, &frame.crs), 1.0, 1e-6);
}

#[test]
fn area_in_feet_is_given_in_square_metres() {
    // EPSG:2264, North Carolina in US survey feet: a square of 1,000 ft is (304.8006096)² m².
    let crs = Crs::from_epsg(2264, "test").unwrap();
    let square = Rect::new(Coord { x: 2e6, y: 6e5 }, Coord { x: 2e6 + 1000.0, y: 6e5 + 1000.0 });
    near(area_m2(&MultiPolygon::new(vec![square.to_polygon()]), &crs), 304.800_609_6_f64.powi(2), 1e-3);
}
