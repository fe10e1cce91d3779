//! Text from inputs as text in XML, HTML, SVG and KML: escaped, and without what XML cannot carry.

/// A text as the content of an element or the value of an attribute in quotes. Characters that XML 1.0 has no way to
/// write (control characters, the two non-characters) are left out.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out += "&amp;",
            '<' => out += "&lt;",
            '>' => out += "&gt;",
            '"' => out += "&quot;",
            '\'' => out += "&#39;",
            '\t' | '\n' | '\r' => out.push(c),
            '\u{fffe}' | '\u{ffff}' => {}
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out
}

/// The first `n` characters of a text, with an ellipsis where more follow: for labels on maps.
pub fn shortened(text: &str, n: usize) -> String {
    let mut chars = text.chars();
    let first: String = chars.by_ref().take(n).collect();
    if chars.next().is_some() { format!("{}…", first.trim_end()) } else { first }
}
