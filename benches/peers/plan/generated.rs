//! Problems like our own, from nothing but their size.

use clearway::plan::{Distance, DistanceKind, Objective, Problem, Task, Team};

/// A problem like our own: clusters of tasks, heavy-tailed worth, teams of three kinds.
pub(crate) fn generated(n_tasks: usize, n_teams: usize, has_budget: bool, is_plain: bool) -> Problem {
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
