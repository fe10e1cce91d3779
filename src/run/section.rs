//! Typed reading of one table of a project file: every fault is noted, none stops the reading.
//!
//! A [`Section`] hands out its keys once, checks type and range, and at the end names the keys nobody asked for.
//! Reading goes on after a fault with a stand-in value; the stand-ins are never used, because a project with
//! faults is refused as a whole.

use std::cell::RefCell;

use jiff::civil::Date;

use super::document::{Node, Origin, Part, Value};
use crate::error::{Fault, Faults};

/// Collects the faults of one file while its sections are read.
#[derive(Debug, Default)]
pub struct Reading {
    faults: RefCell<Faults>,
    file: String,
    text: String,
}

impl Reading {
    /// A reading of the file with this name and text.
    pub fn new(file: impl Into<String>, text: impl Into<String>) -> Self {
        Self { faults: RefCell::new(Faults::new()), file: file.into(), text: text.into() }
    }

    /// The file's name in messages.
    pub fn file(&self) -> &str {
        &self.file
    }

    /// Notes a fault.
    pub fn push(&self, fault: Fault) {
        self.faults.borrow_mut().push(fault);
    }

    /// Notes a fault at a key that was written there.
    fn push_at(&self, code: &'static str, at: (&str, &Origin, Part), texts: [&str; 3]) {
        let (key, origin, part) = at;
        let [expected, found, fix] = texts;
        let fault = Fault::new(code, place(self, key, origin), expected, found, fix);
        self.push(fault.at(origin.excerpt(&self.file, &self.text, part)));
    }

    /// All faults noted.
    pub fn into_faults(self) -> Faults {
        self.faults.into_inner()
    }
}

/// One table being read.
pub struct Section<'a> {
    reading: &'a Reading,
    path: String,
    origin: &'a Origin,
    entries: &'a [(String, Node)],
    asked: RefCell<Vec<&'static str>>,
}

impl<'a> Section<'a> {
    /// Starts reading a node as a table; `path` is its key in the file, empty for the root.
    /// Notes a fault and gives an empty section when it is something else.
    pub fn new(reading: &'a Reading, path: &str, node: &'a Node) -> Self {
        let entries: &[(String, Node)] = match &node.value {
            Value::Table(entries) => entries,
            other => {
                let fix = format!("write it as `{path} = {{ key = value }}` or as a [{path}] section");
                let at = (path, &node.origin, Part::Value);
                reading.push_at("project.type", at, ["a table", &other.describe(), &fix]);
                &[]
            }
        };
        Self { reading, path: path.to_owned(), origin: &node.origin, entries, asked: RefCell::default() }
    }

