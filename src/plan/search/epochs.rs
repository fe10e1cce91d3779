//! Many workers, in epochs: each does a number of steps, then all meet and the best is noted.
//!
//! What a worker does depends on the seed, its number and the steps before, never on how many threads there
//! are. With `iterations` nothing depends on the clock: the same seed and number of steps make the same plan.
//! With `seconds` the clock, looked at between epochs only, says how far the cooling has come, so that a run
//! ends cold whatever else the machine does; such a run is not repeated to the letter.

use std::time::Instant;

use rayon::prelude::*;

use super::rounds::Schedule;
use super::{Ground, Merit, Worker, parts};
use crate::error::Result;
use crate::plan::chance::Chance;
use crate::plan::model::Model;
use crate::plan::problem::Objective;
use crate::progress::Progress;

/// Searches side by side, whatever the number of threads.
const WORKERS: u64 = 2;
/// Times the workers meet, and more often when an epoch would be longer than so many steps a worker.
const EPOCHS: u64 = 96;
const LONGEST_EPOCH: u64 = 20_000;
/// Times in a run that all go on from where the best stands, but where each has rounds of its own.
const MEETINGS: f64 = 6.0;
/// From so many tasks on, and with some teams, the plan is cut into parts that are searched side by side.
const PARTS_FROM: usize = 1_200;
/// Epochs a run by the clock aims at.
const EPOCHS_BY_CLOCK: u64 = 150;
/// First epoch of such a run, in steps a worker.
const FIRST_EPOCH: u64 = 50;

/// How many times as warm as its end a later round begins.
const WARM: f64 = 3.0;

/// How much may be done.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Effort {
    pub(crate) seed: u64,
    pub(crate) iterations: Option<u64>,
    pub(crate) seconds: Option<f64>,
    pub(crate) begun: Instant,
    pub(crate) n_threads: usize,
}

impl Effort {
    /// Whether the time is up.
    pub(crate) fn is_over(&self) -> bool {
        self.share_of_time().is_some_and(|share| share >= 1.0)
    }

    /// Share of the time that has gone by, where time counts.
    pub(super) fn share_of_time(&self) -> Option<f64> {
        self.seconds.map(|seconds| self.begun.elapsed().as_secs_f64() / seconds.max(1e-9))
    }
}

/// How far a run has come, by steps or by the clock.
#[derive(Debug, Clone, Copy)]
pub(super) struct Course {
    /// Steps in all; none where the clock decides.
    total: Option<u64>,
    begun_at: f64,
    pub(super) done: u64,
    /// Share of the run at the beginning and the expected end of the present epoch.
    pub(super) span: (f64, f64),
    epoch_steps: u64,
    /// Epochs to come to; by the clock, about.
    n_epochs: u64,
}

impl Course {
    /// `n_epochs` for a number of steps, `by_clock` for a run by the clock, whose first epoch has `first`
    /// steps; `default` steps where neither steps nor time are asked for.
    pub(super) fn new(
        effort: &Effort,
        default: u64,
        n_epochs: impl Fn(u64) -> u64,
        (by_clock, first): (u64, u64),
    ) -> Self {
        let by_steps = effort.iterations.or(if effort.seconds.is_none() { Some(default) } else { None });
        let n_epochs = by_steps.map_or(by_clock, |steps| n_epochs(steps).clamp(1, steps.max(1)));
        let begun_at = effort.share_of_time().unwrap_or(0.0).min(0.999);
        Self { total: by_steps, begun_at, done: 0, span: (0.0, 0.0), epoch_steps: first, n_epochs }
    }

    /// Steps of the whole run over all workers, as far as can be told when the next epoch has so many.
    fn expected(&self, of_epoch: u64) -> f64 {
        self.total.map_or((self.done + of_epoch) as f64 / self.span.1.max(1e-9), |total| total as f64)
    }

    /// How many epochs to announce.
    pub(super) fn n_announced(&self) -> u64 {
        self.n_epochs
    }

