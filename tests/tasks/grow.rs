//! Tasks grown from ranks: what is taken, what is dropped, in which order.

use clearway::grid::UNKNOWN;
use clearway::progress::Silent;
use clearway::tasks::{GrowOptions, TaskOptions, grow};

use super::kit::{Region, codes, near};
use crate::common::{cells, frame_lonlat, frame_utm};

/// Takes every piece whole.
const WHOLE: GrowOptions = GrowOptions { min_rank: 90.0, min_area_m2: 0.0, max_area_m2: 1e12 };

#[test]
fn cells_that_touch_at_corners_are_one_task() {
    // Two diagonal cells, one alone, one just below the threshold beside it; unknown is not taken.
    let region = Region::of_ranks(cells("95 10 10 89 / 10 93 10 90 / 10 10 ? 10"));
    let (tasks, findings) = region.grown(&WHOLE);
    assert!(findings.is_empty(), "{findings:?}");
    assert_eq!(tasks.len(), 2);
    // 94 before 90.
    assert_eq!(tasks[0].task_id, "T0001");
    near(tasks[0].rank_mean.unwrap(), 94.0, 1e-9);
    near(tasks[0].area_m2, 200.0, 1e-9);
    assert_eq!(tasks[0].scored_share, 1.0);
    // 200 m² of benefit 0.25: 0.005 benefit-hectares; two cells of US$ 200.
    near(tasks[0].benefit.unwrap(), 0.005, 1e-12);
    near(tasks[0].cost_usd.unwrap(), 400.0, 1e-9);
    assert_eq!(tasks[1].task_id, "T0002");
    near(tasks[1].area_m2, 100.0, 1e-9);
}

#[test]
fn equal_ranks_are_in_order_of_position() {
    let region = Region::of_ranks(cells("0 95 0 95 / 0 0 0 0 / 95 0 0 0"));
    let (tasks, _) = region.grown(&WHOLE);
    let corners: Vec<(f64, f64)> = tasks
        .iter()
        .map(|task| {
            let bounds = geo::BoundingRect::bounding_rect(&task.geometry).unwrap();
            (bounds.min().x - 500_000.0, 5_500_000.0 - bounds.max().y)
        })
        .collect();
    assert_eq!(corners, [(10.0, 0.0), (30.0, 0.0), (0.0, 20.0)]);
}

#[test]
fn small_pieces_are_dropped_and_counted() {
    let region = Region::of_ranks(cells("95 0 95 95 95 / 0 0 0 0 0 / 95 95 0 0 0"));
    let (tasks, findings) = region.grown(&GrowOptions { min_area_m2: 300.0, ..WHOLE });
    assert_eq!(tasks.len(), 1);
    assert_eq!(codes(&findings), ["grow.dropped"]);
    // One cell and two: 300 m² = 0.03 ha, of benefit 0.25.
    let text = &findings[0].text;
    assert!(text.starts_with("2 pieces") && text.contains("0.03 ha") && text.contains("0.007"), "{text}");
}

#[test]
fn nothing_taken_is_a_fault_that_names_the_key() {
    let region = Region::of_ranks(cells("50 60 / ? 89"));
    let run = |options: &GrowOptions| {
        let error = grow(&region.planes(), options, &TaskOptions::default(), &Silent::default()).unwrap_err();
        error.faults().iter().map(|fault| (fault.code, fault.place.clone())).collect::<Vec<_>>()
    };
    assert_eq!(run(&WHOLE), [("grow.nothing", "tasks.grow.min_rank".to_owned())]);
    let too_small = GrowOptions { min_rank: 50.0, min_area_m2: 5000.0, max_area_m2: 1e5 };
    assert_eq!(run(&too_small), [("grow.too_small", "tasks.grow.min_area_m2".to_owned())]);
    let wrong = GrowOptions { min_rank: f64::NAN, min_area_m2: -1.0, max_area_m2: 0.0 };
    assert_eq!(run(&wrong).len(), 3);
}

#[test]
fn cells_larger_than_the_limit_are_a_task_each() {
    // 10 m cells of 100 m², limit 50 m².
    let region = Region::of_ranks(cells("95 95 0 / 0 95 0"));
    let (tasks, findings) = region.grown(&GrowOptions { max_area_m2: 50.0, min_area_m2: 50.0, ..WHOLE });
    assert_eq!(tasks.len(), 3);
    assert_eq!(codes(&findings), ["grow.cell_too_large"]);
}

#[test]
fn tiles_and_threads_do_not_change_a_bit() {
    let frame = frame_lonlat(90, 70, 18.0, 44.75, 1.0 / 3600.0);
    let region = Region::new(&frame, |plane, col, row| {
        let wave = ((col as f32) / 9.0).sin() + ((row as f32) / 7.0).cos();
        match plane {
            "rank" if scrambled(col, row).is_multiple_of(17) => UNKNOWN,
            "rank" => 50.0 + 25.0 * wave,
            _ => 1.0 + 0.3 * wave + (scrambled(col, row) % 100) as f32 / 1000.0,
        }
    });
    let options = GrowOptions { min_rank: 55.0, min_area_m2: 3000.0, max_area_m2: 20_000.0 };
    let run = |tile_cells: usize, n_threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().unwrap();
        let task_options = TaskOptions { tile_cells, ..TaskOptions::default() };
        pool.install(|| grow(&region.planes(), &options, &task_options, &Silent::default()).unwrap())
    };
    let reference = run(512, 1);
    assert!(reference.0.len() > 50, "{}", reference.0.len());
    for (tile_cells, n_threads) in [(1, 2), (13, 3), (64, 1)] {
        assert_eq!(run(tile_cells, n_threads), reference, "tiles of {tile_cells}, {n_threads} threads");
    }
}

fn scrambled(col: usize, row: usize) -> u32 {
    let mixed = (col as u32).wrapping_mul(0x9E37_79B9) ^ (row as u32).wrapping_mul(0x85EB_CA6B);
    (mixed ^ (mixed >> 15)).wrapping_mul(0x2C1B_3C6D) >> 8
}

#[test]
fn cancelling_stops_the_growth() {
    let region = Region::new(&frame_utm(50, 50, 10.0), |_, _, _| 95.0);
    let progress = Silent::default();
    progress.cancelled.store(true, std::sync::atomic::Ordering::Relaxed);
    let error = grow(&region.planes(), &WHOLE, &TaskOptions::default(), &progress).unwrap_err();
    assert!(matches!(error, clearway::error::Error::Interrupted));
}
