//! A GPU in trouble: what it did not do is redone, the run goes on, the result is the same, and it is told.

use super::harness::{Layers, MemorySink, assert_agree, n_tiles, open_gpu, people_only, two_criteria};
use crate::common::frame_utm;
use clearway::error::Result;
use clearway::gpu::Injected;
use clearway::score::program::{Program, Tally};
use clearway::score::{Benefit, CurvePoint, Engine, EngineInfo, Native, OnGpu, PriorityBy, Summary};

/// A GPU that gets into trouble before one of its tiles.
struct Troubled {
    gpu: OnGpu,
    n_calls: usize,
    at: usize,
    trouble: Injected,
}

impl Engine for Troubled {
    fn info(&self) -> EngineInfo {
        self.gpu.info()
    }

    fn largest_tile(&self) -> usize {
        self.gpu.largest_tile()
    }

    fn largest_plane(&self) -> usize {
        self.gpu.largest_plane()
    }

    fn is_lost(&self) -> bool {
        self.gpu.is_lost()
    }

    fn reopen(&mut self) -> std::result::Result<(), String> {
        self.gpu.reopen()
    }

    fn run(&mut self, p: &Program, i: &[&[f32]], o: &mut Vec<Vec<f32>>, t: &mut Tally) -> Result<()> {
        self.n_calls += 1;
        if self.n_calls == self.at {
            self.gpu.device_mut().inject(self.trouble);
        }
        self.gpu.run(p, i, o, t)
    }
}

/// Scores 100 × 70 cells in 12 tiles with the trouble given before the fifth; the result must be the native
/// engine's. Back come the warnings, the tiles and the tiles that were asked of the GPU.
fn with_trouble(trouble: Injected, keeps: u64) -> (Vec<String>, usize, usize) {
    let layers = Layers::random(frame_utm(100, 70, 10.0), 61);
    let recipe = people_only(40.0);
    let (expected, whole) = layers.score(&mut Native::new(), &recipe, 32).unwrap();
    let mut gpu = open_gpu();
    gpu.device_mut().keep_planes(keeps);
    let mut engine = Troubled { gpu, n_calls: 0, at: 5, trouble };
    let (summary, redone) = layers.score(&mut engine, &recipe, 32).unwrap();
    assert_eq!(summary.n_scored, expected.n_scored);
    assert_agree(&redone, &whole);
    // Each tile counts once. Which cells lie above a point of the curve may differ by a place or two in 6,000.
    for (found, expected) in summary.curve.iter().zip(&expected.curve) {
        assert!(found.cells.abs_diff(expected.cells) <= 3, "{found:?}, not {expected:?}");
    }
    let totals = |curve: &[CurvePoint]| {
        let last = curve.last().unwrap();
        [last.area_m2, last.cost_usd, last.benefit, last.exposure_ha]
    };
    for (found, expected) in totals(&summary.curve).into_iter().zip(totals(&expected.curve)) {
        assert!((found / expected - 1.0).abs() < 1e-6, "{found}, not {expected}");
    }
    let is_refining = |stage: &str| stage.starts_with("refine") && !stage.contains(',');
    let passes = 3 + summary.seconds.iter().filter(|s| is_refining(&s.stage)).count();
    (summary.warnings, passes * n_tiles(&layers.frame, 32), engine.n_calls)
}

fn the_one(warnings: &[String]) -> &str {
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    &warnings[0]
}

#[test]
fn a_submit_that_does_nothing_is_seen_by_the_count_of_workgroups() {
    let (warnings, n_tiles, n_calls) = with_trouble(Injected::Nothing, 0);
    let warning = the_one(&warnings);
    assert!(warning.starts_with("1 tiles were computed by the native engine"), "{warning}");
    assert!(warning.contains("it reported success, but 0 of "), "{warning}");
    assert_eq!(n_calls, n_tiles, "the device is asked for the tiles after it");
}

#[test]
fn a_lost_device_is_opened_again_once() {
    let (warnings, n_tiles, n_calls) = with_trouble(Injected::Loss, 0);
    let warning = the_one(&warnings);
    assert!(warning.starts_with("1 tiles were computed by the native engine"), "{warning}");
    assert!(warning.ends_with("the device was taken away; it was opened again"), "{warning}");
    assert_eq!(n_calls, n_tiles);
}

#[test]
fn a_submit_that_hangs_is_given_up_and_the_device_opened_again() {
    let (warnings, n_tiles, n_calls) = with_trouble(Injected::Hang, 0);
    let warning = the_one(&warnings);
    assert!(warning.contains("it did not finish its work in time; it was opened again"), "{warning}");
    assert_eq!(n_calls, n_tiles);
}

#[test]
fn planes_that_stay_make_room_when_memory_is_short() {
    let (warnings, n_tiles, n_calls) = with_trouble(Injected::OutOfMemory(1), 1 << 20);
    assert!(warnings.is_empty(), "the second try has what it needs: {warnings:?}");
    assert_eq!(n_calls, n_tiles);
}

#[test]
fn a_tile_without_memory_is_redone_natively() {
    let (warnings, n_tiles, n_calls) = with_trouble(Injected::OutOfMemory(2), 0);
    let warning = the_one(&warnings);
    assert!(warning.starts_with("1 tiles were computed by the native engine"), "{warning}");
    assert!(warning.ends_with("out of device memory"), "{warning}");
    assert_eq!(n_calls, n_tiles);
}

