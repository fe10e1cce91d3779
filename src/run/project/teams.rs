//! Teams: one row of `teams.csv` or one `[[plan.team]]` table → a checked team.
//!
//! Columns are those of interface.md §1; only `team_id, name, asset_type, lon, lat, rate_m2_per_day` are required.
//! `capabilities` are words parted by `;`, the asset type being one of them without saying. `closed` holds
//! ranges parted by `;`: `11-15/03-15` every year, or `2027-07-01/2027-07-14` once, both ends included.

use jiff::civil::Date;

use super::super::section::closest;
use crate::error::{Fault, Faults, Result};
use crate::io::csv::Table;
// The one list of `teams.csv`'s columns stands where the file is written.
use crate::synth::TEAM_COLUMNS as COLUMNS;

/// A team with its defaults filled in.
#[derive(Debug, Clone, PartialEq)]
pub struct TeamSettings {
    /// Unique id.
    pub team_id: String,
    /// What people call it.
    pub name: String,
    /// `manual`, `mdd`, `mdr`, `mechanical`, `bac`, `eod`, `survey` or `multi`.
    pub asset_type: String,
    /// Longitude of the base, degrees WGS 84.
    pub lon: f64,
    /// Latitude of the base, degrees WGS 84.
    pub lat: f64,
    /// Ground worked in a working day, m².
    pub rate_m2_per_day: f64,
    /// What it can do, its asset type included.
    pub capabilities: Vec<String>,
    /// First day it can be tasked.
    pub available_from: Option<Date>,
    /// Last day it can be tasked.
    pub available_to: Option<Date>,
    /// When it does not work.
    pub closed: Vec<ClosedSeason>,
    /// Working days a week from Monday, 1..7.
    pub work_days_per_week: u8,
    /// Multiplies the cost of a task.
    pub cost_factor: f64,
    /// Paid once if the team is used, US$.
    pub mobilisation_usd: f64,
    /// Working days to set up at a task.
    pub setup_days: f64,
    /// Kilometres travelled in a working day.
    pub travel_km_per_day: f64,
    /// Cost of travel, US$ per km.
    pub usd_per_km: f64,
}

/// A time without work, both days included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClosedSeason {
    /// Every year from (month, day) to (month, day); may run over New Year.
    Yearly((i8, i8), (i8, i8)),
    /// Once.
    Once(Date, Date),
}

/// The asset types of domain.md §1.
const ASSET_TYPES: [&str; 8] = ["manual", "mdd", "mdr", "mechanical", "bac", "eod", "survey", "multi"];

/// Columns that hold words, which may look like numbers.
const TEXTS: [&str; 5] = ["team_id", "name", "asset_type", "capabilities", "closed"];

/// Begins a field of a row that `clearway init` made up to show the form.
pub const PLACEHOLDER: &str = "PLACEHOLDER";

/// One team as written: where, and its fields as texts.
#[derive(Debug, Clone)]
pub struct TeamRow {
    /// File and line or key, for messages.
    pub place: String,
    /// Column and text.
    pub fields: Vec<(String, String)>,
}

/// Reads a table of teams, with every fault of every row. `changes` are laid over the fields of the team whose id is
/// their place.
pub fn read_team_tables(table: &Table, changes: &[TeamRow]) -> Result<Vec<TeamSettings>> {
    let mut faults = Vec::new();
    let file = table.path().display().to_string();
    faults.extend(
        table.headers().iter().filter_map(|column| unknown_column(column, &file, "remove the column")),
    );
    let missing: Vec<&str> = COLUMNS[..6].iter().filter(|column| !table.has(column)).copied().collect();
    if !missing.is_empty() {
        let found = format!("no `{}`", missing.join("`, `"));
        let fix = "add it; a team needs a base (`lon`, `lat` in degrees) and a rate";
        faults.push(Fault::new("teams.missing_column", &file, COLUMNS[..6].join(", "), found, fix));
    } else if table.rows().len() == 0 {
        faults.push(Fault::new(
            "teams.none",
            &file,
            "at least one team",
            "no row",
            "add a row for each team",
        ));
    } else {
        let rows = table.rows().map(|row| {
            // A name stays as it is written; numbers may have a decimal comma.
            let field = |column: &String| {
                let text = match TEXTS.contains(&column.to_lowercase().as_str()) {
                    true => row.text(column).map(str::to_owned),
                    false => row.number_text(column),
                };
                text.map(|text| (column.to_lowercase(), text))
            };
            let mut fields: Vec<(String, String)> = table.headers().iter().filter_map(field).collect();
            let id = fields.iter().find(|(column, _)| column == "team_id").map(|(_, id)| id.clone());
            let of_team = |change: &&TeamRow| id.as_ref().is_some_and(|id| change.place == *id);
            for (column, text) in changes.iter().filter(of_team).flat_map(|change| &change.fields) {
                let column = column.to_lowercase();
                fields.retain(|(known, _)| *known != column);
                fields.push((column, text.clone()));
            }
            TeamRow { place: format!("{file}:{}", row.line()), fields }
        });
        faults.extend(changes.iter().flat_map(|change| loose_change(change, table)));
        let teams: Vec<TeamSettings> = rows.filter_map(|row| read_team(&row, &mut faults)).collect();
        faults.extend(duplicates(&teams, &file));
        if faults.is_empty() {
            return Ok(teams);
        }
    }
    let mut all = Faults::new();
    faults.into_iter().for_each(|fault| all.push(fault));
    all.finish().map(|()| Vec::new())
}

