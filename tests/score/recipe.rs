//! Recipes that are refused, and what is said.

use clearway::score::{Bound, Criterion, Kernel, Recipe, Source, Value};

fn codes(recipe: Recipe) -> Vec<&'static str> {
    recipe.validated().err().map_or(Vec::new(), |e| e.faults().iter().map(|fault| fault.code).collect())
}

fn with_value(lo: Bound, hi: Bound) -> Recipe {
    let value = Value::Linear { lo, hi };
    let criterion = Criterion { name: "roads".into(), source: Source::Layer(0), weight: 1.0, value };
    Recipe { criteria: vec![criterion], ..Recipe::default() }
}

fn with_weights(weights: &[f64]) -> Recipe {
    Recipe {
        criteria: weights.iter().map(|weight| Criterion::people(*weight)).collect(),
        ..Recipe::default()
    }
}

#[test]
fn the_default_recipe_is_sound() {
    assert_eq!(codes(Recipe::default()), [""; 0]);
    assert_eq!(Recipe::default().n_classes(), 4);
}

#[test]
fn lengths_of_a_kernel_are_positive_and_less_than_half_way_round_the_earth() {
    for length in [0.0, -1.0, f64::NAN, f64::INFINITY, 2.1e7] {
        let kernels = [
            Kernel::Gaussian { sigma_m: length },
            Kernel::Exponential { lambda_m: length },
            Kernel::Disc { radius_m: length },
        ];
        for (kernel, key) in kernels.into_iter().zip(["sigma_m", "lambda_m", "radius_m"]) {
            let recipe = Recipe { kernel, ..Recipe::default() };
            assert_eq!(codes(recipe.clone()), ["score.reach"], "{length}");
            let message = recipe.validated().unwrap_err().to_string();
            assert!(message.contains(&format!("score.exposure.{key}")), "{message}");
        }
    }
}

#[test]
fn weights_must_be_zero_or_more_and_not_all_zero() {
    assert_eq!(codes(with_weights(&[1.0, -2.0])), ["score.weight"]);
    assert_eq!(codes(with_weights(&[f64::NAN])), ["score.weight"]);
    assert_eq!(codes(with_weights(&[0.0, 0.0])), ["score.weights_all_zero"]);
    assert_eq!(codes(with_weights(&[])), ["score.no_criteria"]);
    assert_eq!(codes(with_weights(&[0.0, 2.0])), [""; 0]);
    assert_eq!(with_weights(&[1.0, 3.0]).weights(), [0.25, 0.75]);
}

#[test]
fn ends_of_a_value_must_differ() {
    assert_eq!(codes(with_value(Bound::At(2.0), Bound::At(2.0))), ["score.lo_is_hi"]);
    assert_eq!(codes(with_value(Bound::Max, Bound::Max)), ["score.lo_is_hi"]);
    // Different in f64, one number in f32, which is what scores are computed in.
    assert_eq!(codes(with_value(Bound::At(1.0), Bound::At(1.0 + 1e-12))), ["score.lo_is_hi"]);
    assert_eq!(codes(with_value(Bound::At(f64::NAN), Bound::At(1.0))), ["score.bound"]);
    assert_eq!(codes(with_value(Bound::At(5.0), Bound::At(0.0))), [""; 0]);
}

#[test]
fn class_thresholds_must_increase_between_0_and_100() {
    let with = |class_percents: &[f64]| {
        codes(Recipe { class_percents: class_percents.to_vec(), ..Recipe::default() })
    };
    for bad in [&[15.0, 5.0][..], &[5.0, 5.0], &[0.0, 5.0], &[5.0, 100.0], &[f64::NAN]] {
        assert_eq!(with(bad), ["score.classes"], "{bad:?}");
    }
    assert_eq!(with(&[]), [""; 0]);
}

#[test]
fn all_faults_come_together() {
    let mut recipe = with_weights(&[-1.0]);
    recipe.kernel = Kernel::Gaussian { sigma_m: 0.0 };
    recipe.class_percents = vec![50.0, 40.0];
    assert_eq!(codes(recipe), ["score.reach", "score.weight", "score.classes"]);
}
