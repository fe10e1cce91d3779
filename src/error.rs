//! Errors: what was expected, what was found, where, and how to mend it.
//!
//! A [`Fault`] is something the person asked wrongly or gave wrongly; faults are collected, so that all of a
//! project's are reported together (exit code 2). Everything else is an I/O or device failure (exit code 1).
//! A panic means our own bug.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// The crate's result.
pub type Result<T> = std::result::Result<T, Error>;

/// Why something could not be done.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Bad input: every fault found, in the order found. Exit code 2.
    #[error("{}", list_faults(.0))]
    Faults(Vec<Fault>),
    /// A file could not be read or written. Exit code 1.
    #[error("cannot {action} {}: {source}{}", path.display(), io_fix(source))]
    Io {
        /// What was being done, as a verb: "read", "write", "create".
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the system answered.
        source: std::io::Error,
    },
    /// No usable device, or one was lost and nothing may stand in for it. Exit code 1.
    #[error("device: {0}")]
    Device(String),
    /// The person interrupted the run. Exit code 1.
    #[error("interrupted: what was finished stays, nothing half-written was kept")]
    Interrupted,
}

/// One thing asked or given wrongly.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// A stable short name that tests and scripts match, such as `layer.crs_differs`.
    pub code: &'static str,
    /// Where: the file, and the key, row or feature in it.
    pub place: String,
    /// What was expected, lower case, no full stop.
    pub expected: String,
    /// What was found instead.
    pub found: String,
    /// How to mend it.
    pub fix: String,
    /// The line that it stands on, where that is known.
    pub excerpt: Option<Box<Excerpt>>,
}

/// A line that a person wrote, in a file or as a flag, and which part of it a fault speaks of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Excerpt {
    /// The file as it was named, or "command line".
    pub source: String,
    /// Line in the file, from 1; `None` for the command line.
    pub line: Option<usize>,
    /// The line, without its end.
    pub text: String,
    /// The part of it that is meant, in bytes.
    pub marked: Range<usize>,
}

impl Excerpt {
    /// The line of `text` that `span` (bytes) begins on, `span` marked as far as the line goes.
    pub fn of_line(source: &str, text: &str, span: &Range<usize>) -> Self {
        let at = span.start.min(text.len());
        let begin = text[..at].rfind('\n').map_or(0, |end| end + 1);
        let line = text[begin..].lines().next().unwrap_or_default();
        let marked = (at - begin).min(line.len())..(span.end.max(at) - begin).min(line.len());
        let number = text[..begin].matches('\n').count() + 1;
        Self { source: source.to_owned(), line: Some(number), text: line.to_owned(), marked }
    }

    /// Column that the marked part begins in, in characters from 1.
    pub fn column(&self) -> usize {
        self.text[..self.marked.start].chars().count() + 1
    }
}

impl Fault {
    /// A fault with all its parts.
    pub fn new(
        code: &'static str,
        place: impl Into<String>,
        expected: impl Into<String>,
        found: impl Into<String>,
        fix: impl Into<String>,
    ) -> Self {
        Self {
            code,
            place: place.into(),
            expected: expected.into(),
            found: found.into(),
            fix: fix.into(),
            excerpt: None,
        }
    }

    /// The same, with the line it speaks of.
    pub fn at(self, excerpt: Option<Excerpt>) -> Self {
        Self { excerpt: excerpt.map(Box::new), ..self }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Parts of it are texts of files: none of them may steer a terminal.
        write!(
            f,
            "{}: expected {}, found {}; {} [{}]",
            printable(&self.place),
            printable(&self.expected),
            printable(&self.found),
            printable(&self.fix),
            self.code
        )
    }
}

impl From<Fault> for Error {
    fn from(fault: Fault) -> Self {
        Self::Faults(vec![fault])
    }
}

impl Error {
    /// An I/O failure at a path, for use in `map_err`.
    pub fn io(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_path_buf();
        move |source| Self::Io { action, path, source }
    }

    /// The process exit code (interface.md): 2 asked wrongly, 1 failed.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Faults(_) => 2,
            Self::Io { .. } | Self::Device(_) | Self::Interrupted => 1,
        }
    }

    /// The faults, when that is what this is.
    pub fn faults(&self) -> &[Fault] {
        match self {
            Self::Faults(faults) => faults,
            _ => &[],
        }
    }
}

/// Gathers faults, so that all are reported together.
#[derive(Debug, Default)]
pub struct Faults(Vec<Fault>);

impl Faults {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds one.
    pub fn push(&mut self, fault: Fault) {
        self.0.push(fault);
    }

    /// Takes a result's value, or its faults; any other error is passed on at once.
    pub fn take<T>(&mut self, result: Result<T>) -> Result<Option<T>> {
        match result {
            Ok(value) => Ok(Some(value)),
            Err(Error::Faults(faults)) => {
                self.0.extend(faults);
                Ok(None)
            }
            Err(other) => Err(other),
        }
    }

    /// Whether none was found.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The faults found so far.
    pub fn as_slice(&self) -> &[Fault] {
        &self.0
    }

    /// `Ok` when there are none, otherwise all of them.
    pub fn finish(self) -> Result<()> {
        if self.0.is_empty() { Ok(()) } else { Err(Error::Faults(self.0)) }
    }
}

/// A text with control characters (and the marks that turn the direction of writing) spelled out; tabs and line ends
/// stay.
pub fn printable(text: &str) -> Cow<'_, str> {
    let steers = |letter: char| {
        let is_control = letter.is_control() && !matches!(letter, '\n' | '\t');
        is_control || matches!(letter, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
    };
    if !text.contains(steers) {
        return Cow::Borrowed(text);
    }
    let spelled = |letter: char| match steers(letter) {
        true => letter.escape_unicode().to_string(),
        false => letter.to_string(),
    };
    Cow::Owned(text.chars().map(spelled).collect())
}

/// A name from a file as it stands in a message: printable, and no longer than a line.
pub fn clipped(name: &str) -> String {
    const MOST_LETTERS: usize = 60;
    match name.char_indices().nth(MOST_LETTERS) {
        Some((end, _)) => format!("{}…", printable(&name[..end])),
        None => printable(name).into_owned(),
    }
}

fn list_faults(faults: &[Fault]) -> String {
    match faults {
        [one] => one.to_string(),
        many => {
            let mut text = format!("{} faults", many.len());
            for fault in many {
                text.push_str("\n  - ");
                text.push_str(&fault.to_string());
            }
            text
        }
    }
}

fn io_fix(source: &std::io::Error) -> &'static str {
    match source.kind() {
        std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => {
            "; free some space or choose another folder with --out"
        }
        std::io::ErrorKind::FileTooLarge => {
            "; the system or the disk allows no larger files: look at `ulimit -f` or choose another folder with --out"
        }
        std::io::ErrorKind::PermissionDenied => "; check the permissions of the file and its folder",
        std::io::ErrorKind::NotFound => "; check the path, it is relative to the project file",
        _ => "",
    }
}
