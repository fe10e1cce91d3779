//! The kernels `exponential` and `disc` of `exposure`, and what holds for all of them.

use super::harness::{Layers, on_each_engine};
use crate::common::{assert_cells, cells, frame_lonlat, frame_utm};
use clearway::grid::{CellStore as _, Frame, UNKNOWN, Window, is_unknown};
use clearway::score::{Kernel, Native, Plane, Recipe, check_reach};

fn recipe(kernel: Kernel) -> Recipe {
    Recipe { kernel, ..Recipe::default() }
}

fn native(layers: &Layers, kernel: Kernel) -> Vec<f32> {
    layers.score_whole(&mut Native::new(), &recipe(kernel)).1.get(Plane::Exposure)
}

/// Columns, rows and, from cell to cell, the squared distance by the rules of `reach`: widths of the other row.
fn squared_distance(frame: &Frame, i: usize, j: usize) -> f64 {
    let at = |i: usize| ((i % frame.n_cols) as f64, (i / frame.n_cols) as i64);
    let ((col, row), (other_col, other_row)) = (at(i), at(j));
    let dx = (other_col - col) * frame.cell_width_m(other_row);
    let dy = frame.northing_m(other_row as f64 + 0.5) - frame.northing_m(row as f64 + 0.5);
    dx * dx + dy * dy
}

/// Σ P·k(d) over all cells by the book, for every cell.
fn by_the_book(layers: &Layers, k: impl Fn(f64) -> f64) -> Vec<f64> {
    let people = layers.population.to_vec();
    let inhabited: Vec<usize> =
        (0..people.len()).filter(|&j| !is_unknown(people[j]) && people[j] > 0.0).collect();
    let sum = |i| {
        let terms =
            inhabited.iter().map(|&j| f64::from(people[j]) * k(squared_distance(&layers.frame, i, j).sqrt()));
        terms.sum()
    };
    (0..people.len()).map(sum).collect()
}

/// One person in the upper left corner.
fn one_person(n_cols: usize, n_rows: usize) -> Layers {
    let layers = Layers::constant(frame_utm(n_cols, n_rows, 10.0), 1.0, 0.0, 100.0);
    layers.population.write(Window::new(0, 0, 1, 1), &[1.0]).unwrap();
    layers
}

#[test]
fn disc_counts_people_whose_centre_lies_within_the_radius() {
    // Cells of 10 m, radius 20 m: (2, 0) at exactly 20 m counts, (2, 1) at 22.4 m does not, (1, 1) at 14.1 m does.
    let mut layers = Layers::constant(frame_utm(5, 3, 10.0), 0.5, 0.0, 100.0);
    layers.population = cells("0 0 0 0 0 / 1 0 0 0 0.5 / 16 0 ? 0 0");
    // Row 0: col 0: 1 + 16 (20 m); col 1: 1; col 2: 0 (22.4 m); col 3: 0.5; col 4: 0.5.
    // Row 1: col 0: 1 + 16; col 1: 1 + 16 (14.1 m); col 2: 1 + 0.5; col 3: 0.5; col 4: 0.5.
    // Row 2: col 0: 16 + 1; col 1: 16 + 1 (14.1 m); col 2 unknown; col 3: 0.5 (14.1 m); col 4: 0.5.
    let u = UNKNOWN;
    let expected = [17.0, 1.0, 0.0, 0.5, 0.5, 17.0, 17.0, 1.5, 0.5, 0.5, 17.0, 17.0, u, 0.5, 0.5];
    on_each_engine(|tested| {
        let (_, sink) = layers.score_whole(tested.engine, &recipe(Kernel::Disc { radius_m: 20.0 }));
        assert_cells(&sink.get(Plane::Exposure), &expected, 5, 0.0, 0.0);
    });
}

#[test]
fn disc_is_exact_on_every_shape_and_in_degrees() {
    let frames = [
        (frame_utm(1, 1, 10.0), 30.0),
        (frame_utm(40, 1, 10.0), 70.0),
        (frame_utm(1, 40, 10.0), 1e6),
        (frame_utm(63, 65, 10.0), 95.0),
        (frame_utm(170, 40, 10.0), 200.0),
        (frame_lonlat(60, 50, 15.0, 78.0, 0.2), 60_000.0),
        (frame_lonlat(20, 30, -70.0, 0.01, 0.001), 450.0),
    ];
    for (seed, (frame, radius_m)) in (1..).zip(frames) {
        let n_cols = frame.n_cols;
        let layers = if frame.n_cells() == 1 {
            Layers::constant(frame, 0.25, 8.5, 100.0)
        } else {
            Layers::random(frame, seed)
        };
        let expected = by_the_book(&layers, |d| f64::from(u8::from(d <= radius_m * (1.0 + 1e-12))));
        on_each_engine(|tested| {
            let (_, sink) = layers.score_whole(tested.engine, &recipe(Kernel::Disc { radius_m }));
            let found = sink.get(Plane::Exposure);
            let known =
                |(&found, &expected): (&f32, &f64)| if is_unknown(found) { UNKNOWN } else { expected as f32 };
            let expected: Vec<f32> = found.iter().zip(&expected).map(known).collect();
            // One rounding to f32, and 2e-9 of a person a cell.
            assert_cells(&found, &expected, n_cols, 1e-5, 1.2e-7);
        });
    }
}

