//! Subgradient descent on the prices; every price gives a bound, the lowest is kept.

use std::ops::Range;

use rayon::prelude::*;

use super::fluid::{Fluid, Pair};
use super::start::start;

/// Most steps, and most work in all (pairs looked at).
const MOST_STEPS: usize = 1_500;
const MOST_WORK: f64 = 60e6;

/// Tasks evaluated in one piece.
const PIECE: usize = 2_048;

/// The lowest bound found and its prices; `known` is the value of a plan that holds, which steers the length of
/// steps; `patience` times as many steps as usual may be taken.
pub(super) fn descend(fluid: &Fluid, known: Option<f64>, patience: f64) -> (f64, Prices) {
    let n_evaluations =
        ((patience * MOST_WORK) as usize / fluid.pairs.len().max(1)).clamp(120, 2 * MOST_STEPS);
    let (mut prices, n_left) = start(fluid, n_evaluations / 2);
    let n_steps = (n_evaluations / 2 + n_left).min(MOST_STEPS);
    let mut best = f64::INFINITY;
    let mut best_prices = prices.clone();
    let mut load: Vec<Vec<f64>> = prices.time.clone();
    let mut step_share = 1.0;
    let mut n_idle = 0;
    for step in 0..n_steps {
        let Relaxed { value, spent, reached } = evaluate(fluid, &prices, &mut load);
        if value < best - 1e-9 * best.abs().min(1e300) {
            if value < best * (1.0 - 2e-5 * best.signum()) {
                n_idle = 0;
            }
            best = value;
            best_prices.clone_from(&prices);
        }
        n_idle += 1;
        if n_idle > 12 {
            n_idle = 0;
            step_share *= 0.7;
            if step_share < 1e-4 {
                break;
            }
            prices.clone_from(&best_prices);
            evaluate(fluid, &prices, &mut load);
        }
        if step + 1 == n_steps {
            break;
        }
        // Polyak: aim a little below the best bound, at the known plan where there is one.
        let scale = best.abs().max(1e-12);
        let aim = known.unwrap_or(best - 0.05 * scale).max(best - 0.5 * scale).min(value);
        let slack_money = if fluid.budget.is_finite() { fluid.budget - spent } else { 0.0 };
        let mut square =
            if prices.money > 0.0 || slack_money < 0.0 { slack_money * slack_money } else { 0.0 };
        for ((u, load), capacity) in prices.time.iter().zip(&load).zip(&fluid.capacity) {
            for ((&u, &load), &capacity) in u.iter().zip(load).zip(capacity) {
                let g = capacity - load;
                if capacity.is_finite() && (u > 0.0 || g < 0.0) {
                    square += g * g;
                }
            }
        }
        for (&price, &g) in prices.floors.iter().zip(&reached) {
            if price > 0.0 || g < 0.0 {
                square += g * g;
            }
        }
        if square <= 0.0 || value - aim <= 0.0 {
            break;
        }
        let length = step_share * (value - aim) / square;
        prices.money = (prices.money - length * slack_money).max(0.0);
        for (price, g) in prices.floors.iter_mut().zip(&reached) {
            *price = (*price - length * g).max(0.0);
        }
        for ((u, load), capacity) in prices.time.iter_mut().zip(&load).zip(&fluid.capacity) {
            for ((u, &load), &capacity) in u.iter_mut().zip(load).zip(capacity) {
                *u = if capacity.is_finite() { (*u - length * (capacity - load)).max(0.0) } else { 0.0 };
            }
        }
    }
    (best, best_prices)
}

/// A price for every type and grid time, one for money (in days), and one for every floor.
#[derive(Debug, Clone)]
pub(super) struct Prices {
    pub(super) time: Vec<Vec<f64>>,
    pub(super) money: f64,
    pub(super) floors: Vec<f64>,
}

/// What the fluid does at some prices.
#[derive(Debug, Clone)]
pub(super) struct Relaxed {
    /// The bound.
    pub(super) value: f64,
    /// Money the tasks would spend (in days).
    pub(super) spent: f64,
    /// What they would have over each floor.
    pub(super) reached: Vec<f64>,
}

/// The bound at these prices; fills in what the tasks would take of each type and time.
pub(super) fn evaluate(fluid: &Fluid, prices: &Prices, load: &mut [Vec<f64>]) -> Relaxed {
    load.iter_mut().for_each(|load| load.fill(0.0));
    let hulls: Vec<Vec<u32>> = prices.time.iter().map(|u| hull(&fluid.x, u)).collect();
    let mut all = constant(fluid, prices);
    let mut add = |(part, part_load): (Relaxed, Vec<Vec<f64>>)| {
        all.value += part.value;
        all.spent += part.spent;
        all.reached.iter_mut().zip(&part.reached).for_each(|(sum, part)| *sum += part);
        load.iter_mut().flatten().zip(part_load.iter().flatten()).for_each(|(sum, part)| *sum += part);
    };
    // Pieces of one length, summed up in order: the same bits on any number of threads.
    let pieces: Vec<Range<usize>> =
        (0..fluid.first.len() - 1).step_by(PIECE).map(|from| from..from + PIECE).collect();
    let run = |piece: &Range<usize>| evaluate_piece(fluid, prices, &hulls, piece.clone());
    if pieces.len() > 1 {
        pieces.par_iter().map(run).collect::<Vec<_>>().into_iter().for_each(&mut add);
    } else {
        pieces.iter().map(run).for_each(&mut add);
    }
    all
}

