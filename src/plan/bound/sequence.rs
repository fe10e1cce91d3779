//! A bound for `completion` from what each team can do at best, one whole sequence at a time.
//!
//! Every task must be done by one team: let λ_j be what doing task j pays. Then no plan costs less than
//!
//! ```text
//! Σ_j λ_j + Σ_teams min over sets of tasks of Σ (worth_j·end_j − λ_j)
//! ```
//!
//! for any λ. The best order of a set is known (Smith: length / worth rising), so the least over all sets follows from one
//! pass over the tasks in that order, for every total length up to then. Lengths before a task are counted in whole steps,
//! rounded down, the task's own exactly; totals past the last step stay there. Closed days, releases and who waits for whom
//! are let go, ways count by the shortest into each task: all of it makes tasks end earlier, never later.
//! λ starts from the fluid's prices and takes subgradient steps after Polyak.

use rayon::prelude::*;

use super::fluid::Fluid;
use crate::plan::model::Model;

/// Most table cells looked at in all (about a second), and most steps.
const MOST_WORK: f64 = 6e8;
const MOST_STEPS: usize = 800;
/// Below so many steps it is not begun.
const LEAST_STEPS: usize = 30;
/// Steps of length in a mean task where lengths are not whole numbers.
const STEPS_A_TASK: f64 = 24.0;
/// The last total length, in shares of what the teams would have if all were done evenly.
const LONGEST: f64 = 2.5;

/// The least Σ worth · end of any plan, or a little below; `pays` is where λ begins.
pub(super) fn least_sum(model: &Model, fluid: &Fluid, pays: &[f64]) -> Option<f64> {
    let n = pays.len();
    let kinds = kinds(model, fluid);
    let n_cells: usize = kinds.iter().map(|kind| kind.tasks.len() * (kind.last + 1)).sum();
    let n_steps = ((MOST_WORK / n_cells.max(1) as f64) as usize).min(MOST_STEPS);
    if n_steps < LEAST_STEPS || n == 0 {
        return None;
    }
    let mut pays: Vec<f64> = pays.iter().map(|pay| pay.max(0.0)).collect();
    let (mut best, mut best_pays) = (f64::NEG_INFINITY, pays.clone());
    let (mut ahead, mut n_idle) = (0.02, 0);
    let mut direction = vec![0.0; n];
    for _ in 0..n_steps {
        let sets: Vec<(f64, Vec<u32>)> = kinds.par_iter().map(|kind| kind.best_set(&pays)).collect();
        let mut value: f64 = pays.iter().sum();
        let mut lacks = vec![1.0; n];
        for (kind, (least, set)) in kinds.iter().zip(&sets) {
            value += kind.n_teams * least;
            set.iter().for_each(|&j| lacks[j as usize] -= kind.n_teams);
        }
        if value > best {
            n_idle = if value > best + 1e-5 * best.abs() { 0 } else { n_idle + 1 };
            best = value;
            best_pays.clone_from(&pays);
        } else {
            n_idle += 1;
        }
        if n_idle >= 12 {
            n_idle = 0;
            ahead *= 0.5;
            if ahead < 1e-6 {
                break;
            }
            pays.clone_from(&best_pays);
            direction.fill(0.0);
            continue;
        }
        // Part of the last direction stays: steps zigzag less.
        direction.iter_mut().zip(&lacks).for_each(|(d, lack)| *d = 0.6 * *d + lack);
        let square: f64 = direction.iter().map(|d| d * d).sum();
        if square <= 0.0 {
            break;
        }
        let length = (best + ahead * best.abs() - value).max(0.0) / square;
        pays.iter_mut().zip(&direction).for_each(|(pay, d)| *pay = (*pay + length * d).max(0.0));
    }
    Some(best)
}

