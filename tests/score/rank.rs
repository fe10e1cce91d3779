//! `histogram`, `refine`, `rank` and `class`: the whole ranking of priorities handed in.

use std::sync::Arc;

use super::harness::{exact_ranks, on_each_engine, run};
use crate::common::assert_cells;
use clearway::grid::UNKNOWN;
use clearway::score::program::{Call, Program, Shared, Tally};
use clearway::score::{Engine, RankTable, bins_to_refine};
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;

/// Ranks of priorities, and how many bins were refined.
fn ranks(engine: &mut dyn Engine, priorities: &[f32]) -> (Vec<f32>, usize) {
    let program = |call: &dyn Fn(&mut Program)| {
        let mut program = Program::new(priorities.len(), 1);
        call(&mut program);
        program
    };
    let mut counted = Tally::of_histogram();
    let histogram = program(&|program| {
        let priority = program.input();
        program.call(Call::Histogram { priority });
    });
    run(engine, &histogram, &[priorities], &mut counted);
    let (index_of, n_refined) = bins_to_refine(&counted.bins);
    let index_of = Shared::new(index_of);
    let mut refined = Tally::of_refined(n_refined);
    if n_refined > 0 {
        let refine = program(&|program| {
            let priority = program.input();
            program.call(Call::Refine { priority, index_of: index_of.clone() });
        });
        run(engine, &refine, &[priorities], &mut refined);
    }
    let table = Shared::new(RankTable::new(&counted.bins, &index_of, &refined.refined_counts()));
    let rank = program(&|program| {
        let (priority, out) = (program.input(), program.output());
        program.call(Call::Rank { priority, table: table.clone(), out });
    });
    (run(engine, &rank, &[priorities], &mut Tally::default()).remove(0), n_refined)
}

/// Ranks must be within 0.0032 of a point of the exact mid-rank (0.0031 and the rounding to f32), equal
/// priorities must have equal ranks, and larger ones no smaller ranks.
#[track_caller]
fn check(priorities: &[f32]) {
    let exact = exact_ranks(priorities);
    on_each_engine(|tested| {
        let (found, _) = ranks(tested.engine, priorities);
        assert_cells(&found, &exact, priorities.len(), 0.0032, 0.0);
        let mut order: Vec<usize> = (0..priorities.len()).filter(|i| priorities[*i] >= 0.0).collect();
        order.sort_by(|a, b| priorities[*a].total_cmp(&priorities[*b]));
        for pair in order.windows(2) {
            let (a, b) = (pair[0], pair[1]);
            assert!(found[a] <= found[b], "{}: {} and {}", tested.name, priorities[a], priorities[b]);
            if (priorities[a] - priorities[b]).abs() <= 0.0 {
                assert_eq!(found[a].to_bits(), found[b].to_bits());
            }
        }
    });
}

#[test]
fn ranks_of_five_cells_by_hand() {
    // 1 2 2 2 9 and an unknown: N = 5. 1: 0; 2: 100·(1 + 1)/4 = 50; 9: 100.
    let priorities = [2.0, 9.0, UNKNOWN, 2.0, 1.0, 2.0];
    on_each_engine(|tested| {
        let (found, _) = ranks(tested.engine, &priorities);
        assert_cells(&found, &[50.0, 100.0, UNKNOWN, 50.0, 0.0, 50.0], 6, 0.0, 0.0);
    });
}

#[test]
fn a_single_scored_cell_ranks_first() {
    on_each_engine(|tested| {
        assert_cells(&ranks(tested.engine, &[UNKNOWN, 0.0]).0, &[UNKNOWN, 100.0], 2, 0.0, 0.0);
    });
}

#[test]
fn neighbouring_floats_are_told_apart_where_it_counts() {
    // 1 and the next f32 share a first-level bin; with two cells each is refined: 0 and 100.
    on_each_engine(|tested| {
        let (found, n_refined) = ranks(tested.engine, &[1.0, 1.0f32.next_up()]);
        assert_cells(&found, &[0.0, 100.0], 2, 0.0, 0.0);
        assert_eq!(n_refined, 1);
    });
}

#[test]
fn zero_and_minus_zero_are_one_priority() {
    on_each_engine(|tested| {
        let (found, _) = ranks(tested.engine, &[0.0, -0.0, 1.0]);
        assert_cells(&found, &[25.0, 25.0, 100.0], 3, 0.0, 0.0);
    });
}

#[test]
fn ranks_are_right_on_random_priorities() {
    let mut rng = Pcg64::seed_from_u64(1);
    check(&(0..40_000).map(|_| rng.random::<f32>()).collect::<Vec<_>>());
}

#[test]
fn ranks_are_right_on_priorities_in_a_sliver() {
    // All in a few first-level bins: 1 + [0, 1e-3) is 4 bins of 2048.
    let mut rng = Pcg64::seed_from_u64(2);
    check(&(0..40_000).map(|_| 1.0 + 1e-3 * rng.random::<f32>()).collect::<Vec<_>>());
}

