//! What is odd about a problem that is none the less sound: tasks that nobody can do or end in time, teams that can
//! reach nothing, tasks without work or worth. Told before planning; the plan lists such tasks as unassigned.

use super::emit::can_alone;
use super::model::Model;
use super::problem::{Objective, Problem};

/// Names listed of each kind.
const MOST_NAMED: usize = 10;

/// What is odd about a validated problem, a sentence a kind.
pub fn oddities(problem: &Problem) -> Vec<String> {
    let model = Model::of(problem);
    let (n_teams, n_tasks) = (problem.teams.len(), problem.tasks.len());
    let able: Vec<Vec<usize>> =
        (0..n_tasks).map(|j| (0..n_teams).filter(|&k| model.can(j, k)).collect()).collect();
    let in_time: Vec<Vec<usize>> = able
        .iter()
        .enumerate()
        .map(|(j, able)| able.iter().copied().filter(|&k| can_alone(&model, j, k)).collect())
        .collect();
    let names = |is_meant: &dyn Fn(usize) -> bool| -> Vec<&str> {
        (0..n_tasks).filter(|&j| is_meant(j)).map(|j| problem.tasks[j].id.as_str()).collect()
    };
    let mut words = Vec::new();
    let mut tell = |ids: &[&str], what: &str| {
        if !ids.is_empty() {
            let more = match ids.len().saturating_sub(MOST_NAMED) {
                0 => String::new(),
                n => format!(" and {n} more"),
            };
            let named = ids[..ids.len().min(MOST_NAMED)].join(", ");
            words.push(format!("{what}: {named}{more}"));
        }
    };
    tell(
        &names(&|j| able[j].is_empty()),
        "tasks that no team can do, for what they need or where they are locked",
    );
    let has_window = |j: usize| problem.tasks[j].window.is_some();
    let is_late = |j: usize| !able[j].is_empty() && in_time[j].is_empty();
    tell(&names(&|j| is_late(j) && has_window(j)), "tasks whose window no team can meet, even alone");
    tell(&names(&|j| is_late(j) && !has_window(j)), "tasks that no team can end in time, even alone");
    let idle: Vec<&str> = (0..n_teams)
        .filter(|&k| n_tasks > 0 && !in_time.iter().any(|teams| teams.contains(&k)))
        .map(|k| problem.teams[k].id.as_str())
        .collect();
    tell(&idle, "teams that can reach and end no task at all");
    // Where no task has any work (orienteering), that is how it is meant.
    let has_work = |j: usize| {
        let task = &problem.tasks[j];
        task.work > 0.0 || task.work_by_team.values().any(|days| *days > 0.0)
    };
    if (0..n_tasks).any(has_work) {
        tell(&names(&|j| !has_work(j)), "tasks without any work");
    }
    if problem.objective != Objective::Completion {
        tell(
            &names(&|j| problem.tasks[j].worth <= 0.0),
            "tasks whose worth is 0, so that no plan gains by them, which says nothing of the ground",
        );
    }
    words
}
