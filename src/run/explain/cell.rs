//! Why a cell stands where it does: layers, gates, who makes up its exposure, and what the run wrote there. Its criteria are
//! `criteria`'s.

use geo::Contains;
use glam::DVec2;
use serde_json::json;

use super::super::layers::OpenLayers;
use super::super::project::Project;
use super::super::tasks_file::read_tasks;
use super::finished::Finished;
use super::{Explanation, short};
use crate::error::{Fault, Result};
use crate::grid::{Crs, Frame, Reprojection, Window, is_unknown};
use crate::layers::Unit;
use crate::report::grids::GRIDS;
use crate::score::{Benefit, PriorityBy, Recipe, neighbours, why_excluded};

/// What is known of one cell.
pub(super) struct Here<'a> {
    pub run: &'a Finished,
    pub project: &'a Project,
    pub layers: &'a OpenLayers<'static>,
    pub cell: [i64; 2],
    /// Values of the recipe's layers as it counts them.
    pub values: Vec<Option<f32>>,
}

/// Explains the cell at a point.
pub fn explain(run: &Finished, point: [f64; 2], is_lonlat: bool, to: &mut Explanation) -> Result<()> {
    let (project, layers) = run.project()?;
    let frame = &layers.frame;
    let cell = locate(frame, point, is_lonlat)?;
    let window = Window::new(cell[0], cell[1], 1, 1);
    let value = |name: &String| -> Result<Option<f32>> {
        let value = layers.plane(name).read_vec(window)?[0];
        Ok((!is_unknown(value)).then_some(value))
    };
    let values = project.score.criterion_layers.iter().map(value).collect::<Result<_>>()?;
    let here = Here { run, project: &project, layers: &layers, cell, values };
    here.place(to);
    let is_scored = here.verdict(to)?;
    here.layers(to)?;
    if is_scored {
        here.written(to)?;
        here.criteria(to)?;
        here.exposure(to)?;
    }
    here.gates(to);
    here.tasks(to);
    Ok(())
}

/// The cell that holds a point; outside the frame a fault that names its extent.
fn locate(frame: &Frame, [x, y]: [f64; 2], is_lonlat: bool) -> Result<[i64; 2]> {
    let given = DVec2::new(x, y);
    let crs = if is_lonlat { Crs::wgs84() } else { frame.crs.clone() };
    let point = Reprojection::new(&crs, &frame.crs, "--at")?.point(given);
    let cell = point.map(|point| frame.cell_from_world(point).floor());
    let (n_cols, n_rows) = (frame.n_cols as f64, frame.n_rows as f64);
    let is_inside = |cell: &DVec2| (0.0..n_cols).contains(&cell.x) && (0.0..n_rows).contains(&cell.y);
    cell.filter(is_inside).map(|cell| [cell.x as i64, cell.y as i64]).ok_or_else(|| {
        let corner = |col: f64, row: f64| frame.world_from_cell.transform_point2(DVec2::new(col, row));
        let (a, b) = (corner(0.0, n_rows), corner(n_cols, 0.0));
        let expected = format!("a point within x {} to {}, y {} to {} in {}", a.x, b.x, a.y, b.y, frame.crs);
        let fix = match is_lonlat {
            true => "give longitude,latitude of a point in the frame",
            false => "give coordinates in the frame's CRS, or longitude,latitude with --lonlat",
        };
        let found = if is_lonlat { format!("longitude {x}, latitude {y}") } else { format!("{x}, {y}") };
        Fault::new("explain.outside", format!("--at {x},{y}"), expected, found, fix).into()
    })
}

