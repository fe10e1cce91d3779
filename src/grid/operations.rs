//! Which operation of the EPSG registry carries coordinates from one datum to another (feature `proj`).
//!
//! In: two CRSs and the ground they are used on. Out: an operation by its code, or two by way of WGS 84, with accuracy
//! and the ground that each was derived for. One whose bounds hold the whole ground is taken, the most accurate
//! first; else the one that holds most of it, at least half. None is taken for ground it was not derived for, and
//! none where a more accurate one lacks its grid file: that is a person's choice, by code
//! (`[datum_shifts]` of a project). Operations between WGS 84 and ETRS-like datums are none (see
//! [`Crs::is_on_wgs84`]).

mod registry;

use self::registry::{Operation, Registry};
use super::{Bounds, Crs, OperationCode};
use crate::error::{Fault, Result};

/// Degrees on WGS 84 and ETRS89.
const WGS84: u32 = 4326;
const ETRS89: u32 = 4258;
/// Ground counts as held whole when no more than this share is left out.
const WHOLE: f64 = 0.999;
/// The least share of the ground that an operation must have been derived for.
const LEAST: f64 = 0.5;
/// The registry's number for an accuracy that is not known, m.
const NOT_KNOWN_M: f64 = 999.0;
/// Operations named in a fault.
const MOST_NAMED: usize = 4;

/// An operation in the direction it is needed.
#[derive(Debug, Clone)]
pub(super) struct Step {
    /// Geographic CRS it starts from, EPSG code.
    pub from: u32,
    /// Geographic CRS it leads to, EPSG code.
    pub to: u32,
    /// Its code.
    pub code: OperationCode,
    /// Whether it is taken backwards.
    pub is_reversed: bool,
}

/// All that lies between two CRSs but their projections.
pub(super) struct Steps {
    /// Geographic CRS under the first, EPSG code.
    pub from_base: u32,
    /// Geographic CRS under the second, on whose degrees the last step ends.
    pub to_base: u32,
    /// One or two operations.
    pub steps: Vec<Step>,
    /// For people.
    pub description: String,
}

/// Tells whether PROJ can carry an operation out, all over the ground.
pub(super) type CanDo<'a> = dyn Fn(&Step, &Bounds) -> bool + 'a;

/// The operations from one CRS to another.
pub(super) fn between(from: &Crs, to: &Crs, place: &str, can_do: &CanDo<'_>) -> Result<Steps> {
    let registry = Registry::open(place)?;
    let base = |crs: &Crs| registry.base(crs.epsg(), place);
    let (from_base, to_base) = (base(from)?, base(to)?);
    let known = [to.ground(), from.ground()].into_iter().flatten().next();
    let ground = match known.and_then(|ground| ground.bounds) {
        Some(bounds) => bounds,
        None => registry.common_ground(from.epsg(), to.epsg(), place)?,
    };
    let chosen = |code: u32| -> Result<Option<OperationCode>> {
        for (crs, operation) in known.iter().flat_map(|ground| &ground.chosen) {
            if registry.base(*crs, place)? == code {
                return Ok(Some(operation.clone()));
            }
        }
        Ok(None)
    };
    let search = Search { registry: &registry, ground, place, pair: format!("{from} to {to}"), can_do };
    let is_on_wgs84 = |crs: &Crs, base: u32| -> bool {
        crs.is_on_wgs84() || Crs::from_epsg(base, place).is_ok_and(|base| base.is_on_wgs84())
    };
    let found = match (is_on_wgs84(from, from_base), is_on_wgs84(to, to_base)) {
        // Nothing but projections that only PROJ carries out.
        (true, true) => Vec::new(),
        _ if from_base == to_base => Vec::new(),
        (false, true) => vec![search.one(from_base, &hubs(to_base), chosen(from_base)?)?],
        (true, false) => vec![search.one(to_base, &hubs(from_base), chosen(to_base)?)?.reversed()],
        (false, false) => {
            let (by_from, by_to) = (chosen(from_base)?, chosen(to_base)?);
            let direct = match (&by_from, &by_to) {
                (None, None) => search.best(from_base, to_base)?,
                _ => None,
            };
            match direct {
                Some(direct) => vec![direct],
                None => vec![
                    search.one(from_base, &[WGS84], by_from)?,
                    search.one(to_base, &[WGS84], by_to)?.reversed(),
                ],
            }
        }
    };
    let description = match found.len() {
        0 => "without an operation: both are on one datum".to_owned(),
        _ => found.iter().map(Found::description).collect::<Vec<_>>().join(", then "),
    };
    let steps = found.into_iter().map(|found| found.step).collect();
    Ok(Steps { from_base, to_base, steps, description })
}

