//! SHA-256 and size of a file, read as a stream.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use sha2::{Digest, Sha256};

use crate::error::{Error, Result};

/// Fingerprint of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileHash {
    /// SHA-256, 64 hexadecimal digits in lower case.
    pub sha256: String,
    /// Size in bytes.
    pub bytes: u64,
}

/// The fingerprint of a file; memory does not grow with it.
pub fn file_hash(path: &Path) -> Result<FileHash> {
    let mut file = File::open(path).map_err(Error::io("read", path))?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 1 << 18];
    let mut bytes = 0;
    loop {
        let n = file.read(&mut buffer).map_err(Error::io("read", path))?;
        if n == 0 {
            break;
        }
        hasher.update(&buffer[..n]);
        bytes += n as u64;
    }
    Ok(FileHash { sha256: hex(&hasher.finalize()), bytes })
}

/// SHA-256 of bytes in memory, 64 hexadecimal digits in lower case.
pub fn bytes_hash(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

fn hex(digest: &[u8]) -> String {
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}
