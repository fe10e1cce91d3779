//! CSV tables: rows that know their line, and a writer whose text no spreadsheet takes for a formula.

use std::path::{Path, PathBuf};

use crate::error::{Fault, Result};

/// A table read whole: UTF-8, comma, headers in the first row.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    path: PathBuf,
    headers: Vec<String>,
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
    pub fn read(_path: &Path, _required: &[&str]) -> Result<Self> {
        unimplemented!()
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Column names in the file's order, without surrounding blanks.
    pub fn headers(&self) -> &[String] {
        &self.headers
    }

    /// The rows in the file's order.
    pub fn rows(&self) -> impl ExactSizeIterator<Item = Row<'_>> {
        (0..self.rows.len()).map(|index| Row { table: self, index })
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
    pub fn place(&self, _column: &str) -> String {
        unimplemented!()
    }

    /// A cell's text without surrounding blanks; `None` where it is empty or the table lacks the column.
    pub fn text(&self, _column: &str) -> Option<&'a str> {
        unimplemented!()
    }

    /// A cell's text, a fault where there is none.
    pub fn required(&self, _column: &str) -> Result<&'a str> {
        unimplemented!()
    }

    /// A cell as a finite number; `None` where it is empty.
    pub fn number(&self, _column: &str) -> Result<Option<f64>> {
        unimplemented!()
    }

    /// A cell as a finite number, a fault where there is none.
    pub fn required_number(&self, _column: &str) -> Result<f64> {
        unimplemented!()
    }

    /// A fault about a cell.
    pub fn fault(&self, _code: &'static str, _column: &str, _expected: &str, _fix: &str) -> Fault {
        unimplemented!()
    }
}

/// Writes a table row by row.
#[derive(Debug)]
pub struct CsvWriter {}

impl CsvWriter {
    /// Begins a table; it appears at `path` on [`CsvWriter::finish`].
    pub fn create(_path: &Path, _headers: &[&str]) -> Result<Self> {
        unimplemented!()
    }

    /// Adds a row, one text a column; numbers are passed as text.
    pub fn write<T: AsRef<str>>(&mut self, _fields: &[T]) -> Result<()> {
        unimplemented!()
    }

    /// Puts the file into place.
    pub fn finish(self) -> Result<()> {
        unimplemented!()
    }
}
