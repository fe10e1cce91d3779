//! A report against an older one: ratios, and which of them are more than noise.
//!
//! A stage has changed when the two medians each lie outside the other's quartiles and differ by more than 5 %.
//! The milliseconds of a machine that does other work at the same time say less than the share of its limit,
//! which was measured beside every run: both ratios are shown.

use crate::error::{Fault, Result};

use super::report::Report;

/// Less than this is no change, whatever the quartiles.
const LEAST_CHANGE: f64 = 0.05;

/// One stage, or the whole pipeline, in both reports.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// The engine.
    pub engine: String,
    /// The stage, or the way of the whole pipeline.
    pub stage: String,
    /// Old milliseconds.
    pub ms_before: f64,
    /// New milliseconds.
    pub ms: f64,
    /// Old ÷ new milliseconds: above 1 it is faster now.
    pub speedup: f64,
    /// New ÷ old share of the limit; `None` for the whole pipeline.
    pub share_ratio: Option<f64>,
    /// Whether it is more than noise.
    pub is_change: bool,
}

/// Milliseconds: median and quartiles.
struct Spread {
    ms: f64,
    low: f64,
    high: f64,
}

/// What both reports have, in the order of the new one.
///
/// # Errors
/// Fault `bench.other_size`: times of other sizes say nothing about each other.
pub fn compare(before: &Report, now: &Report) -> Result<Vec<Change>> {
    if (before.size, before.radius_cells) != (now.size, now.radius_cells) {
        let fix = format!("measure with --size {}", before.size);
        let (expected, found) =
            (format!("a report of {0} x {0} cells", now.size), format!("{0} x {0}", before.size));
        return Err(Fault::new("bench.other_size", "--compare", expected, found, fix).into());
    }
    let mut changes = Vec::new();
    for engine in &now.engines {
        let Some(old) = before.engines.iter().find(|old| old.engine == engine.engine) else { continue };
        for stage in &engine.stages {
            let Some(old) = old.stages.iter().find(|old| old.stage == stage.stage) else { continue };
            let share_ratio = Some(stage.share_of_limit / old.share_of_limit);
            let before = Spread { ms: old.ms, low: old.ms_low, high: old.ms_high };
            let now = Spread { ms: stage.ms, low: stage.ms_low, high: stage.ms_high };
            changes.push(Change::of(&engine.engine, &stage.stage, &before, &now, share_ratio));
        }
        for whole in &engine.whole {
            let Some(old) = old.whole.iter().find(|old| old.way == whole.way) else { continue };
            let before = Spread { ms: old.ms, low: old.ms_low, high: old.ms_high };
            let now = Spread { ms: whole.ms, low: whole.ms_low, high: whole.ms_high };
            changes.push(Change::of(&engine.engine, &whole.way, &before, &now, None));
        }
    }
    Ok(changes)
}

impl Change {
    fn of(engine: &str, stage: &str, before: &Spread, now: &Spread, share_ratio: Option<f64>) -> Self {
        let is_outside = |ms: f64, of: &Spread| ms < of.low || ms > of.high;
        let speedup = before.ms / now.ms;
        let is_change = is_outside(now.ms, before)
            && is_outside(before.ms, now)
            && speedup.max(1.0 / speedup) > 1.0 + LEAST_CHANGE;
        Self {
            engine: engine.to_owned(),
            stage: stage.to_owned(),
            ms_before: before.ms,
            ms: now.ms,
            speedup,
            share_ratio,
            is_change,
        }
    }

    /// A line of a table.
    pub fn to_text(&self) -> String {
        let verdict = match (self.is_change, self.speedup > 1.0) {
            (false, _) => "within noise",
            (true, true) => "FASTER",
            (true, false) => "SLOWER",
        };
        let share = self.share_ratio.map_or_else(String::new, |ratio| format!("{ratio:.2}"));
        format!(
            "{:<8}{:<22}{:>11.2}{:>11.2}{:>9.2}{share:>9}  {verdict}\n",
            self.engine, self.stage, self.ms_before, self.ms, self.speedup
        )
    }

    /// The table's first line.
    pub fn header() -> String {
        format!(
            "{:<8}{:<22}{:>11}{:>11}{:>9}{:>9}\n",
            "engine", "stage", "ms before", "ms now", "speed-up", "of limit"
        )
    }
}
