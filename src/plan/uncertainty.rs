//! A plan under uncertainty: what becomes of it when work takes longer or shorter than thought, and when the tasks are
//! worth other than thought.
//!
//! Each sample draws a factor on the work of every task, lognormal with mean 1 and the given coefficient of variation
//! (exp(σ·z − σ²/2), σ² = ln(1 + cv²), z standard normal, independent by task; setup and travel are as planned), and
//! takes a row of sampled worths where such are given. The teams keep to their sequences; a task that could not be ended
//! within its limits any more is passed over, as is one that waits for such a task. The draws depend on the seed, the
//! task's place in the problem and the sample alone. No plan is made anew: this is what the plan in hand is worth.

use super::chance::Chance;
use super::crew::follow;
use super::model::Model;
use super::problem::{Objective, Problem};
use super::sequences_of;
use super::solution::Solution;
use crate::units::DAYS_PER_YEAR;

/// What is drawn.
#[derive(Debug, Clone, PartialEq)]
pub struct Chances {
    /// Samples.
    pub n_samples: usize,
    /// Coefficient of variation of the work of a task: standard deviation by mean.
    pub duration_cv: f64,
    /// Seed.
    pub seed: u64,
    /// Sampled worths: for sample s row s modulo the number of rows, one number a task. None: as given.
    pub worths: Option<Vec<Vec<f64>>>,
    /// First day of the first year, from the start of the plan: the day of a replan, otherwise 0.
    pub first_day: f64,
}

impl Default for Chances {
    fn default() -> Self {
        Self { n_samples: 256, duration_cv: 0.25, seed: 1, worths: None, first_day: 0.0 }
    }
}

/// What became of the plan.
#[derive(Debug, Clone, PartialEq)]
pub struct Uncertainty {
    /// Mean of the objective over the samples that have one.
    pub mean: f64,
    /// 5 % of the samples lie below.
    pub low: f64,
    /// 5 % of the samples lie above.
    pub high: f64,
    /// Samples in which not every task was done, which `completion` asks for: they have no objective.
    pub n_incomplete: usize,
    /// Share of the samples in which each task of the problem ends in time.
    pub done: Vec<f64>,
    /// Share of the samples in which it ends within 365 days.
    pub first_year: Vec<f64>,
}

/// Follows a plan through the samples; none where there is no sample with an objective.
pub fn uncertainty(problem: &Problem, solution: &Solution, chances: &Chances) -> Option<Uncertainty> {
    let base = Model::of(problem);
    let sequences = sequences_of(problem, &solution.routes);
    let mut model = base.clone();
    let variance = chances.duration_cv.powi(2).ln_1p();
    let n = problem.tasks.len();
    let (mut done, mut first_year) = (vec![0_usize; n], vec![0_usize; n]);
    let mut values = Vec::with_capacity(chances.n_samples);
    let mut n_incomplete = 0;
    let rows = chances.worths.as_deref().filter(|rows| !rows.is_empty());
    for s in 0..chances.n_samples {
        for j in 0..n {
            let z = normal(&mut Chance::new(chances.seed, j as u64, s as u64));
            model.scale_work(&base, j, (variance.sqrt() * z - variance / 2.0).exp());
            if let Some(rows) = rows {
                model.tasks[j].worth = rows[s % rows.len()][j];
            }
        }
        let crew = follow(&model, &sequences);
        let mut value = 0.0;
        let mut n_done = 0;
        for j in 0..n {
            let Some(end) = crew.end_of(j) else { continue };
            value += model.value(j, end);
            n_done += 1;
            done[j] += 1;
            first_year[j] += usize::from(end <= chances.first_day + DAYS_PER_YEAR);
        }
        if problem.objective == Objective::Completion && n_done < n {
            n_incomplete += 1;
        } else {
            values.push(model.worth.reported(value) + 0.0);
        }
    }
    if values.is_empty() {
        return None;
    }
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    values.sort_by(f64::total_cmp);
    let share = |count: usize| count as f64 / chances.n_samples as f64;
    Some(Uncertainty {
        mean,
        low: quantile(&values, 0.05),
        high: quantile(&values, 0.95),
        n_incomplete,
        done: done.into_iter().map(share).collect(),
        first_year: first_year.into_iter().map(share).collect(),
    })
}

/// A standard normal number (Box and Muller 1958).
fn normal(chance: &mut Chance) -> f64 {
    let (u, v) = (1.0 - chance.unit(), chance.unit());
    (-2.0 * u.ln()).sqrt() * (std::f64::consts::TAU * v).cos()
}

/// The q-quantile of sorted values, between neighbours in proportion.
fn quantile(sorted: &[f64], q: f64) -> f64 {
    let at = q * (sorted.len() - 1) as f64;
    let (low, high) = (sorted[at.floor() as usize], sorted[at.ceil() as usize]);
    low + (high - low) * at.fract()
}
