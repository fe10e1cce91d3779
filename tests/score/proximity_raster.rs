//! `proximity` to the cells of a raster layer.

use crate::common::{assert_cells, cells, frame_lonlat, frame_utm};
use crate::score::harness::on_each_engine;
use clearway::error::Result;
use clearway::grid::{Cells, Crs, Frame, MemoryCells, UNKNOWN, geodesic_m};
use clearway::progress::Silent;
use clearway::score::program::{Call, Program, Tally};
use clearway::score::{Engine, FeatureCells, Native, proximity_to_cells};
use glam::DVec2;
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;

fn distances(layer: &dyn Cells, codes: &[i32], memory_bytes: usize) -> Result<Vec<f32>> {
    distances_on(&mut Native::new(), layer, codes, memory_bytes)
}

fn distances_on(
    engine: &mut dyn Engine,
    layer: &dyn Cells,
    codes: &[i32],
    memory_bytes: usize,
) -> Result<Vec<f32>> {
    let out = MemoryCells::new(layer.frame().clone());
    let features = FeatureCells { cells: layer, codes };
    let told = proximity_to_cells(engine, features, &out, memory_bytes, &Silent::default())?;
    assert_eq!(told, [] as [&str; 0], "nothing was redone");
    Ok(out.to_vec())
}

/// Features at one cell in `one_in`, a few unknown.
fn random(frame: Frame, one_in: u32, seed: u64) -> MemoryCells {
    let mut rng = Pcg64::seed_from_u64(seed);
    let n = frame.n_cells() as usize;
    let mut values: Vec<f32> = (0..n)
        .map(|_| match (rng.random_range(0..one_in), rng.random_range(0..20)) {
            (0, _) => -7.5,
            (_, 0) => UNKNOWN,
            _ => 0.0,
        })
        .collect();
    values[rng.random_range(0..n)] = 1.0;
    MemoryCells::from_values(frame, values)
}

/// The least distance to any feature by the book.
fn by_the_book(layer: &MemoryCells, metres: impl Fn(DVec2, DVec2) -> f64) -> Vec<f32> {
    let frame = layer.frame();
    let centre = |i: usize| frame.centre((i % frame.n_cols) as i64, (i / frame.n_cols) as i64);
    let values = layer.to_vec();
    let is_feature = |i: &usize| values[*i] != 0.0 && values[*i].to_bits() != UNKNOWN.to_bits();
    let features: Vec<DVec2> = (0..values.len()).filter(is_feature).map(centre).collect();
    let least = |at: DVec2| features.iter().map(|on| metres(at, *on)).fold(f64::INFINITY, f64::min);
    (0..values.len()).map(|i| least(centre(i)) as f32).collect()
}

#[test]
fn distances_are_those_worked_by_hand_and_unknown_cells_are_no_features() {
    // 10 m cells; 5 and −2 are features. √(10² + 10²) = 14.142, √(20² + 10²) = 22.361.
    let layer = cells("5 0 0 ? / 0 0 0 0 / 0 0 0 -2");
    let expected = [0.0, 10.0, 20.0, 20.0, 10.0, 14.142_136, 14.142_136, 10.0, 20.0, 20.0, 10.0, 0.0];
    assert_cells(&distances(&layer, &[], 1 << 20).unwrap(), &expected, 4, 0.0, 1e-7);
    // By code alone −2: what else is known does not count.
    let only = distances(&layer, &[-2, 9], 1 << 20).unwrap();
    assert_cells(&only[..4], &[36.055_51, 28.284_271, 22.360_68, 20.0], 4, 0.0, 1e-7);
}

#[test]
fn random_features_match_the_textbook_exactly_on_square_cells() {
    for (seed, (n_cols, n_rows, one_in)) in
        (1..).zip([(1, 1, 1), (90, 70, 100), (70, 90, 3), (1, 200, 50), (200, 1, 50), (120, 60, 100_000)])
    {
        let layer = random(frame_utm(n_cols, n_rows, 25.0), one_in, seed);
        let expected = by_the_book(&layer, |a, b| (a - b).length());
        let found = distances(&layer, &[], 1 << 20).unwrap();
        assert_cells(&found, &expected, n_cols, 0.0, 6e-8);
    }
}

#[test]
fn cells_that_are_not_square_and_feet_are_measured_in_metres() {
    // EPSG:2263, New York in US survey feet: cells of 30 x 12 feet.
    let crs = Crs::from_epsg(2263, "test").unwrap();
    let metres = crs.metres_per_unit();
    assert!((metres - 0.3048).abs() < 1e-5);
    let frame = Frame::north_up(crs, DVec2::new(1e6, 2e5), DVec2::new(30.0, 12.0), 80, 60);
    let layer = random(frame, 200, 11);
    let expected = by_the_book(&layer, |a, b| (a - b).length() * metres);
    assert_cells(&distances(&layer, &[], 1 << 20).unwrap(), &expected, 80, 0.0, 1e-6);
}

