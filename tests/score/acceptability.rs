//! `acceptability`, `rank_mean`, `rank_sd`: against scoring every sample by the book with the same draws.

use clearway::grid::{Cells, Crs, Frame, MemoryCells, UNKNOWN, is_unknown};
use clearway::score::acceptability::survey::{bits_for, is_surveyed};
use clearway::score::{
    Benefit, Draws, HazardDraw, Native, Plane, PriorityBy, Recipe, Robustness, Source, WeightDraw,
};
use glam::DVec2;

use super::harness::{Layers, Tested, Textbook, on_each_engine, people_only, two_criteria};

pub const PLANES: [Plane; 3] = [Plane::Acceptability, Plane::RankMean, Plane::RankSd];

fn utm(n_cols: usize, n_rows: usize) -> Frame {
    let crs = Crs::from_epsg(32633, "test").unwrap();
    Frame::north_up(crs, DVec2::new(500_000.0, 5_000_000.0), DVec2::splat(30.0), n_cols, n_rows)
}

pub fn sampled(recipe: Recipe, robustness: Robustness) -> Recipe {
    Recipe { robustness: Some(robustness), ..recipe }
}

/// Acceptability, mean and standard deviation of the rank, each sample scored by the book.
fn by_the_book(layers: &Layers, recipe: &Recipe) -> Vec<Option<[f64; 3]>> {
    let robustness = recipe.robustness.as_ref().unwrap();
    let draws = Draws::new(recipe).unwrap();
    let n = layers.frame.n_cells() as usize;
    let n_cols = layers.frame.n_cols;
    let sd = match robustness.hazard {
        HazardDraw::Layer(layer) => Some(layers.criteria[layer].to_vec()),
        _ => None,
    };
    let is_left_out = |i: usize| sd.as_ref().is_some_and(|sd| is_unknown(sd[i]));
    let mut sums = vec![[0.0; 3]; n];
    let mut is_sampled = vec![false; n];
    for s in 0..draws.n_samples() {
        let drawn = |cells: &MemoryCells, value: &dyn Fn(usize, u32, u32, f64) -> f64| {
            let cells = cells.to_vec().into_iter().enumerate().map(|(i, x)| {
                let (col, row) = ((i % n_cols) as u32, (i / n_cols) as u32);
                if is_unknown(x) { x } else { value(i, col, row, f64::from(x)) as f32 }
            });
            MemoryCells::from_values(layers.frame.clone(), cells.collect())
        };
        let hazard = drawn(&layers.hazard, &|i, col, row, h| {
            let sd = sd.as_ref().map_or(0.0, |sd| f64::from(sd[i]));
            if is_left_out(i) { h } else { draws.hazard(s, col, row, h, sd) }
        });
        let cost = drawn(&layers.cost, &|_, col, row, c| c * draws.cost_factor(s, col, row));
        let copy = |cells: &MemoryCells| MemoryCells::from_values(layers.frame.clone(), cells.to_vec());
        let of_sample = Layers {
            frame: layers.frame.clone(),
            hazard,
            population: copy(&layers.population),
            cost,
            criteria: layers.criteria.iter().map(copy).collect(),
        };
        let mut recipe = recipe.clone();
        recipe.priority_by = PriorityBy::BenefitPerCost;
        for (criterion, weight) in recipe.criteria.iter_mut().zip(draws.weights(s)) {
            criterion.weight = *weight;
        }
        let p = Textbook::of(&of_sample, &recipe).per_usd;
        let cells: Vec<(usize, f64)> =
            (0..n).filter(|i| !is_left_out(*i)).filter_map(|i| p[i].map(|p| (i, p))).collect();
        let mut sorted: Vec<f64> = cells.iter().map(|(_, p)| *p).collect();
        sorted.sort_by(f64::total_cmp);
        for (i, p) in cells {
            // What f32 cannot tell apart is tied.
            let below = sorted.partition_point(|x| *x < p * (1.0 - 2e-7));
            let equal = sorted.partition_point(|x| *x <= p * (1.0 + 2e-7)) - below;
            let total = sorted.len();
            let rank = match total {
                1 => 100.0,
                _ => 100.0 * (below as f64 + (equal as f64 - 1.0) / 2.0) / (total as f64 - 1.0),
            };
            is_sampled[i] = true;
            sums[i][0] += f64::from(u8::from(rank as f32 >= (100.0 - robustness.top_percent) as f32));
            sums[i][1] += rank;
            sums[i][2] += rank * rank;
        }
    }
    let n_samples = draws.n_samples() as f64;
    let finish = |[top, sum, squares]: [f64; 3]| {
        let mean = sum / n_samples;
        [top / n_samples, mean, (squares / n_samples - mean * mean).max(0.0).sqrt()]
    };
    sums.into_iter().zip(is_sampled).map(|(sums, is_sampled)| is_sampled.then(|| finish(sums))).collect()
}

