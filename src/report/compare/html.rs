//! `compare.html`.

use super::Comparison;
use crate::error::Result;

pub(super) fn page(_comparison: &Comparison) -> Result<String> {
    Ok(String::new())
}
