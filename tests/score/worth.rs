//! What cells are worth in samples: by hand, and as scored where nothing varies.

use clearway::score::acceptability::chance::normals;
use clearway::score::{
    Benefit, Draws, HazardDraw, Maxima, Recipe, Robustness, WeightDraw, WorthCell, WorthOf, WorthSamples,
    contributions,
};

use super::harness::{people_only, two_criteria};

fn sampled(recipe: Recipe, robustness: Robustness) -> Recipe {
    Recipe { robustness: Some(robustness), ..recipe }
}

fn maxima() -> Maxima {
    Maxima { exposure: 20.0, layers: vec![100.0], ..Maxima::default() }
}

fn still(weights: WeightDraw, hazard: HazardDraw) -> Robustness {
    Robustness { n_samples: 40, weights, hazard, ..Robustness::default() }
}

const NO_RANGES: WeightDraw = WeightDraw::Ranges(Vec::new());

fn cell<'a>(hazard: f64, sd: Option<f64>, exposure: f64, values: &'a [f64]) -> WorthCell<'a> {
    WorthCell { col: 6, row: 4, hazard, hazard_sd: sd, exposure, values }
}

/// Sums over one cell, weight 10.
fn worths(samples: &WorthSamples<'_>, cell: &WorthCell<'_>) -> Vec<f64> {
    let mut sums = vec![0.0; samples.n_samples()];
    samples.add(cell, 10.0, &mut sums);
    sums
}

#[track_caller]
fn near(found: f64, expected: f64) {
    assert!(
        (found - expected).abs() <= 1e-12 * expected.abs().max(1.0),
        "found {found}, expected {expected}"
    );
}

fn logit(h: f64) -> f64 {
    (h / (1.0 - h)).ln()
}

#[test]
fn drawn_hazard_moves_the_log_odds_by_sigma_times_a_normal_value() {
    // Both cells lie in one block of 8 × 8, so z is common; σ = ln 3 takes odds of 1 to 3^z.
    let sigma = 3.0_f64.ln();
    let robustness = Robustness { correlated: 8, ..still(NO_RANGES, HazardDraw::Sigma(sigma)) };
    let recipe = sampled(people_only(0.0), robustness);
    let maxima = maxima();
    let samples = WorthSamples::new(&recipe, &maxima, WorthOf::PeopleAtRisk, usize::MAX).unwrap();
    let even = worths(&samples, &cell(0.5, None, 8.0, &[]));
    let rare = worths(&samples, &WorthCell { col: 1, row: 7, ..cell(0.1, None, 4.0, &[]) });
    let values = normals();
    for (even, rare) in even.iter().zip(&rare) {
        // 10 · h^s · 8 and 10 · h^s · 4.
        let (z, of_rare) = (logit(even / 80.0) / sigma, (logit(rare / 40.0) - logit(0.1)) / sigma);
        assert!((z - of_rare).abs() < 1e-9, "{z} and {of_rare}");
        assert!(values.iter().any(|value| (value - z).abs() < 1e-9), "{z} is no value of the normal");
    }
    assert!(even.iter().any(|worth| *worth > 50.0) && even.iter().any(|worth| *worth < 30.0));
}

#[test]
fn drawn_weights_mix_the_values_by_form() {
    // People 5 of 20: v = 0.25; the road at 20 m on a line from 80 to 5: v = 0.8.
    for form in [Benefit::Risk, Benefit::Sum, Benefit::Product] {
        let weights = WeightDraw::Dirichlet { concentration: 20.0 };
        let recipe = sampled(two_criteria(0.0), still(weights, HazardDraw::Fixed));
        let recipe = Recipe { benefit: form, ..recipe };
        let (maxima, draws) = (maxima(), Draws::new(&recipe).unwrap());
        let samples = WorthSamples::new(&recipe, &maxima, WorthOf::Benefit, 30).unwrap();
        let found = worths(&samples, &cell(0.3, None, 5.0, &[20.0]));
        assert_eq!(found.len(), 30);
        for (s, found) in found.into_iter().enumerate() {
            let [people, road] = draws.weights(s) else { panic!("two weights") };
            near(people + road, 1.0);
            let expected = match form {
                Benefit::Risk => 0.3 * (people * 0.25 + road * 0.8),
                Benefit::Sum => people * 0.25 + road * 0.8,
                _ => 0.25_f64.powf(*people) * 0.8_f64.powf(*road),
            };
            near(found, 10.0 * expected);
        }
    }
}

