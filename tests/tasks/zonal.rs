//! Sums and means over cells, by hand; and that tiles and threads do not show.

use clearway::grid::{Cells, MemoryCells, UNKNOWN, Window};
use clearway::progress::Silent;
use clearway::tasks::{Contributions, Footprints, Planes, TaskOptions, from_footprints, from_polygons};
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64Mcg;

use super::kit::{Region, codes, feature, near, polygon, square};
use crate::common::{cells, frame_lonlat, frame_utm};

fn two_cells() -> Region {
    Region {
        hazard: cells("0.2 0.6"),
        people: cells("10 30"),
        benefit: cells("0.1 0.5"),
        cost: cells("100 300"),
        rank: cells("0 100"),
    }
}

#[test]
fn a_quarter_and_a_half_cell_by_hand() {
    // y from 90 to 100 is row 0. The polygon x 5..10, y 90..95 is a quarter of cell 0; x 10..20, y 90..95 half of
    // cell 1: 25 m² and 50 m² of 100 m² cells.
    let (tasks, findings) = two_cells().tasks(vec![feature("A", polygon("5 90, 20 90, 20 95, 5 95", &[]))]);
    let task = &tasks[0];
    near(task.area_m2, 75.0, 1e-6);
    assert_eq!(task.scored_share, 1.0);
    // (25·0.2 + 50·0.6) / 75 = 35 / 75
    near(task.hazard_mean.unwrap(), 35.0 / 75.0, 1e-7);
    // (25·10 + 50·30) / 75 = 1750 / 75 people; 1750 / 10,000 person-hectares
    near(task.people_at_risk.unwrap(), 1750.0 / 75.0, 1e-6);
    near(task.exposure_ha.unwrap(), 0.175, 1e-9);
    // (25·0.1 + 50·0.5) / 10,000 benefit-hectares
    near(task.benefit.unwrap(), 27.5 / 10_000.0, 1e-10);
    // 0.25·100 + 0.5·300 US$
    near(task.cost_usd.unwrap(), 175.0, 1e-6);
    near(task.benefit_per_kusd.unwrap(), 0.00275 / 0.175, 1e-9);
    near(task.rank_mean.unwrap(), 100.0 * 50.0 / 75.0, 1e-6);
    assert_eq!(task.difficulty, Some(1.0));
    assert_eq!((task.rank, task.class), (Some(100.0), Some(1)));
    assert_eq!(task.acceptability_mean, None);
    assert!(findings.is_empty(), "{findings:?}");
}

#[test]
fn unknown_cells_are_left_out_and_said() {
    let mut region = two_cells();
    region.cost = cells("100 ?");
    let whole = feature("A", polygon("0 90, 20 90, 20 100, 0 100", &[]));
    let unknown = feature("B", polygon("10 90, 20 90, 20 100, 10 100", &[]));
    let (tasks, findings) = region.tasks(vec![whole, unknown]);
    // A stands on cell 0 alone, half its ground; B on nothing known.
    near(tasks[0].area_m2, 200.0, 1e-9);
    assert_eq!(tasks[0].scored_share, 0.5);
    near(tasks[0].hazard_mean.unwrap(), 0.2, 1e-7);
    near(tasks[0].cost_usd.unwrap(), 100.0, 1e-9);
    assert_eq!(tasks[1].scored_share, 0.0);
    assert_eq!((tasks[1].benefit, tasks[1].cost_usd, tasks[1].hazard_mean), (None, None, None));
    assert_eq!((tasks[1].rank, tasks[1].class), (None, None));
    assert_eq!(tasks[1].difficulty, Some(1.0));
    assert_eq!(codes(&findings), ["task.overlap", "tasks.not_scored", "tasks.partly_scored"]);
    assert!(findings[1].text.starts_with("1 of 2 tasks") && findings[1].text.ends_with(": B"));
}

#[test]
fn ground_outside_the_frame_counts_as_area_only() {
    // x −20..20 over cells 0..20: half on the frame.
    let (tasks, findings) =
        two_cells().tasks(vec![feature("A", polygon("-20 90, 20 90, 20 100, -20 100", &[]))]);
    near(tasks[0].area_m2, 400.0, 1e-9);
    near(tasks[0].scored_share, 0.5, 1e-12);
    near(tasks[0].cost_usd.unwrap(), 400.0, 1e-9);
    assert_eq!(codes(&findings), ["tasks.partly_scored"]);
}

#[test]
fn polygons_off_the_frame_are_named_and_all_off_it_is_a_fault() {
    let region = two_cells();
    let (tasks, findings) = region.tasks(vec![square("in", 0.0, 90.0, 5.0), square("out", 500.0, 90.0, 5.0)]);
    assert_eq!(tasks.len(), 2);
    assert_eq!(codes(&findings), ["tasks.outside_frame", "tasks.not_scored"]);
    let all_out = vec![square("out", 500.0, 90.0, 5.0)];
    let error =
        from_polygons(all_out, &region.planes(), &TaskOptions::default(), &Silent::default()).unwrap_err();
    assert_eq!(error.faults()[0].code, "tasks.outside_frame");
}

struct TwoCriteria {
    names: Vec<String>,
    planes: [MemoryCells; 2],
}

impl Contributions for TwoCriteria {
    fn names(&self) -> &[String] {
        &self.names
    }

