//! A TOML file as values that know their line, with `--set` overrides laid over it.
//!
//! In: the text of a project file. Out: a tree of [`Node`]s whose keys keep the order and place they were written
//! in, so that every fault can say where. Syntax errors are all reported together.

use std::ops::Range;
use std::sync::Arc;

use toml::de::{DeTable, DeValue};

use super::section::closest;
use crate::error::{Error, Excerpt, Fault, Faults, Result};

/// A value and where it was written.
#[derive(Debug, Clone)]
pub struct Node {
    /// Where.
    pub origin: Origin,
    /// The value.
    pub value: Value,
}

/// Where a value was written, spans in bytes.
#[derive(Debug, Clone)]
pub enum Origin {
    /// In the file.
    File {
        /// Line of the key, from 1.
        line: usize,
        /// The key.
        key: Range<usize>,
        /// The value.
        value: Range<usize>,
    },
    /// On the command line.
    Flag {
        /// The flag as a person would type it.
        text: Arc<str>,
        /// The key in it.
        key: Range<usize>,
        /// The value in it.
        value: Range<usize>,
    },
    /// In the record of a run, which no person wrote.
    Record,
}

/// Which part of an entry a fault speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Its key.
    Key,
    /// Its value.
    Value,
}

impl Origin {
    /// The line it stands on, one part marked; `file` and `text` are the file's name and text.
    pub fn excerpt(&self, file: &str, text: &str, part: Part) -> Option<Excerpt> {
        let of = |key: &Range<usize>, value: &Range<usize>| match part {
            Part::Key => key.clone(),
            Part::Value => value.clone(),
        };
        match self {
            Self::File { key, value, .. } => Some(Excerpt::of_line(file, text, &of(key, value))),
            Self::Flag { text, key, value } => Some(Excerpt {
                source: "command line".to_owned(),
                line: None,
                text: text.to_string(),
                marked: of(key, value),
            }),
            Self::Record => None,
        }
    }
}

/// What a TOML value may be.
#[derive(Debug, Clone)]
pub enum Value {
    /// A string.
    Text(String),
    /// An integer or a float.
    Number(f64),
    /// `true` or `false`.
    Bool(bool),
    /// A date, a time or both, as written.
    Date(String),
    /// A list.
    List(Vec<Node>),
    /// A table: keys in the order written.
    Table(Vec<(String, Node)>),
}

impl Value {
    /// What it is, in the words of a message.
    pub fn describe(&self) -> String {
        match self {
            Self::Text(text) => format!("{text:?}"),
            Self::Number(number) => number.to_string(),
            Self::Bool(value) => value.to_string(),
            Self::Date(date) => date.clone(),
            Self::List(items) => format!("a list of {}", items.len()),
            Self::Table(_) => "a table".to_owned(),
        }
    }
}

/// Reads a document; `place` is the file's name in messages.
pub fn parse(text: &str, place: &str) -> Result<Node> {
    let (table, errors) = DeTable::parse_recoverable(text);
    let mut faults = Faults::new();
    for error in errors {
        let excerpt = error.span().map(|span| Excerpt::of_line(place, text, &span));
        let at = excerpt.as_ref().and_then(|excerpt| excerpt.line);
        let at = at.map_or(String::new(), |line| format!(":{line}"));
        let fault = Fault::new(
            "project.syntax",
            format!("{place}{at}"),
            "TOML",
            error.message().replace('\n', ", "),
            "mend the line; strings need quotes, lists need brackets",
        );
        faults.push(fault.at(excerpt));
    }
    faults.finish()?;
    let origin = Origin::File { line: 1, key: 0..0, value: 0..0 };
    Ok(Node { origin, value: table_value(text, table.get_ref()) })
}

/// The settings of a record as a document: what `to_json` of a project wrote, without lines.
pub fn from_json(value: &serde_json::Value) -> Node {
    use serde_json::Value as Json;
    let value = match value {
        Json::Null => Value::Number(f64::NAN),
        Json::Bool(value) => Value::Bool(*value),
        Json::Number(number) => Value::Number(number.as_f64().unwrap_or(f64::NAN)),
        Json::String(text) => Value::Text(text.clone()),
        Json::Array(items) => Value::List(items.iter().map(from_json).collect()),
        Json::Object(entries) => {
            Value::Table(entries.iter().map(|(key, value)| (key.clone(), from_json(value))).collect())
        }
    };
    Node { origin: Origin::Record, value }
}

