//! A bare problem in, what `plan.json` holds out: `clearway plan --problem FILE`, and the same for programs.

use std::path::Path;

use serde_json::{Map, Value};

use super::outcome::Outcome;
use super::output_folder;
use super::planning::{baseline_values, params};
use super::{INTERRUPTED, Job, Options};
use crate::error::{Error, Fault, Result};
use crate::io::atomic::Staging;
use crate::plan::{self, Problem};
use crate::progress::Progress;
use crate::report::plan_files::{plan_json, write_plan_json};
use crate::report::record::Record;

/// Plans a bare problem without any file: what [`plan_problem_file`] writes as `plan.json`, with what is odd about the
/// problem under `warnings`. The same problem, seed and iterations give the same plan.
///
/// # Errors
/// Those of [`plan::plan`]. When the person interrupts, the best plan so far comes back, and a warning says so.
pub fn plan_problem(problem: &Problem, options: &Options, progress: &dyn Progress) -> Result<Value> {
    let params = params(options.seed.unwrap_or(1), None, None, options);
    let solution = plan::plan(problem, &params, progress)?;
    let baselines = baseline_values(problem, &plan::baselines(problem, None)?);
    let mut warnings = plan::oddities(problem);
    if progress.is_cancelled() {
        warnings.push(INTERRUPTED.to_owned());
    }
    let more = Map::from_iter([("warnings".to_owned(), warnings.into())]);
    Ok(plan_json(problem, &solution, &baselines, None, &more))
}

/// Plans a bare problem file (interface.md §4) into a run directory that holds `plan.json`.
pub fn plan_problem_file(path: &Path, options: &Options, progress: &dyn Progress) -> Result<Outcome> {
    if options.redact.is_some() {
        let (expected, found) =
            ("a project, whose ground can be shown in coarse cells", "--redact and --problem");
        let fix = "leave --redact out, or plan a project";
        return Err(Fault::new("redact.problem", "command line", expected, found, fix).into());
    }
    let name = path.display().to_string();
    let text = std::fs::read_to_string(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => {
            let fix = "give the path of a problem file, see \"Bare problem files\" in README.md";
            Error::from(Fault::new("problem.missing", name.clone(), "a problem file", "no such file", fix))
        }
        _ => Error::io("read", path)(error),
    })?;
    let problem = Problem::read(&text, &name)?;
    let stem =
        path.file_stem().map_or_else(|| "problem".to_owned(), |stem| stem.to_string_lossy().into_owned());
    let out = options.out.clone().unwrap_or_else(|| Path::new("runs").join(&stem));
    let staging = Staging::new(&out, options.overwrite)?;
    output_folder::spare_others(staging.out_dir(), options.overwrite)?;
    let outcome = Outcome::new(&stem, staging.out_dir());
    let record = Record {
        command: "plan --problem".to_owned(),
        project: stem,
        seed: options.seed.unwrap_or(1),
        inputs: vec![path.to_path_buf()],
        options: options.for_record(),
        started: jiff::Timestamp::now().to_string(),
        ..Record::default()
    };
    let mut job = Job::new(staging, record, outcome);
    job.spare_inputs()?;
    job.record.warnings.extend(plan::oddities(&problem));
    let params = params(job.record.seed, None, None, options);
    let solution = plan::plan(&problem, &params, progress)?;
    job.note_interruption(progress);
    job.lap("plan");
    let baselines = baseline_values(&problem, &plan::baselines(&problem, None)?);
    write_plan_json(&job.staging.path("plan.json"), &problem, &solution, &baselines, None, &Map::new())?;
    job.outputs.push("plan.json");
    job.outcome.plan(&problem, &solution, &baselines, "in the problem's own units", "of cost");
    job.commit(None)
}
