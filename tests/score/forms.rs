//! Value functions beside `linear`: by hand, by the book, and as tables.

use super::harness::{
    Layers, Textbook, assert_plane, on_each_engine, people_only, run, two_criteria, value_by_the_book,
};
use crate::common::{assert_cells, cells, frame_utm};
use clearway::grid::{UNKNOWN, is_unknown};
use clearway::score::program::{Call, Program, Tally};
use clearway::score::{
    Bound, Criterion, Function, Maxima, Plane, Recipe, Source, Term, Value, ValueTable, contributions,
};
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;

/// Most that a tabled value may stray from its formula.
const TABLE_ERROR: f64 = 1e-5;

fn of_layer(name: &str, value: Value) -> Criterion {
    Criterion { name: name.into(), source: Source::Layer(0), weight: 1.0, value }
}

fn log(lo: f64, hi: f64) -> Value {
    Value::Log { lo: Bound::At(lo), hi: Bound::At(hi) }
}

/// Every form, with a maximum of 100 where one is asked for.
fn every_form() -> Vec<Value> {
    vec![
        log(2.0, 90.0),
        log(90.0, 2.0),
        Value::Log { lo: Bound::At(0.5), hi: Bound::Max },
        Value::Sigmoid { mid: 40.0, slope: 0.2 },
        Value::Sigmoid { mid: 40.0, slope: -0.2 },
        Value::Steps(vec![(-5.0, 0.1), (20.0, 0.7), (60.0, 0.3)]),
        Value::Classes(vec![(10, 0.5), (20, 1.0), (30, 0.0), (40, 0.25)]),
    ]
}

fn maxima(max: f64) -> Maxima {
    Maxima { exposure: max, layers: vec![max], ..Maxima::default() }
}

/// Worth of one criterion of weight 1 on each engine.
fn assert_worth(value: &Value, x: &[f32], expected: &[f32], tolerance: f64) {
    let criterion = of_layer("layer", value.clone());
    let term = Term::new(Function::of(&criterion, &maxima(100.0)), 1.0);
    let mut program = Program::new(x.len(), 1);
    let (of, worth) = (program.input(), program.output());
    program.call(Call::Value { of, term, is_first: true, worth });
    on_each_engine(|tested| {
        let found = run(tested.engine, &program, &[x], &mut Tally::default());
        assert_cells(&found[0], expected, x.len(), tolerance, 0.0);
    });
}

#[test]
fn logarithm_by_hand() {
    // log(1, 1000): 10 is a third of the way, 100 two thirds; 31.622777 = √1000 is the middle.
    let x = [1.0, 10.0, 100.0, 1000.0, 31.622_777, 0.5, 5000.0, 0.0, -3.0, UNKNOWN];
    let expected = [0.0, 1.0 / 3.0, 2.0 / 3.0, 1.0, 0.5, 0.0, 1.0, 0.0, 0.0, UNKNOWN];
    assert_worth(&log(1.0, 1000.0), &x, &expected, TABLE_ERROR);
    // Reversed: 1 − v.
    let expected = expected.map(|v| if is_unknown(v) { v } else { 1.0 - v });
    assert_worth(&log(1000.0, 1.0), &x, &expected, TABLE_ERROR);
    // The ends are exact.
    assert_worth(&log(0.3, 0.7), &[0.3, 0.7], &[0.0, 1.0], 0.0);
}

#[test]
fn sigmoid_by_hand() {
    // mid 500, slope 0.01: at 500 ± 100 z = ±1, 1/(1 + e^−1) = 0.731059 and 0.268941; far off 1 and 0.
    let x = [500.0, 600.0, 400.0, 5000.0, -5000.0, UNKNOWN];
    let expected = [0.5, 0.731_058_6, 0.268_941_4, 1.0, 0.0, UNKNOWN];
    assert_worth(&Value::Sigmoid { mid: 500.0, slope: 0.01 }, &x, &expected, TABLE_ERROR);
    let expected = [0.5, 0.268_941_4, 0.731_058_6, 0.0, 1.0, UNKNOWN];
    assert_worth(&Value::Sigmoid { mid: 500.0, slope: -0.01 }, &x, &expected, TABLE_ERROR);
    // Steeper than the layer has digits: a step that is ½ at its middle.
    let step = Value::Sigmoid { mid: 500.0, slope: 1e20 };
    assert_worth(&step, &[499.999_97, 500.0, 500.000_03], &[0.0, 0.5, 1.0], TABLE_ERROR);
}

