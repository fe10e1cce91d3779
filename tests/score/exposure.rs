//! `exposure` and `people_at_risk`.

use super::harness::{Layers, Textbook, assert_plane, on_each_engine, people_only};
use crate::common::{assert_cells, cells, frame_lonlat, frame_utm};
use clearway::grid::{CellStore as _, Frame, UNKNOWN, Window};
use clearway::score::{Kernel, Plane, Reach, Recipe};

/// Sums of non-negative f32 terms over 2·64 + 1 weights rounded to f32: 130 · 2^-24 = 8e-6 at worst, in
/// practice a tenth of it.
const SUM_ERROR: f64 = 4e-6;

fn exposure_of(layers: &Layers, sigma_m: f64, test: impl Fn(Vec<f32>, Vec<f32>)) {
    on_each_engine(|tested| {
        let (_, sink) = layers.score_whole(tested.engine, &people_only(sigma_m));
        test(sink.get(Plane::Exposure), sink.get(Plane::PeopleAtRisk));
    });
}

#[test]
fn one_settlement_spreads_by_hand_worked_weights() {
    // 100 people in the middle of 5 x 1 cells of 10 m, σ = 5 m: 4σ = 20 m reaches 2 cells.
    // k(10) = exp(−10²/(2·25)) = e^-2 = 0.135335, k(20) = e^-8 = 0.000335463.
    let mut layers = Layers::constant(frame_utm(5, 1, 10.0), 0.5, 0.0, 100.0);
    layers.population = cells("0 0 100 0 0");
    exposure_of(&layers, 5.0, |exposure, at_risk| {
        let expected = [0.033_546_26, 13.533_528, 100.0, 13.533_528, 0.033_546_26];
        assert_cells(&exposure, &expected, 5, 0.0, 1e-6);
        assert_cells(&at_risk, &expected.map(|e| e / 2.0), 5, 0.0, 1e-6);
    });
}

#[test]
fn neighbour_at_exactly_four_sigma_counts_and_one_beyond_does_not() {
    // σ = 7.5 m: 4σ = 30 m, three cells of 10 m: weight e^-8. The fourth cell is beyond.
    let mut layers = Layers::constant(frame_utm(5, 1, 10.0), 1.0, 0.0, 100.0);
    layers.population = cells("1 0 0 0 0");
    exposure_of(&layers, 7.5, |exposure, _| {
        assert!((exposure[3] - 3.354_626e-4).abs() < 1e-9, "found {}", exposure[3]);
        assert_eq!(exposure[4].to_bits(), 0);
    });
    // Sizes whose quotient is not exact in binary: 4 · 0.3 / 0.1 = 12 (11.999999999999998 in f64).
    let frame = frame_utm(40, 40, 0.1);
    let reach = Reach::new(Kernel::Gaussian { sigma_m: 0.3 }, &frame);
    assert_eq!(reach.largest_halo(), (12, 12));
}

#[test]
fn kernel_none_counts_only_the_cells_own_people() {
    let mut layers = Layers::constant(frame_utm(3, 1, 10.0), 1.0, 0.0, 100.0);
    layers.population = cells("0 7 3.5");
    exposure_of(&layers, 0.0, |exposure, _| assert_cells(&exposure, &[0.0, 7.0, 3.5], 3, 0.0, 0.0));
}

#[test]
fn unknown_neighbour_leaves_cell_scored_and_adds_nothing() {
    let mut layers = Layers::constant(frame_utm(3, 1, 10.0), 1.0, 0.0, 100.0);
    layers.population = cells("0 ? 100");
    exposure_of(&layers, 10.0, |exposure, at_risk| {
        // k(20 m) = exp(−400/200) = e^-2.
        assert_cells(&exposure, &[13.533_528, UNKNOWN, 100.0], 3, 0.0, 1e-6);
        assert_cells(&at_risk, &[13.533_528, UNKNOWN, 100.0], 3, 0.0, 1e-6);
    });
}

#[test]
fn exposure_matches_the_textbook_on_every_shape() {
    let shapes = [(1, 1), (40, 1), (1, 40), (63, 65), (257, 129)];
    for (seed, (n_cols, n_rows)) in (1..).zip(shapes) {
        let sigma_m = if n_cols > 200 { 16.0 } else { 45.0 };
        check_textbook(frame_utm(n_cols, n_rows, 10.0), sigma_m, seed);
    }
}

#[test]
fn exposure_follows_the_ellipsoid_row_by_row_in_degrees() {
    // 0.2° cells from 68° to 78° north: cells narrow from 8.4 km to 4.7 km, radii from 10 to 17 columns.
    let frame = frame_lonlat(60, 50, 15.0, 78.0, 0.2);
    let reach = Reach::new(Kernel::Gaussian { sigma_m: 21_000.0 }, &frame);
    assert!(reach.largest_halo().0 > 16 && reach.largest_halo().1 == 3, "{:?}", reach.largest_halo());
    check_textbook(frame, 21_000.0, 7);
    // Across the equator, in the south, and a kernel far wider than the grid.
    check_textbook(frame_lonlat(30, 20, -70.0, 0.01, 0.001), 300.0, 8);
    check_textbook(frame_lonlat(12, 9, 20.0, -30.0, 0.001), 90_000.0, 9);
}

#[track_caller]
fn check_textbook(frame: Frame, sigma_m: f64, seed: u64) {
    let mut layers = Layers::random(frame, seed);
    if layers.frame.n_cells() == 1 {
        layers = Layers::constant(layers.frame, 0.25, 8.0, 100.0);
    }
    let recipe: Recipe = people_only(sigma_m);
    let expected = Textbook::of(&layers, &recipe);
    let n_cols = layers.frame.n_cols;
    exposure_of(&layers, sigma_m, |exposure, at_risk| {
        assert_plane(&exposure, &expected.exposure, n_cols, SUM_ERROR);
        assert_plane(&at_risk, &expected.people_at_risk, n_cols, SUM_ERROR);
    });
}

#[test]
fn blocks_without_people_do_not_change_their_neighbours() {
    // One cell in a large empty grid: skipped blocks of zeros and summed ones meet everywhere.
    let frame = frame_utm(200, 150, 10.0);
    let layers = Layers::constant(frame, 1.0, 0.0, 100.0);
    layers.population.write(Window::new(101, 77, 1, 1), &[1000.0]).unwrap();
    let expected = Textbook::of(&layers, &people_only(100.0)).exposure;
    exposure_of(&layers, 100.0, |exposure, _| assert_plane(&exposure, &expected, 200, SUM_ERROR));
}
