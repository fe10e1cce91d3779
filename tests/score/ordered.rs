//! The benefit form `ordered`: tiers in the order of the criteria, the sum inside a tier.

use super::harness::{
    Layers, assert_plane, exact_ranks, on_each_engine, people_only, two_criteria, value_by_the_book,
};
use crate::common::{assert_cells, cells, frame_lonlat, frame_utm};
use clearway::grid::{MemoryCells, UNKNOWN, is_unknown};
use clearway::score::{
    Benefit, Bound, Criterion, Maxima, Plane, PriorityBy, Recipe, Source, Value, contributions,
};
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;

fn share(name: &str, layer: usize, weight: f64) -> Criterion {
    let value = Value::Linear { lo: Bound::At(0.0), hi: Bound::At(1.0) };
    Criterion { name: name.into(), source: Source::Layer(layer), weight, value }
}

/// An ordered list over layers of values 0..1, all of one weight.
fn list(thresholds: &[Option<f64>]) -> Recipe {
    Recipe {
        criteria: (0..thresholds.len()).map(|k| share(&format!("c{k}"), k, 1.0)).collect(),
        benefit: Benefit::Ordered,
        thresholds: thresholds.to_vec(),
        priority_by: PriorityBy::Benefit,
        ..people_only(0.0)
    }
}

#[test]
fn ordered_by_hand() {
    // Schools reach a tier from 0.5 on, fields from 0.8 on; water only counts for the sum. Three tiers, weights 1/3.
    //   cell     0      1      2      3      4      5
    //   school   0.5    0.4    0      1      0.49   0.6
    //   field    0      0.8    0.7    1      1      0.9
    //   water    0      1      1      1      0      0
    //   tier     1      2      3      1      2      1
    //   s        1/6    2.2/3  1.7/3  1      1.49/3 0.5
    //   b        (3 - tier + s) / 3
    let mut layers = Layers::constant(frame_utm(6, 1, 10.0), 0.25, 1.0, 100.0);
    layers.criteria = vec![cells("0.5 0.4 0 1 0.49 0.6"), cells("0 0.8 0.7 1 1 0.9"), cells("0 1 1 1 0 0")];
    let recipe = list(&[Some(0.5), Some(0.8), None]);
    let s = [0.5 / 3.0, 2.2 / 3.0, 1.7 / 3.0, 1.0, 1.49 / 3.0, 0.5];
    let tiers = [1.0, 2.0, 3.0, 1.0, 2.0, 1.0];
    let benefit: Vec<f32> = s.iter().zip(tiers).map(|(s, tier)| ((3.0 - tier + s) / 3.0) as f32).collect();
    on_each_engine(|tested| {
        let (summary, sink) = layers.score_whole(tested.engine, &recipe);
        assert_cells(&sink.get(Plane::Benefit), &benefit, 6, 2e-7, 0.0);
        // Tier 1 from the top: 1, 0.5, 1/6; then 2.2/3, 1.49/3; then the rest.
        assert_cells(&sink.get(Plane::Rank), &[60.0, 40.0, 0.0, 100.0, 20.0, 80.0], 6, 1e-5, 0.0);
        // Tier 2 of cell 1: each third of a ninth of its values, and 1/3 for the field that decides.
        let parts = contributions(&recipe, &summary.maxima, 0.25, 1.0, &[0.4, 0.8, 1.0]);
        for (part, expected) in parts.iter().zip([0.4 / 9.0, 0.8 / 9.0 + 1.0 / 3.0, 1.0 / 9.0]) {
            assert!((part - expected).abs() < 1e-12, "{parts:?}");
        }
    });
}

#[test]
fn no_cost_lifts_a_cell_into_an_earlier_tier() {
    // Both in one tier but the last; inside a tier by s · a / c when asked for. 100 m² cells.
    let mut layers = Layers::constant(frame_utm(4, 1, 10.0), 1.0, 1.0, 1.0);
    layers.criteria = vec![cells("0.6 0.6 0.8 0.1")];
    layers.cost = cells("1000 10 1e6 1e-6");
    let mut recipe = list(&[Some(0.5)]);
    on_each_engine(|tested| {
        let (_, sink) = layers.score_whole(tested.engine, &recipe);
        let third = 100.0 / 3.0;
        assert_cells(&sink.get(Plane::Rank), &[1.5 * third, 1.5 * third, 100.0, 0.0], 4, 1e-4, 0.0);
    });
    recipe.priority_by = PriorityBy::BenefitPerCost;
    on_each_engine(|tested| {
        let (_, sink) = layers.score_whole(tested.engine, &recipe);
        assert_cells(&sink.get(Plane::Rank), &[200.0 / 3.0, 100.0, 100.0 / 3.0, 0.0], 4, 1e-4, 0.0);
        // The grid of benefit per cost stays b · a / c: b = (2 - 1 + 0.6) / 2 = 0.8, times 100 / 1000.
        assert_cells(&sink.get(Plane::BenefitPerCost)[..1], &[0.08], 1, 0.0, 1e-6);
    });
}

