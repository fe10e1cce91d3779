//! The main job: project file in, run directory out. The only place that strings the stages together.
//!
//! ```text
//! Project::open → Prepared::open → score_grids → outline_tasks → plan_teams → commit
//! ```
//!
//! Everything is written into a hidden folder beside its destination and renamed at the end, `run.json` last: a
//! folder with a `run.json` is whole. Every fault of the inputs is found before any work (exit code 2).

mod bare;
pub mod bench_plan;
mod changes;
mod check;
mod contributions;
mod document;
mod explain;
mod hazard;
pub mod init;
mod layers;
mod limits;
mod located;
mod measures;
mod outcome;
mod output_folder;
mod outputs;
mod parcels;
mod planning;
mod prepared;
mod problem;
pub mod project;
mod replanning;
mod report_step;
mod sampled_worths;
mod section;
mod stages;
mod tasks_file;
mod uncertain;
mod vectors;
mod verify;
mod what_if;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use jiff::civil::Date;

pub use bare::plan_problem_file;
pub use check::{CheckReport, check, error_to_json};
pub use explain::{Asked, Explanation, explain};
pub use outcome::Outcome;
use outputs::{Material, write_outputs};
use planning::plan_teams;
use prepared::{Need, Prepared};
use project::Project;
use replanning::Earlier;
pub use report_step::report_again;
use sampled_worths::sample_worths;
use stages::{outline_tasks, score_grids};
pub use verify::{VerifyReport, verify};

use crate::error::{Fault, Faults, Result};
use crate::io::atomic::{RUN_RECORD, Staging};
use crate::io::geotiff::Compression;
use crate::progress::Progress;
use crate::report::html::Places;
use crate::report::record::{self, Record};
use crate::score::{Backend, StageSeconds};

/// What the command line says beside the project file.
#[derive(Debug, Clone)]
pub struct Options {
    /// Output folder; `runs/<project name>` when `None`.
    pub out: Option<PathBuf>,
    /// Whether a finished run in the output folder may be replaced.
    pub overwrite: bool,
    /// What computes the scores.
    pub backend: Backend,
    /// A GPU by part of its name or its index.
    pub device: Option<String>,
    /// Seed, over the project's.
    pub seed: Option<u64>,
    /// `key.path=value` texts laid over the project file.
    pub overrides: Vec<String>,
    /// Bound on the memory that tiles and planes may take, bytes.
    pub memory_bytes: u64,
    /// Compression of the grids.
    pub compression: Compression,
    /// Seconds to search for a plan, over the project's.
    pub seconds: Option<f64>,
    /// Iterations to search for a plan, over the project's.
    pub iterations: Option<u64>,
    /// Threads of the planner; 0 for one a core.
    pub threads: usize,
    /// The run whose plan is planned anew, and from which day on: `clearway plan --from RUN_DIR --date D`.
    pub from: Option<(PathBuf, Date)>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            out: None,
            overwrite: false,
            backend: Backend::Auto,
            device: None,
            seed: None,
            overrides: Vec::new(),
            memory_bytes: 4 << 30,
            compression: Compression::Deflate,
            seconds: None,
            iterations: None,
            threads: 0,
            from: None,
        }
    }
}

impl Options {
    /// What of the command line changes results or where they are computed, so that a run can be repeated.
    fn for_record(&self) -> serde_json::Map<String, serde_json::Value> {
        let entries = [
            ("backend", format!("{:?}", self.backend).to_lowercase().into()),
            ("device", self.device.clone().into()),
            ("compress", format!("{:?}", self.compression).to_lowercase().into()),
            ("memory_bytes", self.memory_bytes.into()),
            ("threads", self.threads.into()),
            ("seed", self.seed.into()),
            ("seconds", self.seconds.into()),
            ("iterations", self.iterations.into()),
            ("set", self.overrides.clone().into()),
            ("from", self.from.as_ref().map(|(run_dir, _)| run_dir.display().to_string()).into()),
            ("date", self.from.as_ref().map(|(_, date)| date.to_string()).into()),
        ];
        entries.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
    }
}

/// Scores, outlines task areas and plans: `clearway run`. Task areas and plan are made where the project asks
/// for them.
pub fn run(project: &Path, options: &Options, progress: &dyn Progress) -> Result<Outcome> {
    let project = prepared::project_of(project, &options.overrides, Need::Everything)?;
    let document = Arc::clone(&project.document);
    let job = Job::begin("run", &project, options)?;
    Prepared::open(project, Need::Everything, options.memory_bytes, progress)
        .and_then(|prepared| job.work(prepared, options, progress))
        .map_err(|error| document.locate(error))
}

/// Writes priority grids only: `clearway score`.
pub fn score(project: &Path, options: &Options, progress: &dyn Progress) -> Result<Outcome> {
    let project = prepared::project_of(project, &options.overrides, Need::Grids)?;
    let document = Arc::clone(&project.document);
    let job = Job::begin("score", &project, options)?;
    Prepared::open(project, Need::Grids, options.memory_bytes, progress)
        .and_then(|prepared| job.work(prepared, options, progress))
        .map_err(|error| document.locate(error))
}

