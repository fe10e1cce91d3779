//! Every contradiction in a problem, found together: ids, places, numbers, intervals, precedence, locks.

use std::collections::{HashMap, HashSet};

mod floors;

use super::{DistanceKind, Lock, Objective, Problem, Task, Team};
use crate::error::{Fault, Faults};

/// All faults of a problem.
pub(super) fn faults(problem: &Problem, place: &str) -> Faults {
    let mut check = Check { problem, place, faults: Faults::new() };
    check.head();
    check.ids("teams", problem.teams.iter().map(|team| &team.id));
    check.ids("tasks", problem.tasks.iter().map(|task| &task.id));
    for (i, team) in problem.teams.iter().enumerate() {
        check.team(i, team);
    }
    let teams = problem.teams.iter().enumerate().map(|(k, team)| (team.id.as_str(), k)).collect();
    let tasks = problem.tasks.iter().map(|task| task.id.as_str()).collect();
    for (i, task) in problem.tasks.iter().enumerate() {
        check.task(i, task, &teams, &tasks);
    }
    check.positions();
    check.cycles();
    check.matrix();
    check.floors();
    check.faults
}

struct Check<'a> {
    problem: &'a Problem,
    place: &'a str,
    faults: Faults,
}

impl<'a> Check<'a> {
    fn push(&mut self, code: &'static str, at: &str, expected: &str, found: impl Into<String>, fix: &str) {
        let place = if at.is_empty() { self.place.to_owned() } else { format!("{}: {at}", self.place) };
        self.faults.push(Fault::new(code, place, expected, found, fix));
    }

    fn at_least_zero(&mut self, at: &str, key: &str, value: f64) {
        if !(value.is_finite() && value >= 0.0) {
            let expected = format!("`{key}` of 0 or more");
            self.push("problem.range", at, &expected, value.to_string(), "correct it");
        }
    }

    fn above_zero(&mut self, at: &str, key: &str, value: f64) {
        if !(value.is_finite() && value > 0.0) {
            let expected = format!("`{key}` above 0");
            self.push("problem.range", at, &expected, value.to_string(), "correct it");
        }
    }

    fn interval(&mut self, at: &str, key: &str, [from, to]: [f64; 2], may_be_point: bool) {
        let is_whole = from.is_finite() && to.is_finite() && (from < to || (may_be_point && from <= to));
        if !is_whole {
            let expected = format!("`{key}` = [from, to] with from before to");
            self.push("problem.interval", at, &expected, format!("[{from}, {to}]"), "correct it");
        }
    }

    fn unknown(&mut self, at: &str, key: &str, id: &str, kind: &str) {
        let expected = format!("the id of a {kind} in `{key}`");
        self.push("problem.unknown_id", at, &expected, format!("`{id}`"), "correct or remove it");
    }

    fn head(&mut self) {
        let problem = self.problem;
        if problem.teams.is_empty() {
            self.push("problem.no_teams", "teams", "at least one team", "none", "add a team");
        }
        if let Some(days) = problem.horizon_days {
            self.above_zero("", "horizon_days", days);
        } else if problem.objective == Objective::Discounted && problem.discount_per_year <= 0.0 {
            let expected = "a horizon, or a discount rate above 0, so that worth over all time is finite";
            self.push("problem.horizon", "", expected, "neither", "set `horizon_days`");
        }
        if let Some(budget) = problem.budget {
            self.at_least_zero("", "budget", budget);
            let is_free =
                |task: &Task| task.cost <= 0.0 || problem.teams.iter().any(|team| team.cost_factor <= 0.0);
            if budget == 0.0 && !problem.tasks.is_empty() && !problem.tasks.iter().any(is_free) {
                let expected = "a `budget` above 0 where every task costs something";
                self.push("problem.budget", "", expected, "0", "raise it, or leave it out for no limit");
            }
        }
        self.at_least_zero("", "discount_per_year", problem.discount_per_year);
        if problem.start_weekday > 6 {
            let found = problem.start_weekday.to_string();
            self.push("problem.range", "", "`start_weekday` 0 (Monday) to 6 (Sunday)", found, "correct it");
        }
        self.above_zero("distance", "detour", problem.distance.detour);
    }

    fn ids(&mut self, kind: &str, ids: impl Iterator<Item = &'a String>) {
        let mut seen = HashSet::new();
        for (i, id) in ids.enumerate() {
            let at = format!("{kind}[{i}]");
            if id.is_empty() {
                self.push("problem.empty_id", &at, "an id", "an empty text", "give it a name");
            } else if !seen.insert(id) {
                let found = format!("`{id}` again");
                self.push("problem.duplicate_id", &at, "ids that differ", found, "rename one");
            }
        }
    }