#[test]
fn a_device_always_out_of_memory_leaves_all_to_the_native_engine() {
    let (warnings, n_tiles, n_calls) = with_trouble(Injected::OutOfMemory(1000), 0);
    assert!(warnings[0].starts_with(&format!("{} tiles", n_tiles - 4)), "{warnings:?}");
    assert_eq!((warnings.len(), n_calls), (1, 7), "three failures after four tiles");
}

#[test]
fn a_slow_device_gets_many_small_submits_and_gives_the_same() {
    // 100 × 70 cells with 9 weights: thousands of submits at most, rows one by one.
    let (warnings, n_tiles, n_calls) = with_trouble(Injected::Slow(500), 0);
    assert!(warnings.is_empty(), "{warnings:?}");
    assert_eq!(n_calls, n_tiles);
}

fn scored(gpu: &mut OnGpu, layers: &Layers) -> (Summary, MemorySink) {
    layers.score(gpu, &two_criteria(40.0), 32).unwrap()
}

#[test]
fn planes_that_stay_are_those_that_each_form_and_order_asks_for() {
    let layers = Layers::random(frame_utm(70, 40, 10.0), 66);
    let mut recipes = vec![two_criteria(40.0), two_criteria(40.0), two_criteria(40.0), two_criteria(40.0)];
    recipes[1].priority_by = PriorityBy::Benefit;
    recipes[2].benefit = Benefit::Ordered;
    recipes[2].thresholds = vec![Some(0.2), Some(0.5)];
    recipes[3] = recipes[2].clone();
    recipes[3].priority_by = PriorityBy::Benefit;
    let mut gpu = open_gpu();
    for recipe in recipes {
        gpu.device_mut().keep_planes(0);
        let (_, without) = layers.score(&mut gpu, &recipe, 32).unwrap();
        gpu.device_mut().keep_planes(1 << 30);
        let (_, with) = layers.score(&mut gpu, &recipe, 32).unwrap();
        assert!(with.bits() == without.bits(), "{:?} by {:?}", recipe.benefit, recipe.priority_by);
    }
}

#[test]
fn planes_that_stay_on_the_device_save_uploads_and_change_no_bit() {
    let layers = Layers::random(frame_utm(100, 70, 10.0), 62);
    let mut gpu = open_gpu();
    gpu.device_mut().keep_planes(0);
    let (told, without) = scored(&mut gpu, &layers);
    let (up_without, down_without) = gpu.device().transferred_bytes();
    // All planes of all tiles, and then less than a pass leaves: the oldest go.
    for (budget, is_enough) in [(1 << 30, true), (60_000, false)] {
        let before = gpu.device().transferred_bytes();
        gpu.device_mut().keep_planes(budget);
        let (summary, with) = scored(&mut gpu, &layers);
        assert!(with.bits() == without.bits());
        assert_eq!(summary.warnings, told.warnings);
        let (up, down) = gpu.device().transferred_bytes();
        // A busy machine cuts work into more parts, each of which hands back the count of its workgroups.
        let more = (down - before.1).abs_diff(down_without);
        assert!(more < 2000, "what comes back is the same, but for {more} bytes");
        // Hazard and exposure of the second pass, all four planes of the third.
        let saved = up_without - (up - before.0);
        assert!(!is_enough || saved >= 6 * 4 * 7000, "{saved} bytes saved");
    }
}

#[test]
fn planes_of_one_run_are_not_taken_for_those_of_another() {
    let mut gpu = open_gpu();
    gpu.device_mut().keep_planes(1 << 30);
    for seed in [63, 64] {
        let layers = Layers::random(frame_utm(40, 30, 10.0), seed);
        let (_, on_gpu) = scored(&mut gpu, &layers);
        let (_, native) = layers.score(&mut Native::new(), &two_criteria(40.0), 32).unwrap();
        assert_agree(&on_gpu, &native);
    }
}

#[test]
fn a_device_with_the_limits_webgpu_promises_is_enough() {
    let name = std::env::var("CLEARWAY_TEST_DEVICE").unwrap_or_else(|_| "llvmpipe".into());
    let device = clearway::gpu::open_least(clearway::gpu::Choice::Named(&name)).unwrap();
    assert_eq!(device.info().max_storage_buffers, 8);
    assert_eq!(device.largest_binding(), 128 << 20);
    let layers = Layers::random(frame_utm(100, 70, 10.0), 65);
    let mut gpu = OnGpu::new(device);
    let (_, on_gpu) = scored(&mut gpu, &layers);
    let (_, native) = layers.score(&mut Native::new(), &two_criteria(40.0), 32).unwrap();
    assert_agree(&on_gpu, &native);
}

#[test]
fn a_device_says_what_it_cannot_hold() {
    let mut gpu = open_gpu();
    assert!(gpu.can_hold(&[4 << 20, 1 << 20]));
    assert!(!gpu.can_hold(&[1 << 62]));
    gpu.device_mut().inject(Injected::OutOfMemory(1));
    assert!(!gpu.can_hold(&[4 << 20, 1 << 20]));
    assert!(gpu.can_hold(&[4 << 20, 1 << 20]), "asking breaks nothing");
}
