//! A validated problem with names turned into numbers: what the search, the baselines and the bound read.

use std::collections::HashMap;
use std::sync::Arc;

use super::calendar::Calendar;
use super::floors::{FloorModel, floors_of};
use super::objective::Worth;
use super::problem::{Objective, Problem};
use super::travel::Travel;

/// No team, no task.
pub(crate) const NONE: u32 = u32::MAX;

/// Days by which the search keeps inside every limit less strictly than exactly; the judge grants ten times
/// as much, so that rounding never makes it disagree.
pub(crate) const SLACK: f64 = 1e-8;

/// One team.
#[derive(Debug, Clone)]
pub(crate) struct TeamModel {
    pub(crate) calendar: Arc<Calendar>,
    pub(crate) start: usize,
    pub(crate) end: Option<usize>,
    /// Working days per unit of distance.
    pub(crate) pace: f64,
    pub(crate) setup: f64,
    pub(crate) rate: f64,
    pub(crate) cost_factor: f64,
    pub(crate) cost_per_distance: f64,
    pub(crate) mobilisation: f64,
    /// Working time it has in all.
    pub(crate) tau_total: f64,
    /// Calendar days a working day takes on average.
    pub(crate) stretch: f64,
}

/// One task.
#[derive(Debug, Clone)]
pub(crate) struct TaskModel {
    pub(crate) place: usize,
    pub(crate) worth: f64,
    pub(crate) decay: f64,
    pub(crate) work: f64,
    pub(crate) cost: f64,
    /// Days between which it must start and end.
    pub(crate) release: f64,
    pub(crate) due: f64,
    /// Tasks before and after it.
    pub(crate) preds: Vec<u32>,
    pub(crate) succs: Vec<u32>,
    pub(crate) lock_team: u32,
    pub(crate) lock_position: Option<usize>,
    /// Set up already, by the team it is locked to.
    is_under_way: bool,
    /// Row of [`Model::can_do`].
    needs: usize,
    /// A plan without it is worse than any plan with it.
    is_required: bool,
    /// Working days by team in place of work / rate (NaN: not given); empty where none is.
    days_by_team: Box<[f64]>,
}

/// The whole problem.
#[derive(Debug, Clone)]
pub(crate) struct Model {
    pub(crate) worth: Worth,
    pub(crate) budget: f64,
    pub(crate) teams: Vec<TeamModel>,
    pub(crate) tasks: Vec<TaskModel>,
    pub(crate) travel: Travel,
    /// needs × teams.
    can_do: Vec<bool>,
    pub(crate) has_precedence: bool,
    pub(crate) has_required: bool,
    pub(crate) floors: Vec<FloorModel>,
}

