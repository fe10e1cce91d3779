//! What a new plan does otherwise than an earlier one, task by task, and why.

use std::collections::HashMap;
use std::fmt::Write;

use jiff::civil::Date;
use serde_json::{Value, json};

use crate::plan::{Problem, Solution, Standing, Stop};
use crate::report::plan_files::day;

/// Starts that differ by no more days than this are the same.
const SAME_DAYS: f64 = 1.0;

/// Changes shown on stdout.
const MOST_SHOWN: usize = 40;

/// One task in both plans.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// The task.
    pub task: String,
    /// `finished`, `under way`, `unchanged`, `moved` (to another team), `earlier`, `later`, `dropped`, `added` or
    /// `left out` (of both).
    pub what: &'static str,
    /// Why, in words.
    pub why: String,
    /// Team and day of the start in the earlier plan.
    pub was: Option<(String, f64)>,
    /// The same in the new plan.
    pub now: Option<(String, f64)>,
}

impl Change {
    /// Whether it is anything to look at.
    pub fn is_one(&self) -> bool {
        !["finished", "under way", "unchanged", "left out"].contains(&self.what)
    }

    /// As in `plan.json`; days become dates.
    pub fn to_json(&self, start: Date) -> Value {
        let at = |at: &Option<(String, f64)>| match at {
            Some((team, from)) => json!({ "team": team, "start": day(start, *from, false).to_string() }),
            None => Value::Null,
        };
        json!({ "task_id": self.task, "what": self.what, "why": self.why, "was": at(&self.was), "now": at(&self.now) })
    }
}

/// A change for every task of either plan, in the order of the present problem, then what is in it no more.
pub fn changes(
    was: &Problem,
    earlier: &Solution,
    now: &Problem,
    solution: &Solution,
    standing: &Standing,
) -> Vec<Change> {
    let (before, after) = (places(earlier), places(solution));
    let known: HashMap<&str, &crate::plan::Task> =
        was.tasks.iter().map(|task| (task.id.as_str(), task)).collect();
    let gone = was.tasks.iter().filter(|task| !now.tasks.iter().any(|other| other.id == task.id));
    let all = now.tasks.iter().chain(gone);
    all.map(|task| {
        let id = task.id.as_str();
        let at = |places: &HashMap<&str, (&str, &Stop)>| {
            places.get(id).map(|(team, stop)| ((*team).to_owned(), stop.start))
        };
        let (was_at, now_at) = (at(&before), at(&after));
        let is_known = known.contains_key(id);
        let is_same = known.get(id).is_some_and(|old| {
            (old.worth, old.work, old.cost) == (task.worth, task.work, task.cost) && old.needs == task.needs
        });
        let (what, why) =
            judge(id, &was_at, &now_at, standing, &Sides { was, earlier, now, solution, is_known, is_same });
        Change { task: id.to_owned(), what, why, was: was_at, now: now_at }
    })
    .collect()
}

/// Both plans, and how the task stands in them.
struct Sides<'a> {
    was: &'a Problem,
    earlier: &'a Solution,
    now: &'a Problem,
    solution: &'a Solution,
    is_known: bool,
    is_same: bool,
}

type At = Option<(String, f64)>;

fn judge(
    id: &str,
    was_at: &At,
    now_at: &At,
    standing: &Standing,
    sides: &Sides<'_>,
) -> (&'static str, String) {
    if standing.finished.iter().any(|begun| begun.task == id) {
        return ("finished", "it had ended by then".to_owned());
    }
    let begun = standing.under_way.iter().find(|begun| begun.task == id);
    if let (Some(begun), Some(_)) = (begun, now_at)
        && sides.now.teams.iter().any(|team| team.id == begun.team)
    {
        return (
            "under way",
            format!("{} keeps it, {:.1} working days are left", begun.team, begun.days_left),
        );
    }
    let is_there = |team: &str| sides.now.teams.iter().any(|known| known.id == team);
    let is_another = |team: &str| {
        let of = |problem: &Problem| problem.teams.iter().find(|known| known.id == team).cloned();
        of(sides.was) != of(sides.now)
    };
    let because = |team: &str| {
        if !sides.is_same {
            "its own worth, work, cost or needs have changed".to_owned()
        } else if !is_there(team) {
            format!("{team} is no longer there")
        } else if is_another(team) {
            format!("{team} has changed")
        } else {
            "the work ahead is worth most in this order".to_owned()
        }
    };
    match (was_at, now_at) {
        (Some((team, _)), None) => {
            let reason = reason(sides.solution, id);
            let gone = || "it is no longer among the tasks that can be planned".to_owned();
            let why = reason.map_or_else(gone, |reason| {
                if is_there(team) {
                    reason.to_owned()
                } else {
                    format!("{team} is no longer there; {reason}")
                }
            });
            ("dropped", why)
        }
        (None, Some(_)) if !sides.is_known => ("added", "a new task".to_owned()),
        (None, Some(_)) => {
            let before = reason(sides.earlier, id).unwrap_or("not planned");
            ("added", format!("there is room for it now; before: {before}"))
        }
        (None, None) => {
            ("left out", reason(sides.solution, id).unwrap_or("no longer among the tasks").to_owned())
        }
        (Some((old, _)), Some((new, _))) if old != new => ("moved", because(old)),
        (Some((team, old)), Some((_, new))) if new - old > SAME_DAYS => ("later", because(team)),
        (Some((team, old)), Some((_, new))) if old - new > SAME_DAYS => ("earlier", because(team)),
        _ => ("unchanged", "the same team, the same days".to_owned()),
    }
}

fn reason<'a>(solution: &'a Solution, id: &str) -> Option<&'a str> {
    solution.unassigned.iter().find(|left_out| left_out.id == id).map(|left_out| left_out.reason.as_str())
}

fn places(solution: &Solution) -> HashMap<&str, (&str, &Stop)> {
    let pairs = solution.routes.iter().flat_map(|route| {
        route.tasks.iter().map(move |stop| (stop.id.as_str(), (route.team.as_str(), stop)))
    });
    pairs.collect()
}

/// The changes to look at, for stdout; empty where there are none.
pub fn to_table(changes: &[Change], start: Date) -> String {
    let shown: Vec<&Change> = changes.iter().filter(|change| change.is_one()).collect();
    let mut text = String::new();
    if shown.is_empty() {
        return text;
    }
    let place = |at: &At| match at {
        Some((team, from)) => format!("{team} from {}", day(start, *from, false)),
        None => "-".to_owned(),
    };
    let width = shown.iter().map(|change| change.task.chars().count()).max().unwrap_or(0).max(4);
    let _ = writeln!(text, "{:<width$}  {:<8}  {:<26}  {:<26}  why", "task", "change", "was", "now");
    for change in shown.iter().take(MOST_SHOWN) {
        let (was, now) = (place(&change.was), place(&change.now));
        let _ = writeln!(
            text,
            "{:<width$}  {:<8}  {was:<26}  {now:<26}  {}",
            change.task, change.what, change.why
        );
    }
    if shown.len() > MOST_SHOWN {
        let _ = writeln!(text, "and {} more, see `changes` in plan.json", shown.len() - MOST_SHOWN);
    }
    text
}
