//! `clearway merge`: the pieces of all shards become the folder that one `clearway score` leaves.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::folder::FOLDER;
use super::gathered::Gathered;
use super::{Next, ShardOutcome};
use crate::error::Result;
use crate::io::geotiff::Compression;
use crate::progress::Progress;
use crate::run::prepared::{Need, Prepared, project_of};
use crate::run::stages::seeded_recipe;
use crate::run::{Job, Options, Outcome};
use crate::score::Backend;

/// What the command line says beside the folder.
#[derive(Debug, Clone, Default)]
pub struct MergeOptions {
    /// Only add up counts, for the shards' next call.
    pub reduce: bool,
    /// The project file, where it lies elsewhere than for the shards.
    pub project: Option<PathBuf>,
    /// Whether a finished run in the folder may be replaced.
    pub overwrite: bool,
    /// Whether the pieces stay once the run is finished.
    pub keep: bool,
    /// Bound on the memory that tiles and planes may take, bytes.
    pub memory_bytes: u64,
    /// Threads, for the record; 0 for one a core.
    pub threads: usize,
}

/// What became of it.
#[derive(Debug)]
pub enum Merged {
    /// Counts were added up.
    Reduced(ShardOutcome),
    /// The run is finished.
    Finished(Box<Outcome>),
}

/// Puts the pieces in an output folder together, or with `reduce` adds up their counts.
///
/// # Errors
/// Faults where pieces are missing, damaged, or of another version, project, setting, input, engine or number of
/// shards: each is named.
pub fn merge(dir: &Path, options: &MergeOptions, progress: &dyn Progress) -> Result<Merged> {
    let gathered = Gathered::open(dir)?;
    let (file, run_options) = as_asked(&gathered, dir, options);
    let project = project_of(&file, &run_options.overrides, Need::Grids)?;
    let document = Arc::clone(&project.document);
    let merged = || -> Result<Merged> {
        let surveys = gathered.surveys()?;
        if options.reduce {
            let prepared = Prepared::open_surveyed(project, run_options.memory_bytes, &surveys)?;
            return reduce(&gathered, prepared, dir, &run_options, progress).map(Merged::Reduced);
        }
        let mut job = Job::begin("score", &project, &run_options)?;
        let prepared = Prepared::open_surveyed(project, run_options.memory_bytes, &surveys)?;
        gathered.check(&prepared.project, &prepared.layers, &run_options)?;
        (job.gathered, job.is_merge) = (Some(gathered), true);
        let outcome = job.work(prepared, &run_options, progress)?;
        if !options.keep {
            // A finished run stands without them; what cannot be removed does no harm.
            let _ = std::fs::remove_dir_all(dir.join(FOLDER));
        }
        Ok(Merged::Finished(Box::new(outcome)))
    };
    merged().map_err(|error| document.locate(error))
}

fn reduce(
    gathered: &Gathered,
    mut prepared: Prepared,
    dir: &Path,
    options: &Options,
    progress: &dyn Progress,
) -> Result<ShardOutcome> {
    gathered.check(&prepared.project, &prepared.layers, options)?;
    gathered.put_layers(&prepared.project, &mut prepared.layers, options)?;
    let recipe = seeded_recipe(&prepared.project, options.seed.unwrap_or(prepared.project.seed));
    let (known, is_end) = gathered.reduce(&prepared, &recipe, options, progress)?;
    gathered.write_totals(&known)?;
    let mut steps: Vec<_> = known.into_keys().collect();
    steps.sort();
    Ok(ShardOutcome {
        shard: None,
        rows: 0..prepared.layers.frame.n_rows,
        out_dir: dir.to_path_buf(),
        steps: steps.into_iter().map(|step| step.name()).collect(),
        next: if is_end { Next::Finish } else { Next::Shards },
        warnings: Vec::new(),
    })
}

/// The project file, and the options of a run as the shards were asked for.
fn as_asked(gathered: &Gathered, dir: &Path, options: &MergeOptions) -> (PathBuf, Options) {
    let asked = gathered.first().asked.clone();
    let backend = match asked.backend.as_str() {
        "gpu" => Backend::Gpu,
        "cpu" => Backend::Cpu,
        _ => Backend::Auto,
    };
    let compression = match asked.compress.as_str() {
        "zstd" => Compression::Zstd,
        "none" => Compression::None,
        _ => Compression::Deflate,
    };
    let run_options = Options {
        out: Some(dir.to_path_buf()),
        overwrite: options.overwrite,
        backend,
        device: asked.device,
        seed: asked.seed,
        overrides: asked.set,
        memory_bytes: options.memory_bytes,
        compression,
        threads: options.threads,
        ..Options::default()
    };
    (options.project.clone().unwrap_or(asked.project), run_options)
}
