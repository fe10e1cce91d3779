//! `value`: layer units → 0..1, times the criterion's weight, summed over criteria into `worth`.
//!
//! worth = worth + w · v. An unknown worth stays unknown. v by the form of the value function:
//!
//! | form | v |
//! |---|---|
//! | `linear(lo, hi)` | clamp((x − lo) / (hi − lo), 0, 1); `hi < lo` reverses |
//! | `log(lo, hi)` | clamp(ln(x / lo) / ln(hi / lo), 0, 1), lo and hi > 0; x ≤ 0 has the value of the lower end |
//! | `sigmoid(mid, slope)` | 1 / (1 + exp(−slope · (x − mid))); a slope below 0 reverses |
//! | `steps` | the value of the last threshold ≤ x; 0 below the first |
//! | `classes` | the value of the code x; a code without an entry is unknown |
//! | `quantile` | rank of x among scored cells / 100 ([`quantile`](super::quantile)) |
//!
//! Exponentials and logarithms differ between processors and drivers, so `log` and `sigmoid` are looked up in
//! tables made once in `f64` ([`table`]): within 1e-5 of the formula, and the same on both engines.
//! Twins: `shaders/value.wgsl` (linear), `value_table.wgsl`, `value_steps.wgsl`, `quantile.wgsl`.

pub mod check;
pub mod function;
pub mod steps;
pub mod table;

use std::sync::Arc;

use crate::grid::{UNKNOWN, is_unknown};

use super::program::Shared;
use super::quantile::QuantileTable;

pub use function::Function;
use steps::StepTable;
use table::ValueTable;

/// What the value stage needs of one criterion, in `f32` as both engines compute.
#[derive(Debug, Clone)]
pub struct Term {
    /// x → v.
    pub lookup: Lookup,
    /// Normalised weight; 0 when the criterion is flat.
    pub weight: f32,
}

/// x → v, ready for an engine.
#[derive(Debug, Clone)]
pub enum Lookup {
    /// (x − lo) / span, clamped.
    Linear(Linear),
    /// `log` and `sigmoid`: straight between knots.
    Table(Arc<ValueTable>),
    /// `steps` and `classes`: a list searched from its start.
    Steps(Arc<StepTable>),
    /// `quantile`: by the bits of x.
    Quantile(Shared<QuantileTable>),
}

/// A straight line, clamped to 0..1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Linear {
    /// Worth nothing here.
    pub lo: f32,
    /// hi − lo, negative when reversed.
    pub span: f32,
}

impl Term {
    /// A criterion's term, `weight` normalised. A flat criterion keeps its unknowns and adds 0.
    pub fn new(function: Function<'_>, weight: f64) -> Self {
        let lookup = match function {
            Function::Flat => return Self::linear(0.0, 1.0, 0.0),
            Function::Linear { lo, hi } => {
                // Taken between the rounded ends, so that v is exactly 1 at hi.
                let (lo, hi) = (lo as f32, hi as f32);
                Lookup::Linear(Linear { lo, span: hi - lo })
            }
            Function::Log { lo, hi } => Lookup::Table(Arc::new(ValueTable::log(lo, hi))),
            Function::Sigmoid { mid, slope } => Lookup::Table(Arc::new(ValueTable::sigmoid(mid, slope))),
            Function::Steps(steps) => Lookup::Steps(Arc::new(StepTable::steps(steps))),
            Function::Classes(classes) => Lookup::Steps(Arc::new(StepTable::classes(classes))),
            Function::Quantile(table) => Lookup::Quantile(table.clone()),
        };
        Self { lookup, weight: weight as f32 }
    }

    /// A term of `linear(lo, lo + span)`.
    pub fn linear(lo: f32, span: f32, weight: f32) -> Self {
        Self { lookup: Lookup::Linear(Linear { lo, span }), weight }
    }
}

/// v of one cell.
trait ValueOf {
    fn value_of(&self, x: f32) -> f32;
}

impl ValueOf for Linear {
    #[inline(always)]
    fn value_of(&self, x: f32) -> f32 {
        ((x - self.lo) / self.span).clamp(0.0, 1.0)
    }
}

impl ValueOf for QuantileTable {
    #[inline(always)]
    fn value_of(&self, x: f32) -> f32 {
        Self::value_of(self, x)
    }
}

/// Cell by cell: worth = worth + w · v; the first criterion starts from 0.
#[inline(always)]
pub fn value(of: &[f32], term: &Term, is_first: bool, worth: &mut [f32]) {
    match &term.lookup {
        Lookup::Linear(line) => add(of, line, term.weight, is_first, worth),
        Lookup::Table(table) => {
            let knots = table.padded_knots();
            add_batches(of, |of, v| table.values_of(&knots, of, v), term.weight, is_first, worth);
        }
        Lookup::Steps(steps) => add_batches(of, |of, v| steps.values_of(of, v), term.weight, is_first, worth),
        Lookup::Quantile(table) => add(of, &**table, term.weight, is_first, worth),
    }
}

#[inline(always)]
fn add<V: ValueOf>(of: &[f32], function: &V, weight: f32, is_first: bool, worth: &mut [f32]) {
    for (worth, &x) in worth.iter_mut().zip(of) {
        let so_far = if is_first { 0.0 } else { *worth };
        let v = function.value_of(x);
        let is_known = !is_unknown(x) & !is_unknown(so_far);
        *worth = if is_known { so_far + weight * v } else { UNKNOWN };
    }
}

/// Cells looked up together: they stay in the cache from step to step.
const BATCH: usize = 512;

/// As [`add`], with the values of a batch of cells made first, which wide registers can do; some x have no value.
#[inline(always)]
fn add_batches(
    of: &[f32],
    values_of: impl Fn(&[f32], &mut [f32]),
    weight: f32,
    is_first: bool,
    worth: &mut [f32],
) {
    let mut values = [0.0f32; BATCH];
    for (worth, of) in worth.chunks_mut(BATCH).zip(of.chunks(BATCH)) {
        let values = &mut values[..of.len()];
        values_of(of, values);
        for ((worth, &x), &v) in worth.iter_mut().zip(of).zip(&*values) {
            let so_far = if is_first { 0.0 } else { *worth };
            let is_known = !is_unknown(x) & !is_unknown(so_far) & !is_unknown(v);
            *worth = if is_known { so_far + weight * v } else { UNKNOWN };
        }
    }
}