    fn read(&self, window: Window, _: &[bool], out: &mut [f32]) -> clearway::error::Result<()> {
        for (plane, out) in self.planes.iter().zip(out.chunks_exact_mut(window.len())) {
            plane.read(window, out)?;
        }
        Ok(())
    }
}

#[test]
fn contributions_add_up_to_the_benefit_and_optional_planes_are_averaged() {
    let region = two_cells();
    // 0.04 + 0.06 = 0.1 and 0.5 + 0 = 0.5.
    let criteria = TwoCriteria {
        names: vec!["people".into(), "roads".into()],
        planes: [cells("0.04 0.5"), cells("0.06 0")],
    };
    let (difficulty, acceptability) = (cells("2 ?"), cells("0.25 0.75"));
    let planes = Planes {
        difficulty: Some(&difficulty),
        acceptability: Some(&acceptability),
        contributions: Some(&criteria),
        ..region.planes()
    };
    let features = vec![feature("A", polygon("5 90, 20 90, 20 95, 5 95", &[]))];
    let (tasks, _) = from_polygons(features, &planes, &TaskOptions::default(), &Silent::default()).unwrap();
    let task = &tasks[0];
    // people 25·0.04 + 50·0.5 = 26; roads 25·0.06 = 1.5; together 27.5.
    assert_eq!(task.contributions[0].0, "people");
    near(task.contributions[0].1, 26.0 / 10_000.0, 1e-10);
    near(task.contributions[1].1, 1.5 / 10_000.0, 1e-10);
    // Difficulty is known on cell 0 alone.
    near(task.difficulty.unwrap(), 2.0, 0.0);
    near(task.acceptability_mean.unwrap(), (25.0 * 0.25 + 50.0 * 0.75) / 75.0, 1e-7);
}

#[test]
fn columns_of_the_source_and_ids_pass_through() {
    let mut source = square("SHA-7", 0.0, 90.0, 10.0);
    source.imsma_id = Some("BIH-0007".into());
    source.attributes.insert("zone".into(), serde_json::json!("Tešanj"));
    let (tasks, _) = two_cells().tasks(vec![source.clone()]);
    assert_eq!(tasks[0].task_id, "SHA-7");
    assert_eq!(tasks[0].imsma_id.as_deref(), Some("BIH-0007"));
    assert_eq!(tasks[0].attributes, source.attributes);
}

#[test]
fn a_geographic_grid_weighs_rows_by_their_area() {
    // Two rows of 10° cells between 60° and 80° N: the mean of ranks 0 and 100 leans to the larger southern row.
    let frame = frame_lonlat(1, 2, 20.0, 80.0, 10.0);
    let region = Region::new(&frame, |plane, _, row| match plane {
        "rank" => 100.0 * row as f32,
        _ => 1.0,
    });
    let shell = geo::Rect::new((20.0, 60.0), (30.0, 80.0)).to_polygon();
    let (tasks, _) = region.tasks(vec![feature("A", shell)]);
    let (north, south) = (frame.cell_area_m2(0), frame.cell_area_m2(1));
    near(tasks[0].area_m2 / (north + south), 1.0, 1e-9);
    near(tasks[0].rank_mean.unwrap(), 100.0 * south / (north + south), 1e-9);
    near(tasks[0].benefit.unwrap() / ((north + south) / 10_000.0), 1.0, 1e-9);
}

#[test]
fn tiles_and_threads_do_not_change_a_bit() {
    let frame = frame_utm(97, 83, 10.0);
    let mut rng = Pcg64Mcg::seed_from_u64(3);
    let noise: Vec<f32> = (0..97 * 83 * 5).map(|_| rng.random_range(0.01..1.0)).collect();
    let region = Region::new(&frame, |plane, col, row| {
        let k = ["hazard", "people", "benefit", "cost", "rank"].iter().position(|p| *p == plane).unwrap();
        let value = noise[(k * 83 + row) * 97 + col];
        if value < 0.02 { UNKNOWN } else { value }
    });
    let features: Vec<_> = (0..200)
        .map(|i| {
            let (x, y) = (rng.random_range(-50.0..950.0), rng.random_range(-750.0..80.0));
            let side = rng.random_range(1.0..300.0);
            let shell = format!("{x} {y}, {} {}, {} {}", x + side, y + side / 3.0, x + side / 2.0, y + side);
            feature(&format!("{i}"), polygon(&shell, &[]))
        })
        .collect();
    let run = |tile_cells: usize, n_threads: usize| {
        let options = TaskOptions { tile_cells, ..TaskOptions::default() };
        let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().unwrap();
        pool.install(|| {
            from_polygons(features.clone(), &region.planes(), &options, &Silent::default()).unwrap()
        })
    };
    let reference = run(512, 1);
    for (tile_cells, n_threads) in [(1, 1), (7, 3), (64, 2), (97, 4)] {
        assert_eq!(run(tile_cells, n_threads), reference, "tiles of {tile_cells}, {n_threads} threads");
    }
    // Nor does it matter whether the cells covered were found before.
    let known = Footprints::of(&features, &frame).unwrap();
    let options = TaskOptions::default();
    let again = from_footprints(features, &known, &region.planes(), &options, &Silent::default()).unwrap();
    assert_eq!(again, reference);
}
