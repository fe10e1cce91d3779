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
use crate::widest::{AHEAD, fetch_early, part_of};

pub use function::Function;
use steps::StepTable;
use table::{MOST_KNOTS, ValueTable};

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

/// v of cells, some of which have none: many at once, which wide registers can do. No closure stands for it: it would be
/// compiled without them.
trait ValuesOf {
    fn values_of(&self, of: &[f32], values: &mut [f32]);
}

impl ValuesOf for Linear {
    #[inline(always)]
    fn values_of(&self, of: &[f32], values: &mut [f32]) {
        for (v, &x) in values.iter_mut().zip(of) {
            *v = ((x - self.lo) / self.span).clamp(0.0, 1.0);
        }
    }
}

/// A table with its knots where they can be looked up.
struct Padded<'a> {
    table: &'a ValueTable,
    knots: &'a [f32; MOST_KNOTS],
}

impl ValuesOf for Padded<'_> {
    #[inline(always)]
    fn values_of(&self, of: &[f32], values: &mut [f32]) {
        self.table.values_of(self.knots, of, values);
    }
}

impl ValuesOf for StepTable {
    #[inline(always)]
    fn values_of(&self, of: &[f32], values: &mut [f32]) {
        Self::values_of(self, of, values);
    }
}

impl ValuesOf for QuantileTable {
    #[inline(always)]
    fn values_of(&self, of: &[f32], values: &mut [f32]) {
        Self::values_of(self, of, values);
    }
}

/// Cell by cell: worth = worth + w · v; the first criterion starts from 0.
#[inline(always)]
pub fn value(of: &[f32], term: &Term, is_first: bool, worth: &mut [f32]) {
    match &term.lookup {
        Lookup::Linear(line) => add(of, line, term.weight, is_first, worth),
        Lookup::Table(table) => {
            let padded = Padded { table, knots: &table.padded_knots() };
            add(of, &padded, term.weight, is_first, worth);
        }
        Lookup::Steps(steps) => add(of, &**steps, term.weight, is_first, worth),
        Lookup::Quantile(table) => add(of, &**table, term.weight, is_first, worth),
    }
}

/// Cells looked up together: they stay in the cache from step to step.
const BATCH: usize = 128;

#[inline(always)]
fn add(of: &[f32], function: &impl ValuesOf, weight: f32, is_first: bool, worth: &mut [f32]) {
    let mut values = [0.0f32; BATCH];
    for from in (0..of.len()).step_by(BATCH) {
        fetch_early(part_of(of, from + AHEAD, BATCH));
        fetch_early(part_of(worth, from + AHEAD, BATCH));
        let of = part_of(of, from, BATCH);
        let values = &mut values[..of.len()];
        function.values_of(of, values);
        for ((worth, &x), &v) in worth[from..from + of.len()].iter_mut().zip(of).zip(&*values) {
            let so_far = if is_first { 0.0 } else { *worth };
            let is_known = !is_unknown(x) & !is_unknown(so_far) & !is_unknown(v);
            *worth = if is_known { so_far + weight * v } else { UNKNOWN };
        }
    }
}
