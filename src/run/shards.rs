//! One score shared among processes: `clearway score --shard I/N`, then `clearway merge`.
//!
//! A shard is a band of whole rows of 512-cell tiles. What it makes and counts lies as pieces in the output folder
//! (`folder`); a step that needs the counts of all shards ([`crate::score::Step`]) waits until `merge` has added them
//! up. Nobody schedules anything and nobody locks: a call does the steps that are ready for its shard and ends.
//!
//! ```text
//! score --shard 1/N … N/N   layers, exposure                     array job
//! merge --reduce            counts of all; quantiles
//! score --shard 1/N … N/N   benefit, cost, priority              array job
//! merge                     ties, ranks, grids put together, run.json      (or --reduce and a further array job)
//! ```
//!
//! [`merge`](merge::merge) without `--reduce` does whatever is left itself, in a stream. The finished folder is, byte for
//! byte, that of one `clearway score`.

mod folder;
mod gathered;
mod identity;
mod merge;
mod planes;
mod shard;
mod together;

use std::ops::Range;
use std::path::PathBuf;

use serde_json::{Value, json};

pub use gathered::Gathered;
pub use merge::{MergeOptions, Merged, merge};
pub(super) use planes::{KEPT, kept_plane, made_layers, plane_name};
pub use shard::score_shard;

use crate::layers::SURVEY_BLOCK;

/// One of several shards.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shard {
    /// Which, from 1.
    pub number: usize,
    /// Of how many.
    pub of: usize,
}

impl Shard {
    /// Its rows of a frame: whole tiles of the grids, which are whole blocks of a survey too. None where there are more
    /// shards than rows of tiles.
    pub fn rows(self, n_rows: usize) -> Range<usize> {
        let n_bands = n_rows.div_ceil(SURVEY_BLOCK);
        let row = |number: usize| (number * n_bands / self.of * SURVEY_BLOCK).min(n_rows);
        row(self.number - 1)..row(self.number)
    }
}

impl std::fmt::Display for Shard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} of {}", self.number, self.of)
    }
}

/// What comes after a shard or a reduction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Once all shards are done: `merge`, with `--reduce` or to the end.
    Merge,
    /// The shards again, or `merge` to the end.
    Shards,
    /// `merge` to the end: nothing is left for shards.
    Finish,
}

/// The end of a shard's call or of a reduction, for stdout.
#[derive(Debug, Clone)]
pub struct ShardOutcome {
    /// Which shard; `None` for a reduction.
    pub shard: Option<Shard>,
    /// Its rows.
    pub rows: Range<usize>,
    /// The output folder.
    pub out_dir: PathBuf,
    /// What was done now, by step.
    pub steps: Vec<String>,
    /// What comes next.
    pub next: Next,
    /// What a person should know.
    pub warnings: Vec<String>,
}

impl ShardOutcome {
    /// For a person.
    pub fn to_table(&self) -> String {
        let done = match self.steps.is_empty() {
            true => "nothing: it lies done".to_owned(),
            false => self.steps.join(", "),
        };
        let dir = self.out_dir.display();
        let next = match self.next {
            Next::Merge => format!("when every shard is done, `clearway merge {dir}`, or with --reduce"),
            Next::Shards => format!("the shards again, or `clearway merge {dir}` to do the rest here"),
            Next::Finish => format!("`clearway merge {dir}`: nothing is left for shards"),
        };
        let first = match self.shard {
            Some(shard) if self.rows.is_empty() => format!("shard  {shard}: no rows\n"),
            Some(shard) => format!("shard  {shard}: rows {} to {}\n", self.rows.start, self.rows.end - 1),
            None => "merge  counts added up\n".to_owned(),
        };
        format!("{first}done   {done}\nnext   {next}\n")
    }

    /// For scripts.
    pub fn to_json(&self) -> Value {
        let next = match self.next {
            Next::Merge => "merge",
            Next::Shards => "shards",
            Next::Finish => "finish",
        };
        json!({
            "shard": self.shard.map(|shard| shard.number), "of": self.shard.map(|shard| shard.of),
            "rows": [self.rows.start, self.rows.end], "steps": self.steps, "next": next,
            "out": self.out_dir.display().to_string(), "warnings": self.warnings,
        })
    }
}
