//! `[datum_shifts]`: the operation by which coordinates are to cross from a CRS's datum, where the one that the EPSG
//! registry suggests for the ground is not the right one, or there is none.

use super::super::document::Value;
use super::super::section::Section;
use super::vector_file::epsg_of;
use crate::grid::ChosenOperations;

/// Reads `"EPSG:3148" = "EPSG:1542"`: CRS and operation.
pub fn read(top: &Section<'_>) -> ChosenOperations {
    let Some(section) = top.section("datum_shifts") else { return ChosenOperations::new() };
    let mut chosen = ChosenOperations::new();
    for (key, node) in section.names() {
        let operation = match &node.value {
            Value::Text(text) => text.parse().ok(),
            _ => None,
        };
        match (epsg_of(key), operation) {
            (Some(crs), Some(operation)) => {
                chosen.insert(crs, operation);
            }
            (None, _) => {
                section.wrong(key, "the EPSG code of a CRS, such as \"EPSG:3148\"", &format!("`{key}`"))
            }
            (_, None) => {
                section.wrong(key, "the code of an operation, such as \"EPSG:1542\"", &node.value.describe())
            }
        }
    }
    chosen
}
