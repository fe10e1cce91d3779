//! `value = { … }` of a criterion: the form is its one key. `value = "quantile"` has nothing to set.

use super::super::document::{Node, Value as Toml};
use super::super::section::Section;
use crate::score::{Bound, Value};

/// Reads a criterion's value function.
pub fn read(criterion: &Section<'_>) -> Option<Value> {
    match criterion.node("value").map(|node| &node.value) {
        None => {
            criterion.required("value", None::<()>, "value = { linear = [0, \"max\"] }");
            return None;
        }
        Some(Toml::Text(word)) if ["quantile", "auto"].contains(&word.as_str()) => {
            return Some(Value::Quantile);
        }
        Some(Toml::Text(word)) => {
            let expected =
                "\"quantile\" (or \"auto\", which is the same), or a form such as { linear = [0, \"max\"] }";
            criterion.wrong("value", expected, &format!("{word:?}"));
            return None;
        }
        Some(_) => {}
    }
    let section = criterion.section("value")?;
    let form = section.names().map(|(key, _)| key).next();
    let value = match form {
        Some("log") => ends(&section, "log").map(|(lo, hi)| Value::Log { lo, hi }),
        Some("sigmoid") => sigmoid(&section),
        Some("steps") => steps(&section),
        Some("classes") => classes(&section),
        Some("quantile") => quantile(&section),
        _ => {
            let bounds = ends(&section, "linear");
            let bounds = section.required("linear", bounds, "linear = [0, \"max\"]");
            bounds.map(|(lo, hi)| Value::Linear { lo, hi })
        }
    };
    section.finish();
    value
}

fn number(node: &Node) -> Option<f64> {
    match node.value {
        Toml::Number(number) if number.is_finite() => Some(number),
        _ => None,
    }
}

fn describe(items: &[Node]) -> String {
    let items: Vec<String> = items
        .iter()
        .map(|item| match &item.value {
            Toml::List(inner) => describe(inner),
            other => other.describe(),
        })
        .collect();
    format!("[{}]", items.join(", "))
}

/// `[lo, hi]` of `linear` and `log`.
fn ends(section: &Section<'_>, key: &'static str) -> Option<(Bound, Bound)> {
    let items = section.list(key)?;
    let bound = |node: &Node| match &node.value {
        Toml::Text(text) if text == "max" => Some(Bound::Max),
        _ => number(node).map(Bound::At),
    };
    // A logarithm has no 0.
    let is_right = |bound: Bound| key == "linear" || !matches!(bound, Bound::At(at) if at <= 0.0);
    if let [lo, hi] = items
        && let (Some(lo), Some(hi)) = (bound(lo), bound(hi))
        && lo != hi
        && is_right(lo)
        && is_right(hi)
    {
        return Some((lo, hi));
    }
    let above = if key == "log" { " above 0" } else { "" };
    let expected = format!("two different bounds, [lo, hi], each a number{above} or \"max\"");
    section.wrong(key, &expected, &describe(items));
    None
}

/// `{ quantile = true }` for those who write every form as a table.
fn quantile(section: &Section<'_>) -> Option<Value> {
    match section.node("quantile")?.value {
        Toml::Bool(true) => Some(Value::Quantile),
        ref other => {
            section.wrong("quantile", "true; it has nothing to set", &other.describe());
            None
        }
    }
}

fn sigmoid(section: &Section<'_>) -> Option<Value> {
    let items = section.list("sigmoid")?;
    match items.iter().map(number).collect::<Option<Vec<f64>>>().as_deref() {
        Some(&[mid, slope]) if slope.abs() > 0.0 => Some(Value::Sigmoid { mid, slope }),
        _ => {
            let expected = "[mid, slope]: where the value is 0.5, and the steepness per unit, not 0";
            section.wrong("sigmoid", expected, &describe(items));
            None
        }
    }
}

fn steps(section: &Section<'_>) -> Option<Value> {
    let items = section.list("steps")?;
    let pair = |node: &Node| match &node.value {
        Toml::List(pair) => match &pair[..] {
            [threshold, v] => Some((number(threshold)?, number(v).filter(|v| (0.0..=1.0).contains(v))?)),
            _ => None,
        },
        _ => None,
    };
    let steps = items
        .iter()
        .map(pair)
        .collect::<Option<Vec<(f64, f64)>>>()
        .filter(|steps| !steps.is_empty() && steps.windows(2).all(|two| two[0].0 < two[1].0));
    if steps.is_none() {
        let expected = "thresholds that rise, each with its value from 0 to 1, such as [[0, 0.2], [500, 1]]";
        section.wrong("steps", expected, &describe(items));
    }
    steps.map(Value::Steps)
}

fn classes(section: &Section<'_>) -> Option<Value> {
    let table = section.section("classes")?;
    let entries: Vec<_> = table
        .names()
        .map(|(key, node)| {
            let code = key.parse::<i32>().ok().filter(|code| (-(1 << 24)..=1 << 24).contains(code));
            let v = number(node).filter(|v| (0.0..=1.0).contains(v));
            if code.is_none() {
                table.wrong(key, "a whole-number code", &format!("{key:?}"));
            }
            if v.is_none() {
                table.wrong(key, "a value from 0 to 1", &node.value.describe());
            }
            Some((code?, v?))
        })
        .collect();
    if entries.is_empty() {
        section.wrong("classes", "at least one code with its value, such as { 40 = 1.0 }", "none");
        return None;
    }
    entries.into_iter().collect::<Option<Vec<_>>>().map(Value::Classes)
}
