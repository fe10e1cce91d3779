//! The figures: as JSON (the fields' names are the keys) and as tables for people.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Fault, Result};

use super::model::StageModel;

/// All that was measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Version of the program.
    pub clearway: String,
    /// Cells along each side.
    pub size: usize,
    /// The exposure's radius, cells.
    pub radius_cells: usize,
    /// Times each stage ran.
    pub rounds: usize,
    /// Seed of the made-up layers.
    pub seed: u64,
    /// How long all of it took.
    pub seconds: f64,
    /// Each engine's figures, the native one first.
    pub engines: Vec<EngineReport>,
    /// Stages whose result was wrong; they are not timed.
    pub failures: Vec<String>,
}

/// One engine's figures.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EngineReport {
    /// `native` or `gpu`.
    pub engine: String,
    /// The processor's threads, or the name of the device.
    pub device: String,
    /// Backend and driver of a GPU.
    pub driver: String,
    /// What the machine can do.
    pub limits: Limits,
    /// Stage by stage, in the order of the pipeline.
    pub stages: Vec<StageReport>,
    /// The whole pipeline; empty where only some stages were asked for.
    pub whole: Vec<WholeReport>,
}

/// What the machine can do, measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Limits {
    /// 10⁹ bytes a second that a copy reads and writes.
    pub copy_gb_per_s: f64,
    /// 10⁹ multiplications and additions a second, each rounded by itself.
    pub multiply_add_gop_per_s: f64,
    /// The same, a product and a sum fused in one; of the processor, where it can.
    pub fused_gop_per_s: Option<f64>,
    /// 10⁹ bytes a second to a device.
    pub bus_there_gb_per_s: Option<f64>,
    /// 10⁹ bytes a second from a device.
    pub bus_back_gb_per_s: Option<f64>,
}

/// What bounds a stage on this machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Bound {
    /// Moving its bytes takes longer than its operations.
    Memory,
    /// Its operations take longer.
    Arithmetic,
}

/// One stage's figures.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StageReport {
    /// Its name.
    pub stage: String,
    /// Median over the rounds, milliseconds.
    pub ms: f64,
    /// First quartile.
    pub ms_low: f64,
    /// Third quartile.
    pub ms_high: f64,
    /// 10⁶ cells a second.
    pub mcells_per_s: f64,
    /// By the model.
    pub bytes_per_cell: f64,
    /// By the model.
    pub operations_per_cell: f64,
    /// What a textbook would count, where that is another number.
    #[serde(default)]
    pub textbook_operations_per_cell: Option<f64>,
    /// Operations a second ÷ this machine's rate of multiply and add, fused where the stage's are, measured beside each
    /// run; median over the rounds.
    #[serde(default)]
    pub share_of_rate: Option<f64>,
    /// What bounds it.
    pub bound: Bound,
    /// Time at that limit, measured beside it, ÷ time taken; median over the rounds. On a GPU the time taken is
    /// the device's own.
    pub share_of_limit: f64,
    /// Of the time on a GPU what its own clock saw, without transfers, milliseconds.
    pub device_ms: Option<f64>,
    /// On a GPU, time of the transfers at the bus's limit ÷ time taken.
    pub share_of_bus: Option<f64>,
}

/// The whole pipeline, one way.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WholeReport {
    /// `in memory` or `through files`.
    pub way: String,
    /// Median over the rounds, milliseconds.
    pub ms: f64,
    /// First quartile.
    pub ms_low: f64,
    /// Third quartile.
    pub ms_high: f64,
    /// 10⁶ cells a second.
    pub mcells_per_s: f64,
    /// Cells along a tile's side.
    pub tile_size: usize,
    /// Milliseconds of each pass in the median run, by its label.
    pub passes: Vec<(String, f64)>,
}

