//! A TOML file as values that know their line, with `--set` overrides laid over it.
//!
//! In: the text of a project file. Out: a tree of [`Node`]s whose keys keep the order and line they were written
//! in, so that every fault can say where. Syntax errors are all reported together.

use std::ops::Range;

use toml::de::{DeTable, DeValue};

use crate::error::{Error, Fault, Faults, Result};

/// A value and the line it stands on (`None` when it came from `--set`).
#[derive(Debug, Clone)]
pub struct Node {
    /// Line in the file, from 1.
    pub line: Option<usize>,
    /// The value.
    pub value: Value,
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
        let at = error.span().map_or(String::new(), |span| format!(":{}", line_of(text, &span)));
        faults.push(Fault::new(
            "project.syntax",
            format!("{place}{at}"),
            "TOML",
            error.message().replace('\n', ", "),
            "mend the line; strings need quotes, lists need brackets",
        ));
    }
    faults.finish()?;
    Ok(Node { line: Some(1), value: table_value(text, table.get_ref()) })
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
    Node { line: None, value }
}

/// Lays `--set key.path=value` over a document. A step of the path may be the `name` of a list's table
/// (`score.criteria.people.weight`) or its position; tables on the way are made where they are missing. A name with a
/// dot or an equals sign in it stands in quotes: `score.criteria."a.b".weight`.
pub fn set(root: &mut Node, assignment: &str) -> Result<()> {
    let place = format!("--set {assignment}");
    let fault = |expected: &str, found: String| -> Error {
        let fix = "write it as `--set plan.budget_usd=2000000`";
        Fault::new("set.syntax", place.clone(), expected, found, fix).into()
    };
    let (steps, text) =
        split_path(assignment).ok_or_else(|| fault("key.path=value", format!("`{assignment}`")))?;
    let value = match DeValue::parse(text.trim()) {
        Ok(value) => unlined(text, value.get_ref()),
        // A bare word is a string: a shell has already eaten its quotes.
        Err(_) => Node { line: None, value: Value::Text(text.trim().to_owned()) },
    };
    let mut node = root;
    for step in steps.iter().map(String::as_str) {
        if step.is_empty() {
            return Err(fault("key.path=value", format!("an empty step in `{assignment}`")));
        }
        node = match &mut node.value {
            Value::Table(entries) => {
                let at = entries.iter().position(|(key, _)| key == step).unwrap_or_else(|| {
                    entries.push((step.to_owned(), Node { line: None, value: Value::Table(Vec::new()) }));
                    entries.len() - 1
                });
                &mut entries[at].1
            }
            Value::List(items) => {
                let at = step.parse().ok().filter(|at| *at < items.len());
                let at = at.or_else(|| items.iter().position(|item| named(item, step)));
                let at =
                    at.ok_or_else(|| fault("the `name` or position of an entry", format!("`{step}`")))?;
                &mut items[at]
            }
            other => {
                return Err(fault(
                    "a table or list on the way",
                    format!("{} before `{step}`", other.describe()),
                ));
            }
        };
    }
    *node = value;
    Ok(())
}

/// The steps of a path, up to the equals sign, and what follows it; quotes hold a step together.
fn split_path(assignment: &str) -> Option<(Vec<String>, &str)> {
    let (mut steps, mut step) = (Vec::new(), String::new());
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
                steps.push(if was_quoted { std::mem::take(&mut step) } else { step.trim().to_owned() });
                step.clear();
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
            let line = line_of(text, &key.span());
            let node = Node { line: Some(line), value: node_value(text, value.get_ref()) };
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
                    line: Some(line_of(text, &item.span())),
                    value: node_value(text, item.get_ref()),
                })
                .collect(),
        ),
        DeValue::Table(table) => table_value(text, table),
    }
}

/// A value given on the command line: it has no line.
fn unlined(text: &str, value: &DeValue<'_>) -> Node {
    fn strip(node: &mut Node) {
        node.line = None;
        match &mut node.value {
            Value::List(items) => items.iter_mut().for_each(strip),
            Value::Table(entries) => entries.iter_mut().for_each(|(_, node)| strip(node)),
            _ => {}
        }
    }
    let mut node = Node { line: None, value: node_value(text, value) };
    strip(&mut node);
    node
}
