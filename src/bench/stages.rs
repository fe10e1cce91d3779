//! The stages that are timed: one entry each, with its program, its planes and what its result must be.
//!
//! A new stage is a row in `model.rs`, an entry here and its plain formula in `reference.rs`.

use std::sync::Arc;

use crate::score::curve::{Quanta, quanta};
use crate::score::program::{Call, Program, Shared, Slot, Tally};
use crate::score::{Benefit, Engine, Finer, Function, Levels, Native, RankTable, Term, exposure_program};

use super::features::{self, OverCells};
use super::kernels;
use super::model::StageModel;
use super::planes::{CELL_M, Planes};
use super::reference::{self, Check, cells, known};
use super::sampled::{self, Sampling};
use super::tiers;

/// A stage on its planes.
pub struct Case<'p> {
    /// Its name, which `model.rs` knows.
    pub stage: &'static str,
    /// What runs.
    pub program: Program,
    /// What it reads, in the order of the program's inputs.
    pub inputs: Vec<&'p [f32]>,
    /// What it counts into.
    pub tally: Box<dyn Fn() -> Tally + Sync + 'p>,
    /// What must come out.
    pub checks: Vec<Check<'p>>,
    /// How many of what the model counts operations for.
    pub n_each: f64,
    /// Operations a cell as a textbook would count them, where that is another number.
    pub textbook: Option<f64>,
    /// Relative difference between engines: a device may fuse a product with a sum.
    pub slack: f32,
    /// Share of the cells in which engines may differ by more: those on an edge.
    pub stray: f64,
    /// What works on whole layers, in place of the program.
    pub over_cells: Option<OverCells>,
}

/// Relative difference between engines.
const ENGINES_DIFFER: f32 = 2e-5;

/// Area of a cell, m².
pub const AREA_M2: f32 = (CELL_M * CELL_M) as f32;

/// Lowest ranks of the first three classes.
const THRESHOLDS: [f32; 3] = [95.0, 85.0, 60.0];

/// (threshold, value), as a slope or a distance would have them.
const STEPS: [(f64, f64); 5] = [(10.0, 0.2), (20.0, 0.4), (40.0, 0.6), (60.0, 0.8), (80.0, 1.0)];

/// (code, value), as of land cover; two of the planes' codes have none.
const CLASSES: [(i32, f64); 8] =
    [(0, 0.0), (1, 0.2), (2, 0.3), (3, 0.5), (4, 0.6), (6, 0.8), (7, 0.9), (9, 1.0)];

/// Relative error that a stage of a few operations may have.
pub const FEW_OPERATIONS: f64 = 1e-6;

/// Relative error of a sum over the radius.
pub const LONG_SUM: f64 = 2e-5;

/// Error that a table may have, of 1.
pub const BY_TABLE: f64 = 1e-5;

/// Every stage, in the order of the pipeline.
pub fn cases(planes: &Planes) -> Vec<Case<'_>> {
    let (ranking, sampling) = (Ranking::of(planes), Sampling::of(planes));
    vec![
        features::hazard(planes),
        features::proximity(planes),
        features::count(planes),
        features::proximity_to_cells(planes),
        exposure(planes),
        kernels::exponential(planes),
        kernels::disc(planes),
        maximum(planes),
        people_at_risk(planes),
        value("value", planes, &planes.exposure, Function::Linear { lo: 80.0, hi: 5.0 }),
        value("value_table", planes, &planes.exposure, Function::Log { lo: 1.0, hi: 90.0 }),
        value("value_steps", planes, &planes.exposure, Function::Steps(&STEPS)),
        value("value_classes", planes, &planes.codes, Function::Classes(&CLASSES)),
        tiers::value_quantile(planes),
        factor(planes),
        tiers::tier(planes),
        benefit(planes),
        product(planes),
        tiers::ordered(planes),
        priority(planes),
        tiers::order(planes),
        spread(planes),
        histogram(planes),
        refine(planes, &ranking),
        rank(planes, &ranking),
        class(planes),
        curve(planes),
        sampled::term(planes),
        sampling.count(planes),
        sampling.recount(planes),
        sampling.sum(planes),
        pass_exposure(planes),
        pass_priority(planes),
        pass_rank(planes, &ranking),
    ]
}

