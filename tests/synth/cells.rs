//! Cells of a region: pure functions of the seed and the cell, within the range of their layer.

use clearway::error::Error;
use clearway::grid::{Tiling, Window, is_unknown};
use clearway::progress::Silent;
use clearway::synth::{Compression, Layer, Planes, Preset, Region, SynthSpec, synth};

pub fn spec(preset: Preset, size: usize, seed: u64) -> SynthSpec {
    SynthSpec { preset, size, seed, compress: Compression::Deflate }
}

fn whole(preset: Preset, size: usize, seed: u64) -> (Region, Planes) {
    let region = Region::new(&spec(preset, size, seed)).unwrap();
    let planes = region.tile(region.frame().window());
    (region, planes)
}

fn known(planes: &Planes, layer: Layer) -> Vec<f32> {
    planes.layer(layer).iter().copied().filter(|&value| !is_unknown(value)).collect()
}

#[test]
fn tiles_of_any_size_hold_the_same_bytes() {
    for preset in Preset::ALL {
        let (region, whole) = whole(preset, 150, 3);
        let frame = region.frame();
        for tile_size in [37, 64, 149] {
            for window in Tiling::new(frame, tile_size).tiles() {
                let tile = region.tile(window);
                for layer in Layer::ALL {
                    for row in window.row..window.end_row() {
                        let from = row as usize * frame.n_cols + window.col as usize;
                        let expected = &whole.layer(layer)[from..from + window.n_cols];
                        let start = window.offset(window.col, row);
                        let found = &tile.layer(layer)[start..start + window.n_cols];
                        let same = found.iter().zip(expected).all(|(a, b)| a.to_bits() == b.to_bits());
                        assert!(same, "{preset:?} {layer:?} row {row} of {window:?} differs");
                    }
                }
            }
        }
    }
}

#[test]
fn values_are_within_the_range_of_their_layer() {
    for preset in Preset::ALL {
        for seed in [1, 2] {
            let (_, planes) = whole(preset, 200, seed);
            let all = |layer, is_right: fn(f32) -> bool| {
                let bad = known(&planes, layer).into_iter().find(|&value| !is_right(value));
                assert_eq!(bad, None, "{preset:?} seed {seed} {layer:?}");
            };
            all(Layer::Hazard, |h| (0.0..=1.0).contains(&h));
            all(Layer::HazardSd, |sd| (0.0..=0.5).contains(&sd));
            all(Layer::Population, |people| people >= 0.0 && people.fract() == 0.0);
            all(Layer::Cost, |usd| (0.5..=10.0).contains(&usd));
            all(Layer::Landcover, |code| [10.0, 30.0, 40.0, 50.0, 60.0, 80.0].contains(&code));
            all(Layer::SlopeFactor, |factor| (1.0..=4.0).contains(&factor));
            all(Layer::RoadDistance, |metres| (0.0..1e6).contains(&metres));
        }
    }
}

#[test]
fn deviation_is_never_more_than_a_probability_can_have() {
    let (_, planes) = whole(Preset::Hillside, 200, 1);
    for (&h, &sd) in planes.layer(Layer::Hazard).iter().zip(planes.layer(Layer::HazardSd)) {
        if !is_unknown(h) {
            // √(h(1 − h)) is the deviation of a coin that is 1 with probability h; 0.0005 is the rounding.
            assert!(sd <= (h * (1.0 - h)).sqrt() + 0.0006, "hazard {h} with deviation {sd}");
        }
    }
}

#[test]
fn hazard_is_high_somewhere_low_in_most_places_and_unknown_somewhere() {
    for preset in Preset::ALL {
        let (_, planes) = whole(preset, 200, 1);
        let hazard = planes.layer(Layer::Hazard);
        let n_unknown = hazard.iter().filter(|&&h| is_unknown(h)).count();
        assert!(n_unknown > 0 && n_unknown < hazard.len() / 4, "{preset:?}: {n_unknown} unknown");
        let known = known(&planes, Layer::Hazard);
        let above = known.iter().filter(|&&h| h > 0.3).count();
        assert!(above > 50 && above < known.len() / 8, "{preset:?}: {above} cells above 0.3");
    }
}

#[test]
fn population_sums_to_the_settlements_to_the_person() {
    for preset in Preset::ALL {
        for (size, seed) in [(200, 1), (64, 5), (17, 2), (1, 9)] {
            let (region, planes) = whole(preset, size, seed);
            let expected: u64 = region.settlement_sizes().iter().map(|&people| u64::from(people)).sum();
            let found: f64 = known(&planes, Layer::Population).iter().map(|&people| f64::from(people)).sum();
            assert_eq!(found, expected as f64, "{preset:?} size {size} seed {seed}");
        }
    }
}

#[test]
fn few_settlements_hold_most_people() {
    for preset in Preset::ALL {
        let sizes = Region::new(&spec(preset, 256, 1)).unwrap().settlement_sizes();
        assert!(sizes.is_sorted_by(|a, b| a >= b), "{preset:?} lists the largest first");
        let median = sizes[sizes.len() / 2];
        assert!(sizes[0] > 5 * median, "{preset:?}: largest {}, median {median}", sizes[0]);
    }
}

#[test]
fn cost_has_a_median_near_two_dollars() {
    for preset in Preset::ALL {
        let (_, planes) = whole(preset, 200, 1);
        let mut cost = known(&planes, Layer::Cost);
        cost.sort_by(f32::total_cmp);
        let median = cost[cost.len() / 2];
        assert!((1.5..2.6).contains(&median), "{preset:?}: median {median}");
    }
}

#[test]
fn roads_pass_through_the_cells_where_people_live() {
    let (_, planes) = whole(Preset::Hillside, 256, 1);
    let (people, road_m) = (planes.layer(Layer::Population), planes.layer(Layer::RoadDistance));
    let mean = |is_home: bool| {
        let of = people.iter().zip(road_m).filter(|(p, _)| !is_unknown(**p) && (**p > 0.0) == is_home);
        let (n, sum) = of.fold((0.0, 0.0), |(n, sum), (_, m)| (n + 1.0, sum + f64::from(*m)));
        sum / n
    };
    assert!(mean(true) < 0.6 * mean(false), "homes {} m, elsewhere {} m", mean(true), mean(false));
}

#[test]
fn one_cell_and_seventeen_make_a_region() {
    for preset in Preset::ALL {
        for size in [1, 2, 7, 17] {
            let (region, planes) = whole(preset, size, 4);
            assert_eq!(region.frame().n_cells(), (size * size) as u64);
            assert!(!known(&planes, Layer::Hazard).is_empty(), "{preset:?} {size}");
        }
    }
}

#[test]
fn another_seed_makes_another_region() {
    let window = Window::new(0, 0, 64, 64);
    let tile = |seed| Region::new(&spec(Preset::Plain, 64, seed)).unwrap().tile(window);
    assert_ne!(tile(1), tile(2));
    assert_eq!(tile(1), tile(1));
}

#[test]
fn a_size_out_of_range_is_a_fault_that_names_the_range() {
    let folder = tempfile::tempdir().unwrap();
    for size in [0, 32_769] {
        let error = synth(&spec(Preset::Nation, size, 1), folder.path(), &Silent::default()).unwrap_err();
        let Error::Faults(faults) = &error else { panic!("{error}") };
        assert_eq!(faults[0].code, "synth.size");
        assert!(faults[0].expected.contains("32768"), "{error}");
    }
}
