//! The main job on the real layers of ../shared/data, on both engines.

use clearway::grid::{Cells as _, UNKNOWN, is_unknown};
use clearway::io::geotiff::GeoTiff;

use super::*;
use crate::common::{all, assert_cells, shared_data};

fn main_job(name: &str) {
    if shared_data(name).is_none() {
        return;
    }
    let out = folder();
    let project = here("tests/projects").join(format!("{name}.toml"));
    worked(out.path(), &["run", arg(&project), "--out", "cpu", "--backend", "cpu", "--iterations", "500"]);
    assert_eq!(json(&worked(out.path(), &["verify", "cpu", "--json"]))["sound"], true);
    let plan = json_file(&out.path().join("cpu/plan.json"));
    let value = plan["objective_value"].as_f64().unwrap();
    for baseline in plan["baselines"].as_array().unwrap() {
        assert!(value > baseline["objective_value"].as_f64().unwrap(), "{baseline}");
    }
    let gpu = ["score", arg(&project), "--out", "gpu", "--backend", "gpu", "--device", "llvmpipe"];
    worked(out.path(), &gpu);
    let grid = |run: &str, name: &str| all(&GeoTiff::open(&out.path().join(run).join(name), 1).unwrap());
    let [rank, priority] = ["priority.tif", "benefit_per_cost.tif"].map(|name| grid("cpu", name));
    assert_ranks(&grid("gpu", "priority.tif"), &rank, &priority);
}

/// Fails unless ranks agree to a hundredth of a point, but among cells whose priorities are equal to a millionth: a
/// device that rounds products apart from sums puts even ground in another order.
fn assert_ranks(found: &[f32], expected: &[f32], priority: &[f32]) {
    let mut sorted: Vec<f32> = priority.iter().copied().filter(|x| !is_unknown(*x)).collect();
    sorted.sort_by(f32::total_cmp);
    let place = |n: usize| 100.0 * n as f64 / (sorted.len() - 1) as f64;
    let mut n_even = 0;
    for (i, ((&found, &expected), &priority)) in found.iter().zip(expected).zip(priority).enumerate() {
        assert_eq!(is_unknown(found), is_unknown(expected), "cell {i}");
        if is_unknown(found) || (found - expected).abs() <= 0.01 {
            continue;
        }
        let below = place(sorted.partition_point(|x| f64::from(*x) < f64::from(priority) * (1.0 - 1e-6)));
        let above = place(sorted.partition_point(|x| f64::from(*x) <= f64::from(priority) * (1.0 + 1e-6)));
        assert!(
            (below - 0.01..=above + 0.01).contains(&f64::from(found)),
            "cell {i}: {found}, not {expected}"
        );
        n_even += 1;
    }
    assert!(n_even <= sorted.len() / 1000, "{n_even} cells of {}", sorted.len());
}

/// The layers of a real region in a folder of their own, without a project.
fn layers_of(name: &str) -> Option<tempfile::TempDir> {
    let copy = folder();
    for entry in std::fs::read_dir(shared_data(name)?.join(name)).unwrap() {
        let path = entry.unwrap().path();
        std::fs::copy(&path, copy.path().join(path.file_name().unwrap())).unwrap();
    }
    Some(copy)
}

#[test]
fn project_for_doboj_names_its_accidents_and_check_judges_the_hazard_by_them() {
    let Some(region) = layers_of("doboj") else { return };
    worked(region.path(), &["init", ".", "--yes"]);
    let project = std::fs::read_to_string(region.path().join("project.toml")).unwrap();
    assert!(project.contains("accidents = { path = \"incidents.geojson\" }"), "{project}");
    let checked = json(&worked(region.path(), &["check", "project.toml", "--json"]));
    assert_eq!(
        checked["polygon_faults"].as_array().unwrap().iter().filter(|f| f["action"] == "repaired").count(),
        111
    );
    let told = checked["facts"]["hazard by accidents"].as_str().unwrap();
    assert!(told.contains("an AUC of 0.") && told.contains("303 accidents"), "{told}");
    assert!(checked["facts"]["layer population"].as_str().unwrap().contains(" people per cell, sum 425285."));
}

#[test]
fn project_for_kilometre_cells_grows_tasks_larger_than_a_cell() {
    let Some(region) = layers_of("antioquia") else { return };
    worked(region.path(), &["init", ".", "--yes"]);
    let project = std::fs::read_to_string(region.path().join("project.toml")).unwrap();
    // A cell is 98.6 ha.
    assert!(project.contains("max_area_m2 = 3000000 }"), "{project}");
    let warnings = |more: &[&str]| {
        let args = [&["check", "project.toml", "--json"], more].concat();
        json(&worked(region.path(), &args))["warnings"].to_string()
    };
    assert!(!warnings(&[]).contains("grow."));
    assert!(warnings(&["--set", "tasks.grow.max_area_m2=100000"]).contains("[grow.cell_too_large]"));
}

#[test]
fn antioquia_in_a_geographic_crs() {
    main_job("antioquia");
}

