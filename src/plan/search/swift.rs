//! The same judgement as insert.rs for the common case, several times faster: nobody waits, distances lie in a
//! table and are the same both ways.

use super::Worker;
use super::insert::Spot;
use crate::plan::model::SLACK;
use crate::plan::problem::Objective;

impl Worker<'_> {
    /// Tries positions `first..=last` of one team. Asks that [`super::Ground::is_swift`] holds, that the team
    /// can do the task, and that `first` is not before what is fixed.
    pub(super) fn scan_swift(
        &mut self,
        j: u32,
        k: usize,
        first: usize,
        last: usize,
        best: &mut Option<Spot>,
    ) {
        let ground = self.ground;
        let model = ground.model;
        let (task, team) = (&model.tasks[j as usize], &model.teams[k]);
        let route = &self.state.routes[k];
        let Some(row) = model.travel.row(task.place) else { return };
        let kind = model.worth.kind();
        let is_collect = kind == Objective::Collect;
        let calendar = &*team.calendar;
        let (from, is_plain) = (calendar.from(), calendar.is_plain());
        let days = model.days(j as usize, k);
        let end_by = team.tau_total + SLACK;
        let has_budget = model.budget.is_finite();
        let fixed_cost = if has_budget {
            model.task_cost(j as usize, k) + if route.visits.is_empty() { team.mobilisation } else { 0.0 }
        } else {
            0.0
        };
        let room = model.budget - self.costs.now;
        if fixed_cost > room {
            return;
        }
        let lean = self.lean(j);
        let time_price = ground.typical * if is_collect { 1e-3 } else { 1e-9 };
        let len = route.visits.len();
        debug_assert!(first <= len, "fixed tasks stand in the route");
        // The value falls with the end: what it was at an earlier end bounds what it is now.
        let (mut own, mut own_end) = (if is_collect { task.worth } else { f64::INFINITY }, f64::NEG_INFINITY);
        let mut best_score = best.map_or(f64::NEG_INFINITY, |spot| spot.score);
        let (mut before, mut tau) = match first {
            0 => (team.start, 0.0),
            _ => (route.visits[first - 1].place, route.visits[first - 1].end),
        };
        let mut blink = self.blink;
        for q in first..=last.min(len) {
            let (here, at) = (before, tau);
            let next = route.visits.get(q);
            if let Some(next) = next {
                (before, tau) = (next.place, next.end);
            }
            if blink == 0 {
                blink = 20 + self.chance.below(160);
                continue;
            }
            blink -= 1;
            let to = row[here];
            let end = at + to * team.pace + days;
            if end > end_by {
                break;
            }
            let (mut loss, mut added, extra) = (
                0.0,
                to,
                if let Some(next) = next {
                    let away = row[next.place];
                    let shift = end + away * team.pace - next.start;
                    if next.start + shift > next.latest + SLACK {
                        continue;
                    }
                    shift
                } else if let Some(home) = team.end {
                    let over = end + row[home] * team.pace;
                    if over > end_by {
                        continue;
                    }
                    over - route.over
                } else {
                    end - at
                },
            );
            if let Some(next) = next
                && !is_collect
            {
                loss = model.worth.loss(next.weight, extra * team.stretch);
            }
            let mut minus = loss + time_price * extra - lean;
            if has_budget {
                if let Some(next) = next {
                    added += row[next.place] - next.leg;
                } else if let Some(home) = team.end {
                    let was = if q > 0 { model.travel.exact(here, home) } else { 0.0 };
                    added += row[home] - was;
                }
                let cost = fixed_cost + team.cost_per_distance * added;
                if cost > room {
                    continue;
                }
                minus += self.costs.price * cost;
            }
            if own_end <= end && own - minus <= best_score {
                continue;
            }
            if !is_collect {
                let day = if is_plain { from + end } else { calendar.ended(end) };
                (own, own_end) = (model.worth.value(task.worth, task.decay, day), end);
            }
            let score = own - minus;
            if score > best_score {
                best_score = score;
                let gain = score + time_price * extra;
                *best = Some(Spot { team: k, position: q, gain, score, extra });
            }
        }
        self.blink = blink;
    }
}
