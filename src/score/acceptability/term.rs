//! `acceptability_term`: what a criterion's weight is multiplied by, cell by cell.
//!
//! u = g · v with g = h · a / c (h only where hazard is fixed and counts as a factor, a / c only where the rank is by
//! benefit per cost); for `product` u = log2(max(v, ε)) + log2(g). Unknown where v, hazard or cost is.
//! Twin: `shaders/acceptability_term.wgsl`.

use rayon::prelude::*;

use crate::grid::{UNKNOWN, is_unknown};

use super::super::product::{EPSILON, LOG2_KNOTS, log2};
use crate::widest::{Work, widest};

/// Rows that one thread makes at a time.
const ROWS_AT_ONCE: usize = 16;

/// What a term is made of.
#[derive(Debug, Clone, Copy)]
pub struct TermPlanes<'a> {
    /// The criterion's value, 0..1.
    pub v: &'a [f32],
    /// Hazard.
    pub hazard: &'a [f32],
    /// US$.
    pub cost: &'a [f32],
    /// By row, m².
    pub row_area_m2: &'a [f32],
}

/// How they are put together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TermForm {
    /// Whether g holds hazard.
    pub times_hazard: bool,
    /// Whether g holds a / c.
    pub per_cost: bool,
    /// Whether the term is a logarithm.
    pub is_product: bool,
}

/// Cell by cell over whole rows, on all cores.
pub fn all_terms(planes: &TermPlanes<'_>, form: TermForm, out: &mut [f32]) {
    let n_cols = out.len() / planes.row_area_m2.len();
    out.par_chunks_mut(ROWS_AT_ONCE * n_cols).enumerate().for_each(|(i, out)| {
        let rows = i * ROWS_AT_ONCE..i * ROWS_AT_ONCE + out.len() / n_cols;
        let cells = rows.start * n_cols..rows.end * n_cols;
        let planes = TermPlanes {
            v: &planes.v[cells.clone()],
            hazard: &planes.hazard[cells.clone()],
            cost: &planes.cost[cells],
            row_area_m2: &planes.row_area_m2[rows],
        };
        widest(AddTerm { planes, form, out });
    });
}

struct AddTerm<'a> {
    planes: TermPlanes<'a>,
    form: TermForm,
    out: &'a mut [f32],
}

impl Work for AddTerm<'_> {
    #[inline(always)]
    fn run(self) {
        term(&self.planes, self.form, self.out);
    }
}

#[inline(always)]
fn term(planes: &TermPlanes<'_>, form: TermForm, out: &mut [f32]) {
    let n_cols = out.len() / planes.row_area_m2.len();
    let knots = LOG2_KNOTS.as_slice();
    for (row, &area_m2) in planes.row_area_m2.iter().enumerate() {
        let cells = row * n_cols..(row + 1) * n_cols;
        let (v, hazard, cost) =
            (&planes.v[cells.clone()], &planes.hazard[cells.clone()], &planes.cost[cells.clone()]);
        for (((out, &v), &hazard), &cost) in out[cells].iter_mut().zip(v).zip(hazard).zip(cost) {
            let is_known = !is_unknown(v) & !is_unknown(hazard) & !is_unknown(cost);
            let factor = if form.times_hazard { hazard } else { 1.0 };
            let g = if form.per_cost { (factor * area_m2 / cost).min(f32::MAX) } else { factor };
            let u = if form.is_product { log2(v.max(EPSILON), knots) + log2(g, knots) } else { g * v };
            *out = if is_known { u } else { UNKNOWN };
        }
    }
}
