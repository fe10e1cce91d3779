//! Our side of `planners.py`: makes the instances, plans them, and judges the plans of others.
//!
//! `planners make FOLDER` writes ten problem files. `planners plan PROBLEM SECONDS THREADS SEED` prints our plan.
//! `planners judge PROBLEM PLAN` reads `{"routes": [{"team", "tasks": [{"id"}]}]}`, asks `plan::check` what is wrong
//! with it and what it is worth, and drops tasks until nothing is: the judge knows nothing of who made a plan.
#![allow(clippy::print_stdout)]

use std::collections::HashMap;
use std::path::Path;

use clearway::plan::check::{Verdict, judge};
use clearway::plan::{Objective, Params, Problem, baselines, plan};
use clearway::progress::Silent;
use serde_json::{Value, json};

mod generated;

/// Tasks, teams, whether there is a budget, whether calendars are plain.
const INSTANCES: [(usize, usize, bool, bool); 10] = [
    (200, 8, false, true),
    (220, 8, false, false),
    (240, 10, true, false),
    (260, 8, true, true),
    (300, 8, false, true),
    (320, 12, false, false),
    (350, 12, true, false),
    (400, 16, true, false),
    (450, 8, false, false),
    (500, 20, true, false),
];

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match args[..] {
        ["make", folder] => make(Path::new(folder)),
        ["plan", file, seconds, threads, seed] => {
            let number = |text: &str| text.parse::<f64>().expect("a number");
            ours(&problem(file), number(seconds), number(threads) as usize, number(seed) as u64);
        }
        ["judge", file, plan] => judged(&problem(file), &std::fs::read_to_string(plan).expect("a plan")),
        _ => panic!("make FOLDER | plan PROBLEM SECONDS THREADS SEED | judge PROBLEM PLAN"),
    }
}

fn problem(file: &str) -> Problem {
    Problem::read(&std::fs::read_to_string(file).expect("a problem"), file).expect("a sound problem")
}

fn make(folder: &Path) {
    std::fs::create_dir_all(folder).expect("a folder");
    for (n_tasks, n_teams, has_budget, is_plain) in INSTANCES {
        let mut problem = generated::generated(n_tasks, n_teams, has_budget, is_plain);
        if !is_plain {
            // What the other generator leaves out: returns, late and early teams, mobilisation.
            for (k, team) in problem.teams.iter_mut().enumerate() {
                team.mobilisation = 5_000.0;
                team.end_at = (k % 3 == 0).then_some(team.at).flatten();
                team.available = match k % 4 {
                    1 => Some([90.0, 1095.0]),
                    3 => Some([0.0, 800.0]),
                    _ => None,
                };
            }
        }
        let calendar = if is_plain { "plain" } else { "all" };
        let budget = if has_budget { "_budget" } else { "" };
        let file = folder.join(format!("own_{n_tasks}_{n_teams}_{calendar}{budget}.json"));
        problem.validate("generated").expect("a sound problem");
        std::fs::write(file, problem.to_json().expect("JSON")).expect("a file");
    }
}

fn ours(problem: &Problem, seconds: f64, threads: usize, seed: u64) {
    let params = Params { seconds: Some(seconds), threads, seed, ..Params::default() };
    let solution = plan(problem, &params, &Silent::default()).expect("a plan");
    let hand = baselines(problem, None).expect("plans by hand");
    let hand = [&hand.ranked, &hand.per_cost, &hand.nearest].map(|plan| plan.objective_value);
    let mut value = serde_json::to_value(&solution).expect("JSON");
    value["by_hand"] = json!(hand.into_iter().fold(0.0, f64::max));
    println!("{value}");
}

/// Prints what is wrong with a plan, what it is worth as it stands, and what once tasks are dropped.
fn judged(problem: &Problem, text: &str) {
    let index =
        |id: &Value| problem.tasks.iter().position(|task| id == task.id.as_str()).expect("a known task");
    let teams: HashMap<&str, usize> =
        problem.teams.iter().enumerate().map(|(k, t)| (t.id.as_str(), k)).collect();
    let value: Value = serde_json::from_str(text).expect("JSON");
    let mut sequences = vec![Vec::new(); problem.teams.len()];
    for route in value["routes"].as_array().expect("routes") {
        let k = teams[route["team"].as_str().expect("a team")];
        sequences[k] =
            route["tasks"].as_array().expect("tasks").iter().map(|stop| index(&stop["id"])).collect();
    }
    let as_given = judge(problem, &sequences);
    let (repaired, n_dropped) = repaired(problem, sequences);
    println!(
        "{}",
        json!({
            "violations": as_given.violations,
            "value_as_given": as_given.objective_value,
            "dropped": n_dropped,
            "objective_value": repaired.objective_value,
            "served": repaired.times.len(),
            "cost": repaired.cost,
        })
    );
}

/// Drops one task at a time until the judge finds nothing wrong: where more than the budget is broken, the task
/// (with all that wait for it) that leaves fewest faults; else the one that loses least worth for the money it frees.
fn repaired(problem: &Problem, mut sequences: Vec<Vec<usize>>) -> (Verdict, usize) {
    assert!(problem.objective != Objective::Completion, "all tasks must be done: nothing can be dropped");
    let mut n_dropped = 0;
    loop {
        let now = judge(problem, &sequences);
        if now.violations.is_empty() {
            return (now, n_dropped);
        }
        let is_money_alone =
            now.violations.len() == 1 && problem.budget.is_some_and(|budget| now.cost > budget);
        let tries = sequences.iter().flatten().map(|&j| without(problem, &sequences, j));
        let (_, best) = tries
            .map(|left| {
                let verdict = judge(problem, &left);
                let lost = now.objective_value - verdict.objective_value;
                let key = if is_money_alone {
                    (0, if lost <= 0.0 { lost } else { lost / (now.cost - verdict.cost).max(1e-9) })
                } else {
                    (verdict.violations.len(), lost)
                };
                (key, left)
            })
            .min_by(|(a, _), (b, _)| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)))
            .expect("a task to drop");
        let count = |all: &[Vec<usize>]| all.iter().map(Vec::len).sum::<usize>();
        n_dropped += count(&sequences) - count(&best);
        sequences = best;
    }
}

/// Sequences without a task and without those that wait for it.
fn without(problem: &Problem, sequences: &[Vec<usize>], j: usize) -> Vec<Vec<usize>> {
    let mut gone = vec![problem.tasks[j].id.as_str()];
    let mut seen = 0;
    while seen < gone.len() {
        let waited_for = gone[seen];
        let waiting = problem.tasks.iter().filter(|task| task.after.iter().any(|id| id == waited_for));
        gone.extend(waiting.map(|task| task.id.as_str()));
        seen += 1;
    }
    let stays = |j: &usize| !gone.contains(&problem.tasks[*j].id.as_str());
    sequences.iter().map(|sequence| sequence.iter().copied().filter(|j| stays(j)).collect()).collect()
}
