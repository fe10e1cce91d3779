//! Whether a layer's values can be what they are said to be.
//!
//! Faults are what no recipe can mean: a probability above one, fewer people than none. Warnings are what a
//! person should look at once; the thresholds behind them are ours, generous on purpose.

use super::Survey;
use crate::error::Fault;
use crate::grid::Frame;
use crate::units::M2_PER_KM2;

/// More people per km² than live anywhere: the densest quarters known hold about half of it.
const MAX_PEOPLE_PER_KM2: f64 = 200_000.0;
/// Mean US$ per m² outside of which a cost layer is probably in another unit (domain.md §6 has 0.03 to 10).
const PLAUSIBLE_USD_PER_M2: (f64, f64) = (0.001, 1_000.0);
/// Share of unknown cells that is worth a word.
const MUCH_UNKNOWN: f64 = 0.5;

/// What a layer is used as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Probability of contamination, 0..1.
    Hazard,
    /// People per cell, not negative.
    Population,
    /// US$ per cell, above zero.
    Cost,
    /// Standard deviation of hazard, not negative.
    HazardSd,
    /// Any other layer.
    Criterion,
}

/// What a survey shows: faults that stop the run, oddities that are only told.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Findings {
    /// What cannot be.
    pub faults: Vec<Fault>,
    /// What is odd, each a sentence without full stop.
    pub warnings: Vec<String>,
}

/// Judges the survey of a layer brought onto the frame; `name` is its key under `[layers]`.
pub fn range_faults(role: Role, name: &str, frame: &Frame, survey: &Survey) -> Findings {
    let mut judge = Judge { name, frame, survey, findings: Findings::default() };
    let (Some(min), Some(max)) = (survey.min, survey.max) else {
        let found = format!("all {} cells unknown", survey.n_cells);
        let fix = "check that it covers the frame, and its nodata value";
        judge.fault("layer.all_unknown", "at least one known cell", found, fix);
        return judge.findings;
    };
    match role {
        Role::Hazard => judge.hazard(min, max),
        Role::Population => judge.population(min, max),
        Role::Cost => judge.cost(min),
        Role::HazardSd => judge.hazard_sd(min),
        Role::Criterion if min.0 == max.0 => {
            judge.warn(format!("it is {} wherever it is known: it cannot tell cells apart", min.0));
        }
        Role::Criterion => {}
    }
    let share = survey.unknown_share();
    if share > MUCH_UNKNOWN {
        judge.warn(format!("{:.0} % of its cells are unknown", 100.0 * share));
    }
    judge.findings
}

/// A value and its cell.
type At = (f32, [u64; 2]);

struct Judge<'a> {
    name: &'a str,
    frame: &'a Frame,
    survey: &'a Survey,
    findings: Findings,
}

impl Judge<'_> {
    fn hazard(&mut self, min: At, max: At) {
        let survey = self.survey;
        let n_out = survey.n_negative + survey.n_above_one;
        if n_out > 0 {
            let worst = if survey.n_above_one > 0 { max } else { min };
            let found = format!("{} and {} more outside", self.at(worst), n_out - 1);
            let fix = if survey.n_negative > 0 {
                self.negative_fix(min)
            } else if max.0 <= 100.0 {
                format!(
                    "values up to 100 look like per cent: set `scale = 0.01` under [layers.{}]",
                    self.name
                )
            } else {
                format!("bring it to probabilities with `scale` under [layers.{}]", self.name)
            };
            self.fault("layer.hazard_range", "probabilities within 0..1", found, fix);
        } else if max.0 == 0.0 {
            self.warn("no cell has any hazard, so nothing can be gained anywhere".into());
        } else if survey.n_whole == survey.n_known {
            self.warn("it holds only 0 and 1, which looks like labels instead of probabilities".into());
        }
    }

    fn hazard_sd(&mut self, min: At) {
        if self.survey.n_negative > 0 {
            let found = format!("{} and {} more below zero", self.at(min), self.survey.n_negative - 1);
            let fix = self.negative_fix(min);
            self.fault("layer.hazard_sd_range", "standard deviations, none below zero", found, fix);
        }
    }

    fn population(&mut self, min: At, max: At) {
        if self.survey.n_negative > 0 {
            let found = format!("{} and {} more below zero", self.at(min), self.survey.n_negative - 1);
            let fix = self.negative_fix(min);
            self.fault("layer.population_range", "people per cell, none below zero", found, fix);
            return;
        }
        let per_km2 = f64::from(max.0) / self.frame.cell_area_m2(max.1[1] as i64) * M2_PER_KM2;
        if max.0 == 0.0 {
            self.warn("nobody lives in the frame".into());
        } else if per_km2 > MAX_PEOPLE_PER_KM2 {
            let text = format!(
                "{} would be {per_km2:.0} people per km²; if its numbers are densities, set `unit = \"people_per_km2\"`",
                self.at(max)
            );
            self.warn(text);
        }
    }

    fn cost(&mut self, min: At) {
        let n_bad = self.survey.n_negative + self.survey.n_zero;
        if n_bad > 0 {
            let found = format!("{} and {} more not above zero", self.at(min), n_bad - 1);
            let fix = match min.0 < 0.0 {
                true => self.negative_fix(min),
                false => format!(
                    "give every cell a cost above zero, or mark cells without one: `nodata = 0` under [layers.{}]",
                    self.name
                ),
            };
            self.fault("layer.cost_range", "costs above zero", found, fix);
            return;
        }
        let area_m2 = self.frame.cell_area_m2(self.frame.n_rows as i64 / 2);
        let mean = self.survey.mean().unwrap_or_default() / area_m2;
        if mean < PLAUSIBLE_USD_PER_M2.0 || mean > PLAUSIBLE_USD_PER_M2.1 {
            let text = format!(
                "clearing costs {mean} US$ per m² on average; check its `unit` (usd_per_m2 or usd_per_cell)"
            );
            self.warn(text);
        }
    }

    fn negative_fix(&self, min: At) -> String {
        format!(
            "if {} marks unknown cells, set `nodata` under [layers.{}] to that number (as it stands in the file, \
             before `scale`); otherwise correct the layer",
            min.0, self.name
        )
    }

    /// A value with where it stands: cell and world coordinates.
    fn at(&self, (value, [col, row]): At) -> String {
        let world = self.frame.centre(col as i64, row as i64);
        let decimals = if self.frame.crs.is_geographic() { 6 } else { 1 };
        format!("{value} at column {col}, row {row} ({:.decimals$}, {:.decimals$})", world.x, world.y)
    }

    fn fault(&mut self, code: &'static str, expected: &str, found: String, fix: impl Into<String>) {
        let place = format!("layer `{}`", self.name);
        self.findings.faults.push(Fault::new(code, place, expected, found, fix));
    }

    fn warn(&mut self, text: String) {
        self.findings.warnings.push(format!("layer `{}`: {text}", self.name));
    }
}