    fn point(&mut self, at: &str, key: &str, point: Option<[f64; 2]>) {
        let kind = self.problem.distance.kind;
        let Some([x, y]) = point else {
            if key == "at" && matches!(kind, DistanceKind::Euclidean | DistanceKind::Geodesic) {
                let expected = "a place `at` = [x, y], since distances come from coordinates";
                self.push("problem.no_place", at, expected, "none", "add it, or set distance.kind");
            }
            return;
        };
        let is_on_earth = (-180.0..=360.0).contains(&x) && (-90.0..=90.0).contains(&y);
        if !(x.is_finite() && y.is_finite()) {
            let expected = format!("finite `{key}`");
            self.push("problem.range", at, &expected, format!("[{x}, {y}]"), "correct it");
        } else if kind == DistanceKind::Geodesic && !is_on_earth {
            let expected = format!("`{key}` = [longitude, latitude] in degrees");
            self.push("problem.range", at, &expected, format!("[{x}, {y}]"), "check order and unit");
        }
    }

    fn team(&mut self, i: usize, team: &Team) {
        let at = format!("teams[{i}] ({})", team.id);
        self.point(&at, "at", team.at);
        if team.end_at.is_some() {
            self.point(&at, "end_at", team.end_at);
        }
        self.above_zero(&at, "rate", team.rate);
        self.above_zero(&at, "speed_per_day", team.speed_per_day);
        self.at_least_zero(&at, "setup_days", team.setup_days);
        self.at_least_zero(&at, "cost_factor", team.cost_factor);
        self.at_least_zero(&at, "cost_per_distance", team.cost_per_distance);
        self.at_least_zero(&at, "mobilisation", team.mobilisation);
        if !(1..=7).contains(&team.work_days_per_week) {
            let found = team.work_days_per_week.to_string();
            self.push("problem.range", &at, "`work_days_per_week` 1 to 7", found, "correct it");
        }
        if let Some(available) = team.available {
            self.interval(&at, "available", available, false);
            if available[0] < 0.0 {
                let found = available[0].to_string();
                self.push("problem.interval", &at, "`available` from day 0 or later", found, "set it to 0");
            }
        }
        for &closed in &team.closed {
            self.interval(&at, "closed", closed, false);
        }
    }

    fn task(&mut self, i: usize, task: &Task, teams: &HashMap<&str, usize>, tasks: &HashSet<&str>) {
        let at = format!("tasks[{i}] ({})", task.id);
        self.point(&at, "at", task.at);
        self.at_least_zero(&at, "worth", task.worth);
        self.at_least_zero(&at, "decay_per_day", task.decay_per_day);
        self.at_least_zero(&at, "work", task.work);
        self.at_least_zero(&at, "cost", task.cost);
        if let Some(window) = task.window {
            self.interval(&at, "window", window, true);
        }
        for (team, &days) in &task.work_by_team {
            self.at_least_zero(&at, &format!("work_by_team.{team}"), days);
            if !teams.contains_key(team.as_str()) {
                self.unknown(&at, "work_by_team", team, "team");
            }
        }
        for id in task.after.iter().filter(|id| !tasks.contains(id.as_str())) {
            self.unknown(&at, "after", id, "task");
        }
        if let Some(lock) = &task.lock {
            self.lock(&at, task, lock, teams);
        }
    }

    fn lock(&mut self, at: &str, task: &Task, lock: &Lock, teams: &HashMap<&str, usize>) {
        const CODE: &str = "problem.lock";
        let horizon = self.problem.horizon_days.unwrap_or(f64::INFINITY);
        if let Some(start) = lock.start {
            self.at_least_zero(at, "lock.start", start);
            let last = task.window.map_or(horizon, |[_, to]| to.min(horizon));
            if start > last {
                let expected = format!("`lock.start` within the horizon and the window, by day {last}");
                self.push(CODE, at, &expected, start.to_string(), "unlock it or move the limit");
            }
        }
        let Some(id) = &lock.team else {
            if lock.position.is_some() || lock.under_way {
                let expected = "a team beside the locked position or what is under way";
                self.push(CODE, at, expected, "none", "add `team` to the lock");
            }
            return;
        };
        let Some(&k) = teams.get(id.as_str()) else {
            return self.unknown(at, "lock.team", id, "team");
        };
        let team = &self.problem.teams[k];
        let missing = team.lacking(task);
        if !missing.is_empty() {
            let found = format!("`{id}`, which lacks {}", missing.join(", "));
            self.push(CODE, at, "a lock to a team that can do the task", found, "unlock it");
        }
        if let (Some([_, to]), Some(start)) = (team.available, lock.start)
            && start >= to
        {
            let expected = format!("`lock.start` before `{id}` leaves on day {to}");
            self.push(CODE, at, &expected, start.to_string(), "move one of them");
        }
    }

