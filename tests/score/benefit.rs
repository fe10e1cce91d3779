//! Forms of benefit beside `risk`, and what each criterion adds to them.

use super::harness::{Layers, Textbook, assert_plane, on_each_engine, people_only, run, two_criteria};
use crate::common::{assert_cells, cells, frame_utm};
use clearway::grid::{MemoryCells, UNKNOWN, is_unknown};
use clearway::score::program::{Call, Program, Tally};
use clearway::score::{Benefit, Bound, Criterion, Maxima, Plane, Recipe, Source, Value, contributions};
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;

fn of_layer(name: &str, layer: usize, weight: f64) -> Criterion {
    let value = Value::Linear { lo: Bound::At(0.0), hi: Bound::At(1.0) };
    Criterion { name: name.into(), source: Source::Layer(layer), weight, value }
}

/// Hazard with weight 3 and another layer with weight 1.
fn of_two_layers(benefit: Benefit) -> Recipe {
    let criteria = vec![of_layer("contamination", 0, 3.0), of_layer("land use", 1, 1.0)];
    Recipe { benefit, criteria, ..people_only(0.0) }
}

#[test]
fn sum_and_product_by_hand() {
    // v = 0.25 and 0.8: 0.75·0.25 + 0.25·0.8 = 0.3875 and 0.25^0.75 · 0.8^0.25 = 0.353553 · 0.945742 = 0.334370.
    // v = 1 and 1: 1 and exactly 1. v = 0 and 0.8: 0.2 and 1e-6^0.75 · 0.945742 = 3.162278e-5 · 0.945742.
    // v = 0 and 0: 0 and 1e-6. Hazard counts where it is a criterion, and masks.
    let mut layers = Layers::constant(frame_utm(5, 1, 10.0), 1.0, 1.0, 100.0);
    layers.hazard = cells("0.25 1 0 0 ?");
    layers.criteria = vec![cells("0.25 1 0 0 ?"), cells("0.8 1 0.8 0 1")];
    on_each_engine(|tested| {
        let (_, sink) = layers.score_whole(tested.engine, &of_two_layers(Benefit::Sum));
        assert_cells(&sink.get(Plane::Benefit), &[0.3875, 1.0, 0.2, 0.0, UNKNOWN], 5, 0.0, 1e-6);
        let (_, sink) = layers.score_whole(tested.engine, &of_two_layers(Benefit::Product));
        let expected = [0.334_370, 1.0, 2.990_698e-5, 1e-6, UNKNOWN];
        assert_cells(&sink.get(Plane::Benefit), &expected, 5, 0.0, 1e-5);
        assert_eq!(sink.get(Plane::Benefit)[1].to_bits(), 1f32.to_bits());
    });
}

#[test]
fn every_form_of_benefit_matches_the_textbook() {
    let layers = Layers::random(frame_utm(47, 31, 10.0), 71);
    for benefit in [Benefit::Risk, Benefit::Sum, Benefit::Product] {
        let recipe = Recipe { benefit, ..two_criteria(30.0) };
        let expected = Textbook::of(&layers, &recipe);
        on_each_engine(|tested| {
            for tile in [47, 16] {
                let (_, sink) = layers.score(tested.engine, &recipe, tile).unwrap();
                assert_plane(&sink.get(Plane::Benefit), &expected.benefit, 47, 1e-5);
                assert_plane(&sink.get(Plane::BenefitPerCost), &expected.per_usd, 47, 1e-5);
            }
        });
    }
}

