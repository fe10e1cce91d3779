//! Faults of a criterion's value function.

use crate::error::{Fault, Faults};

use super::super::{Bound, Criterion, Source, Value};

/// Ends of value functions lie within ± this, so that differences stay finite in `f32`.
const LARGEST_BOUND: f64 = 1e30;

/// Logarithms and slopes need numbers that `f32` holds with all their digits.
const SMALLEST: f64 = 1e-30;

/// Steps or classes are searched from the start for every cell; more entries than this are surely a slip.
pub const MOST_ENTRIES: usize = 256;

/// Whole numbers that `f32` holds exactly.
pub const LARGEST_CODE: i32 = 1 << 24;

/// Notes what is wrong with a criterion's value function.
pub fn check(criterion: &Criterion, faults: &mut Faults) {
    let mut wrong = |code, expected: &str, found: String, fix: &str| {
        let place = format!("score.criteria `{}`, value", criterion.name);
        faults.push(Fault::new(code, place, expected, found, fix));
    };
    let finite = "give a finite number in the layer's unit";
    let is_out = |x: f64| x.abs().total_cmp(&LARGEST_BOUND).is_gt();
    match &criterion.value {
        Value::Linear { lo, hi } | Value::Log { lo, hi } => {
            let is_log = matches!(criterion.value, Value::Log { .. });
            for bound in [lo, hi] {
                let Bound::At(at) = bound else { continue };
                if is_out(*at) {
                    wrong("score.bound", "numbers within ±1e30", at.to_string(), finite);
                } else if is_log && *at < SMALLEST {
                    let fix = "a logarithm has no 0: begin at the smallest amount that matters";
                    wrong("score.log_end", "ends of 1e-30 or more", at.to_string(), fix);
                }
            }
            let is_same = match (lo, hi) {
                (Bound::At(lo), Bound::At(hi)) => (*hi as f32 - *lo as f32).abs() <= 0.0,
                (Bound::Max, Bound::Max) => true,
                _ => false,
            };
            if is_same {
                let fix = "give two different ends, worth nothing first";
                wrong("score.lo_is_hi", "lo different from hi", format!("{lo} and {hi}"), fix);
            }
        }
        Value::Sigmoid { mid, slope } => {
            if is_out(*mid) {
                wrong("score.bound", "numbers within ±1e30", mid.to_string(), finite);
            }
            let is_steep = slope.abs() >= SMALLEST && slope.abs() <= LARGEST_BOUND;
            if !is_steep {
                let fix = "give the steepness per unit of the layer, such as 0.002; below 0 reverses";
                wrong("score.slope", "a slope other than 0, within ±1e30", slope.to_string(), fix);
            }
        }
        Value::Steps(steps) => {
            let rises = steps.windows(2).all(|pair| (pair[0].0 as f32) < pair[1].0 as f32);
            let are_numbers = steps.iter().all(|(threshold, _)| !is_out(*threshold));
            if !is_table(steps.iter().map(|(_, v)| *v)) || !rises || !are_numbers {
                let fix = "write `steps = [[0, 0.2], [500, 1]]`: thresholds that rise, each with its value";
                let expected = "1 to 256 rising thresholds with values from 0 to 1";
                wrong("score.steps", expected, format!("{steps:?}"), fix);
            }
        }
        Value::Quantile => {}
        Value::Classes(classes) => {
            let mut codes: Vec<i32> = classes.iter().map(|(code, _)| *code).collect();
            codes.sort_unstable();
            codes.dedup();
            let are_codes = codes.iter().all(|code| (-LARGEST_CODE..=LARGEST_CODE).contains(code));
            if !is_table(classes.iter().map(|(_, v)| *v)) || codes.len() < classes.len() || !are_codes {
                let fix = "write `classes = { 40 = 1.0, 30 = 0.5 }`: each code once, with its value";
                let expected = "1 to 256 different codes within ±16777216 with values from 0 to 1";
                wrong("score.class_values", expected, format!("{classes:?}"), fix);
            }
            if criterion.source == Source::Exposure {
                let fix = "use `steps` or `linear`, or name a layer of codes";
                wrong("score.classes_of_people", "a layer of codes", "`exposure`, in people".into(), fix);
            }
        }
    }
}

fn is_table(values: impl ExactSizeIterator<Item = f64>) -> bool {
    let n = values.len();
    (1..=MOST_ENTRIES).contains(&n) && values.into_iter().all(|v| (0.0..=1.0).contains(&v))
}
