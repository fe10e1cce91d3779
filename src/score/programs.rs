//! The programs of the three passes: which stages a tile goes through, in what order.

use std::sync::Arc;

use crate::grid::Window;

use super::curve::Quanta;
use super::ordered::{Tiering, tierings};
use super::program::{Call, Program, Shared, Slot};
use super::rank::RankTable;
use super::reach::TileReach;
use super::value::{Function, Term};
use super::{Benefit, Recipe, Source};

/// The first pass of a tile: people on the source window and hazard in, exposure and people at risk out.
pub fn exposure_program(tile: Window, reach: &Arc<TileReach>) -> Program {
    let mut program = Program::new(tile.n_cols, tile.n_rows);
    let population = program.input_of(reach.source_shape());
    let hazard = program.input();
    let between = program.plane_of(reach.between(program.tile));
    let (exposure, people_at_risk) = (program.output(), program.output());
    program.call(Call::Exposure { population, hazard, reach: reach.clone(), between, out: exposure });
    program.call(Call::Maximum { of: exposure });
    program.call(Call::PeopleAtRisk { hazard, exposure, out: people_at_risk });
    program
}

/// How criteria become a benefit, ready for the engines.
#[derive(Debug, Clone)]
pub struct Worth {
    /// The form.
    pub form: Benefit,
    /// Each criterion's source, its term, and its normalised weight.
    pub terms: Vec<(Source, Term, f32)>,
    /// For the form `ordered`, by criterion.
    pub tierings: Vec<Tiering>,
}

impl Worth {
    /// Of a recipe whose value functions have their ends.
    pub fn new(recipe: &Recipe, functions: &[Function<'_>]) -> Self {
        let terms = recipe.criteria.iter().zip(recipe.weights()).zip(functions);
        let terms = terms.map(|((criterion, weight), function)| {
            // A product takes v to the power of the weight, an ordered list compares it: in stages of their own.
            let needs_v = matches!(recipe.benefit, Benefit::Product | Benefit::Ordered);
            let in_term = if needs_v { 1.0 } else { weight };
            (criterion.source, Term::new(*function, in_term), weight as f32)
        });
        let is_ordered = recipe.benefit == Benefit::Ordered;
        let tierings = if is_ordered { tierings(&recipe.weights(), &recipe.thresholds) } else { Vec::new() };
        Self { form: recipe.benefit, terms: terms.collect(), tierings }
    }
}

/// The second pass: hazard, cost, exposure and the criterion `layers` in; benefit and benefit per cost out,
/// and for the form `ordered` what the rank orders by. Counted is the last of them, or benefit when not `by_cost`.
/// With tiers, `by_cost` says what orders inside one.
pub fn priority_program(
    tile: Window,
    criteria: &Worth,
    layers: &[usize],
    row_area_m2: Arc<Vec<f32>>,
    by_cost: bool,
) -> Program {
    let mut program = Program::new(tile.n_cols, tile.n_rows);
    let [hazard, cost, exposure] = [program.input(), program.input(), program.input()];
    let layer_slots: Vec<(usize, Slot)> = layers.iter().map(|layer| (*layer, program.input())).collect();
    let worth = program.plane();
    let (out, per_usd) = (program.output(), program.output());
    let form = criteria.form;
    let v = if matches!(form, Benefit::Product | Benefit::Ordered) { program.plane() } else { worth };
    let tier = (form == Benefit::Ordered).then(|| program.plane());
    for (i, (source, term, weight)) in criteria.terms.iter().enumerate() {
        let of = match source {
            Source::Exposure => exposure,
            Source::Layer(index) => {
                let slot = layer_slots.iter().find(|(layer, _)| layer == index);
                slot.expect("every layer of the recipe is read").1
            }
        };
        let (term, is_first) = (term.clone(), i == 0);
        if let Some(tier) = tier {
            let tiering = criteria.tierings[i];
            program.call(Call::Value { of, term, is_first: true, worth: v });
            program.call(Call::Tier { v, tiering, is_first, worth, tier });
        } else if form == Benefit::Product {
            program.call(Call::Value { of, term, is_first: true, worth: v });
            program.call(Call::Factor { v, weight: *weight, is_first, worth });
        } else {
            program.call(Call::Value { of, term, is_first, worth });
        }
    }
    let Some(tier) = tier else {
        program.call(Call::Benefit { hazard, worth, form, out });
        program.call(Call::Priority { benefit: out, cost, row_area_m2, out: per_usd });
        program.call(Call::Histogram { priority: if by_cost { per_usd } else { out } });
        return program;
    };
    let last_tier = criteria.tierings[0].last_tier;
    program.call(Call::Ordered { hazard, worth, tier, last_tier, out });
    program.call(Call::Priority { benefit: out, cost, row_area_m2: row_area_m2.clone(), out: per_usd });
    let mut q = worth;
    if by_cost {
        q = program.plane();
        program.call(Call::Priority { benefit: worth, cost, row_area_m2, out: q });
    }
    let order = program.output();
    program.call(Call::Order { q, tier, benefit: out, last_tier, out: order });
    program.call(Call::Histogram { priority: order });
    program
}

/// What the third pass needs beside its planes.
#[derive(Debug, Clone)]
pub struct Ranking {
    /// Rank by priority bits.
    pub table: Shared<RankTable>,
    /// Lowest rank of each class but the last.
    pub thresholds: Arc<Vec<f32>>,
    /// Of the curve's sums.
    pub quanta: Quanta,
}

/// The third pass: benefit, people at risk, cost and (when `by_cost`) benefit per cost in; rank and class out;
/// the curve counted.
pub fn rank_program(tile: Window, ranking: &Ranking, row_area_m2: Arc<Vec<f32>>, by_cost: bool) -> Program {
    let mut program = Program::new(tile.n_cols, tile.n_rows);
    let [benefit, people_at_risk, cost] = [program.input(), program.input(), program.input()];
    let priority = if by_cost { program.input() } else { benefit };
    let (rank, class) = (program.output(), program.output());
    let quanta = ranking.quanta;
    program.call(Call::Rank { priority, table: ranking.table.clone(), out: rank });
    program.call(Call::Class { rank, thresholds: ranking.thresholds.clone(), out: class });
    program.call(Call::Curve { rank, cost, benefit, people_at_risk, row_area_m2, quanta });
    program
}
