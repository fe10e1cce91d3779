//! What each criterion adds to a cell's benefit, computed again from the layers and the exposure that the run wrote.

use serde_json::{Value, json};

use super::cell::Here;
use super::{Explanation, short};
use crate::error::{Fault, Result};
use crate::io::atomic::RUN_RECORD;
use crate::io::geotiff::GeoTiff;
use crate::score::ordered::{decided, n_tiers};
use crate::score::program::Shared;
use crate::score::{self, Benefit, Function, Maxima, QuantileTable, Source, contributions};

/// Cells along the side of the windows that quantiles are counted in.
const TILE_CELLS: usize = 1024;

impl Here<'_> {
    /// Each criterion's x, value, weight and part of the benefit.
    pub fn criteria(&self, to: &mut Explanation) -> Result<()> {
        let recipe = self.recipe();
        let maxima = self.maxima()?;
        let exposure = self.run.cell("exposure.tif", self.cell)?.unwrap_or_default();
        let hazard = self.read("hazard")?.map_or(0.0, f64::from);
        let values: Vec<f64> = self.values.iter().map(|x| x.map_or(0.0, f64::from)).collect();
        let parts = contributions(recipe, &maxima, hazard, exposure, &values);
        let total: f64 = parts.iter().sum();
        let mut list = Vec::new();
        let mut reached = Vec::new();
        for ((criterion, weight), part) in recipe.criteria.iter().zip(recipe.weights()).zip(parts) {
            let (layer, x, unit) = match criterion.source {
                Source::Exposure => ("exposure", exposure, "people".to_owned()),
                Source::Layer(index) => {
                    let name = self.project.score.criterion_layers[index].as_str();
                    (name, values[index], self.unit(name))
                }
            };
            let v = Function::of(criterion, &maxima).value_f64(x).unwrap_or(0.0);
            reached.push(v);
            let share = if total > 0.0 { 100.0 * part / total } else { 0.0 };
            let name = &criterion.name;
            let x_text = format!("{layer} {} {unit}", short(x));
            let text = format!(
                "{}: value {}, weight {}, adds {} ({share:.1} %)",
                x_text.trim_end(),
                short(v),
                short(weight),
                short(part)
            );
            to.line(&format!("criterion {name}"), text);
            list.push(json!({ "name": name, "layer": layer, "x": x, "value": v, "weight": weight,
                              "contribution": part, "share": share / 100.0 }));
        }
        to.set("criteria", list);
        if recipe.benefit == Benefit::Ordered {
            let n = n_tiers(&recipe.thresholds);
            let (tier, by) = match decided(&recipe.thresholds, &reached) {
                Some((k, tier)) => (tier, format!("decided by criterion {}", recipe.criteria[k].name)),
                None => (n, "no criterion reaches its threshold".to_owned()),
            };
            to.line("tier", format!("{tier} of {n}: {by}"));
            to.set("tier", tier);
        }
        Ok(())
    }

    /// What value functions need to know of all scored cells: from the record, and counted again for quantiles.
    fn maxima(&self) -> Result<Maxima> {
        let results = &self.run.record["results"]["score"];
        let layers = results["max_layers"].as_array().map(|list| list.iter().filter_map(Value::as_f64));
        let mut maxima = Maxima {
            exposure: self.run.result("max_exposure").unwrap_or_default(),
            layers: layers.map(Iterator::collect).unwrap_or_default(),
            ..Maxima::default()
        };
        let names = &self.project.score.criterion_layers;
        if maxima.layers.len() < names.len() {
            let place = self.run.dir.join(RUN_RECORD).display().to_string();
            let fix = "run the project again: an older version wrote this run";
            let found = format!("{} of {} largest values", maxima.layers.len(), names.len());
            return Err(Fault::new("explain.record", place, "the layers' largest values", found, fix).into());
        }
        let exposure = GeoTiff::open(&self.run.dir.join("exposure.tif"), 1)?;
        for criterion in &self.recipe().criteria {
            let is_asked = criterion.value == score::Value::Quantile;
            if is_asked && maxima.quantile_of(criterion.source).is_none() {
                let table = match criterion.source {
                    Source::Exposure => QuantileTable::of_plane(&exposure, &exposure, TILE_CELLS)?,
                    Source::Layer(index) => {
                        QuantileTable::of_plane(self.layers.plane(&names[index]), &exposure, TILE_CELLS)?
                    }
                };
                maxima.quantiles.push((criterion.source, Shared::new(table)));
            }
        }
        Ok(maxima)
    }
}