    /// The section's key in the file.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Every key with its node, for tables whose keys are names; they count as asked for.
    pub fn names(&self) -> impl Iterator<Item = (&'a str, &'a Node)> + use<'a> {
        self.entries.iter().map(|(key, node)| (key.as_str(), node))
    }

    /// A key's node, when it is there.
    pub fn node(&self, key: &'static str) -> Option<&'a Node> {
        if !self.asked.borrow().contains(&key) {
            self.asked.borrow_mut().push(key);
        }
        self.entries.iter().find(|(name, _)| name == key).map(|(_, node)| node)
    }

    /// A table below this one.
    pub fn section(&self, key: &'static str) -> Option<Section<'a>> {
        self.node(key).map(|node| Section::new(self.reading, &self.key(key), node))
    }

    /// A list below this one; a fault and an empty list when it is something else.
    pub fn list(&self, key: &'static str) -> Option<&'a [Node]> {
        match &self.node(key)?.value {
            Value::List(items) => Some(items),
            other => {
                self.wrong(key, "a list in [brackets]", &other.describe());
                Some(&[])
            }
        }
    }

    /// The tables of a list of tables.
    pub fn tables(&self, key: &'static str) -> Vec<Section<'a>> {
        let items = self.list(key).unwrap_or_default();
        let path = self.key(key);
        items
            .iter()
            .enumerate()
            .map(|(i, n)| Section::new(self.reading, &format!("{path}[{i}]"), n))
            .collect()
    }

    /// A string.
    pub fn text(&self, key: &'static str) -> Option<String> {
        match &self.node(key)?.value {
            Value::Text(text) => Some(text.clone()),
            other => {
                self.wrong(key, "a text in quotes", &other.describe());
                None
            }
        }
    }

    /// true or false.
    pub fn flag(&self, key: &'static str) -> Option<bool> {
        match &self.node(key)?.value {
            Value::Bool(flag) => Some(*flag),
            other => {
                self.wrong(key, "true or false", &other.describe());
                None
            }
        }
    }

    /// A finite number.
    pub fn number(&self, key: &'static str) -> Option<f64> {
        match &self.node(key)?.value {
            Value::Number(number) if number.is_finite() => Some(*number),
            other => {
                self.wrong(key, "a number", &other.describe());
                None
            }
        }
    }

    /// A number that a condition holds for; `expected` says it in words.
    pub fn number_where(&self, key: &'static str, expected: &str, ok: impl Fn(f64) -> bool) -> Option<f64> {
        let number = self.number(key)?;
        if !ok(number) {
            self.wrong(key, expected, &number.to_string());
            return None;
        }
        Some(number)
    }

    /// A whole number of at least `least`.
    pub fn whole(&self, key: &'static str, least: u64) -> Option<u64> {
        let expected = format!("a whole number of at least {least}");
        let ok = |n: f64| n.fract() == 0.0 && n >= least as f64 && n <= 9e15;
        self.number_where(key, &expected, ok).map(|n| n as u64)
    }

    /// A calendar date, as a TOML date or a text.
    pub fn date(&self, key: &'static str) -> Option<Date> {
        let node = self.node(key)?;
        let (Value::Text(text) | Value::Date(text)) = &node.value else {
            self.wrong(key, "a date such as \"2027-03-01\"", &node.value.describe());
            return None;
        };
        match text.parse() {
            Ok(date) => Some(date),
            Err(error) => {
                self.wrong(key, "a date such as \"2027-03-01\"", &format!("{text:?} ({error})"));
                None
            }
        }
    }

    /// One of some words; `choices` pairs each with its meaning.
    pub fn choice<T: Copy>(&self, key: &'static str, choices: &[(&str, T)]) -> Option<T> {
        let text = self.text(key)?;
        let found = choices.iter().find(|(word, _)| *word == text);
        if found.is_none() {
            let words: Vec<&str> = choices.iter().map(|(word, _)| *word).collect();
            self.wrong_word(key, &words, &text);
        }
        found.map(|(_, value)| *value)
    }

    /// The value of a key that must be there.
    pub fn required<T>(&self, key: &'static str, value: Option<T>, example: &str) -> Option<T> {
        if value.is_none() && !self.entries.iter().any(|(name, _)| name == key) {
            let at = (&*self.key(key), self.origin, Part::Key);
            let texts = [&*format!("`{key}`"), "nothing", &format!("add `{example}`")];
            self.reading.push_at("project.missing_key", at, texts);
        }
        value
    }

    /// Notes that a key's value is wrong.
    pub fn wrong(&self, key: &str, expected: &str, found: &str) {
        self.fault("project.value", key, expected, found, "change the value");
    }

    /// Notes that a key's text is none of some words, and which one is near.
    pub fn wrong_word(&self, key: &str, words: &[&str], found: &str) {
        let quoted: Vec<String> = words.iter().map(|word| format!("{word:?}")).collect();
        let fix = match closest(found, words) {
            Some(near) => format!("did you mean {near:?}?"),
            None => "change the value".to_owned(),
        };
        let expected = format!("one of {}", quoted.join(", "));
        self.fault("project.value", key, &expected, &format!("{found:?}"), &fix);
    }

    /// Notes that a key asks for what this version does not do.
    pub fn not_yet(&self, key: &str, what: &str, instead: &str) {
        self.fault(
            "project.not_yet",
            key,
            instead,
            &format!("{what}, which this version does not do"),
            "change it",
        );
    }

    /// Notes a fault at a key.
    pub fn fault(&self, code: &'static str, key: &str, expected: &str, found: &str, fix: &str) {
        let written = self.entries.iter().find(|(name, _)| name == key);
        let (origin, part) =
            written.map_or((self.origin, Part::Key), |(_, node)| (&node.origin, Part::Value));
        self.reading.push_at(code, (&self.key(key), origin, part), [expected, found, fix]);
    }

    /// Ends the reading: keys nobody asked for are faults.
    pub fn finish(self) {
        let asked = self.asked.borrow();
        for (key, node) in self.entries.iter().filter(|(key, _)| !asked.contains(&key.as_str())) {
            let fix = match closest(key, &asked) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "remove it".to_owned(),
            };
            let at = (&*self.key(key), &node.origin, Part::Key);
            let texts = [&*format!("one of {}", list(&asked)), &format!("`{key}`"), &fix];
            self.reading.push_at("project.unknown_key", at, texts);
        }
    }

    fn key(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }
}

fn place(reading: &Reading, key: &str, origin: &Origin) -> String {
    match origin {
        Origin::File { line, .. } => format!("{}:{line}: `{key}`", reading.file),
        Origin::Flag { .. } => format!("{}: `{key}` (from --set)", reading.file),
        Origin::Record => format!("{}: `{key}`", reading.file),
    }
}

fn list(keys: &[&str]) -> String {
    keys.iter().map(|key| format!("`{key}`")).collect::<Vec<_>>().join(", ")
}

/// The candidate that differs least from a word, when it differs by at most a third of its letters, or else the only
/// one that begins with it.
pub fn closest<'c>(word: &str, candidates: &[&'c str]) -> Option<&'c str> {
    let (distance, best) = candidates.iter().map(|c| (edits(word, c), *c)).min_by_key(|(d, _)| *d)?;
    if distance * 3 <= word.chars().count().max(3) {
        return Some(best);
    }
    let mut longer = candidates.iter().filter(|c| word.chars().count() >= 3 && c.starts_with(word));
    longer.next().filter(|_| longer.next().is_none()).copied()
}

/// Edit distance where swapping two neighbouring letters counts once (optimal string alignment).
fn edits(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut table = vec![vec![0; b.len() + 1]; a.len() + 1];
    for (i, row) in table.iter_mut().enumerate() {
        row[0] = i;
    }
    table[0] = (0..=b.len()).collect();
    for i in 1..=a.len() {
        for j in 1..=b.len() {
            let replaced = table[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut least = replaced.min(table[i - 1][j] + 1).min(table[i][j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                least = least.min(table[i - 2][j - 2] + 1);
            }
            table[i][j] = least;
        }
    }
    table[a.len()][b.len()]
}
