//! Bounds on what is read into memory: refused by what a file declares or shows, before the memory is taken.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use crate::error::{Error, Fault, Result};

/// Most bytes of a text format (GeoJSON, KML, CSV, an unpacked part of KMZ or XLSX) that are read whole.
pub(super) const MAX_TEXT_BYTES: u64 = 512 << 20;

/// Most bytes of one field, text or run of coordinates in such a file: half a million vertices.
pub(super) const MAX_FIELD_BYTES: usize = 32 << 20;

/// Depth of nesting that is followed: far more than any layer has.
pub(super) const MAX_DEPTH: usize = 64;

/// What parts a text into fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Syntax {
    /// Quotes with backslash escapes; commas, colons and brackets.
    Json,
    /// Tags.
    Xml,
    /// Quotes, doubled inside; commas, semicolons, tabs, bars and line ends.
    Csv,
}

/// Reads a text file, after a first pass that measures its fields without keeping them.
pub(super) fn read_text(path: &Path, syntax: Syntax) -> Result<Vec<u8>> {
    let mut file = File::open(path).map_err(Error::io("read", path))?;
    let place = path.display().to_string();
    let length = file.metadata().map_err(Error::io("read", path))?.len();
    check_length(length, &place)?;
    let mut longest = Longest::new(syntax);
    let mut block = vec![0; 1 << 16];
    loop {
        match file.read(&mut block).map_err(Error::io("read", path))? {
            0 => break,
            n => longest.take(&block[..n], &place)?,
        }
    }
    std::fs::read(path).map_err(Error::io("read", path))
}

/// The same check of text that is in memory already.
pub(super) fn check_text(text: &[u8], syntax: Syntax, place: &str) -> Result<()> {
    Longest::new(syntax).take(text, place)
}

/// Refuses a text too long to be held.
pub(super) fn check_length(length: u64, place: &str) -> Result<()> {
    if length <= MAX_TEXT_BYTES {
        return Ok(());
    }
    let expected = format!("at most {} MiB of text", MAX_TEXT_BYTES >> 20);
    let fix = "write it as a GeoPackage, `ogr2ogr OUT.gpkg IN`, or take out what is not needed";
    Err(Fault::new("input.too_large", place, expected, format!("{} MiB", length >> 20), fix).into())
}

/// Measures the fields of a text that comes in blocks.
struct Longest {
    syntax: Syntax,
    is_quoted: bool,
    is_escaped: bool,
    run: usize,
}

impl Longest {
    fn new(syntax: Syntax) -> Self {
        Self { syntax, is_quoted: false, is_escaped: false, run: 0 }
    }

    fn take(&mut self, block: &[u8], place: &str) -> Result<()> {
        for &byte in block {
            self.run = if self.ends_field(byte) { 0 } else { self.run + 1 };
            if self.run > MAX_FIELD_BYTES {
                let expected = format!("fields of at most {} MiB", MAX_FIELD_BYTES >> 20);
                let fix = "look for a quote that is not closed, or leave the column out";
                return Err(Fault::new("input.field_too_long", place, expected, "a longer one", fix).into());
            }
        }
        Ok(())
    }

    fn ends_field(&mut self, byte: u8) -> bool {
        match self.syntax {
            Syntax::Xml => matches!(byte, b'<' | b'>'),
            Syntax::Json if self.is_quoted => {
                let is_end = byte == b'"' && !self.is_escaped;
                self.is_escaped = byte == b'\\' && !self.is_escaped;
                self.is_quoted = !is_end;
                is_end
            }
            Syntax::Json => {
                self.is_quoted = byte == b'"';
                self.is_quoted || matches!(byte, b',' | b':' | b'[' | b']' | b'{' | b'}')
            }
            Syntax::Csv => {
                // A doubled quote closes and opens again: the run goes on in effect.
                self.is_quoted ^= byte == b'"';
                !self.is_quoted && matches!(byte, b',' | b';' | b'\t' | b'|' | b'\n' | b'\r')
            }
        }
    }
}
