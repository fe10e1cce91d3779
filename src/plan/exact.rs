//! The best plan of a small problem, proven: partial plans are made one task longer at a time, and one that another
//! makes needless goes no further.
//!
//! A partial plan makes another needless when both have done the same tasks, every team stands at the same place (and
//! has done as many, where positions are locked), and in no figure it is behind: value, money, when every team is free,
//! and when every task ended that others still wait for. Coming sooner never makes a team end later, so whatever
//! follows the other can follow it. (Dynamic programming over labels with dominance: Righini & Salani 2009.) What
//! cannot become better than the best plan known goes no further either (outlook.rs).
//!
//! Any plan can be made in many orders; it is enough to make it in the one that always takes the first team whose next
//! task waits for nothing undone. So after a step of one team an earlier one goes on only with what waited for that
//! step, and where it can do nothing that waits, it has ended: then it no longer counts where it stands.

use std::collections::BTreeMap;

use super::crew::{Stand, visit};
use super::model::{Model, NONE, SLACK};
use super::schedule::State;
use super::search::Merit;

mod outlook;

use outlook::Outlook;

/// Partial plans looked at before it is given up: before a search, a tenth of a second's; after one, whose plan leaves
/// fewer to go through, a second or two's.
pub(crate) const FEW_LABELS: usize = 100_000;
pub(crate) const MOST_LABELS: usize = 1_000_000;

/// Share by which figures may differ and count as the same: sums of the same numbers in another order.
const SAME: f64 = 1e-12;

/// The best of all plans; `start` is one that holds, and comes back where none is better. None where there are too
/// many to go through, or it is over before that.
pub(crate) fn best_plan(
    model: &Model,
    start: &[Vec<u32>],
    most_labels: usize,
    is_over: &dyn Fn() -> bool,
) -> Option<Vec<Vec<u32>>> {
    if model.tasks.len().max(model.teams.len()) > u32::BITS as usize {
        return None;
    }
    let mut search = Search::of(model, start);
    let mut level = BTreeMap::from([(Key::default(), vec![search.first()])]);
    while !level.is_empty() {
        level = search.longer(&level, most_labels, is_over)?;
    }
    let (sequences, merit) = search.best;
    (merit.short <= 0.0).then_some(sequences)
}

/// What two partial plans must share to be compared.
type Key = Box<[u8]>;

/// A partial plan.
#[derive(Debug, Clone)]
struct Label {
    /// Its last step in [`Search::steps`], and the team that made it.
    step: u32,
    team: usize,
    /// Bits of the tasks that are done, and of the teams that have ended.
    done: u32,
    ended: u32,
    /// Task every team did last, and how many it did; nothing where it has ended.
    last: Box<[(u32, u8)]>,
    /// What must be no larger for it to make another needless: value × −1, money, when every team is free (working
    /// time and day), when every task ended that something undone waits for (else 0).
    figures: Box<[f64]>,
}

/// Where its value × −1 and its money stand among a partial plan's figures.
const VALUE: usize = 0;
const MONEY: usize = 1;

/// Where a team's working time stands among them; its day is the next.
fn free_at(k: usize) -> usize {
    2 + 2 * k
}

impl Label {
    /// What it is worth.
    fn value(&self) -> f64 {
        -self.figures[VALUE]
    }

    /// Working time at which a team is free.
    fn tau(&self, k: usize) -> f64 {
        self.figures[free_at(k)]
    }
}

/// A task that a team does after what an earlier step tells.
#[derive(Debug, Clone, Copy)]
struct Step {
    before: u32,
    task: u32,
    team: u32,
}

struct Search<'a> {
    model: &'a Model,
    positions: Vec<u32>,
    /// Bits of what every task waits for, and of what every team can do.
    before: Vec<u32>,
    able: Vec<u32>,
    /// The best plan known.
    best: (Vec<Vec<u32>>, Merit),
    steps: Vec<Step>,
    n_looked_at: usize,
    outlook: Outlook<'a>,
}

