//! The whole: tiles, threads and engines give one result; bad layers are refused.

use super::harness::{Layers, exact_ranks, on_each_engine, people_only, two_criteria};
use crate::common::{assert_cells, cells, frame_lonlat, frame_utm};
use clearway::error::Error;
use clearway::grid::{Frame, MemoryCells, UNKNOWN, is_unknown};
use clearway::score::{Native, Plane, Summary};

/// Everything of a summary that must not depend on how the work was cut, as text.
fn numbers(summary: &Summary) -> String {
    let mut same = summary.clone();
    same.tile_size = 0;
    same.seconds.clear();
    same.engine.device.clear();
    format!("{same:?}")
}

fn frames() -> [Frame; 2] {
    [frame_utm(129, 101, 10.0), frame_lonlat(101, 129, 20.0, 72.0, 0.01)]
}

#[test]
fn tiles_of_any_size_give_the_same_bits() {
    for (frame, sigma_m) in frames().into_iter().zip([60.0, 2500.0]) {
        let layers = Layers::random(frame, 31);
        let recipe = two_criteria(sigma_m);
        on_each_engine(|tested| {
            let (summary, whole) = layers.score_whole(tested.engine, &recipe);
            for size in [7, 64, 100] {
                let (tiled_summary, tiled) = layers.score(tested.engine, &recipe, size).unwrap();
                assert!(tiled.bits() == whole.bits(), "{}: tiles of {size}", tested.name);
                assert_eq!(numbers(&tiled_summary), numbers(&summary), "{}: tiles of {size}", tested.name);
            }
        });
    }
}

#[test]
fn tiles_of_one_cell_give_the_same_bits() {
    let layers = Layers::random(frame_utm(9, 6, 10.0), 32);
    let recipe = two_criteria(15.0);
    on_each_engine(|tested| {
        let (summary, whole) = layers.score_whole(tested.engine, &recipe);
        let (tiled_summary, tiled) = layers.score(tested.engine, &recipe, 1).unwrap();
        assert!(tiled.bits() == whole.bits(), "{}", tested.name);
        assert_eq!(numbers(&tiled_summary), numbers(&summary));
    });
}

#[test]
fn one_thread_and_two_give_the_same_bits() {
    let layers = Layers::random(frame_utm(257, 129, 10.0), 33);
    let on_threads = |n_threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().unwrap();
        pool.install(|| layers.score(&mut Native::new(), &two_criteria(60.0), 100).unwrap())
    };
    let (one, two) = (on_threads(1), on_threads(2));
    assert!(one.1.bits() == two.1.bits());
    assert_eq!(numbers(&one.0), numbers(&two.0));
}

#[cfg(feature = "gpu")]
#[test]
fn the_gpu_agrees_with_the_native_engine() {
    for (frame, sigma_m) in frames().into_iter().zip([60.0, 2500.0]) {
        let layers = Layers::random(frame, 34);
        let recipe = two_criteria(sigma_m);
        let (_, native) = layers.score_whole(&mut Native::new(), &recipe);
        super::harness::with_gpu(|gpu, _| {
            let (_, on_gpu) = layers.score_whole(gpu, &recipe);
            super::harness::assert_agree(&on_gpu, &native);
            // A last bit of priority may move a rank by one place in 12,000.
            let [found, expected] = [&on_gpu, &native].map(|sink| sink.get(Plane::Rank));
            assert_cells(&found, &expected, layers.frame.n_cols, 0.01, 0.0);
        });
    }
}

#[test]
fn ranks_are_within_a_hundredth_of_the_exact_on_tied_layers() {
    // Two thirds of the ground has hazard 0 and so priority 0; hazard and people have few values.
    let n = 257 * 129;
    let plane = |period: usize, values: &[f32]| {
        let frame = frame_utm(257, 129, 10.0);
        MemoryCells::from_values(frame, (0..n).map(|i| values[(i / period) % values.len()]).collect())
    };
    let mut layers = Layers::constant(frame_utm(257, 129, 10.0), 0.0, 0.0, 200.0);
    layers.hazard = plane(97, &[0.0, 0.0, 0.05]);
    layers.population = plane(13, &[0.0, 4.0, 0.0, 0.0, 12.0, UNKNOWN]);
    on_each_engine(|tested| {
        let (_, sink) = layers.score_whole(tested.engine, &people_only(0.0));
        let exact = exact_ranks(&sink.get(Plane::BenefitPerCost));
        assert_cells(&sink.get(Plane::Rank), &exact, 257, 0.01, 0.0);
    });
}

#[test]
fn one_scored_cell_among_unknown_ones_is_first_in_everything() {
    let mut layers = Layers::constant(frame_utm(3, 3, 10.0), 0.5, 2.0, 100.0);
    layers.hazard = cells("? ? ? / ? 0.5 ? / ? ? ?");
    on_each_engine(|tested| {
        let (summary, sink) = layers.score_whole(tested.engine, &people_only(100.0));
        assert_eq!(summary.n_scored, 1);
        let known = |plane| -> Vec<f32> { sink.get(plane).into_iter().filter(|x| !is_unknown(*x)).collect() };
        assert_eq!(known(Plane::Rank), [100.0]);
        assert_eq!(known(Plane::Class), [1.0]);
        assert_eq!(known(Plane::Cost), [100.0]);
        assert_eq!(summary.curve[0].cells, 1);
    });
}

#[test]
fn nothing_scored_names_what_is_unknown() {
    let mut layers = Layers::constant(frame_utm(3, 1, 10.0), 0.5, 2.0, 100.0);
    layers.hazard = cells("? ? 1");
    layers.population = cells("1 1 ?");
    on_each_engine(|tested| {
        let refused = layers.score(tested.engine, &people_only(0.0), 2).err().expect("nothing can be scored");
        assert_eq!(refused.faults()[0].code, "score.nothing_scored");
        assert!(refused.to_string().contains("`hazard` in 2, `population` in 1, `cost` in 0"), "{refused}");
    });
}

#[test]
fn values_without_meaning_are_refused_with_their_place() {
    let refused = |change: &dyn Fn(&mut Layers)| {
        let mut layers = Layers::constant(frame_utm(3, 2, 10.0), 0.5, 2.0, 100.0);
        change(&mut layers);
        layers.score(&mut Native::new(), &people_only(0.0), 2).err().expect("refused")
    };
    let code = |e: &Error| e.faults()[0].code;
    let error = refused(&|layers| layers.hazard = cells("0 0 0 / 0 0 1.5"));
    assert_eq!(code(&error), "score.hazard_range");
    assert!(error.to_string().contains("1.5 at column 2, row 1"), "{error}");
    assert_eq!(
        code(&refused(&|layers| layers.population = cells("0 -1 0 / 0 0 0"))),
        "score.population_negative"
    );
    assert_eq!(code(&refused(&|layers| layers.cost = cells("1 1 0 / 1 1 1"))), "score.cost_not_positive");
    let off_frame = refused(&|layers| layers.cost = cells("1 1"));
    assert_eq!(code(&off_frame), "score.off_frame");
    // Where the cell is not scored the value has no consequence.
    let mut layers = Layers::constant(frame_utm(3, 1, 10.0), 0.5, 2.0, 100.0);
    layers.hazard = cells("? 0.5 0.5");
    layers.cost = cells("0 1 1");
    assert!(layers.score(&mut Native::new(), &people_only(0.0), 2).is_ok());
}