/// Writes task areas and a plan, no grids: `clearway plan`. The task areas are those of a finished run when
/// `tasks_from` names its folder, otherwise the project's, scored anew.
pub fn plan(
    project: &Path,
    tasks_from: Option<&Path>,
    options: &Options,
    progress: &dyn Progress,
) -> Result<Outcome> {
    let project = prepared::project_of(project, &options.overrides, Need::Everything)?;
    prepared::plan_settings(&project)?;
    let document = Arc::clone(&project.document);
    let mut job = Job::begin("plan", &project, options)?;
    if let Some((run_dir, date)) = &options.from {
        let earlier = Earlier::open(run_dir, *date)?;
        job.record.inputs.push(earlier.file.clone());
        job.earlier = Some(earlier);
    }
    // The tasks of the earlier run, where it made some and nothing else is asked for.
    let earlier_tasks = options.from.as_ref().map(|(run_dir, _)| run_dir.as_path());
    let tasks_from = tasks_from.or(earlier_tasks.filter(|run_dir| run_dir.join("tasks.geojson").is_file()));
    match tasks_from {
        Some(run_dir) => job.plan_tasks_of(run_dir, project, options, progress),
        None => Prepared::open(project, Need::Everything, options.memory_bytes, progress)
            .and_then(|prepared| job.work(prepared, options, progress)),
    }
    .map_err(|error| document.locate(error))
}

/// One run under way: where it writes, and what it has to tell at the end.
struct Job {
    staging: Staging,
    record: Record,
    outcome: Outcome,
    outputs: Vec<&'static str>,
    begun: Instant,
    earlier: Option<Earlier>,
}

impl Job {
    /// Claims the output folder before any work.
    fn begin(command: &str, project: &Project, options: &Options) -> Result<Self> {
        if let (Backend::Cpu, Some(device)) = (options.backend, &options.device) {
            let fix = "leave one of them out";
            let found = format!("--backend cpu and --device {device}");
            return Err(Fault::new(
                "options.device",
                "command line",
                "a GPU or the native engine",
                found,
                fix,
            )
            .into());
        }
        let out = options.out.clone().unwrap_or_else(|| Path::new("runs").join(&project.name));
        let staging = Staging::new(&out, options.overwrite)?;
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
        Ok(Self { staging, record, outcome, outputs: Vec::new(), begun: Instant::now(), earlier: None })
    }

    fn spare_inputs(&self) -> Result<()> {
        output_folder::spare_inputs(self.staging.out_dir(), &self.record.inputs)
    }

    fn work(mut self, mut prepared: Prepared, options: &Options, progress: &dyn Progress) -> Result<Outcome> {
        self.record.inputs.extend(prepared.files.iter().cloned());
        self.spare_inputs()?;
        self.record.warnings.extend(prepared.warnings.iter().cloned());
        self.lap("read and check inputs");
        let summary = score_grids(&mut self, &mut prepared, options, progress)?;
        let (mut tasks, mut planned) = (Vec::new(), None);
        if let Some(settings) = prepared.project.tasks.as_ref().filter(|_| self.record.command != "score") {
            tasks = outline_tasks(&mut self, &prepared, settings, &summary, progress)?;
            if let Some(plan) = &prepared.project.plan {
                let crs = &prepared.layers.frame.crs;
                let worths = sample_worths(&mut self, &prepared, &tasks, &summary, options, progress)?;
                planned = Some(plan_teams(
                    &mut self,
                    &tasks,
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
            tasks: &tasks,
            crs: &prepared.layers.frame.crs,
            is_scored: true,
            settlements: &prepared.settlements,
            teams: &prepared.teams,
            planned: planned.as_ref(),
        };
        write_outputs(&mut self, &material)?;
        self.commit(Some(Places { settlements: &prepared.settlements, districts: &prepared.districts }))
    }

    fn plan_tasks_of(
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
        let (Some((plan, teams, teams_file)), Some((tasks, file))) = (teams, tasks) else {
            unreachable!("what is missing is a fault");
        };
        self.record.inputs.extend(teams_file.map(Path::to_path_buf));
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
    fn note_interruption(&mut self, progress: &dyn Progress) {
        if progress.is_cancelled() {
            let text = "the search was interrupted: the plan is the best found until then";
            self.record.warnings.push(text.to_owned());
        }
    }

    /// Notes how long has passed since the last lap under a stage's name.
    fn lap(&mut self, stage: &str) {
        let seconds = self.begun.elapsed().as_secs_f64();
        self.record.seconds.push(StageSeconds { stage: stage.to_owned(), seconds });
        self.begun = Instant::now();
    }

    /// Hashes everything, writes record and (with the places around) report, and renames all files into place.
    fn commit(mut self, places: Option<Places>) -> Result<Outcome> {
        self.lap("write outputs");
        self.record.results.insert("summary".into(), self.outcome.to_json());
        let record = report_step::write_report(&mut self, places)?;
        record::write(&record, &self.staging.path(RUN_RECORD))?;
        self.outcome.take_record(&self.record, &self.outputs);
        let out_dir = self.staging.out_dir().to_path_buf();
        let earlier = output_folder::outputs_of(&out_dir);
        self.staging.commit(&self.outputs, RUN_RECORD)?;
        output_folder::remove_stale(&out_dir, &earlier, &self.outputs)?;
        Ok(self.outcome)
    }
}
