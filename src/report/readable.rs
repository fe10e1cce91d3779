//! Numbers as a person reads them, the same on the screen and in the report. Files for machines take
//! [`super::tables::number`] instead.

use super::tables::significant;

/// A count with its thousands apart: `1,204`.
pub fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// So many of a thing, `1 warning` or `3 warnings`; `many` is the word for any number but one.
pub fn counted(n: usize, one: &str, many: &str) -> String {
    format!("{} {}", count(n as u64), if n == 1 { one } else { many })
}

/// A number: whole with its thousands apart from 1000 on, otherwise with four digits.
pub fn short(value: f64) -> String {
    if value.abs() >= 1000.0 {
        let sign = if value < 0.0 { "-" } else { "" };
        format!("{sign}{}", count(value.abs().round() as u64))
    } else {
        significant(value, 4)
    }
}
