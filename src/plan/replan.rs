//! A plan on a day: what has ended, what is under way, where the teams stand; and the problem that is left.
//!
//! Days keep counting from the start of the earlier plan, so that dates, windows, discounting and values of both
//! plans compare. A task is **finished** when it has ended by the day; **under way** when its team is on the way
//! to it or at work on it. What is under way stays with its team: it is locked to the first position, its work is the
//! working time that was left on the day (the way there, setup and work), and nothing is set up again.
//!
//! The problem that is left: teams start from where they stand, on the day at the earliest; those that have worked
//! pay no mobilisation again; money spent (finished tasks, ways travelled or being travelled, mobilisation) is off the
//! budget; finished tasks are out, and nobody waits for them. A task under way is paid when it is done.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde::{Deserialize, Serialize};

use super::calendar::Calendar;
use super::problem::{Lock, Problem};
use super::solution::{Solution, Stop};

/// Two moments less than this apart are one, days.
const SAME_MOMENT: f64 = 1e-7;

/// Last day of a team whose time has no end, where a first day has to be set: 27,000 years.
const FOR_EVER: f64 = 1e7;

/// A plan on a day.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Standing {
    /// The day, from the start of the plan.
    pub day: f64,
    /// Tasks ended.
    pub finished: Vec<Begun>,
    /// Tasks set out for.
    pub under_way: Vec<Begun>,
    /// Money spent.
    pub spent: f64,
    /// Teams that have set out, each with the place where it stands or that it travels to.
    pub out: BTreeMap<String, Option<[f64; 2]>>,
}

/// A task that was begun.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Begun {
    /// The task.
    pub task: String,
    /// Its team.
    pub team: String,
    /// Days of its start and end in the earlier plan.
    pub start: f64,
    /// Day of its end.
    pub end: f64,
    /// Working days that its team has still to give it, 0 when finished.
    pub days_left: f64,
    /// Whether its team is on the way and will have to wait there: for a window, or for another task.
    pub waits: bool,
}

impl Standing {
    /// The same with what stood before, where the plan was itself a replan: what had ended then and the money spent until
    /// then are not in its problem any more.
    #[must_use]
    pub fn after(mut self, before: &Self) -> Self {
        self.finished.splice(0..0, before.finished.iter().cloned());
        self.spent += before.spent;
        for (team, at) in &before.out {
            self.out.entry(team.clone()).or_insert(*at);
        }
        self
    }
}

/// What of a plan has been done by the beginning of a day.
pub fn standing(problem: &Problem, solution: &Solution, day: f64) -> Standing {
    let mut standing = Standing { day, ..Standing::default() };
    let tasks: HashMap<&str, _> = problem.tasks.iter().map(|task| (task.id.as_str(), task)).collect();
    for route in &solution.routes {
        let Some(team) = problem.teams.iter().find(|team| team.id == route.team) else { continue };
        let calendar = Calendar::of(problem, team);
        for stop in &route.tasks {
            let is_out = stop.depart < day - SAME_MOMENT || stop.end <= day + SAME_MOMENT;
            let Some(task) = tasks.get(stop.id.as_str()).filter(|_| is_out) else { break };
            if standing.out.insert(team.id.clone(), task.at).is_none() {
                standing.spent += team.mobilisation;
            }
            let way = stop.cost - task.cost * team.cost_factor;
            let (days_left, waits) = days_left(&calendar, stop, day);
            let begun = Begun {
                task: stop.id.clone(),
                team: team.id.clone(),
                start: stop.start,
                end: stop.end,
                days_left,
                waits,
            };
            if stop.end <= day + SAME_MOMENT {
                standing.spent += stop.cost;
                standing.finished.push(Begun { days_left: 0.0, ..begun });
                continue;
            }
            standing.spent += way;
            // Who has arrived and waits for a window to open has not begun.
            let is_waiting = stop.arrive <= day + SAME_MOMENT && stop.start >= day - SAME_MOMENT;
            if !is_waiting {
                standing.under_way.push(begun);
            }
            break;
        }
    }
    standing
}

/// Working days left of a visit, and whether its team waits on arrival.
fn days_left(calendar: &Calendar, stop: &Stop, day: f64) -> (f64, bool) {
    let (now, arrive) = (calendar.tau(day), calendar.tau(stop.arrive));
    let (start, end) = (calendar.tau(stop.start), calendar.tau(stop.end));
    // Where it waits on arrival the way there is done by the time it starts.
    let waits = start > arrive + SAME_MOMENT && start > now;
    let way = if waits { 0.0 } else { (arrive - now).max(0.0) };
    (way + (end - start.max(now)).max(0.0), waits)
}

/// The problem that is left of `problem` (the present teams, tasks and budget, days counted as in the earlier plan)
/// after what stands. A budget that is spent already is below 0, which [`Problem::validate`] refuses.
pub fn left_over(mut problem: Problem, standing: &Standing) -> Problem {
    let finished: HashSet<&str> = standing.finished.iter().map(|begun| begun.task.as_str()).collect();
    let teams: HashSet<String> = problem.teams.iter().map(|team| team.id.clone()).collect();
    let is_under_way =
        |id: &String| standing.under_way.iter().any(|b| b.task == *id && teams.contains(&b.team));
    let n_finished = |team: &str| standing.finished.iter().filter(|begun| begun.team == team).count();
    let horizon = problem.horizon_days.unwrap_or(f64::INFINITY);
    problem.teams.retain_mut(|team| {
        let [from, to] = team.available.unwrap_or([0.0, horizon]);
        team.available = (from > 0.0 || standing.day > 0.0 || to < horizon)
            .then_some([from.max(standing.day), to.min(FOR_EVER)]);
        if let Some(at) = standing.out.get(&team.id) {
            team.at = at.or(team.at);
            team.mobilisation = 0.0;
        }
        from.max(standing.day) < to
    });
    if let Some(budget) = &mut problem.budget {
        *budget -= standing.spent;
    }
    problem.tasks.retain(|task| !finished.contains(task.id.as_str()));
    for task in &mut problem.tasks {
        task.after.retain(|id| !finished.contains(id.as_str()));
        if let Some(Lock { team: Some(team), position, .. }) = &mut task.lock {
            // A place that has gone by is no place any more.
            *position = position.and_then(|at| at.checked_sub(n_finished(team)));
        }
        let begun = standing.under_way.iter().find(|begun| begun.task == task.id);
        let Some(begun) = begun.filter(|begun| problem.teams.iter().any(|team| team.id == begun.team)) else {
            continue;
        };
        if !begun.waits {
            // The way there counts as work now: it goes on whatever opens or ends before the team arrives.
            task.after.retain(|id| !is_under_way(id));
            task.window = task.window.map(|[from, to]| [from.min(standing.day), to]);
        }
        task.lock =
            Some(Lock { team: Some(begun.team.clone()), position: Some(0), start: None, under_way: true });
        task.work_by_team.insert(begun.team.clone(), begun.days_left);
    }
    problem
}