#[test]
fn disc_adds_many_small_and_one_large_number_without_loss() {
    // 3 million and 0.001 people: f32 sums in any order would lose the small ones.
    let layers = Layers::constant(frame_utm(300, 2, 10.0), 1.0, 0.001, 100.0);
    layers.population.write(Window::new(0, 0, 1, 1), &[3e6]).unwrap();
    // From column 299 all 600 cells are within 3 km, from column 0 too: 3,000,000 + 599 · 0.001 = 3,000,000.599.
    on_each_engine(|tested| {
        let (_, sink) = layers.score_whole(tested.engine, &recipe(Kernel::Disc { radius_m: 3000.0 }));
        let found = sink.get(Plane::Exposure);
        assert_cells(&found, &[3_000_000.5; 600], 300, 0.0, 0.0);
    });
    // Without the large one: 600 · 0.001 within 2e-9 a cell.
    layers.population.write(Window::new(0, 0, 1, 1), &[0.001]).unwrap();
    let found = native(&layers, Kernel::Disc { radius_m: 3000.0 });
    assert!((f64::from(found[0]) - 0.6).abs() < 1.3e-6, "found {}", found[0]);
}

#[test]
fn exponential_is_within_four_thousandths_of_the_exact_kernel() {
    // One person's exposure is the kernel itself. From 0.1 of a cell to λ = 20 cells, in all directions.
    for lambda_m in [1.0, 7.0, 10.0, 45.0, 200.0] {
        let layers = one_person(175, 170);
        let mut worst = (0.0, 0.0);
        for (i, found) in native(&layers, Kernel::Exponential { lambda_m }).into_iter().enumerate() {
            let d = squared_distance(&layers.frame, i, 0).sqrt();
            let exact = if d <= 8.0 * lambda_m { (-d / lambda_m).exp() } else { 0.0 };
            let error = (f64::from(found) - exact).abs();
            worst = if error > worst.0 { (error, d / lambda_m) } else { worst };
            if i == 0 {
                assert!(error < 2e-7, "k(0) = {found}");
            }
        }
        assert!(worst.0 < 0.0036, "λ = {lambda_m} m: {} at {} λ", worst.0, worst.1);
    }
}

#[test]
fn exponential_keeps_the_sum_over_evenly_spread_people() {
    // λ = 12 cells: the middle cell of 201 x 201 sees nearly all of the kernel's 2π λ² = 904.8 cells.
    let layers = Layers::constant(frame_utm(201, 201, 10.0), 1.0, 1.0, 100.0);
    let found = f64::from(native(&layers, Kernel::Exponential { lambda_m: 120.0 })[100 * 201 + 100]);
    let middle = |i| squared_distance(&layers.frame, i, 100 * 201 + 100).sqrt();
    let exact: f64 = (0..201 * 201).map(|i| (-middle(i) / 120.0).exp()).sum();
    assert!((found / exact - 1.0).abs() < 0.004, "found {found}, exact {exact}");
}

#[test]
fn exponential_follows_the_kernel_on_random_people() {
    let frames = [
        (frame_utm(70, 90, 10.0), 60.0),
        (frame_utm(40, 1, 10.0), 1e5),
        (frame_lonlat(50, 60, 15.0, 72.0, 0.1), 12_000.0),
    ];
    for (seed, (frame, lambda_m)) in (11..).zip(frames) {
        let n_cols = frame.n_cols;
        let layers = Layers::random(frame, seed);
        let exact = by_the_book(&layers, |d| if d <= 8.0 * lambda_m { (-d / lambda_m).exp() } else { 0.0 });
        let people: f64 = by_the_book(&layers, |_| 1.0)[0];
        on_each_engine(|tested| {
            let (_, sink) = layers.score_whole(tested.engine, &recipe(Kernel::Exponential { lambda_m }));
            let found = sink.get(Plane::Exposure);
            let known =
                |(&found, &exact): (&f32, &f64)| if is_unknown(found) { UNKNOWN } else { exact as f32 };
            let exact: Vec<f32> = found.iter().zip(&exact).map(known).collect();
            assert_cells(&found, &exact, n_cols, 0.0036 * people, 0.0);
        });
    }
}

const ALL: [Kernel; 4] = [
    Kernel::Gaussian { sigma_m: 60.0 },
    Kernel::Exponential { lambda_m: 25.0 },
    Kernel::Disc { radius_m: 135.0 },
    Kernel::None,
];

