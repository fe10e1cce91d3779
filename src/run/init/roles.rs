//! Which file is what: guessed from names, types and ranges, asked where two files would do.

use std::path::Path;

use jiff::civil::Date;

use super::super::oddities::ACCIDENTS;
use super::Ask;
use super::look::{Found, Raster, Shape, Sheet, Vector};
use crate::error::Result;
use crate::grid::{Crs, Frame, LonLat, Reprojection};
use crate::report::readable::short;

/// A raster in its role.
pub struct Layer {
    /// Key under [layers].
    pub key: String,
    /// Its path.
    pub file: String,
    /// Its grid.
    pub frame: Frame,
    /// Its unit, where the role has some to choose from.
    pub unit: Option<&'static str>,
    /// Factor on its values.
    pub scale: Option<f64>,
    /// What it was taken for, and why.
    pub why: String,
}

/// Hazardous areas.
pub struct Areas {
    /// Their path.
    pub file: String,
    /// Column that names each.
    pub id: Option<String>,
    /// Column of the classification, with the classes in it.
    pub classification: Option<(String, Vec<String>)>,
    /// How many.
    pub n: usize,
}

/// What the project file will say.
#[derive(Default)]
pub struct Draft {
    /// Name of the project.
    pub name: String,
    /// First day of the plan.
    pub start: String,
    /// Budget, US$.
    pub budget_usd: Option<f64>,
    /// Hazard, its standard deviation, population, cost and difficulty, where there are such.
    pub hazard: Option<Layer>,
    /// See `hazard`.
    pub hazard_sd: Option<Layer>,
    /// See `hazard`.
    pub population: Option<Layer>,
    /// See `hazard`.
    pub cost: Option<Layer>,
    /// See `hazard`.
    pub difficulty: Option<Layer>,
    /// Distance to a road as a raster, and the distance at which it is worth nothing, in the layer's unit.
    pub road_distance: Option<(Layer, f64)>,
    /// Roads as lines.
    pub roads: Option<String>,
    /// Further rasters, for criteria and gates.
    pub further: Vec<Layer>,
    /// Hazardous areas.
    pub areas: Option<Areas>,
    /// Accident points.
    pub accidents: Option<String>,
    /// Table of settlements.
    pub settlements: Option<String>,
    /// Districts, and the column of their names.
    pub districts: Option<(String, String)>,
    /// Table of teams.
    pub teams: Option<String>,
    /// Whether one is there that is to be filled in.
    pub has_template: bool,
    /// What each file was taken for.
    pub taken: Vec<String>,
    /// What a person has to look at.
    pub to_do: Vec<String>,
}

/// A share of a suspected area that proves mined: Downs 2009, "< 5 % in most countries" (domain.md §6).
const SHA_PRIOR: f64 = 0.05;

const HAZARD: &[&str] = &["hazard", "danger", "contamin", "mine_prob", "landmine", "suspected", "sha_"];
const SPREAD: &[&str] = &["_sd", "std", "stdev", "sigma", "uncert"];
const LABEL: &[&str] = &["label", "train", "mask"];
const PEOPLE: &[&str] = &["pop", "people", "ppp", "inhabit", "habitant"];
const COST: &[&str] = &["cost", "usd", "price"];
const DIFFICULTY: &[&str] = &["slope_factor", "difficult"];
const ROADS: &[&str] = &["road", "track", "highway", "route"];
const AREAS: &[&str] = &["hazard", "sha", "cha", "suspect", "contamin", "minefield", "imsma", "polygon"];
const DISTRICTS: &[&str] =
    &["district", "admin", "adm1", "adm2", "province", "municipal", "commune", "region"];
/// Columns that name an area, the likeliest first.
const IDS: &[&str] = &["imsma_id", "hazard_localid", "localid", "hazard_id", "id", "code", "name"];
const CLASSES: &[&str] =
    &["classification", "hazard_class", "hazardclass", "class", "hazard_type", "type", "status"];
const NAMES: &[&str] = &["name", "NAME", "shapeName", "district", "adm2_name", "adm1_name"];

fn says(file: &str, words: &[&str]) -> bool {
    let name = Path::new(file).file_stem().map_or(String::new(), |s| s.to_string_lossy().to_lowercase());
    words.iter().any(|word| name.contains(word))
}

fn range(raster: &Raster) -> Option<(f64, f64)> {
    raster.survey.min.zip(raster.survey.max).map(|((min, _), (max, _))| (f64::from(min), f64::from(max)))
}

