//! Large pieces cut into connected, compact parts of about equal cost.

use clearway::grid::{Frame, MemoryCells};
use clearway::tasks::{Coverage, GrowOptions, TaskArea};
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64Mcg;

use super::kit::{Region, codes};
use crate::common::frame_utm;

struct Split {
    frame: Frame,
    tasks: Vec<TaskArea>,
    codes: Vec<String>,
}

/// Grows all cells where `is_taken`, of the cost given, into tasks of at most `max_cells` 100 m² cells.
fn split(
    n_cols: usize,
    n_rows: usize,
    max_cells: usize,
    is_taken: impl Fn(usize, usize) -> bool,
    cost: impl Fn(usize, usize) -> f32,
) -> Split {
    let frame = frame_utm(n_cols, n_rows, 10.0);
    let region = Region::new(&frame, |plane, col, row| match plane {
        "rank" => 95.0 * f32::from(u8::from(is_taken(col, row))),
        "cost" => cost(col, row),
        _ => 0.5,
    });
    let limit = GrowOptions { min_rank: 90.0, min_area_m2: 0.0, max_area_m2: 100.0 * max_cells as f64 };
    let (tasks, findings) = region.grown(&limit);
    Split { frame, tasks, codes: codes(&findings).into_iter().map(str::to_owned).collect() }
}

impl Split {
    /// Every cell in one part, every part connected and within the limit.
    #[track_caller]
    fn assert_sound(&self, max_cells: usize, is_taken: impl Fn(usize, usize) -> bool) {
        let n_cols = self.frame.n_cols;
        let mut owner = vec![usize::MAX; n_cols * self.frame.n_rows];
        for (t, task) in self.tasks.iter().enumerate() {
            let cells = self.cells(task);
            assert!(cells.len() <= max_cells, "{} cells in {}", cells.len(), task.task_id);
            for i in cells {
                assert_eq!(owner[i], usize::MAX, "a cell in two parts");
                owner[i] = t;
            }
        }
        for (i, &t) in owner.iter().enumerate() {
            assert_eq!(t != usize::MAX, is_taken(i % n_cols, i / n_cols), "cell {i}");
        }
        for task in &self.tasks {
            assert_eq!(self.n_components(task), 1, "{} is not connected", task.task_id);
        }
    }

    fn cells(&self, task: &TaskArea) -> Vec<usize> {
        let coverage = Coverage::of(&task.geometry, &self.frame);
        let spans = coverage.rows().flat_map(|row| coverage.row(row).iter().map(move |span| (row, *span)));
        spans
            .flat_map(|(row, span)| (span.col..span.end_col).map(move |col| (row, col)))
            .map(|(row, col)| row * self.frame.n_cols + col as usize)
            .collect()
    }

    /// By flooding over edges and corners.
    fn n_components(&self, task: &TaskArea) -> usize {
        let n_cols = self.frame.n_cols as i64;
        let mut left: std::collections::BTreeSet<(i64, i64)> =
            self.cells(task).into_iter().map(|i| (i as i64 % n_cols, i as i64 / n_cols)).collect();
        let mut n = 0;
        while let Some(first) = left.pop_first() {
            n += 1;
            let mut front = vec![first];
            while let Some((col, row)) = front.pop() {
                for (dc, dr) in [(-1, -1), (0, -1), (1, -1), (-1, 0), (1, 0), (-1, 1), (0, 1), (1, 1)] {
                    if left.remove(&(col + dc, row + dr)) {
                        front.push((col + dc, row + dr));
                    }
                }
            }
        }
        n
    }

    /// Dearest and cheapest part against the mean.
    fn spread(&self) -> (f64, f64) {
        let costs: Vec<f64> = self.tasks.iter().map(|task| task.cost_usd.unwrap()).collect();
        let mean = costs.iter().sum::<f64>() / costs.len() as f64;
        let most = costs.iter().copied().fold(0.0, f64::max);
        (most / mean, costs.iter().copied().fold(f64::INFINITY, f64::min) / mean)
    }

    /// Mean of perimeter² / (16·area): 1 for squares, larger for longer or more ragged parts.
    fn raggedness(&self) -> f64 {
        use geo::{Euclidean, Length};
        let of = |task: &TaskArea| {
            let length: f64 = task.geometry.iter().map(|p| Euclidean.length(p.exterior())).sum();
            length * length / (16.0 * task.area_m2)
        };
        self.tasks.iter().map(of).sum::<f64>() / self.tasks.len() as f64
    }
}

#[test]
fn strip_is_cut_across() {
    // 12 x 2 cells, at most 7: 24 · 1.05 / 7 = 3.6, so 4 parts of 3 x 2 cells.
    let split = split(12, 2, 7, |_, _| true, |_, _| 10.0);
    split.assert_sound(7, |_, _| true);
    assert_eq!(split.codes, ["grow.split"]);
    let mut widths: Vec<f64> = split.tasks.iter().map(|task| task.area_m2).collect();
    widths.dedup();
    assert_eq!(widths, [600.0]);
    assert_eq!(split.spread(), (1.0, 1.0));
}