/// Where an operation may lead, so that no shift is left to a datum on WGS 84.
fn hubs(base: u32) -> Vec<u32> {
    let mut hubs = vec![base];
    hubs.extend([WGS84, ETRS89].into_iter().filter(|hub| *hub != base));
    hubs
}

/// An operation that was chosen.
struct Found {
    step: Step,
    operation: Operation,
    /// Share of the ground that it was derived for.
    covered: f64,
}

impl Found {
    fn reversed(self) -> Self {
        let Step { from, to, code, is_reversed } = self.step;
        Self { step: Step { from: to, to: from, code, is_reversed: !is_reversed }, ..self }
    }

    fn description(&self) -> String {
        let outside = match self.covered >= WHOLE {
            true => String::new(),
            false => format!("; {:.0} % of the ground lies outside", 100.0 * (1.0 - self.covered)),
        };
        format!("by {}{outside}", self.operation.description())
    }
}

struct Search<'a> {
    registry: &'a Registry,
    ground: Bounds,
    place: &'a str,
    pair: String,
    can_do: &'a CanDo<'a>,
}

impl Search<'_> {
    /// The operation from a datum to the first of `hubs` to which one leads that was derived for all the ground, or
    /// else for most of it; the chosen one, where there is one.
    fn one(&self, from: u32, hubs: &[u32], chosen: Option<OperationCode>) -> Result<Found> {
        if let Some(code) = chosen {
            return self.named(from, hubs, &code);
        }
        let mut part: Option<Found> = None;
        for hub in hubs {
            match self.best(from, *hub)? {
                Some(found) if found.covered >= WHOLE => return Ok(found),
                Some(found) if part.as_ref().is_none_or(|part| found.covered > part.covered) => {
                    part = Some(found)
                }
                _ => {}
            }
        }
        match part {
            Some(part) => Ok(part),
            None => Err(self.none_fits(from, hubs)?.into()),
        }
    }

    /// The best operation between two datums for the ground; `None` where none was derived for it.
    fn best(&self, from: u32, to: u32) -> Result<Option<Found>> {
        let mut fitting: Vec<Found> = self
            .registry
            .operations(from, to, self.place)?
            .into_iter()
            .map(|operation| self.found(operation, from, to))
            .filter(|found| found.covered >= LEAST)
            .collect();
        let is_whole = |found: &Found| found.covered >= WHOLE;
        fitting.sort_by(|a, b| {
            let by_share =
                if is_whole(a) && is_whole(b) { None } else { Some(b.covered.total_cmp(&a.covered)) };
            let by_accuracy = a.operation.accuracy_m().total_cmp(&b.operation.accuracy_m());
            let by_area = b.operation.area().total_cmp(&a.operation.area());
            let by_code = a.operation.code.cmp(&b.operation.code);
            by_share.unwrap_or(std::cmp::Ordering::Equal).then(by_accuracy).then(by_area).then(by_code)
        });
        for (i, found) in fitting.iter().enumerate() {
            if (self.can_do)(&found.step, &self.ground) {
                return Ok(Some(fitting.swap_remove(i)));
            }
            if let Some(grid) = self.registry.grid_of(&found.operation, self.place)? {
                return Err(self.no_grid(found, &grid, &fitting[i + 1..]).into());
            }
            // A method that PROJ does not have: it would not offer this one either.
        }
        Ok(None)
    }

    fn found(&self, operation: Operation, from: u32, to: u32) -> Found {
        let covered =
            operation.areas.iter().map(|area| self.ground.covered_by(&area.bounds)).fold(0.0, f64::max);
        let is_reversed = operation.source != from;
        let step = Step { from, to, code: operation.code.clone(), is_reversed };
        Found { step, operation, covered }
    }

    fn named(&self, from: u32, hubs: &[u32], code: &OperationCode) -> Result<Found> {
        let wrong = |found: String| {
            let expected = format!("an operation between EPSG:{from} and {}", listed(hubs));
            let fix = "name one that `projinfo --summary -s … -t …` lists for these, under [datum_shifts]";
            Fault::new("crs.operation", self.place, expected, found, fix)
        };
        let operation = self.registry.by_code(code, self.place)?;
        let operation =
            operation.ok_or_else(|| wrong(format!("{code}, which the registry does not have")))?;
        let ends = [operation.source, operation.target];
        let hub = hubs.iter().find(|hub| ends.contains(hub) && ends.contains(&from));
        let hub = hub.ok_or_else(|| wrong(format!("{} between {}", operation.title(), listed(&ends))))?;
        let found = self.found(operation, from, *hub);
        if !(self.can_do)(&found.step, &self.ground) {
            let fault = match self.registry.grid_of(&found.operation, self.place)? {
                Some(grid) => self.no_grid(&found, &grid, &[]),
                None => wrong(format!("{}, which PROJ cannot carry out", found.operation.title())),
            };
            return Err(fault.into());
        }
        Ok(found)
    }

    fn no_grid(&self, found: &Found, grid: &str, next: &[Found]) -> Fault {
        let other = next.iter().find(|found| (self.can_do)(&found.step, &self.ground));
        let other = other.map_or_else(String::new, |other| {
            format!(
                ", or take {} for good: `\"EPSG:{}\" = \"{}\"` under [datum_shifts]",
                other.operation.description(),
                other.step.from,
                other.operation.code
            )
        });
        let fix = format!("install PROJ's grids (Debian's `proj-data`, or `projsync --file {grid}`){other}");
        let expected = format!("the grid {grid} of {}, for {}", found.operation.title(), self.pair);
        Fault::new("crs.no_grid", self.place, expected, "none that covers all of this ground", fix)
    }

    fn none_fits(&self, from: u32, hubs: &[u32]) -> Result<Fault> {
        let mut others = Vec::new();
        for hub in hubs {
            let operations = self.registry.operations(from, *hub, self.place)?;
            others.extend(operations.into_iter().map(|operation| self.found(operation, from, *hub)));
        }
        others.sort_by(|a, b| b.covered.total_cmp(&a.covered));
        let names: Vec<String> =
            others.iter().take(MOST_NAMED).map(|found| found.operation.description()).collect();
        let found = match others.len() {
            0 => "none in the registry".to_owned(),
            n if n > MOST_NAMED => format!("{} and {} more", names.join("; "), n - MOST_NAMED),
            _ => names.join("; "),
        };
        let Bounds { west, south, east, north } = self.ground;
        let expected = format!(
            "an operation for {}, derived for this ground (lon {west:.2} to {east:.2}, lat {south:.2} to {north:.2})",
            self.pair
        );
        let fix = format!(
            "ask your survey office which one it uses and name it, `\"EPSG:{from}\" = \"EPSG:…\"` under [datum_shifts]"
        );
        Ok(Fault::new("crs.no_operation", self.place, expected, found, fix))
    }
}

fn listed(codes: &[u32]) -> String {
    codes.iter().map(|code| format!("EPSG:{code}")).collect::<Vec<_>>().join(" or ")
}

impl Operation {
    /// For choosing: what is not known comes last.
    fn accuracy_m(&self) -> f64 {
        self.accuracy.unwrap_or(f64::INFINITY)
    }

    /// Degrees² of the largest ground it was derived for.
    fn area(&self) -> f64 {
        self.areas.iter().map(|area| area.bounds.area()).fold(0.0, f64::max)
    }

    fn title(&self) -> String {
        format!("{} ({})", self.code, self.name)
    }

    fn description(&self) -> String {
        let accuracy = match self.accuracy {
            Some(metres) if metres < NOT_KNOWN_M => format!("accurate to {metres} m"),
            _ => "of unknown accuracy".to_owned(),
        };
        let areas: Vec<&str> = self.areas.iter().map(|area| area.name.as_str()).collect();
        format!("{}, {accuracy}, for {}", self.title(), areas.join(" and "))
    }
}
