//! `[hazard]`: hazard built from hazardous areas and accident points, where no raster of it is given.

use std::path::Path;

use super::super::section::Section;
use super::tasks::AreaColumns;
use super::vector_file;
use crate::io::features::VectorSource;

/// How hazard is built.
#[derive(Debug, Clone, PartialEq)]
pub struct HazardSettings {
    /// Polygons with their classification.
    pub areas: Option<(VectorSource, AreaColumns)>,
    /// Accident points.
    pub accidents: Option<AccidentSettings>,
    /// Share of the ground of a class that proves mined, by class.
    pub priors: Vec<(String, f64)>,
    /// The same of ground under no polygon.
    pub elsewhere: f64,
}

impl HazardSettings {
    /// The files it is built from.
    pub fn files(&self) -> Vec<std::path::PathBuf> {
        let areas = self.areas.iter().flat_map(|(source, _)| source.files());
        areas.chain(self.accidents.iter().flat_map(|accidents| accidents.source.files())).collect()
    }
}

/// The accidents' file.
#[derive(Debug, Clone, PartialEq)]
pub struct AccidentSettings {
    /// The file.
    pub source: VectorSource,
    /// Probability that an accident lends to its own place.
    pub strength: f64,
    /// σ of the kernel, m.
    pub sigma_m: f64,
}

/// domain.md §3.1: SHA 0.05 (Downs 2009, "< 5 % in most countries"), the others our estimates.
const PRIORS: [(&str, f64); 2] = [("SHA", 0.05), ("CHA", 0.9)];
const ELSEWHERE: f64 = 0.001;
/// domain.md §3.1, our estimate.
const STRENGTH: f64 = 0.3;
/// Our estimate: about as far from a recorded accident as its minefield reaches.
const SIGMA_M: f64 = 500.0;

/// Reads `[hazard]`; `None` where there is none.
pub fn read(top: &Section<'_>, folder: &Path) -> Option<HazardSettings> {
    let section = top.section("hazard")?;
    let areas = section.section("areas").and_then(|areas| {
        let source = vector_file::read(&areas, folder, "path = \"hazardous_areas.geojson\"");
        let columns = AreaColumns::read(&areas);
        areas.finish();
        Some((source?, columns))
    });
    let accidents = section.section("accidents").and_then(|accidents| {
        let source = vector_file::read(&accidents, folder, "path = \"incidents.geojson\"");
        let strength =
            accidents.number_where("strength", "a probability, 0 to 1", |s| (0.0..=1.0).contains(&s));
        let sigma_m = accidents.number_where("sigma_m", "metres, more than 0", |sigma| sigma > 0.0);
        accidents.finish();
        let (strength, sigma_m) = (strength.unwrap_or(STRENGTH), sigma_m.unwrap_or(SIGMA_M));
        Some(AccidentSettings { source: source?, strength, sigma_m })
    });
    let (priors, elsewhere) = read_priors(&section);
    if section.node("areas").is_none() && section.node("accidents").is_none() {
        section.required("areas", None::<()>, "areas = { path = \"hazardous_areas.geojson\" }");
    }
    section.finish();
    Some(HazardSettings { areas, accidents, priors, elsewhere })
}

fn read_priors(section: &Section<'_>) -> (Vec<(String, f64)>, f64) {
    let mut priors: Vec<(String, f64)> = PRIORS.map(|(class, prior)| (class.to_owned(), prior)).to_vec();
    let mut elsewhere = ELSEWHERE;
    let Some(table) = section.section("prior") else { return (priors, elsewhere) };
    for (class, node) in table.names() {
        let prior = match node.value {
            super::super::document::Value::Number(prior) if (0.0..=1.0).contains(&prior) => prior,
            ref other => {
                table.wrong(class, "a probability, 0 to 1", &other.describe());
                continue;
            }
        };
        if class.eq_ignore_ascii_case("elsewhere") {
            elsewhere = prior;
        } else if let Some(known) = priors.iter_mut().find(|(known, _)| known.eq_ignore_ascii_case(class)) {
            known.1 = prior;
        } else {
            priors.push((class.to_owned(), prior));
        }
    }
    (priors, elsewhere)
}
