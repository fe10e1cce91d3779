//! Features for the tests of measures: random shapes, distances by the book, and measuring on an engine.

use clearway::grid::{Cells as _, Frame, LonLat, MemoryCells, Window, geodesic_m};
use clearway::layers::Features;
use clearway::progress::Silent;
use clearway::score::program::{Call, Program, Tally};
use clearway::score::{Blocks, Candidates, Engine, Measure, measure};
use geo::{Contains, Coord, Geometry, LineString, MultiPolygon, Point, Polygon};
use glam::DVec2;
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;

/// A plane of a measure.
pub fn measured(engine: &mut dyn Engine, frame: &Frame, shapes: &[Geometry<f64>], what: Measure) -> Vec<f32> {
    let features = Features::new(frame, shapes);
    let plane = MemoryCells::new(frame.clone());
    let warnings = measure(engine, &features, what, &plane, &Silent::default()).unwrap();
    assert!(warnings.is_empty(), "{warnings:?}");
    plane.to_vec()
}

/// The same plane, made in windows of `size` cells.
pub fn measured_in_windows(
    engine: &mut dyn Engine,
    frame: &Frame,
    shapes: &[Geometry<f64>],
    what: Measure,
    size: usize,
) -> Vec<f32> {
    use clearway::grid::{CellStore as _, Tiling};
    let features = Features::new(frame, shapes);
    let plane = MemoryCells::new(frame.clone());
    for window in Tiling::new(frame, size).tiles() {
        plane.write(window, &in_window(engine, &features, what, window)).unwrap();
    }
    plane.read_vec(frame.window()).unwrap()
}

fn in_window(engine: &mut dyn Engine, features: &Features, what: Measure, window: Window) -> Vec<f32> {
    let mut program = Program::new(window.n_cols, window.n_rows);
    let out = program.output();
    program.call(match what {
        Measure::Proximity => {
            Call::Proximity { blocks: Blocks::of(features, window, Candidates::Nearest).into(), out }
        }
        Measure::Count { radius_m } => {
            let chord_m = features.space().chord_m(radius_m);
            let blocks = Blocks::of(features, window, Candidates::Within(chord_m)).into();
            Call::Count { blocks, radius2: chord_m.powi(2) as f32, out }
        }
    });
    super::harness::run(engine, &program, &[], &mut Tally::default()).remove(0)
}

/// World coordinates of a cell's centre.
pub fn centres(frame: &Frame) -> impl Iterator<Item = DVec2> + '_ {
    (0..frame.n_rows as i64)
        .flat_map(move |row| (0..frame.n_cols as i64).map(move |col| frame.centre(col, row)))
}

/// Points, lines, polygons, one with a hole and a collection, on a frame and a little beyond it.
pub fn random_shapes(frame: &Frame, seed: u64, n: usize) -> Vec<Geometry<f64>> {
    let mut rng = Pcg64::seed_from_u64(seed);
    let (n_cols, n_rows) = (frame.n_cols as f64, frame.n_rows as f64);
    let world = |col: f64, row: f64| {
        let at = frame.world_from_cell.transform_point2(DVec2::new(col, row));
        Coord { x: at.x, y: at.y }
    };
    let around = |rng: &mut Pcg64, col: f64, row: f64, reach: f64| {
        world(col + rng.random_range(-reach..reach), row + rng.random_range(-reach..reach))
    };
    let star = |col: f64, row: f64, reach: f64, phase: f64| -> LineString<f64> {
        let points = (0..11).map(|i| {
            let angle = f64::from(i) * std::f64::consts::TAU / 11.0 + phase;
            let reach = reach * (0.4 + 0.6 * f64::from(i % 3) / 2.0);
            world(col + reach * angle.cos(), row + reach * angle.sin())
        });
        let points: Vec<_> = points.collect();
        LineString::from(points.iter().copied().chain([points[0]]).collect::<Vec<_>>())
    };
    (0..n)
        .map(|i| {
            let col = rng.random_range(-0.2 * n_cols..1.2 * n_cols);
            let row = rng.random_range(-0.2 * n_rows..1.2 * n_rows);
            let reach = rng.random_range(0.5..0.25 * n_cols.max(n_rows).max(4.0));
            let phase = rng.random_range(0.0..1.0);
            match i % 5 {
                0 => Geometry::Point(Point(world(col, row))),
                1 => Geometry::LineString((0..4).map(|_| around(&mut rng, col, row, reach)).collect()),
                2 => Geometry::Polygon(Polygon::new(star(col, row, reach, phase), Vec::new())),
                3 => {
                    let hole = star(col, row, reach * 0.35, phase);
                    Geometry::MultiPolygon(MultiPolygon::new(vec![
                        Polygon::new(star(col, row, reach, phase), vec![hole]),
                        Polygon::new(star(col + 3.0 * reach, row, reach / 2.0, phase), Vec::new()),
                    ]))
                }
                _ => Geometry::GeometryCollection(
                    vec![
                        Geometry::Point(Point(around(&mut rng, col, row, reach))),
                        Geometry::LineString((0..2).map(|_| around(&mut rng, col, row, reach)).collect()),
                    ]
                    .into(),
                ),
            }
        })
        .collect()
}

