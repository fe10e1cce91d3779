//! Criteria that say the same, and one that decides everything.

use super::super::prepared::Prepared;
use super::Oddity;
use super::sample::Sample;
use crate::error::Result;
use crate::score::{Kernel, Maxima, Source, Value, contributions, neighbours};
use crate::statistics::{correlation, spearman};

/// A rank correlation from here on is nearly the same order.
const SAME_ORDER: f64 = 0.95;
/// A criterion with so much of the benefit's variance decides everything.
const DECIDES: f64 = 0.9;
/// Cells whose exposure is computed, if the kernel is not so wide that this would take long.
const MOST_CELLS: usize = 150;
const LEAST_CELLS: usize = 30;
/// Cells of population read for all of them together.
const MOST_READ: f64 = 3e7;

/// A cell where all that criteria count is known.
struct Cell {
    hazard: f64,
    exposure: f64,
    layers: Vec<f64>,
}

pub(super) fn find(sample: &Sample, prepared: &Prepared) -> Result<Vec<Oddity>> {
    let settings = &prepared.project.score;
    let recipe = &settings.recipe;
    let columns: Option<Vec<_>> = settings.criterion_layers.iter().map(|name| sample.get(name)).collect();
    // Distances and counts are planes only once they are measured; hazard may be built.
    let (Some(columns), Some(hazard)) = (columns, sample.get("hazard")) else { return Ok(Vec::new()) };
    if recipe.criteria.len() < 2 {
        return Ok(Vec::new());
    }
    let frame = &prepared.layers.frame;
    let reach = 2.0 * reach_m(recipe.kernel) / frame.cell_width_m(frame.n_rows as i64 / 2) + 1.0;
    let most = ((MOST_READ / (reach * reach)) as usize).min(MOST_CELLS);
    let is_known = |&&(_, at): &&([i64; 2], usize)| {
        let mut needed = columns.iter().copied().chain([hazard]).chain(sample.get("population"));
        needed.all(|column| column[at].is_some())
    };
    let known: Vec<_> = sample.blocks.iter().filter(is_known).collect();
    if most < LEAST_CELLS || known.len() < LEAST_CELLS {
        return Ok(Vec::new());
    }
    let needs_exposure = recipe.criteria.iter().any(|criterion| criterion.source == Source::Exposure);
    let mut cells = Vec::new();
    for &&(cell, at) in known.iter().step_by(known.len().div_ceil(most)) {
        let bands = match needs_exposure {
            true => neighbours(recipe.kernel, frame, prepared.layers.plane("population"), cell)?,
            false => Vec::new(),
        };
        let number = |column: &[Option<f32>]| column[at].map(f64::from).unwrap_or_default();
        cells.push(Cell {
            hazard: number(hazard),
            exposure: bands.iter().map(|band| band.exposure).sum(),
            layers: columns.iter().map(|column| number(column)).collect(),
        });
    }
    let mut found = alike(prepared, &cells);
    found.extend(decisive(prepared, &cells));
    Ok(found)
}

fn reach_m(kernel: Kernel) -> f64 {
    match kernel {
        Kernel::Gaussian { sigma_m } => 4.0 * sigma_m,
        Kernel::Exponential { lambda_m } => 8.0 * lambda_m,
        Kernel::Disc { radius_m } => radius_m,
        Kernel::None => 0.0,
    }
}

fn alike(prepared: &Prepared, cells: &[Cell]) -> Vec<Oddity> {
    let criteria = &prepared.project.score.recipe.criteria;
    let numbers = |source: Source| -> Vec<f64> {
        let number = |cell: &Cell| match source {
            Source::Exposure => cell.exposure,
            Source::Layer(index) => cell.layers[index],
        };
        cells.iter().map(number).collect()
    };
    let mut found = Vec::new();
    for (i, a) in criteria.iter().enumerate() {
        for b in &criteria[i + 1..] {
            let rho = spearman(&numbers(a.source), &numbers(b.source)).filter(|rho| rho.abs() > SAME_ORDER);
            found.extend(rho.map(|rho| Oddity {
                code: "odd.criteria_alike",
                place: format!("criteria `{}` and `{}`", a.name, b.name),
                what: format!("they rank cells nearly {} (rank correlation {rho:.2})", if rho > 0.0 { "alike" } else { "in reverse" }),
                so_what: "what they stand for counts twice, or cancels out: leave one out, or halve their weights".to_owned(),
            }));
        }
    }
    found
}

fn decisive(prepared: &Prepared, cells: &[Cell]) -> Option<Oddity> {
    let settings = &prepared.project.score;
    let recipe = &settings.recipe;
    // A quantile needs the ranks of all scored cells.
    if recipe.criteria.iter().any(|criterion| criterion.value == Value::Quantile) {
        return None;
    }
    let greatest = |name: &String| {
        let max = prepared.layers.surveys.get(name).and_then(|survey| survey.max);
        max.map_or(0.0, |(max, _)| f64::from(max))
    };
    let maxima = Maxima {
        exposure: cells.iter().map(|cell| cell.exposure).fold(0.0, f64::max),
        layers: settings.criterion_layers.iter().map(greatest).collect(),
        ..Maxima::default()
    };
    let parts: Vec<Vec<f64>> = cells
        .iter()
        .map(|cell| contributions(recipe, &maxima, cell.hazard, cell.exposure, &cell.layers))
        .collect();
    let totals: Vec<f64> = parts.iter().map(|parts| parts.iter().sum()).collect();
    let spread = |values: &[f64]| {
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        values.iter().map(|value| (value - mean).powi(2)).sum::<f64>().sqrt()
    };
    // Share of the variance: covariance with the total over its variance; the shares add up to one.
    let share = |k: usize| {
        let part: Vec<f64> = parts.iter().map(|parts| parts[k]).collect();
        correlation(&part, &totals).map_or(0.0, |rho| rho * spread(&part) / spread(&totals))
    };
    let (k, share) = (0..recipe.criteria.len()).map(|k| (k, share(k))).find(|(_, share)| *share > DECIDES)?;
    let name = &recipe.criteria[k].name;
    Some(Oddity {
        code: "odd.one_criterion",
        place: format!("criterion `{name}`"),
        what: format!("{:.0} % of what makes cells differ in benefit comes from it", 100.0 * share),
        so_what: "the other criteria hardly change the order, whatever weights say: check the ends of the value functions"
            .to_owned(),
    })
}
