//! Whole or not at all: a run's files are written beside and renamed into place, `run.json` last.

use std::fs;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use crate::error::{Error, Fault, Result};

/// The file whose presence says that a run directory is whole.
pub const RUN_RECORD: &str = "run.json";

/// A hidden folder inside the output folder, where a run's files are written before they are renamed.
///
/// Dropped without [`Staging::commit`], it removes only its own hidden folder, and the output folder where it
/// made that itself and nothing else lies in it.
#[derive(Debug)]
pub struct Staging {
    out_dir: PathBuf,
    /// Deepest first: the folders that did not exist before.
    created: Vec<PathBuf>,
    part: PathBuf,
}

impl Staging {
    /// Prepares `out_dir`, making it where it does not exist. One that holds a finished run is refused unless
    /// `overwrite`.
    pub fn new(out_dir: &Path, overwrite: bool) -> Result<Self> {
        if !overwrite && out_dir.join(RUN_RECORD).exists() {
            let place = out_dir.display().to_string();
            let found = format!("a finished run ({RUN_RECORD})");
            let fix = "pass --overwrite to replace it, or another folder with --out";
            return Err(Fault::new("out.exists", place, "a folder without a finished run", found, fix).into());
        }
        let created = missing(out_dir);
        fs::create_dir_all(out_dir).map_err(Error::io("create", out_dir))?;
        let part = tempfile::Builder::new().prefix(".clearway-").suffix(".part").tempdir_in(out_dir);
        match part {
            Ok(part) => Ok(Self { out_dir: out_dir.to_path_buf(), created, part: part.keep() }),
            Err(e) => {
                remove_empty(&created);
                Err(Error::io("write in", out_dir)(e))
            }
        }
    }

    /// Where a file is to be written until [`Staging::commit`].
    pub fn path(&self, name: &str) -> PathBuf {
        self.part.join(name)
    }

    /// The hidden folder itself, for scratch files.
    pub fn folder(&self) -> &Path {
        &self.part
    }

    /// The folder the files will lie in.
    pub fn out_dir(&self) -> &Path {
        &self.out_dir
    }

    /// Puts the files named into place, the record `last` after all others. A record of an earlier run is
    /// removed first, so that at no moment a record stands beside files that are not its own.
    pub fn commit(mut self, names: &[&str], last: &str) -> Result<()> {
        for name in names.iter().copied().chain([last]) {
            sync(&self.path(name))?;
        }
        let record = self.out_dir.join(last);
        match fs::remove_file(&record) {
            Err(e) if e.kind() != ErrorKind::NotFound => return Err(Error::io("replace", &record)(e)),
            _ => {}
        }
        for name in names.iter().copied().filter(|name| *name != last).chain([last]) {
            let to = self.out_dir.join(name);
            fs::rename(self.path(name), &to).map_err(Error::io("write", &to))?;
        }
        // From here on the output folder is the person's.
        self.created.clear();
        Ok(())
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        // Nothing can be told from here, and what stays is hidden and named `.part`.
        let _ = fs::remove_dir_all(&self.part);
        remove_empty(&self.created);
    }
}

/// A hidden folder for scratch files inside an output folder, which is made where it does not exist. It goes with this
/// value, the output folder only where it is left empty.
#[derive(Debug)]
pub struct Scratchpad {
    created: Vec<PathBuf>,
    folder: Option<tempfile::TempDir>,
}

impl Scratchpad {
    /// In an output folder.
    pub fn new(out_dir: &Path) -> Result<Self> {
        let created = missing(out_dir);
        fs::create_dir_all(out_dir).map_err(Error::io("create", out_dir))?;
        let folder = tempfile::Builder::new().prefix(".clearway-").suffix(".part").tempdir_in(out_dir);
        let folder = folder.map_err(Error::io("write in", out_dir))?;
        Ok(Self { created, folder: Some(folder) })
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        self.folder.as_ref().map_or(Path::new("."), tempfile::TempDir::path)
    }
}

impl Drop for Scratchpad {
    fn drop(&mut self) {
        drop(self.folder.take());
        remove_empty(&self.created);
    }
}

/// A folder and those above it that do not exist, deepest first.
fn missing(folder: &Path) -> Vec<PathBuf> {
    let is_missing = |folder: &&Path| !folder.as_os_str().is_empty() && !folder.exists();
    folder.ancestors().take_while(is_missing).map(Path::to_path_buf).collect()
}

/// Writes a file whole or not at all: beside, then renamed over what was there.
pub fn write_atomic(path: &Path, bytes: &[u8]) -> Result<()> {
    let mut beside = beside(path)?;
    beside.write_all(bytes).map_err(Error::io("write", path))?;
    put_in_place(beside, path)
}

/// A temporary file in the folder of `path`, removed on drop.
pub(super) fn beside(path: &Path) -> Result<tempfile::NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".clearway-").suffix(".part");
    // A file that is going to be someone's result has the permissions of any other file they make.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    builder.tempfile_in(folder_of(path)).map_err(Error::io("create", path))
}

/// Renames a temporary file to where it belongs.
pub(super) fn put_in_place(file: tempfile::NamedTempFile, path: &Path) -> Result<()> {
    file.as_file().sync_data().map_err(Error::io("write", path))?;
    file.persist(path).map_err(|e| Error::io("write", path)(e.error))?;
    Ok(())
}

/// The folder a file lies in.
pub(super) fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

fn sync(path: &Path) -> Result<()> {
    // Windows syncs only handles that may write.
    let file = fs::OpenOptions::new().write(true).open(path).map_err(Error::io("write", path))?;
    file.sync_data().map_err(Error::io("write", path))
}

/// Removes folders that are empty, deepest first; one that is not stays, and so do those above.
fn remove_empty(folders: &[PathBuf]) {
    for folder in folders {
        if fs::remove_dir(folder).is_err() {
            break;
        }
    }
}