/// Faults for a change of a team that is not in the table, or of a column that no team has.
fn loose_change(change: &TeamRow, table: &Table) -> Vec<Fault> {
    let id = change.place.as_str();
    let place = format!("`plan.team.{id}`");
    let ids: Vec<&str> = table.rows().filter_map(|row| row.text("team_id")).collect();
    let unknown = || {
        let expected = format!("a team of {}", table.path().display());
        let near = closest(id, &ids);
        let fix =
            near.map_or_else(|| "correct the team_id".to_owned(), |near| format!("did you mean `{near}`?"));
        Fault::new("teams.unknown", &place, expected, format!("{id:?}"), fix)
    };
    let columns = change.fields.iter().map(|(column, _)| unknown_column(column, &place, "remove the key"));
    let is_known = ids.contains(&id);
    columns.flatten().chain((!is_known).then(unknown)).collect()
}

/// A fault for a column or key that no team has; `otherwise` is the fix where no known name is near.
pub fn unknown_column(column: &str, place: &str, otherwise: &str) -> Option<Fault> {
    let column = &*column.to_lowercase();
    if COLUMNS.contains(&column) {
        return None;
    }
    let fix = closest(column, &COLUMNS)
        .map_or_else(|| otherwise.to_owned(), |near| format!("did you mean `{near}`?"));
    let expected = format!("one of {}", COLUMNS.join(", "));
    Some(Fault::new("teams.unknown_column", place, expected, format!("`{column}`"), fix))
}

/// A fault for every id that more than one team has.
pub fn duplicates(teams: &[TeamSettings], place: &str) -> Vec<Fault> {
    let mut seen = std::collections::BTreeMap::new();
    teams.iter().for_each(|team| *seen.entry(team.team_id.as_str()).or_insert(0) += 1);
    seen.into_iter()
        .filter(|(_, count)| *count > 1)
        .map(|(id, count)| {
            let found = format!("{id:?} {count} times");
            Fault::new(
                "teams.duplicate_id",
                place,
                "a different `team_id` for each team",
                found,
                "rename them",
            )
        })
        .collect()
}

