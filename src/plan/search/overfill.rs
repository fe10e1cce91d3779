//! For `collect`: routes that are too long for a moment. A handful of neighbouring unserved tasks goes into one
//! route, or two routes exchange their tails; the way is straightened, and what brings least for its time is taken out
//! until it fits again.
//!
//! What single insertions cannot: give up a far corner of a route for another corner, each worth the way only as a
//! whole (adding and dropping as Kobeaga et al. 2018 do for orienteering).

use super::Worker;
use super::tour::Tour;
use crate::plan::model::{NONE, SLACK};

/// Share of the changes that are exchanges of tails.
const TAILS: f64 = 0.15;
/// Most tasks put in together.
const MOST_IN: usize = 12;
/// Routes with fewer visits are left to ruin and recreate.
const FROM_VISITS: usize = 8;
/// Random factors on worths, used in turn.
const NOISES: usize = 32;

impl Worker<'_> {
    /// One such change, as the ruin of a step; false where there was nothing to change.
    pub(super) fn overfill(&mut self) -> bool {
        self.removed.clear();
        let mut tour = std::mem::take(&mut self.tour);
        let seed = if self.chance.unit() < TAILS {
            self.swap_tails(&mut tour)
        } else {
            self.put_in_cluster(&mut tour)
        };
        self.tour = tour;
        let mut removed = std::mem::take(&mut self.removed);
        if let Some(seed) = seed {
            if self.ground.model.budget.is_finite() {
                self.costs.now = self.state.cost();
            }
            removed.retain(|&j| self.state.at[j as usize].0 == NONE);
            self.gather(seed, &removed, false);
        }
        self.removed = removed;
        seed.is_some()
    }

    /// Straightens the routes changed in this step; says whether any became shorter.
    pub(super) fn straighten(&mut self) -> bool {
        let (ground, model) = (self.ground, self.ground.model);
        let mut tour = std::mem::take(&mut self.tour);
        let mut is_shorter = false;
        for k in self.state.changed() {
            if self.state.routes[k].visits.len() < FROM_VISITS {
                continue;
            }
            tour.set(model, k, self.state.routes[k].visits.iter().map(|visit| visit.task));
            if tour.shorten(model, &ground.near) {
                self.state.replace(model, k, tour.tasks());
                is_shorter = true;
            }
        }
        self.tour = tour;
        is_shorter
    }

    /// Some unserved tasks near each other into a route near them; gives one of them.
    fn put_in_cluster(&mut self, tour: &mut Tour) -> Option<u32> {
        let (ground, model) = (self.ground, self.ground.model);
        if self.state.unserved.is_empty() {
            return None;
        }
        let seed = self.state.unserved[self.chance.below(self.state.unserved.len())];
        let near = ground.near.of_task(seed);
        // The team of one of the nearest tasks that are served.
        let skip = self.chance.below(4);
        let served = near.iter().map(|&j| self.state.at[j as usize].0).filter(|&k| k != NONE);
        let k = served.filter(|&k| model.can(seed as usize, k as usize)).nth(skip)? as usize;
        if self.is_held(k) || self.state.routes[k].visits.len() < FROM_VISITS {
            return None;
        }
        tour.set(model, k, self.state.routes[k].visits.iter().map(|visit| visit.task));
        let count = 1 + self.chance.below(MOST_IN);
        let is_free = |&j: &u32| self.state.at[j as usize].0 == NONE && model.can(j as usize, k);
        let cluster: Vec<u32> =
            std::iter::once(seed).chain(near.iter().copied()).filter(is_free).take(count).collect();
        for &j in &cluster {
            let row = model.travel.row(model.tasks[j as usize].place)?;
            let at = tour.cheapest(model, row);
            tour.insert(model, j, at);
        }
        if !self.trim(tour, k, &cluster) {
            return None;
        }
        self.state.replace(model, k, tour.tasks());
        Some(seed)
    }

    /// Two routes exchange what comes behind two tasks near each other; gives one of them.
    fn swap_tails(&mut self, tour: &mut Tour) -> Option<u32> {
        let (ground, model) = (self.ground, self.ground.model);
        let seed = self.chance.below(model.tasks.len()) as u32;
        let (k, at) = self.state.at[seed as usize];
        if k == NONE {
            return None;
        }
        let skip = self.chance.below(3);
        let other = ground.near.of_task(seed).iter().copied().filter(|&j| {
            let beside = self.state.at[j as usize].0;
            beside != k && beside != NONE
        });
        let other = other.take(3).nth(skip)?;
        let (other_k, other_at) = self.state.at[other as usize];
        let sequence = |k: u32| self.state.routes[k as usize].visits.iter().map(|visit| visit.task);
        let (mut one, mut two): (Vec<u32>, Vec<u32>) = (sequence(k).collect(), sequence(other_k).collect());
        let is_held = self.is_held(k as usize) || self.is_held(other_k as usize);
        if is_held || one.len() + two.len() < 2 * FROM_VISITS {
            return None;
        }
        if self.chance.unit() < 0.5 {
            // The other way round: both heads to one, both tails to the other.
            let tail = one.split_off(at as usize + 1);
            let mut other_tail = two.split_off(other_at as usize);
            two.reverse();
            one.append(&mut two);
            other_tail.reverse();
            two = other_tail;
            two.extend(tail);
        } else {
            let mut tail = one.split_off(at as usize + 1);
            one.extend(two.split_off(other_at as usize));
            two.append(&mut tail);
        }
        let mut sequences = [(k as usize, one), (other_k as usize, two)];
        for (k, sequence) in &mut sequences {
            if !sequence.iter().all(|&j| model.can(j as usize, *k)) {
                return None;
            }
            tour.set(model, *k, sequence.iter().copied());
            if !self.trim(tour, *k, &[]) {
                return None;
            }
            sequence.clear();
            sequence.extend(tour.tasks());
        }
        let [(k, one), (other_k, two)] = sequences;
        self.state.replace(model, k, std::iter::empty());
        self.state.replace(model, other_k, two.into_iter());
        self.state.replace(model, k, one.into_iter());
        Some(seed)
    }

    /// Straightens a tour and takes strings out of it until its team has time for it; those `favoured` count more.
    /// False where required tasks alone take too long.
    fn trim(&mut self, tour: &mut Tour, k: usize, favoured: &[u32]) -> bool {
        let (ground, model) = (self.ground, self.ground.model);
        let team = &model.teams[k];
        tour.shorten(model, &ground.near);
        let bias = 1.0 + 2.0 * self.chance.unit();
        let is_exact = self.chance.unit() < 0.5;
        let noise: [f64; NOISES] = std::array::from_fn(|_| 0.7 + 0.6 * self.chance.unit());
        let stop = |j: u32| {
            let favour = if favoured.contains(&j) { bias } else { 1.0 };
            let worth = favour * noise[j as usize % NOISES] * model.tasks[j as usize].worth;
            let worth = if model.is_required(j as usize) { f64::INFINITY } else { worth };
            (worth, model.days(j as usize, k))
        };
        let mut stops: Vec<(f64, f64)> = tour.tasks().map(stop).collect();
        let mut is_trimmed = false;
        loop {
            let days: f64 = stops.iter().map(|(_, days)| days).sum();
            let over = days + tour.length(model) * team.pace - team.tau_total;
            if over <= SLACK {
                break;
            }
            let most = if is_exact { over } else { f64::INFINITY };
            let Some((first, last)) = tour.poorest(model, team.pace, &stops, most) else { return false };
            self.removed.extend((first..=last).map(|i| tour.task(i)));
            tour.remove(first, last);
            stops.drain(first - 1..last);
            is_trimmed = true;
        }
        if is_trimmed {
            tour.shorten(model, &ground.near);
        }
        true
    }
}
