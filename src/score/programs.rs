//! The programs of the three passes: which stages a tile goes through, in what order.

use std::sync::Arc;

use crate::grid::Window;

use super::Source;
use super::curve::Quanta;
use super::exposure::across_stride;
use super::program::{Call, Program, Shape, Shared, Slot};
use super::rank::RankTable;
use super::reach::TileReach;
use super::value::Term;

/// The first pass of a tile: people on the source window and hazard in, exposure and people at risk out.
pub fn exposure_program(tile: Window, reach: &Arc<TileReach>) -> Program {
    let mut program = Program::new(tile.n_cols, tile.n_rows);
    let source = Shape { n_cols: reach.source.n_cols, n_rows: reach.source.n_rows };
    let population = program.input_of(source);
    let hazard = program.input();
    let across = program.plane_of(Shape { n_cols: across_stride(tile.n_cols), n_rows: source.n_rows });
    let (exposure, people_at_risk) = (program.output(), program.output());
    program.call(Call::ExposureAcross { population, reach: reach.clone(), out: across });
    program.call(Call::ExposureDown { across, hazard, reach: reach.clone(), out: exposure });
    program.call(Call::Maximum { of: exposure });
    program.call(Call::PeopleAtRisk { hazard, exposure, out: people_at_risk });
    program
}

/// The second pass: hazard, cost, exposure and the criterion `layers` in; benefit and benefit per cost out. Counted is
/// the latter, or benefit when not `by_cost`.
pub fn priority_program(
    tile: Window,
    terms: &[(Source, Term)],
    layers: &[usize],
    row_area_m2: Arc<Vec<f32>>,
    by_cost: bool,
) -> Program {
    let mut program = Program::new(tile.n_cols, tile.n_rows);
    let [hazard, cost, exposure] = [program.input(), program.input(), program.input()];
    let layer_slots: Vec<(usize, Slot)> = layers.iter().map(|layer| (*layer, program.input())).collect();
    let worth = program.plane();
    let (out, per_usd) = (program.output(), program.output());
    for (i, (source, term)) in terms.iter().enumerate() {
        let of = match source {
            Source::Exposure => exposure,
            Source::Layer(index) => {
                let slot = layer_slots.iter().find(|(layer, _)| layer == index);
                slot.expect("every layer of the recipe is read").1
            }
        };
        program.call(Call::Value { of, term: term.clone(), is_first: i == 0, worth });
    }
    program.call(Call::Benefit { hazard, worth, out });
    program.call(Call::Priority { benefit: out, cost, row_area_m2, out: per_usd });
    program.call(Call::Histogram { priority: if by_cost { per_usd } else { out } });
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
