//! What is odd about inputs that have no fault: nothing stops a run, but a person should look at it once.
//!
//! Judged on a sample of cells, the same in every run: some 10^5 of them in blocks spread over the frame, and for
//! criteria, which need the exposure, one cell of some of the blocks. Thresholds are ours, generous on purpose.

mod accidents;
mod criteria;
mod hazard;
mod sample;

use serde_json::{Value, json};

use super::prepared::Prepared;
use super::project::Project;
use crate::error::{Result, printable};
use crate::grid::Frame;
use crate::layers::Unit;
use crate::units::M2_PER_KM2;
pub use accidents::ACCIDENTS;
use sample::Sample;

/// One thing that is odd.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Oddity {
    /// A stable short name, such as `odd.overlap`.
    pub code: &'static str,
    /// The layers or keys it speaks of.
    pub place: String,
    /// What was seen.
    pub what: String,
    /// What that means for the result, and what to look at.
    pub so_what: String,
}

impl Oddity {
    /// For scripts.
    pub fn to_json(&self) -> Value {
        json!({ "code": self.code, "place": self.place, "what": self.what, "so_what": self.so_what })
    }
}

impl std::fmt::Display for Oddity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}; {} [{}]", printable(&self.place), self.what, self.so_what, self.code)
    }
}

/// What a look at the inputs taken together tells.
pub(super) struct Found {
    /// All that is odd.
    pub oddities: Vec<Oddity>,
    /// Layer and how well hazard agrees with it, odd or not.
    pub facts: Vec<(String, String)>,
}

/// All that is odd about a project's inputs.
pub(super) fn find(prepared: &Prepared) -> Result<Found> {
    let (project, layers) = (&prepared.project, &prepared.layers);
    let sample = Sample::of(&layers.frame, &layers.planes)?;
    let mut found: Vec<Oddity> = kernel(project, &layers.frame).into_iter().collect();
    found.extend(people_per_km2(prepared));
    found.extend(overlap(&sample));
    found.extend(nearly_constant(&sample));
    found.extend(hazard::like_population(&sample));
    found.extend(hazard::against_areas(&sample, prepared)?);
    let mut facts = Vec::new();
    for judged in accidents::judge(&sample, prepared)? {
        facts.push((format!("hazard by {}", judged.layer), judged.fact));
        found.extend(judged.oddity);
    }
    found.extend(criteria::find(&sample, prepared)?);
    Ok(Found { oddities: found, facts })
}

/// A number of things, one or more.
fn words(n: usize, thing: &str) -> String {
    format!("{n} {thing}{}", if n == 1 { "" } else { "s" })
}

/// Least share of the cells of the scarcest layer where all layers that scoring needs are known.
const LEAST_OVERLAP: f64 = 0.5;

fn overlap(sample: &Sample) -> Option<Oddity> {
    let needed: Vec<&[Option<f32>]> =
        ["hazard", "population", "cost"].iter().filter_map(|name| sample.get(name)).collect();
    let known = |column: &&[Option<f32>]| column.iter().flatten().count();
    let least = needed.iter().map(known).min().filter(|least| *least > 0)?;
    let all = (0..sample.n_cells()).filter(|&i| needed.iter().all(|column| column[i].is_some())).count();
    let share = all as f64 / least as f64;
    (share < LEAST_OVERLAP).then(|| Oddity {
        code: "odd.overlap",
        place: "layers hazard, population, cost".to_owned(),
        what: format!(
            "they are known together in only {:.0} % of the cells where the scarcest of them is known",
            100.0 * share
        ),
        so_what: "cells that lack one of them are not scored, and nothing is said of that ground: check that the files \
                  show the same region"
            .to_owned(),
    })
}

/// Mean people per km² over a wide area that is more than countries have, and fewer than settled ones have.
const CROWDED_PER_KM2: f64 = 5_000.0;
const DESERTED_PER_KM2: f64 = 0.5;
/// An area is wide from here on, km².
const WIDE_KM2: f64 = 100.0;

fn people_per_km2(prepared: &Prepared) -> Option<Oddity> {
    let survey = prepared.layers.surveys.get("population")?;
    let frame = &prepared.layers.frame;
    let km2 = survey.n_known as f64 * frame.cell_area_m2(frame.n_rows as i64 / 2) / M2_PER_KM2;
    let mean = survey.sum / km2;
    let unit = &prepared.project.layer("population")?.unit;
    if km2 < WIDE_KM2 || survey.sum == 0.0 {
        return None;
    }
    let (code, guess) = match unit {
        Unit::PeoplePerCell if mean > CROWDED_PER_KM2 => ("odd.counts_like_densities", "people_per_km2"),
        Unit::PeoplePerKm2 if mean < DESERTED_PER_KM2 => ("odd.densities_like_counts", "people_per_cell"),
        _ => return None,
    };
    Some(Oddity {
        code,
        place: "layer `population`".to_owned(),
        what: format!(
            "as `{}` it holds {:.0} people, {mean:.3} per km² over {km2:.0} km²",
            unit.key(),
            survey.sum
        ),
        so_what: format!(
            "if its numbers are `{guess}`, set that `unit` under [layers.population]: people at risk and exposure would \
             be wrong by the same factor"
        ),
    })
}

/// A kernel longer than this share of the frame's shorter side sees mostly what the frame cuts off.
const LONGEST_OF_SIDE: f64 = 0.25;

fn kernel(project: &Project, frame: &Frame) -> Option<Oddity> {
    let (key, length_m) = project.score.recipe.kernel.length_m()?;
    let row = frame.n_rows as i64 / 2;
    let cell_m = frame.cell_width_m(row).max(frame.cell_height_m(row));
    let side_m =
        (frame.cell_width_m(row) * frame.n_cols as f64).min(frame.cell_height_m(row) * frame.n_rows as f64);
    let (code, what, so_what) = if length_m < cell_m {
        let what = format!("{length_m} m is less than one cell of {cell_m:.0} m");
        (
            "odd.kernel_short",
            what,
            "people count almost only in their own cell: the same as `kernel = \"none\"`",
        )
    } else if length_m > LONGEST_OF_SIDE * side_m {
        let what =
            format!("{length_m} m is more than a quarter of the frame's shorter side of {side_m:.0} m");
        (
            "odd.kernel_long",
            what,
            "exposure is nearly the same everywhere, and people outside the frame do not count",
        )
    } else {
        return None;
    };
    Some(Oddity { code, place: format!("`score.exposure.{key}`"), what, so_what: so_what.to_owned() })
}

/// A layer of which so much holds one number cannot tell cells apart.
const NEARLY_ALL: f64 = 0.999;

fn nearly_constant(sample: &Sample) -> Vec<Oddity> {
    let judged = sample.names().filter(|name| !["population", "cost"].contains(name));
    let judge = |name: &str| {
        let mut values: Vec<f32> = sample.get(name)?.iter().flatten().copied().collect();
        values.sort_by(f32::total_cmp);
        let most = values.chunk_by(|a, b| a == b).max_by_key(|run| run.len())?;
        let share = most.len() as f64 / values.len() as f64;
        // All of them alike is told by the survey already.
        (NEARLY_ALL..1.0).contains(&share).then(|| Oddity {
            code: "odd.nearly_constant",
            place: format!("layer `{name}`"),
            what: format!("{:.2} % of its cells hold {}", 100.0 * share, most[0]),
            so_what: "it hardly tells cells apart: check its `scale`, its band and its nodata value"
                .to_owned(),
        })
    };
    judged.filter_map(judge).collect()
}
