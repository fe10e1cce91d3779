//! `acceptability`, `rank_mean`, `rank_sd` of an ordered list: against the keys of every sample made by `order` and
//! ranked by sorting.

use clearway::grid::{Frame, MemoryCells, UNKNOWN, is_unknown};
use clearway::score::ordered::order;
use clearway::score::{
    Benefit, Bound, Criterion, Draws, HazardDraw, Native, Plane, PriorityBy, Recipe, Robustness, Source,
    Value, WeightDraw,
};

use super::acceptability::{PLANES, assert_no_bit_changes, assert_ranks_of_a_survey, sampled};
use super::harness::{Layers, Tested, on_each_engine, people_only, value_by_the_book};
use crate::common::{cells, frame_lonlat, frame_utm};

/// Points that two cells of 2048 and more in one bin may be off by: half a place. Of fewer cells they are told apart.
const OF_A_BIN: f64 = 0.026;

fn criterion(name: &str, source: Source, weight: f64, hi: Bound) -> Criterion {
    let value = Value::Linear { lo: Bound::At(0.0), hi };
    Criterion { name: name.into(), source, weight, value }
}

/// Layers of which 3 % of the cells have people: most of the ground is worth nothing to them.
fn ground(frame: Frame, n_layers: usize) -> Layers {
    let mut layers = Layers::random(frame.clone(), 7);
    let layer = |k: usize| {
        let other = Layers::random(frame.clone(), 70 + k as u64);
        // Nothing in half of the cells.
        let cells = other.criteria[0].to_vec().into_iter();
        let cells = cells.map(|x| if is_unknown(x) { UNKNOWN } else { (x - 45.0).max(0.0) / 55.0 });
        MemoryCells::from_values(frame.clone(), cells.collect())
    };
    layers.criteria = (0..n_layers).map(layer).collect();
    layers
}

/// People without a threshold and layers of values 0..1, each reached from its threshold on.
fn list(weights: &[f64], thresholds: &[Option<f64>]) -> Recipe {
    let mut recipe = people_only(0.0);
    let layers = weights.iter().enumerate();
    let layers = layers.map(|(k, w)| criterion(&format!("c{k}"), Source::Layer(k), *w, Bound::At(1.0)));
    recipe.criteria.extend(layers);
    recipe.benefit = Benefit::Ordered;
    recipe.thresholds = [&[None], thresholds].concat();
    recipe
}

/// By cell, tier and value of every criterion; `None` where the cell is not scored.
type Book = Vec<Option<(f32, Vec<f64>)>>;

fn book(layers: &Layers, recipe: &Recipe) -> Book {
    let planes: Vec<Vec<f32>> = layers.criteria.iter().map(MemoryCells::to_vec).collect();
    let [hazard, people, cost] = [&layers.hazard, &layers.population, &layers.cost].map(MemoryCells::to_vec);
    let of = |c: &Criterion, i: usize| match c.source {
        Source::Exposure => people[i],
        Source::Layer(k) => planes[k][i],
    };
    let is_scored = |i: usize| {
        let of_criteria = recipe.criteria.iter().all(|c| !is_unknown(of(c, i)));
        of_criteria && [hazard[i], people[i], cost[i]].iter().all(|x| !is_unknown(*x))
    };
    let scored = || (0..hazard.len()).filter(|i| is_scored(*i));
    let n_tiers = recipe.thresholds.iter().flatten().count() + 1;
    let mut cells: Book = vec![None; hazard.len()];
    for i in scored() {
        let value = |c: &Criterion| {
            let largest = scored().map(|i| f64::from(of(c, i))).fold(f64::MIN, f64::max);
            value_by_the_book(&c.value, f64::from(of(c, i)), largest)
        };
        let values: Vec<f64> = recipe.criteria.iter().map(value).collect();
        let listed = values.iter().zip(&recipe.thresholds).filter_map(|(v, t)| Some(*v >= (*t)? - 1e-6));
        let tier = listed.clone().position(|reaches| reaches).map_or(n_tiers, |at| at + 1);
        cells[i] = Some((tier as f32, values));
    }
    cells
}

