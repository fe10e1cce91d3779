//! One team's sequence with its times, and what is known of it from the back: latest starts and weights.

use crate::plan::model::Model;

/// One visit in a route.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Visit {
    pub(crate) task: u32,
    pub(crate) place: usize,
    /// Distance to it.
    pub(crate) leg: f64,
    /// Working time at arrival, start and end.
    pub(crate) arrive: f64,
    pub(crate) start: f64,
    pub(crate) end: f64,
    /// Calendar day of the end.
    pub(crate) end_day: f64,
    /// Latest start (working time) that keeps this and the later visits within their limits.
    pub(crate) latest: f64,
    /// Value per day that this and all later visits lose when put off.
    pub(crate) weight: f64,
    /// The same for this visit alone.
    pub(super) own_weight: f64,
    /// Value, money and distance of the route up to and with this visit, without mobilisation.
    pub(super) value: f64,
    pub(super) cost: f64,
    pub(super) distance: f64,
}

/// One team's sequence with its times.
#[derive(Debug, Clone, Default)]
pub(crate) struct Route {
    pub(crate) visits: Vec<Visit>,
    /// Sum of values.
    pub(crate) value: f64,
    /// Tasks, travel, mobilisation.
    pub(crate) cost: f64,
    /// Distance, the return included.
    pub(crate) distance: f64,
    /// Working time until it is over, the return included.
    pub(crate) over: f64,
    pub(crate) is_feasible: bool,
}

impl Route {
    /// Becomes a copy, in the memory it has.
    pub(super) fn clone_from_route(&mut self, other: &Self) {
        self.visits.clone_from(&other.visits);
        (self.value, self.cost, self.distance) = (other.value, other.cost, other.distance);
        (self.over, self.is_feasible) = (other.over, other.is_feasible);
    }

    /// Latest starts and weights, from the last visit to the first.
    pub(super) fn backward(&mut self, model: &Model, k: usize) {
        let team = &model.teams[k];
        let calendar = &*team.calendar;
        let until = calendar.until();
        let last_end = self.visits.last().map_or(0.0, |visit| visit.end);
        let (mut leave_by, mut weight) = (team.tau_total - (self.over - last_end), 0.0);
        for visit in self.visits.iter_mut().rev() {
            let due = model.tasks[visit.task as usize].due;
            if due < until {
                leave_by = leave_by.min(calendar.tau(due));
            }
            visit.latest = leave_by - (visit.end - visit.start);
            weight += visit.own_weight;
            visit.weight = weight;
            leave_by = visit.latest - visit.leg * team.pace;
        }
    }
}