/// Distance (in the frame's unit) from a point to a shape on a map, 0 inside.
pub fn distance_on_map(at: DVec2, shape: &Geometry<f64>) -> f64 {
    if is_inside(at, shape) {
        return 0.0;
    }
    let to_edge = |a: Coord<f64>, b: Coord<f64>| {
        let (a, b) = (DVec2::new(a.x, a.y), DVec2::new(b.x, b.y));
        let along = b - a;
        let t = if a == b { 0.0 } else { ((at - a).dot(along) / along.length_squared()).clamp(0.0, 1.0) };
        (a + t * along - at).length()
    };
    edges(shape).into_iter().map(|(a, b)| to_edge(a, b)).fold(f64::INFINITY, f64::min)
}

/// Geodesic distance (m) to a shape whose edges are straight in longitude and latitude; 0 inside.
pub fn distance_on_earth(at: LonLat, shape: &Geometry<f64>) -> f64 {
    if is_inside(at, shape) {
        return 0.0;
    }
    let mut least = f64::INFINITY;
    for (a, b) in edges(shape) {
        let on = |t: f64| LonLat::new(a.x + t * (b.x - a.x), a.y + t * (b.y - a.y));
        // The nearest of some points on the edge by the sphere, then by geodesics ever nearer to it.
        let n = 60;
        let sphere = |i: i32| sphere_m(at, on(f64::from(i) / f64::from(n)));
        let (nearest, near_m) =
            (0..=n).map(|i| (i, sphere(i))).min_by(|a, b| a.1.total_cmp(&b.1)).expect("points");
        let spacing_m = sphere_m(on(0.0), on(1.0)) / f64::from(n);
        if 0.99 * near_m - spacing_m > least {
            continue;
        }
        let mut t = f64::from(nearest) / f64::from(n);
        let mut step = 1.0 / f64::from(n);
        let mut found = geodesic_m(at, on(t));
        while step * spacing_m * f64::from(n) > 0.02 {
            for next in [t - step, t + step].map(|t| t.clamp(0.0, 1.0)) {
                let m = geodesic_m(at, on(next));
                (found, t) = if m < found { (m, next) } else { (found, t) };
            }
            step *= 0.6;
        }
        least = least.min(found);
    }
    least
}

fn sphere_m(a: LonLat, b: LonLat) -> f64 {
    let half = |x: f64, y: f64| ((x - y).to_radians() / 2.0).sin().powi(2);
    let h = half(a.y, b.y) + a.y.to_radians().cos() * b.y.to_radians().cos() * half(a.x, b.x);
    2.0 * 6_371_000.0 * h.sqrt().min(1.0).asin()
}

fn is_inside(at: DVec2, shape: &Geometry<f64>) -> bool {
    shape.contains(&Point::new(at.x, at.y)) && !matches!(shape, Geometry::LineString(_) | Geometry::Point(_))
}

fn edges(shape: &Geometry<f64>) -> Vec<(Coord<f64>, Coord<f64>)> {
    let of_line = |line: &LineString<f64>| line.lines().map(|l| (l.start, l.end)).collect::<Vec<_>>();
    match shape {
        Geometry::Point(point) => vec![(point.0, point.0)],
        Geometry::LineString(line) => of_line(line),
        Geometry::Polygon(polygon) => {
            std::iter::once(polygon.exterior()).chain(polygon.interiors()).flat_map(of_line).collect()
        }
        Geometry::MultiPolygon(parts) => {
            parts.iter().flat_map(|part| edges(&Geometry::Polygon(part.clone()))).collect()
        }
        Geometry::GeometryCollection(members) => members.iter().flat_map(edges).collect(),
        other => panic!("{other:?} is not made here"),
    }
}