fn range_text(raster: &Raster) -> String {
    match range(raster) {
        Some((min, max)) => format!("values from {} to {}", short(min), short(max)),
        None => "no known value".to_owned(),
    }
}

/// Gives every file its role, asking where several would do.
pub fn assign(found: &Found, ask: &dyn Ask) -> Result<Draft> {
    let mut draft = Draft::default();
    let mut rest = Rest { rasters: found.rasters.iter().collect(), ask, to_do: Vec::new() };
    let is_share = |raster: &Raster| range(raster).is_some_and(|(min, max)| min >= 0.0 && max <= 100.0);
    let is_positive = |raster: &Raster| range(raster).is_some_and(|(min, _)| min >= 0.0);
    draft.hazard_sd = pick(&mut rest, "hazard_sd", "the standard deviation of the hazard", |raster| {
        says(&raster.file, HAZARD) && says(&raster.file, SPREAD) && is_share(raster)
    })?
    .map(|raster| layer("hazard_sd", raster, None));
    draft.hazard = pick(&mut rest, "hazard", "the probability that ground is contaminated", |raster| {
        says(&raster.file, HAZARD) && !says(&raster.file, LABEL) && is_share(raster)
    })?
    .map(hazard_layer);
    draft.population = pick(&mut rest, "population", "the people who live there", |raster| {
        says(&raster.file, PEOPLE) && is_positive(raster)
    })?
    .map(population_layer);
    draft.cost = pick(&mut rest, "cost", "what clearance costs", |raster| {
        says(&raster.file, COST) && range(raster).is_some_and(|(min, _)| min > 0.0)
    })?
    .map(|raster| {
        let is_per_cell = raster.unit.as_deref().is_some_and(|unit| unit.contains("cell"));
        layer("cost", raster, Some(if is_per_cell { "usd_per_cell" } else { "usd_per_m2" }))
    });
    draft.difficulty = pick(&mut rest, "difficulty", "how many times longer work takes", |raster| {
        says(&raster.file, DIFFICULTY) && range(raster).is_some_and(|(min, _)| min >= 1.0)
    })?
    .map(|raster| layer("slope_factor", raster, None));
    draft.road_distance = pick(&mut rest, "road distance", "the distance to a road", |raster| {
        says(&raster.file, ROADS) && says(&raster.file, &["dist", "prox"]) && is_positive(raster)
    })?
    .map(|raster| {
        (layer("road_distance", raster, None), if says(&raster.file, &["km"]) { 5.0 } else { 5000.0 })
    });
    draft.to_do = rest.to_do;
    draft.further = rest.rasters.iter().map(|raster| layer(&key_of(&raster.file), raster, None)).collect();
    draft.take_vectors(found);
    draft.take_sheets(found);
    draft.note(found);
    Ok(draft)
}

/// Rasters that have no role yet.
struct Rest<'a, 'b> {
    rasters: Vec<&'a Raster>,
    ask: &'b dyn Ask,
    /// What is to be told of the choices.
    to_do: Vec<String>,
}

/// The raster of a role, taken out of those that have none; asked for where several would do.
fn pick<'a>(
    rest: &mut Rest<'a, '_>,
    role: &str,
    meaning: &str,
    would_do: impl Fn(&Raster) -> bool,
) -> Result<Option<&'a Raster>> {
    let candidates: Vec<usize> = (0..rest.rasters.len()).filter(|&i| would_do(rest.rasters[i])).collect();
    let at = match candidates[..] {
        [] => return Ok(None),
        [one] => one,
        _ => {
            let mut answers: Vec<String> = candidates
                .iter()
                .map(|&i| format!("{} ({})", rest.rasters[i].file, range_text(rest.rasters[i])))
                .collect();
            answers.push("none of them".to_owned());
            let answer = rest.ask.choose(&format!("Which file is the {role}: {meaning}?"), &answers)?;
            let Some(&at) = candidates.get(answer) else { return Ok(None) };
            let others = candidates.iter().filter(|&&i| i != at).map(|&i| rest.rasters[i].file.as_str());
            let others: Vec<&str> = others.collect();
            let text =
                format!("{}: could be the {role} as well as {}", others.join(", "), rest.rasters[at].file);
            rest.to_do.push(text);
            at
        }
    };
    Ok(Some(rest.rasters.remove(at)))
}

fn layer(key: &str, raster: &Raster, unit: Option<&'static str>) -> Layer {
    let known = 100.0 * (1.0 - raster.survey.unknown_share());
    let why = format!("{}; known in {:.1} % of cells", range_text(raster), known);
    Layer {
        key: key.to_owned(),
        file: raster.file.clone(),
        frame: raster.frame.clone(),
        unit,
        scale: None,
        why,
    }
}