#[test]
fn steps_and_classes_by_hand() {
    // Below the first threshold 0; at a threshold its own value; 0.7 in a layer reaches 0.7.
    let steps = Value::Steps(vec![(0.7, 0.2), (100.0, 1.0), (200.0, 0.5)]);
    let x = [0.0, 0.7, 99.0, 100.0, 150.0, 200.0, 1e9, UNKNOWN];
    assert_worth(&steps, &x, &[0.0, 0.2, 0.2, 1.0, 1.0, 0.5, 0.5, UNKNOWN], 0.0);
    // No entry for 41 and none between codes.
    let classes = Value::Classes(vec![(40, 1.0), (30, 0.5), (-1, 0.25), (0, 0.0)]);
    let x = [40.0, 30.0, -1.0, 0.0, -0.0, 41.0, 39.5, UNKNOWN];
    assert_worth(&classes, &x, &[1.0, 0.5, 0.25, 0.0, 0.0, UNKNOWN, UNKNOWN, UNKNOWN], 0.0);
}

#[test]
fn tables_stray_less_than_a_hundred_thousandth_from_their_formulas() {
    let mut rng = Pcg64::seed_from_u64(61);
    let worst = |table: &ValueTable, value: &Value, x: &mut dyn FnMut() -> f64| {
        for _ in 0..4000 {
            let x = x() as f32;
            let expected = value_by_the_book(value, f64::from(x), 0.0);
            let found = f64::from(table.value_of(x));
            assert!((found - expected).abs() <= TABLE_ERROR, "{value:?} at {x}: {found}, not {expected}");
        }
    };
    for (lo, hi) in [
        (1.0f64, 2.0f64),
        (1.0, 1.01),
        (3.0, 1e6),
        (1e-30, 1e30),
        (1e30, 1e-30),
        (0.1, 0.3),
        (5000.0, 50.0),
        (1023.9, 1024.1),
    ] {
        let (a, b) = (lo.min(hi).ln() - 0.1, lo.max(hi).ln() + 0.1);
        let table = ValueTable::log(lo, hi);
        assert!(table.knots.len() < 8192, "{} knots", table.knots.len());
        worst(&table, &log(lo, hi), &mut || rng.random_range(a..b).exp());
    }
    for (mid, slope) in
        [(0.0, 1.0), (500.0, 0.01), (0.1, -7.3), (1e6, 1e-4), (-3e4, 0.37), (0.0, 1e30), (1e-3, 1e-30)]
    {
        let reach = 20.0 / f64::abs(slope);
        let table = ValueTable::sigmoid(mid, slope);
        worst(&table, &Value::Sigmoid { mid, slope }, &mut || mid + rng.random_range(-reach..reach));
    }
}

#[test]
fn every_form_scores_by_the_book() {
    let mut rng = Pcg64::seed_from_u64(62);
    for value in every_form() {
        let mut layers = Layers::random(frame_utm(33, 29, 10.0), 63);
        if matches!(value, Value::Classes(_)) {
            let codes = (0..33 * 29).map(|_| 10.0 * rng.random_range(1..6) as f32).collect();
            layers.criteria = vec![clearway::grid::MemoryCells::from_values(layers.frame.clone(), codes)];
        }
        let mut recipe = two_criteria(30.0);
        recipe.criteria[1].value = value.clone();
        let expected = Textbook::of(&layers, &recipe);
        on_each_engine(|tested| {
            let (summary, sink) = layers.score_whole(tested.engine, &recipe);
            assert_plane(&sink.get(Plane::Benefit), &expected.benefit, 33, 2e-5);
            let (exposure, benefit) = (sink.get(Plane::Exposure), sink.get(Plane::Benefit));
            let (hazard, layer) = (layers.hazard.to_vec(), layers.criteria[0].to_vec());
            for i in (0..benefit.len()).filter(|i| !is_unknown(benefit[*i])) {
                let x = [f64::from(layer[i])];
                let (h, e) = (f64::from(hazard[i]), f64::from(exposure[i]));
                let sum: f64 = contributions(&recipe, &summary.maxima, h, e, &x).iter().sum();
                assert!((sum - f64::from(benefit[i])).abs() < TABLE_ERROR, "{value:?}, cell {i}");
            }
        });
    }
}

