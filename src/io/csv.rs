//! CSV tables, and a writer whose text no spreadsheet takes for a formula.
//!
//! UTF-8 (with or without byte order mark), UTF-16 with one, or the encoding that is named; columns parted by commas,
//! semicolons, tabs or bars, whichever the first line holds most of; quotes doubled inside quoted fields (RFC 4180),
//! headers in the first row. Lines whose fields are all blank are left out.

mod write;

use std::borrow::Cow;
use std::path::Path;

pub use self::write::CsvWriter;
use super::encoding::by_name;
use super::features::MAX_FAULTS;
use super::limits::{Syntax, read_text};
pub use super::table::{Row, Table};
use crate::error::{Error, Fault, Faults, Result};

impl Table {
    /// Reads a CSV file that must have the `required` columns; further ones are kept.
    pub fn read(path: &Path, required: &[&str]) -> Result<Self> {
        read(path, required, None)
    }
}

/// Reads a table; `encoding` is the one the person names.
pub(super) fn read(path: &Path, required: &[&str], encoding: Option<&str>) -> Result<Table> {
    let place = path.display().to_string();
    let bytes = read_text(path, Syntax::Csv)?;
    let bytes = &*as_utf8(&bytes, encoding, &place)?;
    let mut table = Table::new(path, place, "line");
    let mut faults = Faults::new();
    let delimiter = delimiter_of(bytes);
    let mut reader =
        csv::ReaderBuilder::new().flexible(true).has_headers(false).delimiter(delimiter).from_reader(bytes);
    let mut record = csv::ByteRecord::new();
    let mut is_first = true;
    let mut lines = Lines { bytes, at: 0, line: 1 };
    while faults.as_slice().len() < MAX_FAULTS
        && reader.read_byte_record(&mut record).map_err(|e| Error::io("read", path)(e.into()))?
    {
        let line = lines.line_of(record.position().map_or(0, csv::Position::byte) as usize);
        let Some(fields) = faults.take(fields_of(&record, &table, line))? else { continue };
        if is_first {
            is_first = false;
            table.take_headers(fields, required, &mut faults);
            if !faults.is_empty() {
                break;
            }
        } else {
            let _ = faults.take(table.take_row(fields, line))?;
        }
    }
    if is_first && faults.is_empty() {
        faults.push(table.fault("csv.empty", "a table with headers", "an empty file", "fill it"));
    }
    faults.finish()?;
    if delimiter != b',' {
        table.allow_decimal_comma();
    }
    Ok(table)
}

/// The text in UTF-8; bytes that may be anything else stay as they are, to be told by line.
fn as_utf8<'a>(bytes: &'a [u8], encoding: Option<&str>, place: &str) -> Result<Cow<'a, [u8]>> {
    if let Some(bytes) = bytes.strip_prefix(b"\xEF\xBB\xBF") {
        return Ok(Cow::Borrowed(bytes));
    }
    let encoding = match encoding {
        _ if bytes.starts_with(&[0xFF, 0xFE]) => encoding_rs::UTF_16LE,
        _ if bytes.starts_with(&[0xFE, 0xFF]) => encoding_rs::UTF_16BE,
        Some(name) => by_name(name).ok_or_else(|| {
            let expected = "an encoding by a name known on the web";
            let fix = "say which one, `encoding = \"windows-1252\"` beside `path`";
            Fault::new("input.encoding", place, expected, format!("`{name}`"), fix)
        })?,
        None => return Ok(Cow::Borrowed(bytes)),
    };
    Ok(Cow::Owned(encoding.decode_with_bom_removal(bytes).0.into_owned().into_bytes()))
}

/// What the first line holds most of outside quotes; a comma where it holds none.
fn delimiter_of(bytes: &[u8]) -> u8 {
    let mut counts = [(b',', 0), (b';', 0), (b'\t', 0), (b'|', 0)];
    let mut is_quoted = false;
    for byte in bytes.trim_ascii_start() {
        match byte {
            b'"' => is_quoted = !is_quoted,
            b'\n' | b'\r' if !is_quoted => break,
            byte if !is_quoted => {
                counts.iter_mut().filter(|(mark, _)| mark == byte).for_each(|(_, count)| *count += 1);
            }
            _ => {}
        }
    }
    // Of equal counts the first.
    counts.into_iter().rev().max_by_key(|(_, count)| *count).map_or(b',', |(mark, _)| mark)
}

fn fields_of(record: &csv::ByteRecord, table: &Table, line: u64) -> Result<Vec<String>> {
    let text = |field: &[u8]| std::str::from_utf8(field).map(|text| write::as_meant(text.trim()).to_owned());
    record.iter().map(text).collect::<std::result::Result<_, _>>().map_err(|_| {
        let fix = "save it as CSV UTF-8, or say which one it is with `encoding` where `path` stands";
        let mut fault = table.fault("csv.encoding", "UTF-8 text", "another encoding", fix);
        fault.place += &format!(", line {line}");
        fault.into()
    })
}

/// Counts lines up to where a record begins. The reader's own count stands before the line feed that ends the
/// record before, and before blank lines.
struct Lines<'a> {
    bytes: &'a [u8],
    at: usize,
    line: u64,
}

impl Lines<'_> {
    fn line_of(&mut self, record: usize) -> u64 {
        while let Some(&byte) = self.bytes.get(self.at) {
            let is_end = matches!(byte, b'\n' | b'\r');
            if self.at >= record && !is_end {
                break;
            }
            self.at += 1;
            let is_pair = byte == b'\r' && self.bytes.get(self.at) == Some(&b'\n');
            self.line += u64::from(is_end && !is_pair);
        }
        self.line
    }
}
