//! Projects: what the commands of the binary do, with its results as JSON text.

use std::path::PathBuf;

use clearway::error::{Fault, Result};
use clearway::io::geotiff::Compression;
use clearway::run;
use clearway::run::project::Project;
use clearway::score::Backend;
use clearway::synth::{Preset, SynthSpec, synth as make_region};
use pyo3::prelude::*;

use crate::errors::raised;
use crate::working::work;

/// What the command line says beside the project file; keys of a dict.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub struct Options {
    out: Option<PathBuf>,
    overwrite: bool,
    backend: String,
    device: Option<String>,
    seed: Option<u64>,
    overrides: Vec<String>,
    memory_bytes: u64,
    compress: String,
    seconds: Option<f64>,
    iterations: Option<u64>,
    threads: usize,
    resume: bool,
    redact: Option<f64>,
    from_run: Option<(PathBuf, String)>,
}

impl Options {
    fn checked(self) -> Result<run::Options> {
        let from = match self.from_run {
            Some((run_dir, date)) => {
                let day = date.parse().map_err(|error| {
                    let found = format!("{date:?} ({error})");
                    Fault::new("options.date", "date", "a day such as 2027-09-01", found, "change it")
                })?;
                Some((run_dir, day))
            }
            None => None,
        };
        Ok(run::Options {
            out: self.out,
            overwrite: self.overwrite,
            backend: backend(&self.backend)?,
            device: self.device,
            seed: self.seed,
            overrides: self.overrides,
            memory_bytes: self.memory_bytes,
            compression: compression(&self.compress)?,
            seconds: self.seconds,
            iterations: self.iterations,
            threads: self.threads,
            resume: self.resume,
            redact: self.redact,
            from,
            brief: false,
        })
    }
}

fn word<T: Copy>(option: &str, word: &str, words: &[(&str, T)]) -> Result<T> {
    match words.iter().find(|(known, _)| *known == word) {
        Some((_, value)) => Ok(*value),
        None => {
            let known: Vec<String> = words.iter().map(|(known, _)| format!("{known:?}")).collect();
            let (expected, found) = (format!("one of {}", known.join(", ")), format!("{word:?}"));
            Err(Fault::new("options.word", option, expected, found, "change the value").into())
        }
    }
}

/// The engine of a word.
pub fn backend(asked: &str) -> Result<Backend> {
    word("backend", asked, &[("auto", Backend::Auto), ("gpu", Backend::Gpu), ("cpu", Backend::Cpu)])
}

fn compression(asked: &str) -> Result<Compression> {
    let words = [("deflate", Compression::Deflate), ("zstd", Compression::Zstd), ("none", Compression::None)];
    word("compress", asked, &words)
}

/// Reads and checks a project file alone, and gives back its settings.
#[pyfunction]
pub fn open(py: Python<'_>, project: PathBuf, overrides: Vec<String>) -> PyResult<String> {
    let opened = py.detach(|| Project::open(&project, &overrides));
    raised(py, opened).map(|project| project.as_used.to_string())
}

/// `clearway run`, `score` and `plan`, by the `command`'s name.
#[pyfunction]
#[pyo3(signature = (command, project, options, tasks_of, callback))]
pub fn run_project(
    py: Python<'_>,
    command: &str,
    project: PathBuf,
    options: Options,
    tasks_of: Option<PathBuf>,
    callback: Option<Bound<'_, PyAny>>,
) -> PyResult<String> {
    let outcome = work(py, callback.as_ref(), |progress| {
        let options = options.checked()?;
        match command {
            "score" => run::score(&project, &options, progress),
            "plan" => run::plan(&project, tasks_of.as_deref(), &options, progress),
            _ => run::run(&project, &options, progress),
        }
    })?;
    Ok(outcome.to_json().to_string())
}

/// `clearway batch`.
#[pyfunction]
#[pyo3(signature = (project, scenarios, options, callback))]
pub fn batch(
    py: Python<'_>,
    project: PathBuf,
    scenarios: PathBuf,
    options: Options,
    callback: Option<Bound<'_, PyAny>>,
) -> PyResult<String> {
    let outcome = work(py, callback.as_ref(), |progress| {
        run::batch(&project, &scenarios, &options.checked()?, progress)
    })?;
    Ok(outcome.to_json().to_string())
}

/// The scenarios of a batch by name, and its folder.
#[pyfunction]
pub fn batch_names(
    py: Python<'_>,
    project: PathBuf,
    scenarios: PathBuf,
    options: Options,
) -> PyResult<(Vec<String>, PathBuf)> {
    work(py, None, |_| run::batch_names(&project, &scenarios, &options.checked()?))
}

/// Checks the inputs of all scenarios.
#[pyfunction]
pub fn batch_check(py: Python<'_>, project: PathBuf, scenarios: PathBuf, options: Options) -> PyResult<()> {
    work(py, None, |progress| run::batch_check(&project, &scenarios, &options.checked()?, progress))
}

/// Runs some of the scenarios, by number.
#[pyfunction]
pub fn batch_some(
    py: Python<'_>,
    project: PathBuf,
    scenarios: PathBuf,
    numbers: Vec<usize>,
    options: Options,
) -> PyResult<()> {
    work(py, None, |progress| run::batch_some(&project, &scenarios, &numbers, &options.checked()?, progress))
}

/// `clearway check`.
#[pyfunction]
#[pyo3(signature = (project, overrides, callback))]
pub fn check(
    py: Python<'_>,
    project: PathBuf,
    overrides: Vec<String>,
    callback: Option<Bound<'_, PyAny>>,
) -> PyResult<String> {
    let report = work(py, callback.as_ref(), |progress| run::check(&project, &overrides, progress))?;
    Ok(report.to_json().to_string())
}

/// `clearway verify`.
#[pyfunction]
pub fn verify(py: Python<'_>, run_dir: PathBuf) -> PyResult<String> {
    let report = work(py, None, |_| run::verify(&run_dir))?;
    Ok(report.to_json().to_string())
}

/// `clearway explain`, of a task where one is named, else of a point.
#[pyfunction]
#[pyo3(signature = (run_dir, at, is_lonlat, task))]
pub fn explain(
    py: Python<'_>,
    run_dir: PathBuf,
    at: [f64; 2],
    is_lonlat: bool,
    task: Option<String>,
) -> PyResult<String> {
    let asked = match task {
        Some(id) => run::Asked::Task(id),
        None => run::Asked::At { point: at, is_lonlat },
    };
    let explanation = work(py, None, |_| run::explain(&run_dir, &asked))?;
    Ok(explanation.to_json().to_string())
}

/// `clearway synth`.
#[pyfunction]
#[pyo3(signature = (out, preset, size, seed, compress, callback))]
pub fn synth(
    py: Python<'_>,
    out: PathBuf,
    preset: &str,
    size: usize,
    seed: u64,
    compress: &str,
    callback: Option<Bound<'_, PyAny>>,
) -> PyResult<String> {
    let presets = [("hillside", Preset::Hillside), ("plain", Preset::Plain), ("nation", Preset::Nation)];
    let made = work(py, callback.as_ref(), |progress| {
        let preset = word("preset", preset, &presets)?;
        let spec = SynthSpec { preset, size, seed, compress: compression(compress)? };
        make_region(&spec, &out, progress)
    })?;
    Ok(made.to_json().to_string())
}
