//! Where finished tiles wait for the file's head, in a file without a name.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::io::file_at::write_all_at;

/// Bytes of tiles, in the order in which they came.
#[derive(Debug)]
pub(super) struct Spool {
    file: File,
    end: AtomicU64,
}

/// Where a tile lies in the spool, with leader and trailer.
#[derive(Debug, Clone, Copy)]
pub(super) struct Spooled {
    at: u64,
    /// Bytes.
    pub(super) n: u32,
}

impl Spool {
    /// An empty one in `folder`.
    pub(super) fn new(folder: &Path) -> io::Result<Self> {
        Ok(Self { file: tempfile::tempfile_in(folder)?, end: AtomicU64::new(0) })
    }

    /// Appends a tile's bytes, from any thread.
    pub(super) fn append(&self, bytes: &[u8]) -> io::Result<Spooled> {
        let at = self.end.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        write_all_at(&self.file, bytes, at)?;
        Ok(Spooled { at, n: bytes.len() as u32 })
    }

    /// Copies tiles behind each other to where `out` stands. Neighbours go in one piece, from file to file.
    pub(super) fn copy(
        &self,
        tiles: impl IntoIterator<Item = Spooled>,
        out: &mut impl Write,
    ) -> io::Result<()> {
        let mut tiles = tiles.into_iter().peekable();
        while let Some(Spooled { at: from, n }) = tiles.next() {
            let mut end = from + u64::from(n);
            while let Some(Spooled { n, .. }) = tiles.next_if(|tile| tile.at == end) {
                end += u64::from(n);
            }
            (&self.file).seek(SeekFrom::Start(from))?;
            let copied = io::copy(&mut (&self.file).take(end - from), out)?;
            if copied != end - from {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        Ok(())
    }
}
