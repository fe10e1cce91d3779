//! Sums in samples: the cells and shares of a task's other sums, whatever the strips and threads.

use clearway::error::Result;
use clearway::grid::{Cells, MemoryCells, UNKNOWN, Window};
use clearway::progress::Silent;
use clearway::tasks::{GrowOptions, SampledCells, SampledTile, TaskArea, sampled_sums};
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64Mcg;

use super::kit::{Region, feature, near, polygon};
use crate::common::{cells, frame_lonlat};

/// In sample s a cell is worth s + 1 times its people; the window's place is checked against the grid's.
struct Multiples<'a> {
    people: &'a MemoryCells,
    n_samples: usize,
}

struct MultiplesTile(Window, Vec<f32>);

impl SampledCells for Multiples<'_> {
    fn n_samples(&self) -> usize {
        self.n_samples
    }

    fn read(&self, window: Window) -> Result<Box<dyn SampledTile + '_>> {
        Ok(Box::new(MultiplesTile(window, self.people.read_vec(window)?)))
    }
}

impl SampledTile for MultiplesTile {
    fn add(&self, index: usize, col: u32, row: u32, weight: f64, sums: &mut [f64]) {
        assert_eq!(index, self.0.offset(i64::from(col), i64::from(row)));
        let worth = f64::from(self.1[index]);
        sums.iter_mut().enumerate().for_each(|(s, sum)| *sum += weight * (worth * (s + 1) as f64));
    }
}

fn sums(region: &Region, tasks: &[TaskArea], n_samples: usize, strip_cells: usize) -> Vec<Vec<f64>> {
    let cells = Multiples { people: &region.people, n_samples };
    sampled_sums(tasks, &region.planes(), &cells, strip_cells, &Silent::default()).unwrap()
}

#[test]
fn a_quarter_and_a_half_cell_by_hand() {
    let mut region = Region::of_ranks(cells("0 100"));
    region.people = cells("10 30");
    let ground = || polygon("5 90, 20 90, 20 95, 5 95", &[]);
    let (tasks, _) = region.tasks(vec![feature("A", ground())]);
    // 25 m² · 10 + 50 m² · 30, and twice that.
    let found = sums(&region, &tasks, 2, 1);
    near(found[0][0], 1750.0, 1e-9);
    near(found[0][1], 3500.0, 1e-9);
    // Where cost is unknown a cell is not scored; ground off the frame is worth nothing.
    region.cost = cells("100 ?");
    let off = feature("B", polygon("500 90, 510 90, 510 95, 500 95", &[]));
    let (tasks, _) = region.tasks(vec![feature("A", ground()), off]);
    near(sums(&region, &tasks, 1, 1)[0][0], 250.0, 1e-9);
    assert_eq!(sums(&region, &tasks, 1, 1)[1], [0.0]);
}

#[test]
fn sums_are_those_of_the_tasks_whatever_the_strips_and_threads() {
    let frame = frame_lonlat(60, 40, 20.0, 45.0, 0.001);
    let mut random = Pcg64Mcg::seed_from_u64(7);
    let noise: Vec<f32> = (0..60 * 40).map(|_| random.random::<f32>()).collect();
    let region = Region::new(&frame, |name, col, row| {
        let x = noise[row * 60 + col];
        match name {
            "people" if x < 0.05 => UNKNOWN,
            "rank" => 100.0 * x,
            _ => 1.0 + x,
        }
    });
    let grow = GrowOptions { min_rank: 60.0, min_area_m2: 0.0, max_area_m2: 300_000.0 };
    let (grown, _) = region.grown(&grow);
    let slanted = |i: i32| {
        let (lon, lat) = (20.0 + f64::from(i) * 0.005, 44.995 - f64::from(i % 3) * 0.01);
        let ring = vec![(lon, lat), (lon + 0.0123, lat - 0.0031), (lon + 0.004, lat - 0.0177)];
        feature(&format!("A{i}"), geo::Polygon::new(ring.into(), Vec::new()))
    };
    let (outlined, _) = region.tasks((0..9).map(slanted).collect());
    for tasks in [grown, outlined] {
        assert!(tasks.len() > 5);
        let whole = sums(&region, &tasks, 3, 60 * 40);
        for (task, sums) in tasks.iter().zip(&whole) {
            let exposure_ha = task.exposure_ha.unwrap();
            near(sums[0] / 10_000.0, exposure_ha, 1e-11 * exposure_ha);
            near(sums[2] / 30_000.0, exposure_ha, 1e-11 * exposure_ha);
        }
        for strip_cells in [1, 60 * 3, 60 * 7] {
            for n_threads in [1, 4] {
                let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().unwrap();
                let again = pool.install(|| sums(&region, &tasks, 3, strip_cells));
                let bits =
                    |sums: &[Vec<f64>]| -> Vec<u64> { sums.concat().iter().map(|x| x.to_bits()).collect() };
                assert_eq!(bits(&again), bits(&whole), "{strip_cells} cells, {n_threads} threads");
            }
        }
    }
}