#[test]
fn distances_in_degrees_are_geodesics_within_half_a_per_cent() {
    // Seconds, kilometres, and cells of degrees over ±70° with few features: thousands of kilometres.
    let frames = [
        (frame_lonlat(60, 50, 20.0, 70.0, 1.0 / 3600.0), 300, 1e-3),
        (frame_lonlat(60, 50, -72.0, 0.25, 0.01), 300, 1e-3),
        (frame_lonlat(60, 50, 5.0, 62.0, 0.05), 500, 1e-3),
        (frame_lonlat(60, 70, -60.0, 70.0, 2.0), 100, 5e-3),
        (frame_lonlat(45, 70, -60.0, 70.0, 2.0), 2000, 5e-3),
        (frame_lonlat(45, 70, -60.0, 70.0, 2.0), 1_000_000, 5e-3),
    ];
    for (seed, (frame, one_in, relative)) in (21..).zip(frames) {
        let layer = random(frame, one_in, seed);
        let expected = by_the_book(&layer, geodesic_m);
        let n_cols = layer.frame().n_cols;
        assert_cells(&distances(&layer, &[], 1 << 20).unwrap(), &expected, n_cols, 0.02, relative);
    }
}

#[test]
fn bands_of_any_height_and_threads_give_the_same_bits() {
    let bits = |plane: Vec<f32>| plane.into_iter().map(f32::to_bits).collect::<Vec<_>>();
    for frame in [frame_utm(90, 110, 30.0), frame_lonlat(90, 110, 3.0, 50.0, 0.01)] {
        let layer = random(frame, 400, 31);
        let whole = bits(distances(&layer, &[], 1 << 30).unwrap());
        for memory_bytes in [0, 5_000, 40_000] {
            assert!(bits(distances(&layer, &[], memory_bytes).unwrap()) == whole, "{memory_bytes} bytes");
        }
        let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
        assert!(pool.install(|| bits(distances(&layer, &[], 40_000).unwrap())) == whole, "one thread");
    }
}

#[test]
fn layer_without_a_feature_is_refused() {
    for layer in
        [cells("0 0 / ? 0"), MemoryCells::from_values(frame_lonlat(2, 1, 0.0, 1.0, 0.1), vec![0.0, UNKNOWN])]
    {
        assert!(!FeatureCells { cells: &layer, codes: &[] }.is_any().unwrap());
        let error = distances(&layer, &[], 1 << 20).unwrap_err();
        assert_eq!(error.faults()[0].code, "score.no_features");
    }
    assert!(FeatureCells { cells: &cells("0 3"), codes: &[3] }.is_any().unwrap());
    assert!(!FeatureCells { cells: &cells("0 3"), codes: &[4] }.is_any().unwrap());
}

#[test]
fn engines_agree_on_bands_of_any_height() {
    // The last is wider than the blocks that a GPU passes over usually make.
    for (seed, (n_cols, n_rows, one_in)) in (41..).zip([(90, 110, 400), (700, 30, 5), (40_000, 3, 30_000)]) {
        let layer = random(frame_utm(n_cols, n_rows, 30.0), one_in, seed);
        let expected = distances(&layer, &[], 1 << 30).unwrap();
        on_each_engine(|tested| {
            for memory_bytes in [0, 40_000, 1 << 30] {
                let found = distances_on(tested.engine, &layer, &[], memory_bytes).unwrap();
                assert_cells(&found, &expected, n_cols, 0.0, 1e-6);
            }
        });
    }
}

#[test]
fn rows_of_any_heights_match_the_textbook() {
    let mut rng = Pcg64::seed_from_u64(51);
    // Up to so many rows away, one column in so many without a feature, and the shape of cells.
    let kinds =
        [(3, 9, 1.0), (30, 2, 1.0), (5000, 3, 1.0), (5000, 1000, 0.16), (12, 5, 9.0), (400, 50, 1e-4)];
    for (farthest, one_in, ratio) in kinds {
        for n_cols in [1, 2, 17, 600] {
            let n_rows = 7;
            let mut rows: Vec<f32> = (0..n_cols * n_rows)
                .map(|_| match rng.random_range(0..one_in) {
                    0 => -1.0,
                    _ => rng.random_range(0..=farthest) as f32,
                })
                .collect();
            rows.iter_mut().step_by(n_cols).for_each(|first| *first = first.abs());
            let square = |row: usize, col: usize, other: usize| {
                let away = f64::from(rows[row * n_cols + other]);
                (away >= 0.0).then(|| (col as f64 - other as f64).powi(2) + ratio * away * away)
            };
            let least = |i: usize| {
                let (row, col) = (i / n_cols, i % n_cols);
                (0..n_cols).filter_map(|other| square(row, col, other)).fold(f64::INFINITY, f64::min)
            };
            let expected: Vec<f32> = (0..rows.len()).map(|i| (least(i).sqrt() * 25.0) as f32).collect();
            let mut program = Program::new(n_cols, n_rows);
            let (of, out) = (program.input(), program.output());
            program.call(Call::ProximityAlong { rows: of, ratio, width_m: 25.0, out });
            on_each_engine(|tested| {
                let mut found: Vec<Vec<f32>> = Vec::new();
                tested.engine.run(&program, &[&rows], &mut found, &mut Tally::default()).unwrap();
                let slack = if tested.name == "native" { 6e-8 } else { 1e-6 };
                assert_cells(&found[0], &expected, n_cols, 0.0, slack);
            });
        }
    }
}