#[test]
fn value_that_equals_its_threshold_reaches_it() {
    // (x - lo) / (hi - lo) = 1/3 and 0.1 as cells hold them, rounded either way.
    let mut layers = Layers::constant(frame_utm(2, 1, 10.0), 1.0, 1.0, 1.0);
    layers.criteria = vec![cells("1000 999.9")];
    let mut recipe = list(&[Some(1.0 / 3.0)]);
    recipe.criteria[0].value = Value::Linear { lo: Bound::At(0.0), hi: Bound::At(3000.0) };
    on_each_engine(|tested| {
        let (_, sink) = layers.score_whole(tested.engine, &recipe);
        assert_cells(&sink.get(Plane::Benefit), &[2.0 / 3.0, 0.333_3 / 2.0], 2, 1e-6, 0.0);
    });
}

/// Ranks by the book: sorted by tier and then by s in `f64`, ties at their middle.
fn ranks_by_the_book(keys: &[Option<(f64, f64)>]) -> Vec<f32> {
    let mut sorted: Vec<(f64, f64)> = keys.iter().flatten().copied().collect();
    sorted.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.total_cmp(&b.1)));
    let n = sorted.len() as f64 - 1.0;
    let is_before = |a: &(f64, f64), b: &(f64, f64)| a.0 > b.0 || a.0 == b.0 && a.1 < b.1;
    let rank = |key: &(f64, f64)| {
        let below = sorted.partition_point(|other| is_before(other, key));
        let equal = sorted.partition_point(|other| !is_before(key, other)) - below;
        (100.0 * (below as f64 + (equal as f64 - 1.0) / 2.0) / n) as f32
    };
    keys.iter().map(|key| key.as_ref().map_or(UNKNOWN, rank)).collect()
}

#[test]
fn ranks_follow_tiers_and_then_the_sum_however_lumped_it_is() {
    // Exposure with a heavy tail: most values lie far below a millionth of the largest, where b next to 1 has no digits.
    let mut rng = Pcg64::seed_from_u64(101);
    for frame in [frame_utm(61, 57, 10.0), frame_lonlat(61, 57, 18.0, 44.0, 0.0003)] {
        let mut layers = Layers::random(frame.clone(), 102);
        let n = frame.n_cells() as usize;
        let people = (0..n).map(|_| (40.0 * rng.random::<f32>() - 20.0).exp());
        layers.population = MemoryCells::from_values(frame.clone(), people.collect());
        let codes = (0..n).map(|_| f32::from(rng.random_range(0..4u8)));
        layers.criteria = vec![MemoryCells::from_values(frame.clone(), codes.collect())];
        let mut recipe = people_only(0.0);
        recipe.benefit = Benefit::Ordered;
        recipe.criteria.push(Criterion {
            name: "list".into(),
            source: Source::Layer(0),
            weight: 0.0,
            value: Value::Classes(vec![(0, 0.0), (1, 0.3), (2, 0.6), (3, 1.0)]),
        });
        // Three criteria of one layer: reached from the codes 3, 2 and 1 on.
        recipe.criteria.extend([recipe.criteria[1].clone(), recipe.criteria[1].clone()]);
        recipe.thresholds = vec![None, Some(0.9), Some(0.5), Some(0.2)];
        for by in [PriorityBy::Benefit, PriorityBy::BenefitPerCost] {
            recipe.priority_by = by;
            let [hazard, population, cost] =
                [&layers.hazard, &layers.population, &layers.cost].map(MemoryCells::to_vec);
            let list = layers.criteria[0].to_vec();
            let is_scored = |i: usize| !is_unknown(hazard[i]) && !is_unknown(cost[i]);
            let largest = (0..n).filter(|i| is_scored(*i)).map(|i| population[i]).fold(0.0, f32::max);
            let key = |i: usize| {
                let per = match by {
                    PriorityBy::Benefit => 1.0,
                    PriorityBy::BenefitPerCost => {
                        frame.cell_area_m2((i / frame.n_cols) as i64) / f64::from(cost[i])
                    }
                };
                (4.0 - f64::from(list[i]), f64::from(population[i]) / f64::from(largest) * per)
            };
            let keys: Vec<_> = (0..n).map(|i| is_scored(i).then(|| key(i))).collect();
            let expected = ranks_by_the_book(&keys);
            on_each_engine(|tested| {
                let (_, sink) = layers.score_whole(tested.engine, &recipe);
                // 0.03 of a point is one place among 3000 cells: two that f32 rounds into each other's place.
                assert_cells(&sink.get(Plane::Rank), &expected, frame.n_cols, 0.04, 0.0);
                let (_, tiled) = layers.score(tested.engine, &recipe, 16).unwrap();
                assert_eq!(sink.bits(), tiled.bits());
            });
        }
    }
}

