//! A first project file for a folder of layers: `clearway init`.
//!
//! In: a folder. Out: a commented `project.toml` in it, and a `teams.csv` to fill in where there is none. What is
//! guessed (which file is the hazard, in which unit) is guessed from names, types and ranges, is said in a comment
//! beside the key and on stderr, and may be asked through [`Ask`]. Nothing that lies there is written over unasked,
//! and no number of a layer is made up: what is missing is missing in the file, with the line to fill in.

mod look;
mod roles;
mod teams;
mod text;

use std::path::{Path, PathBuf};

use jiff::civil::Date;
use serde_json::{Value, json};

use self::look::look;
use self::roles::{Draft, assign};
use crate::error::{Error, Fault, Result};
use crate::io::atomic::write_atomic;
use crate::progress::Progress;

/// Asks a person; [`NoQuestions`] takes every default.
pub trait Ask {
    /// One of several answers; the first is the likeliest.
    fn choose(&self, question: &str, answers: &[String]) -> Result<usize>;
    /// A text that `is_right` accepts.
    fn text(&self, question: &str, default: &str, is_right: &dyn Fn(&str) -> bool) -> Result<String>;
}

/// Nobody is there to be asked.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoQuestions;

impl Ask for NoQuestions {
    fn choose(&self, _question: &str, _answers: &[String]) -> Result<usize> {
        Ok(0)
    }

    fn text(&self, _question: &str, default: &str, _is_right: &dyn Fn(&str) -> bool) -> Result<String> {
        Ok(default.to_owned())
    }
}

/// What was written, and what it rests on.
#[derive(Debug, Clone, Default)]
pub struct InitReport {
    /// The project file.
    pub project: PathBuf,
    /// The teams' file, where one was written to be filled in.
    pub teams_template: Option<PathBuf>,
    /// What each file was taken for, and why: "hazard.tif: the layer `hazard` (its name; values from 0 to 0.9)".
    pub taken: Vec<String>,
    /// What a person has to look at: guesses, files that were not used, what is missing.
    pub to_do: Vec<String>,
}

impl InitReport {
    /// For a person: what was written and what it rests on.
    pub fn lines(&self) -> Vec<(String, String)> {
        let line = |label: &str, text: String| (label.to_owned(), text);
        let mut lines = vec![line("written", self.project.display().to_string())];
        let template = self.teams_template.as_ref();
        lines.extend(template.map(|path| line("written", format!("{}, to fill in", path.display()))));
        lines.extend(self.taken.iter().map(|text| line("taken", text.clone())));
        lines
    }

    /// For a script, with the error of a check of the new project.
    pub fn to_json(&self, error: Option<&Error>) -> Value {
        json!({ "project": self.project.display().to_string(),
                "teams_template": self.teams_template.as_ref().map(|path| path.display().to_string()),
                "taken": self.taken, "to_do": self.to_do,
                "check": error.map(super::error_to_json) })
    }
}

/// Name of the file that is written.
const PROJECT_FILE: &str = "project.toml";
/// Name of the file that is written for the teams.
const TEAMS_FILE: &str = "teams.csv";

/// Looks at a folder and writes its project file; `today` is where a plan may begin. One that is there is kept unless
/// `overwrite`.
pub fn init(
    folder: &Path,
    overwrite: bool,
    today: Date,
    ask: &dyn Ask,
    progress: &dyn Progress,
) -> Result<InitReport> {
    if !folder.is_dir() {
        let fix = "give the folder that holds your layers, or make it";
        let found = if folder.exists() { "a file" } else { "no such folder" };
        return Err(Fault::new("init.folder", folder.display().to_string(), "a folder", found, fix).into());
    }
    let project = folder.join(PROJECT_FILE);
    if project.exists() && !overwrite {
        let fix = "pass --overwrite to write over it, or move it away";
        let place = project.display().to_string();
        return Err(Fault::new("init.exists", place, "no project file yet", "one", fix).into());
    }
    let found = look(folder, progress)?;
    let mut draft = assign(&found, ask)?;
    draft.ask_the_rest(folder, today, ask)?;
    let mut report = InitReport { project: project.clone(), ..InitReport::default() };
    // A table that is there is a person's, whatever is asked for.
    let path = folder.join(TEAMS_FILE);
    if draft.teams.is_none() && !draft.has_template && !path.exists() {
        write_atomic(&path, teams::template(draft.middle()).as_bytes())?;
        report.teams_template = Some(path);
    }
    write_atomic(&project, text::project_text(&draft).as_bytes())?;
    let Draft { taken, to_do, .. } = draft;
    (report.taken, report.to_do) = (taken, to_do);
    Ok(report)
}

/// Reads the entries of a folder, in the order of their names.
fn entries(folder: &Path) -> Result<Vec<PathBuf>> {
    let read = std::fs::read_dir(folder).map_err(Error::io("read", folder))?;
    let mut paths: Vec<PathBuf> = read.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    Ok(paths)
}
