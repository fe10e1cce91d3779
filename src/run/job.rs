//! One run under way: where it writes, what it has to tell, and what earlier runs of the process hand on to it.

use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::{JoinHandle, spawn};
use std::time::Instant;

use serde::Serialize;

use super::areas::LeftOut;
use super::kept::{Kept, Kind, WrittenGrids, stamp};
use super::outcome::Outcome;
use super::outlining::outline_tasks;
use super::outputs::{Material, write_outputs};
use super::planning::plan_teams;
use super::prepared::{self, Prepared};
use super::project::Project;
use super::redact::{self, Redaction};
use super::replanning::Earlier;
use super::resume::{StageKey, Stages};
use super::sampled_worths::sample_worths;
use super::scored::Scored;
use super::shards::Gathered;
use super::stages::{GridKeys, first_pass_grids, score_grids};
use super::{IN_ALL, INTERRUPTED, OUTLINE, Options, brief, check, output_folder, report_step, tasks_file};
use crate::error::{Error, Fault, Faults, Result};
use crate::io::atomic::{RUN_RECORD, Staging, begin_sync};
use crate::io::hash::{FileHash, file_hash};
use crate::progress::Progress;
use crate::report::grids::{Ended, grids};
use crate::report::html::Places;
use crate::report::record::{self, Record};
use crate::score::{Backend, StageSeconds, Summary};

/// One run under way: where it writes, and what it has to tell at the end.
pub struct Job {
    /// Where it writes until all is done.
    pub staging: Staging,
    /// What `run.json` will say.
    pub record: Record,
    /// What a person is told at the end.
    pub outcome: Outcome,
    /// Names of the files written so far.
    pub outputs: Vec<&'static str>,
    /// When the stage under way began.
    pub begun: Instant,
    /// When the run began.
    pub started: Instant,
    /// The run whose plan is planned anew.
    pub earlier: Option<Earlier>,
    /// What earlier runs of this process have made.
    pub kept: Arc<Kept>,
    /// What of it is whole, should it end early.
    pub stages: Stages,
    /// The planes that scoring has made.
    pub scored: Scored,
    /// Whether it keeps to what scenarios are compared by.
    pub is_brief: bool,
    /// Whether files are written in the formats asked for.
    pub has_formats: bool,
    /// What the grids are made of, and what scoring found, for later runs.
    pub grids: Option<(GridKeys, Summary)>,
    /// Where only redacted files may leave it.
    pub redaction: Option<Redaction>,
    /// What shards have scored, to be put together.
    pub gathered: Option<Gathered>,
    /// Whether it is: the pieces are what such a run goes on from.
    pub is_merge: bool,
    /// Stamps and hashes of what is read, under way.
    hashing: Option<JoinHandle<Vec<(String, FileHash)>>>,
}

/// Refuses a device for the native engine.
pub fn refuse_device(options: &Options) -> Result<()> {
    let (Backend::Cpu, Some(device)) = (options.backend, &options.device) else { return Ok(()) };
    let found = format!("--backend cpu and --device {device}");
    let fix = "leave one of them out";
    Err(Fault::new("options.device", "command line", "a GPU or the native engine", found, fix).into())
}

/// The output folder.
pub fn out_dir(project: &Project, options: &Options) -> PathBuf {
    options.out.clone().unwrap_or_else(|| Path::new("runs").join(&project.name))
}