/// Compares an engine with the book: ranks to `tolerance` points, acceptability equal but in one cell of 300, where
/// it may be one sample apart.
fn assert_by_the_book(tested: &mut Tested<'_>, layers: &Layers, recipe: &Recipe, tolerance: f64) {
    let expected = by_the_book(layers, recipe);
    let (_, sink) = layers.score(tested.engine, recipe, 37).expect("layers can be scored");
    let [acceptability, mean, sd] = PLANES.map(|plane| sink.get(plane));
    let one = 1.0 / recipe.robustness.as_ref().unwrap().n_samples as f64;
    let (mut n_apart, mut n_known) = (0, 0);
    for (i, expected) in expected.iter().enumerate() {
        let Some([share, expected_mean, expected_sd]) = *expected else {
            assert!(is_unknown(acceptability[i]) && is_unknown(mean[i]) && is_unknown(sd[i]), "cell {i}");
            continue;
        };
        n_known += 1;
        let (got_mean, got_sd) = (f64::from(mean[i]), f64::from(sd[i]));
        assert!(
            (got_mean - expected_mean).abs() < tolerance,
            "{} mean {i}: {got_mean} {expected_mean}",
            tested.name
        );
        assert!((got_sd - expected_sd).abs() < tolerance, "{} sd {i}: {got_sd} {expected_sd}", tested.name);
        let apart = (f64::from(acceptability[i]) - share).abs();
        assert!(apart < one * 1.01, "{} share {i}: {} {share}", tested.name, acceptability[i]);
        n_apart += usize::from(apart > one * 0.5);
    }
    assert!(n_known > 0);
    assert!(n_apart * 300 <= n_known, "{}: {n_apart} of {n_known} one sample apart", tested.name);
}

fn small() -> Layers {
    let mut layers = Layers::random(utm(41, 31), 7);
    // People everywhere, so that priorities differ.
    let people = layers.cost.to_vec().into_iter();
    let people = people.map(|c| if is_unknown(c) { UNKNOWN } else { (c * 7.3) % 90.0 });
    layers.population = MemoryCells::from_values(layers.frame.clone(), people.collect());
    layers
}

#[test]
fn weights_alone_agree_with_scoring_every_sample_by_the_book() {
    let layers = small();
    let recipe = sampled(two_criteria(0.0), Robustness { n_samples: 40, ..Robustness::default() });
    on_each_engine(|tested| assert_by_the_book(tested, &layers, &recipe, 0.01));
    let sum = Recipe { benefit: Benefit::Sum, ..recipe };
    on_each_engine(|tested| assert_by_the_book(tested, &layers, &sum, 0.01));
}

#[test]
fn hazard_and_cost_drawn_agree_with_the_book() {
    let layers = small();
    let noise = Robustness {
        n_samples: 21,
        hazard: HazardDraw::Sigma(0.8),
        cost_sigma: 0.3,
        seed: 77,
        ..Robustness::default()
    };
    let recipe = sampled(two_criteria(0.0), noise.clone());
    on_each_engine(|tested| assert_by_the_book(tested, &layers, &recipe, 0.02));
    let blocks = sampled(two_criteria(0.0), Robustness { correlated: 5, ..noise });
    on_each_engine(|tested| assert_by_the_book(tested, &layers, &blocks, 0.02));
}

#[test]
fn a_layer_of_standard_deviations_spreads_cell_by_cell_and_unknown_ones_stay_unknown() {
    let mut layers = small();
    let sd = layers.hazard.to_vec().into_iter().enumerate().map(|(i, h)| match i % 11 {
        0 => UNKNOWN,
        1 => 0.0,
        _ => {
            if is_unknown(h) {
                0.1
            } else {
                0.3 * h
            }
        }
    });
    let sd = MemoryCells::from_values(layers.frame.clone(), sd.collect());
    layers.criteria.push(sd);
    let robustness = Robustness { n_samples: 17, hazard: HazardDraw::Layer(1), ..Robustness::default() };
    let recipe = sampled(two_criteria(0.0), robustness);
    on_each_engine(|tested| {
        assert_by_the_book(tested, &layers, &recipe, 0.02);
        let (summary, _) = layers.score(tested.engine, &recipe, 37).unwrap();
        assert!(
            summary.warnings.iter().any(|warning| warning.contains("hazard_sd")),
            "{:?}",
            summary.warnings
        );
    });
}

