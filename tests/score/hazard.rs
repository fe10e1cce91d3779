//! `hazard` raised by accident points.

use super::harness::on_each_engine;
use super::shapes::centres;
use crate::common::{assert_cells, cells, frame_lonlat, frame_utm};
use clearway::grid::{Cells, Frame, MemoryCells, UNKNOWN, geodesic_m, is_unknown};
use clearway::layers::Features;
use clearway::progress::Silent;
use clearway::score::{Accidents, Engine, raise_hazard};
use geo::{Geometry, Point};
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;

fn raised(
    engine: &mut dyn Engine,
    prior: &MemoryCells,
    points: &[(f64, f64)],
    s: f64,
    sigma_m: f64,
) -> Vec<f32> {
    let points: Vec<Geometry<f64>> = points.iter().map(|&at| Geometry::Point(Point::from(at))).collect();
    let points = Features::new(prior.frame(), &points);
    let out = MemoryCells::new(prior.frame().clone());
    let accidents = Accidents::new(s, sigma_m);
    raise_hazard(engine, prior, &points, accidents, &out, &Silent::default()).unwrap();
    out.to_vec()
}

#[test]
fn one_accident_and_two_raise_the_prior_by_hand_worked_shares() {
    // Cells of 10 m, σ = 5 m: k(0) = 1, k(10) = e^-2 = 0.135335, k(20) = e^-8 = 0.000335463, and 30 m is beyond 4σ.
    let prior = cells("0.1 0.1 0.1 0.1 ?");
    let at = (500_005.0, 5_499_995.0);
    on_each_engine(|tested| {
        // h = 1 − 0.9·(1 − 0.5·k): 0.55, 1 − 0.9·0.9323324 = 0.1609009, 1 − 0.9·0.99983227 = 0.10015096.
        let one = raised(tested.engine, &prior, &[at], 0.5, 5.0);
        assert_cells(&one, &[0.55, 0.160_900_9, 0.100_150_96, 0.1, UNKNOWN], 5, 3e-7, 0.0);
        assert_eq!(one[3].to_bits(), 0.1f32.to_bits(), "beyond reach nothing changes");
        // Twice the same accident: 1 − 0.9·(1 − 0.5·k)²: 0.775, 1 − 0.9·0.8692437 = 0.2176807.
        let two = raised(tested.engine, &prior, &[at, at], 0.5, 5.0);
        assert_cells(&two[..2], &[0.775, 0.217_680_7], 2, 3e-7, 0.0);
    });
}

#[test]
fn point_at_four_sigma_counts_on_either_axis() {
    // σ = 5 m: 20 m away is just 4σ. In a corner both offsets are 20 m: k = e^-16 = 1.125e-7 of strength 1.
    let prior = MemoryCells::from_values(frame_utm(4, 4, 10.0), vec![0.0; 16]);
    on_each_engine(|tested| {
        let h = raised(tested.engine, &prior, &[(500_005.0, 5_499_995.0)], 1.0, 5.0);
        assert!((f64::from(h[2]) / 3.354_626e-4 - 1.0).abs() < 1e-4, "{}", h[2]);
        // The table's lines stray by 1e-4 of the kernel's value.
        assert!((f64::from(h[10]) / 1.125_352e-7 - 1.0).abs() < 1e-4, "{}", h[10]);
        assert_eq!((h[3].to_bits(), h[14].to_bits()), (0, 0), "30 m away on one axis is beyond");
    });
}

/// By the book, in `f64`.
fn expected(prior: &[f32], frame: &Frame, points: &[(f64, f64)], s: f64, sigma_m: f64) -> Vec<f32> {
    let offsets = |at: glam::DVec2, point: (f64, f64)| -> (f64, f64) {
        if !frame.crs.is_geographic() {
            return (at.x - point.0, at.y - point.1);
        }
        // East along the cell's parallel, north what is left of the geodesic.
        let d = geodesic_m(at, point.into());
        let east = (at.x - point.0) * frame.crs.metres_per_degree_east((at.y + point.1) / 2.0);
        (east, (d * d - east * east).max(0.0).sqrt())
    };
    let of_cell = |(at, &prior): (glam::DVec2, &f32)| {
        if is_unknown(prior) {
            return UNKNOWN;
        }
        let left = points.iter().map(|&point| offsets(at, point)).map(|(x, y)| {
            let is_near = x.abs() <= 4.0 * sigma_m && y.abs() <= 4.0 * sigma_m;
            if is_near { 1.0 - s * (-(x * x + y * y) / (2.0 * sigma_m * sigma_m)).exp() } else { 1.0 }
        });
        (1.0 - (1.0 - f64::from(prior)) * left.product::<f64>()) as f32
    };
    centres(frame).zip(prior).map(of_cell).collect()
}

#[test]
fn random_accidents_match_the_textbook() {
    let mut rng = Pcg64::seed_from_u64(71);
    for (frame, sigma_m) in
        [(frame_utm(70, 50, 50.0), 300.0), (frame_lonlat(50, 40, 16.0, 68.0, 0.01), 4000.0)]
    {
        let n = frame.n_cells() as usize;
        let prior: Vec<f32> = (0..n)
            .map(|_| if rng.random_range(0..9) == 0 { UNKNOWN } else { rng.random::<f32>().powi(6) })
            .collect();
        let points: Vec<(f64, f64)> = (0..60)
            .map(|_| {
                let (col, row) = (rng.random_range(-5.0..75.0), rng.random_range(-5.0..55.0));
                frame.world_from_cell.transform_point2(glam::DVec2::new(col, row)).into()
            })
            .collect();
        let expected = expected(&prior, &frame, &points, 0.3, sigma_m);
        let prior = MemoryCells::from_values(frame.clone(), prior);
        let native = raised(&mut clearway::score::Native::new(), &prior, &points, 0.3, sigma_m);
        // The cut falls a hair elsewhere in degrees: there 0.3·e^-8 = 1e-4 comes or goes.
        let tolerance = if frame.crs.is_geographic() { 2.5e-4 } else { 3e-6 };
        assert_cells(&native, &expected, frame.n_cols, tolerance, 0.0);
        #[cfg(feature = "gpu")]
        super::harness::with_gpu(|gpu, is_software| {
            let found = raised(gpu, &prior, &points, 0.3, sigma_m);
            assert_cells(&found, &expected, frame.n_cols, tolerance, 0.0);
            let bits = |plane: &[f32]| plane.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
            assert!(!is_software || bits(&found) == bits(&native), "the GPU's bits");
        });
    }
}