/// Lays `--set key.path=value` over a document. A step of the path may be the `name` of a list's table
/// (`score.criteria.people.weight`) or its position; tables on the way are made where they are missing. A name with a
/// dot or an equals sign in it stands in quotes: `score.criteria."a.b".weight`.
pub fn set(root: &mut Node, assignment: &str) -> Result<()> {
    let flag: Arc<str> = format!("--set {assignment}").into();
    let begin = "--set ".len();
    let mark = |marked: Range<usize>| {
        Some(Excerpt { source: "command line".to_owned(), line: None, text: flag.to_string(), marked })
    };
    let fault = |marked: Range<usize>, expected: &str, found: String, fix: &str| -> Error {
        Fault::new("set.syntax", flag.to_string(), expected, found, fix).at(mark(marked)).into()
    };
    let fix = "write it as `--set plan.budget_usd=2000000`";
    let (steps, text) = split_path(assignment)
        .ok_or_else(|| fault(begin..flag.len(), "key.path=value", format!("`{assignment}`"), fix))?;
    let path_end = flag.len() - text.len() - 1;
    let value_span = path_end + 1..flag.len();
    let origin = |key: Range<usize>| Origin::Flag { text: Arc::clone(&flag), key, value: value_span.clone() };
    let mut node = root;
    for (span, step) in &steps {
        let (here, step) = (begin + span.start..begin + span.end, step.as_str());
        if step.is_empty() {
            return Err(fault(here, "key.path=value", format!("an empty step in `{assignment}`"), fix));
        }
        node = match &mut node.value {
            Value::Table(entries) => {
                let at = entries.iter().position(|(key, _)| key == step).unwrap_or_else(|| {
                    let made = Node { origin: origin(here), value: Value::Table(Vec::new()) };
                    entries.push((step.to_owned(), made));
                    entries.len() - 1
                });
                &mut entries[at].1
            }
            Value::List(items) => {
                let at = step.parse().ok().filter(|at| *at < items.len());
                let at = at.or_else(|| items.iter().position(|item| named(item, step)));
                let names: Vec<&str> = items.iter().filter_map(name_of).collect();
                let near = closest(step, &names);
                let fix = near.map_or_else(|| fix.to_owned(), |near| format!("did you mean `{near}`?"));
                let at = at.ok_or_else(|| {
                    fault(here, "the `name` or position of an entry", format!("`{step}`"), &fix)
                })?;
                &mut items[at]
            }
            other => {
                let found = format!("{} before `{step}`", other.describe());
                return Err(fault(here, "a table or list on the way", found, fix));
            }
        };
    }
    let origin = origin(begin..path_end);
    *node = match DeValue::parse(text.trim()) {
        Ok(value) => of_flag(text, value.get_ref(), &origin),
        // A bare word is a string: a shell has already eaten its quotes.
        Err(_) => Node { origin, value: Value::Text(text.trim().to_owned()) },
    };
    Ok(())
}

/// Where a step of a path stands, and what it names.
type Step = (Range<usize>, String);

/// The steps of a path, up to the equals sign, and what follows it; quotes hold a step together.
fn split_path(assignment: &str) -> Option<(Vec<Step>, &str)> {
    let (mut steps, mut step) = (Vec::new(), String::new());
    let mut begun = 0;
    let (mut quote, mut was_quoted) = (None, false);
    for (at, c) in assignment.char_indices() {
        match (quote, c) {
            (Some(open), _) if c == open => quote = None,
            (Some(_), _) => step.push(c),
            (None, '"' | '\'') if step.trim().is_empty() && !was_quoted => {
                step.clear();
                (quote, was_quoted) = (Some(c), true);
            }
            (None, '.' | '=') => {
                let whole = if was_quoted { step.clone() } else { step.trim().to_owned() };
                steps.push((begun..at, whole));
                step.clear();
                begun = at + 1;
                was_quoted = false;
                if c == '=' {
                    return Some((steps, &assignment[at + 1..]));
                }
            }
            (None, _) if was_quoted && c.is_whitespace() => {}
            (None, _) => step.push(c),
        }
    }
    None
}

