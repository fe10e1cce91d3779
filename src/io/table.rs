//! Tables of texts whose rows know where they stand, read from CSV, a workbook or features.
//!
//! Columns are found by their name, whatever its case. A number may be written with a decimal comma where the table
//! parts its columns by something else and writes no number with a point.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::limits::MAX_TEXT_BYTES;
use crate::error::{Fault, Faults, Result};

/// A table read whole.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    path: PathBuf,
    /// The file, and the sheet in it, for messages.
    place: String,
    /// What a row is called in messages: line, row, feature.
    unit: &'static str,
    has_decimal_comma: bool,
    headers: Vec<String>,
    columns: HashMap<String, usize>,
    rows: Vec<(u64, Vec<String>)>,
    n_bytes: u64,
}

/// One row of a [`Table`].
#[derive(Debug, Clone, Copy)]
pub struct Row<'a> {
    table: &'a Table,
    index: usize,
}

impl Table {
    /// A table without columns yet.
    pub(super) fn new(path: &Path, place: String, unit: &'static str) -> Self {
        Self {
            path: path.to_path_buf(),
            place,
            unit,
            has_decimal_comma: false,
            headers: Vec::new(),
            columns: HashMap::new(),
            rows: Vec::new(),
            n_bytes: 0,
        }
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
        self.column(column).is_some()
    }

    /// The rows in the file's order.
    pub fn rows(&self) -> impl ExactSizeIterator<Item = Row<'_>> {
        (0..self.rows.len()).map(|index| Row { table: self, index })
    }

    /// The column of a name, exactly written so before otherwise.
    fn column(&self, name: &str) -> Option<usize> {
        self.columns.get(name).or_else(|| self.columns.get(&folded(name))).copied()
    }

    /// Takes the headers and looks for the `required` ones.
    pub(super) fn take_headers(&mut self, headers: Vec<String>, required: &[&str], faults: &mut Faults) {
        for (i, header) in headers.iter().enumerate().filter(|(_, header)| !header.is_empty()) {
            if self.columns.insert(header.clone(), i).is_some() {
                let found = format!("`{header}` twice");
                let fix = "rename or remove one of them";
                faults.push(self.fault("csv.duplicate_column", "columns of different names", found, fix));
            }
        }
        // Names of another case stand in where no exact one is.
        for (i, header) in headers.iter().enumerate().filter(|(_, header)| !header.is_empty()) {
            self.columns.entry(folded(header)).or_insert(i);
        }
        for (name, others) in PLACES {
            let other = others.iter().find_map(|other| self.columns.get(*other).copied());
            if let (false, Some(other)) = (self.columns.contains_key(name), other) {
                self.columns.insert(name.to_owned(), other);
            }
        }
        for column in required.iter().filter(|column| !self.has(column)) {
            let found = format!("the columns {}", headers.join(", "));
            let expected = format!("a column `{column}`");
            let fix = "add it, or rename the column that holds it";
            faults.push(self.fault("csv.missing_column", expected, found, fix));
        }
        self.headers = headers;
    }

    /// Takes a row that stands on a line; one of blanks alone is left out.
    pub(super) fn take_row(&mut self, mut fields: Vec<String>, line: u64) -> Result<()> {
        if fields.iter().all(String::is_empty) {
            return Ok(());
        }
        // Spreadsheets leave out empty fields at the end of a line, or add some.
        while fields.len() > self.headers.len() && fields.last().is_some_and(String::is_empty) {
            fields.pop();
        }
        if fields.len() > self.headers.len() {
            let expected = format!("{} fields", self.headers.len());
            let fix = "put text that holds the mark between columns into quotes, give every column a header";
            let mut fault = self.fault("csv.fields", expected, fields.len().to_string(), fix);
            fault.place += &format!(", {} {line}", self.unit);
            return Err(fault.into());
        }
        self.n_bytes += fields.iter().map(|field| field.len() as u64).sum::<u64>();
        if self.n_bytes > MAX_TEXT_BYTES {
            let expected = format!("at most {} MiB of text", MAX_TEXT_BYTES >> 20);
            let fix = "take out what is not needed";
            return Err(self.fault("input.too_large", expected, "more", fix).into());
        }
        fields.resize(self.headers.len(), String::new());
        self.rows.push((line, fields));
        Ok(())
    }

    /// Lets numbers be written with a decimal comma, where none is written with a point.
    pub(super) fn allow_decimal_comma(&mut self) {
        let mut fields = self.rows.iter().flat_map(|(_, fields)| fields);
        let is_pointed = |field: &String| field.contains('.') && field.parse::<f64>().is_ok();
        self.has_decimal_comma = !fields.any(is_pointed);
    }

    /// A fault about the table.
    pub(super) fn fault(
        &self,
        code: &'static str,
        expected: impl Into<String>,
        found: impl Into<String>,
        fix: &str,
    ) -> Fault {
        Fault::new(code, self.place.as_str(), expected, found, fix)
    }
}

/// Other names under which tables give a place.
const PLACES: [(&str, &[&str]); 2] = [("lon", &["longitude", "lng", "long"]), ("lat", &["latitude"])];

fn folded(name: &str) -> String {
    name.to_lowercase()
}

impl<'a> Row<'a> {
    /// The row's number, from 0.
    pub fn index(&self) -> usize {
        self.index
    }

    /// Line of the file the row begins on (row of the sheet, number of the feature), from 1.
    pub fn line(&self) -> u64 {
        self.table.rows[self.index].0
    }

    /// Where a cell stands, for a fault: "teams.csv, line 3, column `lat`".
    pub fn place(&self, column: &str) -> String {
        format!("{}, {} {}, column `{column}`", self.table.place, self.table.unit, self.line())
    }

    /// All of the row's texts, one a header.
    pub fn fields(&self) -> &'a [String] {
        &self.table.rows[self.index].1
    }

    /// A cell's text without surrounding blanks; `None` where it is empty or the table lacks the column.
    pub fn text(&self, column: &str) -> Option<&'a str> {
        let text = self.fields()[self.table.column(column)?].as_str();
        (!text.is_empty()).then_some(text)
    }

    /// A cell's text, a fault where there is none.
    pub fn required(&self, column: &str) -> Result<&'a str> {
        let missing = || self.fault("csv.missing_value", column, "a value", "fill it in").into();
        self.text(column).ok_or_else(missing)
    }

    /// A cell's text with a decimal point where it is a number with a comma.
    pub fn number_text(&self, column: &str) -> Option<String> {
        let text = self.text(column)?;
        let pointed = text.replacen(',', ".", 1);
        let is_number = || !pointed.contains(',') && pointed.parse::<f64>().is_ok();
        Some(if self.table.has_decimal_comma && is_number() { pointed } else { text.to_owned() })
    }

    /// A cell as a finite number; `None` where it is empty.
    pub fn number(&self, column: &str) -> Result<Option<f64>> {
        let Some(text) = self.number_text(column) else {
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