impl Job {
    /// Claims the output folder before any work.
    pub fn begin(command: &str, project: &Project, options: &Options) -> Result<Self> {
        refuse_device(options)?;
        let redaction = Redaction::begin(project, options)?;
        let named = || out_dir(project, options);
        let out = redaction.as_ref().map_or_else(named, Redaction::private_run);
        let (staging, is_resumed) = match options.resume {
            true => Staging::resumed(&out, options.overwrite)?,
            false => (Staging::new(&out, options.overwrite)?, false),
        };
        let stages = Stages::in_folder(staging.folder(), is_resumed)?;
        output_folder::spare_others(staging.out_dir(), options.overwrite)?;
        let mut record = Record {
            command: command.to_owned(),
            project: project.name.clone(),
            seed: options.seed.unwrap_or(project.seed),
            settings: project.as_used.clone(),
            started: jiff::Timestamp::now().to_string(),
            ..Record::default()
        };
        record.options = options.for_record();
        record.inputs.push(project.file.clone());
        let outcome = Outcome::new(&project.name, staging.out_dir());
        let (is_brief, has_formats) = (options.brief, !options.brief || brief::asks_formats(options));
        Ok(Self { stages, redaction, is_brief, has_formats, ..Self::new(staging, record, outcome) })
    }

    /// A run that has written nothing yet.
    pub fn new(staging: Staging, record: Record, outcome: Outcome) -> Self {
        Self {
            staging,
            record,
            outcome,
            outputs: Vec::new(),
            begun: Instant::now(),
            started: Instant::now(),
            earlier: None,
            kept: Arc::new(Kept::nothing()),
            stages: Stages::default(),
            scored: Scored::default(),
            is_brief: false,
            has_formats: true,
            grids: None,
            redaction: None,
            gathered: None,
            is_merge: false,
            hashing: None,
        }
    }

    /// Has what is read hashed beside the work. One that changes later, or cannot be read, is hashed at the end.
    fn hash_inputs(&mut self) {
        // A batch knows the hashes of what its runs share.
        if self.kept.is_on() {
            return;
        }
        let inputs = self.record.inputs.clone();
        let hashed = |path: PathBuf| {
            let stamp = stamp(&path);
            file_hash(&path).ok().map(|hash| (stamp, hash))
        };
        self.hashing = Some(spawn(move || inputs.into_iter().filter_map(hashed).collect()));
    }

    /// Waits for the hashes of what was read.
    fn await_hashes(&mut self) {
        let hashed =
            self.hashing.take().map(|thread| thread.join().unwrap_or_else(|panic| resume_unwind(panic)));
        hashed.into_iter().flatten().for_each(|(stamp, hash)| self.stages.know(stamp, hash));
    }