impl Model {
    /// Of a validated problem.
    pub(crate) fn of(problem: &Problem) -> Self {
        let (n_teams, n_tasks) = (problem.teams.len(), problem.tasks.len());
        let mut n_ends = 0;
        let mut calendars: HashMap<String, Arc<Calendar>> = HashMap::new();
        let teams = problem.teams.iter().enumerate().map(|(k, team)| {
            let key = format!("{:?} {:?} {}", team.available, team.closed, team.work_days_per_week);
            let calendar =
                calendars.entry(key).or_insert_with(|| Arc::new(Calendar::of(problem, team))).clone();
            let end = team.end_at.map(|_| {
                n_ends += 1;
                n_teams + n_tasks + n_ends - 1
            });
            let tau_total = calendar.total();
            let span = calendar.until() - calendar.from();
            let stretch = if calendar.is_plain() || tau_total <= 0.0 {
                1.0
            } else if span.is_finite() {
                (span / tau_total).max(1.0)
            } else {
                7.0 / f64::from(team.work_days_per_week)
            };
            TeamModel {
                calendar,
                start: k,
                end,
                pace: 1.0 / team.speed_per_day,
                setup: team.setup_days,
                rate: team.rate,
                cost_factor: team.cost_factor,
                cost_per_distance: team.cost_per_distance,
                mobilisation: team.mobilisation,
                tau_total,
                stretch,
            }
        });
        let teams: Vec<TeamModel> = teams.collect();
        let team_of: HashMap<&str, usize> =
            problem.teams.iter().enumerate().map(|(k, team)| (team.id.as_str(), k)).collect();
        let task_of: HashMap<&str, u32> =
            (0..).zip(&problem.tasks).map(|(j, task)| (task.id.as_str(), j)).collect();
        let mut needs_of: HashMap<Vec<&str>, usize> = HashMap::new();
        let mut can_do = Vec::new();
        let horizon = problem.horizon_days.unwrap_or(f64::INFINITY);
        let mut tasks: Vec<TaskModel> = Vec::with_capacity(n_tasks);
        for (j, task) in problem.tasks.iter().enumerate() {
            let mut needs: Vec<&str> = task.needs.iter().map(String::as_str).collect();
            needs.sort_unstable();
            let next = needs_of.len();
            let needs = *needs_of.entry(needs).or_insert_with_key(|needs| {
                // A team without a day to work does nothing, not even what takes no time.
                can_do.extend(problem.teams.iter().zip(&teams).map(|(team, model)| {
                    model.tau_total > 0.0
                        && needs.iter().all(|need| team.capabilities.iter().any(|have| have == need))
                }));
                next
            });
            let [from, to] = task.window.unwrap_or([0.0, f64::INFINITY]);
            let lock = task.lock.as_ref();
            let mut days_by_team = Vec::new();
            if !task.work_by_team.is_empty() {
                days_by_team.resize(n_teams, f64::NAN);
                for (id, &days) in &task.work_by_team {
                    if let Some(&k) = team_of.get(id.as_str()) {
                        days_by_team[k] = days;
                    }
                }
            }
            let mut preds: Vec<u32> =
                task.after.iter().filter_map(|id| task_of.get(id.as_str()).copied()).collect();
            preds.sort_unstable();
            preds.dedup();
            tasks.push(TaskModel {
                place: n_teams + j,
                worth: task.worth,
                decay: task.decay_per_day,
                work: task.work,
                cost: task.cost,
                release: from.max(lock.and_then(|lock| lock.start).unwrap_or(0.0)).max(0.0),
                due: to.min(horizon),
                preds,
                succs: Vec::new(),
                lock_team: lock
                    .and_then(|lock| lock.team.as_deref())
                    .and_then(|id| team_of.get(id))
                    .map_or(NONE, |&k| k as u32),
                lock_position: lock.and_then(|lock| lock.position),
                is_under_way: lock.is_some_and(|lock| lock.under_way),
                needs,
                is_required: problem.objective == Objective::Completion
                    || lock.is_some_and(|lock| lock.team.is_some()),
                days_by_team: days_by_team.into(),
            });
        }
        for j in 0..tasks.len() {
            for p in tasks[j].preds.clone() {
                tasks[p as usize].succs.push(j as u32);
            }
        }
        let has_precedence = tasks.iter().any(|task| !task.preds.is_empty());
        let budget = problem.budget.unwrap_or(f64::INFINITY);
        let travel = Travel::of(problem);
        let has_required = tasks.iter().any(|task| task.is_required);
        let floors = floors_of(problem);
        let worth = Worth::of(problem);
        Self { worth, budget, teams, tasks, travel, can_do, has_precedence, has_required, floors }
    }