fn hazard_layer(raster: &Raster) -> Layer {
    let mut layer = layer("hazard", raster, None);
    let is_percent = range(raster).is_some_and(|(_, max)| max > 1.0);
    if is_percent && says(&raster.file, &["sha", "suspect"]) {
        layer.scale = Some(0.01 * SHA_PRIOR);
        layer.why +=
            "; GUESS: per cent of the cell inside a suspected area, of which 5 % proves mined: 0.01 · 0.05";
    } else if is_percent {
        layer.scale = Some(0.01);
        layer.why += "; GUESS: per cent";
    }
    layer
}

fn population_layer(raster: &Raster) -> Layer {
    let declared = raster.unit.as_deref().unwrap_or_default().to_lowercase();
    let is_density = says(&raster.file, &["density", "km2"]) || declared.contains("km");
    let mut layer =
        layer("population", raster, Some(if is_density { "people_per_km2" } else { "people_per_cell" }));
    if !is_density && !declared.contains("people") {
        layer.why += "; GUESS: people per cell, not per km²";
    }
    layer
}

/// A key for a layer, from its file's name.
fn key_of(file: &str) -> String {
    let stem = Path::new(file).file_stem().map_or(String::new(), |s| s.to_string_lossy().to_lowercase());
    let key: String = stem.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    match key.as_str() {
        "hazard" | "hazard_sd" | "population" | "cost" | "exposure" | "frame" | "" => format!("other_{key}"),
        _ => key,
    }
}

impl Draft {
    fn take_vectors(&mut self, found: &Found) {
        let of = |shape: Shape, words: &[&str]| -> Option<&Vector> {
            let mut fitting = found.vectors.iter().filter(|v| v.shape() == shape && says(&v.file, words));
            fitting.next()
        };
        let areas = of(Shape::Polygons, AREAS);
        self.areas = areas.map(|vector| Areas {
            file: vector.file.clone(),
            id: id_column(vector),
            classification: classification(vector),
            n: vector.features.len(),
        });
        self.accidents = of(Shape::Points, ACCIDENTS).map(|vector| vector.file.clone());
        self.roads = of(Shape::Lines, ROADS).map(|vector| vector.file.clone());
        self.districts = of(Shape::Polygons, DISTRICTS)
            .filter(|vector| areas.is_none_or(|areas| areas.file != vector.file))
            .and_then(|vector| {
                let columns = vector.columns();
                let name = NAMES.iter().find(|name| columns.contains(name))?;
                Some((vector.file.clone(), (*name).to_owned()))
            });
    }

    fn take_sheets(&mut self, found: &Found) {
        let has = |sheet: &Sheet, names: &[&str]| {
            names.iter().all(|name| sheet.columns.iter().any(|column| column == name))
        };
        let is_teams = |sheet: &&Sheet| has(sheet, &["team_id", "asset_type", "rate_m2_per_day"]);
        let filled_in = |sheet: &&Sheet| is_teams(sheet) && sheet.n_rows > 0 && !sheet.is_template;
        self.teams = found.sheets.iter().find(filled_in).map(|sheet| sheet.file.clone());
        self.has_template = self.teams.is_none() && found.sheets.iter().any(|sheet| sheet.is_template);
        let is_place = |sheet: &&Sheet| has(sheet, &["name", "lon", "lat"]) && !has(sheet, &["team_id"]);
        self.settlements = found.sheets.iter().find(is_place).map(|sheet| sheet.file.clone());
    }