#[test]
fn drawn_hazard_changes_no_rank_where_it_is_no_factor_and_says_so() {
    let layers = small();
    let of = |benefit: Benefit, hazard: HazardDraw| {
        let robustness = Robustness { n_samples: 9, cost_sigma: 0.2, hazard, ..Robustness::default() };
        let recipe = sampled(Recipe { benefit, ..two_criteria(0.0) }, robustness);
        let (summary, sink) = layers.score_whole(&mut Native::new(), &recipe);
        let says_so = summary.warnings.iter().any(|warning| warning.contains("drawn hazard changes no rank"));
        (PLANES.map(|plane| sink.get(plane)), says_so)
    };
    for benefit in [Benefit::Sum, Benefit::Product] {
        let (fixed, drawn) = (of(benefit, HazardDraw::Fixed), of(benefit, HazardDraw::Sigma(0.8)));
        assert!(fixed.0 == drawn.0 && !fixed.1 && drawn.1);
    }
    let (fixed, drawn) = (of(Benefit::Risk, HazardDraw::Fixed), of(Benefit::Risk, HazardDraw::Sigma(0.8)));
    assert!(fixed.0 != drawn.0 && !drawn.1);
}

#[test]
fn products_agree_with_the_book() {
    let layers = small();
    let robustness = Robustness { n_samples: 12, cost_sigma: 0.2, ..Robustness::default() };
    let recipe = sampled(Recipe { benefit: Benefit::Product, ..two_criteria(0.0) }, robustness);
    // Logarithms are held to 2^-15 of an octave: cells 2e-5 apart are tied.
    on_each_engine(|tested| assert_by_the_book(tested, &layers, &recipe, 0.1));
}

#[test]
fn more_samples_than_a_group_holds_are_put_together() {
    let layers = small();
    let robustness = Robustness { n_samples: 300, ..Robustness::default() };
    let recipe = sampled(two_criteria(0.0), robustness);
    on_each_engine(|tested| assert_by_the_book(tested, &layers, &recipe, 0.01));
}

#[test]
fn ranges_of_weights_in_a_geographic_crs_agree_with_the_book() {
    let frame = Frame::north_up(Crs::wgs84(), DVec2::new(18.0, 45.0), DVec2::splat(1.0 / 120.0), 29, 61);
    let layers = Layers { population: small_people(&frame), ..Layers::random(frame, 3) };
    let ranges = WeightDraw::Ranges(vec![Some((1.0, 5.0)), None]);
    let robustness =
        Robustness { n_samples: 30, weights: ranges, top_percent: 25.0, ..Robustness::default() };
    let recipe = sampled(two_criteria(0.0), robustness);
    on_each_engine(|tested| assert_by_the_book(tested, &layers, &recipe, 0.01));
}

fn small_people(frame: &Frame) -> MemoryCells {
    let people = (0..frame.n_cells()).map(|i| ((i * 7919) % 1013) as f32);
    MemoryCells::from_values(frame.clone(), people.collect())
}

#[test]
fn by_hand_three_cells_keep_their_ranks_whatever_the_weights() {
    // One criterion: people 40, 20, 0 with equal hazard and cost. Ranks 100, 50, 0 in every sample.
    let frame = utm(3, 1);
    let mut layers = Layers::constant(frame.clone(), 0.5, 0.0, 900.0);
    layers.population = MemoryCells::from_values(frame, vec![40.0, 20.0, 0.0]);
    let recipe = sampled(people_only(0.0), Robustness { n_samples: 9, ..Robustness::default() });
    on_each_engine(|tested| {
        let (summary, sink) = layers.score_whole(tested.engine, &recipe);
        assert!(summary.warnings.iter().any(|w| w.contains("every sample")), "{:?}", summary.warnings);
        let [share, mean, sd] = PLANES.map(|plane| sink.get(plane));
        assert_eq!(share, [1.0, 0.0, 0.0]);
        assert_eq!(mean, [100.0, 50.0, 0.0]);
        assert_eq!(sd, [0.0, 0.0, 0.0]);
    });
}

