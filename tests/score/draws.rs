//! What samples are drawn from: weights, and normal numbers by place and sample.

use clearway::score::acceptability::chance::{draw, normals, place_words, sample_key, seed_words};
use clearway::score::{Draws, Robustness, WeightDraw};

use super::acceptability::sampled;
use super::harness::two_criteria;

#[test]
fn dirichlet_weights_have_their_mean_and_variance() {
    let mut recipe = two_criteria(0.0);
    recipe.criteria[1].weight = 1.0;
    let concentration = 8.0;
    let robustness = Robustness {
        n_samples: 10_000,
        weights: WeightDraw::Dirichlet { concentration },
        ..Robustness::default()
    };
    let draws = Draws::new(&sampled(recipe, robustness)).unwrap();
    let first: Vec<f64> = (0..draws.n_samples()).map(|s| draws.weights(s)[0]).collect();
    let mean = first.iter().sum::<f64>() / 1e4;
    let variance = first.iter().map(|w| (w - mean).powi(2)).sum::<f64>() / 1e4;
    // Mean 3/4; variance w (1 − w) / (κ + 1) = 0.020833. Five standard errors.
    assert!((mean - 0.75).abs() < 5.0 * (0.0208f64 / 1e4).sqrt(), "{mean}");
    assert!((variance - 0.75 * 0.25 / 9.0).abs() < 0.0015, "{variance}");
    for s in 0..100 {
        assert!((draws.weights(s).iter().sum::<f64>() - 1.0).abs() < 1e-9);
    }
}

#[test]
fn a_sample_does_not_depend_on_how_many_there_are() {
    let few = sampled(two_criteria(0.0), Robustness { n_samples: 3, ..Robustness::default() });
    let many = sampled(two_criteria(0.0), Robustness { n_samples: 50, ..Robustness::default() });
    assert_eq!(Draws::new(&few).unwrap().weights(2), Draws::new(&many).unwrap().weights(2));
}

#[test]
fn normals_have_mean_0_variance_1_and_do_not_follow_place_or_sample() {
    let values = normals();
    assert!(values.iter().sum::<f64>().abs() < 1e-6);
    assert!((values.iter().map(|z| z * z).sum::<f64>() / 4096.0 - 1.0).abs() < 1e-9);
    // Φ(1) = 0.841345: that share of the values lies below 1.
    let below = values.iter().filter(|z| **z < 1.0).count() as f64 / 4096.0;
    assert!((below - 0.841_345).abs() < 3.0 / 4096.0, "{below}");
    let seeds = seed_words(42);
    let z = |col: u32, row: u32, sample: u32, shift: u32| {
        let word = draw(place_words(seeds, col, row), sample_key(seeds, sample));
        values[((word >> shift) & 0xfff) as usize]
    };
    let n = 200u32;
    let correlation = |other: &dyn Fn(u32, u32) -> f64| {
        let pairs = (0..n).flat_map(|row| (0..n).map(move |col| (col, row)));
        pairs.map(|(col, row)| z(col, row, 0, 20) * other(col, row)).sum::<f64>() / f64::from(n * n)
    };
    // 40,000 pairs: a standard error of 0.005.
    assert!((correlation(&|col, row| z(col, row, 0, 20)) - 1.0).abs() < 0.03);
    for (name, r) in [
        ("next column", correlation(&|col, row| z(col + 1, row, 0, 20))),
        ("next row", correlation(&|col, row| z(col, row + 1, 0, 20))),
        ("swapped", correlation(&|col, row| z(row + 1000, col, 0, 20))),
        ("next sample", correlation(&|col, row| z(col, row, 1, 20))),
        ("cost", correlation(&|col, row| z(col, row, 0, 8))),
    ] {
        assert!(r.abs() < 0.025, "{name}: {r}");
    }
}
