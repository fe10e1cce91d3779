//! `value_steps`: `steps` and `classes`, a short list of (key, v) searched from its start.
//!
//! `steps`: v of the last threshold ≤ x, 0 below the first. `classes`: v of the code equal to x; without one
//! the value is unknown (reading has left such cells unscored already, see `exclusion`).
//! Twin: `shaders/value_steps.wgsl`.

use crate::grid::UNKNOWN;

/// A list of keys and values.
#[derive(Debug, Clone, PartialEq)]
pub struct StepTable {
    /// Whether x must equal a key (`classes`) rather than reach it (`steps`).
    pub is_classes: bool,
    /// Key, v, key, v, …; thresholds rise.
    pub pairs: Vec<f32>,
}

impl StepTable {
    /// Of thresholds, rising, and the values from there on.
    pub fn steps(steps: &[(f64, f64)]) -> Self {
        let pairs = steps.iter().flat_map(|(threshold, v)| [*threshold as f32, *v as f32]).collect();
        Self { is_classes: false, pairs }
    }

    /// Of whole-number codes within ±2^24 and their values.
    pub fn classes(classes: &[(i32, f64)]) -> Self {
        let pairs = classes.iter().flat_map(|(code, v)| [*code as f32, *v as f32]).collect();
        Self { is_classes: true, pairs }
    }

    /// v of some cells, unknown where a code has no entry.
    #[inline(always)]
    pub fn values_of(&self, of: &[f32], values: &mut [f32]) {
        if self.is_classes {
            self.search::<true>(of, values);
        } else {
            self.search::<false>(of, values);
        }
    }

    #[inline(always)]
    fn search<const IS_CLASSES: bool>(&self, of: &[f32], values: &mut [f32]) {
        let (groups, rest) = of.as_chunks::<SIDE_BY_SIDE>();
        let (values, values_of_rest) = values.as_chunks_mut::<SIDE_BY_SIDE>();
        for (values, of) in values.iter_mut().zip(groups) {
            *values = self.search_group::<IS_CLASSES>(of);
        }
        let mut last = [0.0; SIDE_BY_SIDE];
        last[..rest.len()].copy_from_slice(rest);
        values_of_rest.copy_from_slice(&self.search_group::<IS_CLASSES>(&last)[..rest.len()]);
    }

    #[inline(always)]
    fn search_group<const IS_CLASSES: bool>(&self, of: &[f32; SIDE_BY_SIDE]) -> [f32; SIDE_BY_SIDE] {
        let mut values = [if IS_CLASSES { UNKNOWN } else { 0.0 }; SIDE_BY_SIDE];
        for pair in self.pairs.chunks_exact(2) {
            let (key, value) = (pair[0], pair[1]);
            for (v, &x) in values.iter_mut().zip(of) {
                let is_it = if IS_CLASSES { x == key } else { x >= key };
                *v = if is_it { value } else { *v };
            }
        }
        values
    }
}

/// Cells compared at once: so few that they stay in registers from pair to pair.
const SIDE_BY_SIDE: usize = 64;
