//! `--redact CELL_M`: only totals and coarse grids leave the run, for people who may not know where hazards and people are.
//!
//! The run works as always, in a private folder of the system's temporary ones; the output folder sees nothing but what is
//! made here of its results: coarse grids, `curve.csv`, `summary.json`, `report.html` and `run.json`. Each is put
//! together from numbers and fixed words, so that no new name, id or place of an input can slip through. A person who
//! kills the run finds the private folder (`clearway-redact-…`) where `TMPDIR` points; otherwise it is removed.

mod settings;
mod totals;

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use self::settings::{options_for_record, settings};
pub use self::totals::redacted_error;
use super::outcome::Outcome;
use super::project::Project;
use super::report_step::REPORT;
use super::verify::read_json;
use super::{INTERRUPTED, Job, Options, output_folder};
use crate::error::{Error, Fault, Result};
use crate::grid::{Cells, Frame};
use crate::io::atomic::{RUN_RECORD, Staging};
use crate::io::geotiff::Compression;
use crate::io::hash::file_hash;
use crate::report::record;
use crate::report::redacted::{Coarse, FEWEST_PEOPLE, Page, Shown, write_grids, write_page};

/// The totals of a redacted run, in its folder.
pub const SUMMARY: &str = "summary.json";

/// The key of a record that says that the run was redacted.
pub const REDACTED: &str = "redacted";

/// The output folder where none is given: a project's name must not stand in a path that is printed.
const DEFAULT_OUT: &str = "runs/redacted";

/// What a redacted run needs beside a run.
#[derive(Debug)]
pub struct Redaction {
    /// Where the redacted files go.
    out: Staging,
    /// What an earlier redacted run wrote there.
    earlier: Vec<String>,
    cell_m: f64,
    coarse: Option<Coarse>,
    /// People of each coarse cell, where grids are written.
    people: Vec<f64>,
    settings: Value,
    class_percents: Vec<f64>,
    compression: Compression,
    /// Removed with everything in it when this goes.
    private: tempfile::TempDir,
}

impl Redaction {
    /// Claims the output folder and makes the private one; `None` where nothing is to be redacted.
    pub fn begin(project: &Project, options: &Options) -> Result<Option<Self>> {
        let Some(cell_m) = options.redact else { return Ok(None) };
        if options.resume {
            let (expected, found) = ("a run from its beginning", "--redact and --resume");
            let fix = "leave --resume out: a redacted run keeps no stages, for they would hold what it must not tell";
            return Err(Fault::new("redact.resume", "command line", expected, found, fix).into());
        }
        let out = options.out.clone().unwrap_or_else(|| PathBuf::from(DEFAULT_OUT));
        let earlier = refuse_others(&out, options.overwrite)?;
        let out = Staging::new(&out, options.overwrite)?;
        let private = private_folder()?;
        Ok(Some(Self {
            out,
            earlier,
            cell_m,
            coarse: None,
            people: Vec::new(),
            settings: settings(project),
            class_percents: project.score.recipe.class_percents.clone(),
            compression: options.compression,
            private,
        }))
    }

    /// Where the run itself works.
    pub fn private_run(&self) -> PathBuf {
        self.private.path().join("run")
    }

    /// The folder of the redacted files.
    pub fn out_dir(&self) -> &Path {
        self.out.out_dir()
    }

    /// Settles the coarse cells, before any work.
    pub fn settle(&mut self, frame: &Frame) -> Result<()> {
        self.coarse = Some(Coarse::of(frame, self.cell_m)?);
        Ok(())
    }

    /// Counts the people of each coarse cell; `population` is people of each cell.
    pub fn count_people(&mut self, population: &dyn Cells) -> Result<()> {
        if let Some(coarse) = &self.coarse {
            self.people = coarse.sums(population)?.total;
        }
        Ok(())
    }

    /// The coarse grids, where the run wrote grids.
    fn grids(&self, from: &Path, outputs: &[&str]) -> Result<Option<Shown>> {
        let Some(coarse) = self.coarse.as_ref().filter(|_| outputs.contains(&"priority.tif")) else {
            return Ok(None);
        };
        let to = self.out.folder();
        write_grids(coarse, from, to, &self.people, &self.class_percents, self.compression).map(Some)
    }
}

/// A folder that only this user can read.
pub fn private_folder() -> Result<tempfile::TempDir> {
    let folder = std::env::temp_dir();
    tempfile::Builder::new().prefix("clearway-redact-").tempdir().map_err(Error::io("write in", &folder))
}

/// Refuses a folder that holds anything but an earlier redacted run, whatever `overwrite` says: unredacted files must not
/// stand beside redacted ones. Gives the names of that run's files.
fn refuse_others(out_dir: &Path, overwrite: bool) -> Result<Vec<String>> {
    let mut earlier = Vec::new();
    let record: Option<Value> = std::fs::read(out_dir.join(RUN_RECORD))
        .ok()
        .and_then(|bytes| serde_json::from_slice(&bytes).ok())
        .filter(is_redacted);
    if record.is_some() && overwrite {
        earlier = output_folder::outputs_of(out_dir);
        earlier.push(RUN_RECORD.to_owned());
    }
    let is_known = |name: &str| earlier.iter().any(|known| known == name);
    let entries = std::fs::read_dir(out_dir).into_iter().flatten().flatten();
    let mut others: Vec<String> = entries
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .filter(|name| !is_known(name))
        .collect();
    others.sort();
    if let Some(first) = others.first() {
        let place = out_dir.display().to_string();
        let expected = "an empty folder, a new one, or with --overwrite one that holds only a redacted run";
        let found = format!("{} files or folders, such as {first}", others.len());
        let fix = "choose another folder with --out: unredacted files must not stand beside redacted ones";
        return Err(Fault::new("redact.folder", place, expected, found, fix).into());
    }
    Ok(earlier)
}

