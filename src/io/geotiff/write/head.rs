//! The head of a Cloud-Optimised GeoTIFF: header, GDAL's structural block, all directories with their values.
//!
//! Everything a remote reader needs to find a tile lies in front of the first tile.

use crate::io::geotiff::tags::{ASCII, DOUBLE, LONG, LONG8, SHORT};

/// GDAL's declaration of how the file is laid out; its length is part of the text. Readers may then fetch a
/// block with its size in one request (the four bytes before it, and its last four repeated after it).
const STRUCTURE: &str = "GDAL_STRUCTURAL_METADATA_SIZE=000140 bytes\n\
    LAYOUT=IFDS_BEFORE_DATA\n\
    BLOCK_ORDER=ROW_MAJOR\n\
    BLOCK_LEADER=SIZE_AS_UINT4\n\
    BLOCK_TRAILER=LAST_4_BYTES_REPEATED\n\
    KNOWN_INCOMPATIBLE_EDITION=NO\n ";

/// Bytes around a block: its size before, its end repeated after.
pub(super) const LEADER: u64 = 4;
/// See [`LEADER`].
pub(super) const TRAILER: u64 = 4;

/// One directory: its tags in ascending order.
#[derive(Debug, Clone, Default)]
pub(super) struct Directory(Vec<Entry>);

#[derive(Debug, Clone)]
struct Entry {
    tag: u16,
    kind: u16,
    count: u64,
    bytes: Vec<u8>,
}

impl Directory {
    fn push(&mut self, tag: u16, kind: u16, count: usize, bytes: Vec<u8>) {
        debug_assert!(self.0.last().is_none_or(|last| last.tag < tag), "tags ascend");
        self.0.push(Entry { tag, kind, count: count as u64, bytes });
    }

    pub(super) fn shorts(&mut self, tag: u16, values: &[u16]) {
        self.push(tag, SHORT, values.len(), values.iter().flat_map(|v| v.to_le_bytes()).collect());
    }

    pub(super) fn longs(&mut self, tag: u16, values: &[u32]) {
        self.push(tag, LONG, values.len(), values.iter().flat_map(|v| v.to_le_bytes()).collect());
    }

    pub(super) fn doubles(&mut self, tag: u16, values: &[f64]) {
        self.push(tag, DOUBLE, values.len(), values.iter().flat_map(|v| v.to_le_bytes()).collect());
    }

    pub(super) fn text(&mut self, tag: u16, text: &str) {
        let mut bytes = text.as_bytes().to_vec();
        bytes.push(0);
        self.push(tag, ASCII, bytes.len(), bytes);
    }

    /// Positions in the file, 8 bytes each in a BigTIFF.
    pub(super) fn positions(&mut self, tag: u16, values: &[u64], big: bool) {
        if big {
            self.push(tag, LONG8, values.len(), values.iter().flat_map(|v| v.to_le_bytes()).collect());
        } else {
            let bytes = values.iter().flat_map(|&v| (v as u32).to_le_bytes()).collect();
            self.push(tag, LONG, values.len(), bytes);
        }
    }
}

/// The head's bytes, little-endian. Their number does not depend on the values in the directories.
pub(super) fn head_bytes(directories: &[Directory], big: bool) -> Vec<u8> {
    let mut out = Vec::new();
    let word = if big { 8 } else { 4 };
    let first = ((if big { 16 } else { 8 }) + STRUCTURE.len()).next_multiple_of(word);
    if big {
        out.extend(*b"II\x2b\0\x08\0\0\0");
    } else {
        out.extend(*b"II\x2a\0");
    }
    put(&mut out, first as u64, word);
    out.extend(STRUCTURE.as_bytes());
    out.resize(first, 0);
    for (i, directory) in directories.iter().enumerate() {
        let is_last = i + 1 == directories.len();
        put_directory(&mut out, directory, is_last, word);
    }
    out
}

/// A directory at the end of `out`, its values that do not fit into it right behind.
fn put_directory(out: &mut Vec<u8>, directory: &Directory, is_last: bool, word: usize) {
    let (count_bytes, entry_bytes) = if word == 8 { (8, 20) } else { (2, 12) };
    let entries = &directory.0;
    let mut behind = out.len() + count_bytes + entries.len() * entry_bytes + word;
    let mut values = Vec::new();
    put(out, entries.len() as u64, count_bytes);
    for entry in entries {
        put(out, u64::from(entry.tag), 2);
        put(out, u64::from(entry.kind), 2);
        put(out, entry.count, word);
        if entry.bytes.len() <= word {
            out.extend(&entry.bytes);
            out.resize(out.len() + word - entry.bytes.len(), 0);
        } else {
            put(out, behind as u64, word);
            values.extend(&entry.bytes);
            let padded = entry.bytes.len().next_multiple_of(word);
            values.resize(values.len() + padded - entry.bytes.len(), 0);
            behind += padded;
        }
    }
    put(out, if is_last { 0 } else { behind as u64 }, word);
    out.extend(values);
}

fn put(out: &mut Vec<u8>, value: u64, n_bytes: usize) {
    out.extend(&value.to_le_bytes()[..n_bytes]);
}