impl Report {
    /// An earlier report, as `--json` printed it.
    ///
    /// # Errors
    /// Faults: `bench.no_report`, `bench.not_a_report`.
    pub fn open(path: &Path) -> Result<Self> {
        let place = path.display().to_string();
        let fix = "give a file that `clearway bench --json` wrote";
        let text = match std::fs::read_to_string(path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Err(
                    Fault::new("bench.no_report", place, "an earlier report", "no such file", fix).into()
                );
            }
            text => text.map_err(Error::io("read", path))?,
        };
        serde_json::from_str(&text).map_err(|error| {
            let found = error.to_string();
            Fault::new("bench.not_a_report", place, "an earlier report as JSON", found, fix).into()
        })
    }

    /// As JSON.
    ///
    /// # Panics
    /// Never: names and numbers make JSON.
    pub fn to_json(&self) -> serde_json::Value {
        serde_json::to_value(self).expect("names and numbers make JSON")
    }

    /// As tables.
    pub fn to_text(&self) -> String {
        let Self { size, radius_cells, rounds, .. } = self;
        let mut text = format!(
            "{size} x {size} cells, radius of exposure {radius_cells} cells, medians of {rounds} rounds\n"
        );
        for engine in &self.engines {
            text += &engine.to_text();
        }
        for failure in &self.failures {
            text += &format!("\nWRONG RESULT  {failure}\n");
        }
        text
    }
}

impl EngineReport {
    fn to_text(&self) -> String {
        let Limits { copy_gb_per_s, multiply_add_gop_per_s, fused_gop_per_s, .. } = &self.limits;
        let fused = fused_gop_per_s.map_or_else(String::new, |rate| format!(" ({rate:.1} fused)"));
        let mut text = format!("\n{} ({})\n", self.engine, self.device);
        text += &format!(
            "limits: copy {copy_gb_per_s:.1} GB/s, multiply and add {multiply_add_gop_per_s:.1} Gop/s{fused}{}\n",
            self.bus()
        );
        let header =
            ["stage", "ms", "Mcells/s", "B/cell", "op/cell", "bound by", "of limit", "device ms", "of bus"];
        text += &row(header.map(str::to_owned));
        for stage in &self.stages {
            text += &row([
                stage.stage.clone(),
                format!("{:.2}", stage.ms),
                format!("{:.0}", stage.mcells_per_s),
                stage.bytes_per_cell.to_string(),
                format!("{:.0}", stage.operations_per_cell),
                format!("{:?}", stage.bound).to_lowercase(),
                percent(stage.share_of_limit),
                stage.device_ms.map_or_else(String::new, |ms| format!("{ms:.3}")),
                stage.share_of_bus.map_or_else(String::new, percent),
            ]);
        }
        for stage in &self.stages {
            text += &stage.of_rate(fused_gop_per_s.is_some());
        }
        for whole in &self.whole {
            let passes: Vec<_> = whole.passes.iter().map(|(label, ms)| format!("{label} {ms:.0}")).collect();
            text += &format!(
                "whole pipeline {}: {:.0} ms, {:.1} Mcells/s, tiles of {} ({})\n",
                whole.way,
                whole.ms,
                whole.mcells_per_s,
                whole.tile_size,
                passes.join(", ")
            );
        }
        text
    }

    fn bus(&self) -> String {
        match (self.limits.bus_there_gb_per_s, self.limits.bus_back_gb_per_s) {
            (Some(there), Some(back)) => format!(", bus {there:.1} GB/s there, {back:.1} GB/s back"),
            _ => String::new(),
        }
    }
}

impl StageReport {
    /// A line on the rate of multiply and add, where a textbook counts other operations than are executed.
    fn of_rate(&self, can_fuse: bool) -> String {
        let Some((textbook, share)) = self.textbook_operations_per_cell.zip(self.share_of_rate) else {
            return String::new();
        };
        let executed = self.operations_per_cell;
        let fused = if can_fuse && StageModel::of(&self.stage).is_fused { ", fused," } else { "" };
        format!(
            "{}: {} of multiply and add{fused} by {executed:.0} operations executed, {} by {textbook:.0} of a textbook\n",
            self.stage,
            percent(share),
            percent(share * textbook / executed)
        )
    }
}

fn percent(share: f64) -> String {
    format!("{:.0} %", 100.0 * share)
}

/// The first column to the left, the others to the right.
fn row([first, rest @ ..]: [String; 9]) -> String {
    let rest = rest.map(|cell| format!(" {cell:>10}"));
    format!("{}\n", format!("{first:<22}{}", rest.concat()).trim_end())
}