#[test]
fn ranks_are_right_over_sixty_decades_and_below() {
    // From denormals of 1e-44 to 1e30. A device that flushes denormals ties the smallest; keys are bits, so
    // the counts here do not depend on it.
    let mut rng = Pcg64::seed_from_u64(3);
    check(&(0..40_000).map(|_| 10f32.powf(rng.random_range(-44.0..30.0))).collect::<Vec<_>>());
    check(&(0..5_000).map(|_| f32::from_bits(rng.random_range(0..3000))).collect::<Vec<_>>());
}

#[test]
fn ranks_are_right_when_nearly_all_are_tied() {
    let mut rng = Pcg64::seed_from_u64(4);
    let mut next = || if rng.random_range(0..100) == 0 { rng.random::<f32>() } else { 0.25 };
    check(&(0..40_000).map(|_| next()).collect::<Vec<_>>());
    check(&[0.0; 777]);
}

#[test]
fn ranks_are_right_on_few_distinct_values() {
    let mut rng = Pcg64::seed_from_u64(5);
    check(&(0..30_000).map(|_| rng.random_range(0..40) as f32 * 0.37).collect::<Vec<_>>());
}

#[test]
fn classes_follow_thresholds_and_the_unknown_stays() {
    // Thresholds 95, 85, 60: at or above the first is class 1, below the last class 4.
    let rank = [100.0, 95.0, 94.9, 85.0, 60.0, 59.9, UNKNOWN, 0.0];
    let mut program = Program::new(8, 1);
    let (input, out) = (program.input(), program.output());
    program.call(Call::Class { rank: input, thresholds: Arc::new(vec![95.0, 85.0, 60.0]), out });
    let mut one_class = Program::new(8, 1);
    let (input, out) = (one_class.input(), one_class.output());
    one_class.call(Call::Class { rank: input, thresholds: Arc::new(Vec::new()), out });
    on_each_engine(|tested| {
        let found = run(tested.engine, &program, &[&rank], &mut Tally::default());
        assert_cells(&found[0], &[1.0, 1.0, 2.0, 2.0, 3.0, 4.0, UNKNOWN, 4.0], 8, 0.0, 0.0);
        let found = run(tested.engine, &one_class, &[&rank], &mut Tally::default());
        assert_cells(&found[0], &[1.0, 1.0, 1.0, 1.0, 1.0, 1.0, UNKNOWN, 1.0], 8, 0.0, 0.0);
    });
}

#[test]
fn counts_of_many_rows_are_those_of_one_cell_at_a_time() {
    // Rows enough for several threads; stretches of ties, scattered ties, unknown cells, and bins that stay coarse.
    const SIDE: usize = 512;
    let mut rng = Pcg64::seed_from_u64(6);
    let priorities: Vec<f32> = (0..SIDE * SIDE)
        .map(|i| match (i / 5000 % 3, rng.random_range(0..20)) {
            (0, _) => 0.0,
            (_, 0) => UNKNOWN,
            (1, 1..12) => 0.75,
            (1, _) => 1.0 + 0.05 * rng.random::<f32>(),
            _ => 10f32.powf(rng.random_range(-6.0..6.0)),
        })
        .collect();
    let known = || priorities.iter().filter(|x| **x >= 0.0).map(|x| x.to_bits() as usize);
    let mut bins = vec![0u64; Tally::of_histogram().bins.len()];
    known().for_each(|bits| bins[bits >> 11] += 1);
    let (index_of, n_refined) = bins_to_refine(&bins);
    assert!((20..2000).contains(&n_refined), "{n_refined}");
    let mut refined = vec![0u64; n_refined * 2048];
    for bits in known().filter(|bits| index_of[bits >> 11] > 0) {
        refined[(index_of[bits >> 11] as usize - 1) * 2048 + (bits & 2047)] += 1;
    }
    let index_of = Shared::new(index_of);
    let (mut histogram, mut refine) = (Program::new(SIDE, SIDE), Program::new(SIDE, SIDE));
    let priority = histogram.input();
    histogram.call(Call::Histogram { priority });
    let priority = refine.input();
    refine.call(Call::Refine { priority, index_of });
    on_each_engine(|tested| {
        let (mut counted, mut finely) = (Tally::of_histogram(), Tally::of_refined(n_refined));
        run(tested.engine, &histogram, &[&priorities], &mut counted);
        assert_eq!(counted.bins, bins, "{}", tested.name);
        // Twice: what one tile leaves behind must not be lost or counted again.
        for times in 1..=2 {
            run(tested.engine, &refine, &[&priorities], &mut finely);
            let expected: Vec<u64> = refined.iter().map(|n| n * times).collect();
            assert_eq!(finely.refined_counts(), expected, "{}", tested.name);
        }
    });
}
