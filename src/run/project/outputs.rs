//! `[outputs]`: which files a run writes beside the tables and grids.

use super::super::document::Value;
use super::super::section::Section;
use crate::report::formats::Format;

/// Reads `[outputs]`; the default where it is left out. An empty list asks for none.
pub fn read(top: &Section<'_>) -> Vec<Format> {
    let Some(section) = top.section("outputs") else { return Format::DEFAULT.to_vec() };
    let items = section.list("formats");
    let mut formats = Vec::new();
    for item in items.unwrap_or_default() {
        let format = match &item.value {
            Value::Text(word) => Format::of_word(word),
            _ => None,
        };
        match format {
            Some(format) if !formats.contains(&format) => formats.push(format),
            Some(_) => {}
            None => {
                let found = match &item.value {
                    Value::Text(word) => format!("{word:?}"),
                    other => other.describe(),
                };
                let expected = format!("formats out of {}", Format::words());
                section.wrong("formats", &expected, &found);
            }
        }
    }
    section.finish();
    if items.is_none() { Format::DEFAULT.to_vec() } else { formats }
}
