//! Gates: cells left out whatever they are worth.

use super::harness::{Layers, Textbook, assert_plane, on_each_engine, people_only, two_criteria};
use crate::common::{assert_cells, cells, frame_utm};
use clearway::grid::{MemoryCells, UNKNOWN};
use clearway::score::{Criterion, Gate, Plane, Recipe, Source, Value};
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;

fn gate(layer: usize, below: Option<f64>, above: Option<f64>, codes: &[i32]) -> Gate {
    Gate { name: "contact line".into(), layer, below, above, codes: codes.to_vec() }
}

/// People alone, with these gates.
fn gated(gates: Vec<Gate>) -> Recipe {
    Recipe { gates, ..people_only(0.0) }
}

#[test]
fn gated_and_unknown_cells_are_not_scored_and_a_warning_counts_them() {
    // Hazard 1, people 1: benefit 1 where scored. exclude_below = 20, exclude_above = 90: 20 and 90 stay.
    let mut layers = Layers::constant(frame_utm(7, 1, 10.0), 1.0, 1.0, 100.0);
    layers.hazard = cells("1 1 1 1 1 1 ?");
    layers.criteria = vec![cells("19 20 50 90 91 ? 5")];
    let recipe = gated(vec![gate(0, Some(20.0), Some(90.0), &[])]);
    on_each_engine(|tested| {
        for tile in [1, 3, 7] {
            let (summary, sink) = layers.score(tested.engine, &recipe, tile).unwrap();
            let expected = [UNKNOWN, 1.0, 1.0, 1.0, UNKNOWN, UNKNOWN, UNKNOWN];
            assert_cells(&sink.get(Plane::Benefit), &expected, 7, 0.0, 0.0);
            assert_eq!(summary.n_scored, 3);
            // Hazard is unknown in the last cell: the gate is not what leaves it out.
            for warning in [
                "2 cells are not scored because the gate on layer `contact line` excludes them",
                "1 cells are not scored only because gate layer `contact line` is unknown there",
            ] {
                assert!(summary.warnings.iter().any(|w| w == warning), "{:?}", summary.warnings);
            }
        }
    });
}

#[test]
fn gate_by_codes_leaves_only_its_codes_out() {
    let mut layers = Layers::constant(frame_utm(5, 1, 10.0), 1.0, 1.0, 100.0);
    layers.criteria = vec![cells("1 2 3 3.5 -1")];
    let recipe = gated(vec![gate(0, None, None, &[3, -1])]);
    on_each_engine(|tested| {
        let (_, sink) = layers.score_whole(tested.engine, &recipe);
        assert_cells(&sink.get(Plane::Benefit), &[1.0, 1.0, UNKNOWN, 1.0, UNKNOWN], 5, 0.0, 0.0);
    });
}

#[test]
fn gated_people_still_count_for_their_neighbours() {
    // The gate leaves ground out of the work; who lives there is within reach of the cells beside it.
    let mut layers = Layers::constant(frame_utm(2, 1, 10.0), 1.0, 0.0, 100.0);
    layers.population = cells("0 8");
    layers.criteria = vec![cells("1 0")];
    let recipe = Recipe { gates: vec![gate(0, Some(1.0), None, &[])], ..people_only(10.0) };
    on_each_engine(|tested| {
        let (_, sink) = layers.score_whole(tested.engine, &recipe);
        // 8 people one σ away: 8 · exp(−1/2) = 4.852245.
        assert_cells(&sink.get(Plane::Exposure), &[4.852_245, UNKNOWN], 2, 0.0, 1e-6);
    });
}

