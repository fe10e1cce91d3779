//! The relaxed problem as numbers: team types, grid times, capacities, and one line a task and type.

use std::collections::HashMap;

use super::line;
use crate::plan::floors::FloorModel;
use crate::plan::model::Model;
use crate::plan::nearby::Neighbours;
use crate::plan::problem::Objective;

/// Most task × type pairs that are kept (24 bytes each).
const MOST_PAIRS: usize = 20_000_000;

/// The fluid problem.
pub(super) struct Fluid {
    /// x of the grid times, falling: e^(−rt), or −t.
    pub(super) x: Vec<f64>,
    /// Working days of each type at each grid time; infinite at the last where time has no end.
    pub(super) capacity: Vec<Vec<f64>>,
    /// Pairs of a task and a type, by task.
    pub(super) pairs: Vec<Pair>,
    /// First pair of each task, and one more.
    pub(super) first: Vec<usize>,
    /// Whether every task must be done.
    pub(super) is_all: bool,
    /// Budget in days: money × `day_per_money`.
    pub(super) budget: f64,
    /// What makes money and days comparable.
    pub(super) day_per_money: f64,
    /// Floors: weight of every task (in days), of which those done must reach the least.
    pub(super) floors: Vec<(Vec<f64>, f64)>,
    /// Whether a task may be worth doing that is worth nothing itself any more: for a floor.
    pub(super) has_idle_worth: bool,
    /// Type of each team.
    pub(super) kind_of_team: Vec<usize>,
    /// Grid times in days.
    pub(super) times: Vec<f64>,
    /// First day on which each task can start.
    pub(super) earliest: Vec<f64>,
    /// Whether worth decays to nothing and no further.
    pub(super) is_decay: bool,
}

/// One task with one type of team.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pair {
    pub(super) kind: u32,
    /// Grid times it may use.
    pub(super) from: u32,
    pub(super) to: u32,
    /// Working days it takes.
    pub(super) days: f64,
    /// g(t) = slope · x(t) + level.
    pub(super) slope: f64,
    pub(super) level: f64,
    /// Money, in days.
    pub(super) cost: f64,
    /// The same without the way there.
    pub(super) visit: Visit,
}

/// One task with one type of team, without the way there.
#[derive(Debug, Clone, Copy)]
pub(super) struct Visit {
    pub(super) from: u32,
    pub(super) days: f64,
    pub(super) slope: f64,
    pub(super) level: f64,
    pub(super) cost: f64,
}

