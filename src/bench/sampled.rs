//! The stages of `acceptability`: 32 samples of the weights of six criteria, hazard and cost as they are.

use rayon::prelude::*;

use crate::grid::is_unknown;
use crate::score::acceptability::bins::{
    Again, Cells, Counted, Cut, N_BINS, N_EDGE_PARTS, N_PARTS, NONE, Ranks,
};
use crate::score::acceptability::survey::{bits_for, is_surveyed, surveyed};
use crate::score::acceptability::{Group, TermForm};
use crate::score::program::{Call, Program, SampledPlanes, Shape, Shared, Tally};
use crate::score::{Bound, Criterion, Draws, Engine, Kernel, Native, Recipe, Robustness, Source, Value};

use super::planes::{N_CRITERIA, Planes};
use super::reference::{Check, cells, known, sampled};
use super::stages::{AREA_M2, Case, FEW_OPERATIONS, areas, program};

/// Samples.
const N_SAMPLES: usize = 32;

/// From this rank on a cell is in the top.
const LEAST_RANK: f32 = 90.0;

/// Cells whose ranks are counted out: each costs a look at every cell in every sample.
const N_RANKED: u64 = 14;

/// A rank is within this of the textbook's, points.
const OF_RANK: f64 = 0.1;

/// Operations of a textbook for each sample: w · u and its addition for every criterion.
const TEXTBOOK_SUM: f64 = 2.0 * N_CRITERIA as f64;

/// The same, one for the samples in the top, and three for Σ rank and Σ rank².
const TEXTBOOK: f64 = TEXTBOOK_SUM + 4.0;

/// `acceptability_term` of one criterion.
pub fn term(planes: &Planes) -> Case<'_> {
    let (mut program, [v, hazard, cost]) = program(planes);
    let terms = program.output();
    let form = TermForm { times_hazard: true, per_cost: true, is_product: false };
    program.call(Call::AcceptabilityTerm {
        v,
        hazard,
        cost,
        row_area_m2: areas(planes),
        form,
        index: 0,
        terms,
    });
    let expected = |i: usize| {
        let (v, h, c) = (known(planes.share[i])?, known(planes.hazard[i])?, known(planes.cost[i])?);
        Some(h * f64::from(AREA_M2) / c * v)
    };
    let inputs: Vec<&[f32]> = vec![&planes.share, &planes.hazard, &planes.cost];
    Case::new("acceptability_term", program, inputs, cells(0, FEW_OPERATIONS, expected))
}

/// What the stages work with: a group of samples, and what the walks before found.
pub struct Sampling {
    group: Shared<Group>,
    draws: Draws,
    ranks: Shared<Ranks>,
    unsurveyed: Unsurveyed,
}

/// The same samples without a survey: their thresholds are counted again, and whatever bin is full.
struct Unsurveyed {
    group: Shared<Group>,
    counts: Vec<u64>,
    again: Shared<Again>,
}

impl Sampling {
    /// Of the planes' own terms.
    pub fn of(planes: &Planes) -> Self {
        let criterion = |index: usize| Criterion {
            name: format!("criterion {index}"),
            source: Source::Layer(index),
            weight: if index == 0 { 3.0 } else { 1.0 },
            value: Value::Linear { lo: Bound::At(0.0), hi: Bound::At(1.0) },
        };
        let recipe = Recipe {
            kernel: Kernel::None,
            criteria: (0..N_CRITERIA).map(criterion).collect(),
            robustness: Some(Robustness { n_samples: N_SAMPLES, ..Robustness::default() }),
            ..Recipe::default()
        };
        let draws = Draws::new(&recipe).expect("the recipe has robustness");
        // Weights and terms are at most 1, and hardly a sum is below a ten-thousandth.
        let cut = Cut::spanning(1e-4f32.to_bits(), 1f32.to_bits());
        let group = Group::new(&recipe, &draws, 0..N_SAMPLES, cut);
        let side = planes.sampled_side;
        let known = |bits: u32| {
            let is_counted = |cell: &usize| is_surveyed((cell % side) as u32, (cell / side) as u32, bits);
            let of_grid = (0..side * side).filter(|cell| !is_unknown(planes.terms[*cell]));
            of_grid.filter(is_counted).count() as u64
        };
        let count = |call: &dyn Fn(SampledPlanes) -> Call, n_counts: usize| {
            let mut tally = Tally::of_samples(n_counts);
            let program = sampled_program(planes, |_, planes| call(planes));
            let ran = Native::new().run(&program, &[&planes.terms], &mut Vec::new(), &mut tally);
            ran.expect("the native engine cannot fail at counting");
            tally.samples
        };
        let count_group = |group: &Shared<Group>| {
            let counts =
                count(&|planes| Call::AcceptabilityCount { planes, group: group.clone() }, group.n_counts());
            let n = known(group.survey_bits);
            let cells = Cells { n, n_zero: n - counts[..N_BINS].iter().sum::<u64>() };
            (counts, cells)
        };
        let plain = Shared::new(group.clone());
        let (counts, cells) = count_group(&plain);
        let least_rank = LEAST_RANK;
        let again =
            Again::new(&Counted { cuts: &plain.cuts, nears: &[], counts: &counts, cells, least_rank }, 0);
        let unsurveyed = Unsurveyed { group: plain, counts, again: Shared::new(again) };
        let survey = Shared::new(group.surveying(bits_for(known(0))));
        let (counts, cells) = count_group(&survey);
        let group = Shared::new(surveyed(&survey, &counts, cells, least_rank));
        let (counts, cells) = count_group(&group);
        let (cuts, nears) = (&*group.cuts, &*group.nears);
        let counted = Counted { cuts, nears, counts: &counts, cells, least_rank };
        let again = Shared::new(Again::new(&counted, 0));
        let recounts = count(
            &|planes| Call::AcceptabilityRecount { planes, group: group.clone(), again: again.clone() },
            again.n_counts(),
        );
        let mut ranks = Ranks::new(cells, N_SAMPLES, least_rank);
        ranks.extend(&counted, &again, &recounts);
        Self { ranks: Shared::new(ranks.finished()), group, draws, unsurveyed }
    }