    /// The part of it that some teams and tasks make, with a budget of its own, and the tasks it holds in its
    /// own order. Tasks that wait for something undone outside are left out, and undone ones that wait for anything
    /// outside; those that wait for something done outside start after its present end, and those waited for outside
    /// end no later than now.
    pub(crate) fn subset(
        &self,
        teams: &[u32],
        tasks: &[u32],
        budget: f64,
        outside: &dyn Fn(u32) -> Outside,
    ) -> (Self, Vec<u32>) {
        let mut chosen = tasks.to_vec();
        let mut task_of: HashMap<u32, u32> = chosen.iter().copied().zip(0..).collect();
        let mut n_before = if self.has_precedence { usize::MAX } else { chosen.len() };
        while chosen.len() < n_before {
            n_before = chosen.len();
            chosen.retain(|&j| {
                // What is not done yet cannot rely on another part: there nobody knows that it will be waited for.
                let may_wait = matches!(outside(j), Outside::Ends(_));
                let holds = |p: &u32| {
                    task_of.contains_key(p) || (may_wait && matches!(outside(*p), Outside::Ends(_)))
                };
                self.tasks[j as usize].preds.iter().all(holds)
            });
            task_of = chosen.iter().copied().zip(0..).collect();
        }
        let mut places: Vec<usize> = teams.iter().map(|&k| self.teams[k as usize].start).collect();
        places.extend(chosen.iter().map(|&j| self.tasks[j as usize].place));
        let mut part_teams = Vec::with_capacity(teams.len());
        for (i, &k) in teams.iter().enumerate() {
            let team = &self.teams[k as usize];
            let end = team.end.map(|end| {
                places.push(end);
                places.len() - 1
            });
            part_teams.push(TeamModel { start: i, end, ..team.clone() });
        }
        let team_of: HashMap<u32, u32> = teams.iter().copied().zip(0..).collect();
        let part_tasks: Vec<TaskModel> = chosen
            .iter()
            .enumerate()
            .map(|(i, &j)| self.part_task(j, teams.len() + i, teams, &team_of, &task_of, outside))
            .collect();
        let rows = self.can_do.chunks(self.teams.len().max(1));
        let can_do = rows.flat_map(|row| teams.iter().map(|&k| row[k as usize])).collect();
        let part_floor = |floor: &FloorModel| FloorModel {
            weights: chosen.iter().map(|&j| floor.weights[j as usize]).collect(),
            ..*floor
        };
        let floors = self.floors.iter().map(part_floor).collect();
        let part = Self {
            worth: self.worth.clone(),
            budget,
            teams: part_teams,
            has_precedence: part_tasks.iter().any(|task| !task.preds.is_empty()),
            has_required: part_tasks.iter().any(|task| task.is_required),
            tasks: part_tasks,
            travel: self.travel.subset(&places),
            can_do,
            floors,
        };
        (part, chosen)
    }

    fn part_task(
        &self,
        j: u32,
        place: usize,
        teams: &[u32],
        team_of: &HashMap<u32, u32>,
        task_of: &HashMap<u32, u32>,
        outside: &dyn Fn(u32) -> Outside,
    ) -> TaskModel {
        let task = &self.tasks[j as usize];
        let days_by_team = match &*task.days_by_team {
            [] => Box::default(),
            days => teams.iter().map(|&k| days[k as usize]).collect(),
        };
        let within = |list: &[u32]| list.iter().filter_map(|j| task_of.get(j).copied()).collect();
        let (mut release, mut due, mut is_required) = (task.release, task.due, task.is_required);
        for &p in task.preds.iter().filter(|p| !task_of.contains_key(p)) {
            if let Outside::Ends(day) = outside(p) {
                release = release.max(day);
            }
        }
        let is_waited_for = |s: &&u32| !task_of.contains_key(s) && matches!(outside(**s), Outside::Ends(_));
        if task.succs.iter().any(|s| is_waited_for(&s)) {
            is_required = true;
            if let Outside::Ends(day) = outside(j) {
                due = due.min(day);
            }
        }
        // A lock to a team outside leaves no team that can.
        let lock_team = match task.lock_team {
            NONE => NONE,
            k => team_of.get(&k).copied().unwrap_or(NONE - 1),
        };
        TaskModel {
            place,
            preds: within(&task.preds),
            succs: within(&task.succs),
            release,
            due,
            is_required,
            lock_team,
            days_by_team,
            ..task.clone()
        }
    }