impl Fluid {
    /// Of a model; `last_day` is when a known plan ends.
    pub(super) fn of(model: &Model, last_day: f64) -> Option<Self> {
        let kinds = kinds(model);
        if model.tasks.len().checked_mul(kinds.len())? > MOST_PAIRS {
            return None;
        }
        let until = model.teams.iter().map(|team| team.calendar.until()).fold(0.0, f64::max);
        let is_open_ended = !until.is_finite();
        let end = if is_open_ended { (1.3 * last_day).max(1.0) } else { until.max(1e-6) };
        let times = grid(model, end);
        let r = model.worth.rate_per_day();
        let is_exponential = model.worth.kind() == Objective::Discounted && r > 0.0;
        let x = times.iter().map(|&t| if is_exponential { (-r * t).exp() } else { -t }).collect();
        let capacity = kinds.iter().map(|teams| capacity(model, teams, &times, is_open_ended)).collect();
        let way_in = ways_in(model);
        let earliest = earliest(model);
        let has_budget = model.budget.is_finite();
        let (mut pairs, mut first) = (Vec::new(), vec![0]);
        let (mut all_days, mut all_money) = (0.0, 0.0);
        for (j, task) in model.tasks.iter().enumerate() {
            for (kind, teams) in kinds.iter().enumerate() {
                let Some(&some) = teams.iter().find(|&&k| model.can(j, k)) else { continue };
                let from_base = teams
                    .iter()
                    .map(|&k| model.travel.exact(model.teams[k].start, task.place))
                    .fold(f64::INFINITY, f64::min);
                let way = way_in[j].min(from_base);
                let team = &model.teams[some];
                let work = model.days(j, some);
                // A task that may start only later has all its work after that; the way there may be earlier,
                // so it is left out where that day counts for more.
                let is_late = earliest[j] > 2.0 * way * team.pace;
                let days = if is_late { work } else { work + way * team.pace };
                let from = if is_late { times.partition_point(|&t| t <= earliest[j]) - 1 } else { 0 };
                let to = times.partition_point(|&t| t < task.due).min(times.len() - 1);
                let (slope, level) = line(model, j, days, model.worth.horizon());
                let cost =
                    if has_budget { model.task_cost(j, some) + team.cost_per_distance * way } else { 0.0 };
                all_days += days;
                all_money += cost;
                let (from, to) = (from as u32, to.max(from) as u32);
                let visit = {
                    let (slope, level) = line(model, j, work, model.worth.horizon());
                    let from = (times.partition_point(|&t| t <= earliest[j]) - 1) as u32;
                    let cost = if has_budget { model.task_cost(j, some) } else { 0.0 };
                    Visit { from, days: work, slope, level, cost }
                };
                pairs.push(Pair { kind: kind as u32, from, to, days, slope, level, cost, visit });
            }
            first.push(pairs.len());
        }
        let is_all = model.worth.kind() == Objective::Completion;
        if is_all && first.windows(2).any(|pair| pair[0] == pair[1]) {
            return None;
        }
        let day_per_money = if all_money > 0.0 { all_days.max(1e-9) / all_money } else { 1.0 };
        for pair in &mut pairs {
            pair.cost *= day_per_money;
            pair.visit.cost *= day_per_money;
        }
        let budget = if has_budget { model.budget * day_per_money } else { f64::INFINITY };
        let floors = floors(model, all_days);
        let has_idle_worth = model.worth.kind() == Objective::Decay && !floors.is_empty();
        let mut kind_of_team = vec![0; model.teams.len()];
        for (kind, teams) in kinds.iter().enumerate() {
            teams.iter().for_each(|&k| kind_of_team[k] = kind);
        }
        Some(Self {
            x,
            capacity,
            pairs,
            first,
            is_all,
            budget,
            day_per_money,
            floors,
            has_idle_worth,
            kind_of_team,
            times,
            earliest,
            is_decay: model.worth.kind() == Objective::Decay,
        })
    }
}

/// The floors with weights that are together as many days as all tasks take, so that one length of step suits all.
fn floors(model: &Model, all_days: f64) -> Vec<(Vec<f64>, f64)> {
    let scaled = |floor: &FloorModel| {
        let size: f64 = floor.weights.iter().map(|weight| weight.abs()).sum();
        let scale = if size > 0.0 { all_days.max(1e-9) / size } else { 1.0 };
        (floor.weights.iter().map(|weight| weight * scale).collect(), floor.least * scale)
    };
    model.floors.iter().map(scaled).collect()
}

/// Grid times: equal steps, finer at the beginning where time has no end.
fn grid(model: &Model, end: f64) -> Vec<f64> {
    let n = match model.worth.kind() {
        Objective::Collect => 1,
        _ if model.tasks.len() > 20_000 => 100,
        _ => 240,
    };
    (0..=n).map(|i| end * f64::from(i) / f64::from(n)).collect()
}

