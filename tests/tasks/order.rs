//! Rank and class of tasks, and what stops a run.

use clearway::tasks::TaskOptions;
use clearway::{progress::Silent, tasks::from_polygons};

use super::kit::{Region, near, square};
use crate::common::cells;

#[test]
fn rank_is_the_mid_rank_of_benefit_per_cost() {
    // One task a cell of equal area; benefit per cost 1, 2, 2, 4 per US$ 100. Five with the unknown one.
    let region = Region {
        hazard: cells("1 1 1 1 ?"),
        people: cells("1 1 1 1 1"),
        benefit: cells("0.1 0.2 0.4 0.4 0.5"),
        cost: cells("100 100 200 100 100"),
        rank: cells("0 0 0 0 0"),
    };
    let features: Vec<_> = (0..5).map(|i| square(&format!("{i}"), 10.0 * f64::from(i), 90.0, 10.0)).collect();
    let options = TaskOptions { class_percents: vec![10.0, 50.0], ..TaskOptions::default() };
    let (tasks, _) = from_polygons(features, &region.planes(), &options, &Silent::default()).unwrap();
    // N = 4: smallest 0; the tie 100·(1 + 1/2)/3 = 50 twice; largest 100.
    let ranks: Vec<Option<f64>> = tasks.iter().map(|task| task.rank).collect();
    near(ranks[0].unwrap(), 0.0, 0.0);
    near(ranks[3].unwrap(), 100.0, 0.0);
    assert_eq!(ranks[4], None);
    // f32 0.2/100 and 0.4/200 are the same number exactly.
    assert_eq!((ranks[1], ranks[2]), (Some(50.0), Some(50.0)));
    let classes: Vec<Option<u8>> = tasks.iter().map(|task| task.class).collect();
    assert_eq!(classes, [Some(3), Some(2), Some(2), Some(1), None]);
}

#[test]
fn rank_by_mean_benefit_where_cost_does_not_count() {
    // The second task is twice as large and dearer: its mean benefit, (0.5 + 0.7) / 2 = 0.6, comes first.
    let region = Region {
        hazard: cells("1 1 1 1"),
        people: cells("1 1 1 1"),
        benefit: cells("0.5 0.5 0.7 0.2"),
        cost: cells("1 1000 1000 1"),
        rank: cells("0 0 0 0"),
    };
    let features =
        vec![square("a", 0.0, 90.0, 10.0), square("b", 10.0, 90.0, 20.0), square("c", 30.0, 90.0, 10.0)];
    let options = TaskOptions { by_benefit: true, ..TaskOptions::default() };
    let (tasks, _) = from_polygons(features, &region.planes(), &options, &Silent::default()).unwrap();
    assert_eq!(tasks.iter().map(|t| t.rank).collect::<Vec<_>>(), [Some(50.0), Some(100.0), Some(0.0)]);
}

#[test]
fn ground_that_costs_nothing_comes_first_but_has_no_ratio() {
    let region = Region {
        hazard: cells("1 1 1"),
        people: cells("1 1 1"),
        benefit: cells("0.1 0.9 0"),
        cost: cells("0 1 0"),
        rank: cells("0 0 0"),
    };
    let features = (0..3).map(|i| square(&format!("{i}"), 10.0 * f64::from(i), 90.0, 10.0)).collect();
    let (tasks, _) = region.tasks(features);
    assert_eq!(tasks.iter().map(|t| t.rank).collect::<Vec<_>>(), [Some(100.0), Some(50.0), Some(0.0)]);
    assert_eq!(tasks[0].benefit_per_kusd, None);
    assert!(tasks[1].benefit_per_kusd.is_some());
}