    /// Steps of the next epoch over all workers; none when the run is over.
    pub(super) fn next(&mut self, effort: &Effort, epoch: u64) -> Option<u64> {
        if let Some(total) = self.total {
            if epoch >= self.n_epochs || effort.is_over() {
                return None;
            }
            let share = |epoch: u64| epoch as f64 / self.n_epochs as f64;
            self.span = (share(epoch), share(epoch + 1));
            return Some(total * (epoch + 1) / self.n_epochs - self.done);
        }
        let share = effort.share_of_time().unwrap_or(1.0);
        if share >= 1.0 {
            return None;
        }
        let share = (share - self.begun_at) / (1.0 - self.begun_at);
        let taken = share - self.span.0;
        if epoch > 0 {
            // Longer or shorter, towards the length aimed at, and never past the end by much.
            let wanted = (1.0 / self.n_epochs as f64).min(1.0 - share) / taken.max(1e-9);
            self.epoch_steps = ((self.epoch_steps as f64 * wanted.clamp(0.3, 4.0)) as u64).max(1);
            self.span = (share, (share + taken * wanted.clamp(0.3, 4.0)).min(1.0));
        } else {
            self.span = (share, share);
        }
        Some(self.epoch_steps)
    }
}

/// What the bound knows.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Hints<'a> {
    /// What a unit of money is worth, 0 without a budget.
    pub(crate) price: f64,
    /// What each task brings for what its days and money are worth; empty where there is no bound.
    pub(crate) returns: &'a [f64],
}

/// What a search found.
#[derive(Debug, Clone)]
pub(crate) struct Outcome {
    pub(crate) sequences: Vec<Vec<u32>>,
    pub(crate) iterations: u64,
}

/// Improves sequences that hold. `note` is told the best value now and then.
///
/// # Errors
/// None of its own; an interruption ends the search and gives the best so far.
pub(crate) fn search(
    model: &Model,
    start: Vec<Vec<u32>>,
    hints: Hints<'_>,
    effort: &Effort,
    progress: &dyn Progress,
    note: &(dyn Fn(f64) + Sync),
) -> Result<Outcome> {
    if model.tasks.is_empty() || effort.iterations == Some(0) {
        return Ok(Outcome { sequences: start, iterations: 0 });
    }
    if model.tasks.len() >= PARTS_FROM && model.teams.len() >= 4 {
        return parts::search(model, start, hints, effort, progress, note);
    }
    let n_done: usize = start.iter().map(Vec::len).sum();
    let value = crate::plan::schedule::State::of(model, &start).value();
    let ground = Ground::new(model, hints.price, value, n_done);
    let mut schedule = Schedule::new(&ground, Heat::sampled(&ground, &start, effort.seed));
    let default = (40_000_000 / (model.tasks.len() as u64 + 20)).clamp(20_000, 400_000);
    let n_epochs = |steps: u64| EPOCHS.max(steps / (WORKERS * LONGEST_EPOCH));
    let mut course = Course::new(effort, default, n_epochs, (EPOCHS_BY_CLOCK, FIRST_EPOCH * WORKERS));
    let mut workers: Vec<Worker> =
        (0..WORKERS).map(|w| Worker::new(&ground, &start, Chance::new(effort.seed, w, 0))).collect();
    progress.start("plan", course.n_announced());
    let mut epoch = 0;
    while !progress.is_cancelled()
        && let Some(of_epoch) = course.next(effort, epoch)
    {
        let (from, to) = course.span;
        let expected = course.expected(of_epoch) / WORKERS as f64;
        schedule.foresee(to, expected, model.tasks.len());
        let run = |(w, worker): (usize, &mut Worker)| {
            // The first workers take what does not divide evenly.
            let count = (of_epoch + WORKERS - 1 - w as u64) / WORKERS;
            for i in 0..count {
                // Whoever interrupts does not ask for the same plan again.
                if i % 256 == 255 && progress.is_cancelled() {
                    return;
                }
                worker.go(&schedule, from + (to - from) * i as f64 / count as f64);
            }
        };
        if effort.n_threads > 1 {
            workers.par_iter_mut().enumerate().for_each(run);
        } else {
            workers.iter_mut().enumerate().for_each(run);
        }
        course.done += of_epoch;
        if to <= schedule.first && (MEETINGS * from).floor() < (MEETINGS * to).floor() {
            meet(&mut workers, to >= 1.0 - 1.0 / MEETINGS);
        }
        note(best_of(&workers).best_merit.value);
        progress.advance(1);
        epoch += 1;
    }
    progress.finish();
    Ok(Outcome { sequences: best_of(&workers).best.clone(), iterations: course.done })
}