impl<'p> Case<'p> {
    /// A stage that counts into nothing and has operations by cell alone.
    pub fn new(stage: &'static str, program: Program, inputs: Vec<&'p [f32]>, check: Check<'p>) -> Self {
        Self {
            stage,
            program,
            inputs,
            tally: Box::new(Tally::default),
            checks: vec![check],
            n_each: 0.0,
            textbook: None,
            slack: ENGINES_DIFFER,
            stray: 0.0,
            over_cells: None,
        }
    }

    /// Cells of the tile.
    pub fn n_cells(&self) -> usize {
        self.program.tile.len()
    }

    /// Operations a cell.
    pub fn operations(&self) -> f64 {
        StageModel::of(self.stage).operations_at(self.n_each)
    }

    /// With what it counts into.
    pub fn counting(self, tally: impl Fn() -> Tally + Sync + 'p) -> Self {
        Self { tally: Box::new(tally), ..self }
    }

    /// With another check.
    pub fn and(mut self, check: Check<'p>) -> Self {
        self.checks.push(check);
        self
    }
}

/// A program over the planes' tile.
pub fn program<const N: usize>(planes: &Planes) -> (Program, [Slot; N]) {
    let mut program = Program::new(planes.side, planes.side);
    let inputs = std::array::from_fn(|_| program.input());
    (program, inputs)
}

/// Areas of cells by row.
pub fn areas(planes: &Planes) -> Arc<Vec<f32>> {
    Arc::new(vec![AREA_M2; planes.side])
}

fn exposure(planes: &Planes) -> Case<'_> {
    let mut program = Program::new(planes.side, planes.side);
    let population = program.input_of(planes.reach.source_shape());
    let hazard = program.input();
    let between = program.plane_of(planes.reach.between(program.tile));
    let out = program.output();
    program.call(Call::Exposure { population, hazard, reach: planes.reach.clone(), between, out });
    let expected = move |i: usize| {
        known(planes.hazard[i])?;
        Some(reference::exposure(planes, i % planes.side, i / planes.side))
    };
    let inputs = vec![planes.population.as_slice(), &planes.hazard];
    let case = Case::new("exposure", program, inputs, cells(0, LONG_SUM, expected));
    kernels::with_radius(case, &planes.reach)
}

fn maximum(planes: &Planes) -> Case<'_> {
    let (mut program, [of]) = program(planes);
    program.call(Call::Maximum { of });
    let check = Check::Counts(Box::new(|tally| reference::maximum(tally, &planes.exposure)));
    Case::new("maximum", program, vec![&planes.exposure], check).counting(Tally::of_maximum)
}

fn people_at_risk(planes: &Planes) -> Case<'_> {
    let (mut program, [hazard, exposure]) = program(planes);
    let out = program.output();
    program.call(Call::PeopleAtRisk { hazard, exposure, out });
    let check = cells(0, FEW_OPERATIONS, reference::product_of(&planes.hazard, &planes.exposure));
    Case::new("people_at_risk", program, vec![&planes.hazard, &planes.exposure], check)
}

fn value<'p>(stage: &'static str, planes: &'p Planes, of: &'p [f32], function: Function<'p>) -> Case<'p> {
    const WEIGHT: f32 = 0.75;
    let (mut program, [plane]) = program(planes);
    let worth = program.output();
    let term = Term::new(function, f64::from(WEIGHT));
    program.call(Call::Value { of: plane, term, is_first: true, worth });
    let expected = move |i: usize| function.value_f64(known(of[i])?).map(|v| f64::from(WEIGHT) * v);
    Case::new(stage, program, vec![of], cells(0, BY_TABLE, expected))
}

fn factor(planes: &Planes) -> Case<'_> {
    const WEIGHT: f32 = 0.75;
    let (mut program, [v]) = program(planes);
    let worth = program.output();
    program.call(Call::Factor { v, weight: WEIGHT, is_first: true, worth });
    let expected = |i: usize| known(planes.share[i]).map(|v| f64::from(WEIGHT) * v.max(1e-6).log2());
    Case::new("factor", program, vec![&planes.share], cells(0, BY_TABLE, expected))
}

