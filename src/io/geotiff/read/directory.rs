//! The file and its directories: tags with their values, read only when asked for and never past the file.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::error::{Error, Fault, Result};
use crate::io::file_at::read_exact_at;
use crate::io::geotiff::tags::{ASCII, BYTE, DOUBLE, LONG, LONG8, SHORT};

/// Directories followed before the chain is called endless: an image, its overviews and masks are a few dozen.
const MAX_DIRECTORIES: usize = 256;

/// An open file and what its header says.
#[derive(Debug)]
pub(super) struct Source {
    file: File,
    path: PathBuf,
    pub(super) length: u64,
    pub(super) big_endian: bool,
    /// Bytes of a position: 8 in a BigTIFF.
    word: usize,
    first: u64,
}

/// One directory: where each tag's values lie.
#[derive(Debug)]
pub(super) struct Directory(BTreeMap<u16, Entry>);

#[derive(Debug, Clone, Copy)]
struct Entry {
    kind: u16,
    count: u64,
    at: u64,
}

impl Source {
    /// Opens a file and reads its header.
    pub(super) fn open(path: &Path) -> Result<Self> {
        let file = File::open(path).map_err(Error::io("read", path))?;
        let length = file.metadata().map_err(Error::io("read", path))?.len();
        let path = path.to_path_buf();
        let mut source = Self { file, path, length, big_endian: false, word: 4, first: 0 };
        let mut head = [0; 4];
        if length >= 8 {
            source.read(&mut head, 0)?;
        }
        match &head {
            b"II*\0" => {}
            b"II+\0" => source.word = 8,
            b"MM\0*" => source.big_endian = true,
            b"MM\0+" => (source.big_endian, source.word) = (true, 8),
            _ => {
                let found = if length == 0 { "an empty file" } else { "a file of another kind" };
                let fix = "convert it with `gdal_translate -of COG IN OUT.tif`";
                return Err(source.fault("tiff.not_tiff", "a GeoTIFF", found, fix).into());
            }
        }
        source.first = source.unsigned_at(source.word as u64, source.word)?;
        Ok(source)
    }

    /// The file.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The file's name in messages.
    pub(super) fn place(&self) -> String {
        self.path.display().to_string()
    }

    /// A fault about this file.
    pub(super) fn fault(
        &self,
        code: &'static str,
        expected: impl Into<String>,
        found: impl Into<String>,
        fix: impl Into<String>,
    ) -> Fault {
        Fault::new(code, self.place(), expected, found, fix)
    }

    /// The fault of a file that ends too early or contradicts itself.
    pub(super) fn damaged(&self, found: impl Into<String>) -> Error {
        let fix = "copy or download it again; `gdalinfo -checksum` tells whether it is whole";
        self.fault("tiff.damaged", "a whole GeoTIFF", found, fix).into()
    }

    /// Fills `bytes` from a position.
    pub(super) fn read(&self, bytes: &mut [u8], at: u64) -> Result<()> {
        read_exact_at(&self.file, bytes, at).map_err(|e| match e.kind() {
            ErrorKind::UnexpectedEof => {
                let wanted = at.saturating_add(bytes.len() as u64);
                self.damaged(format!("{} bytes where at least {wanted} are needed", self.length))
            }
            _ => Error::io("read", &self.path)(e),
        })
    }

    /// All directories of the chain, in order.
    pub(super) fn directories(&self) -> Result<Vec<Directory>> {
        let (count_bytes, entry_bytes) = if self.word == 8 { (8, 20) } else { (2, 12) };
        let mut directories = Vec::new();
        let mut seen = Vec::new();
        let mut at = self.first;
        while at != 0 && !seen.contains(&at) && seen.len() < MAX_DIRECTORIES {
            seen.push(at);
            let count = self.unsigned_at(at, count_bytes)?;
            let from = at + count_bytes as u64;
            let end = count.checked_mul(entry_bytes as u64).and_then(|n| n.checked_add(from));
            let Some(end) = end.filter(|&end| end <= self.length) else {
                return Err(self.damaged(format!("{} bytes, but a directory of {count} tags", self.length)));
            };
            let mut bytes = vec![0; (end - from) as usize];
            self.read(&mut bytes, from)?;
            let entries = bytes
                .chunks_exact(entry_bytes)
                .zip((from..).step_by(entry_bytes))
                .map(|(entry, at)| self.entry(entry, at));
            directories.push(Directory(entries.collect()));
            at = self.unsigned_at(end, self.word)?;
        }
        if directories.is_empty() { Err(self.damaged("no image in it")) } else { Ok(directories) }
    }