#[test]
fn acceptability_of_antioquia_is_the_same_on_both_engines() {
    if shared_data("acceptability_of_antioquia_is_the_same_on_both_engines").is_none() {
        return;
    }
    let out = folder();
    let project = here("tests/projects/antioquia.toml");
    let set = [
        "score.robustness.samples=12",
        "score.robustness.hazard_sigma=0.5",
        "score.robustness.cost_sigma=0.2",
    ];
    let set: Vec<&str> = set.iter().flat_map(|set| ["--set", *set]).collect();
    let on = |run: &str, engine: &[&str]| {
        let mut arguments = vec!["score", arg(&project), "--out", run];
        arguments.extend(engine.iter().chain(&set));
        worked(out.path(), &arguments);
        let read = |name: &str| all(&GeoTiff::open(&out.path().join(run).join(name), 1).unwrap());
        [read("acceptability.tif"), read("rank_mean.tif"), read("rank_sd.tif"), read("priority.tif")]
    };
    let [share, mean, sd, rank] = on("cpu", &["--backend", "cpu"]);
    let [gpu_share, gpu_mean, gpu_sd, _] = on("gpu", &["--backend", "gpu", "--device", "llvmpipe"]);
    assert_cells(&gpu_mean, &mean, 1, 0.01, 0.0);
    assert_cells(&gpu_sd, &sd, 1, 0.01, 0.0);
    let apart: Vec<f32> = share.iter().zip(&gpu_share).map(|(a, b)| (a - b).abs()).collect();
    assert!(apart.iter().all(|apart| *apart < 1.01 / 12.0));
    assert!(apart.iter().filter(|apart| **apart > 0.0).count() * 10_000 <= apart.len());
    // A tenth of the cells is in the top of every sample, and the recipe's own first tenth more often than others.
    let scored = || share.iter().zip(&rank).filter(|(share, _)| !is_unknown(**share));
    let n = scored().count() as f64;
    let total: f64 = scored().map(|(share, _)| f64::from(*share)).sum();
    assert!((total / n - 0.1).abs() < 0.002, "{}", total / n);
    let of_first: f64 = scored().filter(|(_, rank)| **rank >= 90.0).map(|(share, _)| f64::from(*share)).sum();
    assert!(of_first > 0.5 * total, "{of_first} of {total}");
}

#[test]
fn doboj_with_broken_polygons_and_another_cell_size() {
    main_job("doboj");
}

#[test]
fn quantiles_in_an_ordered_list_rank_antioquia_by_the_book_and_explain_agrees() {
    let Some(data) = shared_data("quantiles_in_an_ordered_list") else { return };
    let out = folder();
    let project = here("tests/projects/antioquia.toml");
    let sets = [
        "score.benefit=ordered",
        "score.criteria.people.value=quantile",
        "score.criteria.people.threshold=0.9",
        "score.criteria.1.threshold=0.5",
    ];
    let mut args = vec!["score", arg(&project), "--out", "run", "--backend", "cpu"];
    args.extend(sets.iter().flat_map(|set| ["--set", *set]));
    worked(out.path(), &args);
    let grid = |name: &str| GeoTiff::open(&out.path().join("run").join(name), 1).unwrap();
    let (rank, exposure) = (all(&grid("priority.tif")), all(&grid("exposure.tif")));
    let road = all(&GeoTiff::open(&data.join("antioquia/road_dist_km.tif"), 1).unwrap());
    // Mid-ranks, 0..1, of numbers by sorting; unknown where not scored.
    let scored: Vec<usize> = (0..rank.len()).filter(|i| !is_unknown(rank[*i])).collect();
    let mid_ranks = |of: &dyn Fn(usize) -> f64| -> Vec<f64> {
        let mut sorted: Vec<f64> = scored.iter().map(|i| of(*i)).collect();
        sorted.sort_by(f64::total_cmp);
        let place = |x: f64| {
            let (below, to) = (sorted.partition_point(|y| *y < x), sorted.partition_point(|y| *y <= x));
            (below as f64 + (to - below - 1) as f64 / 2.0) / (sorted.len() as f64 - 1.0)
        };
        (0..rank.len()).map(|i| if is_unknown(rank[i]) { 0.0 } else { place(of(i)) }).collect()
    };
    let people = mid_ranks(&|i| f64::from(exposure[i]));
    let access = |i: usize| ((5.0 - f64::from(road[i])) / 5.0).clamp(0.0, 1.0);
    let tier = |i: usize| match (people[i] >= 0.9, access(i) >= 0.5) {
        (true, _) => 1.0,
        (_, true) => 2.0,
        _ => 3.0,
    };
    let sum = |i: usize| 0.75 * people[i] + 0.25 * access(i);
    let expected = mid_ranks(&|i| 10.0 * (3.0 - tier(i)) + sum(i));
    let expected: Vec<f32> = (0..rank.len())
        .map(|i| if is_unknown(rank[i]) { UNKNOWN } else { (100.0 * expected[i]) as f32 })
        .collect();
    // One place among 7,019 cells is 0.0142: two sums that f32 rounds into one tie share the middle.
    assert_cells(&rank, &expected, grid("priority.tif").frame().n_cols, 0.015, 0.0);

    let frame = grid("priority.tif").frame().clone();
    for &i in [scored[0], scored[3000], scored[7000]].iter() {
        let at = frame.centre((i % frame.n_cols) as i64, (i / frame.n_cols) as i64);
        let at = format!("{},{}", at.x, at.y);
        let why = json(&worked(out.path(), &["explain", "run", "--json", "--at", &at]));
        assert_eq!(why["tier"].as_f64(), Some(tier(i)), "{why}");
        let value = why["criteria"][0]["value"].as_f64().unwrap();
        assert!((value - people[i]).abs() < 6.2e-5, "{value}, not {}", people[i]);
    }
}
