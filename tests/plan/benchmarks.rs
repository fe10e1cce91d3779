//! Public instances with known best values: a fixed number of steps must reach known gaps.

use clearway::plan::{Objective, Params, Problem, plan};
use clearway::progress::Silent;

use crate::common::shared_data;

/// Folder, instance, best known value, steps, and the gap in % that must be reached.
const INSTANCES: [(&str, &str, f64, u64, f64); 8] = [
    ("team_orienteering", "p1.3.f", 40.0, 4_000, 0.0),
    ("team_orienteering", "p2.4.h", 120.0, 4_000, 0.0),
    ("team_orienteering", "p5.3.q", 1070.0, 8_000, 3.0),
    ("team_orienteering_large", "eil101b_m3", 916.0, 8_000, 4.0),
    // Without routes that are too long for a moment 8.8 % is as near as it comes, however long.
    ("team_orienteering_large", "lin318_gen2_m2", 9_544.0, 8_000, 6.0),
    // Without a team that leaves all it does, 1.5 to 2.1 % whatever the seed.
    ("team_orienteering_large", "gr229_gen2_m4", 11_355.0, 16_000, 1.0),
    ("repairman_with_profits", "lu_50_40_4", 12_158.0, 8_000, 1.5),
    ("weighted_completion", "4_60_5", f64::NAN, 12_000, 0.5),
];

#[test]
fn known_gaps_are_reached() {
    let Some(data) = shared_data("known_gaps_are_reached") else { return };
    for (folder, name, best, iterations, most_gap) in INSTANCES {
        let folder = data.join("benchmarks").join(folder);
        let text = std::fs::read_to_string(folder.join(format!("{name}.json"))).expect("the instance");
        let known = std::fs::read_to_string(folder.join("best_known.csv")).expect("best_known.csv");
        let line = known.lines().find_map(|line| line.strip_prefix(&format!("{name},"))).expect("its row");
        let known: f64 = line.trim().parse().expect("a number");
        assert!(best.is_nan() || (best - known).abs() < 1e-9, "{name}: {known}");
        let problem = Problem::read(&text, name).unwrap();
        let params = Params { iterations: Some(iterations), ..Params::default() };
        let solution = plan(&problem, &params, &Silent::default()).unwrap();
        let sign = if problem.objective == Objective::Completion { -1.0 } else { 1.0 };
        let gap = 100.0 * sign * (known - solution.objective_value) / known;
        eprintln!("{name}: {} of {known}, gap {gap:.3} %", solution.objective_value);
        assert!(gap <= most_gap + 1e-9, "{name}: gap {gap} %");
        // An optimum that is proven lies on the right side of the bound.
        let bound = solution.bound.expect("a bound");
        assert!(sign * bound >= sign * known - 1e-6 * known, "{name}: bound {bound}, known {known}");
        if problem.objective == Objective::Completion {
            assert!(bound >= known * (1.0 - 1e-3), "{name}: bound {bound} is more than 0.1 % below {known}");
        }
    }
}
