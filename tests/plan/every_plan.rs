//! The best of all plans of a small problem, found without the planner: partial plans are made one task longer at a
//! time, each judged by the judge, and one that another makes needless goes no further.
//!
//! A partial plan makes another needless when both have done the same tasks, every team's last one the same (and as
//! many, where positions are locked), and in no figure it is behind: the value so far, the money, the end of every
//! team's last task and of every task that others still wait for. Whatever could follow the other can follow it, no
//! later: a team never works longer for having come sooner. (Dynamic programming over labels, as for the orienteering
//! problem in Righini & Salani 2009.)

use std::collections::HashMap;

use clearway::plan::check::judge;
use clearway::plan::{Objective, Problem};

use super::random;

/// Share by which figures may differ and count as the same.
const SAME: f64 = 1e-12;

/// The best of all plans: how many tasks locked to a team it does, which counts first, and its value, larger better.
/// `None` where no plan holds, as may be with `completion`.
pub fn best(problem: &Problem) -> Option<(usize, f64)> {
    let search = Search::of(problem);
    let mut level = HashMap::from([(Key::default(), vec![Label::empty(problem)])]);
    let mut best = None;
    while !level.is_empty() {
        for label in level.values().flatten() {
            consider(problem, &label.sequences, &mut best);
        }
        level = search.longer(&level);
    }
    best
}

/// 1 where more is better.
pub fn sign(objective: Objective) -> f64 {
    if objective == Objective::Completion { -1.0 } else { 1.0 }
}

/// Takes a plan for the best known where it holds and is better: first by how many tasks locked to a team it does.
pub fn consider(problem: &Problem, sequences: &[Vec<usize>], best: &mut Option<(usize, f64)>) {
    let verdict = judge(problem, sequences);
    if !verdict.violations.is_empty() {
        return;
    }
    let is_locked = |j: &&usize| problem.tasks[**j].lock.as_ref().is_some_and(|lock| lock.team.is_some());
    let n = sequences.iter().flatten().filter(is_locked).count();
    let found = (n, sign(problem.objective) * verdict.objective_value);
    if best.is_none_or(|known| found.0 > known.0 || (found.0 == known.0 && found.1 > known.1)) {
        *best = Some(found);
    }
}

/// What two partial plans must share to be compared.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
struct Key {
    done: u32,
    last: Vec<Option<usize>>,
    counts: Vec<usize>,
}

/// A partial plan.
#[derive(Debug, Clone)]
struct Label {
    sequences: Vec<Vec<usize>>,
    done: u32,
    /// What must not be larger for it to make another needless.
    figures: Vec<f64>,
}

impl Label {
    fn empty(problem: &Problem) -> Self {
        Self { sequences: vec![Vec::new(); problem.teams.len()], done: 0, figures: Vec::new() }
    }
}

struct Search<'a> {
    problem: &'a Problem,
    /// Without what only the end of a plan tells: the way home, and floors.
    open: Problem,
    /// What every task waits for, and what waits for it.
    before: Vec<u32>,
    behind: Vec<u32>,
    has_positions: bool,
}

impl<'a> Search<'a> {
    fn of(problem: &'a Problem) -> Self {
        let mut open = problem.clone();
        open.floors.clear();
        open.teams.iter_mut().for_each(|team| team.end_at = None);
        let n = problem.tasks.len();
        let (mut before, mut behind) = (vec![0; n], vec![0; n]);
        for (j, task) in problem.tasks.iter().enumerate() {
            for (p, other) in problem.tasks.iter().enumerate() {
                if task.after.contains(&other.id) {
                    before[j] |= 1 << p;
                    behind[p] |= 1 << j;
                }
            }
        }
        let has_positions = random::has_positions(problem);
        Self { problem, open, before, behind, has_positions }
    }

    /// All partial plans of one task more that nothing makes needless.
    fn longer(&self, level: &HashMap<Key, Vec<Label>>) -> HashMap<Key, Vec<Label>> {
        let mut next: HashMap<Key, Vec<Label>> = HashMap::new();
        for label in level.values().flatten() {
            for j in 0..self.problem.tasks.len() {
                if label.done & (1 << j) > 0 || self.before[j] & !label.done > 0 {
                    continue;
                }
                for k in 0..self.problem.teams.len() {
                    if let Some((key, label)) = self.with(label, j, k) {
                        keep(next.entry(key).or_default(), label);
                    }
                }
            }
        }
        next
    }

    /// A partial plan with one more task at the end of a team's, where that holds.
    fn with(&self, label: &Label, j: usize, k: usize) -> Option<(Key, Label)> {
        let mut sequences = label.sequences.clone();
        sequences[k].push(j);
        let done = label.done | 1 << j;
        let verdict = judge(&self.open, &sequences);
        let is_all = self.problem.objective == Objective::Completion;
        // The one thing wrong with it that longer plans mend: that not all is done yet.
        let n_undone = if is_all { self.problem.tasks.len() - done.count_ones() as usize } else { 0 };
        if verdict.violations.len() > n_undone {
            return None;
        }
        let last: Vec<Option<usize>> = sequences.iter().map(|sequence| sequence.last().copied()).collect();
        let counts = if self.has_positions { sequences.iter().map(Vec::len).collect() } else { Vec::new() };
        let mut figures = vec![-sign(self.problem.objective) * verdict.objective_value];
        if self.problem.budget.is_some() {
            figures.push(verdict.cost);
        }
        figures.extend(last.iter().flatten().map(|j| verdict.times[j].1));
        let is_waited_for = |j: &usize| done & (1 << j) > 0 && self.behind[*j] & !done > 0;
        figures.extend((0..self.problem.tasks.len()).filter(is_waited_for).map(|j| verdict.times[&j].1));
        Some((Key { done, last, counts }, Label { sequences, done, figures }))
    }
}

/// Takes a partial plan among those it can be compared with, unless it is needless; those that it makes needless go.
fn keep(labels: &mut Vec<Label>, new: Label) {
    let covers = |a: &Label, b: &Label| {
        a.figures.iter().zip(&b.figures).all(|(x, y)| *x <= y + SAME * x.abs().max(y.abs()))
    };
    if labels.iter().any(|known| covers(known, &new)) {
        return;
    }
    labels.retain(|known| !covers(&new, known));
    labels.push(new);
}
