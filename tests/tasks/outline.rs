//! Outlines of cells: valid, and exactly the cells.

use clearway::grid::{Cells, MemoryCells};
use clearway::tasks::{Coverage, GrowOptions, TaskArea};
use geo::Area;
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64Mcg;

use super::kit::{Region, assert_valid, near};
use crate::common::{all, cells, frame_utm};

fn grown(rank: MemoryCells) -> (Region, Vec<TaskArea>) {
    let region = Region::of_ranks(rank);
    let whole = GrowOptions { min_rank: 1.0, min_area_m2: 0.0, max_area_m2: 1e12 };
    let (tasks, _) = region.grown(&whole);
    (region, tasks)
}

/// Polygons and holes of the one task grown from a grid as text.
#[track_caller]
fn shape(text: &str) -> (usize, usize) {
    let (region, tasks) = grown(cells(text));
    assert_eq!(tasks.len(), 1);
    let ground = &tasks[0].geometry;
    assert_valid(ground);
    let n_cells = all(&region.rank).iter().filter(|rank| **rank > 0.0).count();
    near(ground.unsigned_area(), 100.0 * n_cells as f64, 1e-6);
    (ground.0.len(), ground.iter().map(|polygon| polygon.interiors().len()).sum())
}

#[test]
fn square_has_four_corners() {
    let (_, tasks) = grown(cells("0 0 0 / 0 9 9 / 0 9 9"));
    let shell = tasks[0].geometry.0[0].exterior();
    assert_eq!(shell.0.len(), 5);
    // 20 m square from (10, 70) to (30, 90), counter-clockwise.
    let mut corners: Vec<(f64, f64)> =
        shell.0[..4].iter().map(|at| (at.x - 500_000.0, at.y - 5_499_900.0)).collect();
    corners.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
    assert_eq!(corners, [(10.0, 70.0), (10.0, 90.0), (30.0, 70.0), (30.0, 90.0)]);
}

#[test]
fn hole_is_a_hole() {
    assert_eq!(shape("9 9 9 / 9 0 9 / 9 9 9"), (1, 1));
}

#[test]
fn cells_touching_at_a_corner_are_two_polygons() {
    assert_eq!(shape("9 0 / 0 9"), (2, 0));
    assert_eq!(shape("9 0 9 / 0 9 0 / 9 0 9"), (5, 0));
}

#[test]
fn hole_touching_the_outside_at_a_corner_stays_a_hole() {
    assert_eq!(shape("0 9 9 / 9 0 9 / 9 9 9"), (1, 1));
}

#[test]
fn two_holes_touching_at_a_corner_are_two_holes() {
    assert_eq!(shape("9 9 9 9 / 9 0 9 9 / 9 9 0 9 / 9 9 9 9"), (1, 2));
}

#[test]
fn ring_closed_over_corners_only_is_no_hole() {
    // Four cells round a middle one, joined by corners: four polygons that touch, no hole.
    assert_eq!(shape("0 9 0 / 9 0 9 / 0 9 0"), (4, 0));
}

#[test]
fn island_in_a_hole_touching_its_rim_is_its_own_polygon() {
    assert_eq!(shape("9 9 9 9 / 9 9 0 9 / 9 0 9 9 / 9 9 9 9"), (1, 2));
    assert_eq!(shape("9 9 9 9 9 / 9 0 0 0 9 / 9 0 9 0 9 / 9 0 0 9 9 / 9 9 9 9 9"), (2, 1));
}

#[test]
fn random_grids_have_valid_outlines_of_exactly_their_cells() {
    let mut rng = Pcg64Mcg::seed_from_u64(6);
    for density in [0.3, 0.5, 0.6, 0.8] {
        for _ in 0..15 {
            let frame = frame_utm(17, 15, 10.0);
            let values = (0..17 * 15).map(|_| if rng.random_bool(density) { 50.0 } else { 0.0 }).collect();
            let (region, tasks) = grown(MemoryCells::from_values(frame.clone(), values));
            let mut found = vec![0.0_f32; 17 * 15];
            for task in &tasks {
                assert_valid(&task.geometry);
                let coverage = Coverage::of(&task.geometry, &frame);
                for row in coverage.rows() {
                    for span in coverage.row(row) {
                        assert_eq!(span.share, 1.0);
                        for col in span.col..span.end_col {
                            found[row * 17 + col as usize] += 50.0;
                        }
                    }
                }
            }
            assert_eq!(found, all(&region.rank));
            assert_eq!(region.rank.frame(), &frame);
        }
    }
}
