//! `value` and `benefit`.

use super::harness::{Layers, Textbook, assert_plane, on_each_engine, people_only, run, two_criteria};
use crate::common::{assert_cells, cells, frame_utm};
use clearway::grid::UNKNOWN;
use clearway::score::program::{Call, Program, Tally};
use clearway::score::{Benefit, Bound, Criterion, Plane, Source, Term, Value};

#[test]
fn worth_adds_weighted_values_and_keeps_the_unknown() {
    // First: linear(0, 10), weight 0.75: 0, 0.375, 0.75, 0.75 (clamped), unknown, 0 (clamped).
    // Second: linear(4, 2) reversed, weight 0.25, x = 4 3 2 ? 3 1: 0, 0.125, 0.25, ?, ?, 0.25.
    // Benefit at hazard 0.5: half of the sum; at the last cell hazard is unknown.
    let first = [0.0, 5.0, 10.0, 20.0, UNKNOWN, -3.0, 5.0];
    let second = [4.0, 3.0, 2.0, UNKNOWN, 3.0, 1.0, 3.0];
    let hazard = [0.5, 0.5, 0.5, 0.5, 0.5, 0.5, UNKNOWN];
    let mut program = Program::new(7, 1);
    let inputs = [program.input(), program.input(), program.input()];
    let (worth, out) = (program.output(), program.output());
    let term = |lo: f32, hi: f32, weight| Term::linear(lo, hi - lo, weight);
    program.call(Call::Value { of: inputs[0], term: term(0.0, 10.0, 0.75), is_first: true, worth });
    program.call(Call::Value { of: inputs[1], term: term(4.0, 2.0, 0.25), is_first: false, worth });
    program.call(Call::Benefit { hazard: inputs[2], worth, form: Benefit::Risk, out });
    on_each_engine(|tested| {
        let planes: [&[f32]; 3] = [&first, &second, &hazard];
        let found = run(tested.engine, &program, &planes, &mut Tally::default());
        let expected = [0.0, 0.5, 1.0, UNKNOWN, UNKNOWN, 0.25, 0.5];
        assert_cells(&found[0], &expected, 7, 0.0, 1e-6);
        let expected = [0.0, 0.25, 0.5, UNKNOWN, UNKNOWN, 0.125, UNKNOWN];
        assert_cells(&found[1], &expected, 7, 0.0, 1e-6);
    });
}

#[test]
fn the_cell_with_the_largest_exposure_is_worth_exactly_one() {
    let mut layers = Layers::constant(frame_utm(3, 1, 10.0), 1.0, 0.0, 100.0);
    layers.population = cells("0.1 0.7 0.3");
    on_each_engine(|tested| {
        let (summary, sink) = layers.score_whole(tested.engine, &people_only(0.0));
        assert!((sink.get(Plane::Benefit)[1] - 1.0).abs() <= 1e-6);
        assert!((summary.maxima.exposure - 0.7).abs() < 1e-7);
    });
}

#[test]
fn benefit_of_two_criteria_matches_the_textbook() {
    let layers = Layers::random(frame_utm(63, 65, 10.0), 11);
    let recipe = two_criteria(30.0);
    let expected = Textbook::of(&layers, &recipe);
    on_each_engine(|tested| {
        let (_, sink) = layers.score_whole(tested.engine, &recipe);
        assert_plane(&sink.get(Plane::Benefit), &expected.benefit, 63, 4e-6);
        assert_plane(&sink.get(Plane::BenefitPerCost), &expected.per_usd, 63, 4e-6);
    });
}

#[test]
fn a_layers_largest_value_counts_scored_cells_only() {
    // 50 lies where hazard is unknown: the largest scored value is 20, so v = 10/20, ?, 20/20.
    let mut layers = Layers::constant(frame_utm(3, 1, 10.0), 1.0, 1.0, 100.0);
    layers.hazard = cells("1 ? 1");
    layers.criteria = vec![cells("10 50 20")];
    let mut recipe = people_only(0.0);
    recipe.criteria = vec![Criterion {
        name: "wells".into(),
        source: Source::Layer(0),
        weight: 2.0,
        value: Value::Linear { lo: Bound::At(0.0), hi: Bound::Max },
    }];
    on_each_engine(|tested| {
        let (summary, sink) = layers.score_whole(tested.engine, &recipe);
        assert_cells(&sink.get(Plane::Benefit), &[0.5, UNKNOWN, 1.0], 3, 0.0, 1e-6);
        assert_eq!(summary.maxima.layers, [20.0]);
    });
}

#[test]
fn a_criterion_that_cannot_tell_cells_apart_counts_nothing_and_warns() {
    // Nobody anywhere: linear(0, max) with max = 0.
    let layers = Layers::constant(frame_utm(3, 2, 10.0), 1.0, 0.0, 100.0);
    on_each_engine(|tested| {
        let (summary, sink) = layers.score_whole(tested.engine, &people_only(20.0));
        assert_cells(&sink.get(Plane::Benefit), &[0.0; 6], 3, 0.0, 0.0);
        // All tied: mid-rank 100 · (0 + 5/2) / 5 = 50.
        assert_cells(&sink.get(Plane::Rank), &[50.0; 6], 3, 0.0, 0.0);
        let warnings = summary.warnings.join("; ");
        assert!(warnings.contains("nobody lives within reach"), "{warnings}");
        assert!(warnings.contains("criterion `people` counts 0 everywhere"), "{warnings}");
    });
}

#[test]
fn unknown_criterion_leaves_the_cell_unscored_and_a_warning_names_it() {
    let mut layers = Layers::constant(frame_utm(4, 1, 10.0), 1.0, 1.0, 100.0);
    layers.hazard = cells("1 1 1 ?");
    layers.criteria = vec![cells("10 ? 20 ?")];
    on_each_engine(|tested| {
        let (summary, sink) = layers.score_whole(tested.engine, &two_criteria(0.0));
        assert!(clearway::grid::is_unknown(sink.get(Plane::Exposure)[1]));
        assert_eq!(summary.n_scored, 2);
        let unknown: Vec<_> =
            summary.unknown.iter().map(|u| (u.layer.as_str(), u.n_unknown, u.n_lost)).collect();
        // The last cell lacks two layers: no single one would make it scored.
        assert_eq!(unknown, [("hazard", 1, 0), ("population", 0, 0), ("cost", 0, 0), ("road access", 2, 1)]);
        assert!(summary.warnings[0].contains("1 cells are not scored only because criterion `road access`"));
        // A layer that no criterion uses may be unknown anywhere.
        let (summary, _) = layers.score_whole(tested.engine, &people_only(0.0));
        assert_eq!(summary.n_scored, 3);
    });
}