    /// Copies grids that an earlier run of this process has written, where all of them lie there. They are copies and
    /// no links: whoever changes a file of one run must not change another's.
    pub fn take_written<'a>(
        &self,
        written: &WrittenGrids,
        names: impl Iterator<Item = &'a str> + Clone,
    ) -> Result<bool> {
        let lies = |name: &str| written.names.contains(&name) && written.folder.join(name).is_file();
        if !names.clone().all(lies) {
            return Ok(false);
        }
        for name in names {
            let (from, to) = (written.folder.join(name), self.staging.path(name));
            let hash = self.kept.hash(&from)?;
            std::fs::copy(&from, &to).map_err(Error::io("copy", &from))?;
            begin_sync(&to);
            self.kept.put(Kind::Hash, &stamp(&to), Arc::new(hash));
        }
        Ok(true)
    }

    /// A file's hash; one that this or an earlier run of this process has hashed and that is as it was is not read again.
    pub fn hash(&self, path: &Path) -> Result<FileHash> {
        self.stages.hash(path).map_or_else(|| self.kept.hash(path), Ok)
    }

    /// Takes over the hashes of grids that were hashed when they were ended.
    pub fn know_hashes(&mut self, ended: Vec<Ended>) {
        ended.into_iter().for_each(|Ended { path, hash }| self.stages.know(stamp(&path), hash));
    }

    /// Notes that a stage is whole, so that an interrupt costs no more than what comes after it. A batch goes on by
    /// scenarios, a merge from its pieces, and a redacted run keeps nothing.
    pub fn stage_done<T: Serialize>(
        &mut self,
        stage: &'static str,
        key: &StageKey,
        files: &[&str],
        state: &T,
    ) -> Result<()> {
        if self.kept.is_on() || self.redaction.is_some() || self.is_merge {
            return Ok(());
        }
        self.stages.done(stage, key, files, state)?;
        self.staging.keep();
        Ok(())
    }

    /// The stage key of settings that were used with all inputs.
    pub fn stage_key(&self, settings: String) -> StageKey {
        StageKey { settings, inputs: self.record.inputs.iter().skip(1).map(|path| stamp(path)).collect() }
    }

    /// Refuses to write over what is read.
    pub fn spare_inputs(&self) -> Result<()> {
        let out_dir = self.redaction.as_ref().map_or(self.staging.out_dir(), Redaction::out_dir);
        output_folder::spare_inputs(out_dir, &self.record.inputs)
    }

    /// Scores, outlines task areas and plans, as far as the command and the project ask for it.
    pub fn work(self, prepared: Prepared, options: &Options, progress: &dyn Progress) -> Result<Outcome> {
        self.work_to_planes(prepared, options, progress).map(|(outcome, _)| outcome)
    }

    /// The same, and gives the planes that scoring has made.
    pub fn work_to_planes(
        mut self,
        mut prepared: Prepared,
        options: &Options,
        progress: &dyn Progress,
    ) -> Result<(Outcome, Scored)> {
        let done = self.work_on(&mut prepared, options, progress);
        let scored = self.scored.clone();
        let places = Places { settlements: &prepared.settlements, districts: &prepared.districts };
        self.end(done, places, progress).map(|outcome| (outcome, scored))
    }

    /// Ends a run: with its record, or by saying what stays of it.
    fn end(self, done: Result<()>, places: Places, progress: &dyn Progress) -> Result<Outcome> {
        let whole = self.stages.whole();
        let ended = done.and_then(|()| self.commit(Some(places)));
        if let (Err(_), Some(whole)) = (&ended, whole) {
            progress.note(&format!(
                "finished and kept: {whole}; the same command with --resume goes on from there"
            ));
        }
        ended
    }

    fn work_on(&mut self, prepared: &mut Prepared, options: &Options, progress: &dyn Progress) -> Result<()> {
        self.record.inputs.extend(prepared.files.iter().cloned());
        self.spare_inputs()?;
        self.hash_inputs();
        if let Some(redaction) = &mut self.redaction {
            redaction.settle(&prepared.layers.frame)?;
        }
        self.record.warnings.extend(prepared.warnings.iter().cloned());
        self.record.polygon_faults = prepared.polygon_faults.iter().map(check::fault_json).collect();
        self.record.areas_left_out = prepared.left_out.iter().map(LeftOut::to_json).collect();
        self.lap("read and check inputs");
        let summary = score_grids(self, prepared, options, progress)?;
        if let Some(redaction) = &mut self.redaction {
            redaction.count_people(prepared.layers.plane("population"))?;
        }
        let (mut made, mut planned) = (None, None);
        if let Some(settings) = prepared.project.tasks.as_ref().filter(|_| self.record.command != "score") {
            let outlined = outline_tasks(self, prepared, settings, &summary, progress)?;
            let tasks = &made.insert(outlined).0;
            if let Some(plan) = prepared.project.plan.as_ref().filter(|_| self.record.command != OUTLINE) {
                let crs = &prepared.layers.frame.crs;
                let worths = sample_worths(self, prepared, tasks, &summary, options, progress)?;
                planned = Some(plan_teams(
                    self,
                    tasks,
                    worths,
                    &prepared.teams,
                    plan,
                    &prepared.project,
                    crs,
                    options,
                    progress,
                )?);
            }
        }
        let material = Material {
            project: &prepared.project,
            tasks: made.as_ref().map_or(&[], |made| &made.0),
            crs: &prepared.layers.frame.crs,
            is_scored: true,
            settlements: &prepared.settlements,
            teams: &prepared.teams,
            planned: planned.as_ref(),
        };
        write_outputs(self, &material)
    }

    /// Plans the task areas of a finished run.
    pub fn plan_tasks_of(
        mut self,
        run_dir: &Path,
        project: Project,
        options: &Options,
        progress: &dyn Progress,
    ) -> Result<Outcome> {
        // The faults of both are told together.
        let mut faults = Faults::new();
        let teams = faults.take(prepared::teams_only(&project))?;
        let tasks = faults.take(tasks_file::read_tasks(run_dir))?;
        faults.finish()?;
        let (Some((plan, teams, teams_files)), Some((tasks, file))) = (teams, tasks) else {
            unreachable!("what is missing is a fault");
        };
        self.record.inputs.extend(teams_files);
        self.record.inputs.push(file);
        self.spare_inputs()?;
        let crs = crate::grid::Crs::wgs84();
        self.outcome.tasks(&tasks);
        let planned = plan_teams(&mut self, &tasks, None, &teams, plan, &project, &crs, options, progress)?;
        let material = Material {
            project: &project,
            tasks: &tasks,
            crs: &crs,
            is_scored: false,
            settlements: &[],
            teams: &teams,
            planned: Some(&planned),
        };
        write_outputs(&mut self, &material)?;
        self.commit(Some(Places::default()))
    }

    /// A search that the person ended early still gives a sound plan: it is kept, and says so.
    pub fn note_interruption(&mut self, progress: &dyn Progress) {
        if progress.is_cancelled() {
            self.record.warnings.push(INTERRUPTED.to_owned());
        }
    }

    /// Notes how long has passed since the last lap under a stage's name.
    pub fn lap(&mut self, stage: &str) {
        let seconds = self.begun.elapsed().as_secs_f64();
        self.record.seconds.push(StageSeconds { stage: stage.to_owned(), seconds });
        self.begun = Instant::now();
    }

    /// Hashes everything, writes record and (with the places around) report, and renames all files into place.
    pub fn commit(mut self, places: Option<Places>) -> Result<Outcome> {
        self.await_hashes();
        self.lap("write outputs");
        let seconds = self.started.elapsed().as_secs_f64();
        self.record.seconds.push(StageSeconds { stage: IN_ALL.to_owned(), seconds });
        if let Some(redaction) = self.redaction.take() {
            return redact::commit(self, redaction);
        }
        self.record.results.insert("summary".into(), self.outcome.to_json());
        let record = report_step::write_report(&mut self, places)?;
        record::write(&record, &self.staging.path(RUN_RECORD))?;
        let kept = Arc::clone(&self.kept);
        self.outcome.take_record(&self.record, &self.outputs);
        let out_dir = self.staging.out_dir().to_path_buf();
        let earlier = output_folder::outputs_of(&out_dir);
        // Known from the record, where they are kept.
        let names = if kept.is_on() { self.outputs.as_slice() } else { &[] };
        let hashes: Vec<FileHash> =
            names.iter().map(|name| self.hash(&self.staging.path(name))).collect::<Result<_>>()?;
        self.staging.commit(&self.outputs, RUN_RECORD)?;
        output_folder::remove_stale(&out_dir, &earlier, &self.outputs)?;
        for (name, hash) in self.outputs.iter().zip(hashes) {
            kept.put(Kind::Hash, &stamp(&out_dir.join(name)), Arc::new(hash));
        }
        if let Some((keys, summary)) = self.grids.filter(|_| self.record.command != "plan") {
            let of =
                |names: Vec<&'static str>, summary| WrittenGrids { folder: out_dir.clone(), names, summary };
            let is_written = |name: &&'static str| self.outputs.contains(name);
            let all: Vec<&str> = grids(true).map(|grid| grid.name).filter(is_written).collect();
            let first: Vec<&str> = first_pass_grids().map(|grid| grid.name).filter(is_written).collect();
            if !first.is_empty() {
                kept.put(Kind::Grids, &keys.first_pass, Arc::new(of(first, None)));
            }
            // A brief run does not take the place of a whole one.
            let known = kept.find::<WrittenGrids>(Kind::Grids, &keys.grids);
            if known.is_none_or(|known| known.names.len() <= all.len()) {
                kept.put(Kind::Grids, &keys.grids, Arc::new(of(all, Some(summary))));
            }
        }
        Ok(self.outcome)
    }
}
