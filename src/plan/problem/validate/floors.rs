//! Floors that contradict each other or that no plan can reach.

use super::Check;
use crate::plan::problem::{Objective, Task};

const CODE: &str = "problem.floor";

impl Check<'_> {
    /// Shares out of range, districts twice or of no task, and shares above what is possible.
    pub(super) fn floors(&mut self) {
        let problem = self.problem;
        let mut sum = 0.0;
        for (i, floor) in problem.floors.iter().enumerate() {
            let at = format!("floors[{i}] ({})", floor.district);
            if !(floor.share > 0.0 && floor.share <= 1.0) {
                self.push(CODE, &at, "`share` above 0 and at most 1", floor.share.to_string(), "correct it");
                continue;
            }
            sum += floor.share;
            if problem.floors[..i].iter().any(|other| other.district == floor.district) {
                self.push(CODE, &at, "one floor a district", "another of the same", "remove one");
                continue;
            }
            let theirs: Vec<&Task> =
                problem.tasks.iter().filter(|task| task.district.as_ref() == Some(&floor.district)).collect();
            if theirs.is_empty() {
                let expected = "the `district` of a task";
                self.push(CODE, &at, expected, "one that no task lies in", "correct or remove it");
                continue;
            }
            let share = floor.share;
            let is_done_by_some = |task: &&Task| {
                task.worth > 0.0 && problem.teams.iter().any(|team| team.lacking(task).is_empty())
            };
            if !theirs.iter().any(is_done_by_some) {
                let found = format!(
                    "{share}, but none of its {} tasks has a worth and a team that can do it",
                    theirs.len()
                );
                self.push(CODE, &at, "a share that a plan can reach", found, "lower or remove it");
            } else if problem.objective == Objective::Completion {
                let all: f64 = problem.tasks.iter().map(|task| task.worth).sum();
                let own = theirs.iter().map(|task| task.worth).sum::<f64>() / all;
                if own < share - 1e-9 {
                    let expected =
                        format!("at most {own:.4}, its share of all worth, since all tasks are done");
                    self.push(CODE, &at, &expected, share.to_string(), "lower or remove it");
                }
            }
        }
        if sum > 1.0 + 1e-9 {
            let expected = "shares that are 1 or less together";
            self.push(CODE, "floors", expected, sum.to_string(), "lower some of them");
        }
    }
}