    /// Two tasks in one place of a sequence, or places that can never be filled.
    fn positions(&mut self) {
        let problem = self.problem;
        let mut held: HashMap<(&str, usize), &str> = HashMap::new();
        for (i, task) in problem.tasks.iter().enumerate() {
            let Some(Lock { team: Some(team), position: Some(position), .. }) = &task.lock else { continue };
            let at = format!("tasks[{i}] ({})", task.id);
            if let Some(other) = held.insert((team, *position), &task.id) {
                let found = format!("position {position} of `{team}`, where `{other}` is locked too");
                self.push("problem.lock", &at, "one task a position", found, "move one");
            }
            if *position >= problem.tasks.len() {
                let expected = format!("a position below the number of tasks, {}", problem.tasks.len());
                self.push("problem.lock", &at, &expected, position.to_string(), "correct it");
            }
        }
    }

    /// Kahn's algorithm; what is left when nothing is free any more lies on or behind a cycle.
    fn cycles(&mut self) {
        let tasks = &self.problem.tasks;
        let index: HashMap<&str, usize> =
            tasks.iter().enumerate().map(|(i, task)| (task.id.as_str(), i)).collect();
        let before: Vec<Vec<usize>> = tasks
            .iter()
            .map(|task| task.after.iter().filter_map(|id| index.get(id.as_str()).copied()).collect())
            .collect();
        let mut n_before: Vec<usize> = before.iter().map(Vec::len).collect();
        let mut following = vec![Vec::new(); tasks.len()];
        for (i, list) in before.iter().enumerate() {
            for &p in list {
                following[p].push(i);
            }
        }
        let mut free: Vec<usize> = (0..tasks.len()).filter(|&i| n_before[i] == 0).collect();
        let mut is_done = vec![false; tasks.len()];
        while let Some(i) = free.pop() {
            is_done[i] = true;
            for &next in &following[i] {
                n_before[next] -= 1;
                if n_before[next] == 0 {
                    free.push(next);
                }
            }
        }
        let Some(first) = is_done.iter().position(|done| !done) else { return };
        // Walking back among the tasks left must come round: that loop is what the person has to cut.
        let mut walk = vec![first];
        let mut at = first;
        let cycle = loop {
            let Some(&back) = before[at].iter().find(|&&p| !is_done[p]) else { return };
            if let Some(seen) = walk.iter().position(|&i| i == back) {
                break walk[seen..].to_vec();
            }
            walk.push(back);
            at = back;
        };
        let names: Vec<&str> =
            cycle.iter().chain(cycle.first()).rev().map(|&i| tasks[i].id.as_str()).collect();
        let found = names.join(" before ");
        self.push("problem.cycle", "tasks", "`after` without circles", found, "remove one of them");
    }

    fn matrix(&mut self) {
        const CODE: &str = "problem.matrix";
        let problem = self.problem;
        let at = "distance.matrix";
        let is_matrix = problem.distance.kind == DistanceKind::Matrix;
        let Some(matrix) = &problem.distance.matrix else {
            if is_matrix {
                self.push(CODE, at, "a matrix for kind `matrix`", "none", "add it");
            }
            return;
        };
        if !is_matrix {
            let found = "a matrix beside another kind";
            return self.push(CODE, at, "kind `matrix`", found, "set the kind or remove the matrix");
        }
        let ends = problem.teams.iter().filter(|team| team.end_at.is_some()).count();
        let n = problem.teams.len() + problem.tasks.len() + ends;
        let shape = format!("{n} rows and columns (team starts, tasks, team ends)");
        if matrix.len() != n {
            self.push(CODE, at, &shape, format!("{} rows", matrix.len()), "complete it");
        }
        for (i, row) in matrix.iter().enumerate() {
            if row.len() != n {
                let found = format!("{} columns in row {i}", row.len());
                self.push(CODE, at, &shape, found, "complete it");
            }
            if let Some((j, x)) = row.iter().enumerate().find(|(_, x)| !(x.is_finite() && **x >= 0.0)) {
                let found = format!("{x} in row {i}, column {j}");
                self.push(CODE, at, "distances of 0 or more", found, "correct it");
            }
        }
    }
}