    fn entry(&self, bytes: &[u8], at: u64) -> (u16, Entry) {
        let tag = self.unsigned(&bytes[..2]) as u16;
        let kind = self.unsigned(&bytes[2..4]) as u16;
        let count = self.unsigned(&bytes[4..4 + self.word]);
        let inline = n_bytes(kind).checked_mul(count).is_some_and(|n| n <= self.word as u64);
        let value = &bytes[4 + self.word..];
        let at = if inline { at + 4 + self.word as u64 } else { self.unsigned(value) };
        (tag, Entry { kind, count, at })
    }

    fn unsigned_at(&self, at: u64, n_bytes: usize) -> Result<u64> {
        let mut bytes = [0; 8];
        self.read(&mut bytes[..n_bytes], at)?;
        Ok(self.unsigned(&bytes[..n_bytes]))
    }

    fn unsigned(&self, bytes: &[u8]) -> u64 {
        let add = |sum: u64, byte: &u8| sum << 8 | u64::from(*byte);
        if self.big_endian { bytes.iter().fold(0, add) } else { bytes.iter().rev().fold(0, add) }
    }
}

impl Directory {
    /// A tag's first value as a whole number.
    pub(super) fn number(&self, source: &Source, tag: u16) -> Result<Option<u64>> {
        Ok(self.numbers(source, tag)?.and_then(|values| values.first().copied()))
    }

    /// A tag's values as whole numbers.
    pub(super) fn numbers(&self, source: &Source, tag: u16) -> Result<Option<Vec<u64>>> {
        let Some((kind, bytes)) = self.bytes(source, tag)? else {
            return Ok(None);
        };
        if !matches!(kind, BYTE | SHORT | LONG | LONG8) {
            return Err(source.damaged(format!("tag {tag} with values of type {kind}")));
        }
        let width = n_bytes(kind) as usize;
        Ok(Some(bytes.chunks_exact(width).map(|value| source.unsigned(value)).collect()))
    }

    /// A tag's values as double-precision numbers.
    pub(super) fn doubles(&self, source: &Source, tag: u16) -> Result<Option<Vec<f64>>> {
        let Some((kind, bytes)) = self.bytes(source, tag)? else {
            return Ok(None);
        };
        if kind != DOUBLE {
            return Err(source.damaged(format!("tag {tag} with values of type {kind}")));
        }
        Ok(Some(bytes.chunks_exact(8).map(|value| f64::from_bits(source.unsigned(value))).collect()))
    }

    /// A tag's text, up to its first zero.
    pub(super) fn text(&self, source: &Source, tag: u16) -> Result<Option<String>> {
        let Some((kind, bytes)) = self.bytes(source, tag)? else {
            return Ok(None);
        };
        if !matches!(kind, ASCII | BYTE) {
            return Ok(None);
        }
        let text = bytes.split(|&byte| byte == 0).next().unwrap_or_default();
        Ok(Some(String::from_utf8_lossy(text).into_owned()))
    }

    fn bytes(&self, source: &Source, tag: u16) -> Result<Option<(u16, Vec<u8>)>> {
        let Some(entry) = self.0.get(&tag) else {
            return Ok(None);
        };
        let n = n_bytes(entry.kind).checked_mul(entry.count);
        let Some(n) = n.filter(|&n| entry.at.checked_add(n).is_some_and(|end| end <= source.length)) else {
            let found = format!("{} bytes, but {} values in tag {tag}", source.length, entry.count);
            return Err(source.damaged(found));
        };
        let mut bytes = vec![0; n as usize];
        source.read(&mut bytes, entry.at)?;
        Ok(Some((entry.kind, bytes)))
    }
}

/// Bytes of one value of a type; types not known are taken as bytes and refused where a value is asked for.
fn n_bytes(kind: u16) -> u64 {
    match kind {
        3 | 8 => 2,
        4 | 9 | 11 | 13 => 4,
        5 | 10 | 12 | 16..=18 => 8,
        _ => 1,
    }
}
