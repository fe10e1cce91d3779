//! A vector or table file in a project: its path, and what is said about it.

use std::path::Path;

use super::super::document::Value;
use super::super::section::Section;
use crate::io::features::VectorSource;

/// Reads `path` and the keys `table`, `crs` and `encoding` beside it; `None` without a path.
pub fn read(section: &Section<'_>, folder: &Path, example: &str) -> Option<VectorSource> {
    let path = section.text("path");
    let path = section.required("path", path, example);
    let about = about(section);
    Some(VectorSource { path: folder.join(path?), ..about })
}

/// What stands beside `path`.
pub fn about(section: &Section<'_>) -> VectorSource {
    let epsg = match section.node("crs").map(|node| &node.value) {
        None => None,
        Some(Value::Number(code)) if code.fract() == 0.0 && (1.0..1e6).contains(code) => Some(*code as u32),
        Some(Value::Text(text)) if epsg_of(text).is_some() => epsg_of(text),
        Some(other) => {
            section.wrong("crs", "an EPSG code, such as \"EPSG:32636\"", &other.describe());
            None
        }
    };
    let (table, encoding) = (section.text("table"), section.text("encoding"));
    VectorSource { path: Default::default(), table, epsg, encoding }
}

/// A file named by its path alone, or by a table with what is said about it.
pub fn read_named(
    section: &Section<'_>,
    key: &'static str,
    folder: &Path,
    example: &str,
) -> Option<VectorSource> {
    if let Some(Value::Text(path)) = section.node(key).map(|node| &node.value) {
        return Some(VectorSource::of(folder.join(path)));
    }
    let table = section.section(key)?;
    let source = read(&table, folder, example);
    table.finish();
    source
}

/// The number in `EPSG:32636`, or alone.
pub fn epsg_of(text: &str) -> Option<u32> {
    let (head, code) = text.rsplit_once(':').unwrap_or(("EPSG", text));
    let is_epsg = head.to_ascii_uppercase().contains("EPSG");
    code.trim().parse().ok().filter(|code| is_epsg && *code > 0)
}
