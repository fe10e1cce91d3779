//! What a partial plan may still become at most.
//!
//! Two views of the tasks left, of which the worse counts. Each by itself: done at once by the team that ends it
//! first, as if it came from the place nearest to it. All together: the teams' working time is a fluid that reaches no
//! further than it does, and a task takes no less of it than its least days and way. Where tasks may be left out, the
//! fluid goes to those of most value for their time (a fractional knapsack); for `completion` to the heaviest for their
//! time first, and a task whose time d is worked on average on day M ends on M + d/2 at the earliest (mean busy time:
//! Goemans et al. 2002).

use super::Label;
use crate::plan::model::{Model, SLACK};
use crate::plan::problem::Objective;
use crate::plan::search::Merit;

/// Days at which working time is known.
const DAYS: usize = 256;
/// Parts of a task's time that the fluid is looked at by.
const PIECES: usize = 2;

/// What does not change from one partial plan to the next.
pub(super) struct Outlook<'a> {
    model: &'a Model,
    /// Least way to every task from anywhere, and least working time with its way.
    ways: Vec<f64>,
    least: Vec<f64>,
    /// Tasks by worth for their time, most first.
    order: Vec<usize>,
    /// Working time of every team until the days known, `step` apart.
    worked: Vec<f64>,
    step: f64,
}

impl<'a> Outlook<'a> {
    /// Over the days until the horizon, or until the last day of a plan.
    pub(super) fn of(model: &'a Model, last_day: f64) -> Self {
        let due = model.tasks.iter().map(|task| task.due).fold(0.0, f64::max);
        let way = |j: usize| {
            let to = model.tasks[j].place;
            let bases = model.teams.iter().map(|team| team.start);
            let places = model.tasks.iter().map(|task| task.place).filter(|&from| from != to);
            bases.chain(places).map(|from| model.travel.exact(from, to)).fold(f64::INFINITY, f64::min)
        };
        let ways: Vec<f64> = (0..model.tasks.len()).map(way).collect();
        let least = |j: usize| {
            let able = (0..model.teams.len()).filter(|&k| model.can(j, k));
            able.map(|k| model.days(j, k) + ways[j] * model.teams[k].pace).fold(f64::INFINITY, f64::min)
        };
        let least: Vec<f64> = (0..model.tasks.len()).map(least).collect();
        let mut order: Vec<usize> = (0..model.tasks.len()).collect();
        let density = |j: usize| model.tasks[j].worth / least[j].max(f64::MIN_POSITIVE);
        order.sort_by(|&a, &b| density(b).total_cmp(&density(a)));
        let step = if due.is_finite() { due } else { last_day } / (DAYS - 1) as f64;
        let day = |i: usize| i as f64 * step;
        let worked = (0..DAYS).flat_map(|i| model.teams.iter().map(move |team| team.calendar.tau(day(i))));
        let worked = worked.collect();
        Self { model, ways, least, order, worked, step }
    }

    /// The most that may come of a partial plan.
    pub(super) fn most(&self, label: &Label) -> Merit {
        let model = self.model;
        let mut merit = Merit { short: 0.0, missing: 0, value: label.value() };
        let (mut alone, mut left) = (0.0, 0_u32);
        let mut values = [0.0; u32::BITS as usize];
        for (j, task) in model.tasks.iter().enumerate().filter(|(j, _)| label.done & (1 << j) == 0) {
            let end = self.end_alone(label, j);
            if end > task.due + 2.0 * SLACK || end.is_infinite() {
                merit.missing += usize::from(model.is_required(j));
                continue;
            }
            values[j] = model.value(j, end);
            alone += values[j];
            left |= 1 << j;
        }
        let together = match model.worth.kind() {
            Objective::Completion => self.in_order(label, left),
            _ => self.filled(label, left, &values),
        };
        merit.value += f64::min(alone, together);
        merit
    }

    /// The earliest end of a task that some team does next.
    fn end_alone(&self, label: &Label, j: usize) -> f64 {
        let model = self.model;
        let may = |&k: &usize| model.can(j, k) && label.ended & (1 << k) == 0;
        let end = |k: usize| {
            let team = &model.teams[k];
            let arrive = label.tau(k) + self.ways[j] * team.pace;
            let tau = arrive.max(team.calendar.tau(model.tasks[j].release)) + model.days(j, k);
            if tau <= team.tau_total + 2.0 * SLACK { team.calendar.ended(tau) } else { f64::INFINITY }
        };
        (0..model.teams.len()).filter(may).map(end).fold(f64::INFINITY, f64::min)
    }

    /// The value of the tasks left when each has its best end, as far as the time of all teams goes.
    fn filled(&self, label: &Label, left: u32, values: &[f64]) -> f64 {
        // With what the search allows every team beyond its time.
        let slack = 2.0 * SLACK * self.model.teams.len() as f64;
        let mut room = self.time_until(label, DAYS - 1) + slack;
        let mut items = [(0.0, 0.0); u32::BITS as usize];
        let mut n = 0;
        for (j, &value) in values.iter().enumerate().filter(|(j, _)| left & (1 << j) > 0) {
            items[n] = (value, self.least[j]);
            n += 1;
        }
        let density = |item: &(f64, f64)| item.0 / item.1.max(f64::MIN_POSITIVE);
        items[..n].sort_by(|a, b| density(b).total_cmp(&density(a)));
        let mut sum = 0.0;
        for &(value, time) in &items[..n] {
            if time > room {
                return sum + value * room.max(0.0) / time;
            }
            (sum, room) = (sum + value, room - time);
        }
        sum
    }

    /// For `completion`: the value of the tasks left when the heaviest for their time go first.
    fn in_order(&self, label: &Label, left: u32) -> f64 {
        let model = self.model;
        let (mut sum, mut before, mut at) = (0.0, 0.0, 0);
        for &j in self.order.iter().filter(|&&j| left & (1 << j) > 0) {
            let time = self.least[j];
            for piece in 0..PIECES {
                let day = self.day_of(label, before + time * piece as f64 / PIECES as f64, &mut at);
                sum += model.value(j, day + 0.5 * time) / PIECES as f64;
            }
            before += time;
        }
        sum
    }

    /// Working time of all teams from where they are until a known day.
    fn time_until(&self, label: &Label, i: usize) -> f64 {
        let n_teams = self.model.teams.len();
        let row = &self.worked[i * n_teams..(i + 1) * n_teams];
        let open = row.iter().enumerate().filter(|(k, _)| label.ended & (1 << k) == 0);
        open.map(|(k, worked)| (worked - label.tau(k)).max(0.0)).sum()
    }

    /// A day before which the teams have not worked so much together; `at` is a known day with less, and is moved on.
    fn day_of(&self, label: &Label, time: f64, at: &mut usize) -> f64 {
        let (mut low, mut high) = (*at, DAYS);
        while high - low > 1 {
            let middle = usize::midpoint(low, high);
            if self.time_until(label, middle) < time { low = middle } else { high = middle }
        }
        *at = low;
        // No team works more than a day a day.
        let beyond = (time - self.time_until(label, low)).max(0.0) / self.model.teams.len() as f64;
        low as f64 * self.step + beyond
    }
}