/// One type of team.
struct Kind {
    n_teams: f64,
    /// First day of the first of its teams.
    from: f64,
    step: f64,
    /// Last total length, in steps.
    last: usize,
    /// In Smith's order.
    tasks: Vec<Task>,
}

struct Task {
    j: u32,
    worth: f64,
    days: f64,
    /// Days in steps, rounded down.
    length: usize,
}

impl Kind {
    /// The least Σ (worth · end − pay) over sets of tasks, and the set.
    fn best_set(&self, pays: &[f64]) -> (f64, Vec<u32>) {
        let width = self.last + 1;
        let mut least = vec![f64::INFINITY; width];
        least[0] = 0.0;
        let mut is_taken = vec![false; self.tasks.len() * width];
        // Where the longest total so far stands, and from which total each task came to the last.
        let mut reach = 0;
        let mut came_from = vec![0; self.tasks.len()];
        for (i, task) in self.tasks.iter().enumerate() {
            let taken = &mut is_taken[i * width..(i + 1) * width];
            let fixed = task.worth * (self.from + task.days) - pays[task.j as usize];
            let slope = task.worth * self.step;
            for t in (0..=reach).rev() {
                let to = (t + task.length).min(self.last);
                let cost = least[t] + fixed + slope * t as f64;
                if cost < least[to] {
                    least[to] = cost;
                    taken[to] = true;
                    if to == self.last {
                        came_from[i] = t;
                    }
                }
            }
            reach = (reach + task.length).min(self.last);
        }
        let mut at = (0..width).min_by(|&a, &b| least[a].total_cmp(&least[b])).unwrap_or(0);
        let value = least[at].min(0.0);
        let mut set = Vec::new();
        for (i, task) in self.tasks.iter().enumerate().rev() {
            if is_taken[i * width + at] {
                set.push(task.j);
                at = if at == self.last { came_from[i] } else { at - task.length };
            }
        }
        (value, set)
    }
}

fn kinds(model: &Model, fluid: &Fluid) -> Vec<Kind> {
    let is_whole = fluid.pairs.iter().all(|pair| (pair.days - pair.days.round()).abs() < 1e-9);
    let mean = fluid.pairs.iter().map(|pair| pair.days).sum::<f64>() / fluid.pairs.len().max(1) as f64;
    let step = if is_whole { 1.0 } else { (mean / STEPS_A_TASK).max(1e-9) };
    let quickest = |range: &[usize]| {
        fluid.pairs[range[0]..range[1]].iter().map(|pair| pair.days).fold(f64::INFINITY, f64::min)
    };
    let even = fluid.first.windows(2).map(quickest).sum::<f64>() / model.teams.len().max(1) as f64;
    let longest = fluid.pairs.iter().map(|pair| pair.days).fold(0.0, f64::max);
    let last = ((LONGEST * even + longest) / step).ceil() as usize;
    let mut kinds: Vec<Kind> = (0..fluid.capacity.len())
        .map(|_| Kind { n_teams: 0.0, from: f64::INFINITY, step, last, tasks: Vec::new() })
        .collect();
    for (team, &kind) in model.teams.iter().zip(&fluid.kind_of_team) {
        kinds[kind].n_teams += 1.0;
        kinds[kind].from = kinds[kind].from.min(team.calendar.from());
    }
    for (j, range) in (0..).zip(fluid.first.windows(2)) {
        for pair in &fluid.pairs[range[0]..range[1]] {
            let length = if is_whole { pair.days.round() } else { (pair.days / step).floor() } as usize;
            let worth = model.tasks[j as usize].worth;
            kinds[pair.kind as usize].tasks.push(Task { j, worth, days: pair.days, length });
        }
    }
    for kind in &mut kinds {
        let key =
            |task: &Task| if task.worth > 0.0 { task.length as f64 / task.worth } else { f64::INFINITY };
        kind.tasks.sort_by(|a, b| key(a).total_cmp(&key(b)).then(a.j.cmp(&b.j)));
    }
    kinds
}