#[test]
fn product_of_ten_criteria_strays_less_than_a_hundred_thousandth_of_itself() {
    let mut rng = Pcg64::seed_from_u64(72);
    let n = 2000;
    // Values over all magnitudes from below 1e-6 to 1, and exact ends.
    let layers: Vec<Vec<f32>> =
        (0..10).map(|_| (0..n).map(|_| 10f32.powf(rng.random_range(-7.0..0.3)).min(1.0)).collect()).collect();
    let weights: Vec<f64> = (0..10).map(|_| rng.random_range(0.0..1.0)).collect();
    let total: f64 = weights.iter().sum();
    let mut program = Program::new(n, 1);
    let inputs: Vec<_> = layers.iter().map(|_| program.input()).collect();
    let (worth, out) = (program.plane(), program.output());
    for (i, (v, weight)) in inputs.iter().zip(&weights).enumerate() {
        program.call(Call::Factor { v: *v, weight: (weight / total) as f32, is_first: i == 0, worth });
    }
    program.call(Call::Benefit { hazard: inputs[0], worth, form: Benefit::Product, out });
    let planes: Vec<&[f32]> = layers.iter().map(Vec::as_slice).collect();
    let of_cell = |i: usize| {
        let factors = layers.iter().zip(&weights);
        factors.map(|(v, w)| f64::from(v[i]).max(1e-6).powf(w / total)).product::<f64>() as f32
    };
    let expected: Vec<f32> = (0..n).map(of_cell).collect();
    on_each_engine(|tested| {
        let found = run(tested.engine, &program, &planes, &mut Tally::default());
        assert_cells(&found[0], &expected, n, 0.0, 1e-5);
        assert!(found[0].iter().all(|b| *b <= 1.0));
    });
    #[cfg(feature = "gpu")]
    super::harness::with_gpu(|gpu, is_software| {
        let native = run(&mut clearway::score::Native::new(), &program, &planes, &mut Tally::default());
        let found = run(gpu, &program, &planes, &mut Tally::default());
        assert_cells(&found[0], &native[0], n, 0.0, if is_software { 0.0 } else { 1e-5 });
    });
}

#[test]
fn contributions_of_sum_and_product_by_hand() {
    let maxima = Maxima { exposure: 1.0, layers: vec![1.0, 1.0], ..Maxima::default() };
    let parts = |benefit, v: [f64; 2]| contributions(&of_two_layers(benefit), &maxima, 0.1, 1.0, &v);
    // Sum: 0.75·0.25 and 0.25·0.8, whatever the hazard.
    let found = parts(Benefit::Sum, [0.25, 0.8]);
    assert!((found[0] - 0.1875).abs() < 1e-12 && (found[1] - 0.2).abs() < 1e-12, "{found:?}");
    // Product: v = 1e-6 and 1e-4: gains 0.75·0 and 0.25·ln 100; b = 1e-6·100^0.25 = 3.162e-6, all of it the second's.
    let found = parts(Benefit::Product, [1e-6, 1e-4]);
    assert!(found[0].abs() < 1e-12 && (found[1] - 3.162_277e-6).abs() < 1e-11, "{found:?}");
    // v = 1 and 1: b = 1, split by weight. v = 0 and 0: b = 1e-6, by weight.
    for (v, b) in [([1.0, 1.0], 1.0), ([0.0, 0.0], 1e-6)] {
        let found = parts(Benefit::Product, v);
        assert!((found[0] / b - 0.75).abs() < 1e-6 && (found[1] / b - 0.25).abs() < 1e-6, "{found:?}");
    }
}

#[test]
fn contributions_add_up_to_the_benefit_by_every_form() {
    let mut layers = Layers::random(frame_utm(20, 20, 10.0), 73);
    let of_hazard = MemoryCells::from_values(layers.frame.clone(), layers.hazard.to_vec());
    layers.criteria = vec![of_hazard, layers.criteria.remove(0)];
    for benefit in [Benefit::Sum, Benefit::Product] {
        let recipe = of_two_layers(benefit);
        on_each_engine(|tested| {
            let (summary, sink) = layers.score_whole(tested.engine, &recipe);
            let benefit = sink.get(Plane::Benefit);
            let [first, second] = [layers.criteria[0].to_vec(), layers.criteria[1].to_vec()];
            for i in (0..benefit.len()).filter(|i| !is_unknown(benefit[*i])) {
                let values = [f64::from(first[i]), f64::from(second[i])];
                let sum: f64 = contributions(&recipe, &summary.maxima, 0.5, 1.0, &values).iter().sum();
                let b = f64::from(benefit[i]);
                assert!((sum - b).abs() <= 1e-5 * b.max(1e-3), "cell {i}: {sum} and {b}");
            }
        });
    }
}