#[test]
fn code_behind_a_gate_needs_no_entry() {
    // Code 80 is gated and has no entry either: it counts for the gate alone. 70 has no entry.
    let mut layers = Layers::constant(frame_utm(4, 1, 10.0), 1.0, 1.0, 100.0);
    layers.criteria = vec![cells("40 80 70 80")];
    let value = Value::Classes(vec![(40, 0.5)]);
    let farmland = Criterion { name: "farmland".into(), source: Source::Layer(0), weight: 1.0, value };
    let recipe = Recipe { criteria: vec![farmland], ..gated(vec![gate(0, None, None, &[80])]) };
    on_each_engine(|tested| {
        let (summary, sink) = layers.score_whole(tested.engine, &recipe);
        assert_cells(&sink.get(Plane::Benefit), &[0.5, UNKNOWN, UNKNOWN, UNKNOWN], 4, 0.0, 0.0);
        let warnings = summary.warnings.join("; ");
        assert!(warnings.contains("2 cells are not scored because the gate"), "{warnings}");
        assert!(warnings.contains("1 cells are not scored because the classes"), "{warnings}");
        assert!(warnings.contains("code 70 (1 cells)"), "{warnings}");
    });
}

#[test]
fn gates_beside_criteria_match_the_textbook() {
    let mut rng = Pcg64::seed_from_u64(81);
    let mut layers = Layers::random(frame_utm(41, 37, 10.0), 82);
    let zone = (0..41 * 37)
        .map(|_| if rng.random_range(0..20) == 0 { UNKNOWN } else { rng.random_range(0..5) as f32 });
    layers.criteria.push(MemoryCells::from_values(layers.frame.clone(), zone.collect()));
    // One gate on a layer of its own, one on the criterion's.
    let gates = vec![gate(1, None, None, &[2, 4]), gate(0, Some(0.0), None, &[])];
    let recipe = Recipe { gates, ..two_criteria(30.0) };
    let expected = Textbook::of(&layers, &recipe);
    on_each_engine(|tested| {
        let (whole, sink) = layers.score_whole(tested.engine, &recipe);
        assert_plane(&sink.get(Plane::Benefit), &expected.benefit, 41, 4e-6);
        assert_plane(&sink.get(Plane::Exposure), &expected.exposure, 41, 4e-6);
        let (tiled, tiled_sink) = layers.score(tested.engine, &recipe, 16).unwrap();
        assert_eq!(sink.bits(), tiled_sink.bits());
        assert_eq!((whole.n_scored, &whole.warnings), (tiled.n_scored, &tiled.warnings));
    });
}

#[test]
fn gates_that_mean_nothing_are_refused() {
    let codes = |gate: Gate| -> Vec<&'static str> {
        gated(vec![gate])
            .validated()
            .err()
            .map_or(Vec::new(), |e| e.faults().iter().map(|f| f.code).collect())
    };
    assert_eq!(codes(gate(0, Some(1.0), Some(1.0), &[])), [""; 0]);
    assert_eq!(codes(gate(0, None, None, &[])), ["score.gate"]);
    assert_eq!(codes(gate(0, Some(2.0), Some(1.0), &[])), ["score.gate"]);
    assert_eq!(codes(gate(0, Some(f64::NAN), None, &[])), ["score.gate"]);
    assert_eq!(codes(gate(0, None, None, &[i32::MIN])), ["score.gate"]);
    // A layer that is not there.
    let layers = Layers::constant(frame_utm(1, 1, 10.0), 1.0, 1.0, 100.0);
    on_each_engine(|tested| {
        let error = layers.score(tested.engine, &gated(vec![gate(0, Some(1.0), None, &[])]), 1).err();
        assert_eq!(error.expect("refused").faults()[0].code, "score.no_layer");
    });
    // A gate that leaves nothing says so.
    let mut layers = layers;
    layers.criteria = vec![cells("5")];
    on_each_engine(|tested| {
        let error = layers.score(tested.engine, &gated(vec![gate(0, Some(9.0), None, &[])]), 1).err();
        let error = error.expect("nothing scored").to_string();
        assert!(error.contains("1 cells are not scored because the gate on layer `contact line`"), "{error}");
    });
}
