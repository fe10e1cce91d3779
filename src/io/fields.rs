//! Fields of a feature table as GeoPackage and Shapefile want them: each with one kind and a name of its own.

use std::collections::HashSet;

use serde_json::Value;

/// What a field holds. A value that is unknown is `null` in each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldKind {
    /// Text; lists and objects as their JSON.
    Text,
    /// Whole numbers of 64 bits.
    Whole,
    /// Numbers of double precision.
    Real,
}

/// A field of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// Its name.
    pub name: String,
    /// What it holds.
    pub kind: FieldKind,
}

impl FieldKind {
    /// The narrowest kind that holds all values without loss; text where none is known.
    pub fn of<'a>(values: impl Iterator<Item = &'a Value>) -> Self {
        let mut kind = None;
        for value in values.filter(|value| !value.is_null()) {
            let this = match value {
                Value::Number(number) if number.is_f64() => Self::Real,
                Value::Number(number) if number.is_i64() => Self::Whole,
                _ => return Self::Text,
            };
            kind = match (kind, this) {
                (None, this) => Some(this),
                (Some(Self::Whole), Self::Whole) => Some(Self::Whole),
                // Beyond 2^53 a whole number would lose digits beside real ones; such columns are identifiers.
                _ => Some(Self::Real),
            };
        }
        kind.unwrap_or(Self::Text)
    }
}

/// Names that differ from each other and from `taken` whatever their case, in the order given: a later one that clashes
/// gets `_2`, `_3`, …; an empty one is called `field`. Control characters are left out.
pub fn unique_names<'a>(names: impl IntoIterator<Item = &'a str>, taken: &[&str]) -> Vec<String> {
    let mut known: HashSet<String> = taken.iter().map(|name| name.to_lowercase()).collect();
    let mut unique = Vec::new();
    for name in names {
        let name: String = name.chars().filter(|c| !c.is_control()).collect();
        let bare = if name.is_empty() { "field".to_owned() } else { name };
        let mut name = bare.clone();
        let mut n = 1;
        while !known.insert(name.to_lowercase()) {
            n += 1;
            name = format!("{bare}_{n}");
        }
        unique.push(name);
    }
    unique
}

/// A value as text: nothing for `null`, JSON for lists and objects.
pub fn as_text(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}
