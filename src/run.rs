//! The main job: project file in, run directory out. The only place that strings the stages together.
//!
//! ```text
//! Project::open → Prepared::open → score_grids → outline_tasks → plan_teams → commit
//! ```
//!
//! Everything is written into a hidden folder beside its destination and renamed at the end, `run.json` last: a
//! folder with a `run.json` is whole. Every fault of the inputs is found before any work (exit code 2).

mod areas;
mod bare;
mod batch;
pub mod bench_plan;
mod brief;
mod changes;
mod check;
mod contributions;
mod document;
mod explain;
mod hazard;
mod imsma;
pub mod in_memory;
pub mod init;
mod job;
mod kept;
mod layers;
mod limits;
mod located;
mod measures;
mod oddities;
mod outcome;
mod outlining;
mod output_folder;
mod outputs;
mod parcels;
pub mod parts;
mod planning;
mod prepared;
mod problem;
pub mod project;
mod redact;
mod replanning;
mod report_step;
mod resume;
mod sampled_worths;
mod scored;
mod section;
pub mod shards;
mod space;
mod stages;
mod tasks_file;
mod tasks_state;
mod uncertain;
mod vectors;
mod verify;
mod what_if;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::civil::Date;

pub use bare::{plan_problem, plan_problem_file};
pub use batch::{BatchOutcome, batch, batch_check, batch_names, batch_some};
pub use check::{CheckReport, check, error_to_json};
pub use explain::{Asked, Explanation, explain};
use job::Job;
pub use oddities::Oddity;
pub use outcome::Outcome;
use prepared::{Need, Prepared};
pub use redact::redacted_error;
use replanning::Earlier;
pub use report_step::report_again;
pub use verify::{VerifyReport, verify};

use crate::error::Result;
use crate::io::geotiff::Compression;
use crate::progress::Progress;
use crate::score::Backend;

/// What a record says of a plan whose search the person ended early.
const INTERRUPTED: &str = "the search was interrupted: the plan is the best found until then";

/// The command that ends with the task areas, as records name it.
const OUTLINE: &str = "tasks";

/// The name in a record under which the seconds of the whole run stand.
const IN_ALL: &str = "in all";

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
    /// Whether to go on from what an interrupted run into the same folder has finished.
    pub resume: bool,
    /// Side of coarse cells, m, where only totals and coarse grids may be written: `--redact`.
    pub redact: Option<f64>,
    /// The run whose plan is planned anew, and from which day on: `clearway plan --from RUN_DIR --date D`.
    pub from: Option<(PathBuf, Date)>,
    /// Whether a scenario of a batch keeps to what it is compared by (`run::brief`).
    pub brief: bool,
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
            resume: false,
            redact: None,
            from: None,
            brief: false,
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
            ("brief", self.brief.into()),
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

/// Writes priority grids and task areas, and no plan: `clearway tasks`. Teams need not be known for it.
pub fn tasks(project: &Path, options: &Options, progress: &dyn Progress) -> Result<Outcome> {
    let project = prepared::project_of(project, &options.overrides, Need::TaskAreas)?;
    prepared::task_settings(&project)?;
    let document = Arc::clone(&project.document);
    let job = Job::begin(OUTLINE, &project, options)?;
    Prepared::open(project, Need::TaskAreas, options.memory_bytes, progress)
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