#[test]
#[cfg(feature = "gpu")]
fn every_form_has_the_same_bits_on_a_software_device() {
    use super::harness::with_gpu;
    let mut rng = Pcg64::seed_from_u64(64);
    let layer: Vec<f32> = (0..4096).map(|_| rng.random_range(-10.0f32..110.0).round()).collect();
    for value in every_form() {
        let criterion = of_layer("layer", value.clone());
        let term = Term::new(Function::of(&criterion, &maxima(100.0)), 0.3);
        let mut program = Program::new(64, 64);
        let (of, worth) = (program.input(), program.output());
        program.call(Call::Value { of, term: term.clone(), is_first: true, worth });
        program.call(Call::Value { of, term, is_first: false, worth });
        let native = run(&mut clearway::score::Native::new(), &program, &[&layer], &mut Tally::default());
        with_gpu(|gpu, is_software| {
            let found = run(gpu, &program, &[&layer], &mut Tally::default());
            let tolerance = if is_software { 0.0 } else { TABLE_ERROR };
            assert_cells(&found[0], &native[0], 64, tolerance, 0.0);
        });
    }
}

#[test]
fn code_without_an_entry_leaves_the_cell_unscored_and_a_warning_names_both() {
    let mut layers = Layers::constant(frame_utm(6, 1, 10.0), 1.0, 1.0, 100.0);
    layers.hazard = cells("1 1 1 ? 1 1");
    layers.criteria = vec![cells("40 70 30 70 ? 12")];
    let mut recipe = people_only(0.0);
    recipe.criteria = vec![of_layer("farmland", Value::Classes(vec![(40, 1.0), (30, 0.5)]))];
    on_each_engine(|tested| {
        for tile in [1, 4, 6] {
            let (summary, sink) = layers.score(tested.engine, &recipe, tile).unwrap();
            let expected = [1.0, UNKNOWN, 0.5, UNKNOWN, UNKNOWN, UNKNOWN];
            assert_cells(&sink.get(Plane::Benefit), &expected, 6, 0.0, 0.0);
            assert_eq!(summary.n_scored, 2);
            // Where hazard is unknown the code does not count: the cell would not be scored anyway.
            let warning = "2 cells are not scored because the classes of criterion `farmland` have no entry for \
                           code 12 (1 cells), 70 (1 cells)";
            assert!(summary.warnings.iter().any(|w| w == warning), "{:?}", summary.warnings);
        }
    });
    // Nothing left to score: the same words.
    recipe.criteria[0].value = Value::Classes(vec![(99, 1.0)]);
    on_each_engine(|tested| {
        let error = layers.score(tested.engine, &recipe, 6).err().expect("nothing scored").to_string();
        assert!(error.contains("have no entry for code 12 (1 cells), 30"), "{error}");
    });
}

#[test]
fn values_that_mean_nothing_are_refused() {
    let codes = |value: Value| -> Vec<&'static str> {
        let recipe = Recipe { criteria: vec![of_layer("layer", value)], ..Recipe::default() };
        recipe.validated().err().map_or(Vec::new(), |e| e.faults().iter().map(|f| f.code).collect())
    };
    for value in every_form() {
        assert_eq!(codes(value), [""; 0]);
    }
    assert_eq!(codes(log(0.0, 5.0)), ["score.log_end"]);
    assert_eq!(codes(log(5.0, -1.0)), ["score.log_end"]);
    assert_eq!(codes(log(5.0, 5.0)), ["score.lo_is_hi"]);
    for slope in [0.0, f64::NAN, f64::INFINITY] {
        assert_eq!(codes(Value::Sigmoid { mid: 0.0, slope }), ["score.slope"]);
    }
    assert_eq!(codes(Value::Sigmoid { mid: f64::NAN, slope: 1.0 }), ["score.bound"]);
    for steps in [vec![], vec![(1.0, 0.5), (1.0, 0.6)], vec![(1.0, 1.5)], vec![(f64::NAN, 0.5)]] {
        assert_eq!(codes(Value::Steps(steps)), ["score.steps"]);
    }
    for classes in [vec![], vec![(1, 0.5), (1, 0.6)], vec![(1, -0.5)], vec![(i32::MIN, 0.5)]] {
        assert_eq!(codes(Value::Classes(classes)), ["score.class_values"]);
    }
    let mut recipe = people_only(0.0);
    recipe.criteria[0].value = Value::Classes(vec![(1, 0.5)]);
    assert_eq!(recipe.validated().unwrap_err().faults()[0].code, "score.classes_of_people");
}
