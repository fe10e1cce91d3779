//! Whether the hazard layer says more than where people live.

use geo::InteriorPoint;
use glam::DVec2;

use super::super::prepared::Prepared;
use super::Oddity;
use super::sample::Sample;
use crate::error::Result;
use crate::grid::{Window, is_unknown};
use crate::statistics::{auc, spearman};

/// A rank correlation from here on is nearly the same order.
const SAME_ORDER: f64 = 0.95;
/// Fewer cells or areas say little.
pub(super) const LEAST: usize = 30;
/// Hazard must tell areas and accidents from other ground better than population does by this much.
pub(super) const LEAST_GAIN: f64 = 0.02;

/// A hazard layer that ranks cells as population alone does.
pub(super) fn like_population(sample: &Sample) -> Option<Oddity> {
    let (hazard, population) = (sample.get("hazard")?, sample.get("population")?);
    let known = hazard.iter().zip(population).filter_map(|(h, p)| Some((f64::from((*h)?), f64::from((*p)?))));
    let (hazard, population): (Vec<f64>, Vec<f64>) = known.unzip();
    if hazard.len() < LEAST {
        return None;
    }
    let rho = spearman(&hazard, &population).filter(|rho| rho.abs() > SAME_ORDER)?;
    Some(Oddity {
        code: "odd.hazard_like_population",
        place: "layer `hazard`".to_owned(),
        what: format!("it ranks cells nearly as `population` does (rank correlation {rho:.2})"),
        so_what: "it says little about contamination that population does not say: a model that learnt where people \
                  report accidents does so; ask how it was tested on ground it had not seen"
            .to_owned(),
    })
}

/// A hazard layer that tells the hazardous areas from other ground no better than population does.
pub(super) fn against_areas(sample: &Sample, prepared: &Prepared) -> Result<Option<Oddity>> {
    let (Some(areas), Some(others)) = (&prepared.areas, Ground::of_sample(sample)) else { return Ok(None) };
    let frame = &prepared.layers.frame;
    let points = areas.iter().filter_map(|area| area.geometry.as_ref()?.interior_point());
    let cells = points.map(|point| {
        let cell = frame.cell_from_world(DVec2::new(point.x(), point.y())).floor();
        [cell.x as i64, cell.y as i64]
    });
    let inside = Ground::at(cells, prepared)?;
    if inside.len() < LEAST || others.len() < LEAST {
        return Ok(None);
    }
    let (by_hazard, by_people) = inside.told_from(&others);
    let is_odd = by_hazard < by_people + LEAST_GAIN;
    Ok(is_odd.then(|| Oddity {
        code: "odd.hazard_no_better",
        place: "layer `hazard`, `tasks.areas`".to_owned(),
        what: format!(
            "it tells {} hazardous areas from other ground with an AUC of {by_hazard:.2}, population alone with \
             {by_people:.2} (0.5 is chance)",
            inside.len()
        ),
        so_what: "priorities inside and outside the areas rest on it: check what it was made from, and whether file and \
                  areas lie in the right place"
            .to_owned(),
    }))
}

/// Hazard and population in the same cells, both known.
pub(super) struct Ground {
    hazard: Vec<f64>,
    people: Vec<f64>,
}

impl Ground {
    /// That of the sample; `None` where one of the two is no plane yet.
    pub(super) fn of_sample(sample: &Sample) -> Option<Self> {
        let pairs = sample.get("hazard")?.iter().zip(sample.get("population")?);
        let (hazard, people) = pairs.filter_map(|(h, p)| Some((f64::from((*h)?), f64::from((*p)?)))).unzip();
        Some(Self { hazard, people })
    }

    /// That of single cells, `[column, row]`, each as often as it is named; those outside the frame are unknown.
    pub(super) fn at(cells: impl Iterator<Item = [i64; 2]>, prepared: &Prepared) -> Result<Self> {
        let layers = &prepared.layers;
        let mut ground = Self { hazard: Vec::new(), people: Vec::new() };
        for [col, row] in cells {
            let window = Window::new(col, row, 1, 1);
            let read = |name: &str| -> Result<f32> { Ok(layers.plane(name).read_vec(window)?[0]) };
            let (hazard, people) = (read("hazard")?, read("population")?);
            if !is_unknown(hazard) && !is_unknown(people) {
                ground.hazard.push(f64::from(hazard));
                ground.people.push(f64::from(people));
            }
        }
        Ok(ground)
    }

    pub(super) fn len(&self) -> usize {
        self.hazard.len()
    }

    /// How well hazard, and population alone, tell it from other ground: areas under the curve.
    pub(super) fn told_from(&self, others: &Self) -> (f64, f64) {
        let by_people = auc(&self.people, &others.people);
        // Population may tell ground apart by lying where it does not.
        (auc(&self.hazard, &others.hazard), by_people.max(1.0 - by_people))
    }
}
