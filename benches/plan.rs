//! How near plans come to the best known values, and how fast.
//!
//! `cargo bench --bench plan -- FOLDER [SECONDS [COUNT [THREADS]]]` plans every problem of a folder (or COUNT of
//! them, spread evenly) for SECONDS each and prints the gap to `best_known.csv`. Without arguments it plans
//! three generated problems with a fixed number of steps and prints the time.
#![allow(clippy::print_stdout)]

use std::path::Path;

use clearway::plan::{Distance, DistanceKind, Objective, Params, Problem, Task, Team, baselines, plan};
use clearway::progress::Silent;

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

/// A problem like our own: clusters of tasks, heavy-tailed worth, teams of three kinds.
fn generated(n_tasks: usize, n_teams: usize, has_budget: bool, is_plain: bool) -> Problem {
    let mut state = 88_172_645_463_325_252_u64 ^ n_tasks as u64;
    let mut unit = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as f64 / (1_u64 << 53) as f64
    };
    let side = 60.0 * (n_tasks as f64 / 200.0).sqrt();
    let n_clusters = 3 + n_tasks / 60;
    let clusters: Vec<[f64; 2]> = (0..n_clusters).map(|_| [side * unit(), side * unit()]).collect();
    let kinds = ["manual", "machine", "dogs"];
    let teams = (0..n_teams)
        .map(|k| Team {
            id: format!("M{k}"),
            at: Some(clusters[(unit() * n_clusters as f64) as usize]),
            rate: [1.0, 2.5, 1.6][k % 3],
            capabilities: if k % 3 == 0 { vec!["manual".into()] } else { vec![kinds[k % 3].into()] },
            speed_per_day: 60.0,
            setup_days: if is_plain { 0.5 } else { 1.0 },
            cost_factor: [1.0, 0.8, 0.9][k % 3],
            cost_per_distance: 2.0,
            closed: if is_plain { vec![] } else { vec![[300.0, 390.0], [665.0, 755.0]] },
            work_days_per_week: if is_plain { 7 } else { 5 },
            ..Team::default()
        })
        .collect();
    let mut total_cost = 0.0;
    let tasks = (0..n_tasks)
        .map(|j| {
            let cluster = clusters[(unit() * n_clusters as f64) as usize];
            let work = 5.0 * (-2.0 * unit().max(1e-9).ln()).sqrt() * (1.0 + 3.0 * unit());
            let cost = 1000.0 * work * (0.6 + 0.8 * unit());
            total_cost += cost;
            Task {
                id: format!("T{j}"),
                at: Some([cluster[0] + 8.0 * (unit() - 0.5), cluster[1] + 8.0 * (unit() - 0.5)]),
                worth: (1.0 / (0.02 + unit())).powf(1.1),
                work,
                cost,
                needs: if unit() < 0.4 { vec![kinds[(3.0 * unit()) as usize].into()] } else { vec![] },
                after: if !is_plain && j > 0 && unit() < 0.05 { vec![format!("T{}", j - 1)] } else { vec![] },
                window: (!is_plain && unit() < 0.1).then(|| [200.0 * unit(), 600.0]),
                ..Task::default()
            }
        })
        .collect();
    Problem {
        objective: Objective::Discounted,
        horizon_days: Some(1095.0),
        discount_per_year: 0.03,
        budget: has_budget.then_some(0.4 * total_cost),
        start_weekday: 0,
        floors: Vec::new(),
        distance: Distance { kind: DistanceKind::Euclidean, detour: 1.4, ..Distance::default() },
        teams,
        tasks,
    }
}

fn own(n_tasks: usize, n_teams: usize, seconds: f64, threads: f64) {
    for (has_budget, is_plain) in [(false, true), (true, true), (false, false), (true, false)] {
        let problem = generated(n_tasks, n_teams, has_budget, is_plain);
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
