//! Quantiles: a criterion's value as its rank among scored cells.

use super::harness::{
    Layers, assert_plane, on_each_engine, people_only, quantile_by_the_book, run, two_criteria,
};
use crate::common::{assert_cells, cells, frame_lonlat, frame_utm};
use clearway::grid::{MemoryCells, UNKNOWN, is_unknown};
use clearway::score::program::{Call, Program, Shared, Tally};
use clearway::score::{
    Benefit, Criterion, Finer, Levels, Lookup, Plane, QuantileTable, Recipe, Source, Term, Value,
    contributions,
};
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;

fn by_rank(source: Source) -> Criterion {
    Criterion { name: "slope".into(), source, weight: 1.0, value: Value::Quantile }
}

/// The table of some values, counted in one piece.
fn table_of(x: &[f32]) -> QuantileTable {
    let plane = MemoryCells::from_values(frame_utm(x.len(), 1, 10.0), x.to_vec());
    QuantileTable::of_plane(&plane, &plane, 1000).unwrap()
}

#[test]
fn quantile_by_hand() {
    // Scored are -5, 3, 3, 8 and -0.5; the cell of 1000 has no hazard and does not count.
    // Ranks among five: -5 first (0), -0.5 (1), 3 and 3 share (2 + 3) / 2 = 2.5, 8 last (4); each over 4.
    let mut layers = Layers::constant(frame_utm(6, 1, 10.0), 1.0, 1.0, 100.0);
    layers.hazard = cells("1 1 ? 1 1 1");
    layers.criteria = vec![cells("-5 3 1000 8 3 -0.5")];
    let recipe = Recipe { criteria: vec![by_rank(Source::Layer(0))], ..people_only(0.0) };
    on_each_engine(|tested| {
        for tile in [1, 4, 6] {
            let (summary, sink) = layers.score(tested.engine, &recipe, tile).unwrap();
            let expected = [0.0, 0.625, UNKNOWN, 1.0, 0.625, 0.25];
            assert_cells(&sink.get(Plane::Benefit), &expected, 6, 0.0, 0.0);
            assert!(summary.warnings.is_empty(), "{:?}", summary.warnings);
            // h = 1 and one criterion: it makes up all of the benefit.
            let parts = contributions(&recipe, &summary.maxima, 1.0, 1.0, &[3.0]);
            assert_eq!(parts, [0.625]);
        }
    });
}

#[test]
fn one_scored_cell_is_first_and_a_constant_layer_says_so() {
    let mut layers = Layers::constant(frame_utm(4, 1, 10.0), 1.0, 1.0, 100.0);
    layers.criteria = vec![cells("7 7 7 7")];
    let recipe = Recipe { criteria: vec![by_rank(Source::Layer(0))], ..people_only(0.0) };
    on_each_engine(|tested| {
        let (summary, sink) = layers.score_whole(tested.engine, &recipe);
        assert_cells(&sink.get(Plane::Benefit), &[0.5; 4], 4, 0.0, 0.0);
        let warning = "criterion `slope` cannot tell cells apart: its layer is the same in all scored cells";
        assert_eq!(summary.warnings, [warning]);
    });
    layers.hazard = cells("? ? 1 ?");
    on_each_engine(|tested| {
        let (_, sink) = layers.score_whole(tested.engine, &recipe);
        assert_cells(&sink.get(Plane::Benefit), &[UNKNOWN, UNKNOWN, 1.0, UNKNOWN], 4, 0.0, 0.0);
    });
}

#[test]
fn quantiles_of_layers_and_of_exposure_match_the_textbook_for_any_tile() {
    for frame in [frame_utm(67, 41, 10.0), frame_lonlat(53, 47, 18.0, 44.0, 0.0003)] {
        let n_cols = frame.n_cols;
        let layers = Layers::random(frame, 91);
        let mut recipe = two_criteria(30.0);
        recipe.benefit = Benefit::Sum;
        for criterion in &mut recipe.criteria {
            criterion.value = Value::Quantile;
        }
        let layer = layers.criteria[0].to_vec();
        on_each_engine(|tested| {
            let (_, whole) = layers.score_whole(tested.engine, &recipe);
            // Ranks of the exposure as computed: what f64 tells apart and f32 does not would swap places.
            let exposure = whole.get(Plane::Exposure);
            let scored: Vec<usize> = (0..layer.len()).filter(|i| !is_unknown(exposure[*i])).collect();
            let of = |plane: &[f32], i: usize| {
                let all: Vec<f64> = scored.iter().map(|i| f64::from(plane[*i])).collect();
                quantile_by_the_book(&all, f64::from(plane[i]))
            };
            let expected: Vec<Option<f64>> = (0..layer.len())
                .map(|i| scored.contains(&i).then(|| 0.75 * of(&exposure, i) + 0.25 * of(&layer, i)))
                .collect();
            assert_plane(&whole.get(Plane::Benefit), &expected, n_cols, 1e-6);
            let (_, tiled) = layers.score(tested.engine, &recipe, 16).unwrap();
            assert_eq!(whole.bits(), tiled.bits());
        });
    }
}

