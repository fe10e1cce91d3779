//! ZIP archives (KMZ, XLSX) read without trust: a part is refused by the size it declares, and by what it holds
//! beyond that.

use std::path::Path;

use libdeflater::Decompressor;

use super::limits::MAX_TEXT_BYTES;
use crate::error::{Error, Fault, Result};

/// An archive's bytes and what its directory lists.
pub(super) struct Archive {
    bytes: Vec<u8>,
    entries: Vec<Entry>,
    place: String,
}

struct Entry {
    name: String,
    method: u16,
    packed: usize,
    unpacked: usize,
    header: usize,
}

/// Most bytes of the archive itself.
const MAX_ARCHIVE: u64 = MAX_TEXT_BYTES;

impl Archive {
    /// Reads an archive and its directory.
    pub(super) fn open(path: &Path) -> Result<Self> {
        let place = path.display().to_string();
        let length = std::fs::metadata(path).map_err(Error::io("read", path))?.len();
        if length > MAX_ARCHIVE {
            let expected = format!("an archive of at most {} MiB", MAX_ARCHIVE >> 20);
            return Err(bomb(&place, expected, format!("{} MiB", length >> 20)).into());
        }
        let bytes = std::fs::read(path).map_err(Error::io("read", path))?;
        let entries = directory(&bytes).ok_or_else(|| broken(&place, "no readable directory"))?;
        Ok(Self { bytes, entries, place })
    }

    /// The archive as it lies on disk.
    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// The parts' names, in the directory's order.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().map(|entry| entry.name.as_str())
    }

    /// Refuses an archive whose parts together unpack to more than is read; each is unpacked once to see it.
    pub(super) fn check_all(&self) -> Result<()> {
        let declared: u64 = self.entries.iter().map(|entry| entry.unpacked as u64).sum();
        if declared > MAX_TEXT_BYTES {
            let expected = format!("parts of at most {} MiB together", MAX_TEXT_BYTES >> 20);
            return Err(bomb(&self.place, expected, format!("{} MiB declared", declared >> 20)).into());
        }
        self.entries.iter().try_for_each(|entry| self.unpack(entry).map(drop))
    }

    /// A part unpacked.
    pub(super) fn read(&self, name: &str) -> Result<Vec<u8>> {
        let entry = self.entries.iter().find(|entry| entry.name == name);
        self.unpack(entry.ok_or_else(|| broken(&self.place, "a part that is not there"))?)
    }

    fn unpack(&self, entry: &Entry) -> Result<Vec<u8>> {
        let expected = format!("`{}` of at most {} MiB", short(&entry.name), MAX_TEXT_BYTES >> 20);
        // Deflate packs by 1032 at the very most.
        let most = (entry.packed as u64).saturating_mul(1032).saturating_add(64);
        if entry.unpacked as u64 > MAX_TEXT_BYTES.min(most) {
            return Err(bomb(&self.place, expected, format!("{} bytes declared", entry.unpacked)).into());
        }
        let packed = self.packed(entry).ok_or_else(|| broken(&self.place, "a part beyond the end"))?;
        match entry.method {
            0 => Ok(packed.to_vec()),
            8 => {
                let mut unpacked = vec![0; entry.unpacked];
                let n = Decompressor::new().deflate_decompress(packed, &mut unpacked);
                match n {
                    Ok(n) if n == unpacked.len() => Ok(unpacked),
                    Err(libdeflater::DecompressionError::InsufficientSpace) => {
                        let found = format!("more than the {} bytes declared", entry.unpacked);
                        Err(bomb(&self.place, expected, found).into())
                    }
                    _ => Err(broken(&self.place, "a part that cannot be unpacked").into()),
                }
            }
            _ => Err(broken(&self.place, "a part packed or locked in an unusual way").into()),
        }
    }

    fn packed(&self, entry: &Entry) -> Option<&[u8]> {
        let header = self.bytes.get(entry.header..)?;
        if !header.starts_with(b"PK\x03\x04") || u16_at(header, 6)? & 1 != 0 {
            return None;
        }
        let begin = 30 + usize::from(u16_at(header, 26)?) + usize::from(u16_at(header, 28)?);
        header.get(begin..begin.checked_add(entry.packed)?)
    }
}

/// The entries of the central directory, `None` where it is not sound.
fn directory(bytes: &[u8]) -> Option<Vec<Entry>> {
    // The end record is 22 bytes and a comment of up to 65,535.
    let from = bytes.len().saturating_sub(22 + 65_535);
    let end =
        (from..bytes.len().saturating_sub(21)).rev().find(|&at| bytes[at..].starts_with(b"PK\x05\x06"))?;
    let end = &bytes[end..];
    let count = u16_at(end, 10)?;
    let mut at = u32_at(end, 16)? as usize;
    let mut entries = Vec::new();
    for _ in 0..count {
        let head = bytes.get(at..)?;
        if !head.starts_with(b"PK\x01\x02") {
            return None;
        }
        let (name, extra, comment) = (u16_at(head, 28)?, u16_at(head, 30)?, u16_at(head, 32)?);
        let name_end = 46 + usize::from(name);
        entries.push(Entry {
            name: String::from_utf8_lossy(head.get(46..name_end)?).into_owned(),
            method: u16_at(head, 10)?,
            packed: u32_at(head, 20)? as usize,
            unpacked: u32_at(head, 24)? as usize,
            header: u32_at(head, 42)? as usize,
        });
        at += name_end + usize::from(extra) + usize::from(comment);
    }
    Some(entries)
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

fn short(name: &str) -> String {
    name.chars().take(60).collect()
}

fn broken(place: &str, found: &str) -> Fault {
    Fault::new("zip.broken", place, "an archive", found, "write the file again")
}

fn bomb(place: &str, expected: String, found: String) -> Fault {
    let fix = "do not trust the file: ask its author for a plain one";
    Fault::new("zip.too_large", place, expected, found, fix)
}