/// Whether a record is that of a redacted run.
pub fn is_redacted(record: &Value) -> bool {
    record[REDACTED].is_object()
}

/// Refuses a redacted run where its task areas, cells or plan are needed.
pub fn refuse_redacted(record: &Value, run_dir: &Path) -> Result<()> {
    if !is_redacted(record) {
        return Ok(());
    }
    let fix = "give the folder of a run without --redact; whoever made this one can make it";
    let place = run_dir.display().to_string();
    let expected = "a run with its task areas and cells";
    Err(Fault::new("redact.no_detail", place, expected, "a redacted run, which has neither", fix).into())
}

/// Writes the redacted files of a run that has done its work, and puts them into place.
pub fn commit(mut job: Job, redaction: Redaction) -> Result<Outcome> {
    let from = job.staging.folder().to_path_buf();
    let shown = redaction.grids(&from, &job.outputs)?;
    let mut outputs: Vec<&'static str> = shown.iter().flat_map(|shown| shown.files.clone()).collect();
    let to = |name: &str| redaction.out.path(name);
    if job.outputs.contains(&"curve.csv") {
        std::fs::copy(from.join("curve.csv"), to("curve.csv"))
            .map_err(Error::io("write", &to("curve.csv")))?;
        outputs.push("curve.csv");
    }
    let plan = from.join("plan.json");
    let plan = if plan.is_file() { Some(read_json(&plan, &from)?) } else { None };
    let results = totals::totals(&job.outcome, plan.as_ref());
    let summary = json!({ "program": "clearway", REDACTED: about(&redaction, shown.as_ref()),
                          "results": results });
    record::write(&summary, &to(SUMMARY))?;
    outputs.push(SUMMARY);
    let lines = job.outcome.lines_without_names();
    let mut record = record_of(&job, &redaction, shown.as_ref(), results)?;
    let curve = job.grids.as_ref().map(|(_, summary)| summary.curve.as_slice()).unwrap_or_default();
    let ground = redaction.coarse.as_ref().zip(shown.as_ref());
    write_page(&to(REPORT), &Page { lines: &lines, record: &record, ground, curve })?;
    outputs.push(REPORT);
    let entries = outputs.iter().map(|name| {
        let hash = file_hash(&to(name))?;
        Ok(json!({ "path": name, "bytes": hash.bytes, "sha256": hash.sha256 }))
    });
    record["outputs"] = entries.collect::<Result<Vec<Value>>>()?.into();
    record::write(&record, &to(RUN_RECORD))?;
    let out_dir = redaction.out.out_dir().to_path_buf();
    let warnings = std::mem::take(&mut job.record.warnings);
    let outcome = Outcome::redacted(&out_dir, lines, &record, &outputs, warnings);
    redaction.out.commit(&outputs, RUN_RECORD)?;
    output_folder::remove_stale(&out_dir, &redaction.earlier, &[outputs, vec![RUN_RECORD]].concat())?;
    Ok(outcome)
}

/// What was left out, and how coarse it is.
fn about(redaction: &Redaction, shown: Option<&Shown>) -> Value {
    let grids = shown.zip(redaction.coarse.as_ref()).map(|(shown, coarse)| {
        json!({ "cells_along_a_side": coarse.factor, "shown": shown.n_shown,
                "not_shown_few_people": shown.n_few_people, "not_shown_half_unknown": shown.n_unknown })
    });
    json!({ "cell_m": redaction.cell_m, "fewest_people": FEWEST_PEOPLE, "grids": grids,
            "left_out": "names, ids, places, outlines, paths, single tasks, texts of warnings" })
}

/// The record: numbers, hashes and fixed words.
fn record_of(job: &Job, redaction: &Redaction, shown: Option<&Shown>, results: Value) -> Result<Value> {
    let inputs = (1..).zip(&job.record.inputs).map(|(number, path): (u64, &PathBuf)| {
        let hash = job.hash(path)?;
        Ok(json!({ "input": number, "bytes": hash.bytes, "sha256": hash.sha256 }))
    });
    let engine = job
        .record
        .engine
        .as_ref()
        .map(|(info, _)| json!({ "kind": info.kind, "device": info.device, "driver": info.driver }));
    let seconds = job.record.seconds.last().map(|all| (1e3 * all.seconds).round() / 1e3);
    let was_interrupted = job.record.warnings.iter().any(|text| text == INTERRUPTED);
    Ok(json!({
        "program": "clearway",
        "version": env!("CARGO_PKG_VERSION"),
        "command": job.record.command,
        REDACTED: about(redaction, shown),
        "started": job.record.started,
        "seed": job.record.seed,
        "settings": redaction.settings,
        "options": options_for_record(&job.record.options),
        "inputs": inputs.collect::<Result<Vec<Value>>>()?,
        "outputs": [],
        "engine": engine,
        "results": results,
        "warnings": { "count": job.record.warnings.len(), "search_interrupted": was_interrupted,
                      "polygon_faults": totals::by_code(&job.record.polygon_faults),
                      "areas_left_out": job.record.areas_left_out.len() },
        "seconds": { super::IN_ALL: seconds },
    }))
}
