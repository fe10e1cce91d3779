//! Tasks that wait for one another, worth together what the best order of times makes of them.
//!
//! Each task keeps one of those it waits for (the rest are let go), so that they form trees. When every moment of
//! work on the one lies before every moment of the other, the two are together worth at most
//! max over t₁ ≤ t₂ of gain₁(t₁) + gain₂(t₂), since a mean of such sums is no more than the largest. Along a tree
//! the same follows from the leaves up, in one pass over the grid times.

use crate::plan::model::{Model, NONE};

/// The trees.
pub(super) struct Order {
    /// What each task waits for, [`NONE`] where nothing.
    before: Vec<u32>,
    /// Tasks of trees, each after what it waits for.
    sorted: Vec<u32>,
    /// Place in `sorted`, [`NONE`] for tasks of no tree.
    slot: Vec<u32>,
    /// Root of each task in `sorted`, as a place in it, and how many tasks its tree has.
    root: Vec<u32>,
    size: Vec<u32>,
}

/// What trees are worth.
pub(super) struct Worth {
    /// All of them together.
    pub(super) value: f64,
    /// For each task in `sorted` and grid time: what its tree would be worth less than it is if the task had its
    /// work then and gained nothing by itself.
    pub(super) short: Vec<f64>,
}

impl Order {
    /// Of a model; `earliest` is the first day on which each task can start.
    pub(super) fn of(model: &Model, earliest: &[f64]) -> Self {
        let n = model.tasks.len();
        let later = |a: &u32, b: &u32| earliest[*a as usize].total_cmp(&earliest[*b as usize]).then(b.cmp(a));
        let before: Vec<u32> =
            model.tasks.iter().map(|task| task.preds.iter().copied().max_by(later).unwrap_or(NONE)).collect();
        let mut after: Vec<Vec<u32>> = vec![Vec::new(); n];
        for (j, &p) in (0..).zip(&before) {
            if p != NONE {
                after[p as usize].push(j);
            }
        }
        let (mut sorted, mut slot, mut root) = (Vec::new(), vec![NONE; n], Vec::new());
        let mut stack: Vec<u32> =
            (0..n as u32).filter(|&j| before[j as usize] == NONE && !after[j as usize].is_empty()).collect();
        while let Some(j) = stack.pop() {
            let here = sorted.len() as u32;
            slot[j as usize] = here;
            sorted.push(j);
            root.push(match before[j as usize] {
                NONE => here,
                p => root[slot[p as usize] as usize],
            });
            stack.extend(&after[j as usize]);
        }
        let mut size = vec![0; sorted.len()];
        root.iter().for_each(|&r| size[r as usize] += 1);
        let size = root.iter().map(|&r| size[r as usize]).collect();
        Self { before, sorted, slot, root, size }
    }

    /// Tasks of trees.
    pub(super) fn tasks(&self) -> &[u32] {
        &self.sorted
    }

    /// Place of a task among [`Order::tasks`], if it is one of them.
    pub(super) fn slot(&self, j: usize) -> Option<usize> {
        Some(self.slot[j]).filter(|&slot| slot != NONE).map(|slot| slot as usize)
    }

    /// How many tasks the tree of a task of trees has.
    pub(super) fn size(&self, slot: usize) -> f64 {
        f64::from(self.size[slot])
    }

    /// What the trees are worth, given what each of their tasks gains by itself at each of `n` grid times.
    /// `is_all`: all must be done.
    pub(super) fn worth(&self, own: &[f64], n: usize, is_all: bool) -> Worth {
        let least = if is_all { f64::NEG_INFINITY } else { 0.0 };
        // What the tasks after it add to a task at a time, and its worth with them from that time on.
        let mut follow = vec![0.0; own.len()];
        let mut from_on = own.to_vec();
        for slot in (0..self.sorted.len()).rev() {
            let mut best = f64::NEG_INFINITY;
            for at in (slot * n..(slot + 1) * n).rev() {
                best = best.max(own[at] + follow[at]);
                from_on[at] = best;
            }
            if let Some(p) = self.slot_before(slot) {
                for t in 0..n {
                    follow[p * n + t] += from_on[slot * n + t].max(least);
                }
            }
        }
        // What the rest of the tree, without the task and what comes after it, can add at a time.
        let mut rest = vec![0.0; own.len()];
        let mut short = vec![0.0; own.len()];
        let mut value = 0.0;
        for slot in 0..self.sorted.len() {
            if let Some(p) = self.slot_before(slot) {
                let mut best = f64::NEG_INFINITY;
                for t in 0..n {
                    let others = follow[p * n + t] - from_on[slot * n + t].max(least);
                    let at = own[p * n + t] + rest[p * n + t] + others;
                    // Impossible less impossible: nothing is known, so nothing is said.
                    best = if at.is_nan() { f64::INFINITY } else { best.max(at) };
                    rest[slot * n + t] = best;
                }
            } else {
                value += from_on[slot * n].max(least);
            }
            let whole = from_on[self.root[slot] as usize * n].max(least);
            for at in slot * n..(slot + 1) * n {
                short[at] = whole - rest[at] - follow[at];
            }
        }
        Worth { value, short }
    }

    fn slot_before(&self, slot: usize) -> Option<usize> {
        match self.before[self.sorted[slot] as usize] {
            NONE => None,
            p => Some(self.slot[p as usize] as usize),
        }
    }
}
