//! `[plan]`: start, horizon, budget, objective, teams, locks and precedence.

use std::path::Path;

use jiff::civil::Date;

use super::super::document::{Node, Value};
use super::super::section::{Reading, Section};
use super::teams::{TeamRow, TeamSettings, read_team, unknown_column};
use super::vector_file;
use crate::io::features::VectorSource;
use crate::plan::{Floor, Objective};

/// How teams are planned.
#[derive(Debug, Clone)]
pub struct PlanSettings {
    /// First day.
    pub start: Date,
    /// Horizon in years of 365 days.
    pub years: f64,
    /// Discount rate per year.
    pub discount: f64,
    /// Money to spend, US$; `None` for no limit.
    pub budget_usd: Option<f64>,
    /// What is maximised.
    pub objective: Objective,
    /// What a task is worth (per year for `discounted`).
    pub worth: WorthColumn,
    /// Attribute holding what a task loses in worth a day, for `decay`.
    pub decay_column: Option<String>,
    /// Time to search, seconds.
    pub seconds: Option<f64>,
    /// Iterations to search; makes the plan repeatable.
    pub iterations: Option<u64>,
    /// Roads are longer than geodesics by this factor.
    pub detour: f64,
    /// The teams.
    pub teams: TeamsSource,
    /// Fields of single teams of a file, laid over it by `plan.team.<team_id>.<column>`.
    pub team_changes: Vec<TeamRow>,
    /// Named settlements, for `nearest_settlement`.
    pub settlements: Option<VectorSource>,
    /// Named districts and the attribute that names them, for `district`.
    pub districts: Option<(VectorSource, Option<String>)>,
    /// Tasks tied to a team, a position or a start.
    pub locks: Vec<LockSettings>,
    /// Task areas that take the fastest team longer are cut into parcels, working days; `None` for never.
    pub max_team_days: Option<f64>,
    /// Least shares of districts in the worth done.
    pub floors: Vec<Floor>,
    /// Whether to ask what more teams, money and time would do; by the size of the problem where not said.
    pub what_if: Option<bool>,
    /// How the plan is followed under uncertainty; `None` for not at all.
    pub uncertainty: Option<UncertaintySettings>,
    /// (task, what must be finished before it).
    pub after: Vec<(String, String)>,
}

/// Where the teams are.
#[derive(Debug, Clone)]
pub enum TeamsSource {
    /// A file.
    File(VectorSource),
    /// `[[plan.team]]` tables.
    Tables(Vec<TeamSettings>),
}

/// Which number is a task's worth.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WorthColumn {
    /// Person-hectares of exposure.
    ExposureHa,
    /// Benefit-hectares.
    Benefit,
    /// A column of the hazardous areas' own.
    Attribute(String),
}

/// How a plan is followed under uncertainty.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct UncertaintySettings {
    /// Samples.
    pub n_samples: usize,
    /// Coefficient of variation of the work of a task.
    pub duration_cv: f64,
}

/// A task tied down.
#[derive(Debug, Clone)]
pub struct LockSettings {
    /// The task.
    pub task: String,
    /// The team that must do it.
    pub team: Option<String>,
    /// Its place in the team's order, from 0.
    pub position: Option<usize>,
    /// It may not start before this day.
    pub start: Option<Date>,
}

/// Reads `[plan]`; `None` when it is left out or faulty.
pub fn read(reading: &Reading, top: &Section<'_>, folder: &Path) -> Option<PlanSettings> {
    let section = top.section("plan")?;
    let start = section.date("start");
    let start = section.required("start", start, "start = \"2027-03-01\"");
    let years =
        section.number_where("years", "years, more than 0 and at most 100", |y| y > 0.0 && y <= 100.0);
    let discount =
        section.number_where("discount", "a rate per year from 0 to 1", |r| (0.0..=1.0).contains(&r));
    let budget_usd = section.number_where("budget_usd", "US$, 0 or more", |b| b >= 0.0);
    let objectives = [
        ("discounted", Objective::Discounted),
        ("collect", Objective::Collect),
        ("decay", Objective::Decay),
        ("completion", Objective::Completion),
    ];
    let objective = section.choice("objective", &objectives).unwrap_or(Objective::Discounted);
    let worth = match section.text("worth").as_deref() {
        None | Some("exposure_ha") => WorthColumn::ExposureHa,
        Some("benefit") => WorthColumn::Benefit,
        Some(column) => WorthColumn::Attribute(column.to_owned()),
    };
    let decay_column = section.text("decay_per_day");
    if objective == Objective::Decay && decay_column.is_none() {
        let example = "decay_per_day = \"<the column that holds it>\"";
        section.required("decay_per_day", None::<()>, example);
    }
    let seconds = section.number_where("seconds", "seconds, more than 0", |s| s > 0.0);
    let iterations = section.whole("iterations", 1);
    let detour = section.number_where("detour", "a factor of 1 or more", |d| d >= 1.0).unwrap_or(1.4);
    let teams = read_teams(reading, &section, folder);
    let team_changes = read_team_changes(reading, &section);
    let settlements = vector_file::read_named(&section, "settlements", folder, "path = \"settlements.csv\"");
    let districts = read_districts(&section, folder);
    let locks = section.tables("locked").into_iter().filter_map(read_lock).collect();
    let after = section.tables("after").into_iter().filter_map(read_after).collect();
    let floors = section.tables("floor").into_iter().filter_map(read_floor).collect();
    let what_if = section.flag("what_if");
    let uncertainty = read_uncertainty(&section);
    let max_team_days = section.number_where("max_team_days", "working days, more than 0", |days| days > 0.0);
    section.finish();
    Some(PlanSettings {
        start: start?,
        years: years.unwrap_or(3.0),
        discount: discount.unwrap_or(0.03),
        budget_usd,
        objective,
        worth,
        decay_column,
        seconds,
        iterations,
        detour,
        teams: teams?,
        team_changes,
        settlements,
        districts,
        locks,
        after,
        max_team_days,
        floors,
        what_if,
        uncertainty,
    })
}

