//! `contribution`: shares that add up to the benefit.

use super::harness::{Layers, on_each_engine, two_criteria};
use crate::common::frame_utm;
use clearway::grid::is_unknown;
use clearway::score::{Maxima, Plane, contributions};

#[test]
fn contributions_by_hand() {
    // Weights 3 : 1. People 50 of at most 200: v = 0.25; road 20 m on linear(80, 5): (20 − 80)/(5 − 80) = 0.8.
    // Hazard 0.5: 0.5·0.75·0.25 = 0.09375 and 0.5·0.25·0.8 = 0.1.
    let maxima = Maxima { exposure: 200.0, layers: vec![90.0], ..Maxima::default() };
    let found = contributions(&two_criteria(10.0), &maxima, 0.5, 50.0, &[20.0]);
    assert!((found[0] - 0.09375).abs() < 1e-12 && (found[1] - 0.1).abs() < 1e-12, "{found:?}");
}

#[test]
fn contributions_add_up_to_the_benefit_of_every_cell() {
    let layers = Layers::random(frame_utm(40, 30, 10.0), 51);
    let recipe = two_criteria(30.0);
    on_each_engine(|tested| {
        let (summary, sink) = layers.score_whole(tested.engine, &recipe);
        let (exposure, benefit) = (sink.get(Plane::Exposure), sink.get(Plane::Benefit));
        let (hazard, roads) = (layers.hazard.to_vec(), layers.criteria[0].to_vec());
        for i in (0..benefit.len()).filter(|i| !is_unknown(benefit[*i])) {
            let values = [f64::from(roads[i])];
            let parts = contributions(
                &recipe,
                &summary.maxima,
                f64::from(hazard[i]),
                f64::from(exposure[i]),
                &values,
            );
            let sum: f64 = parts.iter().sum();
            assert!((sum - f64::from(benefit[i])).abs() < 1e-6, "cell {i}: {sum} and {}", benefit[i]);
        }
    });
}
