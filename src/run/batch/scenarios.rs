//! SCENARIOS.toml → scenarios: a name and what is laid over the project, every combination of a `grid` being one.
//!
//! ```toml
//! [[scenario]]
//! name = "people first"
//! set = { 'score.criteria.people.weight' = 5 }
//!
//! [[scenario]]
//! name = "budget"
//! grid = { 'plan.budget_usd' = [1e6, 2e6], 'plan.years' = [2, 3] }    # four scenarios
//! full = true                                                         # every file of a run
//! ```

use std::path::Path;

use super::super::document::{self, Node, Value};
use super::super::section::{Reading, Section};
use crate::error::{Error, Fault, Result};

/// More scenarios than this are a slip: nobody compares them.
const MOST_SCENARIOS: usize = 1000;

/// Longest slug, letters.
const LONGEST_SLUG: usize = 40;

/// One scenario.
#[derive(Debug, Clone, PartialEq)]
pub struct Scenario {
    /// Its name.
    pub name: String,
    /// What is laid over the project, as for `--set`.
    pub overrides: Vec<String>,
    /// Whether it writes every file of a run, and not only what it is compared by.
    pub is_full: bool,
}

impl Scenario {
    /// The project as it stands.
    pub fn base() -> Self {
        Self { name: "base".to_owned(), overrides: Vec::new(), is_full: true }
    }

    /// The name of its folder: its number among `n_scenarios` and what of its name a path may hold.
    pub fn folder(&self, number: usize, n_scenarios: usize) -> String {
        let width = n_scenarios.to_string().len().max(2);
        let mut slug = String::new();
        for c in self.name.chars() {
            if c.is_ascii_alphanumeric() {
                slug.push(c.to_ascii_lowercase());
            } else if !slug.ends_with('-') && !slug.is_empty() {
                slug.push('-');
            }
            if slug.len() >= LONGEST_SLUG {
                break;
            }
        }
        let slug = slug.trim_matches('-');
        format!("{number:0width$}-{}", if slug.is_empty() { "scenario" } else { slug })
    }
}

/// Reads the scenarios of a file, with all its faults.
pub fn read_scenarios(file: &Path) -> Result<Vec<Scenario>> {
    let place = file.display().to_string();
    let text = std::fs::read_to_string(file).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => {
            let fix = "give the path of a SCENARIOS.toml with [[scenario]] tables";
            Error::from(Fault::new("scenarios.missing", &place, "a file of scenarios", "no such file", fix))
        }
        _ => Error::io("read", file)(error),
    })?;
    let root = document::parse(&text, &place)?;
    let reading = Reading::new(&place, &text);
    let top = Section::new(&reading, "", &root);
    let mut scenarios = Vec::new();
    let tables = top.tables("scenario");
    if tables.is_empty() {
        let example = "[[scenario]]\nname = \"half the money\"\nset = { 'plan.budget_usd' = 1000000 }";
        top.required("scenario", None::<()>, example);
    }
    for table in tables {
        scenarios.extend(read_scenario(&table));
        table.finish();
    }
    top.finish();
    for (i, scenario) in scenarios.iter().enumerate() {
        if scenarios[..i].iter().any(|other: &Scenario| other.name == scenario.name) {
            let found = format!("{:?} twice", scenario.name);
            let fix = "rename one of them";
            reading.push(Fault::new("scenarios.duplicate", &place, "a different name for each", found, fix));
        }
    }
    if scenarios.len() > MOST_SCENARIOS {
        let (expected, found) = (format!("at most {MOST_SCENARIOS} scenarios"), scenarios.len().to_string());
        reading.push(Fault::new("scenarios.many", &place, expected, found, "leave some out"));
    }
    reading.into_faults().finish()?;
    Ok(scenarios)
}

fn read_scenario(table: &Section<'_>) -> Vec<Scenario> {
    let name = table.text("name");
    let name = table.required("name", name, "name = \"half the money\"").unwrap_or_default();
    if name.trim().is_empty() || name.chars().any(char::is_control) {
        table.wrong("name", "a name on one line", &format!("{name:?}"));
    }
    let mut overrides = Vec::new();
    if let Some(set) = table.section("set") {
        set.names().for_each(|(key, node)| lay(key, node, &mut overrides));
    }
    let is_full = table.flag("full").unwrap_or(false);
    let mut scenarios = vec![Scenario { name, overrides, is_full }];
    let Some(grid) = table.section("grid") else { return scenarios };
    for (key, node) in grid.names() {
        let Value::List(values) = &node.value else {
            table.wrong(
                "grid",
                "a list of values for each key",
                &format!("{key} = {}", node.value.describe()),
            );
            continue;
        };
        if values.is_empty() || scenarios.len() * values.len() > MOST_SCENARIOS {
            let found = format!("{key} with {}, for {} before it", values.len(), scenarios.len());
            table.wrong("grid", &format!("1 to {MOST_SCENARIOS} combinations"), &found);
            continue;
        }
        let with = |scenario: &Scenario, value: &Node| {
            let text = document::to_toml(&value.value);
            let mut overrides = scenario.overrides.clone();
            overrides.push(format!("{key}={text}"));
            // The last step says what it is; two keys that end alike tell themselves apart by their place.
            let short = key.rsplit('.').next().unwrap_or(key);
            Scenario { name: format!("{}, {short} {text}", scenario.name), overrides, is_full }
        };
        scenarios = scenarios
            .iter()
            .flat_map(|scenario| values.iter().map(move |value| with(scenario, value)))
            .collect();
    }
    scenarios
}

/// A step of a path, in quotes where it needs them.
fn step(key: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | ' ');
    if !key.is_empty() && key.chars().all(is_plain) { key.to_owned() } else { format!("\"{key}\"") }
}

/// One entry of `set`. A path in quotes is taken as it is, and a table under it replaces what was there; one without
/// quotes has become tables in tables, of which every value is laid by itself.
fn lay(path: &str, node: &Node, overrides: &mut Vec<String>) {
    match &node.value {
        Value::Table(entries) if !path.contains('.') => {
            entries
                .iter()
                .for_each(|(key, node)| lay_each(&format!("{path}.{}", step(key)), node, overrides));
        }
        value => overrides.push(format!("{path}={}", document::to_toml(value))),
    }
}

fn lay_each(path: &str, node: &Node, overrides: &mut Vec<String>) {
    match &node.value {
        Value::Table(entries) => {
            entries
                .iter()
                .for_each(|(key, node)| lay_each(&format!("{path}.{}", step(key)), node, overrides));
        }
        value => overrides.push(format!("{path}={}", document::to_toml(value))),
    }
}
