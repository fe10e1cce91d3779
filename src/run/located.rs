//! Faults of inputs, with the line of the project file that names the input.
//!
//! What reads an input knows the key it was named by (`` layer `roads` ``, `` `plan.teams` ``) and says so in the
//! fault's place; here that key is looked up in the document. A fault that has its line already keeps it.

use super::document::{Node, Part, Value};
use crate::error::{Error, Excerpt, Fault};

/// A project file as it was read, with what the command line laid over it.
#[derive(Debug, Clone)]
pub struct Document {
    /// The file's name in messages.
    pub name: String,
    /// Its text; empty where the settings come from a record.
    pub text: String,
    /// Its values.
    pub root: Node,
}

impl Document {
    /// The error, each of its faults with the line of the key that its place names.
    pub fn locate(&self, error: Error) -> Error {
        match error {
            Error::Faults(faults) => {
                Error::Faults(faults.into_iter().map(|fault| self.with_line(fault)).collect())
            }
            other => other,
        }
    }

    fn with_line(&self, fault: Fault) -> Fault {
        if fault.excerpt.is_some() {
            return fault;
        }
        let is_layer = fault.place.starts_with("layer `");
        let quoted = fault.place.split('`').skip(1).step_by(2);
        let excerpt = quoted
            .filter_map(|key| if is_layer { self.excerpt(&["layers", key]) } else { self.of_path(key) })
            .next();
        fault.at(excerpt)
    }

    fn of_path(&self, key: &str) -> Option<Excerpt> {
        self.excerpt(&key.split('.').collect::<Vec<_>>())
    }

    /// The line of a key, its value marked; of a table with a `path`, the path.
    fn excerpt(&self, steps: &[&str]) -> Option<Excerpt> {
        let mut node = &self.root;
        for step in steps {
            node = entry(node, step)?;
        }
        let node = entry(node, "path").unwrap_or(node);
        node.origin.excerpt(&self.name, &self.text, Part::Value)
    }
}

fn entry<'a>(node: &'a Node, key: &str) -> Option<&'a Node> {
    match &node.value {
        Value::Table(entries) => entries.iter().find(|(name, _)| name == key).map(|(_, node)| node),
        _ => None,
    }
}
