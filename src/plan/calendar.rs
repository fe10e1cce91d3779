//! Calendars: calendar days to and from a team's working time, without walking over days.
//!
//! A team works (and travels, and sets up) on the open days of its availability: the first n days of every
//! week from Monday, outside its closed seasons [from, to). **Working time** τ counts those days from the
//! start of its availability. A visit that meets a closed day pauses and goes on afterwards: one visit.
//!
//! ```text
//! calendar  0    5  7    12 14          τ(6) = 5, τ(8) = 6
//!           |work|--|work|--|           τ 5 ends on day 5 (`ended`), and goes on from day 7 (`resumed`)
//! ```
//!
//! Two moments less than [`SAME_MOMENT`] apart are one: work that ends a rounding error after the last
//! moment before a closed season ends at that moment, not after the season.

use super::problem::{Problem, Team};

/// Days (9 ms) within which two moments count as one.
pub(crate) const SAME_MOMENT: f64 = 1e-7;

/// The working time of one team.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Calendar {
    /// Open stretches between closed seasons, in order.
    spans: Vec<Span>,
    week: Week,
    /// Last moment of availability (and of the horizon).
    until: f64,
    /// Whether τ = calendar − start throughout.
    is_plain: bool,
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Span {
    from: f64,
    to: f64,
    /// Working time before it and with it.
    tau_from: f64,
    tau_to: f64,
    /// Working time of whole weeks counted from the Monday before day 0, at `from`.
    week_from: f64,
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Week {
    start_weekday: f64,
    n_days: f64,
}

impl Week {
    /// Working time from the Monday before day 0 until a calendar day.
    fn worked(self, day: f64) -> f64 {
        if self.n_days >= 7.0 {
            return day;
        }
        let t = day + self.start_weekday;
        let week = (t / 7.0).floor();
        week * self.n_days + (t - 7.0 * week).min(self.n_days)
    }

    /// The earliest calendar day by which so much has been worked.
    fn ended(self, worked: f64) -> f64 {
        if self.n_days >= 7.0 {
            return worked;
        }
        let week = ((worked - SAME_MOMENT) / self.n_days).floor();
        let rest = (worked - week * self.n_days).min(self.n_days);
        week * 7.0 + rest - self.start_weekday
    }

    /// The first working moment with so much worked before it.
    fn resumed(self, worked: f64) -> f64 {
        if self.n_days >= 7.0 {
            return worked;
        }
        let week = ((worked + SAME_MOMENT) / self.n_days).floor();
        let rest = (worked - week * self.n_days).max(0.0);
        week * 7.0 + rest - self.start_weekday
    }
}

impl Calendar {
    /// The calendar of a team in a problem.
    pub(crate) fn of(problem: &Problem, team: &Team) -> Self {
        let horizon = problem.horizon_days.unwrap_or(f64::INFINITY);
        let [from, to] = team.available.unwrap_or([0.0, f64::INFINITY]);
        let until = to.min(horizon).max(from);
        let week = Week {
            start_weekday: f64::from(problem.start_weekday),
            n_days: f64::from(team.work_days_per_week),
        };
        let mut closed: Vec<[f64; 2]> = team.closed.clone();
        closed.sort_by(|a, b| a[0].total_cmp(&b[0]));
        let mut spans = Vec::with_capacity(closed.len() + 1);
        let (mut at, mut tau) = (from, 0.0);
        for [shut, open] in closed.into_iter().chain([[until, f64::INFINITY]]) {
            let to = shut.min(until);
            if to > at + SAME_MOMENT {
                let week_from = week.worked(at);
                // An infinite week sum is infinite minus finite: fine.
                let tau_to = if to.is_finite() { tau + (week.worked(to) - week_from) } else { f64::INFINITY };
                if tau_to > tau {
                    spans.push(Span { from: at, to, tau_from: tau, tau_to, week_from });
                    tau = tau_to;
                }
            }
            at = at.max(open);
            if at >= until {
                break;
            }
        }
        let is_plain = week.n_days >= 7.0 && spans.len() == 1 && spans[0].from <= from;
        let until = if spans.is_empty() { from } else { until };
        Self { spans, week, until, is_plain }
    }

    /// Working time of the whole availability, infinite where it has no end.
    pub(crate) fn total(&self) -> f64 {
        self.spans.last().map_or(0.0, |span| span.tau_to)
    }

    /// Last calendar moment the team can be used, infinite where there is none.
    pub(crate) fn until(&self) -> f64 {
        self.until
    }

    /// First calendar moment it can be used.
    pub(crate) fn from(&self) -> f64 {
        self.spans.first().map_or(self.until, |span| span.from)
    }

    /// Whether working time is calendar time, shifted.
    pub(crate) fn is_plain(&self) -> bool {
        self.is_plain
    }

    /// Working time until a calendar day.
    pub(crate) fn tau(&self, day: f64) -> f64 {
        if self.is_plain {
            let span = &self.spans[0];
            return (day.min(span.to) - span.from).max(0.0);
        }
        let i = self.spans.partition_point(|span| span.from <= day);
        if i == 0 {
            return 0.0;
        }
        let span = &self.spans[i - 1];
        if day >= span.to { span.tau_to } else { span.tau_from + (self.week.worked(day) - span.week_from) }
    }

    /// The earliest calendar day by which working time τ has passed: when work ends.
    pub(crate) fn ended(&self, tau: f64) -> f64 {
        if self.is_plain {
            return self.spans[0].from + tau;
        }
        let i = self.spans.partition_point(|span| span.tau_to < tau - SAME_MOMENT);
        let Some(span) = self.spans.get(i).or(self.spans.last()) else { return self.until };
        let at = (tau - span.tau_from).max(0.0).min(span.tau_to - span.tau_from);
        if at <= SAME_MOMENT && i == 0 {
            return span.from.max(self.week.resumed(span.week_from).min(span.to));
        }
        self.week.ended(span.week_from + at).min(span.to).max(span.from)
    }

    /// The first working moment at which working time τ has passed: when work begins or goes on.
    pub(crate) fn resumed(&self, tau: f64) -> f64 {
        if self.is_plain {
            return self.spans[0].from + tau;
        }
        let i = self.spans.partition_point(|span| span.tau_to <= tau + SAME_MOMENT);
        let Some(span) = self.spans.get(i) else { return self.ended(tau) };
        let at = (tau - span.tau_from).max(0.0);
        self.week.resumed(span.week_from + at).min(span.to).max(span.from)
    }
}
