//! The zoo of invalid polygons: each is named, says what was wrong, and keeps the ground its boundary goes round.

use clearway::grid::MemoryCells;
use clearway::tasks::{Finding, TaskArea};
use geo::{Area, Geometry, LineString, MultiPolygon, Polygon};
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64Mcg;

use super::kit::{Region, assert_valid, codes, feature, near, polygon, ring, square};
use crate::common::frame_utm;

fn region() -> Region {
    Region::of_ranks(MemoryCells::from_values(frame_utm(10, 10, 10.0), vec![50.0; 100]))
}

/// The one task a geometry makes, of the area expected, with a valid outline.
#[track_caller]
fn one(geometry: impl Into<Geometry<f64>>, area_m2: f64) -> (TaskArea, Vec<Finding>) {
    let (tasks, findings) = region().tasks(vec![feature("A", geometry)]);
    assert_eq!(tasks.len(), 1);
    assert_valid(&tasks[0].geometry);
    // The repair rounds to 2^-30 of the extent: well below a square centimetre here.
    near(tasks[0].area_m2, area_m2, 1e-4);
    near(tasks[0].cost_usd.unwrap(), 2.0 * area_m2, 1e-3);
    (tasks.into_iter().next().unwrap(), findings)
}

#[track_caller]
fn repaired(geometry: impl Into<Geometry<f64>>, area_m2: f64, reason: &str) -> TaskArea {
    let (task, findings) = one(geometry, area_m2);
    assert_eq!(codes(&findings), ["task.repaired"], "{findings:?}");
    assert_eq!(findings[0].task_id.as_deref(), Some("A"));
    assert!(findings[0].text.contains(reason), "{}", findings[0].text);
    task
}

#[test]
fn bow_tie_keeps_both_lobes() {
    // (0,0) (40,40) (40,0) (0,40): two triangles of base 40 and height 20: 400 m² each. As drawn they cancel to 0.
    let task =
        repaired(polygon("0 0, 40 40, 40 0, 0 40", &[]), 800.0, "crosses itself near (500020, 5499920)");
    assert_eq!(task.geometry.0.len(), 2);
}

#[test]
fn spike_is_cut_off() {
    // A 20 m square whose upper right corner runs out to (40, 20) and back.
    repaired(polygon("0 0, 20 0, 20 20, 40 20, 20 20, 0 20", &[]), 400.0, "retraces itself");
    // A spike that comes back only half way before it leaves: the triangle it leaves by is ground.
    repaired(polygon("0 0, 20 0, 40 0, 30 0, 20 20, 0 20", &[]), 500.0, "retraces itself");
}

#[test]
fn repeated_points_are_dropped_and_said() {
    let (task, findings) = one(polygon("0 0, 20 0, 20 0, 20 20, 20 20, 20 20, 0 20", &[]), 400.0);
    assert_eq!(codes(&findings), ["task.repeated_points"]);
    assert!(findings[0].text.contains("3 repeated points"), "{}", findings[0].text);
    assert_eq!(task.geometry.0[0].exterior().0.len(), 5);
}

#[test]
fn loop_drawn_over_itself_stays_filled() {
    // A ring that goes round the 40 m square, then round its 20 m lower left part again: wound twice there, which
    // the even-odd rule would make a hole.
    let twice = polygon("0 0, 40 0, 40 40, 0 40, 0 0, 20 0, 20 20, 0 20", &[]);
    repaired(twice, 1600.0, "itself");
}

#[test]
fn ring_that_touches_itself_at_a_corner_becomes_two_polygons() {
    let task =
        repaired(polygon("0 0, 20 0, 20 20, 40 20, 40 40, 20 40, 20 20, 0 20", &[]), 800.0, "touches itself");
    assert_eq!(task.geometry.0.len(), 2);
}

#[test]
fn hole_outside_its_shell_takes_nothing_away() {
    repaired(
        polygon("0 0, 20 0, 20 20, 0 20", &["50 50, 60 50, 60 60, 50 60"]),
        400.0,
        "outside its boundary or across it",
    );
}

#[test]
fn hole_across_its_shell_takes_away_what_they_share() {
    // The hole 10..30 × 5..15 shares 10 × 10 m with the 20 m square.
    repaired(
        polygon("0 0, 20 0, 20 20, 0 20", &["10 5, 30 5, 30 15, 10 15"]),
        300.0,
        "outside its boundary or across it",
    );
}

#[test]
fn hole_that_crosses_itself_is_cut_out_whole() {
    // A bow tie of 2 × 25 m² within 400 m².
    repaired(polygon("0 0, 20 0, 20 20, 0 20", &["5 5, 15 15, 15 5, 5 15"]), 350.0, "a hole crosses itself");
}

#[test]
fn holes_that_overlap_are_cut_out_once() {
    // Two 10 m holes that share 5 × 10 m: 150 m² in all.
    let holes = ["5 5, 15 5, 15 15, 5 15", "10 5, 20 5, 20 15, 10 15"];
    repaired(polygon("0 0, 40 0, 40 40, 0 40", &holes), 1450.0, "two holes overlap");
}

#[test]
fn parts_that_overlap_count_once() {
    let parts = vec![polygon("0 0, 20 0, 20 20, 0 20", &[]), polygon("10 0, 30 0, 30 20, 10 20", &[])];
    repaired(MultiPolygon::new(parts), 600.0, "two parts overlap");
    // One inside the other.
    let nested = vec![polygon("0 0, 40 0, 40 40, 0 40", &[]), polygon("10 10, 20 10, 20 20, 10 20", &[])];
    repaired(MultiPolygon::new(nested), 1600.0, "two parts overlap");
    // Side by side: one polygon.
    let beside = vec![polygon("0 0, 20 0, 20 20, 0 20", &[]), polygon("20 0, 40 0, 40 20, 20 20", &[])];
    assert_eq!(repaired(MultiPolygon::new(beside), 800.0, "two parts share a line").geometry.0.len(), 1);
}

