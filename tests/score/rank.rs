//! `histogram`, `refine`, `rank` and `class`: the whole ranking of priorities handed in.

use std::sync::Arc;

use super::harness::{exact_ranks, on_each_engine, run};
use crate::common::assert_cells;
use clearway::grid::UNKNOWN;
use clearway::score::program::{Call, Program, Shared, Slot, Tally};
use clearway::score::{Engine, Levels, RankTable};
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;

/// Ranks of priorities, and how often they were counted.
fn ranks(engine: &mut dyn Engine, priorities: &[f32]) -> (Vec<f32>, usize) {
    let program = |call: &dyn Fn(Slot) -> Call| {
        let mut program = Program::new(priorities.len(), 1);
        let priority = program.input();
        program.call(call(priority));
        program
    };
    let mut counted = Tally::of_histogram();
    run(engine, &program(&|priority| Call::Histogram { priority }), &[priorities], &mut counted);
    let mut levels = Levels::of_priorities(counted.bins);
    let mut n_levels = 1;
    while let Some(finer) = levels.finer() {
        let mut tally = Tally::of_refined(finer.n_counts);
        let refine = program(&|priority| Call::Refine { priority, finer: finer.clone() });
        run(engine, &refine, &[priorities], &mut tally);
        levels.take(tally.refined);
        n_levels += 1;
    }
    let table = Shared::new(RankTable::new(&levels));
    let mut rank = Program::new(priorities.len(), 1);
    let (priority, out) = (rank.input(), rank.output());
    rank.call(Call::Rank { priority, table, out });
    (run(engine, &rank, &[priorities], &mut Tally::default()).remove(0), n_levels)
}

/// Ranks must be within 0.0032 of a point of the exact mid-rank (0.0031 and the rounding to f32), equal
/// priorities must have equal ranks, and larger ones no smaller ranks. What lies below 32768 of the least floats counts as 0.
#[track_caller]
fn check(priorities: &[f32]) {
    let above = |x: &f32| if x.to_bits() < 32768 { 0.0 } else { *x };
    let exact = exact_ranks(&priorities.iter().map(above).collect::<Vec<_>>());
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
    // 1 and the next f32 share a bin, which with both cells is full and cut into single keys; 1 and the 32768th f32
    // after it do not.
    on_each_engine(|tested| {
        let after = |n: u32| f32::from_bits(1.0f32.to_bits() + n);
        for (priorities, levels) in
            [([1.0, after(1)], 2), ([1.0, after(32_767)], 2), ([1.0, after(32_768)], 1)]
        {
            let (found, n_levels) = ranks(tested.engine, &priorities);
            assert_cells(&found, &[0.0, 100.0], 2, 0.0, 0.0);
            assert_eq!(n_levels, levels, "{priorities:?}");
        }
        // Ground worth nothing, most of many a map, costs no further look.
        assert_eq!(
            ranks(tested.engine, &[0.0, 0.0, 0.0, 0.5]),
            (vec![100.0 / 3.0, 100.0 / 3.0, 100.0 / 3.0, 100.0], 1)
        );
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
    check(&(0..5_000).map(|_| f32::from_bits(rng.random_range(0..50_000))).collect::<Vec<_>>());
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
fn ranks_are_right_where_thousands_of_values_are_tied() {
    // Each value has a bin of its own, with too many cells for it; the more there are, the fewer counters each gets at a time.
    for (n_values, n_each, n_levels) in [(400, 90, 3), (3000, 12, 4), (12_000, 3, 5)] {
        let mut rng = Pcg64::seed_from_u64(7);
        let value = |i: u32| f32::from_bits((i + 1) << 17 | rng.random_range(0..1 << 15));
        let values: Vec<f32> = (0..n_values).map(value).collect();
        let priorities: Vec<f32> =
            (0..n_values as usize * n_each).map(|i| values[i % values.len()]).collect();
        check(&priorities);
        on_each_engine(|tested| assert_eq!(ranks(tested.engine, &priorities).1, n_levels, "{}", tested.name));
    }
}

#[test]
fn counters_are_few_however_cells_lie() {
    // Even, steep, in one bin, in two, and as many bins just too full as there can be.
    let bins = || vec![0u64; Tally::of_histogram().bins.len()];
    let by = |count: &dyn Fn(usize) -> u64| (0..bins().len()).map(count).collect::<Vec<_>>();
    let (mut one, mut two) = (bins(), bins());
    one[9] = 1 << 40;
    (two[9], two[11]) = (1 << 40, 1 << 40);
    let most = |bin: usize| if (1000..1000 + 16_383).contains(&bin) { 1_000_000 } else { 0 };
    for counts in [by(&|_| 17), by(&|bin| (bin as u64).pow(3)), one, two, by(&most)] {
        let mut levels = Levels::of_priorities(counts);
        let n_counts = levels.finer().map_or(0, |finer| finer.n_counts);
        assert!(n_counts < 40_960, "{n_counts}");
        // All cells of a part in its first key, as often as it is cut.
        let mut n_levels = 1;
        while let Some(finer) = levels.finer() {
            assert!(finer.n_counts <= 1 << 20, "{}", finer.n_counts);
            let mut counts = vec![0u64; finer.n_counts];
            levels.leaves(|leaf| {
                if let Some(place) = finer.place(leaf.first_key) {
                    counts[place] += leaf.count;
                }
            });
            levels.take(counts);
            n_levels += 1;
        }
        assert!(n_levels <= 5, "{n_levels}");
    }
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
    // One at a time, at each level: by bin, by part of a bin, by key.
    let mut expected = Vec::new();
    let mut bins = vec![0u64; Tally::of_histogram().bins.len()];
    known().for_each(|bits| bins[bits >> 15] += 1);
    let mut levels = Levels::of_priorities(bins.clone());
    while let Some(finer) = levels.finer() {
        let mut counts = vec![0u64; finer.n_counts];
        known().filter_map(|bits| finer.place(bits as u32)).for_each(|place| counts[place] += 1);
        levels.take(counts.clone());
        expected.push((finer, counts));
    }
    assert_eq!(expected.len(), 2, "bins and parts of bins are full");
    let mut histogram = Program::new(SIDE, SIDE);
    let priority = histogram.input();
    histogram.call(Call::Histogram { priority });
    on_each_engine(|tested| {
        let mut counted = Tally::of_histogram();
        run(tested.engine, &histogram, &[&priorities], &mut counted);
        assert_eq!(counted.bins, bins, "{}", tested.name);
        for (finer, counts) in &expected {
            let mut refine = Program::new(SIDE, SIDE);
            let priority = refine.input();
            refine.call(Call::Refine { priority, finer: finer.clone() });
            let mut tally = Tally::of_refined(finer.n_counts);
            // Twice: what one tile leaves behind must not be lost or counted again.
            for times in 1..=2 {
                run(tested.engine, &refine, &[&priorities], &mut tally);
                let expected: Vec<u64> = counts.iter().map(|n| n * times).collect();
                assert_eq!(tally.refined, expected, "{}", tested.name);
            }
        }
    });
}
