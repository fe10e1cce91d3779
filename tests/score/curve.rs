//! `curve`: cumulative sums by rank.

use std::sync::Arc;

use super::harness::{Layers, on_each_engine, people_only, run, two_criteria};
use crate::common::{cells, frame_lonlat, frame_utm};
use clearway::grid::{UNKNOWN, is_unknown};
use clearway::score::curve::{points, quanta};
use clearway::score::program::{Call, Program, Tally};
use clearway::score::{CurvePoint, Plane};
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;

#[track_caller]
fn near(found: f64, expected: f64, relative: f64) {
    assert!((found - expected).abs() <= relative * expected.abs(), "found {found}, expected {expected}");
}

#[test]
fn curve_of_three_cells_by_hand() {
    // 10 m cells (100 m²); ranks 100, 50, 0; benefit 1, 0.5, 0.25; people at risk 3, 2, 1; cost 10, 20, 40.
    let mut layers = Layers::constant(frame_utm(3, 1, 10.0), 1.0, 0.0, 100.0);
    layers.population = cells("4 2 1");
    layers.cost = cells("10 20 40");
    on_each_engine(|tested| {
        let (summary, _) = layers.score_whole(tested.engine, &people_only(0.0));
        assert_eq!(summary.curve.len(), 200);
        let first = summary.curve[0];
        // The first half per cent holds rank 100; rank 50 comes with row 100 (50 %), rank 0 with the last.
        assert_eq!((first.percent, first.cells, first.area_m2, first.cost_usd), (0.5, 1, 100.0, 10.0));
        near(first.benefit, 100.0 / 1e4, 1e-6);
        near(first.exposure_ha, 4.0 * 100.0 / 1e4, 1e-6);
        assert_eq!([98, 99, 198, 199].map(|row: usize| summary.curve[row].cells), [1, 2, 2, 3]);
        let last = summary.curve[199];
        assert_eq!((last.percent, last.cells, last.area_m2, last.cost_usd), (100.0, 3, 300.0, 70.0));
        near(last.benefit, 175.0 / 1e4, 1e-6);
        near(last.exposure_ha, 7.0 * 100.0 / 1e4, 1e-6);
        near(summary.people, 7.0, 1e-9);
        near(summary.exposure_ha, 0.07, 1e-6);
        near(summary.people_at_risk_mean, 7.0 / 3.0, 1e-6);
        // Classes 5, 15, 40 %: rank 100 is class 1, ranks 50 and 0 are class 4.
        let classes: Vec<_> = summary.classes.iter().map(|c| (c.class, c.n_cells, c.area_m2)).collect();
        assert_eq!(classes, [(1, 1, 100.0), (2, 0, 0.0), (3, 0, 0.0), (4, 2, 200.0)]);
    });
}

#[test]
fn totals_keep_to_a_millionth_over_thirty_decades() {
    let mut rng = Pcg64::seed_from_u64(21);
    // Three workgroups of the GPU, so that words carry between them.
    let n = 257 * 129;
    let mut plane =
        |make: &mut dyn FnMut(&mut Pcg64) -> f32| (0..n).map(|_| make(&mut rng)).collect::<Vec<_>>();
    let rank =
        plane(&mut |rng| if rng.random_range(0..9) == 0 { UNKNOWN } else { rng.random_range(0.0..=100.0) });
    let cost = plane(&mut |rng| 10f32.powf(rng.random_range(-24.0..6.0)));
    let benefit = plane(&mut |rng| 10f32.powf(rng.random_range(-30.0..0.0)));
    let people = plane(&mut |rng| 10f32.powf(rng.random_range(-25.0..5.0)));
    let row_area_m2: Vec<f32> = (0..129).map(|row| 900.0 + row as f32 * 0.37).collect();
    let quanta = quanta(1000.0, 1e6, 1e5);
    let mut program = Program::new(257, 129);
    let [r, c, b, p] = [program.input(), program.input(), program.input(), program.input()];
    let row_area = Arc::new(row_area_m2.clone());
    program.call(Call::Curve {
        rank: r,
        cost: c,
        benefit: b,
        people_at_risk: p,
        row_area_m2: row_area,
        quanta,
    });
    let mut expected = vec![CurvePoint::default(); 200];
    for i in (0..n).filter(|i| !is_unknown(rank[*i])) {
        for (row, point) in expected.iter_mut().enumerate() {
            if f64::from(rank[i]) >= 100.0 - (row + 1) as f64 / 2.0 {
                let area_m2 = f64::from(row_area_m2[i / 257]);
                point.cells += 1;
                point.area_m2 += area_m2;
                point.cost_usd += f64::from(cost[i]);
                point.benefit += f64::from(benefit[i]) * area_m2 / 1e4;
                point.exposure_ha += f64::from(people[i]) * area_m2 / 1e4;
            }
        }
    }
    let mut bits = Vec::new();
    on_each_engine(|tested| {
        let mut tally = Tally::of_curve();
        run(tested.engine, &program, &[&rank, &cost, &benefit, &people], &mut tally);
        for (found, expected) in points(&tally.segments, &quanta).iter().zip(&expected) {
            assert_eq!(found.cells, expected.cells);
            near(found.area_m2, expected.area_m2, 1e-9);
            near(found.cost_usd, expected.cost_usd, 1e-9);
            near(found.benefit, expected.benefit, 1e-6);
            near(found.exposure_ha, expected.exposure_ha, 1e-6);
        }
    });
    // The sums are integers of the same f32 terms: the engines agree to the last quantum.
    for engine in 0..2 {
        let mut tally = Tally::of_curve();
        let planes: [&[f32]; 4] = [&rank, &cost, &benefit, &people];
        match engine {
            0 => drop(run(&mut clearway::score::Native::new(), &program, &planes, &mut tally)),
            _ => {
                #[cfg(feature = "gpu")]
                super::harness::with_gpu(|gpu, _| drop(run(gpu, &program, &planes, &mut tally)));
                #[cfg(not(feature = "gpu"))]
                drop(run(&mut clearway::score::Native::new(), &program, &planes, &mut tally));
            }
        }
        bits.push(tally.segments);
    }
    assert_eq!(bits[0], bits[1]);
}

