//! Borderline input: one cell, one column, a halo wider than tile and grid, layers that say nothing. Each works as the
//! formulas say, or is refused with what is missing.

use super::harness::{Layers, Textbook, assert_plane, on_each_engine, people_only, two_criteria};
use crate::common::{assert_cells, cells, frame_lonlat, frame_utm};
use clearway::grid::{MemoryCells, UNKNOWN, is_unknown};
use clearway::score::{Benefit, Bound, Criterion, Plane, PriorityBy, Recipe, Source, Value};

const FORMS: [Benefit; 4] = [Benefit::Risk, Benefit::Sum, Benefit::Product, Benefit::Ordered];

fn every_value() -> Vec<Value> {
    vec![
        Value::Linear { lo: Bound::At(0.0), hi: Bound::Max },
        Value::Linear { lo: Bound::Max, hi: Bound::At(0.0) },
        Value::Log { lo: Bound::At(0.5), hi: Bound::Max },
        Value::Sigmoid { mid: 10.0, slope: 0.1 },
        Value::Steps(vec![(5.0, 0.25), (50.0, 1.0)]),
        Value::Classes(vec![(40, 0.5), (7, 1.0)]),
        Value::Quantile,
    ]
}

fn of_layer(value: Value, benefit: Benefit) -> Recipe {
    let criterion = Criterion { name: "layer".into(), source: Source::Layer(0), weight: 2.0, value };
    let thresholds = if benefit == Benefit::Ordered { vec![Some(0.5)] } else { Vec::new() };
    Recipe { criteria: vec![criterion], benefit, thresholds, ..people_only(0.0) }
}

#[test]
fn one_scored_cell_has_rank_100_in_every_form() {
    let mut layers = Layers::constant(frame_utm(3, 2, 10.0), 0.5, 2.0, 100.0);
    layers.hazard = cells("? ? ? / ? 0.5 ?");
    layers.criteria = vec![cells("7 7 7 / 7 40 7")];
    for benefit in FORMS {
        for value in every_value() {
            let recipe = of_layer(value.clone(), benefit);
            on_each_engine(|tested| {
                let (summary, sink) = layers.score(tested.engine, &recipe, 2).unwrap();
                let only = |x: f32| {
                    let mut plane = [UNKNOWN; 6];
                    plane[4] = x;
                    plane
                };
                assert_cells(&sink.get(Plane::Rank), &only(100.0), 3, 0.0, 0.0);
                assert_cells(&sink.get(Plane::Class), &only(1.0), 3, 0.0, 0.0);
                assert_eq!((summary.n_scored, summary.classes[0].n_cells), (1, 1), "{benefit:?}, {value:?}");
                let b = sink.get(Plane::Benefit)[4];
                assert!((0.0..=1.0).contains(&b), "{benefit:?}, {value:?}: {b}");
            });
        }
    }
}

#[test]
fn nothing_scored_is_refused_in_every_form_with_the_layer_that_is_unknown() {
    let mut layers = Layers::constant(frame_utm(3, 1, 10.0), 0.5, 2.0, 100.0);
    layers.criteria = vec![cells("? ? ?")];
    for benefit in FORMS {
        for value in every_value() {
            let recipe = of_layer(value, benefit);
            on_each_engine(|tested| {
                let error = layers.score(tested.engine, &recipe, 3).err().expect("nothing scored");
                assert_eq!((error.exit_code(), error.faults()[0].code), (2, "score.nothing_scored"));
                assert!(error.to_string().contains("`layer` in 3"), "{error}");
            });
        }
    }
}

#[test]
fn layer_that_is_the_same_everywhere_works_by_its_formula() {
    let mut layers = Layers::constant(frame_utm(4, 1, 10.0), 0.5, 2.0, 100.0);
    layers.criteria = vec![cells("40 40 40 40")];
    // linear(0, max): 1; log(0.5, max): 1; sigmoid(10, 0.1): 1 / (1 + e^-3); steps: 0.25; classes: 0.5; quantile: 0.5.
    let expected = [1.0, 0.0, 1.0, 1.0 / (1.0 + (-3.0f64).exp()), 0.25, 0.5, 0.5];
    for (value, v) in every_value().into_iter().zip(expected) {
        let recipe = of_layer(value.clone(), Benefit::Sum);
        on_each_engine(|tested| {
            let (_, sink) = layers.score_whole(tested.engine, &recipe);
            assert_cells(&sink.get(Plane::Benefit), &[v as f32; 4], 4, 1e-5, 0.0);
            // All tied: the middle.
            assert_cells(&sink.get(Plane::Rank), &[50.0; 4], 4, 0.0, 0.0);
        });
    }
}

#[test]
fn one_column_one_row_and_one_cell_score_by_the_book_with_a_kernel_beyond_the_grid() {
    let sizes = [(1, 37), (37, 1), (1, 1)];
    let frames = sizes.iter().flat_map(|&(n_cols, n_rows)| {
        [frame_utm(n_cols, n_rows, 10.0), frame_lonlat(n_cols, n_rows, 18.0, 44.0, 0.0001)]
    });
    for frame in frames {
        let n_cols = frame.n_cols;
        let mut layers = Layers::random(frame.clone(), 111);
        if frame.n_cells() == 1 {
            layers = Layers::constant(frame.clone(), 0.5, 3.0, 200.0);
            layers.criteria = vec![MemoryCells::from_values(frame.clone(), vec![20.0])];
        } else {
            let people = (0..frame.n_cells()).map(|i| (i % 7) as f32).collect();
            layers.population = MemoryCells::from_values(frame.clone(), people);
        }
        // 4 sigma = 20 km over a grid of 370 m.
        let recipe = two_criteria(5000.0);
        let expected = Textbook::of(&layers, &recipe);
        on_each_engine(|tested| {
            let (_, whole) = layers.score_whole(tested.engine, &recipe);
            assert_plane(&whole.get(Plane::Exposure), &expected.exposure, n_cols, 4e-6);
            assert_plane(&whole.get(Plane::Benefit), &expected.benefit, n_cols, 4e-6);
            let (_, tiled) = layers.score(tested.engine, &recipe, 1).unwrap();
            assert_eq!(whole.bits(), tiled.bits(), "{} x {}", frame.n_cols, frame.n_rows);
        });
    }
}

#[test]
fn tile_smaller_than_the_halo_changes_no_bit_of_any_form() {
    let layers = Layers::random(frame_utm(23, 19, 10.0), 112);
    for benefit in FORMS {
        // A halo of 20 cells around tiles of 3.
        let mut recipe = two_criteria(50.0);
        recipe.benefit = benefit;
        recipe.criteria[1].value = Value::Quantile;
        if benefit == Benefit::Ordered {
            recipe.thresholds = vec![Some(0.5), Some(0.5)];
            recipe.priority_by = PriorityBy::BenefitPerCost;
        }
        on_each_engine(|tested| {
            let (_, whole) = layers.score_whole(tested.engine, &recipe);
            let (_, tiled) = layers.score(tested.engine, &recipe, 3).unwrap();
            assert_eq!(whole.bits(), tiled.bits(), "{benefit:?}");
            assert!(whole.get(Plane::Rank).iter().any(|rank| !is_unknown(*rank)));
        });
    }
}