fn bits(cells: &[f32]) -> Vec<u32> {
    cells.iter().map(|x| x.to_bits()).collect()
}

#[test]
fn every_kernel_gives_the_same_bits_in_tiles_of_any_size_on_any_number_of_threads() {
    for frame in [frame_utm(150, 139, 10.0), frame_lonlat(90, 140, 30.0, 62.0, 0.0002)] {
        let layers = Layers::random(frame, 21);
        for kernel in ALL {
            let whole = bits(&native(&layers, kernel));
            on_each_engine(|tested| {
                let mut in_tiles = |size| {
                    let (_, sink) = layers.score(tested.engine, &recipe(kernel), size).unwrap();
                    bits(&sink.get(Plane::Exposure))
                };
                let expected = in_tiles(150);
                // Smaller than the halo, larger, and in one piece.
                for tile in [13, 64, 150] {
                    let tiled = in_tiles(tile);
                    let n_other = expected.iter().zip(&tiled).filter(|(a, b)| a != b).count();
                    assert_eq!(n_other, 0, "{}: {kernel:?} in tiles of {tile}", tested.name);
                }
                let is_integer = matches!(kernel, Kernel::Disc { .. } | Kernel::None);
                if tested.has_native_bits && (is_integer || tested.name == "native") {
                    assert!(expected == whole, "{}: {kernel:?}", tested.name);
                }
                let cells = |bits: &[u32]| bits.iter().copied().map(f32::from_bits).collect::<Vec<_>>();
                let (found, native) = (cells(&expected), cells(&whole));
                let largest = f64::from(native.iter().copied().fold(0.0, f32::max));
                assert_cells(&found, &native, layers.frame.n_cols, 1e-7 * largest, 1e-6);
            });
            let one = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
            assert!(whole == bits(&one.install(|| native(&layers, kernel))), "{kernel:?} on one thread");
        }
    }
}

#[test]
fn every_kernel_works_on_one_cell_a_row_a_column_and_beyond_the_grid() {
    let kernels = [
        Kernel::Gaussian { sigma_m: 1e7 },
        Kernel::Exponential { lambda_m: 1e7 },
        Kernel::Disc { radius_m: 2e7 },
    ];
    for (n_cols, n_rows) in [(1, 1), (1, 300), (300, 1), (67, 20)] {
        let layers = Layers::constant(frame_utm(n_cols, n_rows, 10.0), 0.5, 2.0, 100.0);
        let n = n_cols * n_rows;
        for kernel in kernels {
            on_each_engine(|tested| {
                let (_, sink) = layers.score_whole(tested.engine, &recipe(kernel));
                // All people are next door as far as such a kernel can see: within 3 km of λ = 10,000 km.
                let all = vec![2.0 * n as f32; n];
                assert_cells(&sink.get(Plane::Exposure), &all, n_cols, 0.0, 0.0036);
            });
        }
    }
}

#[test]
fn a_reach_without_room_in_memory_is_refused_by_its_key() {
    // 100,000 x 100,000 cells of 10 m. σ = 100 km reaches 40,000 cells: a tile of 512 reads 80,512 x 80,512 cells.
    let frame = frame_utm(100_000, 100_000, 10.0);
    let wide = [
        (Kernel::Gaussian { sigma_m: 1e5 }, "score.exposure.sigma_m"),
        (Kernel::Exponential { lambda_m: 1e5 }, "score.exposure.lambda_m"),
        (Kernel::Disc { radius_m: 4e5 }, "score.exposure.radius_m"),
    ];
    for (kernel, key) in wide {
        let message = check_reach(kernel, &frame, 1 << 30).unwrap_err().to_string();
        assert!(message.contains(key) && message.contains("--memory"), "{message}");
        assert!(check_reach(kernel, &frame, 1 << 40).is_ok());
    }
    assert!(check_reach(Kernel::None, &frame, 1).is_ok());
    // On a grid of 300 x 300 cells the same reach is cut at its sides.
    for (kernel, _) in wide {
        assert!(check_reach(kernel, &frame_utm(300, 300, 10.0), 1 << 30).is_ok());
    }
}

#[test]
fn a_reach_of_less_than_a_cell_is_told() {
    let layers = Layers::constant(frame_utm(4, 3, 10.0), 0.5, 2.0, 100.0);
    let warnings = |kernel| layers.score_whole(&mut Native::new(), &recipe(kernel)).0.warnings;
    let told = warnings(Kernel::Disc { radius_m: 9.0 });
    assert!(told.iter().any(|text| text.contains("`radius_m` = 9")), "{told:?}");
    let told = warnings(Kernel::Disc { radius_m: 10.0 });
    assert!(!told.iter().any(|text| text.contains("radius_m")), "{told:?}");
}