#[test]
fn totals_match_the_planes_they_sum() {
    let layers = Layers::random(frame_lonlat(63, 65, 36.0, 35.0, 0.001), 22);
    on_each_engine(|tested| {
        let (summary, sink) = layers.score_whole(tested.engine, &two_criteria(300.0));
        let (benefit, at_risk, cost) =
            (sink.get(Plane::Benefit), sink.get(Plane::PeopleAtRisk), sink.get(Plane::Cost));
        let mut sums = [0.0; 4];
        for i in (0..benefit.len()).filter(|i| !is_unknown(benefit[*i])) {
            let area_m2 = layers.frame.cell_area_m2((i / 63) as i64);
            sums[0] += area_m2;
            sums[1] += f64::from(cost[i]);
            sums[2] += f64::from(benefit[i]) * area_m2 / 1e4;
            sums[3] += f64::from(at_risk[i]) * area_m2 / 1e4;
        }
        near(summary.scored_area_m2, sums[0], 1e-12);
        near(summary.curve[199].area_m2, sums[0], 1e-6);
        near(summary.cost_usd, sums[1], 1e-6);
        near(summary.benefit_ha, sums[2], 1e-6);
        near(summary.exposure_ha, sums[3], 1e-6);
        let n_classed: u64 = summary.classes.iter().map(|class| class.n_cells).sum();
        assert_eq!(n_classed, summary.n_scored);
        assert_eq!(summary.curve[199].cells, summary.n_scored);
    });
}

#[test]
fn a_hundred_and_fifty_thousand_like_cells_of_one_row_add_up_exactly() {
    // More cells at once than the words of a batch can hold, each of the largest term but one bit, half of the rank
    // that is unknown with numbers that would not fit anywhere.
    let n = 150_000;
    let largest = 2f32.next_down();
    let rank: Vec<f32> = (0..n).map(|i| if i % 2 == 0 { 77.7 } else { UNKNOWN }).collect();
    let plane: Vec<f32> = (0..n).map(|i| if i % 2 == 0 { largest } else { UNKNOWN }).collect();
    let quanta = quanta(1.0, 1.0, 1.0);
    let mut program = Program::new(n, 1);
    let [rank_slot, cost, benefit, people_at_risk] =
        [program.input(), program.input(), program.input(), program.input()];
    let row_area_m2 = Arc::new(vec![1.0]);
    program.call(Call::Curve { rank: rank_slot, cost, benefit, people_at_risk, row_area_m2, quanta });
    on_each_engine(|tested| {
        let mut tally = Tally::of_curve();
        run(tested.engine, &program, &[&rank, &plane, &plane, &plane], &mut tally);
        let last = points(&tally.segments, &quanta)[199];
        // 75,000 · (2 − 2^-23), exact in f64.
        let sum = 75_000.0 * f64::from(largest);
        assert_eq!((last.cells, last.area_m2, last.cost_usd), (75_000, 75_000.0, sum), "{}", tested.name);
        near(last.benefit, sum / 1e4, 1e-15);
        near(last.exposure_ha, sum / 1e4, 1e-15);
        // Rank 77.7 lies in segment (100 − 77.7) · 2 = 44.6 → 45th.
        assert_eq!(tally.segments[44].cells, 75_000);
    });
}