/// Acceptability, mean and standard deviation of the rank, from the keys of every sample.
fn by_the_book(layers: &Layers, recipe: &Recipe) -> Vec<Option<[f64; 3]>> {
    let robustness = recipe.robustness.as_ref().unwrap();
    let draws = Draws::new(recipe).unwrap();
    let (cells, cost) = (book(layers, recipe), layers.cost.to_vec());
    let last_tier = (recipe.thresholds.iter().flatten().count() + 1) as f32;
    let n_cols = layers.frame.n_cols;
    let mut sums = vec![[0.0; 3]; cells.len()];
    for s in 0..draws.n_samples() {
        let key = |(i, cell): (usize, &Option<(f32, Vec<f64>)>)| {
            let (tier, values) = cell.as_ref()?;
            let (col, row) = (i % n_cols, i / n_cols);
            let sum: f64 = values.iter().zip(draws.weights(s)).map(|(v, w)| v * w).sum();
            let per = match recipe.priority_by {
                PriorityBy::Benefit => 1.0,
                PriorityBy::BenefitPerCost => {
                    let cost = f64::from(cost[i]) * draws.cost_factor(s, col as u32, row as u32);
                    layers.frame.cell_area_m2(row as i64) / cost
                }
            };
            let mut key = [0.0];
            order(&[(sum * per) as f32], &[*tier], &[0.5], last_tier, &mut key);
            Some(key[0].to_bits())
        };
        let keys: Vec<Option<u32>> = cells.iter().enumerate().map(key).collect();
        let mut sorted: Vec<u32> = keys.iter().flatten().copied().collect();
        sorted.sort_unstable();
        for (sums, key) in sums.iter_mut().zip(&keys) {
            let Some(key) = key else { continue };
            let below = sorted.partition_point(|other| other < key);
            let equal = sorted.partition_point(|other| other <= key) - below;
            let rank = 100.0 * (below as f64 + (equal as f64 - 1.0) / 2.0) / (sorted.len() as f64 - 1.0);
            sums[0] += f64::from(u8::from(rank as f32 >= (100.0 - robustness.top_percent) as f32));
            sums[1] += rank;
            sums[2] += rank * rank;
        }
    }
    let n = draws.n_samples() as f64;
    let finish = |[top, sum, squares]: [f64; 3]| {
        let mean = sum / n;
        [top / n, mean, (squares / n - mean * mean).max(0.0).sqrt()]
    };
    cells.iter().zip(sums).map(|(cell, sums)| cell.as_ref().map(|_| finish(sums))).collect()
}

/// Compares an engine with the book: mean and standard deviation of the rank to `tolerance` points, acceptability equal
/// but in one cell of 1000, where it may be one sample apart.
fn assert_by_the_book(tested: &mut Tested<'_>, layers: &Layers, recipe: &Recipe, tolerance: f64) {
    let expected = by_the_book(layers, recipe);
    let (_, sink) = layers.score(tested.engine, recipe, 37).expect("layers can be scored");
    let found = PLANES.map(|plane| sink.get(plane));
    let one = 1.0 / recipe.robustness.as_ref().unwrap().n_samples as f64;
    let (mut worst, mut n_apart, mut n_known) = ([0.0_f64; 3], 0, 0);
    for (i, expected) in expected.iter().enumerate() {
        let of_cell = [0, 1, 2].map(|k| f64::from(found[k][i]));
        let Some(expected) = expected else {
            assert!(found.iter().all(|plane| is_unknown(plane[i])), "{} cell {i}: {of_cell:?}", tested.name);
            continue;
        };
        n_known += 1;
        let apart = [0, 1, 2].map(|k| (of_cell[k] - expected[k]).abs());
        worst = [0, 1, 2].map(|k| worst[k].max(apart[k]));
        n_apart += usize::from(apart[0] > one * 0.5);
    }
    assert!(worst[1] < tolerance && worst[2] < tolerance, "{}: {worst:?}", tested.name);
    assert!(worst[0] < one * 1.01 && n_apart * 1000 <= n_known, "{}: {n_apart} of {n_known}", tested.name);
    assert!(n_known > 0);
}

fn noise(n_samples: usize) -> Robustness {
    Robustness { n_samples, cost_sigma: 0.3, ..Robustness::default() }
}