fn benefit(planes: &Planes) -> Case<'_> {
    let (mut program, [hazard, worth]) = program(planes);
    let out = program.output();
    program.call(Call::Benefit { hazard, worth, form: Benefit::Risk, out });
    let check = cells(0, FEW_OPERATIONS, reference::product_of(&planes.hazard, &planes.share));
    Case::new("benefit", program, vec![&planes.hazard, &planes.share], check)
}

fn product(planes: &Planes) -> Case<'_> {
    let (mut program, [hazard, worth]) = program(planes);
    let out = program.output();
    program.call(Call::Benefit { hazard, worth, form: Benefit::Product, out });
    let expected = |i: usize| known(planes.power[i]).map(f64::exp2);
    Case::new("product", program, vec![&planes.hazard, &planes.power], cells(0, BY_TABLE, expected))
}

fn priority(planes: &Planes) -> Case<'_> {
    let (mut program, [benefit, cost]) = program(planes);
    let out = program.output();
    program.call(Call::Priority { benefit, cost, row_area_m2: areas(planes), out });
    let expected = |i: usize| {
        let (b, c) = (known(planes.share[i])?, known(planes.cost[i])?);
        Some(b * f64::from(AREA_M2) / c)
    };
    Case::new("priority", program, vec![&planes.share, &planes.cost], cells(0, FEW_OPERATIONS, expected))
}

fn spread(planes: &Planes) -> Case<'_> {
    let (mut program, [cells]) = program(planes);
    program.call(Call::Spread { cells, finer: None });
    let check = Check::Counts(Box::new(|tally| reference::spread(tally, &planes.exposure)));
    Case::new("spread", program, vec![&planes.exposure], check).counting(Tally::of_spread)
}

fn histogram(planes: &Planes) -> Case<'_> {
    let (mut program, [priority]) = program(planes);
    program.call(Call::Histogram { priority });
    let check = Check::Counts(Box::new(|tally| reference::histogram(tally, &planes.priority)));
    Case::new("histogram", program, vec![&planes.priority], check).counting(Tally::of_histogram)
}

/// The counts and the table that `refine` and `rank` work with: those of the planes' own priorities.
struct Ranking {
    bins: Vec<u64>,
    /// The first level after the bins, where some are full.
    finer: Option<Finer>,
    table: Shared<RankTable>,
}

impl Ranking {
    fn of(planes: &Planes) -> Self {
        let count = |call: &dyn Fn(Slot) -> Call, mut tally: Tally| {
            let (mut program, [priority]) = program(planes);
            program.call(call(priority));
            let inputs = [planes.priority.as_slice()];
            let ran = Native::new().run(&program, &inputs, &mut Vec::new(), &mut tally);
            ran.expect("the native engine cannot fail at counting");
            tally
        };
        let bins = count(&|priority| Call::Histogram { priority }, Tally::of_histogram()).bins;
        let mut levels = Levels::of_priorities(bins.clone());
        let first = levels.finer();
        while let Some(finer) = levels.finer() {
            let refine = |priority| Call::Refine { priority, finer: finer.clone() };
            levels.take(count(&refine, Tally::of_refined(finer.n_counts)).refined);
        }
        Self { bins, finer: first, table: Shared::new(RankTable::new(&levels)) }
    }
}

fn refine<'p>(planes: &'p Planes, ranking: &Ranking) -> Case<'p> {
    let (mut program, [priority]) = program(planes);
    let finer = ranking.finer.clone().expect("planes so narrow that some bins are full");
    program.call(Call::Refine { priority, finer: finer.clone() });
    let (bins, n_counts) = (ranking.bins.clone(), finer.n_counts);
    let check = Check::Counts(Box::new(move |tally| reference::refined(tally, &bins, &finer)));
    let case = Case::new("refine", program, vec![&planes.priority], check);
    case.counting(move || Tally::of_refined(n_counts))
}

fn rank<'p>(planes: &'p Planes, ranking: &Ranking) -> Case<'p> {
    let (mut program, [priority]) = program(planes);
    let out = program.output();
    program.call(Call::Rank { priority, table: ranking.table.clone(), out });
    let check = Check::Ranks { output: 0, of: &planes.priority, highest: 100.0 };
    Case::new("rank", program, vec![&planes.priority], check)
}

