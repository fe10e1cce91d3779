//! Well-known text as a tree of words.

use super::super::limits::MAX_DEPTH;

/// Longer texts are no definition of a CRS.
const MAX_BYTES: usize = 1 << 16;

/// A word with what stands in its brackets.
#[derive(Debug, Clone)]
pub(super) struct Node {
    /// Upper case.
    pub word: String,
    items: Vec<Item>,
}

#[derive(Debug, Clone)]
enum Item {
    /// A quoted text, or a bare word or number.
    Text(String),
    Node(Node),
}

impl Node {
    /// The items that are nodes.
    pub(super) fn children(&self) -> impl Iterator<Item = &Node> {
        self.items.iter().filter_map(|item| match item {
            Item::Node(node) => Some(node),
            Item::Text(_) => None,
        })
    }

    /// The first child of a word.
    pub(super) fn child(&self, word: &str) -> Option<&Node> {
        self.children().find(|node| node.word == word)
    }

    /// The item at a place, when it is a text or a number.
    pub(super) fn text(&self, place: usize) -> Option<&str> {
        match self.items.get(place)? {
            Item::Text(text) => Some(text),
            Item::Node(_) => None,
        }
    }

    /// The item at a place as a number.
    pub(super) fn number(&self, place: usize) -> Option<f64> {
        self.text(place)?.trim().parse().ok()
    }
}

/// Reads a text; `None` where it is no well-known text.
pub(super) fn parse(text: &str) -> Option<Node> {
    let text = text.trim_start_matches('\u{FEFF}').trim_start();
    if text.len() > MAX_BYTES {
        return None;
    }
    node(&mut text.as_bytes(), 0)
}

fn node(rest: &mut &[u8], depth: usize) -> Option<Node> {
    if depth > MAX_DEPTH {
        return None;
    }
    let word = bare(rest)?.to_ascii_uppercase();
    let close = match rest.split_off_first()? {
        b'[' => b']',
        b'(' => b')',
        _ => return None,
    };
    let mut items = Vec::new();
    loop {
        *rest = rest.trim_ascii_start();
        items.push(match rest.first()? {
            b'"' => Item::Text(quoted(rest)?),
            _ => {
                let ahead = *rest;
                let text = bare(rest)?;
                if matches!(rest.first()?, b'[' | b'(') {
                    *rest = ahead;
                    Item::Node(node(rest, depth + 1)?)
                } else {
                    Item::Text(text)
                }
            }
        });
        *rest = rest.trim_ascii_start();
        match *rest.split_off_first()? {
            b',' => {}
            end if end == close => return Some(Node { word, items }),
            _ => return None,
        }
    }
}

/// A word or number up to a bracket, a comma or an end.
fn bare(rest: &mut &[u8]) -> Option<String> {
    *rest = rest.trim_ascii_start();
    let end = rest.iter().position(|byte| matches!(byte, b'[' | b'(' | b',' | b']' | b')'))?;
    let (word, tail) = rest.split_at(end);
    *rest = tail;
    let word = std::str::from_utf8(word).ok()?.trim();
    (!word.is_empty()).then(|| word.to_owned())
}

/// A text in quotes, doubled inside.
fn quoted(rest: &mut &[u8]) -> Option<String> {
    let mut text = Vec::new();
    *rest = &rest[1..];
    loop {
        match *rest.split_off_first()? {
            b'"' if rest.first() == Some(&b'"') => {
                text.push(b'"');
                *rest = &rest[1..];
            }
            b'"' => return Some(String::from_utf8_lossy(&text).into_owned()),
            byte => text.push(byte),
        }
    }
}