#[test]
fn ordered_matches_the_textbook_and_parts_add_up() {
    let layers = Layers::random(frame_utm(41, 37, 10.0), 103);
    let mut recipe = two_criteria(30.0);
    recipe.benefit = Benefit::Ordered;
    recipe.thresholds = vec![Some(0.3), Some(0.5)];
    on_each_engine(|tested| {
        let (summary, sink) = layers.score_whole(tested.engine, &recipe);
        let (exposure, benefit) = (sink.get(Plane::Exposure), sink.get(Plane::Benefit));
        let (hazard, layer) = (layers.hazard.to_vec(), layers.criteria[0].to_vec());
        let known = |i: usize| !is_unknown(benefit[i]);
        let expected: Vec<Option<f64>> = (0..benefit.len())
            .map(|i| {
                known(i).then(|| {
                    let of = |k: usize, x: f32| {
                        value_by_the_book(&recipe.criteria[k].value, f64::from(x), summary.maxima.exposure)
                    };
                    let (people, road) = (of(0, exposure[i]), of(1, layer[i]));
                    let tier = if people >= 0.3 - 1e-6 {
                        1.0
                    } else if road >= 0.5 - 1e-6 {
                        2.0
                    } else {
                        3.0
                    };
                    (3.0 - tier + 0.75 * people + 0.25 * road) / 3.0
                })
            })
            .collect();
        assert_plane(&benefit, &expected, 41, 1e-6);
        for i in (0..benefit.len()).filter(|i| known(*i)) {
            let (h, e) = (f64::from(hazard[i]), f64::from(exposure[i]));
            let parts = contributions(&recipe, &summary.maxima, h, e, &[f64::from(layer[i])]);
            assert!((parts.iter().sum::<f64>() - f64::from(benefit[i])).abs() < 1e-6, "cell {i}");
            assert!(parts.iter().all(|part| *part >= 0.0), "{parts:?}");
        }
    });
}

#[test]
#[cfg(feature = "gpu")]
fn ordered_agrees_on_the_gpu() {
    use super::harness::with_gpu;
    let layers = Layers::random(frame_utm(83, 71, 10.0), 104);
    let mut recipe = two_criteria(30.0);
    recipe.benefit = Benefit::Ordered;
    recipe.thresholds = vec![None, Some(0.5)];
    let (_, native) = layers.score(&mut clearway::score::Native::new(), &recipe, 64).unwrap();
    with_gpu(|gpu, _| {
        let (_, found) = layers.score(gpu, &recipe, 64).unwrap();
        assert_cells(&found.get(Plane::Benefit), &native.get(Plane::Benefit), 83, 4e-6, 0.0);
    });
}

#[test]
fn lists_that_mean_nothing_are_refused() {
    let codes = |recipe: Recipe| -> Vec<String> {
        let faults = recipe.validated().err().map(|e| e.faults().to_vec()).unwrap_or_default();
        faults.iter().map(|fault| format!("{} at {}", fault.code, fault.place)).collect()
    };
    assert_eq!(codes(list(&[Some(1.0), None])), [""; 0]);
    assert_eq!(codes(list(&[None, None])), ["score.threshold at score.criteria"]);
    for wrong in [0.0, -0.5, 1.1, f64::NAN] {
        assert_eq!(codes(list(&[Some(wrong)])), ["score.threshold at score.criteria `c0`, threshold"]);
    }
    let mut other = list(&[Some(0.5)]);
    other.benefit = Benefit::Sum;
    assert_eq!(codes(other), ["score.threshold at score.criteria `c0`, threshold"]);
    assert_eq!(codes(list(&[Some(0.5); 32])), ["score.threshold at score.criteria"]);
    assert_eq!(codes(list(&[Some(0.5); 31])), [""; 0]);
}

#[test]
fn thirty_two_tiers_still_order() {
    // 31 criteria, each reached by one cell alone, and one cell that reaches none; costs lift nothing.
    let n = 32;
    let frame = frame_utm(n, 1, 10.0);
    let mut layers = Layers::constant(frame.clone(), 1.0, 1.0, 1.0);
    let of = |k: usize| (0..n).map(|i| if i == k { 1.0 } else { 0.0 }).collect();
    layers.criteria = (0..n - 1).map(|k| MemoryCells::from_values(frame.clone(), of(k))).collect();
    let cost = (0..n).map(|i| 1e30f32.powf(1.0 - 2.0 * i as f32 / n as f32)).collect();
    layers.cost = MemoryCells::from_values(frame, cost);
    let mut recipe = list(&[Some(0.5); 31]);
    recipe.priority_by = PriorityBy::BenefitPerCost;
    let falling: Vec<f32> = (0..n).map(|i| -(i as f32)).collect();
    on_each_engine(|tested| {
        let (_, sink) = layers.score_whole(tested.engine, &recipe);
        assert_cells(&sink.get(Plane::Rank), &exact_ranks(&falling), n, 1e-4, 0.0);
    });
    let maxima = Maxima { layers: vec![1.0; 31], ..Maxima::default() };
    let none = contributions(&recipe, &maxima, 1.0, 1.0, &[0.0; 31]);
    assert!(none.iter().all(|part| *part == 0.0));
}