#[test]
fn lists_agree_with_the_keys_of_every_sample() {
    for frame in [frame_utm(61, 57, 10.0), frame_lonlat(61, 57, 18.0, 44.0, 0.0003)] {
        let layers = ground(frame, 3);
        let mut recipe = list(&[1.0, 2.0, 0.5], &[Some(0.7), Some(0.4), None]);
        for by in [PriorityBy::Benefit, PriorityBy::BenefitPerCost] {
            recipe.priority_by = by;
            for (n_samples, correlated) in [(40, 1), (7, 5)] {
                let robustness = Robustness { correlated, ..noise(n_samples) };
                let recipe = sampled(recipe.clone(), robustness);
                on_each_engine(|tested| assert_by_the_book(tested, &layers, &recipe, OF_A_BIN));
            }
        }
    }
}

#[test]
fn more_samples_than_a_group_holds_and_any_top_agree() {
    let layers = ground(frame_utm(41, 31, 10.0), 2);
    let recipe = list(&[1.0, 2.0], &[Some(0.5), Some(0.5)]);
    for top_percent in [1.0, 30.0, 75.0, 99.0] {
        let n_samples = if top_percent > 90.0 { 300 } else { 25 };
        let recipe = sampled(recipe.clone(), Robustness { top_percent, ..noise(n_samples) });
        on_each_engine(|tested| assert_by_the_book(tested, &layers, &recipe, 0.01));
    }
}

#[test]
fn weights_that_only_samples_have_agree() {
    // People count for nothing in the recipe, and a layer never does: cells worth nothing as scored are worth something.
    let layers = ground(frame_utm(61, 57, 10.0), 3);
    let mut recipe = list(&[1.0, 0.0, 0.0], &[Some(0.7), Some(0.4), Some(0.9)]);
    recipe.criteria[0].weight = 0.0;
    let ranges = WeightDraw::Ranges(vec![Some((0.0, 3.0)), Some((0.5, 2.0)), Some((0.1, 0.2)), None]);
    for by in [PriorityBy::Benefit, PriorityBy::BenefitPerCost] {
        recipe.priority_by = by;
        let recipe = sampled(recipe.clone(), Robustness { weights: ranges.clone(), ..noise(30) });
        on_each_engine(|tested| assert_by_the_book(tested, &layers, &recipe, OF_A_BIN));
    }
}

#[test]
fn weights_drawn_next_to_nothing_agree() {
    let layers = ground(frame_utm(61, 57, 10.0), 2);
    let weights = WeightDraw::Dirichlet { concentration: 1.0 };
    let recipe = list(&[1.0, 0.2], &[Some(0.7), Some(0.4)]);
    let recipe = sampled(recipe, Robustness { weights, cost_sigma: 1.0, ..noise(30) });
    on_each_engine(|tested| assert_by_the_book(tested, &layers, &recipe, OF_A_BIN));
}

#[test]
fn thirty_two_tiers_and_more_criteria_than_are_summed_in_one_go_agree() {
    let layers = ground(frame_utm(61, 57, 10.0), 6);
    let mut recipe = list(&[1.0; 6], &[None; 6]);
    // Each layer's threshold falls: 31 steps over six layers.
    let steps = (0..31).map(|i| {
        let name = format!("step {i}");
        let weight = f64::from(u8::from(i % 3 == 0));
        (criterion(&name, Source::Layer(i % 6), weight, Bound::At(1.0)), Some(0.98 - 0.03 * i as f64))
    });
    let (criteria, thresholds): (Vec<_>, Vec<_>) = steps.unzip();
    recipe.criteria.extend(criteria);
    recipe.thresholds.extend(thresholds);
    for by in [PriorityBy::Benefit, PriorityBy::BenefitPerCost] {
        recipe.priority_by = by;
        let recipe = sampled(recipe.clone(), noise(12));
        on_each_engine(|tested| assert_by_the_book(tested, &layers, &recipe, OF_A_BIN));
    }
}

