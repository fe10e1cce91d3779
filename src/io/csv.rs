//! CSV tables: rows that know their line, and a writer whose text no spreadsheet takes for a formula.
//!
//! UTF-8 (with or without byte order mark), comma, quotes doubled inside quoted fields (RFC 4180), headers in
//! the first row. Lines whose fields are all blank are left out.

mod write;

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

pub use self::write::CsvWriter;
use crate::error::{Error, Fault, Faults, Result};

/// Faults listed for one file.
const MAX_FAULTS: usize = 20;

/// A table read whole.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    path: PathBuf,
    headers: Vec<String>,
    columns: HashMap<String, usize>,
    rows: Vec<(u64, Vec<String>)>,
}

/// One row of a [`Table`].
#[derive(Debug, Clone, Copy)]
pub struct Row<'a> {
    table: &'a Table,
    index: usize,
}

impl Table {
    /// Reads a table that must have the `required` columns; further ones are kept.
    pub fn read(path: &Path, required: &[&str]) -> Result<Self> {
        let bytes = fs::read(path).map_err(Error::io("read", path))?;
        let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&bytes);
        let mut table =
            Self { path: path.to_path_buf(), headers: Vec::new(), columns: HashMap::new(), rows: Vec::new() };
        let mut faults = Faults::new();
        let mut reader = csv::ReaderBuilder::new().flexible(true).has_headers(false).from_reader(bytes);
        let mut record = csv::ByteRecord::new();
        let mut is_first = true;
        let mut lines = Lines { bytes, at: 0, line: 1 };
        while faults.as_slice().len() < MAX_FAULTS
            && reader.read_byte_record(&mut record).map_err(|e| Error::io("read", path)(e.into()))?
        {
            let line = lines.line_of(record.position().map_or(0, csv::Position::byte) as usize);
            let Some(fields) = faults.take(table.fields(&record, line))? else { continue };
            if is_first {
                is_first = false;
                table.take_headers(fields, required, &mut faults);
                if !faults.is_empty() {
                    break;
                }
            } else if fields.iter().any(|field| !field.is_empty()) {
                let _ = faults.take(table.take_row(fields, line))?;
            }
        }
        if is_first && faults.is_empty() {
            faults.push(table.fault("csv.empty", "a table with headers", "an empty file", "fill it"));
        }
        faults.finish()?;
        Ok(table)
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Column names in the file's order, without surrounding blanks.
    pub fn headers(&self) -> &[String] {
        &self.headers
    }

    /// Whether the table has a column.
    pub fn has(&self, column: &str) -> bool {
        self.columns.contains_key(column)
    }

    /// The rows in the file's order.
    pub fn rows(&self) -> impl ExactSizeIterator<Item = Row<'_>> {
        (0..self.rows.len()).map(|index| Row { table: self, index })
    }

    fn fields(&self, record: &csv::ByteRecord, line: u64) -> Result<Vec<String>> {
        let text =
            |field: &[u8]| std::str::from_utf8(field).map(|text| write::as_meant(text.trim()).to_owned());
        record.iter().map(text).collect::<std::result::Result<_, _>>().map_err(|_| {
            let fix = "save it as CSV UTF-8";
            let mut fault = self.fault("csv.encoding", "UTF-8 text", "another encoding", fix);
            fault.place += &format!(", line {line}");
            fault.into()
        })
    }

    fn take_headers(&mut self, headers: Vec<String>, required: &[&str], faults: &mut Faults) {
        if let [one] = &headers[..]
            && let Some(other) = [';', '\t', '|'].into_iter().find(|other| one.contains(*other))
        {
            let found = format!("columns parted by {other:?}");
            faults.push(self.fault(
                "csv.delimiter",
                "columns parted by commas",
                found,
                "save it with commas",
            ));
            return;
        }
        for (i, header) in headers.iter().enumerate().filter(|(_, header)| !header.is_empty()) {
            if self.columns.insert(header.clone(), i).is_some() {
                let found = format!("`{header}` twice");
                let fix = "rename or remove one of them";
                faults.push(self.fault("csv.duplicate_column", "columns of different names", found, fix));
            }
        }
        for column in required.iter().filter(|column| !self.columns.contains_key(**column)) {
            let found = format!("the columns {}", headers.join(", "));
            let expected = format!("a column `{column}`");
            let fix = "add it, or rename the column that holds it";
            faults.push(self.fault("csv.missing_column", expected, found, fix));
        }
        self.headers = headers;
    }

    fn take_row(&mut self, mut fields: Vec<String>, line: u64) -> Result<()> {
        // Spreadsheets leave out empty fields at the end of a line, or add some.
        while fields.len() > self.headers.len() && fields.last().is_some_and(String::is_empty) {
            fields.pop();
        }
        if fields.len() > self.headers.len() {
            let expected = format!("{} fields", self.headers.len());
            let fix = "put text that holds commas into quotes";
            let mut fault = self.fault("csv.fields", expected, fields.len().to_string(), fix);
            fault.place += &format!(", line {line}");
            return Err(fault.into());
        }
        fields.resize(self.headers.len(), String::new());
        self.rows.push((line, fields));
        Ok(())
    }

    fn fault(
        &self,
        code: &'static str,
        expected: impl Into<String>,
        found: impl Into<String>,
        fix: &str,
    ) -> Fault {
        Fault::new(code, self.path.display().to_string(), expected, found, fix)
    }
}

impl<'a> Row<'a> {
    /// The row's number, from 0.
    pub fn index(&self) -> usize {
        self.index
    }

    /// Line of the file the row begins on, from 1.
    pub fn line(&self) -> u64 {
        self.table.rows[self.index].0
    }

    /// Where a cell stands, for a fault: "teams.csv, line 3, column `lat`".
    pub fn place(&self, column: &str) -> String {
        format!("{}, line {}, column `{column}`", self.table.path.display(), self.line())
    }

    /// All of the row's texts, one a header.
    pub fn fields(&self) -> &'a [String] {
        &self.table.rows[self.index].1
    }

    /// A cell's text without surrounding blanks; `None` where it is empty or the table lacks the column.
    pub fn text(&self, column: &str) -> Option<&'a str> {
        let text = self.fields()[*self.table.columns.get(column)?].as_str();
        (!text.is_empty()).then_some(text)
    }

    /// A cell's text, a fault where there is none.
    pub fn required(&self, column: &str) -> Result<&'a str> {
        let missing = || self.fault("csv.missing_value", column, "a value", "fill it in").into();
        self.text(column).ok_or_else(missing)
    }

    /// A cell as a finite number; `None` where it is empty.
    pub fn number(&self, column: &str) -> Result<Option<f64>> {
        let Some(text) = self.text(column) else {
            return Ok(None);
        };
        match text.parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(Some(number)),
            _ => {
                let fix = "write it with digits and a decimal point, without separators or unit";
                Err(self.fault("csv.number", column, "a number", fix).into())
            }
        }
    }

    /// A cell as a finite number, a fault where there is none.
    pub fn required_number(&self, column: &str) -> Result<f64> {
        self.required(column)?;
        Ok(self.number(column)?.expect("it is there"))
    }

    /// A fault about a cell; what was found is its text.
    pub fn fault(&self, code: &'static str, column: &str, expected: &str, fix: &str) -> Fault {
        let found = self.text(column).map_or_else(|| "nothing".to_owned(), |text| format!("`{text}`"));
        Fault::new(code, self.place(column), expected, found, fix)
    }
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
