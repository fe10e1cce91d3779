//! Text from inputs on a terminal: a name with an escape sequence in it must not move the cursor or clear the screen.

use std::borrow::Cow;

/// The text with every control character but line ends and tabs replaced by U+FFFD, and so those that turn the
/// direction of writing.
pub fn printable(text: &str) -> Cow<'_, str> {
    if !text.contains(is_hidden) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.chars().map(|c| if is_hidden(c) { char::REPLACEMENT_CHARACTER } else { c }).collect())
}

fn is_hidden(c: char) -> bool {
    let turns = matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    turns || c.is_control() && !matches!(c, '\n' | '\t')
}