/// Teams of one type: the same in all that the fluid sees but base and calendar. With days by team every team
/// is its own type.
fn kinds(model: &Model) -> Vec<Vec<usize>> {
    let has_own_days = model.tasks.iter().any(|task| task.has_own_days());
    let mut kind_of: HashMap<Vec<u64>, usize> = HashMap::new();
    let mut kinds: Vec<Vec<usize>> = Vec::new();
    for (k, team) in model.teams.iter().enumerate() {
        let numbers = [team.pace, team.setup, team.rate, team.cost_factor, team.cost_per_distance];
        let mut key: Vec<u64> = numbers.iter().map(|x| x.to_bits()).collect();
        key.extend(model.abilities(k).map(u64::from));
        if has_own_days {
            key.push(k as u64);
        }
        let next = kinds.len();
        let kind = *kind_of.entry(key).or_insert(next);
        if kind == next {
            kinds.push(Vec::new());
        }
        kinds[kind].push(k);
    }
    kinds
}

/// Working days at the grid times: those within a stretch go to its two ends, nearer ones more.
fn capacity(model: &Model, teams: &[usize], times: &[f64], is_open_ended: bool) -> Vec<f64> {
    const FINE: usize = 32;
    let mut capacity = vec![0.0; times.len()];
    for &k in teams {
        let calendar = &*model.teams[k].calendar;
        for (b, pair) in times.windows(2).enumerate() {
            let width = pair[1] - pair[0];
            let (mut open, mut moment) = (0.0, 0.0);
            let is_even = !model.has_precedence
                && calendar.is_plain()
                && calendar.from() <= pair[0]
                && calendar.until() >= pair[1];
            if is_even {
                (open, moment) = (width, 0.5 * width * width);
            } else {
                let mut tau = calendar.tau(pair[0]);
                for i in 0..FINE {
                    let next = calendar.tau(pair[0] + width * (i + 1) as f64 / FINE as f64);
                    // Counted at the beginning of the piece: earlier is worth more, so the bound stays one.
                    open += next - tau;
                    moment += (next - tau) * width * i as f64 / FINE as f64;
                    tau = next;
                }
            }
            let right = moment / width;
            capacity[b] += open - right;
            capacity[b + 1] += right;
        }
    }
    if is_open_ended && let Some(last) = capacity.last_mut() {
        *last = f64::INFINITY;
    }
    capacity
}

/// The shortest way into every task from any other task, never overestimated.
fn ways_in(model: &Model) -> Vec<f64> {
    let n = model.tasks.len();
    let exact = |i: usize, j: usize| model.travel.exact(model.tasks[i].place, model.tasks[j].place);
    if n <= 2_000 || model.travel.coordinates(0).is_none() {
        return (0..n)
            .map(|j| (0..n).filter(|&i| i != j).map(|i| exact(i, j)).fold(f64::INFINITY, f64::min))
            .collect();
    }
    let near = Neighbours::of(model, 8);
    (0..n)
        .map(|j| {
            let list = near.of_task(j as u32);
            let nearest = list.iter().map(|&i| exact(i as usize, j)).fold(f64::INFINITY, f64::min);
            // The lists go by quick distances, which may be off by 0.6 %.
            let quick = |&i: &u32| model.travel.quick(model.tasks[i as usize].place, model.tasks[j].place);
            nearest.min(list.last().map_or(f64::INFINITY, quick) * 0.99)
        })
        .collect()
}

/// The earliest day on which work on each task can start: its own release, and what it waits for.
fn earliest(model: &Model) -> Vec<f64> {
    let mut start: Vec<f64> = model.tasks.iter().map(|task| task.release).collect();
    if !model.has_precedence {
        return start;
    }
    let least: Vec<f64> = (0..model.tasks.len())
        .map(|j| {
            let able = (0..model.teams.len()).filter(|&k| model.can(j, k));
            able.map(|k| model.days(j, k)).fold(f64::INFINITY, f64::min)
        })
        .collect();
    // Chains are settled when a sweep changes nothing; there are no circles.
    loop {
        let mut is_settled = true;
        for (j, task) in model.tasks.iter().enumerate() {
            for &p in &task.preds {
                let after = start[p as usize] + least[p as usize];
                if after.is_finite() && after > start[j] {
                    start[j] = after;
                    is_settled = false;
                }
            }
        }
        if is_settled {
            return start;
        }
    }
}