impl<'a> Search<'a> {
    fn of(model: &'a Model, start: &[Vec<u32>]) -> Self {
        let n = model.tasks.len() as u32;
        let positions = model.locked_to_positions();
        let bits =
            |is_in: &dyn Fn(u32) -> bool| (0..n).filter(|&j| is_in(j)).fold(0, |bits, j| bits | 1 << j);
        let before = model.tasks.iter().map(|task| bits(&|p| task.preds.contains(&p))).collect();
        let able = (0..model.teams.len()).map(|k| bits(&|j| model.can(j as usize, k))).collect();
        let state = State::of(model, start);
        let best = (start.to_vec(), Merit::of(model, &state));
        let outlook = Outlook::of(model, state.last_day());
        Self { model, positions, before, able, best, steps: Vec::new(), n_looked_at: 0, outlook }
    }

    fn first(&self) -> Label {
        let teams = &self.model.teams;
        let mut figures = vec![0.0; free_at(teams.len()) + self.model.tasks.len()];
        for (k, team) in teams.iter().enumerate() {
            figures[free_at(k) + 1] = team.calendar.from();
        }
        let last = vec![(NONE, 0); teams.len()].into();
        Label { step: NONE, team: 0, done: 0, ended: 0, last, figures: figures.into() }
    }

    /// All partial plans of one task more that may lead to the best.
    fn longer(
        &mut self,
        level: &BTreeMap<Key, Vec<Label>>,
        most_labels: usize,
        is_over: &dyn Fn() -> bool,
    ) -> Option<BTreeMap<Key, Vec<Label>>> {
        let mut next: BTreeMap<Key, Vec<Label>> = BTreeMap::new();
        for label in level.values().flatten() {
            if self.n_looked_at > most_labels || is_over() {
                return None;
            }
            for j in 0..self.model.tasks.len() {
                if label.done & (1 << j) > 0 || self.before[j] & !label.done > 0 {
                    continue;
                }
                for k in 0..self.model.teams.len() {
                    let Some(mut longer) = self.with(label, j, k) else { continue };
                    self.n_looked_at += 1;
                    let labels = next.entry(self.key(&longer)).or_default();
                    // By value, most first: only what is worth as much makes another needless.
                    let value = longer.value();
                    let n_above = labels.partition_point(|known| known.value() >= value - SAME * value.abs());
                    if labels[..n_above].iter().any(|known| covers(known, &longer))
                        || !self.outlook.most(&longer).beats(self.best.1)
                    {
                        continue;
                    }
                    self.steps.push(Step { before: label.step, task: j as u32, team: k as u32 });
                    longer.step = self.steps.len() as u32 - 1;
                    self.consider(&longer);
                    labels.retain(|known| known.value() > value || !covers(&longer, known));
                    let at = labels.partition_point(|known| known.value() > value);
                    labels.insert(at, longer);
                }
            }
        }
        Some(next)
    }

    fn key(&self, label: &Label) -> Key {
        let mut key = label.done.to_le_bytes().to_vec();
        key.extend(label.ended.to_le_bytes());
        key.push(label.team as u8);
        for &(task, count) in &label.last {
            key.push(task as u8);
            if !self.positions.is_empty() {
                key.push(count);
            }
        }
        key.into()
    }