fn read_teams(reading: &Reading, section: &Section<'_>, folder: &Path) -> Option<TeamsSource> {
    let has = |key: &'static str| section.node(key).is_some();
    match (has("teams"), has("team")) {
        // A table by team_id is what `--set plan.team.M1.rate_m2_per_day=900` makes.
        (true, true) if matches!(section.node("team").map(|node| &node.value), Some(Value::Table(_))) => {
            vector_file::read_named(section, "teams", folder, "path = \"teams.csv\"").map(TeamsSource::File)
        }
        (true, true) => {
            section.wrong("team", "either `teams = \"teams.csv\"` or [[plan.team]] tables", "both");
            None
        }
        (true, false) => {
            vector_file::read_named(section, "teams", folder, "path = \"teams.csv\"").map(TeamsSource::File)
        }
        (false, true) => {
            let teams =
                section.tables("team").iter().filter_map(|table| read_team_table(reading, table)).collect();
            Some(TeamsSource::Tables(teams))
        }
        (false, false) => {
            section.required("teams", None::<()>, "teams = \"teams.csv\"");
            None
        }
    }
}

/// What is laid over single teams of a file: a row for each, its id in `place`.
fn read_team_changes(reading: &Reading, section: &Section<'_>) -> Vec<TeamRow> {
    let Some(node) = section.node("team").filter(|node| matches!(node.value, Value::Table(_))) else {
        return Vec::new();
    };
    let path = format!("{}.team", section.path());
    let teams = Section::new(reading, &path, node);
    let change = |(id, node): (&str, &Node)| {
        let table = Section::new(reading, &format!("{path}.{id}"), node);
        TeamRow { place: id.to_owned(), fields: team_fields(&table) }
    };
    teams.names().map(change).collect()
}

fn read_team_table(reading: &Reading, table: &Section<'_>) -> Option<TeamSettings> {
    let fields = team_fields(table);
    let place = format!("{}: `{}`", reading.file(), table.path());
    let mut faults: Vec<_> =
        table.names().filter_map(|(key, _)| unknown_column(key, &place, "remove the key")).collect();
    let team = read_team(&TeamRow { place, fields }, &mut faults);
    faults.into_iter().for_each(|fault| reading.push(fault));
    team
}

/// A team's keys as the texts that a column would hold.
fn team_fields(table: &Section<'_>) -> Vec<(String, String)> {
    table
        .names()
        .map(|(key, node)| {
            let text = match &node.value {
                Value::Text(text) | Value::Date(text) => text.clone(),
                Value::List(items) => {
                    let texts: Vec<String> = items
                        .iter()
                        .map(|item| match &item.value {
                            Value::Text(text) => text.clone(),
                            other => other.describe(),
                        })
                        .collect();
                    texts.join(";")
                }
                other => other.describe(),
            };
            (key.to_owned(), text)
        })
        .collect()
}

fn read_districts(section: &Section<'_>, folder: &Path) -> Option<(VectorSource, Option<String>)> {
    if let Some(Value::Text(path)) = section.node("districts").map(|node| &node.value) {
        return Some((VectorSource::of(folder.join(path)), None));
    }
    let table = section.section("districts")?;
    let source = vector_file::read(&table, folder, "path = \"districts.geojson\"");
    let name = table.text("name");
    table.finish();
    Some((source?, name))
}

fn read_lock(section: Section<'_>) -> Option<LockSettings> {
    let task = section.text("task");
    let task = section.required("task", task, "task = \"T0001\"");
    let team = section.text("team");
    let position = section.whole("position", 0).map(|position| position as usize);
    let start = section.date("start");
    section.finish();
    Some(LockSettings { task: task?, team, position, start })
}

/// `uncertainty = { samples, duration_cv }`, or false.
fn read_uncertainty(section: &Section<'_>) -> Option<UncertaintySettings> {
    let default = UncertaintySettings { n_samples: 256, duration_cv: 0.25 };
    match section.node("uncertainty").map(|node| &node.value) {
        None | Some(Value::Bool(true)) => return Some(default),
        Some(Value::Bool(false)) => return None,
        Some(_) => {}
    }
    let table = section.section("uncertainty")?;
    let n_samples = table.number_where("samples", "a whole number from 2 to 100,000", |n| {
        n.fract() == 0.0 && (2.0..=100_000.0).contains(&n)
    });
    let duration_cv =
        table.number_where("duration_cv", "a share from 0 to 2", |cv| (0.0..=2.0).contains(&cv));
    table.finish();
    Some(UncertaintySettings {
        n_samples: n_samples.map_or(default.n_samples, |n| n as usize),
        duration_cv: duration_cv.unwrap_or(default.duration_cv),
    })
}

fn read_floor(section: Section<'_>) -> Option<Floor> {
    let district = section.text("district");
    let district = section.required("district", district, "district = \"North\"");
    let share = section.number_where("share", "a share above 0 and at most 1", |s| s > 0.0 && s <= 1.0);
    let share = section.required("share", share, "share = 0.1");
    section.finish();
    Some(Floor { district: district?, share: share? })
}

fn read_after(section: Section<'_>) -> Option<(String, String)> {
    let task = section.text("task");
    let task = section.required("task", task, "task = \"B\"");
    let needs = section.text("needs");
    let needs = section.required("needs", needs, "needs = \"A\"");
    section.finish();
    Some((task?, needs?))
}