#[test]
fn by_hand_cells_worth_nothing_rank_above_later_tiers() {
    // One weight, so every sample is alike. Tiers 1 1 2 2 2 3 3 3, people 0 5 0 0 8 9 0 0 (9 the most): from the last,
    // 0 0 9 | 0 0 8 | 0 5, of seven steps of 100 / 7.
    let frame = frame_utm(8, 1, 10.0);
    let mut layers = Layers::constant(frame.clone(), 0.5, 0.0, 900.0);
    layers.population = MemoryCells::from_values(frame, vec![0.0, 5.0, 0.0, 0.0, 8.0, 9.0, 0.0, 0.0]);
    layers.criteria = vec![cells("1 1 0 0 0 0 0 0"), cells("0 1 1 1 1 0 0 0")];
    let recipe = sampled(list(&[0.0, 0.0], &[Some(0.5), Some(0.5)]), noise(5));
    let recipe = Recipe { priority_by: PriorityBy::Benefit, ..recipe };
    on_each_engine(|tested| {
        let (summary, sink) = layers.score_whole(tested.engine, &recipe);
        assert!(summary.warnings.iter().any(|text| text.contains("every sample")), "{:?}", summary.warnings);
        let expected = [6.0, 7.0, 3.5, 3.5, 5.0, 2.0, 0.5, 0.5].map(|place: f32| 100.0 * place / 7.0);
        for (found, expected) in sink.get(Plane::RankMean).iter().zip(expected) {
            assert!((found - expected).abs() < 1e-4, "{found} {expected}");
        }
        assert_eq!(sink.get(Plane::RankSd), [0.0; 8]);
        assert_eq!(sink.get(Plane::Acceptability), [0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]);
    });
}

#[test]
fn drawn_hazard_changes_no_rank_of_a_list_and_says_so() {
    let layers = ground(frame_utm(41, 31, 10.0), 1);
    let of = |hazard: HazardDraw| {
        let recipe = sampled(list(&[1.0], &[Some(0.5)]), Robustness { hazard, ..noise(9) });
        let (summary, sink) = layers.score_whole(&mut Native::new(), &recipe);
        let says_so = summary.warnings.iter().any(|warning| warning.contains("drawn hazard changes no rank"));
        (PLANES.map(|plane| sink.get(plane)), says_so)
    };
    let (fixed, drawn) = (of(HazardDraw::Fixed), of(HazardDraw::Sigma(0.8)));
    assert!(fixed.0 == drawn.0 && !fixed.1 && drawn.1);
}

#[test]
fn many_cells_stay_within_the_stated_error_in_a_few_tiers_and_in_many() {
    let frame = frame_utm(840, 830, 10.0);
    let n = frame.n_cells() as usize;
    let mut layers = Layers::random(frame.clone(), 5);
    let tier = |i: usize| ((i as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 59) as f32;
    layers.criteria = vec![MemoryCells::from_values(frame.clone(), (0..n).map(tier).collect())];
    let steps = |codes: &[u32]| {
        let mut recipe = people_only(0.0);
        recipe.benefit = Benefit::Ordered;
        recipe.criteria.extend(codes.iter().map(|code| Criterion {
            value: Value::Steps(vec![(f64::from(*code), 1.0)]),
            ..criterion(&format!("from {code}"), Source::Layer(0), 0.0, Bound::Max)
        }));
        recipe.thresholds = [vec![None], vec![Some(0.5); codes.len()]].concat();
        recipe
    };
    let all: Vec<u32> = (1..32).rev().collect();
    // No people in nearly all cells; half an octave of people everywhere, so that a tier's cells lie in few bins; both
    // with the threshold among cells worth nothing, or a tier of few cells.
    let even = (0..n).map(|i| 700.0 + ((i * 7919) % 300_007) as f32 * 1e-3).collect();
    let crowded = MemoryCells::from_values(frame.clone(), even);
    let sparse = std::mem::replace(&mut layers.population, crowded);
    for codes in [&all[..], &[31, 2], &[16]] {
        for by in [PriorityBy::Benefit, PriorityBy::BenefitPerCost] {
            assert_ranks_of_a_survey(&layers, Recipe { priority_by: by, ..steps(codes) }, Plane::Order);
        }
    }
    layers.population = sparse;
    for codes in [&all[..], &[31, 2], &[16]] {
        assert_ranks_of_a_survey(&layers, steps(codes), Plane::Order);
    }
}

#[test]
fn tiles_and_engines_change_no_bit_of_a_list() {
    let layers = ground(frame_utm(83, 71, 10.0), 3);
    let recipe = sampled(list(&[1.0, 2.0, 0.0], &[Some(0.7), None, Some(0.4)]), noise(13));
    assert_no_bit_changes(&layers, &recipe, 128);
}