#[test]
fn ties_share_their_mid_rank_and_cells_worth_nothing_share_theirs() {
    // Two cells worth nothing and three tied: L + (T − 1) / 2 is 0.5 and 3, so ranks 12.5 and 75.
    let frame = utm(5, 1);
    let mut layers = Layers::constant(frame.clone(), 0.5, 0.0, 900.0);
    layers.population = MemoryCells::from_values(frame, vec![8.0, 0.0, 8.0, 0.0, 8.0]);
    for (top_percent, expected) in [(10.0, 0.0), (25.0, 1.0), (90.0, 1.0)] {
        let robustness = Robustness { n_samples: 6, top_percent, ..Robustness::default() };
        let recipe = sampled(people_only(0.0), robustness);
        on_each_engine(|tested| {
            let (_, sink) = layers.score_whole(tested.engine, &recipe);
            let zero = f32::from(u8::from(top_percent >= 87.5));
            assert_eq!(sink.get(Plane::RankMean), [75.0, 12.5, 75.0, 12.5, 75.0]);
            assert_eq!(sink.get(Plane::Acceptability), [expected, zero, expected, zero, expected]);
        });
    }
}

#[test]
fn one_scored_cell_is_first_in_every_sample() {
    let layers = Layers::constant(utm(1, 1), 0.5, 3.0, 900.0);
    let robustness = Robustness { hazard: HazardDraw::Sigma(1.0), n_samples: 4, ..Robustness::default() };
    let recipe = sampled(people_only(0.0), robustness);
    on_each_engine(|tested| {
        let (_, sink) = layers.score_whole(tested.engine, &recipe);
        assert_eq!(PLANES.map(|plane| sink.get(plane)[0]), [1.0, 100.0, 0.0]);
    });
}

#[test]
fn hazard_of_exactly_0_and_1_is_drawn_from_within_its_ends() {
    let frame = utm(2, 1);
    let mut layers = Layers::constant(frame.clone(), 0.5, 3.0, 900.0);
    layers.hazard = MemoryCells::from_values(frame, vec![0.0, 1.0]);
    let robustness = Robustness { hazard: HazardDraw::Sigma(1.0), n_samples: 8, ..Robustness::default() };
    let recipe = sampled(people_only(0.0), robustness);
    on_each_engine(|tested| {
        let (_, sink) = layers.score_whole(tested.engine, &recipe);
        assert_eq!(sink.get(Plane::RankMean), [0.0, 100.0]);
    });
    let draws = Draws::new(&recipe).unwrap();
    for s in 0..8 {
        let drawn = draws.hazard(s, 0, 0, 0.0, 0.0);
        assert!(drawn > 1e-9 && drawn < 1e-3, "{drawn}");
    }
}

#[test]
fn many_cells_stay_within_the_stated_error_of_rank() {
    // 160,000 cells and full bins: mid-ranks of bins and of their parts.
    let layers = Layers::random(utm(400, 400), 5);
    let robustness = Robustness { n_samples: 5, ..Robustness::default() };
    let recipe = sampled(people_only(0.0), robustness);
    // One criterion: every sample ranks as the recipe does, exactly.
    on_each_engine(|tested| {
        let (_, sink) = layers.score(tested.engine, &recipe, 400).unwrap();
        let exact = super::harness::exact_ranks(&sink.get(Plane::BenefitPerCost));
        let worst =
            sink.get(Plane::RankMean).into_iter().zip(&exact).filter(|(_, exact)| !is_unknown(**exact));
        let worst = worst.map(|(mean, exact)| (mean - exact).abs()).fold(0.0, f32::max);
        assert!(worst <= 0.05, "{}: {worst}", tested.name);
        assert_eq!(sink.get(Plane::RankSd).iter().filter(|sd| **sd > 0.0).count(), 0);
    });
}

/// One criterion has all the weight, so every sample ranks as the recipe does: ranks to 0.05 of a point against sorting
/// what the rank orders by, the top to one cell in 100,000.
pub fn assert_ranks_of_a_survey(layers: &Layers, recipe: Recipe, ordered_by: Plane) {
    let recipe = sampled(recipe, Robustness { n_samples: 3, ..Robustness::default() });
    on_each_engine(|tested| {
        let (_, sink) = layers.score(tested.engine, &recipe, 400).unwrap();
        let exact = super::harness::exact_ranks(&sink.get(ordered_by));
        let [share, mean, sd] = PLANES.map(|plane| sink.get(plane));
        let mut n_apart = 0;
        for (i, &exact) in exact.iter().enumerate().filter(|(_, exact)| !is_unknown(**exact)) {
            assert!((mean[i] - exact).abs() <= 0.05, "{} {i}: {} {exact}", tested.name, mean[i]);
            assert!(sd[i] <= 0.0, "{} {i}: {}", tested.name, sd[i]);
            n_apart += usize::from(share[i] != f32::from(u8::from(exact >= 90.0)));
        }
        assert!(n_apart * 100_000 <= exact.len(), "{}: {n_apart} on the wrong side", tested.name);
    });
}

