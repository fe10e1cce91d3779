//! Whole or not at all: a run's files are written beside and renamed into place, `run.json` last.

use std::fs;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::thread;

use rayon::prelude::*;

use crate::error::{Error, Fault, Result};

/// The file whose presence says that a run directory is whole.
pub const RUN_RECORD: &str = "run.json";

/// How the name of a stage's record ends, in the hidden folder of a run.
pub const STAGE_RECORD: &str = ".stage.json";

const PREFIX: &str = ".clearway-";
const SUFFIX: &str = ".part";

/// Held locked while its folder is in use; the system lets go of it when the program dies.
const LOCK: &str = ".lock";

/// A hidden folder inside the output folder, where a run's files are written before they are renamed.
///
/// Dropped without [`Staging::commit`], it removes only its own hidden folder, and the output folder where it
/// made that itself and nothing else lies in it. After [`Staging::keep`] it leaves everything for
/// [`Staging::resumed`].
#[derive(Debug)]
pub struct Staging {
    out_dir: PathBuf,
    /// Deepest first: the folders that did not exist before.
    created: Vec<PathBuf>,
    part: PathBuf,
    is_kept: bool,
    /// `None` where the file system knows no locks.
    _lock: Option<fs::File>,
}

impl Staging {
    /// The same with the folder that an interrupted run has left in `out_dir`, the one changed last; a new one where there
    /// is none. Says which of the two.
    pub fn resumed(out_dir: &Path, overwrite: bool) -> Result<(Self, bool)> {
        refuse_finished(out_dir, overwrite)?;
        let mut left = left_over(out_dir);
        left.retain(|(folder, _)| has_stage(folder));
        left.sort_by_key(|(folder, _)| fs::metadata(folder).and_then(|about| about.modified()).ok());
        match left.pop() {
            None => Self::new(out_dir, overwrite).map(|staging| (staging, false)),
            Some((part, lock)) => {
                let out_dir = out_dir.to_path_buf();
                let created = Vec::new();
                Ok((Self { out_dir, created, part, is_kept: true, _lock: lock }, true))
            }
        }
    }

    /// From now on the folder stays when this is dropped: a stage in it is whole.
    pub fn keep(&mut self) {
        self.is_kept = true;
    }

    /// Prepares `out_dir`, making it where it does not exist. One that holds a finished run is refused unless
    /// `overwrite`.
    pub fn new(out_dir: &Path, overwrite: bool) -> Result<Self> {
        refuse_finished(out_dir, overwrite)?;
        let created = missing(out_dir);
        fs::create_dir_all(out_dir).map_err(Error::io("create", out_dir))?;
        let part = tempfile::Builder::new().prefix(PREFIX).suffix(SUFFIX).tempdir_in(out_dir);
        match part {
            Ok(part) => {
                let part = part.keep();
                let lock = fs::File::create(part.join(LOCK)).ok().filter(|file| file.try_lock().is_ok());
                let out_dir = out_dir.to_path_buf();
                Ok(Self { out_dir, created, part, is_kept: false, _lock: lock })
            }
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
        let put = |name: &str| {
            let to = self.out_dir.join(name);
            fs::rename(self.path(name), &to).map_err(Error::io("write", &to))
        };
        // Side by side: what takes time is that the system lets go of the large files that stood there.
        names.par_iter().filter(|name| **name != last).try_for_each(|name| put(name))?;
        put(last)?;
        // From here on the output folder is the person's.
        self.created.clear();
        self.is_kept = false;
        // What runs that were interrupted or killed have left is superseded.
        for (folder, _lock) in left_over(&self.out_dir) {
            let _ = fs::remove_dir_all(folder);
        }
        Ok(())
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        if self.is_kept {
            return;
        }
        // Nothing can be told from here, and what stays is hidden and named `.part`.
        let _ = fs::remove_dir_all(&self.part);
        remove_empty(&self.created);
    }
}

/// Refuses a folder that holds a finished run, unless `overwrite`.
fn refuse_finished(out_dir: &Path, overwrite: bool) -> Result<()> {
    if !overwrite && out_dir.join(RUN_RECORD).exists() {
        let place = out_dir.display().to_string();
        let found = format!("a finished run ({RUN_RECORD})");
        let fix = "pass --overwrite to replace it, or another folder with --out";
        return Err(Fault::new("out.exists", place, "a folder without a finished run", found, fix).into());
    }
    Ok(())
}

/// Hidden folders of runs that are no more, each with its lock, which keeps others away.
fn left_over(out_dir: &Path) -> Vec<(PathBuf, Option<fs::File>)> {
    let entries = fs::read_dir(out_dir).into_iter().flatten().flatten();
    let is_ours = |name: &str| name.starts_with(PREFIX) && name.ends_with(SUFFIX);
    let folders = entries.filter(|entry| is_ours(&entry.file_name().to_string_lossy()));
    let folders = folders.map(|entry| entry.path()).filter(|path| path.is_dir());
    folders
        .filter_map(|folder| {
            // Without a lock file it may be one that another run has just made.
            let lock = fs::OpenOptions::new().write(true).open(folder.join(LOCK)).ok()?;
            match lock.try_lock() {
                Ok(()) => Some((folder, Some(lock))),
                Err(fs::TryLockError::WouldBlock) => None,
                Err(fs::TryLockError::Error(_)) => Some((folder, None)),
            }
        })
        .collect()
}

fn has_stage(folder: &Path) -> bool {
    let mut entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.any(|entry| entry.file_name().to_string_lossy().ends_with(STAGE_RECORD))
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
        let folder = tempfile::Builder::new().prefix(PREFIX).suffix(SUFFIX).tempdir_in(out_dir);
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

/// Renames a temporary file to where it belongs, once it lies on the disk.
pub(super) fn put_in_place(file: tempfile::NamedTempFile, path: &Path) -> Result<()> {
    file.as_file().sync_data().map_err(Error::io("write", path))?;
    put_in_staging(file, path)
}

/// Renames a temporary file to where it belongs in a [`Staging`], which has it written to the disk before it leaves.
pub(super) fn put_in_staging(file: tempfile::NamedTempFile, path: &Path) -> Result<()> {
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

/// Has the system begin to write a file to the disk while other work goes on. Nobody waits for it here, nor learns what
/// fails: that is for whoever puts the file into place ([`Staging::commit`]).
pub fn begin_sync(path: &Path) {
    let path = path.to_path_buf();
    thread::spawn(move || sync(&path));
}

/// Has the system write a file's bytes to the disk.
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