/// The worker with the best plan; of equals the first.
fn best_of<'a, 'b>(workers: &'a [Worker<'b>]) -> &'a Worker<'b> {
    let mut best = &workers[0];
    for worker in &workers[1..] {
        if worker.best_merit.beats(best.best_merit) {
            best = worker;
        }
    }
    best
}

/// Everybody goes on from where the best now stands, and late in the run from the best found.
fn meet(workers: &mut [Worker], is_late: bool) {
    let mut leader = 0;
    let merit = |worker: &Worker| -> Merit { if is_late { worker.best_merit } else { worker.merit } };
    for w in 1..workers.len() {
        if merit(&workers[w]).beats(merit(&workers[leader])) {
            leader = w;
        }
    }
    let sequences = if is_late { workers[leader].best.clone() } else { workers[leader].state.sequences() };
    for (w, worker) in workers.iter_mut().enumerate() {
        if w != leader || is_late {
            worker.restart(&sequences);
        }
    }
}

/// The temperature over a run: from `hot` to `cold`, by equal factors.
#[derive(Debug, Clone, Copy)]
pub(super) struct Heat {
    hot: f64,
    cold: f64,
}

impl Heat {
    /// By the size of the drops that single steps from a plan make: what is warm for one problem is cold for
    /// another.
    pub(super) fn sampled(ground: &Ground, start: &[Vec<u32>], seed: u64) -> Self {
        // Screened on some ten public and generated instances of each kind (docs/PLANNER.md).
        let (hot, cold) = match ground.model.worth.kind() {
            Objective::Collect => {
                let cold = 0.2 + 0.1 * super::smallness(ground.model.tasks.len());
                return Self { hot: 2.0 * ground.typical, cold: cold * ground.typical };
            }
            Objective::Decay => (8.0, 0.2),
            Objective::Completion => (8.0, 0.02),
            Objective::Discounted => (0.5, 0.01),
        };
        let mut worker = Worker::new(ground, start, Chance::new(seed, 2000, 0));
        // First downhill for a while, so that drops are those of a good plan.
        let warm_up = (ground.model.tasks.len() as u64 * 10).min(3_000);
        let mut drops: Vec<f64> = Vec::new();
        for i in 0..warm_up + 300 {
            let drop = worker.step(0.0);
            if drop > 0.0 && i >= warm_up {
                drops.push(drop);
            }
        }
        drops.sort_by(f64::total_cmp);
        let median = drops.get(drops.len() / 2).copied().unwrap_or(0.05 * ground.typical);
        Self { hot: hot * median, cold: cold * median }
    }

    /// At a share of the run.
    pub(super) fn at(self, share: f64) -> f64 {
        self.hot * (self.cold / self.hot).powf(share)
    }

    /// At a share of a later round, which begins warm.
    pub(super) fn again(self, share: f64) -> f64 {
        WARM * self.cold * WARM.powf(-share)
    }

    /// By the mean value of a task, for parts of large plans: cold, since a large plan never recovers from
    /// warmth in the time there is.
    pub(super) fn typical(ground: &Ground) -> Self {
        let (hot, cold) = match ground.model.worth.kind() {
            Objective::Collect => (0.5, 0.1),
            _ => (0.02, 0.0005),
        };
        Self { hot: hot * ground.typical, cold: cold * ground.typical }
    }
}