#[test]
fn drawn_weights_move_a_cell_of_an_ordered_list_inside_its_tier() {
    // v = 0.25 and 0.8 as above, of which a threshold of 0.5 is reached by the second: tier 2 of 3. A list whose first
    // threshold is reached has tier 1, one that reaches none the last.
    let weights = || WeightDraw::Dirichlet { concentration: 20.0 };
    let maxima = maxima();
    for (thresholds, later) in [
        ([Some(0.5), Some(0.5)], 1.0),
        ([Some(0.25), Some(0.5)], 2.0),
        ([Some(0.5), Some(0.9)], 0.0),
        ([None, Some(0.8)], 1.0),
    ] {
        let recipe = sampled(two_criteria(0.0), still(weights(), HazardDraw::Sigma(1.0)));
        let recipe = Recipe { benefit: Benefit::Ordered, thresholds: thresholds.to_vec(), ..recipe };
        let n = thresholds.iter().flatten().count() as f64 + 1.0;
        let draws = Draws::new(&recipe).unwrap();
        let samples = WorthSamples::new(&recipe, &maxima, WorthOf::Benefit, 30).unwrap();
        let found = worths(&samples, &cell(0.3, None, 5.0, &[20.0]));
        for (s, found) in found.into_iter().enumerate() {
            let [people, road] = draws.weights(s) else { panic!("two weights") };
            near(found, 10.0 * (later + people * 0.25 + road * 0.8) / n);
        }
    }
    // A criterion without weight may decide the tier: three criteria, of which the last is reached.
    let mut recipe = sampled(two_criteria(0.0), still(weights(), HazardDraw::Fixed));
    recipe.criteria.push(recipe.criteria[1].clone());
    recipe.criteria[2].weight = 0.0;
    let recipe = Recipe { benefit: Benefit::Ordered, thresholds: vec![None, None, Some(0.5)], ..recipe };
    let draws = Draws::new(&recipe).unwrap();
    let samples = WorthSamples::new(&recipe, &maxima, WorthOf::Benefit, 30).unwrap();
    let found = worths(&samples, &cell(0.3, None, 5.0, &[20.0]));
    for (s, found) in found.into_iter().enumerate() {
        let [people, road, _] = draws.weights(s) else { panic!("three weights") };
        near(found, 10.0 * (1.0 + people * 0.25 + road * 0.8) / 2.0);
    }
}

#[test]
fn without_spread_every_sample_is_the_worth_as_scored() {
    let maxima = maxima();
    let layers = [0.0, 0.2];
    let recipe = sampled(two_criteria(0.0), still(NO_RANGES, HazardDraw::Layer(1)));
    let list = Recipe { benefit: Benefit::Ordered, thresholds: vec![Some(0.5), Some(0.9)], ..recipe.clone() };
    let samples = WorthSamples::new(&list, &maxima, WorthOf::Benefit, usize::MAX).unwrap();
    let scored: f64 = contributions(&list, &maxima, 0.37, 5.0, &layers).iter().sum();
    worths(&samples, &cell(0.37, None, 5.0, &layers))
        .into_iter()
        .for_each(|found| near(found, 10.0 * scored));
    for (of, sd) in [WorthOf::PeopleAtRisk, WorthOf::Benefit].into_iter().zip([Some(0.0), None]) {
        let samples = WorthSamples::new(&recipe, &maxima, of, usize::MAX).unwrap();
        assert_eq!(samples.sd_layer(), Some(1));
        for hazard in [0.0, 0.37, 1.0] {
            let parts = contributions(&recipe, &maxima, hazard, 5.0, &layers);
            let scored = if of == WorthOf::Benefit { parts.iter().sum() } else { hazard * 5.0 };
            let found = worths(&samples, &cell(hazard, sd, 5.0, &layers));
            found.into_iter().for_each(|found| near(found, 10.0 * scored));
        }
    }
}

#[test]
fn what_is_not_drawn_has_no_samples() {
    let maxima = maxima();
    let new = |recipe: &Recipe, of| WorthSamples::new(recipe, &maxima, of, 100).map(|s| s.n_samples());
    let dirichlet = || WeightDraw::Dirichlet { concentration: 20.0 };
    // Weights change no people at risk; one criterion has always all the weight.
    let of_weights = sampled(two_criteria(0.0), still(dirichlet(), HazardDraw::Fixed));
    assert_eq!(new(&of_weights, WorthOf::PeopleAtRisk), None);
    assert_eq!(new(&of_weights, WorthOf::Benefit), Some(40));
    let one = sampled(people_only(0.0), still(dirichlet(), HazardDraw::Fixed));
    assert_eq!(new(&one, WorthOf::Benefit), None);
    let drawn = sampled(people_only(0.0), still(dirichlet(), HazardDraw::Sigma(1.0)));
    assert_eq!(new(&drawn, WorthOf::Benefit), Some(40));
    assert_eq!(new(&people_only(0.0), WorthOf::PeopleAtRisk), None);
}