    /// Writes down what was taken for what, and what a person has to look at.
    fn note(&mut self, found: &Found) {
        let distance = self.road_distance.as_ref().map(|(layer, _)| layer);
        let layers = [&self.hazard, &self.hazard_sd, &self.population, &self.cost, &self.difficulty];
        for layer in layers.into_iter().flatten().chain(distance) {
            self.taken.push(format!("{}: the layer `{}` ({})", layer.file, layer.key, layer.why));
        }
        let accidents = match self.hazard {
            Some(_) => "accidents, by which `clearway check` judges the hazard",
            None => "accidents",
        };
        for (file, what) in [
            (self.areas.as_ref().map(|areas| &areas.file), "hazardous areas, the tasks"),
            (self.accidents.as_ref(), accidents),
            (self.roads.as_ref(), "roads"),
            (self.districts.as_ref().map(|(file, _)| file), "districts"),
            (self.settlements.as_ref(), "settlements"),
            (self.teams.as_ref(), "teams"),
        ] {
            self.taken.extend(file.map(|file| format!("{file}: {what}")));
        }
        let is_built = self.hazard.is_none() && (self.areas.is_some() || self.accidents.is_some());
        if self.hazard.is_none() && !is_built {
            self.to_do
                .push("no hazard was found: give a raster of it, or hazardous areas as polygons".to_owned());
        }
        if self.population.is_none() {
            self.to_do
                .push("no population was found: WorldPop, GHS-POP and HRSL are rasters of it".to_owned());
        }
        if self.teams.is_none() {
            let text = "no table of teams was found: fill teams.csv in, then take the # away from [plan]";
            self.to_do.push(text.to_owned());
        }
        for layer in &self.further {
            self.to_do.push(format!("{} is not used yet: name it in a criterion or a gate", layer.file));
        }
        let used: Vec<&str> = self.taken.iter().filter_map(|text| text.split(':').next()).collect();
        let sheets = found.sheets.iter().filter(|sheet| !sheet.is_template).map(|sheet| &sheet.file);
        let all = found.vectors.iter().map(|vector| &vector.file).chain(sheets);
        let idle = all.filter(|file| !used.contains(&file.as_str()));
        let idle: Vec<String> = idle
            .map(|file| format!("{file} is not used: it was not recognised, or another file was taken"))
            .collect();
        self.to_do.extend(idle);
        self.to_do.extend(found.unread.iter().map(|(file, why)| format!("{file} cannot be used: {why}")));
    }

    /// What no file says: name, first day, budget.
    pub fn ask_the_rest(&mut self, folder: &Path, today: Date, ask: &dyn Ask) -> Result<()> {
        let folder = std::path::absolute(folder).unwrap_or_else(|_| folder.to_path_buf());
        let name = folder.file_name().map_or("region".to_owned(), |name| name.to_string_lossy().into_owned());
        let is_name = |text: &str| !text.trim().is_empty() && !text.contains(['/', '\\']);
        self.name = ask.text("Name of the project", &name, &is_name)?;
        let start = next_month(today).to_string();
        self.start =
            ask.text("First day of the plan (YYYY-MM-DD)", &start, &|text| text.parse::<Date>().is_ok())?;
        let is_money = |text: &str| text.is_empty() || text.parse::<f64>().is_ok_and(|usd| usd > 0.0);
        let budget = ask.text("Budget in US$ (empty: no limit)", "", &is_money)?;
        self.budget_usd = budget.parse().ok();
        Ok(())
    }

    /// The layer whose grid the others are brought onto.
    pub fn frame(&self) -> Option<&Frame> {
        self.hazard.as_ref().or(self.population.as_ref()).map(|layer| &layer.frame)
    }

    /// The middle of the frame, where its CRS can be brought to WGS 84.
    pub fn middle(&self) -> Option<LonLat> {
        let frame = self.frame()?;
        let onto = Reprojection::new(&frame.crs, &Crs::wgs84(), "frame").ok()?;
        onto.point(frame.centre(frame.n_cols as i64 / 2, frame.n_rows as i64 / 2))
    }
}

/// The first day of the month after a day.
fn next_month(day: Date) -> Date {
    let first = day.first_of_month();
    first.checked_add(jiff::Span::new().months(1)).unwrap_or(first)
}

/// A column that names every feature differently.
fn id_column(vector: &Vector) -> Option<String> {
    let is_key = |column: &&&str| {
        let mut values = vector.values(column);
        let n = values.len();
        values.sort();
        values.dedup();
        values.len() == n && values.iter().all(Option::is_some)
    };
    let columns = vector.columns();
    let known = IDS.iter().filter_map(|id| columns.iter().find(|column| column.eq_ignore_ascii_case(id)));
    known.collect::<Vec<_>>().iter().find(|column| is_key(column)).map(|column| (**column).to_owned())
}

/// The column that says how sure each area is, with the classes in it, in alphabetical order.
fn classification(vector: &Vector) -> Option<(String, Vec<String>)> {
    /// More classes than this are no classes.
    const MOST_CLASSES: usize = 12;
    let columns = vector.columns();
    let column =
        CLASSES.iter().find_map(|name| columns.iter().find(|column| column.eq_ignore_ascii_case(name)))?;
    let mut classes: Vec<String> = vector.values(column).into_iter().flatten().collect();
    classes.sort();
    classes.dedup();
    (classes.len() <= MOST_CLASSES).then(|| ((*column).to_owned(), classes))
}