/// Reads one team; its faults are added, and `None` comes back when there are any.
pub fn read_team(row: &TeamRow, faults: &mut Vec<Fault>) -> Option<TeamSettings> {
    let before = faults.len();
    if let Some((column, text)) = row.fields.iter().find(|(_, text)| text.starts_with(PLACEHOLDER)) {
        let place = format!("{}, column `{column}`", row.place);
        let fix = "write your team over the whole row (base, rate, dates and costs too), or remove the row";
        faults.push(Fault::new("teams.placeholder", place, "a team of yours", format!("{text:?}"), fix));
    }
    let mut fields = Fields { row, faults };
    let asset_type = fields.required("asset_type");
    if !asset_type.is_empty() && !ASSET_TYPES.contains(&asset_type.as_str()) {
        fields.wrong("asset_type", &format!("one of {}", ASSET_TYPES.join(", ")), &asset_type);
    }
    let mut capabilities = vec![asset_type.clone()];
    for word in fields.text("capabilities").unwrap_or_default().split([';', ',', ' ', '|']) {
        if !word.is_empty() && !capabilities.iter().any(|known| known == word) {
            capabilities.push(word.to_owned());
        }
    }
    let (available_from, available_to) = (fields.date("available_from"), fields.date("available_to"));
    if let (Some(from), Some(to)) = (available_from, available_to)
        && to < from
    {
        fields.wrong("available_to", &format!("a day from {from} on"), &to.to_string());
    }
    let positive = |n: f64| n > 0.0;
    let not_negative = |n: f64| n >= 0.0;
    let team = TeamSettings {
        team_id: fields.required("team_id"),
        name: fields.required("name"),
        lon: fields.number("lon", None, "degrees from -180 to 180", |n| n.abs() <= 180.0),
        lat: fields.number("lat", None, "degrees from -90 to 90", |n| n.abs() <= 90.0),
        rate_m2_per_day: fields.number("rate_m2_per_day", None, "m² a day, more than 0", positive),
        closed: fields.closed(),
        work_days_per_week: fields.number("work_days_per_week", Some(5.0), "whole days from 1 to 7", |n| {
            n.fract() == 0.0 && (1.0..=7.0).contains(&n)
        }) as u8,
        cost_factor: fields.number("cost_factor", Some(1.0), "a factor above 0", positive),
        mobilisation_usd: fields.number("mobilisation_usd", Some(0.0), "US$, 0 or more", not_negative),
        setup_days: fields.number("setup_days", Some(2.0), "days, 0 or more", not_negative),
        travel_km_per_day: fields.number("travel_km_per_day", Some(200.0), "km a day, more than 0", positive),
        usd_per_km: fields.number("usd_per_km", Some(0.0), "US$ per km, 0 or more", not_negative),
        asset_type,
        capabilities,
        available_from,
        available_to,
    };
    (faults.len() == before).then_some(team)
}

struct Fields<'a> {
    row: &'a TeamRow,
    faults: &'a mut Vec<Fault>,
}

impl Fields<'_> {
    fn text(&self, column: &str) -> Option<String> {
        let (_, text) = self.row.fields.iter().find(|(name, _)| name == column)?;
        let text = text.trim();
        (!text.is_empty()).then(|| text.to_owned())
    }

    fn required(&mut self, column: &str) -> String {
        self.text(column).unwrap_or_else(|| {
            let place = format!("{}, column `{column}`", self.row.place);
            self.faults.push(Fault::new("teams.value", place, "a value", "nothing", "fill it in"));
            String::new()
        })
    }

    fn wrong(&mut self, column: &str, expected: &str, found: &str) {
        let place = format!("{}, column `{column}`", self.row.place);
        self.faults.push(Fault::new("teams.value", place, expected, found, "change the value"));
    }

    fn number(
        &mut self,
        column: &str,
        default: Option<f64>,
        expected: &str,
        ok: impl Fn(f64) -> bool,
    ) -> f64 {
        let text = match (self.text(column), default) {
            (Some(text), _) => text,
            (None, Some(default)) => return default,
            (None, None) => self.required(column),
        };
        match text.parse::<f64>() {
            Ok(number) if number.is_finite() && ok(number) => number,
            _ if text.is_empty() => 0.0,
            _ => {
                self.wrong(column, expected, &format!("{text:?}"));
                0.0
            }
        }
    }

    fn date(&mut self, column: &str) -> Option<Date> {
        let text = self.text(column)?;
        let date = text.parse().ok();
        if date.is_none() {
            self.wrong(column, "a date that exists, such as 2027-03-01", &format!("{text:?}"));
        }
        date
    }

    fn closed(&mut self) -> Vec<ClosedSeason> {
        let text = self.text("closed").unwrap_or_default();
        let mut seasons = Vec::new();
        for part in text.split(';').map(str::trim).filter(|part| !part.is_empty()) {
            match parse_season(part) {
                Some(season) => seasons.push(season),
                None => {
                    let expected = "ranges such as 11-15/03-15 (every year) or 2027-07-01/2027-07-14";
                    self.wrong("closed", expected, &format!("{part:?}"));
                }
            }
        }
        seasons
    }
}

fn parse_season(text: &str) -> Option<ClosedSeason> {
    let (from, to) = text.split_once('/')?;
    if let (Ok(from), Ok(to)) = (from.parse::<Date>(), to.parse::<Date>()) {
        return (from <= to).then_some(ClosedSeason::Once(from, to));
    }
    let month_day = |text: &str| {
        let (month, day) = text.split_once('-')?;
        let (month, day) = (month.parse::<i8>().ok()?, day.parse::<i8>().ok()?);
        // A leap year, so that 02-29 may be named.
        Date::new(2028, month, day).ok().map(|_| (month, day))
    };
    Some(ClosedSeason::Yearly(month_day(from)?, month_day(to)?))
}