    /// `acceptability_count`: cells below a bin's lower end, for the first and the last sample.
    pub fn count<'p>(&self, planes: &'p Planes) -> Case<'p> {
        let group = self.group.clone();
        let n_counts = group.n_counts();
        let program =
            sampled_program(planes, |_, planes| Call::AcceptabilityCount { planes, group: group.clone() });
        let (draws, cuts) = (self.draws.clone(), self.group.cuts.clone());
        let holds = move |tally: &Tally| {
            [0, N_SAMPLES - 1].into_iter().try_for_each(|sample| {
                let cut = cuts[sample];
                let mut sums: Vec<f64> = sums(planes, &draws, sample).into_iter().flatten().collect();
                sums.par_sort_unstable_by(f64::total_cmp);
                let slack = 2 + sums.len() / 10_000;
                let mut below = 0;
                for (bin, count) in tally.samples[sample * N_BINS..][..N_BINS].iter().enumerate() {
                    let from = f64::from(f32::from_bits(cut.base + ((bin as u32) << cut.shift)));
                    let expected = sums.partition_point(|sum| *sum < from);
                    if bin > 0 && expected.abs_diff(below as usize) > slack {
                        return Err(format!(
                            "sample {sample}: {below} cells below bin {bin}, expected {expected}"
                        ));
                    }
                    below += count;
                }
                Ok(())
            })
        };
        let case =
            Case::new("acceptability_count", program, vec![&planes.terms], Check::Counts(Box::new(holds)));
        with_samples(case, TEXTBOOK_SUM).counting(move || Tally::of_samples(n_counts))
    }

    /// `acceptability_recount`: parts sum up to what was counted in their bin.
    pub fn recount<'p>(&self, planes: &'p Planes) -> Case<'p> {
        let Unsurveyed { group, counts, again } = &self.unsurveyed;
        let (group, counts, again) = (group.clone(), counts.clone(), again.clone());
        let program = sampled_program(planes, |_, planes| Call::AcceptabilityRecount {
            planes,
            group: group.clone(),
            again: again.clone(),
        });
        let n_counts = again.n_counts();
        let holds = move |tally: &Tally| {
            let (edges, parts) = tally.samples.split_at(again.samples.len() * N_EDGE_PARTS);
            for sample in again.samples.clone() {
                let of_sample = &counts[sample * N_BINS..][..N_BINS];
                let edge = again.edge(sample);
                if edge < NONE {
                    let found = edges[sample * N_EDGE_PARTS..][..N_EDGE_PARTS].iter().sum();
                    same_sum(sample, found, of_sample[edge as usize])?;
                }
                for (&count, &index) in of_sample.iter().zip(&again.words[sample * N_BINS..]) {
                    if index > 0 {
                        let found = parts[(index as usize - 1) * N_PARTS..][..N_PARTS].iter().sum();
                        same_sum(sample, found, count)?;
                    }
                }
            }
            Ok(())
        };
        let check = Check::Counts(Box::new(holds));
        let case = Case::new("acceptability_recount", program, vec![&planes.terms], check);
        with_samples(case, TEXTBOOK_SUM).counting(move || Tally::of_samples(n_counts))
    }

    /// `acceptability`: against ranks counted out.
    pub fn sum<'p>(&self, planes: &'p Planes) -> Case<'p> {
        let (group, ranks) = (self.group.clone(), self.ranks.clone());
        let side = planes.sampled_side;
        let program = sampled_program(planes, |program, planes| {
            let out = program.output_of(Shape { n_cols: side, n_rows: 4 * side });
            Call::Acceptability { planes, group: group.clone(), ranks: ranks.clone(), out }
        });
        let draws = self.draws.clone();
        let holds = move |outputs: &[Vec<f32>]| {
            let n = side * side;
            let at = sampled(n, N_RANKED);
            let ranks = ranks_by_sample(planes, &draws, &at);
            at.iter().enumerate().try_for_each(|(k, &cell)| {
                let found = [0, 1, 2, 3].map(|plane| outputs[0][plane * n + cell]);
                let of_cell: Option<Vec<f64>> = ranks.iter().map(|ranks| ranks[k]).collect();
                is_summed(cell, found, of_cell.as_deref())
            })
        };
        let check = Check::Planes(Box::new(holds));
        let case = Case::new("acceptability", program, vec![&planes.terms], check);
        // A device that fuses may put a cell into the next bin.
        Case { slack: 5e-3, stray: 5e-3, ..with_samples(case, TEXTBOOK) }
    }
}