#[test]
fn quantiles_of_many_cells_stray_less_than_stated() {
    // Enough cells that bins hold several of them without being refined: smooth, lumped, and all within one octave.
    let mut rng = Pcg64::seed_from_u64(92);
    let n = 200_000;
    let smooth: Vec<f32> = (0..n).map(|_| (20.0 * rng.random::<f32>() - 10.0).exp() - 1.0).collect();
    let lumped: Vec<f32> = (0..n).map(|_| rng.random_range(-40.0f32..40.0).powi(3).round() / 8.0).collect();
    let narrow: Vec<f32> = (0..n).map(|_| rng.random_range(1.0f32..1.001)).collect();
    // Thousands of values, each too often for its bin: counted by parts of parts.
    let tied: Vec<f32> = (0..n).map(|_| (rng.random_range(-3000i32..3000) as f32).powi(5)).collect();
    for (name, x, most) in [
        ("smooth", smooth, 6.2e-5),
        ("lumped", lumped, 6.2e-5),
        ("narrow", narrow, 6.2e-5),
        ("tied", tied, 1e-7),
    ] {
        let table = table_of(&x);
        let mut sorted = x.clone();
        sorted.sort_by(f32::total_cmp);
        let mut worst = 0.0f64;
        for &x in &x {
            let below = sorted.partition_point(|y| *y < x) as f64;
            let equal = sorted.partition_point(|y| *y <= x) as f64 - below;
            let exact = (below + (equal - 1.0) / 2.0) / (n as f64 - 1.0);
            worst = worst.max((f64::from(table.value_of(x)) - exact).abs());
        }
        assert!(worst <= most, "{name}: {worst}");
        // It never falls.
        let found: Vec<f32> = sorted.iter().map(|x| table.value_of(*x)).collect();
        assert!(found.windows(2).all(|pair| pair[0] <= pair[1]), "{name} falls");
    }
}

#[test]
fn counted_by_a_program_or_natively_the_table_is_the_same() {
    let mut rng = Pcg64::seed_from_u64(93);
    let x: Vec<f32> = (0..64 * 64)
        .map(|i| match i % 7 {
            0 => UNKNOWN,
            1 => -0.0,
            2 => 0.0,
            _ => rng.random_range(-3.0f32..3.0).powi(5).round(),
        })
        .collect();
    let plane = MemoryCells::from_values(frame_utm(64, 64, 10.0), x.clone());
    let expected = QuantileTable::of_plane(&plane, &plane, 17).unwrap();
    let known: Vec<f64> = x.iter().filter(|x| !is_unknown(**x)).map(|x| f64::from(*x)).collect();
    for &x in x.iter().filter(|x| !is_unknown(**x)) {
        let exact = quantile_by_the_book(&known, f64::from(x)) as f32;
        assert_eq!(expected.value_of(x), exact, "x = {x}");
    }
    let count = |finer: Option<Finer>| {
        let mut program = Program::new(64, 64);
        let cells = program.input();
        program.call(Call::Spread { cells, finer });
        program
    };
    on_each_engine(|tested| {
        let mut tally = Tally::of_spread();
        run(tested.engine, &count(None), &[&x], &mut tally);
        let mut levels = Levels::of_values(tally.bins);
        let mut n_levels = 1;
        while let Some(finer) = levels.finer() {
            let mut tally = Tally::of_refined(finer.n_counts);
            run(tested.engine, &count(Some(finer)), &[&x], &mut tally);
            levels.take(tally.refined);
            n_levels += 1;
        }
        assert_eq!(n_levels, 3, "the test needs ties");
        let table = QuantileTable::new(&levels);
        assert!(table == expected, "{}", tested.name);

        // Looked up, and where x lies beyond all that was counted.
        let mut program = Program::new(64, 64);
        let (of, worth) = (program.input(), program.output());
        let term = Term { lookup: Lookup::Quantile(Shared::new(table)), weight: 0.5 };
        program.call(Call::Value { of, term, is_first: true, worth });
        let mut asked = x.clone();
        asked[..4].copy_from_slice(&[1e30, -1e30, f32::MIN_POSITIVE, 0.3]);
        let found = run(tested.engine, &program, &[&asked], &mut Tally::default());
        let value = |x: &f32| if is_unknown(*x) { UNKNOWN } else { 0.5 * expected.value_of(*x) };
        let values: Vec<f32> = asked.iter().map(value).collect();
        assert_cells(&found[0], &values, 64, 1e-7, 0.0);
    });
}

#[test]
#[cfg(feature = "gpu")]
fn quantile_agrees_on_the_gpu() {
    use super::harness::with_gpu;
    // 40,000 cells with bins that are refined and bins that are not.
    let layers = Layers::random(frame_utm(229, 211, 10.0), 94);
    let mut recipe = two_criteria(40.0);
    recipe.criteria[0].value = Value::Quantile;
    recipe.criteria[1].value = Value::Quantile;
    let (_, native) = layers.score(&mut clearway::score::Native::new(), &recipe, 64).unwrap();
    with_gpu(|gpu, _| {
        let (_, found) = layers.score(gpu, &recipe, 100).unwrap();
        // Exposures that differ in the last bit may change places: a few places of 48,000.
        assert_cells(&found.get(Plane::Benefit), &native.get(Plane::Benefit), 229, 3e-4, 1e-4);
    });
}