#[test]
fn a_survey_of_some_cells_leaves_ranks_and_thresholds_exact() {
    let frame = utm(840, 830);
    let layers = Layers { population: small_people(&frame), ..Layers::random(frame, 5) };
    assert!(bits_for(840 * 830 / 10 * 8) > 0);
    assert_ranks_of_a_survey(&layers, people_only(0.0), Plane::BenefitPerCost);
}

#[test]
fn a_survey_that_misses_most_of_the_ground_changes_nothing() {
    // Few people in the surveyed cells, hundreds of times as many in all others: threshold and bins are elsewhere.
    let mut layers = Layers::random(utm(840, 830), 5);
    let bits = bits_for(840 * 830 / 10 * 8);
    let people = |i: u32| {
        let few = ((u64::from(i) * 7919) % 10_007) as f32 * 1e-3;
        if is_surveyed(i % 840, i / 840, bits) { few } else { 900.0 + few }
    };
    layers.population = MemoryCells::from_values(layers.frame.clone(), (0..840 * 830).map(people).collect());
    assert_ranks_of_a_survey(&layers, people_only(0.0), Plane::BenefitPerCost);
}

#[test]
fn tiles_and_engines_change_no_bit() {
    let layers = small();
    let robustness = Robustness {
        n_samples: 13,
        hazard: HazardDraw::Sigma(0.5),
        cost_sigma: 0.2,
        correlated: 2,
        ..Robustness::default()
    };
    assert_no_bit_changes(&layers, &sampled(two_criteria(60.0), robustness), 64);
}

/// Small tiles and a software GPU give the bits of the native engine in tiles of `whole` cells.
pub fn assert_no_bit_changes(layers: &Layers, recipe: &Recipe, whole: usize) {
    let bits = |engine: &mut dyn clearway::score::Engine, tile: usize| -> Vec<u32> {
        let (_, sink) = layers.score(engine, recipe, tile).unwrap();
        PLANES.iter().flat_map(|plane| sink.get(*plane)).map(f32::to_bits).collect()
    };
    let whole = bits(&mut Native::new(), whole);
    assert!(bits(&mut Native::new(), 7) == whole, "tiles of 7");
    #[cfg(feature = "gpu")]
    super::harness::with_gpu(|gpu, is_software| {
        if is_software {
            assert!(bits(gpu, 16) == whole, "the GPU engine");
        }
    });
}

#[test]
fn settings_without_meaning_are_refused_by_key() {
    let refused = |robustness: Robustness| {
        let error = sampled(two_criteria(0.0), robustness).validated().unwrap_err().to_string();
        assert!(error.contains("score.robustness"), "{error}");
        error
    };
    let default = Robustness::default;
    for (robustness, key) in [
        (Robustness { n_samples: 0, ..default() }, "samples"),
        (Robustness { n_samples: 100_000, ..default() }, "samples"),
        (Robustness { top_percent: 0.0, ..default() }, "top_percent"),
        (Robustness { top_percent: 100.0, ..default() }, "top_percent"),
        (
            Robustness { weights: WeightDraw::Dirichlet { concentration: 0.0 }, ..default() },
            "weight_concentration",
        ),
        (Robustness { weights: WeightDraw::Ranges(vec![Some((2.0, 1.0))]), ..default() }, "ranges.people"),
        (Robustness { weights: WeightDraw::Ranges(vec![Some((0.0, 0.0)); 2]), ..default() }, "ranges"),
        (Robustness { cost_sigma: -0.1, ..default() }, "cost_sigma"),
        (Robustness { hazard: HazardDraw::Sigma(f64::NAN), ..default() }, "hazard_sigma"),
        (Robustness { correlated: 0, ..default() }, "correlated"),
    ] {
        let error = refused(robustness);
        assert!(error.contains(key), "{key}: {error}");
    }
    assert_eq!(two_criteria(0.0).criteria[1].source, Source::Layer(0));
}

#[test]
fn without_robustness_no_plane_of_it_reaches_the_sink() {
    let layers = small();
    let (_, sink) = layers.score_whole(&mut Native::new(), &two_criteria(0.0));
    assert!(PLANES.iter().all(|plane| !sink.planes.contains_key(plane)));
    assert!(layers.hazard.frame().same_cells(&layers.frame));
}
