//! Whether a hazard layer finds the ground where accidents are recorded: vector layers of the project that are named for
//! accidents, which nothing else in a project with a hazard raster speaks of.

use geo::Geometry;
use glam::DVec2;

use super::super::measures::geometries;
use super::super::prepared::Prepared;
use super::super::project::LayerSource;
use super::hazard::{Ground, LEAST, LEAST_GAIN};
use super::sample::Sample;
use super::{Oddity, words};
use crate::error::Result;
use crate::statistics::auc_error;

/// A layer with one of these in its name holds accidents.
pub const ACCIDENTS: &[&str] = &["accident", "incident", "victim", "casualt"];

/// The most cells that are read; more are thinned out evenly.
const MOST: usize = 5_000;
/// Fewer cells are not judged at all.
const FEWEST: usize = 5;

/// What is told of one layer of accidents, and whether it is odd.
pub(super) struct Judged {
    pub layer: String,
    pub fact: String,
    pub oddity: Option<Oddity>,
}

/// Judges the hazard by every layer of accidents; none where hazard is built, from accidents perhaps.
pub(super) fn judge(sample: &Sample, prepared: &Prepared) -> Result<Vec<Judged>> {
    let mut judged = Vec::new();
    for layer in &prepared.project.layers {
        let LayerSource::Vector(source) = &layer.source else { continue };
        let name = layer.name.to_lowercase();
        if !ACCIDENTS.iter().any(|word| name.contains(word)) {
            continue;
        }
        let points = points_of(geometries(source, &layer.name, &prepared.layers.frame)?.geometries);
        if let Some((fact, oddity)) = judge_by(&layer.name, &points, sample, prepared)? {
            judged.push(Judged { layer: layer.name.clone(), fact, oddity });
        }
    }
    Ok(judged)
}

fn points_of(geometries: Vec<Geometry<f64>>) -> Vec<DVec2> {
    let points = |geometry| match geometry {
        Geometry::Point(point) => vec![point],
        Geometry::MultiPoint(points) => points.0,
        _ => Vec::new(),
    };
    geometries.into_iter().flat_map(points).map(|point| DVec2::new(point.x(), point.y())).collect()
}

fn judge_by(
    layer: &str,
    points: &[DVec2],
    sample: &Sample,
    prepared: &Prepared,
) -> Result<Option<(String, Option<Oddity>)>> {
    let Some(others) = Ground::of_sample(sample) else { return Ok(None) };
    let frame = &prepared.layers.frame;
    let mut cells: Vec<[i64; 2]> = points
        .iter()
        .map(|point| frame.cell_from_world(*point).floor())
        .map(|cell| [cell.x as i64, cell.y as i64])
        .collect();
    // Several accidents in a cell are one piece of evidence about it.
    cells.sort_unstable();
    cells.dedup();
    let thinned = cells.iter().copied().step_by(cells.len().div_ceil(MOST).max(1));
    let cases = Ground::at(thinned, prepared)?;
    let (n, n_points) = (cases.len(), points.len());
    let basis = format!(
        "{}, {} where hazard and population are known",
        words(n_points, "accident"),
        words(n, "different cell")
    );
    if n < FEWEST || others.len() < LEAST {
        return Ok(Some((format!("{basis}: too few to judge the hazard by"), None)));
    }
    let (by_hazard, by_people) = cases.told_from(&others);
    let error = auc_error(by_hazard, n, others.len());
    let few = if n < LEAST { ": few, so only a hint" } else { "" };
    let fact = format!(
        "hazard tells them from other ground with an AUC of {by_hazard:.2} ± {error:.2}, population alone with \
         {by_people:.2} (0.5 is chance, 1 is always); {basis}{few}"
    );
    let is_odd = n >= LEAST && by_hazard < by_people + LEAST_GAIN;
    let oddity = is_odd.then(|| Oddity {
        code: "odd.hazard_misses_accidents",
        place: format!("layer `hazard`, layer `{layer}`"),
        what: format!(
            "it tells {n} cells with recorded accidents from other ground with an AUC of {by_hazard:.2} ± {error:.2}, \
             population alone with {by_people:.2} (0.5 is chance)"
        ),
        so_what: "accidents happen where people go, so population does well by itself; a hazard that does no better adds \
                  little about where the mines are: ask what it was made from, and look at the accidents it misses"
            .to_owned(),
    });
    Ok(Some((fact, oddity)))
}
