//! From the search's state to what people read: stops with days, money and worth, and why tasks were left out.

use super::bound::Bound;
use super::floors::FloorModel;
use super::model::{Model, NONE, SLACK};
use super::problem::{Objective, Problem, Team};
use super::schedule::State;
use super::solution::{Price, Route, ShadowPrices, Solution, Stop, Unassigned};

/// The solution a state stands for; bound, seconds, iterations and seed are left to the caller.
pub(crate) fn solution(problem: &Problem, model: &Model, state: &State) -> Solution {
    let routes = (0..model.teams.len()).map(|k| route(problem, model, state, k)).collect();
    let mut left_out = state.unserved.clone();
    left_out.sort_unstable();
    let unassigned = left_out
        .into_iter()
        .map(|j| Unassigned {
            id: problem.tasks[j as usize].id.clone(),
            reason: reason(problem, model, state, j as usize),
        })
        .collect();
    Solution {
        objective_value: model.worth.reported(state.value()) + 0.0,
        bound: None,
        gap_percent: None,
        shadow_prices: None,
        routes,
        unassigned,
        seconds: 0.0,
        iterations: 0,
        seed: 0,
    }
}

/// What the bound's prices say of a plan.
pub(crate) fn shadow_prices(problem: &Problem, state: &State, bound: &Bound) -> ShadowPrices {
    let price = |id: &String, value: f64| Price { id: id.clone(), value };
    let days = problem.teams.iter().zip(&bound.price_of_day);
    let mut left_out = state.unserved.clone();
    left_out.sort_unstable();
    // A task that no team can do has no price.
    let gain =
        |j: u32| Some((j as usize, bound.gain_of_task[j as usize])).filter(|(_, gain)| gain.is_finite());
    ShadowPrices {
        money: bound.price_of_money,
        team_days: days.map(|(team, &value)| price(&team.id, value)).collect(),
        left_out: left_out
            .into_iter()
            .filter_map(gain)
            .map(|(j, gain)| price(&problem.tasks[j].id, (-gain).max(0.0)))
            .collect(),
    }
}

fn route(problem: &Problem, model: &Model, state: &State, k: usize) -> Route {
    let (route, team) = (&state.routes[k], &model.teams[k]);
    let calendar = &*team.calendar;
    let (mut tau, mut day) = (0.0, calendar.from());
    let tasks = route
        .visits
        .iter()
        .map(|visit| {
            let j = visit.task as usize;
            let task = &model.tasks[j];
            let days = model.days(j, k);
            let depart = calendar.resumed(tau).max(day);
            let arrive = calendar.ended(visit.arrive).max(day);
            let start = if days > 0.0 { calendar.resumed(visit.start) } else { visit.end_day };
            (tau, day) = (visit.end, visit.end_day);
            Stop {
                id: problem.tasks[j].id.clone(),
                depart: if visit.leg > 0.0 { depart.min(arrive) } else { arrive },
                arrive,
                start,
                end: visit.end_day,
                distance: visit.leg,
                work_days: days,
                cost: model.task_cost(j, k) + team.cost_per_distance * visit.leg,
                worth: task.worth,
                discounted_worth: model.worth.reported(model.value(j, visit.end_day)) + 0.0,
            }
        })
        .collect();
    Route { team: problem.teams[k].id.clone(), tasks, distance: route.distance, cost: route.cost }
}

/// Why a task is not in the plan: the strongest reason that holds.
fn reason(problem: &Problem, model: &Model, state: &State, j: usize) -> String {
    let task = &model.tasks[j];
    let able: Vec<usize> = (0..model.teams.len()).filter(|&k| model.can(j, k)).collect();
    let locked = if task.lock_team == NONE { None } else { problem.teams.get(task.lock_team as usize) };
    let is_apt = |team: &Team| team.lacking(&problem.tasks[j]).is_empty();
    if able.is_empty() && !problem.teams.iter().any(is_apt) {
        return format!("no team has what it needs: {}", problem.tasks[j].needs.join(", "));
    }
    let alone = |&&k: &&usize| can_alone(model, j, k);
    if able.iter().find(alone).is_none() {
        return match (locked, problem.tasks[j].window) {
            (Some(team), _) => format!("locked to `{}`, which cannot end it in time even alone", team.id),
            (None, Some([_, to])) if to <= problem.horizon_days.unwrap_or(f64::INFINITY) => {
                format!("no team can end it by day {to}, where its window closes, even alone")
            }
            _ => "no team that can do it has the time to travel there and end it, even alone".to_owned(),
        };
    }
    let least = able.iter().map(|&k| model.task_cost(j, k)).fold(f64::INFINITY, f64::min);
    if least > model.budget {
        return format!("it costs {least:.2} at least, more than the whole budget");
    }
    if let Some(&p) = task.preds.iter().find(|&&p| state.at[p as usize].0 == NONE) {
        return format!(
            "`{}`, which must be done before it, is not in the plan",
            problem.tasks[p as usize].id
        );
    }
    if let Some(team) = locked {
        return format!("locked to `{}`, where it does not fit beside what else is locked", team.id);
    }
    if least > model.budget - state.cost() + SLACK {
        return format!("the budget does not reach: it costs {least:.2} at least");
    }
    let is_against = |floor: &FloorModel| {
        let (reach, size) = floor.reach(state);
        reach + floor.weights[j] < -1e-9 * size
    };
    if let Some(f) = model.floors.iter().position(is_against) {
        let floor = &problem.floors[f];
        return format!(
            "with it, `{}` would get less than {} of the worth done",
            floor.district, floor.share
        );
    }
    match model.worth.kind() {
        Objective::Completion => "no room was found for it within the horizon".to_owned(),
        _ => "the time of the teams that can do it is worth more elsewhere".to_owned(),
    }
}

/// Whether a team that does nothing else can end a task in time.
pub(crate) fn can_alone(model: &Model, j: usize, k: usize) -> bool {
    let (task, team) = (&model.tasks[j], &model.teams[k]);
    let arrive = model.travel.exact(team.start, task.place) * team.pace;
    let end = arrive.max(team.calendar.tau(task.release)) + model.days(j, k);
    let home = team.end.map_or(0.0, |place| model.travel.exact(task.place, place) * team.pace);
    let end_by = team.calendar.tau(task.due).min(team.tau_total - home);
    end <= end_by + SLACK && task.release <= team.calendar.until()
}