fn with_samples(case: Case<'_>, textbook: f64) -> Case<'_> {
    let n = N_SAMPLES as f64;
    Case { n_each: n, textbook: Some(n * textbook), ..case }
}

fn sampled_program(planes: &Planes, call: impl FnOnce(&mut Program, SampledPlanes) -> Call) -> Program {
    let side = planes.sampled_side;
    let mut program = Program::new(side, side);
    let terms = program.input_of(Shape { n_cols: side, n_rows: N_CRITERIA * side });
    let call = call(&mut program, SampledPlanes { terms, hazards: None, tiers: None, origin: [0, 0] });
    program.call(call);
    program
}

/// Σ w u of every cell in a sample.
fn sums(planes: &Planes, draws: &Draws, sample: usize) -> Vec<Option<f64>> {
    let n = planes.sampled_side * planes.sampled_side;
    let weights = draws.weights(sample);
    let sum = |cell: usize| {
        let terms = weights.iter().enumerate().map(|(k, w)| Some(w * known(planes.terms[k * n + cell])?));
        terms.sum::<Option<f64>>()
    };
    (0..n).into_par_iter().map(sum).collect()
}

/// Mid-rank percentiles of some cells, sample by sample.
fn ranks_by_sample(planes: &Planes, draws: &Draws, cells: &[usize]) -> Vec<Vec<Option<f64>>> {
    let of_sample = |sample: usize| {
        let sums = sums(planes, draws, sample);
        let n_known = sums.iter().flatten().count() as f64;
        let rank = |cell: &usize| {
            let here = sums[*cell]?;
            let below = sums.iter().flatten().filter(|sum| **sum < here).count() as f64;
            Some(100.0 * below / (n_known - 1.0))
        };
        cells.iter().map(rank).collect()
    };
    (0..N_SAMPLES).into_par_iter().map(of_sample).collect()
}

fn same_sum(sample: usize, found: u64, expected: u64) -> Result<(), String> {
    if found == expected {
        return Ok(());
    }
    Err(format!("sample {sample}: parts sum up to {found} cells, expected {expected}"))
}

/// Whether samples in the top, Σ d, Σ d² and the first rank are those of a cell's ranks.
fn is_summed(cell: usize, found: [f32; 4], ranks: Option<&[f64]>) -> Result<(), String> {
    let Some(ranks) = ranks else {
        let is_right = found.iter().all(|x| is_unknown(*x));
        return if is_right { Ok(()) } else { Err(format!("cell {cell} is {found:?}, expected unknown")) };
    };
    let first = ranks[0];
    let apart = || ranks.iter().map(|rank| rank - first);
    let in_top = ranks.iter().filter(|rank| **rank >= f64::from(LEAST_RANK)).count() as f64;
    let expected = [in_top, apart().sum(), apart().map(|d| d * d).sum(), first];
    let n = ranks.len() as f64;
    let slack_squares = apart().map(|d| 4.0 * d.abs() * OF_RANK).sum::<f64>() + 1.0;
    let slack = [1.0, 2.0 * n * OF_RANK, slack_squares, OF_RANK];
    let is_right =
        found.iter().zip(expected).zip(slack).all(|((x, y), slack)| (f64::from(*x) - y).abs() <= slack);
    if is_right { Ok(()) } else { Err(format!("cell {cell} sums up to {found:?}, expected {expected:?}")) }
}