/// A value as TOML on one line.
pub fn to_toml(value: &Value) -> String {
    match value {
        Value::Text(text) => quoted(text),
        Value::Number(number) => number.to_string(),
        Value::Bool(value) => value.to_string(),
        Value::Date(date) => date.clone(),
        Value::List(items) => {
            let items: Vec<String> = items.iter().map(|item| to_toml(&item.value)).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Table(entries) => {
            let entries: Vec<String> = entries
                .iter()
                .map(|(key, node)| format!("{} = {}", quoted(key), to_toml(&node.value)))
                .collect();
            format!("{{ {} }}", entries.join(", "))
        }
    }
}

/// A basic string of TOML.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            c if c.is_control() => quoted.push_str(&format!("\\u{:04X}", u32::from(c))),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

/// A value given on the command line: all of it stands there.
fn of_flag(text: &str, value: &DeValue<'_>, origin: &Origin) -> Node {
    fn mark(node: &mut Node, origin: &Origin) {
        node.origin = origin.clone();
        match &mut node.value {
            Value::List(items) => items.iter_mut().for_each(|item| mark(item, origin)),
            Value::Table(entries) => entries.iter_mut().for_each(|(_, node)| mark(node, origin)),
            _ => {}
        }
    }
    let mut node = Node { origin: Origin::Record, value: node_value(text, value) };
    mark(&mut node, origin);
    node
}

/// What a table of a list is called by.
fn name_of(item: &Node) -> Option<&str> {
    let Value::Table(entries) = &item.value else { return None };
    entries.iter().find_map(|(key, node)| match &node.value {
        Value::Text(text) if matches!(key.as_str(), "name" | "team_id" | "task") => Some(text.as_str()),
        _ => None,
    })
}

fn named(item: &Node, name: &str) -> bool {
    let Value::Table(entries) = &item.value else { return false };
    entries.iter().any(|(key, node)| {
        matches!(key.as_str(), "name" | "team_id" | "task")
            && matches!(&node.value, Value::Text(text) if text == name)
    })
}

fn line_of(text: &str, span: &Range<usize>) -> usize {
    text[..span.start.min(text.len())].matches('\n').count() + 1
}

fn table_value(text: &str, table: &DeTable<'_>) -> Value {
    let mut entries: Vec<(usize, String, Node)> = table
        .iter()
        .map(|(key, value)| {
            let origin =
                Origin::File { line: line_of(text, &key.span()), key: key.span(), value: value.span() };
            let node = Node { origin, value: node_value(text, value.get_ref()) };
            (key.span().start, key.get_ref().to_string(), node)
        })
        .collect();
    // The parser sorts by name; people read messages in the order they wrote.
    entries.sort_by_key(|(start, ..)| *start);
    Value::Table(entries.into_iter().map(|(_, key, node)| (key, node)).collect())
}

fn node_value(text: &str, value: &DeValue<'_>) -> Value {
    match value {
        DeValue::String(string) => Value::Text(string.to_string()),
        DeValue::Integer(integer) => Value::Number(
            i64::from_str_radix(integer.as_str(), integer.radix()).map_or(f64::NAN, |number| number as f64),
        ),
        DeValue::Float(float) => Value::Number(float.as_str().parse().unwrap_or(f64::NAN)),
        DeValue::Boolean(value) => Value::Bool(*value),
        DeValue::Datetime(date) => Value::Date(date.to_string()),
        DeValue::Array(items) => Value::List(
            items
                .iter()
                .map(|item| Node {
                    origin: Origin::File {
                        line: line_of(text, &item.span()),
                        key: item.span(),
                        value: item.span(),
                    },
                    value: node_value(text, item.get_ref()),
                })
                .collect(),
        ),
        DeValue::Table(table) => table_value(text, table),
    }
}