fn class(planes: &Planes) -> Case<'_> {
    let (mut program, [rank]) = program(planes);
    let out = program.output();
    program.call(Call::Class { rank, thresholds: Arc::new(THRESHOLDS.to_vec()), out });
    let expected = |i: usize| {
        let rank = known(planes.rank[i])?;
        Some(1.0 + THRESHOLDS.iter().filter(|threshold| rank < f64::from(**threshold)).count() as f64)
    };
    Case::new("class", program, vec![&planes.rank], cells(0, 0.0, expected))
}

fn curve_quanta() -> Quanta {
    quanta(f64::from(AREA_M2), 9000.0, 100.0)
}

fn curve(planes: &Planes) -> Case<'_> {
    let (mut program, [rank, cost, benefit, people_at_risk]) = program(planes);
    let (row_area_m2, quanta) = (areas(planes), curve_quanta());
    program.call(Call::Curve { rank, cost, benefit, people_at_risk, row_area_m2, quanta });
    let inputs: Vec<&[f32]> = vec![&planes.rank, &planes.cost, &planes.share, &planes.exposure];
    let of = inputs.clone();
    let check = Check::Counts(Box::new(move |tally| reference::curve(tally, &of, AREA_M2, &quanta)));
    Case::new("curve", program, inputs, check).counting(Tally::of_curve)
}

fn pass_exposure(planes: &Planes) -> Case<'_> {
    let program = exposure_program(planes.tile, &planes.reach);
    let exposure = move |i: usize| {
        known(planes.hazard[i])?;
        Some(reference::exposure(planes, i % planes.side, i / planes.side))
    };
    let at_risk = move |i: usize| Some(known(planes.hazard[i])? * exposure(i)?);
    let inputs = vec![planes.population.as_slice(), &planes.hazard];
    let case = Case::new("pass_exposure", program, inputs, cells(0, LONG_SUM, exposure))
        .and(cells(1, LONG_SUM, at_risk))
        .counting(Tally::of_maximum);
    Case { n_each: planes.radius as f64, ..case }
}

fn pass_priority(planes: &Planes) -> Case<'_> {
    let (mut program, [hazard, cost, exposure, layer]) = program(planes);
    let worth = program.plane();
    let (benefit, out) = (program.output(), program.output());
    program.call(Call::Value { of: exposure, term: Term::linear(0.0, 100.0, 0.75), is_first: true, worth });
    program.call(Call::Value { of: layer, term: Term::linear(1.0, -1.0, 0.25), is_first: false, worth });
    program.call(Call::Benefit { hazard, worth, form: Benefit::Risk, out: benefit });
    program.call(Call::Priority { benefit, cost, row_area_m2: areas(planes), out });
    program.call(Call::Histogram { priority: out });
    let expected = |i: usize| {
        let (h, e, l) = (planes.hazard[i], planes.exposure[i], planes.share[i]);
        let (h, e, l) = (known(h)?, known(e)?, known(l)?);
        Some(h * (0.75 * e / 100.0 + 0.25 * (1.0 - l)))
    };
    let per_usd = move |i: usize| Some(expected(i)? * f64::from(AREA_M2) / known(planes.cost[i])?);
    let inputs: Vec<&[f32]> = vec![&planes.hazard, &planes.cost, &planes.exposure, &planes.share];
    Case::new("pass_priority", program, inputs, cells(0, LONG_SUM, expected))
        .and(cells(1, LONG_SUM, per_usd))
        .counting(Tally::of_histogram)
}

fn pass_rank<'p>(planes: &'p Planes, ranking: &Ranking) -> Case<'p> {
    let (mut program, [benefit, people_at_risk, cost, priority]) = program(planes);
    let (rank, class) = (program.output(), program.output());
    program.call(Call::Rank { priority, table: ranking.table.clone(), out: rank });
    program.call(Call::Class { rank, thresholds: Arc::new(THRESHOLDS.to_vec()), out: class });
    let (row_area_m2, quanta) = (areas(planes), curve_quanta());
    program.call(Call::Curve { rank, cost, benefit, people_at_risk, row_area_m2, quanta });
    let inputs: Vec<&[f32]> = vec![&planes.share, &planes.exposure, &planes.cost, &planes.priority];
    let check = Check::Ranks { output: 0, of: &planes.priority, highest: 100.0 };
    Case::new("pass_rank", program, inputs, check).counting(Tally::of_curve)
}
