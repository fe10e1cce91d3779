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
const LEAST: usize = 30;
/// Hazard must tell areas from other ground better than population does by this much.
const LEAST_GAIN: f64 = 0.02;

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
    let (Some(areas), Some(others_h), Some(others_p)) =
        (&prepared.areas, sample.get("hazard"), sample.get("population"))
    else {
        return Ok(None);
    };
    let layers = &prepared.layers;
    let (mut inside_h, mut inside_p) = (Vec::new(), Vec::new());
    for point in areas.iter().filter_map(|area| area.geometry.as_ref()?.interior_point()) {
        let cell = layers.frame.cell_from_world(DVec2::new(point.x(), point.y())).floor();
        let window = Window::new(cell.x as i64, cell.y as i64, 1, 1);
        let read = |name: &str| -> Result<f32> { Ok(layers.plane(name).read_vec(window)?[0]) };
        let (hazard, people) = (read("hazard")?, read("population")?);
        if !is_unknown(hazard) && !is_unknown(people) {
            inside_h.push(f64::from(hazard));
            inside_p.push(f64::from(people));
        }
    }
    let (others_h, others_p): (Vec<f64>, Vec<f64>) =
        others_h.iter().zip(others_p).filter_map(|(h, p)| Some((f64::from((*h)?), f64::from((*p)?)))).unzip();
    if inside_h.len() < LEAST || others_h.len() < LEAST {
        return Ok(None);
    }
    let (by_hazard, by_people) = (auc(&inside_h, &others_h), auc(&inside_p, &others_p));
    // Population may tell areas apart by lying where they do not.
    let best_by_people = by_people.max(1.0 - by_people);
    let is_odd = by_hazard < best_by_people + LEAST_GAIN;
    Ok(is_odd.then(|| Oddity {
        code: "odd.hazard_no_better",
        place: "layer `hazard`, `tasks.areas`".to_owned(),
        what: format!(
            "it tells {} hazardous areas from other ground with an AUC of {by_hazard:.2}, population alone with \
             {best_by_people:.2} (0.5 is chance)",
            inside_h.len()
        ),
        so_what: "priorities inside and outside the areas rest on it: check what it was made from, and whether file and \
                  areas lie in the right place"
            .to_owned(),
    }))
}