#[test]
fn rings_wound_the_other_way_are_no_matter() {
    let (clockwise, findings) = one(polygon("0 0, 0 20, 20 20, 20 0", &["5 5, 10 5, 10 10, 5 10"]), 375.0);
    assert!(findings.is_empty(), "{findings:?}");
    assert!(
        clockwise.geometry.0[0]
            .exterior()
            .0
            .windows(2)
            .map(|e| e[0].x * e[1].y - e[1].x * e[0].y)
            .sum::<f64>()
            > 0.0
    );
}

#[test]
fn hole_that_touches_its_shell_at_a_point_is_valid() {
    let (_, findings) = one(polygon("0 0, 20 0, 20 20, 0 20", &["0 10, 5 5, 10 10, 5 15"]), 350.0);
    assert!(findings.is_empty(), "{findings:?}");
}

#[test]
fn what_encloses_no_ground_is_left_out_by_name() {
    let mut null = square("null", 0.0, 0.0, 10.0);
    null.geometry = None;
    let empty = feature("empty", MultiPolygon::new(vec![]));
    let point = feature("one point", Polygon::new(LineString::new(vec![ring("5 5").0[0]; 4]), vec![]));
    let line = feature("line", polygon("0 0, 20 0", &[]));
    let flat = feature("flat", polygon("0 0, 10 0, 20 0", &[]));
    let hollow = feature("hollow", polygon("0 0, 20 0, 20 20, 0 20", &["0 0, 20 0, 20 20, 0 20"]));
    let sound = square("sound", 50.0, 50.0, 10.0);
    let (tasks, findings) = region().tasks(vec![null, empty, point, line, flat, hollow, sound]);
    assert_eq!(tasks.iter().map(|task| task.task_id.as_str()).collect::<Vec<_>>(), ["sound"]);
    let named: Vec<_> = findings.iter().map(|f| (f.code, f.task_id.as_deref().unwrap())).collect();
    assert_eq!(
        named,
        [
            ("task.null_geometry", "null"),
            ("task.empty_geometry", "empty"),
            ("task.too_few_vertices", "one point"),
            ("task.too_few_vertices", "line"),
            ("task.empty_geometry", "flat"),
            ("task.empty_geometry", "hollow"),
        ]
    );
}

#[test]
fn a_part_without_ground_does_not_take_the_others_with_it() {
    let parts = vec![polygon("0 0, 20 0, 20 20, 0 20", &[]), polygon("50 50, 60 60", &[])];
    repaired(MultiPolygon::new(parts), 400.0, "fewer than three");
}

#[test]
fn random_scribbles_become_valid_and_keep_all_ground_wound_round() {
    let mut rng = Pcg64Mcg::seed_from_u64(12);
    let region = region();
    let (mut n_repaired, mut n_beyond_geo) = (0, 0);
    for _ in 0..200 {
        let mut scribble = || -> LineString<f64> {
            let n = rng.random_range(3..14);
            // Whole metres, so that points meet and lines run over one another.
            let point = |_| {
                (
                    500_000.0 + f64::from(rng.random_range(0..12)),
                    5_499_900.0 + f64::from(rng.random_range(0..12)),
                )
            };
            (0..n).map(point).collect()
        };
        let (shell, hole) = (scribble(), scribble());
        let drawn = Polygon::new(shell.clone(), vec![]);
        let both = vec![
            feature("A", drawn.clone()),
            feature("B", Polygon::new(shell, vec![hole])),
            square("C", 50.0, 50.0, 9.0),
        ];
        // geo's check is the judge of what is invalid; it takes points that repeat for valid as we do.
        let n_invalid = both.iter().filter(|f| !is_valid(f.geometry.as_ref().unwrap())).count();
        let (tasks, findings) = region.tasks(both);
        let n_found =
            findings.iter().filter(|f| ["task.repaired", "task.empty_geometry"].contains(&f.code)).count();
        assert!(n_found >= n_invalid, "{n_invalid} by geo's check, {n_found} by ours: {findings:?}");
        n_beyond_geo += n_found - n_invalid;
        for task in &tasks {
            assert_valid(&task.geometry);
        }
        let area_of = |id: &str| tasks.iter().find(|t| t.task_id == id).map_or(0.0, |t| t.area_m2);
        // Winding counts areas with sign and number of turns: never more than what is filled times the turns, and
        // where the ring is wound once at most, never more than what is filled.
        assert!(area_of("A") * 12.0 + 1e-3 >= drawn.unsigned_area());
        assert!(area_of("B") <= area_of("A") + 1e-3);
        n_repaired += findings.iter().filter(|f| f.code == "task.repaired").count();
        let is_named = |id: &str| findings.iter().any(|f| f.task_id.as_deref() == Some(id));
        assert!(area_of("A") > 0.0 || is_named("A"), "dropped silently");
        assert!(area_of("B") > 0.0 || is_named("B"), "dropped silently");
    }
    assert!(n_repaired > 200, "{n_repaired}");
    eprintln!("{n_repaired} repaired, {n_beyond_geo} found that geo's check passes");
}

fn is_valid(geometry: &Geometry<f64>) -> bool {
    use geo::Validation;
    geometry.is_valid()
}