    /// What a team can do, one entry a different set of needs.
    pub(crate) fn abilities(&self, k: usize) -> impl Iterator<Item = bool> {
        self.can_do.chunks(self.teams.len().max(1)).map(move |row| row[k])
    }

    /// Whether a team may do a task: capabilities and lock.
    #[inline]
    pub(crate) fn can(&self, j: usize, k: usize) -> bool {
        let task = &self.tasks[j];
        (task.lock_team == NONE || task.lock_team == k as u32)
            && self.can_do[task.needs * self.teams.len() + k]
    }

    /// Working days of a visit: setup and work.
    #[inline]
    pub(crate) fn days(&self, j: usize, k: usize) -> f64 {
        let (task, team) = (&self.tasks[j], &self.teams[k]);
        let given = task.days_by_team.get(k).copied().unwrap_or(f64::NAN);
        let setup = if task.is_under_way { 0.0 } else { team.setup };
        setup + if given.is_nan() { task.work / team.rate } else { given }
    }

    /// Day by which task j must end with team k: what takes no time does not end after the team's last day either.
    #[inline]
    pub(crate) fn due(&self, j: usize, k: usize) -> f64 {
        self.tasks[j].due.min(self.teams[k].calendar.until())
    }

    /// Tasks locked to a position.
    pub(crate) fn locked_to_positions(&self) -> Vec<u32> {
        let locked = (0..).zip(&self.tasks).filter(|(_, task)| task.lock_position.is_some());
        locked.map(|(j, _)| j).collect()
    }

    /// A share of the worth of what each task opens the way to.
    pub(crate) fn opens(&self) -> Vec<f64> {
        let mut opens = vec![0.0; self.tasks.len()];
        if !self.has_precedence {
            return opens;
        }
        // Chains are short: a few sweeps carry the worth back along them.
        for _ in 0..4 {
            for (j, task) in self.tasks.iter().enumerate() {
                let of = |&s: &u32| {
                    let (s, n_preds) = (s as usize, self.tasks[s as usize].preds.len());
                    (self.tasks[s].worth + opens[s]) / n_preds.max(1) as f64
                };
                opens[j] = 0.7 * task.succs.iter().map(of).sum::<f64>();
            }
        }
        opens
    }

    /// Gives a task a multiple of the work it has in another model of the same problem.
    pub(crate) fn scale_work(&mut self, base: &Self, j: usize, factor: f64) {
        let (task, base) = (&mut self.tasks[j], &base.tasks[j]);
        task.work = base.work * factor;
        task.days_by_team.iter_mut().zip(&base.days_by_team).for_each(|(days, base)| *days = base * factor);
    }

    /// Money a task costs with a team, without travel.
    #[inline]
    pub(crate) fn task_cost(&self, j: usize, k: usize) -> f64 {
        self.tasks[j].cost * self.teams[k].cost_factor
    }

    /// Whether the budget allows a plan that costs so much, but for rounding.
    #[inline]
    pub(crate) fn affords(&self, cost: f64) -> bool {
        cost <= self.budget * (1.0 + 1e-10)
    }

    /// What task j adds when it ends on a day.
    #[inline]
    pub(crate) fn value(&self, j: usize, end: f64) -> f64 {
        let task = &self.tasks[j];
        self.worth.value(task.worth, task.decay, end)
    }

    /// Whether a plan without the task is worse than any plan with it: all for `completion`, those a person
    /// has locked to a team, and in a part of a plan those that tasks outside wait for.
    #[inline]
    pub(crate) fn is_required(&self, j: usize) -> bool {
        self.tasks[j].is_required
    }
}

impl TaskModel {
    /// Whether some team has days of its own for it.
    pub(crate) fn has_own_days(&self) -> bool {
        !self.days_by_team.is_empty()
    }
}

/// What a task outside a part of the problem is doing.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Outside {
    /// It is in no route.
    Undone,
    /// It is done and ends on that day.
    Ends(f64),
}