#[test]
fn rectangle_is_cut_into_even_compact_parts() {
    let split = split(80, 60, 120, |_, _| true, |_, _| 7.0);
    split.assert_sound(120, |_, _| true);
    let (most, least) = split.spread();
    assert!(most < 1.15 && least > 0.85, "spread {most} {least}");
    assert!(split.tasks.len() <= 46, "{}", split.tasks.len());
    assert!(split.raggedness() < 1.6, "{}", split.raggedness());
}

#[test]
fn equal_cost_counts_not_equal_area() {
    // The left quarter costs three times as much a cell: 20 columns at 30, 60 at 10 (US$ 600 a row each).
    let cost = |col: usize, _: usize| if col < 20 { 30.0 } else { 10.0 };
    let split = split(80, 40, 400, |_, _| true, cost);
    split.assert_sound(400, |_, _| true);
    let (most, _) = split.spread();
    assert!(most < 1.5, "{most}");
}

#[test]
fn dear_corner_never_pushes_a_part_over_the_limit() {
    let cost = |col: usize, row: usize| if col + row < 6 { 1000.0 } else { 1.0 };
    let split = split(60, 60, 200, |_, _| true, cost);
    split.assert_sound(200, |_, _| true);
}

#[test]
fn winding_shapes_stay_connected() {
    // A spiral, a comb, a checkerboard joined by corners only, and a ring.
    let spiral = |col: usize, row: usize| {
        let (x, y) = (col as i64 - 30, row as i64 - 30);
        let ring = x.abs().max(y.abs());
        ring % 4 < 2 || (x > 0 && y == x - 1)
    };
    let comb = |col: usize, row: usize| row < 3 || col % 4 < 2;
    let checker = |col: usize, row: usize| (col + row).is_multiple_of(2);
    let annulus = |col: usize, row: usize| {
        let (x, y) = (col as i64 - 30, row as i64 - 30);
        (400..900).contains(&(x * x + y * y))
    };
    type Shape<'a> = (&'a str, &'a dyn Fn(usize, usize) -> bool);
    let shapes: [Shape; 4] =
        [("spiral", &spiral), ("comb", &comb), ("checker", &checker), ("annulus", &annulus)];
    for (name, shape) in shapes {
        let found = split(61, 61, 90, shape, |_, _| 5.0);
        found.assert_sound(90, shape);
        let n_cells: usize = (0..61 * 61).filter(|i| shape(i % 61, i / 61)).count();
        let (most, least) = found.spread();
        eprintln!(
            "{name}: {n_cells} cells, {} parts, cost {least:.2}..{most:.2} of the mean",
            found.tasks.len()
        );
        assert!(
            found.tasks.len() as f64 <= 2.0 * n_cells as f64 / 90.0 + 1.0,
            "{name}: {}",
            found.tasks.len()
        );
    }
}

#[test]
fn random_clouds_are_sound() {
    let mut rng = Pcg64Mcg::seed_from_u64(13);
    for density in [0.45, 0.6, 0.9] {
        let taken: Vec<bool> = (0..50 * 50).map(|_| rng.random_bool(density)).collect();
        let costs: Vec<f32> = (0..50 * 50).map(|_| rng.random_range(0.0..50.0)).collect();
        let is_taken = |col: usize, row: usize| taken[row * 50 + col];
        for max_cells in [2, 5, 40] {
            split(50, 50, max_cells, is_taken, |col, row| costs[row * 50 + col])
                .assert_sound(max_cells, is_taken);
        }
    }
}

#[test]
fn ground_that_costs_nothing_is_split_by_area() {
    let split = split(20, 20, 50, |_, _| true, |_, _| 0.0);
    split.assert_sound(50, |_, _| true);
    assert!(split.tasks.iter().all(|task| task.area_m2 >= 2500.0), "parts as small as half the limit");
}

#[test]
fn million_cells_in_one_piece_are_split_in_seconds() {
    let frame = frame_utm(1000, 1000, 10.0);
    let region = Region::of_ranks(MemoryCells::from_values(frame, vec![95.0; 1_000_000]));
    let began = std::time::Instant::now();
    let (tasks, _) = region.grown(&GrowOptions::default());
    let seconds = began.elapsed().as_secs_f64();
    eprintln!("1,000,000 cells into {} tasks in {seconds:.1} s", tasks.len());
    assert!((1000..1300).contains(&tasks.len()), "{}", tasks.len());
    assert!(tasks.iter().all(|task| task.area_m2 <= 100_000.0));
    // Debug build on a shared machine; optimised it takes a tenth of this.
    assert!(seconds < 60.0, "{seconds} s");
}
