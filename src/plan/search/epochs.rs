//! Many workers, in epochs: each does a fixed number of steps, then all meet and the best is noted.
//!
//! What a worker does depends on the seed, its number and the epoch only, never on the clock or on how many
//! threads there are. The clock is read in two places: before the start, to turn `seconds` into a number of
//! steps, and between epochs, to stop. A run that did all its steps is therefore repeated exactly by giving
//! the same seed and the number of `iterations` it reports.

use std::time::Instant;

use rayon::prelude::*;

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
/// From so many tasks on, and with some teams, the plan is cut into parts that are searched side by side.
const PARTS_FROM: usize = 1_200;
/// Steps that measure how fast this machine is.
const TRIAL: u64 = 300;

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
    pub(super) fn is_over(&self) -> bool {
        self.seconds.is_some_and(|seconds| self.begun.elapsed().as_secs_f64() >= seconds)
    }

    /// Steps in all: as asked, or as many as `rate` steps a second and worker allow in the time left.
    pub(super) fn steps(&self, default: u64, rate: &dyn Fn() -> f64) -> u64 {
        if let Some(iterations) = self.iterations {
            return iterations;
        }
        let Some(seconds) = self.seconds else { return default };
        let rate = rate();
        let left = (seconds - self.begun.elapsed().as_secs_f64()).max(0.0);
        (rate * left * 0.92) as u64
    }
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
    price: f64,
    effort: &Effort,
    progress: &dyn Progress,
    note: &(dyn Fn(f64) + Sync),
) -> Result<Outcome> {
    if model.tasks.is_empty() || effort.iterations == Some(0) {
        return Ok(Outcome { sequences: start, iterations: 0 });
    }
    if model.tasks.len() >= PARTS_FROM && model.teams.len() >= 4 {
        return parts::search(model, start, price, effort, progress, note);
    }
    let n_done: usize = start.iter().map(Vec::len).sum();
    let value = crate::plan::schedule::State::of(model, &start).value();
    let ground = Ground::new(model, price, value, n_done);
    let heat = Heat::sampled(&ground, &start, effort.seed);
    let rate = || {
        let mut worker = Worker::new(&ground, &start, Chance::new(effort.seed, 1000, 0));
        let begun = Instant::now();
        for _ in 0..TRIAL {
            worker.step(heat.at(0.5));
        }
        let rate = TRIAL as f64 / begun.elapsed().as_secs_f64().max(1e-9);
        rate * WORKERS.min(effort.n_threads as u64) as f64
    };
    let default = (40_000_000 / (model.tasks.len() as u64 + 20)).clamp(20_000, 400_000);
    let steps = effort.steps(default, &rate).max(1);
    let mut workers: Vec<Worker> =
        (0..WORKERS).map(|w| Worker::new(&ground, &start, Chance::new(effort.seed, w, 0))).collect();
    let n_epochs = EPOCHS.max(steps / (WORKERS * LONGEST_EPOCH)).min(steps.div_ceil(WORKERS));
    let mut done = 0;
    progress.start("plan", n_epochs);
    for epoch in 0..n_epochs {
        if progress.is_cancelled() || effort.is_over() {
            break;
        }
        let target = steps * (epoch + 1) / n_epochs;
        let of_epoch = target - done;
        let run = |(w, worker): (usize, &mut Worker)| {
            // The first workers take what does not divide evenly.
            let count = (of_epoch + WORKERS - 1 - w as u64) / WORKERS;
            for i in 0..count {
                // Whoever interrupts does not ask for the same plan again.
                if i % 256 == 255 && progress.is_cancelled() {
                    return;
                }
                let within = i as f64 / count as f64;
                worker.step(heat.at((epoch as f64 + within) / n_epochs as f64));
            }
        };
        if effort.n_threads > 1 {
            workers.par_iter_mut().enumerate().for_each(run);
        } else {
            workers.iter_mut().enumerate().for_each(run);
        }
        done = target;
        meet(&mut workers, epoch, n_epochs);
        note(best_of(&workers).best_merit.value);
        progress.advance(1);
    }
    progress.finish();
    Ok(Outcome { sequences: best_of(&workers).best.clone(), iterations: done })
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

/// Six times in a run everybody goes on from where the best now stands, and near the end from the best found.
fn meet(workers: &mut [Worker], epoch: u64, n_epochs: u64) {
    let sixth = (n_epochs / 6).max(1);
    if (epoch + 1) % sixth != 0 {
        return;
    }
    let is_late = epoch + 1 >= n_epochs - sixth;
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
        if ground.model.worth.kind() == Objective::Collect {
            return Self { hot: heat("HOT", 2.0) * ground.typical, cold: heat("COLD", 0.4) * ground.typical };
        }
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
        Self { hot: heat("HOT", 0.5) * median, cold: heat("COLD", 0.01) * median }
    }

    /// At a share of the run.
    pub(super) fn at(self, share: f64) -> f64 {
        self.hot * (self.cold / self.hot).powf(share)
    }

    /// By the mean value of a task, for parts of large plans: cold, since a large plan never recovers from
    /// warmth in the time there is.
    pub(super) fn typical(ground: &Ground) -> Self {
        let (hot, cold) = match ground.model.worth.kind() {
            Objective::Collect => (0.5, 0.1),
            _ => (heat("PHOT", 0.02), heat("PCOLD", 0.0005)),
        };
        Self { hot: hot * ground.typical, cold: cold * ground.typical }
    }
}

fn heat(name: &str, default: f64) -> f64 {
    std::env::var(name).ok().and_then(|s| s.parse().ok()).unwrap_or(default)
}
