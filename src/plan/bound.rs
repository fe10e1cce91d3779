//! A value that no plan can pass.

use super::model::Model;

/// A bound and the prices that prove it.
#[derive(Debug, Clone)]
pub(crate) struct Bound {
    /// No plan is worth more (in the search's sign: larger is better).
    pub(crate) value: f64,
    /// What a unit of money is worth in it.
    pub(crate) price_of_money: f64,
}

pub(crate) fn fluid(_model: &Model) -> Option<Bound> {
    None
}