    /// A partial plan with one task more at the end of a team's, where time, money and locks allow it.
    fn with(&self, label: &Label, j: usize, k: usize) -> Option<Label> {
        let model = self.model;
        let (task, team) = (&model.tasks[j], &model.teams[k]);
        let (last, count) = label.last[k];
        let is_next = k >= label.team || self.before[j] & (1 << label.last[label.team].0) > 0;
        if label.ended & (1 << k) > 0 || !is_next || self.able[k] & (1 << j) == 0 {
            return None;
        }
        if task.lock_position.is_some_and(|place| place != usize::from(count)) {
            return None;
        }
        let end_of = |j: usize| free_at(model.teams.len()) + j;
        let place = if last == NONE { team.start } else { model.tasks[last as usize].place };
        let stand = Stand { place, tau: label.tau(k), day: label.figures[free_at(k) + 1] };
        let ends = task.preds.iter().map(|&p| label.figures[end_of(p as usize)]);
        let release = ends.fold(task.release, f64::max);
        let (leg, stand) = visit(model, j, k, stand, release);
        if stand.day > model.due(j, k) + SLACK || stand.tau > team.tau_total + SLACK {
            return None;
        }
        let mobilisation = if last == NONE { team.mobilisation } else { 0.0 };
        let mut figures = label.figures.clone();
        figures[VALUE] -= model.value(j, stand.day);
        if model.budget.is_finite() {
            figures[MONEY] += model.task_cost(j, k) + leg * team.cost_per_distance + mobilisation;
        }
        if !model.affords(figures[MONEY]) {
            return None;
        }
        figures[free_at(k)..free_at(k + 1)].copy_from_slice(&[stand.tau, stand.day]);
        figures[end_of(j)] = stand.day;
        let done = label.done | 1 << j;
        for other in task.preds.iter().copied().chain([j as u32]) {
            if model.tasks[other as usize].succs.iter().all(|&s| done & (1 << s) > 0) {
                figures[end_of(other as usize)] = 0.0;
            }
        }
        let mut last = label.last.clone();
        last[k] = (j as u32, count + 1);
        let mut longer = Label { step: NONE, team: k, done, ended: label.ended, last, figures };
        let is_waiting = |j: &usize| done & (1 << j) == 0 && self.before[*j] & !label.done > 0;
        let waiting = (0..model.tasks.len()).filter(is_waiting).fold(0, |bits, j| bits | 1 << j);
        // Earlier teams that can do nothing that waited before this step have nothing left to do.
        let has_ended = |k: usize| label.ended & (1 << k) == 0 && self.able[k] & waiting == 0;
        let holds = (0..k).filter(|&k| has_ended(k)).all(|k| self.end(&mut longer, k));
        holds.then_some(longer)
    }

    /// Ends a team's work, which goes home. False where it has not the time or the money.
    fn end(&self, label: &mut Label, k: usize) -> bool {
        let team = &self.model.teams[k];
        let way = match (label.last[k].0, team.end) {
            (NONE, _) | (_, None) => 0.0,
            (j, Some(end)) => self.model.travel.exact(self.model.tasks[j as usize].place, end),
        };
        let is_home = label.tau(k) + way * team.pace <= team.tau_total + SLACK;
        label.ended |= 1 << k;
        label.last[k] = (NONE, 0);
        label.figures[free_at(k)..free_at(k + 1)].fill(0.0);
        if self.model.budget.is_finite() {
            label.figures[MONEY] += way * team.cost_per_distance;
        }
        is_home && self.model.affords(label.figures[MONEY])
    }

    /// Takes a partial plan as a whole one where it holds and is better than the best.
    fn consider(&mut self, label: &Label) {
        let undone = (0..self.model.tasks.len()).filter(|j| label.done & (1 << j) == 0);
        let missing = undone.filter(|&j| self.model.is_required(j)).count();
        let merit = Merit { short: 0.0, missing, value: label.value() };
        if !merit.beats(self.best.1) {
            return;
        }
        let sequences = self.sequences(label.step);
        let state = State::of(self.model, &sequences);
        let merit = Merit::of(self.model, &state);
        let holds = state.holds(self.model, &self.positions) && merit.short <= 0.0;
        if holds && merit.beats(self.best.1) {
            self.best = (sequences, merit);
        }
    }

    fn sequences(&self, mut at: u32) -> Vec<Vec<u32>> {
        let mut sequences = vec![Vec::new(); self.model.teams.len()];
        while let Some(step) = self.steps.get(at as usize) {
            sequences[step.team as usize].push(step.task);
            at = step.before;
        }
        sequences.iter_mut().for_each(|sequence| sequence.reverse());
        sequences
    }
}

/// Whether a partial plan makes another of the same key needless.
fn covers(one: &Label, other: &Label) -> bool {
    one.figures.iter().zip(&other.figures).all(|(a, b)| *a <= b + SAME * a.abs().max(b.abs()))
}
