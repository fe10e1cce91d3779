//! SHA-256 and size of a file, read as a stream.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
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

/// Files up to this size are hashed whole by [`sampled_hash`], bytes.
const WHOLE_UP_TO: u64 = 8 << 20;

/// Of larger ones so many samples are taken,
const N_SAMPLES: u64 = 64;

/// each of so many bytes.
const SAMPLE_BYTES: u64 = 64 << 10;

/// A fingerprint that many processes can afford each: of a large file, SHA-256 of its size and of samples spread evenly
/// from its first byte to its last. A change that keeps the size and lies between all samples goes unseen.
pub fn sampled_hash(path: &Path) -> Result<FileHash> {
    let mut file = File::open(path).map_err(Error::io("read", path))?;
    let bytes = file.metadata().map_err(Error::io("read", path))?.len();
    if bytes <= WHOLE_UP_TO {
        return file_hash(path);
    }
    let mut hasher = Sha256::new();
    hasher.update(bytes.to_le_bytes());
    let mut sample = vec![0; SAMPLE_BYTES as usize];
    for i in 0..N_SAMPLES {
        let at = ((u128::from(bytes - SAMPLE_BYTES) * u128::from(i)) / u128::from(N_SAMPLES - 1)) as u64;
        file.seek(SeekFrom::Start(at)).map_err(Error::io("read", path))?;
        file.read_exact(&mut sample).map_err(Error::io("read", path))?;
        hasher.update(&sample);
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
