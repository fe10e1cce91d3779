//! A table written row by row.
//!
//! Spreadsheets take text that begins with `=`, `+`, `-`, `@` or a control character for a formula, which may
//! send data away or start a program when the file is opened. Such text gets an apostrophe in front, which
//! spreadsheets show as text; finite numbers (`-12.5`) are left as they are. Text that begins with an apostrophe and would
//! be suspect without it gets one more, so that [`super::Table`] can take one off again and has what was meant; other
//! readers see it.

use std::io::{self, BufWriter};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::error::{Error, Result};
use crate::io::atomic::{beside, put_in_place};

/// Writes a table row by row.
#[derive(Debug)]
pub struct CsvWriter {
    path: PathBuf,
    out: csv::Writer<BufWriter<NamedTempFile>>,
}

impl CsvWriter {
    /// Begins a table; it appears at `path` on [`CsvWriter::finish`].
    pub fn create<T: AsRef<str>>(path: &Path, headers: &[T]) -> Result<Self> {
        let out = csv::Writer::from_writer(BufWriter::new(beside(path)?));
        let mut writer = Self { path: path.to_path_buf(), out };
        writer.write(headers)?;
        Ok(writer)
    }

    /// Adds a row, one text a column; numbers are passed as text.
    ///
    /// # Panics
    /// When there are more or fewer texts than headers.
    pub fn write<T: AsRef<str>>(&mut self, fields: &[T]) -> Result<()> {
        let fields = fields.iter().map(|field| defused(field.as_ref()));
        self.out.write_record(fields.map(String::into_bytes)).map_err(|e| match e.into_kind() {
            csv::ErrorKind::Io(e) => Error::io("write", &self.path)(e),
            csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
                panic!("bug: a row of {len} fields in a table of {expected_len} columns")
            }
            other => Error::io("write", &self.path)(io::Error::other(format!("{other:?}"))),
        })
    }

    /// Puts the file into place.
    pub fn finish(self) -> Result<()> {
        let out = self.out.into_inner().map_err(|e| io::Error::new(e.error().kind(), e.to_string()));
        let out = out.map_err(Error::io("write", &self.path))?;
        let file = out.into_inner().map_err(io::IntoInnerError::into_error);
        put_in_place(file.map_err(Error::io("write", &self.path))?, &self.path)
    }
}

/// Text that no spreadsheet takes for a formula.
fn defused(text: &str) -> String {
    if is_suspect(text.trim_start_matches('\'')) { format!("'{text}") } else { text.to_owned() }
}

/// What [`defused`] was given.
pub(super) fn as_meant(text: &str) -> &str {
    match text.strip_prefix('\'') {
        Some(meant) if is_suspect(meant.trim_start_matches('\'')) => meant,
        _ => text,
    }
}

fn is_suspect(text: &str) -> bool {
    let begins_so =
        text.starts_with(|first: char| matches!(first, '=' | '+' | '-' | '@') || first.is_control());
    begins_so && !text.parse::<f64>().is_ok_and(f64::is_finite)
}
