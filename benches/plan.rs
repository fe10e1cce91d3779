//! How near plans come to the best known values, and how fast.
//!
//! `cargo bench --bench plan -- FOLDER [SECONDS [COUNT [THREADS]]]` plans every problem of a folder (or COUNT of
//! them, spread evenly) for SECONDS each and prints the gap to `best_known.csv`. Without arguments it plans
//! three generated problems with a fixed number of steps and prints the time. `own N TEAMS SECONDS [THREADS]` plans
//! problems like our own, whose teams travel `SPEED` times (environment; 1) as fast.
#![allow(clippy::print_stdout)]

use std::path::Path;

use clearway::plan::{Objective, Params, Problem, baselines, plan};
use clearway::progress::Silent;

#[path = "peers/plan/generated.rs"]
mod generated;

use generated::generated;

fn main() {
    let args: Vec<String> = std::env::args().skip(1).filter(|arg| !arg.starts_with("--")).collect();
    let number = |i: usize, default: f64| args.get(i).and_then(|arg| arg.parse().ok()).unwrap_or(default);
    let seed = std::env::var("SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(1);
    match args.first().map(String::as_str) {
        None => fixed_work(),
        Some("own") => {
            own(number(1, 200.0) as usize, number(2, 8.0) as usize, number(3, 10.0), number(4, 0.0))
        }
        Some(folder) => {
            let (seconds, count) = (number(1, 10.0), number(2, 1e9) as usize);
            gaps(Path::new(folder), seconds, count, number(3, 0.0) as usize, seed);
        }
    }
}

fn gaps(folder: &Path, seconds: f64, count: usize, threads: usize, seed: u64) {
    let best_known = std::fs::read_to_string(folder.join("best_known.csv")).expect("best_known.csv");
    let all: Vec<(&str, f64)> = best_known
        .lines()
        .skip(1)
        .filter_map(|line| line.split_once(','))
        .map(|(name, value)| (name, value.trim().parse().expect("a number")))
        .collect();
    let stride = (all.len() / count.max(1)).max(1);
    let (mut sum, mut worst, mut n_hits, mut n) = (0.0, 0.0_f64, 0, 0);
    for (name, best) in all.into_iter().step_by(stride).take(count) {
        let text = std::fs::read_to_string(folder.join(format!("{name}.json"))).expect("an instance");
        let problem = Problem::read(&text, name).expect("a sound instance");
        let params = Params { seed, seconds: Some(seconds), threads, iterations: None, ..Params::default() };
        let solution = plan(&problem, &params, &Silent::default()).expect("a plan");
        let sign = if problem.objective == Objective::Completion { -1.0 } else { 1.0 };
        let gap = 100.0 * sign * (best - solution.objective_value) / best;
        let own = solution.gap_percent.map_or("-".to_owned(), |gap| format!("{gap:.2}"));
        println!(
            "{name:20} {:14.4} best known {best:12.2} gap {gap:8.4} % own gap {own} % {:6.1} s {:9} steps",
            solution.objective_value, solution.seconds, solution.iterations
        );
        sum += gap;
        worst = worst.max(gap);
        n_hits += usize::from(gap < 1e-6);
        n += 1;
    }
    println!("MEAN {:.4} % worst {worst:.4} % hits {n_hits} of {n}", sum / f64::from(n));
}

fn own(n_tasks: usize, n_teams: usize, seconds: f64, threads: f64) {
    let speed = std::env::var("SPEED").ok().and_then(|speed| speed.parse().ok()).unwrap_or(1.0);
    for (has_budget, is_plain) in [(false, true), (true, true), (false, false), (true, false)] {
        let mut problem = generated(n_tasks, n_teams, has_budget, is_plain);
        for team in &mut problem.teams {
            team.speed_per_day *= speed;
        }
        let params = Params { seconds: Some(seconds), threads: threads as usize, ..Params::default() };
        let solution = plan(&problem, &params, &Silent::default()).expect("a plan");
        let hand = baselines(&problem, None).expect("baselines");
        let hand = [&hand.ranked, &hand.per_cost, &hand.nearest]
            .map(|s| s.objective_value)
            .into_iter()
            .fold(0.0, f64::max);
        println!(
            "own {n_tasks} tasks {n_teams} teams, budget {has_budget}, plain {is_plain}: {:.3}, own gap {:.3} %, {:+.1} % over by hand, {} left out, {:.1} s, {} steps",
            solution.objective_value,
            solution.gap_percent.unwrap_or(f64::NAN),
            100.0 * (solution.objective_value / hand - 1.0),
            solution.unassigned.len(),
            solution.seconds,
            solution.iterations
        );
    }
}

fn fixed_work() {
    for (n_tasks, n_teams, steps) in [(50, 4, 20_000), (200, 8, 20_000), (2_000, 30, 20_000)] {
        let problem = generated(n_tasks, n_teams, true, false);
        let params = Params { iterations: Some(steps), threads: 1, ..Params::default() };
        let solution = plan(&problem, &params, &Silent::default()).expect("a plan");
        println!(
            "{n_tasks} tasks, {n_teams} teams, {steps} steps: {:.2} s, worth {:.3}",
            solution.seconds, solution.objective_value
        );
    }
}