impl Here<'_> {
    pub fn recipe(&self) -> &Recipe {
        &self.project.score.recipe
    }

    fn centre(&self) -> DVec2 {
        self.layers.frame.centre(self.cell[0], self.cell[1])
    }

    fn lon_lat(&self) -> Option<DVec2> {
        Reprojection::new(&self.layers.frame.crs, &Crs::wgs84(), "frame").ok()?.point(self.centre())
    }

    fn place(&self, to: &mut Explanation) {
        let (frame, [col, row], centre) = (&self.layers.frame, self.cell, self.centre());
        let area_m2 = frame.cell_area_m2(row);
        let mut text = format!("column {col}, row {row}; centre {}, {} in {}", centre.x, centre.y, frame.crs);
        to.set("cell", json!({ "col": col, "row": row, "x": centre.x, "y": centre.y, "area_m2": area_m2 }));
        if let Some(at) = self.lon_lat() {
            text = format!("{text}; longitude {:.6}, latitude {:.6}", at.x, at.y);
            to.set("lon_lat", vec![at.x, at.y]);
        }
        to.line("cell", format!("{text}; {} m²", short(area_m2)));
    }

    /// Whether it is scored, and why not.
    fn verdict(&self, to: &mut Explanation) -> Result<bool> {
        let is_scored = self.run.cell("priority.tif", self.cell)?.is_some();
        to.set("scored", is_scored);
        if is_scored {
            let n = self.run.result("scored_cells").unwrap_or_default();
            to.line("scored", format!("yes, one of {n} scored cells"));
            return Ok(true);
        }
        let mut reasons = Vec::new();
        for name in ["hazard", "population", "cost"] {
            if self.read(name)?.is_none() {
                reasons.push(format!("layer `{name}` is unknown here"));
            }
        }
        for (name, value) in self.project.score.criterion_layers.iter().zip(&self.values) {
            if value.is_none() && !["hazard", "population", "cost"].contains(&name.as_str()) {
                reasons.push(format!("layer `{name}` is unknown here"));
            }
        }
        reasons.extend(why_excluded(self.recipe(), &self.values));
        if reasons.is_empty() {
            reasons.push("the inputs as they are now do not say why".to_owned());
        }
        for (i, reason) in reasons.iter().enumerate() {
            let label = if i == 0 { "not scored" } else { "" };
            to.line(label, format!("{reason}; nothing is said of this ground"));
        }
        to.set("reasons", reasons);
        Ok(false)
    }

    pub fn read(&self, name: &str) -> Result<Option<f32>> {
        let value = self.layers.plane(name).read_vec(Window::new(self.cell[0], self.cell[1], 1, 1))?[0];
        Ok((!is_unknown(value)).then_some(value))
    }

    /// Every layer's value, in the unit that scoring takes.
    fn layers(&self, to: &mut Explanation) -> Result<()> {
        let mut values = serde_json::Map::new();
        for name in self.layers.planes.keys() {
            let unit = self.unit(name);
            let value = self.read(name)?;
            let text = value.map_or("unknown".to_owned(), |x| format!("{} {unit}", short(f64::from(x))));
            to.line(&format!("layer {name}"), text.trim_end());
            values.insert(name.clone(), json!({ "value": value, "unit": unit }));
        }
        to.set("layers", values);
        Ok(())
    }

    pub fn unit(&self, name: &str) -> String {
        match self.project.layer(name).map(|layer| &layer.unit) {
            Some(Unit::PeoplePerCell | Unit::PeoplePerKm2) => "people in the cell".to_owned(),
            Some(Unit::UsdPerM2 | Unit::UsdPerCell) => "US$ for the cell".to_owned(),
            Some(Unit::Share) => "probability of contamination".to_owned(),
            Some(Unit::Other(unit)) => unit.clone(),
            None => {
                let measures = &self.project.score.measures;
                let kind = measures.iter().find(|measure| measure.name == name).map(|measure| &measure.kind);
                kind.map_or("", |kind| kind.unit()).to_owned()
            }
        }
    }

    /// What the run wrote here.
    fn written(&self, to: &mut Explanation) -> Result<()> {
        let mut known = std::collections::BTreeMap::new();
        for grid in &GRIDS {
            let name = grid.name.trim_end_matches(".tif");
            if let Some(value) = self.run.cell(grid.name, self.cell)? {
                known.insert(name, value);
                to.set(name, value);
            }
        }
        let get = |name: &str| short(known.get(name).copied().unwrap_or(f64::NAN));
        let recipe = self.recipe();
        let percents: Vec<String> = recipe.class_percents.iter().map(f64::to_string).collect();
        to.line("rank", format!("{} of 100 (100 = first)", get("priority")));
        to.line(
            "class",
            format!(
                "{} of {} (the top {} %, and the rest)",
                get("class"),
                recipe.n_classes(),
                percents.join(", ")
            ),
        );
        let by = match (recipe.benefit, recipe.priority_by) {
            (Benefit::Ordered, PriorityBy::Benefit) => "by tier, then by the sum of weight times value",
            (Benefit::Ordered, PriorityBy::BenefitPerCost) => {
                "by tier, then by the sum of weight times value per US$"
            }
            (_, PriorityBy::Benefit) => "by benefit",
            (_, PriorityBy::BenefitPerCost) => "by benefit per cost",
        };
        to.line("ranked", by);
        to.set("ranked", by);
        let per_usd = format!("{} benefit-m² per US$ = benefit x area / cost", get("benefit_per_cost"));
        to.line("benefit per cost", per_usd);
        let form = match recipe.benefit {
            Benefit::Risk => "hazard x sum of weight times value",
            Benefit::Sum => "sum of weight times value",
            Benefit::Product => "product of values to the power of their weights",
            Benefit::Ordered => "(tiers - tier + sum of weight times value) / tiers",
        };
        to.line("benefit", format!("{} = {form}", get("benefit")));
        to.line("cost", format!("{} US$ for the cell", get("cost")));
        to.line("exposure", format!("{} people within reach", get("exposure")));
        let at_risk = format!("{} people = hazard x exposure", get("people_at_risk"));
        to.line("people at risk", at_risk);
        for (name, what) in [
            ("acceptability", "of the samples have it in the top"),
            ("rank_mean", "mean rank over the samples"),
            ("rank_sd", "standard deviation of the rank over the samples"),
        ] {
            let file = format!("{name}.tif");
            // Only runs with [score.robustness] write them.
            if self.run.dir.join(&file).is_file()
                && let Some(value) = self.run.cell(&file, self.cell)?
            {
                to.line(name, format!("{} {what}", short(value)));
                to.set(name, value);
            }
        }
        Ok(())
    }

    /// Who makes up the exposure, by bands of distance.
    fn exposure(&self, to: &mut Explanation) -> Result<()> {
        let population = self.layers.plane("population");
        let bands = neighbours(self.recipe().kernel, &self.layers.frame, population, self.cell)?;
        let total: f64 = bands.iter().map(|band| band.exposure).sum();
        let mut list = Vec::new();
        let mut from_m = 0.0;
        for band in &bands {
            let share = if total > 0.0 { 100.0 * band.exposure / total } else { 0.0 };
            let label = if band.up_to_m > 0.0 {
                format!("{from_m:.0} to {:.0} m away", band.up_to_m)
            } else {
                "in the cell itself".to_owned()
            };
            let counts = format!("{} people count as {}", short(band.people), short(band.exposure));
            to.line("exposure from", format!("{label}: {counts} ({share:.1} %)"));
            list.push(json!({ "up_to_m": band.up_to_m, "people": band.people, "exposure": band.exposure,
                              "share": share / 100.0 }));
            from_m = band.up_to_m;
        }
        to.set("exposure_from", list);
        Ok(())
    }

    fn gates(&self, to: &mut Explanation) {
        let mut list = Vec::new();
        for gate in &self.recipe().gates {
            let value = self.values[gate.layer];
            let one = Recipe { gates: vec![gate.clone()], criteria: Vec::new(), ..Recipe::default() };
            let excludes = value.is_none() || !why_excluded(&one, &self.values).is_empty();
            let what = match (value, excludes) {
                (None, _) => "unknown here, which leaves the cell out".to_owned(),
                (Some(x), true) => format!("{} leaves the cell out", short(f64::from(x))),
                (Some(x), false) => format!("{} lets it in", short(f64::from(x))),
            };
            to.line(&format!("gate {}", gate.name), what);
            list.push(json!({ "layer": gate.name, "value": value, "excludes": excludes }));
        }
        to.set("gates", list);
    }

    /// The task areas that hold the cell's centre, where the run made any.
    fn tasks(&self, to: &mut Explanation) {
        let (Ok((tasks, _)), Some(at)) = (read_tasks(&self.run.dir), self.lon_lat()) else { return };
        let point = geo::Point::new(at.x, at.y);
        let ids: Vec<String> =
            tasks.into_iter().filter(|t| t.geometry.contains(&point)).map(|t| t.task_id).collect();
        let text = if ids.is_empty() { "none".to_owned() } else { ids.join(", ") };
        to.line("task areas here", text);
        to.set("tasks", ids);
    }
}
