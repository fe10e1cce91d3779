//! Arguments of `bench`.

use std::path::PathBuf;

use clap::Args;

use super::{BenchBackend, SearchArgs};

/// Arguments of `bench`.
#[derive(Debug, Args)]
pub struct BenchArgs {
    /// Cells along each side of the grid
    #[arg(long, default_value_t = 4096)]
    pub size: usize,
    /// How often each stage is timed; figures are medians
    #[arg(long, default_value_t = 7)]
    pub rounds: usize,
    /// `all`: the native engine, and a GPU where a real one is seen
    #[arg(long, value_enum, default_value_t = BenchBackend::All)]
    pub backend: BenchBackend,
    /// A GPU by (part of its) name or by its number in `clearway devices`; software adapters must be named
    #[arg(long, value_name = "NAME|INDEX")]
    pub device: Option<String>,
    /// Only stages whose name contains this (repeatable)
    #[arg(long = "stage", value_name = "NAME")]
    pub stages: Vec<String>,
    /// Time the whole pipeline through files too, in a temporary folder
    #[arg(long)]
    pub files: bool,
    /// An earlier `--json` to compare with
    #[arg(long, value_name = "OLD.json")]
    pub compare: Option<PathBuf>,
    /// Instead of stages, plan every problem file of this folder; gaps are to its `best_known.csv`
    #[arg(
        long,
        value_name = "DIR",
        conflicts_with_all = ["size", "rounds", "backend", "device", "stages", "files", "compare"]
    )]
    pub plan: Option<PathBuf>,
    /// Seed of the search, with --plan
    #[arg(long, default_value_t = 1, requires = "plan")]
    pub seed: u64,
    /// How long to search each problem of --plan [default: 10 seconds].
    #[command(flatten)]
    pub search: SearchArgs,
    /// The figures as JSON on stdout
    #[arg(long)]
    pub json: bool,
}
