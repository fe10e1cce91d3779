//! `priority` and the choice of what the rank orders by.

use super::harness::{Layers, exact_ranks, on_each_engine, people_only, run};
use crate::common::{assert_cells, cells, frame_lonlat, frame_utm};
use clearway::grid::UNKNOWN;
use clearway::score::program::{Call, Program, Tally};
use clearway::score::{Plane, PriorityBy};
use std::sync::Arc;

#[test]
fn priority_is_benefit_times_area_by_cost() {
    // Two rows with cells of 100 and 50 m²: 0.5·100/25 = 2, 0·100/1 = 0; 0.5·50/25 = 1, 1·50/1e-38 is held
    // at the largest f32.
    let benefit = [0.5, 0.0, UNKNOWN, 0.5, 1.0, 1.0];
    let cost = [25.0, 1.0, 1.0, 25.0, 1e-38, UNKNOWN];
    let mut program = Program::new(3, 2);
    let [b, c] = [program.input(), program.input()];
    let out = program.output();
    program.call(Call::Priority { benefit: b, cost: c, row_area_m2: Arc::new(vec![100.0, 50.0]), out });
    on_each_engine(|tested| {
        let found = run(tested.engine, &program, &[&benefit, &cost], &mut Tally::default());
        let expected = [2.0, 0.0, UNKNOWN, 1.0, f32::MAX, UNKNOWN];
        assert_cells(&found[0], &expected, 3, 0.0, 1e-6);
    });
}

#[test]
fn area_of_a_geographic_row_counts() {
    // Equal benefit and cost: the larger southern cells of the northern hemisphere come first.
    let frame = frame_lonlat(1, 3, 20.0, 60.0, 0.5);
    let layers = Layers::constant(frame.clone(), 1.0, 1.0, 100.0);
    on_each_engine(|tested| {
        let (_, sink) = layers.score_whole(tested.engine, &people_only(0.0));
        let expected = [0, 1, 2].map(|row| (frame.cell_area_m2(row) / 100.0) as f32);
        assert_cells(&sink.get(Plane::BenefitPerCost), &expected, 1, 0.0, 1e-6);
        assert_cells(&sink.get(Plane::Rank), &[0.0, 50.0, 100.0], 1, 0.0, 0.0);
    });
}

#[test]
fn rank_by_benefit_alone_leaves_cost_out() {
    let mut layers = Layers::constant(frame_utm(3, 1, 10.0), 1.0, 0.0, 100.0);
    layers.population = cells("1 2 3");
    layers.cost = cells("1 100 1000");
    let mut recipe = people_only(0.0);
    on_each_engine(|tested| {
        // b·a/c: 33, 0.67, 0.1.
        let (_, sink) = layers.score_whole(tested.engine, &recipe);
        assert_cells(&sink.get(Plane::Rank), &[100.0, 50.0, 0.0], 3, 0.0, 0.0);
    });
    recipe.priority_by = PriorityBy::Benefit;
    on_each_engine(|tested| {
        let (_, sink) = layers.score_whole(tested.engine, &recipe);
        assert_cells(&sink.get(Plane::Rank), &[0.0, 50.0, 100.0], 3, 0.0, 0.0);
        assert_cells(&sink.get(Plane::Rank), &exact_ranks(&sink.get(Plane::Benefit)), 3, 0.0, 0.0);
        assert_cells(&sink.get(Plane::Cost), &[1.0, 100.0, 1000.0], 3, 0.0, 0.0);
    });
}
