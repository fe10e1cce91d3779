//! Tasks locked to a position: a route that is being changed lets them slip, and they are brought back to their
//! places before the step is judged.
//!
//! A route is then its free tasks in their order with the locked ones at their places between them. Where too few
//! stand before a locked one, others go there, worth something or not; where none can, it is left out.

use super::Worker;
use super::insert::Spot;
use crate::plan::model::NONE;

/// Share of the tasks put before a locked one that are any that fit; the others are those that cost least.
const ANY: f64 = 0.3;

impl Worker<'_> {
    /// Whether a task is locked to a position.
    pub(super) fn is_fixed(&self, j: u32) -> bool {
        self.ground.model.tasks[j as usize].lock_position.is_some()
    }

    /// How many first visits of a team are locked where they stand: nothing goes before them.
    pub(super) fn n_fixed(&self, k: usize) -> usize {
        if self.ground.positions.is_empty() {
            return 0;
        }
        let visits = self.state.routes[k].visits.iter().zip(0..);
        visits.take_while(|&(visit, at)| self.place_of(visit.task) == Some(at)).count()
    }

    /// Puts a task that is locked to a position in, and before it what is needed to fill the places there: all of
    /// these. None, and nothing has changed, where that cannot be.
    pub(super) fn put_in_fixed(&mut self, j: u32) -> Option<Vec<u32>> {
        let spot = self.best_spot(j)?;
        let mut added = vec![j];
        if !self.apply(j, spot) {
            return None;
        }
        if self.fill_before(j, &mut added) {
            return Some(added);
        }
        self.take_out(&added);
        None
    }

    /// Brings locked tasks back to their places, in all routes.
    pub(super) fn anchor(&mut self) {
        let ground = self.ground;
        // What is left out here may have stood before something locked elsewhere.
        while let Some(&j) = ground.positions.iter().find(|&&j| self.is_astray(j)) {
            self.straighten_out(self.state.at[j as usize].0 as usize);
            if self.is_astray(j) && !self.fill_before(j, &mut Vec::new()) {
                let mut gone = vec![j];
                self.with_followers(&mut gone);
                self.take_out(&gone);
            }
        }
    }

    /// The place a task is locked to.
    fn place_of(&self, j: u32) -> Option<usize> {
        self.ground.model.tasks[j as usize].lock_position
    }

    /// Whether a task is in the plan, but not at the place it is locked to.
    fn is_astray(&self, j: u32) -> bool {
        let (k, at) = self.state.at[j as usize];
        k != NONE && self.place_of(j).is_some_and(|place| place != at as usize)
    }

    /// Puts the locked tasks of a route to their places, as far as there are tasks to stand before them.
    fn straighten_out(&mut self, k: usize) {
        let visits = || self.state.routes[k].visits.iter().map(|visit| visit.task);
        let mut fixed: Vec<u32> = visits().filter(|&j| self.is_fixed(j)).collect();
        fixed.sort_by_key(|&j| self.place_of(j));
        let mut fixed = fixed.into_iter().peekable();
        let mut free = visits().filter(|&j| !self.is_fixed(j));
        let mut sequence: Vec<u32> = Vec::with_capacity(self.state.routes[k].visits.len());
        loop {
            let is_due = |j: &u32| self.place_of(*j).is_none_or(|place| place <= sequence.len());
            let next = fixed.next_if(is_due).or_else(|| free.next()).or_else(|| fixed.next());
            let Some(j) = next else { break };
            sequence.push(j);
        }
        let before = self.state.routes[k].cost;
        self.state.replace(self.ground.model, k, sequence.into_iter());
        self.costs.now += self.state.routes[k].cost - before;
    }

    /// Puts unserved tasks before a locked one until it stands at its place, and names them. False where they do not
    /// suffice, or where it stands behind its place.
    fn fill_before(&mut self, j: u32, added: &mut Vec<u32>) -> bool {
        while self.is_astray(j) {
            let (k, at) = self.state.at[j as usize];
            if self.place_of(j).is_some_and(|place| place < at as usize) {
                return false;
            }
            let Some((filler, spot)) = self.filler(k as usize, at as usize) else { return false };
            if !self.apply(filler, spot) {
                return false;
            }
            added.push(filler);
        }
        true
    }

    /// An unserved task that can stand before a position of a team, and where.
    fn filler(&mut self, k: usize, before: usize) -> Option<(u32, Spot)> {
        let is_any = self.chance.unit() < ANY;
        let mut open: Vec<u32> = self.state.unserved.iter().copied().filter(|&j| !self.is_fixed(j)).collect();
        self.chance.shuffle(&mut open);
        let mut best: Option<(u32, Spot)> = None;
        for j in open {
            let mut spot = None;
            self.scan(j, k, 0, before, &mut spot);
            let Some(spot) = spot else { continue };
            if best.is_none_or(|(_, known)| spot.score > known.score) {
                best = Some((j, spot));
            }
            if is_any {
                break;
            }
        }
        best
    }

    /// Takes tasks out again that a repair put in.
    pub(super) fn take_out(&mut self, tasks: &[u32]) {
        self.state.remove(self.ground.model, tasks);
        self.count_floors(tasks, -1.0);
        self.costs.now = self.state.cost();
    }
}
