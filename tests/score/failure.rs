//! Devices that fail: the tile is redone natively and the run goes on.

use super::harness::{Layers, n_tiles, people_only};
use crate::common::frame_utm;
use clearway::error::{Error, Result};
use clearway::progress::{Progress as _, Silent};
use clearway::score::program::{Program, Tally};
use clearway::score::{Engine, EngineInfo, Native};

/// An engine that fails at some of its calls.
struct Failing<E> {
    inner: E,
    n_calls: usize,
    fails_at: fn(usize) -> bool,
    before: fn(&mut E, usize),
}

impl<E: Engine> Engine for Failing<E> {
    fn info(&self) -> EngineInfo {
        self.inner.info()
    }

    fn largest_tile(&self) -> usize {
        self.inner.largest_tile()
    }

    fn largest_plane(&self) -> usize {
        self.inner.largest_plane()
    }

    fn is_lost(&self) -> bool {
        self.inner.is_lost()
    }

    fn run(
        &mut self,
        program: &Program,
        inputs: &[&[f32]],
        outputs: &mut Vec<Vec<f32>>,
        tally: &mut Tally,
    ) -> Result<()> {
        self.n_calls += 1;
        (self.before)(&mut self.inner, self.n_calls);
        if (self.fails_at)(self.n_calls) {
            return Err(Error::Device("out of memory (made up)".into()));
        }
        self.inner.run(program, inputs, outputs, tally)
    }
}

#[test]
fn a_tile_that_fails_is_redone_natively_and_counted_once() {
    let layers = Layers::random(frame_utm(100, 70, 10.0), 41);
    let recipe = people_only(40.0);
    let (expected, whole) = layers.score(&mut Native::new(), &recipe, 32).unwrap();
    let fails_at = |call| call == 3 || call == 20;
    let mut engine = Failing { inner: Native::new(), n_calls: 0, fails_at, before: |_, _| {} };
    let (summary, redone) = layers.score(&mut engine, &recipe, 32).unwrap();
    assert!(whole.bits() == redone.bits());
    assert_eq!(summary.curve, expected.curve);
    assert_eq!(summary.warnings.len(), 1);
    assert!(
        summary.warnings[0].starts_with("2 tiles were computed by the native engine"),
        "{:?}",
        summary.warnings
    );
    assert!(summary.warnings[0].contains("out of memory"));
}

#[test]
fn an_engine_that_keeps_failing_is_asked_three_times() {
    let layers = Layers::random(frame_utm(100, 70, 10.0), 42);
    let mut engine = Failing { inner: Native::new(), n_calls: 0, fails_at: |_| true, before: |_, _| {} };
    let (summary, _) = layers.score(&mut engine, &people_only(40.0), 32).unwrap();
    assert_eq!(engine.n_calls, 3);
    let is_refining = |stage: &str| stage.starts_with("refine") && !stage.contains(',');
    let passes = 3 + summary.seconds.iter().filter(|s| is_refining(&s.stage)).count();
    let n_tiles = passes * n_tiles(&layers.frame, 32);
    assert!(summary.warnings[0].starts_with(&format!("{n_tiles} tiles")), "{:?}", summary.warnings);
}

#[cfg(feature = "gpu")]
#[test]
fn a_device_taken_away_in_mid_run_is_replaced() {
    let layers = Layers::random(frame_utm(100, 70, 10.0), 43);
    let recipe = people_only(40.0);
    let (expected, whole) = layers.score(&mut Native::new(), &recipe, 32).unwrap();
    let gpu = super::harness::open_gpu();
    let before = |gpu: &mut clearway::score::OnGpu, call: usize| {
        if call == 5 {
            gpu.device_mut().inject(clearway::gpu::Injected::Loss);
        }
    };
    let mut engine = Failing { inner: gpu, n_calls: 0, fails_at: |_| false, before };
    let (summary, redone) = layers.score(&mut engine, &recipe, 32).unwrap();
    assert_eq!(summary.n_scored, expected.n_scored);
    assert_eq!(engine.n_calls, 5);
    assert!(summary.warnings[0].contains("was taken away"), "{:?}", summary.warnings);
    super::harness::assert_agree(&redone, &whole);
}

#[test]
fn a_device_too_small_for_the_halo_leaves_the_exposure_to_the_native_engine() {
    struct Small(Native);
    impl Engine for Small {
        fn info(&self) -> EngineInfo {
            self.0.info()
        }
        fn largest_tile(&self) -> usize {
            512
        }
        fn largest_plane(&self) -> usize {
            40 * 40
        }
        fn run(&mut self, p: &Program, i: &[&[f32]], o: &mut Vec<Vec<f32>>, t: &mut Tally) -> Result<()> {
            assert!(p.largest_plane() <= self.largest_plane(), "never handed more than it can hold");
            self.0.run(p, i, o, t)
        }
    }
    let layers = Layers::random(frame_utm(100, 70, 10.0), 44);
    let (summary, _) = layers.score(&mut Small(Native::new()), &people_only(40.0), 32).unwrap();
    assert!(summary.warnings[0].contains("with its halo a tile is larger"), "{:?}", summary.warnings);
}

#[test]
fn an_interrupted_run_stops() {
    let layers = Layers::random(frame_utm(20, 20, 10.0), 45);
    let progress = Silent::default();
    progress.cancelled.store(true, std::sync::atomic::Ordering::Relaxed);
    assert!(progress.is_cancelled());
    let mut sink = super::harness::MemorySink::new(&layers.frame);
    let frame = layers.frame.clone();
    let scratch = move |_: &str| -> Result<Box<dyn clearway::grid::CellStore>> {
        Ok(Box::new(clearway::grid::MemoryCells::new(frame.clone())))
    };
    let (inputs, recipe) = (layers.inputs(), people_only(10.0));
    let options = clearway::score::Options::default();
    let mut engine = Native::new();
    let stopped =
        clearway::score::score(&mut engine, &inputs, &recipe, options, &scratch, &mut sink, &progress);
    assert!(matches!(stopped, Err(Error::Interrupted)));
}