/// The bound without any task: what teams' time, money and floors are worth at these prices.
pub(super) fn constant(fluid: &Fluid, prices: &Prices) -> Relaxed {
    let mut value = 0.0;
    for (u, capacity) in prices.time.iter().zip(&fluid.capacity) {
        let paid = |(&u, &capacity): (&f64, &f64)| if capacity.is_finite() { u * capacity } else { 0.0 };
        value += u.iter().zip(capacity).map(paid).sum::<f64>();
    }
    if fluid.budget.is_finite() {
        value += prices.money * fluid.budget;
    }
    let owed: Vec<f64> = fluid.floors.iter().map(|(_, least)| -least).collect();
    value += prices.floors.iter().zip(&owed).map(|(price, owed)| price * owed).sum::<f64>();
    Relaxed { value, spent: 0.0, reached: owed }
}

/// The share of some tasks in the bound, and what they take of each type and time.
fn evaluate_piece(
    fluid: &Fluid,
    prices: &Prices,
    hulls: &[Vec<u32>],
    tasks: Range<usize>,
) -> (Relaxed, Vec<Vec<f64>>) {
    let mut load: Vec<Vec<f64>> = fluid.capacity.iter().map(|capacity| vec![0.0; capacity.len()]).collect();
    let (mut value, mut spent) = (0.0, 0.0);
    let mut reached = vec![0.0; fluid.floors.len()];
    let until = (tasks.end + 1).min(fluid.first.len());
    for (j, range) in (tasks.start..).zip(fluid.first[tasks.start..until].windows(2)) {
        let weights = || fluid.floors.iter().map(|(weights, _)| weights[j]);
        let lean: f64 = weights().zip(&prices.floors).map(|(weight, price)| weight * price).sum();
        let mut best = (if fluid.is_all { f64::NEG_INFINITY } else { 0.0 }, None);
        for pair in &fluid.pairs[range[0]..range[1]] {
            let (u, hull) = (&prices.time[pair.kind as usize], &hulls[pair.kind as usize]);
            let at = best_time(fluid, pair, u, hull);
            let gain =
                pair.slope * fluid.x[at] + pair.level + lean - pair.days * u[at] - prices.money * pair.cost;
            if gain > best.0 {
                best = (gain, Some((pair, at)));
            }
            if fluid.has_idle_worth {
                // A worth that has decayed to nothing stays at nothing, where g goes on below.
                let at = cheapest_time(pair, u);
                let gain = lean - pair.days * u[at] - prices.money * pair.cost;
                if gain > best.0 {
                    best = (gain, Some((pair, at)));
                }
            }
        }
        if let (gain, Some((pair, at))) = best {
            value += gain;
            load[pair.kind as usize][at] += pair.days;
            spent += pair.cost;
            reached.iter_mut().zip(weights()).for_each(|(reached, weight)| *reached += weight);
        }
    }
    (Relaxed { value, spent, reached }, load)
}

/// The grid time at which a task's days cost least.
fn cheapest_time(pair: &Pair, u: &[f64]) -> usize {
    let times = pair.from as usize..=pair.to as usize;
    times.min_by(|&a, &b| u[a].total_cmp(&u[b])).unwrap_or(pair.from as usize)
}

/// The grid time that is best for a task: the largest slope · x − days · u.
pub(super) fn best_time(fluid: &Fluid, pair: &Pair, u: &[f64], hull: &[u32]) -> usize {
    let worth = |at: usize| pair.slope * fluid.x[at] - pair.days * u[at];
    let last = fluid.x.len() - 1;
    if pair.from > 0 || (pair.to as usize) < last {
        let mut best = pair.from as usize;
        for at in pair.from as usize + 1..=pair.to as usize {
            if worth(at) > worth(best) {
                best = at;
            }
        }
        return best;
    }
    // Along the hull the worth rises, then falls.
    let (mut low, mut high) = (0, hull.len() - 1);
    while low < high {
        let middle = usize::midpoint(low, high);
        if worth(hull[middle + 1] as usize) > worth(hull[middle] as usize) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    hull[low] as usize
}

/// The grid times on the lower hull of the points (x, u), x falling.
pub(super) fn hull(x: &[f64], u: &[f64]) -> Vec<u32> {
    let mut hull: Vec<u32> = Vec::with_capacity(x.len());
    for c in 0..x.len() {
        while let [.., a, b] = hull[..] {
            let (a, b) = (a as usize, b as usize);
            // b stays only if it lies strictly below the line from a to c.
            let cross = (x[a] - x[b]) * (u[c] - u[b]) - (x[b] - x[c]) * (u[b] - u[a]);
            if cross > 0.0 {
                break;
            }
            hull.pop();
        }
        hull.push(c as u32);
    }
    hull
}
